"""Exercises of chapter 2: what a score measures, with a pencil, in code, as a ranking, and by building a key."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnkit.exercises.checking import TOLERANCE, Blank, Case, Exercise, Slip, agrees_with, fills, numbers, same
from attnkit.scoring import cosine_scores, dot_scores

_RANDOM = np.random.default_rng(2)

# --- by pencil -------------------------------------------------------------------------------------------------------

_PENCIL = (
    Blank(
        "dot product",
        48,
        {
            50: "That pairs the components crosswise: pair first with first and second with second.",
            24: "The dot product is the sum of all products, 3 · 8 + 4 · 6.",
        },
    ),
    Blank(
        "length of k",
        10,
        {
            100: "That is k · k, the square of the length: take its root.",
            14: "The components are added; the length is the root of the sum of their squares.",
            5: "That is the length of q.",
        },
    ),
    Blank(
        "cosine",
        0.96,
        {
            48: "That is the dot product again: divide it by both lengths.",
            9.6: "You divided by the length of q alone: divide by the length of k as well.",
            4.8: "You divided by the length of k alone: divide by the length of q as well.",
            0.0192: "You divided by the squared lengths: take their roots.",
            0.04: "That is the cosine distance, 1 − cosine. A similarity is wanted.",
            16.26: "That is the angle in degrees: its cosine is wanted.",
            0.2838: "That is the angle in radians: its cosine is wanted.",
        },
    ),
)

pencil = Exercise(
    name="pencil",
    question="For q = (3, 4) and k = (8, 6), give three numbers: the dot product, the length of k, and the cosine.",
    judge=fills(_PENCIL),
    praise="48 = 5 · 10 · 0.96: the dot product is both lengths times the cosine.",
    wrong=(
        ((50, 10, 1.0), "pairs the components crosswise"),
        ((24, 10, 0.48), "sum of all products"),
        ((48, 100, 0.096), "square of the length"),
        ((48, 14, 0.69), "root of the sum"),
        ((48, 10, 9.6), "length of q alone"),
        ((48, 10, 4.8), "length of k alone"),
        ((48, 10, 0.0192), "squared lengths"),
        ((48, 10, 0.04), "cosine distance"),
        ((48, 10, 16.26), "angle in degrees"),
        ((48, 10, 0.5), "The cosine is not 0.5"),
        ((48, 10), "The shape should be"),
        (("48", "ten", "0.96"), "cannot be read as numbers"),
        (dot_scores, "this is a function"),
    ),
    right=((48, 10, 0.96), (48.0, np.sqrt(100), 48 / 50), np.array([48, 10, 0.96], dtype=np.float32)),
)

# --- write the cosine ------------------------------------------------------------------------------------------------


def _length(vectors: np.ndarray) -> np.ndarray:
    return np.linalg.norm(vectors, axis=-1)


def _diagonal_only(queries: np.ndarray, keys: np.ndarray) -> np.ndarray:
    scores = np.zeros((len(queries), len(keys)))
    for i in range(len(queries)):
        scores[i, i] = queries[i] @ keys[i] / (_length(queries[i]) * _length(keys[i]))
    return scores


def _loops(queries: np.ndarray, keys: np.ndarray) -> list[list[float]]:
    def cosine(q: list[float], k: list[float]) -> float:
        lengths = sum(x * x for x in q) ** 0.5 * sum(x * x for x in k) ** 0.5
        return sum(x * y for x, y in zip(q, k, strict=True)) / lengths if lengths else 0.0

    return [[cosine(q, k) for k in keys.tolist()] for q in queries.tolist()]


def _einsum(queries: np.ndarray, keys: np.ndarray) -> np.ndarray:
    lengths = np.einsum("q,k->qk", _length(queries), _length(keys))
    return np.einsum("qd,kd->qk", queries, keys) / np.where(lengths == 0, 1, lengths)


def _unit_vectors(queries: np.ndarray, keys: np.ndarray) -> np.ndarray:
    units = [x / np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), 1e-8) for x in (queries, keys)]
    return units[0] @ units[1].T


def _torch_cosine(queries: np.ndarray, keys: np.ndarray) -> Any:
    import torch

    queries, keys = torch.as_tensor(queries).requires_grad_(), torch.as_tensor(keys)
    return torch.cosine_similarity(queries[:, None], keys[None], dim=-1)


_COSINE_SLIPS = (
    Slip(dot_scores, "These are dot products: divide each by the lengths of its query and of its key."),
    Slip(
        lambda queries, keys: dot_scores(queries, keys) / _length(queries)[:, None],
        "You divide by the query's length and forget the key's: a long key still scores high.",
    ),
    Slip(
        lambda queries, keys: dot_scores(queries, keys) / _length(keys),
        "You divide by the key's length and forget the query's.",
    ),
    Slip(
        lambda queries, keys: dot_scores(queries, keys) / (_length(queries)[:, None] * _length(keys)) ** 2,
        "You divide by the squared lengths: take the root of each sum of squares.",
    ),
    Slip(
        lambda queries, keys: dot_scores(
            queries / np.linalg.norm(queries, axis=0), keys / np.linalg.norm(keys, axis=0)
        ),
        "Your lengths run down the columns, over the vectors. "
        "A vector's length sums over its own components: axis −1, with `keepdims=True`.",
    ),
    Slip(
        lambda queries, keys: cosine_scores(queries, keys).T,
        "Your scores are transposed: a row belongs to a query and a column to a key.",
    ),
    Slip(
        lambda queries, keys: 1 - cosine_scores(queries, keys),
        "That is the cosine distance, 1 − cosine: it is small where query and key agree. A score is large there.",
    ),
    Slip(
        _diagonal_only,
        "Only the diagonal is filled, query i with key i. Every query meets every key: loop over both.",
    ),
    Slip(
        lambda queries, keys: np.arccos(cosine_scores(queries, keys)),
        "These are the angles: the cosine itself is the score.",
    ),
)

cosine = Exercise(
    name="cosine",
    question="Write `my_cosine(queries, keys)`: from shapes (n_queries, d_k) and (n_keys, d_k) make the cosine of each "
    "query with each key, shape (n_queries, n_keys). A zero vector has cosine 0 with everything.",
    judge=agrees_with(
        cosine_scores,
        (
            Case({"queries": _RANDOM.normal(size=(3, 2)), "keys": _RANDOM.normal(size=(5, 2))}),
            Case(
                {"queries": np.array([[3.0, 4.0], [0.0, 0.0], [1.0, 0.0]]), "keys": np.eye(7, 2)},
                "Here some vectors are zero: 0 divided by a length of 0 is no number, so replace that length.",
            ),
        ),
        ("n_queries", "n_keys"),
        slips=_COSINE_SLIPS,
    ),
    praise="Each row belongs to a query, each column to a key, and every number lies between −1 and 1.",
    wrong=(
        *_COSINE_SLIPS,
        (
            lambda queries, keys: dot_scores(queries, keys) / (_length(queries)[:, None] * _length(keys)),
            "replace that length",
        ),
        (lambda queries, keys: queries @ keys, "called with `queries` of shape (3, 2), `keys` of shape (5, 2)"),
        (lambda queries, keys: np.diagonal(cosine_scores(queries, keys)), "should be (n_queries=3, n_keys=5)"),
        (lambda queries, keys: np.abs(cosine_scores(queries, keys)), "numbers are not"),
        (cosine_scores(np.eye(2), np.eye(2)), "Pass the function itself"),
    ),
    right=(cosine_scores, _loops, _einsum, _unit_vectors, _torch_cosine),
)

# --- rank keys -------------------------------------------------------------------------------------------------------


def _both_scores(query: np.ndarray, keys: np.ndarray) -> np.ndarray:
    return np.concatenate([dot_scores(query[None], keys), cosine_scores(query[None], keys)])


def _rank(query: np.ndarray, keys: np.ndarray) -> np.ndarray:
    return np.argsort(-_both_scores(query, keys), axis=-1)


def _rank_lists(query: np.ndarray, keys: np.ndarray) -> tuple[list[int], list[int]]:
    dots = (keys @ query).tolist()
    # The query's length divides every score alike, so the order needs the keys' lengths alone.
    shares = [dot / length for dot, length in zip(dots, _length(keys).tolist(), strict=True)]
    return tuple(sorted(range(len(keys)), key=scores.__getitem__, reverse=True) for scores in (dots, shares))


def _torch_rank(query: np.ndarray, keys: np.ndarray) -> Any:
    import torch

    query, keys = torch.as_tensor(query), torch.as_tensor(keys)
    by_dot = torch.argsort(keys @ query, descending=True)
    return by_dot, torch.argsort(torch.cosine_similarity(keys, query[None]), descending=True)


_RANK_SLIPS = (
    Slip(
        lambda query, keys: np.argsort(_both_scores(query, keys)),
        "Your orders start with the worst key: `argsort` sorts upwards, so sort the negated scores.",
    ),
    Slip(
        lambda query, keys: np.argsort(np.stack([_length(keys - query)] * 2)),
        "You rank by distance, nearest first. A score is a similarity: "
        "the dot product prefers a key that is far out in the query's direction.",
    ),
    Slip(lambda query, keys: _rank(query, keys)[::-1], "The two orders are swapped: first by dot, then by cosine."),
    Slip(
        lambda query, keys: _rank(query, keys)[[0, 0]],
        "Both orders are those of the dot product: for the second, divide by the length of each key.",
    ),
    Slip(
        lambda query, keys: np.argsort(_rank(query, keys)),
        "You give the place of each key. Wanted is the other way round: at place 0 the index of the best key.",
    ),
    Slip(_both_scores, "These are the scores: give the indices of the keys, best first."),
)

rank = Exercise(
    name="rank",
    question="Write `my_rank(query, keys)`: for a query of shape (d_k,) and keys of shape (n_keys, d_k) return "
    "two lists of key indices, best key first: by dot product, then by cosine.",
    judge=agrees_with(
        _rank,
        (
            Case({"query": np.array([2.0, 1.0]), "keys": np.array([[1, 2], [4, -1], [-1, 1], [0.6, 0.4], [1, 6.0]])}),
            Case({"query": _RANDOM.normal(size=3), "keys": _RANDOM.normal(size=(7, 3))}),
        ),
        ("ways", "n_keys"),
        slips=_RANK_SLIPS,
    ),
    praise="The two orders differ only because the keys differ in length.",
    wrong=(
        *_RANK_SLIPS,
        (lambda query, keys: _rank(query, keys)[0], "should be (ways=2, n_keys=5)"),
        (lambda query, keys: _rank(query, keys) + 1, "yours is 5, and it should be 4"),
        (lambda query, keys: np.argsort(query @ keys), "ValueError"),
    ),
    right=(
        _rank,
        _rank_lists,
        _torch_rank,
        lambda query, keys: np.argsort(_both_scores(query, keys))[:, ::-1].tolist(),
    ),
)

# --- build a key -----------------------------------------------------------------------------------------------------

_QUERY = np.array([2.0, 1.0])
_KEYS = np.array([[2.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


def _judge_loud_key(answer: Any) -> str | None:
    key = numbers(answer, {"d_k": 2})
    (best_dot,), (worst_cosine,) = dot_scores(_QUERY[None], _KEYS).max(-1), cosine_scores(_QUERY[None], _KEYS).min(-1)
    dot, angle = dot_scores(_QUERY[None], key[None]).item(), cosine_scores(_QUERY[None], key[None]).item()
    if same(key, np.zeros(2)):
        return "A zero key has dot product 0 with everything: make it longer."
    if dot <= 0:
        return f"Its dot product is {dot:.4g}: it points away from the query, so no length can help it."
    if dot <= best_dot:
        return f"Its dot product is {dot:.4g} and the best given key has {best_dot:.4g}: lengthen it."
    if angle > worst_cosine - TOLERANCE:  # a tie is no win, however its last digit was rounded
        return (
            f"It wins under dot with {dot:.4g}, but its cosine is {angle:.3f} and should be below {worst_cosine:.3f}, "
            "the smallest of the given keys: turn it away from the query."
        )
    return None


loud_key = Exercise(
    name="loud_key",
    question="The query is (2, 1), and the keys are (2, 1), (1, 0) and (1, 1). Give a fourth key, two numbers, that "
    "has the largest dot product of all four and the smallest cosine.",
    judge=_judge_loud_key,
    praise="It is loud rather than alike: length alone has won, and the cosine does not hear it.",
    wrong=(
        ((20, 10), "turn it away"),
        ((9, 9), "turn it away"),
        ((9, 0), "turn it away"),
        ((0, 3), "lengthen it"),
        ((-9, 0), "points away"),
        ((0, 0), "zero key"),
        ((0, 9, 0), "should be (d_k=2)"),
        ((0, np.inf), "Finite numbers"),
        ((0, 1e200), "Finite numbers"),
        (lambda: (0, 9), "this is a function"),
    ),
    right=((0, 9), [9, -5], np.array([-100.0, 250.0]), (8, -3)),
)
