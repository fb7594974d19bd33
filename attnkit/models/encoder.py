"""The encoder: reads a sentence word by word and leaves a state at every word, and one context at the end."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from attnkit.bottleneck import LSTMState
from attnkit.models.config import Config


class Encoder(nn.Module):
    """An embedding and an LSTM, in one direction or two.

    The LSTM is torch's own; chapter 1 shows that it is :func:`attnkit.bottleneck.lstm_step`, word after word.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        both = config.encoder == "bidirectional"
        self.reverse_source = config.reverse_source
        self.embedding = nn.Embedding(config.source_words, config.d_embedding)
        self.dropout = nn.Dropout(config.dropout)
        self.lstm = nn.LSTM(
            config.d_embedding,
            config.d_hidden // 2 if both else config.d_hidden,
            config.layers,
            batch_first=True,
            dropout=config.dropout if config.layers > 1 else 0.0,
            bidirectional=both,
        )

    def forward(self, source: Tensor, mask: Tensor) -> tuple[Tensor, LSTMState]:
        """Return the state at every word, (batch, n_source, d_hidden), and the last state, (layers, batch, d_hidden).

        States start at zero. Padding is never read: its states are zero, and the last state is that of the last word.
        """
        lengths = mask.sum(dim=1)
        if self.reverse_source:
            source = reversed_words(source, lengths)
        words = self.dropout(self.embedding(source))
        if mask.all():
            states, last = self.lstm(words)
        else:  # packed sentences end with their last word
            packed = pack_padded_sequence(words, lengths, batch_first=True, enforce_sorted=False)
            states, last = self.lstm(packed)
            states, _ = pad_packed_sequence(states, batch_first=True, total_length=source.shape[1])
        if self.reverse_source:
            states = reversed_words(states, lengths)
        return states, LSTMState(*map(self._joined, last))

    def _joined(self, last: Tensor) -> Tensor:
        """Return the last states of both directions side by side: (layers, batch, d_hidden)."""
        layers, directions = self.lstm.num_layers, 1 + self.lstm.bidirectional
        _, batch, width = last.shape
        return last.view(layers, directions, batch, width).transpose(1, 2).reshape(layers, batch, directions * width)


def reversed_words(sentences: Tensor, lengths: Tensor) -> Tensor:
    """Turn each sentence of (batch, n_source, …) around; what stands behind its words stays where it is."""
    place = torch.arange(sentences.shape[1], device=sentences.device)[None]
    index = torch.where(place < lengths[:, None], lengths[:, None] - 1 - place, place)
    return sentences[torch.arange(len(sentences), device=sentences.device)[:, None], index]


def expect_words(source: Tensor, mask: Tensor) -> None:
    """Refuse a batch that is none: rows of words, each followed by its padding."""
    if source.ndim != 2 or mask.shape != source.shape:
        raise ValueError(
            f"source and mask must both have shape (batch, n_source); got {tuple(source.shape)} and {tuple(mask.shape)}"
        )
    if mask.dtype != torch.bool:
        raise ValueError(f"mask must be boolean, True on words; got dtype {mask.dtype}")
    if source.shape[1] == 0 or not mask[:, 0].all() or (mask[:, 1:] & ~mask[:, :-1]).any():
        raise ValueError("each row of mask must be True on one or more words and False on the padding behind them")
