"""A language model: a decoder without a source. It says what may follow the words that are there."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from attnkit.models.blocks import NOTHING_WRITTEN, Stack, Written
from attnkit.models.config import LanguageModelConfig
from attnkit.models.seq2seq import Output, Step
from attnkit.models.transformer import step_by_step
from attnkit.transformer import EncoderBlock, EncoderWeights, encoder_block


class NoMemory(NamedTuple):
    """What is left of no source."""

    def select(self, rows: Tensor) -> NoMemory:  # noqa: ARG002, as every memory has it
        """Return the same."""
        return self


class Continued(NamedTuple):
    """The logits of the words read, the new state, and all stages of every block."""

    logits: Tensor
    state: Written
    blocks: list[EncoderBlock]


class LanguageModel(nn.Module):
    """Write with attention to what is written alone.

    It has the interface of the translators, whose source is an empty sentence.
    Its blocks are those of an encoder, under a mask: a decoder's without the attention to a source
    (Radford et al. 2018, "Improving Language Understanding by Generative Pre-Training", §3.1).
    """

    reads = looks = reinforced = False

    def __init__(self, config: LanguageModelConfig) -> None:
        super().__init__()
        self.config = config
        self.decoder = Stack(config, config.target_words, EncoderWeights)
        self.output = nn.Linear(config.d_model, config.target_words)
        self.dropout = nn.Dropout(config.dropout)

    def encode(self, source: Tensor, mask: Tensor) -> NoMemory:  # noqa: ARG002, as every translator has it
        """Refuse a source; ``source`` and ``mask`` have shape (batch, 0)."""
        if source.ndim != 2 or source.shape[1]:
            raise ValueError(f"the source of a language model must have shape (batch, 0); got {tuple(source.shape)}")
        return NoMemory()

    def start(self, memory: NoMemory) -> Written:  # noqa: ARG002, as every translator has it
        """Return the state before the first word: there is nothing to look back at."""
        return NOTHING_WRITTEN

    def step(
        self,
        previous: Tensor,
        state: Written,
        memory: NoMemory,  # noqa: ARG002, as every translator has it
        generator: torch.Generator | None = None,  # noqa: ARG002, as every translator has it
    ) -> Step:
        """Make one step: read the words ``previous`` (batch,), and score the words that may follow."""
        decoded = self.decode(previous[:, None], state)
        return Step(decoded.logits[:, 0], decoded.state, None)

    def forward(
        self,
        source: Tensor,
        mask: Tensor,
        previous: Tensor,
        forced: Tensor | None = None,
        generator: torch.Generator | None = None,  # noqa: ARG002, as every translator has it
    ) -> Output:
        """Make all steps, with a teacher who says which word each of them reads.

        The parameters are those of :meth:`attnkit.models.Seq2Seq.forward`, with no words in the source.
        """
        memory = self.encode(source, mask)
        if forced is not None:
            return step_by_step(self, memory, previous, forced)
        return Output(self.decode(previous, self.start(memory)).logits, None)

    def decode(self, words: Tensor, state: Written) -> Continued:
        """Read the next words of each sentence, (batch, n_words), and return all stages of every block."""
        end = state.position + words.shape[1]
        positions, so_far = torch.arange(state.position, end), torch.arange(end)
        vectors, blocks = self.decoder.embed(words, positions), []
        seen, score = self.decoder.look_back(positions, so_far)
        for block, past in zip(self.decoder.blocks, state.caches or [None] * self.config.layers, strict=True):
            weights = block.weights()
            blocks.append(
                encoder_block(vectors, weights, self.config.heads, seen, past=past, norm=self.config.norm, score=score)
            )
            vectors = blocks[-1].output
        logits = self.output(self.dropout(self.decoder.finish(vectors)))
        return Continued(logits, Written(tuple(block.cache for block in blocks), end), blocks)
