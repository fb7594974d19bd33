"""Promise: each measure is the one that a pencil finds, on whole corpora, and says when it cannot be taken."""

from __future__ import annotations

import random
import warnings

import numpy as np
import pytest
import sacrebleu

from attnkit.language import Pair
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


def pair(source: str, target: str, sure: str | None = None, possible: str = "") -> Pair:
    """Return a pair whose links are written as ``0-0 1-2``, target before source."""
    links = None if sure is None else {tuple(map(int, link.split("-"))) for link in sure.split()}
    more = None if sure is None else links | {tuple(map(int, link.split("-"))) for link in possible.split()}
    return Pair(
        tuple(source.split()),
        tuple(target.split()),
        None if links is None else frozenset(links),
        None if more is None else frozenset(more),
        frozenset(),
    )


PIZZA = pair("don't eat it", "no lo comas", "0-0 1-2 2-1")
SEE = pair("he sees the red ball now", "él ve la pelota roja", "0-0 1-1 2-2 3-4 4-3", "4-4")


def test_bleu_is_that_of_a_pencil():
    # 4 of 5 words, 3 of 4 pairs, 2 of 3 triples, 1 of 2 quadruples agree, and the length is right: (4·3·2·1/5!)^¼.
    hypothesis, reference = ["la", "pizza", "es", "muy", "rica"], ["la", "pizza", "es", "muy", "buena"]
    assert bleu([hypothesis], [reference]) == pytest.approx(100 * (24 / 120) ** 0.25)


def test_bleu_knows_which_side_is_the_reference():
    # Of 4 words all agree; the reference has 7, so the brevity penalty is exp(1 − 7/4). The other way there is none.
    short, long = ["no", "comas", "la", "pizza"], ["no", "comas", "la", "pizza", "que", "está", "fría"]
    assert bleu([short], [long]) == pytest.approx(100 * np.exp(1 - 7 / 4))
    assert bleu([long], [short]) == pytest.approx(100 * (4 / 7 * 3 / 6 * 2 / 5 * 1 / 4) ** 0.25)


