"""Every translator of the book: padding and the future change nothing, steps are the whole, and plain torch agrees."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch.nn import functional

from attnkit.models import Config, build
from attnkit.models.seq2seq import State
from tests.models.common import close, expect_that_rows_can_be_chosen

BATCH, N_SOURCE, N_TARGET, SOURCE_WORDS, TARGET_WORDS = 3, 7, 11, 13, 17
LENGTHS = torch.tensor([7, 2, 5])
MASK = torch.arange(N_SOURCE) < LENGTHS[:, None]
SIZES = {"source_words": SOURCE_WORDS, "target_words": TARGET_WORDS, "d_embedding": 5, "d_hidden": 6}

DESIGNS = {
    "no attention": {"attention": "none"},
    "no attention, reversed": {"attention": "none", "reverse_source": True},
    "no attention, context fed": {"attention": "none", "feed_context": True, "encoder": "bidirectional"},
    "bahdanau": {"attention": "before", "score": "additive", "encoder": "bidirectional"},
    "before, dot": {"attention": "before", "score": "dot"},
    "before, local-m": {"attention": "before", "window": "local-m", "half_width": 2},
    "after, dot": {"score": "dot"},
    "after, cosine": {"score": "cosine"},
    "after, general": {"score": "general"},
    "after, concat": {"score": "concat"},
    "after, additive": {"score": "additive"},
    "after, location": {"score": "location", "longest": 19},
    "after, bidirectional": {"encoder": "bidirectional"},
    "after, reversed": {"reverse_source": True},
    "after, input feeding": {"input_feeding": True},
    "after, local-m": {"window": "local-m", "half_width": 2},
    "after, local-p": {"window": "local-p", "half_width": 2},
    "after, local-p, input feeding": {"window": "local-p", "half_width": 2, "input_feeding": True},
    "hard": {"choice": "straight-through"},
    "hard, reinforce, before": {"choice": "reinforce", "attention": "before"},
    "two layers": {"layers": 2},
    "two layers, bahdanau": {"layers": 2, "attention": "before", "encoder": "bidirectional"},
}
LOOKING = [name for name, choices in DESIGNS.items() if choices.get("attention") != "none"]


def make(name, **choices):
    torch.manual_seed(3)
    return build(Config(**SIZES, **{**DESIGNS[name], **choices})).double().eval()


def words(seed=1):
    generator = torch.Generator().manual_seed(seed)
    source = torch.randint(4, SOURCE_WORDS, (BATCH, N_SOURCE), generator=generator) * MASK
    previous = torch.randint(4, TARGET_WORDS, (BATCH, N_TARGET), generator=generator)
    previous[:, 0] = 1
    return source, previous


@pytest.mark.parametrize("name", DESIGNS)
def test_padding_changes_nothing(name):
    """Neither what stands in the padding nor how much of it there is; and one by one is as in a batch."""
    model = make(name)
    source, previous = words()
    wanted = model(source, MASK, previous)
    other = model(torch.where(MASK, source, 9), MASK, previous)
    more = [functional.pad(array, (0, 3)) for array in (source, MASK)]
    wider = model(*more, previous)
    for got in (other, wider):
        close(got.logits, wanted.logits)
    for row, length in enumerate(LENGTHS):
        alone = model(source[row : row + 1, :length], MASK[row : row + 1, :length], previous[row : row + 1])
        close(alone.logits[0], wanted.logits[row])
        if wanted.attention is not None:
            close(alone.attention.weights[0], wanted.attention.weights[row, :, :length])
            assert not wanted.attention.weights[row, :, length:].any()
            assert not wider.attention.weights[:, :, N_SOURCE:].any()


@pytest.mark.parametrize("name", DESIGNS)
def test_steps_are_the_whole(name):
    model = make(name)
    source, previous = words()
    whole = model(source, MASK, previous)
    memory = model.encode(source, MASK)
    state = model.start(memory)
    for t in range(N_TARGET):
        step = model.step(previous[:, t], state, memory)
        state = step.state
        assert state.position == t + 1
        close(step.logits, whole.logits[:, t])
        if whole.attention is None:
            assert step.attention is None
        else:
            for one, many in zip(step.attention, whole.attention, strict=True):
                close(one[:, 0], many[:, t])


@pytest.mark.parametrize("name", DESIGNS)
def test_the_future_changes_nothing(name):
    model = make(name)
    source, previous = words()
    later = previous.clone()
    later[:, 4:] = 4 + (later[:, 4:] - 3) % (TARGET_WORDS - 4)
    before, after = model(source, MASK, previous).logits, model(source, MASK, later).logits
    close(after[:, :4], before[:, :4])
    assert (after[:, 4] != before[:, 4]).any()


@pytest.mark.parametrize("name", LOOKING)
def test_weights_are_shares_of_the_words(name):
    model = make(name)
    source, previous = words()
    scores, weights, output = model(source, MASK, previous).attention
    assert weights.shape == scores.shape == (BATCH, N_TARGET, N_SOURCE)
    assert output.shape == (BATCH, N_TARGET, 6)
    totals = weights.sum(dim=-1)
    window = model.config.window
    if window == "global":
        close(totals, torch.ones_like(totals))
    elif window == "local-m":  # a window that has left the sentence holds nothing
        inside = torch.arange(N_TARGET) - model.config.half_width < LENGTHS[:, None]
        close(totals, inside.double())
    else:
        assert (totals > 0).all()
        assert (totals <= 1).all()
        assert (totals < 0.99).any()
    assert torch.isneginf(scores[~MASK[:, None].expand_as(scores)]).all()
    states = model.encode(source, MASK).states
    close(output, weights @ states)


@pytest.mark.parametrize("name", DESIGNS)
def test_gradients_reach_every_weight(name):
    model = make(name).train()
    source, previous = words()
    generator = torch.Generator().manual_seed(5)
    output = model(source, MASK, previous, generator=generator)
    functional.cross_entropy(output.logits.flatten(0, 1), previous.flatten()).backward()
    silent = {name for name, weight in model.named_parameters() if weight.grad is None or not weight.grad.any()}
    # What scores the positions learns by reward, and not through the words that were written.
    expected = {"attention.score.weight"} if model.config.choice == "reinforce" else set()
    assert silent == expected


def test_plain_torch_agrees_without_attention():
    for name in ("no attention", "no attention, reversed"):
        model = make(name)
        source, previous = words()
        for row, length in enumerate(LENGTHS):
            sentence = source[row, :length]
            if model.config.reverse_source:
                sentence = sentence.flip(0)
            _, context = model.encoder.lstm(model.encoder.embedding(sentence))
            hidden, _ = model.decoder.lstm(model.decoder.embedding(previous[row]), context)
            wanted = model.output(torch.tanh(hidden @ model.readout.T))
            close(model(source, MASK, previous).logits[row], wanted)


def softmaxed(scores):
    powers = [math.exp(score) for score in scores]
    return [power / sum(powers) for power in powers]


@torch.no_grad()
def test_plain_loops_agree_with_bahdanau():
    """One sentence, one word after the other, each weight as the paper writes it (Appendix A)."""
    model = make("bahdanau")
    source, previous = words()
    wanted = model(source, MASK, previous)
    score, (row, length) = model.attention.score, (2, 5)
    states, (hidden, cell) = model.encoder.lstm(model.encoder.embedding(source[row, :length]))
    hidden, cell = (torch.cat(list(part))[None] for part in (hidden, cell))
    for t in range(N_TARGET):
        numbers = [
            float(score.vector @ torch.tanh(score.query_weight @ hidden[0] + score.key_weight @ state))
            for state in states
        ]
        weights = softmaxed(numbers)
        context = sum(weight * state for weight, state in zip(weights, states, strict=True))
        word = torch.cat([model.decoder.embedding(previous[row, t]), context])
        _, (hidden, cell) = model.decoder.lstm(word[None], (hidden, cell))
        logits = model.output(torch.tanh(model.readout @ torch.cat([context, hidden[0]])))
        close(wanted.attention.weights[row, t, :length], torch.tensor(weights, dtype=torch.double))
        close(wanted.logits[row, t], logits)


@torch.no_grad()
def test_plain_loops_agree_with_luong():
    """One sentence, input feeding and a predicted window, each step as the paper writes it (sections 3.1 to 3.3)."""
    model = make("after, local-p, input feeding")
    source, previous = words()
    wanted = model(source, MASK, previous)
    look, (row, length) = model.attention, (2, 5)
    states, (hidden, cell) = model.encoder.lstm(model.encoder.embedding(source[row, :length]))
    feed = torch.zeros(6, dtype=torch.double)
    for t in range(N_TARGET):
        word = torch.cat([model.decoder.embedding(previous[row, t]), feed])
        _, (hidden, cell) = model.decoder.lstm(word[None], (hidden, cell))
        centre = length * float(torch.sigmoid(look.window.vector @ torch.tanh(look.window.weight @ hidden[0])))
        inside = [j for j in range(length) if abs(j - centre) <= 2]
        aligned = softmaxed([float(hidden[0] @ look.score.weight @ states[j]) for j in inside])
        weights = [0.0] * length
        for j, weight in zip(inside, aligned, strict=True):
            weights[j] = weight * math.exp(-((j - centre) ** 2) / 2)  # σ = D / 2 = 1
        context = sum(weight * state for weight, state in zip(weights, states, strict=True))
        feed = torch.tanh(model.readout @ torch.cat([context, hidden[0]]))
        close(wanted.attention.weights[row, t, :length], torch.tensor(weights, dtype=torch.double))
        close(wanted.logits[row, t], model.output(feed))


@torch.no_grad()
def test_concat_reads_the_query_first():
    """Luong 2015, section 3.1: v · tanh(W [h_t; h_s]), number by number."""
    score = make("after, concat").attention.score
    queries, keys = torch.randn(2, 5, 6, dtype=torch.double, generator=torch.Generator().manual_seed(2)).unbind()
    got = score(queries[None], score.keys(keys[None]))[0]
    for i, query in enumerate(queries):
        for j, key in enumerate(keys):
            close(got[i, j], score.vector @ torch.tanh(score.weight @ torch.cat([query, key])))


def test_a_reversed_sentence_keeps_its_order():
    """The encoder reads the last word first, and yet state j belongs to word j."""
    model = make("after, reversed")
    source, _ = words()
    states = model.encode(source, MASK).states
    first_read, _ = model.encoder.lstm(model.encoder.embedding(source[2, 4:5]))
    close(states[2, 4], first_read[0])


def test_attention_before_the_step_asks_with_the_top_layer():
    model = make("two layers, bahdanau")
    source, previous = words()
    memory = model.encode(source, MASK)
    state = model.step(previous[:, 0], model.start(memory), memory).state
    found = model.step(previous[:, 1], state, memory).attention
    for one, other in zip(found, model.attention(state.hidden[1][:, None], memory, 1), strict=True):
        close(one, other)


@pytest.mark.parametrize("name", ["no attention", "bahdanau", "after, general", "after, input feeding"])
def test_without_a_teacher_a_step_reads_its_own_word(name):
    model = make(name)
    source, previous = words()
    forced = torch.zeros(BATCH, N_TARGET, dtype=torch.bool)
    forced[1, 4] = True  # once, in one sentence, the teacher speaks
    output = model(source, MASK, previous, forced)
    memory = model.encode(source, MASK)
    state, word = model.start(memory), previous[:, 0]
    for t in range(N_TARGET):
        word = torch.where(forced[:, t], previous[:, t], word)
        step = model.step(word, state, memory)
        close(output.logits[:, t], step.logits)
        state, word = step.state, step.logits.argmax(dim=-1)
    always = model(source, MASK, previous, torch.ones_like(forced))
    close(always.logits, model(source, MASK, previous).logits)


@pytest.mark.parametrize("choice", ["straight-through", "reinforce"])
def test_hard_attention_draws_in_training_and_takes_the_best_afterwards(choice):
    model = make("after, general", choice=choice)
    source, previous = words()
    best = model(source, MASK, previous).attention
    assert torch.equal(best.weights.argmax(dim=-1), best.scores.argmax(dim=-1))
    model.train()
    drawn = [model(source, MASK, previous, generator=torch.Generator().manual_seed(s)).attention for s in (1, 1, 2)]
    for attention in (best, *drawn):
        assert set(attention.weights.unique().tolist()) == {0.0, 1.0}
        assert not attention.weights[~MASK[:, None].expand_as(attention.weights)].any()
    assert torch.equal(drawn[0].weights, drawn[1].weights)
    assert not torch.equal(drawn[0].weights, drawn[2].weights)


def test_straight_through_passes_the_gradient_of_the_soft_weights():
    hard, soft = make("hard").train(), make("after, general").train()
    soft.load_state_dict(hard.state_dict())
    source, previous = words()
    goal = torch.randn(BATCH, N_TARGET, N_SOURCE, dtype=torch.double, generator=torch.Generator().manual_seed(0))
    gradients = []
    for model in (hard, soft):
        weights = model(source, MASK, previous).attention.weights
        (gradient,) = torch.autograd.grad((weights * goal).sum(), model.attention.score.weight)
        gradients.append(gradient)
    close(*gradients)


@pytest.mark.parametrize("name", DESIGNS)
def test_the_rows_of_memory_and_state_can_be_chosen(name):
    source, previous = words()
    expect_that_rows_can_be_chosen(make(name), source, MASK, previous)


def test_dropout_acts_in_training_alone():
    model = make("two layers", dropout=0.5)
    source, previous = words()
    still = [model(source, MASK, previous).logits for _ in range(2)]
    close(*still)
    model.train()
    moved = [model(source, MASK, previous).logits for _ in range(2)]
    assert not torch.equal(*moved)
    # Between the layers too, where a single step calls the cells itself.
    word = torch.ones(1, 1, 5, dtype=torch.double)
    layers = tuple(torch.ones(2, 1, 6, dtype=torch.double))
    steps = [model.decoder(word, State(layers, layers, layers[-1], 0))[0] for _ in range(9)]
    assert any(not torch.equal(step, steps[0]) for step in steps)


@pytest.mark.parametrize(
    ("choices", "sentence"),
    [
        ({"score": "sum"}, "score must be one of dot, cosine"),
        ({"source_words": 4}, "source_words must be a whole number from 5 up; got 4"),
        ({"d_hidden": 6.0}, "d_hidden must be a whole number from 1 up; got 6.0"),
        ({"layers": True}, "layers must be a whole number"),
        ({"dropout": 1}, "dropout must be a share from 0 to below 1; got 1"),
        ({"dropout": math.nan}, "dropout must be a share"),
        ({"reverse_source": 1}, "reverse_source must be True or False"),
        ({"feed_context": True}, "feed_context=True needs attention none; got after"),
        ({"attention": "before", "input_feeding": True}, "input_feeding=True needs attention after; got before"),
        ({"attention": "none", "score": "dot"}, "score='dot' needs attention before or after; got none"),
        ({"attention": "none", "window": "local-m"}, "window='local-m' needs attention"),
        ({"encoder": "bidirectional", "d_hidden": 7}, "d_hidden must be even, .*; got 7"),
        ({"encoder": "bidirectional", "reverse_source": True}, "reverse_source must be False"),
    ],
)
def test_what_does_not_fit_together_is_refused(choices, sentence):
    with pytest.raises(ValueError, match=sentence.replace("(", r"\(")):
        Config(**{**SIZES, **choices})


def test_a_design_survives_json():
    config = replace(make("after, local-p").config, dropout=0.25)
    assert Config.from_json(config.to_json()) == config
    with pytest.raises(ValueError, match="no choice named heads"):
        Config.from_json({**config.to_json(), "heads": 2})


@pytest.mark.parametrize(
    ("source", "mask", "sentence"),
    [
        (torch.ones(2, 3, dtype=int), torch.ones(2, 4, dtype=bool), r"got \(2, 3\) and \(2, 4\)"),
        (torch.ones(3, dtype=int), torch.ones(3, dtype=bool), r"shape \(batch, n_source\)"),
        (torch.ones(1, 2, dtype=int), torch.ones(1, 2), "mask must be boolean"),
        (torch.ones(1, 2, dtype=int), torch.tensor([[False, True]]), "True on one or more words and False"),
        (torch.ones(1, 3, dtype=int), torch.tensor([[True, False, True]]), "True on one or more words and False"),
        (torch.ones(1, 2, dtype=int), torch.tensor([[False, False]]), "True on one or more words"),
    ],
)
def test_a_batch_that_is_none_is_refused(source, mask, sentence):
    with pytest.raises(ValueError, match=sentence):
        make("after, dot").encode(source, mask)
