"""Chapter 5: three more scores, attention inside a window, and the state that a prediction is made from."""

from __future__ import annotations

import math
from numbers import Real as RealNumber
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Real

from attnkit._arrays import (
    Array,
    broadcast,
    expect_batches,
    expect_count,
    expect_finite,
    expect_shape,
    expect_weights,
    is_count,
    matmul,
    project,
    read,
    read_mask,
)
from attnkit.bahdanau import additive_scores
from attnkit.bottleneck import sigmoid
from attnkit.scoring import dot_scores
from attnkit.weighted_sum import softmax


def general_scores(
    queries: Real[Array, "*#batch n_queries d_q"],
    keys: Real[Array, "*#batch n_keys d_k"],
    weights: Real[Array, "d_q d_k"],
) -> Float[Array, "*#batch n_queries n_keys"]:
    r"""Score each query against each key by their dot product, after a matrix has turned the key towards the query.

    .. math:: s_{ij} = q_i \cdot W k_j

    With the identity for :math:`W` it is :func:`~attnkit.scoring.dot_scores`.

    Parameters
    ----------
    queries
        The vectors :math:`q_i`, shape (..., n_queries, d_q).
    keys
        The vectors :math:`k_j`, shape (..., n_keys, d_k). The leading batch axes of both broadcast.
    weights
        :math:`W`, shape (d_q, d_k).

    Returns
    -------
    scores
        The numbers :math:`s_{ij}`, shape (..., n_queries, n_keys).

    Raises
    ------
    ValueError
        If a shape does not fit, a number is NaN or infinite, or a product is too large for the dtype.

    Notes
    -----
    Source: Luong, Pham and Manning 2015, §3.1, the alternative "general" among the score functions.
    Our query is their target hidden state :math:`h_t`, our keys are their source hidden states :math:`\bar h_s`,
    and our :math:`W` is their :math:`W_a`.

    Examples
    --------
    >>> import numpy as np
    >>> swap = np.asarray([[0, 1], [1, 0]])
    >>> general_scores(np.asarray([[3, 4]]), np.asarray([[1, 0], [0, 1]]), swap)
    array([[4., 3.]])
    """
    xp, queries, keys, weights = read(queries=queries, keys=keys, weights=weights)
    expect_shape("queries", queries, "n_queries", "d_q")
    expect_shape("keys", keys, "n_keys", "d_k")
    expect_batches(queries=queries, keys=keys)
    expect_weights("weights", weights, "d_q", "d_k", d_q=queries.shape[-1], d_k=keys.shape[-1])
    expect_finite(xp, keys=keys, weights=weights)
    return dot_scores(queries, project(xp, keys, weights, "the projected keys"))


def concat_scores(
    queries: Real[Array, "*#batch n_queries d_q"],
    keys: Real[Array, "*#batch n_keys d_k"],
    weights: Real[Array, "d_attention d_q_and_d_k"],
    vector: Real[Array, " d_attention"],
) -> Float[Array, "*#batch n_queries n_keys"]:
    r"""Score each query against each key with a network of one hidden layer that reads both, end to end.

    .. math:: s_{ij} = v \cdot \tanh(W [q_i; k_j])

    The first d_q columns of :math:`W` meet the query and the others the key, so this is
    :func:`~attnkit.bahdanau.additive_scores` with its two matrices side by side.

    Parameters
    ----------
    queries
        The vectors :math:`q_i`, shape (..., n_queries, d_q).
    keys
        The vectors :math:`k_j`, shape (..., n_keys, d_k). The leading batch axes of both broadcast.
    weights
        :math:`W`, shape (d_attention, d_q + d_k).
    vector
        :math:`v`, shape (d_attention,).

    Returns
    -------
    scores
        The numbers :math:`s_{ij}`, shape (..., n_queries, n_keys), in the unit of :math:`v`.

    Raises
    ------
    ValueError
        If a shape does not fit, a number is NaN or infinite, or a product is too large for the dtype.

    Notes
    -----
    Source: Luong, Pham and Manning 2015, §3.1, the alternative "concat" among the score functions.
    Our :math:`W` and :math:`v` are their :math:`W_a` and :math:`v_a`.

    Examples
    --------
    >>> import numpy as np
    >>> weights, vector = np.asarray([[1.0, 1.0, 1.0]]), np.asarray([2.0])
    >>> concat_scores(np.asarray([[0.0]]), np.asarray([[0.0, 0.0], [0.5, 0.5]]), weights, vector) / np.tanh(1)
    array([[0., 2.]])
    """
    _, queries, keys, weights = read(queries=queries, keys=keys, weights=weights)
    expect_shape("queries", queries, "n_queries", "d_q")
    expect_shape("keys", keys, "n_keys", "d_k")
    d_q, d_k = queries.shape[-1], keys.shape[-1]
    expect_weights("weights", weights, "d_attention", "d_q + d_k", **{"d_q + d_k": d_q + d_k})
    return additive_scores(queries, keys, weights[:, :d_q], weights[:, d_q:], vector)


