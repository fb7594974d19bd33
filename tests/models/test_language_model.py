"""Promise: a language model is a decoder without a source: no future, its steps are the whole, and it learns."""

from __future__ import annotations

import math

import pytest
import torch

from attnkit import checkpoints
from attnkit.decoding import BOS, EOS, beam, greedy, sample
from attnkit.models import LanguageModel, LanguageModelConfig, build
from attnkit.training import Data, Options, evaluate, train
from tests.models.common import STACKS, close

NAMES = pytest.mark.parametrize("name", STACKS)


def make(name, **choices):
    torch.manual_seed(0)
    sizes = {"source_words": 4, "target_words": 13, "d_model": 8, "heads": 2, "d_feed_forward": 17, "longest": 67}
    return build(LanguageModelConfig(**{**sizes, **STACKS[name], **choices})).double().eval()


def nothing(batch):
    return torch.empty((batch, 0), dtype=torch.int64), torch.empty((batch, 0), dtype=torch.bool)


def words(seed=1):
    return torch.randint(4, 13, (3, 5), generator=torch.Generator().manual_seed(seed))


@NAMES
def test_steps_are_the_whole(name):
    model, previous = make(name), words()
    logits, attention = model(*nothing(3), previous)
    assert attention is None
    memory = model.encode(*nothing(3))
    state = model.start(memory)
    for t in range(5):
        step = model.step(previous[:, t], state, memory)
        state = step.state
        close(step.logits, logits[:, t])
    assert state.position == 5


@NAMES
def test_the_future_changes_nothing(name):
    model, previous = make(name), words()
    logits = model(*nothing(3), previous).logits
    for t in range(1, 5):
        other = previous.clone()
        other[:, t:] = (other[:, t:] - 3) % 9 + 4
        found = model(*nothing(3), other).logits
        close(found[:, :t], logits[:, :t])
        assert (found[:, t] - logits[:, t]).abs().max() > 1e-6


@NAMES
def test_gradients_reach_every_weight(name):
    model = make(name).train()
    model(*nothing(3), words()).logits.square().sum().backward()
    assert [name for name, weight in model.named_parameters() if weight.grad is None or not weight.grad.any()] == []


@NAMES
def test_without_a_teacher_a_step_reads_its_own_word(name):
    model, previous = make(name), words()
    free = model(*nothing(3), previous, torch.zeros_like(previous, dtype=torch.bool))
    own = free.logits.argmax(dim=-1)
    close(free.logits, model(*nothing(3), torch.cat([previous[:, :1], own[:, :-1]], dim=1)).logits)


def test_a_beam_of_one_is_greedy():
    model = make("rotary").float()
    with torch.no_grad():
        for weights in model.parameters():
            weights.mul_(2.5)
    [one], [[best, *_]] = greedy(model, *nothing(1)), beam(model, *nothing(1), width=1)
    assert one.ids == best.ids
    assert one.log_probability == pytest.approx(best.log_probability)


def test_a_source_is_refused():
    model = make("none")
    with pytest.raises(ValueError, match=r"the source of a language model must have shape \(batch, 0\); got \(2, 3\)"):
        model.encode(torch.full((2, 3), 5), torch.ones(2, 3, dtype=torch.bool))
    with pytest.raises(ValueError, match="source_words must be 4, the special tokens alone; got 5"):
        LanguageModelConfig(source_words=5, target_words=9)


def test_it_learns_what_follows_what(tmp_path):
    """It is trained like a translator; its loss comes near that of sentences by heart, and it writes one of them."""
    data = Data(train=24, valid=5, test=5, lengths=(2, 6), seed=3, side="source")
    sentences = data.splits().train
    source, target = data.vocabularies(sentences)
    torch.manual_seed(1)
    sizes = {"source_words": len(source), "target_words": len(target)}
    model = build(LanguageModelConfig(**sizes, d_model=32, heads=4, layers=1, d_feed_forward=64))
    options = Options(epochs=60, batch_size=8, learning_rate=3e-3)
    history = train(model, sentences, sentences, options, source, target, path=tmp_path / "x", progress=False)
    last = history.validations[-1]
    assert last.bleu is last.exact_match is None
    loaded = checkpoints.load(tmp_path / "x").model
    assert isinstance(loaded, LanguageModel)
    found = evaluate(loaded, source, target, sentences)
    assert found["sentences"] == 24
    assert found["perplexity"] == pytest.approx(math.exp(last.valid_loss), rel=1e-5)
    first = len({pair.target[0] for pair in sentences})
    # The first word cannot be known, and at a branch the next cannot; most others can.
    assert 1 < found["perplexity"] < first
    assert set(found["by_length"]) == {"1-5", "6-10"}
    opening = torch.tensor([target.encode(sentences[0].target[:2])])
    [written] = sample(loaded, *nothing(1), opening=opening, top_k=1)
    assert tuple(target.decode(written.ids)) in {pair.target for pair in sentences}


def test_perplexity_is_counted_word_by_word():
    data = Data(train=11, valid=2, test=7, lengths=(2, 9), seed=3, side="source")
    sentences = data.splits().test
    source, target = data.vocabularies(sentences)
    torch.manual_seed(1)
    sizes = {"source_words": len(source), "target_words": len(target)}
    model = build(LanguageModelConfig(**sizes, d_model=8, heads=2, layers=1, d_feed_forward=7)).eval()
    loss, count = 0.0, 0
    for pair in sentences:
        state, previous = model.start(None), BOS
        for word in [*target.encode(pair.target), EOS]:
            step = model.step(torch.tensor([previous]), state, None)
            loss -= step.logits[0].log_softmax(dim=-1)[word].item()
            state, previous, count = step.state, word, count + 1
    assert evaluate(model, source, target, sentences)["perplexity"] == pytest.approx(math.exp(loss / count), rel=1e-5)
