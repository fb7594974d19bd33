"""A recurrent translator: an encoder, a decoder, and attention before, after or nowhere beside its step."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from attnkit.bottleneck import LSTMState
from attnkit.luong import attentional_state
from attnkit.models.attention import AttentionLayer
from attnkit.models.config import Config
from attnkit.models.encoder import Encoder, expect_words
from attnkit.models.scores import init_uniform
from attnkit.weighted_sum import Attention


class Memory(NamedTuple):
    """What the encoder leaves of a batch of sentences.

    Attributes
    ----------
    states
        The encoder's state at each source word, (batch, n_source, d_hidden).
    mask
        True on words and False on padding, (batch, n_source); None where no sentence has padding.
    keys
        The states as the score wants them, made once a sentence.
    context
        The encoder's last state, hidden and cell, each (layers, batch, d_hidden): the context vector.
    """

    states: Tensor
    mask: Tensor | None
    keys: Tensor
    context: LSTMState

    @property
    def lengths(self) -> Tensor:
        """How many words each sentence has, (batch,)."""
        batch, n_source, _ = self.states.shape
        return torch.full((batch,), n_source) if self.mask is None else self.mask.sum(dim=1)

    def select(self, rows: Tensor) -> Memory:
        """Return the sentences of these rows, as often as they are named."""
        context = LSTMState(*(part[:, rows] for part in self.context))
        mask = None if self.mask is None else self.mask[rows]
        return Memory(self.states[rows], mask, self.keys[rows], context)


class State(NamedTuple):
    """Where the decoder stands.

    Attributes
    ----------
    hidden, cell
        The decoder's LSTM, each layer by layer (batch, d_hidden).
    feed
        The readout of the last step, (batch, d_hidden); read by input feeding alone.
    position
        How many steps were made.
    """

    hidden: tuple[Tensor, ...]
    cell: tuple[Tensor, ...]
    feed: Tensor
    position: int

    def select(self, rows: Tensor) -> State:
        """Return the sentences of these rows, as often as they are named."""
        hidden, cell = (tuple(layer[rows] for layer in part) for part in (self.hidden, self.cell))
        return State(hidden, cell, self.feed[rows], self.position)


class Step(NamedTuple):
    """One step of the decoder: logits of the next word (batch, target_words), the new state, and where it looked."""

    logits: Tensor
    state: State
    attention: Attention | None


class Output(NamedTuple):
    """All steps of the decoder: the logits (batch, n_target, target_words), and where each step looked."""

    logits: Tensor
    attention: Attention | None


class Decoder(nn.Module):
    """The decoder's own weights: an embedding and an LSTM."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        extra = config.attention == "before" or config.input_feeding or config.feed_context
        self.embedding = nn.Embedding(config.target_words, config.d_embedding)
        self.lstm = nn.LSTM(
            config.d_embedding + extra * config.d_hidden,
            config.d_hidden,
            config.layers,
            batch_first=True,
            dropout=config.dropout if config.layers > 1 else 0.0,
        )

    def forward(self, inputs: Tensor, state: State) -> tuple[Tensor, tuple[Tensor, ...], tuple[Tensor, ...]]:
        """Move the LSTM on by the steps of ``inputs``, (batch, n_steps, d_input).

        Returns
        -------
        states, hidden, cell
            The top layer's state after each step, (batch, n_steps, d_hidden), and the last of every layer.
        """
        if inputs.shape[1] > 1:
            states, last = self.lstm(inputs, (torch.stack(state.hidden), torch.stack(state.cell)))
            return states, *(part.unbind() for part in last)
        # For a single step, the preparations of nn.LSTM cost more than the step, so the same cell is called here.
        after, below = [], inputs.squeeze(1)
        for layer, before in enumerate(zip(state.hidden, state.cell, strict=True)):
            if layer > 0:
                below = nn.functional.dropout(below, self.lstm.dropout, self.training)
            after.append(torch.lstm_cell(below, before, *self.lstm.all_weights[layer]))
            below = after[-1][0]
        return below[:, None], *zip(*after, strict=True)


