"""Promise: multi-head attention is torch's nn.MultiheadAttention head by head, and each head is an attention alone."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from attnkit.multi_head import (
    MultiHead,
    MultiHeadWeights,
    attend_heads,
    merge_heads,
    multi_head_attend,
    project_heads,
    split_heads,
)
from attnkit.scoring import dot_scores
from attnkit.self_attention import Projections, scaled_dot_scores, self_attend
from attnkit.weighted_sum import softmax
from tests import spec

LIBRARIES = pytest.mark.parametrize("asarray", [np.asarray, torch.tensor])
DTYPES = pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
HEADS, N_TOKENS, N_MEMORY = 3, 7, 13
D_IN, D_MEMORY, D_K, D_V, D_MODEL = 5, 17, 2, 11, 19
CAUSAL = np.tri(N_TOKENS, dtype=bool)


def random(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def random_weights(d_memory: int = D_IN, *, bias: bool = True) -> MultiHeadWeights:
    rows = HEADS * D_K, HEADS * D_K, HEADS * D_V, D_MODEL
    matrices = zip(rows, (D_IN, d_memory, d_memory, HEADS * D_V), strict=True)
    parts = [random(*shape, seed=i) for i, shape in enumerate(matrices)]
    return MultiHeadWeights(*parts, *(random(n, seed=i + 4) for i, n in enumerate(rows) if bias))


def as_arrays(asarray, weights: MultiHeadWeights, dtype: str = "float64") -> MultiHeadWeights:
    return MultiHeadWeights(*(None if part is None else asarray(part.astype(dtype)) for part in weights))


def head_of(weights: MultiHeadWeights, head: int) -> Projections:
    """Return the rows that a head has for its own."""
    keys, values = slice(head * D_K, (head + 1) * D_K), slice(head * D_V, (head + 1) * D_V)
    return Projections(weights.query[keys], weights.key[keys], weights.value[values])


def gradients(outputs, leaves) -> tuple[torch.Tensor, ...]:
    """Return the gradients of one number in which each output counts differently."""
    loss = sum((output * torch.tensor(random(*output.shape, seed=9), dtype=output.dtype)).sum() for output in outputs)
    return torch.autograd.grad(loss, leaves)


def by_loops(inputs: np.ndarray, memory: np.ndarray, weights: MultiHeadWeights, mask: np.ndarray) -> tuple[list, list]:
    """Return the weights of each head and the output, one token and one number after the other."""

    def layer(tokens: list, matrix: np.ndarray, bias: np.ndarray | None) -> list:
        zeros = [0.0] * len(matrix) if bias is None else bias.tolist()
        return [[a + b for a, b in zip(spec.times(matrix.tolist(), token), zeros, strict=True)] for token in tokens]

    queries = layer(inputs.tolist(), weights.query, weights.query_bias)
    keys = layer(memory.tolist(), weights.key, weights.key_bias)
    values = layer(memory.tolist(), weights.value, weights.value_bias)
    rows, joined = [], [[] for _ in queries]
    for head in range(HEADS):
        own, brought = range(head * D_K, (head + 1) * D_K), range(head * D_V, (head + 1) * D_V)
        rows.append([])
        for i, query in enumerate(queries):
            scores = [sum(query[c] * key[c] for c in own) / math.sqrt(D_K) for key in keys]
            rows[-1].append(spec.softmax(scores, mask[i].tolist(), 1.0))
            joined[i] += spec.weighted_sum(rows[-1][-1], [[value[c] for c in brought] for value in values])
    return rows, layer(joined, weights.output, weights.output_bias)


def weights_of(module: torch.nn.MultiheadAttention) -> MultiHeadWeights:
    """Read the weights of torch's own module; gradients flow back to it."""
    stacked = module.in_proj_weight
    matrices = (
        (module.q_proj_weight, module.k_proj_weight, module.v_proj_weight) if stacked is None else stacked.chunk(3)
    )
    weights = MultiHeadWeights(*matrices, module.out_proj.weight)
    if module.in_proj_bias is None:
        return weights
    return MultiHeadWeights(*weights[:4], *module.in_proj_bias.chunk(3), module.out_proj.bias)


@pytest.mark.parametrize("bias", [True, False])
def test_the_two_halves_are_the_whole(bias):
    inputs, weights = random(2, N_TOKENS, D_IN), random_weights(bias=bias)
    mask = CAUSAL
    halves = attend_heads(project_heads(inputs, weights, HEADS), weights, mask, without=[1])
    for half, whole in zip(halves, multi_head_attend(inputs, weights, HEADS, mask, without=[1]), strict=True):
        np.testing.assert_array_equal(half, whole)


