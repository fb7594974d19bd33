"""Promise: the clocks, the turning vectors and the shuffle of chapter 8 show attnkit's numbers, in the page too."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
from itertools import permutations

import numpy as np
import pytest
import torch
import traitlets
from torch.nn import functional

from attnkit.positions import shift_matrix, sinusoidal_positions
from attnkit.widgets.frame import bundle
from attnkit.widgets.positions.clocks import Clocks
from attnkit.widgets.positions.rotary import Rotary
from attnkit.widgets.positions.shuffle import KINDS, Shuffle

THREE = np.random.default_rng(0).normal(size=(3, 6)).tolist()
STATES = {
    Clocks: [
        {},
        {"d_model": 4, "position": 0, "shift": 0, "pair": 0},
        {"d_model": 8, "position": 49, "shift": 20, "pair": 3},
        {"d_model": 32, "position": 31, "shift": 1, "pair": 15},
    ],
    Rotary: [
        {},
        {"query": [0, 0], "turn": 1},
        {"query": [-2.75, 1], "key": [3, -3], "query_position": 20, "key_position": 0, "both": 20, "turn": 60},
        {"query_position": 0, "key_position": 0, "turn": 33.5},
    ],
    Shuffle: [
        *({"positions": kind} for kind in KINDS),
        *({"positions": kind, "order": [4, 3, 2, 1, 0]} for kind in KINDS),
        *({"tokens": ["a", "<b>", "c"], "vectors": THREE, "order": [1, 2, 0], "positions": kind} for kind in KINDS),
    ],
}
PAGE = """
const { readFileSync } = await import('node:fs');
const { module, states } = JSON.parse(readFileSync(0, 'utf-8'));
const { table } = await import(`./attnkit/widgets/${module}.mjs`);
console.log(JSON.stringify(states.map(table)));
"""


@pytest.mark.parametrize("kind", STATES)
def test_the_page_computes_what_attnkit_computes(kind):
    made = [kind(**state) for state in STATES[kind]]
    asked = json.dumps({"module": kind.module, "states": [widget.state() for widget in made]})
    command = ["node", "--input-type=module", "-e", PAGE]
    answer = subprocess.run(command, input=asked, capture_output=True, text=True, check=True)
    for widget, page in zip(made, json.loads(answer.stdout), strict=True):
        wanted = widget.table()
        assert (page["caption"], page["columns"]) == (wanted.caption, wanted.columns)
        for row, other in zip(page["rows"], wanted.rows, strict=True):
            assert row[0] == other[0]
            assert [cell is None for cell in row] == [cell is None for cell in other]
            np.testing.assert_allclose(*(np.array(cells[1:], dtype=float) for cells in (row, other)), atol=1e-9)


# The clocks


def test_clocks_by_pencil():
    widget = Clocks(d_model=4, position=3, shift=2, pair=1)
    np.testing.assert_allclose(widget.encoding, [np.sin(3), np.cos(3), np.sin(0.03), np.cos(0.03)])
    np.testing.assert_allclose(widget.shifted, [np.sin(5), np.cos(5), np.sin(0.05), np.cos(0.05)])
    np.testing.assert_allclose(widget.wavelengths, [2 * np.pi, 200 * np.pi])
    np.testing.assert_allclose(widget.rotation, [[np.cos(0.02), np.sin(0.02)], [-np.sin(0.02), np.cos(0.02)]])


@pytest.mark.parametrize("d_model", [4, 8, 16, 32])
def test_the_rotation_takes_each_hand_to_its_place_wherever_it_is(d_model):
    for position in (0, 17, 49):
        widget = Clocks(d_model=d_model, position=position, shift=13)
        np.testing.assert_allclose(shift_matrix(np.asarray(13.0), d_model) @ widget.encoding, widget.shifted)
        for pair in range(d_model // 2):
            widget.pair = pair
            place = slice(2 * pair, 2 * pair + 2)
            np.testing.assert_allclose(widget.rotation @ widget.encoding[place], widget.shifted[place], atol=1e-14)


def test_the_product_of_two_encodings_does_not_ask_for_the_position():
    products = [Clocks(position=p, shift=5).table().rows[-1][1] for p in (0, 11, 44)]
    assert np.ptp(products) < 1e-12


def test_the_map_has_a_row_for_each_dimension_and_a_column_for_each_position():
    assert "8 rows by 50 columns" in Clocks(d_model=8).picture().alt


def test_the_readings_are_the_encoding():
    rows = Clocks(position=7, shift=0).table().rows
    encoding = sinusoidal_positions(np.asarray(7.0), 16)
    assert [cell for row in rows[:-1] for cell in row[2:4]] == pytest.approx(encoding.tolist())


def test_a_narrower_encoding_keeps_its_slowest_clock():
    widget = Clocks(d_model=32, pair=15)
    widget.d_model = 8
    assert widget.pair == 3


# The turning vectors


def test_rotary_by_pencil():
    # A quarter turn takes (x, y) to (−y, x), and two of them to (−x, −y).
    widget = Rotary(query=[2, 1], key=[1, 1], query_position=2, key_position=0, turn=45)
    np.testing.assert_allclose(widget.turned_query, [-1, 2], atol=1e-12)
    np.testing.assert_allclose(widget.turned_key, [1, 1])
    assert widget.score == pytest.approx(1)
    widget.query_position, widget.key_position = 6, 4
    np.testing.assert_allclose(widget.turned_query, [1, -2], atol=1e-12)
    np.testing.assert_allclose(widget.turned_key, [-1, -1], atol=1e-12)
    assert widget.score == pytest.approx(1)
    assert widget.offset == 2


def test_moving_both_changes_the_vectors_and_not_the_score():
    widget = Rotary()
    score, query = widget.score, widget.turned_query
    for both in (1, 7, 20):
        widget.both = both
        assert widget.score == pytest.approx(score, abs=1e-12)
        assert np.abs(widget.turned_query - query).max() > 0.1
        assert np.linalg.norm(widget.turned_query) == pytest.approx(np.linalg.norm(widget.query))
    widget.key_position += 1
    assert abs(widget.score - score) > 0.1


def test_the_last_row_is_the_score_further_on():
    *_, here, there = Rotary(both=4, turn=17).table().rows
    assert here[1] == pytest.approx(there[1], abs=1e-12)


# The shuffle


def test_without_positions_no_order_changes_an_output():
    widget = Shuffle()
    for order in permutations(range(5)):
        widget.order = list(order)
        assert widget.changes.max() < 1e-14
    assert "every word keeps its output" in widget.label()


@pytest.mark.parametrize("positions", [kind for kind in KINDS if kind != "none"])
def test_with_positions_another_order_does(positions):
    widget = Shuffle(positions=positions)
    assert (widget.changes > 0.01).any()
    assert "every word keeps its output" not in widget.label()
    widget.order = list(range(5))
    assert widget.changes.max() == 0


def test_alibi_alone_cannot_tell_a_sentence_from_the_same_one_backwards():
    widget = Shuffle(order=range(5)[::-1], positions="alibi")
    assert widget.changes.max() < 1e-14
    for positions in ("sinusoidal", "rotary"):
        widget.positions = positions
        assert widget.changes.max() > 0.1


def test_the_two_articles_are_one_without_positions_and_two_with_added_ones():
    widget = Shuffle(order=range(5))
    np.testing.assert_array_equal(widget.output[0], widget.output[3])
    widget.positions = "sinusoidal"
    assert np.abs(widget.output[0] - widget.output[3]).max() > 0.1


@pytest.mark.parametrize("positions", ["none", "sinusoidal"])
def test_the_output_is_that_of_torch(positions):
    widget = Shuffle(positions=positions)
    vectors = torch.tensor(widget.vectors, dtype=torch.float64)[widget.order]
    if positions == "sinusoidal":
        vectors += torch.tensor(sinusoidal_positions(np.arange(5.0), 4))
    attended = functional.scaled_dot_product_attention(*[vectors[None]] * 3)[0]
    np.testing.assert_allclose(widget.output, attended, atol=1e-14)


def test_text_stays_text():
    page = Shuffle(tokens=["<b>", "</script>"], vectors=[[1, 2], [3, 4]], order=[1, 0]).static_html()
    assert "<b>" not in page
    assert page.count("</script>") == 1


# What Python refuses

REFUSED = [
    ("pair must be from 0 to d_model / 2 − 1 = 1; got 2", Clocks, {"d_model": 4, "pair": 2}),
    ("d_model", Clocks, {"d_model": 6}),
    ("position", Clocks, {"position": 50}),
    ("shift", Clocks, {"shift": -1}),
    ("no option 'base'", Clocks, {"base": 10}),
    ("query must hold 2 numbers from -3 to 3; got 3", Rotary, {"query": [1, 2, 3]}),
    ("turn must be from 1 to 60; got 0", Rotary, {"turn": 0}),
    ("key_position", Rotary, {"key_position": 21}),
    ("both", Rotary, {"both": -1}),
    ("no option 'offset'", Rotary, {"offset": 1}),
    ("order must hold each of 0 to 4 once; got [0, 1, 2, 3, 3]", Shuffle, {"order": [0, 1, 2, 3, 3]}),
    ("order must hold each of 0 to 4 once; got [0, 1]", Shuffle, {"order": [0, 1]}),
    ("one row of even width for each of the 5 tokens; got 2 of width 2", Shuffle, {"vectors": [[1, 2], [3, 4]]}),
    ("for each of the 5 tokens; got 5 of width 3", Shuffle, {"vectors": [[1, 2, 3]] * 5}),
    ("positions", Shuffle, {"positions": "learned"}),
    ("no option 'text'", Shuffle, {"text": "go"}),
]


@pytest.mark.parametrize(("words", "kind", "state"), REFUSED)
def test_bad_state_is_refused_with_a_sentence(words, kind, state):
    with pytest.raises((traitlets.TraitError, TypeError), match=re.escape(words)):
        kind(**state)


@pytest.mark.parametrize("kind", STATES)
def test_the_module_is_small(kind):
    assert len(gzip.compress((bundle.FOLDER / f"{kind.module}.mjs").read_bytes())) < 3_200
