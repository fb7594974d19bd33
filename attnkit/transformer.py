"""Chapter 10: layer norm, a feed-forward network and residual sums make attention into blocks that can be stacked."""

from __future__ import annotations

import math
from collections.abc import Callable
from numbers import Real as RealNumber
from typing import Any, Literal, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Real

from attnkit._arrays import (
    Array,
    expect_batches,
    expect_count,
    expect_finite,
    expect_shape,
    expect_weights,
    is_finite,
    matmul,
    project,
    read,
    read_mask,
    read_temperature,
    widened,
)
from attnkit.masking import KVCache
from attnkit.multi_head import MultiHead, MultiHeadWeights, attend_heads, multi_head_attend, project_heads
from attnkit.self_attention import Projected, scaled_dot_scores
from attnkit.weighted_sum import expect_scores, read_scores


class NormWeights(NamedTuple):
    """What a layer norm learns.

    Attributes
    ----------
    scale
        Multiplies each number of a normalised vector, shape (d_model,).
    shift
        Is added to it, shape (d_model,).
    """

    scale: Real[Array, " d_model"]
    shift: Real[Array, " d_model"]


class FeedForwardWeights(NamedTuple):
    """What a feed-forward network learns: two layers, in the order in which torch's ``nn.Linear`` lists them.

    Attributes
    ----------
    hidden
        :math:`W_1`, into the hidden layer, shape (d_hidden, d_model).
    hidden_bias
        :math:`b_1`, shape (d_hidden,).
    output
        :math:`W_2`, out of the hidden layer, shape (d_model, d_hidden).
    output_bias
        :math:`b_2`, shape (d_model,).
    """

    hidden: Real[Array, "d_hidden d_model"]
    hidden_bias: Real[Array, " d_hidden"]
    output: Real[Array, "d_model d_hidden"]
    output_bias: Real[Array, " d_model"]


class EncoderWeights(NamedTuple):
    """What an encoder block learns: two sublayers, each with its layer norm.

    Attributes
    ----------
    attention
        Of the sublayer in which the source attends to itself; its output has the width d_model of the inputs.
    attention_norm
        Of the layer norm around it.
    feed_forward
        Of the sublayer that reads each token alone.
    feed_forward_norm
        Of the layer norm around it.
    """

    attention: MultiHeadWeights
    attention_norm: NormWeights
    feed_forward: FeedForwardWeights
    feed_forward_norm: NormWeights


class DecoderWeights(NamedTuple):
    """What a decoder block learns: three sublayers, each with its layer norm.

    Attributes
    ----------
    attention
        Of the sublayer in which the target attends to itself.
    attention_norm
        Of the layer norm around it.
    cross_attention
        Of the sublayer in which the target attends to the memory.
    cross_attention_norm
        Of the layer norm around it.
    feed_forward
        Of the sublayer that reads each token alone.
    feed_forward_norm
        Of the layer norm around it.
    """

    attention: MultiHeadWeights
    attention_norm: NormWeights
    cross_attention: MultiHeadWeights
    cross_attention_norm: NormWeights
    feed_forward: FeedForwardWeights
    feed_forward_norm: NormWeights


class EncoderBlock(NamedTuple):
    """The stages of :func:`encoder_block`, by name.

    Attributes
    ----------
    attention
        All stages of the source's attention to itself.
    cache
        The keys and values of all tokens so far, with an axis for the heads: what the next step takes as its ``past``.
    output
        The vectors that the next block reads, shape (..., n_source, d_model).
    """

    attention: MultiHead
    cache: KVCache
    output: Float[Array, "*batch n_source d_model"]


class DecoderBlock(NamedTuple):
    """The stages of :func:`decoder_block`, by name.

    Attributes
    ----------
    attention
        All stages of the target's attention to itself.
    cross_attention
        All stages of the target's attention to the memory.
    cache
        The keys and values of all target tokens so far, with an axis for the heads: the next step's ``past``.
    output
        The vectors that the next block reads, shape (..., n_target, d_model).
    """

    attention: MultiHead
    cross_attention: MultiHead
    cache: KVCache
    output: Float[Array, "*batch n_target d_model"]


