"""Value vectors in the plane, and the weighted sum inside their hull."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise, product

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from attnkit.figures.inputs import counted, label_list, numbers, short, spoken, writer
from attnkit.figures.picture import INK, Picture, house_style
from attnkit.figures.sheet import sheet_of, text_width


def hull(
    values: ArrayLike, weights: ArrayLike, *, labels: Sequence[str] | None = None, title: str | None = None
) -> Picture:
    """Draw value vectors in the plane, their convex hull, and their weighted sum as a point.

    Weights that are not negative and sum to 1 keep the point inside the hull.

    Parameters
    ----------
    values : (n_keys, 2)
    weights : (n_keys,)
        Not negative. The area of a vector's point shows its weight.
    labels : sequence of str, optional
        A label for each vector; without them, v0, v1 and so on.
    title : str, optional

    Returns
    -------
    Picture

    Raises
    ------
    ValueError
        If a shape is another, a number is not finite, a weight is negative, or the number of labels does not match.

    Examples
    --------
    >>> hull([[1, 0], [0, 1]], [0.4, 0.6], labels=["let's", "go"]).alt
    "2 value vectors in the plane: let's (1, 0) weight 0.40, go (0, 1) weight 0.60.
    The weighted sum is (0.40, 0.60). The weights sum to 1, so it lies in the convex hull of the vectors."
    """
    values = numbers(values, "values", "(n_keys, 2)")
    weights = numbers(weights, "weights", "(n_keys,)")
    if values.shape[1] != 2:
        raise ValueError(f"values must have shape (n_keys, 2), vectors in the plane; got {values.shape}")
    if len(weights) != len(values):
        raise ValueError(f"weights must have shape (n_keys={len(values)},), one a value; got {weights.shape}")
    if weights.min() < 0:
        raise ValueError(f"weights must not be negative; got {weights.min():g}")
    names = label_list(labels, len(values), "labels", prefix="v")
    output, write = weights @ values, writer(weights)
    alt = _told(names, values, weights, output)

    middle, half, scale = fit(np.vstack([values, output]))

    def at(places: np.ndarray) -> np.ndarray:
        return half + (places - middle) * scale * (1, -1)

    corners, spots, origin, end = _convex(values), at(values), at(np.zeros(2)), at(output)
    with house_style():
        picture, sheet = sheet_of(*(2 * half), title, alt, left=-30)
        zero_lines(sheet, middle, half, scale)
        around = at(np.vstack([corners, corners[:1]]))
        stems = [np.vstack([origin, spot]) for spot in np.unique(spots, axis=0)]
        sheet.fill(*around.T, facecolor=INK["value"], alpha=0.12, linewidth=0)
        sheet.plot(*around.T, color=INK["value"], linewidth=1)
        for stem in stems:
            sheet.plot(*stem.T, color=INK["value"], linewidth=1, alpha=0.45)
        sizes = 14 + 260 * weights / (weights.max() or 1)
        look = {"linewidth": 1, "clip_on": False, "edgecolor": INK["paper"]}
        sheet.scatter(*spots.T, s=sizes, color=INK["value"], zorder=3, **look)
        sheet.scatter(*end, s=110, marker="D", color=INK["output"], zorder=4, **look)

        texts: dict[tuple, list[str]] = {}  # equal words have equal vectors, which share a label
        for spot, name, weight in zip(spots, names, weights, strict=True):
            texts.setdefault(tuple(spot), []).append(f"{name} {write(weight)}")
        notes = [(np.array(spot), ", ".join(lines), INK["value"]) for spot, lines in texts.items()]
        annotate(sheet, [(end, f"output {point(output)}", INK["output"]), *notes], half, [*pairwise(around), *stems])
    return picture


def _told(names: list[str], values: np.ndarray, weights: np.ndarray, output: np.ndarray) -> str:
    write = writer(weights)
    each = [
        f"{spoken(name)} {point(value)} weight {write(weight)}"
        for name, value, weight in zip(names, values, weights, strict=True)
    ]
    if abs(weights.sum() - 1) < 1e-3:
        lies = "The weights sum to 1, so it lies in the convex hull of the vectors."
    else:
        lies = (
            f"The weights sum to {short(round(weights.sum(), 3))}, not to 1, so it need not lie in their convex hull."
        )
    start = f"{counted(len(names), 'value vector')} in the plane: {', '.join(each)}."
    return f"{start} The weighted sum is {point(output)}. {lies}"


def point(place: np.ndarray) -> str:
    """Write a place in the plane."""
    return "({}, {})".format(*map(writer(place), place))


def _convex(points: np.ndarray) -> np.ndarray:
    """Return the corners of the convex hull in order: all of them, be they 1, 2 or many. Andrew's monotone chain."""
    points = np.unique(points, axis=0)

    def chain(ordered: np.ndarray) -> list[np.ndarray]:
        corners: list[np.ndarray] = []
        for corner in ordered:
            while len(corners) > 1 and np.linalg.det([corners[-1] - corners[-2], corner - corners[-2]]) <= 0:
                corners.pop()
            corners.append(corner)
        return corners

    return np.array([*chain(points), *chain(points[::-1])[1:-1]])


