"""From a trained model to sentences: greedy search, beam search, and where a model looks.

A model is anything with ``encode``, ``start``, ``step`` and ``forward`` as :class:`attnkit.models.Seq2Seq` has them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from attnkit._arrays import assume_finite

if TYPE_CHECKING:
    from attnkit.language import Pair, Vocabulary

PAD, BOS, EOS = 0, 1, 2


class Translation(NamedTuple):
    """One sentence that a model wrote.

    Attributes
    ----------
    ids
        The words' indices in the target vocabulary, without ``<eos>``.
    log_probability
        The natural logarithm of the probability that the model gives the sentence, ``<eos>`` included.
    score
        What a beam ranks by: the log-probability over length**α, the length counted with ``<eos>``.
    ended
        Whether the model closed the sentence with ``<eos>``; otherwise it was cut at the limit.
    weights
        Where the model looked as it wrote each word, shape (n_target, n_source); None without attention.
    """

    ids: list[int]
    log_probability: float
    score: float
    ended: bool
    weights: np.ndarray | None


def pad(sentences: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Put sentences of unequal length into one rectangle.

    Returns
    -------
    ids
        int64, shape (batch, n_words): each row's words and then ``<pad>``.
    mask
        True where there is a word.

    Examples
    --------
    >>> pad([[4, 5], [6]])
    (tensor([[4, 5],
            [6, 0]]), tensor([[ True,  True],
            [ True, False]]))
    """
    lengths = torch.tensor([len(sentence) for sentence in sentences])
    mask = torch.arange(int(lengths.max())) < lengths[:, None]
    ids = torch.full(mask.shape, PAD)
    ids[mask] = torch.tensor([word for sentence in sentences for word in sentence])
    return ids, mask


@contextmanager
def at_rest(model: Any) -> Iterator[None]:
    """Switch dropout, gradients and the formulas' checks of every number off, and afterwards back as they were."""
    training = model.training
    model.eval()
    try:
        with torch.inference_mode(), assume_finite():
            yield
    finally:
        model.train(training)


def limits(mask: Tensor) -> Tensor:
    """Return how many words a translation may have, ``<eos>`` included: 2·n_source + 10, for each sentence."""
    return 2 * mask.sum(dim=1) + 10


def log_probabilities(logits: Tensor) -> Tensor:
    """Return the log-probability of each next word; ``<pad>`` and ``<bos>`` are no words and get −∞."""
    result = torch.log_softmax(logits, dim=-1)
    result[..., [PAD, BOS]] = -torch.inf
    return result


def greedy(model: Any, source: Tensor, mask: Tensor, limit: Tensor | None = None) -> list[Translation]:
    r"""Write each sentence word by word, the likeliest next word each time.

    .. math:: y_t = \arg\max_y \log p(y \mid y_1, \dots, y_{t-1}, x)

    Parameters
    ----------
    model
        The translator; dropout is off while it decodes.
    source, mask
        The source words' indices and True where there is one, both (batch, n_source), as :func:`pad` makes them.
    limit
        The most words that a sentence may have, ``<eos>`` included, (batch,); by default 2·n_source + 10.

    Returns
    -------
    translations
        One for each row.
    """
    with at_rest(model):
        limit = limits(mask) if limit is None else limit
        memory = model.encode(source, mask)
        state, word = model.start(memory), torch.full((len(source),), BOS)
        total, open_ = torch.zeros(len(source)), torch.ones(len(source), dtype=torch.bool)
        ids, weights = [], []
        for t in range(int(limit.max())):
            logits, state, attention = model.step(word, state, memory)
            best, word = log_probabilities(logits).max(dim=-1)
            total = torch.where(open_, total + best, total)
            ids.append(torch.where(open_, word, PAD))
            weights.append(None if attention is None else attention.weights[:, 0])
            open_ = open_ & (word != EOS) & (limit > t + 1)
            if not open_.any():
                break
        looks = None if weights[0] is None else torch.stack(weights, dim=1)
        return collect(torch.stack(ids, dim=1), total, total, looks, mask)


