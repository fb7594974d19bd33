"""One training run: a model, its optimiser, and everything else that the next step depends on."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from attnkit._arrays import assume_finite
from attnkit.decoding import translate
from attnkit.metrics import bleu, exact_match
from attnkit.training.batches import Batch, Batches
from attnkit.training.evaluation import mean_loss
from attnkit.training.history import History, Validation
from attnkit.training.loss import cross_entropy, reinforce
from attnkit.training.options import Options

if TYPE_CHECKING:
    from attnkit.language import Pair, Vocabulary
    from attnkit.models import Translator


class Run:
    """A model under training and everything that its next step depends on."""

    def __init__(self, model: Translator, options: Options, batches: Batches) -> None:
        self.model, self.options, self.batches = model, options, batches
        self.steps = options.epochs * len(batches)
        self.optimizer = torch.optim.Adam(model.parameters(), lr=options.learning_rate, fused=True)
        self.baseline = torch.zeros(())  # of REINFORCE
        self.history = History()
        self.loss_sum, self.loss_words = 0.0, 0  # since the last validation
        self.recent_loss = math.nan

    def advance(self, stop: int, interrupted: Callable[[], bool]) -> None:
        """Make the steps up to ``stop``, or fewer after Ctrl-C, and read their losses."""
        first, begin, losses, words = self.history.steps, time.perf_counter(), [], []
        self.model.train()
        with assume_finite():
            for step in range(first, stop):
                batch = self.batches[step]
                losses.append(self.update(step, batch))
                words.append(batch.n_words)
                if interrupted():
                    break
        before = self.loss_sum
        for value, n_words in zip(torch.stack(losses).tolist(), words, strict=True):
            self.history.steps += 1
            self.history.words += n_words
            self.expect_finite("the loss", value)
            self.loss_sum += value * n_words
        self.loss_words += sum(words)
        self.recent_loss = (self.loss_sum - before) / sum(words)
        self.history.seconds += time.perf_counter() - begin

    def update(self, step: int, batch: Batch) -> Tensor:
        """Make one step of Adam and return the cross-entropy before it."""
        options, forced = self.options, None
        share = options.share(step, self.steps)
        if share < 1:
            forced = torch.rand(batch.previous.shape) < share
        logits, attention = self.model(batch.source, batch.mask, batch.previous, forced)
        loss = total = cross_entropy(logits, batch.following)
        if self.model.reinforced:
            total = loss + reinforce(logits, attention, batch.following, self.baseline)
        self.optimizer.zero_grad()
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), options.clip_norm)
        for group in self.optimizer.param_groups:
            group["lr"] = options.rate(step, self.steps)
        self.optimizer.step()
        return loss.detach()

    def validate(self, batches: Batches, valid: Sequence[Pair], source: Vocabulary, target: Vocabulary) -> Validation:
        """Look at pairs that are not trained on."""
        valid_loss = mean_loss(self.model, batches)
        self.expect_finite("the validation loss", valid_loss)
        quality: dict[str, float | None] = {"bleu": None, "exact_match": None}
        if self.model.reads:
            written = translate(self.model, source, target, [pair.source for pair in valid])
            wanted = [pair.target for pair in valid]
            quality = {"bleu": bleu(written, wanted), "exact_match": exact_match(written, wanted)}
        train_loss, self.loss_sum, self.loss_words = self.loss_sum / self.loss_words, 0.0, 0
        return Validation(
            step=self.history.steps,
            seconds=self.history.seconds,
            train_loss=train_loss,
            valid_loss=valid_loss,
            **quality,
        )

    def expect_finite(self, name: str, value: float) -> None:
        """Refuse to go on from weights that have run away."""
        if not math.isfinite(value):
            raise ValueError(
                f"{name} must be finite; got {value} at step {self.history.steps}: try a learning rate below "
                f"{self.options.learning_rate:g} or a clip norm below {self.options.clip_norm:g}"
            )
