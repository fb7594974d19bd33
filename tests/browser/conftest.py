"""The built book on a local address, and a visitor who notices everything that goes wrong on a page."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import BrowserContext, Page

from attnkit.widgets.frame import bundle, weights
from attnkit.widgets.frame.widget import Widget
from tools.serve import make_server

ROOT = Path(__file__).parents[2]
HTML = ROOT / "_build" / "html"


def toc_pages() -> list[str]:
    """Return every page of the book as its address below the root."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    files = [toc["root"], *(chapter["file"] for part in toc["parts"] for chapter in part["chapters"])]
    return [f"{file}.html" for file in files]


#: The pages on which widgets stand.
LIVE = [page for page in toc_pages() if 'class="attnkit"' in (HTML / page).read_text("utf-8")] if HTML.exists() else []


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """Serve the built book; it must be there, because a test that builds it would hide a build that fails."""
    server = make_server(HTML, port=0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@dataclass
class Log:
    """What went wrong while a page was open."""

    own: str
    complaints: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("console", lambda m: self._note(f"console {m.type}: {m.text}", wrong=m.type in ("error", "warning")))
        page.on("pageerror", lambda error: self._note(f"error: {error}"))
        page.on(
            "request",
            lambda r: self._note(f"request to {r.url}", wrong=not r.url.startswith((self.own, "data:", "blob:"))),
        )
        page.on("requestfailed", lambda r: self._note(f"failed: {r.url}"))
        page.on("response", lambda r: self._note(f"status {r.status}: {r.url}", wrong=r.status >= 400))

    def _note(self, complaint: str, *, wrong: bool = True) -> None:
        if wrong:
            self.complaints.append(complaint)


@pytest.fixture
def visit(site: str, context: BrowserContext) -> Iterator[Callable[..., Page]]:
    """Open pages of the book; whatever goes wrong on any of them fails the test at its end."""
    logs = []

    def open_page(path: str, *, own: str = site) -> Page:
        page = context.new_page()
        log = Log(own)
        log.watch(page)
        logs.append(log)
        page.goto(f"{own}/{path}", wait_until="networkidle")
        return page

    yield open_page
    context.close()
    assert [complaint for log in logs for complaint in log.complaints] == []


@pytest.fixture
def alone(tmp_path: Path, context: BrowserContext) -> Iterator[Callable[..., Page]]:
    """Show a widget alone on a page, once all that it loads has arrived; an error in the page fails the test."""
    errors = []

    def show(widget: Widget, *, above: int = 0) -> Page:
        (tmp_path / "weights").mkdir()
        for name in widget.translators():
            (tmp_path / "weights" / f"{name}.js").write_text(weights.script(name), encoding="utf-8")
        script = bundle.page_script.__wrapped__(widget.module)  # what is cached knows other versions of the weights
        (tmp_path / "page.html").write_text(
            "<!doctype html><meta charset=utf-8><meta name=viewport content='width=device-width'>"
            f"<style>{bundle.stylesheet()}</style><p style='height: {above}px'></p>{widget.static_html()}"
            f"<script>{script}</script>",
            encoding="utf-8",
        )
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto((tmp_path / "page.html").as_uri())
        page.locator("figure[data-live]").wait_for()
        if not above:
            page.locator("[data-live] details.ak-numbers > summary").wait_for()
        return page

    yield show
    assert errors == []
