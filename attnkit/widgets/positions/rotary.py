"""A query and a key that turn with their positions: their score knows how far apart they stand, and not where."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import traitlets

from attnkit import figures
from attnkit.positions import rotary
from attnkit.scoring import dot_scores
from attnkit.widgets.frame.widget import Number, Table, Vector, Widget, number

if TYPE_CHECKING:
    from attnkit.figures import Picture

FURTHER = 7


class Rotary(Widget):
    """One pair of a query and of a key, in the plane, each turned by an angle that grows with its position.

    Parameters
    ----------
    query, key : two numbers each, from −3 to 3
        The vectors before they are turned.
    query_position, key_position : int, from 0 to 20
        Where the two stand.
    both : int, from 0 to 20
        By how many positions both are moved on together.
    turn : float, from 1 to 60
        By how many degrees a vector turns from one position to the next: the ω of this pair.

    Attributes
    ----------
    turned_query, turned_key : arrays (2,)
        The two vectors after they are turned.
    score : float
        The dot product of these.
    offset : int
        The query's position minus the key's.

    Examples
    --------
    >>> widget = Rotary(query=[2, 0], key=[3, 0], query_position=2, key_position=4, turn=30)
    >>> round(widget.score, 3), widget.offset
    (3.0, -2)
    """

    module = "positions/rotary"

    query = Vector([2.5, 0.5], low=-3, high=3, width=2)
    key = Vector([1.5, 1.5], low=-3, high=3, width=2)
    query_position = traitlets.Int(6, min=0, max=20).tag(sync=True)
    key_position = traitlets.Int(3, min=0, max=20).tag(sync=True)
    both = traitlets.Int(0, min=0, max=20).tag(sync=True)
    turn = Number(20.0, low=1, high=60)

    @property
    def turned_query(self) -> np.ndarray:
        """The query after its turn, shape (2,)."""
        return self._turned(self.query, self.query_position + self.both)

    @property
    def turned_key(self) -> np.ndarray:
        """The key after its turn, shape (2,)."""
        return self._turned(self.key, self.key_position + self.both)

    @property
    def score(self) -> float:
        """The dot product of the turned vectors."""
        return float(dot_scores(self.turned_query[None], self.turned_key[None])[0, 0])

    @property
    def offset(self) -> int:
        """The query's position minus the key's."""
        return self.query_position - self.key_position

    def label(self) -> str:
        """Return one sentence that says what is seen."""
        return (
            f"A query at position {self.query_position + self.both} and a key at position "
            f"{self.key_position + self.both}, each turned by {number(self.turn, 0)} degrees for every position: "
            f"their offset is {number(self.offset, 0)} and their score {number(self.score, 2)}."
        )

    def table(self) -> Table:
        """Return the vectors before and after their turns, and the score, here and further on."""
        places = [self.query_position + self.both, self.key_position + self.both]
        before, after = (self.query, self.key), (self.turned_query, self.turned_key)
        further = [
            self._turned(v, place + FURTHER)[None] for v, place in zip((self.query, self.key), places, strict=True)
        ]
        plain = float(dot_scores(*(np.array([v]) for v in before))[0, 0])
        rows = [
            ["position", *map(float, places)],
            ["turned by, in degrees", *(place * self.turn for place in places)],
            ["x, before", *(v[0] for v in before)],
            ["y, before", *(v[1] for v in before)],
            ["x, turned", *(float(v[0]) for v in after)],
            ["y, turned", *(float(v[1]) for v in after)],
            ["length", *(float(np.linalg.norm(v)) for v in after)],
            ["offset, query − key", float(self.offset), None],
            ["score before the turns", plain, None],
            ["score", self.score, None],
            [f"score with both {FURTHER} positions further", float(dot_scores(*further)[0, 0]), None],
        ]
        return Table("A query and a key, before and after their turns", ["", "query", "key"], rows)

    def picture(self) -> Picture:
        """Return the two turned arrows."""
        return figures.arrows({"q": self.turned_query, "k": self.turned_key})

    def _turned(self, vector: list[float], position: int) -> np.ndarray:
        # A pair of width 2 turns by one radian a position; another ω is another unit of position.
        return rotary(np.array([vector]), np.array([position * math.radians(self.turn)]))[0]
