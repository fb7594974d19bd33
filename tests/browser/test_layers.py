"""Promise: a reader steps through the whole Transformer, by keyboard, for any sentence that is typed."""

from __future__ import annotations

import re

import pytest

from attnkit.widgets.frame.widget import number
from attnkit.widgets.transformer.layers import PARTS, Layers
from tests.reading import ship

SENTENCES = ["do not eat the pizza", "let's go"]


@pytest.fixture
def page(monkeypatch, tmp_path, alone):
    ship("transformer/layers", tmp_path, monkeypatch)
    return alone(Layers(sentences=SENTENCES))


def cells(page):
    return page.locator("details.ak-numbers td").all_text_contents()


def expected(widget):
    return ["", *(number(cell) for row in widget.table().rows for cell in row[1:])]


def test_place_layer_head_word_and_step_are_chosen_by_keyboard(page):
    page.locator("details.ak-numbers > summary").click()
    widget = Layers(sentences=SENTENCES)
    assert cells(page) == expected(widget)
    page.get_by_role("slider", name=re.compile("^layer")).press("End")
    page.get_by_role("slider", name=re.compile("^head")).press("ArrowRight")
    page.get_by_role("slider", name=re.compile("^step")).press("ArrowRight")
    widget.layer, widget.head, widget.step = 1, 0, 1
    for part in PARTS:
        widget.part = part
        page.get_by_label("place").select_option(part)
        assert cells(page) == expected(widget)
        word = page.get_by_role("slider", name=re.compile("^English word"))
        assert word.is_enabled() == (part == "encoder")
    page.get_by_label("place").select_option("encoder")
    page.get_by_role("slider", name=re.compile("^English word")).press("End")
    widget.part, widget.word = "encoder", 4
    assert cells(page) == expected(widget)


def test_the_way_says_what_each_sublayer_adds_and_would_write(page):
    widget = Layers(sentences=SENTENCES)
    told = page.locator(".ak-way").get_attribute("aria-label")
    for stage in widget.way:
        assert f"{stage.name}{'' if stage.adds is None else f' adds {number(stage.adds, 2)}'}" in told
    words = page.locator(".ak-way > span[lang]").all_inner_texts()
    assert words == [stage.word for stage in widget.way]
    page.get_by_role("button", name="Next step").press("Enter")
    widget.step = 1
    assert page.locator(".ak-way > span[lang]").all_inner_texts() == [stage.word for stage in widget.way]
    page.get_by_role("button", name="Step back").press("Enter")
    assert page.locator(".ak-way > span[lang]").all_inner_texts() == words


def test_a_sentence_of_ones_own_is_translated_and_stays_text(page):
    box = page.get_by_label("or type your own")
    box.fill("eat <i>qwx</i>")
    box.press("Enter")
    assert "“qwx”" in page.locator(".ak-told").inner_text()
    assert "qwx (?)" in page.locator("svg.ak-heatmap").inner_html()
    assert page.locator("i").count() == 0
    assert "No gold alignment is stored" in page.locator(".ak-below .ak-label").inner_text()
