"""Pairs as tensors, made once, and batches of like length in an order that the seed and the epoch decide."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import Tensor

from attnkit.decoding import BOS, EOS, pad

if TYPE_CHECKING:
    from attnkit.language import Pair, Vocabulary

POOL = 320  # batches: sentences are sorted by length within so many, so that an epoch keeps its chance


class Batch(NamedTuple):
    """Pairs side by side.

    Attributes
    ----------
    source, mask
        The source words and True where there is one, (batch, n_source).
    previous
        What the decoder reads: ``<bos>`` and the reference's words, (batch, n_target).
    following
        What it should write: the reference's words and ``<eos>``, then ``<pad>``, (batch, n_target).
    n_words
        How many words ``following`` has, ``<eos>`` included and ``<pad>`` not.
    """

    source: Tensor
    mask: Tensor
    previous: Tensor
    following: Tensor
    n_words: int


class Batches:
    """Every epoch's batches of the given pairs.

    Parameters
    ----------
    pairs
        One or more, whose sentences have one or more words; for a language model all sources are empty.
    source, target
        The vocabularies; a word that they do not know becomes ``<unk>``.
    batch_size
        How many pairs a batch has; the last one of an epoch may have fewer.
    seed
        Decides the order. The same seed gives the same batches in every epoch of every run.
    """

    def __init__(
        self, pairs: Sequence[Pair], source: Vocabulary, target: Vocabulary, *, batch_size: int, seed: int = 0
    ) -> None:
        if not pairs or not all(pair.target for pair in pairs) or len({bool(pair.source) for pair in pairs}) > 1:
            raise ValueError(
                "pairs must be one or more, each with words on both sides (for a language model: in the target alone)"
            )
        self.batch_size, self.seed = batch_size, seed
        self.source, self.mask = pad([source.encode(pair.source) for pair in pairs])
        self.target, _ = pad([[BOS, *target.encode(pair.target), EOS] for pair in pairs])
        self.n_source = np.asarray([len(pair.source) for pair in pairs])
        self.n_target = np.asarray([len(pair.target) + 1 for pair in pairs])  # with <eos>
        self._epoch: tuple[int, list[np.ndarray]] | None = None

    def __len__(self) -> int:
        return math.ceil(len(self.n_source) / self.batch_size)

    def __getitem__(self, step: int) -> Batch:
        """Return the batch of a step, counted from 0 through all epochs."""
        epoch, place = divmod(step, len(self))
        if self._epoch is None or self._epoch[0] != epoch:
            self._epoch = epoch, self.order(epoch)
        return self.batch(self._epoch[1][place])

    def order(self, epoch: int) -> list[np.ndarray]:
        """Return the rows of each batch of an epoch."""
        generator = np.random.default_rng([self.seed, epoch])
        shuffled = generator.permutation(len(self.n_source))
        size, pools = self.batch_size, range(0, len(shuffled), self.batch_size * POOL)
        ordered = np.concatenate([self.by_length(shuffled[start : start + size * POOL]) for start in pools])
        batches = np.split(ordered, range(size, len(ordered), size))
        return [batches[i] for i in generator.permutation(len(batches))]

    def by_length(self, rows: np.ndarray) -> np.ndarray:
        """Return the rows sorted by source length, then by target length; ties keep their order.

        Most batches then have sources of one length, and an encoder reads those fastest.
        """
        return rows[np.lexsort([self.n_target[rows], self.n_source[rows]])]

    def once(self) -> list[Batch]:
        """Return batches of all pairs, the short ones first, in the same order always."""
        ordered = self.by_length(np.arange(len(self.n_source)))
        return [self.batch(rows) for rows in np.split(ordered, range(self.batch_size, len(ordered), self.batch_size))]

    def batch(self, rows: np.ndarray) -> Batch:
        """Put the pairs of these rows side by side, no wider than the longest."""
        n_source, n_target = self.n_source[rows].max(), self.n_target[rows].max()
        index = torch.from_numpy(rows)
        target = self.target[index]
        return Batch(
            self.source[index, :n_source],
            self.mask[index, :n_source],
            target[:, :n_target],
            target[:, 1 : n_target + 1],
            int(self.n_target[rows].sum()),
        )

    def fingerprint(self) -> str:
        """Return a hash of all words, by which a run knows its data again."""
        digest = hashlib.sha256(self.source.numpy().tobytes())
        digest.update(self.target.numpy().tobytes())
        return digest.hexdigest()[:16]
