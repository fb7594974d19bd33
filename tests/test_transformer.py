"""Promise: encoder and decoder blocks are torch's, with the norm in either place, values and gradients alike."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch.nn import functional

from attnkit.multi_head import MultiHeadWeights, multi_head_attend
from attnkit.scoring import dot_scores
from attnkit.transformer import (
    DecoderBlock,
    DecoderWeights,
    EncoderBlock,
    EncoderWeights,
    FeedForwardWeights,
    NormWeights,
    decoder_block,
    encoder_block,
    feed_forward,
    layer_norm,
)
from tests import spec

LIBRARIES = pytest.mark.parametrize("asarray", [np.asarray, torch.tensor])
DTYPES = pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
NORMS = pytest.mark.parametrize("norm", ["post", "pre"])
HEADS, N_SOURCE, N_TARGET, D_HIDDEN = 2, 7, 3, 11
D_MODEL, D_MEMORY = 2 * 5, 17
CAUSAL = np.tri(N_TARGET, dtype=bool)


def random(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def random_norm(seed: int) -> NormWeights:
    return NormWeights(random(D_MODEL, seed=seed), random(D_MODEL, seed=seed + 1))


def random_attention(seed: int, d_memory: int = D_MODEL) -> MultiHeadWeights:
    shapes = (2 * 3, D_MODEL), (2 * 3, d_memory), (2 * 13, d_memory), (D_MODEL, 2 * 13)
    biases = (2 * 3,), (2 * 3,), (2 * 13,), (D_MODEL,)
    return MultiHeadWeights(*(random(*shape, seed=seed + i) for i, shape in enumerate((*shapes, *biases))))


def random_network(seed: int = 70) -> FeedForwardWeights:
    shapes = (D_HIDDEN, D_MODEL), (D_HIDDEN,), (D_MODEL, D_HIDDEN), (D_MODEL,)
    return FeedForwardWeights(*(random(*shape, seed=seed + i) for i, shape in enumerate(shapes)))


def random_encoder() -> EncoderWeights:
    return EncoderWeights(random_attention(10), random_norm(20), random_network(), random_norm(30))


def random_decoder() -> DecoderWeights:
    encoder = random_encoder()
    return DecoderWeights(*encoder[:2], random_attention(40, D_MEMORY), random_norm(50), *encoder[2:])


def each(function, weights):
    """Return nested weights with the function done to each array."""
    if isinstance(weights, tuple):
        return type(weights)(*(each(function, part) for part in weights))
    return function(weights)


def leaves_of(weights) -> list:
    """Return the arrays of nested weights."""
    return [leaf for part in weights for leaf in leaves_of(part)] if isinstance(weights, tuple) else [weights]


def gradients(outputs, leaves) -> tuple[torch.Tensor, ...]:
    """Return the gradients of one number in which each output counts differently."""
    loss = sum((output * torch.tensor(random(*output.shape, seed=9), dtype=output.dtype)).sum() for output in outputs)
    return torch.autograd.grad(loss, leaves)


def exactness(dtype: torch.dtype) -> dict[str, float]:
    return {"rtol": 1e-4, "atol": 1e-4} if dtype == torch.float32 else {"rtol": 1e-9, "atol": 1e-11}


def multi_head_of(module: torch.nn.MultiheadAttention) -> MultiHeadWeights:
    biases = *module.in_proj_bias.chunk(3), module.out_proj.bias
    return MultiHeadWeights(*module.in_proj_weight.chunk(3), module.out_proj.weight, *biases)


def norm_of(module: torch.nn.LayerNorm) -> NormWeights:
    return NormWeights(module.weight, module.bias)


def network_of(module: torch.nn.Module) -> FeedForwardWeights:
    return FeedForwardWeights(*module.linear1.parameters(), *module.linear2.parameters())


def shake(module: torch.nn.Module) -> None:
    """Draw every parameter: torch starts biases at 0 and scales at 1, where a wrong one could not be seen."""
    torch.manual_seed(0)
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter, std=0.5)


def layer_norm_by_loops(vector: list[float], scale: list[float], shift: list[float], epsilon: float) -> list[float]:
    mean = sum(vector) / len(vector)
    variance = sum((x - mean) ** 2 for x in vector) / len(vector)
    numbers = zip(vector, scale, shift, strict=True)
    return [(x - mean) / math.sqrt(variance + epsilon) * by + to for x, by, to in numbers]


def feed_forward_by_loops(vector: list[float], weights: FeedForwardWeights) -> list[float]:
    first, first_bias, second, second_bias = (part.tolist() for part in weights)
    hidden = [max(0.0, a + b) for a, b in zip(spec.times(first, vector), first_bias, strict=True)]
    return [a + b for a, b in zip(spec.times(second, hidden), second_bias, strict=True)]


def test_pencil_layer_norm():
    # Mean 6 and variance 4: with an epsilon of 5 the root is 3.
    ones, zeros = np.ones(2), np.zeros(2)
    np.testing.assert_allclose(layer_norm(np.asarray([4.0, 8.0]), ones, zeros, 5), [-2 / 3, 2 / 3], rtol=1e-15)
    np.testing.assert_allclose(layer_norm(np.asarray([4.0, 8.0]), ones, zeros, 1e-20), [-1, 1], rtol=1e-15)
    scale, shift = np.asarray([3.0, 30.0]), np.asarray([100.0, 200.0])
    np.testing.assert_allclose(layer_norm(np.asarray([4.0, 8.0]), scale, shift, 5), [98, 220], rtol=1e-15)


def test_pencil_feed_forward():
    weights = FeedForwardWeights(
        np.asarray([[1.0], [-1.0]]), np.asarray([0.5, -0.5]), np.asarray([[10.0, 100.0]]), np.asarray([7.0])
    )
    np.testing.assert_array_equal(feed_forward(np.asarray([[2.0], [-2.0], [-0.5]]), weights), [[32], [157], [7]])


def test_plain_loops():
    vectors, (scale, shift), network = random(N_SOURCE, D_MODEL), random_norm(20), random_network()
    for epsilon in (1e-5, 0.3):
        ours = layer_norm(vectors, scale, shift, epsilon)
        for vector, expected in zip(vectors.tolist(), ours, strict=True):
            theirs = layer_norm_by_loops(vector, scale.tolist(), shift.tolist(), epsilon)
            np.testing.assert_allclose(expected, theirs, atol=1e-13)
    for vector, expected in zip(vectors.tolist(), feed_forward(vectors, network), strict=True):
        np.testing.assert_allclose(expected, feed_forward_by_loops(vector, network), atol=1e-13)


@pytest.mark.parametrize("asarray", [np.asarray, torch.tensor])
def test_the_blocks_are_their_sublayers_by_loops(asarray):
    source, target = random(N_SOURCE, D_MEMORY), random(N_TARGET, D_MODEL, seed=1)
    weights, mask = random_decoder(), random(N_TARGET, N_SOURCE, seed=2) > 0

    def norm(rows, part):
        return np.asarray([layer_norm_by_loops(row, *(p.tolist() for p in part), 1e-5) for row in rows.tolist()])

    def think(rows):
        return np.asarray([feed_forward_by_loops(row, weights.feed_forward) for row in rows.tolist()])

    def look(rows, part, mask, memory=None):
        return multi_head_attend(rows, part, HEADS, mask, memory=memory).output

    post = norm(target + look(target, weights.attention, CAUSAL), weights.attention_norm)
    post = norm(post + look(post, weights.cross_attention, mask, source), weights.cross_attention_norm)
    post = norm(post + think(post), weights.feed_forward_norm)
    pre = target + look(norm(target, weights.attention_norm), weights.attention, CAUSAL)
    pre = pre + look(norm(pre, weights.cross_attention_norm), weights.cross_attention, mask, source)
    pre = pre + think(norm(pre, weights.feed_forward_norm))
    for place, expected in (("post", post), ("pre", pre)):
        block = decoder_block(
            asarray(target),
            asarray(source),
            each(asarray, weights),
            HEADS,
            asarray(CAUSAL),
            memory_mask=asarray(mask),
            norm=place,
        )
        assert isinstance(block, DecoderBlock)
        np.testing.assert_allclose(block.output, expected, atol=1e-11)


@DTYPES
def test_torchs_layer_norm(dtype):
    module = torch.nn.LayerNorm(D_MODEL, dtype=dtype)
    shake(module)
    vectors = torch.tensor(random(2, N_SOURCE, D_MODEL), dtype=dtype, requires_grad=True)
    ours, theirs = layer_norm(vectors, module.weight, module.bias), module(vectors)
    torch.testing.assert_close(ours, theirs)
    leaves = [vectors, *module.parameters()]
    torch.testing.assert_close(gradients([ours], leaves), gradients([theirs], leaves), **exactness(dtype))
    theirs = functional.layer_norm(vectors, (D_MODEL,), *module.parameters(), eps=0.3)
    torch.testing.assert_close(layer_norm(vectors, *module.parameters(), 0.3), theirs)


@DTYPES
@NORMS
@pytest.mark.parametrize("masked", [False, True])
def test_an_encoder_block_is_torchs(dtype, norm, masked):
    module = torch.nn.TransformerEncoderLayer(
        D_MODEL, HEADS, D_HIDDEN, dropout=0, batch_first=True, norm_first=norm == "pre", dtype=dtype
    )
    shake(module)
    weights = EncoderWeights(
        multi_head_of(module.self_attn), norm_of(module.norm1), network_of(module), norm_of(module.norm2)
    )
    inputs = torch.tensor(random(2, N_SOURCE, D_MODEL), dtype=dtype, requires_grad=True)
    words = torch.arange(N_SOURCE) < torch.tensor([[N_SOURCE], [5]])
    near = torch.tensor(np.tri(N_SOURCE, k=2, dtype=bool))
    mask = words[:, None, :] & near if masked else None
    ours = encoder_block(inputs, weights, HEADS, mask, norm=norm)
    assert isinstance(ours, EncoderBlock)
    theirs = module(inputs, src_mask=~near, src_key_padding_mask=~words) if masked else module(inputs)
    torch.testing.assert_close(ours.output, theirs, **exactness(dtype))
    leaves = [inputs, *module.parameters()]
    torch.testing.assert_close(gradients([ours.output], leaves), gradients([theirs], leaves), **exactness(dtype))


@DTYPES
@NORMS
@pytest.mark.parametrize("masked", [False, True])
def test_a_decoder_block_is_torchs(dtype, norm, masked):
    module = torch.nn.TransformerDecoderLayer(
        D_MODEL, HEADS, D_HIDDEN, dropout=0, batch_first=True, norm_first=norm == "pre", dtype=dtype
    )
    shake(module)
    weights = DecoderWeights(
        multi_head_of(module.self_attn),
        norm_of(module.norm1),
        multi_head_of(module.multihead_attn),
        norm_of(module.norm2),
        network_of(module),
        norm_of(module.norm3),
    )
    inputs = torch.tensor(random(2, N_TARGET, D_MODEL), dtype=dtype, requires_grad=True)
    memory = torch.tensor(random(2, N_SOURCE, D_MODEL, seed=1), dtype=dtype, requires_grad=True)
    words, causal = torch.arange(N_SOURCE) < torch.tensor([[N_SOURCE], [5]]), torch.tensor(CAUSAL)
    if masked:
        ours = decoder_block(inputs, memory, weights, HEADS, causal, memory_mask=words[:, None, :], norm=norm)
        theirs = module(inputs, memory, tgt_mask=~causal, memory_key_padding_mask=~words)
    else:
        ours, theirs = decoder_block(inputs, memory, weights, HEADS, norm=norm), module(inputs, memory)
    torch.testing.assert_close(ours.output, theirs, **exactness(dtype))
    leaves = [inputs, memory, *module.parameters()]
    torch.testing.assert_close(gradients([ours.output], leaves), gradients([theirs], leaves), **exactness(dtype))


def test_the_norm_stands_behind_each_sum_unless_said_otherwise():
    inputs, memory = random(N_TARGET, D_MODEL), random(N_SOURCE, D_MEMORY)
    np.testing.assert_array_equal(
        encoder_block(inputs, random_encoder(), HEADS).output,
        encoder_block(inputs, random_encoder(), HEADS, norm="post").output,
    )
    np.testing.assert_array_equal(
        decoder_block(inputs, memory, random_decoder(), HEADS).output,
        decoder_block(inputs, memory, random_decoder(), HEADS, norm="post").output,
    )


@NORMS
def test_the_attentions_come_back_with_all_their_stages(norm):
    inputs, memory, weights = random(2, N_TARGET, D_MODEL), random(2, N_SOURCE, D_MEMORY), random_decoder()

    def normed(vectors, part):
        return layer_norm(vectors, *part) if norm == "pre" else vectors

    encoder = EncoderWeights(*weights[:2], *weights[4:])
    own = multi_head_attend(normed(inputs, weights.attention_norm), weights.attention, HEADS, CAUSAL)
    block = decoder_block(inputs, memory, weights, HEADS, CAUSAL, norm=norm)
    for attention in (block.attention, encoder_block(inputs, encoder, HEADS, CAUSAL, norm=norm).attention):
        for stage, expected in zip(attention, own, strict=True):
            np.testing.assert_array_equal(stage, expected)
    attended = inputs + own.output
    attended = attended if norm == "pre" else layer_norm(attended, *weights.attention_norm)
    queries = normed(attended, weights.cross_attention_norm)
    cross = multi_head_attend(queries, weights.cross_attention, HEADS, memory=memory)
    for stage, expected in zip(block.cross_attention, cross, strict=True):
        np.testing.assert_array_equal(stage, expected)


@NORMS
@pytest.mark.parametrize("steps", [[1] * N_TARGET, [1, N_TARGET - 1]])
def test_a_step_at_a_time_with_the_cache_is_the_whole_pass(norm, steps):
    """The cache holds the keys and values of all tokens so far, and the steps' outputs are those of one pass."""
    inputs, memory, weights = random(2, N_TARGET, D_MODEL), random(2, N_SOURCE, D_MEMORY), random_decoder()
    encoder = EncoderWeights(*weights[:2], *weights[4:])
    for whole, block in (
        (
            decoder_block(inputs, memory, weights, HEADS, CAUSAL, norm=norm),
            partial(decoder_block, memory=memory, weights=weights),
        ),
        (encoder_block(inputs, encoder, HEADS, CAUSAL, norm=norm), partial(encoder_block, weights=encoder)),
    ):
        past, outputs, begin = None, [], 0
        for end in np.cumsum(steps):
            step = block(inputs[:, begin:end], heads=HEADS, mask=CAUSAL[begin:end, :end], past=past, norm=norm)
            past, begin = step.cache, end
            outputs.append(step.output)
        np.testing.assert_allclose(np.concatenate(outputs, axis=1), whole.output, atol=1e-12)
        for part, expected in zip(past, whole.cache, strict=True):
            np.testing.assert_allclose(part, expected, atol=1e-12)


