"""What every formula needs: one array namespace for NumPy and torch, and errors that name shapes.

A formula opens with :func:`read`, so that its own lines can trust their arrays.
"""

from __future__ import annotations

import math
from numbers import Real
from typing import Any, TypeAlias

import numpy as np
from array_api_compat import array_namespace, device, is_array_api_obj, is_torch_namespace

Array: TypeAlias = Any
"""A NumPy array or a torch tensor. The name is for readers: the shape beside it is what tests check."""


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
        if not xp.isdtype(array.dtype, ("real floating", "integral")):
            raise ValueError(f"{name} must hold real numbers; got dtype {array.dtype}")
        if 0 in array.shape:
            raise ValueError(f"{name} must not be empty; got shape {tuple(array.shape)}")
    floats = [array.dtype for array in arrays.values() if xp.isdtype(array.dtype, "real floating")]
    dtype = xp.result_type(*floats) if floats else xp.asarray(1.0).dtype
    return xp, *(xp.astype(array, dtype, copy=False) for array in arrays.values())


def one_namespace(**arrays: Array) -> Any:
    """Return the namespace that all the named arrays share, or say which of them stand apart."""
    for name, array in arrays.items():
        if not is_array_api_obj(array):
            raise ValueError(
                f"{name} must be an array; got {type(array).__name__}: wrap it in np.asarray(...) or torch.tensor(...)"
            )
    kinds = {name: array_namespace(array).__name__.rpartition(".")[2] for name, array in arrays.items()}
    if len(set(kinds.values())) > 1:
        raise ValueError(f"{join(kinds)} must come from one library; got {join(kinds.values())}")
    places = {name: str(device(array)) for name, array in arrays.items()}
    if len(set(places.values())) > 1:
        raise ValueError(f"{join(places)} must be on one device; got {join(places.values())}")
    return array_namespace(*arrays.values())


def read_mask(xp: Any, mask: Array | None, scores: Array) -> Array:
    """Return ``mask`` in the shape of ``scores``; without a mask, every query may attend to every key."""
    if mask is None:
        return xp.ones_like(scores, dtype=xp.bool)
    one_namespace(scores=scores, mask=mask)
    if not xp.isdtype(mask.dtype, "bool"):
        raise ValueError(f"mask must be boolean, True where a query may attend; got dtype {mask.dtype}")
    if broadcast(mask.shape, scores.shape) != tuple(scores.shape):
        raise ValueError(
            f"mask must broadcast to the shape of the scores, {tuple(scores.shape)}; got {tuple(mask.shape)}"
        )
    return xp.broadcast_to(mask, scores.shape)


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
    last = dict(zip(reversed(axes), reversed(shape), strict=False))
    if len(last) < len(axes) or any(last[axis] != size for axis, size in sizes.items()):
        wanted = ", ".join(f"{axis}={sizes[axis]}" if axis in sizes else axis for axis in axes)
        raise ValueError(f"{name} must have shape (..., {wanted}); got {shape}")


def expect_batches(**arrays: Array) -> tuple[int, ...]:
    """Return the batch axes (all but the last two) that the named arrays broadcast to."""
    batches = [tuple(array.shape[:-2]) for array in arrays.values()]
    shared = broadcast(*batches)
    if shared is None:
        raise ValueError(f"the batch axes of {join(arrays)} must broadcast; got {join(batches)}")
    return shared


def expect_finite(xp: Any, *, where: Array | bool = True, **arrays: Array) -> None:
    """Refuse NaN and infinity, and say where the first one is."""
    for name, array in arrays.items():
        wrong = ~xp.isfinite(array) & where
        if xp.any(wrong):
            index = np.unravel_index(int(xp.argmax(xp.reshape(xp.astype(wrong, xp.int8), (-1,)))), array.shape)
            place = tuple(int(i) for i in index)
            raise ValueError(f"{name} must be finite; got {array[place].item()} at index {place}")


def matmul(xp: Any, left: Array, right: Array, product: str) -> Array:
    """Return ``left @ right``, and refuse a product that its dtype cannot hold.

    NumPy and torch themselves sum half floats in float32.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        result = xp.matmul(left, right)
    if not xp.all(xp.isfinite(result)):
        raise ValueError(f"{product} overflow {left.dtype}: use smaller numbers or a wider dtype")
    return result


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
