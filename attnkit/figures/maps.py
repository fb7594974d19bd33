"""Numbers as colours, several matrices side by side: the heads of an attention."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from numpy.typing import ArrayLike

from attnkit.figures.inputs import counted, label_list, numbers, spoken, writer
from attnkit.figures.picture import Picture, house_style, map_colour
from attnkit.figures.sheet import sheet_of, text_width

FEW = 4  # up to so many maps stand two by two, more in rows of four
GAP = 18
ROOM = {"row": 12, "column": 17}  # pixels of a cell that has room for a word beside or above it
LISTED = 16  # words in the alt text
SHADES = 20


def maps(
    matrices: ArrayLike,
    rows: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    *,
    names: Sequence[str] | None = None,
    title: str | None = None,
    what: str = "weight",
) -> Picture:
    """Draw several matrices of one shape side by side, in one scale of colours that begins at 0.

    Parameters
    ----------
    matrices : (n_maps, n_rows, n_columns)
        Weights, queries by keys, of each head; not negative.
    rows, columns : sequences of str, optional
        A label for each row and column, the same in all maps; without them, they are counted from 0.
        They are written where cells are large enough.
    names : sequence of str, optional
        A name for each map; without them, they are counted from 0.
    title : str, optional
    what : str
        What a number is, for the alt text.

    Returns
    -------
    Picture

    Raises
    ------
    ValueError
        If the matrices have another shape or hold a number below 0 or one that is not finite, or a number of labels
        does not match.

    Examples
    --------
    >>> maps([[[1, 0]], [[0.25, 0.75]]], ["vamos"], ["let's", "go"], names=["head 0", "head 1"]).alt
    "2 maps, weight: 1 row (vamos) by 2 columns (let's, go). head 0: most on let's. head 1: most on go.
    Full colour is 1.00."
    """
    matrices = numbers(matrices, "matrices", "(n_maps, n_rows, n_columns)")
    if matrices.min() < 0:
        raise ValueError(f"matrices must not be negative, for colour begins at 0; got {matrices.min():g}")
    n_maps, n_rows, n_columns = matrices.shape
    words = label_list(rows, n_rows, "rows"), label_list(columns, n_columns, "columns")
    names = label_list(names, n_maps, "names")
    largest = matrices.max() or 1.0
    told = [
        f" ({', '.join(map(spoken, side))})" if given is not None and len(side) <= LISTED else ""
        for given, side in zip((rows, columns), words, strict=True)
    ]
    most = [
        f"{name}: most on {spoken(words[1][int(matrix.sum(axis=0).argmax())])}."
        for name, matrix in zip(names, matrices, strict=True)
    ]
    alt = (
        f"{counted(n_maps, 'map')}, {what}: {counted(n_rows, 'row')}{told[0]} by {counted(n_columns, 'column')}"
        f"{told[1]}. {' '.join(most)} Full colour is {writer(matrices)(largest)}."
    )

    across, side = (2, 240) if n_maps <= FEW else (4, 150)
    cell = min(24, side / max(n_rows, n_columns))
    wide, high = cell * n_columns, cell * n_rows
    step = max(wide, *map(text_width, names)) + GAP
    beside = -8 - max(map(text_width, words[0])) if cell >= ROOM["row"] else 0
    above = 0.7 * max(map(text_width, words[1])) + 12 if cell >= ROOM["column"] else 6
    lines = -(-n_maps // across)
    with house_style():
        size = min(across, n_maps) * step - GAP, lines * (high + 30) - 6
        picture, sheet = sheet_of(*size, title, alt, left=beside, rise=above)
        for place, (name, matrix) in enumerate(zip(names, matrices, strict=True)):
            x, y = place % across * step, place // across * (high + 30)
            _paint(sheet, np.round(SHADES * matrix / largest) / SHADES, cell, (x, y))
            sheet.text(x + wide / 2, y + high + 5, name, ha="center", va="top", size=13)
            if cell >= ROOM["column"] and place < across:
                for column, word in enumerate(words[1]):
                    turn = {"rotation": 45, "rotation_mode": "anchor", "ha": "left"}
                    sheet.text(x + (column + 0.5) * cell, y - 6, word, va="baseline", size=12, **turn)
            if cell >= ROOM["row"] and place % across == 0:
                for row, word in enumerate(words[0]):
                    sheet.text(-6, y + (row + 0.5) * cell, word, ha="right", va="center", size=12)
    return picture


def _paint(sheet: Axes, shares: np.ndarray, cell: float, corner: tuple[float, float]) -> None:
    """Fill the cells of one map: all cells of one colour are one path, which keeps the file small."""
    square = np.array([(0, 0), (cell, 0), (cell, cell), (0, cell), (0, 0)]) + corner
    for share in np.unique(shares):
        places = np.argwhere(shares == share)[:, ::-1] * cell
        path = Path.make_compound_path(*(Path(square + place, closed=True) for place in places))
        sheet.add_patch(PathPatch(path, facecolor=map_colour(share), linewidth=0, clip_on=False))
