"""How good translations are, and how good the alignments that attention draws."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from attnkit._arrays import join

if TYPE_CHECKING:
    from attnkit.language import Pair

Sentence: TypeAlias = Sequence[str]
Links: TypeAlias = set[tuple[int, int]] | frozenset[tuple[int, int]]
"""Pairs of positions (target, source), as the rows and columns of weights."""


def bleu(hypotheses: Sequence[Sentence], references: Sequence[Sentence]) -> float:
    """BLEU of a whole corpus, from 0 to 100: how many runs of one to four words stand in the references too.

    sacrebleu computes it, on the tokens as they are.

    Parameters
    ----------
    hypotheses
        What the model wrote, sentence by sentence.
    references
        What it should have written, one for each.

    Raises
    ------
    ValueError
        If the two are empty or of unequal number.

    Notes
    -----
    Sources: Papineni et al. 2002, "BLEU", for the measure; Post 2018, "A Call for Clarity in Reporting BLEU Scores",
    for sacrebleu.

    Examples
    --------
    >>> round(bleu([["no", "lo", "comas", "ahora"]], [["no", "lo", "comas", "ahora"]]), 2)
    100.0
    """
    from sacrebleu.metrics import BLEU

    expect_parallel(hypotheses=hypotheses, references=references)
    # Forced, since sacrebleu would warn that a text in tokens should have been its own to tokenise.
    measure = BLEU(tokenize="none", lowercase=False, force=True)
    texts = [[" ".join(sentence) for sentence in corpus] for corpus in (hypotheses, references)]
    return measure.corpus_score(texts[0], [texts[1]]).score


def exact_match(hypotheses: Sequence[Sentence], references: Sequence[Sentence]) -> float:
    """Share of sentences, from 0 to 1, that agree with their reference word for word.

    Raises
    ------
    ValueError
        If the two are empty or of unequal number.

    Examples
    --------
    >>> exact_match([["vamos"], ["lo", "veo"]], [["vamos"], ["la", "veo"]])
    0.5
    """
    expect_parallel(hypotheses=hypotheses, references=references)
    same = [tuple(hypothesis) == tuple(reference) for hypothesis, reference in zip(hypotheses, references, strict=True)]
    return sum(same) / len(same)


def links_from_weights(weights: np.ndarray) -> Links:
    """Link each target word to the source word of its largest weight, the first of them where they tie.

    Parameters
    ----------
    weights
        Shape (n_target, n_source), as :func:`attnkit.decoding.gold_weights` returns them.

    Examples
    --------
    >>> sorted(links_from_weights(np.asarray([[0.1, 0.9], [0.6, 0.4]])))
    [(0, 1), (1, 0)]
    """
    return {(i, int(j)) for i, j in enumerate(np.argmax(weights, axis=-1))}


def diagonal_links(n_target: int, n_source: int) -> Links:
    """Link each target word to the source word at its height: the alignment of one who knows the lengths alone.

    The middle of target word i, (i + ½) / n_target of the way, lies in source word ⌊(i + ½) n_source / n_target⌋.

    Examples
    --------
    >>> sorted(diagonal_links(3, 5))
    [(0, 0), (1, 2), (2, 4)]
    """
    return {(i, (2 * i + 1) * n_source // (2 * n_target)) for i in range(n_target)}


def alignment_error_rate(links: Sequence[Links], pairs: Sequence[Pair]) -> float:
    r"""Alignment error rate of a whole corpus, from 0 (as the gold says) to 1.

    .. math:: \mathrm{AER} = 1 - \frac{|A \cap S| + |A \cap P|}{|A| + |S|}

    Each size is summed over all pairs before the division.

    Parameters
    ----------
    links
        The links :math:`A` of each pair, such as :func:`links_from_weights` gives.
    pairs
        Their gold: the sure links :math:`S`, which a good alignment has, and the possible ones :math:`P \supseteq S`,
        which it may have.

    Raises
    ------
    ValueError
        If the two are empty or of unequal number, or a pair has no gold alignment.

    Notes
    -----
    Source: Och and Ney 2003, "A Systematic Comparison of Various Statistical Alignment Models".

    Examples
    --------
    >>> from attnkit.language import Pair
    >>> sure, possible = frozenset({(0, 0)}), frozenset({(0, 0), (1, 0)})
    >>> pair = Pair(("let's", "go"), ("vamos", "ya"), sure, possible, frozenset())
    >>> round(alignment_error_rate([{(0, 0), (1, 1)}], [pair]), 3)
    0.333
    """
    expect_parallel(links=links, pairs=pairs)
    both = [(set(drawn), *gold(pair)) for drawn, pair in zip(links, pairs, strict=True)]
    hits = sum(len(drawn & sure) + len(drawn & possible) for drawn, sure, possible in both)
    return 1 - hits / sum(len(drawn) + len(sure) for drawn, sure, _ in both)


def uniform_alignment_error_rate(pairs: Sequence[Pair]) -> float:
    r"""Expected alignment error rate of linking each target word to a source word drawn at random.

    The number of links is fixed, so the expectation needs no draws: a pair contributes
    :math:`\mathbb{E}|A \cap S| = |S| / n\_source`, and :math:`|P| / n\_source` likewise.

    Raises
    ------
    ValueError
        If there is no pair, or a pair has no gold alignment.

    Examples
    --------
    >>> from attnkit.language import Pair
    >>> link = frozenset({(0, 0)})
    >>> uniform_alignment_error_rate([Pair(("go", "now"), ("ve",), link, link, frozenset())])
    0.5
    """
    expect_parallel(pairs=pairs)
    both = [(len(pair.target), len(pair.source), *gold(pair)) for pair in pairs]
    hits = sum((len(sure) + len(possible)) / n_source for _, n_source, sure, possible in both)
    return 1 - hits / sum(n_target + len(sure) for n_target, _, sure, _ in both)


def first_word_survival(hypotheses: Sequence[Sentence], pairs: Sequence[Pair]) -> float:
    """Share of translations, from 0 to 1, in which the source's first word still has its effect.

    It counts the pairs whose first source word has sure links. There the word has survived if each target word that
    it is linked to stands in the hypothesis at the same place as in the reference.
    For "don't …" this asks whether the translation still begins with "no".

    Raises
    ------
    ValueError
        If the two are empty or of unequal number, a pair has no gold alignment, or no first word has a sure link.

    Examples
    --------
    >>> from attnkit.language import Pair
    >>> links = frozenset({(0, 0), (1, 1)})
    >>> pair = Pair(("don't", "eat"), ("no", "comas"), links, links, frozenset())
    >>> first_word_survival([["no", "corras"], ["come"]], [pair, pair])
    0.5
    """
    expect_parallel(hypotheses=hypotheses, pairs=pairs)
    survived = []
    for hypothesis, pair in zip(hypotheses, pairs, strict=True):
        if places := [i for i, j in gold(pair)[0] if j == 0]:
            survived.append(all(i < len(hypothesis) and hypothesis[i] == pair.target[i] for i in places))
    if not survived:
        raise ValueError(f"a first word with a sure link is needed; none of the {len(pairs)} pairs has one")
    return sum(survived) / len(survived)


def by_length(
    metric: Callable[..., float], lengths: Sequence[int], bins: Sequence[tuple[int, int]], *columns: Sequence
) -> dict[tuple[int, int], float]:
    """Compute a metric for each range of lengths by itself.

    Parameters
    ----------
    metric
        Any function of this module that takes as many parallel sequences as there are columns.
    lengths
        The length of each sentence, in source words as a rule.
    bins
        First and last length of each range, both included.
    columns
        The metric's arguments, each parallel to the lengths.

    Returns
    -------
    values
        Range by range; a range without sentences is left out.

    Examples
    --------
    >>> hypotheses, references = [["sí"], ["no"], ["ya"]], [["sí"], ["sí"], ["no"]]
    >>> by_length(exact_match, [2, 3, 7], [(1, 3), (4, 6), (7, 9)], hypotheses, references)
    {(1, 3): 0.5, (7, 9): 0.0}
    """
    expect_parallel(lengths=lengths, **{f"column {i}": column for i, column in enumerate(columns, 1)})
    values = {}
    for first, last in bins:
        if rows := [row for row, length in enumerate(lengths) if first <= length <= last]:
            values[first, last] = metric(*([column[row] for row in rows] for column in columns))
    return values


def gold(pair: Pair) -> tuple[Links, Links]:
    """Return a pair's sure and possible links, or say that it has none."""
    if pair.sure is None:
        raise ValueError(f"a gold alignment is needed; the pair {' '.join(pair.source)!r} has none")
    return pair.sure, pair.possible


def expect_parallel(**columns: Sequence) -> None:
    """Refuse sequences that are empty or of unequal number."""
    numbers = {name: len(column) for name, column in columns.items()}
    if len(set(numbers.values())) > 1 or 0 in numbers.values():
        raise ValueError(f"{join(columns)} must be one or more and of equal number; got {join(numbers.values())}")
