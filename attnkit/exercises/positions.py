"""Exercises of chapter 8: sinusoids, what a shift does to them, where they are added, and vectors that turn."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from attnkit.exercises.checking import Blank, Case, Exercise, Slip, agrees_with, fills, misfilled
from attnkit.positions import rotary, sinusoidal_positions

_RANDOM = np.random.default_rng(8)

# --- an encoding with a pencil ---------------------------------------------------------------------------------------

_TURNED_ROUND = "Sine and cosine take turns, and the sine comes first: sin, cos, sin, cos."
_PENCIL = (
    Blank(
        "first number",
        math.sin(2),
        {
            math.sin(math.radians(2)): "That is the sine of 2 degrees. Angles are in radians.",
            math.cos(2): _TURNED_ROUND,
            math.sin(1): "That is position 1. Count from 0, and take p = 2.",
        },
    ),
    Blank(
        "second number",
        math.cos(2),
        {
            math.cos(math.radians(2)): "That is the cosine of 2 degrees. Angles are in radians.",
            math.sin(0.02): "The second number belongs to the first clock: both numbers of a pair have the same ω.",
            math.cos(0.2): "That is the cosine of 0.2. Both numbers of a pair have the same ω, here ω_0 = 1.",
            math.sin(2): _TURNED_ROUND,
        },
    ),
    Blank(
        "third number",
        math.sin(0.02),
        {
            math.sin(0.2): "That is ω = 0.1: the exponent is 2i / d_model, and for i = 1 that is a half.",
            math.cos(2): "The first clock has its two numbers already: now comes the sine of the second one.",
            math.cos(0.02): _TURNED_ROUND,
            math.sin(2): "Here ω is 1 still. The second clock has ω_1 = 10000^(−2/4) = 1/100.",
        },
    ),
    Blank("fourth number", math.cos(0.02), {math.sin(0.02): _TURNED_ROUND, math.cos(2): "Here ω is 1 still."}),
    Blank(
        "wavelength",
        200 * math.pi,
        {
            100.0: "After 100 positions the angle has grown by 1. A whole turn is 2π.",
            2 * math.pi: "That is the first clock's.",
            2 * math.pi / 100: "That is how far the hand of the first clock turns in a hundredth of a position. "
            "Divide 2π by ω.",
            math.pi * 100: "That is half a turn: a whole one is 2π.",
        },
    ),
)

pencil = Exercise(
    name="pencil",
    question="With d_model = 4 and base 10000, give the four numbers of PE(2), and the wavelength of the second pair, "
    "in positions.",
    judge=fills(_PENCIL),
    praise="The first clock has gone a third of its way round; the second needs 628 positions and has hardly moved.",
    wrong=(
        *misfilled(_PENCIL),
        ((0.909, -0.416, 0.02, 1.0, 100.0), "The wavelength is not 100."),
        ((0.909, -0.416, 0.02, 1.0), "The shape should be"),
    ),
    right=((0.909, -0.416, 0.02, 1.0, 628.32), np.array([0.9093, -0.4161, 0.02, 0.9998, 628.3185])),
)

# --- a shift with a pencil -------------------------------------------------------------------------------------------

_SHIFT = (
    Blank(
        "new sine",
        0.8,
        {
            -0.8: "That is a quarter turn the other way: moving on takes (sin, cos) to (cos, −sin).",
            0.6: "That is the sine before the shift.",
            -0.6: "That is half a turn: 90 degrees are a quarter.",
        },
    ),
    Blank(
        "new cosine",
        -0.6,
        {
            0.6: "The minus is missing: the second row of the block is (−sin kω, cos kω).",
            0.8: "That is the cosine before the shift.",
            -0.8: "That is half a turn: 90 degrees are a quarter.",
        },
    ),
    Blank(
        "product",
        0,
        {
            0.96: "A sign is lost: 0.6 · 0.8 + 0.8 · (−0.6).",
            1: "That is the product of a reading with itself: cos 0. Here it is the cosine of 90 degrees.",
        },
    ),
    Blank(
        "product at 100 positions further",
        0,
        {
            100: "Positions do not enter: the product is the cosine of the turn between the two, wherever they are.",
            1: "That would be a turn of 0. Both move on, and the turn between them stays at 90 degrees.",
        },
    ),
)

shift = Exercise(
    name="shift",
    question="At position p a pair reads (sin, cos) = (0.6, 0.8). k positions further on its clock has turned by 90 "
    "degrees. Give four numbers: the new sine, the new cosine, the dot product of both readings, and that product "
    "when both positions lie 100 further on.",
    judge=fills(_SHIFT),
    praise="The block is (0, 1; −1, 0), and it has not asked for p.",
    wrong=(
        *misfilled(_SHIFT),
        ((0.8, -0.6, 0.5, 0), "The product is not 0.5."),
        ((0.8, -0.6), "The shape should be"),
    ),
    right=((0.8, -0.6, 0, 0), np.array([0.8, -0.6, 0.0, 0.0])),
)

# --- the sinusoids ---------------------------------------------------------------------------------------------------


def _sinusoids(n_positions: int, d_model: int) -> np.ndarray:
    return sinusoidal_positions(np.arange(float(n_positions)), d_model)


def _angles(n_positions: int, d_model: int) -> np.ndarray:
    return np.arange(n_positions)[:, None] * 10_000.0 ** (-np.arange(0, d_model, 2) / d_model)


def _sinusoids_in_places(n_positions: int, d_model: int) -> np.ndarray:
    encodings = np.empty((n_positions, d_model))
    encodings[:, 0::2], encodings[:, 1::2] = (f(_angles(n_positions, d_model)) for f in (np.sin, np.cos))
    return encodings


def _sinusoids_lists(n_positions: int, d_model: int) -> list[list[float]]:
    def component(p: int, c: int) -> float:
        angle = p / 10_000 ** (2 * (c // 2) / d_model)
        return math.cos(angle) if c % 2 else math.sin(angle)

    return [[component(p, c) for c in range(d_model)] for p in range(n_positions)]


def _sinusoids_torch(n_positions: int, d_model: int) -> Any:
    import torch

    frequencies = torch.exp(torch.arange(0, d_model, 2) * (-math.log(10_000.0) / d_model))
    angles = torch.outer(torch.arange(n_positions), frequencies)
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(-2)


def _waves(angles: np.ndarray) -> np.ndarray:
    """Return the sine of the even columns and the cosine of the odd ones."""
    return np.where(np.arange(angles.shape[1]) % 2, np.cos(angles), np.sin(angles))


_SINUSOIDS_SLIPS = (
    Slip(
        lambda n, d: np.hstack([np.sin(_angles(n, d)), np.cos(_angles(n, d))]),
        "All sines come first and all cosines last. Let them take turns: columns 0, 2, 4, … and 1, 3, 5, ….",
    ),
    Slip(
        lambda n, d: _sinusoids(n, d).reshape(n, -1, 2)[..., ::-1].reshape(n, d),
        "Each pair is the wrong way round: the sine comes first.",
    ),
    Slip(
        lambda n, d: _waves(np.arange(n)[:, None] / 10_000 ** (np.arange(d) / d)),
        "Every column has an ω of its own. The two numbers of a pair share one: "
        "the exponent is 2i / d_model in columns 2i and 2i + 1.",
    ),
    Slip(
        lambda n, d: _waves(np.arange(n)[:, None] / 10_000 ** (2 * np.arange(d) / d)),
        "Your i is the column. It counts the pairs: column c belongs to pair c // 2.",
    ),
    Slip(
        lambda n, d: _waves(np.arange(n)[:, None] / 10_000 ** (np.arange(d) // 2 / d)),
        "The exponent is 2i / d_model, and you have i / d_model: your slowest clock is too fast.",
    ),
    Slip(
        lambda n, d: _waves(np.arange(n)[:, None] * np.ones(d)), "Every pair has ω = 1: your clocks are all the same."
    ),
    Slip(
        lambda n, d: _waves(np.arange(n)[:, None] * 10_000 ** (2 * (np.arange(d) // 2) / d)),
        "Your ω grows from pair to pair. It falls: 10000 to a negative exponent.",
    ),
    Slip(lambda n, d: _sinusoids(n + 1, d)[1:], "Your first row is position 1. Positions count from 0."),
    Slip(
        lambda n, d: np.repeat(np.sin(_angles(n, d)), 2, axis=1),
        "Both numbers of a pair are sines: the odd columns are cosines.",
    ),
)

my_sinusoids = Exercise(
    name="sinusoids",
    question="Write `my_sinusoids(n_positions, d_model)`: the encodings of positions 0 to n_positions − 1 with base "
    "10000, shape (n_positions, d_model), for an even d_model.",
    judge=agrees_with(
        _sinusoids,
        (Case({"n_positions": 7, "d_model": 10}), Case({"n_positions": 53, "d_model": 4})),
        ("n_positions", "d_model"),
        slips=_SINUSOIDS_SLIPS,
    ),
    praise="A row for each position, a clock for each pair of columns.",
    wrong=(
        *_SINUSOIDS_SLIPS,
        (lambda n, d: _sinusoids(n, d).T, "It looks transposed"),
        (lambda n, d: np.sin(_angles(n, d)), "should be (n_positions=7, d_model=10)"),
        (lambda n, d: np.degrees(_sinusoids(n, d)), "numbers are not"),
    ),
    right=(_sinusoids, _sinusoids_in_places, _sinusoids_lists, _sinusoids_torch),
)

# --- where they are added --------------------------------------------------------------------------------------------


def _inputs(embeddings: np.ndarray, table: np.ndarray) -> np.ndarray:
    _, n_tokens, d_model = embeddings.shape
    return np.sqrt(d_model) * embeddings + table[:n_tokens]


def _inputs_loop(embeddings: np.ndarray, table: np.ndarray) -> list[list[np.ndarray]]:
    return [[word * math.sqrt(len(word)) + table[p] for p, word in enumerate(words)] for words in embeddings]


def _inputs_torch(embeddings: np.ndarray, table: np.ndarray) -> Any:
    import torch

    words, rows = torch.as_tensor(embeddings), torch.as_tensor(table)
    return words * words.shape[-1] ** 0.5 + rows[: words.shape[1]].unsqueeze(0)


def _over_batch(embeddings: np.ndarray, table: np.ndarray) -> np.ndarray:
    return np.sqrt(embeddings.shape[-1]) * embeddings + table[: len(embeddings), None]


_INPUT_SLIPS = (
    Slip(
        _over_batch,
        "You add over the batch: all words of sentence 0 get position 0, all of sentence 1 position 1. "
        "Positions run along the axis of the tokens, axis 1.",
    ),
    Slip(
        lambda embeddings, table: embeddings + table[: embeddings.shape[1]],
        "The embeddings are not scaled yet: multiply them by √d_model first.",
    ),
    Slip(
        lambda embeddings, table: np.sqrt(table.shape[-1]) * (embeddings + table[: embeddings.shape[1]]),
        "You multiply the sum, so words and positions keep their proportion. "
        "Multiply the embeddings alone, and then add.",
    ),
    Slip(
        lambda embeddings, table: embeddings / np.sqrt(table.shape[-1]) + table[: embeddings.shape[1]],
        "You divide by √d_model, which makes the words smaller still: multiply.",
    ),
    Slip(
        lambda embeddings, table: np.sqrt(embeddings.shape[1]) * embeddings + table[: embeddings.shape[1]],
        "You scale by the root of the number of tokens: d_model is the last axis.",
    ),
    Slip(
        lambda embeddings, table: table.shape[-1] * embeddings + table[: embeddings.shape[1]],
        "You multiply by d_model: take its square root.",
    ),
    Slip(
        lambda embeddings, table: np.sqrt(table.shape[-1]) * embeddings + table[-embeddings.shape[1] :],
        "You take the last rows of the table: the first token stands at position 0.",
    ),
    Slip(
        lambda embeddings, _table: np.sqrt(embeddings.shape[-1]) * embeddings,
        "The positions are missing: add the table's row of each place.",
    ),
)

model_input = Exercise(
    name="model_input",
    question="Write `my_input(embeddings, table)`: embeddings has shape (batch, n_tokens, d_model), the table has one "
    "row for each position, shape (n_positions, d_model). Return the embeddings times √d_model, plus the row of each "
    "token’s position.",
    judge=agrees_with(
        _inputs,
        (
            Case({"embeddings": _RANDOM.normal(size=(3, 5, 7)), "table": _RANDOM.normal(size=(11, 7))}),
            Case({"embeddings": _RANDOM.normal(size=(5, 3, 2)), "table": _RANDOM.normal(size=(5, 2))}),
        ),
        ("batch", "n_tokens", "d_model"),
        slips=_INPUT_SLIPS,
    ),
    praise="Each place has its row, and it is the same row in every sentence of the batch.",
    wrong=(
        *_INPUT_SLIPS,
        (lambda embeddings, table: embeddings + table, "raises ValueError"),
        (lambda embeddings, table: _inputs(embeddings, table)[0], "should be (batch=3, n_tokens=5, d_model=7)"),
        (lambda embeddings, table: 2 * _inputs(embeddings, table), "numbers are not"),
    ),
    right=(_inputs, _inputs_loop, _inputs_torch),
)

# --- turning ---------------------------------------------------------------------------------------------------------


def _rotary(vectors: np.ndarray, positions: np.ndarray) -> np.ndarray:
    return rotary(vectors, positions)


def _turns(vectors: np.ndarray, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    angles = positions[:, None] * 10_000.0 ** (-np.arange(0, vectors.shape[1], 2) / vectors.shape[1])
    return np.cos(angles), np.sin(angles)


def _rotary_complex(vectors: np.ndarray, positions: np.ndarray) -> np.ndarray:
    cosines, sines = _turns(vectors, positions)
    turned = (vectors[:, 0::2] + 1j * vectors[:, 1::2]) * (cosines + 1j * sines)
    return np.stack([turned.real, turned.imag], axis=-1).reshape(vectors.shape)


def _rotary_lists(vectors: np.ndarray, positions: np.ndarray) -> list[list[float]]:
    rows = []
    for vector, p in zip(vectors.tolist(), positions.tolist(), strict=True):
        row = []
        for i in range(0, len(vector), 2):
            angle, (x, y) = p * 10_000 ** (-i / len(vector)), vector[i : i + 2]
            row += [x * math.cos(angle) - y * math.sin(angle), x * math.sin(angle) + y * math.cos(angle)]
        rows.append(row)
    return rows


def _rotary_torch(vectors: np.ndarray, positions: np.ndarray) -> Any:
    import torch

    cosines, sines = (torch.as_tensor(part).repeat_interleave(2, dim=-1) for part in _turns(vectors, positions))
    even, odd = torch.as_tensor(vectors).unflatten(-1, (-1, 2)).unbind(-1)
    return torch.as_tensor(vectors) * cosines + torch.stack([-odd, even], dim=-1).flatten(-2) * sines


def _rotary_halves(vectors: np.ndarray, positions: np.ndarray) -> np.ndarray:
    cosines, sines = _turns(vectors, positions)
    first, second = np.hsplit(vectors, 2)
    return np.hstack([first * cosines - second * sines, first * sines + second * cosines])


def _rotary_in_place(vectors: np.ndarray, positions: np.ndarray) -> np.ndarray:
    cosines, sines = _turns(vectors, positions)
    turned = vectors.copy()
    turned[:, 0::2] = turned[:, 0::2] * cosines - turned[:, 1::2] * sines
    turned[:, 1::2] = turned[:, 0::2] * sines + turned[:, 1::2] * cosines
    return turned


_ROTARY_SLIPS = (
    Slip(
        _rotary_halves,
        "You pair number i with number i + d_k / 2, as some libraries do. Here neighbours make a pair: 0 and 1.",
    ),
    Slip(
        lambda vectors, positions: rotary(vectors, -positions),
        "You turn the other way round: (1, 0) goes to (cos, sin) of the angle.",
    ),
    Slip(
        lambda vectors, positions: vectors + sinusoidal_positions(positions.astype(float), vectors.shape[1]),
        "You add the sinusoids to the vectors. Here nothing is added: each pair is turned.",
    ),
    Slip(
        lambda vectors, positions: vectors * sinusoidal_positions(positions.astype(float), vectors.shape[1]),
        "You multiply number by number. A turn mixes the two numbers of a pair.",
    ),
    Slip(
        lambda vectors, positions: rotary(vectors, positions, base=1),
        "All your pairs turn by the same angle. Pair i turns by p · 10000^(−2i / d_k).",
    ),
    Slip(
        lambda vectors, _positions: rotary(vectors, np.arange(len(vectors))),
        "You count the rows. The position of each row is given: it need not be its number.",
    ),
    Slip(
        _rotary_in_place,
        "The new first number of a pair is used to make the second. Compute both from the old ones.",
    ),
    Slip(lambda vectors, _positions: vectors, "Nothing turns yet."),
)

my_rotary = Exercise(
    name="rotary",
    question="Write `my_rotary(vectors, positions)`: turn each pair of neighbouring numbers of row n, shape (n, d_k), "
    "by its position times ω_i = 10000^(−2i / d_k), counter-clockwise; positions has shape (n,).",
    judge=agrees_with(
        _rotary,
        (
            Case({"vectors": _RANDOM.normal(size=(5, 6)), "positions": np.array([0, 1, 2, 3, 4])}),
            Case({"vectors": _RANDOM.normal(size=(3, 10)), "positions": np.array([7, 2, 31])}),
        ),
        ("n", "d_k"),
        slips=_ROTARY_SLIPS,
    ),
    praise="Every pair has turned, and no vector has become longer or shorter.",
    wrong=(
        *_ROTARY_SLIPS,
        (lambda vectors, positions: rotary(vectors, positions).T, "It looks transposed"),
        (lambda vectors, positions: rotary(vectors, positions)[:, :2], "should be (n=5, d_k=6)"),
        (lambda vectors, positions: 2 * rotary(vectors, positions), "numbers are not"),
    ),
    right=(_rotary, _rotary_complex, _rotary_lists, _rotary_torch),
)
