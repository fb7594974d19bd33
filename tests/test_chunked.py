"""Promise: attention read a chunk at a time is attention, empty rows and gradients included, without its big table."""

from __future__ import annotations

import math
import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch.nn import functional

from attnkit import assume_finite, attend, cosine_scores, dot_scores
from attnkit.masking import causal_mask
from attnkit.self_attention import scaled_dot_scores
from attnkit.transformer import chunked_attend

LIBRARIES = pytest.mark.parametrize("asarray", [np.asarray, torch.tensor])
DTYPES = pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
SIZES = pytest.mark.parametrize("size", [1, 3, 256])
N_QUERIES, N_KEYS, D_K, D_V = 7, 11, 5, 3


def random(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def random_mask(*shape: int) -> np.ndarray:
    """Return a mask with a row of nothing, one whose first keys and one whose last keys are hidden."""
    mask = np.random.default_rng(2).random(shape) < 0.6
    mask[..., 0, :] = mask[..., 2, :8] = mask[..., 3, 2:] = False
    mask[..., 2, 8] = mask[..., 3, 1] = True
    return mask


def loop_attend(query: list[float], keys: list, values: list, mask: list[bool], temperature: float) -> list[float]:
    """Read the keys one by one, with the three numbers that the papers carry."""
    largest, total, output = -math.inf, 0.0, [0.0] * len(values[0])
    for key, value, allowed in zip(keys, values, mask, strict=True):
        if not allowed:
            continue
        score = sum(a * b for a, b in zip(query, key, strict=True)) / math.sqrt(len(query))
        before, largest = largest, max(largest, score)
        kept = math.exp((before - largest) / temperature)
        new = math.exp((score - largest) / temperature)
        total = total * kept + new
        output = [o * kept + new * v for o, v in zip(output, value, strict=True)]
    return [o / total if total else 0.0 for o in output]


def inputs(asarray=np.asarray, dtype: str = "float64") -> list:
    shapes = (N_QUERIES, D_K), (N_KEYS, D_K), (N_KEYS, D_V)
    return [asarray(random(*shape, seed=i).astype(dtype)) for i, shape in enumerate(shapes)]


def test_pencil():
    # Weights 1/4 and 3/4 of the first two keys, then a third with as much as both together.
    keys, values = np.log([[1.0], [3.0], [4.0]]), np.asarray([[4.0], [8.0], [1.0]])
    for size in (1, 2, 3):
        output = chunked_attend(np.asarray([[1.0]]), keys, values, size=size)
        np.testing.assert_allclose(output, [[4 / 8 + 8 * 3 / 8 + 4 / 8]], rtol=1e-15)


@SIZES
@pytest.mark.parametrize("temperature", [0.1, 1, 7.5])
def test_plain_loops(size, temperature):
    queries, keys, values = inputs()
    mask = random_mask(N_QUERIES, N_KEYS)
    output = chunked_attend(queries, keys, values, mask, temperature=temperature, size=size)
    for i in range(N_QUERIES):
        row = loop_attend(queries[i].tolist(), keys.tolist(), values.tolist(), mask[i].tolist(), temperature)
        np.testing.assert_allclose(output[i], row, atol=1e-14)
    assert (output[0] == 0).all()


@SIZES
@LIBRARIES
def test_it_is_attend(asarray, size):
    queries, keys, values = inputs(asarray)
    mask, width = asarray(random_mask(N_QUERIES, N_KEYS)), asarray(np.arange(N_KEYS) < 4)
    for allowed in (None, mask, width, mask[:, :1]):
        for score in (scaled_dot_scores, dot_scores, cosine_scores):
            for options in ({}, {"temperature": 0.3}):
                whole = attend(queries, keys, values, allowed, score=score, **options).output
                chunked = chunked_attend(queries, keys, values, allowed, score=score, size=size, **options)
                assert type(chunked) is type(whole)
                np.testing.assert_allclose(chunked, whole, atol=1e-14)


shapes_ = (3, D_K), (5, D_K), (5, D_V)
vectors_ = st.tuples(*(arrays(np.float64, shape, elements=st.floats(-100, 100)) for shape in shapes_))


@given(vectors_, arrays(np.bool_, (3, 5)), st.floats(1e-3, 1e3), st.integers(1, 6))
def test_it_is_attend_whatever_comes(vectors, mask, temperature, size):
    whole = attend(*vectors, mask, score=scaled_dot_scores, temperature=temperature).output
    chunked = chunked_attend(*vectors, mask, temperature=temperature, size=size)
    # A score of 1e4 is known to 1e-12; a temperature of 1e-3 makes that 1e-9 of a weight.
    np.testing.assert_allclose(chunked, whole, atol=1e-6)
    assert (chunked[~mask.any(-1)] == 0).all()


@SIZES
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_torch_sdpa_and_its_gradients(dtype, size):
    shapes = (2, 3, N_QUERIES, D_K), (2, 3, N_KEYS, D_K), (2, 3, N_KEYS, D_V)
    leaves = [torch.tensor(random(*s, seed=i), dtype=dtype).requires_grad_() for i, s in enumerate(shapes)]
    mask = causal_mask(torch.arange(4, N_QUERIES + 4), torch.arange(N_KEYS))
    ours = chunked_attend(*leaves, mask, size=size)
    theirs = functional.scaled_dot_product_attention(*leaves, attn_mask=mask)
    torch.testing.assert_close(ours, theirs)
    factors = torch.tensor(random(2, 3, N_QUERIES, D_V, seed=9), dtype=dtype)
    ours, theirs = (torch.autograd.grad((output * factors).sum(), leaves) for output in (ours, theirs))
    torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("size", [2, 5])
def test_gradients_equal_finite_differences(size):
    shapes = (3, 2), (5, 2), (5, 3)
    leaves = [torch.tensor(random(*shape, seed=i), requires_grad=True) for i, shape in enumerate(shapes)]
    mask = torch.tensor([[False] * 5, [True, False, True, True, False], [False, False, False, True, True]])

    def output(*leaves):
        return chunked_attend(*leaves, mask, temperature=0.7, size=size)

    assert torch.autograd.gradcheck(output, leaves)


@SIZES
@pytest.mark.parametrize("scale", [1.0, 1e3])
def test_gradients_are_those_of_attend_also_where_nothing_may_be_attended_to(size, scale):
    leaves = [(scale * tensor).requires_grad_() for tensor in inputs(torch.tensor)]
    mask = torch.tensor(random_mask(N_QUERIES, N_KEYS))
    mask[:, 4] = False
    chunked = chunked_attend(*leaves, mask, size=size)
    whole = attend(*leaves, mask, score=scaled_dot_scores).output
    ours, theirs = (torch.autograd.grad(output.square().sum(), leaves) for output in (chunked, whole))
    torch.testing.assert_close(ours, theirs, atol=1e-8 * scale**3, rtol=1e-9)
    queries, keys, values = ours
    assert (queries[0] == 0).all()
    assert (keys[4] == 0).all()
    assert (values[4] == 0).all()


@LIBRARIES
def test_batch_axes_broadcast(asarray):
    queries, keys = asarray(random(2, 1, N_QUERIES, D_K)), asarray(random(13, N_KEYS, D_K))
    values, mask = asarray(random(17, 1, 1, N_KEYS, D_V)), asarray(random_mask(2, 1, N_QUERIES, N_KEYS))
    chunked = chunked_attend(queries, keys, values, mask, size=3)
    assert tuple(chunked.shape) == (17, 2, 13, N_QUERIES, D_V)
    np.testing.assert_allclose(chunked, attend(queries, keys, values, mask, score=scaled_dot_scores).output, atol=1e-14)


@DTYPES
@LIBRARIES
def test_the_dtype_stays(asarray, dtype):
    given_ = inputs(asarray, dtype)
    chunked = chunked_attend(*given_, size=3)
    assert chunked.dtype == given_[0].dtype
    exact = attend(*inputs(), score=scaled_dot_scores).output
    np.testing.assert_allclose(chunked, exact, atol=16 * float(np.finfo(dtype).eps))


def test_float16_is_mixed_in_float32():
    # 2048 equal keys: in float16 a running sum of ones would stop at 2048 and lose the last.
    zeros, values = np.zeros((4099, 1), "float16"), np.ones((4099, 1), "float16")
    np.testing.assert_array_equal(chunked_attend(zeros[:1], zeros, values, size=7), [[1]])


@DTYPES
@LIBRARIES
def test_the_largest_scores_and_values_that_fit(asarray, dtype):
    ends = np.finfo(dtype)
    keys = asarray(np.asarray([[1], [0], [1], [-1], [1]], dtype))
    values = asarray(np.full((5, 1), ends.max, dtype))
    queries = asarray(np.asarray([[ends.max], [ends.min], [0]], dtype))
    for size in (1, 2, 5):
        chunked = chunked_attend(queries, keys, values / 2, size=size)
        np.testing.assert_allclose(chunked, np.full((3, 1), ends.max / 2), rtol=4 * float(ends.eps))
        places = asarray(np.asarray([[1], [2], [3], [4], [5]], dtype))
        np.testing.assert_allclose(chunked_attend(queries, keys, places, size=size), [[3], [4], [3]], rtol=1e-3)


@LIBRARIES
def test_scores_far_below_a_masked_place_keep_their_weights(asarray):
    # A masked score, and what stands before the first key, count as −∞ and not as 0.
    queries, keys = asarray(np.full((1, 1), -1e4)), asarray(np.ones((4, 1)))
    values, mask = asarray(np.asarray([[8.0], [1.0], [2.0], [3.0]])), asarray(np.asarray([False, True, True, True]))
    for size in (1, 2, 4):
        np.testing.assert_allclose(chunked_attend(queries, keys, values, mask, size=size), [[2]], rtol=1e-15)


@DTYPES
@LIBRARIES
def test_the_ends_of_the_temperature(asarray, dtype):
    queries, keys = asarray(np.ones((1, 1), dtype)), asarray(np.asarray([[1], [7], [7]], dtype))
    values = asarray(np.asarray([[0], [2], [4]], dtype))
    for size in (1, 2, 3):
        for cold in (1e-300, 1e-40, Fraction(1, 10**400)):
            np.testing.assert_array_equal(chunked_attend(queries, keys, values, temperature=cold, size=size), [[3]])
        np.testing.assert_allclose(
            chunked_attend(queries, keys, values, temperature=10**400, size=size), [[2]], rtol=1e-3
        )


def test_what_stands_at_a_masked_place_is_not_read():
    queries, keys, values = inputs()
    mask = random_mask(N_QUERIES, N_KEYS)
    hidden = np.where(mask, 0.0, np.nan)

    def score(asking, answering):
        rows, columns = asking[:, -1].astype(int), answering[:, -1].astype(int)
        return scaled_dot_scores(asking[:, :-1], answering[:, :-1]) + hidden[np.ix_(rows, columns)]

    numbered = (np.column_stack([vectors, np.arange(len(vectors))]) for vectors in (queries, keys))
    whole = attend(queries, keys, values, mask, score=scaled_dot_scores).output
    np.testing.assert_allclose(chunked_attend(*numbered, values, mask, score=score, size=3), whole, atol=1e-14)


@pytest.mark.parametrize("size", [1, 3, 5, 11])
def test_no_score_is_asked_for_more_than_a_chunk(size):
    seen = []

    def score(queries, keys):
        seen.append((queries.shape[-2], keys.shape[-2]))
        return dot_scores(queries, keys)

    chunked_attend(*inputs(), score=score, size=size)
    assert sum(rows * columns for rows, columns in seen) == N_QUERIES * N_KEYS
    assert max(max(chunk) for chunk in seen) <= size
    assert len(seen) == -(-N_QUERIES // size) * -(-N_KEYS // size)


def peak(n: int, attention) -> int:
    """Return how many bytes NumPy holds at most, beside the inputs."""
    queries, keys, values = random(n, D_K), random(n, D_K), random(n, D_V)
    tracemalloc.start()
    attention(queries, keys, values)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def test_memory_grows_with_the_length_and_not_with_its_square():
    for masks in [(None, None), (np.arange(251) < 99, np.arange(503) < 99)]:
        sizes = [
            peak(n, lambda *given_, m=mask: chunked_attend(*given_, m, size=32))
            for n, mask in zip((251, 503), masks, strict=True)
        ]
        assert sizes[1] < 2.5 * sizes[0]
        assert sizes[1] < peak(503, attend) / 32


ONES, MASK = np.ones((2, 3)), np.ones((2, 3), bool)
WRONG = {
    "queries list": (([1.0], ONES, ONES), {}, "queries must be an array; got list"),
    "queries rank": ((np.ones(3), ONES, ONES), {}, r"queries must have shape \(..., n_queries, d_q\); got \(3,\)"),
    "keys rank": ((ONES, np.ones(3), ONES), {}, r"keys must have shape \(..., n_keys, d_k\); got \(3,\)"),
    "values": ((ONES, ONES, np.ones((5, 7))), {}, r"values must have shape \(..., n_keys=2, d_v\); got \(5, 7\)"),
    "widths": ((ONES, np.ones((5, 7)), np.ones((5, 2))), {}, r"keys must have shape .*d_k=3.*got \(5, 7\)"),
    "batch": (
        (np.ones((2, 1, 3)), np.ones((5, 1, 3)), np.ones((1, 3))),
        {},
        "the batch axes of queries and keys must broadcast",
    ),
    "values batch": (
        (np.ones((2, 1, 3)), np.ones((1, 3)), np.ones((5, 1, 3))),
        {},
        "the batch axes of queries, keys and values must broadcast",
    ),
    "queries nan": ((ONES * np.nan, ONES, ONES), {}, "queries must be finite; got nan"),
    "values nan": ((ONES, ONES, ONES * np.nan), {}, r"values must be finite; got nan at index \(0, 0\)"),
    "scores nan": (
        (ONES, ONES, ONES),
        {"score": lambda q, k: dot_scores(q, k) * np.nan},
        "scores must be finite; got nan",
    ),
    "mask dtype": ((ONES, ONES, ONES, np.ones((2, 2))), {}, "mask must be boolean, True where a query may attend"),
    "mask shape": (
        (ONES, ONES, ONES, MASK),
        {},
        r"mask must broadcast to the shape of the scores, \(2, 2\); got \(2, 3\)",
    ),
    "mask enlarges": ((ONES, ONES, ONES, np.ones((5, 2, 2), bool)), {}, r"scores, \(2, 2\); got \(5, 2, 2\)"),
    "mask library": ((ONES, ONES, ONES, torch.ones(2, 2).bool()), {}, "scores and mask must come from one library"),
    "T zero": ((ONES, ONES, ONES), {"temperature": 0}, "temperature must be finite and greater than 0; got 0"),
    "T text": ((ONES, ONES, ONES), {"temperature": "1"}, "temperature must be a real number; got str"),
    "size zero": ((ONES, ONES, ONES), {"size": 0}, "size must be a whole number from 1; got 0"),
    "size half": ((ONES, ONES, ONES), {"size": 1.5}, "size must be a whole number from 1; got 1.5"),
    "score shape": (
        (ONES, np.ones((5, 3)), np.ones((5, 7))),
        {"score": lambda queries, keys: keys @ queries.T},
        r"score\(queries, keys\) must return shape \(2, 5\); got \(5, 2\) in ndarray",
    ),
    "score list": (
        (ONES, ONES, ONES),
        {"score": lambda *_: [1]},
        r"must return shape \(2, 2\); got \(\) in list",
    ),
}


@pytest.mark.parametrize(("arguments", "options", "sentence"), WRONG.values(), ids=WRONG)
def test_a_wrong_input_gets_a_sentence(arguments, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        chunked_attend(*arguments, **options)


def test_within_assume_finite_no_number_is_looked_at():
    with assume_finite(), np.errstate(invalid="ignore"):
        assert np.isnan(chunked_attend(ONES, ONES, ONES * np.nan)).all()


@LIBRARIES
def test_nothing_is_changed_in_place(asarray):
    before = [*(np.asarray(array) for array in inputs()), random_mask(N_QUERIES, N_KEYS)]
    given_ = [asarray(array.copy()) for array in before]
    chunked_attend(*given_, size=3)
    for array, original in zip(given_, before, strict=True):
        np.testing.assert_array_equal(array, original)
