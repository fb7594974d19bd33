"""Promise: the shapes in the signatures are the shapes that go in and come out, and `import attnkit` stays light."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from beartype import beartype
from jaxtyping import Float, TypeCheckError, jaxtyped

import attnkit
from attnkit._arrays import Array

# The classes only hold stages, and these two take no array.
NO_ARRAYS = {"assume_finite", "alibi_slopes", "show"}  # what comes out of these is no array
FUNCTIONS = [name for name in attnkit.__all__ if name[0].islower() and name not in NO_ARRAYS]


def checked(function):
    """Return the function with its annotated shapes checked at every call."""
    return jaxtyped(function, typechecker=beartype)


def numpy_array(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape)


def torch_tensor(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def calls(make):
    """For each public function: its arguments, and the shape that must come back."""
    mask = make(7) > 0
    generator = torch.Generator() if make is torch_tensor else np.random.default_rng(0)
    state = attnkit.LSTMState(make(11, 3), make(2, 1, 3))
    weights = attnkit.LSTMWeights(make(12, 5), make(12, 3), make(12))
    pair = make(2, 1, 3, 5), make(11, 7, 2)
    local = make(2, 3, 7), make(2, 3), 1.5
    whole = make(2, 3) > 9  # integers: every position is 0
    whole = whole.long() if make is torch_tensor else whole.astype(int)
    projections = attnkit.Projections(make(2, 5), make(2, 5), make(13, 5))
    to_memory = attnkit.Projections(make(2, 5), make(2, 17), make(13, 17))
    heads = attnkit.MultiHeadWeights(make(6, 5), make(6, 17), make(33, 17), make(5, 33), make(6), make(6), make(33))
    own = attnkit.MultiHeadWeights(make(6, 5), make(6, 5), make(33, 5), make(5, 33))
    norm = attnkit.NormWeights(make(5), make(5))
    network = attnkit.FeedForwardWeights(make(23, 5), make(23), make(5, 23), make(5))
    encoder = attnkit.EncoderWeights(own, norm, network, norm)
    decoder = attnkit.DecoderWeights(own, norm, heads, norm, network, norm)
    kept = [(2, 3, 7, 2), (2, 3, 7, 11)]
    looks = [(2, 3, 7, 7), (2, 3, 7, 7), (2, 3, 7, 11), (2, 7, 5)]
    return {
        "lstm_step": ((make(2, 1, 5), state, weights), [(2, 11, 3)] * 6),
        "encode": ((make(2, 7, 5), weights, mask), [(2, 7, 3), [(2, 3), (2, 3)]]),
        "dot_scores": ((make(2, 1, 3, 5), make(11, 7, 5)), (2, 11, 3, 7)),
        "cosine_scores": ((make(2, 1, 3, 5), make(11, 7, 5)), (2, 11, 3, 7)),
        "softmax": ((make(2, 3, 7), mask, 0.5), (2, 3, 7)),
        "weighted_sum": ((make(2, 1, 3, 7), make(11, 7, 13)), (2, 11, 3, 13)),
        "attend": (
            (make(2, 1, 3, 5), make(11, 7, 5), make(7, 13), mask),
            [(2, 11, 3, 7), (2, 11, 3, 7), (2, 11, 3, 13)],
        ),
        "argmax_weights": ((make(2, 3, 7), mask), (2, 3, 7)),
        "sampled_weights": ((make(2, 3, 7), generator, mask), (2, 3, 7)),
        "entropy": ((attnkit.softmax(make(2, 3, 7)),), (2, 3)),
        "additive_scores": ((*pair, make(17, 5), make(17, 2), make(17)), (2, 11, 3, 7)),
        "compare_projected": ((make(2, 1, 3, 17), make(11, 7, 17), make(17)), (2, 11, 3, 7)),
        "general_scores": ((*pair, make(5, 2)), (2, 11, 3, 7)),
        "concat_scores": ((*pair, make(17, 7), make(17)), (2, 11, 3, 7)),
        "location_scores": ((make(2, 3, 5), make(19, 5), 7), (2, 3, 7)),
        "predicted_centres": ((make(2, 1, 3, 5), make(11), make(17, 5), make(17)), (2, 11, 3)),
        "local_window": ((make(2, 3), 7, 1.5), (2, 3, 7)),
        "local_gaussian": ((make(2, 3), 7, 1.5), (2, 3, 7)),
        "local_m_weights": ((*local, mask), (2, 3, 7)),
        "local_p_weights": ((*local, mask), (2, 3, 7)),
        "attentional_state": ((make(2, 3, 5), make(2, 3, 7), make(17, 12)), (2, 3, 17)),
        "scaled_dot_scores": ((make(2, 1, 3, 5), make(11, 7, 5)), (2, 11, 3, 7)),
        "project_qkv": ((make(2, 1, 3, 5), to_memory, make(11, 7, 17)), [(2, 1, 3, 2), (11, 7, 2), (11, 7, 13)]),
        "self_attend": (
            (make(11, 7, 5), projections, mask),
            [(11, 7, 2), (11, 7, 2), (11, 7, 13), (11, 7, 7), (11, 7, 7), (11, 7, 13)],
        ),
        "split_heads": ((make(2, 7, 15), 3), (2, 3, 7, 5)),
        "merge_heads": ((make(2, 3, 7, 5),), (2, 7, 15)),
        "multi_head_attend": ((make(2, 7, 5), own, 3, mask), looks),
        "project_heads": ((make(2, 7, 5), own, 3), [(2, 3, 7, 2), (2, 3, 7, 2), (2, 3, 7, 11)]),
        "attend_heads": ((attnkit.project_heads(make(2, 7, 5), own, 3), own, mask), looks),
        "one_hot_positions": ((whole, 11), (2, 3, 11)),
        "learned_positions": ((whole, make(11, 7)), (2, 3, 7)),
        "sinusoidal_positions": ((make(2, 3), 7), (2, 3, 7)),
        "shift_matrix": ((make(2, 3), 4), (2, 3, 4, 4)),
        "rotary": ((make(2, 3, 4), make(3)), (2, 3, 4)),
        "alibi_biases": ((make(3), make(7), make(5)), (5, 3, 7)),
        "causal_mask": ((make(2, 3), make(2, 7)), (2, 3, 7)),
        "sliding_window_mask": ((make(2, 3), make(2, 7), 5), (2, 3, 7)),
        "convert_mask": ((mask, "attnkit", "additive"), (7,)),
        "padding_mask": ((whole[0] + 2, 7), (3, 1, 7)),
        "layer_norm": ((make(2, 7, 5), make(5), make(5)), (2, 7, 5)),
        "feed_forward": ((make(2, 7, 5), network), (2, 7, 5)),
        "encoder_block": ((make(2, 7, 5), encoder, 3, mask), [looks, kept, (2, 7, 5)]),
        "decoder_block": (
            (make(2, 7, 5), make(2, 13, 17), decoder, 3, mask),
            [looks, [(2, 3, 7, 13), (2, 3, 7, 13), (2, 3, 7, 11), (2, 7, 5)], kept, (2, 7, 5)],
        ),
        "chunked_attend": ((make(2, 1, 3, 5), make(11, 7, 5), make(7, 13), mask), (2, 11, 3, 13)),
    }


def shapes(result):
    """Return the shape of an array, and those of stages in a list."""
    return [shapes(stage) for stage in result] if isinstance(result, tuple) else tuple(result.shape)


@pytest.mark.parametrize("make", [numpy_array, torch_tensor])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_public_function_keeps_its_signature(name, make):
    arguments, shape = calls(make)[name]
    assert shapes(checked(getattr(attnkit, name))(*arguments)) == shape


def transposed(
    queries: Float[Array, "n_queries d_k"], keys: Float[Array, "n_keys d_k"]
) -> Float[Array, "n_queries n_keys"]:
    """Return the scores the wrong way round."""
    return keys @ queries.T


def test_the_guard_can_fail():
    queries, keys = numpy_array(3, 5), numpy_array(7, 5)
    assert transposed(queries, keys).shape == (7, 3)
    with pytest.raises(TypeCheckError, match="return value"):
        checked(transposed)(queries, keys)
    with pytest.raises(TypeCheckError, match="keys"):
        checked(attnkit.dot_scores)(queries, numpy_array(7, 2))
    with pytest.raises(TypeCheckError, match="mask"):
        checked(attnkit.softmax)(queries, queries)


def test_importing_attnkit_loads_numpy_and_nothing_heavier():
    program = "import sys, attnkit; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    run = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert {"attnkit", "numpy"} <= loaded
    assert not loaded & {"torch", "matplotlib", "anywidget", "ipywidgets", "traitlets", "IPython", "scipy", "beartype"}
