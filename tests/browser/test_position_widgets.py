"""Promise: the widgets of chapter 8 answer to keyboard, mouse and finger, and show in the page what Python says."""

from __future__ import annotations

import pytest

from attnkit.widgets.frame.widget import number
from attnkit.widgets.positions.clocks import Clocks
from attnkit.widgets.positions.order import Order
from attnkit.widgets.positions.rotary import Rotary
from attnkit.widgets.positions.shuffle import Shuffle
from tests.browser.test_widgets import RANDOM_EVENTS
from tests.reading import ship


@pytest.fixture
def show(monkeypatch, tmp_path, alone):
    ship("positions/order", tmp_path, monkeypatch)
    return alone


def told(page) -> list[str]:
    """Return the cells of the table of numbers."""
    if not page.locator("details.ak-numbers").evaluate("(details) => details.open"):
        page.locator("details.ak-numbers > summary").click()
        page.locator("details.ak-numbers td").last.wait_for()
    return page.locator("details.ak-numbers tbody :is(th, td)").all_inner_texts()


def wanted(widget) -> list[str]:
    return [number(cell) for row in widget.table().rows for cell in row]


def drag(page, handle, across: float) -> None:
    """Drag a handle sideways by so many pixels."""
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + across, y, steps=5)
    page.mouse.up()


def test_a_position_is_slid_by_keyboard_and_by_its_handle(show):
    page = show(Clocks())
    position, shift = page.get_by_role("slider").all()
    position.press("ArrowRight")
    shift.press("End")
    assert told(page) == wanted(Clocks(position=8, shift=20))
    drag(page, page.locator(".ak-waves .ak-handle"), 60)
    assert int(position.input_value()) > 10
    assert told(page) == wanted(Clocks(position=int(position.input_value()), shift=20))


def test_a_clock_is_chosen_by_its_button_or_in_the_map_and_narrower_encodings_have_fewer(show):
    page = show(Clocks())
    clocks = page.locator(".ak-clock")
    clocks.nth(7).press("Enter")
    assert clocks.nth(7).get_attribute("aria-pressed") == "true"
    assert "pair 7" in page.locator(".ak-equation").first.inner_text()
    page.get_by_role("combobox").select_option("4")
    assert clocks.count() == 2
    assert clocks.nth(1).get_attribute("aria-pressed") == "true"
    assert told(page) == wanted(Clocks(d_model=4))
    box = page.locator(".ak-waves .ak-cells").bounding_box()
    page.mouse.click(box["x"] + 0.51 * box["width"], box["y"] + 0.1 * box["height"])
    assert clocks.nth(0).get_attribute("aria-pressed") == "true"
    assert page.get_by_role("slider").first.input_value() == "25"


def test_moving_both_leaves_the_score_and_moving_one_does_not(show):
    page = show(Rotary())
    score = page.locator(".ak-results dd").first
    before = score.inner_text()
    page.get_by_label("both moved on together by").press("End")
    assert score.inner_text() == before == number(Rotary().score)
    assert told(page) == wanted(Rotary(both=20))
    page.get_by_label("the key stands at").press("Home")
    assert score.inner_text() == number(Rotary(key_position=0).score) != before


def test_the_offset_is_dragged_along_the_wave(show):
    page = show(Rotary())
    drag(page, page.locator(".ak-curve .ak-handle"), -40)
    key = int(page.get_by_label("the key stands at").input_value())
    assert key > 3
    assert told(page) == wanted(Rotary(key_position=key))


def test_words_are_moved_turned_round_and_put_back(show):
    page = show(Shuffle())
    picture = page.locator("svg.ak-shuffle")
    assert picture.inner_html().count("= same") == 5
    page.get_by_role("combobox").first.select_option("alibi")
    assert "≠ by" in picture.inner_html()
    page.get_by_role("button", name="Move it down").press("Enter")
    assert told(page) == wanted(Shuffle(positions="alibi", order=[4, 0, 2, 3, 1]))
    page.get_by_role("button", name="Back in order").press("Enter")
    page.get_by_role("button", name="Turn it round").press("Enter")
    assert told(page) == wanted(Shuffle(positions="alibi", order=[4, 3, 2, 1, 0]))
    assert picture.inner_html().count("= same") == 5
    page.get_by_role("button", name="Shuffle").press("Enter")
    assert sorted(told(page)[1::7]) == [number(float(i)) for i in range(5)]


def test_two_translators_read_both_orders(show):
    page = show(Order(order=[0, 4, 2, 3, 1]))
    page.locator(".ak-written").get_by_text("the boy loved the dog").wait_for()
    assert told(page) == wanted(Order(order=[0, 4, 2, 3, 1]))
    sides = page.locator(".ak-side").all_inner_texts()
    assert "= the same translation" in sides[0]
    page.get_by_role("combobox").nth(1).select_option("1")
    page.get_by_role("combobox").nth(2).select_option("4")
    page.get_by_role("button", name="Exchange").press("Enter")
    assert page.locator(".ak-written").inner_text() == "the dog loved the boy"
    assert told(page) == wanted(Order(order=range(5)))


def test_a_typed_sentence_is_read_backwards_and_its_unknown_words_are_marked(show):
    page = show(Order())
    page.locator(".ak-written").get_by_text("boy the loved dog the").wait_for()
    box = page.get_by_label("or type your own")
    box.fill("eat <i>qwx</i>")
    box.press("Enter")
    assert page.locator(".ak-written").inner_text().startswith("> (?) i / (?)")
    assert page.locator("i").count() == 0
    assert told(page) == wanted(Order(sentence="eat <i>qwx</i>"))


@pytest.mark.parametrize("make", [Clocks, Rotary, Shuffle])
def test_two_hundred_random_events_leave_no_error_and_no_nan_and_a_phone_never_scrolls_sideways(show, make):
    page = show(make())
    page.locator("details > summary").click()
    result = page.locator("figure.attnkit").evaluate(RANDOM_EVENTS)
    assert isinstance(result, int), result
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