def location_scores(
    queries: Real[Array, "*batch n_queries d_q"],
    weights: Real[Array, "n_positions d_q"],
    n_keys: int,
) -> Float[Array, "*batch n_queries n_keys"]:
    r"""Score positions by the query alone, without a look at the keys that stand there.

    .. math:: s_{ij} = (W q_i)_j, \qquad j = 0, \dots, n\_keys - 1

    Parameters
    ----------
    queries
        The vectors :math:`q_i`, shape (..., n_queries, d_q).
    weights
        :math:`W`, one row for each position that can be scored, shape (n_positions, d_q).
    n_keys
        How many keys there are: the first rows of :math:`W` are used, and at most all.

    Returns
    -------
    scores
        The numbers :math:`s_{ij}`, shape (..., n_queries, n_keys).

    Raises
    ------
    ValueError
        If there are more keys than positions, a shape does not fit, a number is NaN or infinite,
        or a product is too large for the dtype.

    Notes
    -----
    Source: Luong, Pham and Manning 2015, §3.1, eq. 8, and its footnote on sentence lengths. They ignore the words of a
    sentence that is longer than their :math:`W_a` has rows; we refuse it.

    Examples
    --------
    >>> import numpy as np
    >>> location_scores(np.asarray([[1, 10]]), np.asarray([[1, 0], [0, 1], [1, 1]]), n_keys=2)
    array([[ 1., 10.]])
    """
    xp, queries, weights = read(queries=queries, weights=weights)
    expect_shape("queries", queries, "n_queries", "d_q")
    expect_weights("weights", weights, "n_positions", "d_q", d_q=queries.shape[-1])
    n_positions = weights.shape[0]
    if not is_count(n_keys) or n_keys > n_positions:
        raise ValueError(f"n_keys must be a whole number from 1 to n_positions={n_positions}; got {n_keys}")
    expect_finite(xp, queries=queries, weights=weights)
    return project(xp, queries, weights[:n_keys, :], "the location scores")


