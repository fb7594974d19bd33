"""Promise: every slider changes its numbers without a kernel, by mouse, finger and keyboard, and nothing breaks one."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import expect

from attnkit.widgets import ScoreHeatmap, TwoVectors
from attnkit.widgets.frame import bundle
from tests.browser.conftest import HTML, LIVE

pytestmark = pytest.mark.usefixtures("site")


def figures(page):
    """Come near every widget, and wait until the translators that it asks for have arrived."""
    found = page.locator("figure.attnkit[data-live]").all()
    assert found
    for figure in found:
        figure.scroll_into_view_if_needed()
        expect(figure.locator(".ak-loading")).to_have_count(0)
    return found


def shown(figure) -> str:
    """Return the widget's table of numbers as the reader sees it."""
    if not figure.locator("details.ak-numbers").evaluate("(details) => details.open"):
        figure.locator("details.ak-numbers > summary").click()
    return figure.locator("details.ak-numbers table").inner_text()


@pytest.mark.parametrize("path", LIVE)
def test_every_widget_is_live(visit, path):
    page = visit(path)
    written = BeautifulSoup((HTML / path).read_text("utf-8"), "html.parser").select("figure.attnkit")
    assert len(figures(page)) == len(written)


def test_every_kind_of_widget_stands_in_the_book():
    pages = [BeautifulSoup((HTML / path).read_text("utf-8"), "html.parser") for path in LIVE]
    kinds = {figure["data-widget"] for page in pages for figure in page.select("figure.attnkit")}
    assert kinds == set(bundle.names())


@pytest.mark.parametrize("path", LIVE)
def test_every_slider_changes_its_numbers_from_the_keyboard(visit, path):
    page = visit(path)
    moved = 0
    for figure in figures(page):
        sliders = figure.locator("input[type=range]:enabled").all()
        for slider in sliders:
            before, now = shown(figure), slider.input_value()
            slider.focus()
            page.keyboard.press("Home")
            if slider.input_value() == now:
                page.keyboard.press("End")
            assert slider.input_value() != now
            assert shown(figure) != before, f"{slider.get_attribute('aria-valuetext')} changed nothing"
            assert slider.get_attribute("aria-valuetext")
            # Back to the start: a temperature can change nothing once all scores are the same.
            slider.evaluate("(input, value) => { input.value = value; input.dispatchEvent(new Event('input')); }", now)
            assert shown(figure) == before
            moved += 1
        if not sliders and figure.locator("details.ak-numbers").count():
            assert_lists_and_fields_change(figure)
            moved += 1
    assert moved > 0


def assert_lists_and_fields_change(figure):
    """Where a widget has no sliders, each of its number fields changes its numbers, or some option of a list does."""
    before = shown(figure)
    fields = figure.locator("input[type=number]").all()
    for field in fields:
        now = field.input_value()
        field.fill("0.5" if now != "0.5" else "-1")
        assert shown(figure) != before, f"{field.get_attribute('aria-label')} changed nothing"
        field.fill(now)
        assert shown(figure) == before
    # A list can choose what a button will do, or what the picture shows, and leave the numbers as they are.
    assert fields or any(changes(figure, choice, before) for choice in figure.locator("select").all())


def changes(figure, choice, before):
    options = choice.locator("option").evaluate_all("(all) => all.map((one) => one.value)")
    choice.select_option(next(one for one in reversed(options) if one not in {"", choice.input_value()}))
    return shown(figure) != before


@pytest.mark.parametrize("path", LIVE)
def test_the_page_starts_with_the_numbers_that_python_wrote(visit, path):
    page = visit(path)
    soup = BeautifulSoup((HTML / path).read_text("utf-8"), "html.parser")
    for figure, written in zip(figures(page), soup.select("figure.attnkit"), strict=True):
        if table := written.select_one("table"):
            cells = [cell.get_text() for cell in table.select("th, td")]
            shown(figure)
            assert figure.locator("details.ak-numbers :is(th, td)").all_text_contents() == cells


