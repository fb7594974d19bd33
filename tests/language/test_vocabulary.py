"""Words have fixed numbers that come back, and what a reader types becomes words."""

from __future__ import annotations

import json

import pytest

from attnkit.language import ENGLISH, SPANISH, Vocabulary, detokenise, dictionary, make_pairs, tokenise

SMALL = Vocabulary(["eat", "pizza", "the"])


def test_the_special_words_come_first():
    assert SMALL.words == ("<pad>", "<bos>", "<eos>", "<unk>", "eat", "pizza", "the")
    assert [SMALL.index(word) for word in SMALL] == list(range(7))
    assert len(SMALL) == 7


def test_words_become_numbers_and_come_back():
    assert SMALL.encode(("the", "pizza", "sings")) == [6, 5, 3]
    assert SMALL.decode([6, 5, 3]) == ["the", "pizza", "<unk>"]


def test_decoding_skips_padding_and_stops_at_the_end():
    assert SMALL.decode([1, 4, 0, 6, 2, 5, 0]) == ["eat", "the"]
    assert SMALL.decode([]) == []


def test_what_is_in_it():
    assert "pizza" in SMALL
    assert "sings" not in SMALL
    assert 4 not in SMALL


def test_equal_if_the_words_are():
    assert Vocabulary(["eat", "pizza", "the"]) == SMALL
    assert hash(Vocabulary(["eat", "pizza", "the"])) == hash(SMALL)
    assert Vocabulary(["pizza", "eat", "the"]) != SMALL
    assert SMALL.words != SMALL


def test_from_sentences_sorts_and_keeps_each_word_once():
    sentences = [("the", "pizza"), ["eat", "the", "<unk>"]]
    assert Vocabulary.from_sentences(iter(sentences)) == SMALL


def test_through_json_and_back():
    assert Vocabulary.from_list(json.loads(json.dumps(SPANISH.to_list()))) == SPANISH
    with pytest.raises(ValueError, match=r"the list must begin with <pad>, <bos>, <eos>, <unk>; got \['eat'\]"):
        Vocabulary.from_list(["eat"])


@pytest.mark.parametrize("words", [["eat", "the", "eat"], ["<pad>"]])
def test_a_word_comes_once(words):
    with pytest.raises(ValueError, match=f"words must differ .*; got '{words[-1]}' twice"):
        Vocabulary(words)


@pytest.mark.parametrize("number", [-1, 7])
def test_an_index_that_no_word_has_is_refused(number):
    with pytest.raises(ValueError, match=f"an index must be at least 0 and below 7; got {number}"):
        SMALL.decode([4, number])


TYPED = {
    "Don't eat, please!": ["don't", "eat", ",", "please", "!"],
    "DON’T  EAT\tthe pizza.": ["don't", "eat", "the", "pizza", "."],
    "¿Dónde está?": ["¿", "dónde", "está", "?"],
    "sen\u0303or": ["señor"],
    "İ": ["i̇"],
    "well-known 'quote'": ["well-known", "'", "quote", "'"],
    "3.5 a_b": ["3", ".", "5", "a", "_", "b"],
    " \n": [],
}


@pytest.mark.parametrize(("text", "tokens"), TYPED.items())
def test_what_is_typed_becomes_words(text, tokens):
    assert tokenise(text) == tokens


def test_words_become_text():
    assert detokenise(["la", "pelota", ",", "era", "roja"]) == "la pelota, era roja"
    assert detokenise(["¿", "vamos", "?"]) == "¿vamos?"
    assert detokenise([]) == ""


def test_sentences_survive_the_way_there_and_back():
    for pair in make_pairs(200, seed=5):
        for vocabulary, tokens in ((ENGLISH, pair.source), (SPANISH, pair.target)):
            assert tuple(vocabulary.decode(vocabulary.encode(tokens))) == tokens
            assert tuple(tokenise(detokenise(tokens))) == tokens


def test_the_dictionary_has_every_english_word():
    entries = dictionary()
    assert [entry.english for entry in entries] == sorted(ENGLISH.words[4:]) == list(ENGLISH.words[4:])
    assert {word for entry in entries for word in entry.spanish} <= set(SPANISH.words)
    by_word = {entry.english: entry for entry in entries}
    assert by_word["pizza"] == ("pizza", "food", ("pizza",))
    assert by_word["the"].spanish == ("al", "del", "el", "la", "las", "los")
    assert by_word["red"].spanish == ("roja", "rojas", "rojo", "rojos")
    assert by_word["looked"].word_class == "verb"
    assert by_word["ana"].word_class == "name"
    assert by_word["an"].spanish == by_word["a"].spanish == ("un", "una")
    assert [entry.english for entry in entries if not entry.spanish] == ["let's"]  # it is a form of the verb
