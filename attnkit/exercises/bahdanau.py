"""Exercises of chapter 4: the additive score with a pencil and in code, what it costs, who asks, and its alignments."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnkit.bahdanau import additive_scores, compare_projected
from attnkit.exercises.checking import Blank, Case, Exercise, Slip, agrees_with, fills, misfilled
from attnkit.weighted_sum import argmax_weights, softmax

_RANDOM = np.random.default_rng(4)
Numbers = np.ndarray

# --- a score by pencil -----------------------------------------------------------------------------------------------

_APART = "tanh runs once, over the sum: add W q and U k first."
_COLUMNS = "You went down the columns of a matrix: a row of W meets q, and a row of U meets k."
_SCORE = (
    Blank(
        "first hidden number",
        np.tanh(0.5),
        {
            0.5: "That is the sum W q + U k: take its tanh.",
            np.tanh(1.5) + np.tanh(-1): _APART,
            0: _COLUMNS,
            np.tanh(-0.5): _COLUMNS,
            np.tanh(1): _COLUMNS,
            np.tanh(1.5): "That is the query's part alone: add U k before tanh.",
            np.tanh(-1): "That is the key's part alone: add W q before tanh.",
            np.tanh(2.5): "That is tanh(W q − U k): the two parts are added.",
        },
    ),
    Blank(
        "second hidden number",
        np.tanh(1),
        {
            1: "That is the sum W q + U k: take its tanh.",
            np.tanh(-0.5) + np.tanh(1.5): _APART,
            0: _COLUMNS,
            np.tanh(2): _COLUMNS,
            np.tanh(-0.5): "That is the query's part alone: add U k before tanh.",
            np.tanh(1.5): "That is the key's part alone: add W q before tanh.",
            np.tanh(-2): "That is tanh(W q − U k): the two parts are added.",
        },
    ),
    Blank(
        "score",
        3 * np.tanh(0.5) + np.tanh(1),
        {
            3 * 0.5 + 1: "That is v · (W q + U k), without tanh: v meets the two hidden numbers.",
            np.tanh(2.5): "You took tanh at the end. It belongs to the hidden layer, so a score may leave −1 to 1.",
            np.tanh(1.5) + np.tanh(1): "You multiplied by v before tanh: v comes last.",
            np.tanh(0.5) + np.tanh(1): "That is the sum of the hidden numbers: the first counts 3 times, v = (3, 1).",
            np.tanh(0.5) + 3 * np.tanh(1): "v is the wrong way round: its first number, 3, meets the first hidden "
            "number.",
        },
    ),
)
_PENCIL_INPUTS = (
    np.array([[1.0, 1.0]]),
    np.array([[2.0, 1.0]]),
    np.array([[0.5, 1.0], [0.0, -0.5]]),
    np.array([[-0.5, 0.0], [0.5, 0.5]]),
    np.array([3.0, 1.0]),
)

pencil = Exercise(
    name="pencil",
    question="For q = (1, 1), k = (2, 1), W with the rows (0.5, 1) and (0, −0.5), U with the rows (−0.5, 0) and "
    "(0.5, 0.5), and v = (3, 1), give three numbers: the two of the hidden layer tanh(W q + U k), and the score. "
    "tanh 0.5 is 0.462, and tanh 1 is 0.762.",
    judge=fills(_SCORE),
    praise="W q = (1.5, −0.5) and U k = (−1, 1.5) make (0.5, 1), and the score is 3 · 0.462 + 0.762.",
    wrong=(
        *misfilled(_SCORE),
        ((0.462, 0.762, 2.3), "The score is not 2.3."),
        (2.148, "The shape should be"),
        (additive_scores, "this is a function"),
    ),
    right=((0.462, 0.762, 2.148), [np.tanh(0.5), np.tanh(1), additive_scores(*_PENCIL_INPUTS).item()]),
)

# --- the additive score in code --------------------------------------------------------------------------------------


def _parts(*arrays: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Return W q for each query and U k for each key, with an axis for the other, and v."""
    queries, keys, query_weights, key_weights, vector = arrays
    return (queries @ query_weights.T)[:, None, :], (keys @ key_weights.T)[None, :, :], vector


def _linear(*arrays: Numbers) -> Numbers:
    ours, theirs, vector = _parts(*arrays)
    return (ours + theirs) @ vector


def _vector_first(*arrays: Numbers) -> Numbers:
    ours, theirs, vector = _parts(*arrays)
    return np.tanh(vector * (ours + theirs)).sum(-1)


def _tanh_apart(*arrays: Numbers) -> Numbers:
    ours, theirs, vector = _parts(*arrays)
    return (np.tanh(ours) + np.tanh(theirs)) @ vector