class Seq2Seq(nn.Module):
    r"""Translate by reading a sentence once and writing word after word.

    Each step reads the last word, moves the LSTM on, and gives every word of the target vocabulary a logit.
    The readout before the logits is :math:`\tilde h_t = \tanh(W_c [c_t; h_t])`, without attention
    :math:`\tanh(W_c h_t)`.
    """

    reads = True

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        looks = config.attention != "none"
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)
        self.attention = AttentionLayer(config) if looks else None
        self.readout = nn.Parameter(init_uniform(config.d_hidden, (1 + looks) * config.d_hidden))
        self.output = nn.Linear(config.d_hidden, config.target_words)
        self.dropout = nn.Dropout(config.dropout)

    @property
    def looks(self) -> bool:
        """Whether the decoder has attention."""
        return self.attention is not None

    @property
    def reinforced(self) -> bool:
        """Whether the choice of a position is trained by REINFORCE."""
        return self.config.choice == "reinforce"

    @property
    def feeds_back(self) -> bool:
        """Whether a step reads more of the last one than its LSTM state, so that steps cannot be made at once."""
        return self.config.attention == "before" or self.config.input_feeding

    def encode(self, source: Tensor, mask: Tensor) -> Memory:
        """Read the sentences.

        Parameters
        ----------
        source
            Word numbers, int64, (batch, n_source): in each row the words, then padding.
        mask
            True on words, (batch, n_source).
        """
        expect_words(source, mask)
        states, context = self.encoder(source, mask)
        padded = None if mask.all() else mask
        return Memory(states, padded, states if self.attention is None else self.attention.keys(states), context)

    def start(self, memory: Memory) -> State:
        """Return the state before the first step: the encoder's last."""
        hidden, cell = (part.unbind() for part in memory.context)
        return State(hidden, cell, torch.zeros_like(hidden[-1]), 0)

    def step(self, previous: Tensor, state: State, memory: Memory, generator: torch.Generator | None = None) -> Step:
        """Make one step: read the words ``previous`` (batch,), and score the words that may follow."""
        hidden, state, attention = self._advance(self._embedded(previous[:, None]), state, memory, generator)
        return Step(self._logits(hidden, attention)[:, 0], state, attention)

    def forward(
        self,
        source: Tensor,
        mask: Tensor,
        previous: Tensor,
        forced: Tensor | None = None,
        generator: torch.Generator | None = None,
    ) -> Output:
        """Make all steps, with a teacher who says which word each of them reads.

        Parameters
        ----------
        source, mask
            As :meth:`encode` takes them.
        previous
            The teacher's words, int64, (batch, n_target): ``<bos>`` and the reference without its last token.
        forced
            True where a step reads the teacher's word, False where it reads the model's own best word of the step
            before, (batch, n_target); the first step always reads ``<bos>``. None forces all.
        generator
            The source of chance for hard attention in training.
        """
        memory = self.encode(source, mask)
        state = self.start(memory)
        if forced is None and not self.feeds_back:
            hidden, _, attention = self._advance(self._embedded(previous), state, memory, generator)
            return Output(self._logits(hidden, attention), attention)
        steps, looks = [], []
        for t, words in enumerate(self._embedded(previous).split(1, dim=1)):
            if forced is not None and t > 0 and not forced[:, t].all():
                guess = self._logits(steps[-1], looks[-1])[:, 0].argmax(dim=-1)
                words = self._embedded(torch.where(forced[:, t], previous[:, t], guess)[:, None])  # noqa: PLW2901
            hidden, state, attention = self._advance(words, state, memory, generator)
            steps.append(hidden)
            looks.append(attention)
        attention = None
        if self.attention is not None:
            attention = Attention(*(torch.cat(stage, dim=1) for stage in zip(*looks, strict=True)))
        return Output(self._logits(torch.cat(steps, dim=1), attention), attention)

    def _advance(
        self, words: Tensor, state: State, memory: Memory, generator: torch.Generator | None
    ) -> tuple[Tensor, State, Attention | None]:
        """Read embedded words, (batch, n_steps, d_embedding); more than one only where no step feeds back."""
        before = self.config.attention == "before"
        n_steps = words.shape[1]
        inputs, attention = [words], None
        if before:
            attention = self.attention(state.hidden[-1][:, None], memory, state.position, generator)
            inputs.append(attention.output)
        if self.config.input_feeding:
            inputs.append(state.feed[:, None])
        if self.config.feed_context:
            inputs.append(memory.context.hidden[-1][:, None].expand(-1, n_steps, -1))
        lstm_input = torch.cat(inputs, dim=-1) if len(inputs) > 1 else words
        hidden, *last = self.decoder(lstm_input, state)
        if self.attention is not None and not before:
            attention = self.attention(hidden, memory, state.position, generator)
        feed = self._readout(hidden, attention)[:, -1] if self.config.input_feeding else state.feed
        return hidden, State(*last, feed, state.position + n_steps), attention

    def _readout(self, hidden: Tensor, attention: Attention | None) -> Tensor:
        if attention is None:
            return torch.tanh(nn.functional.linear(hidden, self.readout))
        return attentional_state(attention.output, hidden, self.readout)

    def _logits(self, hidden: Tensor, attention: Attention | None) -> Tensor:
        return self.output(self.dropout(self._readout(hidden, attention)))

    def _embedded(self, words: Tensor) -> Tensor:
        return self.dropout(self.decoder.embedding(words))
