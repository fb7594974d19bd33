"""Translators in the page: how heavy they are, and how long a sentence of 20 words takes."""

from __future__ import annotations

import gzip
import statistics
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Route

from attnkit.language import make_pairs
from attnkit.widgets.frame import weights

ROOT = Path(__file__).parents[1]
BOOK = ROOT / "_build" / "html"
NAMES = ("none", "bahdanau", "general", "transformer")
WORDS, SENTENCES = 20, 50

TRANSLATE_JS = """async ([name, sentences]) => {
    const { readTranslator } = await import("/widgets/frame/checkpoint.mjs");
    const { Seq2Seq } = await import("/widgets/frame/seq2seq.mjs");
    const { Transformer } = await import("/widgets/frame/transformer.mjs");
    const bytes = await (await fetch(`/weights/${name}.safetensors`)).arrayBuffer();
    const translator = readTranslator(new Uint8Array(bytes), [Seq2Seq, Transformer]);
    return sentences.map((words) => {
        const start = performance.now();
        translator.translate(words);
        return performance.now() - start;
    });
}"""


def measure(browser: Browser) -> dict[str, float]:
    """Return each page's weights in gzipped kilobytes, and the medians in milliseconds."""
    rows: dict[str, float] = {}
    for path in sorted(BOOK.glob("**/*.html")):
        if weights.needed_by(path.read_text("utf-8")):
            rows[f"{path.stem}: translators that come with the page, kB gzip (at most 2,000)"] = _weight(browser, path)
    sentences = [pair.source for pair in make_pairs(SENTENCES, seed=0, lengths=(WORDS, WORDS))]
    for name in NAMES:
        context = browser.new_context()
        context.route("**/*", _answer)
        page = context.new_page()
        page.goto("http://attnkit.test/")
        times = page.evaluate(TRANSLATE_JS, [name, sentences])
        rows[f"{name}: a sentence of {WORDS} words, median ms (at most 30)"] = statistics.median(times)
        context.close()
    return rows


def _weight(browser: Browser, path: Path) -> float:
    """Return what somebody loads who reads the page to its end and touches nothing."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(path.as_uri())
    for figure in page.locator("figure[data-weights]").all():
        figure.scroll_into_view_if_needed()
        page.wait_for_timeout(500)
    scripts = page.locator("script[src*='/weights/']").evaluate_all("(found) => found.map((script) => script.src)")
    context.close()
    files = [Path(BOOK, "_static", "weights", Path(urlsplit(address).path).name) for address in scripts]
    return sum(len(gzip.compress(file.read_bytes())) for file in files) / 1000


def _answer(route: Route) -> None:
    """Answer with a file of the package, or with an empty page; nothing leaves this machine."""
    path = urlsplit(route.request.url).path
    if path == "/":
        route.fulfill(body="", content_type="text/html")
    else:
        route.fulfill(path=ROOT / "attnkit" / path[1:])