def test_each_attention_has_its_own_score():
    inputs, memory, weights, seen = random(N_TARGET, D_MODEL), random(N_SOURCE, D_MEMORY), random_decoder(), []

    def recording(name):
        def score(queries, keys):
            seen.append((name, queries.shape[-2], keys.shape[-2]))
            return dot_scores(queries, keys)

        return score

    decoder_block(inputs, memory, weights, HEADS, score=recording("own"), memory_score=recording("cross"))
    encoder_block(inputs, random_encoder(), HEADS, score=recording("encoder"))
    assert seen == [("own", 3, 3), ("cross", 3, 7), ("encoder", 3, 3)]


def test_a_pre_norm_block_whose_sublayers_add_nothing_passes_on_what_it_reads():
    inputs, memory = random(N_TARGET, D_MODEL), random(N_SOURCE, D_MEMORY)
    for network in (random_network(), each(np.zeros_like, random_network())):
        weights = each(np.zeros_like, random_decoder())._replace(feed_forward=network)
        output = decoder_block(inputs, memory, weights, HEADS, norm="pre").output
        # Scale and shift of the last norm are 0: the network reads zeros only.
        np.testing.assert_allclose(output, inputs + feed_forward(np.zeros((1, D_MODEL)), network), atol=1e-14)


vectors_ = arrays(np.float64, (N_SOURCE, D_MODEL), elements=st.floats(-10, 10))
wilds = arrays(np.float64, (N_SOURCE, D_MODEL), elements=st.floats(-1e6, 1e6))
norms = st.sampled_from(["post", "pre"])
orders = st.permutations(range(N_SOURCE)).map(list)


