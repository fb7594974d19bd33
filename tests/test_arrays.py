"""Promise: one library; only NaN and infinity are refused as not finite, and pass only where nobody looks for them."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from attnkit import additive_scores, assume_finite, dot_scores, softmax, weighted_sum
from attnkit._arrays import one_namespace

LIBRARIES = pytest.mark.parametrize("asarray", [np.asarray, torch.tensor])
WILD = pytest.mark.parametrize("wild", [math.nan, math.inf, -math.inf])


def test_every_array_is_named_with_its_library():
    ones = np.ones((2, 3))
    message = "weights, values and mask must come from one library; got numpy, numpy and torch"
    with pytest.raises(ValueError, match=message):
        one_namespace(weights=ones, values=ones, mask=torch.ones(2, 3))


def test_a_tensor_that_is_trained_comes_from_the_library_of_the_others():
    ones = torch.ones(2, 3)
    np.testing.assert_array_equal(dot_scores(torch.nn.Parameter(ones), ones).detach(), np.full((2, 2), 3))


@WILD
@LIBRARIES
def test_within_assume_finite_no_number_is_looked_at(asarray, wild):
    odd, ones = asarray(np.asarray([[wild]])), asarray(np.ones((1, 1)))
    calls = {
        "queries": lambda: dot_scores(odd, ones),
        "scores": lambda: softmax(odd),
        "weights": lambda: weighted_sum(odd, ones),
        "keys": lambda: additive_scores(ones, odd, ones, ones, ones[0]),
    }
    for name, call in calls.items():
        with pytest.raises(ValueError, match=f"{name} must be finite"):
            call()
        with assume_finite(), np.errstate(invalid="ignore"):
            call()


def test_within_assume_finite_an_overflow_passes():
    big = np.asarray([[1e200]])
    with assume_finite():
        assert np.isinf(dot_scores(big, big)).all()


def test_within_assume_finite_shapes_types_and_masks_are_checked():
    with assume_finite():
        with pytest.raises(ValueError, match="keys must have shape"):
            dot_scores(np.ones((3, 5)), np.ones((7, 2)))
        with pytest.raises(ValueError, match="queries must hold real numbers"):
            dot_scores(np.ones((3, 5), bool), np.ones((7, 5)))
        with pytest.raises(ValueError, match="mask must be boolean"):
            softmax(np.ones(3), np.ones(3))


def refuses() -> bool:
    try:
        softmax(np.asarray([np.nan]))
    except ValueError:
        return True
    return False


def test_the_block_ends_with_its_last_line_or_with_an_error():
    with assume_finite():
        with assume_finite():
            assert not refuses()
        assert not refuses()
    assert refuses()
    with pytest.raises(ZeroDivisionError), assume_finite():
        _ = 1 / 0
    assert refuses()


def test_another_thread_keeps_its_checks():
    with assume_finite(), ThreadPoolExecutor(1) as pool:
        assert pool.submit(refuses).result()
        assert not refuses()


@LIBRARIES
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_finite_numbers_whose_sum_is_not_are_accepted(asarray, dtype):
    largest = asarray(np.full((1, 997), np.finfo(dtype).max, dtype))
    np.testing.assert_allclose(softmax(largest), np.full((1, 997), 1 / 997), rtol=1e-3)
    np.testing.assert_allclose(softmax(-largest), np.full((1, 997), 1 / 997), rtol=1e-3)


@LIBRARIES
def test_infinities_that_cancel_are_refused(asarray):
    with pytest.raises(ValueError, match=r"scores must be finite; got inf at index \(1,\)"):
        softmax(asarray(np.asarray([0, np.inf, -np.inf])))
