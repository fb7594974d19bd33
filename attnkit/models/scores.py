"""The six scores as modules: each holds its weights and calls the formula of its chapter.

What a score makes of the encoder's states is made once a sentence (``keys``); what it makes of a query, at each step.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from attnkit.bahdanau import compare_projected
from attnkit.luong import location_scores
from attnkit.models.config import Config
from attnkit.scoring import cosine_scores, dot_scores


def init_uniform(*shape: int) -> Tensor:
    """Return fresh weights as ``nn.Linear`` draws them: uniform within ±1/√(inputs), the last axis."""
    bound = shape[-1] ** -0.5
    return torch.empty(shape).uniform_(-bound, bound)


class Dot(nn.Module):
    """The dot product of chapter 2: no weights of its own."""

    def __init__(self, _config: Config) -> None:
        super().__init__()

    def keys(self, states: Tensor) -> Tensor:
        """Return the states themselves."""
        return states

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        """Return the scores, (batch, n_queries, n_keys)."""
        return dot_scores(queries, keys)


class Cosine(Dot):
    """The cosine of chapter 2, times a learned factor: cosines alone lie between −1 and 1, too close for a softmax.

    The factor is the key strength β of Graves, Wayne and Danihelka 2014, §3.3.1; it is exp of a learned number, and
    starts at exp(1).
    """

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.sharpness = nn.Parameter(torch.ones(1))

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        """Return the scores, (batch, n_queries, n_keys)."""
        return self.sharpness.exp() * cosine_scores(queries, keys)


class General(Dot):
    """Luong's general score: the dot product of the query with W k, and W k is made once a sentence."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.weight = nn.Parameter(init_uniform(config.d_hidden, config.d_hidden))

    def keys(self, states: Tensor) -> Tensor:
        """Return W k for each state k."""
        return nn.functional.linear(states, self.weight)


class Additive(nn.Module):
    """Bahdanau's score: v · tanh(W q + U k), and U k is made once a sentence."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        width = config.d_hidden
        self.query_weight = nn.Parameter(init_uniform(width, width))
        self.key_weight = nn.Parameter(init_uniform(width, width))
        self.vector = nn.Parameter(init_uniform(width))

    def keys(self, states: Tensor) -> Tensor:
        """Return U k for each state k."""
        return nn.functional.linear(states, self.key_weight)

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        """Return the scores, (batch, n_queries, n_keys)."""
        return compare_projected(nn.functional.linear(queries, self.query_weight), keys, self.vector)


class Concat(nn.Module):
    """Luong's concat score: v · tanh(W [q; k]), which is Bahdanau's with both matrices in one."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.weight = nn.Parameter(init_uniform(config.d_hidden, 2 * config.d_hidden))
        self.vector = nn.Parameter(init_uniform(config.d_hidden))

    def keys(self, states: Tensor) -> Tensor:
        """Return the states' part of W [q; k]."""
        return nn.functional.linear(states, self.weight[:, states.shape[-1] :])

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        """Return the scores, (batch, n_queries, n_keys)."""
        part = self.weight[:, : queries.shape[-1]]
        return compare_projected(nn.functional.linear(queries, part), keys, self.vector)


class Location(Dot):
    """Luong's location score: the query alone scores positions, and does not look at what stands there."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.weight = nn.Parameter(init_uniform(config.longest, config.d_hidden))

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        """Return the scores, (batch, n_queries, n_keys)."""
        return location_scores(queries, self.weight, keys.shape[-2])


SCORES = {
    "dot": Dot,
    "cosine": Cosine,
    "general": General,
    "concat": Concat,
    "additive": Additive,
    "location": Location,
}
