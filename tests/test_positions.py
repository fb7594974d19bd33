"""Promise: a shift of positions is a rotation, turned vectors know only distances, and each encoding is the paper's."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch.nn import functional

from attnkit import attend, dot_scores, softmax
from attnkit.positions import (
    alibi_biases,
    alibi_slopes,
    learned_positions,
    one_hot_positions,
    rotary,
    shift_matrix,
    sinusoidal_positions,
)

LIBRARIES = pytest.mark.parametrize("asarray", [np.asarray, torch.tensor])
DTYPES = pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
BASE = 10_000


def random(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def loop_sinusoidal(position: float, d_model: int, base: float) -> list[float]:
    encoding = []
    for component in range(d_model):
        angle = position / base ** ((component // 2) * 2 / d_model)
        encoding.append(math.cos(angle) if component % 2 else math.sin(angle))
    return encoding


def loop_rotary(vector: list[float], position: float, base: float) -> list[float]:
    turned, d_k = [], len(vector)
    for pair in range(d_k // 2):
        angle = position / base ** (2 * pair / d_k)
        x, y = vector[2 * pair], vector[2 * pair + 1]
        turned += [x * math.cos(angle) - y * math.sin(angle), x * math.sin(angle) + y * math.cos(angle)]
    return turned


def loop_slopes(heads: int) -> list[float]:
    """Return the slopes as the code of the ALiBi authors finds them, by a step to twice the power of two."""
    if math.log2(heads).is_integer():
        first = 2 ** (-8 / heads)
        return [first ** (h + 1) for h in range(heads)]
    power = 2 ** math.floor(math.log2(heads))
    return loop_slopes(power) + loop_slopes(2 * power)[0::2][: heads - power]


def complex_rotary(vectors: torch.Tensor, positions: torch.Tensor, base: float) -> torch.Tensor:
    """Turn pairs as complex numbers, with torch."""
    d_k = vectors.shape[-1]
    angles = positions[..., None] * base ** (-torch.arange(0, d_k, 2, dtype=vectors.dtype) / d_k)
    pairs = torch.view_as_complex(vectors.unflatten(-1, (-1, 2)).contiguous())
    return torch.view_as_real(pairs * torch.polar(torch.ones_like(angles), angles)).flatten(-2)


def test_pencil_one_hot_and_learned():
    np.testing.assert_array_equal(one_hot_positions(np.asarray([2, 0]), 3), [[0, 0, 1], [1, 0, 0]])
    table = np.asarray([[5.0, 6.0], [7.0, 8.0], [9.0, 10.0]])
    np.testing.assert_array_equal(learned_positions(np.asarray([2, 0]), table), [[9, 10], [5, 6]])


def test_pencil_sinusoidal():
    # 10000^(-2/4) = 1/100, so the second clock is a hundred times slower.
    expected = [[0, 1, 0, 1], [math.sin(3), math.cos(3), math.sin(0.03), math.cos(0.03)]]
    np.testing.assert_allclose(sinusoidal_positions(np.asarray([0, 3]), 4), expected, rtol=1e-15)
    np.testing.assert_allclose(sinusoidal_positions(np.asarray(3), 4), expected[1], rtol=1e-15)
    # With base 16 and width 4 the second clock is four times slower.
    np.testing.assert_allclose(
        sinusoidal_positions(np.asarray(2.0), 4, base=16)[2:], [math.sin(0.5), math.cos(0.5)], rtol=1e-15
    )


def test_pencil_shift_matrix():
    c, s = math.cos(2), math.sin(2)
    np.testing.assert_allclose(shift_matrix(np.asarray(2), 2), [[c, s], [-s, c]], rtol=1e-15)
    slow_c, slow_s = math.cos(0.02), math.sin(0.02)
    expected = [[c, s, 0, 0], [-s, c, 0, 0], [0, 0, slow_c, slow_s], [0, 0, -slow_s, slow_c]]
    np.testing.assert_allclose(shift_matrix(np.asarray(2), 4), expected, rtol=1e-15)


def test_pencil_rotary():
    # A quarter turn takes (x, y) to (−y, x).
    turned = rotary(np.asarray([[2.0, 1.0], [2.0, 1.0]]), np.asarray([0, math.pi / 2]))
    np.testing.assert_allclose(turned, [[2, 1], [-1, 2]], atol=1e-15)


def test_pencil_alibi():
    assert alibi_slopes(8) == [1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32, 1 / 64, 1 / 128, 1 / 256]
    assert alibi_slopes(1) == [1 / 256]
    biases = alibi_biases(np.asarray([0, 3]), np.asarray([0, 1, 5]), np.asarray([0.5, 2.0]))
    expected = [[[0, -0.5, -2.5], [-1.5, -1, -1]], [[0, -2, -10], [-6, -4, -4]]]
    np.testing.assert_array_equal(biases, expected)
    assert not np.signbit(biases[0, 0, 0])


@pytest.mark.parametrize("heads", range(1, 41))
def test_alibi_slopes_are_those_of_the_authors_code(heads):
    slopes = alibi_slopes(heads)
    np.testing.assert_allclose(slopes, loop_slopes(heads), rtol=1e-14)
    assert len(set(slopes)) == heads
    assert 0 < min(slopes) <= max(slopes) < 1


@pytest.mark.parametrize("d_model", [1, 2, 5, 7, 14])
@pytest.mark.parametrize("base", [1, 10.5, BASE])
def test_plain_loops_sinusoidal(d_model, base):
    positions = np.asarray([[0, 1, 2.5], [-3, 17, 1009]])
    expected = [[loop_sinusoidal(p, d_model, base) for p in row] for row in positions.tolist()]
    np.testing.assert_allclose(sinusoidal_positions(positions, d_model, base), expected, atol=1e-12)


@pytest.mark.parametrize("base", [1, 10.5, BASE])
def test_plain_loops_rotary(base):
    vectors, positions = random(5, 14), np.asarray([0, 1, 2.5, -3, 1009])
    expected = [loop_rotary(v, p, base) for v, p in zip(vectors.tolist(), positions.tolist(), strict=True)]
    np.testing.assert_allclose(rotary(vectors, positions, base), expected, atol=1e-12)


@LIBRARIES
def test_torch_one_hot_and_embedding(asarray):
    positions, table = np.asarray([[2, 0, 4], [1, 1, 3]]), random(5, 7)
    encoding = np.asarray(one_hot_positions(asarray(positions), 5))
    np.testing.assert_array_equal(encoding, functional.one_hot(torch.tensor(positions), 5))
    rows = learned_positions(asarray(positions), asarray(table))
    np.testing.assert_array_equal(rows, functional.embedding(torch.tensor(positions), torch.tensor(table)))
    np.testing.assert_allclose(np.asarray(one_hot_positions(asarray(positions), 5)) @ table, rows, atol=1e-15)


def test_torch_gradients_of_a_table_are_those_of_an_embedding():
    positions, ours = torch.tensor([[2, 0, 4], [2, 1, 3]]), torch.tensor(random(5, 7), requires_grad=True)
    theirs, factors = ours.detach().clone().requires_grad_(), torch.tensor(random(2, 3, 7, seed=1))
    (learned_positions(positions, ours) * factors).sum().backward()
    (functional.embedding(positions, theirs) * factors).sum().backward()
    torch.testing.assert_close(ours.grad, theirs.grad)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_torch_complex_numbers(dtype):
    vectors = torch.tensor(random(2, 3, 7, 10), dtype=dtype, requires_grad=True)
    positions, factors = torch.arange(5, 12), torch.tensor(random(2, 3, 7, 10, seed=1), dtype=dtype)
    ours, theirs = rotary(vectors, positions), complex_rotary(vectors, positions, BASE)
    torch.testing.assert_close(ours, theirs)
    slopes = [torch.autograd.grad((turned * factors).sum(), vectors)[0] for turned in (ours, theirs)]
    torch.testing.assert_close(*slopes)


def test_pairs_of_halves_are_the_same_in_another_order():
    # The layout of many libraries: component i turns with component i + d_k / 2.
    vectors, positions = torch.tensor(random(7, 10)), torch.arange(7)
    angles = positions[:, None] * BASE ** (-torch.arange(0, 10, 2, dtype=vectors.dtype) / 10)
    cosines, sines = (torch.cat([f(angles), f(angles)], -1) for f in (torch.cos, torch.sin))
    halves = vectors * cosines + torch.cat([-vectors[:, 5:], vectors[:, :5]], -1) * sines
    order = [0, 5, 1, 6, 2, 7, 3, 8, 4, 9]
    torch.testing.assert_close(rotary(vectors[:, order], positions), halves[:, order])
    assert not torch.allclose(rotary(vectors, positions), halves)


whole = st.integers(-2000, 2000)
vectors_ = arrays(np.float64, (3, 10), elements=st.floats(-9, 9))
bases = st.floats(1, 1e6)


@given(arrays(np.int64, 5, elements=whole), whole, bases)
def test_a_shift_is_a_matrix_that_does_not_look_at_the_position(positions, k, base):
    shift = shift_matrix(np.asarray(k), 14, base)
    moved = sinusoidal_positions(positions, 14, base) @ shift.T
    np.testing.assert_allclose(moved, sinusoidal_positions(positions + k, 14, base), atol=1e-11)
    np.testing.assert_allclose(shift @ shift.T, np.eye(14), atol=1e-14)
    np.testing.assert_allclose(shift.T, shift_matrix(np.asarray(-k), 14, base), atol=1e-14)


@given(arrays(np.int64, 5, elements=whole), arrays(np.int64, 3, elements=whole), whole, bases)
def test_products_of_sinusoids_know_only_the_distance(positions, others, k, base):
    def products(shift):
        return dot_scores(
            sinusoidal_positions(positions + shift, 14, base), sinusoidal_positions(others + shift, 14, base)
        )

    np.testing.assert_allclose(products(k), products(0), atol=1e-10)


@given(vectors_, vectors_, arrays(np.int64, 3, elements=whole), whole, bases)
def test_products_of_turned_vectors_know_only_the_distance(queries, keys, positions, k, base):
    def products(shift):
        return dot_scores(rotary(queries, positions + shift, base), rotary(keys, positions[::-1] + shift, base))

    np.testing.assert_allclose(products(k), products(0), atol=1e-7)
    # At distance 0 nothing has happened.
    same = dot_scores(rotary(queries, np.asarray(k), base), rotary(keys, np.asarray(k), base))
    np.testing.assert_allclose(same, dot_scores(queries, keys), atol=1e-9)


@given(vectors_, arrays(np.int64, 3, elements=whole), bases)
def test_a_turn_keeps_the_length_and_is_a_shift_the_other_way_round(vectors, positions, base):
    turned = rotary(vectors, positions, base)
    lengths = [np.sqrt((v * v).sum(axis=-1)) for v in (turned, vectors)]
    np.testing.assert_allclose(*lengths, atol=1e-12)
    matrices = shift_matrix(-positions, 10, base)
    np.testing.assert_allclose(turned, (matrices @ vectors[..., None])[..., 0], atol=1e-11)
    np.testing.assert_allclose(rotary(turned, -positions, base), vectors, atol=1e-11)


@given(arrays(np.int64, 5, elements=whole), arrays(np.int64, 3, elements=whole), whole, st.integers(1, 20))
def test_alibi_knows_only_the_distance_and_prefers_what_is_near(queries, keys, k, heads):
    slopes = np.asarray(alibi_slopes(heads))
    biases = alibi_biases(queries, keys, slopes)
    np.testing.assert_array_equal(alibi_biases(queries + k, keys + k, slopes), biases)
    np.testing.assert_array_equal(alibi_biases(keys, queries, slopes), np.swapaxes(biases, -1, -2))
    assert (biases <= 0).all()
    distances = np.abs(queries[:, None] - keys)
    np.testing.assert_array_equal(biases.argmax(-1), np.broadcast_to(distances.argmin(-1), (heads, 5)))


def permuted(encode):
    """Return attention's output with the tokens in order, and that with the tokens in another order, put back."""
    order = [4, 0, 6, 2, 5, 1, 3]
    tokens = random(7, 10)
    outputs = [encode(tokens), encode(tokens[order])]
    return outputs[0][order], outputs[1]