def predicted_centres(
    queries: Real[Array, "*#batch n_queries d_q"],
    lengths: Real[Array, "*#batch"],
    weights: Real[Array, "d_attention d_q"],
    vector: Real[Array, " d_attention"],
) -> Float[Array, "*#batch n_queries"]:
    r"""Predict from each query the position in the source sentence around which to look.

    .. math:: p_i = S \cdot \sigma\big(v \cdot \tanh(W q_i)\big)

    Parameters
    ----------
    queries
        The vectors :math:`q_i`, shape (..., n_queries, d_q).
    lengths
        :math:`S`, the number of words of each source sentence, shape (...), without the last two axes of the queries.
    weights
        :math:`W`, shape (d_attention, d_q).
    vector
        :math:`v`, shape (d_attention,).

    Returns
    -------
    centres
        The real numbers :math:`p_i` from 0 to :math:`S`, shape (..., n_queries), in positions.

    Raises
    ------
    ValueError
        If a shape does not fit, a number is NaN or infinite, or a product is too large for the dtype.

    Notes
    -----
    Source: Luong, Pham and Manning 2015, §3.2, eq. 9. Our :math:`W` and :math:`v` are their :math:`W_p` and
    :math:`v_p`; they call :math:`p_t` the aligned position. They count words from 1 (§2) and we from 0; the range
    from 0 to :math:`S` is theirs.

    Examples
    --------
    >>> import numpy as np
    >>> predicted_centres(np.asarray([[0.0], [99.0]]), np.asarray(6), np.asarray([[1.0]]), np.asarray([99.0]))
    array([3., 6.])
    """
    xp, queries, lengths, weights, vector = read(queries=queries, lengths=lengths, weights=weights, vector=vector)
    expect_shape("queries", queries, "n_queries", "d_q")
    expect_weights("vector", vector, "d_attention")
    sizes = {"d_attention": vector.shape[0], "d_q": queries.shape[-1]}
    expect_weights("weights", weights, "d_attention", "d_q", **sizes)
    batch = tuple(queries.shape[:-2])
    if broadcast(batch, lengths.shape) is None:
        raise ValueError(f"lengths must broadcast with the batch axes of queries, {batch}; got {tuple(lengths.shape)}")
    expect_finite(xp, queries=queries, lengths=lengths, weights=weights, vector=vector)
    hidden = xp.tanh(project(xp, queries, weights, "the projected queries"))
    return lengths[..., None] * sigmoid(xp, matmul(xp, hidden, vector, "the products with the vector"))


def local_window(
    centres: Real[Array, "*batch n_queries"],
    n_keys: int,
    half_width: float,
) -> Bool[Array, "*batch n_queries n_keys"]:
    r"""Let each query see the keys whose position is near its centre.

    .. math:: m_{ij} = |j - p_i| \le D, \qquad j = 0, \dots, n\_keys - 1

    Parameters
    ----------
    centres
        The numbers :math:`p_i`, shape (..., n_queries), in positions that count from 0; they need not be whole.
    n_keys
        How many keys there are.
    half_width
        :math:`D`, in positions, greater than 0.

    Returns
    -------
    window
        A mask :math:`m_{ij}`, True inside, shape (..., n_queries, n_keys). What would stand beyond the sentence's ends
        is left out, so a centre far outside gets a row without a single key.

    Raises
    ------
    ValueError
        If a centre is NaN or infinite, n_keys is no whole number from 1, or half_width no finite number above 0.

    Notes
    -----
    Source: Luong, Pham and Manning 2015, §3.2, the window :math:`[p_t - D, p_t + D]`.

    Examples
    --------
    >>> import numpy as np
    >>> local_window(np.asarray([0, 2.5]), n_keys=5, half_width=1)
    array([[ True,  True, False, False, False],
           [False, False,  True,  True, False]])
    """
    xp, offsets, half_width = read_offsets(centres, n_keys, half_width)
    return xp.abs(offsets) <= half_width


def local_gaussian(
    centres: Real[Array, "*batch n_queries"],
    n_keys: int,
    half_width: float,
) -> Float[Array, "*batch n_queries n_keys"]:
    r"""Favour the keys whose position is nearest to the centre, by a bell curve.

    .. math:: b_{ij} = \exp\left(-\frac{(j - p_i)^2}{2 \sigma^2}\right), \qquad \sigma = D / 2

    Parameters
    ----------
    centres
        The numbers :math:`p_i`, shape (..., n_queries), in positions that count from 0; they need not be whole.
    n_keys
        How many keys there are.
    half_width
        :math:`D`, in positions, greater than 0.

    Returns
    -------
    factors
        The numbers :math:`b_{ij}`, shape (..., n_queries, n_keys): 1 at the centre, exp(−2) at the window's edge,
        without a unit.

    Raises
    ------
    ValueError
        As :func:`local_window` does.

    Notes
    -----
    Source: Luong, Pham and Manning 2015, §3.2, the factor in eq. 10 and the :math:`\sigma` below it.

    Examples
    --------
    >>> import numpy as np
    >>> -np.log(local_gaussian(np.asarray([1.0]), n_keys=4, half_width=2))
    array([[ 0.5, -0. ,  0.5,  2. ]])
    """
    xp, offsets, half_width = read_offsets(centres, n_keys, half_width)
    with np.errstate(over="ignore", under="ignore"):  # far away the factor is 0
        return xp.exp(-0.5 * (offsets / (half_width / 2)) ** 2)


