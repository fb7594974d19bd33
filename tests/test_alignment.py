"""Promise: the widget of chapter 4 shows what the trained translator does."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from attnkit import checkpoints
from attnkit.decoding import gold_weights, search
from attnkit.language import Pair
from attnkit.widgets import Alignment
from attnkit.widgets.bahdanau.alignment import shifted
from attnkit.widgets.frame import weights
from tests.reading import SENTENCES, ship


@pytest.fixture(autouse=True, params=["shipped", "fresh"])
def translator(request, monkeypatch, tmp_path):
    """Run each test with the weights that are shipped and with small fresh ones, whose sentences are nonsense."""
    if request.param == "fresh":
        ship("bahdanau/alignment", tmp_path, monkeypatch)
    return checkpoints.load(weights.FOLDER / "bahdanau.safetensors")


def test_the_widget_decodes_as_the_package_does(translator):
    for sentence in SENTENCES:
        widget = Alignment(sentences=[sentence])
        [[best]] = search(translator.model, translator.source, [sentence.split()])
        assert widget.translation == translator.target.decode(best.ids)
        np.testing.assert_allclose(widget.alignment[: len(best.ids)], best.weights, atol=1e-5)


def test_its_weights_are_those_of_a_teacher_who_makes_it_write_its_own_words(translator):
    widget = Alignment(sentences=SENTENCES)
    pair = Pair(tuple(SENTENCES[0].split()), tuple(widget.translation), None, None, frozenset())
    [found] = gold_weights(translator.model, translator.source, translator.target, [pair])
    np.testing.assert_allclose(widget.alignment[: len(found)], found, atol=1e-5)


def test_the_present_step_is_what_its_parts_say(translator):
    widget = Alignment(sentences=SENTENCES, text=SENTENCES[1], step=1)
    np.testing.assert_allclose(widget.weights, np.exp(widget.scores) / np.exp(widget.scores).sum())
    words = torch.tensor([translator.source.encode(SENTENCES[1].split())])
    states = translator.model.encode(words, torch.ones_like(words, dtype=torch.bool)).states[0]
    np.testing.assert_allclose(widget.context, widget.weights @ states.detach().numpy(), atol=1e-5)
    assert len(widget.next_words) == 5
    assert sorted(widget.next_words.values(), reverse=True) == list(widget.next_words.values())
    assert next(iter(widget.next_words)) == [*widget.translation, "<eos>"][1]


def test_a_changed_weight_moves_the_context_and_the_next_word_of_this_step_alone():
    widget = Alignment(sentences=SENTENCES, text=SENTENCES[1], step=1)
    own, scores, alignment = dict(widget.next_words), widget.scores, widget.alignment
    widget.word = 0
    widget.weight = float(widget.weights[0])
    assert widget.next_words == pytest.approx(own)
    widget.weight = 1.0
    np.testing.assert_allclose(widget.weights, np.eye(5)[0])
    assert widget.next_words != pytest.approx(own)
    np.testing.assert_array_equal(widget.scores, scores)
    np.testing.assert_array_equal(widget.alignment, alignment)
    widget.weight = None
    assert widget.next_words == own


def test_shifted_weights_sum_to_1_and_keep_their_proportions():
    by_pencil = shifted(np.array([0.5, 0.125, 0.375]), 0, 0.2)
    np.testing.assert_allclose(by_pencil, [0.2, 0.2, 0.6])
    np.testing.assert_allclose(shifted(np.array([1.0, 0.0, 0.0]), 0, 0.5), [0.5, 0.25, 0.25])
    np.testing.assert_array_equal(shifted(np.array([1.0]), 0, 0.5), [1.0])


def test_another_step_or_word_gives_the_model_its_weights_back_and_a_sentence_begins_anew():
    widget = Alignment(sentences=SENTENCES, text=SENTENCES[1], weight=0.5)
    widget.step = 1
    assert widget.weight is None
    widget.weight = 0.5
    widget.word = 2
    assert widget.weight is None
    widget.weight = 0.5
    widget.text = SENTENCES[2]
    assert (widget.step, widget.word, widget.weight) == (0, 0, None)


# The gold alignment


def test_the_language_gives_the_gold_and_a_strange_sentence_has_none():
    widget = Alignment(sentences=["do not eat", "zzz"])
    sure, possible = [[0, 1], [1, 2]], [[1, 0]]
    assert widget.gold == [{"target": ["no", "comas"], "sure": sure, "possible": possible}, None]


def test_links_stand_only_where_the_model_has_written_the_word_of_the_gold():
    widget = Alignment(sentences=SENTENCES)
    written = widget.translation
    target = [written[0], "zzz", *written[1:]]
    gold = {"target": target, "sure": [[0, 0], [1, 0]], "possible": [[0, 1]]}
    widget = Alignment(sentences=SENTENCES, gold=[gold, None, None])
    assert widget._links() == {"sure": [[0, 0]], "possible": [[0, 1]]}
    assert "Squares" in widget.picture().alt
    widget.text = "go"
    assert widget._links() == {"sure": [], "possible": []}
    assert "Squares" not in widget.picture().alt
