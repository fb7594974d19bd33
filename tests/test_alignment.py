"""Promise: the widget of chapter 4 shows what the trained translator does, in Python and in the page alike."""

from __future__ import annotations

import json
import re
import subprocess

import numpy as np
import pytest
import torch
import traitlets

from attnkit import checkpoints
from attnkit.decoding import gold_weights, search
from attnkit.language import ENGLISH, SPANISH, Pair
from attnkit.models import Config, build
from attnkit.widgets import Alignment
from attnkit.widgets.bahdanau.alignment import shifted
from attnkit.widgets.frame import bundle, weights
from attnkit.widgets.frame.widget import number

SENTENCES = ["let's go", "do not eat the pizza", "i see him"]


@pytest.fixture(autouse=True, params=["shipped", "fresh"])
def translator(request, monkeypatch, tmp_path):
    """Run each test with the weights that are shipped and with small fresh ones, whose sentences are nonsense."""
    if request.param == "fresh":
        torch.manual_seed(7)
        sizes = {"source_words": len(ENGLISH), "target_words": len(SPANISH), "d_embedding": 5, "d_hidden": 14}
        model = build(Config(attention="before", score="additive", encoder="bidirectional", **sizes))
        for weight in model.parameters():
            weight.data *= 2
        model.output.bias.data[:2] = 9  # <pad> and <bos> are no words, however likely
        checkpoints.save(tmp_path / "bahdanau.safetensors", model, ENGLISH, SPANISH, compact=True)
        monkeypatch.setattr(weights, "FOLDER", tmp_path)
    return checkpoints.load(weights.FOLDER / "bahdanau.safetensors")


def states():
    """Yield the options of widgets in many states."""
    yield {}
    yield {"text": SENTENCES[1], "step": 2}
    yield {"text": SENTENCES[1], "step": 1, "word": 1, "weight": 0.75}
    yield {"text": SENTENCES[1], "step": 99, "word": 99, "weight": 0.0}
    yield {"text": SENTENCES[2], "weight": 1.0}
    yield {"text": "Go!", "word": 1}
    yield {"text": "go", "weight": 0.25}
    yield {"text": "Don’t eat <b>zzz</b> , zzz", "step": 1}
    yield {"text": " ".join(["the dog and"] * 20), "step": 5}


PAGE = """
const { table } = await import('./attnkit/widgets/bahdanau/alignment.mjs');
const { readTranslator } = await import('./attnkit/widgets/frame/checkpoint.mjs');
const { Seq2Seq } = await import('./attnkit/widgets/frame/seq2seq.mjs');
const { readFileSync } = await import('node:fs');
const { file, states } = JSON.parse(readFileSync(0, 'utf-8'));
const translator = readTranslator(new Uint8Array(readFileSync(file)), [Seq2Seq]);
console.log(JSON.stringify(states.map((state) => table(state, translator))));
"""


def test_the_page_computes_what_torch_computes():
    made = [Alignment(sentences=SENTENCES, **state) for state in states()]
    asked = {"file": str(weights.FOLDER / "bahdanau.safetensors"), "states": [widget.state() for widget in made]}
    command = ["node", "--input-type=module", "-e", PAGE]
    answer = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, check=True)
    for widget, page in zip(made, json.loads(answer.stdout), strict=True):
        wanted = widget.table()
        assert (page["caption"], page["columns"]) == (wanted.caption, wanted.columns)
        assert [row[0] for row in page["rows"]] == [row[0] for row in wanted.rows]
        for row, other in zip(page["rows"], wanted.rows, strict=True):
            assert [cell is None for cell in row] == [cell is None for cell in other]
            np.testing.assert_allclose(*(np.array(cells[1:], dtype=float) for cells in (row, other)), atol=1e-6)


def test_the_widget_decodes_as_the_package_does(translator):
    for sentence in SENTENCES:
        widget = Alignment(sentences=[sentence])
        [[best]] = search(translator.model, translator.source, [sentence.split()])
        assert widget.translation == translator.target.decode(best.ids)
        np.testing.assert_allclose(widget.alignment[: len(best.ids)], best.weights, atol=1e-5)


def test_its_weights_are_those_of_a_teacher_who_makes_it_write_its_own_words(translator):
    widget = Alignment(sentences=SENTENCES)
    pair = Pair(tuple(SENTENCES[0].split()), tuple(widget.translation), None, None, frozenset())
    [found] = gold_weights(translator.model, translator.source, translator.target, [pair])
    np.testing.assert_allclose(widget.alignment[: len(found)], found, atol=1e-5)


def test_the_present_step_is_what_its_parts_say(translator):
    widget = Alignment(sentences=SENTENCES, text=SENTENCES[1], step=1)
    np.testing.assert_allclose(widget.weights, np.exp(widget.scores) / np.exp(widget.scores).sum())
    words = torch.tensor([translator.source.encode(SENTENCES[1].split())])
    states = translator.model.encode(words, torch.ones_like(words, dtype=torch.bool)).states[0]
    np.testing.assert_allclose(widget.context, widget.weights @ states.detach().numpy(), atol=1e-5)
    assert len(widget.next_words) == 5
    assert sorted(widget.next_words.values(), reverse=True) == list(widget.next_words.values())
    assert next(iter(widget.next_words)) == [*widget.translation, "<eos>"][1]


