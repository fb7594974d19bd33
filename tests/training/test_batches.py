"""Promise: every epoch reads every pair once, in batches of like length, in an order that the seed alone decides."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from attnkit.decoding import BOS, EOS, PAD
from attnkit.language import Pair, Vocabulary
from attnkit.training import Batches

SOURCE = Vocabulary.from_sentences([[f"e{i}" for i in range(13)]])
TARGET = Vocabulary.from_sentences([[f"s{i}" for i in range(17)]])


def made(n, *, seed=0, longest=11):
    """Return n pairs whose first words number them."""
    generator = random.Random(seed)
    pairs = []
    for _ in range(n):
        source = tuple(f"e{generator.randrange(13)}" for _ in range(generator.randint(1, longest)))
        target = tuple(f"s{generator.randrange(17)}" for _ in range(generator.randint(1, longest)))
        pairs.append(Pair(source, target, None, None, frozenset()))
    return pairs


def read(batch):
    """Return the pairs of a batch, as words again."""
    for source, mask, previous, following in zip(
        batch.source, batch.mask, batch.previous, batch.following, strict=True
    ):
        n_source, n_target = int(mask.sum()), int((following != PAD).sum())
        assert mask.tolist() == [True] * n_source + [False] * (len(mask) - n_source)
        assert (source[n_source:] == PAD).all()
        assert (following[n_target:] == PAD).all()
        assert previous[0] == BOS
        assert following[n_target - 1] == EOS
        assert previous[1:n_target].tolist() == following[: n_target - 1].tolist()
        yield tuple(SOURCE.decode(source.tolist())), tuple(TARGET.decode(following.tolist()))


@pytest.mark.parametrize(("n", "size"), [(1, 7), (7, 7), (23, 5), (397, 3)])
def test_an_epoch_reads_each_pair_once(n, size):
    pairs = made(n)
    batches = Batches(pairs, SOURCE, TARGET, batch_size=size)
    assert len(batches) == -(-n // size)
    for epoch in range(2):
        steps = [batches[epoch * len(batches) + i] for i in range(len(batches))]
        assert sorted(pair for batch in steps for pair in read(batch)) == sorted((p.source, p.target) for p in pairs)
        assert sorted(len(batch.source) for batch in steps) == sorted(
            [size] * (n // size) + [n % size] * (n % size > 0)
        )
        assert sum(batch.n_words for batch in steps) == sum(len(pair.target) + 1 for pair in pairs)
        assert all(batch.n_words == (batch.following != PAD).sum() for batch in steps)


def test_a_batch_is_no_wider_than_its_longest():
    for batch in Batches(made(97), SOURCE, TARGET, batch_size=7).once():
        assert batch.mask[:, -1].any()
        assert (batch.following[:, -1] != PAD).any()
        assert batch.source.dtype == batch.previous.dtype == torch.int64
        assert batch.mask.dtype == torch.bool


def test_a_batch_holds_sentences_of_like_length():
    pairs = made(1000, longest=31)
    sorted_ = Batches(pairs, SOURCE, TARGET, batch_size=10)
    steps = [sorted_[i] for i in range(100)]
    padding = 1 - sum(batch.mask.sum() for batch in steps) / sum(batch.mask.numel() for batch in steps)
    generator = np.random.default_rng(0)
    rows = np.split(generator.permutation(1000), 100)
    at_random = [sorted_.batch(one) for one in rows]
    wasted = 1 - sum(batch.mask.sum() for batch in at_random) / sum(batch.mask.numel() for batch in at_random)
    assert padding < 0.03
    assert wasted > 0.3
    # The batches themselves come in no order of length.
    widths = [batch.mask.shape[1] for batch in steps]
    assert abs(np.corrcoef(widths, range(100))[0, 1]) < 0.3


def same(one, other):
    return all(torch.equal(torch.as_tensor(a), torch.as_tensor(b)) for a, b in zip(one, other, strict=True))


def test_the_seed_and_the_step_decide():
    pairs = made(101)
    batches = Batches(pairs, SOURCE, TARGET, batch_size=7, seed=3)
    first = [batches[step] for step in range(30)]
    again = Batches(pairs, SOURCE, TARGET, batch_size=7, seed=3)
    for step in (29, 0, 14, 15, 7):  # in any order, as after an interruption
        assert same(again[step], first[step])
    other = Batches(pairs, SOURCE, TARGET, batch_size=7, seed=4)
    assert not all(same(one, other[step]) for step, one in enumerate(first[:15]))
    assert not all(same(one, two) for one, two in zip(first[:15], first[15:], strict=True))


def test_once_is_all_pairs_the_short_ones_first():
    pairs = made(23)
    batches = Batches(pairs, SOURCE, TARGET, batch_size=5).once()
    assert sorted(pair for batch in batches for pair in read(batch)) == sorted((p.source, p.target) for p in pairs)
    lengths = [(len(source), len(target)) for batch in batches for source, target in read(batch)]
    assert lengths == sorted(lengths)


def test_the_fingerprint_knows_the_words():
    pairs = made(23)
    assert (
        Batches(pairs, SOURCE, TARGET, batch_size=5, seed=1).fingerprint()
        == Batches(list(pairs), SOURCE, TARGET, batch_size=7).fingerprint()
    )
    changed = [*pairs[:-1], pairs[-1]._replace(target=(*pairs[-1].target[:-1], "never"))]
    for others in (changed, pairs[:-1], pairs[::-1]):
        other = Batches(others, SOURCE, TARGET, batch_size=5).fingerprint()
        assert other != Batches(pairs, SOURCE, TARGET, batch_size=5).fingerprint()


def test_nothing_to_read_gets_a_sentence():
    alone, whole, silent = (
        Pair(*sides, None, None, frozenset()) for sides in (((), ("s1",)), (("e1",), ("s1",)), (("e1",), ()))
    )
    for pairs in ([], [alone, whole], [silent], [whole, silent]):
        with pytest.raises(ValueError, match="pairs must be one or more, each with words on both sides"):
            Batches(pairs, SOURCE, TARGET, batch_size=5)


def test_sentences_without_a_source_are_batches_too():
    pairs = [Pair((), ("s1",) * n, None, None, frozenset()) for n in (3, 1, 2)]
    [batch] = Batches(pairs, SOURCE, TARGET, batch_size=5).once()
    assert batch.source.shape == batch.mask.shape == (3, 0)
    assert batch.n_words == 6 + 3
    s1, eos = TARGET.index("s1"), 2
    assert batch.following.tolist() == [[s1, eos, 0, 0], [s1, s1, eos, 0], [s1, s1, s1, eos]]
