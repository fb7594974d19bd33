"""Chapter 9: who may attend to whom, how other libraries write it down, and what need not be computed twice."""

from __future__ import annotations

import math
from typing import NamedTuple

from jaxtyping import Bool, Float, Int, Real

from attnkit._arrays import Array, expect_count, expect_finite, expect_shape, one_namespace, read
from attnkit.positions import keys_behind

MAY_ATTEND, IGNORE, ADD = "True where a query may attend", "True where a key is ignored", "0 where it may, −∞ elsewhere"
CONVENTIONS = {
    "attnkit": MAY_ATTEND,
    "sdpa": MAY_ATTEND,
    "keras": MAY_ATTEND,
    "multihead": IGNORE,
    "additive": ADD,
}
"""What a mask means, by the name of who reads it: see :func:`convert_mask`."""


def causal_mask(
    query_positions: Real[Array, "*#batch n_queries"],
    key_positions: Real[Array, "*#batch n_keys"] | None = None,
) -> Bool[Array, "*#batch n_queries n_keys"]:
    r"""Let each query see the keys up to its own position, and none from the future.

    .. math:: m_{ij} = p_j \le p_i

    Parameters
    ----------
    query_positions
        The numbers :math:`p_i`, shape (..., n_queries).
    key_positions
        The numbers :math:`p_j`, shape (..., n_keys); those of the queries, if left out.

    Returns
    -------
    mask
        :math:`m_{ij}`, True where a query may attend, shape (..., n_queries, n_keys).

    Raises
    ------
    ValueError
        If a shape does not fit, or a position is NaN or infinite.

    Notes
    -----
    Source: Vaswani et al. 2017, §3.2.3, which puts −∞ on what is forbidden.
    With as many queries as keys it is the lower triangle. With fewer queries, as beside a :class:`KVCache`, only
    positions tell which triangle is meant.

    Examples
    --------
    >>> import numpy as np
    >>> causal_mask(np.asarray([2, 3]), np.asarray([0, 1, 2, 3]))
    array([[ True,  True,  True, False],
           [ True,  True,  True,  True]])
    """
    _, behind = keys_behind(query_positions, query_positions if key_positions is None else key_positions)
    return behind >= 0


def sliding_window_mask(
    query_positions: Real[Array, "*#batch n_queries"],
    key_positions: Real[Array, "*#batch n_keys"],
    width: int,
) -> Bool[Array, "*#batch n_queries n_keys"]:
    r"""Let each query see the last few keys, that at its own position included.

    .. math:: m_{ij} = 0 \le p_i - p_j < width

    Parameters
    ----------
    query_positions
        The numbers :math:`p_i`, shape (..., n_queries).
    key_positions
        The numbers :math:`p_j`, shape (..., n_keys).
    width
        How many positions a query sees. At 1 it sees only its own; at the length of the sentence or more this is
        :func:`causal_mask`.

    Returns
    -------
    mask
        :math:`m_{ij}`, True where a query may attend, shape (..., n_queries, n_keys).

    Raises
    ------
    ValueError
        As :func:`causal_mask` does, or if width is no whole number from 1.

    Notes
    -----
    Source: Jiang et al. 2023, "Mistral 7B", §2. There a token attends to at most :math:`W` tokens (Figure 1), which is
    our width; the text beside it writes "between :math:`i - W` and :math:`i`", which would be one more.

    Examples
    --------
    >>> import numpy as np
    >>> sliding_window_mask(np.asarray([0, 1, 2]), np.asarray([0, 1, 2]), width=2)
    array([[ True, False, False],
           [ True,  True, False],
           [False,  True,  True]])
    """
    expect_count("width", width)
    _, behind = keys_behind(query_positions, key_positions)
    return (behind >= 0) & (behind < width)


def padding_mask(lengths: Int[Array, "*batch"], n_keys: int) -> Bool[Array, "*batch 1 n_keys"]:
    r"""Let all queries see the words of a sentence, and none the padding behind them.

    .. math:: m_{ij} = j < length, \qquad j = 0, \dots, n\_keys - 1

    Parameters
    ----------
    lengths
        How many words each sentence has, shape (...); whole numbers.
    n_keys
        How many keys there are, padding included.

    Returns
    -------
    mask
        :math:`m_{ij}`, True on words, shape (..., 1, n_keys): the same for each query. Joined with another mask by
        ``&``, it has the shape that both broadcast to.

    Raises
    ------
    ValueError
        If a length is no whole number from 0 to n_keys, or n_keys none from 1.

    Examples
    --------
    >>> import numpy as np
    >>> padding_mask(np.asarray([1, 3]), n_keys=3)
    array([[[ True, False, False]],
           [[ True,  True,  True]]])
    >>> positions = np.asarray([0, 1, 2])
    >>> padding_mask(np.asarray(2), n_keys=3) & causal_mask(positions)
    array([[ True, False, False],
           [ True,  True, False],
           [ True,  True, False]])
    """
    xp, _ = read(lengths=lengths)
    expect_count("n_keys", n_keys)
    if not xp.isdtype(lengths.dtype, "integral"):
        raise ValueError(f"lengths must be whole numbers, of an integer dtype; got dtype {lengths.dtype}")
    for length in (int(xp.min(lengths)), int(xp.max(lengths))):
        if not 0 <= length <= n_keys:
            raise ValueError(f"lengths must be from 0 to n_keys={n_keys}; got {length}")
    return xp.arange(n_keys, device=lengths.device) < lengths[..., None, None]