@pytest.mark.parametrize("path", LIVE)
def test_tab_reaches_every_control_and_shows_where_it_is(visit, path):
    page = visit(path)
    for figure in figures(page):
        controls = figure.locator("input:enabled:not([type=radio]), select, button:enabled, [tabindex='0'], summary")
        for control in controls.all():
            control.focus()
            page.keyboard.press("Tab")
            page.keyboard.press("Shift+Tab")
            assert control.evaluate("(control) => control === document.activeElement")
            assert control.evaluate("(control) => getComputedStyle(control).outlineStyle") != "none"


RANDOM_EVENTS = """(figure) => {
    let seed = 7;
    const random = (n) => (seed = (seed * 48271) % 2147483647) % n;
    const events = [];
    for (let i = 0; i < 200; i++) {
        const kinds = "input, select, button:not([disabled]), svg, circle, [tabindex='0']";
        const controls = [...figure.querySelectorAll(kinds)];
        const control = controls[random(controls.length)];
        const fire = (event) => control.dispatchEvent(event);
        if (control.disabled) continue;
        if (control.type === "range") {
            control.value = Number(control.min) + (random(1001) / 1000) * (control.max - control.min);
            fire(new Event("input", { bubbles: true }));
        } else if (control.type === "checkbox" || control.type === "radio" || control.tagName === "BUTTON") {
            control.click();
        } else if (control.tagName === "SELECT") {
            control.selectedIndex = random(control.options.length);
            fire(new Event("change", { bubbles: true }));
        } else if (control.tabIndex === 0) {
            const key = ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "x"][random(5)];
            fire(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
        } else {
            const box = control.getBoundingClientRect();
            const clientX = box.left + random(Math.ceil(box.width) + 9);
            const clientY = box.top + random(Math.ceil(box.height) + 9);
            fire(new PointerEvent("pointermove", { clientX, clientY, pointerType: "mouse", bubbles: true }));
        }
        const broken = figure.outerHTML.match(/NaN|undefined|Infinity|\\[object/);
        if (broken) return `${broken} after event ${i} on ${control.outerHTML.slice(0, 120)}`;
        events.push(control.tagName);
    }
    return events.length;
}"""


@pytest.mark.parametrize("path", LIVE)
def test_two_hundred_random_events_leave_no_error_and_no_nan(visit, path):
    page = visit(path)
    page.evaluate("document.querySelectorAll('details').forEach((details) => (details.open = true))")
    for figure in figures(page):
        told = figure.evaluate(RANDOM_EVENTS)
        assert isinstance(told, int), told
        assert told > 100


@pytest.mark.parametrize("path", LIVE)
def test_a_question_gives_every_answer_its_reason_only_after_the_commitment(visit, path):
    page = visit(path)
    for figure in page.locator("figure.attnkit[data-widget='frame/predict']").all():
        commit = figure.get_by_role("button", name="This is my answer")
        radios = figure.get_by_role("radio")
        for i in range(radios.count()):
            assert figure.locator(".ak-reason").count() == 0
            assert commit.is_disabled()
            radios.nth(i).focus()
            page.keyboard.press("Space")
            commit.press("Enter")
            assert figure.locator(".ak-reason").count() == radios.count()
            assert figure.get_by_role("status").inner_text() in ("Right.", "Not quite: read why.")
            figure.get_by_role("button", name="Ask me again").press("Enter")


@pytest.fixture
def alone(tmp_path, context):
    """Open one widget on a bare page."""

    def open_widget(widget, *, touch=None):
        file = tmp_path / "alone.html"
        file.write_text(
            f"<!doctype html><meta charset=utf-8><meta name=viewport content='width=device-width'>"
            f"<style>{bundle.stylesheet()}</style>{widget.static_html()}<script>{bundle.page_script()}</script>",
            encoding="utf-8",
        )
        page = (touch or context).new_page()
        page.goto(file.as_uri())
        return page

    return open_widget


