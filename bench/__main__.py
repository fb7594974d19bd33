"""Measure the book beside the stock way to do the same, in one run on one machine: ``make bench``.

Nothing here passes or fails: machines differ, so ratios are what to quote, and medians.
The table goes to the terminal, every value to ``bench/results.json``.
"""

from __future__ import annotations

import json
import os
import platform
from pathlib import Path

from playwright.sync_api import sync_playwright

from bench import attention, build, load, tick, training, translate
from tools.browser import launch_options

RESULTS = Path(__file__).parent / "results.json"


def main() -> None:
    """Run the measurements, print each as it comes, and write them all."""
    results: dict[str, object] = {"machine": {"cores": os.cpu_count(), "python": platform.python_version()}}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options())
        results["machine"]["browser"] = browser.version
        measured = {"tick": tick.measure, "load": load.measure, "translate": translate.measure}
        for name, measure in measured.items():
            results[name] = measure(browser)
            show(name, results[name])
        browser.close()
    for name, measure in {"build": build.measure, "attention": attention.measure, "training": training.measure}.items():
        results[name] = measure()
        show(name, results[name])
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(f"\nwritten to {RESULTS.relative_to(Path.cwd())}")


def show(name: str, rows: dict[str, object]) -> None:
    """Print one measurement as a table."""
    print(f"\n{name}", flush=True)
    for row, value in rows.items():
        print(f"  {row:<76} {value if isinstance(value, str) else f'{value:,.2f}':>14}")


if __name__ == "__main__":
    main()
