"""A matplotlib figure that stands in a page: vector, light or dark as the page is, and with words beside it.

matplotlib knows fixed colours only, so a picture is drawn in the light theme's colours,
and :meth:`Picture._repr_html_` writes the CSS variable of the same meaning in the place of each.
That needs one number per meaning, while the light theme has equal ones: paper and ``on_high`` are both white.
So draw with :data:`INK` and :func:`map_colour`, never with ``palette.LIGHT``: of equal numbers the later one differs
in its last bits, which nobody can see.
"""

from __future__ import annotations

import hashlib
import io
import re
from functools import partial
from html import escape
from os import PathLike
from typing import IO, Any

from matplotlib import style
from matplotlib.figure import Figure

from attnkit.palette import FLIP, LIGHT, mix

# What CSS reads in the place of each number. matplotlib leaves black out of its SVG, so no meaning may have it.
_CSS = {"#000000": "#000000"}


def _claim(colour: str, css: str) -> str:
    """Return ``colour``, or the nearest blue beside it that no other meaning has, and remember what it stands for."""
    near = (f"#{int(colour[1:], 16) ^ step:06x}" for step in range(256))
    own = next(candidate for candidate in near if candidate not in _CSS)
    _CSS[own] = css
    return own


def _variable(name: str) -> str:
    return f"var(--ak-{name.replace('_', '-')}, {LIGHT[name]})"


INK = {name: _claim(colour, _variable(name)) for name, colour in LIGHT.items()}
_MAPS = {
    end: [
        _claim(
            mix(LIGHT["low"], LIGHT[end], k / 100), f"color-mix(in oklab, {_variable('low')}, {_variable(end)} {k}%)"
        )
        for k in range(101)
    ]
    for end in ("high", "negative")
}


def map_colour(share: float) -> str:
    """Return the colour of ``share`` in [−1, 1], in hundredths: 0 is low, 1 is high, −1 is negative."""
    return _MAPS["negative" if share < 0 else "high"][round(100 * abs(share))]


def on_map(share: float) -> str:
    """Return the colour of text that can be read on ``map_colour(share)``."""
    return INK["on_high" if round(100 * abs(share)) >= 100 * FLIP else "on_low"]


# Text is measured in the font that comes with matplotlib, so that a picture is the same on every machine;
# it is wider than the fonts of the page, which are what a browser sets it in.
MEASURED = "DejaVu Sans"
_FONTS = "var(--pst-font-family-base, var(--jp-ui-font-family, system-ui, sans-serif))"

#: The style everything is drawn in, whatever the reader's own matplotlib settings are.
house_style = partial(
    style.context,
    [
        "default",
        {
            "font.family": MEASURED,
            "font.size": 14,
            "text.color": INK["ink"],
            "text.parse_math": False,  # a token may hold a dollar sign
            "figure.facecolor": INK["paper"],
            "hatch.linewidth": 0.8,
            "svg.fonttype": "none",  # text stays text
            "svg.hashsalt": "attnkit",
        },
    ],
)


class Picture(Figure):
    """A figure of ``width`` by ``height`` CSS pixels around which labels may stand; ``alt`` says what is seen."""

    def __init__(self, width: float, height: float, alt: str) -> None:
        with house_style():
            super().__init__(figsize=(width / 72, height / 72), dpi=144)
        self.alt = alt

    def __repr__(self) -> str:
        return f"Picture({self.alt!r})"

    def savefig(self, fname: str | PathLike | IO, **options: Any) -> None:
        """Save as matplotlib does, cut to what is drawn, so that no label is lost."""
        with house_style():
            super().savefig(fname, **{"bbox_inches": "tight", "pad_inches": 0.08, **options})

    def _repr_html_(self) -> str:
        """Return the picture as inline SVG: the same text each time, and safe beside any other picture on a page."""
        file = io.StringIO()
        self.savefig(file, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
        view, width, body = _opened(file.getvalue())
        body = re.sub(r"<[^>]*>", lambda tag: _themed(tag[0]), body)  # tags only: what readers wrote stays as it is
        look = f"width:100%;max-width:{width}px;height:auto;font-family:{_FONTS};stroke-linejoin:round"
        opening = f'<svg role="img" aria-label="{escape(self.alt)}" viewBox="{view}" style="{look}">'
        return f'<figure class="attnkit-picture" style="margin:0">{opening}{_own_ids(body)}</svg></figure>'


def _opened(svg: str) -> tuple[str, int, str]:
    """Return the view box, the width in pixels, and what stands inside, without what only files need."""
    view = re.search(r'viewBox="([^"]*)"', svg)[1]
    body = svg[svg.index(">", svg.index("<svg")) + 1 : svg.rindex("</svg>")]
    # matplotlib's style sheet has the selector "*", which in a page would reach everything on it.
    body = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>|<style.*?</style>", "", body, flags=re.DOTALL)
    body = re.sub(r"\s*\n\s*", "\n", body).replace("<defs>\n</defs>", "")
    return view, round(float(view.split()[2])), re.sub(r"\n+", "\n", body)


def _themed(tag: str) -> str:
    """Return an SVG tag with CSS variables for our colours, the page's fonts, and hundredths of a pixel."""
    tag = re.sub(r"#[0-9a-f]{6}\b", lambda colour: _CSS.get(colour[0], colour[0]), tag)
    tag = tag.replace(f"font-family: '{MEASURED}'; ", "")
    tag = re.sub(r"-?\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}", tag)
    tag = re.sub(r' transform="rotate\(-0 [^"]*"', "", tag)
    return tag.replace("xlink:href", "href").replace("\n", " ")


def _own_ids(body: str) -> str:
    """Drop ids that nothing refers to, and give the others a name from the picture's content."""
    used = sorted(set(re.findall(r'(?:url\(|href=")#([^)"]+)', body)))
    body = re.sub(r' id="([^"]*)"', lambda found: found[0] if found[1] in used else "", body)
    salt = hashlib.sha256(body.encode()).hexdigest()[:8]
    for number, name in enumerate(used):
        body = re.sub(rf'(?<=[#"]){re.escape(name)}(?=[)"])', f"ak-{salt}-{number}", body)
    return body