def test_bleu_is_of_the_corpus_and_leaves_tokens_and_capitals_alone():
    hypotheses = [["Vamos", ",", "amigos", "."], ["no", "lo", "comas", "¿qué?", "mismo"]]
    references = [["vamos", ",", "amigos", "."], ["no", "lo", "comas", "¿no?", "más"]]
    texts = [[" ".join(sentence) for sentence in corpus] for corpus in (hypotheses, references)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = bleu(hypotheses, references)
    assert found == sacrebleu.corpus_bleu(texts[0], [texts[1]], tokenize="none", force=True).score
    assert found < bleu([[word.lower() for word in sentence] for sentence in hypotheses], references)


def test_bleu_keeps_quiet(caplog):
    bleu([["sí", "."]] * 101, [["sí", "."]] * 101)
    assert not caplog.records


def test_exact_match_counts_sentences():
    assert exact_match([["a", "b"], ["a"], ("c",)], [("a", "b"), ("a", "b"), ["c"]]) == 2 / 3


def test_links_from_weights_take_the_largest_and_the_first_of_equals():
    weights = np.asarray([[0.2, 0.5, 0.3], [0.4, 0.2, 0.4]])
    assert links_from_weights(weights) == {(0, 1), (1, 0)}
    assert all(type(j) is int for _, j in links_from_weights(weights))


@pytest.mark.parametrize(("n_target", "n_source"), [(3, 3), (3, 7), (7, 3), (1, 5), (5, 1), (13, 11)])
def test_the_diagonal_takes_the_source_word_at_the_same_height(n_target, n_source):
    links = dict(diagonal_links(n_target, n_source))
    for i in range(n_target):
        height = (i + 0.5) / n_target
        assert links[i] / n_source <= height < (links[i] + 1) / n_source
    assert len(links) == n_target


def test_alignment_error_rate_is_that_of_a_pencil():
    # A has 3 + 5 links, S 3 + 5. A∩S: 2 and 3. A∩P: 2 and 4, as (4, 4) is possible only.
    drawn = [{(0, 0), (1, 1), (2, 1)}, {(0, 0), (1, 1), (2, 3), (3, 4), (4, 4)}]
    assert alignment_error_rate(drawn, [PIZZA, SEE]) == pytest.approx(1 - (5 + 6) / (8 + 8))
    assert alignment_error_rate([set(PIZZA.sure), set(SEE.sure)], [PIZZA, SEE]) == 0
    # It is not the mean of the two rates.
    apart = [alignment_error_rate([one], [gold]) for one, gold in zip(drawn, [PIZZA, SEE], strict=True)]
    assert apart == pytest.approx([1 - 4 / 6, 1 - 7 / 10])


def test_uniform_is_the_mean_of_many_draws():
    generator = random.Random(0)
    pairs = [PIZZA, SEE]
    rates = []
    for _ in range(4000):
        drawn = [{(i, generator.randrange(len(one.source))) for i in range(len(one.target))} for one in pairs]
        rates.append(alignment_error_rate(drawn, pairs))
    assert uniform_alignment_error_rate(pairs) == pytest.approx(np.mean(rates), abs=4 * np.std(rates) / 4000**0.5)
    # 3 sure links of 3 source words, 5 sure and 6 possible of 6, over 8 + 8.
    assert uniform_alignment_error_rate(pairs) == pytest.approx(1 - (3 / 3 + 3 / 3 + 5 / 6 + 6 / 6) / 16)


def test_the_first_word_survives_at_its_place():
    moved = pair("now eat it", "cómelo ahora", "0-1 1-0")  # the first word stands last
    double = pair("not he", "él no", "0-1 1-0 0-0")  # it has two words
    nothing = pair("the dog", "al perro", "1-1")  # it has none, so that the pair does not count
    for gold, hypothesis, survived in [
        (PIZZA, "no corras", True),
        (PIZZA, "lo comas", False),
        (PIZZA, "", False),
        (moved, "nunca ahora mismo", True),
        (moved, "ahora", False),
        (double, "él no", True),
        (double, "él sí", False),
    ]:
        assert first_word_survival([hypothesis.split(), ["x"]], [gold, nothing]) == survived
    assert first_word_survival([["no"], ["sí"], ("no", "sé")], [PIZZA, PIZZA, PIZZA]) == 2 / 3


def test_by_length_gives_each_metric_its_own_sentences():
    lengths, bins = [3, 11, 5, 2, 7], [(2, 3), (4, 5), (6, 6), (7, 11)]
    seen = by_length(lambda *columns: columns, lengths, bins, "abcde", range(5))
    assert seen == {(2, 3): (["a", "d"], [0, 3]), (4, 5): (["c"], [2]), (7, 11): (["b", "e"], [1, 4])}


NO_GOLD = pair("go", "ve")
WRONG = {
    "bleu": (bleu, ([["a"]], []), "hypotheses and references must be one or more and of equal number; got 1 and 0"),
    "nothing": (exact_match, ([], []), "got 0 and 0"),
    "exact": (exact_match, ([["a"]], [["a"], ["b"]]), "of equal number; got 1 and 2"),
    "links": (alignment_error_rate, ([set()], [PIZZA, SEE]), "links and pairs must be .* got 1 and 2"),
    "no gold": (alignment_error_rate, ([{(0, 0)}], [NO_GOLD]), "a gold alignment is needed; the pair 'go' has none"),
    "no gold uniform": (uniform_alignment_error_rate, ([NO_GOLD],), "a gold alignment is needed"),
    "no pairs": (uniform_alignment_error_rate, ([],), "pairs must be one or more"),
    "no gold first": (first_word_survival, ([["ve"]], [NO_GOLD]), "a gold alignment is needed"),
    "no first link": (
        first_word_survival,
        ([["al", "perro"]], [pair("the dog", "al perro", "1-1")]),
        "a first word with a sure link is needed; none of the 1 pairs has one",
    ),
    "columns": (by_length, (exact_match, [1, 2], [(1, 2)], [["a"]]), "lengths and column 1 must be .* got 2 and 1"),
}


@pytest.mark.parametrize(("function", "arguments", "sentence"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_measured_gets_a_sentence(function, arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        function(*arguments)
