"""Promise: every page loads from its own host alone, without an error, for every reader and on every screen."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import expect

from attnkit.widgets.frame import weights
from tests.browser.conftest import HTML, LIVE, ROOT, Log, toc_pages

PAGES = toc_pages()
AXE = ROOT / "tools" / "node_modules" / "axe-core" / "axe.min.js"
# What the theme itself brings; nothing of ours is excused.
THEME = {"label-content-name-mismatch", "region"}


@pytest.mark.parametrize("path", PAGES)
def test_page_loads_without_foreign_request_error_or_404(visit, path):
    page = visit(path)
    assert page.locator("h1:visible").count() == 1
    page.mouse.wheel(0, 100_000)
    page.wait_for_timeout(100)


def test_the_log_can_tell(context, site):
    log, page = Log(site), context.new_page()
    log.watch(page)
    page.goto(f"{site}/{PAGES[0]}")
    page.evaluate("console.error('loud'); fetch('/nowhere'); fetch('http://127.0.0.1:9/').catch(() => 0)")
    page.wait_for_timeout(300)
    assert any("loud" in complaint for complaint in log.complaints)
    assert any("status 404" in complaint for complaint in log.complaints)


@pytest.mark.parametrize("path", PAGES)
def test_the_policy_in_the_page_makes_the_browser_refuse_other_hosts(context, site, path):
    page = context.new_page()
    page.goto(f"{site}/{path}")
    blocked = page.evaluate(
        """() => new Promise((resolve) => {
            document.addEventListener("securitypolicyviolation", (event) => resolve(event.blockedURI));
            const image = new Image();
            image.src = "http://127.0.0.2:9/tracker.png";
            setTimeout(() => resolve("nothing was refused"), 1000);
        })"""
    )
    assert blocked.startswith("http://127.0.0.2:9")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_of_ours(visit, context, path, scheme):
    page = visit(path)
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.evaluate("document.querySelectorAll('details').forEach((details) => (details.open = true))")
    expect(page.locator("html")).to_have_attribute("data-theme", scheme)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
    ours = {f["id"]: [node["html"][:160] for node in f["nodes"]][:4] for f in found if f["id"] not in THEME}
    assert ours == {}, json.dumps(ours, indent=1)


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_wider_than_a_phone(visit, context, path):
    page = visit(path)
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(100)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("path", PAGES)
def test_words_that_are_wider_than_here_still_fit(visit, context, path):
    """Another machine's fonts are wider: with every letter a little further apart, the page still fits a phone."""
    page = visit(path)
    page.set_viewport_size({"width": 390, "height": 844})
    page.add_style_tag(content=".bd-article * { letter-spacing: 0.04em !important }")
    page.wait_for_timeout(100)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("path", LIVE)
def test_what_comes_with_a_page_is_light(visit, path):
    """Whoever reads a page to its end and touches nothing loads at most 1.5 MB of translators, none without need.

    A Transformer is larger, and a page with one may load 2 MB.
    """
    page = visit(path)
    expect(page.locator("figure[data-weights]:not([data-live])")).to_have_count(0)
    for figure in page.locator("figure[data-weights]").all():
        figure.scroll_into_view_if_needed()
        expect(figure.locator(".ak-loading")).to_have_count(0)
    # The page itself says what it fetched: a listener would hear nothing of what came before it was there.
    fetched = page.evaluate("performance.getEntriesByType('resource').map((entry) => new URL(entry.name).pathname)")
    bodies = [(HTML / place.lstrip("/")).read_bytes() for place in fetched if "/_static/weights/" in place]
    needed = weights.needed_by((HTML / path).read_text("utf-8"))
    assert bool(bodies) == bool(needed)
    assert sum(len(gzip.compress(body)) for body in bodies) <= (2_000_000 if "transformer" in needed else 1_500_000)


@pytest.mark.parametrize("path", PAGES)
def test_no_page_names_a_folder_of_whoever_built_it(path):
    assert str(ROOT) not in (HTML / path).read_text("utf-8")


@pytest.mark.parametrize("place", ["play", "measure", "exercises"])
@pytest.mark.parametrize("path", [path for path in LIVE if path.startswith("notebooks")])
def test_a_link_into_a_chapter_leads_to_its_heading(visit, path, place):
    page = visit(f"{path}#{place}")
    heading = page.locator(f"#{place} > h2")
    heading.wait_for()
    page.wait_for_timeout(300)  # the rest of the chapter is laid out once it has been read in
    assert 0 <= heading.bounding_box()["y"] < page.viewport_size["height"] / 2


@pytest.mark.parametrize("path", LIVE)
def test_pages_work_from_a_folder(visit, path):
    page = visit(path, own=HTML.as_uri())
    assert page.locator("figure.attnkit").count() == page.locator("figure.attnkit[data-live]").count() > 0


@pytest.mark.parametrize("path", LIVE)
def test_without_javascript_a_labelled_picture_stands_there(browser, site, path):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/{path}")
    figures = page.locator("figure.attnkit").all()
    assert figures
    for figure in figures:
        assert figure.locator(".ak-label").is_visible()
        assert figure.locator(".ak-label").inner_text().strip()
        if figure.get_attribute("data-widget") == "frame/predict":
            figure.locator("summary").first.click()
            assert figure.locator("details p").first.is_visible()
            continue
        picture = figure.locator("svg[role=img]").first
        assert picture.is_visible()
        assert picture.get_attribute("aria-label")
        assert picture.bounding_box()["height"] > 60
        figure.locator("summary").click()
        assert figure.locator("table").is_visible()
    context.close()


@pytest.mark.parametrize("path", PAGES)
def test_every_local_link_leads_somewhere(path):
    soup = BeautifulSoup((HTML / path).read_text(encoding="utf-8"), "html.parser")
    lost = []
    for link in soup.select("a[href], link[href], script[src], img[src]"):
        address = link.get("href") or link.get("src")
        if address.startswith(("http:", "https:", "mailto:", "data:", "javascript:")):
            continue
        file, fragment = urldefrag(address)
        target = (HTML / path).parent / unquote(file.split("?")[0]) if file else HTML / path
        if not target.exists() or (
            fragment and target.suffix == ".html" and unquote(fragment) not in ids(target.resolve())
        ):
            lost.append(address)
    assert lost == []


@cache
def ids(page: Path) -> set[str]:
    """Return every name that a link into this page can lead to."""
    return {element["id"] for element in BeautifulSoup(page.read_text("utf-8"), "html.parser").select("[id]")}
