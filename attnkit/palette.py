"""Colours by meaning, in light and dark: the one place in the project that names a colour.

A query is always blue, a key orange, a value green, and what attention puts out is violet.
A map runs in OKLab from ``low`` to ``high``, so that equal steps of a number look like equal steps;
in a signed map, negative numbers run from ``low`` to ``negative``.
Widgets read the colours as CSS variables ``--ak-<name>``, which :func:`css` writes for light and dark.
"""

from __future__ import annotations

LIGHT = {
    "paper": "#ffffff",  # behind everything
    "panel": "#f7f5f0",  # behind a widget
    "ink": "#1d232b",  # text and axes
    "muted": "#59626e",  # secondary text; 4.5 : 1 on panel
    "line": "#d8d4ca",  # hairlines
    "query": "#2456c4",
    "key": "#b04a0f",
    "value": "#0b7264",
    "output": "#7a3bb0",
    "low": "#f3eee3",
    "high": "#062b5f",
    "negative": "#5c1008",
    "on_low": "#000000",  # text on a map, below the share FLIP
    "on_high": "#ffffff",  # text on a map, from FLIP on
}

DARK = {
    "paper": "#121519",
    "panel": "#1b2027",
    "ink": "#e9e6df",
    "muted": "#a7afba",
    "line": "#39414c",
    "query": "#8fb3ff",
    "key": "#f2a26b",
    "value": "#5ccfb9",
    "output": "#cfa6f5",
    "low": "#262e39",
    "high": "#6fb4db",
    "negative": "#ef966e",
    "on_low": "#ffffff",
    "on_high": "#000000",
}

# From this share of a map on, its text changes from on_low to on_high. One number serves both themes and both ends:
# the ends are chosen so that at 0.6 black and white text are equally readable, 4.58 : 1, the most there can be.
FLIP = 0.6


def css() -> str:
    """Return the CSS variables, light by default and dark where the book's theme or JupyterLab says so."""

    def block(selector: str, colours: dict[str, str]) -> str:
        body = "".join(f"--ak-{name.replace('_', '-')}:{value};" for name, value in colours.items())
        return f"{selector}{{{body}}}\n"

    # Sphinx themes, JupyterLab, Colab and VS Code each say "dark" in their own way.
    dark = "html[data-theme=dark],body[data-jp-theme-light=false],html[theme=dark],body.vscode-dark"
    return block(":root", LIGHT) + block(dark, DARK)


def oklab(colour: str) -> tuple[float, float, float]:
    """Return the OKLab coordinates (lightness, a, b) of an sRGB colour ``#rrggbb``. Source: Ottosson 2020."""
    red, green, blue = (_linear(int(colour[i : i + 2], 16) / 255) for i in (1, 3, 5))
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    medium = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def mix(start: str, end: str, share: float) -> str:
    """Return the sRGB colour ``share`` of the way from ``start`` to ``end`` in OKLab, as CSS ``color-mix`` does."""
    lightness, a, b = (p + share * (q - p) for p, q in zip(oklab(start), oklab(end), strict=True))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
    return "#" + "".join(f"{round(255 * _gamma(channel)):02x}" for channel in linear)


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _gamma(channel: float) -> float:
    channel = min(1.0, max(0.0, channel))
    return 12.92 * channel if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055
