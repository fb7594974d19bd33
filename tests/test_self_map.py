"""Promise: the map of chapter 6 shows where the trained encoder looks."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch

from attnkit import checkpoints
from attnkit.widgets.frame import weights
from attnkit.widgets.self_attention.self_map import SelfMap, best_offset, told_offset
from tests.reading import RED, ship


@pytest.fixture(autouse=True, params=["shipped", "fresh"])
def translator(request, monkeypatch, tmp_path):
    """Run each test with the weights that are shipped and with small fresh ones, whose sentences are nonsense."""
    if request.param == "fresh":
        ship("self_attention/self_map", tmp_path, monkeypatch)
    return checkpoints.load(weights.FOLDER / "transformer.safetensors")


def test_the_maps_are_those_of_the_model_and_each_row_sums_to_1(translator):
    widget = SelfMap(sentences=RED)
    words = torch.tensor([translator.source.encode(widget.words)])
    with torch.inference_mode():
        _, blocks = translator.model.read(words, torch.ones_like(words, dtype=torch.bool))
    for layer, block in enumerate(blocks):
        np.testing.assert_allclose(widget.maps[layer], block.attention.weights[0], atol=1e-5)
    np.testing.assert_allclose(widget.maps.sum(axis=-1), 1)
    assert widget.maps.shape == (2, translator.model.config.heads, 10, 10)


def test_in_the_first_layer_it_gives_the_words_before_the_last_the_same_proportions_in_both_sentences():
    rows = [SelfMap(sentences=RED, text=text).maps[0, :, 6, :9] for text in RED[:2]]
    shares = [row / row.sum(axis=-1, keepdims=True) for row in rows]
    np.testing.assert_allclose(*shares, atol=1e-9)


def test_the_best_offset_is_found_and_told():
    looks_back = np.eye(5, k=-1)
    looks_back[0, 0] = 1
    assert best_offset(looks_back) == (-1, 0.8)
    assert best_offset(np.eye(3)) == (0, 1.0)
    assert best_offset(np.full((7, 7), 1 / 7))[0] == 0
    assert best_offset(np.eye(4, k=2) + np.eye(4)[:, ::-1] * 0.1)[0] == 2
    assert best_offset(np.ones((1, 1))) == (0, 1.0)
    told = ["2 words to the left", "1 word to the left", "on the word itself", "1 word to the right"]
    assert [told_offset(offset) for offset in (-2, -1, 0, 1)] == told


def test_the_offset_beside_each_word_is_its_own_weight_there():
    widget = SelfMap(sentences=RED, layer=1, head=1)
    offset, share = best_offset(widget.maps[1, 1])
    rows = widget.table().rows[-10:]
    there = [row[-1] for row in rows]
    expected = [row[1 + i + offset] if 0 <= i + offset < 10 else None for i, row in enumerate(rows)]
    assert there == expected
    assert sum(x for x in there if x is not None) / 10 == pytest.approx(share)


def test_the_sentence_names_word_head_and_offset():
    label = SelfMap(sentences=RED, word=6, layer=1).label()
    assert label.startswith(f"“it” in “{RED[0]}”, layer 1, head 0: most weight on “")
    assert re.search(r"The whole head puts 0\.\d\d of its weight (on the word itself|\d+ words? to the \w+)\.$", label)
    assert "Layer 1, head 0" in SelfMap(sentences=RED, word=6, layer=1).picture().alt
