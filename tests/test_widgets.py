"""Promise: Python is the truth of every widget: it refuses what it does not know, and says the rest in the page."""

from __future__ import annotations

import html
import json
import re
import subprocess

import numpy as np
import pytest
import torch
import traitlets

from attnkit.widgets import (
    Ablation,
    Alignment,
    Bottleneck,
    Clocks,
    Generation,
    Heads,
    Ladder,
    Layers,
    Leak,
    MaskBuilder,
    Order,
    Predict,
    QueryKeyValue,
    Rotary,
    Scaling,
    ScoreHeatmap,
    SelfMap,
    Shuffle,
    Temperature,
    TwoVectors,
    Variants,
    WeightedSum,
)
from attnkit.widgets.frame import bundle
from attnkit.widgets.frame.widget import number

SENTENCE = ["let's", "go", "</script><b>pizza</b>"]
PENTAGON = [[-2, -1], [2, -2], [3, 1], [0, 3], [-3, 2]]
ANSWERS = [("yes", "It is.", True), ("no", "Count again.", False)]
MAKE = {
    "bahdanau/alignment": lambda: Alignment(sentences=["let's go", SENTENCE[2]]),
    "bottleneck/bottleneck": Bottleneck,
    "luong/variants": Variants,
    "masking/generation": Generation,
    "masking/leak": Leak,
    "masking/mask_builder": lambda: MaskBuilder(tokens=SENTENCE, scores=np.eye(3)),
    "multi_head/ablation": lambda: Ablation(sentences=["let's go", SENTENCE[2]]),
    "multi_head/heads": lambda: Heads(weights=np.stack([np.eye(3), np.full((3, 3), 1 / 3)]), tokens=SENTENCE),
    "positions/clocks": Clocks,
    "positions/order": lambda: Order(sentence=SENTENCE[2]),
    "positions/rotary": Rotary,
    "positions/shuffle": lambda: Shuffle(tokens=SENTENCE, vectors=[[1, 0], [0, 1], [1, 1]], order=[2, 0, 1]),
    "scoring/two_vectors": TwoVectors,
    "scoring/score_heatmap": lambda: ScoreHeatmap(tokens=SENTENCE, vectors=np.eye(3)),
    "self_attention/query_key_value": QueryKeyValue.worked_example,
    "self_attention/scaling": Scaling,
    "self_attention/self_map": lambda: SelfMap(sentences=["let's go", SENTENCE[2]]),
    "transformer/ladder": lambda: Ladder(sentences=["let's go", SENTENCE[2]]),
    "transformer/layers": lambda: Layers(sentences=["let's go", SENTENCE[2]]),
    "weighted_sum/temperature": lambda: Temperature(scores=[1, 2, 3], labels=SENTENCE),
    "weighted_sum/weighted_sum": WeightedSum.worked_example,
    "frame/predict": lambda: Predict(question="Is 2 < 3?", answers=ANSWERS),
}


@pytest.fixture(params=MAKE)
def widget(request):
    return MAKE[request.param]()


def test_every_module_has_its_class():
    assert sorted(MAKE) == bundle.names()


# What Python says


def test_two_vectors_by_pencil():
    widget = TwoVectors(query=[3, 4], key=[4, 0], scale=0.5)
    assert (widget.dot, widget.cosine) == (6.0, pytest.approx(0.6))
    assert widget.angle == pytest.approx(53.130102)
    widget.scale = 0
    assert (widget.dot, widget.cosine, widget.angle) == (0, 0, None)


def test_score_heatmap_by_pencil():
    widget = ScoreHeatmap(tokens=["a", "b"], vectors=[[3, 4], [4, 0]])
    np.testing.assert_array_equal(widget.scores, [[25, 12], [12, 16]])
    widget.token, widget.scale = 1, 2
    np.testing.assert_array_equal(widget.scores, [[25, 24], [24, 64]])
    widget.score, widget.query = "cosine", 0
    np.testing.assert_allclose(widget.scores, [[1, 0.6]])
    np.testing.assert_array_equal(widget.vectors, [[3, 4], [4, 0]])


def test_temperature_by_pencil():
    widget = Temperature(scores=[0, float(np.log(3))], labels=["a", "b"])
    np.testing.assert_allclose(widget.weights, [0.25, 0.75])
    widget.temperature = 0.5
    np.testing.assert_allclose(widget.weights, [0.1, 0.9])
    widget.hard = True
    np.testing.assert_array_equal(widget.weights, [0, 1])
    assert widget.entropy == 0


