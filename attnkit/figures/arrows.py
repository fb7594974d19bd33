"""A few vectors as arrows from the origin."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from matplotlib.patches import FancyArrowPatch
from numpy.typing import ArrayLike

from attnkit.figures.inputs import numbers
from attnkit.figures.picture import INK, Picture, house_style
from attnkit.figures.plane import annotate, fit, point, zero_lines
from attnkit.figures.sheet import sheet_of

#: The colour of an arrow by its name; any other name is drawn in ink.
ROLES = {"q": "query", "k": "key", "v": "value", "o": "output"}


def arrows(vectors: Mapping[str, ArrayLike], *, title: str | None = None) -> Picture:
    """Draw vectors in the plane as arrows from the origin, on axes of equal units.

    Parameters
    ----------
    vectors : mapping of str to (2,)
        The vectors by name; those named q, k, v and o, with or without a number behind, have their own colours.
    title : str, optional

    Returns
    -------
    Picture

    Raises
    ------
    ValueError
        If there is no vector, a shape is another, or a number is not finite.

    Examples
    --------
    >>> arrows({"q": [2, 0], "k": [0, 3]}).alt
    '2 arrows from the origin: q (2, 0), k (0, 3). Between q and k are 90 degrees.'
    """
    if not vectors:
        raise ValueError("vectors must hold at least one vector; got none")
    points = {name: numbers(vector, name, "(2,)") for name, vector in vectors.items()}
    for name, vector in points.items():
        if vector.shape != (2,):
            raise ValueError(f"{name} must have shape (2,), a vector in the plane; got {vector.shape}")
    middle, half, scale = fit(np.vstack(list(points.values())))

    def at(place: np.ndarray) -> np.ndarray:
        return half + (place - middle) * scale * (1, -1)

    origin, tips = at(np.zeros(2)), {name: at(vector) for name, vector in points.items()}
    with house_style():
        picture, sheet = sheet_of(*(2 * half), title, _told(points), left=-30)
        zero_lines(sheet, middle, half, scale)
        notes = []
        for name, vector in points.items():
            colour = INK[ROLES.get(name.rstrip("0123456789"), "ink")]
            look = {"arrowstyle": "-|>", "mutation_scale": 18, "linewidth": 2.5, "shrinkA": 0, "shrinkB": 0}
            sheet.add_patch(FancyArrowPatch(origin, tips[name], color=colour, zorder=3, **look))
            notes.append((tips[name], f"{name} {point(vector)}", colour))
        annotate(sheet, notes, half, [np.vstack([origin, tip]) for tip in tips.values()])
    return picture


def _told(points: dict[str, np.ndarray]) -> str:
    each = ", ".join(f"{name} {point(vector)}" for name, vector in points.items())
    start = f"{len(points)} arrow{'' if len(points) == 1 else 's'} from the origin: {each}."
    if len(points) != 2 or not all(vector.any() for vector in points.values()):
        return start
    one, other = (math.atan2(y, x) for x, y in points.values())
    between = abs(math.degrees(math.remainder(one - other, math.tau)))
    return f"{start} Between {' and '.join(points)} are {between:.0f} degrees."
