"""Every measure of a model on sentences that it has not seen, for all lengths together and one by one."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from attnkit.decoding import at_rest, gold_weights, translate
from attnkit.metrics import (
    alignment_error_rate,
    bleu,
    by_length,
    diagonal_links,
    exact_match,
    first_word_survival,
    links_from_weights,
    uniform_alignment_error_rate,
)
from attnkit.training.batches import Batches
from attnkit.training.loss import cross_entropy

if TYPE_CHECKING:
    from attnkit.language import Pair, Vocabulary
    from attnkit.models import Translator

BATCH = 64
BINS = ((1, 5), (6, 10), (11, 15), (16, 20), (21, 30), (31, 40), (41, 50), (51, 60), (61, 10_000))


def evaluate(
    model: Translator, source: Vocabulary, target: Vocabulary, pairs: Sequence[Pair], *, width: int = 1
) -> dict[str, Any]:
    """Measure a translator, or a language model.

    Parameters
    ----------
    model, source, target
        The model and its vocabularies.
    pairs
        What to translate, and how it should be translated; for a language model with empty sources.
    width
        Of the beam; 1 is greedy.

    Returns
    -------
    measures
        ``sentences``, ``bleu``, ``exact_match``, ``first_word_survival``, and ``alignment_error_rate`` of the weights
        under teacher forcing beside that of the ``diagonal`` and of a ``uniform`` draw. A measure that these pairs or
        this model do not allow is None: without gold alignments, or without attention.
        A language model has ``sentences`` and ``perplexity``: the exponential of the mean loss of a word.
        ``by_length`` holds the same again for each range of source lengths, by its name, such as ``6-10``; of the
        sentences' own lengths where there is no source.
    """
    rows = list(range(len(pairs)))
    if not model.reads:

        def perplexity(rows: Sequence[int]) -> dict[str, Any]:
            batches = Batches([pairs[row] for row in rows], source, target, batch_size=BATCH)
            return {"sentences": len(rows), "perplexity": math.exp(mean_loss(model, batches))}

        return of_all_and_each(perplexity, [len(pair.target) for pair in pairs], rows)
    written = translate(model, source, target, [pair.source for pair in pairs], width=width)
    links = None
    if model.looks:
        links = [links_from_weights(weights) for weights in gold_weights(model, source, target, pairs)]

    def measure(rows: Sequence[int]) -> dict[str, Any]:
        chosen = [pairs[row] for row in rows]
        hypotheses = [written[row] for row in rows]
        aligned = all(pair.sure is not None for pair in chosen)
        opened = aligned and any(j == 0 for pair in chosen for _, j in pair.sure)
        diagonal = [diagonal_links(len(pair.target), len(pair.source)) for pair in chosen]
        return {
            "sentences": len(chosen),
            "bleu": bleu(hypotheses, [pair.target for pair in chosen]),
            "exact_match": exact_match(hypotheses, [pair.target for pair in chosen]),
            "alignment_error_rate": (
                alignment_error_rate([links[row] for row in rows], chosen) if aligned and links else None
            ),
            "diagonal": alignment_error_rate(diagonal, chosen) if aligned else None,
            "uniform": uniform_alignment_error_rate(chosen) if aligned else None,
            "first_word_survival": first_word_survival(hypotheses, chosen) if opened else None,
        }

    return of_all_and_each(measure, [len(pair.source) for pair in pairs], rows)


def of_all_and_each(
    measure: Callable[[Sequence[int]], dict[str, Any]], lengths: Sequence[int], rows: Sequence[int]
) -> dict[str, Any]:
    """Return the measures of all sentences, and under ``by_length`` those of each range of lengths."""
    bins = by_length(measure, lengths, BINS, rows)
    return {**measure(rows), "by_length": {f"{first}-{last}": values for (first, last), values in bins.items()}}


def mean_loss(model: Translator, batches: Batches) -> float:
    """Return the mean cross-entropy of a word, in nats, each after the reference's words."""
    total = words = 0.0
    with at_rest(model):
        for batch in batches.once():
            loss = cross_entropy(model(batch.source, batch.mask, batch.previous).logits, batch.following)
            total, words = total + loss.item() * batch.n_words, words + batch.n_words
    return total / words
