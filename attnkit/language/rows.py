"""How tables of the lexicon and rules of the grammar are read from rows of text."""

from __future__ import annotations

from collections.abc import Iterator

from attnkit.language.synchronous import Rule, read_rule, read_word


def table(text: str) -> Iterator[list[str]]:
    """Read a table of the lexicon: rows in lines or between commas, columns between spaces."""
    for row in text.replace(",", "\n").splitlines():
        if row.strip():
            yield row.split()


def marked(text: str, marks: str) -> str:
    """Put each word of a row of the lexicon in a group: ``ice_cream`` becomes ``ice/1 cream/1``."""
    return " ".join(word + marks for word in text.split("_"))


def rule(left: str, english: str, spanish: str, weight: float = 1.0, *constructions: str) -> Rule:
    """Return a rule; see :mod:`attnkit.language.synchronous` for how its rows are written."""
    return read_rule(left, english, spanish, weight, constructions)


def word(left: str, english: str, spanish: str, weight: float = 1.0, *constructions: str) -> Rule:
    """Return a rule of the lexicon; an underscore parts the words of a row."""
    return read_word(left, english, spanish, weight, constructions)
