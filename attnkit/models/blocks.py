"""A stack of Transformer blocks over the words of one vocabulary: an encoder, a decoder, or nearly a language model."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor, nn

from attnkit.masking import KVCache, causal_mask
from attnkit.models.config import BlockChoices
from attnkit.multi_head import MultiHeadWeights
from attnkit.positions import alibi_biases, alibi_slopes, learned_positions, rotary, sinusoidal_positions
from attnkit.scoring import dot_scores
from attnkit.self_attention import scaled_dot_scores
from attnkit.transformer import DecoderWeights, EncoderWeights, FeedForwardWeights, NormWeights, layer_norm

Score: TypeAlias = Callable[[Tensor, Tensor], Tensor]
WEAK = -10.0  # what a mask that is too weak adds to the scores of later words


class Written(NamedTuple):
    """Where a stack stands that reads word by word.

    Attributes
    ----------
    caches
        Of each block the keys and values of the words so far; empty before the first word.
    position
        How many words were read.
    """

    caches: tuple[KVCache, ...]
    position: int

    def select(self, rows: Tensor) -> Written:
        """Return the sentences of these rows, as often as they are named."""
        caches = tuple(KVCache(*(part[rows] for part in cache)) for cache in self.caches)
        return Written(caches, self.position)


NOTHING_WRITTEN = Written((), 0)


class Stack(nn.Module):
    r"""The weights of a stack, with what comes before its first block and behind its last.

    Embeddings are multiplied by :math:`\sqrt{d_{model}}` before positions are added (Vaswani et al. 2017, §3.4).
    """

    def __init__(self, design: BlockChoices, n_words: int, kind: type[EncoderWeights | DecoderWeights]) -> None:
        super().__init__()
        self.design = design
        self.embedding = nn.Embedding(n_words, design.d_model)
        nn.init.normal_(self.embedding.weight, std=design.d_model**-0.5)
        self.positions = None
        if design.positions == "learned":
            self.positions = nn.Parameter(design.d_model**-0.5 * torch.randn(design.longest, design.d_model))
        self.blocks = nn.ModuleList(Block(design, kind) for _ in range(design.layers))
        self.norm = Part(design, NormWeights) if design.norm == "pre" else None
        self.dropout = nn.Dropout(design.dropout)

    def embed(self, words: Tensor, positions: Tensor) -> Tensor:
        """Return what the first block reads of word numbers (batch, n_words) at these positions, (n_words,)."""
        vectors = math.sqrt(self.design.d_model) * self.embedding(words)
        if self.design.positions == "sinusoidal":
            vectors = vectors + sinusoidal_positions(positions.to(vectors.dtype), self.design.d_model)
        elif self.design.positions == "learned":
            vectors = vectors + learned_positions(positions, self.positions)
        return self.dropout(vectors)

    def finish(self, vectors: Tensor) -> Tensor:
        """Return what the last block has made, (batch, n_words, d_model), as it leaves the stack."""
        return vectors if self.norm is None else layer_norm(vectors, *self.norm.weights())

    @property
    def plain_score(self) -> Score:
        """The score that knows no positions."""
        return scaled_dot_scores if self.design.scaled else dot_scores

    def score(self, query_positions: Tensor, key_positions: Tensor) -> Score:
        """Return the score of a sentence's attention to itself, which may read the positions."""
        plain, kind = self.plain_score, self.design.positions
        if kind == "rotary":
            return lambda queries, keys: plain(rotary(queries, query_positions), rotary(keys, key_positions))
        if kind == "alibi":
            slopes = self.embedding.weight.new_tensor(alibi_slopes(self.design.heads))
            biases = alibi_biases(query_positions, key_positions, slopes)
            return lambda queries, keys: plain(queries, keys) + biases
        return plain

    def look_back(self, positions: Tensor, so_far: Tensor) -> tuple[Tensor | None, Score]:
        """Return the mask, and the score, with which written words at ``positions`` see those ``so_far``."""
        score, causal = self.score(positions, so_far), causal_mask(positions, so_far)
        if self.design.mask == "weak":
            later = torch.where(causal, 0.0, WEAK).to(self.embedding.weight.dtype)
            return None, lambda queries, keys: score(queries, keys) + later
        return {"causal": causal, "none": None, "inverted": ~causal}[self.design.mask], score


class Block(nn.Module):
    """The weights of an encoder or a decoder block, under the names that the formula has for them."""

    def __init__(self, design: BlockChoices, kind: type[EncoderWeights | DecoderWeights]) -> None:
        super().__init__()
        self.kind = kind
        for name in kind._fields:
            self.add_module(name, Part(design, PARTS[name]))

    def weights(self) -> EncoderWeights | DecoderWeights:
        """Return the weights as the formula takes them."""
        return self.kind(*(part.weights() for part in self.children()))


class Part(nn.Module):
    """The weights of one sublayer or norm, under the names that the formula has for them."""

    def __init__(self, design: BlockChoices, kind: type[MultiHeadWeights | FeedForwardWeights | NormWeights]) -> None:
        super().__init__()
        self.kind = kind
        for name, weight in FRESH[kind](design).items():
            self.register_parameter(name, nn.Parameter(weight))

    def weights(self) -> MultiHeadWeights | FeedForwardWeights | NormWeights:
        """Return the weights as the formula takes them."""
        return self.kind(*self.parameters())


def fresh_norm(design: BlockChoices) -> dict[str, Tensor]:
    """Return the fresh weights of a layer norm."""
    return {"scale": torch.ones(design.d_model), "shift": torch.zeros(design.d_model)}


def fresh_attention(design: BlockChoices) -> dict[str, Tensor]:
    """Return the fresh weights of an attention; as in the paper, there are no biases."""
    names = "query", "key", "value", "output"
    return {name: nn.init.xavier_uniform_(torch.empty(design.d_model, design.d_model)) for name in names}


def fresh_network(design: BlockChoices) -> dict[str, Tensor]:
    """Return the fresh weights of a feed-forward network."""
    return {
        "hidden": nn.init.xavier_uniform_(torch.empty(design.d_feed_forward, design.d_model)),
        "hidden_bias": torch.zeros(design.d_feed_forward),
        "output": nn.init.xavier_uniform_(torch.empty(design.d_model, design.d_feed_forward)),
        "output_bias": torch.zeros(design.d_model),
    }


FRESH = {NormWeights: fresh_norm, MultiHeadWeights: fresh_attention, FeedForwardWeights: fresh_network}
PARTS = {
    "attention": MultiHeadWeights,
    "attention_norm": NormWeights,
    "cross_attention": MultiHeadWeights,
    "cross_attention_norm": NormWeights,
    "feed_forward": FeedForwardWeights,
    "feed_forward_norm": NormWeights,
}