def test_the_second_half_says_which_width_it_wanted():
    inputs, weights = random(2, N_TOKENS, D_IN), random_weights()
    projected = project_heads(inputs, weights, HEADS)
    with pytest.raises(ValueError, match=r"weights.output must have shape \(d_model, heads · d_v=.*\); got"):
        attend_heads(projected._replace(values=projected.values[..., :-1]), weights)


def test_pencil_split_and_merge():
    # Two tokens, three heads of two numbers: the tens digit says the token, the unit the place in the vector.
    vectors = np.asarray([[10.0, 11, 12, 13, 14, 15], [20, 21, 22, 23, 24, 25]])
    pieces = split_heads(vectors, 3)
    np.testing.assert_array_equal(pieces, [[[10, 11], [20, 21]], [[12, 13], [22, 23]], [[14, 15], [24, 25]]])
    np.testing.assert_array_equal(merge_heads(pieces), vectors)


def test_pencil_attention():
    # All scores are 0, so each head takes the mean of its own number; W_O swaps what they bring.
    zeros, eye = np.zeros((2, 2)), np.eye(2)
    weights = MultiHeadWeights(zeros, zeros, eye, eye[::-1], output_bias=np.asarray([100.0, 200.0]))
    stages = multi_head_attend(np.asarray([[1.0, 30.0], [3.0, 10.0]]), weights, 2)
    assert isinstance(stages, MultiHead)
    np.testing.assert_array_equal(stages.scores, np.zeros((2, 2, 2)))
    np.testing.assert_array_equal(stages.weights, np.full((2, 2, 2), 0.5))
    np.testing.assert_array_equal(stages.heads, [[[2], [2]], [[20], [20]]])
    np.testing.assert_array_equal(stages.output, [[120, 202], [120, 202]])


@given(st.integers(1, 5), st.integers(1, 5), st.integers(1, 5), st.sampled_from([(), (2,), (3, 2)]))
def test_merged_heads_are_what_was_split(heads, n_tokens, d, batch):
    vectors = random(*batch, n_tokens, heads * d)
    pieces = split_heads(vectors, heads)
    assert pieces.shape == (*batch, heads, n_tokens, d)
    for head in range(heads):
        np.testing.assert_array_equal(pieces[..., head, :, :], vectors[..., head * d : (head + 1) * d])
    np.testing.assert_array_equal(merge_heads(pieces), vectors)


@pytest.mark.parametrize("bias", [True, False])
def test_plain_loops(bias):
    inputs, memory = random(N_TOKENS, D_IN), random(N_MEMORY, D_MEMORY)
    mask = random(N_TOKENS, N_MEMORY, seed=1) > 0
    mask[2] = False
    cross = random_weights(D_MEMORY, bias=bias)
    stages = multi_head_attend(inputs, cross, HEADS, mask, memory=memory)
    rows, output = by_loops(inputs, memory, cross, mask)
    np.testing.assert_allclose(stages.weights, rows, atol=1e-14)
    np.testing.assert_allclose(stages.output, output, atol=1e-13)
    np.testing.assert_array_equal(np.isneginf(stages.scores), np.broadcast_to(~mask, stages.scores.shape))
    alone = random_weights(bias=bias)
    rows, output = by_loops(inputs, inputs, alone, CAUSAL)
    stages = multi_head_attend(inputs, alone, HEADS, CAUSAL)
    np.testing.assert_allclose(stages.weights, rows, atol=1e-14)
    np.testing.assert_allclose(stages.output, output, atol=1e-13)


def test_each_head_is_self_attention_with_its_own_rows():
    inputs, weights = random(2, N_TOKENS, D_IN), random_weights(bias=False)
    stages = multi_head_attend(inputs, weights, HEADS, CAUSAL)
    output = 0
    for head in range(HEADS):
        alone = self_attend(inputs, head_of(weights, head), CAUSAL)
        np.testing.assert_allclose(stages.scores[:, head], alone.scores, atol=1e-14)
        np.testing.assert_allclose(stages.weights[:, head], alone.weights, atol=1e-14)
        np.testing.assert_allclose(stages.heads[:, head], alone.output, atol=1e-14)
        # Joined and then multiplied by W_O: the same as a sum over heads, each with its own columns.
        output = output + alone.output @ weights.output[:, head * D_V : (head + 1) * D_V].T
    np.testing.assert_allclose(stages.output, output, atol=1e-13)


