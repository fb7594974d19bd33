"""Promise: a Transformer is a translator like the others: no future, no padding, and its steps are the whole."""

from __future__ import annotations

import json
import math

import pytest
import torch
from torch.nn import functional

from attnkit import checkpoints
from attnkit.decoding import beam, gold_weights, greedy, pad
from attnkit.language import ENGLISH, SPANISH, make_pairs
from attnkit.models import Config, LanguageModelConfig, TransformerConfig, build, design_from_json, design_to_json
from attnkit.training import Options, evaluate, train
from tests.models.common import STACKS, close, expect_that_rows_can_be_chosen

NAMES = pytest.mark.parametrize("name", STACKS)
LENGTHS = 7, 2, 5
MASK = torch.arange(7) < torch.tensor(LENGTHS)[:, None]


def make(name, **choices):
    torch.manual_seed(0)
    sizes = {"source_words": 11, "target_words": 13, "d_model": 8, "heads": 2, "d_feed_forward": 17, "longest": 19}
    return build(TransformerConfig(**{**sizes, **STACKS[name], **choices})).double().eval()


def words(seed=1):
    draw = torch.Generator().manual_seed(seed)
    source = torch.randint(4, 11, MASK.shape, generator=draw)
    return torch.where(MASK, source, 0), torch.randint(4, 13, (3, 5), generator=draw)


def shaken(name, **choices):
    """Return a model with every parameter drawn: biases start at 0 and scales at 1, where a wrong one is not seen."""
    model = make(name, **choices)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return model


@NAMES
def test_steps_are_the_whole(name):
    model = make(name)
    source, previous = words()
    logits, attention = model(source, MASK, previous)
    memory = model.encode(source, MASK)
    state = model.start(memory)
    for t in range(5):
        step = model.step(previous[:, t], state, memory)
        state = step.state
        close(step.logits, logits[:, t])
        for one, many in zip(step.attention, attention, strict=True):
            close(one[:, 0], many[:, t])
    assert state.position == 5


@NAMES
def test_words_can_be_read_in_portions(name):
    model = make(name)
    source, previous = words()
    memory = model.encode(source, MASK)
    first, state, _ = model.decode(previous[:, :2], model.start(memory), memory)
    then, state, _ = model.decode(previous[:, 2:], state, memory)
    close(torch.cat([first, then], dim=1), model(source, MASK, previous).logits)
    assert state.position == 5