@given(arrays(np.float64, (N_SOURCE, D_MODEL), elements=st.integers(-100, 100)), st.integers(-100, 100))
def test_layer_norm_takes_out_a_shift_and_a_scale(vectors, shift):
    ones, zeros = np.ones(D_MODEL), np.zeros(D_MODEL)
    normed = layer_norm(vectors, ones, zeros)
    np.testing.assert_allclose(normed.mean(axis=-1), 0, atol=1e-12)
    equal = (vectors == vectors[:, :1]).all(axis=-1)
    assert (normed[equal] == 0).all()
    np.testing.assert_allclose(normed[~equal].var(axis=-1), 1, atol=2e-4)  # a variance of 0.09 beside epsilon
    np.testing.assert_allclose(layer_norm(vectors + shift, ones, zeros), normed, atol=1e-9)
    np.testing.assert_allclose(layer_norm(4 * vectors, ones, zeros, 16e-5), normed, atol=1e-9)


@given(vectors_, norms, orders)
def test_without_positions_tokens_in_another_order_give_outputs_in_that_order(vectors, norm, order):
    weights = random_encoder()
    output = encoder_block(vectors, weights, HEADS, norm=norm).output
    moved = encoder_block(vectors[order], weights, HEADS, norm=norm).output
    np.testing.assert_allclose(moved, output[order], atol=1e-6)


