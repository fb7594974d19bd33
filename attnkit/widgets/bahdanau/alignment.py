"""A trained translator step by step: scores, weights, context and next word, and where each step has looked."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import traitlets
from matplotlib.patches import Ellipse, Rectangle

from attnkit import figures
from attnkit.figures.picture import INK
from attnkit.language import parse, tokenise
from attnkit.widgets.frame import weights as shipped
from attnkit.widgets.frame.widget import Table, Widget, number

if TYPE_CHECKING:
    from attnkit.figures import Picture

MODEL = "bahdanau"
LONGEST = 60
TOP = 5


class Step(NamedTuple):
    """One step of the decoder: the word that it read, its state before, and what it made of them."""

    previous: int
    before: Any
    id: int
    word: str
    scores: np.ndarray
    weights: np.ndarray
    context: np.ndarray
    probabilities: np.ndarray


class Alignment(Widget):
    """A translation with additive attention, to be stepped through, and the alignment that its weights draw.

    Parameters
    ----------
    sentences : sequence of strings
        The English sentences to choose from.
    gold : list or None
        For each of them its gold alignment: None, or a dictionary of ``target`` (words), ``sure`` and ``possible``
        (lists of [target index, source index], no link in both). Without it, the made language knows them.
    text : str
        The present sentence, 1 to 60 words; the first of the list, if left out.
        A new one sets ``step``, ``word`` and ``weight`` back.
    step : int
        The present step, from 0; beyond the last step, the last. A new one sets ``weight`` back.
    word : int
        The source word whose weight may be changed, from 0; beyond the last word, the last.
    weight : float from 0 to 1, or None
        The weight of that word at the present step. The others are scaled so that all still sum to 1;
        where they are all 0, they share alike. None leaves the model's own weights.

    Attributes
    ----------
    translation : list of strings
        What the model writes, the likeliest next word each time, without ``<eos>``.
    alignment : array (n_steps, n_source)
        The weights of every step; the last is that of ``<eos>``, unless the model found no end.
    scores, weights : arrays (n_source,)
        Of the present step; the weights as they are in use.
    context : array (d_hidden,)
        The sum of the encoder's states by these weights.
    next_words : dict
        The five likeliest next words with their probabilities.
    """

    module = "bahdanau/alignment"

    sentences = traitlets.List(traitlets.Unicode(), minlen=1).tag(sync=True)
    gold = traitlets.List().tag(sync=True)
    text = traitlets.Unicode().tag(sync=True)
    step = traitlets.Int(0, min=0).tag(sync=True)
    word = traitlets.Int(0, min=0).tag(sync=True)
    weight = traitlets.Float(None, allow_none=True).tag(sync=True)

    def __init__(self, *, sentences: Any, gold: Any = None, text: str | None = None, **state: Any) -> None:
        sentences = list(sentences)
        gold = [_gold(sentence) for sentence in sentences] if gold is None else gold
        text = sentences[0] if text is None and sentences else text or ""
        super().__init__(sentences=sentences, gold=gold, text=text, **state)
        self.observe(self._begin_anew, "text")
        self.observe(self._drop_change, ["step", "word"])

    def translators(self) -> list[str]:
        """Return the name of the one translator."""
        return [MODEL]

    @property
    def translation(self) -> list[str]:
        """The words that the model writes."""
        return [step.word for step in self._steps() if step.word != "<eos>"]

    @property
    def alignment(self) -> np.ndarray:
        """The weights of every step, shape (n_steps, n_source), as the model chooses them."""
        return np.stack([step.weights for step in self._steps()])

    @property
    def scores(self) -> np.ndarray:
        """The scores of the present step, shape (n_source,)."""
        return self._present().scores

    @property
    def weights(self) -> np.ndarray:
        """The weights in use at the present step, shape (n_source,)."""
        return self._present().weights

    @property
    def context(self) -> np.ndarray:
        """The context at the present step, shape (d_hidden,)."""
        return self._present().context

    @property
    def next_words(self) -> dict[str, float]:
        """The likeliest next words with their probabilities, the likeliest first."""
        chances = self._present().probabilities
        order = [index for index in np.argsort(-chances, kind="stable") if chances[index] >= 0]
        return {_model().target.words[index]: float(chances[index]) for index in order[:TOP]}

    def label(self) -> str:
        """Return one sentence that says what is seen."""
        at, best = self._at(), int(np.argmax(self.weights))
        words, (following, chance) = self._words(), next(iter(self.next_words.items()))
        changed = ""
        if self.weight is not None:
            chosen = self._chosen()
            share = number(self.weights[chosen], 2)
            changed = f" You have set the weight of “{words[chosen]}” to {share}."
        return (
            f"“{' '.join(words)}”, step {at + 1} of {len(self._steps())}: most weight on “{words[best]}” "
            f"({number(self.weights[best], 2)}), and the likeliest next word is “{following}” ({number(chance, 2)})."
            f"{changed}"
        )

    def table(self) -> Table:
        """Return the weights of each step with its word's probability, and scores, weights and next words of one."""
        at, words = self._at() + 1, self._words()
        rows: list[list[Any]] = [
            [f"{i}: {step.word}", *step.weights.tolist(), float(step.probabilities[step.id])]
            for i, step in enumerate(self._steps(), 1)
        ]
        rows.append([f"scores of step {at}", *self.scores.tolist(), None])
        rows.append([f"weights in use at step {at}", *self.weights.tolist(), None])
        rows += [[f"next: {word}", *[None] * len(words), chance] for word, chance in self.next_words.items()]
        caption = "Weights of each step over the source words, and probabilities of the next word"
        return Table(caption, ["", *self._names(), "probability"], rows)

    def picture(self) -> Picture:
        """Return the alignment as a heatmap, with the gold links over it and a frame around the present step."""
        matrix, written = self.alignment, [step.word for step in self._steps()]
        matrix[self._at()] = self.weights
        picture = figures.heatmap(matrix, written, self._names())
        (sheet,) = picture.axes
        wide, high = sheet.get_xlim()[1] / matrix.shape[1], sheet.get_ylim()[0] / len(matrix)

        def mark(shape: Any, *place: float) -> None:
            for ink, width in (("paper", 4), ("ink", 1.6)):
                sheet.add_patch(shape(*place, fill=False, edgecolor=INK[ink], linewidth=width, clip_on=False))

        mark(Rectangle, (1, self._at() * high + 1), matrix.shape[1] * wide - 2, high - 2)
        links = self._links()
        for row, column in links["sure"]:
            mark(Rectangle, (column * wide + 4, row * high + 4), wide - 8, high - 8)
        for row, column in links["possible"]:
            mark(Ellipse, ((column + 0.5) * wide, (row + 0.5) * high), wide - 8, high - 8)
        if sum(map(len, links.values())):
            picture.alt += " Squares: sure links of the gold alignment. Ellipses: possible ones."
        return picture

    def _words(self) -> list[str]:
        return tokenise(self.text)

    def _names(self) -> list[str]:
        return [word if word in _model().source else f"{word} (?)" for word in self._words()]

    def _steps(self) -> list[Step]:
        return _translate(shipped.version(MODEL), tuple(self._words()))[1]

    def _at(self) -> int:
        return min(self.step, len(self._steps()) - 1)

    def _chosen(self) -> int:
        return min(self.word, len(self._words()) - 1)

    def _present(self) -> Step:
        own = self._steps()[self._at()]
        if self.weight is None:
            return own
        memory, _ = _translate(shipped.version(MODEL), tuple(self._words()))
        return _step(memory, own.previous, own.before, shifted(own.weights, self._chosen(), self.weight))[0]

    def _links(self) -> dict[str, list]:
        """Return the gold links of the words that stand in the gold translation where the model writes them."""
        found = self.gold[self.sentences.index(self.text)] if self.text in self.sentences else None
        if found is None:
            return {"sure": [], "possible": []}
        both = zip(self.translation, found["target"], strict=False)
        same = {i for i, (one, other) in enumerate(both) if one == other}
        return {kind: [link for link in found[kind] if link[0] in same] for kind in ("sure", "possible")}

    def _begin_anew(self, _change: Any) -> None:
        self.step, self.word, self.weight = 0, 0, None

    def _drop_change(self, _change: Any) -> None:
        self.weight = None

    @traitlets.validate("text")
    def _check_text(self, proposal: Any) -> str:
        n_words = len(tokenise(proposal["value"]))
        if not 1 <= n_words <= LONGEST:
            raise traitlets.TraitError(f"text must have 1 to {LONGEST} words; got {n_words}")
        return proposal["value"]

    @traitlets.validate("weight")
    def _check_weight(self, proposal: Any) -> float | None:
        weight = proposal["value"]
        if weight is not None and not 0 <= weight <= 1:
            raise traitlets.TraitError(f"weight must be from 0 to 1, or None; got {weight!r}")
        return weight

    @traitlets.validate("gold")
    def _check_gold(self, proposal: Any) -> list:
        gold = proposal["value"]
        if len(gold) != len(self.sentences):
            raise traitlets.TraitError(
                f"gold must have one entry for each of the {len(self.sentences)} sentences; got {len(gold)}"
            )
        keys = ("target", "sure", "possible")
        for entry in gold:
            if entry is not None and (not isinstance(entry, dict) or sorted(entry) != sorted(keys)):
                raise traitlets.TraitError(f"an entry of gold must be None or have {', '.join(keys)}; got {entry!r}")
        return gold


