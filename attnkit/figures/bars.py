"""Numbers as lengths: the bars."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from attnkit.figures.inputs import label_list, numbers, spoken, writer
from attnkit.figures.picture import INK, Picture, house_style
from attnkit.figures.sheet import sheet_of, text_width


def bars(
    values: ArrayLike, labels: Sequence[str] | None = None, *, title: str | None = None, what: str = "weight"
) -> Picture:
    """Draw one number a token as horizontal bars, each with its number.

    Parameters
    ----------
    values : (n_keys,)
        Scores or weights. −∞ is a masked key.
    labels : sequence of str, optional
        A label for each bar; without them, they are counted from 0.
    title : str, optional
    what : str
        What a number is, for the alt text.

    Returns
    -------
    Picture

    Raises
    ------
    ValueError
        If the values have another shape, hold NaN or +∞, or the number of labels does not match.

    Examples
    --------
    >>> bars([0.4, 0.6], ["let's", "go"]).alt
    "Bar chart, weight: let's 0.40, go 0.60. Sum: 1.00."
    """
    values = numbers(values, "values", "(n_keys,)", masked=True)
    names, write = label_list(labels, len(values), "labels"), writer(values)
    shown = np.where(np.isfinite(values), values, 0)
    least, most = min(0, shown.min()), max(0, shown.max())
    scale, high = 260 / ((most - least) or 1), 30
    told = ", ".join(
        f"{spoken(name)} {write(value) if np.isfinite(value) else 'masked (−∞)'}"
        for name, value in zip(names, values, strict=True)
    )
    total = f" Sum: {write(shown.sum())}." if what == "weight" else ""  # of scores it would mean nothing
    alt = f"Bar chart, {what}: {told}.{total}"

    zero = -least * scale
    beside = -10 - (max(text_width(write(value)) for value in values) + 8 if least < 0 else 0)
    left = beside - max(map(text_width, names))
    with house_style():
        picture, sheet = sheet_of(260, high * len(values), title, alt, left=left)
        for y, (name, value, length) in enumerate(zip(names, values, shown * scale, strict=True)):
            colour = INK["negative" if length < 0 else "high"]
            sheet.add_patch(Rectangle((zero, high * y + 5), length, high - 10, facecolor=colour, clip_on=False))
            end, side = (zero + length - 6, "right") if length < 0 else (zero + length + 6, "left")
            ink = INK["ink" if np.isfinite(value) else "muted"]
            sheet.text(end, high * (y + 0.5), write(value), ha=side, va="center", color=ink)
            sheet.text(beside, high * (y + 0.5), name, ha="right", va="center")
        sheet.plot([zero, zero], [0, high * len(values)], color=INK["muted"], linewidth=1, clip_on=False)
    return picture
