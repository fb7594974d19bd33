"""Chapter 4: a score that is learned. A small network compares each query with each key."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Real

from attnkit._arrays import Array, expect_batches, expect_finite, expect_shape, expect_weights, matmul, project, read


def additive_scores(
    queries: Real[Array, "*#batch n_queries d_q"],
    keys: Real[Array, "*#batch n_keys d_k"],
    query_weights: Real[Array, "d_attention d_q"],
    key_weights: Real[Array, "d_attention d_k"],
    vector: Real[Array, " d_attention"],
) -> Float[Array, "*#batch n_queries n_keys"]:
    r"""Score each query against each key with a network of one hidden layer.

    .. math:: s_{ij} = v \cdot \tanh(W q_i + U k_j)

    Queries and keys may differ in width: each gets its own matrix into the hidden layer.

    Parameters
    ----------
    queries
        The vectors :math:`q_i`, shape (..., n_queries, d_q).
    keys
        The vectors :math:`k_j`, shape (..., n_keys, d_k). The leading batch axes of both broadcast.
    query_weights
        :math:`W`, shape (d_attention, d_q).
    key_weights
        :math:`U`, shape (d_attention, d_k).
    vector
        :math:`v`, shape (d_attention,).

    Returns
    -------
    scores
        The numbers :math:`s_{ij}`, shape (..., n_queries, n_keys), in the unit of :math:`v`,
        none further from 0 than the sum of its magnitudes.

    Raises
    ------
    ValueError
        If a shape does not fit, a number is NaN or infinite, or a product is too large for the dtype.

    Notes
    -----
    Source: Bahdanau, Cho and Bengio 2015, appendix A.1.2, the alignment model :math:`a`.
    Our scores are their energies :math:`e_{ij}`, our :math:`W, U, v` their :math:`W_a, U_a, v_a`;
    our query is their decoder state :math:`s_{i-1}`, our keys are their annotations :math:`h_j`.

    Examples
    --------
    >>> import numpy as np
    >>> queries, keys = np.asarray([[0.0]]), np.asarray([[0.0, 0.0], [0.5, 0.5]])
    >>> scores = additive_scores(queries, keys, np.asarray([[1.0]]), np.asarray([[1.0, 1.0]]), np.asarray([2.0]))
    >>> scores / np.tanh(1)
    array([[0., 2.]])
    """
    xp, queries, keys, query_weights, key_weights, vector = read(
        queries=queries, keys=keys, query_weights=query_weights, key_weights=key_weights, vector=vector
    )
    expect_shape("queries", queries, "n_queries", "d_q")
    expect_shape("keys", keys, "n_keys", "d_k")
    expect_batches(queries=queries, keys=keys)
    expect_weights("vector", vector, "d_attention")
    sizes = {"d_attention": vector.shape[0], "d_q": queries.shape[-1], "d_k": keys.shape[-1]}
    expect_weights("query_weights", query_weights, "d_attention", "d_q", **sizes)
    expect_weights("key_weights", key_weights, "d_attention", "d_k", **sizes)
    expect_finite(xp, queries=queries, keys=keys, query_weights=query_weights, key_weights=key_weights)
    return compare_projected(
        project(xp, queries, query_weights, "the projected queries"),
        project(xp, keys, key_weights, "the projected keys"),
        vector,
    )


def compare_projected(
    projected_queries: Real[Array, "*#batch n_queries d_attention"],
    projected_keys: Real[Array, "*#batch n_keys d_attention"],
    vector: Real[Array, " d_attention"],
) -> Float[Array, "*#batch n_queries n_keys"]:
    r"""Finish :func:`additive_scores` after the two projections, :math:`W q_i` and :math:`U k_j`.

    .. math:: s_{ij} = v \cdot \tanh(W q_i + U k_j)

    The keys' projection depends on no query, so a decoder makes it once a sentence and calls this at every step.

    Parameters
    ----------
    projected_queries
        The vectors :math:`W q_i`, shape (..., n_queries, d_attention).
    projected_keys
        The vectors :math:`U k_j`, shape (..., n_keys, d_attention). The leading batch axes of both broadcast.
    vector
        :math:`v`, shape (d_attention,).

    Returns
    -------
    scores
        The numbers :math:`s_{ij}`, shape (..., n_queries, n_keys), in the unit of :math:`v`.
        On the way stands an array of shape (..., n_queries, n_keys, d_attention).

    Raises
    ------
    ValueError
        If a shape does not fit, a number is NaN or infinite, or a sum is too large for the dtype.

    Notes
    -----
    Source: Bahdanau, Cho and Bengio 2015, appendix A.1.2, which gives the keys' projection in advance the same reason.

    Examples
    --------
    >>> import numpy as np
    >>> compare_projected(np.asarray([[99.0], [-99.0]]), np.asarray([[0.0], [99.0]]), np.asarray([3.0]))
    array([[ 3., 3.], [-3., 0.]])
    """
    xp, projected_queries, projected_keys, vector = read(
        projected_queries=projected_queries, projected_keys=projected_keys, vector=vector
    )
    expect_weights("vector", vector, "d_attention")
    width = vector.shape[0]
    expect_shape("projected_queries", projected_queries, "n_queries", "d_attention", d_attention=width)
    expect_shape("projected_keys", projected_keys, "n_keys", "d_attention", d_attention=width)
    expect_batches(projected_queries=projected_queries, projected_keys=projected_keys)
    expect_finite(xp, projected_queries=projected_queries, projected_keys=projected_keys, vector=vector)
    with np.errstate(over="ignore"):  # the tanh of a sum beyond the dtype is 1 or −1 all the same
        sums = projected_queries[..., :, None, :] + projected_keys[..., None, :, :]
    return matmul(xp, xp.tanh(sums), vector, "the additive scores")