def centre(locator):
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_a_vector_can_be_dragged(alone):
    page = alone(TwoVectors(query=[2, 1], key=[1, 2], scale=0.5))
    x, y = centre(page.locator("circle.ak-key"))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y - 20, steps=4)
    page.mouse.up()
    page.mouse.move(x, y)
    state = page.locator("input[type=range]").evaluate_all("(inputs) => inputs.map((input) => Number(input.value))")
    unit = page.locator("svg.ak-plane").first.bounding_box()["width"] / 9
    assert state[:2] == [2, 1]
    assert state[2:4] == pytest.approx([1 + 80 / unit, 2 + 40 / unit], abs=0.11)


def test_a_vector_can_be_dragged_by_a_finger(alone, browser):
    phone = browser.new_context(has_touch=True, viewport={"width": 390, "height": 844})
    page = alone(TwoVectors(), touch=phone)
    x, y = centre(page.locator("circle.ak-query"))
    session = phone.new_cdp_session(page)
    for kind, dx in (("touchStart", 0), ("touchMove", -30), ("touchMove", -60), ("touchEnd", None)):
        points = [] if dx is None else [{"x": x + dx, "y": y}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    page.wait_for_function("() => Number(document.querySelector('input[type=range]').value) < 1", timeout=5000)
    phone.close()


def test_heatmap_reads_a_cell_out_to_mouse_keys_and_finger(alone, browser):
    widget = ScoreHeatmap(tokens=["let's", "go"], vectors=[[1, 0], [3, 4]])
    wanted = "query “go”, key “go”: dot product 25.000"
    page = alone(widget)
    last = page.locator("svg.ak-heatmap .ak-cell").nth(3)
    page.mouse.move(*centre(last))
    assert page.locator(".ak-readout").inner_text() == wanted
    page.reload()
    page.get_by_role("group", name="Scores").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    assert page.locator(".ak-readout").inner_text() == wanted
    phone = browser.new_context(has_touch=True, viewport={"width": 390, "height": 844})
    page = alone(widget, touch=phone)
    page.touchscreen.tap(*centre(page.locator("svg.ak-heatmap .ak-cell").nth(3)))
    assert page.locator(".ak-readout").inner_text() == wanted
    phone.close()


def test_no_word_beside_a_heatmap_is_cut(alone):
    words = ["emocionado", "económica", "smelling", "mammoth", "www"]
    page = alone(ScoreHeatmap(tokens=words, vectors=[[i, 1] for i in range(5)]))
    frame = page.locator("svg.ak-heatmap").bounding_box()
    for label in page.locator("svg.ak-heatmap :is(text.ak-query, text.ak-key)").all():
        box = label.bounding_box()
        assert frame["x"] <= box["x"], label.text_content()
        assert frame["y"] <= box["y"], label.text_content()


def test_normalising_shows_that_dot_and_cosine_agree(alone):
    page = alone(TwoVectors(query=[3, 0], key=[2, 2]))
    results = page.locator(".ak-results dd")
    assert results.nth(0).inner_text() != results.nth(1).inner_text()
    page.get_by_label(re.compile("normalise")).check()
    assert results.nth(0).inner_text() == results.nth(1).inner_text() == "0.707"


def test_typed_html_stays_text(alone):
    page = alone(ScoreHeatmap(tokens=["<img src=x onerror=alert(1)>", "</script><b>x</b>"], vectors=[[1], [2]]))
    page.locator("details.ak-numbers > summary").click()
    assert page.locator("img, b").count() == 0
    assert "<img src=x onerror=alert(1)>" in page.locator("table").inner_text()


def test_two_copies_on_a_page_do_not_meet(tmp_path, context):
    file = tmp_path / "two.html"
    copies = TwoVectors().static_html() * 2
    file.write_text(
        f"<!doctype html><meta charset=utf-8>{copies}<script>{bundle.page_script()}</script>", encoding="utf-8"
    )
    page = context.new_page()
    page.goto(file.as_uri())
    first, second = page.locator("figure.attnkit").all()
    first.locator("input[type=range]").first.focus()
    page.keyboard.press("Home")
    assert first.locator("input").first.input_value() == "-4"
    assert second.locator("input").first.input_value() == "2"
    assert (
        page.evaluate("new Set([...document.querySelectorAll('[id]')].map((e) => e.id)).size")
        == page.locator("[id]").count()
    )
