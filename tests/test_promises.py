"""Promise: what the book says of attention holds for every input that hypothesis can think of."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import assume, example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from attnkit import (
    LSTMState,
    LSTMWeights,
    additive_scores,
    argmax_weights,
    attend,
    attentional_state,
    concat_scores,
    cosine_scores,
    dot_scores,
    encode,
    entropy,
    general_scores,
    local_gaussian,
    local_m_weights,
    local_p_weights,
    local_window,
    location_scores,
    lstm_step,
    predicted_centres,
    sampled_weights,
    softmax,
    weighted_sum,
)

N_QUERIES, N_KEYS, D_K, D_V = 3, 7, 5, 11
D_HIDDEN, D_ATTENTION = 2, 13

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
words_ = arrays(np.float64, (N_KEYS, D_K), elements=numbers)
states_ = st.builds(LSTMState, *(arrays(np.float64, D_HIDDEN, elements=numbers) for _ in LSTMState._fields))
lstm_shapes = (4 * D_HIDDEN, D_K), (4 * D_HIDDEN, D_HIDDEN), (4 * D_HIDDEN,)
lstms = st.builds(LSTMWeights, *(arrays(np.float64, shape, elements=st.floats(-9, 9)) for shape in lstm_shapes))
learned_shapes = (D_ATTENTION, D_K), (D_ATTENTION, D_K), (D_ATTENTION,)
learned_ = st.tuples(*(arrays(np.float64, shape, elements=numbers) for shape in learned_shapes))
centres_ = arrays(np.float64, N_QUERIES, elements=st.floats(-9, 9))
half_widths = st.floats(1e-3, 1e3)


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


@given(arrays(np.float64, D_K, elements=any_number), states_, lstms)
def test_gates_are_shares_and_a_hidden_state_stays_within_one(inputs, state, weights):
    inputs = np.clip(inputs, -1e300, 1e300)  # beyond, the product with a weight of 9 is refused
    step = lstm_step(inputs, state, weights)
    for gate in (step.input_gate, step.forget_gate, step.output_gate):
        assert (gate >= 0).all()
        assert (gate <= 1).all()
    assert (np.abs(step.hidden) <= 1).all()
    assert (np.abs(step.cell) <= np.abs(state.cell) + 1).all()


@given(words_, lstms, states_, st.integers(1, N_KEYS - 1))
def test_a_sentence_read_in_two_parts_is_the_sentence(words, weights, start, cut):
    whole = encode(words, weights, start=start)
    first = encode(words[:cut], weights, start=start)
    second = encode(words[cut:], weights, start=first.context)
    np.testing.assert_allclose(np.concatenate([first.states, second.states]), whole.states, atol=1e-9)
    np.testing.assert_allclose(second.context, whole.context, atol=1e-7)
    np.testing.assert_array_equal(whole.states[-1], whole.context.hidden)


@given(words_, lstms, st.integers(1, N_KEYS - 1), st.floats(-1e100, 1e100))
def test_a_later_word_changes_no_earlier_state(words, weights, place, wild):
    before = encode(words, weights).states[:place]
    words = words.copy()
    words[place:] = wild
    np.testing.assert_array_equal(encode(words, weights).states[:place], before)


@given(words_, lstms, key_masks)
def test_padding_between_words_changes_no_context(words, weights, mask):
    padded, cut = encode(words, weights, mask), encode(words[mask], weights)
    np.testing.assert_allclose(padded.states[mask], cut.states, atol=1e-9)
    np.testing.assert_allclose(padded.context, cut.context, atol=1e-7)


@given(queries_, keys_, learned_)
def test_an_additive_score_is_at_most_the_sum_of_its_vector(queries, keys, learned):
    scores = additive_scores(queries, keys, *learned)
    assert (np.abs(scores) <= np.abs(learned[-1]).sum() + 1e-9).all()
    # Its two sides can change places, as those of the dot product can, if their matrices do too.
    query_weights, key_weights, vector = learned
    np.testing.assert_allclose(additive_scores(keys, queries, key_weights, query_weights, vector).T, scores, atol=1e-6)


@given(queries_, keys_, learned_, orders)
def test_learned_scores_follow_their_keys_and_locations_do_not(queries, keys, learned, order):
    matrix, both = learned[0][:D_K], np.concatenate(learned[:2], axis=1)
    for score in (
        lambda keys: general_scores(queries, keys, matrix),
        lambda keys: concat_scores(queries, keys, both, learned[-1]),
    ):
        np.testing.assert_allclose(score(keys[order]), score(keys)[:, order], atol=1e-6)
    np.testing.assert_allclose(general_scores(queries, keys, np.eye(D_K)), dot_scores(queries, keys), atol=1e-9)
    scores = location_scores(queries, learned[0], N_KEYS)
    np.testing.assert_array_equal(scores, location_scores(queries, learned[0], len(keys[order])))
    np.testing.assert_allclose(scores, dot_scores(queries, learned[0][:N_KEYS]), atol=1e-9)


@given(scores_, centres_, half_widths, masks)
def test_local_weights_are_a_distribution_inside_the_window(scores, centres, half_width, mask):
    inside = mask & local_window(centres, N_KEYS, half_width)
    weights = local_m_weights(scores, centres, half_width, mask)
    np.testing.assert_array_equal(weights, softmax(scores, inside))
    np.testing.assert_allclose(weights.sum(axis=-1), inside.any(axis=-1), atol=1e-14)
    around = local_p_weights(scores, centres, half_width, mask)
    assert (around >= 0).all()
    assert (around <= weights).all()
    assert (around >= weights * np.exp(-2 - 1e-9)).all()


@given(arrays(np.int64, N_QUERIES, elements=st.integers(-40, 40)), st.integers(1, 40), st.integers(0, N_KEYS - 1))
def test_a_window_moves_with_its_centre(quarters, wide, step):
    centres, half_width = quarters / 4, wide / 4  # numbers that floats add without rounding
    for local in (local_window, local_gaussian):
        moved = local(centres + step, N_KEYS + step, half_width)
        np.testing.assert_array_equal(moved[:, step:], local(centres, N_KEYS, half_width))


@given(queries_, st.integers(1, 60), learned_)
def test_a_predicted_centre_lies_in_its_sentence(queries, length, learned):
    centres = predicted_centres(queries, np.asarray(length), learned[0], learned[-1])
    assert (centres >= 0).all()
    assert (centres <= length).all()


@given(words_, lstms, learned_, key_masks, centres_)
def test_numpy_and_torch_agree_on_what_is_learned(words, weights, learned, mask, centres):
    def everything(words, lstm, learned, mask, centres):
        encoding = encode(words, lstm, mask)
        queries, scores = words[:N_QUERIES], additive_scores(words[:N_QUERIES], words, *learned)
        return (
            encoding.states,
            encoding.context.cell,
            scores,
            general_scores(queries, words, learned[0][:D_K]),
            concat_scores(queries, encoding.states, learned[0][:, [0, 1, 2, 3, 4, 0, 1]], learned[-1]),
            location_scores(queries, learned[0], N_KEYS),
            local_p_weights(scores / 100, centres, 2.5, mask),
            attentional_state(queries[0], encoding.context.hidden, learned[0][:, [0, 1, 2, 3, 4, 0, 1]]),
        )

    tensors = LSTMWeights(*map(torch.tensor, weights)), tuple(map(torch.tensor, learned))
    theirs = everything(torch.tensor(words), *tensors, torch.tensor(mask), torch.tensor(centres))
    for array, tensor in zip(everything(words, weights, learned, mask, centres), theirs, strict=True):
        np.testing.assert_allclose(tensor.numpy(), array, atol=1e-6)
