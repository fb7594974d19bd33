"""Promise: whatever a model returns as its attentions can be shown, in Python and in the page alike, head by head."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys

import numpy as np
import pytest
import torch
import traitlets
from matplotlib.colors import to_hex
from transformers import BertConfig, BertModel

import attnkit
from attnkit.figures.maps import maps
from attnkit.figures.picture import map_colour
from attnkit.widgets.frame import bundle
from attnkit.widgets.frame.widget import number
from attnkit.widgets.multi_head.heads import PAGE, Heads, as_weights, pack

LAYERS, BATCH, HEADS, N_QUERIES, N_KEYS = 2, 3, 5, 7, 11


def weights(*shape, seed=0):
    """Return random weights; the rows sum to 1."""
    powers = np.random.default_rng(seed).exponential(size=shape) ** 2
    return powers / powers.sum(axis=-1, keepdims=True)


def words(count, prefix="w"):
    return [f"{prefix}{i}" for i in range(count)]


CROSS = [weights(BATCH, HEADS, N_QUERIES, N_KEYS, seed=layer) for layer in range(LAYERS)]
NAMES = {
    "tokens": [words(N_KEYS, f"k{b}.") for b in range(BATCH)],
    "queries": [words(N_QUERIES, f"q{b}.") for b in range(BATCH)],
}


def cross(**state):
    return Heads(weights=CROSS, **NAMES, **state)


# What is taken


@pytest.mark.parametrize("make", [np.asarray, torch.tensor, lambda x: torch.tensor(x, requires_grad=True)])
@pytest.mark.parametrize("axes", [2, 3, 4])
def test_an_array_of_two_to_four_axes_is_one_layer(make, axes):
    full = weights(BATCH, HEADS, N_KEYS, N_KEYS)
    array = full[(0,) * (4 - axes)]
    tokens = NAMES["tokens"] if axes == 4 else words(N_KEYS)
    widget = attnkit.show(make(array), tokens)
    assert isinstance(widget, Heads)
    assert widget.weights.shape == (1, *(1,) * (4 - axes), *array.shape)
    np.testing.assert_allclose(widget.weights.reshape(array.shape), array, atol=2e-5)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_a_tuple_holds_one_array_for_each_layer_of_any_float(dtype):
    attentions = tuple(torch.tensor(layer).to(dtype) for layer in CROSS)
    widget = attnkit.show(attentions, **NAMES)
    assert widget.weights.shape == (LAYERS, BATCH, HEADS, N_QUERIES, N_KEYS)
    np.testing.assert_allclose(widget.weights, np.stack(CROSS), atol=5e-3)


def test_nested_lists_are_a_matrix():
    np.testing.assert_allclose(attnkit.show([[1, 0], [0.25, 0.75]], ["a", "b"]).weights[0, 0, 0, 1], [0.25, 0.75])


def test_rows_may_sum_to_less_than_1_where_nothing_is_seen_or_a_part_is_shown():
    part = np.array([[0.0, 0.0], [0.2, 0.1]])
    np.testing.assert_allclose(attnkit.show(part, ["a", "b"]).weights[0, 0, 0], part, atol=2e-5)


def test_the_attentions_of_a_hugging_face_model_are_shown():
    torch.manual_seed(7)
    sizes = {"hidden_size": 15, "num_attention_heads": 5, "intermediate_size": 13, "vocab_size": 17}
    config = BertConfig(num_hidden_layers=2, attn_implementation="eager", **sizes)
    model = BertModel(config).eval()
    ids = torch.arange(1, 15).reshape(2, 7)
    with torch.inference_mode():
        attentions = model(ids, output_attentions=True).attentions
    tokens = [[f"t{index}" for index in row] for row in ids.tolist()]
    widget = attnkit.show(attentions, tokens)
    assert widget.shape == [2, 2, 5]
    np.testing.assert_allclose(widget.weights, torch.stack(attentions).numpy(), atol=2e-5)


def test_showing_loads_anywidget_and_importing_does_not():
    script = (
        "import sys, attnkit; assert 'anywidget' not in sys.modules; attnkit.show([[1.0]], ['a']); "
        "assert 'anywidget' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


# What is refused


def refused():
    square = weights(3, 3)
    yield "layer 0 must be an array; got None: a Hugging Face model", (None, None), words(3)
    yield "numbers; got 'ab'", ["ab"], words(3)
    yield "an array, or a sequence of one array for each layer; got 'ab'", "ab", words(3)
    yield "an array, or a sequence of one array", (), words(3)
    yield "none of them 0; got (3,)", square[0], words(3)
    yield "none of them 0; got (1, 1, 1, 3, 3)", square[None, None, None], words(3)
    yield "none of them 0; got (0, 3)", square[:0], words(3)
    yield "not below 0; got -1: scores become weights", square - 1 - square.min(), words(3)
    yield "finite and not below 0; got nan", square * np.nan, words(3)
    yield "sum to 1 at most in each row; got 1.5: dropout", 1.5 * square, words(3)
    yield "in all layers; got (1, 1, 3, 3), (1, 2, 3, 3)", [square, weights(2, 3, 3)], words(3)
    yield "tokens must hold 3 strings; got list, of length 2", square, words(2)
    yield "tokens must hold 3 strings; got str", square, "abc"
    yield "tokens must hold 3 strings", square, [1, 2, 3]
    yield "a list of 3 strings for each of the 2 sentences", weights(2, 1, 3, 3), words(3)
    yield "queries must name the 2 tokens that look", weights(2, 3), words(3)
    yield "at most 256 tokens and 2,500,000 numbers", np.zeros((257, 257)), words(257)
    yield "2,530,000 numbers", np.zeros((1, 253, 100, 100)), words(100)


@pytest.mark.parametrize(
    ("sentence", "attentions", "tokens"), list(refused()), ids=lambda x: x[:20] * isinstance(x, str)
)
def test_what_is_no_attention_gets_a_sentence(sentence, attentions, tokens):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        attnkit.show(attentions, tokens)


@pytest.mark.parametrize(
    ("words", "state"),
    [
        ("layer must be from 0 to 1; got 2", {"layer": 2}),
        ("head must be from 0 to 4; got 5", {"head": 5}),
        ("sentence must be from 0 to 2; got 3", {"sentence": 3}),
        ("query must be from 0 to 6; got 7", {"query": 7}),
        ("packed must hold 4620 bytes, two for each weight; got 3", {"packed": "abcd"}),
        ("got no base64", {"packed": "?"}),
        ("no option 'heads'", {"heads": 1}),
    ],
)
def test_bad_state_is_refused_with_a_sentence(words, state):
    with pytest.raises((traitlets.TraitError, TypeError), match=re.escape(words)):
        cross(**state)


# What is shown


def test_the_table_holds_the_chosen_head_and_the_chosen_token_in_every_head():
    table = cross(layer=1, sentence=2, head=3, query=4).table()
    assert table.columns == ["", *NAMES["tokens"][2]]
    assert [row[0] for row in table.rows] == [
        *(f"{i}: q2.{i}" for i in range(N_QUERIES)),
        *(f"head {h}: q2.4" for h in range(HEADS)),
    ]
    found = np.array([row[1:] for row in table.rows])
    np.testing.assert_allclose(found[:N_QUERIES], CROSS[1][2, 3], atol=2e-5)
    np.testing.assert_allclose(found[N_QUERIES:], CROSS[1][2, :, 4], atol=2e-5)


def test_a_long_sequence_is_shown_a_page_at_a_time():
    widget = attnkit.show(weights(2, 67, 67), words(67))
    for query, first, count in ((0, 0, PAGE), (PAGE - 1, 0, PAGE), (PAGE, PAGE, PAGE), (66, 64, 3)):
        widget.query = query
        rows = widget.table().rows
        assert [row[0] for row in rows[:-2]] == [f"{i}: w{i}" for i in range(first, first + count)]
        assert [row[0] for row in rows[-2:]] == [f"head 0: w{query}", f"head 1: w{query}"]


def test_the_label_says_where_each_head_looks():
    widget = attnkit.show(np.array([np.eye(2), np.eye(2)[::-1]]), ["let's", "go"])
    widget.query = 1
    assert widget.label() == (
        "The weights of 2 heads in layer 0 of 1, counted from 0. "
        "“go” looks most: head 0 on “go” (1.00); head 1 on “let's” (1.00)."
    )


def test_the_same_state_makes_the_same_widget_and_its_repr_is_short():
    widget = cross(layer=1, head=2, sentence=1, query=3, overlaid=True)
    again = Heads(**widget.state())
    assert again.static_html() == widget.static_html()
    assert repr(again) == "<Heads: 2 layer(s) × 3 sentence(s) × 5 head(s), 7 × 11 weights each>"


def test_the_picture_is_one_map_for_each_head():
    assert cross().picture().alt.startswith("5 maps, weight: 7 rows")
    assert attnkit.show(np.eye(2), ["a", "b"]).picture().alt.startswith("Heatmap, weight: 2 rows (a, b)")


def test_weights_are_packed_in_two_bytes_each():
    assert pack(np.array([0.0, 1.0])) == "AABg6g=="
    np.testing.assert_array_equal(as_weights(np.ones((1, 1)) * 1.005), [[[[[1.005]]]]])
    assert attnkit.show(np.ones((1, 1)) * 1.005, ["a"]).weights.item() == 1


def states():
    """Yield widgets in many states."""
    yield cross()
    yield cross(layer=1, head=4, sentence=2, query=6, overlaid=True)
    yield attnkit.show(weights(N_KEYS, N_KEYS), words(N_KEYS))
    yield attnkit.show(np.zeros((1, 1)), ["<b>a</b>"])
    long = attnkit.show(weights(3, 67, 67), words(67))
    long.query = 40
    yield long


PAGE_SCRIPT = """
const { table } = await import('./attnkit/widgets/multi_head/heads.mjs');
const { readFileSync } = await import('node:fs');
console.log(JSON.stringify(JSON.parse(readFileSync(0, 'utf-8')).map((state) => table(state))));
"""


def test_the_page_shows_the_numbers_that_python_has():
    made = list(states())
    command = ["node", "--input-type=module", "-e", PAGE_SCRIPT]
    asked = json.dumps([widget.state() for widget in made])
    answer = subprocess.run(command, input=asked, capture_output=True, text=True, check=True)
    for widget, page in zip(made, json.loads(answer.stdout), strict=True):
        wanted = widget.table()
        assert (page["caption"], page["columns"]) == (wanted.caption, wanted.columns)
        assert page["rows"] == [[row[0], *map(pytest.approx, row[1:])] for row in wanted.rows]


def test_the_figure_carries_sentence_and_numbers_and_no_html_of_a_token():
    widget = attnkit.show(weights(2, 3, 3), ["</script><b>x</b>", "b", "c"])
    page = widget.static_html()
    assert "<b>x" not in page
    assert page.count("</script>") == 1
    for row in widget.table().rows:
        assert all(number(cell) in page for cell in row[1:])


def test_the_module_is_small():
    assert len(gzip.compress((bundle.FOLDER / "multi_head/heads.mjs").read_bytes())) < 3_500


# The picture of several maps


def test_maps_share_one_scale_and_say_what_they_show():
    picture = maps([[[1, 0]], [[0.25, 0.5]]], ["vamos"], ["let's", "go"], names=["a", "b"], title="Two")
    assert picture.alt == (
        "Two. 2 maps, weight: 1 row (vamos) by 2 columns (let's, go). a: most on let's. b: most on go. "
        "Full colour is 1.00."
    )
    drawn = {to_hex(patch.get_facecolor()) for patch in picture.axes[0].patches}
    assert drawn == {map_colour(share) for share in (0, 0.25, 0.5, 1)}
    body = picture._repr_html_()
    assert all(word in body for word in ("vamos", "let's", "Two"))


@pytest.mark.parametrize(("count", "as_row", "as_column"), [(13, True, True), (17, True, False), (29, False, False)])
def test_words_stand_only_where_they_have_room(count, as_row, as_column):
    body = maps(weights(2, count, count), words(count, "row"), words(count, "column"))._repr_html_()
    drawn = re.sub(r"<svg[^>]*>", "", body)  # without the alt text
    assert ("row7" in drawn, "column7" in drawn) == (as_row, as_column)


@pytest.mark.parametrize(("count", "across"), [(1, 1), (2, 2), (4, 2), (5, 4)])
def test_few_maps_stand_two_by_two_and_more_in_rows_of_four(count, across):
    drawn = maps(weights(count, 2, 2), names=words(count, "m")).axes[0].texts
    assert len({text.get_position()[0] for text in drawn if text.get_text().startswith("m")}) == across


@pytest.mark.parametrize(
    ("sentence", "matrices", "options"),
    [
        ("must not be negative, for colour begins at 0; got -1", [[[-1.0]]], {}),
        ("must have shape (n_maps, n_rows, n_columns)", [[1.0]], {}),
        ("names must hold 1 labels; got 2", [[[1.0]]], {"names": ["a", "b"]}),
    ],
)
def test_what_cannot_be_drawn_gets_a_sentence(sentence, matrices, options):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        maps(matrices, **options)
