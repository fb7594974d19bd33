"""Which words the made language has."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from itertools import chain
from typing import NamedTuple

from attnkit.language import lexicon
from attnkit.language.grammar import grammar
from attnkit.language.rows import table
from attnkit.language.vocabulary import Vocabulary


class Entry(NamedTuple):
    """A word of the dictionary: the English word, its class, and the Spanish words that it can be linked to."""

    english: str
    word_class: str
    spanish: tuple[str, ...]


@cache
def dictionary() -> tuple[Entry, ...]:
    """Return all English words of the language, sorted, each with its class and the Spanish words it can stand for.

    Classes are those of the tables in ``attnkit/language/lexicon.py``: a noun by what it is (``food``), a ``name``, an
    ``adjective``, a ``verb``, and ``other`` for the small words. What has no Spanish word of its own, such as do,
    comes with those that it may be linked to.
    """
    sure, possible = defaultdict(set), defaultdict(set)
    for rule in chain.from_iterable(grammar().rules.values()):
        for word, surely, possibly in rule.spanish:
            for found, elements in ((sure, surely), (possible, possibly)):
                for english in (rule.english[element] for element in elements):
                    if isinstance(word, str) and isinstance(english, str):
                        found[english].add(word)
    sure["an"] = sure["a"]
    classes = _classes()
    return tuple(
        Entry(english, classes.get(english, "other"), tuple(sorted(sure[english] or possible[english])))
        for english in sorted(_words()[0])
    )


def _classes() -> dict[str, str]:
    """Return the class of each English word that the tables of the lexicon have."""
    adjectives = [text for *_, text in lexicon.ADJECTIVES.values()]
    adjectives += [lexicon.ORIGINS, lexicon.FIELDS, *lexicon.PRENOMINAL.values(), *lexicon.COMPARATIVES.values()]
    verbs = (lexicon.TRANSITIVE, lexicon.STATIVE, lexicon.INTRANSITIVE, lexicon.MOTION, lexicon.LIVING, lexicon.GIVING)
    found = {row[0]: "adjective" for text in adjectives for row in table(text)}
    forms = [form for text in verbs for row in table(text) for form in row[0].split("/")]
    found |= {form.split("_")[0]: "verb" for form in forms}
    found |= {
        row[0]: "name" for text in (*lexicon.NAMES.values(), *lexicon.NAMES_WITH_I.values()) for row in table(text)
    }
    for rule in chain.from_iterable(grammar().rules.values()):
        if rule.left.startswith("NOUN."):
            found |= {word: rule.left.split(".")[1] for word in rule.english if isinstance(word, str)}
    return found


def _words() -> tuple[set[str], set[str]]:
    """Return all English and all Spanish words that a sentence can have."""
    english, spanish = {"an"}, set()
    for rule in chain.from_iterable(grammar().rules.values()):
        english.update(word for word in rule.english if isinstance(word, str))
        spanish.update(word for word, _, _ in rule.spanish if isinstance(word, str))
    return english, spanish


@cache
def vocabularies() -> tuple[Vocabulary, Vocabulary]:
    """Return all English and all Spanish words that a sentence can have, sorted."""
    english, spanish = _words()
    return Vocabulary(sorted(english)), Vocabulary(sorted(spanish))
