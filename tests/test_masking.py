"""Promise: no word sees the future or padding, each library reads our masks as meant, and a cache changes nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import nn
from torch.nn import functional

from attnkit import Attention, attend
from attnkit.masking import CONVENTIONS, KVCache, causal_mask, convert_mask, padding_mask, sliding_window_mask
from attnkit.positions import rotary
from attnkit.self_attention import scaled_dot_scores

LIBRARIES = pytest.mark.parametrize("asarray", [np.asarray, torch.tensor])
DTYPES = pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
BATCH, HEADS, N_QUERIES, N_KEYS, D_K, D_V = 2, 3, 5, 7, 13, 11


def random(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def tensors(dtype: torch.dtype, *shapes: tuple[int, ...]) -> list[torch.Tensor]:
    """Return random tensors that ask for gradients."""
    made = [torch.tensor(random(*shape, seed=i), dtype=dtype) for i, shape in enumerate(shapes)]
    return [tensor.requires_grad_() for tensor in made]


def random_mask(*shape: int, seed: int = 3) -> np.ndarray:
    """Return a mask that leaves each query at least one key: what torch does without any is its own affair."""
    mask = np.random.default_rng(seed).random(shape) < 0.5
    mask[..., 4] = True
    return mask


def loop_mask(queries: list[int], keys: list[int], width: float) -> list[list[bool]]:
    return [[key <= query and query - key < width for key in keys] for query in queries]


def gradients(output: torch.Tensor, leaves: list[torch.Tensor]) -> tuple[torch.Tensor, ...]:
    """Return the gradients of one number in which each output counts differently."""
    return torch.autograd.grad((output * torch.tensor(random(*output.shape, seed=9))).sum(), leaves)


def test_pencil_masks():
    positions = np.asarray([0, 1, 2])
    np.testing.assert_array_equal(causal_mask(positions), [[1, 0, 0], [1, 1, 0], [1, 1, 1]])
    np.testing.assert_array_equal(causal_mask(np.asarray([1]), positions), [[1, 1, 0]])
    np.testing.assert_array_equal(sliding_window_mask(positions, positions, 2), [[1, 0, 0], [1, 1, 0], [0, 1, 1]])
    np.testing.assert_array_equal(padding_mask(np.asarray([0, 1, 3]), 3), [[[0, 0, 0]], [[1, 0, 0]], [[1, 1, 1]]])
    np.testing.assert_array_equal(padding_mask(np.asarray(2), 3), [[1, 1, 0]])
    both = padding_mask(np.asarray([2]), 3) & causal_mask(positions)
    np.testing.assert_array_equal(both, [[[1, 0, 0], [1, 1, 0], [1, 1, 0]]])


def test_pencil_conversions():
    mask = np.asarray([[True, False]])
    np.testing.assert_array_equal(convert_mask(mask, "attnkit", "multihead"), [[False, True]])
    np.testing.assert_array_equal(convert_mask(mask, "attnkit", "additive"), [[0, -math.inf]])
    np.testing.assert_array_equal(convert_mask(mask, "multihead", "additive"), [[-math.inf, 0]])
    additive = np.asarray([0, -math.inf])
    np.testing.assert_array_equal(convert_mask(additive, "additive", "keras"), [True, False])
    np.testing.assert_array_equal(convert_mask(additive, "additive", "multihead"), [False, True])


orders = st.permutations(range(N_KEYS)).map(np.asarray)
places = arrays(np.int64, N_QUERIES, elements=st.integers(-3, 12))
lengths_ = arrays(np.int64, BATCH, elements=st.integers(0, N_KEYS))


@given(places, orders, st.integers(1, 9))
def test_plain_loops(queries, keys, width):
    for asarray in (np.asarray, torch.tensor):
        pair = asarray(queries), asarray(keys)
        expected = loop_mask(queries.tolist(), keys.tolist(), math.inf)
        np.testing.assert_array_equal(causal_mask(*pair), expected)
        expected = loop_mask(queries.tolist(), keys.tolist(), width)
        np.testing.assert_array_equal(sliding_window_mask(*pair, width), expected)
        np.testing.assert_array_equal(sliding_window_mask(pair[0] + 0.5, pair[1] + 0.5, width), expected)


def test_torch_triangle():
    np.testing.assert_array_equal(causal_mask(torch.arange(7)), torch.ones(7, 7).tril() == 1)
    window = sliding_window_mask(torch.arange(7), torch.arange(7), 3)
    np.testing.assert_array_equal(window, (torch.ones(7, 7).tril() * torch.ones(7, 7).triu(-2)) == 1)
    np.testing.assert_array_equal(
        sliding_window_mask(torch.arange(7), torch.arange(7), 7), causal_mask(torch.arange(7))
    )


@LIBRARIES
def test_whole_positions_are_told_apart_however_large_they_are(asarray):
    positions = asarray(np.asarray([2**40, 2**40 + 1]))
    np.testing.assert_array_equal(causal_mask(positions), [[1, 0], [1, 1]])
    np.testing.assert_array_equal(causal_mask(asarray(np.asarray([0, 1], "uint8"))), [[1, 0], [1, 1]])


@LIBRARIES
def test_batch_axes_broadcast(asarray):
    positions, lengths = asarray(np.asarray([[0, 1, 2], [4, 5, 6]])), asarray(np.asarray([[3, 7], [1, 0], [5, 2]]))
    mask = causal_mask(positions, asarray(np.arange(N_KEYS)))
    assert tuple(mask.shape) == (2, 3, N_KEYS)
    np.testing.assert_array_equal(mask[1], causal_mask(positions[1], asarray(np.arange(N_KEYS))))
    padding = padding_mask(lengths, N_KEYS)
    assert tuple(padding.shape) == (3, 2, 1, N_KEYS)
    np.testing.assert_array_equal(padding.sum(-1)[..., 0], lengths)
    assert tuple((padding & mask).shape) == (3, 2, 3, N_KEYS)
    assert type(mask) is type(padding) is type(positions)
    assert mask.dtype == padding.dtype == asarray([True]).dtype


@given(st.sampled_from(sorted(CONVENTIONS)), st.sampled_from(sorted(CONVENTIONS)), arrays(np.bool_, (3, 5)))
def test_there_and_back_again(source, target, mask):
    for asarray in (np.asarray, torch.tensor):
        first = convert_mask(asarray(mask), "attnkit", source)
        second = convert_mask(first, source, target)
        assert type(second) is type(asarray(mask))
        np.testing.assert_array_equal(convert_mask(second, target, source), first)
        np.testing.assert_array_equal(convert_mask(second, target, "attnkit"), mask)
        assert second.dtype == (asarray([1.0]) if target == "additive" else asarray(mask)).dtype


@DTYPES
@pytest.mark.parametrize("target", ["sdpa", "additive"])
def test_sdpa_reads_the_masks_that_are_made_for_it(dtype, target):
    shapes = (BATCH, HEADS, N_QUERIES, D_K), (BATCH, HEADS, N_KEYS, D_K), (BATCH, HEADS, N_KEYS, D_V)
    leaves, mask = tensors(dtype, *shapes), torch.tensor(random_mask(BATCH, 1, N_QUERIES, N_KEYS))
    ours = attend(*leaves, mask, score=scaled_dot_scores).output
    converted = convert_mask(mask, "attnkit", target)
    if target == "additive":
        converted = converted.to(dtype)
    theirs = functional.scaled_dot_product_attention(*leaves, attn_mask=converted)
    torch.testing.assert_close(ours, theirs)
    for slope, expected in zip(gradients(ours, leaves), gradients(theirs, leaves), strict=True):
        torch.testing.assert_close(slope, expected)


@DTYPES
def test_sdpa_means_the_same_by_causal(dtype):
    leaves = tensors(dtype, (BATCH, N_KEYS, D_K), (BATCH, N_KEYS, D_K), (BATCH, N_KEYS, D_V))
    ours = attend(*leaves, causal_mask(torch.arange(N_KEYS)), score=scaled_dot_scores).output
    torch.testing.assert_close(ours, functional.scaled_dot_product_attention(*leaves, is_causal=True))


def plain_multihead(layer: nn.MultiheadAttention, inputs: torch.Tensor, mask: torch.Tensor) -> Attention:
    """Attend with the weights of torch's own layer of one head."""
    queries, keys, values = functional.linear(inputs, layer.in_proj_weight, layer.in_proj_bias).chunk(3, -1)
    stages = attend(queries, keys, values, mask, score=scaled_dot_scores)
    return stages._replace(output=layer.out_proj(stages.output))


