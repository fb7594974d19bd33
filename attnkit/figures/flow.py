"""Parts of a model as boxes, and what each hands on as arrows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Patch
from matplotlib.path import Path

from attnkit.figures.inputs import spoken
from attnkit.figures.picture import INK, Picture, house_style
from attnkit.figures.sheet import sheet_of, text_width

# In pixels: from row to row, a box's height, beside its label, a circle, around a group, before an arrow, corners.
ROW, HIGH, BESIDE, RADIUS, AROUND, GAP, ROUND = 46, 30, 10, 11, np.array([28, 20]), 2, 6

Part = tuple[str, float, float]
Way = Sequence[str | tuple[float, float]]


def flow(
    parts: Mapping[str, Part],
    ways: Sequence[Way],
    *,
    groups: Mapping[str, Sequence[str]] | None = None,
    words: Sequence[str] = (),
    column: float = 200,
    title: str | None = None,
) -> Picture:
    """Draw the parts of a model, and the ways that vectors take through them.

    Parameters
    ----------
    parts : mapping of str to (label, column, row)
        Where each part stands. Columns and rows are counted from 0, rows downwards, and may be fractions.
        A part labelled ``"+"`` is a circle, any other a box as wide as its label.
    ways : sequence of sequences
        Each way names the parts that it goes through, with an arrow from one to the next. Where it turns between
        them, a corner stands as (column, row).
    groups : mapping of str to sequence of str, optional
        Parts that belong together, framed under a label, which may have two lines; their boxes are equally wide.
    words : sequence of str
        Parts that are text that goes in or comes out, and no box.
    column : float
        How far columns stand apart, in pixels.
    title : str, optional

    Returns
    -------
    Picture

    Raises
    ------
    ValueError
        If there is no part or an empty group, a way has less than two parts, begins or ends at a corner or stays
        where it is, or a way, a group or ``words`` names a part that is not there.

    Examples
    --------
    >>> flow({"in": ("let's", 0, 0), "net": ("LSTM", 0, 1)}, [("in", "net")], words=["in"]).alt
    "Diagram: let's to LSTM."
    """
    groups = groups or {}
    _check(parts, ways, groups, words)
    middles = {name: np.array([x * column, y * ROW]) for name, (_, x, y) in parts.items()}
    halves = _halves(parts, groups)
    least = np.min([middles[name] - halves[name] for name in parts], axis=0)
    most = np.max([middles[name] + halves[name] for name in parts], axis=0)
    with house_style():
        picture, sheet = sheet_of(*(most - least), title, _told(parts, ways, groups))
        sheet.set(xlim=(least[0], most[0]), ylim=(most[1], least[1]))
        for label, group in groups.items():
            _frame(sheet, label, [(middles[name], halves[name]) for name in group])
        for way in ways:
            for start, *corners, end in _arrows(way):
                bends = [np.array(corner) * (column, ROW) for corner in corners]
                line = [middles[start], *bends, middles[end]]
                line[0], line[-1] = _edge(line[0], line[1], halves[start]), _edge(line[-1], line[-2], halves[end])
                look = {"arrowstyle": "-|>", "mutation_scale": 12, "linewidth": 1.5, "shrinkA": 0, "shrinkB": 0}
                sheet.add_patch(FancyArrowPatch(path=Path(line), color=INK["muted"], clip_on=False, **look))
        for name, (label, _, _) in parts.items():
            if name not in words:
                sheet.add_patch(_outline(middles[name], halves[name], circle=label == "+"))
            sheet.text(*middles[name], label, ha="center", va="center_baseline")
    return picture


def _check(parts: Mapping[str, Part], ways: Sequence[Way], groups: Mapping, words: Sequence[str]) -> None:
    if not parts:
        raise ValueError("parts must hold at least one part; got none")
    for label, group in groups.items():
        if not group:
            raise ValueError(f"a group must hold at least one part; got none in {label!r}")
    stations = [station for way in ways for station in way if isinstance(station, str)]
    named = {*stations, *words, *(name for group in groups.values() for name in group)}
    if unknown := sorted(named - set(parts)):
        raise ValueError(f"ways, groups and words must name parts, {', '.join(parts)}; got {', '.join(unknown)}")
    for way in ways:
        if len(way) < 2 or not all(isinstance(end, str) for end in (way[0], way[-1])):
            raise ValueError(f"a way must lead from a part to a part; got {way!r}")
        places = [tuple(parts[station][1:] if isinstance(station, str) else station) for station in way]
        if not all(start != end for start, end in pairwise(places)):
            raise ValueError(f"a way must move at each step; got {way!r} at {places!r}")


def _halves(parts: Mapping[str, Part], groups: Mapping[str, Sequence[str]]) -> dict[str, np.ndarray]:
    """Return half the width and half the height of each part; the boxes of a group are equally wide."""
    halves = {name: np.array([text_width(label) / 2 + BESIDE, HIGH / 2]) for name, (label, _, _) in parts.items()}
    for group in groups.values():
        widest = max(halves[name][0] for name in group)
        halves |= {name: np.array([widest, HIGH / 2]) for name in group}
    return halves | {name: np.array([RADIUS, RADIUS]) for name, (label, _, _) in parts.items() if label == "+"}


def _arrows(way: Way) -> Iterator[Way]:
    """Cut a way at its parts: each piece begins and ends at one."""
    ends = [i for i, station in enumerate(way) if isinstance(station, str)]
    for start, end in pairwise(ends):
        yield way[start : end + 1]


def _edge(middle: np.ndarray, other: np.ndarray, half: np.ndarray) -> np.ndarray:
    """Return the point a little outside of a part on the straight line from its middle to another point."""
    way = other - middle
    share = min(reach / abs(step) for reach, step in zip(half + GAP, way, strict=True) if step)
    return middle + share * way


def _outline(middle: np.ndarray, half: np.ndarray, *, circle: bool) -> Patch:
    look = {"facecolor": INK["panel"], "edgecolor": INK["ink"], "linewidth": 1.2, "clip_on": False}
    if circle:
        return Circle(middle, half[0], **look)
    return FancyBboxPatch(middle - half, *(2 * half), boxstyle=f"round,pad=0,rounding_size={ROUND}", **look)


def _frame(sheet: Axes, label: str, boxes: Sequence[tuple[np.ndarray, np.ndarray]]) -> None:
    """Draw a dashed frame around boxes, and its label above."""
    low = np.min([middle - half for middle, half in boxes], axis=0) - AROUND
    high = np.max([middle + half for middle, half in boxes], axis=0) + AROUND
    look = {"facecolor": "none", "edgecolor": INK["muted"], "linewidth": 1, "linestyle": (0, (4, 3)), "clip_on": False}
    sheet.add_patch(FancyBboxPatch(low, *(high - low), boxstyle=f"round,pad=0,rounding_size={ROUND}", **look))
    sheet.text(low[0], low[1] - 4, label, ha="left", va="bottom", size=13, color=INK["muted"])


def _told(parts: Mapping[str, Part], ways: Sequence[Way], groups: Mapping[str, Sequence[str]]) -> str:
    """Say each way by its parts, with the group where it enters one."""
    of = {name: " ".join(label.split()) for label, group in groups.items() for name in group}

    def said(way: Way) -> Iterator[str]:
        before = None
        for name in (station for station in way if isinstance(station, str)):
            yield spoken(parts[name][0]) + (f" ({of[name]})" if name in of and of[name] != before else "")
            before = of.get(name)

    return f"Diagram: {'; '.join(' to '.join(said(way)) for way in ways)}."
