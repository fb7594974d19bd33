"""One tick of a slider on a 32 × 32 map: ours in the page against ``interact`` and matplotlib in a live kernel."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser

from attnkit.widgets import ScoreHeatmap
from attnkit.widgets.frame import bundle
from tools.lab import jupyterlab, open_notebook, run_cell, write_notebook

SIZE, WIDTH = 32, 8
STOCK = f"""
import numpy as np
import matplotlib.pyplot as plt
from ipywidgets import interact

vectors = np.random.default_rng(0).normal(size=({SIZE}, {WIDTH}))

def draw(scale=1.0):
    scaled = vectors.copy()
    scaled[0] *= scale
    plt.imshow(scaled @ scaled.T)
    plt.show()

interact(draw, scale=(0.0, 3.0, 0.05));
"""

# The handler's time, then the time from the start of a frame to the end of its painting: a message that is posted
# in a frame callback arrives when the frame has been drawn.
OURS_JS = """async ([ticks, fire]) => {
    const slider = document.querySelector("input[type=range]");
    const times = [];
    for (let i = 0; i < ticks; i++) {
        times.push(await new Promise((resolve) => requestAnimationFrame(() => {
            const start = performance.now();
            slider.value = ((i * 7) % 60) / 20;
            if (fire) slider.dispatchEvent(new Event("input", { bubbles: true }));
            const handled = performance.now() - start;
            const channel = new MessageChannel();
            channel.port1.onmessage = () => resolve([handled, performance.now() - start]);
            channel.port2.postMessage(0);
        })));
    }
    return times;
}"""

# From the key press on the slider to the new picture in the page: the message's round trip through the kernel.
STOCK_JS = """async (ticks) => {
    const handle = document.querySelector(".noUi-handle");
    const output = document.querySelector(".jupyter-widgets-output-area, .widget-output");
    const times = [];
    for (let i = 0; i < ticks; i++) {
        times.push(await new Promise((resolve) => {
            const old = output.querySelector("img")?.src;
            const start = performance.now();
            const observer = new MutationObserver(() => {
                const image = output.querySelector("img");
                if (!image || image.src === old) return;
                observer.disconnect();
                resolve(performance.now() - start);
            });
            observer.observe(output, { childList: true, subtree: true, attributes: true });
            const key = i % 2 ? "ArrowLeft" : "ArrowRight";
            handle.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
        }));
        await new Promise((resolve) => setTimeout(resolve, 60));
    }
    return times;
}"""


def measure(browser: Browser, *, ticks: int = 200, stock_ticks: int = 30) -> dict[str, float]:
    """Return medians and 95th percentiles in milliseconds, and the ratio of the handlers."""
    with tempfile.TemporaryDirectory() as folder:
        ours = {throttle: _ours(browser, Path(folder), ticks, throttle) for throttle in (1, 4)}
        thumb = _ours(browser, Path(folder), ticks, 4, fire=False)
        stock = _stock(browser, Path(folder), stock_ticks)
    rows = {}
    for throttle, times in ours.items():
        handler, frame = zip(*times, strict=True)
        slower = "" if throttle == 1 else f", CPU throttled {throttle}×"
        rows[f"ours: handler, median ms{slower}"] = statistics.median(handler)
        rows[f"ours: handler and frame, median ms{slower}"] = statistics.median(frame)
        rows[f"ours: handler and frame, 95th percentile ms{slower}"] = float(np.percentile(frame, 95))
    row = "the browser moving the thumb alone, 95th percentile ms, CPU throttled 4×"
    rows[row] = float(np.percentile([frame for _, frame in thumb], 95))
    rows["interact + matplotlib: round trip, median ms"] = statistics.median(stock)
    rows["interact + matplotlib: round trip, 95th percentile ms"] = float(np.percentile(stock, 95))
    rows["handler: times faster than the round trip (wanted: 30)"] = (
        rows["interact + matplotlib: round trip, median ms"] / rows["ours: handler, median ms"]
    )
    rows["one frame at 60 Hz, ms"] = 1000 / 60
    return rows


def _ours(browser: Browser, folder: Path, ticks: int, throttle: int, *, fire: bool = True) -> list[list[float]]:
    vectors = np.random.default_rng(0).normal(size=(SIZE, WIDTH))
    widget = ScoreHeatmap(tokens=[f"t{i}" for i in range(SIZE)], vectors=vectors)
    file = folder / "ours.html"
    file.write_text(
        f"<!doctype html><meta charset=utf-8><style>{bundle.stylesheet()}</style><body style='width:760px'>"
        f"{widget.static_html()}<script>{bundle.page_script()}</script>",
        encoding="utf-8",
    )
    page = browser.new_page()
    page.goto(file.as_uri())
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": throttle})
    page.evaluate(OURS_JS, [20, fire])  # let the engine compile first
    times = page.evaluate(OURS_JS, [ticks, fire])
    page.close()
    return times


def _stock(browser: Browser, folder: Path, ticks: int) -> list[float]:
    write_notebook(folder / "stock.ipynb", [STOCK])
    with jupyterlab(folder) as address:
        page = browser.new_page()
        open_notebook(page, f"{address}/lab/tree/stock.ipynb")
        run_cell(page, 0)
        page.locator(".jp-Cell-outputArea img").first.wait_for(timeout=90_000)
        page.wait_for_timeout(2000)
        page.evaluate(STOCK_JS, 4)
        times = page.evaluate(STOCK_JS, ticks)
        page.close()
    return times
