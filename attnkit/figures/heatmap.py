"""Numbers as colours: the heatmap."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path
from numpy.typing import ArrayLike

from attnkit.figures.inputs import counted, label_list, numbers, spoken, writer
from attnkit.figures.picture import INK, Picture, house_style, map_colour, on_map
from attnkit.figures.sheet import sheet_of, text_width

ANNOTATED = 12  # a heatmap with more columns shows colours and a scale, no numbers


def heatmap(
    matrix: ArrayLike,
    rows: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    *,
    title: str | None = None,
    what: str = "weight",
    signed: bool | None = None,
) -> Picture:
    """Draw a matrix as a map with the number in each cell.

    Parameters
    ----------
    matrix : (n_rows, n_columns)
        Scores or weights, queries by keys. −∞ is a masked cell and is drawn hatched.
    rows, columns : sequences of str, optional
        A label for each row and column; without them, they are counted from 0.
    title : str, optional
    what : str
        What a number is, for the alt text.
    signed : bool, optional
        Whether colour starts at 0 and runs to two ends; without it, this is so when a number is negative.

    Returns
    -------
    Picture

    Raises
    ------
    ValueError
        If the matrix has another shape, holds NaN or +∞, or a number of labels does not match.

    Examples
    --------
    >>> heatmap([[0.4, 0.6]], ["vamos"], ["let's", "go"]).alt
    "Heatmap, weight: 1 row (vamos) by 2 columns (let's, go).
    Largest in each row: vamos: go 0.60. Every row sums to 1."
    """
    matrix = numbers(matrix, "matrix", "(n_rows, n_columns)", masked=True)
    n_rows, n_columns = matrix.shape
    names = label_list(rows, n_rows, "rows"), label_list(columns, n_columns, "columns")
    write, (start, reach) = writer(matrix), _bounds(matrix, signed=signed)
    share = np.where(np.isfinite(matrix), np.round((matrix - start) / reach, 2), np.nan)  # in hundredths, as the maps
    alt = _told(matrix, rows, columns, what)

    annotated = n_columns <= ANNOTATED
    longest = max(map(text_width, names[1]))
    if annotated:
        wide, high = max(48, 16 + max(text_width(write(number)) for number in matrix.flat)), 38
        slanted = wide < longest + 12 and (longest + 12) * n_columns > 440
        wide = wide if slanted else max(wide, longest + 12)
    else:
        wide = high = max(8, min(20, 560 / n_columns))
        slanted = columns is not None
    left = -8 - max(map(text_width, names[0]))
    rise = 10 + (0.7 * longest + 14 if slanted else 14)

    with house_style():
        picture, sheet = sheet_of(wide * n_columns, high * n_rows, title, alt, left=left, rise=rise)
        _paint(sheet, share, wide, high)
        if annotated:
            for (y, x), number in np.ndenumerate(matrix):
                colour = INK["muted"] if np.isnan(share[y, x]) else on_map(share[y, x])
                sheet.text((x + 0.5) * wide, (y + 0.5) * high, write(number), ha="center", va="center", color=colour)
        else:
            _scale(sheet, matrix, start, reach, (wide * n_columns, high * n_rows + 18))
        _name_sides(sheet, *names, wide, high, slanted=slanted, every=annotated or columns is not None)
    return picture


def _bounds(matrix: np.ndarray, *, signed: bool | None) -> tuple[float, float]:
    """Return the number at the low end of the map, and how far from it the ends lie."""
    seen = matrix[np.isfinite(matrix)]
    if signed is None:
        signed = bool(seen.min(initial=0) < 0)
    start = 0.0 if signed else seen.min(initial=0)
    return start, np.abs(seen - start).max(initial=0) or 1.0


def _paint(sheet: Axes, share: np.ndarray, wide: float, high: float) -> None:
    """Fill the cells: all cells of one colour are one path, which keeps the file small; masked ones are hatched."""
    gap = min(1, wide / 20)

    def cells(where: np.ndarray) -> Path:
        corners = ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))
        inside = np.array([(x * (wide - 2 * gap) + gap, y * (high - 2 * gap) + gap) for x, y in corners])
        return Path.make_compound_path(
            *(Path(inside + np.array([x * wide, y * high]), closed=True) for y, x in np.argwhere(where))
        )

    for step in np.unique(share[~np.isnan(share)]):
        sheet.add_patch(PathPatch(cells(share == step), facecolor=map_colour(step), linewidth=0, clip_on=False))
    if np.isnan(share).any():
        look = {"facecolor": INK["panel"], "edgecolor": INK["line"], "hatch": "////", "linewidth": 0}
        sheet.add_patch(PathPatch(cells(np.isnan(share)), clip_on=False, **look))


def _scale(sheet: Axes, matrix: np.ndarray, start: float, reach: float, corner: tuple[float, float]) -> None:
    """Draw what the colours mean, where no numbers stand in the cells: half as wide as the map, below it."""
    seen = matrix[np.isfinite(matrix)]
    marked = np.unique([seen.min(initial=start), start, seen.max(initial=start)])
    shares, write = (marked - start) / reach, writer(marked)
    long, top = corner[0] / 2, corner[1]
    for number, share in enumerate(np.linspace(shares[0], shares[-1], 50)):
        place = (number * long / 50, top), long / 50 + 0.3, 8
        sheet.add_patch(Rectangle(*place, facecolor=map_colour(share), linewidth=0, clip_on=False))
    for number, x in zip(marked, (shares - shares[0]) / (np.ptp(shares) or 1) * long, strict=True):
        sheet.text(x, top + 13, write(number), ha="center", va="top", size=12, color=INK["muted"])


def _name_sides(
    sheet: Axes, rows: list[str], columns: list[str], wide: float, high: float, *, slanted: bool, every: bool
) -> None:
    """Write the labels; of bare numbers at small cells, each fifth."""
    size = 14 if every and high > 16 else 12
    for y, name in enumerate(rows):
        if every or y % 5 == 0:
            sheet.text(-8, (y + 0.5) * high, name, ha="right", va="center", size=size)
    turn = {"rotation": 45, "rotation_mode": "anchor", "ha": "left"} if slanted else {"ha": "center"}
    for x, name in enumerate(columns):
        if every or x % 5 == 0:
            sheet.text((x + 0.5) * wide, -8, name, va="baseline", size=size, **turn)


def _told(matrix: np.ndarray, rows: Sequence[str] | None, columns: Sequence[str] | None, what: str) -> str:
    """Return in words what the map shows."""
    write = writer(matrix)
    sizes, names = [], []
    for labels, count, word in ((rows, len(matrix), "row"), (columns, matrix.shape[1], "column")):
        names.append([f"{word} {n}" for n in range(count)] if labels is None else [spoken(str(n)) for n in labels])
        listed = labels is not None and count <= ANNOTATED
        sizes.append(counted(count, word) + (f" ({', '.join(names[-1])})" if listed else ""))

    def largest(y: int) -> str:
        line = matrix[y]
        if np.isneginf(line).all():
            return f"{names[0][y]}: all masked"
        if len(line) > 1 and line.min() == line.max():
            return f"{names[0][y]}: {write(line[0])} throughout"
        return f"{names[0][y]}: {names[1][line.argmax()]} {write(line.max())}"

    sentences = [f"Heatmap, {what}: {sizes[0]} by {sizes[1]}."]
    if len(matrix) <= ANNOTATED:
        sentences.append(f"Largest in each row: {'; '.join(map(largest, range(len(matrix))))}.")
    else:
        y, x = np.unravel_index(matrix.argmax(), matrix.shape)
        sentences.append(f"Largest: {write(matrix[y, x])} at {names[0][y]}, {names[1][x]}.")
    for axis, word in ((1, "row"), (0, "column")):
        if matrix.shape[axis] > 1 and np.allclose(matrix.sum(axis=axis), 1, atol=1e-3):
            sentences.append(f"Every {word} sums to 1.")
    masked = int(np.isneginf(matrix).sum())
    if masked:
        sentences.append(f"{counted(masked, 'cell')} of {matrix.size} masked (−∞), hatched.")
    return " ".join(sentences)
