"""Chapter 8: attention does not see where a word stands. Five ways to tell it, and the idea that comes first."""

from __future__ import annotations

import math
from numbers import Real as RealNumber
from typing import Any

import numpy as np
from jaxtyping import Float, Int, Real

from attnkit._arrays import (
    Array,
    broadcast,
    expect_count,
    expect_finite,
    expect_shape,
    expect_weights,
    is_finite,
    join,
    one_namespace,
    read,
    widened,
)


def one_hot_positions(positions: Int[Array, "*batch"], n_positions: int) -> Float[Array, "*batch n_positions"]:
    r"""Give each position a component of its own.

    .. math:: e(p)_j = 1 \text{ if } j = p, \text{ else } 0, \qquad j = 0, \dots, n\_positions - 1

    The idea that comes first. The vector is as long as the longest sentence, and any two positions are equally far
    apart, so that nothing says that 3 is beside 4.

    Parameters
    ----------
    positions
        The whole numbers :math:`p` from 0, shape (...).
    n_positions
        How many positions there are.

    Returns
    -------
    encoding
        Shape (..., n_positions), in the library's default float, without a unit.

    Raises
    ------
    ValueError
        If a position is no whole number from 0 to n_positions − 1.

    Examples
    --------
    >>> import numpy as np
    >>> one_hot_positions(np.asarray([2, 0]), n_positions=3)
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    xp = one_namespace(positions=positions)
    expect_count("n_positions", n_positions)
    expect_whole(xp, positions, n_positions)
    places = xp.arange(n_positions, device=positions.device)
    return xp.astype(positions[..., None] == places, xp.asarray(1.0).dtype)


def learned_positions(
    positions: Int[Array, "*batch"], table: Real[Array, "n_positions d_model"]
) -> Float[Array, "*batch d_model"]:
    r"""Look up the vector that was learned for each position.

    .. math:: e(p) = E_p

    It is :func:`one_hot_positions` times the table. There is no row for a position beyond those that were trained.

    Parameters
    ----------
    positions
        The whole numbers :math:`p` from 0, shape (...).
    table
        :math:`E`, one row for each position, shape (n_positions, d_model).

    Returns
    -------
    encoding
        The rows :math:`E_p`, shape (..., d_model), in the unit of the table.

    Raises
    ------
    ValueError
        If a position is no whole number that the table has a row for, or a number of the table is NaN or infinite.

    Notes
    -----
    Source: Vaswani et al. 2017, §3.5, which has the idea from Gehring et al. 2017 and finds it as good as
    :func:`sinusoidal_positions` (Table 3, row E).

    Examples
    --------
    >>> import numpy as np
    >>> learned_positions(np.asarray([1, 0, 1]), table=np.asarray([[5.0, 6.0], [7.0, 8.0]]))
    array([[7., 8.],
           [5., 6.],
           [7., 8.]])
    """
    one_namespace(positions=positions, table=table)
    xp, table = read(table=table)
    expect_weights("table", table, "n_positions", "d_model")
    expect_whole(xp, positions, table.shape[0])
    expect_finite(xp, table=table)
    rows = xp.take(table, xp.reshape(positions, (-1,)), axis=0)
    return xp.reshape(rows, (*positions.shape, table.shape[1]))


def sinusoidal_positions(
    positions: Real[Array, "*batch"], d_model: int, base: float = 10_000
) -> Float[Array, "*batch d_model"]:
    r"""Give each position the readings of many clocks, from a fast one to a slow one.

    .. math:: PE(p)_{2i} = \sin(p \, \omega_i), \qquad PE(p)_{2i+1} = \cos(p \, \omega_i), \qquad
        \omega_i = base^{-2i / d\_model}

    Parameters
    ----------
    positions
        The numbers :math:`p`, shape (...); they need not be whole.
    d_model
        How many components a vector has. Where it is odd, the last sine has no cosine beside it.
    base
        The slowest clock turns almost ``base`` times more slowly than the first; at least 1.

    Returns
    -------
    encoding
        The vectors :math:`PE(p)`, shape (..., d_model), each number from −1 to 1, without a unit.
        The angles are computed in float32 at least.

    Raises
    ------
    ValueError
        If a position is NaN or infinite, d_model no whole number from 1, or base no finite number from 1.

    Notes
    -----
    Source: Vaswani et al. 2017, §3.5, where our :math:`p` is :math:`pos`. Sines and cosines take turns, as there; some
    libraries put all sines first.

    Examples
    --------
    >>> import numpy as np
    >>> sinusoidal_positions(np.asarray([0.0, np.pi / 2]), d_model=4).round(3)
    array([[0.   , 1.   , 0.   , 1.   ],
           [1.   , 0.   , 0.016, 1.   ]])
    """
    xp, positions = read(positions=positions)
    expect_finite(xp, positions=positions)
    angles = clock_angles(xp, xp.astype(positions, widened(xp, positions), copy=False), d_model, base)
    readings = interleaved(xp, xp.sin(angles), xp.cos(angles))
    return xp.astype(readings[..., :d_model], positions.dtype, copy=False)


def shift_matrix(
    offsets: Real[Array, "*batch"], d_model: int, base: float = 10_000
) -> Float[Array, "*batch d_model d_model"]:
    r"""Return the matrix that moves every sinusoidal encoding by the same number of positions.

    .. math:: PE(p + k) = R_k \, PE(p), \qquad R_k = \operatorname{diag}(B_0, B_1, \dots), \qquad
        B_i = \begin{pmatrix} \cos k\omega_i & \sin k\omega_i \\ -\sin k\omega_i & \cos k\omega_i \end{pmatrix}

    Each block turns one pair (sine, cosine), whatever :math:`p` is. So :math:`PE(p) \cdot PE(p + k)` depends on
    :math:`k` alone.

    Parameters
    ----------
    offsets
        The numbers :math:`k`, shape (...); negative ones move back.
    d_model
        An even number: a sine without its cosine does not tell where the clock will be :math:`k` positions later.
    base
        As in :func:`sinusoidal_positions`.

    Returns
    -------
    matrices
        The rotations :math:`R_k`, shape (..., d_model, d_model), without a unit.

    Raises
    ------
    ValueError
        As :func:`sinusoidal_positions` does, or if d_model is odd.

    Notes
    -----
    Source: Vaswani et al. 2017, §3.5, which says that :math:`PE_{pos+k}` is a linear function of :math:`PE_{pos}`,
    and leaves the matrix to the reader.

    Examples
    --------
    >>> import numpy as np
    >>> shift_matrix(np.asarray(np.pi / 2), d_model=2).round(3) @ sinusoidal_positions(np.asarray(0.0), d_model=2)
    array([1., 0.])
    """
    xp, offsets = read(offsets=offsets)
    expect_finite(xp, offsets=offsets)
    expect_even("d_model", d_model)
    angles = clock_angles(xp, xp.astype(offsets, widened(xp, offsets), copy=False), d_model, base)
    cosines, sines = xp.cos(angles), xp.sin(angles)
    first, second = xp.stack([cosines, sines], axis=-1), xp.stack([-sines, cosines], axis=-1)
    blocks = xp.stack([first, second], axis=-2)  # (..., pairs, 2, 2)
    diagonal = xp.eye(d_model // 2, dtype=blocks.dtype, device=blocks.device)[:, None, :, None]
    spread = xp.reshape(diagonal * blocks[..., None, :], (*offsets.shape, d_model, d_model))
    return xp.astype(spread, offsets.dtype, copy=False)


def rotary(
    vectors: Real[Array, "*batch n d_k"],
    positions: Real[Array, "*_ #n"],
    base: float = 10_000,
) -> Float[Array, "*batch n d_k"]:
    r"""Turn each query or key by an angle that grows with its position.

    .. math:: \begin{pmatrix} x'_{2i} \\ x'_{2i+1} \end{pmatrix} =
        \begin{pmatrix} \cos p\,\omega_i & -\sin p\,\omega_i \\ \sin p\,\omega_i & \cos p\,\omega_i \end{pmatrix}
        \begin{pmatrix} x_{2i} \\ x_{2i+1} \end{pmatrix}, \qquad \omega_i = base^{-2i / d_k}

    The dot product of a turned query and a turned key depends on the two vectors and on how far apart they stand, and
    not on where. Values are not turned.

    Parameters
    ----------
    vectors
        The queries or the keys :math:`x`, shape (..., n, d_k), with an even d_k.
    positions
        The number :math:`p` of each, shape (n,) or any other that broadcasts to (..., n).
    base
        As in :func:`sinusoidal_positions`.

    Returns
    -------
    turned
        The vectors :math:`x'`, as long as before, shape (..., n, d_k), in the unit of the vectors.
        The angles are computed in float32 at least, also for half floats.

    Raises
    ------
    ValueError
        If a shape does not fit, d_k is odd, a number is NaN or infinite, base is no finite number from 1,
        or a result is too large for the dtype.

    Notes
    -----
    Source: Su et al. 2021, "RoFormer", §3.2.2, eqs. 15 and 16, and §3.4.2, eq. 34, for this form of it. Our :math:`p`
    is their :math:`m`, and our :math:`\omega_i` their :math:`\theta_{i+1}`.
    Each component is paired with its neighbour, as there. Some libraries pair :math:`x_i` with :math:`x_{i + d_k/2}`:
    the same with the components in another order, so that weights trained with one do not fit the other.

    Examples
    --------
    >>> import numpy as np
    >>> rotary(np.asarray([[2.0, 0.0], [2.0, 0.0]]), positions=np.asarray([0, np.pi / 2])).round(3)
    array([[2., 0.],
           [0., 2.]])
    """
    # The positions are taken as they came: a half float cannot count beyond 2048.
    xp, vectors, _ = read(vectors=vectors, positions=positions)
    positions = xp.astype(positions, widened(xp, vectors), copy=False)
    expect_shape("vectors", vectors, "n", "d_k")
    expect_even("d_k", vectors.shape[-1])
    places = tuple(vectors.shape[:-1])
    if broadcast(positions.shape, places) != places:
        shape = tuple(positions.shape)
        raise ValueError(f"positions must broadcast to the axes (..., n) of the vectors, {places}; got {shape}")
    expect_finite(xp, vectors=vectors, positions=positions)
    angles = clock_angles(xp, positions, vectors.shape[-1], base)
    cosines, sines = xp.cos(angles), xp.sin(angles)
    even, odd = vectors[..., 0::2], vectors[..., 1::2]
    with np.errstate(over="ignore"):
        turned = interleaved(xp, even * cosines - odd * sines, even * sines + odd * cosines)
        turned = xp.astype(turned, vectors.dtype, copy=False)
    expect_room(xp, "the turned vectors", turned)
    return turned


def alibi_slopes(heads: int) -> list[float]:
    r"""Return how much each head minds distance.

    .. math:: m_h = 2^{-8h / heads}, \qquad h = 1, \dots, heads

    That is for 1, 2, 4, 8, 16, … heads. Between two of these, the slopes of the smaller number come first, and then as
    many as are missing of those that the next larger number has in between: its first, third, fifth, ….

    Parameters
    ----------
    heads
        How many heads there are.

    Returns
    -------
    slopes
        The numbers :math:`m_h`, from 0 to 1, in the unit of a score for each position. They are plain numbers:
        ``np.asarray`` or ``torch.tensor`` makes an array of them for :func:`alibi_biases`.

    Raises
    ------
    ValueError
        If heads is no whole number from 1.

    Notes
    -----
    Source: Press, Smith and Lewis 2022, "Train Short, Test Long", §3, which has this sequence for any number of
    heads and trains with 8 and 16. For numbers that are no power of two the code that the authors published with it
    takes the slopes described above instead, and so do we.

    Examples
    --------
    >>> alibi_slopes(4)
    [0.25, 0.0625, 0.015625, 0.00390625]
    >>> alibi_slopes(3)
    [0.0625, 0.00390625, 0.25]
    """
    expect_count("heads", heads)
    power = 2 ** (int(heads).bit_length() - 1)
    slopes = [2 ** (-8 * h / power) for h in range(1, power + 1)]
    between = [2 ** (-4 * h / power) for h in range(1, 2 * power + 1, 2)]
    return slopes + between[: heads - power]


def alibi_biases(
    query_positions: Real[Array, "*#batch n_queries"],
    key_positions: Real[Array, "*#batch n_keys"],
    slopes: Real[Array, " heads"],
) -> Float[Array, "*#batch heads n_queries n_keys"]:
    r"""Return what to add to the scores so that each head prefers keys that are near.

    .. math:: b_{hij} = -m_h \, |p_i - p_j|

    Parameters
    ----------
    query_positions
        The numbers :math:`p_i`, shape (..., n_queries).
    key_positions
        The numbers :math:`p_j`, shape (..., n_keys).
    slopes
        The numbers :math:`m_h`, for example those of :func:`alibi_slopes`, shape (heads,).

    Returns
    -------
    biases
        The numbers :math:`b_{hij}`, 0 or less, shape (..., heads, n_queries, n_keys), in the unit of a score.
        Distances are computed in float32 at least.

    Raises
    ------
    ValueError
        If a shape does not fit, a number is NaN or infinite, or a bias is too large for the dtype.

    Notes
    -----
    Source: Press, Smith and Lewis 2022, §3. There the keys stand at or before the query, and
    :func:`~attnkit.masking.causal_mask` sees to that; for keys after it we count the distance alike. The biases are
    added after the division by :math:`\sqrt{d_k}`, and nothing is added to the embeddings.

    Examples
    --------
    >>> import numpy as np
    >>> alibi_biases(np.asarray([2]), np.asarray([0, 1, 2, 3]), slopes=np.asarray([0.5, 0.25]))
    array([[[-1.  , -0.5 ,  0.  , -0.5 ]],
           [[-0.5 , -0.25,  0.  , -0.25]]])
    """
    _, _, _, read_slopes = read(query_positions=query_positions, key_positions=key_positions, slopes=slopes)
    xp, behind = keys_behind(query_positions, key_positions)
    expect_weights("slopes", read_slopes, "heads")
    expect_finite(xp, slopes=read_slopes)
    with np.errstate(over="ignore", invalid="ignore"):
        distances = xp.astype(xp.abs(behind)[..., None, :, :], widened(xp, read_slopes), copy=False)
        biases = xp.astype(0.0 - read_slopes[:, None, None] * distances, read_slopes.dtype, copy=False)
    expect_room(xp, "the biases", biases)
    return biases


def keys_behind(query_positions: Array, key_positions: Array) -> tuple[Any, Array]:
    """Return the array namespace, and by how many positions each key stands before each query.

    Whole numbers stay whole, so that no position is too large to be told from its neighbour.
    """
    named = {"query_positions": query_positions, "key_positions": key_positions}
    xp, *arrays = read(**named)
    if all(xp.isdtype(array.dtype, "integral") for array in named.values()):
        arrays = [xp.astype(array, xp.int64, copy=False) for array in named.values()]
    queries, keys = arrays
    expect_shape("query_positions", queries, "n_queries")
    expect_shape("key_positions", keys, "n_keys")
    batches = [tuple(array.shape[:-1]) for array in arrays]
    if broadcast(*batches) is None:
        raise ValueError(f"the batch axes of {join(named)} must broadcast; got {join(batches)}")
    expect_finite(xp, **dict(zip(named, arrays, strict=True)))
    with np.errstate(over="ignore"):
        return xp, queries[..., :, None] - keys[..., None, :]


def clock_angles(xp: Any, positions: Array, d_model: int, base: float) -> Array:
    """Return the angle of each clock at each position, shape (..., pairs), with a pair for an odd last component."""
    expect_count("d_model", d_model)
    if isinstance(base, bool) or not isinstance(base, RealNumber) or not 1 <= base < math.inf:
        raise ValueError(f"base must be a finite number from 1; got {base}")
    frequencies = [float(base) ** (-2 * i / d_model) for i in range((d_model + 1) // 2)]
    return positions[..., None] * xp.asarray(frequencies, dtype=positions.dtype, device=positions.device)


def interleaved(xp: Any, even: Array, odd: Array) -> Array:
    """Return one from each in turn along the last axis."""
    pairs = xp.stack([even, odd], axis=-1)
    return xp.reshape(pairs, (*pairs.shape[:-2], 2 * pairs.shape[-2]))


def expect_room(xp: Any, results: str, array: Array) -> None:
    """Refuse results that their dtype could not hold."""
    if not is_finite(xp, array):
        raise ValueError(f"{results} overflow {array.dtype}: use smaller numbers or a wider dtype")


def expect_even(name: str, number: Any) -> None:
    """Refuse a width whose components do not make pairs."""
    expect_count(name, number)
    if number % 2:
        raise ValueError(f"{name} must be even, because each sine needs its cosine; got {number}")


def expect_whole(xp: Any, positions: Array, n_positions: int) -> None:
    """Refuse positions that are no whole numbers from 0 to n_positions − 1."""
    if not xp.isdtype(positions.dtype, "integral"):
        raise ValueError(f"positions must be whole numbers, of an integer dtype; got dtype {positions.dtype}")
    if 0 in positions.shape:
        raise ValueError(f"positions must not be empty; got shape {tuple(positions.shape)}")
    for position in (int(xp.min(positions)), int(xp.max(positions))):
        if not 0 <= position < n_positions:
            raise ValueError(f"positions must be from 0 to n_positions − 1 = {n_positions - 1}; got {position}")
