"""What every formula needs: one array namespace for NumPy and torch, and errors that name shapes.

A formula opens with :func:`read`, so that its own lines can trust their arrays.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from numbers import Real
from typing import Any, TypeAlias

import numpy as np
from array_api_compat import array_namespace, is_array_api_obj, is_torch_namespace

Array: TypeAlias = Any
"""A NumPy array or a torch tensor. The name is for readers: the shape beside it is what tests check."""

_finite_is_assumed: ContextVar[bool] = ContextVar("finite_is_assumed", default=False)


@contextmanager
def assume_finite() -> Iterator[None]:
    """Let the functions of attnkit take every number for finite, as long as the block lasts.

    Otherwise each of them looks for NaN and infinity in what it is given and in its products, and refuses them.
    A training loop that looks at its loss can do without. Everything else is checked all the same.

    Notes
    -----
    The name is that of scikit-learn's setting for the same.

    Examples
    --------
    >>> import numpy as np
    >>> from attnkit import dot_scores
    >>> with assume_finite():
    ...     dot_scores(np.asarray([[np.inf]]), np.asarray([[2.0]]))
    array([[inf]])
    """
    before = _finite_is_assumed.set(True)
    try:
        yield
    finally:
        _finite_is_assumed.reset(before)


def read(**arrays: Array) -> tuple[Any, ...]:
    """Return the array namespace, then the named arrays in the one floating dtype that holds them all.

    Integers are read as the default float, unless a floating array stands beside them and gives its dtype.
    float32 beside float64 gives float64. Nothing is copied that already has the dtype.

    Raises
    ------
    ValueError
        If something is no array, is empty, or holds no real numbers, or if libraries or devices are mixed.
    """
    xp = one_namespace(**arrays)
    for name, array in arrays.items():
        if not is_kind(xp, array.dtype, ("real floating", "integral")):
            raise ValueError(f"{name} must hold real numbers; got dtype {array.dtype}")
        if 0 in array.shape:
            raise ValueError(f"{name} must not be empty; got shape {tuple(array.shape)}")
    floats = {array.dtype for array in arrays.values() if is_kind(xp, array.dtype, ("real floating",))}
    dtype = xp.result_type(*floats) if floats else xp.asarray(1.0).dtype
    return xp, *(array if array.dtype == dtype else xp.astype(array, dtype) for array in arrays.values())


@cache  # it is asked about the same few dtypes in every step of a decoder
def is_kind(xp: Any, dtype: Any, kinds: tuple[str, ...]) -> bool:
    """Return whether the dtype is of one of the kinds of the array API standard."""
    return xp.isdtype(dtype, kinds)


def one_namespace(**arrays: Array) -> Any:
    """Return the namespace that all the named arrays share, or say which of them stand apart."""
    for name, array in arrays.items():
        if not is_array_api_obj(array):
            raise ValueError(
                f"{name} must be an array; got {type(array).__name__}: wrap it in np.asarray(...) or torch.tensor(...)"
            )
    namespaces = {type(array): array_namespace(array) for array in arrays.values()}
    if len(set(namespaces.values())) > 1:
        kinds = [namespaces[type(array)].__name__.rpartition(".")[2] for array in arrays.values()]
        raise ValueError(f"{join(arrays)} must come from one library; got {join(kinds)}")
    places = {name: array.device for name, array in arrays.items()}
    if len(set(places.values())) > 1:
        raise ValueError(f"{join(places)} must be on one device; got {join(places.values())}")
    return next(iter(namespaces.values()))


def read_mask(xp: Any, mask: Array | None, array: Array, name: str = "scores") -> Array:
    """Return ``mask`` in the shape of ``array``; without a mask, every query may attend to every key."""
    if mask is None:
        return xp.ones_like(array, dtype=xp.bool)
    one_namespace(**{name: array, "mask": mask})
    if not is_kind(xp, mask.dtype, ("bool",)):
        raise ValueError(f"mask must be boolean, True where a query may attend; got dtype {mask.dtype}")
    if broadcast(mask.shape, array.shape) != tuple(array.shape):
        raise ValueError(
            f"mask must broadcast to the shape of the {name}, {tuple(array.shape)}; got {tuple(mask.shape)}"
        )
    return xp.broadcast_to(mask, array.shape)


def read_temperature(xp: Any, temperature: float, dtype: Any) -> float:
    """Return ``temperature`` as the nearest number that ``dtype`` can divide by."""
    if isinstance(temperature, bool) or not isinstance(temperature, Real):
        raise ValueError(f"temperature must be a real number; got {type(temperature).__name__}")
    if not 0 < temperature < math.inf:
        raise ValueError(f"temperature must be finite and greater than 0; got {temperature}")
    limits = xp.finfo(dtype)
    return float(min(max(temperature, float(limits.smallest_normal)), float(limits.max)))


def expect_shape(name: str, array: Array, *axes: str, **sizes: int) -> None:
    """Refuse an array whose last axes are not the named ones, of the given sizes."""
    shape = tuple(array.shape)
    if not fits(shape[-len(axes) :], axes, sizes):
        raise ValueError(f"{name} must have shape (..., {spell(axes, sizes)}); got {shape}")


def expect_weights(name: str, weights: Array, *axes: str, **sizes: int) -> None:
    """Refuse weights whose axes are not exactly the named ones: a whole batch shares them."""
    shape = tuple(weights.shape)
    if not fits(shape, axes, sizes):
        raise ValueError(f"{name} must have shape ({spell(axes, sizes)}); got {shape}")


def fits(shape: tuple[int, ...], axes: tuple[str, ...], sizes: dict[str, int]) -> bool:
    """Return whether ``shape`` has these axes, and of each the size that is given for it."""
    return len(shape) == len(axes) and all(sizes.get(axis, n) == n for axis, n in zip(axes, shape, strict=True))


def spell(axes: tuple[str, ...], sizes: dict[str, int]) -> str:
    """Return ``n_keys, d_k=4``."""
    return ", ".join(f"{axis}={sizes[axis]}" if axis in sizes else axis for axis in axes)


def expect_batches(**arrays: Array) -> tuple[int, ...]:
    """Return the batch axes (all but the last two) that the named arrays broadcast to."""
    batches = [tuple(array.shape[:-2]) for array in arrays.values()]
    shared = broadcast(*batches)
    if shared is None:
        raise ValueError(f"the batch axes of {join(arrays)} must broadcast; got {join(batches)}")
    return shared


def expect_finite(xp: Any, *, where: Array | None = None, **arrays: Array) -> None:
    """Refuse NaN and infinity, and say where the first one is; a place where ``where`` is False is not looked at."""
    for name, array in arrays.items():
        seen = array if where is None or _finite_is_assumed.get() else xp.where(where, array, 0.0)
        if not is_finite(xp, seen):
            wrong = xp.astype(~xp.isfinite(seen), xp.int8)
            index = np.unravel_index(int(xp.argmax(xp.reshape(wrong, (-1,)))), array.shape)
            place = tuple(int(i) for i in index)
            raise ValueError(f"{name} must be finite; got {array[place].item()} at index {place}")


def is_finite(xp: Any, array: Array) -> bool:
    """Return whether no number is NaN or infinite, or whether that is assumed."""
    if _finite_is_assumed.get():
        return True
    with np.errstate(over="ignore", invalid="ignore"):
        total = xp.sum(array).item()
    # NaN and infinity never leave a sum, so a finite one clears all its terms at a tenth of the cost of asking each.
    return math.isfinite(total) or bool(xp.all(xp.isfinite(array)))


def is_count(number: Any) -> bool:
    """Return whether this is a whole number from 1."""
    return isinstance(number, int | np.integer) and not isinstance(number, bool) and number >= 1


def expect_count(name: str, number: Any) -> None:
    """Refuse what is no whole number from 1."""
    if not is_count(number):
        raise ValueError(f"{name} must be a whole number from 1; got {number}")


def matmul(xp: Any, left: Array, right: Array, product: str) -> Array:
    """Return ``left @ right``, and refuse a product that its dtype cannot hold.

    NumPy and torch themselves sum half floats in float32.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        result = xp.matmul(left, right)
    if not is_finite(xp, result):
        raise ValueError(f"{product} overflow {left.dtype}: use smaller numbers or a wider dtype")
    return result


