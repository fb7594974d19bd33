"""Take a picture of every page of the built book, narrow and wide, light and dark: ``python -m tools.look``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from tools.browser import launch_options

ROOT = Path(__file__).parents[1]
WIDTHS = (1280, 390)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def pages(book: Path) -> list[Path]:
    """Return the HTML pages of a built book that show something.

    Left out is what Sphinx keeps for itself in folders like ``_static``, and a page that only leads to another.
    """
    found = [page for page in book.rglob("*.html") if not any(part[0] in "._" for part in page.relative_to(book).parts)]
    found = [page for page in found if 'http-equiv="refresh"' not in page.read_text("utf-8").lower()]
    if not found:
        raise ValueError(f"{book} must hold a built book, and there is no page in it: run `make book`")
    return sorted(found)


def shoot(book: Path, target: Path) -> Iterator[Path]:
    """Write ``target/<page>-<width>-<scheme>.png`` for each page of ``book``, and yield each as it is done."""
    from playwright.sync_api import sync_playwright

    found = pages(book)
    target.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as api:
        browser = api.chromium.launch(**launch_options())
        for width in WIDTHS:
            for scheme in SCHEMES:
                context = browser.new_context(
                    viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
                )
                view = context.new_page()
                for page in found:
                    name = "-".join(page.relative_to(book).with_suffix("").parts)
                    picture = target / f"{name}-{width}-{scheme}.png"
                    view.goto(page.as_uri())
                    view.wait_for_timeout(200)
                    view.screenshot(path=picture, full_page=True)
                    yield picture
                context.close()
        browser.close()


def main() -> None:
    """Take all pictures, one line each."""
    book = ROOT / "_build" / "html"
    total = len(pages(book)) * len(WIDTHS) * len(SCHEMES)
    for number, picture in enumerate(shoot(book, ROOT / "_build" / "look"), 1):
        print(f"[{number:3}/{total}] {picture.relative_to(ROOT)}", flush=True)


if __name__ == "__main__":
    try:
        main()
    except ValueError as error:
        sys.exit(str(error))