@given(vectors_, wilds, norms, st.integers(1, N_SOURCE - 1))
def test_a_later_token_changes_no_earlier_output_of_a_stack(vectors, wild, norm, place):
    weights, memory, causal = random_decoder(), random(N_TARGET, D_MEMORY), np.tri(N_SOURCE, dtype=bool)

    def stack(vectors):
        for _ in range(2):
            vectors = decoder_block(vectors, memory, weights, HEADS, causal, norm=norm).output
        return vectors[:place]

    np.testing.assert_array_equal(stack(np.concatenate([vectors[:place], wild[place:]])), stack(vectors))


@given(vectors_, wilds, norms, arrays(np.bool_, N_SOURCE).filter(np.any))
def test_padding_changes_nothing_in_encoder_and_decoder(vectors, wild, norm, mask):
    encoder, target = random_encoder(), random(N_TARGET, D_MODEL)
    decoder = random_decoder()._replace(cross_attention=random_attention(40))

    def translate(source, mask):
        memory = encoder_block(source, encoder, HEADS, mask, norm=norm).output
        return decoder_block(target, memory, decoder, HEADS, CAUSAL, memory_mask=mask, norm=norm).output

    padded = np.where(mask[:, None], vectors, wild)
    np.testing.assert_allclose(translate(padded, mask), translate(vectors[mask], None), atol=1e-6)