def local_m_weights(
    scores: Real[Array, "*batch n_queries n_keys"],
    centres: Real[Array, "*batch n_queries"],
    half_width: float,
    mask: Bool[Array, "*_ #n_keys"] | None = None,
) -> Float[Array, "*batch n_queries n_keys"]:
    r"""Turn scores into weights inside a window around each query's centre.

    .. math:: w_{ij} = \mathrm{softmax}_j(s_{ij}) \text{ over the keys with } |j - p_i| \le D

    For the paper's local-m ("monotonic") the centre of target word :math:`t` is :math:`p_t = t`.

    Parameters
    ----------
    scores
        The numbers :math:`s_{ij}`, shape (..., n_queries, n_keys). What stands outside the window is not read.
    centres
        The numbers :math:`p_i`, shape (..., n_queries), in positions that count from 0.
    half_width
        :math:`D`, in positions, greater than 0.
    mask
        True where a query may attend; boolean, any shape that broadcasts to that of the scores.

    Returns
    -------
    weights
        Shape (..., n_queries, n_keys): positive inside the window, where they sum to 1, and 0 outside.
        A row whose window holds no key to attend to gets weights 0.

    Raises
    ------
    ValueError
        As :func:`~attnkit.weighted_sum.softmax` and :func:`local_window` do, or if the centres do not fit the scores.

    Notes
    -----
    Source: Luong, Pham and Manning 2015, §3.2, eq. 7 inside the window. They count the words of both sentences
    from 1 and we count both from 0, so :math:`p_t = t` means the same.

    Examples
    --------
    >>> import numpy as np
    >>> local_m_weights(np.log([[9.0, 1.0, 3.0]]), np.asarray([2]), half_width=1)
    array([[0.  , 0.25, 0.75]])
    """
    xp, scores, centres = read_local(scores, centres)
    window = local_window(centres, scores.shape[-1], half_width)
    return softmax(scores, window & read_mask(xp, mask, scores))


def local_p_weights(
    scores: Real[Array, "*batch n_queries n_keys"],
    centres: Real[Array, "*batch n_queries"],
    half_width: float,
    mask: Bool[Array, "*_ #n_keys"] | None = None,
) -> Float[Array, "*batch n_queries n_keys"]:
    r"""Turn scores into weights inside a window, and favour the keys nearest to its centre.

    .. math:: w_{ij} = w^m_{ij} \, \exp\left(-\frac{(j - p_i)^2}{2 (D / 2)^2}\right)

    The first factor is that of :func:`local_m_weights`. The second is what lets a gradient reach the centre, so that
    :func:`predicted_centres` can learn.

    Parameters
    ----------
    scores
        The numbers :math:`s_{ij}`, shape (..., n_queries, n_keys). What stands outside the window is not read.
    centres
        The numbers :math:`p_i`, shape (..., n_queries), in positions that count from 0.
    half_width
        :math:`D`, in positions, greater than 0.
    mask
        True where a query may attend; boolean, any shape that broadcasts to that of the scores.

    Returns
    -------
    weights
        Shape (..., n_queries, n_keys). They are not brought back to a sum of 1: the sum of a row is at most 1.

    Raises
    ------
    ValueError
        As :func:`local_m_weights` does.

    Notes
    -----
    Source: Luong, Pham and Manning 2015, §3.2, eq. 10, local-p ("predictive"), a softmax times a truncated Gaussian.

    Examples
    --------
    >>> import numpy as np
    >>> local_p_weights(np.zeros((1, 2)), np.asarray([1.0]), half_width=1) * [np.exp(2), 1]
    array([[0.5, 0.5]])
    """
    _, scores, centres = read_local(scores, centres)
    factors = local_gaussian(centres, scores.shape[-1], half_width)
    return local_m_weights(scores, centres, half_width, mask) * factors


