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


def times(matrix: Matrix, vector: Vector) -> Vector:
    return [dot(row, vector) for row in matrix]


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def lstm_step(inputs: Vector, hidden: Vector, cell: Vector, weights: tuple[Matrix, Matrix, Vector]) -> list[Vector]:
    from_input, from_hidden, bias = weights
    n = len(hidden)
    sums = [dot(from_input[row], inputs) + dot(from_hidden[row], hidden) + bias[row] for row in range(4 * n)]
    input_gate, forget_gate, output_gate = ([sigmoid(sums[k * n + d]) for d in range(n)] for k in (0, 1, 3))
    candidate = [math.tanh(sums[2 * n + d]) for d in range(n)]
    new_cell = [forget_gate[d] * cell[d] + input_gate[d] * candidate[d] for d in range(n)]
    new_hidden = [output_gate[d] * math.tanh(new_cell[d]) for d in range(n)]
    return [input_gate, forget_gate, candidate, output_gate, new_cell, new_hidden]


def encode(embeddings: Matrix, weights: tuple[Matrix, Matrix, Vector], mask: list[bool]) -> tuple[Matrix, Vector]:
    hidden, cell, states = [0.0] * len(weights[1][0]), [0.0] * len(weights[1][0]), []
    for word, is_word in zip(embeddings, mask, strict=True):
        if is_word:
            *_, cell, hidden = lstm_step(word, hidden, cell, weights)
        states.append(hidden)
    return states, cell


def additive_scores(
    queries: Matrix, keys: Matrix, query_weights: Matrix, key_weights: Matrix, vector: Vector
) -> Matrix:
    scores = []
    for query in queries:
        row = []
        for key in keys:
            left, right = times(query_weights, query), times(key_weights, key)
            row.append(dot(vector, [math.tanh(a + b) for a, b in zip(left, right, strict=True)]))
        scores.append(row)
    return scores


def general_scores(queries: Matrix, keys: Matrix, weights: Matrix) -> Matrix:
    return [[dot(query, times(weights, key)) for key in keys] for query in queries]


def concat_scores(queries: Matrix, keys: Matrix, weights: Matrix, vector: Vector) -> Matrix:
    return [[dot(vector, [math.tanh(x) for x in times(weights, query + key)]) for key in keys] for query in queries]


def location_scores(queries: Matrix, weights: Matrix, n_keys: int) -> Matrix:
    return [times(weights, query)[:n_keys] for query in queries]


def predicted_centres(queries: Matrix, length: float, weights: Matrix, vector: Vector) -> Vector:
    return [length * sigmoid(dot(vector, [math.tanh(x) for x in times(weights, query)])) for query in queries]


def local_window(centre: float, n_keys: int, half_width: float) -> list[bool]:
    return [centre - half_width <= j <= centre + half_width for j in range(n_keys)]


def local_gaussian(centre: float, n_keys: int, half_width: float) -> Vector:
    sigma = half_width / 2
    return [math.exp(-((j - centre) ** 2) / (2 * sigma**2)) for j in range(n_keys)]


def attentional_state(context: Vector, hidden: Vector, weights: Matrix) -> Vector:
    return [math.tanh(x) for x in times(weights, context + hidden)]