def layer_norm(
    vectors: Real[Array, "*batch d_model"],
    scale: Real[Array, " d_model"],
    shift: Real[Array, " d_model"],
    epsilon: float = 1e-5,
) -> Float[Array, "*batch d_model"]:
    r"""Bring the numbers of each vector to mean 0 and variance 1; then scale and shift each by what was learned.

    .. math::

        \begin{aligned}
        y &= \gamma \odot \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}} + \beta \\
        \mu &= \tfrac{1}{d_{model}} \sum_c x_c \\
        \sigma^2 &= \tfrac{1}{d_{model}} \sum_c (x_c - \mu)^2
        \end{aligned}

    Each token is normalised alone, so no token hears of another here.

    Parameters
    ----------
    vectors
        The vectors :math:`x`, shape (..., d_model).
    scale
        :math:`\gamma`, shape (d_model,).
    shift
        :math:`\beta`, shape (d_model,).
    epsilon
        :math:`\varepsilon`, greater than 0, in the unit of a variance. A vector of equal numbers becomes 0 by it.

    Returns
    -------
    normalised
        The vectors :math:`y`, shape (..., d_model). Half floats are computed in float32.

    Raises
    ------
    ValueError
        If a shape does not fit, a number is NaN or infinite, epsilon is not a finite number above 0,
        or a square is too large for the dtype.

    Notes
    -----
    Source: Ba, Kiros and Hinton 2016, "Layer Normalization", §3, eq. 3, with the gain and bias of §3.1, eq. 4, which
    are our scale and shift. They have no :math:`\varepsilon`; torch's ``nn.LayerNorm`` has this one.

    Examples
    --------
    >>> import numpy as np
    >>> layer_norm(np.asarray([4.0, 8.0]), np.asarray([1.0, 1.0]), np.asarray([0.0, 10.0])).round(3)
    array([-1., 11.])
    """
    xp, vectors, scale, shift = read(vectors=vectors, scale=scale, shift=shift)
    expect_shape("vectors", vectors, "d_model")
    sizes = {"d_model": vectors.shape[-1]}
    expect_weights("scale", scale, "d_model", **sizes)
    expect_weights("shift", shift, "d_model", **sizes)
    if isinstance(epsilon, bool) or not isinstance(epsilon, RealNumber) or not 0 < epsilon < math.inf:
        raise ValueError(f"epsilon must be a finite number greater than 0; got {epsilon}")
    expect_finite(xp, vectors=vectors, scale=scale, shift=shift)
    wide = xp.astype(vectors, widened(xp, vectors), copy=False)
    with np.errstate(over="ignore", invalid="ignore"):
        centred = wide - xp.mean(wide, axis=-1, keepdims=True)
        variance = xp.mean(centred * centred, axis=-1, keepdims=True)
    if not is_finite(xp, variance):
        raise ValueError(f"the squares of vectors overflow {wide.dtype}: use smaller numbers or a wider dtype")
    return xp.astype(centred / xp.sqrt(variance + epsilon) * scale + shift, vectors.dtype, copy=False)


def feed_forward(
    vectors: Real[Array, "*batch d_model"],
    weights: FeedForwardWeights,
) -> Float[Array, "*batch d_model"]:
    r"""Send each vector through a network of one hidden layer, alone.

    .. math:: y = W_2 \max(0, W_1 x + b_1) + b_2

    Parameters
    ----------
    vectors
        The vectors :math:`x`, shape (..., d_model).
    weights
        :math:`W_1, b_1, W_2` and :math:`b_2`, as :class:`FeedForwardWeights` says.

    Returns
    -------
    output
        The vectors :math:`y`, shape (..., d_model).

    Raises
    ------
    ValueError
        If a shape does not fit, a number is NaN or infinite, or a product is too large for the dtype.

    Notes
    -----
    Source: Vaswani et al. 2017, §3.3, eq. 2. They write d_ff for our d_hidden; there it is 4 · d_model.

    Examples
    --------
    >>> import numpy as np
    >>> rows = np.asarray([[1.0], [-1.0]])
    >>> weights = FeedForwardWeights(rows, np.zeros(2), rows.T, np.asarray([10.0]))
    >>> feed_forward(np.asarray([[3.0], [-2.0]]), weights)
    array([[13.], [ 8.]])
    """
    named = {f"weights.{field}": part for field, part in zip(FeedForwardWeights._fields, weights, strict=True)}
    xp, vectors, *parts = read(vectors=vectors, **named)
    hidden, hidden_bias, output, output_bias = parts
    expect_shape("vectors", vectors, "d_model")
    expect_weights("weights.hidden_bias", hidden_bias, "d_hidden")
    sizes = {"d_model": vectors.shape[-1], "d_hidden": hidden_bias.shape[0]}
    expect_weights("weights.hidden", hidden, "d_hidden", "d_model", **sizes)
    expect_weights("weights.output", output, "d_model", "d_hidden", **sizes)
    expect_weights("weights.output_bias", output_bias, "d_model", **sizes)
    expect_finite(xp, vectors=vectors, **dict(zip(named, parts, strict=True)))
    sums = project(xp, vectors, hidden, "the products of weights.hidden") + hidden_bias
    return project(xp, xp.where(sums > 0, sums, 0.0), output, "the products of weights.output") + output_bias


