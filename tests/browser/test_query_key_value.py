"""Promise: a reader changes who asks and each number of the three matrices, from the keyboard, without a kernel."""

from __future__ import annotations

import pytest

from attnkit.widgets.frame.widget import number
from attnkit.widgets.self_attention.query_key_value import EXCITED, QueryKeyValue
from tests.browser.test_widgets import RANDOM_EVENTS


@pytest.fixture
def page(alone):
    return alone(QueryKeyValue.worked_example())


def shown(page) -> list[str]:
    """Return the cells of the numbers as the reader sees them."""
    if not page.locator("details.ak-numbers").evaluate("(details) => details.open"):
        page.locator("details.ak-numbers > summary").click()
        page.locator("details.ak-numbers td").last.wait_for()
    return page.locator("details.ak-numbers td").all_text_contents()[1:]


def wanted(**changes) -> list[str]:
    return [number(cell) for row in QueryKeyValue(**{**EXCITED, **changes}).table().rows for cell in row[1:]]


def test_it_starts_with_the_numbers_of_python(page):
    assert shown(page) == wanted()


def test_another_token_asks(page):
    assert "asks with the query" in page.locator("svg.ak-plane").get_attribute("aria-label")
    for i, name in enumerate(EXCITED["tokens"]):
        page.get_by_label("who asks").select_option(label=f"{i + 1}: {name}")
        label = QueryKeyValue(**{**EXCITED, "token": i}).label()
        assert label in page.locator("svg.ak-plane").get_attribute("aria-label")
        assert page.locator("svg.ak-heatmap").get_attribute("aria-label") == label
        assert page.locator(".ak-rim").count() == 1


def test_each_field_changes_its_number_from_the_keyboard(page):
    for name, letter in (("query", "Q"), ("key", "K"), ("value", "V")):
        for i, row in enumerate(EXCITED[name]):
            for j, feature in enumerate(EXCITED["features"]):
                field = page.get_by_label(f"W_{letter}, row {i + 1}, {feature}")
                assert field.input_value() == str(row[j])
                field.press("ArrowUp")
                changed = [list(other) for other in EXCITED[name]]
                changed[i][j] += 0.5
                assert shown(page) == wanted(**{name: changed})
                field.press("ArrowDown")
                assert shown(page) == wanted()


def test_what_is_no_number_from_minus_3_to_3_changes_nothing_and_is_taken_back(page):
    field = page.get_by_label("W_Q, row 1, animal")
    for typed in ("", "7", "-4", "0.3"):
        field.fill(typed)
        assert shown(page) == wanted()
        field.blur()
        assert field.input_value() == "2"


def test_a_number_can_be_typed_sign_by_sign(page):
    field = page.get_by_label("W_V, row 1, thing")
    field.fill("")
    field.press_sequentially("-2.5")
    assert field.input_value() == "-2.5"
    assert shown(page) == wanted(value=[[1, -2.5, 0]])


def test_the_buttons(page):
    query, key = EXCITED["query"], EXCITED["key"]
    for name, changes in {
        "Swap W_Q and W_K": {"query": key, "key": query},
        "Back to the start": {},
        "W_K = W_Q": {"key": query},
        "W_Q = 0": {"key": query, "query": [[0, 0, 0], [0, 0, 0]]},
    }.items():
        page.get_by_role("button", name=name, exact=True).press("Enter")
        assert shown(page) == wanted(**changes)
    page.get_by_role("button", name="Back to the start").press("Enter")
    assert page.get_by_label("W_Q, row 1, animal").input_value() == "2"


def test_the_division_can_be_taken_away(page):
    page.get_by_label("divide the scores").uncheck()
    assert shown(page) == wanted(scaled=False)


def test_the_names_of_the_arrows_do_not_cover_one_another(page):
    boxes = [text.bounding_box() for text in page.locator(".ak-arrow text").all()]
    assert len(boxes) == 6

    def apart(one, other):
        return any(
            a[at] + a[size] <= b[at] + 8  # a box holds the rim of its text, too
            for a, b in ((one, other), (other, one))
            for at, size in (("x", "width"), ("y", "height"))
        )

    assert all(apart(one, other) for i, one in enumerate(boxes) for other in boxes[:i])


def test_two_hundred_random_events_leave_no_error_and_no_nan(page):
    page.locator("details > summary").click()
    told = page.locator("figure.attnkit").evaluate(RANDOM_EVENTS)
    assert isinstance(told, int), told


def test_a_phone_never_scrolls_sideways(page):
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
