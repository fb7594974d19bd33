"""A Transformer as a translator: the blocks of chapter 10, stacked, behind the interface of the recurrent one."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from attnkit.masking import KVCache, causal_mask
from attnkit.models.config import TransformerConfig
from attnkit.models.encoder import expect_words
from attnkit.models.seq2seq import Output, Step
from attnkit.multi_head import MultiHeadWeights
from attnkit.positions import alibi_biases, alibi_slopes, learned_positions, rotary, sinusoidal_positions
from attnkit.scoring import dot_scores
from attnkit.self_attention import scaled_dot_scores
from attnkit.transformer import (
    DecoderBlock,
    DecoderWeights,
    EncoderBlock,
    EncoderWeights,
    FeedForwardWeights,
    NormWeights,
    decoder_block,
    encoder_block,
    layer_norm,
)
from attnkit.weighted_sum import Attention


class TransformerMemory(NamedTuple):
    """What the encoder leaves of a batch of sentences.

    Attributes
    ----------
    states
        A vector for each source word, (batch, n_source, d_model).
    mask
        True on words and False on padding, (batch, n_source); None where no sentence has padding.
    """

    states: Tensor
    mask: Tensor | None

    def select(self, rows: Tensor) -> TransformerMemory:
        """Return the sentences of these rows, as often as they are named."""
        return TransformerMemory(self.states[rows], None if self.mask is None else self.mask[rows])


class TransformerState(NamedTuple):
    """Where the decoder stands.

    Attributes
    ----------
    caches
        Of each block the keys and values of the words so far; empty before the first word.
    position
        How many words were read.
    """

    caches: tuple[KVCache, ...]
    position: int

    def select(self, rows: Tensor) -> TransformerState:
        """Return the sentences of these rows, as often as they are named."""
        caches = tuple(KVCache(*(part[rows] for part in cache)) for cache in self.caches)
        return TransformerState(caches, self.position)


class Decoded(NamedTuple):
    """The logits of the words read, the new state, and all stages of every block."""

    logits: Tensor
    state: TransformerState
    blocks: list[DecoderBlock]


class Transformer(nn.Module):
    r"""Translate with attention alone: the source attends to itself, the target to itself and to the source.

    Embeddings are multiplied by :math:`\sqrt{d_{model}}` before positions are added (Vaswani et al. 2017, §3.4).
    """

    looks = True
    reinforced = False

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        self.source_embedding = nn.Embedding(config.source_words, config.d_model)
        self.target_embedding = nn.Embedding(config.target_words, config.d_model)
        for embedding in (self.source_embedding, self.target_embedding):
            nn.init.normal_(embedding.weight, std=config.d_model**-0.5)
        self.encoder = nn.ModuleList(Block(config, EncoderWeights) for _ in range(config.layers))
        self.decoder = nn.ModuleList(Block(config, DecoderWeights) for _ in range(config.layers))
        self.encoder_norm = Part(norm_parts(config)) if config.norm == "pre" else None
        self.decoder_norm = Part(norm_parts(config)) if config.norm == "pre" else None
        self.source_positions = self.target_positions = None
        if config.positions == "learned":
            self.source_positions, self.target_positions = (
                nn.Parameter(config.d_model**-0.5 * torch.randn(config.longest, config.d_model)) for _ in range(2)
            )
        self.output = nn.Linear(config.d_model, config.target_words)
        self.dropout = nn.Dropout(config.dropout)

    def encode(self, source: Tensor, mask: Tensor) -> TransformerMemory:
        """Read the sentences.

        Parameters
        ----------
        source
            Word numbers, int64, (batch, n_source): in each row the words, then padding.
        mask
            True on words, (batch, n_source).
        """
        return self.read(source, mask)[0]

    def read(self, source: Tensor, mask: Tensor) -> tuple[TransformerMemory, list[EncoderBlock]]:
        """Read the sentences, and return all stages of every block as well."""
        expect_words(source, mask)
        padding = None if mask.all() else mask
        positions = torch.arange(source.shape[1])
        states = self._embedded(self.source_embedding(source), positions, self.source_positions)
        seen, score, blocks = over_queries(padding), self._score(positions, positions), []
        for block in self.encoder:
            weights = block.weights()
            blocks.append(encoder_block(states, weights, self.config.heads, seen, norm=self.config.norm, score=score))
            states = blocks[-1].output
        return TransformerMemory(self._normed(states, self.encoder_norm), padding), blocks

    def start(self, memory: TransformerMemory) -> TransformerState:  # noqa: ARG002, as every translator has it
        """Return the state before the first word: there is nothing to look back at."""
        return TransformerState((), 0)

    def step(
        self,
        previous: Tensor,
        state: TransformerState,
        memory: TransformerMemory,
        generator: torch.Generator | None = None,  # noqa: ARG002, as every translator has it
    ) -> Step:
        """Make one step: read the words ``previous`` (batch,), and score the words that may follow."""
        decoded = self.decode(previous[:, None], state, memory)
        return Step(decoded.logits[:, 0], decoded.state, last_look(decoded.blocks))

    def forward(
        self,
        source: Tensor,
        mask: Tensor,
        previous: Tensor,
        forced: Tensor | None = None,
        generator: torch.Generator | None = None,  # noqa: ARG002, as every translator has it
    ) -> Output:
        """Make all steps, with a teacher who says which word each of them reads: all at once, where he says them all.

        The parameters are those of :meth:`attnkit.models.Seq2Seq.forward`. The attention that is returned is that of
        the last block to the source, the mean over its heads.
        """
        memory = self.encode(source, mask)
        state = self.start(memory)
        if forced is None:
            decoded = self.decode(previous, state, memory)
            return Output(decoded.logits, last_look(decoded.blocks))
        steps: list[Step] = []
        for t, words in enumerate(previous.unbind(dim=1)):
            if t > 0:
                words = torch.where(forced[:, t], words, steps[-1].logits.argmax(dim=-1))  # noqa: PLW2901
            steps.append(self.step(words, steps[-1].state if steps else state, memory))
        looks = zip(*(step.attention for step in steps), strict=True)
        attention = Attention(*(torch.cat(stage, dim=1) for stage in looks))
        return Output(torch.stack([step.logits for step in steps], dim=1), attention)

    def decode(self, words: Tensor, state: TransformerState, memory: TransformerMemory) -> Decoded:
        """Read the next words of each sentence, (batch, n_words), and return all stages of every block."""
        heads, end = self.config.heads, state.position + words.shape[1]
        positions, so_far = torch.arange(state.position, end), torch.arange(end)
        vectors = self._embedded(self.target_embedding(words), positions, self.target_positions)
        causal, padding = causal_mask(positions, so_far), over_queries(memory.mask)
        score, blocks = self._score(positions, so_far), []
        for block, past in zip(self.decoder, state.caches or [None] * len(self.decoder), strict=True):
            blocks.append(
                decoder_block(
                    vectors,
                    memory.states,
                    block.weights(),
                    heads,
                    causal,
                    memory_mask=padding,
                    past=past,
                    norm=self.config.norm,
                    score=score,
                    memory_score=self._plain_score,
                )
            )
            vectors = blocks[-1].output
        logits = self.output(self.dropout(self._normed(vectors, self.decoder_norm)))
        return Decoded(logits, TransformerState(tuple(block.cache for block in blocks), end), blocks)

    @property
    def _plain_score(self) -> Callable[[Tensor, Tensor], Tensor]:
        return scaled_dot_scores if self.config.scaled else dot_scores

    def _score(self, query_positions: Tensor, key_positions: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
        """Return the score of a sentence's attention to itself, which may read the positions."""
        plain, kind = self._plain_score, self.config.positions
        if kind == "rotary":
            return lambda queries, keys: plain(rotary(queries, query_positions), rotary(keys, key_positions))
        if kind == "alibi":
            slopes = self.output.weight.new_tensor(alibi_slopes(self.config.heads))
            biases = alibi_biases(query_positions, key_positions, slopes)
            return lambda queries, keys: plain(queries, keys) + biases
        return plain

    def _embedded(self, vectors: Tensor, positions: Tensor, table: Tensor | None) -> Tensor:
        vectors = math.sqrt(self.config.d_model) * vectors
        if self.config.positions == "sinusoidal":
            vectors = vectors + sinusoidal_positions(positions.to(vectors.dtype), self.config.d_model)
        elif self.config.positions == "learned":
            vectors = vectors + learned_positions(positions, table)
        return self.dropout(vectors)

    def _normed(self, vectors: Tensor, norm: Part | None) -> Tensor:
        return vectors if norm is None else layer_norm(vectors, **dict(norm.named_parameters()))


