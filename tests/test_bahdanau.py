"""Promise: the additive score is the small network that a pencil computes, whatever the widths, slopes included."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from attnkit import additive_scores, attend, compare_projected
from tests import spec

LIBRARIES = pytest.mark.parametrize("asarray", [np.asarray, torch.tensor])


def random(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def example(batch: tuple[int, ...] = ()) -> list[np.ndarray]:
    """Return queries, keys, and weights into a hidden layer of 11."""
    shapes = (*batch, 3, 5), (*batch, 7, 2), (11, 5), (11, 2), (11,)
    return [random(*shape, seed=i) for i, shape in enumerate(shapes)]


def test_pencil():
    # One hidden unit: tanh(2 · 0.5 + 3 · k) for keys 0, −1/3 and 1/3, times 10.
    keys = np.asarray([[0.0], [-1 / 3], [1 / 3]])
    scores = additive_scores(np.asarray([[0.5]]), keys, np.asarray([[2.0]]), np.asarray([[3.0]]), np.asarray([10.0]))
    np.testing.assert_allclose(scores, [[10 * math.tanh(1), 0, 10 * math.tanh(2)]], rtol=1e-15)


def test_plain_loops():
    arrays = example()
    expected = spec.additive_scores(*(array.tolist() for array in arrays))
    np.testing.assert_allclose(additive_scores(*arrays), expected, atol=1e-14)


def test_the_keys_can_be_projected_in_advance():
    queries, keys, query_weights, key_weights, vector = example((2,))
    scores = compare_projected(queries @ query_weights.T, keys @ key_weights.T, vector)
    np.testing.assert_allclose(scores, additive_scores(*example((2,))), atol=1e-14)


def test_torchs_own_layers():
    queries, keys, *weights = (torch.tensor(array, requires_grad=True) for array in example((2,)))
    layers = [torch.nn.Linear(*shape, bias=False, dtype=torch.float64) for shape in ((5, 11), (2, 11), (11, 1))]
    for layer, weight in zip(layers, weights, strict=True):
        layer.weight = torch.nn.Parameter(weight.detach().reshape(layer.weight.shape))
    for_queries, for_keys, out = layers
    expected = out(torch.tanh(for_queries(queries)[:, :, None] + for_keys(keys)[:, None])).squeeze(-1)
    scores = additive_scores(queries, keys, *weights)
    torch.testing.assert_close(scores, expected)
    direction = torch.tensor(random(2, 3, 7))
    ours = torch.autograd.grad((scores * direction).sum(), [queries, keys, *weights])
    theirs = torch.autograd.grad((expected * direction).sum(), [queries, keys, *(layer.weight for layer in layers)])
    torch.testing.assert_close(ours, tuple(g.reshape(o.shape) for g, o in zip(theirs, ours, strict=True)))


def test_gradients_equal_finite_differences():
    assert torch.autograd.gradcheck(additive_scores, [torch.tensor(array, requires_grad=True) for array in example()])


@LIBRARIES
def test_batch_axes_broadcast(asarray):
    _, _, *weights = map(asarray, example())
    queries, keys = asarray(random(2, 1, 3, 5)), asarray(random(13, 7, 2, seed=1))
    scores = additive_scores(queries, keys, *weights)
    assert tuple(scores.shape) == (2, 13, 3, 7)
    np.testing.assert_allclose(scores[1, 12], additive_scores(queries[1, 0], keys[12], *weights), atol=1e-14)


@LIBRARIES
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_the_dtype_and_the_library_stay(asarray, dtype):
    arrays = [asarray(array.astype(dtype)) for array in example()]
    scores = additive_scores(*arrays)
    assert type(scores) is type(arrays[0])
    assert scores.dtype == arrays[0].dtype
    np.testing.assert_allclose(scores, additive_scores(*example()), atol=64 * float(np.finfo(dtype).eps))


@LIBRARIES
def test_sums_beyond_the_dtype_saturate(asarray):
    ends = asarray(np.asarray([[1.5e308], [-1.5e308]]))
    scores = compare_projected(ends, ends, asarray(np.asarray([3.0])))
    np.testing.assert_array_equal(scores, [[3, 0], [0, -3]])


def test_it_is_a_score_for_attend():
    queries, keys, *weights = example((2,))
    values = random(2, 7, 13)
    stages = attend(queries, keys, values, score=lambda q, k: additive_scores(q, k, *weights))
    np.testing.assert_array_equal(stages.scores, additive_scores(queries, keys, *weights))
    assert stages.output.shape == (2, 3, 13)


Q, K, WQ, WK, V = example()
WRONG = {
    "queries rank": (
        additive_scores,
        (Q[0], K, WQ, WK, V),
        r"queries must have shape \(..., n_queries, d_q\); got \(5,",
    ),
    "keys rank": (additive_scores, (Q, K[0], WQ, WK, V), r"keys must have shape \(..., n_keys, d_k\); got \(2,\)"),
    "query weights": (
        additive_scores,
        (Q, K, WQ.T, WK, V),
        r"query_weights must have shape \(d_attention=11, d_q=5\); got \(5, 11\)",
    ),
    "key weights": (
        additive_scores,
        (Q, K, WQ, WK[:7], V),
        r"key_weights must have shape \(d_attention=11, d_k=2\); got \(7, 2\)",
    ),
    "vector": (additive_scores, (Q, K, WQ, WK, V[None]), r"vector must have shape \(d_attention\); got \(1, 11\)"),
    "weights of a batch": (additive_scores, (Q, K, WQ[None], WK, V), r"query_weights must have .*; got \(1, 11, 5\)"),
    "batch": (
        additive_scores,
        (np.ones((2, 3, 5)), np.ones((13, 7, 2)), WQ, WK, V),
        r"the batch axes of queries and keys must broadcast; got \(2,\) and \(13,\)",
    ),
    "keys nan": (additive_scores, (Q, K * np.nan, WQ, WK, V), r"keys must be finite; got nan at index \(0, 0\)"),
    "weights nan": (additive_scores, (Q, K, WQ, WK * np.inf, V), "key_weights must be finite; got -?inf"),
    "vector nan": (additive_scores, (Q, K, WQ, WK, V * np.nan), "vector must be finite; got nan"),
    "library": (additive_scores, (Q, K, WQ, WK, torch.tensor(V)), "key_weights and vector must come from one library"),
    "overflow": (additive_scores, (Q * 1e200, K, WQ * 1e200, WK, V), "the projected queries overflow float64"),
    "sum": (compare_projected, (Q, Q, np.full(5, 1e308)), "the additive scores overflow float64"),
    "projected queries": (
        compare_projected,
        (Q, K, V),
        r"projected_queries must have shape \(..., n_queries, d_attention=11\); got \(3, 5\)",
    ),
    "projected keys": (
        compare_projected,
        (Q @ WQ.T, K, V),
        r"projected_keys must have shape \(..., n_keys, d_attention=11\); got \(7, 2\)",
    ),
    "projected batch": (
        compare_projected,
        (np.ones((2, 3, 11)), np.ones((13, 7, 11)), V),
        "the batch axes of projected_queries and projected_keys must broadcast",
    ),
    "projected nan": (compare_projected, (Q @ WQ.T, K @ WK.T * np.nan, V), "projected_keys must be finite; got nan"),
}


@pytest.mark.parametrize(("function", "arguments", "sentence"), WRONG.values(), ids=WRONG)
def test_a_wrong_input_gets_a_sentence(function, arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        function(*arguments)


@LIBRARIES
def test_nothing_is_changed_in_place(asarray):
    given = [asarray(array) for array in example()]
    additive_scores(*given)
    for array, original in zip(given, example(), strict=True):
        np.testing.assert_array_equal(array, original)