@DTYPES
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("masked", ["all", "causal", "each head its own"])
def test_it_is_torchs_multihead_attention(dtype, bias, masked):
    module = torch.nn.MultiheadAttention(HEADS * D_IN, HEADS, bias=bias, batch_first=True, dtype=dtype)
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter, std=0.5)  # torch starts its biases at 0, where none could be seen
    inputs = torch.tensor(random(2, N_TOKENS, HEADS * D_IN), dtype=dtype, requires_grad=True)
    mask, ignored = None, None
    if masked == "causal":
        mask = torch.tensor(CAUSAL)
        ignored = ~mask
    elif masked == "each head its own":
        mask = torch.tensor(random(2, HEADS, N_TOKENS, N_TOKENS) > 0) | torch.eye(N_TOKENS, dtype=torch.bool)
        ignored = ~mask.flatten(0, 1)
    stages = multi_head_attend(inputs, weights_of(module), HEADS, mask)
    ours = stages.output, stages.weights
    theirs = module(inputs, inputs, inputs, attn_mask=ignored, average_attn_weights=False)
    exact = {"rtol": 1e-4, "atol": 1e-5} if dtype == torch.float32 else {"rtol": 1e-9, "atol": 1e-11}
    torch.testing.assert_close(ours, theirs, **exact)
    leaves = [inputs, *module.parameters()]
    torch.testing.assert_close(gradients(ours, leaves), gradients(theirs, leaves), **exact)


@DTYPES
def test_cross_attention_is_torchs_with_keys_of_another_width(dtype):
    module = torch.nn.MultiheadAttention(
        HEADS * D_IN, HEADS, kdim=D_MEMORY, vdim=D_MEMORY, batch_first=True, dtype=dtype
    )
    torch.nn.init.normal_(module.in_proj_bias)
    inputs = torch.tensor(random(2, N_TOKENS, HEADS * D_IN), dtype=dtype, requires_grad=True)
    memory = torch.tensor(random(2, N_MEMORY, D_MEMORY, seed=1), dtype=dtype, requires_grad=True)
    words = torch.arange(N_MEMORY) < torch.tensor([[N_MEMORY], [5]])
    stages = multi_head_attend(inputs, weights_of(module), HEADS, words[:, None, :], memory=memory)
    ours = stages.output, stages.weights
    theirs = module(inputs, memory, memory, key_padding_mask=~words, average_attn_weights=False)
    exact = {"rtol": 1e-4, "atol": 1e-5} if dtype == torch.float32 else {"rtol": 1e-9, "atol": 1e-11}
    torch.testing.assert_close(ours, theirs, **exact)
    leaves = [inputs, memory, *module.parameters()]
    torch.testing.assert_close(gradients(ours, leaves), gradients(theirs, leaves), **exact)


def test_the_average_over_heads_is_torchs_default():
    module = torch.nn.MultiheadAttention(HEADS * D_IN, HEADS, batch_first=True, dtype=torch.float64)
    inputs = torch.tensor(random(2, N_TOKENS, HEADS * D_IN))
    _, average = module(inputs, inputs, inputs)
    torch.testing.assert_close(multi_head_attend(inputs, weights_of(module), HEADS).weights.mean(dim=-3), average)


@LIBRARIES
def test_a_mask_with_fewer_axes_than_the_scores_is_the_same_for_all_heads(asarray):
    batch = HEADS  # as many sentences as heads: only the number of axes can tell which is meant
    inputs, weights = asarray(random(batch, N_TOKENS, D_IN)), as_arrays(asarray, random_weights())
    masks = random(batch, N_TOKENS, N_TOKENS, seed=2) > 0
    a_sentence = multi_head_attend(inputs, weights, HEADS, asarray(masks)).weights
    a_head = multi_head_attend(inputs, weights, HEADS, asarray(masks[None])).weights
    both = multi_head_attend(inputs, weights, HEADS, asarray(masks[:, None])).weights
    np.testing.assert_array_equal(both, a_sentence)
    for i in range(HEADS):
        forbidden = np.broadcast_to(~masks[i], (HEADS, N_TOKENS, N_TOKENS))
        assert (np.asarray(a_sentence)[i][forbidden] == 0).all()
        assert (np.asarray(a_head)[:, i][forbidden] == 0).all()
    # One sentence without a batch axis: two axes for all heads, three with an axis of the heads.
    alone = multi_head_attend(inputs[0], weights, HEADS, asarray(masks)).weights
    np.testing.assert_array_equal(alone, a_head[0])
    np.testing.assert_array_equal(
        multi_head_attend(inputs[0], weights, HEADS, asarray(masks[0])).weights, a_sentence[0]
    )
    keys = asarray(np.arange(N_TOKENS) < 5)
    np.testing.assert_array_equal(
        multi_head_attend(inputs, weights, HEADS, keys).weights,
        multi_head_attend(inputs, weights, HEADS, asarray(np.ones((N_TOKENS, 1), bool)) & keys).weights,
    )