@DTYPES
@pytest.mark.parametrize("target", ["multihead", "additive"])
def test_multihead_reads_the_masks_that_are_made_for_it(dtype, target):
    torch.manual_seed(0)
    layer = nn.MultiheadAttention(D_K, 1, batch_first=True, dtype=dtype)
    (inputs,) = tensors(dtype, (BATCH, N_KEYS, D_K))
    mask = causal_mask(torch.arange(N_KEYS))
    padding = padding_mask(torch.tensor([7, 4]), N_KEYS)
    ours = plain_multihead(layer, inputs, mask & padding)
    attn_mask, key_padding_mask = convert_mask(mask, "attnkit", target), convert_mask(padding[:, 0], "attnkit", target)
    if target == "additive":
        attn_mask, key_padding_mask = attn_mask.to(dtype), key_padding_mask.to(dtype)
    output, weights = layer(inputs, inputs, inputs, attn_mask=attn_mask, key_padding_mask=key_padding_mask)
    torch.testing.assert_close(ours.weights, weights)
    torch.testing.assert_close(ours.output, output)
    leaves = [inputs, *layer.parameters()]
    for slope, expected in zip(gradients(ours.output, leaves), gradients(output, leaves), strict=True):
        torch.testing.assert_close(slope, expected)


def test_keras_reads_the_masks_that_are_made_for_it(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))  # where it writes a file when it is imported
    from keras.layers import MultiHeadAttention

    shapes = (BATCH, N_QUERIES, D_K), (BATCH, N_KEYS, D_K), (BATCH, N_KEYS, D_K)
    queries, keys, values = tensors(torch.float32, *shapes)
    mask = torch.tensor(random_mask(BATCH, N_QUERIES, N_KEYS))
    layer = MultiHeadAttention(num_heads=HEADS, key_dim=D_K, value_dim=D_V, use_bias=False)
    converted = convert_mask(mask, "attnkit", "keras")
    output, weights = layer(queries, values, keys, attention_mask=converted, return_attention_scores=True)
    q, k, v, mixing = (kernel.value for kernel in layer.weights)  # (d_in, heads, d_k), …
    projected = [torch.einsum("bnd,dhk->bhnk", x, w) for x, w in ((queries, q), (keys, k), (values, v))]
    ours = attend(*projected, mask[:, None], score=scaled_dot_scores)
    torch.testing.assert_close(ours.weights, weights)
    torch.testing.assert_close(torch.einsum("bhnv,hvd->bnd", ours.output, mixing), output)
    assert ((weights > 0) == mask[:, None]).all()


