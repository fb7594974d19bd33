"""Exercises of chapter 7: splitting, all of multi-head attention, what W_O adds, counting, and two heads by number."""

from __future__ import annotations

from typing import Any

import numpy as np

from attnkit.exercises.checking import PENCIL, Blank, Case, Exercise, Slip, agrees_with, fills, misfilled, numbers
from attnkit.multi_head import MultiHead, MultiHeadWeights, merge_heads, multi_head_attend, split_heads
from attnkit.weighted_sum import softmax

_RANDOM = np.random.default_rng(7)
Numbers = np.ndarray

# --- splitting -------------------------------------------------------------------------------------------------------


def _split_lists(vectors: Numbers, heads: int) -> list[list[list[float]]]:
    width = vectors.shape[1] // heads
    return [[row[head * width : (head + 1) * width].tolist() for row in vectors] for head in range(heads)]


def _split_stacked(vectors: Numbers, heads: int) -> Numbers:
    return np.stack(np.split(vectors, heads, axis=-1))


def _split_torch(vectors: Numbers, heads: int) -> Any:
    import torch

    return torch.as_tensor(vectors).unflatten(-1, (heads, -1)).transpose(0, 1)


_SPLIT_SLIPS = (
    Slip(
        lambda vectors, heads: vectors.reshape(heads, len(vectors), -1),
        "You reshape to (heads, n_tokens, d) in one step. That reads on from token to token, so a head gets pieces of "
        "other heads and of other tokens. Reshape to (n_tokens, heads, d) first, and then move the axis.",
    ),
    Slip(
        lambda vectors, heads: vectors.reshape(len(vectors), -1, heads).transpose(2, 0, 1),
        "Your heads take every heads-th number. Head 0 gets the first d numbers of a vector, head 1 the next d.",
    ),
    Slip(
        lambda vectors, heads: vectors.reshape(len(vectors), heads, -1),
        "The heads are still behind the tokens: the shape should be (heads, n_tokens, d), so that attention runs in "
        "each head alone.",
    ),
    Slip(
        lambda vectors, heads: np.stack([vectors] * heads),
        "Every head gets the whole vectors. A head gets its own d numbers of each.",
    ),
)

split = Exercise(
    name="split",
    question="Write `my_split(vectors, heads)`: from shape (n_tokens, heads · d) to (heads, n_tokens, d), the first d "
    "numbers of each vector to head 0, the next d to head 1, and so on.",
    judge=agrees_with(
        split_heads,
        (
            Case({"vectors": _RANDOM.normal(size=(5, 6)), "heads": 3}),
            Case({"vectors": _RANDOM.normal(size=(3, 7)), "heads": 1}, "With one head it gets everything."),
            Case({"vectors": _RANDOM.normal(size=(2, 7)), "heads": 7}, "With seven heads of width 1."),
        ),
        ("heads", "n_tokens", "d"),
        slips=_SPLIT_SLIPS,
    ),
    praise="Cut each vector, then bring the heads to the front: every number is still there, once.",
    wrong=(
        *_SPLIT_SLIPS,
        (lambda vectors, heads: split_heads(vectors, heads).transpose(0, 2, 1), "The shape should be (heads=3"),
        (lambda vectors, heads: split_heads(vectors, heads)[::-1], "The shape is right; 20 of 30 numbers are not"),
        (lambda vectors, heads: split_heads(vectors[:, : len(vectors)], heads), "raises ValueError"),
    ),
    right=(split_heads, _split_lists, _split_stacked, _split_torch),
)

# --- the whole of it -------------------------------------------------------------------------------------------------


def _stages(inputs: Numbers, matrices: Numbers, heads: int) -> MultiHead:
    return multi_head_attend(inputs, MultiHeadWeights(*matrices), heads)


def _attend(inputs: Numbers, matrices: Numbers, heads: int) -> Numbers:
    return _stages(inputs, matrices, heads).output