class Part(nn.Module):
    """Weights by name."""

    def __init__(self, weights: dict[str, Tensor]) -> None:
        super().__init__()
        for name, weight in weights.items():
            self.register_parameter(name, nn.Parameter(weight))


class Block(nn.Module):
    """The weights of an encoder or a decoder block, under the names that the formula has for them."""

    def __init__(self, config: TransformerConfig, kind: type[EncoderWeights | DecoderWeights]) -> None:
        super().__init__()
        self.kind = kind
        for name in kind._fields:
            make = norm_parts if name.endswith("norm") else attention_parts if "attention" in name else network_parts
            self.add_module(name, Part(make(config)))

    def weights(self) -> EncoderWeights | DecoderWeights:
        """Return the weights as the formula takes them."""
        parts = {}
        for name, part in self.named_children():
            shape = NormWeights if name.endswith("norm") else MultiHeadWeights
            shape = FeedForwardWeights if name == "feed_forward" else shape
            parts[name] = shape(**dict(part.named_parameters()))
        return self.kind(**parts)


def norm_parts(config: TransformerConfig) -> dict[str, Tensor]:
    """Return the fresh weights of a layer norm."""
    return {"scale": torch.ones(config.d_model), "shift": torch.zeros(config.d_model)}


def attention_parts(config: TransformerConfig) -> dict[str, Tensor]:
    """Return the fresh weights of an attention; as in the paper, there are no biases."""
    names = "query", "key", "value", "output"
    return {name: nn.init.xavier_uniform_(torch.empty(config.d_model, config.d_model)) for name in names}


def network_parts(config: TransformerConfig) -> dict[str, Tensor]:
    """Return the fresh weights of a feed-forward network."""
    return {
        "hidden": nn.init.xavier_uniform_(torch.empty(config.d_feed_forward, config.d_model)),
        "hidden_bias": torch.zeros(config.d_feed_forward),
        "output": nn.init.xavier_uniform_(torch.empty(config.d_model, config.d_feed_forward)),
        "output_bias": torch.zeros(config.d_model),
    }


def over_queries(mask: Tensor | None) -> Tensor | None:
    """Return a mask of the keys, (batch, n_keys), as one that is the same for all queries, (batch, 1, n_keys)."""
    return None if mask is None else mask[:, None, :]


def last_look(blocks: list[DecoderBlock]) -> Attention:
    """Return where the last block looks at the source, the mean over its heads, and what it brings from there."""
    stages = blocks[-1].cross_attention
    return Attention(stages.scores.mean(dim=-3), stages.weights.mean(dim=-3), stages.output)
