"""A synchronous grammar: one derivation makes an English sentence, its Spanish translation and the links between them.

A rule is written as two rows of elements, for instance ``"don't/1 PREDICATE"`` and ``"no/1 PREDICATE"``.

* A capital opens a slot, which another rule fills on both sides at once; a prime tells two slots of one name apart.
* Anything else is a word.
* ``/1`` and ``?1`` put an element in group 1. Every Spanish word of a group is linked to every English word of it:
  surely if both have ``/``, possibly if one has ``?``.
* ``*`` before a Spanish element makes it the head; a group that a Spanish slot is in takes the head of what fills it.
  Without a star the first slot is the head, or the first word if there is no slot.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

ELEMENT = re.compile(r"(\*?)([^/?*]+)((?:[/?]\d)*)")


class Pair(NamedTuple):
    """An English sentence, its Spanish translation, and which word stands for which.

    Attributes
    ----------
    source
        The English words.
    target
        The Spanish words.
    sure
        Pairs (target index, source index), as rows and columns of the weights; None when no gold is known.
    possible
        The same with the links that one may also leave out; it contains ``sure``. None when no gold is known.
    constructions
        Names from ``CONSTRUCTIONS``.
    """

    source: tuple[str, ...]
    target: tuple[str, ...]
    sure: frozenset[tuple[int, int]] | None
    possible: frozenset[tuple[int, int]] | None
    constructions: frozenset[str]


class Rule(NamedTuple):
    """One rule with both sides: an integer stands for a slot, a string for a word.

    Attributes
    ----------
    left
        The symbol that it rewrites.
    slots
        The symbols of the slots, in English order.
    english
        Words, and slots by their index.
    spanish
        Triples of a word or a slot, the English elements it is surely linked to, and those it may be linked to.
    head
        Which Spanish element is the head.
    weight
        How often it is taken, beside the other rules of its symbol.
    constructions
        What a sentence shows when this rule has taken part in it.
    """

    left: str
    slots: tuple[str, ...]
    english: tuple[str | int, ...]
    spanish: tuple[tuple[str | int, tuple[int, ...], tuple[int, ...]], ...]
    head: int
    weight: float
    constructions: tuple[str, ...]

    @property
    def is_unit(self) -> bool:
        """Whether the rule only hands on to one other symbol."""
        return self.english == (0,) and self.spanish == ((0, (), ()),)


Tree = tuple[Rule, tuple["Tree", ...]]  # a rule, and what fills each of its slots


def read_rule(left: str, english: str, spanish: str, weight: float, constructions: tuple[str, ...]) -> Rule:
    """Read a rule from its two rows."""
    rows = [_read_element(text) for text in english.split()], [_read_element(text) for text in spanish.split()]
    slots = [name for _, name, _ in rows[0] if name[0].isupper()]
    place = {name: index for index, name in enumerate(slots)}
    if len(place) < len(slots) or {name for _, name, _ in rows[1] if name[0].isupper()} != place.keys():
        raise ValueError(f"both sides of a rule must have the same slots, each once; got {english!r} and {spanish!r}")
    groups = [(index, marks) for index, (_, _, marks) in enumerate(rows[0]) if marks]
    linked = tuple((place.get(name, name), *_links(marks, groups)) for _, name, marks in rows[1])
    starred = [index for index, (star, _, _) in enumerate(rows[1]) if star]
    filled = [index for index, (item, _, _) in enumerate(linked) if isinstance(item, int)]
    return Rule(
        left,
        tuple(name.rstrip("'") for name in slots),
        tuple(place.get(name, name) for _, name, _ in rows[0]),
        linked,
        (starred + filled + [0])[0],
        weight,
        constructions,
    )


def _links(marks: dict[str, str], groups: list[tuple[int, dict[str, str]]]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the English elements that a Spanish one is surely linked to, and those that it may be linked to."""
    sure, possible = [], []
    for index, others in groups if marks else ():
        shared = [marks[group] + others[group] for group in marks if group in others]
        if shared:
            (sure if "//" in shared else possible).append(index)
    return tuple(sure), tuple(possible)


def read_word(left: str, english: str, spanish: str, weight: float, constructions: tuple[str, ...]) -> Rule:
    """Read a rule of the lexicon: words only, each of one row linked to each of the other."""
    words = tuple(english.split("_"))
    links = tuple(range(len(words)))
    return Rule(left, (), words, tuple((word, links, ()) for word in spanish.split("_")), 0, weight, constructions)


@cache
def _read_element(text: str) -> tuple[str, str, dict[str, str]]:
    star, name, marks = ELEMENT.fullmatch(text).groups()
    return star, name, dict(zip(marks[1::2], marks[::2], strict=True))


def realise(tree: Tree) -> Pair:
    """Read both sentences, their links and their constructions off a derivation."""
    source: list[str] = []
    constructions: set[str] = set()
    words, _ = _spell(tree, source, constructions)
    sure = frozenset((row, column) for row, (_, columns, _) in enumerate(words) for column in columns)
    possible = frozenset((row, column) for row, (_, _, columns) in enumerate(words) for column in columns)
    return Pair(tuple(source), tuple(word[0] for word in words), sure, sure | possible, frozenset(constructions))


def _spell(tree: Tree, source: list[str], constructions: set[str]) -> tuple[list, int]:
    """Append the English words to the source; return the Spanish words, each with its links, and the head's place."""
    rule, children = tree
    if rule.constructions:
        constructions.update(rule.constructions)
    if rule.is_unit:
        return _spell(children[0], source, constructions)
    if len(rule.english) == 1 and not children:  # most rules are one English word
        here = (len(source),)
        source.append(rule.english[0])
        return [(word, here * len(sure), here * len(possible)) for word, sure, possible in rule.spanish], rule.head
    starts, filled = [len(source)], []
    for item in rule.english:
        if isinstance(item, int):
            filled.append(_spell(children[item], source, constructions))
        else:
            source.append(item)
        starts.append(len(source))
    words, head = [], 0
    for index, (item, sure, possible) in enumerate(rule.spanish):
        below, place = filled[item] if isinstance(item, int) else ([(item, (), ())], 0)
        if index == rule.head:
            head = len(words) + place
        if sure or possible:
            word, surely, possibly = below[place]
            below[place] = (word, surely + _places(sure, starts), possibly + _places(possible, starts))
        words += below
    return words, head


def _places(elements: tuple[int, ...], starts: list[int]) -> tuple[int, ...]:
    """Return where the words of these English elements stand."""
    return tuple(place for element in elements for place in range(starts[element], starts[element + 1]))