def test_worked_example_is_lets_go_vamos():
    widget = WeightedSum.worked_example()
    np.testing.assert_allclose(widget.weights, [0.4, 0.6], atol=0.002)
    np.testing.assert_allclose(widget.output, [0.401, 1.197], atol=0.0005)
    np.testing.assert_allclose(widget.logits, [4, 2.408, 2.993, -8], atol=0.0005)
    assert widget.word == "vamos"
    assert widget.probabilities.sum() == pytest.approx(1)
    widget.step = 1
    assert widget.scores == pytest.approx([-0.4, 0.8])
    assert widget.word == "<EOS>"


@pytest.mark.parametrize(("scores", "word"), [([5, -5], "dejar"), ([-5, 5], "ir"), ([0.4, 0.8], "vamos")])
def test_each_word_of_the_worked_example_can_be_found(scores, word):
    widget = WeightedSum.worked_example()
    widget.scores = scores
    assert widget.word == word


def test_weighted_sum_without_a_decoder_says_that_it_has_no_words():
    widget = WeightedSum(values=PENTAGON, labels=list("abcde"))
    np.testing.assert_allclose(widget.output, np.mean(PENTAGON, axis=0))
    with pytest.raises(ValueError, match="no decoder"):
        _ = widget.word


def test_predict_knows_who_was_right():
    widget = Predict(question="?", answers=ANSWERS)
    assert widget.right is None
    widget.chosen = 1
    assert widget.right is False
    widget.chosen = 0
    assert widget.right is True


@pytest.mark.parametrize("array", [np.array, torch.tensor, list])
def test_any_kind_of_numbers_is_taken_and_stored_as_lists(array):
    widget = TwoVectors(query=array([1, 2]))
    assert widget.query == [1.0, 2.0]
    assert ScoreHeatmap(tokens=["a"], vectors=array([[1.5, 2.0]])).vectors == [[1.5, 2.0]]


# What Python refuses


def refused():
    nan = float("nan")
    yield "no option 'querry'", lambda: TwoVectors(querry=[1, 2])
    yield "2 numbers from -4 to 4; got 3", lambda: TwoVectors(query=[1, 2, 3])
    yield "numbers from -4 to 4", lambda: TwoVectors(query=[1, 5])
    yield "numbers from -4 to 4", lambda: TwoVectors(query=[1, nan])
    yield "numbers from -4 to 4", lambda: TwoVectors(query="ab")
    yield "scale", lambda: TwoVectors(scale=4)
    yield "scale", lambda: TwoVectors(scale=nan)
    yield "one row for each of the 2 tokens; got 1", lambda: ScoreHeatmap(tokens=["a", "b"], vectors=[[1]])
    yield "rows of width 1, 2", lambda: ScoreHeatmap(tokens=["a", "b"], vectors=[[1], [1, 2]])
    yield "one or more rows", lambda: ScoreHeatmap(tokens=[], vectors=[])
    yield "index of a token, 0 to 0; got 1", lambda: ScoreHeatmap(tokens=["a"], vectors=[[1]], token=1)
    yield "score", lambda: ScoreHeatmap(tokens=["a"], vectors=[[1]], score="euclid")
    yield "name each of the 2 scores; got 1", lambda: Temperature(scores=[1, 2], labels=["a"])
    yield "numbers from -5 to 5", lambda: Temperature(scores=[1, 6], labels=["a", "b"])
    yield "temperature", lambda: Temperature(scores=[1], labels=["a"], temperature=0)
    yield "rows of width 2", lambda: WeightedSum(values=[[1, 2, 3]], labels=["a"])
    yield "one entry for each of the 1 scores", lambda: WeightedSum(values=PENTAGON, labels=["a"])
    yield "step must be from 0 to 0", lambda: WeightedSum(values=PENTAGON, labels=list("abcde"), step=3)
    yield "decoder must have", lambda: WeightedSum(values=[[1, 2]], scores=[0], labels=["a"], decoder={"words": []})
    example = WeightedSum.worked_example().decoder
    yield "decoder must have", lambda: WeightedSum(values=[[1, 2]], labels=["a"], decoder={**example, "layer": [[1]]})
    yield "exactly one of them right; got 2, 2", lambda: Predict(question="?", answers=[ANSWERS[0], ANSWERS[0]])
    yield "exactly one of them right", lambda: Predict(question="?", answers=[("a", "b"), ("c", "d")])
    yield "question must be a sentence", lambda: Predict(question=" ", answers=ANSWERS)
    yield "from 0 to 1; got 2", lambda: Predict(question="?", answers=ANSWERS, chosen=2)