def _joined(
    inputs: Numbers, matrices: Numbers, heads: int, *, width: int | None = None, split: Any = split_heads
) -> Numbers:
    """Return the heads side by side; with another width under the root, or cut in another way."""
    found = []
    for q, k, v in zip(*(split(inputs @ part.T, heads) for part in matrices[:3]), strict=True):
        found.append(softmax(q @ k.T / np.sqrt(width or q.shape[-1])) @ v)
    return np.concatenate(found, -1)


def _by_head(inputs: Numbers, matrices: Numbers, heads: int, **changes: Any) -> Numbers:
    return _joined(inputs, matrices, heads, **changes) @ matrices[3].T


def _over_queries(inputs: Numbers, matrices: Numbers, heads: int) -> Numbers:
    weights = softmax(_stages(inputs, matrices, heads).scores.mT).mT
    return merge_heads(weights @ split_heads(inputs @ matrices[2].T, heads)) @ matrices[3].T


def _heads_first_reshape(vectors: Numbers, heads: int) -> Numbers:
    return vectors.reshape(heads, len(vectors), -1)


def _mean_weights(inputs: Numbers, matrices: Numbers, heads: int) -> Numbers:
    return _stages(inputs, matrices, heads).weights.mean(0) @ (inputs @ matrices[2].T) @ matrices[3].T


def _unmerged(inputs: Numbers, matrices: Numbers, heads: int) -> Numbers:
    """Join by a reshape that forgets to bring the tokens to the front."""
    return _stages(inputs, matrices, heads).heads.reshape(len(inputs), -1) @ matrices[3].T


def _sum_of_parts(inputs: Numbers, matrices: Numbers, heads: int) -> Numbers:
    parts = zip(_stages(inputs, matrices, heads).heads, np.split(matrices[3], heads, axis=1), strict=True)
    return sum(head @ part.T for head, part in parts)


def _einsum(inputs: Numbers, matrices: Numbers, heads: int) -> Numbers:
    split = [part.reshape(heads, -1, part.shape[1]) for part in matrices[:3]]
    q, k, v = (np.einsum("nd,hkd->hnk", inputs, part) for part in split)
    weights = np.exp(np.einsum("hqk,hnk->hqn", q, k) / q.shape[-1] ** 0.5)
    weights /= weights.sum(-1, keepdims=True)
    mixed = np.einsum("hqn,hnv->qhv", weights, v)
    return np.einsum("qhv,mhv->qm", mixed, matrices[3].reshape(len(matrices[3]), heads, -1))


def _torch(inputs: Numbers, matrices: Numbers, heads: int) -> Any:
    import torch
    from torch.nn import functional

    *projections, output = torch.as_tensor(matrices)
    projected = (functional.linear(torch.as_tensor(inputs), part) for part in projections)
    q, k, v = (part.unflatten(-1, (heads, -1)).transpose(0, 1) for part in projected)
    return functional.linear(functional.scaled_dot_product_attention(q, k, v).transpose(0, 1).flatten(1), output)


_ATTEND_SLIPS = (
    Slip(
        lambda inputs, matrices, heads: _by_head(inputs, matrices, heads, width=inputs.shape[-1]),
        "You divide the scores by √d_model. A score is a sum of d_k products, the width of one head: divide by √d_k.",
    ),
    Slip(
        lambda inputs, matrices, heads: _by_head(inputs, matrices, heads, width=1),
        "You do not divide the scores. Divide them by √d_k, the width of one head.",
    ),
    Slip(
        lambda inputs, matrices, heads: _by_head(inputs, matrices, heads, split=_heads_first_reshape),
        "You reshape to (heads, n_tokens, d) in one step, and that mixes the tokens: reshape to (n_tokens, heads, d) "
        "and move the axis.",
    ),
    Slip(
        _unmerged,
        "You join the heads by a reshape alone, and that mixes the tokens: first bring the heads behind the tokens "
        "again, (n_tokens, heads, d).",
    ),
    Slip(
        _mean_weights,
        "You average the heads' weights and attend once. Each head keeps its own weights for its own values.",
    ),
    Slip(
        _joined,
        "You return the heads side by side. W_O still has to mix them: multiply by its transpose.",
    ),
    Slip(
        _over_queries,
        "Your softmax runs over the queries. Each query shares 1 among its keys: axis −1.",
    ),
    Slip(
        lambda inputs, matrices, _heads: _attend(inputs, matrices, 1),
        "That is one head of the full width. Split queries, keys and values first.",
    ),
)