def _multiplied(*arrays: Numbers) -> Numbers:
    ours, theirs, vector = _parts(*arrays)
    return np.tanh(ours * theirs) @ vector


def _sigmoid_inside(*arrays: Numbers) -> Numbers:
    ours, theirs, vector = _parts(*arrays)
    return 1 / (1 + np.exp(-ours - theirs)) @ vector


def _pairs_only(*arrays: Numbers) -> Numbers:
    return additive_scores(*arrays) * np.eye(len(arrays[0]), len(arrays[1]))


def _no_axis(queries: Numbers, keys: Numbers, query_weights: Numbers, key_weights: Numbers, vector: Numbers) -> Numbers:
    return (np.tanh(queries @ query_weights.T + keys @ key_weights.T) @ vector)[None]


def _loops(*arrays: Numbers) -> list[list[float]]:
    queries, keys, w, u, v = (array.tolist() for array in arrays)

    def product(row: list[float], vector: list[float]) -> float:
        return sum(a * b for a, b in zip(row, vector, strict=True))

    def score(q: list[float], k: list[float]) -> float:
        hidden = [np.tanh(product(row, q) + product(other, k)) for row, other in zip(w, u, strict=True)]
        return float(product(v, hidden))

    return [[score(q, k) for k in keys] for q in queries]


def _einsum(*arrays: Numbers) -> Numbers:
    queries, keys, query_weights, key_weights, vector = arrays
    ours, theirs = np.einsum("ad,qd->qa", query_weights, queries), np.einsum("ad,kd->ka", key_weights, keys)
    return np.einsum("a,qka->qk", vector, np.tanh(ours[:, None] + theirs))


def _one_query_at_a_time(*arrays: Numbers) -> Numbers:
    queries, keys, query_weights, key_weights, vector = arrays
    theirs = keys @ key_weights.T
    return np.stack([np.tanh(query_weights @ query + theirs) @ vector for query in queries])


def _torch_scores(*arrays: Numbers) -> Any:
    import torch
    from torch.nn.functional import linear

    queries, keys, w, u, v = (torch.as_tensor(array, dtype=torch.float32).requires_grad_() for array in arrays)
    return torch.tanh(linear(queries, w).unsqueeze(1) + linear(keys, u).unsqueeze(0)) @ v


_SCORES_SLIPS = (
    Slip(
        lambda *arrays: np.tanh(_linear(*arrays)),
        "You take tanh after the product with v. The order is: add, tanh of each hidden number, then v.",
    ),
    Slip(_linear, "There is no tanh yet. Without it the query adds the same to all its scores, and softmax drops it."),
    Slip(_vector_first, "You multiply by v inside tanh: v comes last, after tanh."),
    Slip(_tanh_apart, "You take tanh of W q and of U k, each for itself: add the two first, and take tanh of the sum."),
    Slip(_multiplied, "You multiply W q with U k: in an additive score they are added."),
    Slip(_sigmoid_inside, "Your hidden layer has σ: it is tanh, so that a hidden number may count against a key."),
    Slip(
        lambda *arrays: additive_scores(*arrays[:4], np.ones_like(arrays[4])),
        "The vector v is not in it: it weighs the hidden numbers before they are added up.",
    ),
    Slip(
        lambda *arrays: additive_scores(0 * arrays[0], *arrays[1:]),
        "The query is not in it, so every query would get the same scores: add W q.",
    ),
    Slip(
        _pairs_only,
        "Only query i meets key i. Every query meets every key: give the queries an axis for the keys, `[:, None, :]`.",
    ),
    Slip(lambda *arrays: softmax(additive_scores(*arrays)), "These are weights: leave softmax for the next step."),
)
_NETWORK = {
    "query_weights": _RANDOM.normal(size=(11, 2)),
    "key_weights": _RANDOM.normal(size=(11, 7)),
    "vector": _RANDOM.normal(size=11),
}

my_additive_scores = Exercise(
    name="additive_scores",
    question="Write `my_additive_scores(queries, keys, query_weights, key_weights, vector)`: from shapes "
    "(n_queries, d_q), (n_keys, d_k), (d_attention, d_q), (d_attention, d_k) and (d_attention,) make the scores "
    "v · tanh(W q + U k), shape (n_queries, n_keys).",
    judge=agrees_with(
        additive_scores,
        (
            Case({"queries": _RANDOM.normal(size=(1, 2)), "keys": _RANDOM.normal(size=(5, 7)), **_NETWORK}),
            Case(
                {"queries": _RANDOM.normal(size=(3, 2)), "keys": _RANDOM.normal(size=(5, 7)), **_NETWORK},
                "Here are three queries, and each meets every key: give the queries an axis for the keys, "
                "`[:, None, :]`.",
            ),
        ),
        ("n_queries", "n_keys"),
        slips=_SCORES_SLIPS,
    ),
    praise="Queries and keys of different widths can be compared, and what compares them is learned.",
    wrong=(
        *_SCORES_SLIPS,
        (_no_axis, "Here are three queries"),
        (lambda *arrays: additive_scores(*arrays)[:1].repeat(len(arrays[0]), 0), "Here are three queries"),
        (lambda q, k, w, u, v: np.tanh(q @ u.T + k @ w.T) @ v, "raises ValueError"),
        (lambda *arrays: additive_scores(*arrays).T, "It looks transposed"),
        (lambda *arrays: additive_scores(*arrays)[0], "should be (n_queries=1, n_keys=5)"),
        (lambda *arrays: 0.5 * additive_scores(*arrays), "numbers are not"),
    ),
    right=(additive_scores, _loops, _einsum, _one_query_at_a_time, _torch_scores),
)

