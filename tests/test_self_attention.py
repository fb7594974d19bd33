"""Promise: self-attention is torch's, values and gradients alike; it knows no order, and no mask leaks."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch.nn import functional

from attnkit.bahdanau import additive_scores
from attnkit.scoring import cosine_scores, dot_scores
from attnkit.self_attention import (
    Projected,
    Projections,
    SelfAttention,
    project_qkv,
    scaled_dot_scores,
    self_attend,
)
from attnkit.weighted_sum import attend, softmax
from tests import spec

LIBRARIES = pytest.mark.parametrize("asarray", [np.asarray, torch.tensor])
DTYPES = pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
N_TOKENS, N_MEMORY, D_IN, D_MEMORY, D_K, D_V = 7, 3, 5, 17, 2, 11
CAUSAL = np.tri(N_TOKENS, dtype=bool)


def random(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def random_weights(d_in: int = D_IN, d_memory: int = D_IN, d_k: int = D_K, d_v: int = D_V) -> Projections:
    return Projections(random(d_k, d_in, seed=1), random(d_k, d_memory, seed=2), random(d_v, d_memory, seed=3))


def gradients(outputs, leaves) -> tuple[torch.Tensor, ...]:
    """Return the gradients of one number in which each output counts differently."""
    loss = sum((output * torch.tensor(random(*output.shape, seed=9), dtype=output.dtype)).sum() for output in outputs)
    return torch.autograd.grad(loss, leaves)


def by_loops(inputs: np.ndarray, weights: Projections, mask: np.ndarray) -> tuple[list, list]:
    """Return weights and output, one token and one number after the other."""
    query, key, value = (matrix.tolist() for matrix in weights)
    tokens = inputs.tolist()
    queries, keys, values = ([spec.times(matrix, token) for token in tokens] for matrix in (query, key, value))
    rows, output = [], []
    for i, allowed in enumerate(mask.tolist()):
        scores = [spec.dot(queries[i], each) / math.sqrt(len(query)) for each in keys]
        rows.append(spec.softmax(scores, allowed, 1.0))
        output.append(spec.weighted_sum(rows[-1], values))
    return rows, output


def test_pencil_scaled_scores():
    queries, keys = np.asarray([[3, 0, 4, 0]]), np.asarray([[1, 0, 1, 0], [0, 9, 0, 9]])
    np.testing.assert_array_equal(scaled_dot_scores(queries, keys), [[3.5, 0]])
    np.testing.assert_allclose(scaled_dot_scores(queries[:, :3], keys[:, :3]), [[7 / math.sqrt(3), 0]], rtol=1e-15)
    # One number a vector: nothing to scale.
    np.testing.assert_array_equal(scaled_dot_scores(queries.T, keys[:1, :1]), [[3], [0], [4], [0]])


def test_pencil_attention():
    # The second token asks with 0 and so looks at both alike; the first prefers itself, 3 to 1.
    weights = Projections(np.log([[3.0]]), np.asarray([[1.0]]), np.asarray([[4.0], [-8.0]]))
    stages = self_attend(np.asarray([[1.0], [0.0]]), weights)
    assert isinstance(stages, SelfAttention)
    np.testing.assert_allclose(stages.queries, [[math.log(3)], [0]], rtol=1e-15)
    np.testing.assert_array_equal(stages.keys, [[1], [0]])
    np.testing.assert_array_equal(stages.values, [[4, -8], [0, 0]])
    np.testing.assert_allclose(stages.scores, [[math.log(3), 0], [0, 0]], rtol=1e-15)
    np.testing.assert_allclose(stages.weights, [[0.75, 0.25], [0.5, 0.5]], rtol=1e-15)
    np.testing.assert_allclose(stages.output, [[3, -6], [2, -4]], rtol=1e-15)


@pytest.mark.parametrize("d_v", [3, 5, 11], ids="d_v={}".format)
def test_plain_loops(d_v):
    inputs, weights = random(N_TOKENS, D_IN), random_weights(d_v=d_v)
    for mask in (CAUSAL, random(N_TOKENS, N_TOKENS, seed=4) > 0, np.ones((N_TOKENS, N_TOKENS), bool)):
        stages = self_attend(inputs, weights, mask)
        rows, output = by_loops(inputs, weights, mask)
        np.testing.assert_allclose(stages.weights, rows, atol=1e-14)
        np.testing.assert_allclose(stages.output, output, atol=1e-14)
        np.testing.assert_array_equal(np.isneginf(stages.scores), ~mask)


@DTYPES
@pytest.mark.parametrize("causal", [False, True])
def test_it_is_torchs_scaled_dot_product_attention(dtype, causal):
    leaves = [torch.tensor(part, dtype=dtype, requires_grad=True) for part in (random(2, 7, D_IN), *random_weights())]
    inputs, *weights = leaves
    mask = torch.tensor(CAUSAL) if causal else None
    ours = self_attend(inputs, Projections(*weights), mask)
    theirs = functional.scaled_dot_product_attention(
        *(functional.linear(inputs, matrix) for matrix in weights), attn_mask=mask
    )
    torch.testing.assert_close(ours.output, theirs)
    torch.testing.assert_close(gradients([ours.output], leaves), gradients([theirs], leaves), rtol=1e-4, atol=1e-5)


@DTYPES
def test_one_head_is_torchs_multihead_attention(dtype):
    module = torch.nn.MultiheadAttention(D_IN, 1, bias=False, batch_first=True, dtype=dtype)
    inputs = torch.tensor(random(2, 7, D_IN), dtype=dtype, requires_grad=True)
    stages = self_attend(inputs, Projections(*module.in_proj_weight.chunk(3)), torch.tensor(CAUSAL))
    ours = module.out_proj(stages.output), stages.weights
    theirs = module(inputs, inputs, inputs, attn_mask=torch.tensor(~CAUSAL))
    torch.testing.assert_close(ours, theirs)
    leaves = [inputs, *module.parameters()]
    torch.testing.assert_close(gradients(ours, leaves), gradients(theirs, leaves), rtol=1e-4, atol=1e-5)


def test_its_stages_are_those_of_attend():
    inputs, weights = random(2, N_TOKENS, D_IN), random_weights()
    stages, projected = self_attend(inputs, weights, CAUSAL), project_qkv(inputs, weights)
    assert isinstance(projected, Projected)
    for stage, expected in zip(stages, (*projected, *attend(*projected, CAUSAL, score=scaled_dot_scores)), strict=True):
        np.testing.assert_array_equal(stage, expected)


def test_another_score():
    inputs, weights = random(N_TOKENS, D_IN), random_weights()
    hidden, vector = random(13, D_K, seed=5), random(13, seed=6)
    for score in (dot_scores, cosine_scores, lambda q, k: additive_scores(q, k, hidden, hidden, vector)):
        stages = self_attend(inputs, weights, score=score)
        np.testing.assert_array_equal(stages.scores, score(stages.queries, stages.keys))
        np.testing.assert_array_equal(stages.weights, softmax(stages.scores))


def test_cross_attention_asks_another_sentence():
    inputs, memory = random(2, N_TOKENS, D_IN), random(2, N_MEMORY, D_MEMORY, seed=4)
    weights = random_weights(d_memory=D_MEMORY)
    queries, keys, values = project_qkv(inputs, weights, memory)
    np.testing.assert_allclose(queries, inputs @ weights.query.T, atol=1e-14)
    np.testing.assert_allclose(keys, memory @ weights.key.T, atol=1e-14)
    np.testing.assert_allclose(values, memory @ weights.value.T, atol=1e-14)
    assert attend(queries, keys, values, score=scaled_dot_scores).weights.shape == (2, N_TOKENS, N_MEMORY)


def test_a_sentence_is_its_own_memory():
    inputs, weights = random(N_TOKENS, D_IN), random_weights()
    for ours, theirs in zip(project_qkv(inputs, weights), project_qkv(inputs, weights, inputs), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("d_k", [2, 3, 5, 7], ids="d_k={}".format)
def test_the_variance_of_a_scaled_score_does_not_grow_with_the_width(d_k):
    # Each sign as often as the other, in all combinations: numbers of mean 0 and variance 1, exactly.
    signs = np.asarray(list(itertools.product([-1.0, 1.0], repeat=d_k)))
    np.testing.assert_allclose(scaled_dot_scores(signs, signs).var(), 1, rtol=1e-14)
    np.testing.assert_allclose(dot_scores(signs, signs).var(), d_k, rtol=1e-14)


tokens_ = arrays(np.float64, (N_TOKENS, D_IN), elements=st.floats(-10, 10))
matrices = [
    arrays(np.float64, (rows, D_IN), elements=st.floats(-1, 1)) for rows in (D_K, D_K, D_V)
]  # scores stay below 10⁵, so that a rounded last digit moves a weight by less than 1e-9
weights_ = st.builds(Projections, *matrices)
masks = arrays(np.bool_, (N_TOKENS, N_TOKENS))
orders = st.permutations(range(N_TOKENS)).map(list)
wilds = arrays(np.float64, (N_TOKENS, D_IN), elements=st.floats(-1e100, 1e100))


@given(tokens_, weights_, masks)
def test_weights_sum_to_one_on_every_row_that_has_a_key(tokens, weights, mask):
    stages = self_attend(tokens, weights, mask)
    assert (stages.weights >= 0).all()
    assert (stages.weights[~mask] == 0).all()
    np.testing.assert_allclose(stages.weights.sum(axis=-1), mask.any(axis=-1), atol=1e-14)
    assert (stages.output[~mask.any(axis=-1)] == 0).all()


@given(tokens_, weights_, orders)
def test_without_positions_tokens_in_another_order_give_outputs_in_that_order(tokens, weights, order):
    stages, moved = self_attend(tokens, weights), self_attend(tokens[order], weights)
    np.testing.assert_allclose(moved.output, stages.output[order], atol=1e-7)
    np.testing.assert_allclose(moved.weights, stages.weights[order][:, order], atol=1e-9)


@given(tokens_, weights_, wilds, st.integers(1, N_TOKENS - 1))
def test_a_later_token_changes_no_earlier_output(tokens, weights, wild, place):
    before = self_attend(tokens, weights, CAUSAL)
    tokens = np.concatenate([tokens[:place], wild[place:]])
    after = self_attend(tokens, weights, CAUSAL)
    np.testing.assert_array_equal(after.output[:place], before.output[:place])
    np.testing.assert_array_equal(after.weights[:place], before.weights[:place])


@given(tokens_, weights_, wilds, arrays(np.bool_, N_TOKENS).filter(np.any))
def test_padding_changes_nothing(tokens, weights, wild, mask):
    stages = self_attend(tokens, weights, mask)
    padded = self_attend(np.where(mask[:, None], tokens, wild), weights, mask)
    np.testing.assert_array_equal(padded.output[mask], stages.output[mask])
    np.testing.assert_allclose(self_attend(tokens[mask], weights).output, stages.output[mask], atol=1e-7)


@given(tokens_, weights_, st.integers(1, N_TOKENS))
def test_a_token_alone_with_all_before_it_as_memory_gets_its_row_of_the_causal_pass(tokens, weights, place):
    whole = self_attend(tokens, weights, CAUSAL)
    step = attend(*project_qkv(tokens[place - 1 : place], weights, tokens[:place]), score=scaled_dot_scores)
    np.testing.assert_allclose(step.output[0], whole.output[place - 1], atol=1e-7)


@given(tokens_, weights_, masks)
def test_numpy_and_torch_agree(tokens, weights, mask):
    theirs = self_attend(torch.tensor(tokens), Projections(*map(torch.tensor, weights)), torch.tensor(mask))
    for stage, tensor in zip(self_attend(tokens, weights, mask), theirs, strict=True):
        assert isinstance(tensor, torch.Tensor)
        np.testing.assert_allclose(tensor.numpy(), stage, atol=1e-7)


def test_gradients_equal_finite_differences():
    shapes = (3, 5), (3, 2), (1, 5), (1, 2), (2, 2)
    leaves = [torch.tensor(random(*shape, seed=i), requires_grad=True) for i, shape in enumerate(shapes)]
    mask = torch.tensor([[True, False, True], [False, False, False], [True, True, True]])

    def cross(inputs, memory, *weights):
        stages = attend(*project_qkv(inputs, Projections(*weights), memory), mask, score=scaled_dot_scores)
        return stages.weights, stages.output

    assert torch.autograd.gradcheck(cross, leaves)
    shapes = (2, 3, 5), (1, 5), (1, 5), (2, 5)
    leaves = [torch.tensor(random(*shape, seed=i), requires_grad=True) for i, shape in enumerate(shapes)]

    def alone(inputs, *weights):
        return self_attend(inputs, Projections(*weights), mask).output

    assert torch.autograd.gradcheck(alone, leaves)


@LIBRARIES
def test_batch_axes_broadcast(asarray):
    inputs, memory = asarray(random(2, 1, N_TOKENS, D_IN)), asarray(random(13, N_MEMORY, D_MEMORY))
    weights = Projections(*map(asarray, random_weights(d_memory=D_MEMORY)))
    queries, keys, values = project_qkv(inputs, weights, memory)
    shapes = [(2, 1, N_TOKENS, D_K), (13, N_MEMORY, D_K), (13, N_MEMORY, D_V)]
    assert [tuple(part.shape) for part in (queries, keys, values)] == shapes
    scores = scaled_dot_scores(queries, keys)
    assert tuple(scores.shape) == (2, 13, N_TOKENS, N_MEMORY)
    np.testing.assert_allclose(scores[1, 12], scaled_dot_scores(queries[1, 0], keys[12]), atol=1e-14)
    weights = Projections(*map(asarray, random_weights()))
    mask = asarray(random(13, 1, N_TOKENS) > 0)
    stages = self_attend(asarray(random(2, 13, N_TOKENS, D_IN)), weights, mask)
    assert tuple(stages.output.shape) == (2, 13, N_TOKENS, D_V)
    alone = self_attend(asarray(random(2, 13, N_TOKENS, D_IN)[1, 12]), weights, mask[12])
    for stage, expected in zip(stages, alone, strict=True):
        np.testing.assert_allclose(stage[1, 12], expected, atol=1e-14)


@LIBRARIES
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_the_dtype_and_the_library_stay(asarray, dtype):
    inputs = asarray(random(N_TOKENS, D_IN).astype(dtype))
    weights = Projections(*(asarray(part.astype(dtype)) for part in random_weights()))
    stages, exact = self_attend(inputs, weights), self_attend(random(N_TOKENS, D_IN), random_weights())
    for stage, expected in zip(stages, exact, strict=True):
        assert type(stage) is type(inputs)
        assert stage.dtype == inputs.dtype
        np.testing.assert_allclose(stage, expected, atol=256 * float(np.finfo(dtype).eps))


@LIBRARIES
def test_a_scaled_product_overflows_later_than_the_product(asarray):
    large = asarray(np.full((1, 4), 128, np.float16))  # 4 · 128² is just beyond float16, and √4 = 2
    np.testing.assert_array_equal(scaled_dot_scores(large, large), [[32768]])
    with pytest.raises(ValueError, match="the dot products overflow"):
        dot_scores(large, large)


def test_integers_are_read_as_floats():
    stages = self_attend(np.asarray([[1, 2], [3, 4]]), Projections(*(np.asarray([[1, 1]]),) * 3))
    np.testing.assert_array_equal(stages.queries, [[3], [7]])
    assert stages.queries.dtype == np.float64


INPUTS, MEMORY, WEIGHTS = random(N_TOKENS, D_IN), random(N_MEMORY, D_MEMORY), random_weights()
WRONG = {
    "queries": (scaled_dot_scores, (random(7, 5), random(3, 2)), r"keys must have shape \(..., n_keys, d_k=5\); got"),
    "scores list": (scaled_dot_scores, ([[1.0]], random(3, 2)), "queries must be an array; got list: wrap it"),
    "inputs list": (self_attend, ([[1.0]], WEIGHTS), "inputs must be an array; got list: wrap it"),
    "inputs rank": (self_attend, (INPUTS[0], WEIGHTS), r"inputs must have shape \(..., n_queries, d_in\); got \(5,\)"),
    "inputs nan": (self_attend, (INPUTS * np.nan, WEIGHTS), r"inputs must be finite; got nan at index \(0, 0\)"),
    "no tokens": (self_attend, (INPUTS[:0], WEIGHTS), r"inputs must not be empty; got shape \(0, 5\)"),
    "query": (
        self_attend,
        (INPUTS, WEIGHTS._replace(query=random(5, 2))),
        r"weights.query must have shape \(d_k, d_in=5\); got \(5, 2\)",
    ),
    "query of a batch": (
        self_attend,
        (INPUTS, WEIGHTS._replace(query=random(7, 2, 5))),
        r"weights.query must have shape \(d_k, d_in=5\); got \(7, 2, 5\)",
    ),
    "key": (
        self_attend,
        (INPUTS, WEIGHTS._replace(key=random(3, 5))),
        r"weights.key must have shape \(d_k=2, d_in=5\); got \(3, 5\)",
    ),
    "value": (
        self_attend,
        (INPUTS, WEIGHTS._replace(value=random(11, 3))),
        r"weights.value must have shape \(d_v, d_in=5\); got \(11, 3\)",
    ),
    "value nan": (
        self_attend,
        (INPUTS, WEIGHTS._replace(value=WEIGHTS.value * np.inf)),
        "weights.value must be finite",
    ),
    "library": (
        self_attend,
        (INPUTS, WEIGHTS._replace(key=torch.ones(2, 5))),
        "weights.query, weights.key, weights.value and inputs must come from one library",
    ),
    "memory key": (
        project_qkv,
        (INPUTS, WEIGHTS, MEMORY),
        r"weights.key must have shape \(d_k=2, d_memory=17\); got \(2, 5\)",
    ),
    "memory value": (
        project_qkv,
        (INPUTS, WEIGHTS._replace(key=random(2, 17)), MEMORY),
        r"weights.value must have shape \(d_v, d_memory=17\); got \(11, 5\)",
    ),
    "memory rank": (
        project_qkv,
        (INPUTS, WEIGHTS, MEMORY[0]),
        r"memory must have shape \(..., n_keys, d_memory\); got",
    ),
    "memory nan": (
        project_qkv,
        (INPUTS, random_weights(d_memory=17), MEMORY * np.nan),
        r"memory must be finite; got nan at index \(0, 0\)",
    ),
    "batch": (
        project_qkv,
        (random(2, 7, 5), WEIGHTS, random(3, 7, 5)),
        r"the batch axes of inputs and memory must broadcast; got \(2,\) and \(3,\)",
    ),
    "overflow": (self_attend, (INPUTS * 1e200, WEIGHTS._replace(key=WEIGHTS.key * 1e200)), "the keys overflow float64"),
    "mask dtype": (self_attend, (INPUTS, WEIGHTS, CAUSAL * 1.0), "mask must be boolean, True where a query may attend"),
    "mask shape": (
        self_attend,
        (INPUTS, WEIGHTS, CAUSAL[:3]),
        r"mask must broadcast to the shape of the scores, \(7, 7\); got \(3, 7\)",
    ),
}


@pytest.mark.parametrize(("function", "arguments", "sentence"), WRONG.values(), ids=WRONG)
def test_a_wrong_input_gets_a_sentence(function, arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        function(*arguments)


@LIBRARIES
def test_nothing_is_changed_in_place(asarray):
    before = [INPUTS, MEMORY, *random_weights(d_memory=D_MEMORY), *WEIGHTS, CAUSAL]
    inputs, memory, *matrices, mask = given = [asarray(array.copy()) for array in before]
    project_qkv(inputs, Projections(*matrices[:3]), memory)
    self_attend(inputs, Projections(*matrices[3:]), mask)
    for array, original in zip(given, before, strict=True):
        np.testing.assert_array_equal(array, original)