def test_gradients_equal_finite_differences():
    shapes = (3, 2), (2,), (2,)
    leaves = [torch.tensor(random(*shape, seed=i), requires_grad=True) for i, shape in enumerate(shapes)]
    assert torch.autograd.gradcheck(layer_norm, leaves)
    shapes = (3, 2), (5, 2), (5,), (2, 5), (2,)
    leaves = [torch.tensor(random(*shape, seed=i), requires_grad=True) for i, shape in enumerate(shapes)]
    assert torch.autograd.gradcheck(lambda vectors, *parts: feed_forward(vectors, FeedForwardWeights(*parts)), leaves)


@NORMS
def test_gradients_of_a_decoder_block_equal_finite_differences(norm):
    attention, cross = (((2, 2), (2, width), (4, width), (2, 4)) for width in (2, 3))
    shapes = (3, 2), (2, 3), *attention, *cross, (5, 2), (5,), (2, 5), (2,), *((2,),) * 6
    leaves = [torch.tensor(random(*shape, seed=i), requires_grad=True) for i, shape in enumerate(shapes)]
    mask = torch.tensor([[True, False], [False, False], [True, True]])

    def block(inputs, memory, *parts):
        weights = DecoderWeights(
            MultiHeadWeights(*parts[:4]),
            NormWeights(*parts[12:14]),
            MultiHeadWeights(*parts[4:8]),
            NormWeights(*parts[14:16]),
            FeedForwardWeights(*parts[8:12]),
            NormWeights(*parts[16:18]),
        )
        causal = torch.ones(3, 3, dtype=torch.bool).tril()
        return decoder_block(inputs, memory, weights, 2, causal, memory_mask=mask, norm=norm).output

    assert torch.autograd.gradcheck(block, leaves)


def test_gradients_of_equal_numbers_are_finite():
    vectors = torch.full((3, D_MODEL), 5.0, dtype=torch.float64, requires_grad=True)
    scale, shift = (torch.tensor(part) for part in random_norm(20))
    output = layer_norm(vectors, scale, shift)
    torch.testing.assert_close(output, shift.expand(3, D_MODEL))
    assert torch.isfinite(gradients([output], [vectors])[0]).all()