def test_without_positions_attention_does_not_see_the_order_and_with_them_it_does():
    places, slopes = np.arange(7), np.asarray(alibi_slopes(1))
    np.testing.assert_allclose(*permuted(lambda x: attend(x, x, x).output), atol=1e-12)
    for encode in (
        lambda x: attend(*[x + sinusoidal_positions(places, 10)] * 3).output,
        lambda x: attend(*[x + learned_positions(places, random(7, 10, seed=1))] * 3).output,
        lambda x: attend(rotary(x, places), rotary(x, places), x).output,
        lambda x: softmax(dot_scores(x, x) + alibi_biases(places, places, slopes)[0]) @ x,
    ):
        ordered, mixed = permuted(encode)
        assert np.abs(ordered - mixed).max() > 1e-3


def test_rotary_and_alibi_plug_into_a_score():
    queries, keys, values, places = random(3, 10), random(7, 10, seed=1), random(7, 11, seed=2), np.arange(7)
    stages = attend(queries, keys, values, score=lambda q, k: dot_scores(rotary(q, places[4:]), rotary(k, places)))
    assert stages.output.shape == (3, 11)
    biases = alibi_biases(places[4:], places, np.asarray(alibi_slopes(2)))
    heads = random(2, 3, 10), random(2, 7, 10, seed=1), random(2, 7, 11, seed=2)
    stages = attend(*heads, score=lambda q, k: dot_scores(q, k) + biases)
    np.testing.assert_allclose(stages.scores[1], dot_scores(heads[0][1], heads[1][1]) + biases[1], atol=1e-14)


