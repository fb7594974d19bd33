"""Shuffle the words of a sentence: without positions the outputs come along unchanged, with positions they do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from attnkit import figures
from attnkit.positions import alibi_biases, rotary, sinusoidal_positions
from attnkit.self_attention import scaled_dot_scores
from attnkit.weighted_sum import attend
from attnkit.widgets.frame.widget import Matrix, Table, Widget, number

if TYPE_CHECKING:
    from attnkit.figures import Picture

KINDS = {
    "none": "no positions",
    "sinusoidal": "sinusoids, added",
    "rotary": "rotary",
    "alibi": "ALiBi",
}
SLOPE = 0.5
# Beyond this, two outputs are different and not only rounded differently.
SAME = 1e-9
# How much of a noun, a verb, something alive and an article each word is; made by hand, nothing is trained.
TOKENS = ["the", "dog", "loved", "the", "ball"]
VECTORS = [[0, 0, 0, 2], [2, 0, 1, 0], [0, 2, 0, 0], [0, 0, 0, 2], [2, 0, -1, 0]]


class Shuffle(Widget):
    """A sentence that attends to itself, in its own order and in another, with each word's output compared.

    The self-attention is the smallest there is: each word's vector is its query, its key and its value.

    Parameters
    ----------
    tokens : sequence of n strings
        The words in their own order.
    vectors : array (n, d), from −100 to 100
        One vector for each word; d is even.
    positions : "none", "sinusoidal", "rotary" or "alibi"
        How attention is told where a word stands.
    order : n whole numbers
        Which word stands at each place after the shuffle, each once.

    Attributes
    ----------
    in_order : array (n, d)
        The outputs of the words in their own order.
    output : array (n, d)
        The outputs of the words as they stand after the shuffle.
    changes : array (n,)
        By how much each of these differs from what the same word got in its own order: the largest difference.

    Examples
    --------
    >>> Shuffle(positions="none").changes.round(3)
    array([0., 0., 0., 0., 0.])
    """

    module = "positions/shuffle"

    tokens = traitlets.List(traitlets.Unicode()).tag(sync=True)
    vectors = Matrix(low=-100, high=100)
    positions = traitlets.Enum(list(KINDS), default_value="none").tag(sync=True)
    order = traitlets.List(traitlets.Int()).tag(sync=True)

    def __init__(
        self, *, tokens: Any = TOKENS, vectors: Any = VECTORS, order: Any = (0, 4, 2, 3, 1), **state: Any
    ) -> None:
        super().__init__(tokens=list(tokens), vectors=vectors, order=list(order), **state)

    @property
    def in_order(self) -> np.ndarray:
        """The outputs in the sentence's own order, shape (n, d)."""
        return self._attended(np.array(self.vectors))

    @property
    def output(self) -> np.ndarray:
        """The outputs after the shuffle, shape (n, d)."""
        return self._attended(np.array(self.vectors)[self.order])

    @property
    def changes(self) -> np.ndarray:
        """The largest difference of each word's output from what it was, after the shuffle, shape (n,)."""
        return np.abs(self.output - self.in_order[self.order]).max(axis=1)

    def label(self) -> str:
        """Return one sentence that says what is seen."""
        words = " ".join(self.tokens[i] for i in self.order)
        changed = int((self.changes > SAME).sum())
        found = "every word keeps its output" if changed == 0 else f"{changed} of {len(self.order)} outputs change"
        return (
            f"“{' '.join(self.tokens)}” becomes “{words}”, with {KINDS[self.positions]}: {found}, "
            f"the largest change is {number(float(self.changes.max()))}."
        )

    def table(self) -> Table:
        """Return for each word after the shuffle where it stood, its output, and by how much that has changed."""
        width = len(self.vectors[0])
        columns = ["", "stood at", *(f"output {d}" for d in range(width)), "changed by"]
        parts = zip(self.order, self.output.tolist(), self.changes.tolist(), strict=True)
        rows = [[self.tokens[i], float(i), *output, change] for i, output, change in parts]
        return Table(f"After the shuffle, with {KINDS[self.positions]}; places count from 0", columns, rows)

    def picture(self) -> Picture:
        """Return the outputs after the shuffle."""
        dimensions = [f"output {d}" for d in range(len(self.vectors[0]))]
        return figures.heatmap(self.output, [self.tokens[i] for i in self.order], dimensions, what="output")

    def _attended(self, vectors: np.ndarray) -> np.ndarray:
        places = np.arange(len(vectors))
        if self.positions == "sinusoidal":
            vectors = vectors + sinusoidal_positions(places.astype(float), vectors.shape[1])
        return attend(vectors, vectors, vectors, score=self._score(places)).output

    def _score(self, places: np.ndarray) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
        if self.positions == "rotary":
            return lambda queries, keys: scaled_dot_scores(rotary(queries, places), rotary(keys, places))
        if self.positions == "alibi":
            biases = alibi_biases(places, places, np.array([SLOPE]))[0]
            return lambda queries, keys: scaled_dot_scores(queries, keys) + biases
        return scaled_dot_scores

    @traitlets.validate("vectors")
    def _check_vectors(self, proposal: Any) -> Any:
        rows = proposal["value"]
        if len(rows) != len(self.tokens) or len(rows[0]) % 2:
            raise traitlets.TraitError(
                f"vectors must have one row of even width for each of the {len(self.tokens)} tokens; "
                f"got {len(rows)} of width {len(rows[0])}"
            )
        return rows

    @traitlets.validate("order")
    def _check_order(self, proposal: Any) -> list[int]:
        if sorted(proposal["value"]) != list(range(len(self.tokens))):
            raise traitlets.TraitError(
                f"order must hold each of 0 to {len(self.tokens) - 1} once; got {proposal['value']}"
            )
        return proposal["value"]
