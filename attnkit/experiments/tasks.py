"""What a model learns and is measured on: to translate, to go on with a sentence, or to notice what comes again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

from attnkit import language
from attnkit.experiments.heads import measure_repeats, remarks
from attnkit.experiments.measures import HeldOut, measure
from attnkit.language import Pair, Vocabulary, make_pairs
from attnkit.training.data import alone

if TYPE_CHECKING:
    from attnkit.checkpoints import Checkpoint
    from attnkit.experiments.setting import Setting
    from attnkit.training import Data

N_SYMBOLS = 48
REPEATS = 48  # symbols in a sequence that repeats itself
PERIODS = 8, 20  # after how few and how many symbols it does


class Task(NamedTuple):
    """One task.

    Attributes
    ----------
    sentences
        Returns the pairs to train on, to validate on, and to test on at a setting; none stands in two of them.
    vocabularies
        Returns the words of both sides.
    measure
        Returns what is measured of a model on the test sentences, as JSON.
    data
        Returns how anybody can make the pairs again, or None where no command of ours does.
    """

    sentences: Callable[[Setting], tuple[list[Pair], list[Pair], HeldOut]]
    vocabularies: Callable[[], tuple[Vocabulary, Vocabulary]]
    measure: Callable[[Checkpoint, HeldOut], dict[str, Any]]
    data: Callable[[Setting], Data | None]


@cache
def translations(setting: Setting) -> tuple[list[Pair], list[Pair], HeldOut]:
    """Return English sentences with their translations."""
    splits = setting.data().splits()
    seen = {pair.source for part in splits for pair in part}
    bins, commands = {}, {}
    for number, lengths in enumerate(setting.bins):
        seed = 1_000 * (setting.data_seed + 1) + number
        bins[lengths] = make_pairs(setting.per_bin, seed=seed, lengths=lengths, exclude=seen)
        # Some of these sentences have their command further on, or say "do not".
        negated = make_pairs(8 * setting.per_bin, seed=seed, lengths=lengths, exclude=seen, only=("negated_command",))
        commands[lengths] = [pair for pair in negated if pair.source[0] == "don't"][: setting.per_bin]
    return splits.train, splits.valid, HeldOut(splits.test, bins, commands, remarks(seen))


@cache
def monologues(setting: Setting) -> tuple[list[Pair], list[Pair], HeldOut]:
    """Return the English sides of the same sentences, with nothing to read before."""
    train, valid, sets = translations(setting)
    bins = {lengths: english(pairs) for lengths, pairs in sets.bins.items()}
    return english(train), english(valid), HeldOut(english(sets.test), bins, {}, [])


def english(pairs: list[Pair]) -> list[Pair]:
    """Return the English side of pairs as targets without a source."""
    return [alone(pair.source) for pair in pairs]


@cache
def repeats(setting: Setting) -> tuple[list[Pair], list[Pair], HeldOut]:
    """Return sequences of random symbols that begin again after a random number of them, and again."""
    draw = Random(setting.data_seed)  # noqa: S311
    symbols = list(SYMBOLS.words[-N_SYMBOLS:])

    def sequence() -> Pair:
        period = draw.choices(symbols, k=draw.randint(*PERIODS))
        return alone(tuple((period * REPEATS)[:REPEATS]))

    train, valid, test = ([sequence() for _ in range(n)] for n in (setting.train, setting.valid, setting.test))
    return train, valid, HeldOut(test, {}, {}, [])


SYMBOLS = Vocabulary([f"s{number}" for number in range(N_SYMBOLS)])
NONE = Vocabulary([])

TASKS = {
    "translation": Task(
        translations, lambda: (language.ENGLISH, language.SPANISH), measure, lambda setting: setting.data()
    ),
    "monologue": Task(
        monologues,
        lambda: (NONE, language.ENGLISH),
        measure,
        lambda setting: replace(setting.data(), side="source"),
    ),
    "repeats": Task(repeats, lambda: (NONE, SYMBOLS), measure_repeats, lambda _: None),
}
"""By the names that recipes call them."""
