"""From a trained model to sentences: greedy search, beam search, sampling, and where a model looks.

A model is anything with ``encode``, ``start``, ``step`` and ``forward`` as :class:`attnkit.models.Seq2Seq` has them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from attnkit._arrays import assume_finite, expect_count
from attnkit.weighted_sum import softmax

if TYPE_CHECKING:
    from attnkit.language import Pair, Vocabulary

PAD, BOS, EOS = 0, 1, 2
LONGEST = 64  # words that a language model writes if nobody says how many


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
    ids[mask] = torch.tensor([word for sentence in sentences for word in sentence], dtype=torch.int64)
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


def limits(model: Any, mask: Tensor) -> Tensor:
    """Return how many words a sentence may have, ``<eos>`` included: 2·n_source + 10, or 64 without a source."""
    return 2 * mask.sum(dim=1) + 10 if model.reads else torch.full((len(mask),), LONGEST)


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
    return write(model, source, mask, limit, lambda logits, _: log_probabilities(logits).argmax(dim=-1))


def sample(
    model: Any,
    source: Tensor,
    mask: Tensor,
    limit: Tensor | None = None,
    *,
    opening: Tensor | None = None,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float = 1.0,
    generator: torch.Generator | None = None,
) -> list[Translation]:
    r"""Write each sentence word by word, each drawn with its probability.

    .. math:: y_t \sim p(y \mid y_1, \dots, y_{t-1}, x)

    Parameters
    ----------
    model, source, mask, limit
        As for :func:`greedy`. A language model has no source: its shape is (batch, 0).
        Without a limit it writes up to 64 words.
    opening
        Words that the sentence begins with, int64, (batch, n_words); they count in its length and its probability.
    temperature, top_k, top_p
        As for :func:`next_word_probabilities`.
    generator
        The source of chance; None takes torch's own.

    Returns
    -------
    sentences
        One for each row. Its ``log_probability`` is the model's own, whatever was cut off.

    Examples
    --------
    >>> from attnkit.models import LanguageModelConfig, build
    >>> model = build(LanguageModelConfig(source_words=4, target_words=7, d_model=8, heads=2))
    >>> [found] = sample(model, torch.empty(1, 0), torch.empty(1, 0, dtype=torch.bool), opening=torch.tensor([[4, 5]]))
    >>> found.ids[:2]
    [4, 5]
    """

    def choose(logits: Tensor, t: int) -> Tensor:
        if opening is not None and t < opening.shape[1]:
            return opening[:, t]
        chances = next_word_probabilities(logits, temperature=temperature, top_k=top_k, top_p=top_p)
        return torch.multinomial(chances, 1, generator=generator)[:, 0]

    return write(model, source, mask, limit, choose)


def next_word_probabilities(
    logits: Tensor, *, temperature: float = 1.0, top_k: int | None = None, top_p: float = 1.0
) -> Tensor:
    r"""Return the probabilities from which a next word is drawn: a softmax over the words that are kept.

    ``<pad>`` and ``<bos>`` are no words. Of the others top_k keeps the k likeliest; of what is left top_p keeps as few
    as have at least the share p together, the likeliest first. At equal logits the word with the smaller index counts
    as the likelier one.

    Parameters
    ----------
    logits
        Of each word, (..., words).
    temperature
        :math:`T`, above 0: below 1 the likeliest words gain, above 1 the others.
    top_k
        k, 1 or more; None keeps all.
    top_p
        p, above 0 and up to 1; 1 keeps all.

    Returns
    -------
    probabilities
        (..., words); 0 for a word that is not kept.

    Raises
    ------
    ValueError
        If one of the three is outside of its range.

    Notes
    -----
    Sources: Fan, Lewis and Dauphin 2018, "Hierarchical Neural Story Generation", §5.4 (top-k);
    Holtzman et al. 2020, "The Curious Case of Neural Text Degeneration", §3.1 (top-p, "nucleus").

    Examples
    --------
    Behind the four special tokens stand three words, with the chances 1/2, 3/8 and 1/8.

    >>> logits = torch.tensor([0, 0, 1e-9, 1e-9, 4, 3, 1]).log()
    >>> next_word_probabilities(logits)[4:]
    tensor([0.5000, 0.3750, 0.1250])
    >>> next_word_probabilities(logits, top_p=0.75)[4:]
    tensor([0.5714, 0.4286, 0.0000])
    >>> next_word_probabilities(logits, top_k=1)[4:]
    tensor([1., 0., 0.])
    """
    if top_k is not None:
        expect_count("top_k", top_k)
    if not 0 < top_p <= 1:
        raise ValueError(f"top_p must be above 0 and no more than 1; got {top_p}")
    kept = torch.ones(logits.shape, dtype=torch.bool)
    kept[..., [PAD, BOS]] = False
    order = torch.where(kept, logits, -torch.inf).argsort(dim=-1, descending=True, stable=True)
    rank = order.argsort(dim=-1)
    if top_k is not None:
        kept &= rank < top_k
    if top_p < 1:
        chances = softmax(logits, kept, temperature).gather(-1, order)
        before = chances.cumsum(dim=-1) - chances  # the share of all likelier words
        kept &= (before < top_p).gather(-1, rank)
    return softmax(logits, kept, temperature)


def write(
    model: Any, source: Tensor, mask: Tensor, limit: Tensor | None, choose: Callable[[Tensor, int], Tensor]
) -> list[Translation]:
    """Write each sentence word by word, as ``choose`` says, which gets the logits of a step and its number from 0."""
    with at_rest(model):
        limit = limits(model, mask) if limit is None else limit
        memory = model.encode(source, mask)
        state, word = model.start(memory), torch.full((len(source),), BOS)
        total, open_ = torch.zeros(len(source)), torch.ones(len(source), dtype=torch.bool)
        ids, weights = [], []
        for t in range(int(limit.max())):
            logits, state, attention = model.step(word, state, memory)
            word = choose(logits, t)
            total = total + torch.where(open_, log_probabilities(logits).gather(-1, word[:, None])[:, 0], 0.0)
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
        limit = (limits(model, mask) if limit is None else limit)[:, None]
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
