"""The ideas of the book on attention, one module a chapter.

Each function takes NumPy arrays or torch tensors and returns the same kind.
Importing this package loads NumPy and nothing heavier: no torch, no matplotlib, no anywidget.
"""

from importlib import import_module
from typing import Any

from attnkit._arrays import assume_finite
from attnkit.bahdanau import additive_scores, compare_projected
from attnkit.bottleneck import Encoding, LSTMState, LSTMStep, LSTMWeights, encode, lstm_step
from attnkit.luong import (
    attentional_state,
    concat_scores,
    general_scores,
    local_gaussian,
    local_m_weights,
    local_p_weights,
    local_window,
    location_scores,
    predicted_centres,
)
from attnkit.masking import KVCache, causal_mask, convert_mask, padding_mask, sliding_window_mask
from attnkit.multi_head import (
    MultiHead,
    MultiHeadWeights,
    attend_heads,
    merge_heads,
    multi_head_attend,
    project_heads,
    split_heads,
)
from attnkit.positions import (
    alibi_biases,
    alibi_slopes,
    learned_positions,
    one_hot_positions,
    rotary,
    shift_matrix,
    sinusoidal_positions,
)
from attnkit.scoring import cosine_scores, dot_scores
from attnkit.self_attention import Projected, Projections, SelfAttention, project_qkv, scaled_dot_scores, self_attend
from attnkit.transformer import (
    DecoderBlock,
    DecoderWeights,
    EncoderBlock,
    EncoderWeights,
    FeedForwardWeights,
    NormWeights,
    chunked_attend,
    decoder_block,
    encoder_block,
    feed_forward,
    layer_norm,
)
from attnkit.weighted_sum import (
    Attention,
    argmax_weights,
    attend,
    entropy,
    sampled_weights,
    softmax,
    weighted_sum,
)

__all__ = [
    "Attention",
    "DecoderBlock",
    "DecoderWeights",
    "EncoderBlock",
    "EncoderWeights",
    "Encoding",
    "FeedForwardWeights",
    "KVCache",
    "LSTMState",
    "LSTMStep",
    "LSTMWeights",
    "MultiHead",
    "MultiHeadWeights",
    "NormWeights",
    "Projected",
    "Projections",
    "SelfAttention",
    "additive_scores",
    "alibi_biases",
    "alibi_slopes",
    "argmax_weights",
    "assume_finite",
    "attend",
    "attend_heads",
    "attentional_state",
    "causal_mask",
    "chunked_attend",
    "compare_projected",
    "concat_scores",
    "convert_mask",
    "cosine_scores",
    "decoder_block",
    "dot_scores",
    "encode",
    "encoder_block",
    "entropy",
    "feed_forward",
    "general_scores",
    "layer_norm",
    "learned_positions",
    "local_gaussian",
    "local_m_weights",
    "local_p_weights",
    "local_window",
    "location_scores",
    "lstm_step",
    "merge_heads",
    "multi_head_attend",
    "one_hot_positions",
    "padding_mask",
    "predicted_centres",
    "project_heads",
    "project_qkv",
    "rotary",
    "sampled_weights",
    "scaled_dot_scores",
    "self_attend",
    "shift_matrix",
    "show",
    "sinusoidal_positions",
    "sliding_window_mask",
    "softmax",
    "split_heads",
    "weighted_sum",
]


def show(attentions: Any, tokens: Any, queries: Any = None) -> Any:
    """Show the weights of an attention: its layers and heads side by side, one enlarged, or all in one map.

    Parameters
    ----------
    attentions
        What a Hugging Face model returns as ``attentions``: a tuple of one array (batch, heads, n, n) for each layer.
        Or one layer alone, as an array of any library with the axes ([[batch,] heads,] n_queries, n_keys).
        Weights, not scores: no row sums to more than 1.
    tokens
        The n tokens, or a list of such for each sentence of the batch.
    queries
        In cross-attention, where those that look are others: they, in the same form.

    Returns
    -------
    attnkit.widgets.Heads
        The widget. It and what it needs are loaded only now.

    Raises
    ------
    ValueError
        If a shape does not fit, a number is no weight, or there is more than a page can hold.

    Examples
    --------
    >>> import numpy as np
    >>> show(np.asarray([[[1.0, 0.0], [0.3, 0.7]], [[0.5, 0.5], [0.0, 1.0]]]), ["let's", "go"])
    <Heads: 1 layer(s) × 1 sentence(s) × 2 head(s), 2 × 2 weights each>
    """
    return import_module("attnkit.widgets").Heads(weights=attentions, tokens=tokens, queries=queries)