def beam(
    model: Any,
    source: Tensor,
    mask: Tensor,
    limit: Tensor | None = None,
    *,
    width: int,
    length_penalty: float = 1.0,
) -> list[list[Translation]]:
    r"""Keep the ``width`` likeliest beginnings of each sentence, and rank what they become.

    .. math:: \mathrm{score}(y) = \frac{\log p(y \mid x)}{|y|^{\alpha}}

    A beginning that ends with ``<eos>`` is complete: it keeps its place and the beam goes on with the others.
    So a beam of width 1 is :func:`greedy`, and one that is wide enough for every sentence finds the best of all.

    Parameters
    ----------
    model, source, mask, limit
        As for :func:`greedy`.
    width
        How many beginnings to keep, 1 or more.
    length_penalty
        :math:`\alpha`; 0 ranks by probability, which favours short sentences, and 1 by its mean per word.

    Returns
    -------
    translations
        For each row its complete sentences, the best score first; up to ``width``.

    Raises
    ------
    ValueError
        If ``width`` is no positive whole number or ``length_penalty`` is negative.

    Notes
    -----
    Sources: Sutskever, Vinyals and Le 2014, §3.2, for the beam that complete sentences leave;
    Wu et al. 2016, §7, for dividing by length**α.
    """
    if isinstance(width, bool) or not isinstance(width, int) or width < 1:
        raise ValueError(f"width must be a whole number, 1 or more; got {width!r}")
    if not 0 <= length_penalty < np.inf:
        raise ValueError(f"length_penalty must be 0 or more; got {length_penalty}")
    with at_rest(model):
        limit = (limits(mask) if limit is None else limit)[:, None]
        batch = len(source)
        first_row = torch.arange(batch)[:, None] * width  # where each sentence's beam begins
        memory = model.encode(source, mask).select(torch.arange(batch).repeat_interleave(width))
        state, word = model.start(memory), torch.full((batch * width,), BOS)
        # At first all places of a beam hold the same empty beginning, so only one of them counts.
        total = torch.full((batch, width), -torch.inf)
        total[:, 0] = 0.0
        open_ = torch.ones(batch, width, dtype=torch.bool)
        ids, looks = torch.empty(batch, width, 0, dtype=torch.int64), []
        for t in range(int(limit.max())):
            logits, state, attention = model.step(word, state, memory)
            candidates = total[..., None] + log_probabilities(logits).unflatten(0, (batch, width))
            # A complete sentence goes on as itself, with a <pad> for nothing, whatever the others' probability.
            candidates = torch.where(open_[..., None], candidates, -torch.inf)
            candidates[..., PAD] = torch.where(open_, -torch.inf, total)
            rank = candidates.clone()
            rank[..., PAD] = torch.where(candidates[..., PAD].isfinite(), torch.inf, -torch.inf)
            kept = rank.flatten(1).topk(width, dim=1).indices
            parent, word = kept // rank.shape[-1], kept % rank.shape[-1]
            total = candidates.flatten(1).gather(1, kept)
            ids = torch.cat([ids.gather(1, parent[..., None].expand(-1, -1, t)), word[..., None]], dim=-1)
            rows = (first_row + parent).flatten()
            state = state.select(rows)
            if attention is not None:
                looks = [look[rows] for look in [*looks, attention.weights[:, 0]]]
            open_ = open_.gather(1, parent) & (word != EOS) & (limit > t + 1)
            word = word.flatten()
            if not open_.any():
                break
        lengths = (ids != PAD).sum(dim=-1)
        scores = total / lengths**length_penalty
        weights = torch.stack(looks, dim=1) if looks else None
        found = collect(
            ids.flatten(0, 1), total.flatten(), scores.flatten(), weights, mask.repeat_interleave(width, dim=0)
        )
        beams = [found[row : row + width] for row in range(0, batch * width, width)]
        return [
            sorted((one for one in row if one.log_probability > -np.inf), key=lambda one: -one.score) for row in beams
        ]


