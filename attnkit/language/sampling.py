"""Sentences of the made language, drawn from a seed: distinct, of chosen lengths, with or without a construction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from itertools import chain
from random import Random
from typing import NamedTuple

from attnkit.language import lexicon
from attnkit.language.derivations import LONGEST
from attnkit.language.grammar import CONSTRUCTIONS, START, grammar, read
from attnkit.language.nouns import in_both_numbers
from attnkit.language.rows import table
from attnkit.language.synchronous import Pair

PATIENCE = 200  # so many draws in a row without a new sentence, and a length counts as used up
NEAR = 7  # so many words apart, a word may come again
ALIKE = {  # groups of adjectives that tell the same
    "ripeness": "colour",
    "coat": "colour",
    "nature": "character",
    "content": "age",
    "price": "age",
    "weight": "age",
}


class Splits(NamedTuple):
    """Pairs to train on, to choose a model by, and to report; no English sentence is in two of them."""

    train: list[Pair]
    valid: list[Pair]
    test: list[Pair]


def make_pairs(
    n: int,
    *,
    seed: int,
    lengths: tuple[int, int] = (2, 20),
    without: Collection[str] = (),
    only: Collection[str] = (),
    exclude: Collection[tuple[str, ...]] = (),
) -> list[Pair]:
    """Draw distinct sentence pairs with their gold alignment.

    Parameters
    ----------
    n
        How many.
    seed
        The same seed gives the same pairs, on every machine.
    lengths
        The shortest and the longest English sentence, in words, both included and within 1 to 60.
        The pairs are spread evenly over the lengths, as far as the language has that many sentences.
    without
        Names from :data:`CONSTRUCTIONS` that occur in no sentence.
    only
        Names from :data:`CONSTRUCTIONS` of which each sentence shows at least one.
    exclude
        English sentences, as tuples of words, that must not come.

    Returns
    -------
    pairs
        In an order that mixes the lengths.

    Raises
    ------
    ValueError
        If a name is no construction, the lengths make no sense, or the language has not that many such sentences.

    Examples
    --------
    >>> pair = make_pairs(1, seed=2, lengths=(4, 4), only=["negated_command"])[0]
    >>> len(pair.source)
    4
    """
    shortest, longest = lengths
    if not 1 <= shortest <= longest <= LONGEST:
        raise ValueError(
            f"lengths must be (shortest, longest) with 1 <= shortest <= longest <= {LONGEST}; got {lengths}"
        )
    if n < 0:
        raise ValueError(f"n must be at least 0; got {n}")
    rules = grammar(_names("without", without), _names("only", only))
    start = START + "+" * bool(only)
    open_lengths = [length for length in range(shortest, longest + 1) if length in rules.lengths[start]]
    seen, pairs, turn = set(exclude), [], 0
    draw = Random(seed).random  # noqa: S311
    while len(pairs) < n and open_lengths:
        length = open_lengths[turn % len(open_lengths)]
        for _ in range(PATIENCE):
            pair = read(rules.sample(start, length, draw))
            if pair.source not in seen and sensible(pair.source):
                seen.add(pair.source)
                pairs.append(pair)
                turn += 1
                break
        else:
            open_lengths.remove(length)
    if len(pairs) < n:
        raise ValueError(
            f"n must be at most {len(pairs)}, for so many sentences of lengths {lengths} were found; got {n}"
        )
    order = [draw() for _ in pairs]
    return [pairs[index] for index in sorted(range(n), key=order.__getitem__)]


def _names(argument: str, names: Collection[str]) -> tuple[str, ...]:
    """Return names of constructions in one order, or say which is none."""
    for name in [names] if isinstance(names, str) else names:
        if name not in CONSTRUCTIONS:
            raise ValueError(
                f"{argument} must hold names from CONSTRUCTIONS ({', '.join(CONSTRUCTIONS)}); got {name!r}"
            )
    return tuple(name for name in CONSTRUCTIONS if name in names)


def sensible(source: Sequence[str]) -> bool:
    """Return whether no noun, verb or kind of adjective comes twice within a few words.

    The grammar would else say that a blue hat is green, and list the same apple twice.
    """
    told, last = _tellings(), {}
    for place, english in enumerate(source):
        if english in told:
            what = told[english]
            if place - last.get(what, -NEAR) < NEAR:
                return False
            last[what] = place
    return True


@cache
def _tellings() -> dict[str, str]:
    """Return what each content word tells: an adjective its group, a noun or a verb its first form."""
    verbs = (lexicon.TRANSITIVE, lexicon.STATIVE, lexicon.INTRANSITIVE, lexicon.MOTION, lexicon.LIVING, lexicon.GIVING)
    names = (*lexicon.NAMES.values(), *lexicon.NAMES_WITH_I.values())
    told = {form: forms.split("/")[0] for text in verbs for forms, *_ in table(text) for form in forms.split("/")}
    told |= {name: name for text in names for name, _ in table(text)}
    for row in chain.from_iterable(table(text) for text in lexicon.NOUNS.values()):
        told |= {english: row[0] for _, english, _ in in_both_numbers(*row)}
    told |= {english: "size" for text in lexicon.COMPARATIVES.values() for english, _ in table(text)}
    for group, (*_, text) in lexicon.ADJECTIVES.items():
        told |= {english: ALIKE.get(group, group) for english, _ in table(text)}
    return told


def make_splits(
    *,
    seed: int,
    train: int = 20_000,
    valid: int = 500,
    test: int = 1_000,
    lengths: tuple[int, int] = (2, 20),
    held_out: Collection[str] = (),
) -> Splits:
    """Draw pairs to train on, to choose a model by, and to report.

    Parameters
    ----------
    seed, lengths
        As for :func:`make_pairs`.
    train, valid, test
        How many pairs each has.
    held_out
        Names from :data:`CONSTRUCTIONS` that occur neither in train nor in valid; test has them as the language has.

    Returns
    -------
    Splits
        No English sentence is in two of them.

    Raises
    ------
    ValueError
        As :func:`make_pairs` does.
    """
    learned = make_pairs(train + valid, seed=seed, lengths=lengths, without=held_out)
    known = {pair.source for pair in learned}
    unseen = make_pairs(test, seed=seed + 1, lengths=lengths, exclude=known)
    return Splits(learned[:train], learned[train:], unseen)
