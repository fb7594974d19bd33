"""How a model is trained: every choice by name, and what it means at each step."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Annotated
from typing import Literal as OneOf

from attnkit._choices import Choices, Count, Positive, Share, whole


@dataclass(frozen=True, kw_only=True)
class Options(Choices):
    r"""The choices of one training run; what does not fit is refused with a sentence.

    Attributes
    ----------
    epochs
        How often each pair is read.
    batch_size
        How many pairs a step reads.
    learning_rate
        Adam's, in weight units a step.
    schedule
        The learning rate stays (constant), or falls in a straight line to 0 at the end (linear).
    clip_norm
        The longest gradient that a step may follow; a longer one is shortened to it.
    forcing
        How often the decoder reads the reference's last word and not its own: the same share throughout (constant),
        or a share that falls from 1 in a straight line (linear) or along an inverse sigmoid.
        With less than always it is scheduled sampling.
    forcing_share
        That share, from 0 to 1; where it falls, that of the last step.
    validate_every
        Steps from one validation and checkpoint to the next; None for an epoch.
    seed
        Seeds the order of the pairs, dropout, and every draw of the training.

    Notes
    -----
    Source: Bengio, Vinyals, Jaitly and Shazeer 2015, "Scheduled Sampling", §2.4, for the shares that fall.
    Our share is their :math:`\epsilon_i`.

    Examples
    --------
    >>> options = Options(epochs=4, learning_rate=0.002, schedule="linear")
    >>> options.rate(0, steps=100), options.rate(75, steps=100)
    (0.002, 0.0005)
    """

    epochs: Count = 10
    batch_size: Count = 64
    learning_rate: Positive = 2e-3
    schedule: OneOf["constant", "linear"] = "constant"
    clip_norm: Positive = 1.0
    forcing: OneOf["constant", "linear", "inverse-sigmoid"] = "constant"
    forcing_share: Share = 1.0
    validate_every: Count | None = None
    seed: Annotated[int, whole(0)] = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.forcing == "inverse-sigmoid" and self.forcing_share == 0:
            raise ValueError("forcing_share must be greater than 0 where it falls along an inverse sigmoid; got 0")

    def rate(self, step: int, steps: int) -> float:
        """Return the learning rate of a step, the first being 0, of so many."""
        return self.learning_rate * (1 - step / steps if self.schedule == "linear" else 1)

    def share(self, step: int, steps: int) -> float:
        r"""Return the share of words that the teacher gives in step i, the first being 0, of n.

        .. math:: \epsilon_i = 1 - (1 - \epsilon) \frac{i}{n - 1}, \qquad \epsilon_i = \frac{k}{k + \exp(i / k)}

        The left for linear, the right for inverse sigmoid, with the :math:`k` that gives the last step
        :math:`\epsilon`, the forcing_share.
        """
        last = max(steps - 1, 1)
        if self.forcing == "constant" or self.forcing_share == 1:
            return self.forcing_share
        if self.forcing == "linear":
            return 1 - (1 - self.forcing_share) * step / last
        k = slowness(last, self.forcing_share)
        return k / (k + math.exp(step / k))


@cache
def slowness(last: int, share: float) -> float:
    """Return the k with which k / (k + exp(last / k)) is the share.

    With w = last / k this is w·exp(w) = last·(1 − share) / share, which Newton's method solves.
    """
    product = last * (1 - share) / share
    w = math.log1p(product)
    for _ in range(50):
        w -= (w * math.exp(w) - product) / (math.exp(w) * (w + 1))
    return last / w