def test_a_changed_weight_moves_the_context_and_the_next_word_of_this_step_alone():
    widget = Alignment(sentences=SENTENCES, text=SENTENCES[1], step=1)
    own, scores, alignment = dict(widget.next_words), widget.scores, widget.alignment
    widget.word = 0
    widget.weight = float(widget.weights[0])
    assert widget.next_words == pytest.approx(own)
    widget.weight = 1.0
    np.testing.assert_allclose(widget.weights, np.eye(5)[0])
    assert widget.next_words != pytest.approx(own)
    np.testing.assert_array_equal(widget.scores, scores)
    np.testing.assert_array_equal(widget.alignment, alignment)
    widget.weight = None
    assert widget.next_words == own


def test_shifted_weights_sum_to_1_and_keep_their_proportions():
    by_pencil = shifted(np.array([0.5, 0.125, 0.375]), 0, 0.2)
    np.testing.assert_allclose(by_pencil, [0.2, 0.2, 0.6])
    np.testing.assert_allclose(shifted(np.array([1.0, 0.0, 0.0]), 0, 0.5), [0.5, 0.25, 0.25])
    np.testing.assert_array_equal(shifted(np.array([1.0]), 0, 0.5), [1.0])


def test_another_step_or_word_gives_the_model_its_weights_back_and_a_sentence_begins_anew():
    widget = Alignment(sentences=SENTENCES, text=SENTENCES[1], weight=0.5)
    widget.step = 1
    assert widget.weight is None
    widget.weight = 0.5
    widget.word = 2
    assert widget.weight is None
    widget.weight = 0.5
    widget.text = SENTENCES[2]
    assert (widget.step, widget.word, widget.weight) == (0, 0, None)


def test_the_same_state_makes_the_same_widget():
    widget = Alignment(sentences=SENTENCES, text=SENTENCES[1], step=2, word=1, weight=0.5)
    assert type(widget)(**widget.state()).static_html() == widget.static_html()


# The gold alignment


def test_the_language_gives_the_gold_and_a_strange_sentence_has_none():
    widget = Alignment(sentences=["do not eat", "zzz"])
    sure, possible = [[0, 1], [1, 2]], [[1, 0]]
    assert widget.gold == [{"target": ["no", "comas"], "sure": sure, "possible": possible}, None]


def test_links_stand_only_where_the_model_has_written_the_word_of_the_gold():
    widget = Alignment(sentences=SENTENCES)
    written = widget.translation
    target = [written[0], "zzz", *written[1:]]
    gold = {"target": target, "sure": [[0, 0], [1, 0]], "possible": [[0, 1]]}
    widget = Alignment(sentences=SENTENCES, gold=[gold, None, None])
    assert widget._links() == {"sure": [[0, 0]], "possible": [[0, 1]]}
    assert "Squares" in widget.picture().alt
    widget.text = "go"
    assert widget._links() == {"sure": [], "possible": []}
    assert "Squares" not in widget.picture().alt


# What Python refuses


def refused():
    yield "text must have 1 to 60 words; got 0", {"text": " \n"}
    yield "text must have 1 to 60 words; got 61", {"text": "go " * 61}
    yield "text must have 1 to 60 words; got 0", {"sentences": [""]}
    yield "weight must be from 0 to 1, or None; got 1.5", {"weight": 1.5}
    yield "weight must be from 0 to 1, or None; got nan", {"weight": float("nan")}
    yield "step", {"step": -1}
    yield "gold must have one entry for each of the 3 sentences; got 1", {"gold": [None]}
    yield "must be None or have target, sure, possible", {"gold": [None, None, {"target": []}]}
    yield "no option 'sentense'", {"sentense": "go"}


@pytest.mark.parametrize(("words", "options"), list(refused()), ids=lambda x: x if isinstance(x, str) else "")
def test_bad_state_is_refused_with_a_sentence(words, options):
    with pytest.raises((traitlets.TraitError, TypeError), match=re.escape(words)):
        Alignment(**{"sentences": SENTENCES, **options})


# What goes to the page


def test_the_figure_names_its_weights_and_carries_sentence_and_numbers():
    widget = Alignment(sentences=SENTENCES, text="don't eat <b>zzz</b>", step=1)
    page = widget.static_html()
    assert 'data-weights="bahdanau"' in page
    assert "zzz (?)" in page
    assert "<b>zzz" not in page
    for row in widget.table().rows:
        assert all(number(cell) in page for cell in row[1:])


def test_the_module_is_small():
    import gzip

    assert len(gzip.compress((bundle.FOLDER / "bahdanau/alignment.mjs").read_bytes())) < 4_500
