"""Promise: a reader compares the masked and the leaking translator on any sentence, by keyboard, without a kernel."""

from __future__ import annotations

import pytest

from attnkit.widgets import Leak
from attnkit.widgets.frame.widget import number


@pytest.fixture
def page(alone):
    return alone(Leak())


def assert_shows(page, widget: Leak) -> None:
    for i in range(2):
        side = page.locator(".ak-side").nth(i)
        assert side.locator("dd").inner_text() == number(widget.losses[i], 4)
        assert side.locator(".ak-words").inner_text().startswith(" ".join(widget.translations[i]) or "—")
        chances = side.locator(".ak-bar-value").all_inner_texts()
        assert chances == [number(chance) for chance in widget.probabilities[i]]


def test_both_sides_show_what_python_computes(page):
    assert_shows(page, Leak())
    page.get_by_role("combobox").first.select_option("i see him")
    assert_shows(page, Leak(sentence="i see him"))
    assert "Right translation: lo veo" in page.locator(".ak-reading").inner_text()


def test_a_sentence_of_ones_own_has_no_right_translation(page):
    box = page.get_by_label("or type your own")
    box.fill("see <i>qwx</i>")
    box.press("Enter")
    told = page.locator(".ak-told").inner_text()
    assert "“qwx”" in told
    assert "No translation is stored" in told
    assert page.locator("i").count() == 0
    assert_shows(page, Leak(sentence="see <i>qwx</i>"))
    page.get_by_role("combobox").first.select_option("let's go")
    assert page.locator(".ak-told").inner_text() == ""
    assert box.input_value() == "let's go"


def test_the_map_follows_the_block_and_marks_the_word_to_be_written(page):
    n_read = len(Leak().reference) + 1
    assert page.locator(".ak-rim").count() == n_read - 1
    page.get_by_role("combobox").nth(1).select_option("1")
    page.get_by_role("group", name="Where the decoder").press("ArrowDown")
    page.get_by_role("group", name="Where the decoder").press("ArrowRight")
    told = page.locator(".ak-readout").inner_text()
    assert "the word that it has to write" in told
    assert told.endswith(f"weight {number(Leak(block=1).looks[0, 1])}")
