"""Sinusoidal positions as a map and as clocks: slide a position, and see a shift turn every hand by its own angle."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from attnkit import figures
from attnkit.positions import clock_angles, shift_matrix, sinusoidal_positions
from attnkit.widgets.frame.widget import Cell, Table, Widget, number

if TYPE_CHECKING:
    from attnkit.figures import Picture

BASE = 10_000
N_POSITIONS = 50


class Clocks(Widget):
    """The sinusoidal encodings of 50 positions, and each pair of sine and cosine as the hand of a clock.

    Parameters
    ----------
    d_model : 4, 8, 16 or 32
        How many numbers an encoding has; half as many clocks.
    position : int, from 0 to 49
        The position p whose hands are drawn.
    shift : int, from 0 to 20
        By how many positions k the second hands are ahead.
    pair : int, from 0 to d_model / 2 − 1
        The clock whose rotation is written out.

    Attributes
    ----------
    encoding, shifted : arrays (d_model,)
        PE(p) and PE(p + k).
    wavelengths : array (d_model / 2,)
        After how many positions each clock has gone round once.
    rotation : array (2, 2)
        The block of R_k that turns the chosen pair.

    Examples
    --------
    >>> Clocks(d_model=4, position=3).encoding.round(3)
    array([ 0.141, -0.99 ,  0.03 ,  1.   ])
    """

    module = "positions/clocks"

    d_model = traitlets.Enum([4, 8, 16, 32], default_value=16).tag(sync=True)
    position = traitlets.Int(7, min=0, max=N_POSITIONS - 1).tag(sync=True)
    shift = traitlets.Int(3, min=0, max=20).tag(sync=True)
    pair = traitlets.Int(1, min=0).tag(sync=True)

    def __init__(self, **state: Any) -> None:
        super().__init__(**state)
        # A narrower encoding has fewer clocks; the slowest of them takes the place of one that is gone.
        self.observe(self._follow_width, "d_model")

    @property
    def encoding(self) -> np.ndarray:
        """PE(p), shape (d_model,)."""
        return sinusoidal_positions(np.asarray(float(self.position)), self.d_model, BASE)

    @property
    def shifted(self) -> np.ndarray:
        """PE(p + k), shape (d_model,)."""
        return sinusoidal_positions(np.asarray(float(self.position + self.shift)), self.d_model, BASE)

    @property
    def wavelengths(self) -> np.ndarray:
        """Positions for a whole turn of each clock, shape (d_model / 2,)."""
        return 2 * math.pi / self._turns(1)

    @property
    def rotation(self) -> np.ndarray:
        """The block of R_k that turns the chosen pair, shape (2, 2)."""
        place = slice(2 * self.pair, 2 * self.pair + 2)
        return shift_matrix(np.asarray(float(self.shift)), self.d_model, BASE)[place, place]

    def label(self) -> str:
        """Return one sentence that says what is seen."""
        wavelength, turn = self.wavelengths[self.pair], math.degrees(self._turns(self.shift)[self.pair])
        return (
            f"The encodings of {N_POSITIONS} positions with {self.d_model} numbers each, and {self.d_model // 2} "
            f"clocks at position {self.position}: {self.shift} positions further on, the hand of pair {self.pair}, "
            f"whose wavelength is {number(wavelength, 1)} positions, has turned by {number(turn, 1)} degrees."
        )

    def table(self) -> Table:
        """Return the wavelength of each clock, its readings at p and p + k, and the turn between them."""
        columns = ["", "wavelength", "sin at p", "cos at p", "turn in degrees", "sin at p + k", "cos at p + k"]
        parts = (self.wavelengths, *self.encoding.reshape(-1, 2).T)
        parts = (*parts, np.degrees(self._turns(self.shift)), *self.shifted.reshape(-1, 2).T)
        rows: list[list[Cell]] = [[f"pair {i}", *map(float, row)] for i, row in enumerate(zip(*parts, strict=True))]
        rows.append(["PE(p) · PE(p + k)", float(self.encoding @ self.shifted), *[None] * 5])
        return Table(f"Clocks at p = {self.position}, moved on by k = {self.shift}", columns, rows)

    def picture(self) -> Picture:
        """Return the map: a row for each dimension, a column for each position."""
        encodings = sinusoidal_positions(np.arange(float(N_POSITIONS)), self.d_model, BASE)
        return figures.heatmap(encodings.T, what="sine or cosine; rows are dimensions, columns are positions")

    def _turns(self, positions: int) -> np.ndarray:
        """Return by how many radians each clock turns in so many positions."""
        return clock_angles(np, np.asarray(float(positions)), self.d_model, BASE)

    @traitlets.validate("pair")
    def _check_pair(self, proposal: Any) -> int:
        if not 0 <= proposal["value"] < self.d_model // 2:
            raise traitlets.TraitError(
                f"pair must be from 0 to d_model / 2 − 1 = {self.d_model // 2 - 1}; got {proposal['value']}"
            )
        return proposal["value"]

    def _follow_width(self, _change: Any) -> None:
        self.pair = min(self.pair, self.d_model // 2 - 1)
