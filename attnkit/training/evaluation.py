"""Every measure of a translator on pairs that it has not seen, for all lengths together and one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from attnkit.decoding import gold_weights, translate
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

if TYPE_CHECKING:
    from attnkit.language import Pair, Vocabulary
    from attnkit.models import Seq2Seq

BINS = ((1, 5), (6, 10), (11, 15), (16, 20), (21, 30), (31, 40), (41, 50), (51, 60), (61, 10_000))


def evaluate(
    model: Seq2Seq, source: Vocabulary, target: Vocabulary, pairs: Sequence[Pair], *, width: int = 1
) -> dict[str, Any]:
    """Measure a translator.

    Parameters
    ----------
    model, source, target
        The translator and its vocabularies.
    pairs
        What to translate, and how it should be translated.
    width
        Of the beam; 1 is greedy.

    Returns
    -------
    measures
        ``sentences``, ``bleu``, ``exact_match``, ``first_word_survival``, and ``alignment_error_rate`` of the weights
        under teacher forcing beside that of the ``diagonal`` and of a ``uniform`` draw. A measure that these pairs or
        this model do not allow is None: without gold alignments, or without attention.
        ``by_length`` holds the same again for each range of source lengths, by its name, such as ``6-10``.
    """
    written = translate(model, source, target, [pair.source for pair in pairs], width=width)
    links = None
    if model.looks:
        links = [links_from_weights(weights) for weights in gold_weights(model, source, target, pairs)]
    rows = list(range(len(pairs)))

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

    bins = by_length(measure, [len(pair.source) for pair in pairs], BINS, rows)
    return {**measure(rows), "by_length": {f"{first}-{last}": values for (first, last), values in bins.items()}}