class Plain:
    """A Transformer in torch's functions alone, from the weights by their names; no caches and no tuples."""

    def __init__(self, model):
        self.config, self.weights = model.config, dict(model.named_parameters())
        self.looks = []

    def logits(self, source, mask, previous):
        causal = torch.ones(previous.shape[1], previous.shape[1], dtype=torch.bool).tril()
        memory = self.stack("encoder", self.embedded("encoder", source), [("attention", None, mask[:, None, :])])
        parts = [("attention", None, causal), ("cross_attention", memory, mask[:, None, :])]
        decoded = self.stack("decoder", self.embedded("decoder", previous), parts)
        return functional.linear(decoded, self.weights["output.weight"], self.weights["output.bias"])

    def embedded(self, side, numbers):
        width, positions = self.config.d_model, torch.arange(numbers.shape[1], dtype=torch.double)
        vectors = self.weights[f"{side}.embedding.weight"][numbers] * math.sqrt(width)
        if self.config.positions == "learned":
            vectors = vectors + self.weights[f"{side}.positions"][: numbers.shape[1]]
        if self.config.positions == "sinusoidal":
            angles = positions[:, None] / 10_000 ** (torch.arange(0, width, 2) / width)
            vectors = vectors + torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(-2)
        return vectors

    def stack(self, side, vectors, attentions):
        for layer in range(self.config.layers):
            for part, memory, mask in attentions:
                vectors = self.sublayer(f"{side}.blocks.{layer}.{part}", vectors, self.attend, memory, mask)
            vectors = self.sublayer(f"{side}.blocks.{layer}.feed_forward", vectors, self.network)
        return self.norm(f"{side}.norm", vectors) if self.config.norm == "pre" else vectors

    def sublayer(self, name, vectors, function, *other):
        if self.config.norm == "pre":
            return vectors + function(name, self.norm(f"{name}_norm", vectors), *other)
        return self.norm(f"{name}_norm", vectors + function(name, vectors, *other))

    def norm(self, name, vectors):
        return functional.layer_norm(vectors, vectors.shape[-1:], *self.of(name, "scale", "shift"))

    def network(self, name, vectors):
        hidden, hidden_bias, output, output_bias = self.of(name, "hidden", "hidden_bias", "output", "output_bias")
        return functional.linear(functional.linear(vectors, hidden, hidden_bias).relu(), output, output_bias)

    def attend(self, name, vectors, memory, mask):
        *into, output = self.of(name, "query", "key", "value", "output")
        inputs = vectors, *[vectors if memory is None else memory] * 2
        queries, keys, values = (
            functional.linear(x, weight).unflatten(-1, (self.config.heads, -1)).transpose(1, 2)
            for x, weight in zip(inputs, into, strict=True)
        )
        if memory is None and self.config.positions == "rotary":
            queries, keys = self.turned(queries), self.turned(keys)
        scores = queries @ keys.mT / (math.sqrt(queries.shape[-1]) if self.config.scaled else 1)
        if memory is None and self.config.positions == "alibi":
            places, head = torch.arange(scores.shape[-1]), torch.arange(1, self.config.heads + 1)
            slopes = 2.0 ** (-8 * head / self.config.heads)
            scores = scores - slopes[:, None, None] * (places[:, None] - places).abs()
        weights = scores.masked_fill(~mask[..., None, :, :], -math.inf).softmax(dim=-1)
        out = functional.linear((weights @ values).transpose(1, 2).flatten(2), output)
        self.looks.append((scores, weights, out))
        return out

    def turned(self, vectors):
        """Each pair of numbers is a complex one, and is turned by its position."""
        n, width = vectors.shape[-2:]
        angles = torch.arange(n, dtype=torch.double)[:, None] / 10_000 ** (torch.arange(0, width, 2) / width)
        turned = torch.view_as_complex(vectors.unflatten(-1, (-1, 2)).contiguous()) * torch.exp(1j * angles)
        return torch.view_as_real(turned).flatten(-2)

    def of(self, name, *parts):
        return (self.weights[f"{name}.{part}"] for part in parts)


@NAMES
def test_plain_torch_agrees(name):
    model = shaken(name)
    source, previous = words()
    found, plain = model(source, MASK, previous), Plain(model)
    close(found.logits, plain.logits(source, MASK, previous))
    scores, weights, output = plain.looks[-1]  # the last attention of all is that of the last block to the source
    seen = MASK[:, None, :].expand_as(found.attention.scores)
    close(found.attention.scores[seen], scores.mean(dim=1)[seen])
    close(found.attention.weights, weights.mean(dim=1))
    close(found.attention.output, output)


def test_fresh_weights_keep_numbers_at_their_size():
    """Words enter with variance 1; matrices are drawn as Glorot and Bengio do (2010, eq. 16)."""
    model = make("learned", source_words=1009, target_words=1013, d_model=128, longest=211)
    stacks = model.encoder, model.decoder
    tables = [table for stack in stacks for table in (stack.embedding.weight, stack.positions)]
    spreads = [table.std().item() * math.sqrt(128) for table in tables]
    assert spreads == pytest.approx([1] * 4, rel=0.03)
    matrices = [weight for stack in stacks for weight in stack.blocks.parameters() if weight.ndim == 2]
    assert len(matrices) == 2 * 6 + 2 * 10
    for matrix in matrices:
        assert matrix.abs().max().item() == pytest.approx(math.sqrt(6 / sum(matrix.shape)), rel=0.03)


def test_dropout_acts_in_training_alone():
    """On the embeddings of both sides, positions included, and on what the last block hands on."""
    model = shaken("post", dropout=0.5)
    source, previous = words()
    dropouts = [part for part in model.modules() if isinstance(part, torch.nn.Dropout)]
    assert {part.p for part in dropouts} == {0.5}
    close(*(model(source, MASK, previous).logits for _ in range(2)))
    model.train()
    for part in dropouts:
        part.p = 1.0  # nothing is left, so all tokens are alike
    memory = model.encode(source, MASK)
    logits, _, blocks = model.decode(previous, model.start(memory), memory)
    for states in (memory.states, blocks[0].output):
        close(states, states[:1, :1].expand_as(states))
    close(logits, model.output.bias.expand_as(logits))


