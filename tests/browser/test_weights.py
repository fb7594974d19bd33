"""Promise: a page loads a model's weights when the reader comes near, once, and says so when it cannot."""

from __future__ import annotations

import pytest

from attnkit.widgets.frame import bundle, weights
from tests.probe import ROOT, make_probe, said
from tools.lab import jupyterlab, open_notebook, run_cell, write_notebook

CELL = f"""
import sys, tempfile
from pathlib import Path
import pytest
sys.path.insert(0, {str(ROOT)!r})
from tests.probe import make_probe
Probe = make_probe(pytest.MonkeyPatch(), Path(tempfile.mkdtemp()))
Probe(models=["two", "one"])
"""
GAP = "<div style='height: 4000px'></div>"


@pytest.fixture
def site(monkeypatch, tmp_path):
    """Write a page with widgets that need weights, and hand over the folder, the widget's class and a browser page."""
    probe = make_probe(monkeypatch, tmp_path)
    folder = tmp_path / "site"
    (folder / "weights").mkdir(parents=True)

    def write(body: str, *names: str) -> str:
        for name in names:
            (folder / "weights" / f"{name}.js").write_text(weights.script(name), encoding="utf-8")
        policy = "<meta http-equiv=Content-Security-Policy content=\"default-src 'self'; style-src 'unsafe-inline'\">"
        (folder / "attnkit.js").write_text(bundle.page_script.__wrapped__(), encoding="utf-8")
        (folder / "page.html").write_text(
            f"<!doctype html><meta charset=utf-8>{policy}<script async src=attnkit.js></script>{body}", encoding="utf-8"
        )
        return (folder / "page.html").as_uri()

    return probe, write


def scripts(page) -> list[str]:
    return page.locator("script[src*=weights]").evaluate_all("(found) => found.map((script) => script.src)")


def test_weights_come_when_the_reader_does_and_once(site, context):
    probe, write = site
    figures = probe().static_html() + probe(models=["one", "two"]).static_html()
    page = context.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(write(GAP + figures, "one", "two"))
    page.locator("figure[data-live]").nth(1).wait_for(state="attached")
    page.wait_for_timeout(300)
    assert scripts(page) == []
    assert page.get_by_role("status").first.inner_text() == "The translator will be loaded when you come near."
    page.mouse.wheel(0, 4000)
    page.get_by_text(f"{said(0)} | {said(1)}").wait_for()
    assert page.locator(".said").all_inner_texts() == [said(0), f"{said(0)} | {said(1)}"]
    assert [address.rpartition("/")[2] for address in scripts(page)] == [
        f"{name}.js?v={weights.version(name)}" for name in ("one", "two")
    ]
    assert page.get_by_role("status").count() == 0
    assert page.evaluate("Object.keys(attnkitWeights)") == []
    assert errors == []


def test_a_reader_without_a_network_gets_a_sentence_and_can_try_again(site, context):
    probe, write = site
    page = context.new_page()
    page.goto(write(probe().static_html()))
    page.get_by_text("could not be loaded. Are you online?").wait_for()
    page.get_by_role("button", name="Try again").focus()
    page.keyboard.press("Enter")
    page.get_by_text("could not be loaded. Are you online?").wait_for()
    assert page.evaluate("document.activeElement.textContent") == "Try again"
    write("", "one")
    page.keyboard.press("Enter")
    page.get_by_text(said(0)).wait_for()
    assert page.get_by_role("button").count() == 0


@pytest.mark.parametrize("script", ["", "window.attnkitWeights = {one: '%'}", "window.attnkitWeights = {one: 'AAAA'}"])
def test_damaged_weights_get_a_sentence(site, context, tmp_path, script):
    probe, write = site
    address = write(probe().static_html())
    (tmp_path / "site" / "weights" / "one.js").write_text(script, encoding="utf-8")
    page = context.new_page()
    page.goto(address)
    page.get_by_role("button", name="Try again").wait_for()
    assert page.get_by_role("status").inner_text().startswith(("The translator's weights", "These weights are damaged"))


def test_in_jupyterlab_the_kernel_sends_the_weights(tmp_path, context):
    write_notebook(tmp_path / "weights.ipynb", [CELL])
    with jupyterlab(tmp_path) as address:
        page = context.new_page()
        open_notebook(page, f"{address}/lab/tree/weights.ipynb")
        run_cell(page, 0)
        page.get_by_text(f"{said(1)} | {said(0)}").wait_for(timeout=90_000)
        assert page.get_by_role("button", name="Try again").count() == 0
