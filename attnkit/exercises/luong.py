"""Exercises of chapter 5: a window by pencil, three new kinds of weights in code, and the state that is fed back."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnkit.exercises.checking import Blank, Case, Exercise, Slip, agrees_with, fills, misfilled
from attnkit.luong import (
    attentional_state,
    general_scores,
    local_gaussian,
    local_m_weights,
    local_p_weights,
    local_window,
    location_scores,
)
from attnkit.scoring import dot_scores
from attnkit.weighted_sum import softmax

_RANDOM = np.random.default_rng(5)
Numbers = np.ndarray

# --- a window by pencil ----------------------------------------------------------------------------------------------

_WINDOW = (
    Blank(
        "first position",
        3,
        {
            2: "Position 2 is 3.6 from the centre, further than D = 3.",
            2.6: "That is where the window begins. The first word inside it is wanted, a whole position.",
            4: "Position 3 is 2.6 from the centre: it is inside too.",
            5: "That is near the centre. The window reaches 3 positions to each side.",
        },
    ),
    Blank(
        "last position",
        6,
        {
            8: "There is no position 8: the sentence ends within the window.",
            8.6: "That is where the window ends. The last word inside it is wanted, and the sentence ends before.",
            7: "Seven words have the positions 0 to 6.",
        },
    ),
    Blank(
        "number of words",
        4,
        {
            3: "Last minus first leaves out one of the two ends: both are inside.",
            6: "So many whole positions lie in the window, and the sentence ends at position 6.",
            7: "2 D + 1 positions lie around a whole centre in the middle of a long sentence. "
            "Here the centre is not whole and the end is near.",
        },
    ),
    Blank(
        "Gaussian factor",
        np.exp(-(1.6**2) / (2 * 1.5**2)),
        {
            np.exp(-(1.6**2) / (2 * 3**2)): "You took σ = D. It is half of that, so that the factor is small at the "
            "window's edge.",
            np.exp(-1.6 / (2 * 1.5**2)): "The distance is not squared: (4 − 5.6)² stands above.",
            np.exp(-(1.6**2) / (2 * 1.5)): "σ is not squared: 2 σ² stands below.",
            np.exp(-(1.6**2) / 1.5**2): "The 2 below is missing: the distance squared is divided by 2 σ².",
            np.exp(-(2**2) / (2 * 1.5**2)): "You rounded the centre to 6: it stays where it is, between two words.",
            np.exp(-(0.6**2) / (2 * 1.5**2)): "You counted positions from 1: position 4 is the fifth word.",
            np.exp(-(1.6**2) / (2 * 1.5**2)) / (1.5 * np.sqrt(2 * np.pi)): "That is a density. Here the factor is 1 at "
            "the centre, so nothing stands in front of exp.",
            np.exp(1.6**2 / (2 * 1.5**2)): "The minus sign is missing: the factor is at most 1.",
        },
    ),
)
_CENTRE = np.array([5.6])

pencil = Exercise(
    name="pencil",
    question="A sentence has seven words, at the positions 0 to 6, and local attention looks around p = 5.6 with "
    "D = 3. Give four numbers: the first and the last position with a word inside, how many words are inside, and "
    "the Gaussian factor of position 4.",
    judge=fills(_WINDOW),
    praise="The window from 2.6 to 8.6 holds 3, 4, 5 and 6, and with σ = 1.5 position 4 gets exp(−1.6² / 4.5).",
    wrong=(
        *misfilled(_WINDOW),
        ((3, 6, 4, 0.5), "The Gaussian factor is not 0.5."),
        ((3, 6), "The shape should be"),
        (local_window, "this is a function"),
    ),
    right=(
        (3, 6, 4, 0.566),
        [
            *np.flatnonzero(local_window(_CENTRE, 7, 3))[[0, -1]].tolist(),
            local_window(_CENTRE, 7, 3).sum().item(),
            local_gaussian(_CENTRE, 7, 3)[0, 4].item(),
        ],
    ),
)

# --- the general score -----------------------------------------------------------------------------------------------


def _general_loops(queries: Numbers, keys: Numbers, weights: Numbers) -> list[list[float]]:
    def score(q: list[float], k: list[float]) -> float:
        return sum(q[a] * weights.tolist()[a][b] * k[b] for a in range(len(q)) for b in range(len(k)))

    return [[score(q, k) for k in keys.tolist()] for q in queries.tolist()]


def _general_torch(queries: Numbers, keys: Numbers, weights: Numbers) -> Any:
    import torch

    queries, keys, weights = (torch.as_tensor(array, dtype=torch.float32) for array in (queries, keys, weights))
    return queries @ torch.nn.functional.linear(keys, weights.requires_grad_()).T


_GENERAL_SLIPS = (
    Slip(
        lambda queries, keys, weights: queries @ weights.T @ keys.T,
        "Your W is transposed: q · W k has the query on the left of W, so with rows for vectors it is "
        "`queries @ weights @ keys.T`.",
    ),
    Slip(
        lambda queries, keys, _weights: dot_scores(queries, keys),
        "These are dot products: W is not in it yet.",
    ),
    Slip(
        lambda queries, keys, weights: dot_scores(queries @ weights.T, keys @ weights.T),
        "You turn the query and the key with W, so it acts twice. One matrix stands between them.",
    ),
    Slip(
        lambda queries, keys, weights: dot_scores(queries @ weights, keys @ weights.T),
        "W acts twice. One matrix stands between query and key: turn one of them.",
    ),
    Slip(
        lambda queries, keys, weights: np.tanh(general_scores(queries, keys, weights)),
        "There is no tanh in the general score: it is a plain product.",
    ),
    Slip(
        lambda queries, keys, weights: softmax(general_scores(queries, keys, weights)),
        "These are weights: leave softmax for the next step.",
    ),
)


def _cut(queries: Numbers, keys: Numbers, weights: Numbers) -> Numbers:
    width = queries.shape[1]
    return general_scores(queries, keys[:, :width], weights[:, :width])


general = Exercise(
    name="general",
    question="Write `my_general_scores(queries, keys, weights)`: from shapes (n_queries, d_q), (n_keys, d_k) and "
    "(d_q, d_k) make the scores q · W k, shape (n_queries, n_keys).",
    judge=agrees_with(
        general_scores,
        (
            Case(
                {
                    "queries": _RANDOM.normal(size=(3, 2)),
                    "keys": _RANDOM.normal(size=(5, 2)),
                    "weights": _RANDOM.normal(size=(2, 2)),
                }
            ),
            Case(
                {
                    "queries": _RANDOM.normal(size=(3, 2)),
                    "keys": _RANDOM.normal(size=(5, 7)),
                    "weights": _RANDOM.normal(size=(2, 7)),
                },
                "Here queries and keys differ in width, and W has a row for each of the query's numbers.",
            ),
        ),
        ("n_queries", "n_keys"),
        slips=_GENERAL_SLIPS,
    ),
    praise="The matrix also lets vectors of different widths meet: it has d_q rows and d_k columns.",
    wrong=(
        *_GENERAL_SLIPS,
        (_cut, "Here queries and keys differ in width"),
        (lambda queries, keys, weights: queries @ (weights @ keys), "raises ValueError"),
        (lambda queries, keys, weights: general_scores(queries, keys, weights).T, "It looks transposed"),
        (lambda queries, keys, weights: -general_scores(queries, keys, weights), "numbers are not"),
    ),
    right=(
        general_scores,
        _general_loops,
        _general_torch,
        lambda queries, keys, weights: np.einsum("qa,ab,kb->qk", queries, weights, keys),
        lambda queries, keys, weights: (keys @ (queries @ weights).T).T,
    ),
)

# --- location --------------------------------------------------------------------------------------------------------


def _location(queries: Numbers, weights: Numbers, mask: Numbers) -> Numbers:
    return softmax(location_scores(queries, weights, len(mask)), mask)


def _location_cut(queries: Numbers, weights: Numbers, mask: Numbers) -> Numbers:
    shares = np.zeros((len(queries), len(mask)))
    shares[:, mask] = softmax(queries @ weights[: mask.sum()].T)
    return shares


def _location_torch(queries: Numbers, weights: Numbers, mask: Numbers) -> Any:
    import torch

    queries, weights, mask = (torch.as_tensor(array) for array in (queries, weights, mask))
    scores = (queries @ weights.T)[:, : len(mask)].masked_fill(~mask, -torch.inf)
    return torch.softmax(scores.requires_grad_(), dim=-1)


def _all_positions(queries: Numbers, weights: Numbers, mask: Numbers) -> Numbers:
    return softmax(queries @ weights.T)[:, : len(mask)]


_LOCATION_SLIPS = (
    Slip(
        lambda queries, weights, mask: softmax(location_scores(queries, weights, len(mask))),
        "Padding gets weight: mask its scores, so that softmax runs over the words alone.",
    ),
    Slip(
        _all_positions,
        "Your softmax runs over all rows of W, positions behind the sentence among them, and the rest is cut off: "
        "take the first n_keys rows, and of these the words, before softmax.",
    ),
    Slip(
        lambda queries, weights, mask: _all_positions(queries, weights, mask) * mask,
        "Your softmax runs over all rows of W, and what is not a word is set to 0 afterwards: the weights that are "
        "left do not sum to 1. Cut and mask the scores, before softmax.",
    ),
    Slip(
        lambda queries, weights, mask: softmax(location_scores(queries, weights, len(mask))) * mask,
        "You set the padding to 0 after softmax: the weights that are left do not sum to 1. Mask the scores, before.",
    ),
    Slip(
        lambda queries, weights, mask: softmax(queries @ weights[-len(mask) :].T, mask),
        "You take the last rows of W. Row j scores position j, so the first n_keys rows are wanted.",
    ),
    Slip(
        lambda queries, weights, mask: softmax(location_scores(queries, weights, len(mask)), ~mask),
        "Your mask is the wrong way round: True stands on words.",
    ),
    Slip(
        lambda queries, weights, mask: location_scores(queries, weights, len(mask)),
        "These are the scores: softmax over the words makes weights of them.",
    ),
    Slip(
        lambda queries, weights, mask: np.where(mask, location_scores(queries, weights, len(mask)), -np.inf),
        "These are the scores, well masked: softmax over the words makes weights of them.",
    ),
)

location = Exercise(
    name="location",
    question="Write `my_location_weights(queries, weights, mask)`: score by location, with queries of shape "
    "(n_queries, d_q) and W of shape (n_positions, d_q), more positions than there are keys. The mask, of shape "
    "(n_keys,), is True on words and False on padding. Return the attention weights, shape (n_queries, n_keys).",
    judge=agrees_with(
        _location,
        (
            Case(
                {
                    "queries": _RANDOM.normal(size=(3, 2)),
                    "weights": _RANDOM.normal(size=(7, 2)),
                    "mask": np.arange(5) < 3,
                }
            ),
        ),
        ("n_queries", "n_keys"),
        slips=_LOCATION_SLIPS,
    ),
    praise="No key was read: the query alone says where to look, whatever stands there.",
    wrong=(
        *_LOCATION_SLIPS,
        (lambda queries, weights, _mask: softmax(queries @ weights.T), "yours is (3, 7)"),
        (lambda queries, weights, mask: softmax(queries @ weights[: mask.sum()].T), "yours is (3, 3)"),
        (lambda queries, weights, mask: softmax(queries @ weights.T, mask), "raises ValueError"),
        (lambda queries, weights, mask: _location(queries, weights, mask)[::-1], "numbers are not"),
    ),
    right=(_location, _location_cut, _location_torch),
)

# --- local-p ---------------------------------------------------------------------------------------------------------


def _offsets(scores: Numbers, centres: Numbers) -> Numbers:
    return np.arange(scores.shape[1]) - centres[:, None]


def _local_numpy(scores: Numbers, centres: Numbers, half_width: float) -> Numbers:
    offsets = _offsets(scores, centres)
    inside = np.where(abs(offsets) <= half_width, np.exp(scores), 0)
    return inside / inside.sum(-1, keepdims=True) * np.exp(-2 * offsets**2 / half_width**2)


def _local_loops(scores: Numbers, centres: Numbers, half_width: float) -> list[list[float]]:
    rows = []
    for row, centre in zip(scores.tolist(), centres.tolist(), strict=True):
        inside = {j: float(np.exp(score)) for j, score in enumerate(row) if abs(j - centre) <= half_width}
        total = sum(inside.values())
        rows.append(
            [
                inside.get(j, 0) / total * float(np.exp(-((j - centre) ** 2) / (2 * (half_width / 2) ** 2)))
                for j in range(len(row))
            ]
        )
    return rows


def _local_torch(scores: Numbers, centres: Numbers, half_width: float) -> Any:
    import torch

    scores, centres = torch.as_tensor(scores), torch.as_tensor(centres).requires_grad_()
    offsets = torch.arange(scores.shape[1]) - centres.unsqueeze(-1)
    weights = torch.softmax(scores.masked_fill(offsets.abs() > half_width, -torch.inf), dim=-1)
    return weights * torch.exp(-(offsets**2) / (2 * (half_width / 2) ** 2))


def _with_factor(factor: Any) -> Any:
    """Return local weights with another factor of the distance and of D."""

    def weights(scores: Numbers, centres: Numbers, half_width: float) -> Numbers:
        return local_m_weights(scores, centres, half_width) * factor(_offsets(scores, centres), half_width)

    return weights


def _open_window(scores: Numbers, centres: Numbers, half_width: float) -> Numbers:
    offsets = _offsets(scores, centres)
    return softmax(scores, abs(offsets) < half_width) * local_gaussian(centres, scores.shape[1], half_width)


_LOCAL_SLIPS = (
    Slip(_with_factor(lambda offsets, d: np.exp(-(offsets**2) / (2 * d**2))), "You took σ = D. It is σ = D / 2."),
    Slip(
        _with_factor(lambda offsets, d: np.exp(-abs(offsets) / (2 * (d / 2) ** 2))),
        "Your distance is not squared: (j − p)² stands in the exponent.",
    ),
    Slip(
        _with_factor(lambda offsets, d: np.exp(-offsets / (2 * (d / 2) ** 2))),
        "Your distance is not squared, so it even changes its sign: (j − p)² stands in the exponent.",
    ),
    Slip(
        _with_factor(lambda offsets, d: np.exp(-(offsets**2) / (2 * (d / 2)))),
        "Your σ is not squared: (j − p)² is divided by 2 σ².",
    ),
    Slip(
        _with_factor(lambda offsets, d: np.exp(-(offsets**2) / (d / 2) ** 2)),
        "The 2 is missing: (j − p)² is divided by 2 σ².",
    ),
    Slip(
        _with_factor(lambda offsets, d: np.exp(-2 * offsets**2 / d**2) / (d / 2 * np.sqrt(2 * np.pi))),
        "Your factor is a density. Here it is 1 at the centre, so nothing stands in front of exp.",
    ),
    Slip(
        lambda *inputs: local_p_weights(*inputs) / local_p_weights(*inputs).sum(-1, keepdims=True),
        "Your rows sum to 1 again. The Gaussian comes after softmax, and nothing is divided any more: what lies far "
        "from the centre is lost.",
    ),
    Slip(
        lambda scores, centres, d: softmax(scores) * local_gaussian(centres, scores.shape[1], d),
        "There is no window yet: keys further than D from the centre get −∞ before softmax, and weight 0.",
    ),
    Slip(
        lambda scores, centres, d: (
            softmax(scores) * local_window(centres, scores.shape[1], d) * local_gaussian(centres, scores.shape[1], d)
        ),
        "Your softmax runs over all keys, and the window cuts afterwards: softmax runs over the keys inside alone.",
    ),
    Slip(local_m_weights, "These are the weights inside the window, local-m: multiply them with the Gaussian."),
    Slip(
        lambda scores, centres, d: (
            local_window(centres, scores.shape[1], d) * local_gaussian(centres, scores.shape[1], d)
        ),
        "That is the Gaussian alone: multiply it with the softmax of the scores.",
    ),
    Slip(
        lambda scores, centres, d: local_p_weights(scores, np.round(centres), d),
        "You round the centre. It stays where it is, between two words, so that a gradient can reach it.",
    ),
    Slip(
        lambda scores, centres, d: local_p_weights(scores, centres - 1, d),
        "You count positions from 1: the first key stands at 0.",
    ),
)

local_p = Exercise(
    name="local_p",
    question="Write `my_local_p(scores, centres, half_width)`: from scores of shape (n_queries, n_keys), a centre p "
    "for each query and a number D make local-p weights, shape (n_queries, n_keys): softmax over the keys with "
    "|j − p| ≤ D, times the Gaussian factor with σ = D / 2. Positions j count from 0.",
    judge=agrees_with(
        local_p_weights,
        (
            Case(
                {
                    "scores": _RANDOM.normal(size=(3, 11)),
                    "centres": np.array([1.3, 4.6, 9.7]),
                    "half_width": 3.0,
                }
            ),
            Case(
                {
                    "scores": _RANDOM.normal(size=(3, 11)),
                    "centres": np.array([0.0, 5.0, 9.0]),
                    "half_width": 2.0,
                },
                "Here some keys stand exactly at the distance D: they are inside.",
            ),
        ),
        ("n_queries", "n_keys"),
        slips=_LOCAL_SLIPS,
    ),
    praise="The window says which keys are seen, and the Gaussian lets a gradient reach the centre.",
    wrong=(
        *_LOCAL_SLIPS,
        (_open_window, "exactly at the distance D"),
        (lambda scores, centres, d: softmax(scores, abs(np.arange(11) - centres) <= d), "raises ValueError"),
        (lambda *inputs: local_p_weights(*inputs).T, "It looks transposed"),
        (lambda *inputs: 0.9 * local_p_weights(*inputs), "numbers are not"),
    ),
    right=(local_p_weights, _local_numpy, _local_loops, _local_torch),
)

# --- the attentional state -------------------------------------------------------------------------------------------


def _attentional_split(context: Numbers, hidden: Numbers, weights: Numbers) -> Numbers:
    width = context.shape[1]
    return np.tanh(context @ weights[:, :width].T + hidden @ weights[:, width:].T)


def _attentional_rows(context: Numbers, hidden: Numbers, weights: Numbers) -> list[Numbers]:
    return [np.tanh(weights @ np.append(c, h)) for c, h in zip(context, hidden, strict=True)]


def _attentional_torch(context: Numbers, hidden: Numbers, weights: Numbers) -> Any:
    import torch

    context, hidden, weights = (torch.as_tensor(array) for array in (context, hidden, weights))
    return torch.tanh(torch.nn.functional.linear(torch.cat([context, hidden], dim=-1), weights.requires_grad_()))


_ATTENTIONAL_SLIPS = (
    Slip(
        lambda context, hidden, weights: np.tanh(np.hstack([hidden, context]) @ weights.T),
        "You joined [h; c]. The first columns of W belong to the context: [c; h].",
    ),
    Slip(
        lambda context, hidden, weights: np.hstack([context, hidden]) @ weights.T,
        "There is no tanh yet: it keeps each number between −1 and 1.",
    ),
    Slip(
        lambda context, hidden, weights: np.tanh(np.hstack([context, hidden])) @ weights.T,
        "You take tanh before W: first the product, then tanh.",
    ),
    Slip(
        lambda context, hidden, weights: 1 / (1 + np.exp(-np.hstack([context, hidden]) @ weights.T)),
        "You take σ: it is tanh, so that numbers may be negative.",
    ),
    Slip(
        lambda context, hidden, weights: np.maximum(np.hstack([context, hidden]) @ weights.T, 0),
        "You take ReLU: it is tanh, so that numbers may be negative.",
    ),
    Slip(
        lambda context, hidden, weights: attentional_state(context, 0 * hidden, weights),
        "The hidden state is not in it: without it, the prediction knows what was attended to and not why.",
    ),
    Slip(
        lambda context, hidden, weights: attentional_state(0 * context, hidden, weights),
        "The context is not in it: all that attention has found would be lost.",
    ),
    Slip(
        lambda context, hidden, weights: (
            np.tanh(context @ weights[:, : context.shape[1]].T) + np.tanh(hidden @ weights[:, context.shape[1] :].T)
        ),
        "You take tanh of both parts, each for itself: add them first, and take tanh of the sum.",
    ),
)

attentional = Exercise(
    name="attentional",
    question="Write `my_attentional_state(context, hidden, weights)`: from shapes (n_target, d_v), (n_target, "
    "d_hidden) and (d_out, d_v + d_hidden) make tanh(W [c; h]) for each step, shape (n_target, d_out).",
    judge=agrees_with(
        attentional_state,
        (
            Case(
                {
                    "context": _RANDOM.normal(size=(2, 3)),
                    "hidden": _RANDOM.normal(size=(2, 5)),
                    "weights": _RANDOM.normal(size=(7, 8)),
                }
            ),
        ),
        ("n_target", "d_out"),
        slips=_ATTENTIONAL_SLIPS,
    ),
    praise="From this state the next word is predicted, and with input feeding the next step reads it too.",
    wrong=(
        *_ATTENTIONAL_SLIPS,
        (lambda context, hidden, weights: np.tanh(weights @ np.vstack([context, hidden])), "raises ValueError"),
        (lambda context, hidden, weights: np.tanh((context + hidden) @ weights.T), "raises ValueError"),
        (lambda context, hidden, weights: attentional_state(context, hidden, weights).T, "It looks transposed"),
        (lambda context, hidden, _weights: np.tanh(np.hstack([context, hidden])), "yours is (2, 8)"),
        (lambda context, hidden, weights: np.tanh(2 * np.hstack([context, hidden]) @ weights.T), "numbers are not"),
    ),
    right=(attentional_state, _attentional_split, _attentional_rows, _attentional_torch),
)

# --- input feeding ---------------------------------------------------------------------------------------------------

_FEEDING = (
    Blank(
        "width without input feeding",
        48,
        {
            48 + 64: "The hidden state reaches the LSTM by its recurrent weights: the input is the word alone.",
            64: "That is d_hidden: the decoder reads the last word, of d_embedding numbers.",
        },
    ),
    Blank(
        "width with input feeding",
        48 + 64,
        {
            48 + 64 + 64: "You feed [c; h]. What is fed back is h̃ = tanh(W [c; h]), and that has d_hidden numbers.",
            48 + 48: "What is fed back has the width of the attentional state, d_hidden.",
            64: "The word is still read: the attentional state stands beside it.",
            48: "The input becomes wider: the attentional state stands beside the word.",
        },
    ),
    Blank(
        "number of weights that it adds",
        4 * 64 * 64,
        {
            64 * 64: "That is one layer. An LSTM has four: three gates and the candidate.",
            4 * 64 * (48 + 64): "That is the whole matrix for the input: how much of it is new?",
            4 * 64: "That is the number of rows: each becomes 64 longer.",
            4 * 64 * 48: "That is the part for the word, which was there before.",
            64: "So much wider is the input: each of the rows of the matrix becomes that much longer.",
        },
    ),
)

input_feeding = Exercise(
    name="input_feeding",
    question="A decoder is one LSTM with d_hidden = 64; words have d_embedding = 48 numbers, and the attentional state "
    "has d_hidden. Give three numbers: the width of the LSTM's input without input feeding and with it, and how many "
    "weights input feeding adds to the LSTM.",
    judge=fills(_FEEDING),
    praise="The step reads the last word and the last attentional state, and each of 4 · 64 rows grows by 64.",
    wrong=(
        *misfilled(_FEEDING),
        ((48, 112, 16000), "The number of weights that it adds is not 16000."),
        ((48, 112), "The shape should be"),
    ),
    right=((48, 112, 16384), np.array([48, 48 + 64, 4 * 64 * 64])),
)
