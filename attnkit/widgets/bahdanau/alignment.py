"""A trained translator step by step: scores, weights, context and next word, and where each step has looked."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import traitlets

from attnkit.language import tokenise
from attnkit.widgets.frame import weights as shipped
from attnkit.widgets.frame.sentence import Sentence, checked_gold, drawn, gold_of, likeliest, links_of, named, or_first
from attnkit.widgets.frame.widget import Table, Widget, number

if TYPE_CHECKING:
    from attnkit.figures import Picture

MODEL = "bahdanau"


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
    text = Sentence()
    step = traitlets.Int(0, min=0).tag(sync=True)
    word = traitlets.Int(0, min=0).tag(sync=True)
    weight = traitlets.Float(None, allow_none=True).tag(sync=True)

    def __init__(self, *, sentences: Any, gold: Any = None, text: str | None = None, **state: Any) -> None:
        sentences = list(sentences)
        gold = [gold_of(sentence) for sentence in sentences] if gold is None else gold
        super().__init__(sentences=sentences, gold=gold, text=or_first(text, sentences), **state)
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
        return likeliest(self._present().probabilities, _model().target)

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
        return drawn(matrix, written, self._names(), row=self._at(), links=self._links())

    def _words(self) -> list[str]:
        return tokenise(self.text)

    def _names(self) -> list[str]:
        return named(self._words(), _model().source)

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
        return links_of(found, self.translation)

    def _begin_anew(self, _change: Any) -> None:
        self.step, self.word, self.weight = 0, 0, None

    def _drop_change(self, _change: Any) -> None:
        self.weight = None

    @traitlets.validate("weight")
    def _check_weight(self, proposal: Any) -> float | None:
        weight = proposal["value"]
        if weight is not None and not 0 <= weight <= 1:
            raise traitlets.TraitError(f"weight must be from 0 to 1, or None; got {weight!r}")
        return weight

    @traitlets.validate("gold")
    def _check_gold(self, proposal: Any) -> list:
        return checked_gold(proposal["value"], self.sentences)


def shifted(weights: np.ndarray, j: int, weight: float) -> np.ndarray:
    """Give one weight another value and scale all others alike, so that they still sum to 1.

    >>> shifted(np.array([0.5, 0.25, 0.25]), 0, 0.8)
    array([0.8, 0.1, 0.1])
    """
    others = np.delete(weights, j)
    rest = 1 - weight if len(others) else 0.0
    share = others / others.sum() if others.sum() > 0 else np.full(len(others), 1 / max(len(others), 1))
    return np.insert(share * rest, j, 1 - rest)


def _model() -> Any:
    return shipped.translator(MODEL)


@lru_cache(maxsize=64)
def _translate(_version: str, words: tuple[str, ...]) -> tuple[Any, list[Step]]:
    """Return what the encoder leaves of a sentence, and every step of its greedy translation."""
    from attnkit.decoding import BOS, EOS, at_rest, pad

    model = _model().model
    source, mask = pad([_model().source.encode(words)])
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
    chances = logarithms.exp().numpy()
    return Step(previous, before, best, checkpoint.target.words[best], scores, weights, context, chances), state
