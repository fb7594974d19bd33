"""Promise: the widget of chapter 5 shows what each of its translators does, in Python and in the page alike."""

from __future__ import annotations

import html
import json
import re

import numpy as np
import pytest
import torch
import traitlets

import attnkit.experiments
from attnkit import checkpoints
from attnkit.decoding import translate
from attnkit.experiments import RECIPES, Results
from attnkit.language import ENGLISH, SPANISH, parse
from attnkit.luong import local_window
from attnkit.models import Config, build
from attnkit.widgets import Variants
from attnkit.widgets.frame import weights
from attnkit.widgets.luong.variants import EXAMPLES, GROUPS, facts_of
from tests.reading import RECURRENT, expect_the_page_computes

DESIGNS = {name: recipe.design for name, recipe in RECIPES.items() if "architecture" not in recipe.design}
LOOKING = [name for name, design in DESIGNS.items() if design.get("attention") != "none"]
EXAMPLE = ("let's go", "vamos")
SENTENCES = ["let's go", "Don’t eat <b>zzz</b> , zzz ?", " ".join(["the dog and"] * 5)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Write a small fresh translator of every design that has attention, and one of those that have none."""
    folder = tmp_path_factory.mktemp("fresh")
    torch.manual_seed(7)
    for name in [*LOOKING, "none"]:
        model = build(Config(**RECURRENT, **RECIPES[name].design))
        for weight in model.parameters():
            weight.data *= 3  # else all words are equally likely, and all look alike
        checkpoints.save(folder / f"{name}.safetensors", model, ENGLISH, SPANISH, compact=True)
    (folder / "transformer.safetensors").touch()  # shipped, and not for this widget
    return folder


@pytest.fixture
def fresh(folder, monkeypatch):
    """Ship these instead of the trained ones."""
    monkeypatch.setattr(weights, "FOLDER", folder)


def make(**state):
    return Variants(**{"examples": [EXAMPLE], "models": LOOKING, **state})


@pytest.mark.usefixtures("fresh")
def test_the_page_computes_what_torch_computes():
    expect_the_page_computes([make(models=[name], sentence=sentence) for name in LOOKING for sentence in SENTENCES])


def test_the_page_computes_what_torch_computes_with_the_weights_that_are_shipped():
    models = Variants().models
    expect_the_page_computes([make(models=[name], sentence=sentence) for name in models for sentence in EXAMPLES])


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize("name", LOOKING)
def test_the_translation_is_the_one_that_the_package_decodes(name):
    checkpoint = checkpoints.load(weights.FOLDER / f"{name}.safetensors")
    [wanted] = translate(checkpoint.model, checkpoint.source, checkpoint.target, [["let's", "go"]])
    assert make(model=name, sentence="let’s GO").translation.split() == wanted


@pytest.mark.usefixtures("fresh")
def test_a_window_is_where_the_weights_are():
    sentence = "the dog loved the ball , it was very excited"
    seen = set()
    for name in ("general", "bahdanau", "local-m-2", "local-m-5", "local-p-2", "local-p-5"):
        widget = make(models=[name], sentence=sentence)
        window = RECIPES[name].design.get("window", "global")
        if window == "global":
            assert widget.centres is None
            np.testing.assert_allclose(widget.weights.sum(axis=-1), 1)
            continue
        inside = local_window(widget.centres, 10, RECIPES[name].design["half_width"])
        np.testing.assert_array_equal(widget.weights > 0, inside)
        if window == "local-m":
            np.testing.assert_array_equal(widget.centres, np.arange(len(widget.weights)))
        else:
            assert np.ptp(widget.centres) > 0
            assert (widget.weights.sum(axis=-1) < 1).any()
        assert widget.table().columns[-1] == "centre, from 0"
        seen.add(window)
    assert seen == {"local-m", "local-p"}


def test_every_score_wiring_and_window_is_offered_and_none_is_heavy():
    """What is hard, and what is only trained in another way, belongs to other chapters."""
    widget = Variants()
    others = {name for name in LOOKING if RECIPES[name].training or "choice" in RECIPES[name].design}
    assert set(GROUPS) == set(LOOKING) - others
    assert widget.models == [name for name in GROUPS if name in weights.names()]
    assert widget.model == widget.models[0]
    assert [widget.facts[name]["group"] for name in widget.models] == [GROUPS[name] for name in widget.models]
    assert all(len(weights.read(name)) <= 400_000 for name in widget.models)
    assert f'data-weights="{" ".join(widget.models)}"' in widget.static_html()


def test_every_example_has_its_translation_in_the_language():
    assert Variants().examples == [[text, " ".join(parse(text.split()).target)] for text in EXAMPLES]


def test_facts_are_means_and_deviations_over_the_seeds_or_a_dash(monkeypatch, tmp_path):
    monkeypatch.setattr(attnkit.experiments, "Results", lambda name: Results(name, folder=tmp_path))
    known = {"about": RECIPES["dot"].about, "group": "another score"}
    assert facts_of("dot") == {**known, "bleu": "—", "aer": "—"}
    runs = [
        {"recipe": recipe, "seed": seed, "test": {"bleu": bleu, "alignment_error_rate": rate}}
        for seed, bleu, aer in ((0, 90.0, 0.1), (1, 92.0, 0.2), (2, 94.0, 0.3))
        for recipe, rate in (("dot", aer), ("none", None))
    ]
    (tmp_path / "scores.json").write_text(json.dumps({"runs": runs}), encoding="utf-8")
    assert facts_of("dot") == {**known, "bleu": "92.0 ± 2.0", "aer": "0.200 ± 0.100"}
    assert facts_of("none") == {"about": RECIPES["none"].about, "bleu": "92.0 ± 2.0", "aer": "—"}
    assert facts_of("local-m-2")["bleu"] == "—"


@pytest.mark.usefixtures("fresh")
def test_unknown_words_are_marked_and_stay_text():
    widget = make(sentence=SENTENCES[1])
    assert {"eat", "< (?)", "zzz (?)", "? (?)"} <= set(widget.table().columns)
    assert "It does not know “<”" in widget.label()
    assert "<b>zzz" not in widget.static_html()
    assert widget.static_html().count("</script>") == 1


@pytest.mark.usefixtures("fresh")
def test_the_figure_carries_state_and_sentence_and_is_the_same_again():
    widget = make(model="local-p-2")
    page = widget.static_html()
    state = re.search(r'<script type="application/json" class="ak-state">(.*?)</script>', page, re.DOTALL)[1]
    assert json.loads(state) == json.loads(json.dumps(widget.state()))
    assert html.escape(widget.label()) in page
    assert Variants(**widget.state()).static_html() == page


def refused():
    yield "sentence must have 1 to 60 words; got 0", {"sentence": " "}
    yield "sentence must have 1 to 60 words; got 61", {"sentence": "go " * 61}
    yield "model must be one of dot, general; got 'location'", {"models": ["dot", "general"], "model": "location"}
    yield "each once; got ['none']", {"models": ["none"]}
    yield "each once; got ['transformer']", {"models": ["transformer"]}
    yield "each once; got []", {"models": []}
    yield "each once; got ['dot', 'dot']", {"models": ["dot", "dot"]}
    yield "each once; got ['../dot']", {"models": ["../dot"], "model": "../dot"}
    yield "facts must have about, bleu and aer for each model", {"facts": {"dot": {}}}
    yield "no option 'score'", {"score": "dot"}


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize(("words", "state"), list(refused()))
def test_bad_state_is_refused_with_a_sentence(words, state):
    with pytest.raises((traitlets.TraitError, TypeError), match=re.escape(words)):
        make(**state)
