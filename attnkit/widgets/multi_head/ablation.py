"""A trained Transformer with some heads switched off: what it writes then, and what else it might have written."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from attnkit import figures
from attnkit.language import tokenise
from attnkit.widgets.frame import weights as shipped
from attnkit.widgets.frame.sentence import Sentence, likeliest, looks, named, or_first
from attnkit.widgets.frame.widget import Table, Widget, number

if TYPE_CHECKING:
    from attnkit.figures import Picture

MODEL = "transformer"
PARTS = ("encoder", "self", "cross")
BEGIN = "<bos>"


class Ablation(Widget):
    """A sentence, its translation with all heads and without some, and where one head looks.

    Layers and heads are counted from 0, as in code.

    Parameters
    ----------
    sentences : sequence of strings
        The English sentences to choose from.
    text : str
        The present sentence, 1 to 60 words; the first of the list, if left out.
    part : str
        Whose head is chosen: "encoder" (the source looks at itself), "self" (the target looks at itself) or "cross"
        (the target looks at the source).
    layer, head : int
        Which head of that part.
    off : sequence of (part, layer, head)
        The heads that are switched off: each brings 0.
    step : int
        Which word is about to be written, from 0; beyond the last step, the last.

    Attributes
    ----------
    translation, ablated : lists of strings
        What the model writes with all heads, and without those that are off.
    weights : array (n_queries, n_keys)
        Where the chosen head looks while the model writes ``translation`` with all its heads.
    next_words, ablated_next_words : dict
        The five likeliest words at the present step, after the words that the whole model has written before it.
    """

    module = "multi_head/ablation"

    sentences = traitlets.List(traitlets.Unicode(), minlen=1).tag(sync=True)
    text = Sentence()
    part = traitlets.Enum(PARTS, "encoder").tag(sync=True)
    layer = traitlets.Int(0, min=0).tag(sync=True)
    head = traitlets.Int(0, min=0).tag(sync=True)
    off = traitlets.List().tag(sync=True)
    step = traitlets.Int(0, min=0).tag(sync=True)

    def __init__(self, *, sentences: Any, text: str | None = None, off: Any = (), **state: Any) -> None:
        sentences = list(sentences)
        super().__init__(sentences=sentences, text=or_first(text, sentences), off=[list(one) for one in off], **state)

    def translators(self) -> list[str]:
        """Return the name of the one translator."""
        return [MODEL]

    @property
    def translation(self) -> list[str]:
        """What the model writes with all heads."""
        return _words_of(self._whole()["ids"])

    @property
    def ablated(self) -> list[str]:
        """What it writes without the heads that are off."""
        return _words_of(_run(shipped.version(MODEL), tuple(self._words()), self._off())["ids"])

    @property
    def weights(self) -> np.ndarray:
        """Where the chosen head looks, shape (n_queries, n_keys)."""
        return self._whole()[self.part][self.layer][self.head]

    @property
    def next_words(self) -> dict[str, float]:
        """The likeliest words at the present step, with all heads."""
        return likeliest(self._whole()["chances"][self._at()], _model().target)

    @property
    def ablated_next_words(self) -> dict[str, float]:
        """The likeliest words at the same step, without the heads that are off."""
        return likeliest(self._chances(), _model().target)

    def label(self) -> str:
        """Return one sentence that says what is seen."""
        (word, chance), (other, changed) = (
            next(iter(words.items())) for words in (self.next_words, self.ablated_next_words)
        )
        off = ", ".join(f"{part} {layer}.{head}" for part, layer, head in self.off) or "none"
        return (
            f"“{' '.join(self._words())}” becomes “{' '.join(self.translation)}” with all heads. Switched off: {off}; "
            f"then it becomes “{' '.join(self.ablated)}”. At step {self._at() + 1} the likeliest word is “{word}” "
            f"({number(chance, 2)}), and without these heads “{other}” ({number(changed, 2)})."
        )

    def table(self) -> Table:
        """Return the likeliest words of one step with and without the heads, and the weights of the chosen head."""
        whole, without = self._whole()["chances"][self._at()], self._chances()
        listed = dict.fromkeys([*likeliest(whole, _model().target), *likeliest(without, _model().target)])
        queries, keys = self._names()
        rows: list[list[Any]] = [
            [f"next: {word}", *(float(chances[_model().target.index(word)]) for chances in (whole, without))]
            + [None] * len(keys)
            for word in listed
        ]
        rows += [
            [f"{i}: {word}", None, None, *line.tolist()]
            for i, (word, line) in enumerate(zip(queries, self.weights, strict=True))
        ]
        caption = (
            f"Next words at step {self._at() + 1}, and the weights of {self.part} layer {self.layer}, head {self.head}"
        )
        return Table(caption, ["", "all heads", "without", *keys], rows)

    def picture(self) -> Picture:
        """Return the weights of the chosen head."""
        return figures.heatmap(self.weights, *self._names())

    def _words(self) -> list[str]:
        return tokenise(self.text)

    def _names(self) -> tuple[list[str], list[str]]:
        """Return what looks and what is looked at: of the target, words written look at the source, words read at one
        another.
        """
        source = named(self._words(), _model().source)
        written = [_model().target.words[index] for index in self._whole()["ids"]]
        read = [BEGIN, *written[:-1]]
        return {"encoder": (source, source), "self": (read, read), "cross": (written, source)}[self.part]

    def _off(self) -> tuple[tuple[str, int, int], ...]:
        return tuple(sorted(map(tuple, self.off)))

    def _whole(self) -> dict[str, Any]:
        return _run(shipped.version(MODEL), tuple(self._words()), ())

    def _at(self) -> int:
        return min(self.step, len(self._whole()["ids"]) - 1)

    def _chances(self) -> np.ndarray:
        """Return the probabilities at the present step without the heads, after what the whole model has written."""
        teacher = tuple(self._whole()["ids"])
        return _run(shipped.version(MODEL), tuple(self._words()), self._off(), teacher)["chances"][self._at()]

    @traitlets.validate("layer", "head")
    def _check_place(self, proposal: Any) -> int:
        name, value = proposal["trait"].name, proposal["value"]
        size = _sizes()[name == "head"]
        if value >= size:
            raise traitlets.TraitError(f"{name} must be from 0 to {size - 1}; got {value}")
        return value

    @traitlets.validate("off")
    def _check_off(self, proposal: Any) -> list:
        layers, heads = _sizes()
        for one in proposal["value"]:
            known = isinstance(one, (list, tuple)) and len(one) == 3 and one[0] in PARTS
            if not known or one[1] not in range(layers) or one[2] not in range(heads):
                raise traitlets.TraitError(
                    f"off must hold (part, layer, head) with part one of {', '.join(PARTS)}, layer from 0 to "
                    f"{layers - 1} and head from 0 to {heads - 1}; got {one!r}"
                )
        return [list(one) for one in proposal["value"]]


def without(model: Any, off: Any) -> Any:
    """Return a copy of a Transformer in which each of these heads, (part, layer, head), brings 0."""
    from attnkit.experiments.heads import without_head

    for one in off:
        model = without_head(model, *one)
    return model


def _model() -> Any:
    return shipped.translator(MODEL)


def _sizes() -> tuple[int, int]:
    config = _model().model.config
    return config.layers, config.heads


@lru_cache(maxsize=64)
def _run(_version: str, words: tuple[str, ...], off: tuple, teacher: tuple[int, ...] | None = None) -> dict[str, Any]:
    """Return the words that a model writes, or a teacher makes it write, every step's probabilities, and all weights.

    The words' indices end with that of ``<eos>``, if the model finds an end.
    """
    import torch

    from attnkit.decoding import BOS, EOS, at_rest, greedy, log_probabilities, pad

    checkpoint = _model()
    model = without(checkpoint.model, off)
    source = pad([checkpoint.source.encode(words)])
    if teacher is None:
        [best] = greedy(model, *source)
        teacher = (*best.ids, EOS) if best.ended else tuple(best.ids)
    with at_rest(model):
        memory, read = model.read(*source)
        decoded = model.decode(torch.tensor([[BOS, *teacher[:-1]]]), model.start(memory), memory)
        chances = log_probabilities(decoded.logits)[0].exp().numpy()

    return {"ids": list(teacher), "chances": chances, **looks(read, decoded.blocks)}


def _words_of(ids: list[int]) -> list[str]:
    words = [_model().target.words[index] for index in ids]
    return words[:-1] if words[-1] == "<eos>" else words