@LIBRARIES
def test_a_row_with_nothing_to_attend_to_gets_the_output_bias(asarray):
    inputs, weights, mask = random(N_TOKENS, D_IN), random_weights(), CAUSAL.copy()
    mask[2] = False
    stages = multi_head_attend(asarray(inputs), as_arrays(asarray, weights), HEADS, asarray(mask))
    assert (stages.weights[:, 2] == 0).all()
    assert (stages.heads[:, 2] == 0).all()
    np.testing.assert_array_equal(stages.output[2], weights.output_bias)
    stages = multi_head_attend(asarray(inputs), as_arrays(asarray, random_weights(bias=False)), HEADS, asarray(mask))
    assert (stages.output[2] == 0).all()


@LIBRARIES
@pytest.mark.parametrize("without", [[0], (2,), {0, 1}, range(HEADS), [np.int64(1)]])
def test_a_head_left_out_brings_zero(asarray, without):
    inputs, weights = asarray(random(2, N_TOKENS, D_IN)), random_weights()
    whole = multi_head_attend(inputs, as_arrays(asarray, weights), HEADS, asarray(CAUSAL))
    stages = multi_head_attend(inputs, as_arrays(asarray, weights), HEADS, asarray(CAUSAL), without=without)
    for head in range(HEADS):
        np.testing.assert_array_equal(stages.heads[:, head], 0 if head in without else whole.heads[:, head])
    np.testing.assert_array_equal(stages.scores, whole.scores)
    np.testing.assert_array_equal(stages.weights, whole.weights)
    # The same as if W_O did not listen to it.
    columns = np.repeat([head not in without for head in range(HEADS)], D_V)
    deaf = as_arrays(asarray, weights._replace(output=weights.output * columns))
    np.testing.assert_allclose(
        stages.output, multi_head_attend(inputs, deaf, HEADS, asarray(CAUSAL)).output, atol=1e-13
    )


def test_a_score_sees_all_heads_at_once():
    inputs, memory = random(2, N_TOKENS, D_IN), random(2, N_MEMORY, D_MEMORY)
    slopes, seen = random(HEADS, 1, 1, seed=3), []

    def score(queries, keys):
        seen.append((queries.shape, keys.shape))
        distances = np.arange(N_TOKENS)[:, None] - np.arange(N_MEMORY)
        return dot_scores(queries, keys) - slopes * distances

    stages = multi_head_attend(inputs, random_weights(D_MEMORY), HEADS, memory=memory, score=score)
    assert seen == [((2, HEADS, N_TOKENS, D_K), (2, HEADS, N_MEMORY, D_K))]
    assert stages.scores.shape == (2, HEADS, N_TOKENS, N_MEMORY)
    np.testing.assert_array_equal(stages.weights, softmax(stages.scores))


