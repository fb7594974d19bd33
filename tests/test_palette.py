"""Every text can be read in both themes, and equal steps of a number look like equal steps."""

import itertools
import re

import numpy as np
import pytest

from attnkit.palette import DARK, FLIP, LIGHT, css, mix, oklab
from attnkit.widgets.frame import bundle

THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
ENDS = pytest.mark.parametrize("end", ["high", "negative"])


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of WCAG 2, from 1 to 21, in its own words and numbers."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_the_contrast_that_these_tests_measure_is_that_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)  # the well-known grey that just fails


@THEMES
@pytest.mark.parametrize("name", ["ink", "muted", "query", "key", "value", "output"])
@pytest.mark.parametrize("ground", ["paper", "panel"])
def test_text_can_be_read_on_the_page_and_on_a_widget(theme, name, ground):
    assert contrast(theme[name], theme[ground]) >= 4.5


@THEMES
@ENDS
def test_text_can_be_read_on_every_step_of_a_map(theme, end):
    for k in range(101):
        text = theme["on_high" if k >= 100 * FLIP else "on_low"]
        assert contrast(text, mix(theme["low"], theme[end], k / 100)) >= 4.5, k


@THEMES
@ENDS
def test_a_map_is_even_in_lightness(theme, end):
    lightness = [oklab(mix(theme["low"], theme[end], k / 20))[0] for k in range(21)]
    steps = np.diff(lightness)
    assert np.all(steps < 0) or np.all(steps > 0)
    assert np.ptp(steps) < 0.006  # what rounding to 8 bits a channel leaves
    assert abs(steps.sum()) > 0.4


@THEMES
def test_the_two_ends_of_a_signed_map_differ_in_blue_and_yellow(theme):
    # The axis that readers keep who cannot tell red from green.
    assert abs(oklab(theme["high"])[2] - oklab(theme["negative"])[2]) > 0.1


@pytest.mark.parametrize(
    ("colour", "expected"),
    [  # as published in the tests of the coloraide library
        ("#ffffff", (1, 0, 0)),
        ("#ff0000", (0.62796, 0.22486, 0.12585)),
        ("#ffff00", (0.96798, -0.07137, 0.19857)),
        ("#0000ff", (0.45201, -0.03246, -0.31153)),
    ],
)
def test_oklab_has_the_published_coordinates(colour, expected):
    assert oklab(colour) == pytest.approx(expected, abs=6e-5)


def test_mix_has_the_published_middle_of_red_and_blue():
    assert mix("#ff0000", "#0000ff", 0.5) == "#8c53a2"  # rgb(140, 83, 162)


@pytest.mark.parametrize(("start", "end"), list(itertools.pairwise(LIGHT.values())))
def test_mix_begins_and_ends_at_its_colours(start, end):
    assert (mix(start, end, 0), mix(start, end, 1)) == (start, end)


def test_css_gives_every_colour_a_variable_in_both_themes():
    light, dark = re.findall(r"\{(.*?)\}", css())
    for block, theme in ((light, LIGHT), (dark, DARK)):
        found = dict(re.findall(r"--ak-([\w-]+):(#[0-9a-f]{6});", block))
        assert found == {name.replace("_", "-"): colour for name, colour in theme.items()}
    assert LIGHT.keys() == DARK.keys()
    assert css().startswith(":root{")
    assert "html[data-theme=dark]" in css()


def test_the_page_turns_its_text_at_the_same_share():
    module = (bundle.FRAME / "dom.mjs").read_text("utf-8")
    assert float(re.search(r"^const FLIP = ([\d.]+);", module, re.MULTILINE)[1]) == FLIP
