"""Bahdanau's translator as tutorials commonly write it: one step after the other, everything made in each step.

It is the other side of the measurement in ``training.py``: the same sizes, the same score, the same optimiser.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from attnkit.models import Config


class TutorialTranslator(nn.Module):
    """A bidirectional LSTM, an ``nn.LSTMCell``, and an attention that projects the encoder's states at every step."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        width, embedding = config.d_hidden, config.d_embedding
        self.source_embedding = nn.Embedding(config.source_words, embedding)
        self.target_embedding = nn.Embedding(config.target_words, embedding)
        self.encoder = nn.LSTM(embedding, width // 2, batch_first=True, bidirectional=True)
        self.match = nn.Linear(2 * width, width, bias=False)
        self.vector = nn.Linear(width, 1, bias=False)
        self.cell = nn.LSTMCell(embedding + width, width)
        self.readout = nn.Linear(2 * width, width, bias=False)
        self.output = nn.Linear(width, config.target_words)

    def weights(self) -> dict[str, Tensor]:
        """Return the same weights under the names of :class:`attnkit.models.Seq2Seq`: it is one and the same model."""
        query, key = self.match.weight.chunk(2, dim=1)
        encoder = {f"encoder.lstm.{name}": weight for name, weight in self.encoder.named_parameters()}
        cell = {f"decoder.lstm.{name}_l0": weight for name, weight in self.cell.named_parameters()}
        return {
            "encoder.embedding.weight": self.source_embedding.weight,
            "decoder.embedding.weight": self.target_embedding.weight,
            "attention.score.query_weight": query,
            "attention.score.key_weight": key,
            "attention.score.vector": self.vector.weight[0],
            "readout": self.readout.weight,
            "output.weight": self.output.weight,
            "output.bias": self.output.bias,
            **encoder,
            **cell,
        }

    def forward(self, source: Tensor, mask: Tensor, previous: Tensor) -> Tensor:
        """Return the logits, (batch, n_target, target_words)."""
        states, (hidden, cell) = self.encoder(self.source_embedding(source))
        hidden, cell = (torch.cat([*part], dim=-1) for part in (hidden, cell))
        logits = []
        for t in range(previous.shape[1]):
            repeated = hidden[:, None].repeat(1, states.shape[1], 1)
            scores = self.vector(torch.tanh(self.match(torch.cat([repeated, states], dim=-1))))[..., 0]
            weights = functional.softmax(scores.masked_fill(~mask, -1e10), dim=-1)
            context = torch.bmm(weights[:, None], states)[:, 0]
            word = self.target_embedding(previous[:, t])
            hidden, cell = self.cell(torch.cat([word, context], dim=-1), (hidden, cell))
            readout = torch.tanh(self.readout(torch.cat([context, hidden], dim=-1)))
            logits.append(self.output(readout))
        return torch.stack(logits, dim=1)
