"""The page of results says what the results files say, and leaves none of them out."""

from __future__ import annotations

import json
import statistics

import pytest
from bs4 import BeautifulSoup

from attnkit.experiments import EXPERIMENTS, RECIPES
from attnkit.experiments.results import FOLDER
from tests.browser.conftest import HTML


@pytest.fixture(scope="module")
def tables():
    """Every table of the page as rows of texts."""
    page = BeautifulSoup((HTML / "book/results.html").read_text("utf-8"), "html.parser")
    return [[[cell.get_text(" ", strip=True) for cell in row.find_all(["th", "td"])] for row in table.find_all("tr")]
            for table in page.select(".ak-results table")]  # fmt: skip


def typeset(text):
    return text.replace("'", "’")


def said(values, digits):
    return f"{statistics.mean(values):.{digits}f} ± {statistics.stdev(values):.{digits}f}"


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_stands_on_the_page_with_its_numbers(tables, name):
    runs = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))["runs"]
    recipes = list(dict.fromkeys(run["recipe"] for run in runs))
    abouts = [typeset(RECIPES[recipe].about) for recipe in recipes]
    [(head, *rows)] = [t for t in tables if t[0][0] == "translator" and [row[0] for row in t[1:]] == abouts]
    for recipe, row in zip(recipes, rows, strict=True):
        of = [run for run in runs if run["recipe"] == recipe]
        cells = dict(zip(head, row, strict=True))
        assert cells["weights"] == f"{of[0]['parameters']:,}"
        assert float(cells["rate"]) == of[0]["learning_rate"]
        losses = [run["history"]["validations"][-1]["valid_loss"] for run in of]
        assert cells["validation loss"] == said(losses, 3)
        if "bleu" in of[0]["test"]:
            assert cells["BLEU"] == said([run["test"]["bleu"] for run in of], 1)
        rate = of[0]["test"].get("alignment_error_rate")
        if "alignment error rate" in cells:
            written = "–" if rate is None else said([run["test"]["alignment_error_rate"] for run in of], 3)
            assert cells["alignment error rate"] == written


def test_the_ladder_stands_there_by_length(tables):
    runs = json.loads((FOLDER / "ladder.json").read_text("utf-8"))["runs"]
    bins = [f"{low}–{high}" for low, high in (part["lengths"] for part in runs[0]["by_length"])]
    first = next(rows for head, *rows in tables if head == ["words", *bins])
    assert first[-1][0] == "Transformer"
    of = [run["by_length"] for run in runs if run["recipe"] == "transformer"]
    assert first[-1][1:] == [said([run[place]["bleu"] for run in of], 1) for place in range(len(bins))]