def encoder_block(
    inputs: Real[Array, "*batch n_source d_model"],
    weights: EncoderWeights,
    heads: int,
    mask: Bool[Array, "*_ #n_source"] | None = None,
    *,
    past: KVCache | None = None,
    norm: Literal["post", "pre"] = "post",
    score: Callable[[Array, Array], Array] = scaled_dot_scores,
) -> EncoderBlock:
    r"""Let the tokens of a sentence look at one another, then let each think alone.

    .. math::

        \begin{aligned}
        \text{post:} \quad a &= \mathrm{LN}(x + \mathrm{MultiHead}(x)) \\
        y &= \mathrm{LN}(a + \mathrm{FFN}(a)) \\
        \text{pre:} \quad a &= x + \mathrm{MultiHead}(\mathrm{LN}(x)) \\
        y &= a + \mathrm{FFN}(\mathrm{LN}(a))
        \end{aligned}

    Parameters
    ----------
    inputs
        The vectors :math:`x` of the tokens, shape (..., n_source, d_model).
    weights
        As :class:`EncoderWeights` says.
    heads
        How many heads the attention has.
    mask
        True where a token may attend to a token, as :func:`~attnkit.multi_head.multi_head_attend` reads it.
    past
        The ``cache`` of the tokens before these, where a model without a source reads on word by word; the mask then
        has a column for each of them, too.
    norm
        Where the layer norms stand: "post", behind each sum, or "pre", in front of each sublayer.
    score
        A function of queries and keys, as :func:`~attnkit.multi_head.multi_head_attend` calls it.

    Returns
    -------
    EncoderBlock
        The stages ``attention`` and ``output``.

    Raises
    ------
    ValueError
        As :func:`layer_norm`, :func:`feed_forward` and :func:`~attnkit.multi_head.multi_head_attend` do,
        or if norm is another word.

    Notes
    -----
    Sources: Vaswani et al. 2017, §3.1, for post-norm; Xiong et al. 2020, "On Layer Normalization in the Transformer
    Architecture", §3.3 and table 1, for pre-norm, which they call Pre-LN. A stack of pre-norm blocks has one more
    layer norm behind the last of them. The dropout of Vaswani et al., §5.4, is left out.

    Examples
    --------
    With all weights 0 the sublayers add nothing, and a pre-norm block passes on what it has read.

    >>> import numpy as np
    >>> attention, norm = MultiHeadWeights(*[np.zeros((2, 2))] * 4), NormWeights(np.ones(2), np.zeros(2))
    >>> network = FeedForwardWeights(np.zeros((3, 2)), np.zeros(3), np.zeros((2, 3)), np.zeros(2))
    >>> weights, inputs = EncoderWeights(attention, norm, network, norm), np.asarray([[4.0, 8.0]])
    >>> encoder_block(inputs, weights, heads=1, norm="pre").output
    array([[4., 8.]])
    >>> encoder_block(inputs, weights, heads=1).output.round(3)
    array([[-1., 1.]])
    """
    _, inputs = read(inputs=inputs)
    expect_shape("inputs", inputs, "n_source", "d_model")
    before, after = norm_places(norm)
    normed = before(inputs, weights.attention_norm)
    attention, cache = attend_from(normed, weights.attention, heads, mask, past=past, score=score)
    attended = after(add(inputs, attention.output, "attention"), weights.attention_norm)
    thought = feed_forward(before(attended, weights.feed_forward_norm), weights.feed_forward)
    return EncoderBlock(attention, cache, after(attended + thought, weights.feed_forward_norm))


