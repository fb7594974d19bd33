"""Promise: weights, outputs and entropies are those that a pencil finds; no score, mask or temperature makes a NaN."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch
from torch.nn import functional

from attnkit import (
    Attention,
    argmax_weights,
    attend,
    cosine_scores,
    entropy,
    sampled_weights,
    softmax,
    weighted_sum,
)
from tests import spec

E = math.e
DTYPES = pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
LIBRARIES = pytest.mark.parametrize("asarray", [np.asarray, torch.tensor])


def random(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def random_mask(*shape: int) -> np.ndarray:
    mask = np.random.default_rng(2).random(shape) < 0.6
    mask[0] = False
    return mask


def generator_for(array, seed: int):
    return torch.Generator().manual_seed(seed) if isinstance(array, torch.Tensor) else np.random.default_rng(seed)


def test_pencil_softmax():
    np.testing.assert_allclose(softmax(np.asarray([0.0, 1.0])), [1 / (1 + E), E / (1 + E)], rtol=1e-15)
    np.testing.assert_allclose(softmax(np.log([1.0, 3.0])), [0.25, 0.75], rtol=1e-15)
    np.testing.assert_allclose(softmax(np.log([1.0, 3.0]), temperature=0.5), [0.1, 0.9], rtol=1e-15)
    masked = softmax(np.log([1.0, 9.0, 3.0]), np.asarray([True, False, True]))
    np.testing.assert_allclose(masked, [0.25, 0, 0.75], rtol=1e-15)


def test_pencil_attend():
    stages = attend(np.asarray([[0.0, math.sqrt(2)]]), np.eye(2) / math.sqrt(2), np.asarray([[4.0], [8.0]]))
    assert isinstance(stages, Attention)
    np.testing.assert_allclose(stages.scores, [[0, 1]], rtol=1e-15)
    np.testing.assert_allclose(stages.weights, [[1 / (1 + E), E / (1 + E)]], rtol=1e-15)
    np.testing.assert_allclose(stages.output, [[(4 + 8 * E) / (1 + E)]], rtol=1e-15)


def test_plain_loops():
    queries, keys, values, mask = random(3, 5), random(7, 5, seed=1), random(7, 11, seed=2), random_mask(3, 7)
    stages = attend(queries, keys, values, mask, temperature=0.7)
    np.testing.assert_array_equal(np.isneginf(stages.scores), ~mask)
    scores = spec.dot_scores(queries.tolist(), keys.tolist())
    for i in range(3):
        weights = spec.softmax(scores[i], mask[i].tolist(), 0.7)
        np.testing.assert_allclose(stages.weights[i], weights, atol=1e-14)
        np.testing.assert_allclose(entropy(stages.weights)[i], spec.entropy(weights), atol=1e-14)
    expected = spec.attend(queries.tolist(), keys.tolist(), values.tolist(), mask.tolist(), 0.7)
    np.testing.assert_allclose(stages.output, expected, atol=1e-14)


def test_torch_softmax_and_sdpa():
    queries, keys, values = torch.tensor(random(2, 3, 5)), torch.tensor(random(2, 7, 5)), torch.tensor(random(2, 7, 11))
    mask = torch.tensor(random_mask(2, 3, 7))
    mask[0] = True  # a row without any key is ours to define
    mask[..., 4] = True
    stages = attend(queries, keys, values, mask)
    torch.testing.assert_close(stages.weights, functional.softmax(stages.scores, dim=-1))
    expected = functional.scaled_dot_product_attention(queries, keys, values, attn_mask=mask, scale=1)
    torch.testing.assert_close(stages.output, expected)


def test_batch_axes_broadcast():
    queries, keys, values = random(2, 1, 3, 5), random(13, 7, 5), random(17, 1, 1, 7, 11)
    stages = attend(queries, keys, values)
    assert stages.weights.shape == (2, 13, 3, 7)
    assert stages.output.shape == (17, 2, 13, 3, 11)
    alone = attend(queries[1, 0], keys[12], values[16, 0, 0])
    np.testing.assert_allclose(stages.output[16, 1, 12], alone.output, atol=1e-14)


def test_another_score_function_and_another_temperature():
    queries, keys, values = random(3, 5), random(7, 5, seed=1), random(7, 11)
    stages = attend(queries, keys, values, score=cosine_scores, temperature=0.3)
    np.testing.assert_array_equal(stages.scores, cosine_scores(queries, keys))
    np.testing.assert_array_equal(stages.weights, softmax(stages.scores, temperature=0.3))


@DTYPES
@LIBRARIES
def test_scores_of_ten_thousand(asarray, dtype):
    scores = asarray(np.asarray([[1e4, -1e4, 1e4], [-1e4, -1e4, -1e4]], dtype))
    mask = asarray(np.asarray([[True, True, True], [True, False, True]]))
    weights = softmax(scores, mask)
    assert weights.dtype == scores.dtype
    np.testing.assert_array_equal(weights, [[0.5, 0, 0.5], [0.5, 0, 0.5]])


@DTYPES
@LIBRARIES
def test_scores_at_the_ends_of_the_dtype(asarray, dtype):
    ends = np.finfo(dtype)
    np.testing.assert_array_equal(softmax(asarray(np.asarray([ends.max, ends.min], dtype))), [1, 0])
    lowest = asarray(np.asarray([0, ends.min], dtype))
    mask = asarray(np.asarray([False, True]))
    np.testing.assert_array_equal(softmax(lowest, mask), [0, 1])
    np.testing.assert_array_equal(argmax_weights(lowest, mask), [0, 1])


@DTYPES
@LIBRARIES
def test_the_ends_of_the_temperature(asarray, dtype):
    scores = asarray(np.asarray([[1.0, 7.0, 7.0], [1e4, -1e4, 0.0]], dtype))
    for cold in (1e-300, 1e-40, 1e-6, Fraction(1, 10**400)):
        np.testing.assert_array_equal(softmax(scores, temperature=cold), [[0, 0.5, 0.5], [1, 0, 0]])
    for hot in (1e300, 10**400):
        np.testing.assert_allclose(softmax(scores, temperature=hot), np.full((2, 3), 1 / 3), rtol=1e-3)


def test_float16_is_computed_in_float32():
    scores = random(997).astype(np.float16)
    exact = softmax(scores.astype(np.float64))
    np.testing.assert_array_equal(softmax(scores), exact.astype(np.float16))


@LIBRARIES
def test_a_row_with_nothing_to_attend_to(asarray):
    scores, mask = asarray(random(2, 3)), asarray(np.asarray([[True, False, True], [False, False, False]]))
    every = {
        "softmax": softmax(scores, mask),
        "argmax": argmax_weights(scores, mask),
        "sampled": sampled_weights(scores, generator_for(scores, 0), mask),
    }
    for name, weights in every.items():
        np.testing.assert_allclose(weights.sum(-1), [1, 0], rtol=1e-15, err_msg=name)
        assert (weights[1] == 0).all(), name
    stages = attend(asarray(random(2, 5)), asarray(random(3, 5)), asarray(random(3, 7)), mask)
    assert (stages.output[1] == 0).all()
    assert entropy(stages.weights)[1] == 0


def test_what_stands_at_a_masked_place_is_not_read():
    mask = np.asarray([True, False, True])
    for wild in (np.nan, np.inf, -np.inf, 1e308):
        scores = np.asarray([1.0, wild, 2.0])
        np.testing.assert_array_equal(softmax(scores, mask), softmax(np.asarray([1.0, 0.0, 2.0]), mask))
        np.testing.assert_array_equal(argmax_weights(scores, mask), [0, 0, 1])
    stages = attend(random(3, 5), random(7, 5), random(7, 11), random_mask(3, 7))
    np.testing.assert_array_equal(softmax(stages.scores, random_mask(3, 7)), stages.weights)


def test_gradients_equal_finite_differences():
    shapes = [(2, 3, 5), (2, 7, 5), (7, 11)]
    tensors = [torch.tensor(random(*shape, seed=i), requires_grad=True) for i, shape in enumerate(shapes)]
    mask = torch.tensor(random_mask(3, 7))

    def weights_and_output(queries, keys, values):
        stages = attend(queries, keys, values, mask, temperature=0.7)
        return stages.weights, stages.output

    assert torch.autograd.gradcheck(weights_and_output, tensors)
    assert torch.autograd.gradcheck(
        lambda scores: entropy(softmax(scores)), torch.tensor(random(7), requires_grad=True)
    )


@pytest.mark.parametrize("size", [1.0, 1e3])
def test_gradients_through_a_mask_are_finite_and_masked_keys_get_none(size):
    queries, keys, values = (torch.tensor(size * random(*s), requires_grad=True) for s in [(3, 5), (7, 5), (7, 2)])
    mask = torch.tensor(random_mask(3, 7))
    mask[:, 4] = False
    stages = attend(queries, keys, values, mask)
    (stages.output.square().sum() + entropy(stages.weights).sum()).backward()
    for tensor in (queries, keys, values):
        assert torch.isfinite(tensor.grad).all()
    assert (keys.grad[4] == 0).all()
    assert (values.grad[4] == 0).all()
    assert (queries.grad[0] == 0).all()


def test_argmax_takes_the_first_of_ties():
    scores = np.asarray([[1.0, 7.0, 7.0], [5.0, 5.0, 5.0]])
    np.testing.assert_array_equal(argmax_weights(scores), [[0, 1, 0], [1, 0, 0]])
    np.testing.assert_array_equal(argmax_weights(torch.tensor(scores)), [[0, 1, 0], [1, 0, 0]])
    np.testing.assert_array_equal(argmax_weights(scores, np.asarray([False, True, True])), [[0, 1, 0], [0, 1, 0]])


@LIBRARIES
def test_the_share_of_draws_is_the_weight(asarray):
    draws = 20011
    scores, mask = np.log([1.0, 2.0, 5.0, 2.0]), np.asarray([True, True, False, True])
    rows = asarray(np.tile(scores, (draws, 1)))
    weights = sampled_weights(rows, generator_for(rows, 1), asarray(mask), temperature=0.5)
    assert (weights.sum(-1) == 1).all()
    assert ((weights == 0) | (weights == 1)).all()
    expected = np.asarray([1, 4, 0, 4]) / 9
    deviation = np.sqrt(expected * (1 - expected) / draws)
    assert (np.abs(np.asarray(weights.mean(0)) - expected) <= 4 * deviation).all()


@LIBRARIES
def test_the_same_seed_draws_the_same(asarray):
    scores = asarray(random(101, 7))
    first, again, other = (sampled_weights(scores, generator_for(scores, seed)) for seed in (3, 3, 5))
    assert (first == again).all()
    assert not (first == other).all()


class Edge(np.random.Generator):
    """A generator whose every draw is the same number."""

    def __init__(self, draw: float) -> None:
        super().__init__(np.random.PCG64(0))
        self.draw = draw

    def random(self, shape, dtype):
        return np.full(shape, self.draw, dtype)


@DTYPES
@pytest.mark.parametrize("draw", [0.0, 1 - 2**-24])
def test_the_edges_of_the_cumulative_sum_never_reach_a_masked_key(dtype, draw):
    scores = random(1009, 7).astype(dtype)
    mask = np.asarray([False, True, True, False, True, False, False])
    weights = sampled_weights(scores, Edge(draw), mask)
    assert (weights.sum(-1) == 1).all()
    assert (weights[:, ~mask] == 0).all()
    assert (weights[:, 1 if draw == 0 else 4] == 1).all()


def test_pencil_entropy():
    rows = np.asarray([[0.5, 0.25, 0.25, 0.0], [0.25, 0.25, 0.25, 0.25], [1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    bits = entropy(rows)
    np.testing.assert_array_equal(bits, [1.5, 2, 0, 0])
    assert not np.signbit(bits).any()
    assert entropy(np.asarray([0.333, 0.333, 0.333])) == pytest.approx(math.log2(3), abs=0.01)


ONES, MASK = np.ones((2, 3)), np.ones((2, 3), bool)
WRONG = {
    "scores list": (softmax, ([1.0],), {}, "scores must be an array; got list: wrap it"),
    "scores rank": (softmax, (np.asarray(1.0),), {}, r"scores must have shape \(..., n_keys\); got \(\)"),
    "no keys": (softmax, (np.ones((2, 0)),), {}, r"scores must not be empty; got shape \(2, 0\)"),
    "nan": (softmax, (np.asarray([[0, np.nan]]),), {}, r"scores must be finite; got nan at index \(0, 1\)"),
    "-inf": (softmax, (np.asarray([0, -np.inf]),), {}, r"scores must be finite; got -inf at index \(1,\)"),
    "nan gradient": (softmax, (torch.tensor([np.nan], requires_grad=True),), {}, "scores must be finite; got nan"),
    "mask list": (softmax, (ONES, [True]), {}, "mask must be an array; got list: wrap it"),
    "mask library": (softmax, (ONES, torch.ones(2, 3).bool()), {}, "scores and mask must come from one library"),
    "mask dtype": (softmax, (ONES, ONES), {}, "mask must be boolean, True where a query may attend; got dtype float64"),
    "mask shape": (softmax, (ONES, np.ones(2, bool)), {}, r"mask must broadcast to the shape of the scores, \(2, 3\)"),
    "mask enlarges": (softmax, (ONES, np.ones((5, 2, 3), bool)), {}, r"\(2, 3\); got \(5, 2, 3\)"),
    "T zero": (softmax, (ONES,), {"temperature": 0}, "temperature must be finite and greater than 0; got 0"),
    "T negative": (softmax, (ONES,), {"temperature": -2.0}, "temperature must be finite and greater than 0; got -2.0"),
    "T nan": (softmax, (ONES,), {"temperature": math.nan}, "temperature must be finite and greater than 0; got nan"),
    "T inf": (softmax, (ONES,), {"temperature": math.inf}, "temperature must be finite and greater than 0; got inf"),
    "T text": (softmax, (ONES,), {"temperature": "1"}, "temperature must be a real number; got str"),
    "T bool": (softmax, (ONES,), {"temperature": True}, "temperature must be a real number; got bool"),
    "T decimal": (softmax, (ONES,), {"temperature": Decimal(1)}, "temperature must be a real number; got Decimal"),
    "T array": (softmax, (ONES,), {"temperature": np.ones(1)}, "temperature must be a real number; got ndarray"),
    "argmax nan": (argmax_weights, (np.asarray([np.nan]),), {}, "scores must be finite; got nan"),
    "weights rank": (weighted_sum, (np.ones(3), ONES), {}, r"weights must have shape \(..., n_queries, n_keys\)"),
    "values rank": (weighted_sum, (ONES, np.ones(3)), {}, r"values must have shape \(..., n_keys=3, d_v\); got \(3,\)"),
    "values count": (weighted_sum, (ONES, np.ones((5, 2))), {}, r"values must have shape .*n_keys=3.*got \(5, 2\)"),
    "values nan": (
        weighted_sum,
        (ONES, np.full((3, 2), np.nan)),
        {},
        r"values must be finite; got nan at index \(0, 0\)",
    ),
    "values batch": (
        weighted_sum,
        (np.ones((2, 1, 1)), np.ones((3, 1, 1))),
        {},
        "batch axes of weights and values must",
    ),
    "sum too large": (weighted_sum, (ONES, np.full((3, 1), 1.7e308)), {}, "the weighted sums overflow float64"),
    "attend rank": (
        attend,
        (np.ones(3), ONES, ONES),
        {},
        r"queries must have shape \(..., n_queries, d_q\); got \(3,\)",
    ),
    "attend keys": (attend, (ONES, np.ones(3), ONES), {}, r"keys must have shape \(..., n_keys, d_k\); got \(3,\)"),
    "attend widths": (
        attend,
        (ONES, np.ones((5, 7)), np.ones((5, 2))),
        {},
        r"keys must have shape .*d_k=3.*got \(5, 7\)",
    ),
    "attend values": (attend, (ONES, ONES, np.ones((5, 7))), {}, r"values must have shape \(..., n_keys=2, d_v\)"),
    "attend mask": (attend, (ONES, ONES, ONES, MASK), {}, r"mask must broadcast to the shape of the scores, \(2, 2\)"),
    "score shape": (
        attend,
        (ONES, np.ones((5, 3)), np.ones((5, 7))),
        {"score": lambda queries, keys: keys @ queries.T},
        r"score\(queries, keys\) must return shape \(2, 5\); got \(5, 2\) in ndarray",
    ),
    "score list": (
        attend,
        (ONES, ONES, ONES),
        {"score": lambda *_: [1]},
        r"must return shape \(2, 2\); got \(\) in list",
    ),
    "generator": (sampled_weights, (ONES, 7), {}, "generator must be a np.random.Generator for NumPy arrays; got int"),
    "generator library": (
        sampled_weights,
        (torch.ones(2, 3), np.random.default_rng(0)),
        {},
        "generator must be a torch.Generator for tensors; got Generator",
    ),
    "entropy negative": (entropy, (np.asarray([1.5, -0.5]),), {}, "weights must not be negative; got -0.5"),
    "entropy sum": (entropy, (ONES / 2,), {}, "each row of weights must sum to 1 over the keys, axis -1; got 1.5"),
    "entropy rank": (entropy, (np.asarray(1.0),), {}, r"weights must have shape \(..., n_keys\); got \(\)"),
}


@pytest.mark.parametrize(("function", "arguments", "options", "sentence"), WRONG.values(), ids=WRONG)
def test_a_wrong_input_gets_a_sentence(function, arguments, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        function(*arguments, **options)


@LIBRARIES
def test_nothing_is_changed_in_place(asarray):
    before = [random(2, 5), random(3, 5), random(3, 7), random_mask(2, 3), softmax(random(2, 3))]
    queries, keys, values, mask, weights = given = [asarray(array.copy()) for array in before]
    stages = attend(queries, keys, values, mask)
    kept = [np.asarray(stage).copy() for stage in stages]
    softmax(stages.scores, mask)
    argmax_weights(stages.scores, mask)
    sampled_weights(stages.scores, generator_for(queries, 0), mask)
    entropy(weights)
    weighted_sum(weights, values)
    for array, original in zip([*given, *stages], [*before, *kept], strict=True):
        np.testing.assert_array_equal(array, original)