@LIBRARIES
def test_batch_axes_broadcast(asarray):
    positions = asarray(np.arange(6).reshape(2, 3))
    assert tuple(sinusoidal_positions(positions, 5).shape) == (2, 3, 5)
    assert tuple(shift_matrix(positions, 4).shape) == (2, 3, 4, 4)
    np.testing.assert_allclose(shift_matrix(positions, 4)[1, 2], shift_matrix(positions[1, 2], 4), atol=1e-15)
    vectors = asarray(random(2, 5, 3, 10))
    turned = rotary(vectors, positions[:, None])
    np.testing.assert_allclose(turned[1, 4], rotary(vectors[1, 4], positions[1]), atol=1e-15)
    biases = alibi_biases(positions, asarray(np.arange(7)), asarray(random(5)))
    assert tuple(biases.shape) == (2, 5, 3, 7)
    np.testing.assert_array_equal(biases[1], alibi_biases(positions[1], asarray(np.arange(7)), asarray(random(5))))


@DTYPES
@LIBRARIES
def test_the_dtype_and_the_library_stay(asarray, dtype):
    floats, ints = asarray(np.arange(3).astype(dtype)), asarray(np.arange(3))
    table, vectors, slopes = (asarray(random(*shape).astype(dtype)) for shape in [(5, 7), (2, 3, 10), (5,)])
    for result in (
        sinusoidal_positions(floats, 5),
        shift_matrix(floats, 4),
        learned_positions(ints, table),
        rotary(vectors, ints),
        rotary(vectors, floats),
        alibi_biases(ints, floats, slopes),
        alibi_biases(ints, ints, slopes),
    ):
        assert type(result) is type(floats)
        assert result.dtype == floats.dtype
    default = asarray([1.0]).dtype
    assert {one_hot_positions(ints, 3).dtype, sinusoidal_positions(ints, 5).dtype, shift_matrix(ints, 4).dtype} == {
        default
    }


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_floats_do_not_confuse_late_positions(dtype):
    # Neither of them can tell 5000 from 5001.
    vectors, places = torch.tensor(random(2, 10), dtype=dtype), torch.tensor([5000, 5001])
    exact = rotary(vectors.double(), places)
    torch.testing.assert_close(rotary(vectors, places).double(), exact, atol=4 * torch.finfo(dtype).eps, rtol=0)
    biases = alibi_biases(places, places, torch.tensor([0.5], dtype=dtype))
    assert biases.tolist() == [[[0, -0.5], [-0.5, 0]]]


