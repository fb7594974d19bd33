"""Promise: Luong's scores, windows and states are those of the paper, on positions that count from 0."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from attnkit import (
    additive_scores,
    attend,
    attentional_state,
    concat_scores,
    dot_scores,
    general_scores,
    local_gaussian,
    local_m_weights,
    local_p_weights,
    local_window,
    location_scores,
    predicted_centres,
    softmax,
)
from tests import spec

E = math.e
LIBRARIES = pytest.mark.parametrize("asarray", [np.asarray, torch.tensor])


def random(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def lists(*arrays: np.ndarray) -> list:
    return [array.tolist() for array in arrays]


QUERIES, KEYS = random(3, 5), random(7, 2, seed=1)
GENERAL, CONCAT, LOCATION = random(5, 2, seed=2), random(11, 7, seed=3), random(13, 5, seed=4)
PROJECTION, VECTOR = random(11, 5, seed=5), random(11, seed=6)
SCORES, CENTRES = random(3, 7, seed=7), np.asarray([0.0, 2.5, 6.25])


def test_pencil_scores():
    queries, keys = np.asarray([[1.0, 2.0]]), np.asarray([[3.0], [-1.0]])
    np.testing.assert_array_equal(general_scores(queries, keys, np.asarray([[1.0], [10.0]])), [[63, -21]])
    weights = np.asarray([[1.0, 1.0, -1.0]])
    scores = concat_scores(queries, keys, weights, np.asarray([5.0]))
    np.testing.assert_allclose(scores, [[0, 5 * math.tanh(4)]], rtol=1e-15)
    rows = np.asarray([[1.0, 0.0], [0.0, 1.0], [7.0, 7.0]])
    np.testing.assert_array_equal(location_scores(queries, rows, 2), [[1, 2]])


def test_pencil_windows():
    np.testing.assert_array_equal(local_window(np.asarray([0, 2.5]), 5, 1), [[1, 1, 0, 0, 0], [0, 0, 1, 1, 0]])
    # The edge itself is inside, also where a key lies on it.
    np.testing.assert_array_equal(local_window(np.asarray([2.5]), 5, 1.5), [[0, 1, 1, 1, 1]])
    np.testing.assert_allclose(local_gaussian(np.asarray([1.0]), 4, 2), [[E**-0.5, 1, E**-0.5, E**-2]], rtol=1e-15)


def test_pencil_local_weights():
    scores = np.log([[9.0, 1.0, 3.0, 4.0]])
    np.testing.assert_allclose(local_m_weights(scores, np.asarray([2]), 1), [[0, 1 / 8, 3 / 8, 4 / 8]], rtol=1e-14)
    around = local_p_weights(scores, np.asarray([2]), 1)
    np.testing.assert_allclose(around, [[0, E**-2 / 8, 3 / 8, E**-2 / 2]], rtol=1e-14)


def test_pencil_centres_and_states():
    # sigmoid(ln 3) = 3/4 of a sentence of 8 words.
    weights, vector = np.asarray([[1.0]]), np.asarray([math.log(3) / math.tanh(2)])
    centres = predicted_centres(np.asarray([[2.0], [0.0], [-2.0]]), np.asarray(8), weights, vector)
    np.testing.assert_allclose(centres, [6, 4, 2], rtol=1e-15)
    state = attentional_state(
        np.asarray([1.0, 2.0]), np.asarray([5.0]), np.asarray([[3.0, 1.0, -1.0], [0.0, 0.0, 0.2]])
    )
    np.testing.assert_allclose(state, [0, math.tanh(1)], atol=1e-15)


def test_plain_loops():
    queries, keys = lists(QUERIES, KEYS)
    for ours, theirs in (
        (general_scores(QUERIES, KEYS, GENERAL), spec.general_scores(queries, keys, *lists(GENERAL))),
        (concat_scores(QUERIES, KEYS, CONCAT, VECTOR), spec.concat_scores(queries, keys, *lists(CONCAT, VECTOR))),
        (location_scores(QUERIES, LOCATION, 7), spec.location_scores(queries, *lists(LOCATION), 7)),
        (
            predicted_centres(QUERIES, np.asarray(17), PROJECTION, VECTOR),
            spec.predicted_centres(queries, 17, *lists(PROJECTION, VECTOR)),
        ),
        (attentional_state(QUERIES[0], KEYS[0], CONCAT), spec.attentional_state(queries[0], keys[0], *lists(CONCAT))),
    ):
        np.testing.assert_allclose(ours, theirs, atol=1e-14)


@pytest.mark.parametrize("half_width", [0.5, 1, 3, 100])
def test_plain_loops_in_a_window(half_width):
    mask = random(3, 7, seed=8) > -0.5
    for i, centre in enumerate(CENTRES.tolist()):
        window = spec.local_window(centre, 7, half_width)
        bell = spec.local_gaussian(centre, 7, half_width)
        np.testing.assert_array_equal(local_window(CENTRES, 7, half_width)[i], window)
        np.testing.assert_allclose(local_gaussian(CENTRES, 7, half_width)[i], bell, rtol=1e-14)
        inside = [a and b for a, b in zip(window, mask[i].tolist(), strict=True)]
        weights = spec.softmax(SCORES[i].tolist(), inside, 1.0)
        np.testing.assert_allclose(local_m_weights(SCORES, CENTRES, half_width, mask)[i], weights, atol=1e-14)
        weights = [weight * factor for weight, factor in zip(weights, bell, strict=True)]
        np.testing.assert_allclose(local_p_weights(SCORES, CENTRES, half_width, mask)[i], weights, atol=1e-14)


def test_torch_bilinear_and_linear():
    queries, keys, general, concat, vector = map(torch.tensor, (QUERIES, KEYS, GENERAL, CONCAT, VECTOR))
    pairs = queries[:, None].expand(3, 7, 5), keys[None].expand(3, 7, 2)
    expected = functional.bilinear(*pairs, general[None])[..., 0]
    torch.testing.assert_close(general_scores(queries, keys, general), expected)
    expected = functional.linear(functional.linear(torch.cat(pairs, -1), concat).tanh(), vector)
    torch.testing.assert_close(concat_scores(queries, keys, concat, vector), expected)


def test_a_general_score_with_the_identity_is_the_dot_product():
    keys = random(7, 5, seed=1)
    np.testing.assert_allclose(general_scores(QUERIES, keys, np.eye(5)), dot_scores(QUERIES, keys), atol=1e-14)


def test_a_concat_score_is_an_additive_one():
    scores = concat_scores(QUERIES, KEYS, CONCAT, VECTOR)
    np.testing.assert_array_equal(scores, additive_scores(QUERIES, KEYS, CONCAT[:, :5], CONCAT[:, 5:], VECTOR))


def test_a_location_score_uses_as_many_positions_as_there_are_keys():
    longest = location_scores(QUERIES, LOCATION, 13)
    for n_keys in (1, 7, 12):
        np.testing.assert_allclose(location_scores(QUERIES, LOCATION, n_keys), longest[:, :n_keys], atol=1e-14)


def test_they_are_scores_for_attend():
    values = random(7, 17)
    for score in (
        lambda q, k: general_scores(q, k, GENERAL),
        lambda q, k: concat_scores(q, k, CONCAT, VECTOR),
        lambda q, k: location_scores(q, LOCATION, k.shape[-2]),
    ):
        stages = attend(QUERIES, KEYS, values, score=score)
        np.testing.assert_array_equal(stages.scores, score(QUERIES, KEYS))
        assert stages.output.shape == (3, 17)


@LIBRARIES
def test_batch_axes_broadcast(asarray):
    queries, keys = asarray(random(2, 1, 3, 5)), asarray(random(17, 7, 2))
    general, concat, location, projection, vector = map(asarray, (GENERAL, CONCAT, LOCATION, PROJECTION, VECTOR))
    for score in (
        lambda q, k: general_scores(q, k, general),
        lambda q, k: concat_scores(q, k, concat, vector),
    ):
        assert tuple(score(queries, keys).shape) == (2, 17, 3, 7)
        np.testing.assert_allclose(score(queries, keys)[1, 16], score(queries[1, 0], keys[16]), atol=1e-14)
    assert tuple(location_scores(queries, location, 7).shape) == (2, 1, 3, 7)
    lengths = asarray(np.arange(1, 18))
    centres = predicted_centres(queries, lengths, projection, vector)
    assert tuple(centres.shape) == (2, 17, 3)
    np.testing.assert_allclose(
        centres[1, 16], predicted_centres(queries[1, 0], lengths[16], projection, vector), atol=1e-13
    )
    scores = asarray(random(2, 17, 3, 7))
    weights = local_p_weights(scores, centres, 2, asarray(np.arange(7) < 5))
    assert tuple(weights.shape) == (2, 17, 3, 7)
    np.testing.assert_allclose(
        weights[1, 16], local_p_weights(scores[1, 16], centres[1, 16], 2, asarray(np.arange(7) < 5)), atol=1e-14
    )
    assert tuple(attentional_state(queries, queries, asarray(random(19, 10))).shape) == (2, 1, 3, 19)


def test_each_context_meets_its_own_hidden_state():
    context, hidden = random(2, 3, 5), random(2, 3, 2, seed=1)
    states = attentional_state(context, hidden, CONCAT)
    assert states.shape == (2, 3, 11)
    np.testing.assert_allclose(states[1, 2], attentional_state(context[1, 2], hidden[1, 2], CONCAT), atol=1e-14)


@LIBRARIES
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_the_dtype_and_the_library_stay(asarray, dtype):
    queries, keys, general, concat, location, projection, vector, scores, centres = (
        asarray(array.astype(dtype))
        for array in (QUERIES, KEYS, GENERAL, CONCAT, LOCATION, PROJECTION, VECTOR, SCORES, CENTRES)
    )
    lengths, steps = asarray(np.asarray(7)), asarray(np.asarray([0, 1, 2]))
    for result in (
        general_scores(queries, keys, general),
        concat_scores(queries, keys, concat, vector),
        location_scores(queries, location, 7),
        predicted_centres(queries, lengths, projection, vector),
        local_gaussian(centres, 7, 2),
        local_m_weights(scores, steps, 2),
        local_p_weights(scores, steps, 2),
        attentional_state(queries[0], keys[0], concat),
    ):
        assert type(result) is type(queries)
        assert result.dtype == queries.dtype
    assert type(local_window(centres, 7, 2)) is type(queries)
    np.testing.assert_allclose(
        local_p_weights(scores, centres, 2),
        local_p_weights(SCORES, CENTRES, 2),
        atol=16 * float(np.finfo(dtype).eps),
    )


def test_gradients_equal_finite_differences():
    tensors = [torch.tensor(array, requires_grad=True) for array in (QUERIES, KEYS, GENERAL, CONCAT, LOCATION, VECTOR)]

    def every_score(queries, keys, *weights):
        general, concat, location, vector = weights
        return (
            general_scores(queries, keys, general),
            concat_scores(queries, keys, concat, vector),
            location_scores(queries, location, 7),
            attentional_state(queries[0], keys[0], concat),
        )

    assert torch.autograd.gradcheck(every_score, tensors)


def test_gradients_reach_the_centres():
    tensors = [torch.tensor(array, requires_grad=True) for array in (SCORES, QUERIES, PROJECTION, VECTOR)]

    def weights(scores, *rest):
        queries, projection, vector = rest
        return local_p_weights(scores, predicted_centres(queries, torch.tensor(7), projection, vector), 3)

    assert torch.autograd.gradcheck(weights, tensors)
    slopes = torch.autograd.grad(weights(*tensors).square().sum(), tensors)
    for slope in slopes:
        assert (slope != 0).any()


@LIBRARIES
def test_a_window_beyond_the_sentence_holds_nothing(asarray):
    scores, centres = asarray(SCORES), asarray(np.asarray([3.0, 11.0, -5.0]))
    for local in (local_m_weights, local_p_weights):
        weights = local(scores, centres, 2)
        assert (weights[0] > 0).any()
        assert (weights[1:] == 0).all()


@LIBRARIES
def test_what_stands_outside_the_window_or_the_mask_is_not_read(asarray):
    centres, mask = asarray(np.asarray([3, 3, 3])), np.asarray([True, True, True, True, False, True, True])
    inside = np.asarray([False, False, True, True, False, False, False])
    for wild in (np.nan, np.inf, -np.inf):
        scores = np.where(inside, SCORES, wild)
        for local in (local_m_weights, local_p_weights):
            weights = local(asarray(scores), centres, 1, asarray(mask))
            np.testing.assert_array_equal(weights, local(asarray(SCORES), centres, 1, asarray(mask)))
            assert (np.asarray(weights)[:, ~inside] == 0).all()


def test_a_window_wide_enough_is_global_attention():
    np.testing.assert_array_equal(local_m_weights(SCORES, CENTRES, 7), softmax(SCORES))
    np.testing.assert_allclose(local_p_weights(SCORES, CENTRES, 1e9), softmax(SCORES), atol=1e-15)


@LIBRARIES
def test_far_away_the_bell_is_nothing_and_says_nothing(asarray):
    np.testing.assert_array_equal(local_gaussian(asarray(np.asarray([1e200, 0.0])), 2, 1e-3), [[0, 0], [1, 0]])


MASK, CENTRE = np.ones((3, 7), bool), np.ones(3)
WRONG = {
    "general": (general_scores, (QUERIES, KEYS, GENERAL.T), r"weights must have shape \(d_q=5, d_k=2\); got \(2, 5\)"),
    "general rank": (general_scores, (QUERIES[0], KEYS, GENERAL), r"queries must have shape \(..., n_queries, d_q\)"),
    "general keys": (
        general_scores,
        (QUERIES, KEYS[0], GENERAL),
        r"keys must have shape \(..., n_keys, d_k\); got \(2",
    ),
    "general nan": (general_scores, (QUERIES, KEYS, GENERAL * np.nan), r"weights must be finite; got nan"),
    "general queries nan": (general_scores, (QUERIES * np.nan, KEYS, GENERAL), r"queries must be finite; got nan"),
    "general batch": (
        general_scores,
        (np.ones((2, 3, 5)), np.ones((17, 7, 2)), GENERAL),
        "the batch axes of queries and keys must broadcast",
    ),
    "general overflow": (
        general_scores,
        (QUERIES, KEYS * 1e200, GENERAL * 1e200),
        "the projected keys overflow float64",
    ),
    "concat": (
        concat_scores,
        (QUERIES, KEYS, CONCAT[:, :5], VECTOR),
        r"weights must have shape \(d_attention, d_q \+ d_k=7\); got \(11, 5\)",
    ),
    "concat rank": (concat_scores, (QUERIES, KEYS, VECTOR, VECTOR), r"weights must have shape .*; got \(11,\)"),
    "concat keys": (concat_scores, (QUERIES, KEYS[0], CONCAT, VECTOR), r"keys must have shape \(..., n_keys, d_k\)"),
    "concat queries": (concat_scores, (QUERIES[0], KEYS, CONCAT, VECTOR), r"queries must have shape \(..., n_queries"),
    "concat nan": (
        concat_scores,
        (QUERIES, KEYS, CONCAT * np.nan, VECTOR),
        r"weights must be finite; got nan at index",
    ),
    "too many keys": (
        location_scores,
        (QUERIES, LOCATION, 17),
        "n_keys must be a whole number from 1 to n_positions=13; got 17",
    ),
    "no keys": (
        location_scores,
        (QUERIES, LOCATION, 0),
        "n_keys must be a whole number from 1 to n_positions=13; got 0",
    ),
    "half a key": (location_scores, (QUERIES, LOCATION, 1.5), "n_keys must be a whole number .*; got 1.5"),
    "location": (
        location_scores,
        (QUERIES, LOCATION.T, 2),
        r"weights must have shape \(n_positions, d_q=5\); got \(5, 13",
    ),
    "location nan": (location_scores, (QUERIES, LOCATION * np.inf, 2), "weights must be finite; got -?inf"),
    "centre weights": (
        predicted_centres,
        (QUERIES, np.asarray(7), PROJECTION.T, VECTOR),
        r"weights must have shape \(d_attention=11, d_q=5\); got \(5, 11\)",
    ),
    "lengths": (
        predicted_centres,
        (np.ones((2, 3, 5)), np.ones(17), PROJECTION, VECTOR),
        r"lengths must broadcast with the batch axes of queries, \(2,\); got \(17,\)",
    ),
    "lengths number": (predicted_centres, (QUERIES, 7, PROJECTION, VECTOR), "lengths must be an array; got int"),
    "lengths nan": (predicted_centres, (QUERIES, np.asarray(np.nan), PROJECTION, VECTOR), "lengths must be finite"),
    "centres nan": (local_window, (CENTRE * np.nan, 7, 1), "centres must be finite; got nan"),
    "centres rank": (local_window, (np.asarray(1.0), 7, 1), r"centres must have shape \(..., n_queries\); got \(\)"),
    "n_keys": (local_window, (CENTRE, True, 1), "n_keys must be a whole number from 1; got True"),
    "D zero": (local_window, (CENTRE, 7, 0), "half_width must be a finite number greater than 0; got 0"),
    "D inf": (local_gaussian, (CENTRE, 7, math.inf), "half_width must be a finite number greater than 0; got inf"),
    "D nan": (local_gaussian, (CENTRE, 7, math.nan), "half_width must be a finite number greater than 0; got nan"),
    "D text": (local_gaussian, (CENTRE, 7, "2"), "half_width must be a finite number greater than 0; got 2"),
    "D bool": (local_gaussian, (CENTRE, 7, True), "half_width must be a finite number greater than 0; got True"),
    "scores rank": (
        local_m_weights,
        (CENTRE, CENTRE, 1),
        r"scores must have shape \(..., n_queries, n_keys\); got \(3,",
    ),
    "centres shape": (
        local_p_weights,
        (SCORES, CENTRE[:2], 1),
        r"centres must have the shape of the scores without its last axis, \(3,\); got \(2,\)",
    ),
    "mask shape": (
        local_m_weights,
        (SCORES, CENTRE, 1, MASK.T),
        r"mask must broadcast to the shape of the scores, \(3, 7",
    ),
    "mask dtype": (local_p_weights, (SCORES, CENTRE, 1, SCORES), "mask must be boolean"),
    "scores nan": (local_m_weights, (SCORES * np.nan, CENTRE, 1), "scores must be finite; got nan"),
    "state": (
        attentional_state,
        (QUERIES[0], KEYS[0], GENERAL),
        r"weights must have shape \(d_out, d_v \+ d_h=7\); got \(5, 2\)",
    ),
    "state batch": (
        attentional_state,
        (QUERIES, KEYS, CONCAT),
        r"context and hidden must agree in all axes but the last; got \(3, 5\) and \(7, 2\)",
    ),
    "state rank": (attentional_state, (np.asarray(1.0), KEYS[0], CONCAT), r"context must have shape \(..., d_v\)"),
    "state nan": (attentional_state, (QUERIES[0], KEYS[0] * np.nan, CONCAT), "hidden must be finite; got nan"),
}


@pytest.mark.parametrize(("function", "arguments", "sentence"), WRONG.values(), ids=WRONG)
def test_a_wrong_input_gets_a_sentence(function, arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        function(*arguments)


@LIBRARIES
def test_nothing_is_changed_in_place(asarray):
    before = [QUERIES, KEYS, GENERAL, CONCAT, LOCATION, VECTOR, SCORES, CENTRES, MASK]
    queries, keys, general, concat, location, vector, scores, centres, mask = given = [
        asarray(array.copy()) for array in before
    ]
    general_scores(queries, keys, general)
    concat_scores(queries, keys, concat, vector)
    location_scores(queries, location, 7)
    local_p_weights(scores, centres, 2, mask)
    predicted_centres(queries, centres[0], location, location[:, 0])
    attentional_state(queries[0], keys[0], concat)
    for array, original in zip(given, before, strict=True):
        np.testing.assert_array_equal(array, original)
