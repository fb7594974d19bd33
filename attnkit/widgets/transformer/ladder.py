"""One sentence, four translators: without attention, with Bahdanau's, with Luong's, and with attention alone."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import traitlets

from attnkit import figures
from attnkit.language import tokenise
from attnkit.widgets.frame import weights as shipped
from attnkit.widgets.frame.sentence import Sentence, checked_gold, gold_of, marks, named, or_first, share, verdict
from attnkit.widgets.frame.widget import Table, Widget

if TYPE_CHECKING:
    from attnkit.figures import Picture

ABOUT = {"none": "No attention", "bahdanau": "Bahdanau", "general": "Luong", "transformer": "Transformer"}


class Rung(NamedTuple):
    """What one translator makes of a sentence.

    Attributes
    ----------
    words
        What it writes, without ``<eos>``.
    ended
        Whether it found an end by itself.
    weights
        Where it looked as it wrote each word, shape (n_target, n_source), of the Transformer the mean over the heads
        of its last layer; None without attention.
    """

    words: tuple[str, ...]
    ended: bool
    weights: np.ndarray | None


class Ladder(Widget):
    """A sentence, and four translators side by side: what each of them writes, and where it looks.

    Parameters
    ----------
    sentences : sequence of strings
        The English sentences to choose from.
    gold : list or None
        For each of them its gold alignment, as :class:`~attnkit.widgets.Layers` takes it; its ``target`` is the
        reference.
    text : str
        The present sentence, 1 to 60 words; the first of the list, if left out. One that is not in the list has no
        reference.
    parameters : list of int
        How many numbers each translator has learned; by default counted.

    Attributes
    ----------
    translations : dict
        What each writes, as a list of words.
    weights : dict
        Where each looked, arrays (n_target, n_source); None without attention.
    """

    module = "transformer/ladder"

    sentences = traitlets.List(traitlets.Unicode(), minlen=1).tag(sync=True)
    gold = traitlets.List().tag(sync=True)
    text = Sentence()
    parameters = traitlets.List(traitlets.Int()).tag(sync=True)

    def __init__(self, *, sentences: Any, gold: Any = None, text: str | None = None, **state: Any) -> None:
        sentences = list(sentences)
        gold = [gold_of(sentence) for sentence in sentences] if gold is None else gold
        state.setdefault("parameters", [learned(name) for name in ABOUT])
        super().__init__(sentences=sentences, gold=gold, text=or_first(text, sentences), **state)

    def translators(self) -> list[str]:
        """Return the names of the four translators' weights."""
        return list(ABOUT)

    @property
    def translations(self) -> dict[str, list[str]]:
        """What each translator writes."""
        return {name: list(rung.words) for name, rung in self._rungs().items()}

    @property
    def weights(self) -> dict[str, np.ndarray | None]:
        """Where each translator looked as it wrote each word."""
        return {name: rung.weights for name, rung in self._rungs().items()}

    def label(self) -> str:
        """Return all four translations and what is to be said of them."""
        told = [
            f"{ABOUT[name]}: “{' '.join(rung.words)}”. {verdict(rung.words, self._wanted(), ended=rung.ended)}".strip()
            for name, rung in self._rungs().items()
        ]
        return f"“{' '.join(self._words())}”. {' '.join(told)}"

    def table(self) -> Table:
        """Return for each translator every word that it writes, with its weights."""
        wanted, n = self._wanted(), len(self._words())
        rows: list[list[Any]] = []
        for name, rung in self._rungs().items():
            lines = [[None] * n] * len(rung.words) if rung.weights is None else rung.weights.tolist()
            found = marks(rung.words, wanted)
            rows += [
                [f"{ABOUT[name]}: {word}", *line, None if wanted is None else ("no", "yes")[mark]]
                for word, line, mark in zip(rung.words, lines, found, strict=True)
            ]
            if wanted is not None:
                rows.append([f"{ABOUT[name]}: in all", *[None] * n, share(rung.words, wanted)])
        caption = "What each translator writes, and its weights over the English words"
        return Table(caption, ["", *self._names(), "in the reference"], rows)

    def picture(self) -> Picture | None:
        """Return the Transformer's weights, or None where it writes nothing."""
        rung = self._rungs()["transformer"]
        return figures.heatmap(rung.weights, rung.words, self._names(), title="Transformer") if rung.words else None

    def _words(self) -> list[str]:
        return tokenise(self.text)

    def _names(self) -> list[str]:
        return named(self._words(), shipped.translator("transformer").source)

    def _wanted(self) -> list[str] | None:
        found = self.gold[self.sentences.index(self.text)] if self.text in self.sentences else None
        return None if found is None else found["target"]

    def _rungs(self) -> dict[str, Rung]:
        return {name: climb(name, shipped.version(name), tuple(self._words())) for name in ABOUT}

    @traitlets.validate("gold")
    def _check_gold(self, proposal: Any) -> list:
        return checked_gold(proposal["value"], self.sentences)

    @traitlets.validate("parameters")
    def _check_parameters(self, proposal: Any) -> list[int]:
        if len(proposal["value"]) != len(ABOUT):
            raise traitlets.TraitError(f"parameters must have {len(ABOUT)} numbers; got {proposal['value']!r}")
        return proposal["value"]


def learned(name: str) -> int:
    """Return how many numbers a translator has learned."""
    return sum(weight.numel() for weight in shipped.translator(name).model.parameters())


@lru_cache(maxsize=256)
def climb(name: str, _version: str, words: tuple[str, ...]) -> Rung:
    """Return what the translator of this name makes of a sentence."""
    from attnkit.decoding import greedy, pad

    model, source, target, _ = shipped.translator(name)
    [best] = greedy(model, *pad([source.encode(words)]))
    return Rung(tuple(target.decode(best.ids)), best.ended, best.weights)