def decoder_block(
    inputs: Real[Array, "*#batch n_target d_model"],
    memory: Real[Array, "*#batch n_source d_memory"],
    weights: DecoderWeights,
    heads: int,
    mask: Bool[Array, "*_ #n_target"] | None = None,
    *,
    memory_mask: Bool[Array, "*_ #n_source"] | None = None,
    past: KVCache | None = None,
    norm: Literal["post", "pre"] = "post",
    score: Callable[[Array, Array], Array] = scaled_dot_scores,
    memory_score: Callable[[Array, Array], Array] = scaled_dot_scores,
) -> DecoderBlock:
    r"""Let the target's tokens look at one another, then at the source, then let each think alone.

    .. math::

        \begin{aligned}
        \text{post:} \quad a &= \mathrm{LN}(x + \mathrm{MultiHead}(x)) \\
        c &= \mathrm{LN}(a + \mathrm{MultiHead}(a, m)) \\
        y &= \mathrm{LN}(c + \mathrm{FFN}(c)) \\
        \text{pre:} \quad a &= x + \mathrm{MultiHead}(\mathrm{LN}(x)) \\
        c &= a + \mathrm{MultiHead}(\mathrm{LN}(a), m) \\
        y &= c + \mathrm{FFN}(\mathrm{LN}(c))
        \end{aligned}

    Parameters
    ----------
    inputs
        The vectors :math:`x` of the target's tokens, shape (..., n_target, d_model).
    memory
        The vectors :math:`m` that the encoder has made of the source, shape (..., n_source, d_memory). It is read as
        it stands, in both places of the norm.
    weights
        As :class:`DecoderWeights` says.
    heads
        How many heads each attention has.
    mask
        True where a target token may attend to a target token. Nothing is masked by itself: a decoder that must not
        see what it is about to write needs a causal mask here.
    memory_mask
        True where a target token may attend to a source token.
    past
        The ``cache`` of the target tokens before these; the mask then has a column for each of them, too.
    norm
        Where the layer norms stand: "post", behind each sum, or "pre", in front of each sublayer.
    score, memory_score
        Functions of queries and keys: one for the target's attention to itself, one for that to the memory.

    Returns
    -------
    DecoderBlock
        The stages ``attention``, ``cross_attention`` and ``output``.

    Raises
    ------
    ValueError
        As :func:`encoder_block` does.

    Notes
    -----
    Sources: as for :func:`encoder_block`; the memory is the "encoder-decoder attention" of Vaswani et al. 2017, §3.2.3.

    Examples
    --------
    With all other weights 0, only the cross-attention adds something: the mean of the memory.

    >>> import numpy as np
    >>> no, norm = np.zeros((2, 2)), NormWeights(np.ones(2), np.zeros(2))
    >>> nothing, mean = MultiHeadWeights(no, no, no, no), MultiHeadWeights(no, no, np.eye(2), np.eye(2))
    >>> network = FeedForwardWeights(no, np.zeros(2), no, np.zeros(2))
    >>> weights = DecoderWeights(nothing, norm, mean, norm, network, norm)
    >>> memory = np.asarray([[10.0, 0.0], [30.0, 0.0]])
    >>> decoder_block(np.asarray([[4.0, 8.0]]), memory, weights, heads=1, norm="pre").output
    array([[24., 8.]])
    """
    _, inputs = read(inputs=inputs)
    expect_shape("inputs", inputs, "n_target", "d_model")
    before, after = norm_places(norm)
    normed = before(inputs, weights.attention_norm)
    attention, cache = attend_from(normed, weights.attention, heads, mask, past=past, score=score)
    attended = after(add(inputs, attention.output, "attention"), weights.attention_norm)
    cross_attention = multi_head_attend(
        before(attended, weights.cross_attention_norm),
        weights.cross_attention,
        heads,
        memory_mask,
        memory=memory,
        score=memory_score,
    )
    informed = after(add(attended, cross_attention.output, "cross_attention"), weights.cross_attention_norm)
    thought = feed_forward(before(informed, weights.feed_forward_norm), weights.feed_forward)
    return DecoderBlock(attention, cross_attention, cache, after(informed + thought, weights.feed_forward_norm))


