"""Promise: a reader steps through a translation, moves a weight and types a sentence, by keyboard, without a kernel."""

from __future__ import annotations

import pytest

from attnkit.widgets import Alignment
from attnkit.widgets.frame.widget import number

SENTENCES = ["do not eat the pizza", "let's go"]


@pytest.fixture
def page(alone):
    return alone(Alignment(sentences=SENTENCES))


def probabilities(page) -> list[str]:
    return page.locator(".ak-bars.ak-output .ak-bar-value").all_inner_texts()


def test_the_keyboard_leads_through_every_step(page):
    widget = Alignment(sentences=SENTENCES)
    written = [*widget.translation, "<eos>"]
    slider = page.get_by_role("slider").first
    for step, _ in enumerate(written):
        assert page.locator(".ak-written").inner_text() == " ".join(written[: step + 1])
        widget.step = step
        assert probabilities(page) == [number(chance) for chance in widget.next_words.values()]
        assert slider.get_attribute("aria-valuetext") == f"{step + 1} of {len(written)}"
        slider.press("ArrowRight")
    page.get_by_role("button", name="Next step").press("Enter")
    assert slider.input_value() == str(len(written))
    page.get_by_role("button", name="Step back").press("Enter")
    assert slider.input_value() == str(len(written) - 1)


def test_a_moved_weight_moves_the_next_word_and_can_be_taken_back(page):
    page.get_by_role("slider").first.press("ArrowRight")
    before = probabilities(page)
    page.get_by_role("combobox").nth(1).select_option(label="5: pizza")
    page.get_by_label("its weight").press("End")
    widget = Alignment(sentences=SENTENCES, step=1, word=4, weight=1.0)
    assert probabilities(page) == [number(chance) for chance in widget.next_words.values()] != before
    assert page.locator(".ak-looks .ak-bar-value").last.inner_text() == "1.000"
    assert "By the model's own weights" in page.locator(".ak-parts").inner_text()
    page.get_by_role("button", name="Back to the model's weights").press("Enter")
    assert probabilities(page) == before


def test_a_sentence_of_ones_own_is_translated_and_its_unknown_words_are_named(page):
    box = page.get_by_label("or type your own")
    box.fill("eat <i>qwx</i>")
    box.press("Enter")
    assert "“qwx”" in page.locator(".ak-told").inner_text()
    assert "qwx (?)" in page.locator("svg.ak-heatmap").inner_html()
    assert page.locator("i").count() == 0
    assert page.locator(".ak-rim").count() == 1  # the present step; there is no gold
    assert page.get_by_role("combobox").first.input_value() == ""
    page.get_by_role("combobox").first.select_option("let's go")
    assert page.locator(".ak-told").inner_text() == ""
    assert box.input_value() == "let's go"
    assert page.locator(".ak-rim").count() > 1


def test_a_cell_tells_weight_and_link(page):
    page.get_by_role("group", name="Alignment").press("ArrowDown")
    weight = number(float(Alignment(sentences=SENTENCES).alignment[0, 0]))
    assert f"and “do”: weight {weight}" in page.locator(".ak-readout").inner_text()
