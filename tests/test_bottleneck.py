"""Promise: our LSTM is torch's LSTM, value for value and gradient for gradient, and padding does not exist for it."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from attnkit import Encoding, LSTMState, LSTMStep, LSTMWeights, encode, lstm_step
from tests import spec

LIBRARIES = pytest.mark.parametrize("asarray", [np.asarray, torch.tensor])
WIDTHS = pytest.mark.parametrize("d_input", [2, 3, 5], ids="d_input={}".format)
D_HIDDEN = 3


def random(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def random_weights(d_input: int = 5, seed: int = 1) -> LSTMWeights:
    shapes = (4 * D_HIDDEN, d_input), (4 * D_HIDDEN, D_HIDDEN), (4 * D_HIDDEN,)
    return LSTMWeights(*(random(*shape, seed=seed + i) for i, shape in enumerate(shapes)))


def random_state(*batch: int) -> LSTMState:
    return LSTMState(random(*batch, D_HIDDEN, seed=5), random(*batch, D_HIDDEN, seed=6))


def lists(weights: LSTMWeights) -> tuple:
    return tuple(part.tolist() for part in weights)


def weights_of(module: torch.nn.Module, suffix: str = "") -> LSTMWeights:
    """Read the weights of torch's own LSTM; gradients flow back to it."""
    parts = (getattr(module, name + suffix) for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
    from_input, from_hidden, bias, second_bias = parts
    return LSTMWeights(from_input, from_hidden, bias + second_bias)


def gradients(outputs, leaves) -> list[torch.Tensor]:
    """Return the gradients of one number in which each output counts differently."""
    loss = sum((output * torch.tensor(random(*output.shape, seed=9))).sum() for output in outputs)
    return torch.autograd.grad(loss, leaves)


def test_pencil_step():
    # sigmoid(ln 3) = 3/4, and the four rows are input gate, forget gate, candidate, output gate.
    rows = np.asarray([[math.log(3)], [-math.log(3)], [math.atanh(0.5)], [0.0]])
    weights = LSTMWeights(rows, np.zeros((4, 1)), np.zeros(4))
    step = lstm_step(np.asarray([1.0]), LSTMState(np.asarray([0.0]), np.asarray([2.0])), weights)
    assert isinstance(step, LSTMStep)
    np.testing.assert_allclose(np.concatenate(step[:4]), [0.75, 0.25, 0.5, 0.5], rtol=1e-15)
    np.testing.assert_allclose(step.cell, [0.25 * 2 + 0.75 * 0.5], rtol=1e-15)
    np.testing.assert_allclose(step.hidden, [0.5 * math.tanh(0.875)], rtol=1e-15)
    assert step.state == LSTMState(step.hidden, step.cell)
    swapped = LSTMWeights(np.zeros((4, 1)), rows, np.zeros(4))
    again = lstm_step(np.asarray([0.0]), LSTMState(np.asarray([1.0]), np.asarray([2.0])), swapped)
    np.testing.assert_array_equal(again, step)
    biased = lstm_step(
        np.asarray([0.0]), LSTMState(np.asarray([0.0]), np.asarray([2.0])), weights._replace(bias=rows[:, 0])
    )
    np.testing.assert_array_equal(biased, step)


@WIDTHS
def test_plain_loops(d_input):
    weights, state = random_weights(d_input), random_state()
    inputs = random(d_input)
    expected = spec.lstm_step(inputs.tolist(), state.hidden.tolist(), state.cell.tolist(), lists(weights))
    np.testing.assert_allclose(lstm_step(inputs, state, weights), expected, atol=1e-14)
    sentence, mask = random(7, d_input), np.asarray([True, True, False, True, True, False, False])
    encoding = encode(sentence, weights, mask)
    assert isinstance(encoding, Encoding)
    states, cell = spec.encode(sentence.tolist(), lists(weights), mask.tolist())
    np.testing.assert_allclose(encoding.states, states, atol=1e-14)
    np.testing.assert_allclose(encoding.context, [states[-1], cell], atol=1e-14)


@WIDTHS
def test_a_step_is_torchs_lstm_cell(d_input):
    module = torch.nn.LSTMCell(d_input, D_HIDDEN, dtype=torch.float64)
    leaves = [torch.tensor(array, requires_grad=True) for array in (random(2, d_input), *random_state(2))]
    inputs, hidden, cell = leaves
    step = lstm_step(inputs, LSTMState(hidden, cell), weights_of(module))
    expected = module(inputs, (hidden, cell))
    torch.testing.assert_close(tuple(step.state), expected)
    leaves += module.parameters()
    torch.testing.assert_close(gradients(step.state, leaves), gradients(expected, leaves))


@WIDTHS
def test_a_sentence_is_torchs_lstm(d_input):
    module = torch.nn.LSTM(d_input, D_HIDDEN, batch_first=True, dtype=torch.float64)
    leaves = [torch.tensor(random(2, 7, d_input), requires_grad=True), *module.parameters()]
    start = LSTMState(*(torch.tensor(part) for part in random_state(2)))
    for state in (None, start):
        ours = encode(leaves[0], weights_of(module, "_l0"), start=state)
        states, last = module(leaves[0], None if state is None else tuple(part[None] for part in state))
        theirs = (states, *(part[0] for part in last))
        torch.testing.assert_close((ours.states, *ours.context), theirs)
        torch.testing.assert_close(gradients((ours.states, *ours.context), leaves), gradients(theirs, leaves))


def test_padding_is_torchs_packed_sequence():
    module = torch.nn.LSTM(5, D_HIDDEN, batch_first=True, dtype=torch.float64)
    sentences = torch.tensor(random(4, 7, 5), requires_grad=True)
    lengths = torch.tensor([7, 1, 3, 6])
    mask = torch.arange(7) < lengths[:, None]
    ours = encode(sentences, weights_of(module, "_l0"), mask)
    packed, last = module(pack_padded_sequence(sentences, lengths, batch_first=True, enforce_sorted=False))
    states, _ = pad_packed_sequence(packed, batch_first=True, total_length=7)
    # Torch leaves zeros behind a sentence, and we its last state.
    ours, theirs = (
        (torch.where(mask[..., None], ours.states, 0.0), *ours.context),
        (states, *(part[0] for part in last)),
    )
    torch.testing.assert_close(ours, theirs)
    leaves = [sentences, *module.parameters()]
    torch.testing.assert_close(gradients(ours, leaves), gradients(theirs, leaves))


@LIBRARIES
def test_padding_leaves_the_state_as_it_is(asarray):
    mask = np.asarray([False, True, True, False, True, False, False])
    sentence, weights = random(2, 7, 5), LSTMWeights(*map(asarray, random_weights()))
    cut = encode(asarray(sentence[:, mask]), weights)
    for wild in (np.nan, -np.inf, 1e308):
        sentence[:, ~mask] = wild
        padded = encode(asarray(sentence), weights, asarray(mask))
        np.testing.assert_allclose(padded.states[:, mask], cut.states, atol=1e-14)
        np.testing.assert_array_equal(padded.states[:, 3], padded.states[:, 2])
        assert (padded.states[:, 0] == 0).all()
        for part, expected in zip(padded.context, cut.context, strict=True):
            np.testing.assert_allclose(part, expected, atol=1e-14)


def test_no_gradient_reaches_padding():
    sentence = torch.tensor(random(7, 5))
    sentence[3] = torch.nan
    sentence.requires_grad_()
    weights = LSTMWeights(*(torch.tensor(part, requires_grad=True) for part in random_weights()))
    encode(sentence, weights, torch.arange(7) != 3).context.hidden.sum().backward()
    assert (sentence.grad[3] == 0).all()
    for leaf in (sentence, *weights):
        assert torch.isfinite(leaf.grad).all()
        assert (leaf.grad != 0).any()


def test_gradients_equal_finite_differences():
    leaves = [
        torch.tensor(array, requires_grad=True) for array in (random(2, 3, 5), *random_weights(), *random_state(2))
    ]
    mask = torch.tensor([[True, True, True], [True, False, True]])

    def read(sentence, *rest):
        encoding = encode(sentence, LSTMWeights(*rest[:3]), mask, LSTMState(*rest[3:]))
        return encoding.states, encoding.context.cell

    assert torch.autograd.gradcheck(read, leaves)


@LIBRARIES
def test_batch_axes_broadcast(asarray):
    weights = LSTMWeights(*map(asarray, random_weights()))
    inputs, state = asarray(random(2, 1, 5)), LSTMState(*map(asarray, random_state(11)))
    step = lstm_step(inputs, state, weights)
    assert [tuple(stage.shape) for stage in step] == [(2, 11, 3)] * 6
    alone = lstm_step(inputs[1, 0], LSTMState(state.hidden[10], state.cell[10]), weights)
    for stage, expected in zip(step, alone, strict=True):
        np.testing.assert_allclose(stage[1, 10], expected, atol=1e-14)
    encoding = encode(asarray(random(2, 11, 7, 5)), weights)
    assert tuple(encoding.states.shape) == (2, 11, 7, 3)
    assert [tuple(part.shape) for part in encoding.context] == [(2, 11, 3)] * 2


@LIBRARIES
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_the_dtype_and_the_library_stay(asarray, dtype):
    sentence = asarray(random(7, 5).astype(dtype))
    weights = LSTMWeights(*(asarray(part.astype(dtype)) for part in random_weights()))
    encoding = encode(sentence, weights, start=LSTMState(*(asarray(part.astype(dtype)) for part in random_state())))
    for array in (encoding.states, *encoding.context):
        assert type(array) is type(sentence)
        assert array.dtype == sentence.dtype
    exact = encode(random(7, 5), random_weights(), start=random_state())
    np.testing.assert_allclose(encoding.states, exact.states, atol=16 * float(np.finfo(dtype).eps))


@LIBRARIES
def test_huge_sums_open_and_close_the_gates(asarray):
    # Two products of 1.5e308 each are finite, and their sum is not.
    rows = asarray(np.asarray([[1.0], [-1.0], [1.0], [1.0]]) * 1.5e308)
    weights = LSTMWeights(rows, rows, rows[:, 0])
    one = asarray(np.ones(1))
    step = lstm_step(one, LSTMState(one, 7 * one), weights)
    np.testing.assert_array_equal(np.stack([np.asarray(stage) for stage in step[:5]])[:, 0], [1, 0, 1, 1, 1])


def test_gradients_of_shut_gates_are_finite():
    rows = torch.tensor([[1e4], [-1e4], [1e4], [-1e4]], dtype=torch.float64, requires_grad=True)
    weights = LSTMWeights(rows, rows, rows[:, 0])
    one = torch.ones(1, dtype=torch.float64)
    step = lstm_step(one, LSTMState(one, one), weights)
    torch.stack(step).sum().backward()
    assert torch.isfinite(rows.grad).all()


ONE, STATE = np.ones(5), LSTMState(np.ones(3), np.ones(3))
WEIGHTS = random_weights()
NAN = np.asarray([1.0, np.nan, 1.0])
WRONG = {
    "inputs list": (lstm_step, ([1.0], STATE, WEIGHTS), {}, "inputs must be an array; got list: wrap it"),
    "inputs width": (
        lstm_step,
        (ONE[:2], STATE, WEIGHTS),
        {},
        r"inputs must have shape \(..., d_input=5\); got \(2,\)",
    ),
    "inputs nan": (lstm_step, (ONE * np.nan, STATE, WEIGHTS), {}, r"inputs must be finite; got nan at index \(0,\)"),
    "hidden": (
        lstm_step,
        (ONE, LSTMState(ONE, ONE), WEIGHTS),
        {},
        r"state.hidden must have shape \(..., d_hidden=3\); got \(5,\)",
    ),
    "cell": (
        lstm_step,
        (ONE, LSTMState(ONE[:3], ONE), WEIGHTS),
        {},
        r"state.cell must have shape \(..., d_hidden=3\); got \(5,\)",
    ),
    "cell nan": (
        lstm_step,
        (ONE, LSTMState(ONE[:3], NAN), WEIGHTS),
        {},
        r"state.cell must be finite; got nan at index \(1,\)",
    ),
    "batch": (
        lstm_step,
        (np.ones((2, 5)), LSTMState(np.ones((7, 3)), np.ones(3)), WEIGHTS),
        {},
        r"batch axes of inputs, state.hidden and state.cell must broadcast; got \(2,\), \(7,\) and \(\)",
    ),
    "input weights": (
        lstm_step,
        (ONE, STATE, WEIGHTS._replace(input=np.ones((11, 5)))),
        {},
        r"weights.input must have shape \(4 · d_hidden=12, d_input\); got \(11, 5\)",
    ),
    "recurrent weights": (
        lstm_step,
        (ONE, STATE, WEIGHTS._replace(recurrent=np.ones((11, 3)))),
        {},
        r"weights.recurrent must have shape \(4 · d_hidden=12, d_hidden\); got \(11, 3\)",
    ),
    "recurrent rank": (
        lstm_step,
        (ONE, STATE, WEIGHTS._replace(recurrent=np.asarray(1.0))),
        {},
        r"weights.recurrent must have shape \(4 · d_hidden, d_hidden\); got \(\)",
    ),
    "weights of a batch": (
        lstm_step,
        (ONE, STATE, WEIGHTS._replace(input=np.ones((2, 12, 5)))),
        {},
        r"weights.input must have shape \(4 · d_hidden=12, d_input\); got \(2, 12, 5\)",
    ),
    "bias": (
        lstm_step,
        (ONE, STATE, WEIGHTS._replace(bias=np.ones(3))),
        {},
        r"weights.bias must have shape \(4 · d_hidden=12\); got \(3,\)",
    ),
    "bias nan": (
        lstm_step,
        (ONE, STATE, WEIGHTS._replace(bias=np.full(12, np.nan))),
        {},
        "weights.bias must be finite",
    ),
    "weights library": (
        lstm_step,
        (ONE, STATE, WEIGHTS._replace(bias=torch.ones(12))),
        {},
        "weights.recurrent, weights.bias, inputs, state.hidden and state.cell must come from one library",
    ),
    "overflow": (
        lstm_step,
        (ONE * 1e200, STATE, WEIGHTS._replace(input=np.full((12, 5), 1e200))),
        {},
        "the products of weights.input and inputs overflow float64",
    ),
    "embeddings rank": (
        encode,
        (ONE, WEIGHTS),
        {},
        r"embeddings must have shape \(..., n_source, d_input=5\); got \(5,\)",
    ),
    "embeddings nan": (
        encode,
        (np.asarray([ONE, ONE * np.nan]), WEIGHTS),
        {},
        r"embeddings must be finite; got nan at index \(1, 0\)",
    ),
    "no words": (encode, (np.ones((0, 5)), WEIGHTS), {}, r"embeddings must not be empty; got shape \(0, 5\)"),
    "mask dtype": (encode, (np.ones((7, 5)), WEIGHTS, np.ones(7)), {}, "mask must be boolean"),
    "mask shape": (
        encode,
        (np.ones((7, 5)), WEIGHTS, np.ones(2, bool)),
        {},
        r"mask must broadcast to the shape of the words, \(7,\); got \(2,\)",
    ),
    "mask library": (
        encode,
        (np.ones((7, 5)), WEIGHTS, torch.ones(7).bool()),
        {},
        "words and mask must come from one library",
    ),
    "start": (
        encode,
        (np.ones((7, 5)), WEIGHTS),
        {"start": LSTMState(ONE, ONE)},
        r"state.hidden must have shape \(..., d_hidden=3\)",
    ),
}


@pytest.mark.parametrize(("function", "arguments", "options", "sentence"), WRONG.values(), ids=WRONG)
def test_a_wrong_input_gets_a_sentence(function, arguments, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        function(*arguments, **options)


@LIBRARIES
def test_nothing_is_changed_in_place(asarray):
    before = [random(7, 5), *random_weights(), *random_state(), np.arange(7) < 5]
    sentence, *rest, mask = given = [asarray(array.copy()) for array in before]
    encode(sentence, LSTMWeights(*rest[:3]), mask, LSTMState(*rest[3:]))
    for array, original in zip(given, before, strict=True):
        np.testing.assert_array_equal(array, original)
