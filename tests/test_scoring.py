"""Promise: a score is the dot product or the cosine that a pencil finds, at any size of number that the dtype holds."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from attnkit import cosine_scores, dot_scores
from tests import spec

BOTH = pytest.mark.parametrize("score", [dot_scores, cosine_scores])
LIBRARIES = pytest.mark.parametrize("asarray", [np.asarray, torch.tensor])


def random(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def test_pencil():
    queries, keys = np.asarray([[3.0, 4.0]]), np.asarray([[1.0, 0.0], [6.0, 8.0], [-4.0, 3.0], [0.0, 0.0]])
    np.testing.assert_array_equal(dot_scores(queries, keys), [[3, 50, 0, 0]])
    np.testing.assert_allclose(cosine_scores(queries, keys), [[0.6, 1, 0, 0]], atol=1e-15)


@BOTH
def test_plain_loops(score):
    queries, keys = random(3, 5), random(7, 5, seed=1)
    expected = getattr(spec, score.__name__)(queries.tolist(), keys.tolist())
    np.testing.assert_allclose(score(queries, keys), expected, atol=1e-14)


def test_torch_cosine():
    queries, keys = torch.tensor(random(2, 3, 5)), torch.tensor(random(2, 7, 5, seed=1))
    expected = functional.cosine_similarity(queries[..., :, None, :], keys[..., None, :, :], dim=-1)
    torch.testing.assert_close(cosine_scores(queries, keys), expected)


@BOTH
def test_batch_axes_broadcast(score):
    queries, keys = random(2, 1, 3, 5), random(11, 7, 5, seed=1)
    scores = score(queries, keys)
    assert scores.shape == (2, 11, 3, 7)
    np.testing.assert_allclose(scores[1, 10], score(queries[1, 0], keys[10]), atol=1e-14)


@BOTH
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_the_dtype_and_the_library_stay(score, dtype):
    queries, keys = random(3, 5).astype(dtype), random(7, 5, seed=1).astype(dtype)
    scores = score(queries, keys)
    assert isinstance(scores, np.ndarray)
    assert scores.dtype == dtype
    tensors = score(torch.tensor(queries), torch.tensor(keys))
    assert tensors.dtype == getattr(torch, dtype)
    np.testing.assert_allclose(tensors.numpy(), scores, rtol=8 * float(np.finfo(dtype).eps), atol=1e-3)


def test_integers_are_read_as_the_default_float_and_mixed_floats_as_the_wider():
    whole = np.asarray([[1, 2]])
    assert dot_scores(whole, whole).dtype == np.float64
    assert dot_scores(torch.tensor([[1, 2]]), torch.tensor([[1, 2]])).dtype == torch.get_default_dtype()
    assert dot_scores(whole, whole.astype(np.float32)).dtype == np.float32
    assert dot_scores(whole.astype(np.float32), whole.astype(np.float64)).dtype == np.float64
    assert dot_scores(torch.ones(1, 2), torch.ones(1, 2, dtype=torch.float64)).dtype == torch.float64


def test_half_floats_are_summed_in_float32():
    # 4096 + 1 is 4096 in float16: a sum kept there would lose every 1 after the first term.
    queries, keys = np.ones((1, 1025), np.float16), np.ones((1, 1025), np.float16)
    queries[0, 0] = 4096
    assert dot_scores(queries, keys)[0, 0] == np.float16(4096 + 1024)
    assert dot_scores(torch.tensor(queries), torch.tensor(keys))[0, 0] == 4096 + 1024
    # 300 · 300 is beyond float16, and the cosine never forms it.
    assert cosine_scores(np.asarray([[300, 400]], np.float16), np.asarray([[300, 400]], np.float16))[0, 0] == 1


@LIBRARIES
@pytest.mark.parametrize("size", [1e200, 1e-200, 5e-324])
def test_cosine_of_huge_and_tiny_vectors(asarray, size):
    vectors = asarray(np.asarray([[1.0, 0.0], [1.0, 1.0]]) * size)
    np.testing.assert_allclose(cosine_scores(vectors, vectors), [[1, math.sqrt(0.5)], [math.sqrt(0.5), 1]], rtol=1e-15)


def test_cosine_never_steps_over_one():
    vectors = random(997, 13)
    cosines = cosine_scores(vectors, vectors)
    assert np.abs(cosines).max() <= 1
    assert not np.isnan(np.arccos(cosines)).any()


@pytest.mark.parametrize(("dtype", "size"), [("float16", 300), ("float32", 1e30), ("float64", 1e200)])
@LIBRARIES
def test_a_dot_product_beyond_the_dtype_is_refused(asarray, dtype, size):
    vectors = asarray(np.full((1, 1), size, dtype))
    with pytest.raises(ValueError, match=rf"the dot products overflow (torch\.)?{dtype}: use smaller numbers"):
        dot_scores(vectors, vectors)


@BOTH
def test_gradients_equal_finite_differences(score):
    queries = torch.tensor(random(2, 3, 5), requires_grad=True)
    keys = torch.tensor(random(7, 5, seed=1), requires_grad=True)
    assert torch.autograd.gradcheck(score, (queries, keys))


@pytest.mark.parametrize("size", [0.0, 1e200, 1e-100])
def test_cosine_gradients_are_finite(size):
    queries = torch.tensor([[size, -2 * size]], dtype=torch.float64, requires_grad=True)
    keys = torch.tensor([[3.0, 1.0], [0.0, 0.0]], dtype=torch.float64, requires_grad=True)
    cosine_scores(queries, keys).sum().backward()
    assert torch.isfinite(queries.grad).all()
    assert torch.isfinite(keys.grad).all()


WRONG = {
    "list": ([[1.0]], np.ones((1, 1)), r"queries must be an array; got list: wrap it in np.asarray\(...\) or torch"),
    "libraries": (
        np.ones((1, 1)),
        torch.ones(1, 1),
        "queries and keys must come from one library; got numpy and torch",
    ),
    "devices": (torch.ones(1, 1), torch.ones(1, 1, device="meta"), "queries and keys must be on one device; got cpu"),
    "complex": (np.ones((1, 1)), np.ones((1, 1), complex), "keys must hold real numbers; got dtype complex128"),
    "boolean": (np.ones((1, 1), bool), np.ones((1, 1)), "queries must hold real numbers; got dtype bool"),
    "empty": (np.ones((3, 2)), np.ones((0, 2)), r"keys must not be empty; got shape \(0, 2\)"),
    "rank": (np.ones(5), np.ones((7, 5)), r"queries must have shape \(..., n_queries, d_k\); got \(5,\)"),
    "key rank": (np.ones((3, 5)), np.ones(5), r"keys must have shape \(..., n_keys, d_k=5\); got \(5,\)"),
    "width": (np.ones((3, 4)), np.ones((5, 3)), r"keys must have shape \(..., n_keys, d_k=4\); got \(5, 3\)"),
    "batch": (np.ones((2, 1, 1)), np.ones((3, 1, 1)), r"the batch axes of queries and keys must broadcast; got \(2,\)"),
    "nan": (np.ones((1, 2)), np.asarray([[1, np.nan]]), r"keys must be finite; got nan at index \(0, 1\)"),
    "inf": (torch.tensor([[1, -np.inf]]), torch.ones(1, 2), r"queries must be finite; got -inf at index \(0, 1\)"),
}


@BOTH
@pytest.mark.parametrize(("queries", "keys", "sentence"), WRONG.values(), ids=WRONG)
def test_a_wrong_input_gets_a_sentence(score, queries, keys, sentence):
    with pytest.raises(ValueError, match=sentence):
        score(queries, keys)


@BOTH
@LIBRARIES
def test_nothing_is_changed_in_place(score, asarray):
    queries, keys = random(3, 5), random(7, 5, seed=1)
    given = asarray(queries.copy()), asarray(keys.copy())
    score(*given)
    np.testing.assert_array_equal(given[0], queries)
    np.testing.assert_array_equal(given[1], keys)
