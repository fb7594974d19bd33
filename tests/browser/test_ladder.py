"""Promise: four translators arrive when the reader is near, and each shows what it writes and where it looks."""

from __future__ import annotations

import pytest

from attnkit.widgets.frame.sentence import verdict
from attnkit.widgets.transformer.ladder import ABOUT, Ladder
from tests.reading import ship

SENTENCES = ["do not eat the pizza", "let's go"]


@pytest.fixture
def page(monkeypatch, tmp_path, alone):
    """Show the widget far down a page, and note what it asks for."""
    ship("transformer/ladder", tmp_path, monkeypatch)
    page = alone(Ladder(sentences=SENTENCES), above=5000)
    page.asked = []
    page.on("request", lambda request: page.asked.append(request.url.rpartition("/")[2].partition(".js")[0]))
    page.get_by_text("will be loaded when you come near").wait_for(state="attached")
    page.reload()
    page.get_by_text("will be loaded when you come near").wait_for(state="attached")
    assert page.asked[1:] == []
    page.locator("figure.attnkit").scroll_into_view_if_needed()
    page.locator(".ak-side").first.wait_for()
    return page


def written(page):
    return [
        text.replace("(not in the reference)", "").split()
        for text in page.locator(".ak-side .ak-words").all_text_contents()
    ]


def test_all_four_arrive_once_and_write_what_the_package_writes(page):
    assert sorted(page.asked[1:]) == sorted(ABOUT)
    widget = Ladder(sentences=SENTENCES)
    assert written(page) == list(widget.translations.values())
    page.get_by_role("combobox").select_option(SENTENCES[1])
    widget.text = SENTENCES[1]
    assert written(page) == list(widget.translations.values())
    assert sorted(page.asked[1:]) == sorted(ABOUT)
    told = page.locator(".ak-side > p[aria-live]").all_inner_texts()
    assert told == [verdict(rung.words, widget._wanted(), ended=rung.ended) for rung in widget._rungs().values()]


def test_each_that_looks_has_a_map_and_the_one_without_attention_has_none(page):
    maps = page.locator(".ak-rungs > div")
    assert [one.locator("svg").count() for one in maps.all()] == [0, 1, 1, 1]
    page.get_by_role("group", name="Weights of Luong").focus()
    page.keyboard.press("ArrowDown")
    assert "looks at “do”: weight" in maps.nth(2).locator(".ak-readout").inner_text()


def test_a_sentence_of_ones_own_has_no_reference_and_stays_text(page):
    box = page.get_by_label("or type your own")
    box.fill("eat <i>qwx</i>")
    box.press("Enter")
    assert "“qwx”" in page.locator(".ak-told").inner_text()
    assert page.locator("i").count() == 0
    assert "none is stored" in page.locator(".ak-reading > .ak-words").inner_text()
    assert page.locator(".ak-wrong").count() == 0
