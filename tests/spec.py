"""The formulas as plain loops over nested lists: slow, obvious, and free of attnkit and of any array library.

They are an oracle for the tests, so they stay close to the page: no batch axes, no tricks against overflow.
"""

from __future__ import annotations

import math

Vector = list[float]
Matrix = list[Vector]


def dot(left: Vector, right: Vector) -> float:
    total = 0.0
    for a, b in zip(left, right, strict=True):
        total += a * b
    return total


def cosine(left: Vector, right: Vector) -> float:
    lengths = math.sqrt(dot(left, left)) * math.sqrt(dot(right, right))
    return dot(left, right) / lengths if lengths else 0.0


def dot_scores(queries: Matrix, keys: Matrix) -> Matrix:
    return [[dot(query, key) for key in keys] for query in queries]


def cosine_scores(queries: Matrix, keys: Matrix) -> Matrix:
    return [[cosine(query, key) for key in keys] for query in queries]


def softmax(scores: Vector, mask: list[bool], temperature: float) -> Vector:
    exponentials = []
    for score, allowed in zip(scores, mask, strict=True):
        exponentials.append(math.exp(score / temperature) if allowed else 0.0)
    total = sum(exponentials)
    return [e / total if total else 0.0 for e in exponentials]


def weighted_sum(weights: Vector, values: Matrix) -> Vector:
    output = [0.0] * len(values[0])
    for weight, value in zip(weights, values, strict=True):
        for c, component in enumerate(value):
            output[c] += weight * component
    return output


def attend(queries: Matrix, keys: Matrix, values: Matrix, mask: list[list[bool]], temperature: float) -> Matrix:
    output = []
    for query, allowed in zip(queries, mask, strict=True):
        scores = [dot(query, key) for key in keys]
        output.append(weighted_sum(softmax(scores, allowed, temperature), values))
    return output


def entropy(weights: Vector) -> float:
    bits = 0.0
    for weight in weights:
        if weight > 0:
            bits -= weight * math.log2(weight)
    return bits