def collect(
    ids: Tensor, log_probability: Tensor, score: Tensor, weights: Tensor | None, mask: Tensor
) -> list[Translation]:
    """Cut rows of words, filled up with ``<pad>``, into translations."""
    found = []
    for i, row in enumerate(ids.tolist()):
        words = [word for word in row if word not in {PAD, EOS}]
        look = None if weights is None else weights[i, : len(words), : int(mask[i].sum())].numpy().copy()
        found.append(Translation(words, log_probability[i].item(), score[i].item(), EOS in row, look))
    return found


def batches_by_length(lengths: Sequence[int], batch_size: int) -> Iterator[list[int]]:
    """Yield the indices of all sentences, those of like length together."""
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    yield from (order[start : start + batch_size] for start in range(0, len(order), batch_size))


def search(
    model: Any,
    vocabulary: Vocabulary,
    sentences: Sequence[Sequence[str]],
    *,
    width: int = 1,
    length_penalty: float = 1.0,
    batch_size: int = 64,
) -> list[list[Translation]]:
    """Return each sentence's translations, the best first.

    Parameters
    ----------
    model
        The translator.
    vocabulary
        That of the source; a word that it does not know becomes ``<unk>``.
    sentences
        Tuples or lists of words, none empty, in any order and of any lengths.
    width, length_penalty
        As for :func:`beam`; width 1 is :func:`greedy` and gives one translation each.
    batch_size
        How many sentences are decoded side by side. It changes the speed and nothing else.

    Raises
    ------
    ValueError
        If a sentence is empty, or as :func:`beam` does.
    """
    for number, sentence in enumerate(sentences, 1):
        if not sentence or isinstance(sentence, str):
            raise ValueError(f"sentence {number} must be a list of one or more words; got {sentence!r}")
    found: list[list[Translation]] = [[] for _ in sentences]
    for rows in batches_by_length([len(sentence) for sentence in sentences], batch_size):
        source, mask = pad([vocabulary.encode(sentences[row]) for row in rows])
        if width == 1:
            results = [[one] for one in greedy(model, source, mask)]
        else:
            results = beam(model, source, mask, width=width, length_penalty=length_penalty)
        for row, result in zip(rows, results, strict=True):
            found[row] = result
    return found


def translate(
    model: Any,
    source: Vocabulary,
    target: Vocabulary,
    sentences: Sequence[Sequence[str]],
    *,
    width: int = 1,
    length_penalty: float = 1.0,
    batch_size: int = 64,
) -> list[list[str]]:
    """Return the words of each sentence's best translation; the arguments are those of :func:`search`."""
    found = search(model, source, sentences, width=width, length_penalty=length_penalty, batch_size=batch_size)
    return [target.decode(best.ids) for best, *_ in found]


def gold_weights(
    model: Any, source: Vocabulary, target: Vocabulary, pairs: Sequence[Pair], *, batch_size: int = 64
) -> list[np.ndarray]:
    """Return where a model looks while a teacher makes it write the reference.

    Returns
    -------
    weights
        For each pair shape (n_target, n_source): a row for each word of the reference, and none for ``<eos>``.

    Raises
    ------
    ValueError
        If the model has no attention.
    """
    found: list[Any] = [None for _ in pairs]
    with at_rest(model):
        for rows in batches_by_length([len(pair.source) for pair in pairs], batch_size):
            batch = [pairs[row] for row in rows]
            words, mask = pad([source.encode(pair.source) for pair in batch])
            previous, _ = pad([[BOS, *target.encode(pair.target)[:-1]] for pair in batch])
            attention = model(words, mask, previous).attention
            if attention is None:
                raise ValueError("weights need a model with attention; got one without")
            for row, pair, weights in zip(rows, batch, attention.weights, strict=True):
                found[row] = weights[: len(pair.target), : len(pair.source)].numpy().copy()
    return found
