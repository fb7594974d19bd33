"""The made English→Spanish language: sentence pairs with gold alignments, their words, and files of your own.

:func:`make_pairs` and :func:`make_splits` draw pairs from a seed, :func:`parse` translates a sentence of the language,
:func:`dictionary` lists its words.
"""

from __future__ import annotations

from attnkit.language.files import load_pairs
from attnkit.language.grammar import CONSTRUCTIONS, parse
from attnkit.language.sampling import Splits, make_pairs, make_splits
from attnkit.language.synchronous import Pair
from attnkit.language.vocabulary import Vocabulary, detokenise, tokenise
from attnkit.language.words import Entry, dictionary, vocabularies

__all__ = [
    "CONSTRUCTIONS",
    "ENGLISH",
    "SPANISH",
    "Entry",
    "Pair",
    "Splits",
    "Vocabulary",
    "detokenise",
    "dictionary",
    "load_pairs",
    "make_pairs",
    "make_splits",
    "parse",
    "tokenise",
]


def __getattr__(name: str) -> Vocabulary:
    """Return ENGLISH or SPANISH, all words of a side; made when first asked for, as the grammar takes a moment."""
    if name in ("ENGLISH", "SPANISH"):
        return vocabularies()[name == "SPANISH"]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
