"""Chapter 2: how well does a query match a key? Two answers, the dot product and the cosine."""

from __future__ import annotations

from typing import Any

from jaxtyping import Float, Real

from attnkit._arrays import Array, expect_batches, expect_finite, expect_shape, matmul, read, widened


def dot_scores(
    queries: Real[Array, "*#batch n_queries d_k"],
    keys: Real[Array, "*#batch n_keys d_k"],
) -> Float[Array, "*#batch n_queries n_keys"]:
    r"""Score each query against each key by their dot product.

    .. math:: s_{ij} = q_i \cdot k_j = \sum_{c=1}^{d_k} q_{ic} \, k_{jc}

    Parameters
    ----------
    queries
        The vectors :math:`q_i` that ask, shape (..., n_queries, d_k).
    keys
        The vectors :math:`k_j` that answer, shape (..., n_keys, d_k).
        The leading batch axes of both broadcast.

    Returns
    -------
    scores
        The numbers :math:`s_{ij}`, shape (..., n_queries, n_keys), in the unit of a query times that of a key.
        Half floats are summed in float32.

    Raises
    ------
    ValueError
        If a shape does not fit, a number is NaN or infinite, or a product is too large for the dtype.

    Notes
    -----
    Source: Luong, Pham and Manning 2015, §3.1, the alternative "dot" among the score functions.
    Our query is their target hidden state :math:`h_t`, and our keys are their source hidden states
    :math:`\bar h_s`.

    Examples
    --------
    >>> import numpy as np
    >>> dot_scores(np.asarray([[3, 4]]), np.asarray([[1, 0], [6, 8]]))
    array([[ 3., 50.]])
    """
    xp, queries, keys = read_vectors(queries, keys)
    return matmul(xp, queries, xp.matrix_transpose(keys), "the dot products")


def cosine_scores(
    queries: Real[Array, "*#batch n_queries d_k"],
    keys: Real[Array, "*#batch n_keys d_k"],
) -> Float[Array, "*#batch n_queries n_keys"]:
    r"""Score each query against each key by the cosine of the angle between them.

    .. math:: s_{ij} = \frac{q_i \cdot k_j}{\lVert q_i \rVert \, \lVert k_j \rVert}

    It is the dot product of the two vectors after each is brought to length 1.
    A zero vector has no direction: its cosine with everything is 0 here.

    Parameters
    ----------
    queries
        The vectors :math:`q_i` that ask, shape (..., n_queries, d_k).
    keys
        The vectors :math:`k_j` that answer, shape (..., n_keys, d_k).
        The leading batch axes of both broadcast.

    Returns
    -------
    scores
        The numbers :math:`s_{ij}` from −1 to 1, shape (..., n_queries, n_keys), without a unit.

    Raises
    ------
    ValueError
        If a shape does not fit, or a number is NaN or infinite.

    Notes
    -----
    Source: Graves, Wayne and Danihelka 2014, "Neural Turing Machines", §3.3.1, eq. 6.
    Our query is their key vector :math:`k_t`, and our keys are their memory rows :math:`M_t(i)`.

    Examples
    --------
    >>> import numpy as np
    >>> cosine_scores(np.asarray([[3, 4]]), np.asarray([[1, 0], [6, 8], [0, 0]]))
    array([[0.6, 1. , 0. ]])
    """
    xp, queries, keys = read_vectors(queries, keys)
    cosines = dot_scores(unit_vectors(xp, queries), unit_vectors(xp, keys))
    # Rounding can step over the ends by the last digit, and arccos would then return NaN.
    return xp.astype(xp.clip(cosines, -1.0, 1.0), queries.dtype, copy=False)


def unit_vectors(xp: Any, vectors: Array) -> Array:
    """Return the vectors of the last axis at length 1, in float32 at least; a zero vector stays zero."""
    vectors = xp.astype(vectors, widened(xp, vectors), copy=False)
    # Squares of 1e200 overflow and squares of 1e-200 vanish, so the largest entry becomes 1 first.
    largest = xp.max(xp.abs(vectors), axis=-1, keepdims=True)
    vectors = vectors / xp.where(largest == 0, 1.0, largest)
    squared = xp.sum(vectors * vectors, axis=-1, keepdims=True)
    # The slope of a square root at 0 is infinite, so a zero vector is divided by 1 before the root is taken.
    return vectors / xp.sqrt(xp.where(squared == 0, 1.0, squared))


def read_vectors(queries: Array, keys: Array) -> tuple[Any, Array, Array]:
    """Return the array namespace, queries and keys, or say why they cannot be compared."""
    xp, queries, keys = read(queries=queries, keys=keys)
    expect_shape("queries", queries, "n_queries", "d_k")
    expect_shape("keys", keys, "n_keys", "d_k", d_k=queries.shape[-1])
    expect_batches(queries=queries, keys=keys)
    expect_finite(xp, queries=queries, keys=keys)
    return xp, queries, keys
