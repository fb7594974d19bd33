"""Promise: the pairs of a run can be made again, and no sentence that is tested has been trained on."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from attnkit.language import CONSTRUCTIONS, ENGLISH, SPANISH, make_pairs, make_splits
from attnkit.training import Data


@pytest.fixture
def file(tmp_path):
    """Return a file of 103 pairs: 101 source sentences, of which two have two translations."""
    path = tmp_path / "pairs.tsv"
    lines = [f"run {i}\tcorre {i}" for i in range(101)] + ["run 5\tve 5", "run 7\tve 7"]
    path.write_text("\n".join(lines), encoding="utf-8")
    return str(path)


def sources(pairs):
    return {pair.source for pair in pairs}


def test_a_file_is_shared_out(file):
    train, valid, test = Data(file=file).splits()
    assert len(sources(valid)) == len(sources(test)) == 5
    assert len(sources(train)) == 91
    assert len(train) + len(valid) + len(test) == 103
    assert not sources(train) & sources(valid)
    assert not sources(test) & (sources(train) | sources(valid))
    assert Data(file=file).splits() == (train, valid, test)
    assert Data(file=file, seed=1).splits() != (train, valid, test)
    assert [len(sources(part)) for part in Data(file=file, valid=3, test=2).splits()] == [96, 3, 2]


def test_all_translations_of_a_sentence_go_to_one_side(file):
    for seed in range(30):
        for part in Data(file=file, seed=seed).splits():
            for number in ("5", "7"):
                assert sum(pair.source[-1] == number for pair in part) in {0, 2}


def test_a_file_gives_its_own_words(file):
    splits = Data(file=file).splits()
    source, target = Data(file=file).vocabularies(splits.train)
    assert "run" in source
    assert "corre" in target
    assert len(source) == 4 + 1 + 91


def test_a_file_must_have_three_sentences(tmp_path):
    path = tmp_path / "short.tsv"
    path.write_text("go\tve\ngo\tvaya\nrun\tcorre\n", encoding="utf-8")
    with pytest.raises(ValueError, match="a file must have 3 or more different source sentences to be split; got 2"):
        Data(file=str(path)).splits()


def test_the_made_language():
    held_out = (next(iter(CONSTRUCTIONS)),)
    data = Data(train=97, valid=11, test=13, lengths=(3, 9), seed=5, held_out=held_out)
    splits = data.splits()
    assert splits == make_splits(seed=5, train=97, valid=11, test=13, lengths=(3, 9), held_out=held_out)
    assert data.vocabularies(splits.train) == (ENGLISH, SPANISH)
    fresh = data.fresh(29, (7, 12))
    assert len(fresh) == 29
    assert all(7 <= len(pair.source) <= 12 for pair in fresh)
    # Of short sentences there are few: among 300 of three words some of those trained on would come again.
    short = Data(train=300, valid=50, lengths=(3, 3))
    seen = sources(short.splits().train) | sources(short.splits().valid)
    assert sources(make_pairs(300, seed=1, lengths=(3, 3))) & seen
    assert not sources(short.fresh(300, (3, 3))) & seen


def test_the_choices_survive_json():
    data = Data(file="x.tsv", train=7, lengths=(3, 5), held_out=tuple(CONSTRUCTIONS)[:2], seed=3)
    assert Data.from_json(json.loads(json.dumps(data.to_json()))) == data


def test_a_language_model_gets_one_side(file):
    for data in (Data(file=file), Data(train=97, valid=11, test=13, lengths=(2, 3), seed=5)):
        for place, side in enumerate(("source", "target")):
            one = replace(data, side=side)
            train, valid, test = one.splits()
            words = [pair.target for part in (train, valid, test) for pair in part]
            assert len(set(words)) == len(words)
            assert {pair.source for part in (train, valid, test) for pair in part} == {()}
            whole = data.splits()
            assert set(words) == {pair[place] for part in whole for pair in part}
            assert [pair.target for pair in train] == list(dict.fromkeys(pair[place] for pair in whole.train))
            nothing, known = one.vocabularies(train)
            assert len(nothing) == 4
            assert known == data.vocabularies(whole.train)[place]
    fresh = Data(train=97, side="target", lengths=(3, 9)).fresh(29, (7, 12))
    assert {pair.source for pair in fresh} == {()}
    assert [pair.target for pair in fresh] == [
        pair.target for pair in Data(train=97, lengths=(3, 9)).fresh(29, (7, 12))
    ]


WRONG = {
    "train": ({"train": 0}, "train must be 1 or more; got 0"),
    "test": ({"test": -3}, "test must be 1 or more; got -3"),
    "lengths": ({"lengths": (5, 3)}, "lengths must rise from 1 or more; got 5 to 3"),
    "short": ({"lengths": (0, 3)}, "lengths must rise from 1 or more; got 0 to 3"),
    "side": ({"side": "both"}, "side must be source, target or None; got 'both'"),
    "construction": ({"held_out": ("subjunctive mood",)}, "held_out must name constructions, .*; got subjunctive mood"),
}


@pytest.mark.parametrize(("choices", "sentence"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_made_gets_a_sentence(choices, sentence):
    with pytest.raises(ValueError, match=sentence):
        Data(**choices)