@pytest.mark.parametrize(("words", "make"), list(refused()), ids=lambda x: x if isinstance(x, str) else "")
def test_bad_state_is_refused_with_a_sentence(words, make):
    with pytest.raises((traitlets.TraitError, TypeError), match=re.escape(words)):
        make()


def test_a_refused_change_leaves_the_state_as_it_was():
    widget = Temperature(scores=[1, 2], labels=["a", "b"])
    with pytest.raises(traitlets.TraitError):
        widget.scores = [1, 99]
    assert widget.scores == [1, 2]


# What goes to the page


def test_the_figure_carries_state_sentence_and_numbers(widget):
    page = widget.static_html()
    state = re.search(r'<script type="application/json" class="ak-state">(.*?)</script>', page, re.DOTALL)[1]
    assert json.loads(state) == json.loads(json.dumps(widget.state()))
    assert html.escape(widget.label()) in page
    for row in widget.table().rows:
        for cell in row:
            assert html.escape(number(cell)).lower() in page.lower()


def test_no_text_of_a_reader_becomes_html():
    page = ScoreHeatmap(tokens=SENTENCE, vectors=np.eye(3)).static_html()
    assert "<b>pizza" not in page
    assert page.count("</script>") == 1


def test_the_same_state_gives_the_same_page(widget):
    again = type(widget)(**widget.state())
    assert again.static_html() == widget.static_html()


def test_the_output_of_a_cell_has_view_page_and_a_text_without_address(widget):
    data, _ = widget._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/html"] == widget.static_html()
    assert data["text/plain"] == repr(widget)
    assert " object at " not in repr(widget)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *[(1 / 3, "0.333"), (-1, "−1.000"), (-0.0004, "0.000"), (0.0625, "0.063"), (-0.0625, "−0.063"), (None, "—")],
        *[(float("-inf"), "−∞"), ("word", "word"), (1e-9, "0.000"), (-0.0, "0.000"), (12345.6789, "12345.679")],
    ],
)
def test_numbers_are_written_as_the_page_writes_them(value, text):
    assert number(value) == text
    script = "import('./attnkit/widgets/frame/dom.mjs').then((m) => console.log(m.format(eval(process.argv[1]))))"
    value = "-Infinity" if value == float("-inf") else json.dumps(value)
    run = subprocess.run(["node", "-e", script, "--", value], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == text


@pytest.mark.parametrize("value", [float("nan"), float("inf"), np.float32("nan")])
def test_a_number_that_no_table_should_hold_is_refused(value):
    with pytest.raises(ValueError, match=f"a cell must be text, None, −∞ or a finite number; got {value}"):
        number(value)


# How the modules are joined


def syntax(script: str, tmp_path, suffix: str) -> str:
    file = tmp_path / f"script{suffix}"
    file.write_text(script, encoding="utf-8")
    return subprocess.run(["node", "--check", file], capture_output=True, text=True, check=False).stderr


@pytest.mark.parametrize("name", bundle.names())
def test_every_widget_is_one_module_without_imports(name, tmp_path):
    assert syntax(bundle.esm(name), tmp_path, ".mjs") == ""
    assert "export default" in bundle.esm(name)


def test_the_page_script_is_one_classic_script(tmp_path):
    script = bundle.page_script()
    assert syntax(script, tmp_path, ".cjs") == ""
    assert all(script.count(f'widgets["{name}"]') == 1 for name in bundle.names())


def test_the_syntax_check_can_fail(tmp_path):
    assert "SyntaxError" in syntax("const a = 1; const a = 2;", tmp_path, ".mjs")


@pytest.mark.parametrize(
    "line", ['import x from "y";', 'import { a } from "../scoring/two_vectors.mjs";', "export * from 'a';"]
)
def test_a_module_that_could_not_be_joined_is_refused(tmp_path, line):
    module = tmp_path / "odd.mjs"
    module.write_text(line + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"odd\.mjs may import only"):
        bundle._inlined(module)


def test_no_module_evaluates_text_or_asks_another_host():
    script = bundle.page_script()
    for word in ("eval(", "new Function", "innerHTML", "fetch(", "XMLHttpRequest", "import("):
        assert word not in script
    assert set(re.findall(r"https?://[\w.]+", script)) == {"http://www.w3.org"}  # the name of SVG, never fetched