@LIBRARIES
@NORMS
def test_batch_axes_broadcast(asarray, norm):
    inputs, memory = asarray(random(2, 1, N_TARGET, D_MODEL)), asarray(random(23, N_SOURCE, D_MEMORY))
    weights, mask = each(asarray, random_decoder()), asarray(random(23, 1, N_SOURCE) > 0)
    block = decoder_block(inputs, memory, weights, HEADS, memory_mask=mask, norm=norm)
    assert tuple(block.attention.weights.shape) == (2, 1, HEADS, N_TARGET, N_TARGET)
    assert tuple(block.cross_attention.weights.shape) == (2, 23, HEADS, N_TARGET, N_SOURCE)
    assert tuple(block.output.shape) == (2, 23, N_TARGET, D_MODEL)
    alone = decoder_block(inputs[1, 0], memory[22], weights, HEADS, memory_mask=mask[22], norm=norm)
    np.testing.assert_allclose(block.output[1, 22], alone.output, atol=1e-11)
    source = asarray(random(2, 23, N_SOURCE, D_MODEL))
    output = encoder_block(source, each(asarray, random_encoder()), HEADS, norm=norm).output
    assert tuple(output.shape) == (2, 23, N_SOURCE, D_MODEL)


@LIBRARIES
@NORMS
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_the_dtype_and_the_library_stay(asarray, norm, dtype):
    weights = each(lambda part: part / 4, random_decoder())
    inputs, memory = asarray(random(N_TARGET, D_MODEL).astype(dtype)), asarray(random(N_SOURCE, D_MEMORY).astype(dtype))
    block = decoder_block(inputs, memory, each(lambda part: asarray(part.astype(dtype)), weights), HEADS, norm=norm)
    exact = decoder_block(random(N_TARGET, D_MODEL), random(N_SOURCE, D_MEMORY), weights, HEADS, norm=norm)
    for stage in leaves_of(block):
        assert type(stage) is type(inputs)
        assert stage.dtype == inputs.dtype
    np.testing.assert_allclose(block.output, exact.output, atol=64 * float(np.finfo(dtype).eps))


@LIBRARIES
def test_half_floats_are_normalised_in_float32(asarray):
    # The squares of 300 and of 1e-4 leave float16 on either side.
    ones, zeros = asarray(np.ones(2, np.float16)), asarray(np.zeros(2, np.float16))
    np.testing.assert_array_equal(layer_norm(asarray(np.asarray([-300, 300], np.float16)), ones, zeros), [-1, 1])
    small = layer_norm(asarray(np.asarray([-1e-4, 1e-4], np.float16)), ones, zeros, 1e-12)
    np.testing.assert_allclose(small, [-1, 1], rtol=1e-3)


@LIBRARIES
def test_integers_are_read_as_floats(asarray):
    ones = asarray(np.asarray([1, 1]))
    np.testing.assert_allclose(layer_norm(asarray(np.asarray([4, 8])), ones, 0 * ones), [-1, 1], atol=1e-5)


