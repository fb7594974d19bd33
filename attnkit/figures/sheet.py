"""An empty picture to draw on in CSS pixels, y downwards as in a page, and the lengths of words."""

from __future__ import annotations

import textwrap

from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from attnkit.figures.picture import MEASURED, Picture


def sheet_of(
    width: float, height: float, title: str | None, alt: str, *, left: float = 0, rise: float = 10, pixels: bool = True
) -> tuple[Picture, Axes]:
    """Return a picture and its axes; the title stands ``rise`` above them, and begins at ``left``."""
    picture = Picture(
        width, height, f"{title.rstrip('.')}{'' if title.endswith(('?', '!')) else '.'} {alt}" if title else alt
    )
    axes = picture.add_axes((0, 0, 1, 1))
    if pixels:
        axes.set(xlim=(0, width), ylim=(height, 0))
        axes.set_axis_off()
    if title:
        lines = textwrap.fill(title, round(max(width - left, 300) / 8.5))
        place = {"xy": (0, 1), "xytext": (left, rise + 10), "xycoords": "axes fraction", "textcoords": "offset points"}
        axes.annotate(lines, **place, va="bottom", size=15, weight="bold", annotation_clip=False)
    return picture, axes


def text_width(text: str, size: float = 14) -> float:
    """Return how wide a text is, in pixels."""
    return text_to_path.get_text_width_height_descent(text, FontProperties(family=MEASURED, size=size), False)[0]
