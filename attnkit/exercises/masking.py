"""Exercises of chapter 9: a masked row with a pencil, two masks in code, a cache's cost, and top-p."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from attnkit.exercises.checking import Blank, Case, Exercise, Slip, agrees_with, fills, misfilled
from attnkit.masking import causal_mask, padding_mask, sliding_window_mask

Numbers = np.ndarray

# --- a masked row by pencil ------------------------------------------------------------------------------------------

_AFTER = "You divided by the sum of all four. The mask comes before: what it closes is not in the sum."
_STRICT = "You left out row 1's own key. A row sees its own word and those before it: keys 0 and 1."
_OFF = "Row 1 is the second row, for rows begin with 0: it sees keys 0 and 1."
_PENCIL = (
    Blank(
        "weight on key 0",
        0.25,
        {
            0.1: _AFTER,
            1: _STRICT,
            2 / 16: _OFF,
            2: "That is the power. Divide it by the sum of what row 1 may see.",
            0: "That is what row 1 may not see under a mask turned round. Keys 0 and 1 are open, 2 and 3 closed.",
        },
    ),
    Blank(
        "weight on key 1",
        0.75,
        {
            0.3: _AFTER,
            0: _STRICT,
            6 / 16: _OFF,
            6: "That is the power. Divide it by the sum of what row 1 may see.",
        },
    ),
    Blank(
        "output",
        4,
        {
            1.6: "The weights do not sum to 1: a mask after softmax makes the output too small.",
            6.4: "All four keys are in it. Row 1 sees keys 0 and 1 only.",
            10: "That is the value of key 0 alone. Its own key 1 has weight, too.",
            6: "That is the plain mean of two values: weigh them.",
            32: "That is 2 · 10 + 6 · 2, the powers times the values: divide by 2 + 6.",
            8: "The weights are at the wrong values: 0.25 belongs to 10 and 0.75 to 2.",
        },
    ),
)

pencil = Exercise(
    name="pencil",
    question="The exponentials of the scores of row 1, of rows 0 to 3, are 2, 6, 8 and 4, and the values are 10, 2, 5 "
    "and 7. Under a causal mask, give three numbers: the weight on key 0, the weight on key 1, and the output.",
    judge=fills(_PENCIL),
    praise="2 / 8 and 6 / 8 are the weights, and keys 2 and 3 do not come into it at all.",
    wrong=(
        *misfilled(_PENCIL),
        ((0.25, 0.75, 4.1), "The output is not 4.1."),
        (4, "The shape should be"),
    ),
    right=((0.25, 0.75, 4), (1 / 4, 3 / 4, 4.0)),
)

# --- a causal mask beside a cache ------------------------------------------------------------------------------------


def _triangle(n_queries: int, n_keys: int) -> Numbers:
    return causal_mask(np.arange(n_keys - n_queries, n_keys), np.arange(n_keys))


def _lower_right(n_queries: int, n_keys: int) -> Numbers:
    return np.tril(np.ones((n_queries, n_keys), dtype=bool), k=n_keys - n_queries)


def _loops(n_queries: int, n_keys: int) -> list[list[int]]:
    return [[int(j <= n_keys - n_queries + i) for j in range(n_keys)] for i in range(n_queries)]


def _torch_triangle(n_queries: int, n_keys: int) -> Any:
    import torch

    return torch.ones(n_keys, n_keys, dtype=torch.bool).tril()[-n_queries:]


_MASK_SLIPS = (
    Slip(
        lambda n_queries, n_keys: np.tril(np.ones((n_queries, n_keys))),
        "Your triangle begins at the upper left, so the new queries are taken for the first tokens. They are the last "
        "ones: query i stands at position n_keys − n_queries + i.",
    ),
    Slip(
        lambda n_queries, n_keys: np.tril(np.ones((n_queries, n_keys)), k=n_keys - n_queries - 1),
        "A query does not see its own token in your mask. It does: `<=`, not `<`.",
    ),
    Slip(
        lambda n_queries, n_keys: np.tril(np.ones((n_queries, n_keys)), k=n_keys - n_queries + 1),
        "Each query sees one token of the future in your mask, and that token is the answer.",
    ),
    Slip(
        lambda n_queries, n_keys: 1 - _triangle(n_queries, n_keys),
        "Your mask is turned round: it closes the past and opens the future. True means *may attend*.",
    ),
    Slip(
        lambda n_queries, n_keys: np.triu(np.ones((n_queries, n_keys))),
        "That is the upper triangle: each query sees itself and what comes after it.",
    ),
    Slip(
        lambda n_queries, n_keys: np.ones((n_queries, n_keys)),
        "Everything is open: with more than one query, the earlier ones see the later tokens.",
    ),
)

my_causal_mask = Exercise(
    name="causal_mask",
    question="Write `my_causal_mask(n_queries, n_keys)`: the queries are the last n_queries of n_keys tokens, the "
    "others stand in a cache. Return booleans of shape (n_queries, n_keys), True where a query may attend: to its own "
    "token and to all before it.",
    judge=agrees_with(
        _triangle,
        (
            Case({"n_queries": 3, "n_keys": 3}),
            Case({"n_queries": 3, "n_keys": 7}, "Here four tokens stand in the cache, and every query sees them."),
            Case({"n_queries": 1, "n_keys": 5}, "Here is one new query, and it sees everything."),
        ),
        ("n_queries", "n_keys"),
        slips=_MASK_SLIPS,
    ),
    praise="It is the lower right corner of the triangle, and without a cache the whole of it.",
    wrong=(
        *_MASK_SLIPS,
        (lambda _n_queries, n_keys: np.tril(np.ones((n_keys, n_keys))), "should be (n_queries=3, n_keys=7)"),
        (lambda n_queries, n_keys: np.where(_triangle(n_queries, n_keys), 0.0, -1e9), "numbers are not"),
        (lambda _n_queries, _n_keys: 1 / 0, "raises ZeroDivisionError"),
    ),
    right=(_triangle, _lower_right, _loops, _torch_triangle),
)

# --- three rules in one mask -----------------------------------------------------------------------------------------


def _three_rules(lengths: Numbers, width: int) -> Numbers:
    places = np.arange(lengths.max())
    is_word = padding_mask(lengths, len(places))[..., ::-1]  # the padding stands in front
    return sliding_window_mask(places, places, width) & is_word


def _rules(lengths: Numbers) -> tuple[Numbers, Numbers]:
    """Return how far each key stands behind each query, (n, n), and where there are words, (batch, n)."""
    places = np.arange(lengths.max())
    return places[:, None] - places, places >= lengths.max() - lengths[:, None]


def _band(lengths: Numbers, width: int) -> Numbers:
    n_tokens = lengths.max()
    band = np.tril(np.ones((n_tokens, n_tokens))) - np.tril(np.ones((n_tokens, n_tokens)), k=-width)
    return band * _rules(lengths)[1][:, None, :]


def _place_by_place(lengths: Numbers, width: int) -> list[list[list[bool]]]:
    n = max(lengths)
    return [[[j >= n - length and 0 <= i - j < width for j in range(n)] for i in range(n)] for length in lengths]


def _torch_mask(lengths: Numbers, width: int) -> Any:
    import torch

    words = (torch.arange(int(lengths.max())) < torch.as_tensor(lengths)[:, None]).flip(-1)
    square = torch.ones(words.shape[1], words.shape[1], dtype=torch.bool)
    return square.tril() & square.triu(1 - width) & words[:, None]


def _rows_closed(lengths: Numbers, width: int) -> Numbers:
    behind, words = _rules(lengths)
    return (behind >= 0) & (behind < width) & words[:, :, None]


def _both_closed(lengths: Numbers, width: int) -> Numbers:
    return _three_rules(lengths, width) & _rows_closed(lengths, width)


def _joined_by_or(lengths: Numbers, width: int) -> Numbers:
    behind, words = _rules(lengths)
    return ((behind >= 0) & (behind < width)) | words[:, None, :]


def _padding_behind(lengths: Numbers, width: int) -> Numbers:
    places = np.arange(lengths.max())
    return sliding_window_mask(places, places, width) & padding_mask(lengths, len(places))


def _first_word_closed(lengths: Numbers, width: int) -> Numbers:
    places = np.arange(lengths.max())
    words = places > len(places) - lengths[:, None]
    return sliding_window_mask(places, places, width) & words[:, None, :]


def _by(rule: Callable[[Numbers, int], Numbers]) -> Callable[[Numbers, int], Numbers]:
    """Return a mask with padding closed and another rule on how far a key stands behind its query."""

    def mask(lengths: Numbers, width: int) -> Numbers:
        behind, words = _rules(lengths)
        return rule(behind, width) & words[:, None, :]

    return mask


_RULES_SLIPS = (
    Slip(
        _rows_closed,
        "You closed the rows of the padding. Padding must not be *looked at*: close its columns.",
    ),
    Slip(
        _joined_by_or,
        "You joined the rules with `|`, so what one of them opens is open. A place is open where *all* say so: `&`.",
    ),
    Slip(
        _by(lambda behind, width: abs(behind) < width),
        "Your window reaches to both sides, and so into the future. It begins at the token itself and goes back.",
    ),
    Slip(
        _by(lambda behind, width: behind < width),
        "Your window ends in the past and is open towards the future: the causal rule is missing.",
    ),
    Slip(
        _by(lambda behind, width: (behind <= 0) & (behind > -width)),
        "Your mask opens the future and closes the past. A row is a query, and it sees the keys at and before its own "
        "place.",
    ),
    Slip(
        _by(lambda behind, width: (behind > 0) & (behind <= width)),
        "A token does not see itself in your mask. It does, and it is the first one that the width counts.",
    ),
    Slip(
        lambda lengths, width: _three_rules(lengths, width + 1),
        "Your window is one place too wide. The width counts the token itself: at 1 it sees nothing else.",
    ),
    Slip(
        lambda lengths, width: _three_rules(lengths, width - 1),
        "Your window is one place too narrow. The width counts the token itself and width − 1 places before it.",
    ),
    Slip(
        lambda lengths, width: np.repeat(_three_rules(lengths.max()[None], width), len(lengths), axis=0),
        "The padding is not in it: the lengths are three different ones, and all your sentences have the same mask.",
    ),
    Slip(
        lambda lengths, width: _three_rules(np.minimum(lengths + 1, lengths.max()), width),
        "The last pad of each shorter sentence is open. The words stand at the last places: j ≥ n_tokens − length.",
    ),
    Slip(
        _first_word_closed,
        "The first word of each sentence is closed. The words stand at the last places: j ≥ n_tokens − length.",
    ),
    Slip(
        _padding_behind,
        "You took the padding to stand behind the words. Here it stands in front of them.",
    ),
    Slip(
        lambda lengths, _width: _three_rules(lengths, int(lengths.max())),
        "The window is not in it: each token sees everything before it.",
    ),
    Slip(
        lambda lengths, width: ~_three_rules(lengths, width),
        "Your mask is turned round. True means *may attend*.",
    ),
)
_LENGTHS = np.array([7, 4, 2])

my_mask = Exercise(
    name="mask",
    question="Write `my_mask(lengths, width)` for a decoder with a window. lengths has shape (batch,) and says how "
    "many words each sentence has; all are filled up, in front of their words, to the longest one, n_tokens. Return "
    "booleans of shape (batch, n_tokens, n_tokens), True where a token may attend: to itself and to the width − 1 "
    "places before it, and never to padding.",
    judge=agrees_with(
        _three_rules,
        (
            Case({"lengths": _LENGTHS, "width": 3}),
            Case({"lengths": _LENGTHS, "width": 1}, "Here each word sees itself alone."),
            Case({"lengths": _LENGTHS, "width": 11}, "Here the window is wider than the sentence, and closes nothing."),
        ),
        ("batch", "n_queries", "n_keys"),
        slips=_RULES_SLIPS,
    ),
    praise="A place is open where all rules say so. The rows of the padding are empty, so they get weights 0.",
    wrong=(
        *_RULES_SLIPS,
        (lambda lengths, width: _three_rules(lengths, width)[0], "should be (batch=3, n_queries=7, n_keys=7)"),
        (lambda lengths, width: np.where(_three_rules(lengths, width), 0.0, -np.inf), "numbers are not"),
        (lambda lengths, width: _rules(lengths)[1] & (_rules(lengths)[0] < width), "raises ValueError"),
        (lambda lengths, width: _three_rules(lengths, min(width, 4)), "closes nothing"),
    ),
    right=(_three_rules, _both_closed, _band, _place_by_place, _torch_mask),
)

# --- what the cache saves --------------------------------------------------------------------------------------------

_WITHOUT = sum(range(4, 10))
_CACHE = (
    Blank(
        "number of words projected without a cache",
        _WITHOUT,
        {
            sum(range(4, 11)): "The last word that is written is never read, so no step has read ten words.",
            sum(range(5, 11)): "The first of the six words is written when the prompt alone has been read: begin at 4.",
            sum(range(1, 10)): "The prompt is read at once, in the first step: begin at 4, not at 1.",
            60: "Not every step has read all words: 4 at the first step, then one more each time.",
            9: "That is with a cache. Without one, each step projects all that has been read.",
        },
    ),
    Blank(
        "number of words projected with a cache",
        9,
        {
            10: "The last word that is written is never read, so it needs no key and no value.",
            6: "The prompt has to be projected as well, once.",
            5: "These are the words after the prompt. The prompt has to be projected as well, once.",
            4: "That is the prompt. Of the words that are written, all but the last are read again.",
        },
    ),
    Blank(
        "number of numbers stored",
        180,
        {
            90: "A word leaves a key *and* a value: two vectors.",
            200: "The last word that is written is never read, so nine words are stored.",
            18: "These are vectors; each holds d = 10 numbers.",
            270: "Queries are not stored: nobody asks for them again.",
        },
    ),
)

cache = Exercise(
    name="cache",
    question="A decoder of one layer, with d = 10, reads a prompt of 4 words at once and then writes 6 words; the last "
    "of them is not read any more. Give three numbers: how many words are projected to keys and values without a "
    "cache, all steps together; how many with one; and how many numbers the cache holds in the end.",
    judge=fills(_CACHE),
    praise="4 + 5 + 6 + 7 + 8 + 9 against 9: each word once. And 9 keys and 9 values of 10 numbers.",
    wrong=(
        *misfilled(_CACHE),
        ((39, 9, 181), "The number of numbers stored is not 181."),
        ((39, 9), "The shape should be"),
    ),
    right=((39, 9, 180), np.array([39.0, 9.0, 1.8e2])),
)

# --- top-p -----------------------------------------------------------------------------------------------------------


def _kept(chances: Numbers, kept: Numbers) -> Numbers:
    return np.where(kept, chances, 0.0) / chances[kept].sum()


def _top_p(chances: Numbers, p: float) -> Numbers:
    order = np.argsort(-chances, kind="stable")
    running = np.cumsum(chances[order])
    kept = np.zeros(len(chances), dtype=bool)
    kept[order[running - chances[order] < p]] = True
    return _kept(chances, kept)


def _while_loop(chances: Numbers, p: float) -> list[float]:
    left, total = [0.0] * len(chances), 0.0
    for index in sorted(range(len(chances)), key=lambda i: -chances[i]):
        left[index] = float(chances[index])
        total += left[index]
        if total >= p:
            break
    return [x / total for x in left]


def _torch_top_p(chances: Numbers, p: float) -> Any:
    import torch

    ordered, order = torch.as_tensor(chances).sort(descending=True)
    ordered = ordered * (ordered.cumsum(0) - ordered < p)
    return torch.zeros_like(ordered).scatter(0, order, ordered / ordered.sum())


def _without_crossing(chances: Numbers, p: float) -> Numbers:
    order = np.argsort(-chances, kind="stable")
    kept = np.zeros(len(chances), dtype=bool)
    kept[order[np.cumsum(chances[order]) <= p]] = True
    return _kept(chances, kept)


def _in_given_order(chances: Numbers, p: float) -> Numbers:
    return _kept(chances, np.cumsum(chances) - chances < p)


def _sorted_answer(chances: Numbers, p: float) -> Numbers:
    return np.sort(_top_p(chances, p))[::-1]


_CHANCES = np.array([0.1, 0.4, 0.05, 0.25, 0.2])
_FLAT = np.array([0.16, 0.22, 0.17, 0.26, 0.19])

_TOP_P_SLIPS = (
    Slip(
        _without_crossing,
        "The word that crosses the line is missing: keep the fewest words whose chances sum to p *or more*.",
    ),
    Slip(
        lambda chances, p: _top_p(chances, p) * _while_sum(chances, p),
        "The chances that are left no longer sum to 1: divide by their sum.",
    ),
    Slip(_in_given_order, "You add up in the order of the vocabulary. Go down from the likeliest word."),
    Slip(_sorted_answer, "The chances come back sorted, so they belong to other words now. Keep each at its place."),
    Slip(
        lambda chances, p: _kept(chances, chances >= (1 - p) * chances.max()),
        "You compare each chance with a share of the largest. It is the running *sum* that counts.",
    ),
    Slip(
        lambda chances, _p: np.eye(len(chances))[chances.argmax()],
        "Only the likeliest word is left: that is greedy decoding.",
    ),
    Slip(lambda chances, _p: chances, "Nothing is cut."),
)


def _while_sum(chances: Numbers, p: float) -> float:
    return float(chances[_top_p(chances, p) > 0].sum())


my_top_p = Exercise(
    name="top_p",
    question="Write `my_top_p(chances, p)`: chances is a row of probabilities, shape (n_words,), and p a number from 0 "
    "to 1. Keep the fewest words, the likeliest first, whose chances sum to p or more; give the others 0, and let what "
    "is left sum to 1.",
    judge=agrees_with(
        _top_p,
        (
            Case({"chances": _CHANCES, "p": 0.7}),
            Case({"chances": _FLAT, "p": 0.5}, "Here the chances lie close together, and three words are needed."),
            Case({"chances": _CHANCES, "p": 0.3}, "Here one word is enough, because it alone reaches p."),
            Case({"chances": _CHANCES, "p": 0.97}, "Here all words are needed."),
        ),
        ("n_words",),
        slips=_TOP_P_SLIPS,
    ),
    praise="The set grows where the model is undecided, and shrinks to one word where it is sure.",
    wrong=(
        *_TOP_P_SLIPS,
        (lambda chances, p: _top_p(chances, p)[:3], "The shape should be (n_words=5)"),
        (lambda chances, _p: _kept(chances, np.cumsum(chances) < 0), "numbers are not"),
        (lambda chances, p: np.flatnonzero(_top_p(chances, p))[:, None], "yours is"),
    ),
    right=(_top_p, _while_loop, _torch_top_p),
)
