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
    arguments = [torch.tensor(np.asarray(a)) if isinstance(a, list) else a for a in case["arguments"]]
    oracle, answer = TORCH[case["function"]](*arguments), case["answer"]
    if not isinstance(oracle, dict):
        oracle, answer = {"answer": oracle}, {"answer": answer}
    for stage, tensor in oracle.items():
        np.testing.assert_allclose(tensor.numpy(), answer[stage], rtol=1e-6, atol=1e-6)


def _pairs(queries, keys):
    return queries[:, None].expand(-1, len(keys), -1), keys[None].expand(len(queries), -1, -1)


def _additive(queries, keys, query_weights, key_weights, vector):
    queries, keys = _pairs(queries, keys)
    hidden = functional.linear(queries, query_weights) + functional.linear(keys, key_weights)
    return functional.linear(hidden.tanh(), vector)


def _gaussian(centres, n_keys, half_width):
    bells = torch.distributions.Normal(centres[:, None], half_width / 2)
    return (bells.log_prob(torch.arange(n_keys)) - bells.log_prob(bells.mean)).exp()


def _sinusoidal(positions, width, base):
    clocks = positions[:, None] * torch.tensor(float(base)).double() ** (-torch.arange(0, width, 2) / width)
    return torch.view_as_real(torch.polar(torch.ones_like(clocks), torch.pi / 2 - clocks)).flatten(1)[:, :width]


def _rotary(vectors, positions, base):
    pairs = torch.view_as_complex(vectors.unflatten(1, (-1, 2)).contiguous())
    angles = positions[:, None] * torch.logspace(0, -1, pairs.shape[1] + 1, base=base).double()[:-1]
    return torch.view_as_real(pairs * torch.exp(1j * angles)).flatten(1)


def _alibi_slopes(heads):
    """Give the rule of the authors' own code: between two powers of 2, every second slope of the larger one."""
    power = 2 ** int(np.log2(heads))
    slopes = [2 ** (-8 / power * h) for h in range(1, power + 1)]
    rest = [] if heads == power else _alibi_slopes(2 * power)[0::2][: heads - power].tolist()
    return torch.tensor(slopes + rest)


def _distances(queries, keys):
    return queries[:, None].double() - keys[None].double()


@torch.no_grad()
def _lstm_step(inputs, hidden, cell, *weights):
    module = torch.nn.LSTMCell(len(inputs), len(hidden), dtype=inputs.dtype)
    names = "weight_ih", "weight_hh", "bias_ih", "bias_hh"
    module.load_state_dict(dict(zip(names, (*weights, torch.zeros_like(weights[-1])), strict=True)))
    hidden, cell = module(inputs, (hidden, cell))
    return {"hidden": hidden, "cell": cell}  # torch keeps its gates to itself


def _softmax(scores, mask, temperature):
    if not mask.any():  # torch would say NaN; nothing to attend to is weight 0
        return torch.zeros_like(scores)
    return functional.softmax(scores.masked_fill(~mask, -torch.inf) / temperature, dim=-1)


TORCH = {
    "additiveScores": _additive,
    "concatScores": lambda queries, keys, weights, vector: functional.linear(
        functional.linear(torch.cat(_pairs(queries, keys), -1), weights).tanh(), vector
    ),
    "generalScores": lambda queries, keys, weights: functional.bilinear(*_pairs(queries, keys), weights[None])[..., 0],
    "locationScores": lambda queries, weights, n_keys: functional.linear(queries, weights)[:, :n_keys],
    "localGaussian": _gaussian,
    "localWindow": lambda centres, n_keys, half_width: (
        torch.cdist(centres[:, None], torch.arange(n_keys).double()[:, None]) <= half_width
    ),
    "lstmStep": _lstm_step,
    "scaledDotScores": lambda queries, keys: (queries @ keys.T).div(queries.shape[1] ** 0.5),
    "layerNorm": lambda vectors, scale, shift, epsilon=1e-5: functional.layer_norm(
        vectors, scale.shape, scale, shift, epsilon
    ),
    "sinusoidalPositions": _sinusoidal,
    "rotary": _rotary,
    "alibiSlopes": _alibi_slopes,
    "alibiBiases": lambda queries, keys, slopes: -_distances(queries, keys).abs() * slopes[:, None, None],
    "causalMask": lambda queries, keys=None: _distances(queries, queries if keys is None else keys) >= 0,
    "slidingWindowMask": lambda queries, keys, width: (
        _distances(queries, keys).ge(0) & _distances(queries, keys).lt(width)
    ),
    "dotScores": lambda queries, keys: queries @ keys.T,
    "cosineScores": lambda queries, keys: functional.cosine_similarity(queries[:, None], keys[None], dim=-1),
    "softmax": _softmax,
    "weightedSum": lambda weights, values: weights @ values,
    "entropy": lambda weights: torch.special.entr(weights).sum() / np.log(2),
    "argmaxWeights": lambda scores: functional.one_hot(scores.argmax(), len(scores)),
}


def test_every_widget_has_golden_states():
    assert {case["widget"] for case in golden("widgets.json")} == set(bundle.names())
