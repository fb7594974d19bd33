"""Promise: a reader moves d_k, chooses a divisor and draws anew, and the page shows what Python computes."""

from __future__ import annotations

import pytest

from attnkit.widgets.frame.widget import number
from attnkit.widgets.self_attention.scaling import WIDTHS, Scaling
from tests.browser.test_widgets import RANDOM_EVENTS


@pytest.fixture
def page(alone):
    return alone(Scaling(divisor="nothing"))


def expect(page, **state) -> None:
    """Compare sentence, bars and dots with what Python makes of the same state."""
    widget = Scaling(**{"divisor": "nothing", **state})
    assert page.locator(".ak-chart").get_attribute("aria-label") == widget.label()
    bars = [number(weight) for weight in widget.weights[widget.sample]]
    assert page.locator(".ak-bar-value").all_inner_texts() == bars
    results = widget.spread, widget.top_weights.mean()
    assert page.locator(".ak-results dd").all_inner_texts()[:2] == [number(result) for result in results]
    assert page.locator("circle.ak-weight").count() == 32
    assert page.locator("polyline").count() == 3


def test_every_width_from_the_keyboard(page):
    slider = page.get_by_label("d_k, numbers")
    slider.press("Home")
    for d_k in WIDTHS:
        assert slider.get_attribute("aria-valuetext") == str(d_k)
        expect(page, d_k=d_k)
        slider.press("ArrowRight")


def test_every_divisor(page):
    for divisor in ("√d_k", "d_k", "nothing"):
        page.get_by_label("divide the dot products by").select_option(divisor)
        expect(page, divisor=divisor)
        assert page.locator("polyline.ak-present").count() == 1


def test_another_sample_and_new_numbers(page):
    page.get_by_role("slider").nth(1).press("End")
    expect(page, sample=31)
    page.get_by_role("button", name="Draw new numbers").press("Enter")
    expect(page, sample=31, seed=2018)


def test_two_hundred_random_events_leave_no_error_and_no_nan(page):
    page.locator("details > summary").click()
    told = page.locator("figure.attnkit").evaluate(RANDOM_EVENTS)
    assert isinstance(told, int), told


def test_a_phone_never_scrolls_sideways(page):
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