# --- who asks --------------------------------------------------------------------------------------------------------


def _weights(*arrays: Numbers) -> Numbers:
    return softmax(additive_scores(*arrays))


def _contexts(states: Numbers, *arrays: Numbers) -> Numbers:
    return _weights(states[:-1], *arrays) @ arrays[0]


def _contexts_step_by_step(states: Numbers, annotations: Numbers, *network: Numbers) -> list[Numbers]:
    query_weights, key_weights, vector = network
    projected, contexts = annotations @ key_weights.T, []
    for previous in states[:-1]:
        scores = compare_projected((query_weights @ previous)[None], projected, vector)[0]
        shares = np.exp(scores - scores.max())
        contexts.append((shares[:, None] * annotations).sum(0) / shares.sum())
    return contexts


def _contexts_torch(states: Numbers, annotations: Numbers, *network: Numbers) -> Any:
    import torch

    states, annotations, *network = (torch.as_tensor(array) for array in (states, annotations, *network))
    return torch.softmax(additive_scores(states[:-1], annotations, *network), dim=-1) @ annotations


_CONTEXTS_SLIPS = (
    Slip(
        lambda states, *arrays: _weights(states[1:], *arrays) @ arrays[0],
        "You ask with s_t, the state that step t makes. Its context must be known before: ask with s_{t−1}.",
    ),
    Slip(
        lambda states, *arrays: softmax(additive_scores(states[:-1], *arrays).T).T @ arrays[0],
        "Your softmax runs over the steps: each step shares its attention among the source words, axis −1.",
    ),
    Slip(
        lambda states, *arrays: additive_scores(states[:-1], *arrays) @ arrays[0],
        "You mix with the scores: softmax turns them into weights first.",
    ),
    Slip(
        lambda states, *arrays: argmax_weights(additive_scores(states[:-1], *arrays)) @ arrays[0],
        "You take the best annotation alone. Soft attention mixes all of them, by their weights.",
    ),
    Slip(
        lambda states, *arrays: np.tile(arrays[0].mean(0), (len(states) - 1, 1)),
        "That is the mean of the annotations, whoever asks: weigh them by softmax of the scores.",
    ),
    Slip(
        lambda states, *arrays: np.tile(_contexts(states, *arrays)[0], (len(states) - 1, 1)),
        "Every step gets the context of the first. Each step asks anew, with its own state before.",
    ),
)

contexts = Exercise(
    name="contexts",
    question="Write `my_contexts(states, annotations, query_weights, key_weights, vector)`: states holds a decoder's "
    "s_0 to s_T, shape (n_target + 1, d_q), and annotations the encoder's states, shape (n_source, d_k). Return the "
    "contexts of the steps 1 to T, shape (n_target, d_k), each with additive scores from the state before the step.",
    judge=agrees_with(
        _contexts,
        (Case({"states": _RANDOM.normal(size=(4, 2)), "annotations": _RANDOM.normal(size=(5, 7)), **_NETWORK}),),
        ("n_target", "d_k"),
        slips=_CONTEXTS_SLIPS,
    ),
    praise="Scores, weights, context, and only then the step: the state before it has asked.",
    wrong=(
        *_CONTEXTS_SLIPS,
        (lambda states, *arrays: _weights(states, *arrays) @ arrays[0], "should be (n_target=3, d_k=7)"),
        (lambda states, *arrays: _weights(states[:-1], *arrays), "yours is (3, 5)"),
        (lambda states, *arrays: _weights(states[:-1], *arrays) @ arrays[0] @ arrays[2].T, "yours is (3, 11)"),
        (lambda states, *arrays: _contexts(states, *arrays).T, "It looks transposed"),
        (lambda states, *arrays: _contexts(states[::-1], *arrays), "numbers are not"),
    ),
    right=(_contexts, _contexts_step_by_step, _contexts_torch),
)

