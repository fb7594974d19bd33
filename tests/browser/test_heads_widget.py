"""Promise: a reader goes through layers, heads, sentences and tokens by keyboard, and sees all heads in one map."""

from __future__ import annotations

import re

import numpy as np
import pytest

from attnkit.widgets.frame import bundle
from attnkit.widgets.frame.widget import number
from attnkit.widgets.multi_head.heads import Heads
from tests.browser.test_widgets import RANDOM_EVENTS

HEAD = "<!doctype html><meta charset=utf-8><meta name=viewport content='width=device-width'>"
LAYERS, BATCH, HEADS, N = 2, 3, 5, 7


def weights(*shape):
    powers = np.random.default_rng(7).exponential(size=shape)
    return powers / powers.sum(axis=-1, keepdims=True)


TOKENS = [[f"s{b}w{i}" for i in range(N)] for b in range(BATCH)]


def make(**state):
    return Heads(weights=list(weights(LAYERS, BATCH, HEADS, N, N)), tokens=TOKENS, **state)


@pytest.fixture
def show(tmp_path, context):
    """Show a widget alone on a page; an error in the page fails the test."""
    errors = []

    def open_page(widget):
        body = f"<style>{bundle.stylesheet()}</style>{widget.static_html()}"
        file = tmp_path / "page.html"
        file.write_text(f"{HEAD}{body}<script>{bundle.page_script(widget.module)}</script>", encoding="utf-8")
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(file.as_uri())
        page.locator("details.ak-numbers > summary").click()
        return page

    yield open_page
    assert errors == []


def cells(page):
    return page.locator("details.ak-numbers td").all_text_contents()[1:]


def wanted(widget):
    return [number(cell) for row in widget.table().rows for cell in row[1:]]


def test_every_slider_and_the_sentence_change_what_is_shown(show):
    widget, page = make(), show(make())
    assert cells(page) == wanted(widget)
    for label, name in (("layer", "layer"), ("head", "head"), ("token that looks", "query")):
        page.get_by_role("slider", name=re.compile(f"^{label}")).press("ArrowRight")
        setattr(widget, name, 1)
        assert cells(page) == wanted(widget)
    page.get_by_role("combobox").select_option("2")
    widget.sentence = 2
    assert cells(page) == wanted(widget)
    assert "s2w1" in page.locator(".ak-last").inner_text()


def test_a_small_map_chooses_its_head(show):
    page = show(make())
    buttons = page.get_by_role("group", name="Choose a head").get_by_role("button")
    assert buttons.count() == HEADS
    buttons.nth(3).press("Enter")
    assert buttons.nth(3).get_attribute("aria-pressed") == "true"
    assert buttons.nth(0).get_attribute("aria-pressed") == "false"
    assert cells(page) == wanted(make(head=3))


def test_all_heads_stand_in_one_map_each_in_its_place(show):
    page = show(make())
    box = page.get_by_label("all heads in one map")
    assert page.locator(".ak-heads path").count() == 0
    box.press("Space")
    paths = page.locator(".ak-heads path")
    assert paths.count() == HEADS
    left = [path.evaluate("(path) => path.getBBox().x") for path in paths.all()]
    top = [path.evaluate("(path) => path.getBBox().y") for path in paths.all()]
    assert left[0] < left[1] < left[2]
    assert max(top[:3]) < min(top[3:])
    page.get_by_role("group", name="Weights: the arrow keys read a cell").press("ArrowDown")
    first = weights(LAYERS, BATCH, HEADS, N, N)[0, 0, :, 0, 0]
    told = ", ".join(f"head {head} {number(weight)}" for head, weight in enumerate(first))
    assert page.locator(".ak-readout").inner_text() == f"“s0w0” looks at “s0w0”: {told}"
    box.press("Space")
    assert paths.count() == 0


def test_one_head_has_no_slider_that_cannot_move(show):
    page = show(Heads(weights=weights(N, N), tokens=TOKENS[0]))
    assert page.get_by_role("slider").count() == 1  # the token that looks
    assert page.get_by_role("checkbox").count() == 0


def test_a_long_sequence_turns_its_pages(show):
    words = [f"w{i}" for i in range(67)]
    page = show(Heads(weights=weights(2, 67, 67), tokens=words))
    page.get_by_role("slider", name="token that looks").press("End")
    assert "tokens 64 to 66 of 67" in page.locator(".ak-last").inner_text()
    assert page.locator("details.ak-numbers tbody th").all_text_contents()[:3] == ["64: w64", "65: w65", "66: w66"]


def test_typed_html_stays_text_and_nothing_breaks_it(show):
    page = show(Heads(weights=weights(3, 2, 2), tokens=["<img src=x onerror=alert(1)>", "</script><b>x</b>"]))
    assert page.locator("img, b").count() == 0
    told = page.locator("figure.attnkit").evaluate(RANDOM_EVENTS)
    assert isinstance(told, int), told


def test_it_fits_a_phone(tmp_path, browser):
    phone = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = phone.new_page()
    body = f"<style>{bundle.stylesheet()}</style>{make().static_html()}"
    (tmp_path / "page.html").write_text(f"{HEAD}{body}<script>{bundle.page_script()}</script>", encoding="utf-8")
    page.goto((tmp_path / "page.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for control in page.locator(".ak-gallery button, input[type=range], select").all():
        assert control.bounding_box()["height"] >= 44
    phone.close()
