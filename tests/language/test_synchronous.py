"""One derivation makes both sentences and their links, at any length, with or without a construction, and back."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from attnkit.language.derivations import Grammar, with_constructions, without_constructions
from attnkit.language.rows import marked, rule, table, word
from attnkit.language.synchronous import Rule, realise

RULES = [
    rule("S", "don't/1 V N", "no/1 *V N", 1, "negation"),
    rule("S", "i?1 V N", "*V?1 N", 3),
    word("V", "eat", "como"),
    word("V", "look_for", "busco"),
    word("N", "pizza", "pizza", 3),
    rule("N", "A N", "N A", 1, "adjective"),
    word("A", "red", "roja"),
    word("A", "old", "vieja", 3),
]
NORMAL = [made._replace(weight=made.weight / sum(o.weight for o in RULES if o.left == made.left)) for made in RULES]


def derive(english, rules=NORMAL):
    trees = Grammar(rules, "S").parse(english.split())
    return realise(trees[0]) if trees else None


def test_adjectives_reverse_and_keep_their_links():
    pair = derive("don't look for red old pizza")
    assert pair.target == ("no", "busco", "pizza", "vieja", "roja")
    assert pair.sure == {(0, 0), (1, 1), (1, 2), (2, 5), (3, 4), (4, 3)}
    assert pair.possible == pair.sure
    assert pair.constructions == {"negation", "adjective"}


def test_a_dropped_word_may_be_linked_to_the_head():
    pair = derive("i eat pizza")
    assert pair.target == ("como", "pizza")
    assert pair.sure == {(0, 1), (1, 2)}
    assert pair.possible - pair.sure == {(0, 0)}


def test_a_row_is_read_with_its_groups_and_its_head():
    made = rule("S", "a/1?2 B'' b/1", "c/2 *d/1 B''?2", 5, "name")
    assert made == Rule(
        "S", ("B",), ("a", 0, "b"), (("c", (), (0,)), ("d", (0, 2), ()), (0, (), (0,))), 1, 5, ("name",)
    )
    assert word("N", "ice_cream", "helado").spanish == (("helado", (0, 1), ()),)
    assert marked("ice_cream", "/1") == "ice/1 cream/1"
    assert list(table("a b, c d\n\n  e f ")) == [["a", "b"], ["c", "d"], ["e", "f"]]


@pytest.mark.parametrize(("english", "spanish"), [("A b", "B a"), ("A b", "b"), ("A A", "A A")])
def test_both_sides_must_have_the_same_slots(english, spanish):
    with pytest.raises(ValueError, match="both sides of a rule must have the same slots, each once; got"):
        rule("S", english, spanish)


def test_what_is_not_derived_is_not_parsed():
    for english in ("i eat", "eat pizza", "i eat pizza pizza", "i eat blue pizza", ""):
        assert derive(english) is None


def test_an_ambiguous_sentence_has_its_derivations():
    twice = [*NORMAL, rule("N", "red/1 pizza/2", "pizza/2 encarnada/1")]
    grammar = Grammar(twice, "S")
    targets = [realise(tree).target for tree in grammar.parse(["i", "eat", "red", "pizza"], most=7)]
    assert sorted(targets) == [("como", "pizza", "encarnada"), ("como", "pizza", "roja")]
    assert len(grammar.parse(["i", "eat", "red", "pizza"])) == 1
    assert len(Grammar(NORMAL, "S").parse(["i", "eat", "red", "pizza"], most=7)) == 1


def test_lengths_have_their_probabilities():
    # One or two words before, eat or look for, and adjectives at 1/4 each.
    lengths = Grammar(NORMAL, "S").lengths["S"]
    assert min(lengths) == 3
    assert lengths[3] == pytest.approx(1 / 2 * 3 / 4)
    assert lengths[5] == pytest.approx(1 / 2 * 3 / 4 / 16 + 1 / 2 * 3 / 4 / 4)
    assert sum(lengths.values()) == pytest.approx(1)
    assert max(lengths) == 60


@pytest.mark.parametrize("length", [3, 5, 11, 59])
def test_a_sample_has_the_length_asked_for(length):
    grammar, draw = Grammar(NORMAL, "S"), Random(2).random
    assert {len(realise(grammar.sample("S", length, draw)).source) for _ in range(50)} == {length}


def test_samples_come_as_often_as_the_weights_say():
    grammar, draw, n = Grammar(NORMAL, "S"), Random(3).random, 5003
    drawn = Counter(" ".join(realise(grammar.sample("S", 4, draw)).source) for _ in range(n))
    # look for pizza against eat with one of two adjectives: 1 to 1/4; don't against i, and red against old: 1 to 3
    shares = {
        "don't look for pizza": 4 / 20,
        "i look for pizza": 12 / 20,
        "i eat old pizza": 9 / 80,
        "don't eat red pizza": 1 / 80,
    }
    assert sum(drawn.values()) == n
    for sentence, share in shares.items():
        assert abs(drawn[sentence] / n - share) < 4 * (share * (1 - share) / n) ** 0.5


def test_without_a_construction():
    grammar, draw = Grammar(without_constructions(NORMAL, ["negation"]), "S"), Random(5).random
    pairs = [realise(grammar.sample("S", 7, draw)) for _ in range(100)]
    assert {pair.source[0] for pair in pairs} == {"i"}


def test_with_one_of_some_constructions_each_sentence_comes_once():
    grammar, draw = Grammar(with_constructions(NORMAL, ["negation", "adjective"]), "S+"), Random(7).random
    assert grammar.lengths["S+"][3] == pytest.approx(1 / 4 * 1 / 2 * 3 / 4)  # don't eat pizza
    whole = Grammar(NORMAL, "S").lengths["S"]
    assert grammar.lengths["S+"][5] == pytest.approx(whole[5])  # each has an adjective
    for length in (3, 4, 7):
        for _ in range(50):
            assert realise(grammar.sample("S+", length, draw)).constructions
    assert len(grammar.parse(["don't", "eat", "red", "old", "pizza"], most=7)) == 1
    assert grammar.parse(["i", "eat", "pizza"]) == []
    both = [rule("S", "N and/1 N'", "N y/1 N'"), word("N", "bread", "pan"), word("N", "water", "agua", 1, "stressed_a")]
    twice = Grammar(with_constructions(both, ["stressed_a"]), "S+")
    assert len(twice.parse(["water", "and", "water"], most=7)) == 1
    assert len(twice.parse(["bread", "and", "water"], most=7)) == 1
    assert twice.parse(["bread", "and", "bread"]) == []