def fit(places: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the middle of the places and the origin, half the sheet's size in pixels, and the pixels in a unit."""
    places = np.vstack([places, (0, 0)])
    middle, reach = (places.max(0) + places.min(0)) / 2, np.ptp(places, axis=0)
    scale = min(length / extent if extent else np.inf for length, extent in zip((290, 240), reach, strict=True))
    scale = scale if np.isfinite(scale) else 100.0  # everything lies at the origin
    return middle, np.maximum(reach * scale, 60) / 2 + 40, scale


def zero_lines(sheet: Axes, middle: np.ndarray, half: np.ndarray, scale: float) -> None:
    """Draw the two axes through the origin as hairlines, and their numbers below and on the left."""
    width, height = 2 * half
    origin = half - middle * scale * (1, -1)
    look = {"color": INK["line"], "linewidth": 1, "zorder": 0, "clip_on": False}
    sheet.plot([0, width], [origin[1]] * 2, **look)
    sheet.plot([origin[0]] * 2, [0, height], **look)
    small = {"size": 12, "color": INK["muted"]}
    for axis, length in enumerate((width, height)):
        ends = middle[axis] + np.array([-1, 1]) * half[axis] / scale
        for tick in MaxNLocator(max(2, length // 70), steps=[1, 2, 5, 10]).tick_values(*ends):
            if ends[0] <= tick <= ends[1] and axis == 0:
                sheet.text(origin[0] + tick * scale, height + 6, short(tick), ha="center", va="top", **small)
            elif ends[0] <= tick <= ends[1]:
                sheet.text(-8, origin[1] - tick * scale, short(tick), ha="right", va="center", **small)


def annotate(
    sheet: Axes, notes: list[tuple[np.ndarray, str, str]], half: np.ndarray, strokes: Iterable[np.ndarray] = ()
) -> None:
    """Write each note (spot, text, colour) beside its spot, where it covers least of the spots, strokes and notes."""
    taken = [(*(spot - 10), *(spot + 10)) for spot, _, _ in notes]
    for start, end in strokes:
        taken += [(*(dot - 2), *(dot + 2)) for dot in np.linspace(start, end, 40)]
    centre = np.mean([spot for spot, _, _ in notes], axis=0)
    for spot, text, colour in notes:
        outward = (spot - centre) / (np.linalg.norm(spot - centre) + 1)
        size, best = np.array([text_width(text), 18]), None
        for side in product((-1, 0, 1), (-1, 0, 1)):
            corner = spot + np.multiply(side, 13) + (np.array(side) - 1) / 2 * size
            box = (*(corner - 3), *(corner + size + 3))
            outside = 8 * max(0, -box[0]) + max(0, box[2] - 2 * half[0])  # on the left stand numbers
            cost = sum(_overlap(box, other) for other in taken) + outside - 20 * np.dot(outward, side)
            if any(side) and (best is None or cost < best[0]):
                best = cost, corner, box
        _, corner, box = best
        taken.append(box)
        sheet.text(corner[0], corner[1] + 9, text, va="center", color=colour, zorder=5)


def _overlap(one: tuple, other: tuple) -> float:
    """Return the area in which two boxes (left, top, right, bottom) lie over one another."""
    return max(0, min(one[2], other[2]) - max(one[0], other[0])) * max(0, min(one[3], other[3]) - max(one[1], other[1]))
