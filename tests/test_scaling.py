"""Promise: the widget of √d_k draws real samples, the same in Python and in the page, and measures them rightly."""

from __future__ import annotations

import gzip
import re

import numpy as np
import pytest
import torch
import traitlets

from attnkit.widgets.frame import bundle
from attnkit.widgets.frame.widget import number
from attnkit.widgets.self_attention.scaling import DIVISORS, N_KEYS, WIDTHS, Scaling, jacobian_sizes, normals, uniforms
from tests.reading import expect_the_page_computes


def states():
    """Yield the options of widgets in many states."""
    yield {}
    yield {"divisor": "nothing", "d_k": 1024, "sample": 31}
    yield {"divisor": "d_k", "d_k": 1, "seed": 0}
    yield {"divisor": "nothing", "d_k": 4, "sample": 7, "seed": 9999}


def test_the_page_draws_and_computes_what_python_does():
    expect_the_page_computes((Scaling(**state) for state in states()), within=1e-9)


def test_the_uniform_numbers_are_those_of_mulberry32():
    state, expected = 2017, []
    for _ in range(7):
        state = (state + 0x6D2B79F5) % 2**32
        mixed = ((state ^ state >> 15) * (state | 1)) % 2**32
        mixed = ((mixed + (mixed ^ mixed >> 7) * (mixed | 61)) ^ mixed) % 2**32
        expected.append(((mixed ^ mixed >> 14) + 0.5) / 2**32)
    np.testing.assert_array_equal(uniforms(2017, 7), expected)


def test_the_normal_numbers_are_normal_and_independent_of_their_neighbours():
    drawn = normals(3, 200_000)
    np.testing.assert_allclose([drawn.mean(), drawn.std()], [0, 1], atol=0.01)
    np.testing.assert_allclose(np.percentile(drawn, [2.275, 15.866, 84.134, 97.725]), [-2, -1, 1, 2], atol=0.02)
    assert abs(np.corrcoef(drawn[:-1], drawn[1:])[0, 1]) < 0.01
    assert abs(np.corrcoef(drawn, normals(4, 200_000))[0, 1]) < 0.01
    np.testing.assert_array_equal(normals(3, 5), drawn[:5])


def test_over_many_seeds_the_spread_is_the_root_of_the_width():
    spreads = np.array(
        [[Scaling(seed=seed, d_k=d, divisor="nothing").spread for d in (4, 64, 1024)] for seed in range(20)]
    )
    np.testing.assert_allclose(spreads.mean(axis=0), [2, 8, 32], rtol=0.04)


def test_a_narrower_width_counts_the_first_numbers_of_the_same_vectors():
    drawn = normals(2017, 17 * 1024).reshape(17, 1024)
    for d_k in (1, 8, 1024):
        expected = [drawn[0, :d_k] @ key[:d_k] for key in drawn[1:]]
        np.testing.assert_allclose(Scaling(d_k=d_k, divisor="nothing").scores[0], expected)
        np.testing.assert_allclose(Scaling(d_k=d_k).scores[0], np.array(expected) / np.sqrt(d_k))
        np.testing.assert_allclose(Scaling(d_k=d_k, divisor="d_k").scores[0], np.array(expected) / d_k)


def test_the_size_of_the_gradient_is_that_of_torchs_jacobian():
    widget = Scaling(d_k=16, divisor="nothing")
    for scores, size in zip(widget.scores[:3], widget.gradients[:3], strict=True):
        jacobian = torch.autograd.functional.jacobian(lambda x: torch.softmax(x, -1), torch.tensor(scores))
        np.testing.assert_allclose(size, torch.linalg.matrix_norm(jacobian).item())
    np.testing.assert_allclose(jacobian_sizes(np.full(N_KEYS, 1 / N_KEYS)), np.sqrt(15) / 16)


def test_what_the_widget_is_there_to_show():
    tops = {name: [Scaling(d_k=d, divisor=name).top_weights.mean() for d in WIDTHS] for name in DIVISORS}
    assert tops["nothing"][-1] > 0.9
    assert max(tops["√d_k"]) < 0.35
    assert tops["d_k"][-1] < 0.07
    assert np.median(Scaling(d_k=1024, divisor="nothing").gradients) < 0.01 < np.median(Scaling(d_k=1024).gradients)


def test_the_sentence_the_table_and_the_picture():
    widget = Scaling(d_k=256, divisor="nothing", sample=2)
    assert re.fullmatch(
        r"At d_k = 256, dot products divided by nothing spread by 16\.\d\d; over 32 samples the largest of 16 weights "
        r"is 0\.9\d on average, and the typical gradient 0\.0\d\.",
        widget.label(),
    )
    assert len(widget.table().rows) == len(WIDTHS) + N_KEYS
    assert "divided by √d_k" in widget.picture().alt
    page = widget.static_html()
    for row in widget.table().rows:
        assert all(number(cell) in page for cell in row[1:])


def refused():
    yield "d_k", {"d_k": 3}
    yield "divisor", {"divisor": "d_model"}
    yield "sample", {"sample": 32}
    yield "seed", {"seed": -1}
    yield "no option 'width'", {"width": 4}


@pytest.mark.parametrize(("words", "options"), list(refused()), ids=lambda x: x if isinstance(x, str) else "")
def test_bad_state_is_refused(words, options):
    with pytest.raises((traitlets.TraitError, TypeError), match=re.escape(words)):
        Scaling(**options)


def test_the_module_is_small():
    assert len(gzip.compress((bundle.FOLDER / "self_attention/scaling.mjs").read_bytes())) < 3_500
