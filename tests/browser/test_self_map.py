"""Promise: a reader types a sentence and sees where its words look, in each layer and head, without a kernel."""

from __future__ import annotations

import pytest

from attnkit.widgets.frame.widget import number
from attnkit.widgets.self_attention.self_map import SelfMap
from tests.reading import ship

SENTENCES = ["the dog loved the ball , it was very excited", "it was red , the ball"]


@pytest.fixture
def page(monkeypatch, tmp_path, alone):
    ship("self_attention/self_map", tmp_path, monkeypatch)
    return alone(SelfMap(sentences=SENTENCES, word=6))


def said(page) -> str:
    return page.locator(".ak-picture > .ak-equation").inner_text()


def test_every_word_layer_and_head(page):
    assert said(page) == SelfMap(sentences=SENTENCES, word=6).label()
    for layer, head, word in ((0, 1, 6), (1, 1, 0), (1, 2, 9)):
        for place, chosen in enumerate((word, layer, head)):
            page.locator(".ak-steps select").nth(place).select_option(index=chosen)
        widget = SelfMap(sentences=SENTENCES, word=word, layer=layer, head=head)
        assert said(page) == widget.label()
        cells = page.locator("svg.ak-heatmap").last.locator(".ak-cell").all_text_contents()
        assert cells == [number(weight, 2) for weight in widget.maps[layer, head].ravel()]


def test_the_same_word_is_chosen_in_another_sentence(page):
    page.get_by_label("sentence").first.select_option(SENTENCES[1])
    assert said(page) == SelfMap(sentences=SENTENCES, text=SENTENCES[1], word=0).label()
    assert page.get_by_label("or type your own").input_value() == SENTENCES[1]


def test_a_sentence_of_ones_own_is_read_and_its_unknown_words_are_named(page):
    box = page.get_by_label("or type your own")
    box.fill("eat <i>qwx</i>")
    box.press("Enter")
    assert "“qwx”" in page.locator(".ak-told").inner_text()
    assert "qwx (?)" in page.locator("svg.ak-heatmap").last.inner_html()
    assert page.locator("i").count() == 0
    assert page.get_by_label("sentence").first.input_value() == ""
    page.get_by_label("sentence").first.select_option(SENTENCES[0])
    assert page.locator(".ak-told").inner_text() == ""


def test_a_cell_is_read_out(page):
    page.get_by_role("group", name="One word, every head").press("ArrowDown")
    maps = SelfMap(sentences=SENTENCES).maps
    readout = page.locator(".ak-readout").first.inner_text()
    assert readout == f"layer 0, head 0: “it” looks at “the” with weight {number(maps[0, 0, 6, 0])}"
    page.get_by_role("group", name="All words, one head").press("ArrowDown")
    assert (
        f"“the” looks at “the” with weight {number(maps[0, 0, 0, 0])}" in page.locator(".ak-readout").last.inner_text()
    )