def chunked_attend(
    queries: Real[Array, "*#batch n_queries d_q"],
    keys: Real[Array, "*#batch n_keys d_k"],
    values: Real[Array, "*#batch n_keys d_v"],
    mask: Bool[Array, "*_ #n_keys"] | None = None,
    *,
    score: Callable[[Array, Array], Array] = scaled_dot_scores,
    temperature: float = 1.0,
    size: int = 256,
) -> Float[Array, "*#batch n_queries d_v"]:
    r"""Attend as :func:`~attnkit.weighted_sum.attend` does, without ever holding all scores at once.

    Keys are read a chunk at a time. After each, the output is that of attention to the keys so far:

    .. math::

        \begin{aligned}
        m' &= \max(m, s_1, \dots, s_{size}) \\
        z' &= z \, e^{(m - m') / T} + \textstyle\sum_j e^{(s_j - m') / T} \\
        o' &= \frac{z \, e^{(m - m') / T}}{z'} \, o + \sum_j \frac{e^{(s_j - m') / T}}{z'} \, v_j
        \end{aligned}

    :math:`m` is the largest score so far, :math:`z` the sum of the exponentials, :math:`o` the output; all three belong
    to one query, and start with nothing read, :math:`z = 0`.

    Parameters
    ----------
    queries, keys, values, mask, temperature
        As in :func:`~attnkit.weighted_sum.attend`.
    score
        A function of queries and keys that returns the scores. It is given a chunk of each, so a score may look at no
        other key and at no position that the vectors do not hold.
    size
        How many queries, and how many keys, a chunk has.

    Returns
    -------
    output
        The ``output`` of :func:`~attnkit.weighted_sum.attend` within rounding, shape (..., n_queries, d_v); 0 in a row
        with nothing to attend to. There are no weights to return: no row of them is ever whole.
        Beside inputs and output it takes memory for size · size scores of each member of the batch. What torch keeps
        for gradients, and a mask of shape (n_queries, n_keys), are as large as the table that is avoided.

    Raises
    ------
    ValueError
        As :func:`~attnkit.weighted_sum.attend` does, or if size is no whole number from 1.

    Notes
    -----
    Sources: Milakov and Gimelshein 2018, "Online normalizer calculation for softmax", §3, algorithm 3, for :math:`m`
    and :math:`z`, which they call :math:`d`; Rabe and Staats 2021, "Self-attention Does Not Need O(n²) Memory", §3,
    for the output beside them; Dao et al. 2022, "FlashAttention", §3.1, algorithm 1, line 12, for an output that is
    right after each chunk.

    Examples
    --------
    >>> import numpy as np
    >>> queries, keys, values = np.zeros((1, 1)), np.zeros((4, 1)), np.asarray([[1.0], [3.0], [5.0], [7.0]])
    >>> chunked_attend(queries, keys, values, size=3)
    array([[4.]])
    """
    xp, queries, keys, values = read(queries=queries, keys=keys, values=values)
    expect_shape("queries", queries, "n_queries", "d_q")
    expect_shape("keys", keys, "n_keys", "d_k")
    expect_shape("values", values, "n_keys", "d_v", n_keys=keys.shape[-2])
    batch = expect_batches(queries=queries, keys=keys)
    expect_batches(queries=queries, keys=keys, values=values)
    expect_finite(xp, values=values)
    expect_count("size", size)
    temperature = read_temperature(xp, temperature, widened(xp, values))
    n_queries, n_keys = queries.shape[-2], keys.shape[-2]
    # One number, broadcast, has the shape of all scores and takes no memory; so has the mask that forbids nothing.
    table = xp.broadcast_to(queries[..., :1, :1], (*batch, n_queries, n_keys))
    mask = read_mask(xp, xp.ones((1,), dtype=xp.bool, device=queries.device) if mask is None else mask, table)
    outputs = []
    for top in range(0, n_queries, size):
        rows = slice(top, top + size)
        asking, so_far = queries[..., rows, :], nothing_read(xp, table[..., rows, :1])
        for left in range(0, n_keys, size):
            columns = slice(left, left + size)
            scores = score(asking, keys[..., columns, :])
            expect_scores(scores, tuple(table[..., rows, columns].shape))
            so_far = read_on(so_far, scores, mask[..., rows, columns], values[..., columns, :], temperature)
        outputs.append(so_far.output)
    return xp.astype(xp.concat(outputs, axis=-2), values.dtype, copy=False)