@LIBRARIES
def test_whole_positions_are_told_apart_however_large_they_are(asarray):
    places, slopes = asarray(np.asarray([2**40, 2**40 + 1])), asarray(np.asarray([0.5], "float32"))
    np.testing.assert_array_equal(alibi_biases(places, places, slopes), [[[0, -0.5], [-0.5, 0]]])


def test_gradients_equal_finite_differences():
    shapes = [(2, 3, 10), (3,), (7,), (5,)]
    tensors = [torch.tensor(9 * random(*shape, seed=i), requires_grad=True) for i, shape in enumerate(shapes)]

    def everything(vectors, positions, others, slopes):
        return (
            rotary(vectors, positions, 11),
            sinusoidal_positions(positions, 5, 11),
            shift_matrix(others, 4, 11),
            alibi_biases(positions, others, slopes),
        )

    assert torch.autograd.gradcheck(everything, tensors)


@LIBRARIES
def test_the_largest_numbers_that_fit_are_turned(asarray):
    largest = asarray(np.asarray([[6e4, 0.0]], "float16"))
    turned = rotary(largest, asarray(np.asarray([1])))
    assert np.isfinite(np.asarray(turned)).all()


WHOLE, REAL, TABLE, SLOPES, VECTORS = np.arange(3), np.ones(3), random(5, 7), np.ones(2), random(3, 10)
EVEN = "must be even, because each sine needs its cosine; got"
WRONG = {
    "one_hot list": (one_hot_positions, ([1], 3), "positions must be an array; got list: wrap it"),
    "one_hot float": (
        one_hot_positions,
        (REAL, 3),
        "positions must be whole numbers, of an integer dtype; got dtype float64",
    ),
    "one_hot late": (one_hot_positions, (WHOLE, 2), "positions must be from 0 to n_positions − 1 = 1; got 2"),
    "one_hot early": (one_hot_positions, (-WHOLE, 3), "positions must be from 0 to n_positions − 1 = 2; got -2"),
    "one_hot none": (one_hot_positions, (WHOLE[:0], 3), r"positions must not be empty; got shape \(0,\)"),
    "one_hot count": (one_hot_positions, (WHOLE, 0), "n_positions must be a whole number from 1; got 0"),
    "one_hot bool": (one_hot_positions, (WHOLE > 0, 3), "positions must be whole numbers, .* got dtype bool"),
    "learned late": (
        learned_positions,
        (np.asarray([0, 5]), TABLE),
        "positions must be from 0 to n_positions − 1 = 4; got 5",
    ),
    "learned early": (
        learned_positions,
        (np.asarray(-1), TABLE),
        "positions must be from 0 to n_positions − 1 = 4; got -1",
    ),
    "learned float": (learned_positions, (REAL, TABLE), "positions must be whole numbers"),
    "learned rank": (
        learned_positions,
        (WHOLE, TABLE[0]),
        r"table must have shape \(n_positions, d_model\); got \(7,\)",
    ),
    "learned nan": (learned_positions, (WHOLE, TABLE * np.nan), "table must be finite; got nan"),
    "learned library": (learned_positions, (WHOLE, torch.ones(5, 7)), "positions and table must come from one library"),
    "sinusoidal list": (sinusoidal_positions, ([1], 3), "positions must be an array; got list"),
    "sinusoidal nan": (sinusoidal_positions, (REAL * np.nan, 3), "positions must be finite; got nan"),
    "width zero": (sinusoidal_positions, (REAL, 0), "d_model must be a whole number from 1; got 0"),
    "width half": (sinusoidal_positions, (REAL, 2.5), "d_model must be a whole number from 1; got 2.5"),
    "base small": (sinusoidal_positions, (REAL, 4, 0.5), "base must be a finite number from 1; got 0.5"),
    "base inf": (sinusoidal_positions, (REAL, 4, math.inf), "base must be a finite number from 1; got inf"),
    "base nan": (rotary, (VECTORS, WHOLE, math.nan), "base must be a finite number from 1; got nan"),
    "base text": (shift_matrix, (REAL, 4, "9"), "base must be a finite number from 1; got 9"),
    "base bool": (sinusoidal_positions, (REAL, 4, True), "base must be a finite number from 1; got True"),
    "shift odd": (shift_matrix, (REAL, 5), f"d_model {EVEN} 5"),
    "shift zero": (shift_matrix, (REAL, 0), "d_model must be a whole number from 1; got 0"),
    "shift nan": (shift_matrix, (REAL * np.nan, 4), "offsets must be finite; got nan"),
    "rotary odd": (rotary, (VECTORS[:, :7], WHOLE), f"d_k {EVEN} 7"),
    "rotary rank": (rotary, (VECTORS[0], np.asarray(1)), r"vectors must have shape \(..., n, d_k\); got \(10,\)"),
    "rotary places": (
        rotary,
        (VECTORS, np.arange(5)),
        r"positions must broadcast to the axes \(..., n\) of the vectors, \(3,\); got \(5,\)",
    ),
    "rotary enlarges": (rotary, (VECTORS, np.ones((2, 3))), r"of the vectors, \(3,\); got \(2, 3\)"),
    "rotary nan": (rotary, (VECTORS * np.nan, WHOLE), "vectors must be finite; got nan"),
    "rotary positions inf": (rotary, (VECTORS, REAL * np.inf), "positions must be finite; got inf"),
    "rotary overflow": (
        rotary,
        (np.full((1, 2), 6e4, "float16"), np.asarray([-0.75], "float16")),
        "the turned vectors overflow float16",
    ),
    "heads": (alibi_slopes, (0,), "heads must be a whole number from 1; got 0"),
    "heads half": (alibi_slopes, (2.5,), "heads must be a whole number from 1; got 2.5"),
    "alibi list": (alibi_biases, (WHOLE, WHOLE, alibi_slopes(2)), "slopes must be an array; got list: wrap it in np"),
    "alibi slopes": (alibi_biases, (WHOLE, WHOLE, np.ones((2, 1))), r"slopes must have shape \(heads\); got \(2, 1\)"),
    "alibi slopes nan": (alibi_biases, (WHOLE, WHOLE, SLOPES * np.nan), "slopes must be finite; got nan"),
    "alibi nan": (alibi_biases, (WHOLE, REAL * np.nan, SLOPES), "key_positions must be finite; got nan"),
    "alibi rank": (
        alibi_biases,
        (np.asarray(1), WHOLE, SLOPES),
        r"query_positions must have shape \(..., n_queries\); got \(\)",
    ),
    "alibi key rank": (alibi_biases, (WHOLE, np.asarray(1), SLOPES), r"key_positions must have shape \(..., n_keys\)"),
    "alibi batch": (
        alibi_biases,
        (np.ones((2, 3)), np.ones((5, 7)), SLOPES),
        r"the batch axes of query_positions and key_positions must broadcast; got \(2,\) and \(5,\)",
    ),
    "alibi overflow": (alibi_biases, (REAL * 1e308, REAL * -1e308, SLOPES), "the biases overflow float64"),
}


@pytest.mark.parametrize(("function", "arguments", "sentence"), WRONG.values(), ids=WRONG)
def test_a_wrong_input_gets_a_sentence(function, arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        function(*arguments)


@LIBRARIES
def test_nothing_is_changed_in_place(asarray):
    before = [WHOLE, REAL, TABLE, SLOPES, VECTORS]
    whole, real, table, slopes, vectors = given = [asarray(array.copy()) for array in before]
    one_hot_positions(whole, 3)
    learned_positions(whole, table)
    sinusoidal_positions(real, 4)
    shift_matrix(real, 4)
    rotary(vectors, real)
    alibi_biases(real, whole, slopes)
    for array, original in zip(given, before, strict=True):
        np.testing.assert_array_equal(array, original)
