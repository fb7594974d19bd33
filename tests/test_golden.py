"""Promise: Python, JavaScript and torch give the same numbers, to 1e-6, on the same inputs.

The golden files are what attnkit says; `node --test tests/js/*.test.mjs` holds the widgets' JavaScript to them.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from attnkit.widgets.frame import bundle
from tests.golden.make import FOLDER, GOLDEN


def golden(file: str) -> Any:
    return json.loads((FOLDER / file).read_text(encoding="utf-8"))


def close(a: Any, b: Any) -> bool:
    """Compare nested data: words exactly, numbers to the last few bits, which may differ between machines."""
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(close(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(map(close, a, b))
    if isinstance(a, float) and isinstance(b, (int, float)):
        return abs(a - b) <= 1e-12 * max(1.0, abs(b))
    return a == b


@pytest.mark.parametrize("file", GOLDEN)
def test_stored_answers_are_what_attnkit_says_today(file):
    today = json.loads(json.dumps(GOLDEN[file]()))
    assert close(golden(file), today), f"{file} is out of date; if the change is meant: python -m tests.golden.make"


def test_close_can_tell():
    assert not close([1.0, "a"], [1.0 + 1e-9, "a"])
    assert not close([1.0, "a"], [1.0, "b"])
    assert not close([1.0], [1.0, 2.0])


@pytest.mark.parametrize("case", golden("formulas.json"), ids=lambda case: case["function"])
def test_torch_gives_the_stored_answers(case):
    arguments = [torch.tensor(a) if isinstance(a, list) else a for a in case["arguments"]]
    arguments = [a.double() if isinstance(a, torch.Tensor) and a.dtype != torch.bool else a for a in arguments]
    oracle = TORCH[case["function"]](*arguments)
    np.testing.assert_allclose(oracle.numpy(), case["answer"], rtol=1e-6, atol=1e-6)


def _softmax(scores, mask, temperature):
    if not mask.any():  # torch would say NaN; nothing to attend to is weight 0
        return torch.zeros_like(scores)
    return functional.softmax(scores.masked_fill(~mask, -torch.inf) / temperature, dim=-1)


TORCH = {
    "dotScores": lambda queries, keys: queries @ keys.T,
    "cosineScores": lambda queries, keys: functional.cosine_similarity(queries[:, None], keys[None], dim=-1),
    "softmax": _softmax,
    "weightedSum": lambda weights, values: weights @ values,
    "entropy": lambda weights: torch.special.entr(weights).sum() / np.log(2),
    "argmaxWeights": lambda scores: functional.one_hot(scores.argmax(), len(scores)),
}


def test_every_widget_has_golden_states():
    assert {case["widget"] for case in golden("widgets.json")} == set(bundle.names())