def test_a_mask_in_the_wrong_convention_is_another_mask():
    torch.manual_seed(0)
    layer, (inputs,) = nn.MultiheadAttention(D_K, 1, batch_first=True), tensors(torch.float32, (BATCH, N_KEYS, D_K))
    mask = torch.tensor(random_mask(N_KEYS, N_KEYS))
    mask[:, 0] = False  # the opposite, too, leaves each query a key
    ours = plain_multihead(layer, inputs, mask).weights
    _, theirs = layer(inputs, inputs, inputs, attn_mask=mask)
    assert (theirs[ours > 0] == 0).all()


numbers = st.floats(-9, 9)
words_ = arrays(np.float64, (N_KEYS, D_K), elements=numbers)


@given(words_, st.integers(1, N_KEYS - 1), st.floats(-1e100, 1e100), st.integers(1, N_KEYS))
def test_a_later_word_changes_no_earlier_output(words, place, wild, width):
    positions = np.arange(N_KEYS)
    changed = words.copy()
    changed[place:] = wild
    for mask in (causal_mask(positions), sliding_window_mask(positions, positions, width)):
        for stage, other in zip(
            *(attend(w[:place], w, w, mask[:place], score=scaled_dot_scores) for w in (words, changed)), strict=True
        ):
            np.testing.assert_array_equal(stage, other)


@given(words_, st.integers(0, N_KEYS), st.floats(-1e100, 1e100))
def test_what_stands_in_the_padding_changes_nothing(words, length, wild):
    mask = padding_mask(np.asarray(length), N_KEYS)
    changed = words.copy()
    changed[length:] = wild
    queries = random(N_QUERIES, D_K)
    stages, other = (attend(queries, w, w, mask, score=scaled_dot_scores) for w in (words, changed))
    np.testing.assert_array_equal(stages.output, other.output)
    np.testing.assert_allclose(stages.weights.sum(-1), np.full(N_QUERIES, length > 0), atol=1e-14)
    if length:
        cut = attend(queries, words[:length], words[:length], score=scaled_dot_scores)
        np.testing.assert_allclose(cut.output, stages.output, atol=1e-9)


