"""Choices by name: checked as they are made, written down as JSON, and read again."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, fields
from types import NoneType
from typing import Annotated, Any, NamedTuple, Self, get_args, get_type_hints


class Wanted(NamedTuple):
    """What a choice must be: in words, and as a test."""

    words: str
    fits: Callable[[Any], bool]


def is_number(value: Any) -> bool:
    """Return whether this is a number and no truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def whole(least: int) -> Wanted:
    """Return the demand for a whole number from ``least`` up."""
    return Wanted(f"a whole number from {least} up", lambda value: type(value) is int and value >= least)


Count = Annotated[int, whole(1)]
Positive = Annotated[float, Wanted("a finite number above 0", lambda value: is_number(value) and 0 < value < math.inf)]
Share = Annotated[float, Wanted("a share from 0 to 1", lambda value: is_number(value) and 0 <= value <= 1)]
PartialShare = Annotated[float, Wanted("a share from 0 to below 1", lambda value: is_number(value) and 0 <= value < 1)]


class Choices:
    """The base of frozen dataclasses whose fields say by their annotation what they take.

    A field is annotated with ``Literal`` words, ``bool``, or a kind of this module; with ``| None`` it may be left out.
    """

    def __post_init__(self) -> None:
        for name, kind in get_type_hints(type(self), include_extras=True).items():
            wanted, value = demand(kind), getattr(self, name)
            if not wanted.fits(value):
                raise ValueError(f"{name} must be {wanted.words}; got {value!r}")

    def to_json(self) -> dict[str, Any]:
        """Return the choices as a dictionary that JSON can hold."""
        return asdict(self)

    @classmethod
    def from_json(cls, choices: dict[str, Any]) -> Self:
        """Return what :meth:`to_json` has written down; names that it does not know are refused."""
        unknown = set(choices) - {field.name for field in fields(cls)}
        if unknown:
            raise ValueError(f"{cls.__name__} has no choice named {', '.join(sorted(unknown))}")
        return cls(**choices)


def demand(kind: Any) -> Wanted:
    """Return what an annotation asks of a value."""
    if kind is bool:
        return Wanted("True or False", lambda value: isinstance(value, bool))
    parts = get_args(kind)
    if NoneType in parts:
        inner = demand(next(part for part in parts if part is not NoneType))
        return Wanted(f"{inner.words}, or None", lambda value: value is None or inner.fits(value))
    if isinstance(parts[-1], Wanted):
        return parts[-1]
    return Wanted(f"one of {', '.join(parts)}", lambda value: value in parts)
