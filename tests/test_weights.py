"""Promise: the weights that a widget names reach its page and its kernel, byte for byte, and nothing else does."""

from __future__ import annotations

import base64
import importlib.util
import json
import re
import subprocess
from types import SimpleNamespace

import pytest
from sphinx.errors import ExtensionError

from attnkit.widgets import ScoreHeatmap, TwoVectors
from attnkit.widgets.frame import bundle, weights
from tests.probe import ROOT, make_probe

ENGINES = "function readTranslator", "class Seq2Seq", "class Transformer"


@pytest.fixture
def probe(monkeypatch, tmp_path):
    return make_probe(monkeypatch, tmp_path)


def test_every_shipped_checkpoint_is_read_by_its_name():
    for name in weights.names():
        assert weights.read(name) == (weights.FOLDER / f"{name}.safetensors").read_bytes()


@pytest.mark.parametrize("name", ["three", "", "../shipped/one", "one.safetensors", "/etc/passwd", None, ["one"]])
@pytest.mark.usefixtures("probe")
def test_a_name_that_is_not_shipped_is_refused_with_those_that_are(name):
    with pytest.raises(ValueError, match="weights must be one of one, two; got"):
        weights.read(name)


@pytest.mark.usefixtures("probe")
def test_the_script_hands_the_page_the_same_bytes():
    code = f"globalThis.window = globalThis; {weights.script('one')} {weights.script('two')}"
    run = ["node", "-e", f"{code}; console.log(JSON.stringify(attnkitWeights))"]
    told = json.loads(subprocess.run(run, capture_output=True, text=True, check=True).stdout)
    assert {name: base64.b64decode(text) for name, text in told.items()} == {
        name: weights.read(name) for name in ("one", "two")
    }


def test_other_bytes_have_another_version(probe, tmp_path):
    before = weights.version("one"), weights.version("two")
    assert before[0] != before[1]
    (tmp_path / "shipped" / "one.safetensors").write_bytes(b"new")
    assert weights.version("one") not in before


def test_the_figure_names_the_weights_that_it_needs(probe):
    page = f"<p>{probe(models=['two', 'one']).static_html()}{probe(models=['one']).static_html()}"
    assert weights.needed_by(page) == ["one", "two"]
    assert weights.needed_by(TwoVectors().static_html()) == []
    assert "data-weights" not in TwoVectors().static_html()
    with pytest.raises(ValueError, match="got 'three'"):
        probe(models=["three"]).static_html()


def test_the_page_script_knows_every_version(probe):
    script = bundle.page_script.__wrapped__()
    assert json.dumps({name: weights.version(name) for name in ("one", "two")}) in script


@pytest.mark.usefixtures("probe")
def test_a_module_carries_the_shared_modules_that_it_imports_and_no_other():
    for script in (bundle.esm("probe/probe"), bundle.page_script.__wrapped__("probe/probe")):
        assert [name for name in ENGINES if name in script] == ["function readTranslator", "class Seq2Seq"]


def test_a_page_carries_the_widgets_that_it_shows_and_no_other():
    figure, other = TwoVectors().static_html(), ScoreHeatmap(tokens=["a"], vectors=[[1]]).static_html()
    assert bundle.shown_on(f"<p>{figure}</p>{other}{figure}") == ("scoring/score_heatmap", "scoring/two_vectors")
    assert bundle.shown_on("<figure class='other' data-widget='scoring/two_vectors'>") == ()
    page = bundle.page_script("scoring/two_vectors")
    assert re.findall(r'^widgets\["(.*)"\]', page, re.MULTILINE) == ["scoring/two_vectors"]
    for script in (page, bundle.esm("scoring/two_vectors")):
        assert "function cosine" in script
        assert not any(name in script for name in ENGINES)


def test_no_name_of_a_shared_module_or_of_the_host_meets_another(tmp_path):
    """A page's script is sloppy, where a second function of a name silently replaces the first; a module is not."""
    parts = [bundle._inlined(bundle.FRAME / file) for file in (*bundle.SHARED, "host.js")]
    module = tmp_path / "all.mjs"
    module.write_text("".join(parts), encoding="utf-8")
    assert subprocess.run(["node", "--check", module], capture_output=True, text=True, check=False).stderr == ""


def test_the_kernel_answers_with_the_bytes_and_stores_them_nowhere(probe, monkeypatch):
    widget, sent = probe(), []
    monkeypatch.setattr(type(widget), "send", lambda _, content, buffers=None: sent.append((content, buffers)))
    for name in ("one", "../one"):
        widget._handle_custom_msg({"weights": name}, [])
    assert sent[0] == ({"weights": "one"}, [weights.read("one")])
    assert sent[1][0]["weights"] == "../one"
    assert "must be one of one, two" in sent[1][0]["error"]
    assert weights.script("one")[40:80] not in str(widget.get_state()) + widget.static_html()


# The book's build


@pytest.fixture
def book_widgets():
    spec = importlib.util.spec_from_file_location("book_widgets", ROOT / "book/ext/book_widgets.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_build_writes_what_a_page_needs_and_no_more(probe, book_widgets, tmp_path):
    asked = []
    app = SimpleNamespace(outdir=tmp_path / "html", add_js_file=lambda file, **_: asked.append(file))
    body = probe(models=["two"]).static_html()
    book_widgets.bring(app, "part/chapter", "page.html", {"body": f"<p>{body}</p>{body}"}, None)
    book_widgets.bring(app, "search", "search.html", {}, None)
    static = tmp_path / "html" / "_static"
    assert {path.relative_to(static).as_posix(): path.read_text("utf-8") for path in static.rglob("*.js")} == {
        "attnkit-part-chapter.js": bundle.page_script.__wrapped__("probe/probe"),
        "weights/two.js": weights.script("two"),
    }
    assert asked == ["attnkit-part-chapter.js"]


def test_the_build_stops_at_weights_that_are_not_there(probe, book_widgets, tmp_path):
    body = probe().static_html().replace('data-weights="one"', 'data-weights="gone"')
    app = SimpleNamespace(outdir=tmp_path / "html")
    with pytest.raises(ExtensionError, match=r"a widget on chapter cannot run: weights must be .* got 'gone'"):
        book_widgets.bring(app, "chapter", "page.html", {"body": body}, None)