@given(lengths_, st.integers(1, N_KEYS))
def test_weights_are_a_distribution_over_what_both_masks_leave(lengths, width):
    positions = np.arange(N_KEYS)
    mask = padding_mask(lengths, N_KEYS) & sliding_window_mask(positions, positions, width)
    queries, keys = random(BATCH, N_KEYS, D_K), random(BATCH, N_KEYS, D_K, seed=1)
    weights = attend(queries, keys, keys, mask, score=scaled_dot_scores).weights
    assert ((weights > 0) == mask).all()
    np.testing.assert_allclose(weights.sum(-1), mask.any(-1), atol=1e-14)


def cut(words, places: list[int]) -> list:
    """Return the words in pieces that end at these places."""
    return [words[..., a:b, :] for a, b in zip([0, *places], [*places, words.shape[-2]], strict=True)]


@LIBRARIES
@pytest.mark.parametrize("places", [[1, 2, 3, 4, 5, 6], [3], [2, 5]], ids=str)
def test_a_cache_is_the_full_pass(asarray, places):
    queries, keys, values = (
        asarray(random(BATCH, HEADS, N_KEYS, d, seed=i)) for i, d in enumerate((D_K + 1, D_K + 1, D_V))
    )
    positions = asarray(np.arange(N_KEYS))

    turned = rotary(queries, positions), rotary(keys, positions)
    full = attend(*turned, values, causal_mask(positions), score=scaled_dot_scores).output
    cache, outputs = None, []
    for query, key, value in zip(*(cut(vectors, places) for vectors in (queries, keys, values)), strict=True):
        seen = 0 if cache is None else cache.keys.shape[-2]
        now = positions[seen : seen + query.shape[-2]]
        key = rotary(key, now)  # noqa: PLW2901
        cache = KVCache(key, value) if cache is None else cache.extended(key, value)
        mask = causal_mask(now, positions[: cache.keys.shape[-2]])
        outputs.append(attend(rotary(query, now), *cache, mask, score=scaled_dot_scores).output)
    np.testing.assert_allclose(np.concatenate([np.asarray(o) for o in outputs], axis=-2), full, atol=1e-14)
    np.testing.assert_array_equal(cache.values, values)
    assert type(cache.keys) is type(keys)


def test_a_cache_that_grows_leaves_the_one_before_as_it_is():
    before = KVCache(random(2, 5), random(2, 7))
    after = before.extended(random(3, 5, seed=1), random(3, 7, seed=1))
    assert (before.keys.shape, before.values.shape) == ((2, 5), (2, 7))
    assert (after.keys.shape, after.values.shape) == ((5, 5), (5, 7))
    for cache in (before, after):
        np.testing.assert_array_equal(cache.keys[:2], random(2, 5))
        np.testing.assert_array_equal(cache.values[:2], random(2, 7))
    np.testing.assert_array_equal(after.keys[2:], random(3, 5, seed=1))
    np.testing.assert_array_equal(after.values[2:], random(3, 7, seed=1))


def test_gradients_flow_through_a_cache():
    leaves = tensors(torch.float64, (2, 5), (2, 7), (3, 5), (3, 7), (1, 5))

    def output(keys, values, more_keys, more_values, queries):
        return attend(queries, *KVCache(keys, values).extended(more_keys, more_values)).output

    assert torch.autograd.gradcheck(output, leaves)


@DTYPES
@LIBRARIES
def test_a_cache_keeps_its_dtype(asarray, dtype):
    name = str(dtype).removeprefix("torch.")
    keys, values = asarray(random(2, 5).astype(name)), asarray(random(2, 7).astype(name))
    cache = KVCache(keys, values).extended(keys, values)
    assert cache.keys.dtype == cache.values.dtype == keys.dtype


