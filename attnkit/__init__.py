"""The ideas of the book on attention, one module a chapter.

Each function takes NumPy arrays or torch tensors and returns the same kind.
Importing this package loads NumPy and nothing heavier: no torch, no matplotlib, no anywidget.
"""

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
from attnkit.scoring import cosine_scores, dot_scores
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
    "Encoding",
    "LSTMState",
    "LSTMStep",
    "LSTMWeights",
    "additive_scores",
    "argmax_weights",
    "assume_finite",
    "attend",
    "attentional_state",
    "compare_projected",
    "concat_scores",
    "cosine_scores",
    "dot_scores",
    "encode",
    "entropy",
    "general_scores",
    "local_gaussian",
    "local_m_weights",
    "local_p_weights",
    "local_window",
    "location_scores",
    "lstm_step",
    "predicted_centres",
    "sampled_weights",
    "softmax",
    "weighted_sum",
]