class SoFar(NamedTuple):
    """What a query carries from chunk to chunk; the first two of shape (..., n_queries, 1).

    Attributes
    ----------
    largest
        The largest score so far.
    total
        The sum of the exponentials, each of a score less the largest.
    output
        What attention to the keys so far returns, shape (..., n_queries, d_v).
    """

    largest: Float[Array, "*batch n_queries 1"]
    total: Float[Array, "*batch n_queries 1"]
    output: Float[Array, "*batch n_queries d_v"]


def nothing_read(xp: Any, like: Array) -> SoFar:
    """Return what queries carry before the first key, in float32 at least; ``like`` has the shape of their totals."""
    zeros = xp.zeros_like(like, dtype=widened(xp, like))
    # The lowest number and not −∞: as long as there is nothing to attend to, −∞ less −∞ would be NaN.
    return SoFar(zeros + float(xp.finfo(zeros.dtype).min), zeros, zeros)


def read_on(so_far: SoFar, scores: Array, mask: Array, values: Array, temperature: float) -> SoFar:
    """Return what queries carry after one more chunk of keys."""
    xp, scores, mask = read_scores(scores, mask)
    dtype = so_far.total.dtype
    allowed = xp.where(mask, xp.astype(scores, dtype, copy=False), -math.inf)
    largest = xp.maximum(so_far.largest, xp.max(allowed, axis=-1, keepdims=True))
    with np.errstate(over="ignore", under="ignore"):  # what falls below every number has weight 0
        exponentials = xp.exp((allowed - largest) / temperature)
        before = so_far.total * xp.exp((so_far.largest - largest) / temperature)
    total = before + xp.sum(exponentials, axis=-1, keepdims=True)
    # Shares and not sums: they mix the values without ever being larger than these, as attend does.
    divisor = xp.where(total == 0, 1.0, total)
    news = matmul(xp, exponentials / divisor, xp.astype(values, dtype, copy=False), "the weighted sums")
    return SoFar(largest, total, before / divisor * so_far.output + news)


def attend_from(
    inputs: Array,
    weights: MultiHeadWeights,
    heads: int,
    mask: Array | None,
    *,
    past: KVCache | None,
    score: Callable[[Array, Array], Array],
) -> tuple[MultiHead, KVCache]:
    """Let tokens attend to themselves and to those before them; return the stages, and the keys and values of all."""
    queries, keys, values = project_heads(inputs, weights, heads)
    cache = KVCache(keys, values) if past is None else past.extended(keys, values)
    return attend_heads(Projected(queries, *cache), weights, mask, score=score), cache


def norm_places(norm: str) -> tuple[Callable[..., Array], Callable[..., Array]]:
    """Return what is done in front of a sublayer and what behind its sum: one is the layer norm, one is nothing."""

    def normalise(vectors: Array, weights: NormWeights) -> Array:
        return layer_norm(vectors, weights.scale, weights.shift)

    def leave(vectors: Array, _weights: NormWeights) -> Array:
        return vectors

    places = {"post": (leave, normalise), "pre": (normalise, leave)}
    if norm not in places:
        raise ValueError(f'norm must be "post" or "pre"; got {norm!r}')
    return places[norm]


def add(vectors: Array, change: Array, sublayer: str) -> Array:
    """Return the residual sum of what a sublayer has read and what it has made of it; the widths must agree."""
    width, got = vectors.shape[-1], change.shape[-1]
    if got != width:
        raise ValueError(f"weights.{sublayer}.output must make vectors of d_model={width}; got {got}")
    return vectors + change