@NAMES
def test_padding_changes_nothing(name):
    model = make(name)
    source, previous = words()
    logits, attention = model(source, MASK, previous)
    for row, length in enumerate(LENGTHS):
        alone = source[row : row + 1, :length]
        found = model(alone, torch.ones_like(alone, dtype=torch.bool), previous[row : row + 1])
        close(found.logits[0], logits[row])
        close(found.attention.weights[0], attention.weights[row, :, :length])
        assert (attention.weights[row, :, length:] == 0).all()
    close(model(torch.where(MASK, source, 9), MASK, previous).logits, logits)


def test_embeddings_are_scaled_before_positions_are_added():
    """√d_model times the embedding, plus the table's row; one word, read from position 3 on."""
    model = make("learned")
    word = torch.tensor([[6]])
    wanted = 8**0.5 * model.decoder.embedding.weight[6] + model.decoder.positions[3]
    close(model.decoder.embed(word, torch.tensor([3]))[0, 0], wanted)
    bare = make("alibi")
    close(bare.encoder.embed(word, torch.tensor([3]))[0, 0], 8**0.5 * bare.encoder.embedding.weight[6])


@NAMES
def test_the_future_changes_nothing(name):
    model = make(name)
    source, previous = words()
    logits = model(source, MASK, previous).logits
    for t in range(1, 5):
        other = previous.clone()
        other[:, t:] = (other[:, t:] - 3) % 9 + 4
        found = model(source, MASK, other).logits
        close(found[:, :t], logits[:, :t])
        assert (found[:, t] - logits[:, t]).abs().max() > 1e-6


@NAMES
def test_only_without_positions_the_order_of_the_source_does_not_matter(name):
    model = make(name)
    source, previous = words()
    mask = torch.ones_like(MASK[:1])
    source, previous = source[:1].clamp(min=4), previous[:1]
    assert source[0, 0] != source[0, 1]
    swapped = source[:, [1, 0, 2, 3, 4, 5, 6]]
    before, after = (model(one, mask, previous).logits for one in (source, swapped))
    assert torch.allclose(before, after, atol=1e-10) == (name == "none")


@NAMES
def test_gradients_reach_every_weight(name):
    model = make(name).train()
    source, previous = words()
    model(source, MASK, previous).logits.square().sum().backward()
    # Rows of words and positions that do not occur get none; keys' weights always do.
    without = [name for name, weight in model.named_parameters() if weight.grad is None or not weight.grad.any()]
    assert without == []


@NAMES
def test_without_a_teacher_a_step_reads_its_own_word(name):
    model = make(name)
    source, previous = words()
    forced = torch.zeros_like(previous, dtype=torch.bool)
    free = model(source, MASK, previous, forced)
    own = free.logits.argmax(dim=-1)
    read = torch.cat([previous[:, :1], own[:, :-1]], dim=1)
    wanted = model(source, MASK, read)
    close(free.logits, wanted.logits)
    for one, other in zip(free.attention, wanted.attention, strict=True):
        close(one, other)
    forced[1, 3] = forced[2, 1:3] = True  # in two sentences the teacher speaks for a while
    mixed = model(source, MASK, previous, forced).logits
    read = torch.where(forced[:, 1:], previous[:, 1:], mixed.argmax(dim=-1)[:, :-1])
    read = torch.cat([previous[:, :1], read], dim=1)
    close(mixed, model(source, MASK, read).logits)


@NAMES
def test_rows_of_memory_and_state_can_be_chosen(name):
    model = make(name)
    source, previous = words()
    expect_that_rows_can_be_chosen(model, source, MASK, previous)


def test_a_beam_of_one_is_greedy():
    model = make("rotary").float()
    source, _ = words()
    for one, (best, *_) in zip(greedy(model, source, MASK), beam(model, source, MASK, width=1), strict=True):
        assert one.ids == best.ids
        assert one.weights.shape == best.weights.shape


def test_what_it_is_built_of_survives_a_file(tmp_path):
    sizes = {"source_words": len(ENGLISH), "target_words": len(SPANISH), "d_model": 8, "heads": 2}
    torch.manual_seed(0)
    model = build(TransformerConfig(**sizes, d_feed_forward=16, positions="learned")).eval()
    for compact in (False, True):
        checkpoints.save(tmp_path / "x", model, ENGLISH, SPANISH, compact=compact)
        loaded = checkpoints.load(tmp_path / "x").model
        assert loaded.config == model.config
        source, mask = pad([[5, 6, 7], [8, 9]])
        previous = torch.tensor([[1, 4], [1, 5]])
        difference = (loaded(source, mask, previous).logits - model(source, mask, previous).logits).abs().max()
        assert (difference < 0.2) if compact else difference == 0


