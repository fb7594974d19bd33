"""Promise: what the book says of attention holds for every input that hypothesis can think of."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import assume, example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from attnkit import argmax_weights, attend, cosine_scores, dot_scores, entropy, sampled_weights, softmax, weighted_sum

N_QUERIES, N_KEYS, D_K, D_V = 3, 7, 5, 11

numbers = st.floats(-100, 100)
any_number = st.floats(allow_nan=False, allow_infinity=False)
scores_ = arrays(np.float64, (N_QUERIES, N_KEYS), elements=any_number)
masks = arrays(np.bool_, (N_QUERIES, N_KEYS))
key_masks = arrays(np.bool_, N_KEYS).filter(lambda mask: mask.any() and not mask.all())
queries_ = arrays(np.float64, (N_QUERIES, D_K), elements=numbers)
keys_ = arrays(np.float64, (N_KEYS, D_K), elements=numbers)
values_ = arrays(np.float64, (N_KEYS, D_V), elements=numbers)
temperatures = st.floats(1e-300, 1e300)
orders = st.permutations(range(N_KEYS)).map(list)
seeds = st.integers(0, 2**32 - 1)


@given(scores_, masks, temperatures)
def test_weights_are_a_distribution_on_every_row(scores, mask, temperature):
    weights = softmax(scores, mask, temperature)
    assert (weights >= 0).all()
    assert (weights[~mask] == 0).all()
    np.testing.assert_allclose(weights.sum(axis=-1), mask.any(axis=-1), atol=1e-14)


@given(scores_, masks, temperatures, seeds)
def test_hard_weights_are_a_one_on_one_allowed_key(scores, mask, temperature, seed):
    for weights in (
        argmax_weights(scores, mask),
        sampled_weights(scores, np.random.default_rng(seed), mask, temperature),
    ):
        assert set(np.unique(weights)) <= {0.0, 1.0}
        assert (weights[~mask] == 0).all()
        np.testing.assert_array_equal(weights.sum(axis=-1), mask.any(axis=-1))


@given(arrays(np.float64, (N_QUERIES, N_KEYS), elements=numbers), masks, numbers)
def test_a_shift_of_all_scores_changes_nothing(scores, mask, shift):
    np.testing.assert_allclose(softmax(scores + shift, mask), softmax(scores, mask), atol=1e-12)


@given(arrays(np.int64, (N_QUERIES, N_KEYS), elements=st.integers(-100, 100)), masks)
def test_a_cold_softmax_shares_among_the_largest_and_a_hot_one_among_all(scores, mask):
    largest = mask & (scores == np.where(mask, scores, -1000).max(axis=-1, keepdims=True))
    counts = np.maximum(largest.sum(axis=-1, keepdims=True), 1)
    np.testing.assert_allclose(softmax(scores, mask, 1e-300), largest / counts, atol=1e-15)
    allowed = np.maximum(mask.sum(axis=-1, keepdims=True), 1)
    np.testing.assert_allclose(softmax(scores, mask, 1e300), mask / allowed, atol=1e-15)
    assert ((argmax_weights(scores, mask) == 1) <= largest).all()


@given(queries_, keys_, values_, masks, orders)
def test_the_order_of_the_keys_does_not_matter(queries, keys, values, mask, order):
    stages = attend(queries, keys, values, mask)
    moved = attend(queries, keys[order], values[order], mask[:, order])
    np.testing.assert_allclose(moved.weights, stages.weights[:, order], atol=1e-9)
    np.testing.assert_allclose(moved.output, stages.output, atol=1e-7)


@given(queries_, keys_, values_, key_masks, st.floats(-1e100, 1e100))
def test_padding_changes_nothing(queries, keys, values, mask, wild):
    stages = attend(queries, keys, values, mask)
    other_keys, other_values = keys.copy(), values.copy()
    other_keys[~mask] = other_values[~mask] = wild
    padded = attend(queries, other_keys, other_values, mask)
    cut = attend(queries, keys[mask], values[mask])
    np.testing.assert_array_equal(padded.weights, stages.weights)
    np.testing.assert_array_equal(padded.output, stages.output)
    np.testing.assert_allclose(cut.output, stages.output, atol=1e-7)


@given(scores_, values_, temperatures, arrays(np.float64, D_V, elements=numbers))
def test_the_output_lies_inside_the_hull_of_the_values(scores, values, temperature, direction):
    # A point is inside a convex hull if in no direction it lies beyond all the corners.
    output = weighted_sum(softmax(scores, temperature=temperature), values)
    assert (output @ direction <= (values @ direction).max() + 1e-9).all()


@given(
    arrays(np.float64, (N_QUERIES, D_K), elements=any_number),
    arrays(np.float64, (N_KEYS, D_K), elements=any_number),
)
def test_a_cosine_lies_between_minus_one_and_one(queries, keys):
    assert (np.abs(cosine_scores(queries, keys)) <= 1).all()


@given(queries_, keys_, st.floats(1e-3, 1e3))
@example(np.zeros((N_QUERIES, D_K)), np.zeros((N_KEYS, D_K)), 2.0)
def test_length_moves_the_dot_product_and_leaves_the_cosine(queries, keys, factor):
    # The smallest floats have few digits left to scale.
    assume((np.abs(queries[queries != 0]) > 1e-290).all() and (np.abs(keys[keys != 0]) > 1e-290).all())
    np.testing.assert_allclose(cosine_scores(factor * queries, keys), cosine_scores(queries, keys), atol=1e-12)
    np.testing.assert_allclose(cosine_scores(-queries, keys), -cosine_scores(queries, keys), atol=1e-12)
    np.testing.assert_allclose(cosine_scores(queries, queries).diagonal(), queries.any(axis=-1), atol=1e-12)
    np.testing.assert_allclose(dot_scores(factor * queries, keys), factor * dot_scores(queries, keys), atol=1e-6)


@given(scores_, masks, temperatures)
def test_entropy_lies_between_none_and_all_allowed_keys_alike(scores, mask, temperature):
    bits = entropy(softmax(scores, mask, temperature))
    assert (bits >= -1e-12).all()
    assert (bits <= np.log2(np.maximum(mask.sum(axis=-1), 1)) + 1e-12).all()


@given(st.data())
def test_a_batch_is_its_members_one_by_one(data):
    batch = 2
    queries = data.draw(arrays(np.float64, (batch, N_QUERIES, D_K), elements=numbers))
    keys, values = data.draw(keys_), data.draw(values_)
    mask = data.draw(arrays(np.bool_, (batch, 1, N_KEYS)))
    together = attend(queries, keys, values, mask)
    for i in range(batch):
        for stage, alone in zip(together, attend(queries[i], keys, values, mask[i]), strict=True):
            np.testing.assert_allclose(stage[i], alone, atol=1e-7)


@given(queries_, keys_, values_, masks, st.floats(1e-3, 1e3))
def test_numpy_and_torch_agree(queries, keys, values, mask, temperature):
    ours = attend(queries, keys, values, mask, temperature=temperature)
    theirs = attend(*map(torch.tensor, (queries, keys, values, mask)), temperature=temperature)
    for stage, tensor in zip(ours, theirs, strict=True):
        assert isinstance(tensor, torch.Tensor)
        # A score of 1e4 is known to 1e-12; a temperature of 1e-3 makes that 1e-9 of a weight.
        np.testing.assert_allclose(tensor.numpy(), stage, atol=1e-6)
    np.testing.assert_allclose(
        cosine_scores(torch.tensor(queries), torch.tensor(keys)).numpy(), cosine_scores(queries, keys), atol=1e-14
    )
