"""Chapter 7: several attentions side by side, each in its own subspace, and one matrix that joins what they bring."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from jaxtyping import Bool, Float, Real

from attnkit._arrays import Array, expect_finite, expect_shape, expect_weights, is_count, one_namespace, project, read
from attnkit.self_attention import Projected, Projections, project_qkv, scaled_dot_scores
from attnkit.weighted_sum import attend


def split_heads(
    vectors: Real[Array, "*batch n_tokens heads_times_d"],
    heads: int,
) -> Real[Array, "*batch heads n_tokens d"]:
    r"""Cut each vector into as many pieces as there are heads, and give each head its pieces.

    .. math:: x_{hic} = x_{i, \, hd + c}, \qquad h = 0, \dots, heads - 1, \quad c = 0, \dots, d - 1

    The heads become an axis in front of the tokens, so that attention runs in each of them alone.

    Parameters
    ----------
    vectors
        Shape (..., n_tokens, heads · d).
    heads
        How many heads there are; it must divide the width.

    Returns
    -------
    pieces
        Shape (..., heads, n_tokens, d): the same numbers.

    Raises
    ------
    ValueError
        If heads is no whole number from 1 or does not divide the width.

    Notes
    -----
    Source: Vaswani et al. 2017, §3.2.2. They write a matrix for each head; stacked, as here, they are one product.

    Examples
    --------
    >>> import numpy as np
    >>> split_heads(np.asarray([[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]), heads=2)
    array([[[1., 2.], [5., 6.]], [[3., 4.], [7., 8.]]])
    """
    xp, vectors = read(vectors=vectors)
    expect_shape("vectors", vectors, "n_tokens", "heads · d")
    expect_heads("the width of vectors", vectors.shape[-1], heads)
    *batch, n_tokens, width = vectors.shape
    return xp.moveaxis(xp.reshape(vectors, (*batch, n_tokens, heads, width // heads)), -2, -3)


def merge_heads(
    vectors: Real[Array, "*batch heads n_tokens d"],
) -> Real[Array, "*batch n_tokens heads_times_d"]:
    """Put the heads' vectors of each token end to end: :func:`split_heads`, undone.

    Parameters
    ----------
    vectors
        Shape (..., heads, n_tokens, d).

    Returns
    -------
    joined
        Shape (..., n_tokens, heads · d): the same numbers.

    Raises
    ------
    ValueError
        If there are fewer than three axes.

    Notes
    -----
    Source: Vaswani et al. 2017, §3.2.2, Concat.

    Examples
    --------
    >>> import numpy as np
    >>> merge_heads(np.asarray([[[1.0, 2.0], [5.0, 6.0]], [[3.0, 4.0], [7.0, 8.0]]]))
    array([[1., 2., 3., 4.], [5., 6., 7., 8.]])
    """
    xp, vectors = read(vectors=vectors)
    expect_shape("vectors", vectors, "heads", "n_tokens", "d")
    *batch, heads, n_tokens, d = vectors.shape
    return xp.reshape(xp.moveaxis(vectors, -3, -2), (*batch, n_tokens, heads * d))


class MultiHeadWeights(NamedTuple):
    """What multi-head attention learns. Head h has the rows from h · d_k of two matrices, and from h · d_v of a third.

    Torch stacks the first three, and the biases too: ``MultiHeadWeights(*module.in_proj_weight.chunk(3),
    module.out_proj.weight, *module.in_proj_bias.chunk(3), module.out_proj.bias)`` are the weights of an
    ``nn.MultiheadAttention``.

    Attributes
    ----------
    query
        :math:`W_Q` of all heads, shape (heads · d_k, d_in).
    key
        :math:`W_K` of all heads, shape (heads · d_k, d_memory); d_memory is d_in where a sentence attends to itself.
    value
        :math:`W_V` of all heads, shape (heads · d_v, d_memory).
    output
        :math:`W_O`, which mixes what the heads bring, shape (d_model, heads · d_v).
    query_bias, key_bias, value_bias, output_bias
        Added to what the matrix of the same name makes, shape (its rows,), each if it is given. The paper has none.
    """

    query: Real[Array, "heads_times_d_k d_in"]
    key: Real[Array, "heads_times_d_k d_memory"]
    value: Real[Array, "heads_times_d_v d_memory"]
    output: Real[Array, "d_model heads_times_d_v"]
    query_bias: Real[Array, " heads_times_d_k"] | None = None
    key_bias: Real[Array, " heads_times_d_k"] | None = None
    value_bias: Real[Array, " heads_times_d_v"] | None = None
    output_bias: Real[Array, " d_model"] | None = None


class MultiHead(NamedTuple):
    """The stages of :func:`multi_head_attend`, by name.

    Attributes
    ----------
    scores
        How well each query matches each key in each head, shape (..., heads, n_queries, n_keys); −∞ where masked.
    weights
        The scores after softmax over the keys, of the same shape.
    heads
        What each head brings, shape (..., heads, n_queries, d_v); 0 for a head that was left out.
    output
        The heads joined and mixed by :math:`W_O`, shape (..., n_queries, d_model).
    """

    scores: Float[Array, "*batch heads n_queries n_keys"]
    weights: Float[Array, "*batch heads n_queries n_keys"]
    heads: Float[Array, "*batch heads n_queries d_v"]
    output: Float[Array, "*batch n_queries d_model"]


def multi_head_attend(
    inputs: Real[Array, "*#batch n_queries d_in"],
    weights: MultiHeadWeights,
    heads: int,
    mask: Bool[Array, "*_ #n_keys"] | None = None,
    *,
    memory: Real[Array, "*#batch n_keys d_memory"] | None = None,
    score: Callable[[Array, Array], Array] = scaled_dot_scores,
    without: Collection[int] = (),
) -> MultiHead:
    r"""Let several heads attend, each with its own projections, and mix what they bring.

    .. math::

        \begin{aligned}
        \mathrm{head}_h &= \mathrm{Attention}(x W_{Q,h}^T, \; m W_{K,h}^T, \; m W_{V,h}^T) \\
        o &= [\mathrm{head}_1; \dots; \mathrm{head}_{heads}] \, W_O^T
        \end{aligned}

    Without a memory the inputs are their own, :math:`m = x`: self-attention.
    With another sentence as the memory it is cross-attention.

    Parameters
    ----------
    inputs
        The vectors :math:`x` of the tokens that ask, one a row, shape (..., n_queries, d_in).
    weights
        As :class:`MultiHeadWeights` says.
    heads
        How many heads there are.
    mask
        True where a query may attend; boolean. With as many axes as the scores it has an axis for the heads, and
        broadcasts to (..., heads, n_queries, n_keys); with fewer it has none, broadcasts to (..., n_queries, n_keys),
        and is the same for all heads.
    memory
        The vectors :math:`m` of the tokens that are asked, one a row, shape (..., n_keys, d_memory).
    score
        A function of queries (..., heads, n_queries, d_k) and keys (..., heads, n_keys, d_k) that returns the scores,
        shape (..., heads, n_queries, n_keys).
    without
        The heads, counted from 0, that bring 0 instead of what they have found: an ablation.

    Returns
    -------
    MultiHead
        The stages ``scores``, ``weights``, ``heads`` and ``output``. A row with nothing to attend to gets weights 0
        and heads 0, so that its output is the output bias.

    Raises
    ------
    ValueError
        If heads does not divide a width, a head in without does not exist, a shape does not fit, a number is NaN or
        infinite, or a product is too large for the dtype.

    Notes
    -----
    Source: Vaswani et al. 2017, §3.2.2, with :math:`Q = x` and :math:`K = V = m`; §3.2.3 for the memory.
    Their matrices stand behind the vectors; ours are (d_out, d_in), as ``torch.nn.Linear`` keeps them.

    Examples
    --------
    Two heads of width 1. With all scores 0 each takes the mean, one of first numbers and one of second numbers.

    >>> import numpy as np
    >>> inputs, weights = np.asarray([[1.0, 30.0], [3.0, 10.0]]), MultiHeadWeights(np.zeros((2, 2)), *[np.eye(2)] * 3)
    >>> multi_head_attend(inputs, weights, heads=2).output
    array([[ 2., 20.], [ 2., 20.]])
    >>> multi_head_attend(inputs, weights, heads=2, without=[0]).output
    array([[ 0., 20.], [ 0., 20.]])
    """
    return attend_heads(project_heads(inputs, weights, heads, memory), weights, mask, score=score, without=without)


def project_heads(
    inputs: Real[Array, "*#batch n_queries d_in"],
    weights: MultiHeadWeights,
    heads: int,
    memory: Real[Array, "*#batch n_keys d_memory"] | None = None,
) -> Projected:
    """Make the queries, keys and values of every head: the first half of :func:`multi_head_attend`.

    A decoder that keeps keys and values of earlier words calls the halves by themselves.

    Parameters
    ----------
    inputs, weights, heads, memory
        As in :func:`multi_head_attend`.

    Returns
    -------
    Projected
        The ``queries``, shape (..., heads, n_queries, d_k), the ``keys``, shape (..., heads, n_keys, d_k), and the
        ``values``, shape (..., heads, n_keys, d_v).

    Raises
    ------
    ValueError
        As :func:`multi_head_attend` does.

    Examples
    --------
    >>> import numpy as np
    >>> weights = MultiHeadWeights(*[np.eye(2)] * 4)
    >>> project_heads(np.asarray([[1.0, 30.0], [3.0, 10.0]]), weights, heads=2).queries.tolist()
    [[[1.0], [3.0]], [[30.0], [10.0]]]
    """
    weights, inputs, *others = read_multi_head(weights, heads, inputs, memory)
    projected = project_qkv(inputs, Projections(*weights[:3]), *others)
    return Projected(
        *(split_heads(add_bias(part, bias), heads) for part, bias in zip(projected, weights[4:7], strict=True))
    )


def attend_heads(
    projected: Projected,
    weights: MultiHeadWeights,
    mask: Bool[Array, "*_ #n_keys"] | None = None,
    *,
    score: Callable[[Array, Array], Array] = scaled_dot_scores,
    without: Collection[int] = (),
) -> MultiHead:
    """Let every head attend, and mix what they bring: the second half of :func:`multi_head_attend`.

    Parameters
    ----------
    projected
        Queries, keys and values with an axis for the heads, as :func:`project_heads` makes them.
    weights
        Of which only ``output`` and ``output_bias`` are read here.
    mask, score, without
        As in :func:`multi_head_attend`.

    Returns
    -------
    MultiHead
        The stages ``scores``, ``weights``, ``heads`` and ``output``.

    Raises
    ------
    ValueError
        As :func:`multi_head_attend` does.

    Examples
    --------
    >>> import numpy as np
    >>> weights = MultiHeadWeights(*[np.eye(2)] * 4)
    >>> projected = project_heads(np.zeros((3, 2)), weights, heads=2)
    >>> attend_heads(projected._replace(values=np.asarray([[[1.0]] * 3, [[2.0]] * 3])), weights).output[0]
    array([1., 2.])
    """
    fields = ("output", "output_bias") if weights.output_bias is not None else ("output",)
    parts = {f"weights.{field}": getattr(weights, field) for field in fields}
    xp, queries, keys, values, output, *bias = read(**projected._asdict(), **parts)
    expect_shape("queries", queries, "heads", "n_queries", "d_k")
    heads, d_v = queries.shape[-3], values.shape[-1]
    expect_weights("weights.output", output, "d_model", "heads · d_v", **{"heads · d_v": heads * d_v})
    mask = over_heads(mask, max(queries.ndim, keys.ndim))
    scores, shares, found = attend(queries, keys, values, mask, score=score)
    if without := read_heads(without, heads):
        kept = xp.asarray([head not in without for head in range(heads)], device=found.device)
        found = xp.where(kept[:, None, None], found, 0.0)
    return MultiHead(
        scores, shares, found, add_bias(project(xp, merge_heads(found), output, "the outputs"), *bias or [None])
    )


# Parts that name the same axis must agree on its size.
AXES = {
    "query": ("heads · d_k", "d_in"),
    "key": ("heads · d_k", "d_memory"),
    "value": ("heads · d_v", "d_memory"),
    "output": ("d_model", "heads · d_v"),
    "query_bias": ("heads · d_k",),
    "key_bias": ("heads · d_k",),
    "value_bias": ("heads · d_v",),
    "output_bias": ("d_model",),
}


def read_multi_head(weights: MultiHeadWeights, heads: int, inputs: Array, memory: Array | None) -> tuple[Any, ...]:
    """Return weights, inputs and memory (if any) in one dtype, or say what does not fit."""
    tokens = {"inputs": inputs} if memory is None else {"inputs": inputs, "memory": memory}
    parts = {f"weights.{field}": part for field, part in zip(AXES, weights, strict=True) if part is not None}
    xp, *arrays = read(**parts, **tokens)
    found, sizes = dict(zip(parts, arrays, strict=False)), {}
    for field, axes in AXES.items():
        name = f"weights.{field}"
        if name in found:
            expect_weights(name, found[name], *axes, **sizes)
            sizes |= dict(zip(axes, found[name].shape, strict=True))
    expect_heads("the rows of weights.query", sizes["heads · d_k"], heads)
    expect_heads("the rows of weights.value", sizes["heads · d_v"], heads)
    expect_finite(xp, **found)
    return MultiHeadWeights(*(found.get(f"weights.{field}") for field in AXES)), *arrays[len(found) :]


def add_bias(vectors: Array, bias: Array | None) -> Array:
    """Return the vectors with the bias added to each, if there is one."""
    return vectors if bias is None else vectors + bias


def over_heads(mask: Array | None, axes: int) -> Array | None:
    """Return a mask for scores of so many axes; one that has fewer axes gets one for the heads."""
    if mask is None:
        return None
    xp = one_namespace(mask=mask)
    return xp.expand_dims(mask, axis=-3) if 2 <= mask.ndim < axes else mask


def expect_heads(what: str, width: int, heads: int) -> None:
    """Refuse a number of heads that cannot share this width."""
    if not is_count(heads) or width % heads:
        raise ValueError(f"heads must be a whole number that divides {what}, {width}; got {heads}")


def read_heads(without: Collection[int], heads: int) -> set[int]:
    """Return the heads that are left out, or say which of them do not exist."""
    if not isinstance(without, Collection) or set(without) - set(range(heads)):
        raise ValueError(f"without must hold heads from 0 to {heads - 1}; got {without}")
    return set(without)