VECTORS, MEMORY, NETWORK = random(N_TARGET, D_MODEL), random(N_SOURCE, D_MEMORY), random_network()
(SCALE, SHIFT), ENCODER, DECODER = random_norm(20), random_encoder(), random_decoder()
NARROW = ENCODER.attention._replace(output=random(1, 2 * 13), output_bias=None)
WRONG = {
    "vectors list": (lambda: layer_norm([1.0], SCALE, SHIFT), "vectors must be an array; got list: wrap it"),
    "scale": (lambda: layer_norm(VECTORS, SCALE[:3], SHIFT), r"scale must have shape \(d_model=10\); got \(3,\)"),
    "scale of a batch": (
        lambda: layer_norm(VECTORS, VECTORS, SHIFT),
        r"scale must have shape \(d_model=10\); got \(3, 10\)",
    ),
    "shift": (lambda: layer_norm(VECTORS, SCALE, SHIFT[:1]), r"shift must have shape \(d_model=10\); got \(1,\)"),
    "rank": (lambda: layer_norm(np.asarray(1.0), SCALE, SHIFT), r"vectors must have shape \(..., d_model\); got \(\)"),
    "nan": (lambda: layer_norm(VECTORS * np.nan, SCALE, SHIFT), r"vectors must be finite; got nan at index \(0, 0\)"),
    "scale nan": (lambda: layer_norm(VECTORS, SCALE * np.inf, SHIFT), "scale must be finite"),
    "epsilon": (lambda: layer_norm(VECTORS, SCALE, SHIFT, 0), "epsilon must be a finite number greater than 0; got 0"),
    "epsilon inf": (lambda: layer_norm(VECTORS, SCALE, SHIFT, math.inf), "epsilon must be a finite .*; got inf"),
    "epsilon text": (lambda: layer_norm(VECTORS, SCALE, SHIFT, "1"), "epsilon must be a finite .*; got 1"),
    "epsilon true": (lambda: layer_norm(VECTORS, SCALE, SHIFT, True), "epsilon must be a finite .*; got True"),
    "squares": (lambda: layer_norm(VECTORS * 1e200, SCALE, SHIFT), "the squares of vectors overflow float64"),
    "network width": (
        lambda: feed_forward(VECTORS[:, :3], NETWORK),
        r"weights.hidden must have shape \(d_hidden=11, d_model=3\); got \(11, 10\)",
    ),
    "hidden bias": (
        lambda: feed_forward(VECTORS, NETWORK._replace(hidden_bias=VECTORS)),
        r"weights.hidden_bias must have shape \(d_hidden\); got \(3, 10\)",
    ),
    "network output": (
        lambda: feed_forward(VECTORS, NETWORK._replace(output=NETWORK.output[:1])),
        r"weights.output must have shape \(d_model=10, d_hidden=11\); got \(1, 11\)",
    ),
    "output bias": (
        lambda: feed_forward(VECTORS, NETWORK._replace(output_bias=SHIFT[:1])),
        r"weights.output_bias must have shape \(d_model=10\); got \(1,\)",
    ),
    "network nan": (
        lambda: feed_forward(VECTORS, NETWORK._replace(output=NETWORK.output * np.nan)),
        r"weights.output must be finite; got nan at index \(0, 0\)",
    ),
    "network vectors": (lambda: feed_forward([1.0], NETWORK), "vectors must be an array; got list"),
    "network overflow": (
        lambda: feed_forward(VECTORS * 1e200, NETWORK._replace(hidden=NETWORK.hidden * 1e200)),
        "the products of weights.hidden overflow float64",
    ),
    "norm": (
        lambda: encoder_block(VECTORS, ENCODER, HEADS, norm="first"),
        'norm must be "post" or "pre"; got \'first\'',
    ),
    "norm true": (
        lambda: decoder_block(VECTORS, MEMORY, DECODER, HEADS, norm=True),
        'norm must be "post" or "pre"; got True',
    ),
    "attention width": (
        lambda: encoder_block(VECTORS, ENCODER._replace(attention=NARROW), HEADS),
        "weights.attention.output must make vectors of d_model=10; got 1",
    ),
    "cross-attention width": (
        lambda: decoder_block(VECTORS, VECTORS, DECODER._replace(cross_attention=NARROW), HEADS),
        "weights.cross_attention.output must make vectors of d_model=10; got 1",
    ),
    "memory": (
        lambda: decoder_block(VECTORS, VECTORS, DECODER, HEADS),
        r"weights.key must have shape \(d_k=6, d_memory=10\); got \(6, 17\)",
    ),
    "inputs list": (lambda: encoder_block([[1.0]], ENCODER, HEADS), "inputs must be an array; got list: wrap it"),
    "inputs list pre": (
        lambda: decoder_block([[1.0]], MEMORY, DECODER, HEADS, norm="pre"),
        "inputs must be an array; got list: wrap it",
    ),
    "inputs rank": (
        lambda: encoder_block(VECTORS[0], ENCODER, HEADS),
        r"inputs must have shape \(..., n_source, d_model\); got \(10,\)",
    ),
    "target rank": (
        lambda: decoder_block(VECTORS[0], MEMORY, DECODER, HEADS, norm="pre"),
        r"inputs must have shape \(..., n_target, d_model\); got \(10,\)",
    ),
}


@pytest.mark.parametrize(("call", "sentence"), WRONG.values(), ids=WRONG)
def test_a_wrong_input_gets_a_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


@LIBRARIES
@NORMS
def test_nothing_is_changed_in_place(asarray, norm):
    inputs, memory, weights = (each(lambda part: asarray(part.copy()), part) for part in (VECTORS, MEMORY, DECODER))
    decoder_block(inputs, memory, weights, HEADS, norm=norm)
    for array, original in zip(
        leaves_of((inputs, memory, weights)), leaves_of((VECTORS, MEMORY, DECODER)), strict=True
    ):
        np.testing.assert_array_equal(array, original)
