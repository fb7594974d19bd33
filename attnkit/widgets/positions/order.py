"""A sentence and the same words in another order, through two trained translators: one has no positions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import traitlets

from attnkit import figures
from attnkit.language import tokenise
from attnkit.widgets.frame import weights
from attnkit.widgets.frame.sentence import Sentence, named
from attnkit.widgets.frame.widget import Cell, Table, Widget, number

if TYPE_CHECKING:
    from attnkit.figures import Picture

MODELS = {"transformer-positions-none": "without positions", "transformer": "with sinusoids"}
EXAMPLES = (
    "the dog loved the boy",
    "the dog loved the ball , it was very excited",
    "don't eat the delicious looking and smelling pizza",
    "the man sees the woman",
)


class Reading(NamedTuple):
    """What one translator makes of both orders.

    Attributes
    ----------
    in_order, shuffled
        What it writes for each.
    moved
        For each word of the shuffled sentence, how far its encoder vector has moved: the length of the difference over
        the sum of both lengths, from 0 for the same vector to 1 for the opposite one.
    """

    in_order: str
    shuffled: str
    moved: np.ndarray


class Order(Widget):
    """Two translators, trained alike but for the positions, and a sentence in two orders.

    Parameters
    ----------
    sentence : str
        English, 1 to 60 words; a word that the translators do not know is read as ``<unk>``.
    order : n whole numbers
        Which word stands at each place after the shuffle, each once; by default the sentence backwards.
    examples : sequence of str
        Sentences to choose from.

    Attributes
    ----------
    readings : dict
        What each translator makes of both orders.
    """

    module = "positions/order"

    sentence = Sentence(EXAMPLES[0])
    order = traitlets.List(traitlets.Int()).tag(sync=True)
    examples = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def __init__(
        self, *, sentence: str = EXAMPLES[0], order: Any = None, examples: Any = EXAMPLES, **state: Any
    ) -> None:
        order = range(len(tokenise(sentence)))[::-1] if order is None else order
        super().__init__(sentence=sentence, order=list(order), examples=list(examples), **state)
        self.observe(self._follow_sentence, "sentence")

    @property
    def readings(self) -> dict[str, Reading]:
        """What each translator makes of both orders, in float64, as the page computes it."""
        return {name: self._read(file) for file, name in MODELS.items()}

    def label(self) -> str:
        """Return a sentence on each translator."""
        words = self._words()
        told = [f"“{' '.join(words)}” becomes “{' '.join(words[i] for i in self.order)}”."]
        for name, reading in self.readings.items():
            verdict = "the same translation" if reading.in_order == reading.shuffled else "another translation"
            told.append(
                f"The translator {name} writes {verdict}, “{reading.in_order}” and “{reading.shuffled}”; on average "
                f"an encoder vector moves by {number(float(reading.moved.mean()))}, on a scale from 0 to 1."
            )
        return " ".join(told)

    def table(self) -> Table:
        """Return by how much each word's vector moves, and the translations."""
        words, readings = self._words(), self.readings.values()
        moved = [reading.moved.tolist() for reading in readings]
        rows: list[list[Cell]] = [[words[i], float(i), *shares] for i, *shares in zip(self.order, *moved, strict=True)]
        rows.append(["translation, in order", None, *(reading.in_order for reading in readings)])
        rows.append(["translation, shuffled", None, *(reading.shuffled for reading in readings)])
        caption = "The shuffled words: where they stood, from 0, and how far their encoder vectors move"
        return Table(caption, ["", "stood at", *MODELS.values()], rows)

    def picture(self) -> Picture:
        """Return how far the vectors move with sinusoids."""
        words = self._words()
        *_, last = self.readings.values()
        return figures.bars(last.moved, [words[i] for i in self.order], what="how far a vector moves, from 0 to 1")

    def translators(self) -> list[str]:
        """Return the names of both translators."""
        return list(MODELS)

    def _words(self) -> list[str]:
        """Return the words, those marked that the translators do not know."""
        *_, last = MODELS
        return named(tokenise(self.sentence), weights.translator(last).source)

    def _read(self, file: str) -> Reading:
        from attnkit.decoding import at_rest, greedy, pad

        checkpoint, words = weights.translator(file), tokenise(self.sentence)
        model = checkpoint.model
        written, states = [], []
        for sentence in (words, [words[i] for i in self.order]):
            source, mask = pad([checkpoint.source.encode(sentence)])
            with at_rest(model):
                states.append(model.encode(source, mask).states[0].numpy())
            [best] = greedy(model, source, mask)
            written.append(" ".join(checkpoint.target.words[index] for index in best.ids))
        before, after = states[0][self.order], states[1]
        lengths = np.linalg.norm(before, axis=1) + np.linalg.norm(after, axis=1)
        return Reading(*written, np.linalg.norm(after - before, axis=1) / lengths)

    def _follow_sentence(self, _change: Any) -> None:
        self.order = list(range(len(tokenise(self.sentence))))[::-1]

    @traitlets.validate("order")
    def _check_order(self, proposal: Any) -> list[int]:
        count = len(tokenise(self.sentence))
        if sorted(proposal["value"]) != list(range(count)):
            raise traitlets.TraitError(f"order must hold each of 0 to {count - 1} once; got {proposal['value']}")
        return proposal["value"]
