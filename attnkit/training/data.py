"""Which pairs a translator learns from, and which it never sees: written down so that they can be made again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from attnkit import language
from attnkit.language import CONSTRUCTIONS, Pair, Splits, Vocabulary, load_pairs, make_pairs, make_splits


@dataclass(frozen=True, kw_only=True)
class Data:
    """The pairs of one run: the made language of the book, or a file of your own.

    Attributes
    ----------
    file
        A tab-separated file, as :func:`attnkit.language.load_pairs` reads it; None for the made language.
    train, valid, test
        How many pairs of each kind to make. A file gives 5 % of its source sentences, and no more than these numbers,
        to validation and to test each, and the rest to training.
    lengths
        The shortest and the longest source sentence to make, in words. A file is taken as it is.
    held_out
        Constructions of the made language that occur in no training or validation pair.
    seed
        Decides which sentences are made, or which of a file's go where.
    side
        For a language model: the side whose sentences it learns, "source" or "target", each of them once. They become
        the targets of empty sources. None takes the pairs as they are.
    """

    file: str | None = None
    train: int = 20_000
    valid: int = 500
    test: int = 1_000
    lengths: tuple[int, int] = (2, 20)
    held_out: tuple[str, ...] = ()
    seed: int = 0
    side: str | None = None

    def __post_init__(self) -> None:
        for name in ("train", "valid", "test"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be 1 or more; got {getattr(self, name)}")
        if not 1 <= self.lengths[0] <= self.lengths[1]:
            raise ValueError(f"lengths must rise from 1 or more; got {self.lengths[0]} to {self.lengths[1]}")
        if unknown := [name for name in self.held_out if name not in CONSTRUCTIONS]:
            raise ValueError(f"held_out must name constructions, {', '.join(CONSTRUCTIONS)}; got {', '.join(unknown)}")
        if self.side not in {None, "source", "target"}:
            raise ValueError(f"side must be source, target or None; got {self.side!r}")

    def splits(self) -> Splits:
        """Return the pairs for training, validation and test; no source sentence is in two of them."""
        if self.file is not None:
            pairs = split(load_pairs(self.file), self.valid, self.test, self.seed)
        else:
            pairs = make_splits(
                seed=self.seed,
                train=self.train,
                valid=self.valid,
                test=self.test,
                lengths=self.lengths,
                held_out=self.held_out,
            )
        return Splits(*self.sided(*pairs))

    def fresh(self, n: int, lengths: tuple[int, int]) -> list[Pair]:
        """Return n pairs of the made language, of any lengths, that stand in no training or validation pair."""
        train, valid, _ = replace(self, side=None).splits()
        seen = {pair.source for pair in [*train, *valid]}
        [pairs] = self.sided(make_pairs(n, seed=self.seed + 1, lengths=lengths, exclude=seen))
        return pairs

    def sided(self, *parts: Sequence[Pair]) -> list[Sequence[Pair]]:
        """Return the pairs of each part as they are, or for a language model the sentences of one side.

        These become targets of empty sources, each of them once and in one part.
        """
        if self.side is None:
            return list(parts)
        seen: set[tuple[str, ...]] = set()
        found = []
        for part in parts:
            fresh = [words for words in dict.fromkeys(getattr(pair, self.side) for pair in part) if words not in seen]
            seen.update(fresh)
            found.append([alone(words) for words in fresh])
        return found

    def vocabularies(self, train: Sequence[Pair]) -> tuple[Vocabulary, Vocabulary]:
        """Return the vocabularies of both sides: the made language's own, or a file's training words."""
        if self.file is not None:
            return (
                Vocabulary.from_sentences(pair.source for pair in train),
                Vocabulary.from_sentences(pair.target for pair in train),
            )
        own = {"source": language.ENGLISH, "target": language.SPANISH}  # made when they are first asked for
        return (own["source"], own["target"]) if self.side is None else (Vocabulary([]), own[self.side])

    def to_json(self) -> dict[str, Any]:
        """Return the choices as a dictionary that JSON can hold."""
        return {**asdict(self), "lengths": list(self.lengths), "held_out": list(self.held_out)}

    @classmethod
    def from_json(cls, written: dict[str, Any]) -> Data:
        """Return what :meth:`to_json` has written down."""
        return cls(**{**written, "lengths": tuple(written["lengths"]), "held_out": tuple(written["held_out"])})


def alone(words: tuple[str, ...]) -> Pair:
    """Return a sentence that translates nothing: the target of an empty source."""
    return Pair((), words, None, None, frozenset())


def split(pairs: Sequence[Pair], valid: int, test: int, seed: int) -> Splits:
    """Share out the pairs of a file, all translations of one source sentence to the same side."""
    by_source: dict[tuple[str, ...], list[Pair]] = {}
    for pair in pairs:
        by_source.setdefault(pair.source, []).append(pair)
    groups = list(by_source.values())
    if len(groups) < 3:
        raise ValueError(f"a file must have 3 or more different source sentences to be split; got {len(groups)}")
    shuffled = [groups[i] for i in np.random.default_rng(seed).permutation(len(groups))]
    share = max(len(groups) // 20, 1)
    ends = np.cumsum([min(share, valid), min(share, test)])
    parts = shuffled[ends[1] :], shuffled[: ends[0]], shuffled[ends[0] : ends[1]]
    return Splits(*([pair for group in part for pair in group] for part in parts))
