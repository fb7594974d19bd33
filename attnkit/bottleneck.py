"""Chapter 1: one step of an LSTM, and a sentence read with it into one context vector: the bottleneck."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Real

from attnkit._arrays import (
    Array,
    broadcast,
    expect_finite,
    expect_shape,
    expect_weights,
    join,
    project,
    read,
    read_mask,
)


class LSTMState(NamedTuple):
    """What an LSTM carries from word to word.

    Attributes
    ----------
    hidden
        What it shows, shape (..., d_hidden), each number between −1 and 1.
    cell
        What it keeps, shape (..., d_hidden).
    """

    hidden: Float[Array, "*batch d_hidden"]
    cell: Float[Array, "*batch d_hidden"]


class LSTMWeights(NamedTuple):
    """What an LSTM learns: four layers stacked, in the order input gate, forget gate, candidate, output gate.

    These are torch's layout and order, so that ``LSTMWeights(lstm.weight_ih_l0, lstm.weight_hh_l0,
    lstm.bias_ih_l0 + lstm.bias_hh_l0)`` are the weights of an ``nn.LSTM``. Torch keeps two biases; their sum acts.

    Attributes
    ----------
    input
        :math:`W`, for the input, shape (4 · d_hidden, d_input).
    recurrent
        :math:`U`, for the last hidden state, shape (4 · d_hidden, d_hidden).
    bias
        :math:`b`, shape (4 · d_hidden,).
    """

    input: Real[Array, "gates d_input"]
    recurrent: Real[Array, "gates d_hidden"]
    bias: Real[Array, " gates"]


class LSTMStep(NamedTuple):
    """The stages of :func:`lstm_step`, by name, each of shape (..., d_hidden).

    Attributes
    ----------
    input_gate
        The share of the candidate that is written, from 0 to 1.
    forget_gate
        The share of the old cell that is kept, from 0 to 1: at 1 nothing is forgotten.
    candidate
        What may be written, from −1 to 1.
    output_gate
        The share of the cell that is shown, from 0 to 1.
    cell
        The new cell.
    hidden
        The new hidden state.
    """

    input_gate: Float[Array, "*batch d_hidden"]
    forget_gate: Float[Array, "*batch d_hidden"]
    candidate: Float[Array, "*batch d_hidden"]
    output_gate: Float[Array, "*batch d_hidden"]
    cell: Float[Array, "*batch d_hidden"]
    hidden: Float[Array, "*batch d_hidden"]

    @property
    def state(self) -> LSTMState:
        """The state that the next step starts from."""
        return LSTMState(self.hidden, self.cell)


class Encoding(NamedTuple):
    """What :func:`encode` makes of a sentence.

    Attributes
    ----------
    states
        The hidden state after each word, shape (..., n_source, d_hidden).
    context
        The state after the last word: all that a decoder without attention gets to see.
    """

    states: Float[Array, "*batch n_source d_hidden"]
    context: LSTMState


def lstm_step(inputs: Real[Array, "*#batch d_input"], state: LSTMState, weights: LSTMWeights) -> LSTMStep:
    r"""Read one input, and change the state.

    .. math::

        \begin{aligned}
        i, f, o &= \sigma(W x + U h + b) \\
        g &= \tanh(W x + U h + b) \\
        c' &= f \odot c + i \odot g \\
        h' &= o \odot \tanh(c')
        \end{aligned}

    Each of i, f, g and o has its own rows of the weights.

    Parameters
    ----------
    inputs
        The vector :math:`x`, shape (..., d_input).
    state
        The hidden state :math:`h` and the cell :math:`c` before the step, each of shape (..., d_hidden).
    weights
        :math:`W`, :math:`U` and :math:`b`, as :class:`LSTMWeights` says.

    Returns
    -------
    LSTMStep
        The gates :math:`i, f, o`, the candidate :math:`g`, the new cell :math:`c'` and hidden state :math:`h'`.
        The numbers have no unit. The batch axes of inputs and state broadcast.

    Raises
    ------
    ValueError
        If a shape does not fit, a number is NaN or infinite, or a product is too large for the dtype.

    Notes
    -----
    Sources: Hochreiter and Schmidhuber 1997, "Long Short-Term Memory", §4, for the cell with its input and output
    gate; Gers, Schmidhuber and Cummins 2000, "Learning to Forget", §3.1, for the forget gate. The first paper has
    none: there the old cell is kept whole, :math:`f = 1`. Both write :math:`s_c` for our :math:`c`,
    :math:`y^{in}, y^{\varphi}, y^{out}` for :math:`i, f, o`, and leave the squashing functions :math:`g` and
    :math:`h` open; ours are tanh, as in ``torch.nn.LSTM``.

    Examples
    --------
    With all weights 0, each gate is half open and the candidate is 0, so half of the cell is kept.

    >>> import numpy as np
    >>> weights = LSTMWeights(np.zeros((4, 1)), np.zeros((4, 1)), np.zeros(4))
    >>> step = lstm_step(np.asarray([3.0]), LSTMState(np.asarray([0.0]), np.asarray([2.0])), weights)
    >>> step.forget_gate, step.cell
    (array([0.5]), array([1.]))
    """
    named = {"state.hidden": state.hidden, "state.cell": state.cell}
    xp, weights, inputs, hidden, cell = read_lstm(weights, inputs=inputs, **named)
    d_hidden = weights.recurrent.shape[-1]
    expect_shape("inputs", inputs, "d_input", d_input=weights.input.shape[-1])
    expect_shape("state.hidden", hidden, "d_hidden", d_hidden=d_hidden)
    expect_shape("state.cell", cell, "d_hidden", d_hidden=d_hidden)
    batches = [tuple(array.shape[:-1]) for array in (inputs, hidden, cell)]
    if broadcast(*batches) is None:
        raise ValueError(f"the batch axes of inputs, {join(named)} must broadcast; got {join(batches)}")
    expect_finite(xp, inputs=inputs, **dict(zip(named, (hidden, cell), strict=True)))
    with np.errstate(over="ignore"):  # a sum beyond the dtype opens or closes its gate all the same
        sums = (
            project(xp, inputs, weights.input, "the products of weights.input and inputs")
            + project(xp, hidden, weights.recurrent, "the products of weights.recurrent and state.hidden")
            + weights.bias
        )
    input_sums, forget_sums, candidate_sums, output_sums = (
        sums[..., gate * d_hidden : (gate + 1) * d_hidden] for gate in range(4)
    )
    input_gate, forget_gate, output_gate = (sigmoid(xp, s) for s in (input_sums, forget_sums, output_sums))
    candidate = xp.tanh(candidate_sums)
    cell = forget_gate * cell + input_gate * candidate
    return LSTMStep(input_gate, forget_gate, candidate, output_gate, cell, output_gate * xp.tanh(cell))


def encode(
    embeddings: Real[Array, "*batch n_source d_input"],
    weights: LSTMWeights,
    mask: Bool[Array, "*_ #n_source"] | None = None,
    start: LSTMState | None = None,
) -> Encoding:
    r"""Read a sentence word by word, and keep the state after each.

    .. math:: (h_j, c_j) = \mathrm{LSTM}(x_j, (h_{j-1}, c_{j-1})), \qquad j = 1, \dots, n\_source

    Parameters
    ----------
    embeddings
        The vectors :math:`x_j`, one for each word, shape (..., n_source, d_input).
    weights
        As :class:`LSTMWeights` says.
    mask
        True on words and False on padding; boolean, any shape that broadcasts to (..., n_source).
        Padding leaves the state as it is. What stands there is not read.
    start
        The state :math:`(h_0, c_0)` before the first word, each of shape (..., d_hidden); zeros, if left out.

    Returns
    -------
    Encoding
        The ``states`` :math:`h_j`, and the state after the last word, the ``context``.

    Raises
    ------
    ValueError
        As :func:`lstm_step` does, or if the mask is not boolean or does not fit.

    Notes
    -----
    Sources: Sutskever, Vinyals and Le 2014, §2, where our context is the fixed-dimensional representation :math:`v`;
    Cho et al. 2014, "Learning Phrase Representations", §2.2, where it is the summary :math:`c` of the sentence.
    Cho et al. have another gated unit in place of the LSTM.

    Examples
    --------
    An input gate and an output gate wide open, a forget gate at 1: the cell adds up what it reads.

    >>> import numpy as np
    >>> weights = LSTMWeights(np.asarray([[0.0], [0.0], [1.0], [0.0]]), np.zeros((4, 1)), np.asarray([99, 99, 0, 99]))
    >>> encoding = encode(np.asarray([[0.5], [0.5], [9.0]]), weights, mask=np.asarray([True, True, False]))
    >>> encoding.context.cell / np.tanh(0.5)
    array([2.])
    """
    xp, weights, embeddings = read_lstm(weights, embeddings=embeddings)
    expect_shape("embeddings", embeddings, "n_source", "d_input", d_input=weights.input.shape[-1])
    words = read_mask(xp, mask, embeddings[..., 0], "words")
    embeddings = xp.where(words[..., None], embeddings, 0.0)
    expect_finite(xp, embeddings=embeddings)
    if start is None:
        shape = (*embeddings.shape[:-2], weights.recurrent.shape[-1])
        zeros = xp.zeros(shape, dtype=embeddings.dtype, device=embeddings.device)
        start = LSTMState(zeros, zeros)
    state, states = LSTMState(*start), []
    for j in range(embeddings.shape[-2]):
        step, word = lstm_step(embeddings[..., j, :], state, weights), words[..., j, None]
        state = LSTMState(*(xp.where(word, new, old) for new, old in zip(step.state, state, strict=True)))
        states.append(state.hidden)
    return Encoding(xp.stack(states, axis=-2), state)


def sigmoid(xp: Any, numbers: Array) -> Array:
    """Return 1 / (1 + exp(−x)), in a form where no exponential can overflow."""
    return 0.5 + 0.5 * xp.tanh(0.5 * numbers)


def read_lstm(weights: LSTMWeights, **arrays: Array) -> tuple[Any, ...]:
    """Return the array namespace, the weights and the arrays in one dtype, or say why the weights are no LSTM's."""
    named = {f"weights.{field}": part for field, part in zip(LSTMWeights._fields, weights, strict=True)}
    xp, *found = read(**named, **arrays)
    weights = LSTMWeights(*found[:3])
    expect_weights("weights.recurrent", weights.recurrent, "4 · d_hidden", "d_hidden")
    rows = {"4 · d_hidden": 4 * weights.recurrent.shape[-1]}
    expect_weights("weights.recurrent", weights.recurrent, "4 · d_hidden", "d_hidden", **rows)
    expect_weights("weights.input", weights.input, "4 · d_hidden", "d_input", **rows)
    expect_weights("weights.bias", weights.bias, "4 · d_hidden", **rows)
    expect_finite(xp, **dict(zip(named, weights, strict=True)))
    return xp, weights, *found[3:]