def attentional_state(
    context: Real[Array, "*batch d_v"],
    hidden: Real[Array, "*batch d_h"],
    weights: Real[Array, "d_out d_v_and_d_h"],
) -> Float[Array, "*batch d_out"]:
    r"""Join what was attended to with the state that asked for it.

    .. math:: \tilde h = \tanh(W [c; h])

    Parameters
    ----------
    context
        The vector :math:`c`, the output of attention, shape (..., d_v).
    hidden
        The vector :math:`h`, the decoder's hidden state, shape (..., d_h), with the same leading axes.
    weights
        :math:`W`, shape (d_out, d_v + d_h).

    Returns
    -------
    state
        The vector :math:`\tilde h` that the next word is predicted from, shape (..., d_out), each number from −1 to 1.

    Raises
    ------
    ValueError
        If a shape does not fit, a number is NaN or infinite, or a product is too large for the dtype.

    Notes
    -----
    Source: Luong, Pham and Manning 2015, §3, eq. 5, the attentional hidden state; our :math:`W` is their :math:`W_c`.

    Examples
    --------
    >>> import numpy as np
    >>> state = attentional_state(np.asarray([0.5]), np.asarray([0.5, 9.0]), np.asarray([[1.0, 1.0, 0.0]]))
    >>> state / np.tanh(1)
    array([1.])
    """
    xp, context, hidden, weights = read(context=context, hidden=hidden, weights=weights)
    expect_shape("context", context, "d_v")
    expect_shape("hidden", hidden, "d_h")
    if context.shape[:-1] != hidden.shape[:-1]:
        shapes = f"{tuple(context.shape)} and {tuple(hidden.shape)}"
        raise ValueError(f"context and hidden must agree in all axes but the last; got {shapes}")
    width = context.shape[-1] + hidden.shape[-1]
    expect_weights("weights", weights, "d_out", "d_v + d_h", **{"d_v + d_h": width})
    expect_finite(xp, context=context, hidden=hidden, weights=weights)
    return xp.tanh(project(xp, xp.concat([context, hidden], axis=-1), weights, "the products of weights and [c; h]"))


def read_offsets(centres: Array, n_keys: int, half_width: float) -> tuple[Any, Array, float]:
    """Return the array namespace, how far each key is from each centre, and the half width, or say what is wrong."""
    xp, centres = read(centres=centres)
    expect_shape("centres", centres, "n_queries")
    expect_finite(xp, centres=centres)
    expect_count("n_keys", n_keys)
    if isinstance(half_width, bool) or not isinstance(half_width, RealNumber) or not 0 < half_width < math.inf:
        raise ValueError(f"half_width must be a finite number greater than 0; got {half_width}")
    positions = xp.arange(n_keys, dtype=centres.dtype, device=centres.device)
    return xp, positions - centres[..., None], float(half_width)


def read_local(scores: Array, centres: Array) -> tuple[Any, Array, Array]:
    """Return the array namespace, scores and centres, or say why they do not fit."""
    xp, scores, centres = read(scores=scores, centres=centres)
    expect_shape("scores", scores, "n_queries", "n_keys")
    if centres.shape != scores.shape[:-1]:
        wanted = tuple(scores.shape[:-1])
        raise ValueError(
            f"centres must have the shape of the scores without its last axis, {wanted}; got {tuple(centres.shape)}"
        )
    return xp, scores, centres
