"""Chapter 3: from scores to weights, and from weights to a weighted sum. Together they are attention."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from array_api_compat import is_torch_namespace
from jaxtyping import Bool, Float, Real

from attnkit._arrays import (
    Array,
    expect_batches,
    expect_finite,
    expect_shape,
    matmul,
    read,
    read_mask,
    read_temperature,
    uniform,
    widened,
)
from attnkit.scoring import dot_scores


def softmax(
    scores: Real[Array, "*batch n_keys"],
    mask: Bool[Array, "*_ #n_keys"] | None = None,
    temperature: float = 1.0,
) -> Float[Array, "*batch n_keys"]:
    r"""Turn each row of scores into weights that are positive and sum to 1.

    .. math:: w_j = \frac{\exp(s_j / T)}{\sum_l \exp(s_l / T)}

    The sum runs over the keys that the mask lets through; the others get weight 0.
    A row with nothing to attend to gets weights 0 throughout.
    As :math:`T` falls to 0 the largest score takes all (ties share equally); as :math:`T` grows, the weights even out.

    Parameters
    ----------
    scores
        The numbers :math:`s_j`, shape (..., n_keys). What stands at a masked place is not read.
    mask
        True where a query may attend; boolean, any shape that broadcasts to that of the scores.
    temperature
        :math:`T`, in the unit of a score, greater than 0.

    Returns
    -------
    weights
        The numbers :math:`w_j`, shape (..., n_keys), without a unit. Half floats are computed in float32.

    Raises
    ------
    ValueError
        If the mask is not boolean or does not fit, the temperature is not a finite number above 0,
        or a score that may be attended to is NaN or infinite.

    Notes
    -----
    Sources: Bahdanau, Cho and Bengio 2015, §3.1, eq. 6, for the weights, which they call :math:`\alpha_{ij}`;
    Hinton, Vinyals and Dean 2015, "Distilling the Knowledge in a Neural Network", §2, for the temperature
    :math:`T`.

    Examples
    --------
    >>> import numpy as np
    >>> softmax(np.log([1.0, 3.0]))
    array([0.25, 0.75])
    >>> softmax(np.log([1.0, 3.0]), temperature=0.5)
    array([0.1, 0.9])
    """
    xp, scores, mask = read_scores(scores, mask)
    dtype = widened(xp, scores)
    temperature = read_temperature(xp, temperature, dtype)
    exponents = xp.astype(scores, dtype, copy=False)
    if mask is not None:
        # A row of −∞ throughout would make NaN, so a row with nothing to attend to is 0 first, and its weights 0 then.
        something = xp.any(mask, axis=-1, keepdims=True)
        floor = xp.where(something, -math.inf, xp.zeros_like(something, dtype=dtype))
        exponents = xp.where(mask, exponents, floor)
    if temperature != 1:
        with np.errstate(over="ignore"):  # what falls below every number has weight 0
            exponents = (exponents - xp.max(exponents, axis=-1, keepdims=True)) / temperature
    weights = exponential_shares(xp, exponents)
    if mask is not None:
        weights = weights * xp.astype(something, dtype)
    return xp.astype(weights, scores.dtype, copy=False)


def exponential_shares(xp: Any, exponents: Array) -> Array:
    """Return exp(x) divided by the sum of these over the last axis; torch has one function for it."""
    if is_torch_namespace(xp):
        return xp.softmax(exponents, dim=-1)
    with np.errstate(over="ignore", under="ignore"):
        # The largest exponent is 0, so no exponential overflows.
        exponentials = xp.exp(exponents - xp.max(exponents, axis=-1, keepdims=True))
    return exponentials / xp.sum(exponentials, axis=-1, keepdims=True)


def weighted_sum(
    weights: Real[Array, "*#batch n_queries n_keys"],
    values: Real[Array, "*#batch n_keys d_v"],
) -> Float[Array, "*#batch n_queries d_v"]:
    r"""Mix the values, each with its weight.

    .. math:: o_i = \sum_{j=1}^{n\_keys} w_{ij} \, v_j

    With weights from :func:`softmax` the output lies inside the convex hull of the values.

    Parameters
    ----------
    weights
        The numbers :math:`w_{ij}`, shape (..., n_queries, n_keys), without a unit.
    values
        The vectors :math:`v_j`, shape (..., n_keys, d_v). The leading batch axes of both broadcast.

    Returns
    -------
    output
        The vectors :math:`o_i`, shape (..., n_queries, d_v), in the unit of the values.

    Raises
    ------
    ValueError
        If a shape does not fit, a number is NaN or infinite, or a sum is too large for the dtype.

    Notes
    -----
    Source: Bahdanau, Cho and Bengio 2015, §3.1, eq. 5.
    Our output is their context vector :math:`c_i`, and our values are their annotations :math:`h_j`.

    Examples
    --------
    >>> import numpy as np
    >>> weighted_sum(np.asarray([[0.25, 0.75]]), np.asarray([[4, 0], [0, 8]]))
    array([[1., 6.]])
    """
    xp, weights, values = read(weights=weights, values=values)
    expect_shape("weights", weights, "n_queries", "n_keys")
    expect_shape("values", values, "n_keys", "d_v", n_keys=weights.shape[-1])
    expect_batches(weights=weights, values=values)
    expect_finite(xp, weights=weights, values=values)
    return matmul(xp, weights, values, "the weighted sums")


class Attention(NamedTuple):
    """The three stages of :func:`attend`, by name.

    Attributes
    ----------
    scores
        How well each query matches each key, shape (..., n_queries, n_keys); −∞ where the mask forbids.
    weights
        The scores after softmax over the keys, shape (..., n_queries, n_keys).
    output
        The values, mixed with these weights, shape (..., n_queries, d_v).
    """

    scores: Float[Array, "*batch n_queries n_keys"]
    weights: Float[Array, "*batch n_queries n_keys"]
    output: Float[Array, "*batch n_queries d_v"]


def attend(
    queries: Real[Array, "*#batch n_queries d_q"],
    keys: Real[Array, "*#batch n_keys d_k"],
    values: Real[Array, "*#batch n_keys d_v"],
    mask: Bool[Array, "*_ #n_keys"] | None = None,
    *,
    score: Callable[[Array, Array], Array] = dot_scores,
    temperature: float = 1.0,
) -> Attention:
    r"""Let each query attend to the keys, and take home a mix of their values.

    .. math:: o_i = \sum_j w_{ij} \, v_j, \qquad w_i = \mathrm{softmax}\big(\mathrm{score}(q_i, k_1), \dots\big)

    Parameters
    ----------
    queries
        The vectors :math:`q_i`, shape (..., n_queries, d_q); the dot product and the cosine want d_q = d_k.
    keys
        The vectors :math:`k_j`, shape (..., n_keys, d_k).
    values
        The vectors :math:`v_j`, one for each key, shape (..., n_keys, d_v).
    mask
        True where a query may attend; boolean, any shape that broadcasts to (..., n_queries, n_keys).
    score
        A function of queries and keys that returns the scores, shape (..., n_queries, n_keys).
    temperature
        Divides the scores before softmax; in the unit of a score, greater than 0.

    Returns
    -------
    Attention
        The stages ``scores``, ``weights`` and ``output``.

    Raises
    ------
    ValueError
        As :func:`softmax`, :func:`weighted_sum` and the score function do, or if that returns another shape.

    Notes
    -----
    Source: Bahdanau, Cho and Bengio 2015, §3.1, eqs. 5 and 6, with any score in place of their alignment model.
    The words query, key and value are those of Vaswani et al. 2017, §3.2.

    Examples
    --------
    >>> import numpy as np
    >>> queries, keys, values = np.asarray([[0, 2]]), np.eye(2), np.asarray([[10.0], [20.0]])
    >>> attend(queries, keys, values, mask=np.asarray([False, True]))
    Attention(scores=array([[-inf,   2.]]), weights=array([[0., 1.]]), output=array([[20.]]))
    """
    xp, queries, keys, values = read(queries=queries, keys=keys, values=values)
    expect_shape("queries", queries, "n_queries", "d_q")
    expect_shape("keys", keys, "n_keys", "d_k")
    batch = expect_batches(queries=queries, keys=keys)
    scores = score(queries, keys)
    expect_scores(scores, (*batch, queries.shape[-2], keys.shape[-2]))
    weights = softmax(scores, mask, temperature)
    seen = scores if mask is None else xp.where(mask, scores, -math.inf)
    return Attention(seen, weights, weighted_sum(weights, values))


def argmax_weights(
    scores: Real[Array, "*batch n_keys"],
    mask: Bool[Array, "*_ #n_keys"] | None = None,
) -> Float[Array, "*batch n_keys"]:
    """Give each row's largest score the whole weight: hard attention.

    Without ties it is the limit of :func:`softmax` as T falls to 0. No gradient passes.

    Parameters
    ----------
    scores
        Shape (..., n_keys). What stands at a masked place is not read.
    mask
        True where a query may attend; boolean, any shape that broadcasts to that of the scores.

    Returns
    -------
    weights
        Shape (..., n_keys): a single 1 on the first of the largest scores, and 0 elsewhere.
        A row with nothing to attend to gets 0 throughout.

    Raises
    ------
    ValueError
        As :func:`softmax` does.

    Examples
    --------
    >>> import numpy as np
    >>> argmax_weights(np.asarray([1.0, 7.0, 7.0]))
    array([0., 1., 0.])
    """
    xp, scores, mask = read_scores(scores, mask)
    mask = read_mask(xp, mask, scores)
    return one_hot(xp, xp.where(mask, scores, -math.inf), mask, scores.dtype)


def sampled_weights(
    scores: Real[Array, "*batch n_keys"],
    generator: Any,
    mask: Bool[Array, "*_ #n_keys"] | None = None,
    temperature: float = 1.0,
) -> Float[Array, "*batch n_keys"]:
    """Draw one key a row, with the probabilities that softmax gives, and give it the whole weight.

    Hard attention by chance: the mean over many draws is soft attention. No gradient passes.
    One uniform number is drawn for each row, and the first key whose cumulative weight exceeds it is taken.

    Parameters
    ----------
    scores
        Shape (..., n_keys). What stands at a masked place is not read.
    generator
        The source of chance, ``np.random.Generator`` for NumPy, ``torch.Generator`` for torch; it moves on.
    mask
        True where a query may attend; boolean, any shape that broadcasts to that of the scores.
    temperature
        In the unit of a score, greater than 0.

    Returns
    -------
    weights
        Shape (..., n_keys): a single 1 on the key drawn, and 0 elsewhere.
        A row with nothing to attend to gets 0 throughout.

    Raises
    ------
    ValueError
        As :func:`softmax` does, or if the generator is not of the scores' library.

    Notes
    -----
    Source: Xu et al. 2015, "Show, Attend and Tell", §4.1, stochastic "hard" attention.
    Our weights are their location variable :math:`s_t`.

    Examples
    --------
    >>> import numpy as np
    >>> sampled_weights(np.asarray([0.0, 9.0]), np.random.default_rng(0), mask=np.asarray([True, False]))
    array([1., 0.])
    """
    xp, scores, mask = read_scores(scores, mask)
    wide = xp.astype(scores, widened(xp, scores), copy=False)
    weights = softmax(wide, mask, temperature)
    # A key of weight 0 keeps the cumulative weight 0, so that no draw can reach it.
    cumulative = xp.where(weights > 0, xp.cumulative_sum(weights, axis=-1), 0.0)
    draw = uniform(xp, generator, (*scores.shape[:-1], 1), wide)
    reached = cumulative > draw * xp.max(cumulative, axis=-1, keepdims=True)
    return one_hot(xp, xp.astype(reached, xp.int8), reached, scores.dtype)


def entropy(weights: Real[Array, "*batch n_keys"]) -> Float[Array, "*batch"]:
    r"""Measure how widely each row of weights is spread.

    .. math:: H = -\sum_j w_j \log_2 w_j, \qquad 0 \log_2 0 = 0

    0 bits: one key has all the weight. :math:`\log_2 n` bits: n keys share it equally.

    Parameters
    ----------
    weights
        Rows :math:`w_j` that are not negative and sum to 1 (within 0.01, so that rounded weights pass),
        shape (..., n_keys). A row of zeros, with nothing to attend to, has entropy 0.

    Returns
    -------
    entropy
        :math:`H` in bits, shape (...).

    Raises
    ------
    ValueError
        If a row is no distribution, or a number is NaN or infinite.

    Notes
    -----
    Source: Shannon 1948, "A Mathematical Theory of Communication", §6.

    Examples
    --------
    >>> import numpy as np
    >>> entropy(np.asarray([[0.5, 0.5, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25]]))
    array([1., 2.])
    """
    xp, weights = read(weights=weights)
    expect_shape("weights", weights, "n_keys")
    expect_finite(xp, weights=weights)
    wide = xp.astype(weights, widened(xp, weights), copy=False)
    expect_distributions(xp, wide)
    logarithms = xp.log2(xp.where(wide > 0, wide, 1.0))
    return xp.astype(0.0 - xp.sum(wide * logarithms, axis=-1), weights.dtype, copy=False)


def expect_scores(scores: Any, wanted: tuple[int, ...]) -> None:
    """Refuse what a score function has returned, unless it has this shape."""
    got = tuple(getattr(scores, "shape", ()))
    if got != wanted:
        raise ValueError(f"score(queries, keys) must return shape {wanted}; got {got} in {type(scores).__name__}")


def read_scores(scores: Array, mask: Array | None) -> tuple[Any, Array, Array]:
    """Return the array namespace, the scores and a mask of their shape, or say what is wrong with them."""
    xp, scores = read(scores=scores)
    expect_shape("scores", scores, "n_keys")
    mask = None if mask is None else read_mask(xp, mask, scores)
    expect_finite(xp, where=mask, scores=scores)
    return xp, scores, mask


def one_hot(xp: Any, ranks: Array, allowed: Array, dtype: Any) -> Array:
    """Return 1 on the first of each row's largest ranks, if it is allowed, and 0 elsewhere."""
    first = xp.argmax(ranks, axis=-1, keepdims=True)
    places = xp.arange(ranks.shape[-1], device=first.device)
    return xp.astype((places == first) & allowed, dtype)


def expect_distributions(xp: Any, weights: Array) -> None:
    """Refuse rows that are negative somewhere or sum neither to 1 nor, where nothing may be attended to, to 0."""
    if xp.any(weights < 0):
        raise ValueError(f"weights must not be negative; got {xp.min(weights).item()}")
    sums = xp.reshape(xp.sum(weights, axis=-1), (-1,))
    wrong = (abs(sums - 1) > 0.01) & (sums != 0)
    if xp.any(wrong):
        raise ValueError(f"each row of weights must sum to 1 over the keys, axis -1; got {sums[wrong][0].item():.4g}")
