"""Exercises of chapter 10: the norm, the residual, cross-attention, the shifted target, a count, a running softmax."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attnkit.exercises.checking import Blank, Case, Exercise, Slip, agrees_with, fills, misfilled
from attnkit.self_attention import scaled_dot_scores
from attnkit.transformer import layer_norm
from attnkit.weighted_sum import softmax

_RANDOM = np.random.default_rng(10)
Numbers = np.ndarray
Sublayer = Callable[[Numbers], Numbers]

# --- a norm by pencil ------------------------------------------------------------------------------------------------

_ROOT = "That divides by the variance: divide by its root."
_NORM = (
    Blank("mean", 5.0, {20.0: "That is the sum: divide it by 4."}),
    Blank(
        "variance",
        4.0,
        {
            16.0: "That is the sum of the squares: divide it by 4.",
            16 / 3: "Divide by 4 and not by 3: layer norm takes the plain mean of the squares.",
            2.0: "That is its root.",
            29.0: "That is the mean of the squares of x: subtract the mean first.",
        },
    ),
    Blank(
        "first normalised number",
        1.0,
        {0.5: _ROOT, 3.5: "Subtract the mean first.", 2.0: "Divide by the root of the variance."},
    ),
    Blank(
        "first number of the output",
        13.0,
        {1.0: "Scale it by 3 and add 10.", 33.0: "The shift is added after the scale: 3 · 1 + 10.", 3.0: "Add 10."},
    ),
    Blank(
        "second number of the output",
        7.0,
        {-1.0: "Scale it by 3 and add 10.", 13.0: "Mind the sign: 3 lies below the mean.", -3.0: "Add 10."},
    ),
)

norm = Exercise(
    name="norm",
    question="x = (7, 3, 3, 7); every number of the scale is 3 and every number of the shift is 10; leave ε out. Give "
    "five numbers: the mean, the variance, the first number after normalising, and the first two of the output.",
    judge=fills(_NORM),
    praise="Mean 5, variance 4, root 2: (1, −1, −1, 1), and then 3 · 1 + 10 and 3 · (−1) + 10.",
    wrong=(*misfilled(_NORM), ((13, 7, 7, 13), "The shape should be")),
    right=((5, 4, 1, 13, 7), np.array([5, 4, 1, 13, 7.0])),
)

# --- a norm in code --------------------------------------------------------------------------------------------------


def _norm(vectors: Numbers, scale: Numbers, shift: Numbers, epsilon: float = 1e-5) -> Numbers:
    return layer_norm(vectors, scale, shift, epsilon)


def _by_hand(vectors: Numbers, scale: Numbers, shift: Numbers, epsilon: float) -> Numbers:
    rows = []
    for vector in vectors:
        mean = sum(vector) / len(vector)
        variance = sum((x - mean) ** 2 for x in vector) / len(vector)
        rows.append((vector - mean) / np.sqrt(variance + epsilon) * scale + shift)
    return np.array(rows)


def _torch(vectors: Numbers, scale: Numbers, shift: Numbers, epsilon: float) -> Numbers:
    import torch
    from torch.nn import functional

    vectors, scale, shift = (torch.as_tensor(part) for part in (vectors, scale, shift))
    return functional.layer_norm(vectors, scale.shape, scale, shift, epsilon).numpy()


def _standardised(axis: int | None, ddof: int = 0) -> Callable[..., Numbers]:
    def answer(vectors: Numbers, scale: Numbers, shift: Numbers, epsilon: float) -> Numbers:
        centred = vectors - vectors.mean(axis=axis, keepdims=True)
        spread = np.sqrt(vectors.var(axis=axis, keepdims=True, ddof=ddof) + epsilon)
        return centred / spread * scale + shift

    return answer


_NORM_SLIPS = (
    Slip(
        _standardised(0),
        "You normalise each number over the tokens (axis 0). A token is normalised alone, over its own numbers: the "
        "last axis.",
    ),
    Slip(_standardised(None), "You take one mean over the whole sentence: the tokens hear of one another there."),
    Slip(_standardised(-1, 1), "The variance is divided by d − 1: layer norm divides by d."),
    Slip(lambda x, scale, shift, _e: _norm(x, np.ones_like(scale), np.zeros_like(shift)), "Scale and shift are left"),
    Slip(lambda x, scale, shift, e: (_norm(x, np.ones_like(scale), shift, e)) * scale, "The shift is added last"),
    Slip(
        lambda x, scale, shift, e: (x - x.mean(-1, keepdims=True)) / (x.var(-1, keepdims=True) + e) * scale + shift,
        "You divide by the variance: divide by its root.",
    ),
    Slip(
        lambda x, scale, shift, e: (
            x / np.sqrt(x.var(-1, keepdims=True) + e) * scale + shift  # the mean stays in
        ),
        "The mean is still in: subtract it first.",
    ),
)

my_layer_norm = Exercise(
    name="my_layer_norm",
    question="Write `my_layer_norm(vectors, scale, shift, epsilon)`: vectors (n_tokens, d_model), scale and shift "
    "(d_model,); add epsilon to the variance, inside of the root; return (n_tokens, d_model).",
    judge=agrees_with(
        _norm,
        (
            Case(
                {
                    "vectors": _RANDOM.normal(1, 2, size=(3, 5)),
                    "scale": _RANDOM.normal(size=5),
                    "shift": _RANDOM.normal(size=5),
                    "epsilon": 1e-5,
                }
            ),
            Case(
                {
                    "vectors": np.array([[3.0, 3.0, 3.0, 3.0], [9.0, 3.0, 3.0, 1.0]]),
                    "scale": np.array([2.0, 1.0, 1.0, 1.0]),
                    "shift": np.array([5.0, 0.0, 0.0, 0.0]),
                    "epsilon": 16.0,
                },
                "The variance is 0 or 9 here, and epsilon is 16: the roots are those of 16 and of 25.",
            ),
        ),
        ("n_tokens", "d_model"),
        slips=_NORM_SLIPS,
    ),
    praise="Each token alone, over its own numbers: mean 0, variance 1, then the learned scale and shift.",
    wrong=(
        *_NORM_SLIPS,
        (lambda x, scale, shift, _e: _norm(x, scale, shift, 1e-12), "epsilon is 16"),
        (
            lambda x, scale, shift, e: (x - x.mean(-1, keepdims=True)) / (x.std(-1, keepdims=True) + e) * scale + shift,
            "epsilon is 16",
        ),
        (lambda *given: _norm(*given).T, "It looks transposed"),
    ),
    right=(_norm, _by_hand, _torch),
)

# --- a block ---------------------------------------------------------------------------------------------------------


def _block(inputs: Numbers, attention: Sublayer, network: Sublayer, normalise: Sublayer) -> Numbers:
    attended = inputs + attention(normalise(inputs))
    return attended + network(normalise(attended))


def _one_name(x: Numbers, attention: Sublayer, network: Sublayer, normalise: Sublayer) -> Numbers:
    for sublayer in (attention, network):
        x = x + sublayer(normalise(x))
    return x


def _post(x: Numbers, attention: Sublayer, network: Sublayer, normalise: Sublayer) -> Numbers:
    attended = normalise(x + attention(x))
    return normalise(attended + network(attended))


def _no_residual(x: Numbers, attention: Sublayer, network: Sublayer, normalise: Sublayer) -> Numbers:
    return network(normalise(attention(normalise(x))))


def _one_residual(x: Numbers, attention: Sublayer, network: Sublayer, normalise: Sublayer) -> Numbers:
    return x + network(normalise(attention(normalise(x))))


def _from_normed(x: Numbers, attention: Sublayer, network: Sublayer, normalise: Sublayer) -> Numbers:
    normed = normalise(x)
    attended = normalise(normed + attention(normed))
    return attended + network(attended)


def _side_by_side(x: Numbers, attention: Sublayer, network: Sublayer, normalise: Sublayer) -> Numbers:
    normed = normalise(x)
    return x + attention(normed) + network(normed)


def _other_order(x: Numbers, attention: Sublayer, network: Sublayer, normalise: Sublayer) -> Numbers:
    return _block(x, network, attention, normalise)


def _unnormed(x: Numbers, attention: Sublayer, network: Sublayer, _normalise: Sublayer) -> Numbers:
    return _block(x, attention, network, lambda vectors: vectors)


_BLOCK_SLIPS = (
    Slip(_post, "That is post-norm: the norms stand behind the sums. In pre-norm a sublayer reads the normed vectors"),
    Slip(_no_residual, "The residuals are forgotten: what a sublayer makes is added to what it has read."),
    Slip(_one_residual, "There is one residual around both sublayers: each has its own."),
    Slip(_from_normed, "You add to the normed vectors. The path goes past the norm: add to the vectors as they came."),
    Slip(_side_by_side, "Both sublayers read the same here. The network reads what attention has left."),
    Slip(_other_order, "The network came first: attention does."),
    Slip(_unnormed, "The norms are forgotten."),
)

_MIX = _RANDOM.dirichlet(np.ones(3), size=3)
_TURN = _RANDOM.normal(size=(5, 5))


def _attention(vectors: Numbers) -> Numbers:
    return _MIX @ vectors @ _TURN


def _network(vectors: Numbers) -> Numbers:
    return np.maximum(0, vectors @ _TURN.T) @ _TURN[::-1]


def _normalise(vectors: Numbers) -> Numbers:
    return layer_norm(vectors, np.ones(5), np.zeros(5))


my_block = Exercise(
    name="my_block",
    question="Write `my_block(inputs, attention, network, normalise)`, a pre-norm encoder block: inputs "
    "(n_tokens, d_model), and three functions that take and return such vectors. Return what the next block reads.",
    judge=agrees_with(
        _block,
        (
            Case(
                {
                    "inputs": _RANDOM.normal(size=(3, 5)),
                    "attention": _attention,
                    "network": _network,
                    "normalise": _normalise,
                }
            ),
        ),
        ("n_tokens", "d_model"),
        slips=_BLOCK_SLIPS,
    ),
    praise="Two sublayers, each read through a norm and added to the path: that is a whole encoder block.",
    wrong=(*_BLOCK_SLIPS, (lambda x, *_: x, "The shape is right; 15 of 15 numbers are not")),
    right=(_block, _one_name),
)

# --- cross-attention -------------------------------------------------------------------------------------------------


def _cross(target: Numbers, memory: Numbers, matrices: Numbers) -> Numbers:
    query, key, value = matrices
    return softmax(scaled_dot_scores(target @ query.T, memory @ key.T)) @ (memory @ value.T)


def _cross_plain(target: Numbers, memory: Numbers, matrices: Numbers) -> Numbers:
    query, key, value = matrices
    scores = np.einsum("td,sd->ts", target @ query.T, memory @ key.T) / np.sqrt(query.shape[0])
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True) @ (memory @ value.T)


def _unscaled(target: Numbers, memory: Numbers, matrices: Numbers) -> Numbers:
    query, key, value = matrices
    return softmax(target @ query.T @ (memory @ key.T).T) @ (memory @ value.T)


def _over_queries(target: Numbers, memory: Numbers, matrices: Numbers) -> Numbers:
    query, key, value = matrices
    return softmax(scaled_dot_scores(target @ query.T, memory @ key.T).T).T @ (memory @ value.T)


_SWAPPED = Slip(
    lambda target, memory, matrices: _cross(memory, target, matrices),
    "The source asks here, and the target answers. The decoder writes: its words ask, and the encoder's states answer.",
)
_CROSS_SLIPS = (
    Slip(
        lambda target, _memory, matrices: _cross(target, target, matrices),
        "Keys and values come from the target: that is self-attention. They come from the memory.",
    ),
    _SWAPPED,
    Slip(_over_queries, "Your softmax runs over the queries: each target word shares its look among the source words."),
    Slip(_unscaled, "The scores are not divided by √d_k."),
)

my_cross_attention = Exercise(
    name="my_cross_attention",
    question="Write `my_cross_attention(target, memory, matrices)` with one head: target (n_target, d_model), memory "
    "(n_source, d_model), and W_Q, W_K and W_V stacked, (3, d_model, d_model), as torch keeps them. Return "
    "(n_target, d_model).",
    judge=agrees_with(
        _cross,
        (
            Case(
                {
                    "target": _RANDOM.normal(size=(3, 4)),
                    "memory": _RANDOM.normal(size=(5, 4)),
                    "matrices": _RANDOM.normal(size=(3, 4, 4)),
                }
            ),
        ),
        ("n_target", "d_model"),
        slips=_CROSS_SLIPS,
    ),
    praise="Queries from the decoder, keys and values from the encoder: as many rows as there are target words.",
    wrong=(*_CROSS_SLIPS, (lambda *given: _cross(*given).T, "It looks transposed")),
    right=(_cross, _cross_plain),
)

# --- what the decoder reads, and what it should write ----------------------------------------------------------------

_BOS, _EOS = 1, 2


def _shift(words: Numbers) -> Numbers:
    return np.array([[_BOS, *words], [*words, _EOS]])


_SHIFT_SLIPS = (
    Slip(
        lambda words: np.array([[*words, _EOS], [*words, _EOS]]),
        "The target is not shifted: the decoder reads each word at the very place where it should write it, and "
        "learns to copy.",
    ),
    Slip(
        lambda words: np.array([[*words, _EOS], [_BOS, *words]]),
        "The rows have changed places: the first is what the decoder reads.",
    ),
    Slip(
        lambda words: np.array([[_EOS, *words], [*words, _EOS]]),
        "This decoder starts with <eos>, as some do. Ours starts with <bos>, which is 1.",
    ),
    Slip(
        lambda words: np.array([[_BOS, *words], [_BOS, *words]]),
        "Both rows are the same: at each place the decoder should write the word that comes next.",
    ),
)

my_shift = Exercise(
    name="my_shift",
    question="Write `my_shift(words)`: words are the numbers of a target sentence, without <bos> (1) and <eos> (2). "
    "Return two rows as an array, (2, n + 1): what the decoder reads in training, and what it should write at each "
    "of these places.",
    judge=agrees_with(
        _shift,
        (Case({"words": np.array([17, 5, 23])}), Case({"words": np.array([9])}, "This sentence has one word.")),
        ("rows", "places"),
        slips=_SHIFT_SLIPS,
    ),
    praise="At each place it reads what has been written so far and should write what comes next; <eos> at the end.",
    wrong=(
        *_SHIFT_SLIPS,
        (lambda words: np.array([[_BOS, *words[:-1]], [*words]]), "The shape should be (rows=2, places=4)"),
        (lambda words: _shift(words).T, "It looks transposed"),
    ),
    right=(_shift, lambda words: [[1, *words.tolist()], [*words.tolist(), 2]]),
)

# --- counting --------------------------------------------------------------------------------------------------------

_COUNT = (
    Blank(
        "attention's four matrices",
        256.0,
        {64.0: "That is one matrix; there are four.", 192.0: "W_O is a matrix, too: there are four."},
    ),
    Blank(
        "feed-forward network",
        280.0,
        {
            256.0: "It has biases: 16 for the hidden numbers and 8 for the output.",
            128.0: "There are two matrices, one in and one out, and biases.",
            272.0: "The output has biases, too.",
        },
    ),
    Blank("layer norm", 16.0, {8.0: "It has a scale and a shift.", 2.0: "Each of the 8 numbers has its own."}),
    Blank(
        "encoder block",
        568.0,
        {552.0: "There are two norms, one for each sublayer.", 536.0: "Add the norms: one for each sublayer."},
    ),
    Blank(
        "decoder block",
        840.0,
        {
            824.0: "The third sublayer has its norm, too.",
            584.0: "There are two attentions, and each has its own four matrices.",
            568.0: "That is the encoder block: a decoder block has cross-attention as well.",
        },
    ),
)

count = Exercise(
    name="count",
    question="d_model is 8, the hidden layer has 16 numbers, attention has no biases and the feed-forward network has "
    "them. Give five counts: attention's four matrices, the feed-forward network, one layer norm, an encoder block, "
    "and a decoder block.",
    judge=fills(_COUNT),
    praise="4 · 8² = 256; 8 · 16 + 16 + 16 · 8 + 8 = 280; 2 · 8; 256 + 280 + 2 · 16; 2 · 256 + 280 + 3 · 16.",
    wrong=(*misfilled(_COUNT), ((256, 280, 16, 568), "The shape should be")),
    right=((256, 280, 16, 568, 840), [4 * 8**2, 2 * 8 * 16 + 16 + 8, 2 * 8, 568, 840]),
)

# --- a softmax that runs ---------------------------------------------------------------------------------------------

_RUNNING = (
    Blank(
        "sum after the first chunk",
        4 / 3,
        {4.0: "That is 1 + 3: each power is divided by the largest one so far, which is 3.", 1.0: "Add the first key."},
    ),
    Blank(
        "output after the first chunk",
        5.0,
        {
            20.0: "Divide by the sum of the powers: attention to the keys so far is a mean.",
            6.0: "That is the plain mean: the second key counts three times as much.",
        },
    ),
    Blank(
        "factor",
        0.75,
        {4 / 3: "That makes the old sum larger: a higher score came, so the old powers become smaller, 3 / 4."},
    ),
    Blank(
        "sum after the second chunk",
        2.0,
        {1.0: "The old sum counts, too: 4/3 · 3/4.", 7 / 3: "Bring the old sum to the new largest score first."},
    ),
    Blank(
        "output after the second chunk",
        2.5,
        {5.0: "The third key has half of the weight now.", 0.0: "The third key has half of the weight, not all of it."},
    ),
)

running = Exercise(
    name="running",
    question="Scores log 1 and log 3 with the values 8 and 4 come first, then score log 4 with the value 0. Give five "
    "numbers: the sum of the exponentials after the first chunk (each less the largest score so far), the output "
    "then, the factor that brings the old sum to the new largest score, the sum after the second chunk, and the "
    "output.",
    judge=fills(_RUNNING),
    praise="1/3 + 1 = 4/3 and (8 · 1 + 4 · 3) / 4 = 5; then 4/3 · 3/4 + 1 = 2, and half of 5. At once: 20 / 8 = 2.5.",
    wrong=(*misfilled(_RUNNING), ((1.333, 5, 2.5), "The shape should be")),
    right=((4 / 3, 5, 0.75, 2, 2.5), [1.33, 5, 0.75, 2, 20 / 8]),
)
