"""Training and decoding: our Bahdanau model beside the loop that tutorials commonly write.

Both get the same batches, sizes, loss and learning rate, and train turn by turn in one process on one core.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from attnkit._arrays import assume_finite
from attnkit.decoding import translate
from attnkit.experiments.setting import Setting
from attnkit.experiments.tasks import translations
from attnkit.language import ENGLISH, SPANISH
from attnkit.metrics import bleu
from attnkit.models import build
from attnkit.training import Batch, Batches
from attnkit.training.loss import cross_entropy
from bench.tutorial import TutorialTranslator

TURN = 25  # steps
GOAL = 90  # BLEU
RATE = 1e-2


class Side:
    """One translator in training, with a clock of its own."""

    def __init__(self, model: nn.Module, logits: Callable[[Batch], Tensor], *, fused: bool) -> None:
        self.model, self.logits, self.seconds, self.steps = model, logits, 0.0, 0
        self.optimizer = torch.optim.Adam(model.parameters(), lr=RATE, fused=fused)

    def turn(self, batches: Batches) -> float:
        """Make the next steps and return target words a second."""
        words, begin = 0, time.perf_counter()
        for step in range(self.steps, self.steps + TURN):
            batch = batches[step]
            loss = cross_entropy(self.logits(batch), batch.following)
            self.optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimizer.step()
            words += batch.n_words
        taken = time.perf_counter() - begin
        self.seconds += taken
        self.steps += TURN
        return words / taken


def measure() -> dict[str, float]:
    """Return the speed of both, what they need to come to 90 BLEU, and the time of an evaluation."""
    torch.set_num_threads(1)
    setting = Setting()
    train, valid, sets = translations(setting)
    config = setting.config("bahdanau")
    batches = Batches(train, ENGLISH, SPANISH, batch_size=setting.batch_size)
    torch.manual_seed(0)
    tutorial, model, judge = TutorialTranslator(config), build(config), build(config)
    model.load_state_dict(tutorial.weights())  # both begin from the same weights
    ours = Side(model, lambda batch: model(batch.source, batch.mask, batch.previous).logits, fused=True)
    theirs = Side(tutorial, lambda batch: tutorial(batch.source, batch.mask, batch.previous), fused=False)
    speeds: dict[Side, list[float]] = {ours: [], theirs: []}
    waiting = [ours, theirs]
    with assume_finite():
        while waiting:
            for side in (ours, theirs):
                if side in waiting:
                    speeds[side].append(side.turn(batches))
            for side in list(waiting):
                judge.load_state_dict(tutorial.weights() if side is theirs else model.state_dict())
                written = translate(judge, ENGLISH, SPANISH, [pair.source for pair in valid])
                if bleu(written, [pair.target for pair in valid]) >= GOAL:
                    waiting.remove(side)
    begin = time.perf_counter()
    translate(model, ENGLISH, SPANISH, [pair.source for pair in sets.test])
    evaluated = time.perf_counter() - begin
    turns = min(map(len, speeds.values()))
    return {
        "ours: target words a second, median": statistics.median(speeds[ours]),
        "tutorial loop: target words a second, median": statistics.median(speeds[theirs]),
        "ours: times as fast, median of turns on the same batches (wanted: 1.5)": statistics.median(
            mine / other for mine, other in zip(speeds[ours][:turns], speeds[theirs][:turns], strict=True)
        ),
        f"ours: seconds of training to {GOAL} BLEU": ours.seconds,
        f"tutorial loop: seconds of training to {GOAL} BLEU": theirs.seconds,
        f"ours: times sooner at {GOAL} BLEU": theirs.seconds / ours.seconds,
        f"greedy translation of {len(sets.test):,} sentences, s": evaluated,
    }
