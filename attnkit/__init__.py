"""The ideas of the book on attention, one module a chapter.

Each function takes NumPy arrays or torch tensors and returns the same kind.
Importing this package loads NumPy and nothing heavier: no torch, no matplotlib, no anywidget.
"""

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
    "argmax_weights",
    "attend",
    "cosine_scores",
    "dot_scores",
    "entropy",
    "sampled_weights",
    "softmax",
    "weighted_sum",
]
