"""What the figures take in, checked, and how they write a number."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike


def numbers(array: ArrayLike, name: str, shape: str, *, masked: bool = False) -> np.ndarray:
    """Return float64 numbers of the rank that ``shape`` has; with ``masked``, −∞ may stand among them."""
    if hasattr(array, "detach"):  # a torch tensor: it may carry gradients, live on a device, or be a bfloat16
        array = array.detach().cpu().double()
    try:
        found = np.asarray(array)
        found = found.astype(float, casting="same_kind" if found.dtype.kind in "fc" else "safe")
    except (TypeError, ValueError, RuntimeError):  # the last: a list of tensors that carry gradients
        raise ValueError(f"{name} must be numbers of shape {shape}; got {array!r}") from None
    if found.ndim != shape.count(",") + (not shape.endswith(",)")) or not found.size:
        raise ValueError(f"{name} must have shape {shape}, none of them 0; got {found.shape}")
    wrong = np.isnan(found) | (found == np.inf) | (~masked & (found == -np.inf))
    if wrong.any():
        place = tuple(map(int, np.argwhere(wrong)[0]))
        allowed = "finite, or −∞ where masked" if masked else "finite"
        raise ValueError(f"{name} must be {allowed}; got {found[place]} at {place}")
    return found


def label_list(labels: Sequence[str] | None, count: int, name: str, prefix: str = "") -> list[str]:
    """Return ``count`` labels; without any given, ``prefix`` and a number from 0."""
    if labels is None:
        return [f"{prefix}{number}" for number in range(count)]
    if isinstance(labels, str):
        raise ValueError(f"{name} must be a list of {count} words; got the one string {labels!r}")
    labels = [str(label) for label in labels]
    if len(labels) != count:
        raise ValueError(f"{name} must hold {count} labels; got {len(labels)}: {labels}")
    return labels


def writer(array: np.ndarray) -> Callable[[float], str]:
    """Return how to write each number of ``array``: with as many decimals as their size asks for, and a true minus."""
    finite = np.abs(array[np.isfinite(array)])
    most = finite.max(initial=0)
    if np.all(finite == np.round(finite)) and most < 1e5:
        form = ".0f"
    elif 1e-3 <= most < 1e4:
        form = ".3f" if most < 0.1 else ".2f" if most < 100 else ".1f"
    else:
        form = ".2g"

    def write(number: float) -> str:
        if number == -np.inf:
            return "−∞"
        text = format(float(number), form)
        return text.lstrip("-") if float(text) == 0 else text.replace("-", "−")

    return write


def short(number: float) -> str:
    """Write a tick: as many digits as needed."""
    return f"{number:.6g}".replace("-", "−")


def counted(count: int, word: str) -> str:
    """Return the count with its word, which takes an s in the plural."""
    return f"{count} {word}" + ("" if count == 1 else "s")


def spoken(label: str) -> str:
    """Return a label as a sentence can hold it: a comma, which is a token too, in quotes."""
    return label if any(map(str.isalnum, label)) else f"“{label}”"
