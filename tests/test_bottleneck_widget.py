"""Promise: the widget of chapter 1 shows what the trained translators do, and judges them as a reader would."""

from __future__ import annotations

import re
from itertools import combinations

import numpy as np
import pytest
import torch
import traitlets

from attnkit import checkpoints
from attnkit.bottleneck import LSTMWeights, encode
from attnkit.decoding import translate
from attnkit.language import parse
from attnkit.widgets import Bottleneck
from attnkit.widgets.bottleneck import bottleneck
from attnkit.widgets.bottleneck.bottleneck import Reading, judged
from attnkit.widgets.frame import weights
from attnkit.widgets.frame.sentence import marks
from tests.reading import ship


@pytest.fixture(params=["shipped", "fresh"])
def folder(request, monkeypatch, tmp_path):
    """Run a test with the weights that are shipped and with small fresh ones, whose sentences are nonsense."""
    if request.param == "fresh":
        ship("bottleneck/bottleneck", tmp_path, monkeypatch)
    return weights.FOLDER


# The sentences


def test_every_sentence_of_a_story_has_its_reference_and_the_next_one_is_longer():
    for story in Bottleneck().stories.values():
        pairs = [parse(english.split()) for english, _ in story]
        assert [" ".join(pair.target) for pair in pairs] == [spanish for _, spanish in story]
        lengths = [len(pair.source) for pair in pairs]
        assert lengths == sorted(set(lengths)) or lengths[0] == lengths[1] == 2
        assert story[0] == ["let's go", "vamos"]


def test_the_stories_are_minimal_pairs_up_to_sixty_words():
    forbidding, ordering = Bottleneck().stories.values()
    assert [english for english, _ in forbidding[1:]] == [f"don't {english}" for english, _ in ordering[1:]]
    assert all(spanish.startswith("no ") for _, spanish in forbidding[1:])
    assert not any(spanish.startswith("no ") for _, spanish in ordering)
    assert "don't eat the delicious looking and smelling pizza" in [english for english, _ in forbidding]
    assert len(forbidding[-1][0].split()) == 60


def test_a_sentence_of_ones_own_gets_a_reference_where_the_language_has_one():
    widget = Bottleneck(own="I see him")
    assert (widget.words, widget.reference, widget.wanted) == (["i", "see", "him"], "lo veo", ["lo", "veo"])
    widget.own = "him see i"
    assert (widget.reference, widget.wanted) == (None, None)
    widget.own = None
    assert widget.words == ["let's", "go"]
    assert (widget.reference, widget.wanted) == (None, ["vamos"])


def test_what_the_page_sends_gets_its_reference_from_the_kernel():
    widget = Bottleneck()
    widget.set_state({"reference": None, "own": "I see him"})
    assert widget.reference == "lo veo"


def test_stories_of_ones_own():
    widget = Bottleneck(stories={"one": [("go", "ve")], "two": [("i see him", "lo veo"), ("go", "ve")]})
    assert widget.words == ["go"]
    widget.story, widget.rung = "two", 1
    assert widget.words == ["go"]


@pytest.mark.parametrize(
    ("words", "make"),
    [
        ("rung must be from 0 to 14; got 15", lambda: Bottleneck(rung=15)),
        ("rung must be from 0 to 14; got -1", lambda: Bottleneck(rung=-1)),
        ("story must be one of don't eat …, eat …; got 'sleep'", lambda: Bottleneck(story="sleep", rung=3)),
        ("attention must be one of ", lambda: Bottleneck(attention="../none")),
        ("stories must give one or more names", lambda: Bottleneck(stories={})),
        ("stories must give one or more names", lambda: Bottleneck(stories={"a": []})),
        ("stories must give one or more names", lambda: Bottleneck(stories={"a": [["go", "ve"]], "b": []})),
        ("stories must give one or more names", lambda: Bottleneck(stories={"a": [["go"]]})),
        ("stories must give one or more names", lambda: Bottleneck(stories={"a": [["go", 1]]})),
        ("no option 'sentence'", lambda: Bottleneck(sentence="go")),
    ],
)
def test_bad_state_is_refused_with_a_sentence(words, make):
    with pytest.raises((traitlets.TraitError, TypeError), match=re.escape(words)):
        make()


def test_a_story_that_the_language_has_lost_is_named(monkeypatch):
    monkeypatch.setattr(bottleneck, "parse", lambda _words: None)
    with pytest.raises(ValueError, match='must be in the made language; got "let\'s go"'):
        bottleneck.growing.__wrapped__()


# What is shown