WHOLE, REAL, MASK, CACHE = np.arange(3), np.ones(3), np.ones((3, 5), bool), KVCache(np.ones((2, 5)), np.ones((2, 7)))
WRONG = {
    "causal list": (causal_mask, ([1],), "query_positions must be an array; got list"),
    "causal rank": (causal_mask, (np.asarray(1),), r"query_positions must have shape \(..., n_queries\); got \(\)"),
    "causal keys": (causal_mask, (WHOLE, np.asarray(1)), r"key_positions must have shape \(..., n_keys\); got \(\)"),
    "causal bool": (causal_mask, (WHOLE > 0,), "query_positions must hold real numbers; got dtype bool"),
    "causal none": (causal_mask, (WHOLE[:0],), r"query_positions must not be empty; got shape \(0,\)"),
    "causal nan": (causal_mask, (WHOLE, REAL * np.nan), r"key_positions must be finite; got nan at index \(0,\)"),
    "causal library": (causal_mask, (WHOLE, torch.arange(3)), "query_positions and key_positions must come from one"),
    "causal batch": (
        causal_mask,
        (np.ones((2, 3)), np.ones((5, 3))),
        r"the batch axes of query_positions and key_positions must broadcast; got \(2,\) and \(5,\)",
    ),
    "width zero": (sliding_window_mask, (WHOLE, WHOLE, 0), "width must be a whole number from 1; got 0"),
    "width half": (sliding_window_mask, (WHOLE, WHOLE, 1.5), "width must be a whole number from 1; got 1.5"),
    "width bool": (sliding_window_mask, (WHOLE, WHOLE, True), "width must be a whole number from 1; got True"),
    "lengths list": (padding_mask, ([1], 3), "lengths must be an array; got list"),
    "lengths float": (padding_mask, (REAL, 3), "lengths must be whole numbers, of an integer dtype; got dtype float64"),
    "lengths bool": (padding_mask, (WHOLE > 0, 3), "lengths must hold real numbers; got dtype bool"),
    "too long": (padding_mask, (np.asarray([1, 4]), 3), "lengths must be from 0 to n_keys=3; got 4"),
    "negative": (padding_mask, (np.asarray([1, -1]), 3), "lengths must be from 0 to n_keys=3; got -1"),
    "n_keys": (padding_mask, (WHOLE, 0), "n_keys must be a whole number from 1; got 0"),
    "source": (convert_mask, (MASK, "torch", "sdpa"), "source must be one of attnkit, sdpa, .*; got 'torch'"),
    "target": (convert_mask, (MASK, "sdpa", "torch"), "target must be one of attnkit, sdpa, .*; got 'torch'"),
    "mask list": (convert_mask, ([True], "sdpa", "keras"), "mask must be an array; got list"),
    "mask float": (
        convert_mask,
        (REAL, "multihead", "sdpa"),
        "a mask of multihead must be boolean, True where a key is ignored; got dtype float64",
    ),
    "mask bool": (
        convert_mask,
        (MASK, "additive", "sdpa"),
        "a mask of additive must be floating, 0 where it may, −∞ elsewhere; got dtype bool",
    ),
    "a large number": (convert_mask, (REAL * -1e9, "additive", "sdpa"), "an additive mask must hold 0 and −∞ only"),
    "nan": (convert_mask, (REAL * np.nan, "additive", "additive"), "an additive mask must hold 0 and −∞ only"),
    "cache keys": (CACHE.extended, (np.ones((1, 7)), np.ones((1, 7))), r"keys must have shape \(..., n_new, d_k=5\)"),
    "cache values": (CACHE.extended, (np.ones((1, 5)), np.ones((1, 5))), r"values must have shape .*d_v=7\); got \(1"),
    "cache count": (CACHE.extended, (np.ones((1, 5)), np.ones((2, 7))), r"values must have shape \(..., n_new=1, d_v"),
    "cache rank": (CACHE.extended, (np.ones(5), np.ones((1, 7))), r"keys must have shape .*; got \(5,\)"),
    "cache nan": (CACHE.extended, (np.ones((1, 5)) * np.nan, np.ones((1, 7))), "keys must be finite; got nan"),
    "cache batch": (
        CACHE.extended,
        (np.ones((1, 5)), np.ones((3, 1, 7))),
        r"the values must have the batch axes of the cache; got \(\) and \(3,\)",
    ),
    "cache library": (CACHE.extended, (torch.ones(1, 5), np.ones((1, 7))), "keys, values, .* must come from one"),
}


@pytest.mark.parametrize(("function", "arguments", "sentence"), WRONG.values(), ids=WRONG)
def test_a_wrong_input_gets_a_sentence(function, arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        function(*arguments)


@LIBRARIES
def test_nothing_is_changed_in_place(asarray):
    before = [WHOLE, MASK]
    whole, mask = given = [asarray(array.copy()) for array in before]
    causal_mask(whole) & padding_mask(whole, 3) & sliding_window_mask(whole, whole, 2)
    for target in CONVENTIONS:
        convert_mask(mask, "attnkit", target)
    for array, original in zip(given, before, strict=True):
        np.testing.assert_array_equal(array, original)
