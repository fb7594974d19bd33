"""Exercises of chapter 3: softmax, its mask, the weighted sum, and what temperature and weights bring about."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnkit.exercises.checking import Case, Exercise, Slip, agrees_with, numbers, same
from attnkit.scoring import cosine_scores, dot_scores
from attnkit.weighted_sum import argmax_weights, attend, softmax, weighted_sum

_RANDOM = np.random.default_rng(3)


def _odd_rows(result: np.ndarray, wanted: np.ndarray) -> str | None:
    """Return why weights are no weights: what sums to 1 is not each row, or something is negative."""
    if not np.isfinite(result).all():
        return None
    if (result < 0).any():
        return f"A weight is negative, {result.min():.4g}: a weight is a share, from 0 to 1."
    rows = result.sum(-1)
    if same(rows, wanted.sum(-1)):
        return None
    if same(result.sum(0), np.ones(result.shape[1])):
        return "Your rows do not sum to 1; the columns do: softmax over the keys, axis −1."
    if same(result.sum(), np.ones(())):
        return "All your weights together sum to 1, and each row should: divide by the sum over axis −1 alone."
    row = np.argwhere(~np.isclose(rows, wanted.sum(-1), atol=1e-4))[0, 0]
    return f"Row {row} of your weights sums to {rows[row]:.4g}; it should sum to {wanted[row].sum():.0f}."


# --- softmax ---------------------------------------------------------------------------------------------------------


def _softmax(scores: np.ndarray, temperature: float) -> np.ndarray:
    return softmax(scores, temperature=temperature)


def _shares(exponentials: np.ndarray) -> np.ndarray:
    return exponentials / exponentials.sum(-1, keepdims=True)


def _softmax_unsafe(scores: np.ndarray, temperature: float) -> np.ndarray:
    return _shares(np.exp(scores / temperature))


def _softmax_global_maximum(scores: np.ndarray, temperature: float) -> np.ndarray:
    return _softmax_unsafe(scores - scores.max(), temperature)


def _softmax_in_place(scores: np.ndarray, temperature: float) -> np.ndarray:
    scores -= scores.max(-1, keepdims=True)
    return _softmax_unsafe(scores, temperature)


def _softmax_lists(scores: np.ndarray, temperature: float) -> list[list[float]]:
    def weights(row: list[float]) -> list[float]:
        exponentials = [2.718281828459045 ** ((score - max(row)) / temperature) for score in row]
        return [exponential / sum(exponentials) for exponential in exponentials]

    return [weights(row) for row in scores.tolist()]


def _softmax_logarithms(scores: np.ndarray, temperature: float) -> np.ndarray:
    return np.exp(scores / temperature - np.logaddexp.reduce(scores / temperature, axis=-1, keepdims=True))


def _softmax_torch(scores: np.ndarray, temperature: float) -> Any:
    import torch

    return torch.softmax(torch.as_tensor(scores, dtype=torch.float32).requires_grad_() / temperature, dim=-1)


_SOFTMAX_SLIPS = (
    Slip(
        lambda scores, temperature: softmax(scores * temperature),
        "You multiply by the temperature. Divide the scores by it: a high temperature evens the weights out.",
    ),
    Slip(
        lambda scores, _temperature: softmax(scores),
        "The temperature changes nothing yet: divide the scores by it before the exponential.",
    ),
    Slip(
        lambda scores, temperature: softmax(scores) / temperature,
        "You divide the weights by the temperature. Divide the scores by it, before the exponential.",
    ),
    Slip(
        lambda scores, temperature: softmax(scores * np.log(2), temperature=temperature),
        "You raise 2 to each score; softmax raises e = 2.718…: `np.exp`.",
    ),
    Slip(
        lambda scores, _temperature: np.abs(scores) / np.abs(scores).sum(-1, keepdims=True),
        "You share by absolute values, so a score of −3 counts as much as 3. The exponential keeps the order.",
    ),
    Slip(
        lambda scores, _temperature: scores / scores.sum(-1, keepdims=True),
        "You divide the scores by their sum, so a negative score gives a negative weight. "
        "Take the exponential of each score first.",
    ),
    Slip(
        lambda scores, temperature: np.exp((scores - scores.max(-1, keepdims=True)) / temperature),
        "Each row has 1 at its largest weight: you divide by the largest exponential. Divide by the sum of the row.",
    ),
    Slip(
        lambda scores, temperature: np.log(_softmax(scores, temperature)),
        "These are the logarithms of the weights: take the exponential of them.",
    ),
    Slip(
        lambda scores, temperature: np.exp(scores / temperature),
        "These are the exponentials. To be weights, each must be divided by the sum of its row.",
    ),
)

my_softmax = Exercise(
    name="softmax",
    question="Write `my_softmax(scores, temperature)`: from scores of shape (n_queries, n_keys) make weights of the "
    "same shape, each row a softmax over its keys. Scores may be as large as 10000.",
    judge=agrees_with(
        _softmax,
        (
            Case({"scores": _RANDOM.normal(size=(3, 5)), "temperature": 1.0}),
            Case({"scores": _RANDOM.normal(size=(3, 5)), "temperature": 2.0}),
            Case(
                {
                    "scores": np.array(
                        [[1e4, 9999, 9998, 9997, 0], [-1e4, -9999, -9998, -9997, -9996], [0, 1, 2, 3, 4]]
                    ),
                    "temperature": 1.0,
                },
                "The scores go up to 10000 here, and exp(10000) is larger than any float: "
                "subtract from each row its own largest score first, which changes no weight.",
            ),
        ),
        ("n_queries", "n_keys"),
        slips=_SOFTMAX_SLIPS,
        symptom=_odd_rows,
    ),
    praise="Each row is a distribution over the keys, and no score is too large for it.",
    wrong=(
        *_SOFTMAX_SLIPS,
        (
            lambda scores, temperature: _softmax(scores.T, temperature).T,
            "the columns do: softmax over the keys, axis −1",
        ),
        (
            lambda scores, temperature: np.exp(scores / temperature) / np.exp(scores / temperature).sum(),
            "All your weights together sum to 1",
        ),
        (lambda scores, temperature: 0.5 * _softmax(scores, temperature), "Row 0 of your weights sums to 0.5"),
        (lambda scores, temperature: 2 * _softmax(scores, temperature) - 0.2, "A weight is negative"),
        (_softmax_unsafe, "subtract from each row its own largest score"),
        (_softmax_global_maximum, "subtract from each row its own largest score"),
        (_softmax_in_place, "changes `scores` in place"),
        (lambda scores, temperature: _softmax(scores, temperature).T, "It looks transposed"),
        (lambda scores, temperature: _softmax(scores, temperature)[0], "should be (n_queries=3, n_keys=5)"),
        (lambda scores: softmax(scores, None), "raises TypeError"),
    ),
    right=(_softmax, _softmax_lists, _softmax_logarithms, _softmax_torch),
)

# --- masked softmax --------------------------------------------------------------------------------------------------


def _masked_where(scores: np.ndarray, mask: np.ndarray) -> np.ndarray:
    allowed = np.where(mask, scores, -np.inf)
    largest = np.where(mask.any(-1, keepdims=True), allowed.max(-1, keepdims=True), 0)
    exponentials = np.exp(allowed - largest)
    return exponentials / np.maximum(exponentials.sum(-1, keepdims=True), 1e-30)


def _masked_additive(scores: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return np.nan_to_num(_masked_without_care(scores + np.where(mask, 0.0, -np.inf), mask))


def _masked_without_care(scores: np.ndarray, mask: np.ndarray) -> np.ndarray:
    allowed = np.where(mask, scores, -np.inf)
    return _shares(np.exp(allowed - allowed.max(-1, keepdims=True)))


def _masked_lists(scores: np.ndarray, mask: np.ndarray) -> list[list[float]]:
    weights = []
    for row, may in zip(scores.tolist(), mask.tolist(), strict=True):
        allowed = [score for score, seen in zip(row, may, strict=True) if seen]
        shares = iter(np.exp(np.array(allowed) - max(allowed)) if allowed else ())
        shares = [next(shares) if seen else 0.0 for seen in may]
        weights.append([float(share) / (sum(shares) or 1) for share in shares])
    return weights


def _masked_torch(scores: np.ndarray, mask: np.ndarray) -> Any:
    import torch

    scores = torch.as_tensor(scores).masked_fill(~torch.as_tensor(mask), -torch.inf)
    return torch.nan_to_num(torch.softmax(scores, dim=-1), nan=0.0)


def _masked_late(scores: np.ndarray, mask: np.ndarray) -> np.ndarray:
    weights = softmax(scores) * mask
    total = weights.sum(-1, keepdims=True)
    return weights / np.where(total == 0, 1, total)


_MASKED_SLIPS = (
    Slip(
        lambda scores, mask: softmax(scores, ~mask),
        "Your mask is the wrong way round: True means that the query may attend.",
    ),
    Slip(lambda scores, _mask: softmax(scores), "The mask changes nothing yet: masked keys keep their weight."),
    Slip(
        lambda scores, mask: softmax(scores) * mask,
        "You mask after softmax, so the weights that are left no longer sum to 1. "
        "Mask the scores, with −∞, before the exponential.",
    ),
    Slip(
        lambda scores, mask: softmax(np.where(mask, scores, 0)),
        "You set masked scores to 0, and exp(0) = 1 is still a share. Set them to −∞: exp(−∞) = 0.",
    ),
    Slip(
        lambda scores, mask: softmax(scores + mask),
        "You add the boolean mask, which counts as 0 and 1. "
        "Masked scores become −∞: `np.where(mask, scores, -np.inf)`.",
    ),
)

masked_softmax = Exercise(
    name="masked_softmax",
    question="Write `my_masked_softmax(scores, mask)`: weights of the same shape as the scores, where a key with mask "
    "False gets weight 0. Scores may be as large as ±20000, and a row with nothing to attend to gets weights 0.",
    judge=agrees_with(
        softmax,
        (
            Case(
                {
                    "scores": _RANDOM.normal(size=(3, 5)),
                    "mask": np.array([[1, 1, 0, 1, 0], [0, 1, 0, 0, 1], [1, 1, 1, 0, 1]], dtype=bool),
                }
            ),
            Case(
                {
                    "scores": np.array([[2e4, 1.0, 2.0], [-2e4, -20001, 0.0]]),
                    "mask": np.array([[False, True, True], [True, True, False]]),
                },
                "Here a masked score is larger than the others by 20000. To add or fill in −10000 is not enough, and "
                "after softmax it is too late to mask: the others are 0 by then. Fill in −∞ before.",
            ),
            Case(
                {
                    "scores": np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]),
                    "mask": np.array([[False, False, False], [True, True, False]]),
                },
                "Row 0 has nothing to attend to, and −∞ minus −∞ is no number: such a row gets weights 0.",
            ),
        ),
        ("n_queries", "n_keys"),
        slips=_MASKED_SLIPS,
        symptom=_odd_rows,
    ),
    praise="Masked keys get nothing, the others share 1, and a row without keys stays at 0.",
    wrong=(
        *_MASKED_SLIPS,
        (lambda scores, mask: softmax(np.where(mask, scores, -1e4)), "−10000 is not enough"),
        (lambda scores, mask: softmax(scores + np.where(mask, 0, -1e4)), "−10000 is not enough"),
        (_masked_late, "after softmax it is too late"),
        (lambda scores, mask: softmax(np.where(mask, scores, -1e9)), "Row 0 has nothing to attend to"),
        (_masked_without_care, "−∞ minus −∞ is no number"),
        (lambda scores, mask: softmax(scores[mask]), "should be (n_queries=3, n_keys=5)"),
    ),
    right=(
        softmax,
        lambda scores, mask: softmax(np.where(mask, scores, np.finfo(float).min)) * mask,
        _masked_where,
        _masked_additive,
        _masked_lists,
        _masked_torch,
    ),
)

# --- attention -------------------------------------------------------------------------------------------------------


def _output(queries: np.ndarray, keys: np.ndarray, values: np.ndarray) -> np.ndarray:
    return attend(queries, keys, values).output


def _output_einsum(queries: np.ndarray, keys: np.ndarray, values: np.ndarray) -> np.ndarray:
    weights = _shares(np.exp(np.einsum("qd,kd->qk", queries, keys)))
    return np.einsum("qk,kv->qv", weights, values)


def _output_lists(queries: np.ndarray, keys: np.ndarray, values: np.ndarray) -> list[np.ndarray]:
    outputs = []
    for query in queries:
        shares = [np.exp(query @ key) for key in keys]
        outputs.append(sum(share / sum(shares) * value for share, value in zip(shares, values, strict=True)))
    return outputs


def _output_torch(queries: np.ndarray, keys: np.ndarray, values: np.ndarray) -> Any:
    import torch

    tensors = (torch.as_tensor(array)[None] for array in (queries, keys, values))
    return torch.nn.functional.scaled_dot_product_attention(*tensors, scale=1.0)[0]


_OUTPUT_SLIPS = (
    Slip(
        lambda queries, keys, values: softmax(dot_scores(queries, keys).T).T @ values,
        "Your softmax runs over the queries. Each query shares 1 among its keys: axis −1.",
    ),
    Slip(
        lambda queries, _keys, values: np.tile(values.mean(0), (len(queries), 1)),
        "Each query gets the plain mean of the values: weight them.",
    ),
    Slip(
        lambda queries, keys, values: dot_scores(queries, keys) @ values,
        "You mix the values with the scores themselves. Turn them into weights by softmax first.",
    ),
    Slip(
        lambda queries, keys, values: argmax_weights(dot_scores(queries, keys)) @ values,
        "Each query takes the value of its best key alone. That is hard attention: mix all values by softmax.",
    ),
    Slip(
        lambda queries, keys, values: attend(queries, keys, values, score=cosine_scores).output,
        "Your scores are cosines; here they should be dot products.",
    ),
    Slip(
        lambda queries, keys, values: _output(queries / np.sqrt(keys.shape[-1]), keys, values),
        "You divide the scores by √d_k. That comes later in the book: take the plain dot products here.",
    ),
    Slip(
        lambda queries, keys, values: _output(queries, keys, values) / len(keys),
        "You take a mean of weighted values. The weights sum to 1 already: add, and do not divide again.",
    ),
    Slip(
        lambda queries, keys, _values: _output(queries, keys, keys),
        "You mix the keys. They only decide the weights: mix the values.",
    ),
    Slip(
        lambda queries, keys, values: attend(queries, keys, values).weights,
        "These are the weights: multiply them with the values, `weights @ values`.",
    ),
)

attention = Exercise(
    name="attention",
    question="Write `my_attend(queries, keys, values)`: score by dot product, softmax over the keys, and return each "
    "query's weighted sum of the values, shape (n_queries, d_v).",
    judge=agrees_with(
        _output,
        (
            Case(
                {
                    "queries": _RANDOM.normal(size=(3, 2)),
                    "keys": _RANDOM.normal(size=(5, 2)),
                    "values": _RANDOM.normal(size=(5, 7)),
                }
            ),
        ),
        ("n_queries", "d_v"),
        slips=_OUTPUT_SLIPS,
    ),
    praise="Scores, weights, weighted sum: that is attention.",
    wrong=(
        *_OUTPUT_SLIPS,
        (
            lambda queries, keys, values: attend(queries, keys, values).weights.T @ values,
            "`keys` of shape (5, 2), `values` of shape (5, 7)",
        ),
        (lambda queries, keys, values: attend(queries, keys, values).weights * values, "raises ValueError"),
        (lambda queries, keys, values: _output(queries, keys, values).T, "It looks transposed"),
        (attend, "cannot be read as numbers"),
        (lambda queries, keys, values: _output(queries, keys, values).sum(0), "should be (n_queries=3, d_v=7)"),
    ),
    right=(_output, _output_einsum, _output_lists, _output_torch),
)

# --- temperature -----------------------------------------------------------------------------------------------------


def _judge_temperature(answer: Any) -> str | None:
    temperature = numbers(answer, {}).item()
    if abs(temperature - np.log(1.5)) < 0.005:
        return "That is 1/T, the inverse temperature: the scores are divided by T."
    if temperature <= 0:
        return f"A temperature is above 0; yours is {temperature:.4g}."
    weight = softmax(np.array([0.0, 1.0]), temperature=temperature)[1]
    if weight > 0.605:
        return f'At {temperature:.4g} "go" gets {weight:.3f}, which is too sharp: a higher temperature evens it out.'
    if weight < 0.595:
        return f'At {temperature:.4g} "go" gets {weight:.3f}, which is too even: a lower temperature sharpens it.'
    return None


temperature = Exercise(
    name="temperature",
    question='"let\'s" scores 0 and "go" scores 1. At which temperature are their weights 0.40 and 0.60?',
    judge=_judge_temperature,
    praise="Odds of 0.6 to 0.4 are 1.5, and e^(1/T) = 1.5 at T = 1 / ln 1.5 ≈ 2.47.",
    wrong=(
        (np.log(1.5), "inverse temperature"),
        (0.41, "inverse temperature"),
        (1, "too sharp"),
        (10, "too even"),
        (-1 / np.log(1.5), "above 0"),
        (0, "above 0"),
        ((0.4, 0.6), "(one number)"),
        (np.nan, "Finite numbers"),
        (lambda: 2.47, "this is a function"),
    ),
    right=(1 / np.log(1.5), 2.47, 2.5, [2.4663]),
)

# --- the way back from an output -------------------------------------------------------------------------------------

_CORNERS = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]])
_POINT = np.array([1.0, 2.0])


def _judge_weights_back(answer: Any) -> str | None:
    weights = numbers(answer, {"n_keys": 3})
    x, y = weighted_sum(weights[None], _CORNERS)[0]
    if (weights < 0).any():
        return f"A weight of {weights.min():.4g} is negative: softmax never gives one."
    if abs(weights.sum() - 1) > 0.005:
        place = "The output is in its place, but your" if same(np.array([x, y]), _POINT) else "Your"
        return f"{place} weights sum to {weights.sum():.4g} instead of 1."
    if np.abs(np.array([x, y]) - _POINT).max() > 0.02:
        return f"These weights put the output at ({x:.4g}, {y:.4g}), and it should be at (1, 2)."
    return None


weights_back = Exercise(
    name="weights_back",
    question="The values are (0, 0), (4, 0) and (0, 4), and the output is (1, 2). "
    "With which three weights were they mixed?",
    judge=_judge_weights_back,
    praise="1 = 4 · 0.25 and 2 = 4 · 0.5, and the value at the origin takes the rest. No other weights lead here.",
    wrong=(
        ((0, 0.25, 0.5), "in its place, but your weights sum to 0.75"),
        ((0, 1, 2), "weights sum to 3"),
        ((0.25, 0.5, 0.25), "put the output at (2, 1)"),
        ((1 / 3, 1 / 3, 1 / 3), "put the output at (1.333, 1.333)"),
        ((1.25, -0.5, 0.25), "negative"),
        ((1, 2), "should be (n_keys=3)"),
        (("a", "b", "c"), "cannot be read as numbers"),
    ),
    right=((0.25, 0.25, 0.5), [1 / 4, 1 / 4, 2 / 4], np.array([0.25, 0.25, 0.5], dtype=np.float16)),
)
