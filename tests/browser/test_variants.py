"""Promise: the page of chapter 5 loads a model when it is chosen, and takes any sentence a reader may type."""

from __future__ import annotations

import pytest
import torch

from attnkit import checkpoints
from attnkit.experiments import RECIPES
from attnkit.language import ENGLISH, SPANISH
from attnkit.models import Config, build
from attnkit.widgets import Variants
from attnkit.widgets.frame import bundle, weights
from attnkit.widgets.luong.variants import GROUPS

MODELS = ["general", "local-m-2", "local-p-2"]


@pytest.fixture
def page(monkeypatch, tmp_path, context):
    """Open the widget on a page of its own, with small fresh translators, and note what it asks for."""
    sizes = {"source_words": len(ENGLISH), "target_words": len(SPANISH), "d_embedding": 5, "d_hidden": 14}
    torch.manual_seed(7)
    monkeypatch.setattr(weights, "FOLDER", tmp_path)
    (tmp_path / "weights").mkdir()
    for name in MODELS:
        model = build(Config(**sizes, **RECIPES[name].design))
        checkpoints.save(tmp_path / f"{name}.safetensors", model, ENGLISH, SPANISH, compact=True)
        (tmp_path / "weights" / f"{name}.js").write_text(weights.script(name), encoding="utf-8")
    widget = Variants(models=MODELS, sentence="i see him")
    (tmp_path / "alone.html").write_text(
        f"<!doctype html><meta charset=utf-8><style>{bundle.stylesheet()}</style>{widget.static_html()}"
        f"<script>{bundle.page_script.__wrapped__()}</script>",
        encoding="utf-8",
    )
    view = context.new_page()
    view.asked, view.wrong = [], []
    view.on("request", lambda request: view.asked.append(request.url.rpartition("/")[2].partition(".js")[0]))
    view.on("pageerror", lambda error: view.wrong.append(str(error)))
    view.on("console", lambda message: view.wrong.append(message.text))
    view.goto((tmp_path / "alone.html").as_uri())
    view.locator(".ak-said li").first.wait_for()
    yield view
    assert view.wrong == []


def test_only_the_chosen_models_weights_are_loaded_and_each_once(page):
    assert page.asked[1:] == ["general"]
    chosen = page.get_by_label("model")
    groups = chosen.locator("optgroup").evaluate_all("(all) => all.map((one) => one.label)")
    assert groups == list(dict.fromkeys(GROUPS[name] for name in MODELS))
    for name in ("local-p-2", "general", "local-p-2"):
        page.get_by_label("model").select_option(name)
        page.locator(f".ak-said [aria-current] >> text={RECIPES[name].about}").wait_for()
    assert page.asked[1:] == ["general", "local-p-2"]
    assert page.locator(".ak-said li").count() == 2


def test_a_window_is_drawn_on_the_map_and_told_in_words(page):
    assert page.locator(".ak-windows rect").count() == 0
    page.get_by_label("model").select_option("local-m-2")
    page.locator(".ak-windows rect").first.wait_for()
    first = page.locator(".ak-windows rect").first.bounding_box()
    pixels = page.locator(".ak-pixels").bounding_box()
    # Around the first word stand itself and two more, and these are all three of the sentence.
    assert first["width"] == pytest.approx(pixels["width"], abs=4)
    page.get_by_role("group", name="Weights").focus()
    page.keyboard.press("ArrowDown")
    assert page.locator(".ak-readout").inner_text().endswith("to each side of 0.00, where 0 is the first word")


def test_what_a_reader_types_is_translated_and_stays_text(page):
    page.get_by_label("or type your own").fill("Don’t eat <img src=x onerror=alert(1)> zzz")
    assert page.locator("img").count() == 0
    assert "read as <unk>: “<”, “img”" in page.locator(".ak-label").inner_text()
    assert page.get_by_label("sentence").input_value() == ""
    page.get_by_label("sentence").select_option("let's go")
    assert page.get_by_label("or type your own").input_value() == "let's go"


@pytest.mark.parametrize(("typed", "words"), [(" ", "one or more words"), ("go " * 61, "60 words at most")])
def test_a_sentence_that_is_too_short_or_too_long_gets_a_sentence(page, typed, words):
    before = page.locator(".ak-said").inner_text()
    field = page.get_by_label("or type your own")
    field.fill(typed)
    assert words in page.get_by_role("status").filter(has_text="words").inner_text()
    assert field.get_attribute("aria-invalid") == "true"
    assert page.locator(".ak-said").inner_text() == before
    field.fill("i see him")
    assert field.get_attribute("aria-invalid") == "false"
    assert page.locator(".ak-told").inner_text() == ""


def test_it_stands_in_a_narrow_page_without_a_scroll_bar(page):
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