def convert_mask(mask: Array, source: str, target: str) -> Array:
    r"""Write a mask down as another reader expects it.

    ============== ======================================= =======================================================
    name           read by                                 meaning
    ============== ======================================= =======================================================
    ``attnkit``    this book                               True where a query may attend
    ``sdpa``       ``F.scaled_dot_product_attention``      True where a query may attend
    ``keras``      ``keras.layers.MultiHeadAttention``     True where a query may attend
    ``multihead``  ``torch.nn.MultiheadAttention``         True where a key is ignored
    ``additive``   both of torch, as a floating mask       0 where a query may attend, −∞ elsewhere
    ============== ======================================= =======================================================

    Parameters
    ----------
    mask
        The mask as the source writes it: boolean, or for ``additive`` floating, of any shape.
    source
        The name of who wrote it.
    target
        The name of who will read it.

    Returns
    -------
    mask
        The mask as the target reads it, of the same shape: boolean, or for ``additive`` in the dtype that it came in,
        or else in the library's default float.

    Raises
    ------
    ValueError
        If a name is none of these, the dtype is not that of the source, or an additive mask holds something between
        0 and −∞: that is a bias, and no boolean mask can say it.

    Notes
    -----
    Only the meaning is converted. ``nn.MultiheadAttention`` wants its ``attn_mask`` in the shape (n_queries, n_keys) or
    (batch · heads, n_queries, n_keys), and padding as a ``key_padding_mask`` of shape (batch, n_keys).

    Examples
    --------
    >>> import numpy as np
    >>> convert_mask(np.asarray([True, False]), "attnkit", "multihead")
    array([False,  True])
    >>> convert_mask(np.asarray([True, False]), "attnkit", "additive")
    array([  0., -inf])
    """
    for name, convention in (("source", source), ("target", target)):
        if convention not in CONVENTIONS:
            raise ValueError(f"{name} must be one of {', '.join(CONVENTIONS)}; got {convention!r}")
    written, wanted = CONVENTIONS[source], CONVENTIONS[target]
    xp = one_namespace(mask=mask)
    kind = "floating" if written == ADD else "boolean"
    if not xp.isdtype(mask.dtype, "real floating" if written == ADD else "bool"):
        raise ValueError(f"a mask of {source} must be {kind}, {written}; got dtype {mask.dtype}")
    if written == ADD and not xp.all((mask == 0) | (mask == -math.inf)):
        raise ValueError("an additive mask must hold 0 and −∞ only: what lies between is a bias, to be added to scores")
    if written == wanted:
        return mask
    may_attend = mask == 0 if written == ADD else mask
    if written == IGNORE:
        may_attend = ~may_attend
    if wanted == ADD:
        return xp.where(may_attend, 0.0, -math.inf)
    return may_attend if wanted == MAY_ATTEND else ~may_attend


class KVCache(NamedTuple):
    r"""The keys and values of the words so far, kept for the words to come.

    Under a causal mask an earlier word never sees a later one, so its key and value stay what they are. A decoder
    that writes word by word projects each word once, and lets the new query attend to the cache: the result is that of
    a pass over the whole sentence.

    Attributes
    ----------
    keys
        Shape (..., n_keys, d_k).
    values
        Shape (..., n_keys, d_v).

    Notes
    -----
    Source: Shazeer 2019, "Fast Transformer Decoding", §2.4, where our keys and values are the incremental
    self-attention's :math:`prev\_K` and :math:`prev\_V`.
    Each step copies the cache. Libraries reserve the room beforehand and write in place.

    Examples
    --------
    >>> import numpy as np
    >>> cache = KVCache(np.asarray([[1.0]]), np.asarray([[10.0]])).extended(np.asarray([[2.0]]), np.asarray([[20.0]]))
    >>> cache.keys.tolist(), cache.values.tolist()
    ([[1.0], [2.0]], [[10.0], [20.0]])
    """

    keys: Float[Array, "*batch n_keys d_k"]
    values: Float[Array, "*batch n_keys d_v"]

    def extended(
        self,
        keys: Real[Array, "*batch n_new d_k"],
        values: Real[Array, "*batch n_new d_v"],
    ) -> KVCache:
        """Return the cache with these keys and values behind its own; this one stays as it is.

        Raises
        ------
        ValueError
            If there are not as many values as keys, a number is NaN or infinite, or a shape differs from the
            cache's in more than the number of keys.
        """
        xp, *arrays = read(keys=keys, values=values, cached_keys=self.keys, cached_values=self.values)
        keys, values, cached_keys, cached_values = arrays
        expect_shape("keys", keys, "n_new", "d_k", d_k=cached_keys.shape[-1])
        expect_shape("values", values, "n_new", "d_v", n_new=keys.shape[-2], d_v=cached_values.shape[-1])
        for name, new, old in (("keys", keys, cached_keys), ("values", values, cached_values)):
            if new.shape[:-2] != old.shape[:-2]:
                batches = f"{tuple(old.shape[:-2])} and {tuple(new.shape[:-2])}"
                raise ValueError(f"the {name} must have the batch axes of the cache; got {batches}")
        expect_finite(xp, keys=keys, values=values)
        return KVCache(xp.concat([cached_keys, keys], axis=-2), xp.concat([cached_values, values], axis=-2))