def test_a_sentence_is_its_own_memory():
    inputs, weights = random(N_TOKENS, D_IN), random_weights()
    for ours, theirs in zip(
        multi_head_attend(inputs, weights, HEADS),
        multi_head_attend(inputs, weights, HEADS, memory=inputs, score=scaled_dot_scores),
        strict=True,
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_heads_have_no_order():
    inputs, weights, order = random(N_TOKENS, D_IN), random_weights(), [2, 0, 1]

    def moved(rows: np.ndarray) -> np.ndarray:
        return np.concatenate([np.split(rows, HEADS)[head] for head in order])

    parts = [part if name.startswith("output") else moved(part) for name, part in weights._asdict().items()]
    other = MultiHeadWeights(*parts)._replace(output=moved(weights.output.T).T)
    stages, theirs = multi_head_attend(inputs, weights, HEADS), multi_head_attend(inputs, other, HEADS)
    np.testing.assert_array_equal(theirs.weights, stages.weights[order])
    np.testing.assert_allclose(theirs.output, stages.output, atol=1e-13)


tokens_ = arrays(np.float64, (N_TOKENS, D_IN), elements=st.floats(-10, 10))
seeds = st.integers(0, 2**32 - 1)
masks = arrays(np.bool_, (N_TOKENS, N_TOKENS))
orders = st.permutations(range(N_TOKENS)).map(list)
wilds = arrays(np.float64, (N_TOKENS, D_IN), elements=st.floats(-1e100, 1e100))


@given(tokens_, masks)
def test_weights_sum_to_one_on_every_row_of_every_head_that_has_a_key(tokens, mask):
    weights = multi_head_attend(tokens, random_weights(), HEADS, mask).weights
    assert (weights[:, ~mask] == 0).all()
    np.testing.assert_allclose(weights.sum(axis=-1), np.broadcast_to(mask.any(axis=-1), weights.shape[:-1]), atol=1e-14)


@given(tokens_, orders)
def test_without_positions_tokens_in_another_order_give_outputs_in_that_order(tokens, order):
    weights = random_weights()
    stages, moved = multi_head_attend(tokens, weights, HEADS), multi_head_attend(tokens[order], weights, HEADS)
    np.testing.assert_allclose(moved.output, stages.output[order], atol=1e-7)
    np.testing.assert_allclose(moved.weights, stages.weights[:, order][:, :, order], atol=1e-9)


@given(tokens_, wilds, st.integers(1, N_TOKENS - 1))
def test_a_later_token_changes_no_earlier_output(tokens, wild, place):
    weights = random_weights()
    before = multi_head_attend(tokens, weights, HEADS, CAUSAL).output[:place]
    tokens = np.concatenate([tokens[:place], wild[place:]])
    np.testing.assert_array_equal(multi_head_attend(tokens, weights, HEADS, CAUSAL).output[:place], before)


@given(tokens_, wilds, arrays(np.bool_, N_TOKENS).filter(np.any))
def test_padding_changes_nothing(tokens, wild, mask):
    weights = random_weights()
    expected = multi_head_attend(tokens[mask], weights, HEADS).output
    for padded in (tokens, np.where(mask[:, None], tokens, wild)):
        np.testing.assert_allclose(multi_head_attend(padded, weights, HEADS, mask).output[mask], expected, atol=1e-7)


@given(tokens_, masks)
def test_numpy_and_torch_agree(tokens, mask):
    weights = random_weights()
    ours = multi_head_attend(tokens, weights, HEADS, mask, without=[1])
    theirs = multi_head_attend(
        torch.tensor(tokens), as_arrays(torch.tensor, weights), HEADS, torch.tensor(mask), without=[1]
    )
    for stage, tensor in zip(ours, theirs, strict=True):
        assert isinstance(tensor, torch.Tensor)
        np.testing.assert_allclose(tensor.numpy(), stage, atol=1e-7)


def test_gradients_equal_finite_differences():
    shapes = (3, 2), (2, 5), (2, 2), (2, 5), (4, 5), (3, 4), (2,), (2,), (4,), (3,)
    leaves = [torch.tensor(random(*shape, seed=i), requires_grad=True) for i, shape in enumerate(shapes)]
    mask = torch.tensor([[True, False], [False, False], [True, True]])

    def cross(inputs, memory, *weights):
        stages = multi_head_attend(inputs, MultiHeadWeights(*weights), 2, mask, memory=memory)
        return stages.weights, stages.output

    assert torch.autograd.gradcheck(cross, leaves)


def test_no_gradient_reaches_a_head_left_out():
    weights = MultiHeadWeights(*(torch.tensor(part, requires_grad=True) for part in random_weights()))
    multi_head_attend(torch.tensor(random(N_TOKENS, D_IN)), weights, HEADS, without=[1]).output.sum().backward()
    for grad, d in ((weights.query.grad, D_K), (weights.value.grad, D_V), (weights.output.grad.T, D_V)):
        head = grad.unflatten(0, (HEADS, d))
        assert (head[1] == 0).all()
        assert (head[[0, 2]] != 0).all()


@LIBRARIES
@pytest.mark.parametrize(("ours", "theirs"), [((2, 1), (23,)), ((23,), (2, 1))])
def test_batch_axes_broadcast(asarray, ours, theirs):
    inputs, memory = random(*ours, N_TOKENS, D_IN), random(*theirs, N_MEMORY, D_MEMORY)
    weights, mask = as_arrays(asarray, random_weights(D_MEMORY)), random(2, 23, 1, N_MEMORY) > 0
    stages = multi_head_attend(asarray(inputs), weights, HEADS, asarray(mask), memory=asarray(memory))
    row = 2, 23, HEADS, N_TOKENS
    assert [tuple(stage.shape) for stage in stages[:3]] == [(*row, N_MEMORY), (*row, N_MEMORY), (*row, D_V)]
    assert tuple(stages.output.shape) == (2, 23, N_TOKENS, D_MODEL)
    inputs, memory = (np.broadcast_to(array, (2, 23, *array.shape[-2:]))[1, 22].copy() for array in (inputs, memory))
    alone = multi_head_attend(asarray(inputs), weights, HEADS, asarray(mask[1, 22]), memory=asarray(memory))
    for stage, expected in zip(stages, alone, strict=True):
        np.testing.assert_allclose(stage[1, 22], expected, atol=1e-13)


@LIBRARIES
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_the_dtype_and_the_library_stay(asarray, dtype):
    inputs, weights = asarray(random(N_TOKENS, D_IN).astype(dtype)), as_arrays(asarray, random_weights(), dtype)
    stages = multi_head_attend(inputs, weights, HEADS, without=[0])
    exact = multi_head_attend(random(N_TOKENS, D_IN), random_weights(), HEADS, without=[0])
    for stage, expected in zip(stages, exact, strict=True):
        assert type(stage) is type(inputs)
        assert stage.dtype == inputs.dtype
        np.testing.assert_allclose(stage, expected, atol=256 * float(np.finfo(dtype).eps))


@LIBRARIES
def test_inputs_of_a_wider_dtype_than_the_weights_give_it(asarray):
    weights = as_arrays(asarray, random_weights(D_MEMORY), "float32")
    inputs, memory = asarray(random(N_TOKENS, D_IN)), asarray(random(N_MEMORY, D_MEMORY).astype("float32"))
    for stage in multi_head_attend(inputs, weights, HEADS, memory=memory):
        assert stage.dtype == inputs.dtype


INPUTS, MEMORY, WEIGHTS = random(N_TOKENS, D_IN), random(N_MEMORY, D_MEMORY), random_weights()
WRONG = {
    "split heads": (
        lambda: split_heads(INPUTS, 2),
        "heads must be a whole number that divides the width of vectors, 5",
    ),
    "split none": (lambda: split_heads(INPUTS, 0), "heads must be a whole number that divides .* 5; got 0"),
    "split half": (lambda: split_heads(INPUTS, 2.5), "heads must be a whole number that divides .* 5; got 2.5"),
    "split rank": (
        lambda: split_heads(INPUTS[0], 5),
        r"vectors must have shape \(..., n_tokens, heads · d\); got \(5,\)",
    ),
    "split list": (lambda: split_heads([[1.0]], 1), "vectors must be an array; got list: wrap it"),
    "merge rank": (lambda: merge_heads(INPUTS), r"vectors must have shape \(..., heads, n_tokens, d\); got \(7, 5\)"),
    "heads": (
        lambda: multi_head_attend(INPUTS, WEIGHTS, 5),
        "heads must be a whole number that divides the rows of weights.query, 6; got 5",
    ),
    "heads of values": (
        lambda: multi_head_attend(INPUTS, WEIGHTS, 2),
        "heads must be a whole number that divides the rows of weights.value, 33; got 2",
    ),
    "heads true": (lambda: multi_head_attend(INPUTS, WEIGHTS, True), "heads must be a whole number .*; got True"),
    "inputs list": (lambda: multi_head_attend([[1.0]], WEIGHTS, 3), "inputs must be an array; got list: wrap it"),
    "inputs rank": (
        lambda: multi_head_attend(INPUTS[0], WEIGHTS, 3),
        r"inputs must have shape \(..., n_queries, d_in\); got \(5,\)",
    ),
    "inputs nan": (lambda: multi_head_attend(INPUTS * np.nan, WEIGHTS, 3), r"inputs must be finite; got nan at"),
    "query": (
        lambda: multi_head_attend(INPUTS, WEIGHTS._replace(query=random(6, 7)), 3),
        r"weights.query must have shape \(d_k, d_in=5\); got \(6, 7\)",
    ),
    "key": (
        lambda: multi_head_attend(INPUTS, WEIGHTS._replace(key=random(9, 5)), 3),
        r"weights.key must have shape \(heads · d_k=6, d_memory\); got \(9, 5\)",
    ),
    "key and value": (
        lambda: multi_head_attend(INPUTS, WEIGHTS._replace(key=random(6, 7)), 3),
        r"weights.value must have shape \(heads · d_v, d_memory=7\); got \(33, 5\)",
    ),
    "memory": (
        lambda: multi_head_attend(INPUTS, WEIGHTS, 3, memory=MEMORY),
        r"weights.key must have shape \(d_k=6, d_memory=17\); got \(6, 5\)",
    ),
    "output": (
        lambda: multi_head_attend(INPUTS, WEIGHTS._replace(output=random(19, 11)), 3),
        r"weights.output must have shape \(d_model, heads · d_v=33\); got \(19, 11\)",
    ),
    "query bias": (
        lambda: multi_head_attend(INPUTS, WEIGHTS._replace(query_bias=random(2)), 3),
        r"weights.query_bias must have shape \(heads · d_k=6\); got \(2,\)",
    ),
    "value bias": (
        lambda: multi_head_attend(INPUTS, WEIGHTS._replace(value_bias=random(1)), 3),
        r"weights.value_bias must have shape \(heads · d_v=33\); got \(1,\)",
    ),
    "output bias": (
        lambda: multi_head_attend(INPUTS, WEIGHTS._replace(output_bias=random(1)), 3),
        r"weights.output_bias must have shape \(d_model=19\); got \(1,\)",
    ),
    "bias nan": (
        lambda: multi_head_attend(INPUTS, WEIGHTS._replace(key_bias=np.full(6, np.nan)), 3),
        r"weights.key_bias must be finite; got nan at index \(0,\)",
    ),
    "library": (
        lambda: multi_head_attend(torch.ones(7, 5), MultiHeadWeights(*WEIGHTS[:4]), 3),
        "weights.query, weights.key, weights.value, weights.output and inputs must come from one library",
    ),
    "mask list": (lambda: multi_head_attend(INPUTS, WEIGHTS, 3, [[True]]), "mask must be an array; got list: wrap it"),
    "mask dtype": (lambda: multi_head_attend(INPUTS, WEIGHTS, 3, CAUSAL * 1), "mask must be boolean, True where"),
    "mask shape": (
        lambda: multi_head_attend(INPUTS, WEIGHTS, 3, CAUSAL[:2]),
        r"mask must broadcast to the shape of the scores, \(3, 7, 7\); got \(1, 2, 7\)",
    ),
    "mask axes": (
        lambda: multi_head_attend(INPUTS, WEIGHTS, 3, CAUSAL[None, None]),
        r"mask must broadcast to the shape of the scores, \(3, 7, 7\); got \(1, 1, 7, 7\)",
    ),
    "without": (
        lambda: multi_head_attend(INPUTS, WEIGHTS, 3, without=[3]),
        r"without must hold heads from 0 to 2; got \[3\]",
    ),
    "without last": (
        lambda: multi_head_attend(INPUTS, WEIGHTS, 3, without=[-1]),
        "without must hold heads from 0 to 2",
    ),
    "without one": (lambda: multi_head_attend(INPUTS, WEIGHTS, 3, without=1), "without must hold heads .* got 1"),
    "overflow": (
        lambda: multi_head_attend(INPUTS * 1e200, WEIGHTS._replace(key=WEIGHTS.key * 1e200), 3),
        "the keys overflow float64",
    ),
}


@pytest.mark.parametrize(("call", "sentence"), WRONG.values(), ids=WRONG)
def test_a_wrong_input_gets_a_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


@LIBRARIES
def test_nothing_is_changed_in_place(asarray):
    before = [INPUTS, MEMORY, CAUSAL, *random_weights(D_MEMORY), *WEIGHTS]
    inputs, memory, mask, *parts = given = [asarray(array.copy()) for array in before]
    multi_head_attend(inputs, MultiHeadWeights(*parts[:8]), HEADS, memory=memory, without=[0])
    multi_head_attend(inputs, MultiHeadWeights(*parts[8:]), HEADS, mask)
    for array, original in zip(given, before, strict=True):
        np.testing.assert_array_equal(array, original)
