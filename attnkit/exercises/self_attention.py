"""Exercises of chapter 6: one query with a pencil, self-attention in code, spreads, a look-up table, and a circle."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnkit.exercises.checking import Blank, Case, Exercise, Slip, agrees_with, fills, misfilled, numbers
from attnkit.scoring import dot_scores
from attnkit.self_attention import Projections, scaled_dot_scores, self_attend
from attnkit.weighted_sum import argmax_weights, softmax

_RANDOM = np.random.default_rng(6)
Numbers = np.ndarray

# --- one query by pencil ---------------------------------------------------------------------------------------------

_WEIGHT = softmax(np.array([2.0, 0.0]))[0].item()
_PENCIL = (
    Blank(
        "second number of the query",
        2,
        {
            4: "Mind the sign: −1 · 1 + 1 · 3.",
            1: "That is the first number, from the first row of W_Q; the second row is (−1, 1).",
            -2: "That is 1 · 1 − 1 · 3. The row is (−1, 1), so the minus belongs to the first product.",
            3: "That is the second number of x itself: the row (−1, 1) meets x.",
        },
    ),
    Blank(
        "first score",
        2,
        {
            4: "That is the dot product: divide by √d_k = 2.",
            1: "You divided by d_k = 4. The score is divided by its root, 2.",
            8: "You multiplied by √d_k: the score is divided by it.",
            4 / np.sqrt(2): "You divided by √2. A query has d_k = 4 numbers; the 2 is d_in.",
        },
    ),
    Blank(
        "weight of the first key",
        _WEIGHT,
        {
            softmax(np.array([4.0, 0.0]))[0].item(): "That is softmax of the dot products 4 and 0: divide by 2 first.",
            1 - _WEIGHT: "That is the weight of the second key.",
            softmax(np.array([1.0, 0.0]))[0].item(): "That is softmax of 1 and 0: the scores are 4/√4 and 0/√4.",
            1: "Softmax gives each key some weight: e² / (e² + e⁰).",
        },
    ),
    Blank(
        "output",
        3 * _WEIGHT - (1 - _WEIGHT),
        {
            3: "That is the best key's value alone. The other one has a share too.",
            1: "That is the plain mean of the values: weigh them.",
            3 * _WEIGHT: "The second value is missing: it pulls down by its own weight.",
            3 * _WEIGHT + (1 - _WEIGHT): "The second value is −1, so its share is subtracted.",
            6: "You mixed with the scores, 2 · 3 + 0 · (−1): mix with the weights.",
        },
    ),
)

pencil = Exercise(
    name="pencil",
    question="x = (1, 3) asks. W_Q has the rows (1, 0), (−1, 1), (0, 0) and (2, 0), so d_k = 4. Two keys, (2, 0, 5, 1) "
    "and (0, 2, 7, −2), have the values 3 and −1. Give four numbers: the second number of the query, the scaled score "
    "with the first key, the weight of the first key, and the output. e² is 7.389.",
    judge=fills(_PENCIL),
    praise="q = (1, 2, 0, 2), the scores are 4/2 and 0/2, and 7.389 / 8.389 = 0.881 of the first value meets 0.119 of "
    "the second.",
    wrong=(
        *misfilled(_PENCIL),
        ((2, 2, 0.9, 2.6), "The weight of the first key is not 0.9."),
        (2.523, "The shape should be"),
        (self_attend, "this is a function"),
    ),
    right=((2, 2, 0.881, 2.524), [2, 2, _WEIGHT, 4 * _WEIGHT - 1]),
)

# --- self-attention in code ------------------------------------------------------------------------------------------


def _attend(inputs: Numbers, query: Numbers, key: Numbers, value: Numbers, score: Any = scaled_dot_scores) -> Numbers:
    return self_attend(inputs, Projections(query, key, value), score=score).output


def _divided(divisor: Any) -> Any:
    """Return self-attention whose dot products are divided by what ``divisor`` makes of inputs, W_Q, W_K and W_V."""

    def answer(*arrays: Numbers) -> Numbers:
        return _attend(*arrays, score=lambda queries, keys: dot_scores(queries, keys) / divisor(*arrays))

    return answer


def _weights(inputs: Numbers, query: Numbers, key: Numbers, value: Numbers) -> Numbers:
    return self_attend(inputs, Projections(query, key, value)).weights


def _over_queries(inputs: Numbers, query: Numbers, key: Numbers, value: Numbers) -> Numbers:
    scores = scaled_dot_scores(inputs @ query.T, inputs @ key.T)
    return softmax(scores.T).T @ inputs @ value.T


def _late(inputs: Numbers, query: Numbers, key: Numbers, value: Numbers) -> Numbers:
    weights = softmax(dot_scores(inputs @ query.T, inputs @ key.T))
    return weights / np.sqrt(len(key)) @ inputs @ value.T


def _hard(inputs: Numbers, query: Numbers, key: Numbers, value: Numbers) -> Numbers:
    return argmax_weights(dot_scores(inputs @ query.T, inputs @ key.T)) @ inputs @ value.T


def _raw(inputs: Numbers, query: Numbers, key: Numbers, value: Numbers) -> Numbers:
    return scaled_dot_scores(inputs @ query.T, inputs @ key.T) @ inputs @ value.T


def _bare(inputs: Numbers, _query: Numbers, _key: Numbers, value: Numbers) -> Numbers:
    return softmax(scaled_dot_scores(inputs, inputs)) @ inputs @ value.T


def _loops(*arrays: Numbers) -> list[list[float]]:
    inputs, *matrices = (array.tolist() for array in arrays)

    def times(rows: list[list[float]], vector: list[float]) -> list[float]:
        return [sum(a * b for a, b in zip(row, vector, strict=True)) for row in rows]

    queries, keys, values = ([times(matrix, x) for x in inputs] for matrix in matrices)
    outputs = []
    for q in queries:
        shares = [float(np.exp(score / len(q) ** 0.5)) for score in times(keys, q)]
        columns = zip(*values, strict=True)
        outputs.append([sum(s * v for s, v in zip(shares, column, strict=True)) / sum(shares) for column in columns])
    return outputs


def _einsum(inputs: Numbers, query: Numbers, key: Numbers, value: Numbers) -> Numbers:
    scores = np.einsum("id,kd,ke,je->ij", inputs, query, key, inputs, optimize=True) / np.sqrt(len(key))
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.einsum("ij,jd,vd->iv", shares / shares.sum(axis=-1, keepdims=True), inputs, value)


def _torch(*arrays: Numbers) -> Any:
    import torch
    from torch.nn import functional

    inputs, *matrices = (torch.as_tensor(array)[None] for array in arrays)
    return functional.scaled_dot_product_attention(*(inputs @ matrix.mT for matrix in matrices))[0]


_ATTEND_SLIPS = (
    Slip(_divided(lambda *_: 1), "The scores are not divided: √d_k is missing."),
    Slip(_divided(lambda _x, _q, key, _v: len(key)), "You divide by d_k. It is the root of d_k that keeps the spread."),
    Slip(
        _divided(lambda _x, _q, key, _v: 1 / np.sqrt(len(key))),
        "You multiply by √d_k: the dot products grow with d_k, so they are divided.",
    ),
    Slip(
        _divided(lambda inputs, *_: np.sqrt(inputs.shape[1])),
        "You divide by √d_in. What counts is how many numbers a key has: √d_k.",
    ),
    Slip(_divided(lambda _x, _q, _k, value: np.sqrt(len(value))), "You divide by √d_v: d_k is the width of the keys."),
    Slip(
        _divided(lambda inputs, *_: np.sqrt(len(inputs))),
        "You divide by the root of how many tokens there are: √d_k is the width of the keys.",
    ),
    Slip(_late, "You divide the weights, so that they no longer sum to 1. Divide the scores, before softmax."),
    Slip(_over_queries, "Your softmax runs over the queries. Each token shares 1 among the keys: axis −1."),
    Slip(
        lambda inputs, query, key, value: _attend(inputs, key, query, value),
        "The keys ask: your scores are transposed. A row belongs to the token that asks: Q Kᵀ.",
    ),
    Slip(_bare, "W_Q and W_K are not in it: project before you compare."),
    Slip(_hard, "Each token takes the value of its best key alone: mix all values by softmax."),
    Slip(_raw, "You mix with the scores. Softmax turns them into weights first."),
    Slip(_weights, "These are the weights: they still have to mix the values."),
    Slip(
        lambda inputs, *matrices: _weights(inputs, *matrices) @ inputs,
        "You mix the inputs. What a token gives is its value, W_V x.",
    ),
    Slip(
        lambda inputs, *matrices: _weights(inputs, *matrices) @ inputs @ matrices[1].T,
        "You mix the keys. They only decide the weights: mix the values.",
    ),
)

my_self_attend = Exercise(
    name="self_attend",
    question="Write `my_self_attend(inputs, query, key, value)`: inputs has shape (n_tokens, d_in), and the matrices "
    "W_Q, W_K and W_V have shapes (d_k, d_in), (d_k, d_in) and (d_v, d_in). Return each token's output, shape "
    "(n_tokens, d_v), with dot products that are divided by √d_k.",
    judge=agrees_with(
        _attend,
        (
            Case(
                {
                    "inputs": _RANDOM.normal(size=(7, 5)),
                    "query": _RANDOM.normal(size=(3, 5)),
                    "key": _RANDOM.normal(size=(3, 5)),
                    "value": _RANDOM.normal(size=(2, 5)),
                }
            ),
            Case(
                {
                    "inputs": 100 * _RANDOM.normal(size=(7, 5)),
                    "query": _RANDOM.normal(size=(3, 5)),
                    "key": _RANDOM.normal(size=(3, 5)),
                    "value": _RANDOM.normal(size=(2, 5)),
                },
                "Here the scores are large: subtract the largest of each row before you take exponentials.",
            ),
        ),
        ("n_tokens", "d_v"),
        slips=_ATTEND_SLIPS,
    ),
    praise="Three products, a softmax and one more product: no token had to wait for another.",
    wrong=(
        *_ATTEND_SLIPS,
        (lambda inputs, query, key, value: _attend(inputs, query.T, key.T, value), "raises ValueError"),
        (lambda *arrays: _attend(*arrays).T, "It looks transposed"),
        (lambda *arrays: _attend(*arrays)[0], "should be (n_tokens=7, d_v=2)"),
        (_loops, "Here the scores are large"),
        (self_attend, "raises TypeError"),
        (lambda *arrays: 2 * _attend(*arrays), "numbers are not"),
    ),
    right=(_attend, _einsum, _torch),
)

# --- what the division does ------------------------------------------------------------------------------------------

_SPREADS = (
    Blank(
        "spread of the dot products",
        16,
        {
            256: "That is their variance: the standard deviation is its root.",
            1: "That is the spread of one product. There are 256 of them, and their variances add up.",
        },
    ),
    Blank(
        "spread after the division by √d_k",
        1,
        {
            16: "Dividing all numbers by 16 divides their spread by 16.",
            1 / 16: "That is what dividing by d_k leaves.",
        },
    ),
    Blank(
        "spread after a division by d_k",
        1 / 16,
        {
            1: "That is what dividing by √d_k leaves; d_k is 256.",
            1 / 256: "That is the variance, 1/d_k: the standard deviation is its root.",
        },
    ),
    Blank(
        "spread with queries twice as large",
        2,
        {
            1: "√d_k knows how many numbers there are, not how large they are: twice the query is twice the score.",
            4: "That is the variance: the standard deviation is its root.",
        },
    ),
)

spreads = Exercise(
    name="spreads",
    question="Queries and keys have d_k = 256 numbers, each with mean 0 and variance 1, and nothing to do with one "
    "another. Give four standard deviations: of the dot products; of these divided by √d_k; of these divided by d_k; "
    "and of the dot products divided by √d_k if all queries are twice as large.",
    judge=fills(_SPREADS),
    praise="256 variances of 1 add up to 256 = 16². Dividing by √d_k brings 1 back, whatever the width; what learning "
    "does to the size of a query is not taken out.",
    wrong=(
        *misfilled(_SPREADS),
        ((16, 1, 0.1, 2), "is not 0.1."),
        (16, "The shape should be"),
    ),
    right=((16, 1, 0.0625, 2), [16, 1, 1 / 16, 2], (16, 1, 0.06, 2)),
)

# --- from soft to hard -----------------------------------------------------------------------------------------------


def _judge_lookup(answer: Any) -> str | None:
    temperature = numbers(answer, {}).item()
    if temperature <= 0:
        return f"A temperature is above 0; yours is {temperature:.4g}."
    if abs(temperature - np.log(99 * 15)) < 0.02:
        return "That is 1/T, the inverse temperature: the scores are divided by T."
    if abs(temperature - 1 / np.log(99)) < 0.001:
        return "That is right for one other key. Here 15 others share the rest: e^(1/T) must be 99 · 15."
    weight = softmax(np.eye(16)[0], temperature=temperature)[0]
    if weight < 0.985:
        return f"At {temperature:.4g} the entry that matches gets {weight:.3f}: a lower temperature sharpens it."
    if weight > 0.995:
        return f"At {temperature:.4g} the entry that matches gets {weight:.4f}: a higher temperature evens it out."
    return None


lookup = Exercise(
    name="lookup",
    question="A soft dictionary has 16 keys of length 1, each at a right angle to all others, and the query is one of "
    "them. At which temperature does the entry that matches get a weight of 0.99? The scores are plain dot products.",
    judge=_judge_lookup,
    praise="The match scores 1 and the 15 others 0, so e^(1/T) / (e^(1/T) + 15) = 0.99, and T = 1 / ln 1485 ≈ 0.137.",
    wrong=(
        (np.log(1485), "inverse temperature"),
        (1 / np.log(99), "15 others share"),
        (1, "a lower temperature"),
        (0.05, "a higher temperature"),
        (0, "above 0"),
        ((0.137, 1), "(one number)"),
        (lambda: 0.137, "this is a function"),
    ),
    right=(1 / np.log(99 * 15), 0.137, [0.137], 0.14),
)

# --- each word looks at the next -------------------------------------------------------------------------------------


def _judge_circle(answer: Any) -> str | None:
    query, key = numbers(answer, {"matrices": 2, "d_k": 3, "d_in": 3})
    stages = self_attend(np.eye(3), Projections(query, key, np.eye(3)))
    wanted, back = (np.roll(np.eye(3), shift, axis=1) for shift in (1, -1))
    reached = stages.weights[wanted == 1]
    if (reached >= 0.9).all():
        return None
    if (stages.weights[back == 1] >= 0.9).all():
        return "Your words look at the one before them. Swap W_Q and W_K, and they look at the next."
    if np.allclose(stages.scores, stages.scores.T):
        return (
            "Your scores are symmetric: as much as word 0 fits word 1, word 1 fits word 0. "
            "No circle comes of that: W_Q and W_K must differ."
        )
    if (stages.weights.argmax(axis=1) == wanted.argmax(axis=1)).all():
        return (
            f"Each word looks most at the next, but with weights of only {reached.min():.3f} and more: "
            "make the numbers larger, so that the scores lie further apart."
        )
    row = int(np.argmin(reached))
    looked = int(stages.weights[row].argmax())
    return f"Word {row} looks most at word {looked}, and it should look at word {(row + 1) % 3}."


_NEXT = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])

circle = Exercise(
    name="circle",
    question="Three words have the inputs (1, 0, 0), (0, 1, 0) and (0, 0, 1). Give two matrices, W_Q and W_K, each of "
    "3 rows and 3 columns, so that word 0 looks at word 1, word 1 at word 2 and word 2 at word 0, each with a weight "
    "of at least 0.9. The dot products are divided by √3.",
    judge=_judge_circle,
    praise="Each query is made to fit the key of the next word. With one matrix for both, every look would have to be "
    "returned.",
    wrong=(
        ((np.eye(3), np.eye(3)), "symmetric"),
        ((9 * np.eye(3), np.eye(3)), "symmetric"),
        ((9 * _NEXT, _NEXT), "symmetric"),
        ((9 * np.eye(3), _NEXT.T), "Swap W_Q and W_K"),
        ((np.eye(3), _NEXT), "make the numbers larger"),
        ((9 * np.eye(3), np.eye(3)[[1, 0, 2]] + 0.1 * _NEXT), "looks most at word"),
        (np.eye(3), "should be (matrices=2, d_k=3, d_in=3)"),
        (_attend, "this is a function"),
    ),
    right=tuple(map(np.stack, ((9 * np.eye(3), _NEXT), (_NEXT.T, 9 * np.eye(3)), (-9 * np.eye(3), -_NEXT)))),
)
