"""From navigation to the first slider that works, and the bytes on the way: ours against the stock route.

The stock page is the same chapter page with the widgets' route exchanged: require.js and Jupyter's html-manager,
served by ourselves, and the same number of ipywidgets sliders, each in the place of one of our widgets.
"""

from __future__ import annotations

import gzip
import json
import re
import shutil
import statistics
import tempfile
import threading
from pathlib import Path

import ipywidgets
from ipywidgets.embed import dependency_state
from playwright.sync_api import Browser, Response

from attnkit.widgets.frame import bundle
from tools.serve import make_server

ROOT = Path(__file__).parents[1]
BOOK = ROOT / "_build" / "html"
NPM = ROOT / "bench" / "node_modules"
CHAPTER = "notebooks/03_weighted_sum.html"
WITHOUT_SLIDERS = {"05_luong"}  # its widget has lists
VIEW, STATE = "application/vnd.jupyter.widget-view+json", "application/vnd.jupyter.widget-state+json"

# In each frame: is there a slider, and has its number changed since it was moved?
WATCH = """
(() => {
    const kinds = [
        {
            slider: "figure.attnkit[data-live] input[type=range]",
            number: "figure.attnkit[data-live] .ak-now",
            move(slider) {
                slider.value = slider.value === slider.max ? slider.min : slider.max;
                slider.dispatchEvent(new Event("input", { bubbles: true }));
            },
        },
        {
            slider: ".noUi-handle",
            number: ".widget-readout",
            move: (slider) => slider.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true })),
        },
    ];
    const starts = new Map();
    const works = (kind) => {
        const [slider, number] = [kind.slider, kind.number].map((selector) => document.querySelector(selector));
        if (!slider || !number) return false;
        if (!starts.has(kind)) {
            starts.set(kind, number.textContent);
            kind.move(slider);
        }
        return number.textContent !== starts.get(kind);
    };
    const look = () => {
        if (kinds.some(works)) {
            window.firstSlider = performance.now();
            return;
        }
        // Where the first slider has to wait for a trained model, the reader is in front of it.
        const waiting = document.querySelector("figure.attnkit[data-weights]");
        if (waiting && !document.querySelector(kinds[0].slider)) waiting.scrollIntoView();
        requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
})();
"""

FOUND = """() => new Promise((resolve, reject) => {
    const ask = () => (window.firstSlider ? resolve(window.firstSlider) : setTimeout(ask, 20));
    setTimeout(() => reject(new Error("no slider on this page has worked within 30 s")), 30_000);
    ask();
})"""


def measure(browser: Browser, *, loads: int = 9) -> dict[str, float]:
    """Return the medians in milliseconds, the ratio, and the weights in gzipped kilobytes."""
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder, "site")
        shutil.copytree(BOOK, site)
        stock = write_stock_page(site)
        server = make_server(site, port=0)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        times: dict[str, list[float]] = {CHAPTER: [], stock: []}
        for _ in range(loads):  # in turn, so that a slow moment of the machine meets both
            for page, found in times.items():
                found.append(_first_slider(browser, f"{address}/{page}"))
        ours, theirs = (statistics.median(found) for found in times.values())
        rows = {
            "ours: first working slider, median ms": ours,
            "require.js + html-manager: first working slider, median ms": theirs,
            "times sooner (wanted: 4)": theirs / ours,
        }
        for name, page in (("ours", CHAPTER), ("require.js + html-manager", stock)):
            page_kb, picture_kb = _weight(browser, f"{address}/{page}")
            rows[f"{name}: chapter page without pictures, kB gzip"] = page_kb
            rows[f"{name}: its pictures, kB gzip"] = picture_kb
        for page in sorted(BOOK.glob("notebooks/*.html")):
            there = f"{address}/notebooks/{page.name}"
            rows[f"{page.stem}: page without pictures, kB gzip (at most 300)"] = _weight(browser, there)[0]
            if page.stem not in WITHOUT_SLIDERS:
                found = [_first_slider(browser, there) for _ in range(3)]
                rows[f"{page.stem}: first working slider, median ms"] = statistics.median(found)
        server.shutdown()
        server.server_close()
    pages = (bundle.shown_on(path.read_text(encoding="utf-8")) for path in BOOK.glob("**/*.html"))
    rows["widget code of the heaviest page, kB gzip (at most 40)"] = max(
        _kb((bundle.page_script(*shown) + bundle.stylesheet()).encode()) for shown in pages if shown
    )
    return rows


def write_stock_page(site: Path) -> str:
    """Write the chapter with its widgets on the stock route into ``site``, and return its address there."""
    html = (site / CHAPTER).read_text(encoding="utf-8")
    figures = re.findall(r'<figure class="attnkit".*?</script>.*?</figure>\s*(?=</div>)', html, re.DOTALL)
    sliders = [ipywidgets.FloatSlider(description="scale") for _ in figures]
    for figure, slider in zip(figures, sliders, strict=True):
        view = {"model_id": slider.model_id, "version_major": 2, "version_minor": 0}
        html = html.replace(figure, f'<script type="{VIEW}">{json.dumps(view)}</script>', 1)
    state = {"version_major": 2, "version_minor": 0, "state": dependency_state(sliders)}
    # html-manager compiles its schemas at run time, which our policy would refuse.
    html = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", html)
    html = re.sub(r"<script[^>]*attnkit[^>]*></script>", "", html)
    scripts = (
        f'<script type="{STATE}">{json.dumps(state)}</script>'
        # behind the page's own scripts, one of which would take require.js for its loader
        '<script defer src="../_static/require.js"></script><script defer src="../_static/embed-amd.js"></script>'
    )
    shutil.copy(NPM / "requirejs" / "require.js", site / "_static" / "require.js")
    shutil.copytree(NPM / "@jupyter-widgets" / "html-manager" / "dist", site / "_static", dirs_exist_ok=True)
    page = CHAPTER.replace(".html", "_stock.html")
    (site / page).write_text(html.replace("</body>", f"{scripts}</body>"), encoding="utf-8")
    return page


def _first_slider(browser: Browser, address: str) -> float:
    context = browser.new_context()  # a fresh one each time: nothing is cached
    page = context.new_page()
    page.add_init_script(WATCH)
    page.goto(address)
    found = page.evaluate(FOUND)  # no wait_for_function: it evaluates text, which the page's policy refuses
    context.close()
    return found


def _weight(browser: Browser, address: str) -> tuple[float, float]:
    """Return the gzipped weight of a page with all that it loads, and of the pictures in it."""
    context = browser.new_context()
    page = context.new_page()
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 (playwright marks its listeners)
    page.goto(address, wait_until="networkidle")
    bodies = {answer.url: answer.body() for answer in answers}
    context.close()
    html = bodies.pop(address).decode()
    bare = re.sub(r"<svg.*?</svg>", "", html, flags=re.DOTALL)
    images = [body for url, body in bodies.items() if re.search(r"\.(png|jpe?g|svg|ico|webp)($|\?)", url)]
    rest = [body for url, body in bodies.items() if not re.search(r"\.(png|jpe?g|svg|ico|webp)($|\?)", url)]
    pictures = _kb(html.encode()) - _kb(bare.encode()) + sum(map(_kb, images))
    return _kb(bare.encode()) + sum(map(_kb, rest)), pictures


def _kb(body: bytes) -> float:
    return len(gzip.compress(body)) / 1000