def test_designs_name_their_architecture():
    recurrent = Config(source_words=11, target_words=13)
    transformer = TransformerConfig(source_words=11, target_words=13, positions="rotary")
    for config in (recurrent, transformer, LanguageModelConfig(source_words=4, target_words=13, mask="weak")):
        written = json.loads(json.dumps(design_to_json(config)))
        assert [design_from_json(written) for _ in range(2)] == [config] * 2  # it is read, and not used up
    with pytest.raises(
        ValueError, match="architecture must be one of recurrent, transformer, language-model; got 'mamba'"
    ):
        design_from_json({"architecture": "mamba"})


@pytest.mark.parametrize(
    ("choices", "sentence"),
    [
        ({"heads": 3}, "heads must divide d_model=8; got 3"),
        ({"heads": 0}, "heads must be a whole number from 1 up; got 0"),
        ({"positions": "clock"}, "positions must be one of none, learned, sinusoidal, rotary, alibi; got 'clock'"),
        ({"positions": "rotary", "heads": 8}, "a head must have an even width to be rotated; got 1"),
        ({"dropout": 1.0}, "dropout must be a share from 0 to below 1; got 1.0"),
    ],
)
def test_what_does_not_fit_together_is_refused(choices, sentence):
    with pytest.raises(ValueError, match=sentence):
        make("sinusoidal", **choices)


@pytest.mark.parametrize("mask", ["none", "inverted", "weak"])
def test_a_mask_that_is_a_mistake_lets_the_future_in(mask):
    """What a word sees is what the mask says; the first word alone sees itself, or under an inverted mask nothing."""
    wrong, right = make("sinusoidal", mask=mask), make("sinusoidal")
    wrong.load_state_dict(right.state_dict())
    source, previous = words()
    weights = self_weights(wrong, source, previous)
    later = torch.ones(5, 5, dtype=torch.bool).triu(1)
    if mask == "inverted":
        assert (weights[..., ~later] == 0).all()
        assert (weights[..., :4, :].sum(dim=-1) - 1).abs().max() < 1e-12
    else:
        assert (weights > 0).all()
    if mask == "weak":  # ten less in the score is exp(−10) in the share
        odds = weights / self_weights(wrong_as(wrong, "none"), source, previous)
        relative = odds / odds.diagonal(dim1=-2, dim2=-1)[..., None]
        close(relative, torch.exp(-10 * later.double()).expand_as(relative))
    first = wrong.step(previous[:, 0], wrong.start(None), wrong.encode(source, MASK)).logits
    alone = right.step(previous[:, 0], right.start(None), right.encode(source, MASK)).logits
    assert torch.allclose(first, alone) == (mask != "inverted")


def self_weights(model, source, previous):
    """Return the weights of the decoder's first attention to itself."""
    memory = model.encode(source, MASK)
    return model.decode(previous, model.start(memory), memory).blocks[0].attention.weights


def wrong_as(model, mask):
    """Return the same model with another mask."""
    other = make("sinusoidal", mask=mask)
    other.load_state_dict(model.state_dict())
    return other


def test_a_position_beyond_the_learned_table_is_refused():
    model = make("learned", longest=6)
    source, previous = words()
    with pytest.raises(ValueError, match=r"positions must be from 0 to n_positions − 1 = 5; got 6"):
        model(source, MASK, previous)


def test_it_learns_a_few_sentences_by_heart():
    pairs = make_pairs(24, seed=3, lengths=(2, 6))
    sizes = {"source_words": len(ENGLISH), "target_words": len(SPANISH)}
    torch.manual_seed(1)
    model = build(TransformerConfig(**sizes, d_model=32, heads=4, layers=1, d_feed_forward=64))
    options = Options(epochs=60, batch_size=8, learning_rate=3e-3)
    train(model, pairs, pairs, options, ENGLISH, SPANISH, progress=False)
    found = evaluate(model, ENGLISH, SPANISH, pairs)
    assert found["exact_match"] > 0.9
    assert 0 <= found["alignment_error_rate"] <= 1
    weights = gold_weights(model, ENGLISH, SPANISH, pairs)
    assert all(abs(one.sum(axis=1) - 1).max() < 1e-5 for one in weights)
