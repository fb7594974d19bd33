"""Each sentence of the made language has one translation and a whole alignment; its Spanish agrees; a seed is a set."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from attnkit.language import CONSTRUCTIONS, ENGLISH, SPANISH, Pair, lexicon, make_pairs, make_splits, parse, tokenise
from attnkit.language.grammar import START, grammar, read, rules
from attnkit.language.nouns import in_both_numbers
from attnkit.language.rows import table
from attnkit.language.sampling import sensible

ROOT = Path(__file__).parents[2]
PAIRS = make_pairs(2003, seed=11) + make_pairs(61, seed=13, lengths=(40, 60))
# What Spanish puts in without an English word: an article of a whole kind, prepositions, pronouns that double.
INSERTED = {"a", "de", "que", "se", "le", "les", "el", "la", "los", "las"}
# What English has without a Spanish word: do, the subject that the verb tells, to before a verb.
VANISHING = {"do", "does", "did", "don't", "doesn't", "didn't", "to", "i", "you", "we", "he", "she", "it", "they"}
VANISHING |= {"am", "is", "are"}


def test_links_stay_within_the_sentences():
    for pair in PAIRS:
        assert pair.sure <= pair.possible
        assert all(0 <= row < len(pair.target) and 0 <= column < len(pair.source) for row, column in pair.possible)


def test_every_word_that_says_something_is_surely_linked():
    for pair in PAIRS:
        rows, columns = {row for row, _ in pair.sure}, {column for _, column in pair.sure}
        assert {word for row, word in enumerate(pair.target) if row not in rows} <= INSERTED
        assert {word for column, word in enumerate(pair.source) if column not in columns} <= VANISHING


def test_every_word_is_in_the_vocabularies():
    for pair in PAIRS:
        assert all(word in ENGLISH for word in pair.source)
        assert all(word in SPANISH for word in pair.target)


def test_the_vocabularies_hold_no_word_in_vain():
    pairs = make_pairs(2003, seed=17, lengths=(20, 40)) + make_pairs(1009, seed=18, only=["progressive"]) + PAIRS
    assert set(ENGLISH.words[4:]) == {word for pair in pairs for word in pair.source}
    unseen = set(SPANISH.words[4:]) - {word for pair in pairs for word in pair.target}
    assert len(unseen) < len(SPANISH) / 10  # a verb has many forms, and some are rare


def test_a_sentence_has_one_derivation():
    whole = grammar()
    for pair in PAIRS[::7]:
        words = ["a" if word == "an" else word for word in pair.source]
        trees = whole.parse(words, most=2)
        assert len(trees) == 1, pair
        assert read(trees[0]) == pair
    assert parse(pair.source) == pair


def test_the_translation_is_a_function_of_the_sentence():
    whole, draw, found = grammar(), Random(19).random, {}
    for _ in range(2003):
        for length in (2, 3, 4, 5, 7):
            pair = read(whole.sample(START, length, draw))
            assert found.setdefault(pair.source, pair) == pair
    assert len(found) < 5 * 2003 - 1000  # sentences did come again


GENDERS = {
    spanish: (gender, number)
    for text in lexicon.NOUNS.values()
    for row in table(text)
    for agreement, _, spanish in in_both_numbers(*row)
    for gender, number in ["fm"[agreement.code[0] == "m"] + "sp"[agreement.plural]]
}
ARTICLES = {
    "ms": {"el", "al", "del", "un", "este", "buen", "gran"},
    "fs": {"la", "una", "esta", "buena", "gran"},
    "mp": {"los", "unos", "estos", "muchos", "buenos", "grandes"},
    "fp": {"las", "unas", "estas", "muchas", "buenas", "grandes"},
}
STRESSED = {"águila", "hacha", "agua", "aula", "área"}


def test_articles_agree_with_the_noun_after_them():
    seen = Counter()
    for pair in PAIRS:
        for before, noun in zip(pair.target, pair.target[1:], strict=False):
            if noun in GENDERS and any(before in words for words in ARTICLES.values()):
                wanted = ARTICLES["".join(GENDERS[noun])]
                if noun in STRESSED:
                    wanted = {"el", "al", "del", "un", "esta"}
                assert before in wanted, pair
                seen[before] += 1
    assert len(seen) > 18


def test_adjectives_agree_with_the_noun_before_them():
    endings = {"ms": "o", "fs": "a", "mp": "os", "fp": "as"}
    stems = {word[:-1] for *_, text in lexicon.ADJECTIVES.values() for _, word in table(text) if word[-1] == "o"}
    stems -= {"limpi"}  # limpia is also a verb
    seen = Counter()
    for pair in PAIRS:
        for before, noun, after in zip(pair.target, pair.target[1:], pair.target[2:], strict=False):
            stem = after.rstrip("s")[:-1]
            if noun in GENDERS and stem in stems and before != "de":  # la sopa de tomate fría
                assert after == stem + endings["".join(GENDERS[noun])], pair
                seen[stem] += 1
    assert len(seen) > 15


def test_small_words_merge_and_change_before_vowels():
    for pair in PAIRS:
        for before, after in zip(pair.target, pair.target[1:], strict=False):
            assert (before, after) not in {("a", "el"), ("de", "el")}
            assert not (before == "y" and after.startswith(("i", "í", "hi")))
            assert not (before == "e" and not after.startswith(("i", "í")))
            assert not (before == "o" and after.startswith(("o", "ho")))
        for before, after in zip(pair.source, pair.source[1:], strict=False):
            assert before not in {"a", "an"} or (before == "an") == (after[0] in "aeio"), pair


def test_a_prohibition_stands_in_the_subjunctive():
    forms = {pair.target[1] for pair in make_pairs(101, seed=23, lengths=(2, 5), only=["negated_command"])}
    assert {"comas", "corras", "vayas"} <= forms
    assert not forms & {"come", "corre", "va", "comes", "corres", "vas"}


@pytest.mark.parametrize("lengths", [(2, 2), (2, 20), (7, 7), (51, 60)])
def test_lengths_are_kept_and_spread_evenly(lengths):
    pairs = make_pairs(59, seed=29, lengths=lengths)
    count = Counter(len(pair.source) for pair in pairs)
    assert set(count) == set(range(lengths[0], lengths[1] + 1))
    assert max(count.values()) - min(count.values()) <= 1
    assert len({pair.source for pair in pairs}) == 59


def test_a_length_with_few_sentences_leaves_its_share_to_the_others():
    pairs = make_pairs(41, seed=31, lengths=(2, 5), only=["weather"])
    count = Counter(len(pair.source) for pair in pairs)
    assert (count[2], count[3]) == (4, 4)  # it rains, snows, rained, snowed; it is or was raining or snowing
    assert sum(count.values()) == 41


def test_the_order_mixes_the_lengths():
    pairs = make_pairs(100, seed=37, lengths=(2, 21))
    assert [len(pair.source) for pair in pairs[:20]] != list(range(2, 22))
    assert sum(len(pair.source) for pair in pairs[:50]) < 1.3 * sum(len(pair.source) for pair in pairs[50:])


@pytest.mark.parametrize("length", [2, 3, 5, 11, 31, 60])
@pytest.mark.parametrize("name", ["command", "negated_command"])
def test_commands_come_at_every_length(name, length):
    assert all(len(pair.source) == length for pair in make_pairs(5, seed=41, lengths=(length, length), only=[name]))


@pytest.mark.parametrize("names", [["relative_clause"], ["u_for_o", "e_for_y"], ["negated_command", "lets"]])
def test_without_and_only(names):
    assert not any(pair.constructions & set(names) for pair in make_pairs(101, seed=43, without=names))
    assert all(pair.constructions & set(names) for pair in make_pairs(101, seed=43, only=names, lengths=(5, 20)))


def test_excluded_sentences_do_not_come():
    pairs = make_pairs(50, seed=47, lengths=(2, 3))
    known = {pair.source for pair in pairs[::2]}
    assert not known & {pair.source for pair in make_pairs(50, seed=47, lengths=(2, 3), exclude=known)}


def test_the_same_seed_gives_the_same_pairs_in_every_process():
    script = "from attnkit.language import make_pairs; print(make_pairs(53, seed=53)[7:9])"
    answers = [
        subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8", "PYTHONPATH": str(ROOT)},
        ).stdout
        for seed in ("1", "2")
    ]
    pairs = make_pairs(53, seed=53)
    for answer in answers:
        assert [(p.source, p.target, p.sure) for p in eval(answer, {"Pair": Pair, "frozenset": frozenset})] == [
            (p.source, p.target, p.sure) for p in pairs[7:9]
        ]
    assert make_pairs(53, seed=54) != pairs


def test_splits_share_no_sentence_and_train_never_shows_what_is_held_out():
    splits = make_splits(seed=59, train=307, valid=31, test=211, lengths=(2, 9), held_out=["clitic", "negated_command"])
    assert [len(split) for split in splits] == [307, 31, 211]
    sources = [{pair.source for pair in split} for split in splits]
    assert not sources[0] & sources[1]
    assert not (sources[0] | sources[1]) & sources[2]
    assert not any({"clitic", "negated_command"} & pair.constructions for pair in splits.train + splits.valid)
    assert {"clitic", "negated_command"} <= {name for pair in splits.test for name in pair.constructions}
    assert (
        make_splits(seed=59, train=307, valid=31, test=211, lengths=(2, 9), held_out=["clitic", "negated_command"])
        == splits
    )


def test_constructions_are_those_of_the_rules():
    assert {name for rule in rules() for name in rule.constructions} == set(CONSTRUCTIONS)
    assert {name for pair in PAIRS for name in pair.constructions} == set(CONSTRUCTIONS)


def test_what_a_child_would_laugh_at_is_not_sampled():
    assert sensible(tokenise("the blue hat is clean and old"))
    assert not sensible(tokenise("the blue hat is green"))
    assert not sensible(tokenise("eat the apple and two apples"))
    assert not sensible(tokenise("he ate and she eats"))
    assert sensible(tokenise("the dog sleeps in the big park and the boy sees the dog"))
    assert all(sensible(pair.source) for pair in PAIRS)


WRONG = {
    "name": (
        {"n": 1, "without": ["verbs"]},
        r"without must hold names from CONSTRUCTIONS \(command, .*\); got 'verbs'",
    ),
    "text": ({"n": 1, "only": "x"}, "only must hold names from CONSTRUCTIONS .* got 'x'"),
    "lengths": ({"n": 1, "lengths": (5, 3)}, r"lengths must be .* 1 <= shortest <= longest <= 60; got \(5, 3\)"),
    "long": ({"n": 1, "lengths": (2, 61)}, r"got \(2, 61\)"),
    "negative": ({"n": -1}, "n must be at least 0; got -1"),
    "too many": (
        {"n": 99, "lengths": (2, 2), "only": ["weather"]},
        r"n must be at most 4, .* lengths \(2, 2\) .* got 99",
    ),
    "none": ({"n": 1, "lengths": (2, 3), "only": ["list"]}, "n must be at most 0"),
}


@pytest.mark.parametrize(("arguments", "sentence"), WRONG.values(), ids=WRONG)
def test_a_wrong_wish_gets_a_sentence(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        make_pairs(**arguments, seed=0)


def test_one_name_may_come_as_text():
    assert all("lets" in pair.constructions for pair in make_pairs(7, seed=1, only="lets"))
    assert make_pairs(0, seed=1) == []
