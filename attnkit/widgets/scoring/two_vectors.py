"""Two vectors in the plane: what the dot product hears, and what the cosine does not."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import traitlets

from attnkit import figures
from attnkit.scoring import cosine_scores, dot_scores
from attnkit.widgets.frame.widget import Number, Table, Vector, Widget, number

if TYPE_CHECKING:
    from attnkit.figures import Picture


class TwoVectors(Widget):
    """A query and a key in the plane, with their dot product, lengths, angle and cosine.

    Parameters
    ----------
    query, key : two numbers each, from −4 to 4
        Where the two vectors point.
    scale : float, from 0 to 3
        What the key's length is multiplied by. The dot product follows, the cosine does not.
    normalise : bool
        Draw both vectors at length 1, where dot product and cosine are the same number.

    Attributes
    ----------
    dot, cosine : float
        The two scores of the query and the scaled key.
    angle : float or None
        The angle between them in degrees; None where one of them is zero.

    Examples
    --------
    >>> TwoVectors(query=[3, 4], key=[4, 0]).dot
    12.0
    """

    module = "scoring/two_vectors"

    query = Vector([2, 1], low=-4, high=4, width=2)
    key = Vector([1, 2], low=-4, high=4, width=2)
    scale = Number(1.0, low=0, high=3)
    normalise = traitlets.Bool(default_value=False).tag(sync=True)

    @property
    def dot(self) -> float:
        """The dot product of the query and the scaled key."""
        return float(dot_scores(*self._pair())[0, 0])

    @property
    def cosine(self) -> float:
        """Their cosine; 0 where one of them is the zero vector."""
        return float(cosine_scores(*self._pair())[0, 0])

    @property
    def angle(self) -> float | None:
        """The angle between them in degrees; None where one of them is the zero vector."""
        if 0 in self._lengths():
            return None
        return math.degrees(math.acos(max(-1.0, min(1.0, self.cosine))))

    def label(self) -> str:
        """Return one sentence that says what is seen."""
        angle = "no angle" if self.angle is None else f"an angle of {number(self.angle, 0)} degrees"
        return (
            f"A query and a key in the plane with {angle} between them: "
            f"dot product {number(self.dot, 2)}, cosine {number(self.cosine, 2)}."
        )

    def table(self) -> Table:
        """Return the numbers of the vectors as they are and at length 1."""
        query, key = (vectors[0] for vectors in self._pair())
        unit_query, unit_key = (vectors[0] for vectors in self._pair(unit=True))
        rows = [
            ["query, x", float(query[0]), float(unit_query[0])],
            ["query, y", float(query[1]), float(unit_query[1])],
            ["key, x", float(key[0]), float(unit_key[0])],
            ["key, y", float(key[1]), float(unit_key[1])],
            ["length of the query", *self._lengths()[:1], *self._lengths(unit=True)[:1]],
            ["length of the key", *self._lengths()[1:], *self._lengths(unit=True)[1:]],
            ["angle in degrees", self.angle, self.angle],
            ["dot product", self.dot, float(dot_scores(*self._pair(unit=True))[0, 0])],
            ["cosine", self.cosine, self.cosine],
        ]
        return Table("A query and a key, and the scores between them", ["", "as they are", "at length 1"], rows)

    def picture(self) -> Picture:
        """Return the two arrows."""
        query, key = (vectors[0] for vectors in self._pair(unit=self.normalise))
        return figures.arrows({"q": query, "k": key})

    def _pair(self, *, unit: bool = False) -> tuple[np.ndarray, np.ndarray]:
        query, key = np.array([self.query]), np.array([self.key]) * self.scale
        if unit:
            # a zero vector stays zero: it has no direction to keep
            query, key = (v / (np.linalg.norm(v) or 1.0) for v in (query, key))
        return query, key

    def _lengths(self, *, unit: bool = False) -> list[float]:
        return [float(np.linalg.norm(v)) for v in self._pair(unit=unit)]
