"""Promise: the bottleneck is played with by slider, list and typing, and what is typed gets an answer in words."""

from __future__ import annotations

import pytest

from attnkit.widgets import Bottleneck
from attnkit.widgets.frame import bundle, weights


@pytest.fixture
def page(tmp_path, context):
    """Open the widget on a bare page with both translators beside it; an error on the page fails the test."""
    widget, errors = Bottleneck(rung=2), []
    (tmp_path / "weights").mkdir()
    for name in widget.translators():
        (tmp_path / "weights" / f"{name}.js").write_text(weights.script(name), encoding="utf-8")
    file = tmp_path / "page.html"
    file.write_text(
        f"<!doctype html><meta charset=utf-8><style>{bundle.stylesheet()}</style>{widget.static_html()}"
        f"<script>{bundle.page_script()}</script>",
        encoding="utf-8",
    )
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(file.as_uri())
    page.locator(".ak-side .ak-cells path").first.wait_for(state="attached")
    yield page
    assert errors == []


def written(page) -> list[str]:
    """Return both translations as plain words."""
    script = "(said) => [...said.cloneNode(true).childNodes].map((n) => (n.firstChild ?? n).textContent).join('')"
    return [said.evaluate(script).strip() for said in page.locator(".ak-side .ak-words").all()]


def say(page, text: str) -> None:
    page.get_by_label("or type your own").fill(text)
    page.keyboard.press("Enter")


def test_the_slider_grows_the_sentence_and_the_context_stays_as_wide(page):
    widget, boxes = Bottleneck(), []
    for key, rung in (("Home", 0), ("End", 14)):
        page.get_by_label("how long").press(key)
        widget.rung = rung
        assert page.get_by_label("how long").get_attribute("aria-valuetext") == f"{len(widget.words)} words"
        assert written(page) == [" ".join(words) for words in widget.translations]
        boxes.append([strip.get_attribute("viewBox") for strip in page.locator(".ak-cells:visible").all()])
    (context, *_, few), (same, *_, many) = boxes
    assert context == same
    assert (few.split()[-1], many.split()[-1]) == ("4", "120")


def test_the_list_takes_the_negation_away(page):
    page.get_by_label("sentence").first.select_option("eat …")
    assert "English: eat the pizza" in page.locator(".ak-reading").inner_text()
    assert "The “no”" not in page.locator(".ak-sides").inner_text()


def test_a_typed_sentence_is_translated_and_marked_where_there_is_a_reference(page):
    say(page, "  Don’t eat the PIZZA")
    before = page.locator(".ak-sides").inner_text()
    assert "words of the reference" in before or "Exactly" in before
    say(page, "don't eat the dog")
    assert "There is no reference for this sentence" in page.get_by_role("status").inner_text()
    assert page.locator(".ak-wrong").count() == 0
    assert written(page) == [" ".join(words) for words in Bottleneck(own="don't eat the dog").translations]
    page.get_by_label("how long").press("Home")
    assert "English: let's go" in page.locator(".ak-reading").inner_text()
    assert page.get_by_role("status").inner_text() == ""


def test_unknown_words_and_typed_html_stay_text(page):
    say(page, "eat the <img src=x onerror=alert(1)> zebra")
    assert page.locator(".ak-reading img").count() == 0
    assert "zebra (?)" in page.locator(".ak-reading").inner_text()
    assert "“zebra”" in page.get_by_role("status").inner_text()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("   ", "Type a sentence of one or more words."),
        ("go " * 61, "A sentence here has 60 words at most; yours has 61."),
    ],
)
def test_an_empty_or_long_sentence_gets_a_sentence_and_changes_nothing(page, text, told):
    before = written(page)
    say(page, text)
    assert page.get_by_role("status").inner_text() == told
    assert written(page) == before
    page.get_by_label("how long").press("Home")
    assert page.get_by_role("status").inner_text() == ""


def test_wrong_words_are_told_apart_without_colour(page):
    page.get_by_label("how long").press("End")
    wrong = page.locator(".ak-wrong").first
    assert "wavy" in wrong.evaluate("(mark) => getComputedStyle(mark).textDecoration")
    assert wrong.text_content().endswith(" (not in the reference)")


def test_nothing_leaves_a_narrow_page(page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_label("how long").press("End")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
