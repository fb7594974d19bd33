"""Promise: the widget writes what the language model writes, draw by draw."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
import torch

from attnkit import checkpoints
from attnkit.decoding import BOS, greedy, next_word_probabilities
from attnkit.widgets import Generation
from attnkit.widgets.frame import weights
from attnkit.widgets.masking.generation import LIMIT, draws, taken
from tests.reading import ship


@pytest.fixture(autouse=True, params=["shipped", "fresh"])
def writer(request, monkeypatch, tmp_path):
    """Run each test with the weights that are shipped and with small fresh ones, whose sentences are nonsense."""
    if request.param == "fresh":
        ship("masking/generation", tmp_path, monkeypatch)
    return checkpoints.load(weights.FOLDER / "language-model.safetensors")


def test_with_one_word_kept_it_is_greedy_decoding(writer):
    nothing = torch.empty(1, 0), torch.empty(1, 0, dtype=torch.bool)
    [best] = greedy(writer.model, *nothing)
    for seed in (0, 42):
        widget = Generation(prompt="", top_k=1, seed=seed)
        assert widget.written == writer.target.decode(best.ids)[:LIMIT]


def test_its_probabilities_are_those_of_a_pass_over_the_whole_text_without_a_cache(writer):
    widget = Generation(prompt="the dog", seed=4, top_k=5, temperature=1.5)
    model = writer.model.double()
    for step, _ in enumerate(widget._steps()):
        widget.step = step
        words = [word for word in widget.cache if word != "<bos>"]
        ids = torch.tensor([[BOS, *writer.target.encode(words)]])
        with torch.inference_mode():
            logits = model.decode(ids, model.start(None)).logits[0, -1]
        for top_k, place in ((None, 0), (5, 1)):
            found = next_word_probabilities(logits, temperature=1.5, top_k=top_k)
            for word, both in widget.next_words.items():
                assert both[place] == pytest.approx(found[writer.target.index(word)].item(), abs=1e-9)


def test_each_word_is_where_the_running_sum_passes_the_draw():
    widget = Generation(prompt="the", seed=8, top_p=0.9)
    for one, draw in zip(widget._steps(), draws(8), strict=False):
        assert one.draw == draw
        assert one.left[: one.id].sum() <= draw < one.left[: one.id + 1].sum() + 1e-12
        assert one.left.sum() == pytest.approx(1)
        assert np.count_nonzero(one.left) <= np.count_nonzero(one.chances)


def test_the_prompt_is_read_at_once_and_then_one_word_a_step():
    widget = Generation(prompt="don't eat the", seed=2)
    assert widget.cache == ["<bos>", "don't", "eat", "the"]
    assert "values of 4 words are computed and 0 come" in widget.label()
    if len(widget._steps()) > 1:
        widget.step = 1
        assert widget.cache == ["<bos>", "don't", "eat", "the", widget._steps()[0].word]
        assert "values of 1 word is computed and 4 come from the cache" in widget.label()
    assert [len(one.looks[0]) for one in widget._steps()] == [4 + i for i in range(len(widget._steps()))]


def test_the_draws_are_spread_evenly_and_begin_anew_with_the_seed():
    found = np.array(list(islice(draws(1), 10_000)))
    assert ((found > 0) & (found < 1)).all()
    counts = np.histogram(found, bins=10, range=(0, 1))[0]
    assert ((counts > 850) & (counts < 1150)).all()
    assert list(islice(draws(1), 5)) == found[:5].tolist() != list(islice(draws(2), 5))
    firsts = np.array([next(draws(seed)) for seed in range(100)])
    assert np.histogram(firsts, bins=4, range=(0, 1))[0].min() > 15


def test_a_draw_never_takes_a_word_that_is_cut():
    assert taken(np.array([0.0, 0.5, 0.0, 0.5]), 0.0) == 1
    assert taken(np.array([0.0, 0.5, 0.0, 0.5]), 0.5) == 3
    assert taken(np.array([0.3, 0.7 - 1e-9, 0.0]), 1 - 1e-12) == 1  # rounding left a gap


def test_a_new_prompt_begins_at_the_first_step():
    widget = Generation(step=3)
    widget.prompt = "let's"
    assert widget.step == 0
