"""Promise: a reader switches heads off, by keyboard, and sees the translation and the next word change."""

from __future__ import annotations

import re

import pytest

from attnkit.widgets.frame.widget import number
from attnkit.widgets.multi_head.ablation import Ablation

SENTENCES = ["do not eat the pizza", "let's go"]


@pytest.fixture
def page(alone):
    return alone(Ablation(sentences=SENTENCES))


def bars(page, side):
    return page.locator(".ak-bars.ak-output").nth(side).locator(".ak-bar-value").all_inner_texts()


def test_a_head_can_be_switched_off_and_on_again(page):
    widget = Ablation(sentences=SENTENCES)
    assert bars(page, 0) == bars(page, 1) == [number(chance) for chance in widget.next_words.values()]
    page.get_by_role("combobox").nth(1).select_option("cross")
    layer, head = (page.get_by_role("slider", name=re.compile(f"^{name}")) for name in ("layer", "head"))
    box = page.get_by_label("switch this head off")
    for end in ("Home", "End"):
        layer.press(end)
        head.press("Home")
        for _ in range(4):
            assert not box.is_checked()
            box.press("Space")
            head.press("ArrowRight")
    widget.off = [["cross", layer, head] for layer in range(2) for head in range(4)]
    assert bars(page, 0) == [number(chance) for chance in widget.next_words.values()]
    assert bars(page, 1) == [number(chance) for chance in widget.ablated_next_words.values()] != bars(page, 0)
    for line, words in zip(page.locator(".ak-written").all(), (widget.translation, widget.ablated), strict=True):
        assert line.inner_text().partition("…")[0].split() == words  # "…" where it was cut
    assert "decoder: source 0.0; " in page.locator(".ak-below").inner_text()
    box.press("Space")
    assert "decoder: source 1.3" not in page.locator(".ak-below").inner_text()
    page.get_by_role("button", name="Switch all heads on").press("Enter")
    assert bars(page, 1) == bars(page, 0)
    assert "All heads are on." in page.locator(".ak-below").inner_text()


def test_the_map_is_that_of_the_chosen_head(page):
    page.locator("details.ak-numbers > summary").click()
    widget = Ablation(sentences=SENTENCES)
    for part in ("encoder", "self", "cross"):
        widget.part = part
        page.get_by_role("combobox").nth(1).select_option(part)
        found = page.locator("details.ak-numbers td").all_text_contents()[1:]
        assert found == [number(cell) for row in widget.table().rows for cell in row[1:]]