attend = Exercise(
    name="attend",
    question="Write `my_multi_head(inputs, matrices, heads)`: inputs (n_tokens, d_model), and the four matrices W_Q, "
    "W_K, W_V and W_O as torch keeps them, stacked, (4, d_model, d_model). Project, split, attend in each head with "
    "scores over √d_k, merge, and mix by W_O; return (n_tokens, d_model).",
    judge=agrees_with(
        _attend,
        (
            Case(
                {"inputs": _RANDOM.normal(size=(5, 6)), "matrices": _RANDOM.normal(size=(4, 6, 6)), "heads": 3},
            ),
        ),
        ("n_tokens", "d_model"),
        slips=_ATTEND_SLIPS,
    ),
    praise="Project, split, attend, merge, mix: that is the whole of it.",
    wrong=(
        *_ATTEND_SLIPS,
        (lambda *given: _attend(*given).T, "It looks transposed"),
        (lambda *given: _stages(*given).heads, "The shape should be (n_tokens=5, d_model=6)"),
        (lambda *given: _attend(*given) / given[2], "The shape is right; 30 of 30 numbers are not"),
    ),
    right=(_attend, _by_head, _sum_of_parts, _einsum, _torch),
)

# --- the output matrix by pencil -------------------------------------------------------------------------------------

_TURNED = "You went down the columns of W_O as if they were rows: column h of W_O belongs to head h."
_MIX = (
    Blank("first number of head 0's part", 4.0, {8.0: "That is its second number.", 2.0: _TURNED}),
    Blank(
        "second number of head 0's part",
        8.0,
        {4.0: "That is its first number.", -4.0: "That is 4 times the −1 of head 1's column."},
    ),
    Blank(
        "first number of head 1's part",
        3.0,
        {6.0: "That is what the head brings: multiply it by its column of W_O.", 12.0: _TURNED},
    ),
    Blank("second number of head 1's part", -6.0, {6.0: "Mind the sign in the second row of W_O."}),
    Blank(
        "first number of the output",
        7.0,
        {16.0: _TURNED, 3.5: "That is the mean of the two parts: they are added."},
    ),
    Blank(
        "second number of the output",
        2.0,
        {-4.0: _TURNED, 14.0: "Mind the sign in the second row of W_O.", 1.0: "That is the mean: add the parts."},
    ),
)

mix = Exercise(
    name="mix",
    question="Two heads of width 1 bring 4 and 6, and W_O has the rows (1, 0.5) and (2, −1). Give six numbers: the two "
    "of what head 0 adds to the output, the two of what head 1 adds, and the two of the output.",
    judge=fills(_MIX),
    praise="4 · (1, 2) + 6 · (0.5, −1) = (4, 8) + (3, −6) = (7, 2). Switch head 1 off, and (4, 8) is left.",
    wrong=(
        *misfilled(_MIX),
        ((7, 2), "The shape should be"),
        ((4, 8, 3, -6, 7, 3), "The second number of the output is not 3."),
    ),
    right=((4, 8, 3, -6, 7, 2), np.array([4, 8, 3, -6, 7, 2.0])),
)

# --- counting --------------------------------------------------------------------------------------------------------

_MORE = "Three heads of width 4 share the 12 rows: the heads' matrices are cut from the same size, not added to it."
_COUNTS = (
    Blank("width d_k of a head", 4, {12: "That is d_model: the three heads share it.", 3: "That is how many heads."}),
    Blank(
        "numbers in one head's part of W_Q",
        48,
        {144: "That is W_Q of all heads.", 16: "A head reads all 12 numbers of a token: 4 rows of 12."},
    ),
    Blank(
        "numbers in W_Q of all heads",
        144,
        {432: _MORE, 48: "That is one head's part."},
    ),
    Blank(
        "numbers in all four matrices",
        576,
        {432: "W_O is a matrix, too: there are four.", 1728: _MORE, 624: "There are no biases here."},
    ),
    Blank(
        "numbers in all four matrices with one head",
        576,
        {192: "One head of width 12 has the whole 12 rows.", 432: "W_O is a matrix, too: there are four."},
    ),
)

