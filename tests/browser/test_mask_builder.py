"""Promise: a reader makes a mask by rule, by slider, by mouse and by keyboard, and sees what becomes of the weights."""

from __future__ import annotations

import numpy as np
import pytest

from attnkit.widgets import MaskBuilder
from attnkit.widgets.frame.widget import number
from tests.browser.test_widgets import RANDOM_EVENTS


@pytest.fixture
def page(alone):
    return alone(MaskBuilder())


def pressed(page) -> list[list[bool]]:
    states = page.locator(".ak-square").evaluate_all("(all) => all.map((one) => one.ariaPressed === 'true')")
    return np.reshape(states, (5, 5)).tolist()


def weights(page) -> list[str]:
    return page.locator("svg.ak-heatmap").nth(2).locator(".ak-cell").all_text_contents()


def expected(**state) -> list[str]:
    return [number(weight, 2) for weight in MaskBuilder(**state).weights.flat]


def test_each_rule_shows_its_mask_and_its_weights(page):
    rules = page.get_by_role("combobox").first
    for rule in ("none", "causal", "padding", "both", "window", "inverted"):
        rules.select_option(rule)
        assert pressed(page) == MaskBuilder(rule=rule).mask.tolist()
        assert weights(page) == expected(rule=rule)


def test_only_the_slider_of_the_rule_is_there_and_it_moves_the_mask(page):
    sliders = page.get_by_role("slider")
    assert sliders.count() == 0
    for rule, option in (("both", "length"), ("window", "width")):
        page.get_by_role("combobox").first.select_option(rule)
        assert sliders.count() == 1
        sliders.press("Home")
        assert sliders.get_attribute("aria-valuetext") == "1"
        assert weights(page) == expected(rule=rule, **{option: 1})


def test_a_place_can_be_pressed_and_the_arrow_keys_lead_to_the_next(page):
    places = page.locator(".ak-square")
    places.nth(1).click()
    assert page.get_by_role("combobox").first.input_value() == "own"
    assert "1 of them looks into the future" in page.get_by_role("status").inner_text()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    cells = MaskBuilder(rule="causal").mask.astype(int)
    cells[0, 1] = cells[1, 2] = 1
    assert pressed(page) == cells.astype(bool).tolist()
    assert weights(page) == expected(rule="own", cells=cells.tolist())
    assert page.locator(".ak-square[tabindex='0']").count() == 1


def test_a_row_that_is_closed_gets_zeros_and_a_sentence(page):
    page.locator(".ak-square").first.click()
    assert "“don't” may attend to nothing: its weights are 0." in page.get_by_role("status").inner_text()
    assert weights(page)[:5] == ["0.00"] * 5
    page.get_by_role("combobox").nth(1).select_option("−10")
    assert "−10 throughout changes no weight" in page.get_by_role("status").inner_text()
    assert weights(page)[:5] == expected(rule="none")[:5]


def test_two_hundred_random_events_leave_no_error_and_no_nan(page):
    page.locator("details > summary").click()
    told = page.locator("figure.attnkit").evaluate(RANDOM_EVENTS)
    assert isinstance(told, int), told


def test_a_phone_never_scrolls_sideways_and_its_places_are_large_enough(browser, page):
    phone = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    small = phone.new_page()
    small.goto(page.url)
    assert small.evaluate("document.documentElement.scrollWidth") == 390
    assert all(place.bounding_box()["height"] >= 44 for place in small.locator(".ak-square").all())
    phone.close()
