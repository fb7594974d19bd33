"""Promise: the mask builder shows the masks of attnkit and what they do, in Python and in the page alike."""

from __future__ import annotations

import gzip
import json
import re
import subprocess

import numpy as np
import pytest
import torch
import traitlets

from attnkit import causal_mask, padding_mask, sliding_window_mask
from attnkit.widgets import MaskBuilder
from attnkit.widgets.frame import bundle
from attnkit.widgets.masking.mask_builder import ADDED, RULES, SCORES

OWN = [[0, 0, 0, 0, 0], [1, 0, 1, 0, 1], [0, 1, 1, 1, 0], [1, 1, 1, 1, 1], [0, 0, 0, 0, 1]]
ODD = {"tokens": ["a", "<b>", "c"], "scores": [[-9, 9, 0], [0.5, -0.25, 3], [0, 0, 0]]}


def states():
    """Yield the options of widgets in many states."""
    for rule in RULES:
        for added in ADDED:
            yield {"rule": rule, "added": added}
    yield {"rule": "own", "cells": OWN}
    yield {"rule": "own", "cells": OWN, "added": "−1"}
    yield from ({"rule": "both", "length": length} for length in (1, 3, 5))
    yield from ({"rule": "window", "width": width} for width in (1, 3, 5))
    yield {**ODD, "rule": "inverted"}
    yield {"tokens": ["go"], "scores": [[2]]}


PAGE = """
const { table } = await import('./attnkit/widgets/masking/mask_builder.mjs');
const { readFileSync } = await import('node:fs');
const plain = (cell) => (cell === -Infinity ? '−∞' : cell);
const tables = JSON.parse(readFileSync(0, 'utf-8')).map(table);
console.log(JSON.stringify(tables.map(({ rows, ...rest }) => ({ ...rest, rows: rows.map((row) => row.map(plain)) }))));
"""


def test_the_page_computes_what_attnkit_computes():
    made = [MaskBuilder(**state) for state in states()]
    asked = json.dumps([widget.state() for widget in made])
    command = ["node", "--input-type=module", "-e", PAGE]
    answer = subprocess.run(command, input=asked, capture_output=True, text=True, check=True)
    for widget, page in zip(made, json.loads(answer.stdout), strict=True):
        wanted = widget.table()
        assert (page["caption"], page["columns"]) == (wanted.caption, wanted.columns)
        assert [row[0] for row in page["rows"]] == [row[0] for row in wanted.rows]
        for row, other in zip(page["rows"], wanted.rows, strict=True):
            numbers = [-np.inf if cell == "−∞" else cell for cell in row[1:]]
            assert [cell is None for cell in numbers] == [cell is None for cell in other[1:]]
            np.testing.assert_allclose(*(np.array(cells, dtype=float) for cells in (numbers, other[1:])), atol=1e-6)


def test_each_rule_is_a_mask_of_attnkit():
    places = np.arange(5)
    causal, words = causal_mask(places), np.broadcast_to(padding_mask(np.asarray(3), 5), (5, 5))
    masks = {"none": causal | ~causal, "causal": causal, "padding": words, "both": causal & words}
    masks |= {"window": sliding_window_mask(places, places, 2), "inverted": ~causal, "own": np.array(OWN) == 1}
    assert sorted(masks) == sorted(RULES)
    for rule, mask in masks.items():
        np.testing.assert_array_equal(MaskBuilder(rule=rule, length=3, width=2, cells=OWN).mask, mask)


def test_weights_are_torch_softmax_of_the_masked_scores():
    for state in states():
        widget = MaskBuilder(**state)
        expected = torch.softmax(torch.tensor(widget.masked_scores), dim=-1).nan_to_num(0.0)
        np.testing.assert_allclose(widget.weights, expected)
        if widget.added == "−∞":
            assert (widget.weights[~widget.mask] == 0).all()
            np.testing.assert_allclose(widget.weights.sum(axis=-1), widget.mask.any(axis=-1))


def test_a_row_with_nothing_to_attend_to_gets_zeros_and_says_so():
    widget = MaskBuilder(rule="inverted")
    np.testing.assert_array_equal(widget.weights[-1], np.zeros(5))
    assert "“<pad>” may attend to nothing: its weights are 0." in widget.label()
    assert "10 of them look into the future" in widget.label()
    widget.added = "−10"
    np.testing.assert_allclose(widget.weights[-1], torch.softmax(torch.tensor(SCORES[-1], dtype=torch.float64), dim=-1))
    assert "“<pad>” may attend to nothing: −10 throughout changes no weight." in widget.label()


def test_a_weak_mask_says_what_it_lets_through():
    widget = MaskBuilder(tokens=["a", "b"], scores=[[0, 0], [0, 0]], added="−1")
    share = 1 / (1 + np.e) / 2
    assert f"Closed places still get {100 * share:.1f}% of the weight." in widget.label()
    assert "none of them looks into the future" in widget.label()


# What Python refuses


def refused():
    yield "scores must have 2 rows of 2", {"tokens": ["a", "b"], "scores": [[1, 2, 3], [4, 5, 6]]}
    yield "scores must have 5 rows of 5", {"scores": [[1, 2], [3, 4]]}
    yield "numbers from -9 to 9", {**ODD, "scores": [[10, 0, 0]] * 3}
    yield "cells must have 3 rows of 3", {**ODD, "cells": [[1]]}
    yield "cells must be 0 or 1", {**ODD, "cells": [[2, 0, 0]] * 3}
    yield "length must be from 1 to 5, the number of tokens; got 6", {"length": 6}
    yield "width must be from 1 to 5, the number of tokens; got 0", {"width": 0}
    yield "rule", {"rule": "strict"}
    yield "added", {"added": "−5"}
    yield "tokens", {"tokens": [], "scores": [[1]]}
    yield "tokens", {"tokens": list("abcdefghi"), "scores": [[0] * 9] * 9}
    yield "no option 'token'", {"token": 1}


@pytest.mark.parametrize(("words", "options"), list(refused()), ids=lambda x: x if isinstance(x, str) else "")
def test_bad_state_is_refused_with_a_sentence(words, options):
    with pytest.raises((traitlets.TraitError, TypeError), match=re.escape(words)):
        MaskBuilder(**options)


# What goes to the page


def test_the_figure_carries_its_numbers_and_no_html_of_a_reader():
    page = MaskBuilder(**ODD, rule="both", length=1).static_html()
    assert "<b>" not in page
    assert "−∞" in page


def test_the_same_state_makes_the_same_widget():
    widget = MaskBuilder(rule="own", cells=OWN, added="−10")
    assert MaskBuilder(**widget.state()).static_html() == widget.static_html()


def test_the_module_is_small():
    assert len(gzip.compress((bundle.FOLDER / "masking/mask_builder.mjs").read_bytes())) < 3_500
