"""The whole Transformer for one sentence: where each head looks, what each sublayer adds, and the word that comes."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import traitlets

from attnkit.language import tokenise
from attnkit.widgets.frame import weights as shipped
from attnkit.widgets.frame.sentence import (
    Sentence,
    checked_gold,
    drawn,
    gold_of,
    likeliest,
    links_of,
    looks,
    named,
    or_first,
)
from attnkit.widgets.frame.widget import Table, Widget, number

if TYPE_CHECKING:
    from attnkit.figures import Picture

MODEL = "transformer"
PARTS = {
    "encoder": "the encoder's self-attention",
    "self": "the decoder's self-attention",
    "cross": "the cross-attention",
}
MEAN = -1  # instead of a head: the mean of all


class Stage(NamedTuple):
    """One station of a vector on its way through a stack.

    Attributes
    ----------
    name
        What has been done last.
    adds
        The length of what that sublayer has added; None where nothing is added.
    size
        The length of the vector that then goes on.
    word
        The word that would be written if the stack ended here; None in the encoder.
    """

    name: str
    adds: float | None
    size: float
    word: str | None


class Layers(Widget):
    """A sentence on its way through a trained Transformer, layer by layer and word by word.

    Layers and heads are counted from 0, as in code.

    Parameters
    ----------
    sentences : sequence of strings
        The English sentences to choose from.
    gold : list or None
        For each of them its gold alignment: None, or a dictionary of ``target`` (words), ``sure`` and ``possible``
        (lists of [target index, source index], no link in both). Without it, the made language knows them.
    text : str
        The present sentence, 1 to 60 words; the first of the list, if left out.
    part : str
        Whose attention is shown: "encoder", "self" (the decoder's to itself) or "cross" (the decoder's to the source).
    layer, head : int
        Which head of that part; a head of −1 is the mean of all.
    word : int
        The source word whose way through the encoder is shown, from 0; beyond the last word, the last.
    step : int
        Which word is about to be written, from 0; beyond the last step, the last.

    Attributes
    ----------
    translation : list of strings
        What the model writes, the likeliest next word each time, without ``<eos>``.
    weights : array (n_queries, n_keys)
        Where the chosen head looks.
    way : list of Stage
        What each sublayer adds to the vector of the chosen source word, or else of the word read at the present step.
    next_words : dict
        The five likeliest words at the present step with their probabilities.
    """

    module = "transformer/layers"

    sentences = traitlets.List(traitlets.Unicode(), minlen=1).tag(sync=True)
    gold = traitlets.List().tag(sync=True)
    text = Sentence()
    part = traitlets.Enum(tuple(PARTS), "cross").tag(sync=True)
    layer = traitlets.Int(0, min=0).tag(sync=True)
    head = traitlets.Int(MEAN, min=MEAN).tag(sync=True)
    word = traitlets.Int(0, min=0).tag(sync=True)
    step = traitlets.Int(0, min=0).tag(sync=True)

    def __init__(self, *, sentences: Any, gold: Any = None, text: str | None = None, **state: Any) -> None:
        sentences = list(sentences)
        gold = [gold_of(sentence) for sentence in sentences] if gold is None else gold
        super().__init__(sentences=sentences, gold=gold, text=or_first(text, sentences), **state)

    def translators(self) -> list[str]:
        """Return the name of the one translator."""
        return [MODEL]

    @property
    def translation(self) -> list[str]:
        """The words that the model writes."""
        written = self._run()["written"]
        return written[:-1] if written[-1] == "<eos>" else written

    @property
    def weights(self) -> np.ndarray:
        """Where the chosen head looks, or all of them in the mean, shape (n_queries, n_keys)."""
        heads = self._run()[self.part][self.layer]
        return heads.mean(axis=0) if self.head == MEAN else heads[self.head]

    @property
    def way(self) -> list[Stage]:
        """What each sublayer adds, from the embedding to the last norm."""
        stack, row = ("encoder", self._word()) if self.part == "encoder" else ("decoder", self._at())
        return [
            Stage(name, None if adds is None else float(adds[row]), float(size[row]), words[row] if words else None)
            for name, adds, size, words in self._run()["ways"][stack]
        ]

    @property
    def next_words(self) -> dict[str, float]:
        """The likeliest words at the present step, the likeliest first."""
        return likeliest(self._run()["chances"][self._at()], _model().target)

    def label(self) -> str:
        """Return one sentence that says what is seen."""
        (word, chance), (queries, keys) = next(iter(self.next_words.items())), self._names()
        row = self._row()
        best = int(np.argmax(self.weights[row]))
        return (
            f"“{' '.join(self._words())}”, step {self._at() + 1} of {len(self._run()['written'])}: the likeliest next "
            f"word is “{word}” ({number(chance, 2)}). In {PARTS[self.part]}, layer {self.layer}, {self._head()}, "
            f"“{queries[row]}” looks most at “{keys[best]}” ({number(self.weights[row, best], 2)})."
        )

    def table(self) -> Table:
        """Return the chosen weights, the way of one vector through its stack, and the likeliest next words."""
        queries, keys = self._names()
        none = [None] * len(keys)
        rows: list[list[Any]] = [
            [f"{i}: {name}", *line.tolist(), None, None, None, None]
            for i, (name, line) in enumerate(zip(queries, self.weights, strict=True))
        ]
        rows += [[stage.name, *none, stage.adds, stage.size, stage.word, None] for stage in self.way]
        rows += [[f"next: {word}", *none, None, None, None, chance] for word, chance in self.next_words.items()]
        caption = (
            f"Weights of {PARTS[self.part]}, layer {self.layer}, {self._head()}; what each sublayer adds to "
            f"“{self._traveller()}”; next words at step {self._at() + 1}"
        )
        return Table(caption, ["", *keys, "adds", "then", "would write", "probability"], rows)

    def picture(self) -> Picture:
        """Return the chosen weights as a heatmap, with a frame around the present row, and the gold links over it."""
        return drawn(self.weights, *self._names(), row=self._row(), links=self._links())

    def _words(self) -> list[str]:
        return tokenise(self.text)

    def _names(self) -> tuple[list[str], list[str]]:
        """Return what looks and what is looked at."""
        source = named(self._words(), _model().source)
        written, read = self._run()["written"], self._run()["read"]
        return {"encoder": (source, source), "self": (read, read), "cross": (written, source)}[self.part]

    def _head(self) -> str:
        return "mean of all heads" if self.head == MEAN else f"head {self.head}"

    def _run(self) -> dict[str, Any]:
        return run(shipped.version(MODEL), tuple(self._words()))

    def _at(self) -> int:
        return min(self.step, len(self._run()["written"]) - 1)

    def _word(self) -> int:
        return min(self.word, len(self._words()) - 1)

    def _row(self) -> int:
        return self._word() if self.part == "encoder" else self._at()

    def _traveller(self) -> str:
        return self._words()[self._word()] if self.part == "encoder" else self._run()["read"][self._at()]

    def _links(self) -> dict[str, list]:
        """Return the gold links of the words that stand in the gold translation where the model writes them."""
        found = self.gold[self.sentences.index(self.text)] if self.text in self.sentences else None
        return links_of(found if self.part == "cross" else None, self.translation)

    @traitlets.validate("gold")
    def _check_gold(self, proposal: Any) -> list:
        return checked_gold(proposal["value"], self.sentences)

    @traitlets.validate("layer", "head")
    def _check_place(self, proposal: Any) -> int:
        name, value = proposal["trait"].name, proposal["value"]
        config = _model().model.config
        if value >= (size := config.heads if name == "head" else config.layers):
            least = MEAN if name == "head" else 0
            raise traitlets.TraitError(f"{name} must be from {least} to {size - 1}; got {value}")
        return value


def _model() -> Any:
    checkpoint = shipped.translator(MODEL)
    if checkpoint.model.config.norm != "pre":
        raise ValueError(f"norm of {MODEL} must be 'pre', where sublayers add; got {checkpoint.model.config.norm!r}")
    return checkpoint


@lru_cache(maxsize=64)
def run(_version: str, words: tuple[str, ...]) -> dict[str, Any]:
    """Return all that the model does with a sentence.

    ``written`` and ``read`` are the decoder's words, ``<eos>`` among the first where it finds an end; ``chances`` of
    every step; the weights of ``encoder``, ``self`` and ``cross``, for each layer (heads, n_queries, n_keys); ``ways``
    of both stacks: the name of each stage, with sizes and words for all tokens.
    """
    import torch

    from attnkit.decoding import BOS, EOS, at_rest, greedy, log_probabilities, pad

    model, source, target, _ = _model()
    ids, mask = pad([source.encode(words)])
    [best] = greedy(model, ids, mask)
    written = [*best.ids, EOS] if best.ended else best.ids
    read = torch.tensor([[BOS, *written[:-1]]])

    def would_write(vectors: Any) -> list[str]:
        best = log_probabilities(model.output(model.decoder.finish(vectors))).argmax(dim=-1)
        return [target.words[index] for index in best[0].tolist()]

    with at_rest(model):
        memory, seen = model.read(ids, mask)
        decoded = model.decode(read, model.start(memory), memory)
        chances = log_probabilities(decoded.logits)[0].exp().numpy()
        ways = {
            "encoder": way_of(model.encoder, ids, seen, None),
            "decoder": way_of(model.decoder, read, decoded.blocks, would_write),
        }

    return {
        "written": [target.words[index] for index in written],
        "read": [target.words[index] for index in read[0].tolist()],
        "chances": chances,
        "ways": ways,
        **looks(seen, decoded.blocks),
    }


def way_of(stack: Any, ids: Any, blocks: Any, would_write: Any) -> list[tuple]:
    """Return name, sizes of what is added, sizes, and words of every stage of a stack; all for each token."""
    import torch

    def sizes(vectors: Any) -> np.ndarray:
        return vectors[0].norm(dim=-1).numpy()

    def stage(name: str, adds: Any, vectors: Any) -> tuple:
        words = None if would_write is None else would_write(vectors)
        return name, None if adds is None else sizes(adds), sizes(vectors), words

    vectors = stack.embed(ids, torch.arange(ids.shape[1]))
    way = [stage("embedding and position", None, vectors)]
    for layer, block in enumerate(blocks):
        for name, field in (("self-attention", "attention"), ("cross-attention", "cross_attention")):
            if field in block._fields:
                change = getattr(block, field).output
                vectors = vectors + change
                way.append(stage(f"layer {layer}, {name}", change, vectors))
        way.append(stage(f"layer {layer}, feed-forward", block.output - vectors, block.output))
        vectors = block.output
    return [*way, ("last norm", None, sizes(stack.finish(vectors)), way[-1][-1])]
