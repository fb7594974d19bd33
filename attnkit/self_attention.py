"""Chapter 6: a sentence attends to itself. Each token asks, answers and gives, through three learned matrices."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from jaxtyping import Bool, Float, Real

from attnkit._arrays import Array, expect_batches, expect_finite, expect_shape, expect_weights, project, read
from attnkit.scoring import dot_scores, read_vectors
from attnkit.weighted_sum import attend


def scaled_dot_scores(
    queries: Real[Array, "*#batch n_queries d_k"],
    keys: Real[Array, "*#batch n_keys d_k"],
) -> Float[Array, "*#batch n_queries n_keys"]:
    r"""Score each query against each key by their dot product, kept to one size whatever the width.

    .. math:: s_{ij} = \frac{q_i \cdot k_j}{\sqrt{d_k}}

    Numbers drawn with mean 0 and variance 1 have dot products of variance :math:`d_k`; these have variance 1.

    Parameters
    ----------
    queries
        The vectors :math:`q_i`, shape (..., n_queries, d_k).
    keys
        The vectors :math:`k_j`, shape (..., n_keys, d_k). The leading batch axes of both broadcast.

    Returns
    -------
    scores
        The numbers :math:`s_{ij}`, shape (..., n_queries, n_keys), in the unit of a query times that of a key.

    Raises
    ------
    ValueError
        As :func:`~attnkit.scoring.dot_scores` does.

    Notes
    -----
    Source: Vaswani et al. 2017, "Attention Is All You Need", §3.2.1, eq. 1, and its footnote 4 on the variance.
    Our scores are their :math:`Q K^T / \sqrt{d_k}`.

    Examples
    --------
    >>> import numpy as np
    >>> scaled_dot_scores(np.asarray([[3, 0, 4, 0]]), np.asarray([[1, 0, 1, 0], [0, 9, 0, 9]]))
    array([[3.5, 0. ]])
    """
    _, queries, keys = read_vectors(queries, keys)
    # The queries are fewer numbers than the scores, and in float16 a scaled product overflows later.
    return dot_scores(queries / math.sqrt(queries.shape[-1]), keys)


class Projections(NamedTuple):
    """What self-attention learns: three matrices. d_in, d_k and d_v may all differ.

    Attributes
    ----------
    query
        :math:`W_Q`, which makes the queries, shape (d_k, d_in).
    key
        :math:`W_K`, which makes the keys, shape (d_k, d_memory); d_memory is d_in where a sentence attends to itself.
    value
        :math:`W_V`, which makes the values, shape (d_v, d_memory).
    """

    query: Real[Array, "d_k d_in"]
    key: Real[Array, "d_k d_memory"]
    value: Real[Array, "d_v d_memory"]


class Projected(NamedTuple):
    """What :func:`project_qkv` makes of the tokens.

    Attributes
    ----------
    queries
        What each token of the inputs looks for, shape (..., n_queries, d_k).
    keys
        What each token of the memory can be found by, shape (..., n_keys, d_k).
    values
        What each token of the memory has to give, shape (..., n_keys, d_v).
    """

    queries: Float[Array, "*batch n_queries d_k"]
    keys: Float[Array, "*batch n_keys d_k"]
    values: Float[Array, "*batch n_keys d_v"]


class SelfAttention(NamedTuple):
    """The stages of :func:`self_attend`, by name.

    Attributes
    ----------
    queries
        What each token looks for, shape (..., n_tokens, d_k).
    keys
        What each token can be found by, shape (..., n_tokens, d_k).
    values
        What each token has to give, shape (..., n_tokens, d_v).
    scores
        How well each token matches each token, shape (..., n_tokens, n_tokens); −∞ where the mask forbids.
    weights
        The scores after softmax over the keys, of the same shape.
    output
        The values, mixed with these weights, shape (..., n_tokens, d_v).
    """

    queries: Float[Array, "*batch n_tokens d_k"]
    keys: Float[Array, "*batch n_tokens d_k"]
    values: Float[Array, "*batch n_tokens d_v"]
    scores: Float[Array, "*batch n_tokens n_tokens"]
    weights: Float[Array, "*batch n_tokens n_tokens"]
    output: Float[Array, "*batch n_tokens d_v"]


def project_qkv(
    inputs: Real[Array, "*#batch n_queries d_in"],
    weights: Projections,
    memory: Real[Array, "*#batch n_keys d_memory"] | None = None,
) -> Projected:
    r"""Make queries of the inputs, and keys and values of the memory.

    .. math:: q_i = W_Q x_i, \qquad k_j = W_K m_j, \qquad v_j = W_V m_j

    Without a memory the inputs are their own, :math:`m = x`: self-attention.
    With another sentence as the memory it is cross-attention.

    Parameters
    ----------
    inputs
        The vectors :math:`x_i` of the tokens that ask, shape (..., n_queries, d_in).
    weights
        :math:`W_Q`, :math:`W_K` and :math:`W_V`, as :class:`Projections` says.
    memory
        The vectors :math:`m_j` of the tokens that are asked, shape (..., n_keys, d_memory).

    Returns
    -------
    Projected
        The ``queries`` :math:`q_i`, the ``keys`` :math:`k_j` and the ``values`` :math:`v_j`.

    Raises
    ------
    ValueError
        If a shape does not fit, a number is NaN or infinite, or a product is too large for the dtype.

    Notes
    -----
    Source: Vaswani et al. 2017, §3.2.2 for the three projections, and §3.2.3 for whose tokens they read.
    They write :math:`x W^Q` with the transposed matrix; ours is (d_out, d_in), as ``torch.nn.Linear`` keeps it.

    Examples
    --------
    >>> import numpy as np
    >>> weights = Projections(np.asarray([[1, 1]]), np.asarray([[1, 0]]), np.asarray([[0, 1], [1, 0]]))
    >>> project_qkv(np.asarray([[2.0, 3.0]]), weights)
    Projected(queries=array([[5.]]), keys=array([[2.]]), values=array([[3., 2.]]))
    """
    named = {f"weights.{field}": part for field, part in zip(Projections._fields, weights, strict=True)}
    if memory is None:
        xp, query, key, value, inputs = read(**named, inputs=inputs)
        memory, width = inputs, "d_in"
    else:
        xp, query, key, value, inputs, memory = read(**named, inputs=inputs, memory=memory)
        width = "d_memory"
    expect_shape("inputs", inputs, "n_queries", "d_in")
    expect_shape("memory", memory, "n_keys", "d_memory")
    expect_batches(inputs=inputs, memory=memory)
    expect_weights("weights.query", query, "d_k", "d_in", d_in=inputs.shape[-1])
    expect_weights("weights.key", key, "d_k", width, **{"d_k": query.shape[0], width: memory.shape[-1]})
    expect_weights("weights.value", value, "d_v", width, **{width: memory.shape[-1]})
    expect_finite(xp, inputs=inputs, memory=memory, **dict(zip(named, (query, key, value), strict=True)))
    return Projected(
        project(xp, inputs, query, "the queries"),
        project(xp, memory, key, "the keys"),
        project(xp, memory, value, "the values"),
    )


def self_attend(
    inputs: Real[Array, "*batch n_tokens d_in"],
    weights: Projections,
    mask: Bool[Array, "*_ #n_tokens"] | None = None,
    *,
    score: Callable[[Array, Array], Array] = scaled_dot_scores,
) -> SelfAttention:
    r"""Let each token of a sentence attend to all tokens of the same sentence, itself included.

    .. math::

        \begin{aligned}
        q_i &= W_Q x_i, \quad k_j = W_K x_j, \quad v_j = W_V x_j \\
        w_{ij} &= \mathrm{softmax}_j\big(\mathrm{score}(q_i, k_j)\big) \\
        o_i &= \sum_j w_{ij} \, v_j
        \end{aligned}

    Nothing here knows the order of the tokens: put them in another order, and the outputs come in that order.

    Parameters
    ----------
    inputs
        The vectors :math:`x_i` of the tokens, shape (..., n_tokens, d_in).
    weights
        :math:`W_Q`, :math:`W_K` and :math:`W_V`, as :class:`Projections` says.
    mask
        True where a token (row) may attend to a token (column); boolean, any shape that broadcasts to
        (..., n_tokens, n_tokens).
    score
        A function of queries and keys that returns the scores, shape (..., n_tokens, n_tokens).

    Returns
    -------
    SelfAttention
        The stages ``queries``, ``keys``, ``values``, ``scores``, ``weights`` and ``output``.

    Raises
    ------
    ValueError
        As :func:`project_qkv` and :func:`~attnkit.weighted_sum.attend` do.

    Notes
    -----
    Source: Vaswani et al. 2017, §3.2.1, eq. 1, with the projections of §3.2.2 and one head.

    Examples
    --------
    One token scores ln 3 with itself and 0 with the other, which scores 0 with both.

    >>> import numpy as np
    >>> weights = Projections(query=np.log([[3.0]]), key=np.asarray([[1.0]]), value=np.asarray([[4.0]]))
    >>> stages = self_attend(np.asarray([[1.0], [0.0]]), weights)
    >>> stages.weights
    array([[0.75, 0.25], [0.5 , 0.5 ]])
    >>> stages.output
    array([[3.], [2.]])
    """
    projected = project_qkv(inputs, weights)
    return SelfAttention(*projected, *attend(*projected, mask, score=score))
