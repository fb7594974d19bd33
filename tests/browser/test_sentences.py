"""Promise: whatever a reader types into a widget, it is read, or a sentence says what is wrong with it."""

from __future__ import annotations

import pytest

from tests.browser.test_widgets import RANDOM_EVENTS
from tests.reading import CASES, ship

EMPTY = "Type a sentence of one or more words."
OWN_FORM = "bottleneck/bottleneck"  # tested in test_bottleneck.py


@pytest.fixture(params=[module for module in CASES if module != OWN_FORM])
def page(request, monkeypatch, tmp_path, alone):
    """Each widget alone on a page, with small fresh weights."""
    ship(request.param, tmp_path, monkeypatch)
    return alone(CASES[request.param].make())


def shown(page) -> list[str]:
    """Return the cells of the table of numbers."""
    if not page.locator("details.ak-numbers").evaluate("(details) => details.open"):
        page.locator("details.ak-numbers > summary").click()
        page.locator("details.ak-numbers td").last.wait_for()
    return page.locator("details.ak-numbers :is(th, td)").all_text_contents()


@pytest.mark.parametrize("typed", ["  ", "go " * 61])
def test_a_sentence_that_cannot_be_read_gets_a_sentence_and_changes_nothing(page, typed):
    before, box, status = shown(page), page.get_by_label("or type your own"), page.locator(".ak-told[role=status]")
    box.fill(typed)
    box.press("Enter")
    if page.get_by_label("beginning").count() and not typed.strip():  # a language model begins from nothing, too
        assert "begins from <bos> alone" in status.inner_text()
        return
    wanted = "A sentence here has 60 words at most; yours has 61." if typed.strip() else EMPTY
    assert status.inner_text() == wanted
    assert box.get_attribute("aria-invalid") == "true"
    assert shown(page) == before
    box.fill("eat the pizza")
    box.press("Enter")
    assert box.get_attribute("aria-invalid") == "false"
    assert wanted not in status.inner_text()
    assert shown(page) != before


def test_what_is_typed_stays_text_and_the_list_takes_it_back(page):
    before, told = shown(page), page.locator(".ak-told")
    said, box, listed = told.inner_text(), page.get_by_label("or type your own"), page.get_by_role("combobox").first
    box.fill("eat <i>qwx</i>")
    box.press("Enter")
    assert page.locator("i").count() == 0
    assert listed.input_value() == ""
    box.press("Enter")  # once more: nothing is new, and what was said still stands
    if page.locator("figure").get_attribute("data-widget") != "positions/order":  # it marks them without a word
        assert "“qwx”" in told.inner_text()
    listed.select_option(index=0)
    assert box.input_value() == listed.locator("option").first.inner_text()
    assert told.inner_text() == said
    assert shown(page) == before


def test_two_hundred_random_events_leave_no_error_and_no_nan_and_a_phone_never_scrolls_sideways(page):
    shown(page)
    told = page.locator("figure.attnkit").evaluate(RANDOM_EVENTS)
    assert isinstance(told, int), told
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