def shifted(weights: np.ndarray, j: int, weight: float) -> np.ndarray:
    """Give one weight another value and scale all others alike, so that they still sum to 1.

    >>> shifted(np.array([0.5, 0.25, 0.25]), 0, 0.8)
    array([0.8, 0.1, 0.1])
    """
    others = np.delete(weights, j)
    rest = 1 - weight if len(others) else 0.0
    share = others / others.sum() if others.sum() > 0 else np.full(len(others), 1 / max(len(others), 1))
    return np.insert(share * rest, j, 1 - rest)


def _gold(sentence: str) -> dict[str, Any] | None:
    pair = parse(tokenise(sentence))
    if pair is None:
        return None
    links = {"sure": pair.sure, "possible": pair.possible - pair.sure}
    return {"target": list(pair.target), **{kind: sorted(map(list, found)) for kind, found in links.items()}}


def _model() -> Any:
    return _load(shipped.version(MODEL))


@lru_cache(maxsize=2)
def _load(_version: str) -> Any:
    """Return the translator in float64: a page computes so, too."""
    from attnkit import checkpoints

    checkpoint = checkpoints.load(shipped.FOLDER / f"{MODEL}{shipped.SUFFIX}")
    checkpoint.model.double()
    return checkpoint


@lru_cache(maxsize=64)
def _translate(version: str, words: tuple[str, ...]) -> tuple[Any, list[Step]]:
    """Return what the encoder leaves of a sentence, and every step of its greedy translation."""
    from attnkit.decoding import BOS, EOS, at_rest, pad

    model = _load(version).model
    source, mask = pad([_load(version).source.encode(words)])
    with at_rest(model):
        memory = model.encode(source, mask)
        state, previous, steps = model.start(memory), BOS, []
    while previous != EOS and len(steps) < 2 * len(words) + 10:
        step, state = _step(memory, previous, state)
        previous = step.id
        steps.append(step)
    return memory, steps


def _step(memory: Any, previous: int, before: Any, given: np.ndarray | None = None) -> tuple[Step, Any]:
    """Make one step, by the model's own weights or by given ones; return it, and the state behind it."""
    import torch

    from attnkit.decoding import at_rest, log_probabilities
    from attnkit.weighted_sum import weighted_sum

    checkpoint = _model()

    def replace(_layer: Any, _inputs: Any, attention: Any) -> Any:
        weights = torch.from_numpy(given)[None, None]
        return attention._replace(weights=weights, output=weighted_sum(weights, memory.states))

    hook = None if given is None else checkpoint.model.attention.register_forward_hook(replace)
    try:
        with at_rest(checkpoint.model):
            logits, state, attention = checkpoint.model.step(torch.tensor([previous]), before, memory)
            logarithms = log_probabilities(logits)[0]
    finally:
        if hook:
            hook.remove()
    best = int(logarithms.argmax())
    scores, weights, context = (stage[0, 0].numpy() for stage in attention)
    # A probability of −1 marks what is no word.
    chances = torch.where(logarithms.isfinite(), logarithms.exp(), -1.0).numpy()
    return Step(previous, before, best, checkpoint.target.words[best], scores, weights, context, chances), state