def project(xp: Any, vectors: Array, weights: Array, product: str) -> Array:
    """Return ``W v`` for each vector of the last axis, with weights (d_out, d_in) as ``nn.Linear`` keeps them."""
    return matmul(xp, vectors, xp.matrix_transpose(weights), product)


def widened(xp: Any, array: Array) -> Any:
    """Return the dtype to compute in: float32 for the half floats, else the array's own."""
    return xp.result_type(array.dtype, xp.float32)


def uniform(xp: Any, generator: Any, shape: tuple[int, ...], like: Array) -> Array:
    """Return one draw from [0, 1) for each element of ``shape``, in the library, dtype and device of ``like``."""
    if is_torch_namespace(xp):
        import torch  # already loaded by whoever made the tensor

        if not isinstance(generator, torch.Generator):
            raise ValueError(f"generator must be a torch.Generator for tensors; got {type(generator).__name__}")
        return torch.rand(shape, generator=generator, dtype=like.dtype, device=generator.device).to(like.device)
    if not isinstance(generator, np.random.Generator):
        raise ValueError(f"generator must be a np.random.Generator for NumPy arrays; got {type(generator).__name__}")
    return generator.random(shape, dtype=like.dtype)


def broadcast(*shapes: tuple[int, ...]) -> tuple[int, ...] | None:
    """Return the shape that all shapes broadcast to, or None where they do not."""
    try:
        return np.broadcast_shapes(*(tuple(shape) for shape in shapes))
    except ValueError:
        return None


def join(words: Any) -> str:
    """Return ``a, b and c``."""
    *most, last = (str(word) for word in words)
    return f"{', '.join(most)} and {last}" if most else last