def test_the_translations_are_those_of_greedy_search(folder):
    widget = Bottleneck(rung=4)
    for name, words in zip(("none", "bahdanau"), widget.translations, strict=True):
        checkpoint = checkpoints.load(folder / f"{name}.safetensors")
        [wanted] = translate(checkpoint.model, checkpoint.source, checkpoint.target, [widget.words])
        assert words == wanted


@pytest.mark.parametrize("rung", [0, 4, 14])
def test_the_context_is_the_state_after_the_last_word(rung):
    """Of the shipped weights, by the chapter's own formula, and of the same size at any length."""
    widget = Bottleneck(rung=rung)
    checkpoint = checkpoints.load(weights.FOLDER / "none.safetensors")
    encoder, d_hidden = checkpoint.model.encoder.double(), checkpoint.model.config.d_hidden
    lstm = encoder.lstm
    learned = LSTMWeights(lstm.weight_ih_l0, lstm.weight_hh_l0, lstm.bias_ih_l0 + lstm.bias_hh_l0)
    words = encoder.embedding(torch.tensor(checkpoint.source.encode(widget.words)))
    with torch.no_grad():
        context = encode(words, learned).context
    np.testing.assert_allclose(widget.context, torch.stack([*context]).numpy(), atol=1e-12)
    assert widget.context.shape == (2, d_hidden)
    widget.context[:] = 0
    assert widget.context.any()


def test_the_numbers_that_cross_grow_with_attention_alone(folder):
    d = checkpoints.load(folder / "bahdanau.safetensors").model.config.d_hidden
    layers = checkpoints.load(folder / "none.safetensors").model.config.layers
    for rung, n in ((0, 2), (4, 8), (14, 60)):
        rows = {name: cells for name, *cells in Bottleneck(rung=rung).table().rows}
        assert rows["numbers that the decoder gets"] == [str(2 * layers * d), str(2 * d + n * d)]
        assert float(rows["numbers for each word"][0]) == pytest.approx(2 * layers * d / n, abs=0.0501)


def test_the_table_marks_words_and_counts_them(monkeypatch):
    written = iter([Reading(("no", "comas", "los", "pasteles"), True, np.zeros((2, 3)))] * 9)
    monkeypatch.setattr(bottleneck, "read", lambda _name, _version, _words: next(written))
    widget = Bottleneck(rung=2)
    rows = {name: cells for name, *cells in widget.table().rows}
    assert [rows[f"word {i}"][0] for i in (1, 2, 3, 4)] == ["no", "comas", "los ✗", "pasteles ✗"]
    assert rows["words of the reference"] == ["2 of 4", "2 of 4"]
    assert "“no comas los pasteles”. 2 of 4 words of the reference. The “no” stands first." in widget.label()


def longest_common(words, wanted) -> int:
    """Return by trying all how many words the two have in common in one order."""
    for size in range(len(words), 0, -1):
        runs = {tuple(run) for run in combinations(words, size)}
        if runs & {tuple(run) for run in combinations(wanted, size)}:
            return size
    return 0


def test_as_many_words_as_can_be_are_found_in_the_reference():
    draw = np.random.default_rng(3)
    for _ in range(200):
        words, wanted = (tuple(draw.choice(list("abc"), size=draw.integers(0, 7))) for _ in range(2))
        found = marks(words, list(wanted))
        assert sum(found) == longest_common(words, wanted)
        kept, rest = [word for word, mark in zip(words, found, strict=True) if mark], iter(wanted)
        assert all(word in rest for word in kept)  # in this order


@pytest.mark.parametrize(
    ("source", "wanted", "written", "told"),
    [
        ("let's go", "vamos", "vamos", "Exactly the reference."),
        ("let's go", "vamos", "no vamos", "1 of 1 words of the reference. It opens with a “no” that nobody has said."),
        ("let's not go", "no vayamos", "no", "1 of 2 words of the reference."),
        ("don't eat", "no comas", "come", "0 of 2 words of the reference. The “no” is gone."),
        ("do not eat", "no comas", "no comas", "Exactly the reference. The “no” stands first."),
        ("don't zzz", None, "ve no", "The “no” is gone."),
        ("i do not eat", None, "no como", ""),
    ],
)
def test_verdicts_by_hand(source, wanted, written, told):
    reading = Reading(tuple(written.split()), True, np.zeros((2, 1)))
    assert judged(source.split(), wanted and wanted.split(), reading) == told


def test_a_translation_without_an_end_says_so():
    assert judged(["go"], None, Reading((), False, np.zeros((2, 1)))) == "It finds no end and is cut."


def test_the_figure_names_both_weights():
    assert 'data-weights="none general"' in Bottleneck(attention="general").static_html()
