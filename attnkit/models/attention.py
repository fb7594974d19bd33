"""Attention inside a translator: score, window, weights, and the weighted sum of the encoder's states."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from attnkit.luong import local_gaussian, local_window, predicted_centres
from attnkit.models.config import Config
from attnkit.models.scores import SCORES, init_uniform
from attnkit.weighted_sum import Attention, argmax_weights, sampled_weights, softmax, weighted_sum

if TYPE_CHECKING:
    from attnkit.models.seq2seq import Memory


class AttentionLayer(nn.Module):
    """Let the decoder's states look at the encoder's: one score, one window, soft or hard weights."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.score = SCORES[config.score](config)
        self.window = Centre(config) if config.window == "local-p" else None

    def keys(self, states: Tensor) -> Tensor:
        """Return the encoder's states (batch, n_source, d_hidden) as the score wants them."""
        return self.score.keys(states)

    def forward(
        self, queries: Tensor, memory: Memory, position: int, generator: torch.Generator | None = None
    ) -> Attention:
        """Look at the source once for each query.

        Parameters
        ----------
        queries
            The decoder's states, (batch, n_queries, d_hidden).
        memory
            What the encoder has left.
        position
            The step of the first query, from 0; only the moving window reads it.
        generator
            The source of chance for hard attention in training; torch's own without it.
        """
        scores = self.score(queries, memory.keys)
        n_keys = scores.shape[-1]
        mask = None if memory.mask is None else memory.mask[:, None, :].expand_as(scores)
        centres = self._centres(queries, memory, position)
        if centres is not None:
            window = local_window(centres, n_keys, self.config.half_width)
            mask = window if mask is None else mask & window
        weights = self._weights(scores, mask, generator)
        if self.window is not None:
            weights = weights * local_gaussian(centres, n_keys, self.config.half_width)
        seen = scores if mask is None else torch.where(mask, scores, -math.inf)
        return Attention(seen, weights, weighted_sum(weights, memory.states))

    def _centres(self, queries: Tensor, memory: Memory, position: int) -> Tensor | None:
        if self.window is not None:
            return self.window(queries, memory.lengths)
        if self.config.window == "local-m":
            steps = torch.arange(position, position + queries.shape[1], device=queries.device, dtype=queries.dtype)
            return steps.expand(queries.shape[:2])
        return None

    def _weights(self, scores: Tensor, mask: Tensor | None, generator: torch.Generator | None) -> Tensor:
        if self.config.choice == "soft":
            return softmax(scores, mask)
        if not self.training:
            return argmax_weights(scores, mask)
        drawn = sampled_weights(scores.detach(), generator or torch.default_generator, mask)
        if self.config.choice == "reinforce":
            return drawn
        # Forwards the weights that were drawn, backwards as if they had been soft (Bengio, Léonard and Courville 2013).
        soft = softmax(scores, mask)
        return drawn + (soft - soft.detach())


class Centre(nn.Module):
    """Predict from each query where in the sentence to look: the window of local-p attention."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.weight = nn.Parameter(init_uniform(config.d_hidden, config.d_hidden))
        self.vector = nn.Parameter(init_uniform(config.d_hidden))

    def forward(self, queries: Tensor, lengths: Tensor) -> Tensor:
        """Return a position for each query, (batch, n_queries), between 0 and the sentence's length."""
        return predicted_centres(queries, lengths, self.weight, self.vector)
