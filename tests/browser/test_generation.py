"""Promise: a reader lets the language model write, step by step and by every knob, by keyboard and without a kernel."""

from __future__ import annotations

import pytest

from attnkit.widgets import Generation
from attnkit.widgets.frame.widget import number


@pytest.fixture
def page(alone):
    return alone(Generation())


def text(page) -> list[str]:
    return page.locator(".ak-written").inner_text().split()


def words_of(widget: Generation) -> list[str]:
    ended = widget._steps()[-1].word == "<eos>"
    return [*widget.text.split(), *["<eos>"] * ended]


def test_the_keyboard_leads_through_every_step_and_the_cache_grows(page):
    widget = Generation()
    step = page.get_by_role("slider", name="step")
    stored = page.locator(".ak-results dd")
    for number_, one in enumerate(widget._steps()):
        widget.step = number_
        assert page.locator(".ak-written strong").inner_text() == one.word
        new = len(widget.cache) if number_ == 0 else 1
        assert stored.all_inner_texts() == [str(len(widget.cache) - new), str(new), str(len(widget.cache))]
        assert f"above {number(one.draw)}" in page.locator(".ak-equation").inner_text()
        step.press("ArrowRight")
    page.get_by_role("button", name="Next step").press("Enter")
    assert step.input_value() == str(len(widget._steps()))
    page.get_by_role("button", name="Step back").press("Enter")
    assert step.input_value() == str(max(1, len(widget._steps()) - 1))


def test_every_knob_writes_what_python_writes(page):
    for name, key, state in (
        ("top-k", "Home", {"top_k": 1}),
        ("temperature", "End", {"top_k": 1, "temperature": 2.0}),
        ("top-k", "End", {"temperature": 2.0}),
        ("seed", "Home", {"temperature": 2.0, "seed": 0}),
        ("top-p", "Home", {"temperature": 2.0, "seed": 0, "top_p": 0.05}),
    ):
        page.get_by_role("slider", name=name).press(key)
        assert text(page) == words_of(Generation(**state))


def test_words_that_are_cut_are_marked_in_words_too(page):
    page.get_by_role("slider", name="top-k").press("Home")
    for _ in range(2):
        page.get_by_role("slider", name="top-k").press("ArrowRight")
    assert page.locator(".ak-draws s").count() == 5
    assert page.locator(".ak-draws").inner_text().count("✗ top-k") == 5
    assert page.locator(".ak-draws").get_attribute("aria-label").count("cut by top-k") == 5


def test_a_beginning_of_ones_own_is_continued_and_its_unknown_words_are_named(page):
    box = page.get_by_label("or type your own")
    box.fill("see <i>qwx</i>")
    box.press("Enter")
    assert "“qwx”" in page.locator(".ak-told").inner_text()
    assert "qwx (?)" in page.locator(".ak-written").inner_text()
    assert page.locator("i").count() == 0
    box.fill("")
    page.get_by_role("button", name="Go on").press("Enter")
    assert "begins from <bos> alone" in page.locator(".ak-told").inner_text()
    assert text(page) == words_of(Generation(prompt=""))
    box.fill("go " * 61)
    page.get_by_role("button", name="Go on").press("Enter")
    assert "60 words at most; yours has 61" in page.locator(".ak-told").inner_text()
    assert text(page) == words_of(Generation(prompt=""))


def test_a_cell_tells_whether_it_comes_from_the_cache(page):
    map_ = page.get_by_role("group", name="Where the newest word looks")
    map_.press("ArrowDown")
    assert "“<bos>”" in page.locator(".ak-readout").inner_text()
    assert "computed at this step" in page.locator(".ak-readout").inner_text()
    page.get_by_role("button", name="Next step").press("Enter")
    map_.press("ArrowDown")
    assert "from the cache" in page.locator(".ak-readout").inner_text()
