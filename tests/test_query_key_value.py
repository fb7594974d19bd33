"""Promise: the widget of the three matrices shows self-attention as attnkit computes it, here and in the page."""

from __future__ import annotations

import gzip
import re

import numpy as np
import pytest
import traitlets

from attnkit.widgets.frame import bundle
from attnkit.widgets.frame.widget import number
from attnkit.widgets.self_attention.query_key_value import EXCITED, QueryKeyValue
from tests.reading import expect_the_page_computes

IT, DOG = 3, 0
RNG = np.random.default_rng(6)


def random(rows: int, columns: int) -> np.ndarray:
    return RNG.uniform(-3, 3, size=(rows, columns))


OTHER = {
    "tokens": list("abcdefg"),
    "features": list("vwxyz"),
    "inputs": random(7, 5),
    "query": random(2, 5),
    "key": random(2, 5),
    "value": random(3, 5),
    "token": 6,
}


def states():
    """Yield the options of widgets in many states."""
    yield EXCITED
    yield {**EXCITED, "scaled": False, "token": 1}
    yield {**EXCITED, "query": EXCITED["key"], "key": EXCITED["query"], "token": 4}
    yield {**EXCITED, "query": [[0, 0, 0], [0, 0, 0]], "key": [[0.3, -0.7, 1], [3, -3, 3]]}
    yield OTHER
    yield {**OTHER, "scaled": False, "token": 0}
    one = {"tokens": ["<b>go</b>"], "features": ["x"], "inputs": [[1]], "query": [[1], [2]], "key": [[3], [0]]}
    yield {**one, "value": [[2]]}


def test_the_page_computes_what_attnkit_computes():
    expect_the_page_computes((QueryKeyValue(**state) for state in states()), within=1e-12)


def test_by_pencil():
    stages = QueryKeyValue.worked_example().stages
    np.testing.assert_array_equal(stages.queries[IT], [2, 1])
    np.testing.assert_array_equal(stages.keys[IT], [1, 1])
    np.testing.assert_array_equal(stages.values[:, 0], [2, 0, -2, 0, 1])
    np.testing.assert_allclose(stages.scores[IT], np.array([4, -6, 2, 3, -4]) / np.sqrt(2))
    np.testing.assert_allclose(stages.weights[IT], [0.575, 0, 0.14, 0.283, 0.002], atol=5e-4)
    np.testing.assert_allclose(stages.output[IT], [0.872], atol=5e-4)


def test_plain_loops_agree():
    widget = QueryKeyValue(**OTHER)
    vectors, (query, key, value) = OTHER["inputs"], (OTHER[name] for name in ("query", "key", "value"))
    for i in range(7):
        shares = [np.exp((query @ vectors[i]) @ (key @ vectors[j]) / np.sqrt(2)) for j in range(7)]
        output = sum(share / sum(shares) * (value @ vectors[j]) for j, share in enumerate(shares))
        np.testing.assert_allclose(widget.stages.output[i], output)


def test_a_changed_number_changes_the_stages_and_undivided_scores_are_the_dot_products():
    widget = QueryKeyValue.worked_example()
    widget.query = [[0.5, 0, 0], [0, 1, 0]]
    assert widget.stages.output[IT, 0] < 0
    widget = QueryKeyValue.worked_example()
    widget.scaled = False
    np.testing.assert_array_equal(widget.stages.scores[IT], [4, -6, 2, 3, -4])


def test_the_sentence_says_who_asks_and_where_it_looks():
    assert QueryKeyValue.worked_example().label() == (
        "“it” asks with the query (2.00, 1.00); most weight, 0.57, is on “dog”, and the output is (0.87)."
    )
    assert "6 arrows" in QueryKeyValue.worked_example().picture().alt


def refused():
    yield "inputs must have one row for each of the 5 tokens; got 4", {"inputs": EXCITED["inputs"][:4]}
    yield "inputs must have d_in=3 columns; got 2", {"inputs": [[1, 2]] * 5}
    yield "query must have d_k=2 rows, so that arrows can be drawn; got 1", {"query": [[1, 2, 3]]}
    yield "key must have d_in=3 columns; got 2", {"key": [[1, 2], [3, 0]]}
    yield "value must have d_in=3 columns; got 1", {"value": [[1]]}
    yield "numbers from -3 to 3", {"value": [[4, 0, 0]]}
    yield "token must be the index of a token, 0 to 4; got 5", {"token": 5}
    yield "token must be the index of a token, 0 to 4; got -1", {"token": -1}
    yield "scaled", {"scaled": "yes"}
    yield "no option 'querry'", {"querry": [[1, 0, 0]]}


@pytest.mark.parametrize(("words", "options"), list(refused()), ids=lambda x: x if isinstance(x, str) else "")
def test_bad_state_is_refused_with_a_sentence(words, options):
    with pytest.raises((traitlets.TraitError, TypeError), match=re.escape(words)):
        QueryKeyValue(**{**EXCITED, **options})


def test_the_figure_carries_the_numbers_and_no_html_of_a_reader():
    for state in states():
        widget = QueryKeyValue(**state)
        page = widget.static_html()
        assert "<b>go" not in page
        for row in widget.table().rows:
            assert all(number(cell) in page for cell in row[1:])
        assert type(widget)(**widget.state()).static_html() == page


def test_the_module_is_small():
    assert len(gzip.compress((bundle.FOLDER / "self_attention/query_key_value.mjs").read_bytes())) < 3_500
