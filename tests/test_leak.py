"""Promise: the leak widget shows what both translators do, with a teacher and without."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from attnkit import checkpoints
from attnkit.decoding import BOS, EOS, search
from attnkit.widgets import Leak
from attnkit.widgets.frame import weights
from attnkit.widgets.masking.leak import MODELS
from tests.reading import ship


@pytest.fixture(autouse=True, params=["shipped", "fresh"])
def translators(request, monkeypatch, tmp_path):
    """Run each test with the weights that are shipped and with small fresh ones, whose sentences are nonsense."""
    if request.param == "fresh":
        ship("masking/leak", tmp_path, monkeypatch)
    return [checkpoints.load(weights.FOLDER / f"{name}.safetensors") for name in MODELS]


def test_each_writes_what_greedy_search_writes(translators):
    widget = Leak()
    for found, checkpoint in zip(widget.translations, translators, strict=True):
        [[best]] = search(checkpoint.model, checkpoint.source, [widget.sentence.split()])
        assert found == checkpoint.target.decode(best.ids)


def test_the_loss_is_the_cross_entropy_of_the_right_words(translators):
    widget = Leak(sentence="i see him")
    assert widget.reference == ["lo", "veo"]
    for i, (model, source, target, _) in enumerate(translators):
        model.double()  # as the widget computes
        right = target.encode(widget.reference)
        ids = torch.tensor([source.encode(["i", "see", "him"])])
        with torch.inference_mode():
            logits = model(ids, torch.ones_like(ids, dtype=torch.bool), torch.tensor([[BOS, *right]])).logits[0]
        loss = torch.nn.functional.cross_entropy(logits, torch.tensor([*right, EOS])).item()
        assert widget.losses[i] == pytest.approx(loss, abs=1e-5)
        assert widget.losses[i] == pytest.approx(-np.log(widget.probabilities[i]).mean())


def test_only_the_translator_without_a_mask_looks_at_the_next_place():
    widget = Leak()
    looks = {row[0]: row[1:] for row in widget.table().rows if row[0].startswith("weight on the next place")}
    assert all(masked == 0 < leaking for masked, leaking in looks.values())
    assert len(looks) == len(widget._readings()[1].looks)
    np.testing.assert_allclose(widget.looks.sum(axis=-1), 1)
    assert np.triu(widget.looks, 1).sum() > 0


def test_a_sentence_that_is_no_example_is_taught_by_the_masked_translator():
    widget = Leak(sentence="see the zzz")
    assert widget.reference == widget.translations[0]
    known = Leak(sentence="Let’s  go")
    assert known.reference == ["vamos"]
