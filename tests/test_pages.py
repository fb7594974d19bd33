"""Promise: the Python that stands in a page of the book runs, so that the numbers in its prose are the right ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import attnkit
from attnkit import experiments, figures, language, models, training, widgets

BOOK = Path(__file__).parents[1] / "book"
FENCE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
PAGES = {page.name: FENCE.findall(page.read_text("utf-8")) for page in sorted(BOOK.glob("*.md"))}


@pytest.mark.parametrize("page", [page for page, fences in PAGES.items() if fences])
def test_python_in_a_page_runs(page):
    names: dict[str, object] = {}
    for fence in PAGES[page]:
        exec(compile(fence, page, "exec"), names)


def test_the_teaching_guide_asserts_its_numbers():
    assert "assert" in "".join(PAGES["teaching.md"])


PUBLIC = [attnkit, language, models, training, experiments, figures, widgets]


@pytest.mark.parametrize("package", PUBLIC, ids=lambda package: package.__name__)
def test_every_public_name_stands_on_the_api_page(package):
    page = (BOOK / "api.md").read_text("utf-8")
    assert [name for name in package.__all__ if not re.search(rf"\b{name}\b", page)] == []