count = Exercise(
    name="count",
    question="d_model is 12, there are 3 heads, and no biases. Give five numbers: the width d_k of a head, the numbers "
    "in one head's part of W_Q, in W_Q of all heads, in all four matrices, and in all four matrices with one head of "
    "width 12 instead.",
    judge=fills(_COUNTS),
    praise="4 · 12² either way: heads divide the width, they do not multiply it.",
    wrong=(*misfilled(_COUNTS), ((4, 48, 144, 576), "The shape should be")),
    right=((4, 48, 144, 576, 576), [12 // 3, 4 * 12, 12 * 12, 4 * 12**2, 4 * 12**2]),
)

# --- two heads that do what one cannot -------------------------------------------------------------------------------

_SETS = tuple(
    np.array(one) for one in ([3.0, 1.0, 4.0], [-2.0, 5.0, 0.5, 2.5], [7.0, 7.5], [0.0, -6.0, -3.0, -1.0, 2.0])
)


def _output(parts: Numbers, x: Numbers) -> float:
    return float(sum(c * softmax(a * x) @ x for a, c in parts.reshape(2, 2)))


def _judge_two_heads(answer: Any) -> str | None:
    a, c, b, d = parts = numbers(answer, {"a, c, b, d": 4})
    outputs, wanted = np.array([_output(parts, x) for x in _SETS]), np.array([np.ptp(x) for x in _SETS])
    worst = int(np.argmax(np.abs(outputs - wanted)))
    complaints = {
        f"Add 10 to every number: the largest minus the smallest stays, and your output moves by {10 * (c + d):.4g}, "
        "which is 10 · (c + d). What must c + d be?": abs(c + d) > PENCIL,
        "Your output is 0 for all numbers: both heads look at the same, and one takes away what the other "
        "brings.": np.abs(outputs).max() < PENCIL,
        "You have the smallest minus the largest: change the signs of both scores, or of both values.": np.allclose(
            outputs, -wanted, atol=0.05
        ),
        "One head has to find the largest number and the other the smallest: a and b need different signs.": a * b >= 0,
        f"Each head should bring the number that it finds, or its negative; yours bring {abs(c):.4g} times that.": abs(
            abs(c) - 1
        )
        > 0.02,
        f"For {_SETS[worst].tolist()} your output is {outputs[worst]:.3f}, and it should be {wanted[worst]:.3f}: the "
        "heads still look at the others too. Larger a and b make them look sharper.": abs(outputs - wanted).max()
        > 0.05,
    }
    return next((words for words, holds in complaints.items() if holds), None)


two_heads = Exercise(
    name="two_heads",
    question="Head 0 scores a number x by a · x and brings c · x, head 1 scores it by b · x and brings d · x; the "
    "output is the sum of the two. Give (a, c, b, d) such that the output is the largest number minus the smallest, "
    "to 0.05, wherever numbers lie 0.5 apart or more.",
    judge=_judge_two_heads,
    praise="One head finds the largest, the other the smallest, and W_O subtracts. No single head can do it.",
    wrong=(
        ((50, 1, -50, 1), "What must c + d be?"),
        ((50, 1, 0, 0), "moves by 10"),
        ((50, 1, 50, -1), "Your output is 0 for all numbers"),
        ((0, 0, 0, 0), "Your output is 0 for all numbers"),
        ((-50, 1, 50, -1), "the smallest minus the largest"),
        ((50, 1, 2, -1), "need different signs"),
        ((50, 2, -50, -2), "yours bring 2 times that"),
        ((2, 1, -2, -1), "the heads still look at the others too"),
        ((50, 1), "The shape should be"),
        (lambda x: x, "this is a function"),
    ),
    right=((50, 1, -50, -1), (-40, -1, 30, 1), np.array([100.0, 1.0, -100.0, -1.0])),
)
