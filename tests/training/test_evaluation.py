"""Promise: an evaluation holds each measure as its own function gives it, for all sentences and for each length."""

from __future__ import annotations

import random

import pytest
import torch

from attnkit import metrics
from attnkit.decoding import gold_weights, translate
from attnkit.language import Pair, Vocabulary
from attnkit.models import Config, build
from attnkit.training import evaluate

WORDS = list("abcdefg")
SOURCE = Vocabulary.from_sentences([WORDS])
TARGET = Vocabulary.from_sentences([[word.upper() for word in WORDS]])


def made(n, *, links=True):
    """Return pairs whose target is the source backwards, in capitals; only the first three words have links."""
    generator = random.Random(0)
    pairs = []
    for _ in range(n):
        source = tuple(generator.choices(WORDS, k=generator.choice([1, 2, 5, 6, 7, 17])))
        gold = frozenset((len(source) - 1 - j, j) for j in range(min(len(source), 3))) if links else None
        pairs.append(Pair(source, tuple(word.upper() for word in reversed(source)), gold, gold, frozenset()))
    return pairs


def model(**design):
    torch.manual_seed(0)
    return build(Config(source_words=len(SOURCE), target_words=len(TARGET), d_embedding=5, d_hidden=13, **design))


@pytest.mark.parametrize("width", [1, 3])
def test_each_measure_is_its_own(width):
    pairs, one = made(41), model()
    with torch.no_grad():
        for parameter in one.parameters():
            parameter.mul_(2.5)  # far enough from even chances for a beam to find what greedy misses
    sources = [pair.source for pair in pairs]
    assert translate(one, SOURCE, TARGET, sources) != translate(one, SOURCE, TARGET, sources, width=3)
    found = evaluate(one, SOURCE, TARGET, pairs, width=width)
    groups = {
        "1-5": [pair for pair in pairs if len(pair.source) <= 5],
        "6-10": [pair for pair in pairs if 6 <= len(pair.source) <= 10],
        "16-20": [pair for pair in pairs if len(pair.source) == 17],
    }
    assert list(found["by_length"]) == list(groups)
    for values, chosen in [(found, pairs), *((found["by_length"][name], group) for name, group in groups.items())]:
        written = translate(one, SOURCE, TARGET, [pair.source for pair in chosen], width=width)
        wanted = [pair.target for pair in chosen]
        looks = [metrics.links_from_weights(weights) for weights in gold_weights(one, SOURCE, TARGET, chosen)]
        diagonal = [metrics.diagonal_links(len(pair.source), len(pair.source)) for pair in chosen]
        assert {name: value for name, value in values.items() if name != "by_length"} == {
            "sentences": len(chosen),
            "bleu": metrics.bleu(written, wanted),
            "exact_match": metrics.exact_match(written, wanted),
            "alignment_error_rate": metrics.alignment_error_rate(looks, chosen),
            "diagonal": metrics.alignment_error_rate(diagonal, chosen),
            "uniform": metrics.uniform_alignment_error_rate(chosen),
            "first_word_survival": metrics.first_word_survival(written, chosen),
        }


def test_what_cannot_be_measured_is_none():
    found = evaluate(model(attention="none"), SOURCE, TARGET, made(11))
    assert found["alignment_error_rate"] is None
    assert found["diagonal"] > 0
    assert found["first_word_survival"] is not None
    found = evaluate(model(), SOURCE, TARGET, made(11, links=False))
    names = ("alignment_error_rate", "diagonal", "uniform", "first_word_survival")
    assert [found[name] for name in names] == [None] * 4
    assert found["bleu"] >= 0
    unlinked = [pair._replace(sure=frozenset({(0, 1)}), possible=frozenset({(0, 1)})) for pair in made(11)]
    assert evaluate(model(), SOURCE, TARGET, unlinked)["first_word_survival"] is None
