"""Promise: four translators stand side by side, each as the package decodes it."""

from __future__ import annotations

import numpy as np
import pytest

from attnkit import checkpoints
from attnkit.decoding import translate
from attnkit.widgets.frame import weights
from attnkit.widgets.transformer.ladder import ABOUT, Ladder
from tests.reading import SENTENCES, ship


@pytest.fixture(autouse=True)
def fresh(monkeypatch, tmp_path):
    """Run each test with small fresh weights, whose sentences are nonsense."""
    ship("transformer/ladder", tmp_path, monkeypatch)


def load(name):
    return checkpoints.load(weights.FOLDER / f"{name}.safetensors")


@pytest.mark.parametrize("name", ABOUT)
def test_each_writes_what_the_package_decodes(name):
    checkpoint, widget = load(name), Ladder(sentences=SENTENCES, text="let’s GO")
    [wanted] = translate(checkpoint.model, checkpoint.source, checkpoint.target, [["let's", "go"]])
    assert widget.translations[name] == wanted
    found = widget.weights[name]
    if name == "none":
        assert found is None
    else:
        assert found.shape == (len(wanted), 2)
        np.testing.assert_allclose(found.sum(axis=-1), 1)


def test_the_numbers_that_are_learned_are_counted():
    sizes = [sum(weight.numel() for weight in load(name).model.parameters()) for name in ABOUT]
    assert Ladder(sentences=SENTENCES).parameters == sizes
    assert len(set(sizes)) == len(sizes)


def test_what_stands_in_the_reference_is_marked_and_an_exact_translation_is_called_so():
    written = Ladder(sentences=SENTENCES).translations
    gold = {"target": written["transformer"], "sure": [], "possible": []}
    widget = Ladder(sentences=SENTENCES[:1], gold=[gold])
    rows = {row[0]: row[-1] for row in widget.table().rows}
    n = len(written["transformer"])
    assert rows["Transformer: in all"] == f"{n} of {n}"
    told = widget.label().partition("Transformer: ")[2]
    assert "Exactly the reference." in told
    other = Ladder(sentences=SENTENCES[:1], gold=[{**gold, "target": ["zzz"]}])
    assert {row[-1] for row in other.table().rows} == {"no", "0 of 1"}


def test_a_sentence_without_a_reference_has_none_of_this():
    table = Ladder(sentences=SENTENCES, text="the pizza the").table()
    assert {row[-1] for row in table.rows} == {None}
    assert not any("in all" in row[0] for row in table.rows)