# --- what is saved ---------------------------------------------------------------------------------------------------

_PER_KEY = 10 * 20
_AT_EACH_STEP, _ONCE = 40 * 50 * _PER_KEY, 50 * _PER_KEY
_SAVED = (
    Blank(
        "number for one key",
        _PER_KEY,
        {
            10 + 20: "A product is needed for each number of U, and U has 10 rows of 20.",
            20: "That is one row of U: there are 10.",
            10: "That is how many numbers come out: each needs a row of 20 products.",
        },
    ),
    Blank(
        "number for projecting at each step",
        _AT_EACH_STEP,
        {
            50 * _PER_KEY: "That is one step: there are 40.",
            40 * _PER_KEY: "That is one key at each step: there are 50 keys.",
            (40 + 50) * _PER_KEY: "Steps and keys multiply: each of 40 steps projects each of 50 keys.",
        },
    ),
    Blank(
        "number for projecting once",
        _ONCE,
        {
            40 * _PER_KEY: "The keys are the 50 source words; the 40 steps ask.",
            _PER_KEY: "That is one key: there are 50.",
        },
    ),
    Blank(
        "number saved",
        _AT_EACH_STEP - _ONCE,
        {
            40: "So many times fewer they are. Wanted is how many are saved, the difference.",
            _AT_EACH_STEP: "Some work is left: each key is still projected once.",
            _AT_EACH_STEP + _ONCE: "What is still done is subtracted and not added.",
        },
    ),
)

saved = Exercise(
    name="saved",
    question="A decoder makes 40 steps over 50 keys with d_k = 20, and d_attention is 10. Count the multiplications in "
    "U k and give four numbers: for one key, for all keys at each of the steps, for all keys once a sentence, and how "
    "many are saved by doing it once.",
    judge=fills(_SAVED),
    praise="U k depends on no query, so 39 of 40 of these multiplications were repetitions.",
    wrong=(
        *misfilled(_SAVED),
        ((200, 400000, 10000, 380000), "The number saved is not 380000."),
        (390000, "The shape should be"),
    ),
    right=((200, 400_000, 10_000, 390_000), np.array([2e2, 4e5, 1e4, 3.9e5])),
)

# --- how good an alignment is ----------------------------------------------------------------------------------------

_ALIGNMENT = (
    Blank(
        "number of drawn links that are sure",
        2,
        {
            3: "The link of “la” with “soup” is possible and not sure: it counts with the next number.",
            4: "So many links are drawn: how many of them are among the sure ones?",
            1: "There are more: look up each of the drawn links among the sure ones.",
        },
    ),
    Blank(
        "number of drawn links that are possible",
        3,
        {
            1: "Sure links are possible too: P contains S.",
            2: "The link of “la” with “soup” is possible as well.",
            4: "“gustaba” with “they” is drawn and wrong.",
        },
    ),
    Blank(
        "number of drawn and sure links together",
        7,
        {
            8: "You added the possible links. What one may leave out is in the numerator alone: |A| + |S|.",
            5: "You counted links that are both drawn and sure once: |A| + |S| adds the two numbers.",
            4: "That is |A|: add the sure ones.",
            3: "That is |S|: add the drawn ones.",
        },
    ),
    Blank(
        "alignment error rate",
        2 / 7,
        {
            5 / 7: "That is the share of agreement: the error rate is 1 minus it.",
            3 / 7: "The link of “la” with “soup” was counted as wrong: it is possible, so it counts in |A ∩ P|.",
            1 / 7: "You took |A ∩ P| twice: it is |A ∩ S| + |A ∩ P|.",
            3 / 8: "You divided by |A| + |P|: one may leave out a possible link, so it is |A| + |S|.",
            1 / 4: "That is the share of drawn links that are not possible. Sure links that are missing count as well.",
            1 / 3: "That is the share of sure links that are missing. Drawn links that are wrong count as well.",
        },
    ),
)

alignment = Exercise(
    name="alignment",
    question="“they liked soup” is “les gustaba la sopa”; the gold links as (target, source) are (0, 0), (1, 1) and "
    "(3, 2), all sure, and (2, 2), which is possible. A model draws (0, 0), (1, 0), (2, 2) and (3, 2). Give four "
    "numbers: |A ∩ S|, |A ∩ P|, |A| + |S|, and the alignment error rate.",
    judge=fills(_ALIGNMENT),
    praise="1 − (2 + 3) / 7: a wrong link and a missing one, and none for “la”, which may have a link or not.",
    wrong=(
        *misfilled(_ALIGNMENT),
        ((2, 3, 7, 0.5), "The alignment error rate is not 0.5."),
        (0.286, "The shape should be"),
    ),
    right=((2, 3, 7, 0.29), (2, 3, 7, 1 - 5 / 7)),
)
