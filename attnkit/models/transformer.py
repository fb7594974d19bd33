"""A Transformer as a translator: the blocks of chapter 10, stacked, behind the interface of the recurrent one."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from attnkit.models.blocks import NOTHING_WRITTEN, Stack, Written
from attnkit.models.config import TransformerConfig
from attnkit.models.encoder import expect_words
from attnkit.models.seq2seq import Output, Step
from attnkit.transformer import (
    DecoderBlock,
    DecoderWeights,
    EncoderBlock,
    EncoderWeights,
    decoder_block,
    encoder_block,
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


class Decoded(NamedTuple):
    """The logits of the words read, the new state, and all stages of every block."""

    logits: Tensor
    state: Written
    blocks: list[DecoderBlock]


class Transformer(nn.Module):
    """Translate with attention alone: the source attends to itself, the target to itself and to the source."""

    reads = looks = True
    reinforced = False

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Stack(config, config.source_words, EncoderWeights)
        self.decoder = Stack(config, config.target_words, DecoderWeights)
        self.output = nn.Linear(config.d_model, config.target_words)
        self.dropout = nn.Dropout(config.dropout)

    def encode(self, source: Tensor, mask: Tensor) -> TransformerMemory:
        """Read the sentences, as :meth:`attnkit.models.Seq2Seq.encode` takes them."""
        return self.read(source, mask)[0]

    def read(self, source: Tensor, mask: Tensor) -> tuple[TransformerMemory, list[EncoderBlock]]:
        """Read the sentences, and return all stages of every block as well."""
        expect_words(source, mask)
        padding = None if mask.all() else mask
        positions = torch.arange(source.shape[1])
        states, score = self.encoder.embed(source, positions), self.encoder.score(positions, positions)
        seen, blocks = over_queries(padding), []
        for block in self.encoder.blocks:
            weights = block.weights()
            blocks.append(encoder_block(states, weights, self.config.heads, seen, norm=self.config.norm, score=score))
            states = blocks[-1].output
        return TransformerMemory(self.encoder.finish(states), padding), blocks

    def start(self, memory: TransformerMemory) -> Written:  # noqa: ARG002, as every translator has it
        """Return the state before the first word: there is nothing to look back at."""
        return NOTHING_WRITTEN

    def step(
        self,
        previous: Tensor,
        state: Written,
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
        if forced is not None:
            return step_by_step(self, memory, previous, forced)
        decoded = self.decode(previous, self.start(memory), memory)
        return Output(decoded.logits, last_look(decoded.blocks))

    def decode(self, words: Tensor, state: Written, memory: TransformerMemory) -> Decoded:
        """Read the next words of each sentence, (batch, n_words), and return all stages of every block."""
        end = state.position + words.shape[1]
        positions, so_far = torch.arange(state.position, end), torch.arange(end)
        vectors, padding, blocks = self.decoder.embed(words, positions), over_queries(memory.mask), []
        seen, score = self.decoder.look_back(positions, so_far)
        for block, past in zip(self.decoder.blocks, state.caches or [None] * self.config.layers, strict=True):
            blocks.append(
                decoder_block(
                    vectors,
                    memory.states,
                    block.weights(),
                    self.config.heads,
                    seen,
                    memory_mask=padding,
                    past=past,
                    norm=self.config.norm,
                    score=score,
                    memory_score=self.decoder.plain_score,
                )
            )
            vectors = blocks[-1].output
        logits = self.output(self.dropout(self.decoder.finish(vectors)))
        return Decoded(logits, Written(tuple(block.cache for block in blocks), end), blocks)


def step_by_step(model: nn.Module, memory: NamedTuple, previous: Tensor, forced: Tensor) -> Output:
    """Make all steps one by one; where it is not ``forced``, a step reads the model's own best word of the last."""
    steps: list[Step] = []
    for t, words in enumerate(previous.unbind(dim=1)):
        if t > 0:
            words = torch.where(forced[:, t], words, steps[-1].logits.argmax(dim=-1))  # noqa: PLW2901
        steps.append(model.step(words, steps[-1].state if steps else model.start(memory), memory))
    attention = None
    if model.looks:
        attention = Attention(*(torch.cat(stage, dim=1) for stage in zip(*(s.attention for s in steps), strict=True)))
    return Output(torch.stack([step.logits for step in steps], dim=1), attention)


def over_queries(mask: Tensor | None) -> Tensor | None:
    """Return a mask of the keys, (batch, n_keys), as one that is the same for all queries, (batch, 1, n_keys)."""
    return None if mask is None else mask[:, None, :]


def last_look(blocks: list[DecoderBlock]) -> Attention:
    """Return where the last block looks at the source, the mean over its heads, and what it brings from there."""
    stages = blocks[-1].cross_attention
    return Attention(stages.scores.mean(dim=-3), stages.weights.mean(dim=-3), stages.output)
