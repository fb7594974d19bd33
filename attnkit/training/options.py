"""How a model is trained: every choice by name, and what it means at each step."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from functools import cache
from typing import Any, get_args, get_type_hints
from typing import Literal as OneOf


@dataclass(frozen=True, kw_only=True)
class Options:
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

    epochs: int = 10
    batch_size: int = 64
    learning_rate: float = 2e-3
    schedule: OneOf["constant", "linear"] = "constant"
    clip_norm: float = 1.0
    forcing: OneOf["constant", "linear", "inverse-sigmoid"] = "constant"
    forcing_share: float = 1.0
    validate_every: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for name, kind in get_type_hints(type(self)).items():
            value = getattr(self, name)
            if words := [word for word in get_args(kind) if isinstance(word, str)]:
                if value not in words:
                    raise ValueError(f"{name} must be one of {', '.join(words)}; got {value!r}")
            elif name == "validate_every" and value is None:
                continue
            elif isinstance(value, bool) or not isinstance(value, int | float):
                raise ValueError(f"{name} must be a number; got {value!r}")
            elif kind is not float and (value != int(value) or value < (name != "seed")):
                raise ValueError(f"{name} must be a whole number, {int(name != 'seed')} or more; got {value!r}")
            elif kind is float and not 0 < value < math.inf and name != "forcing_share":
                raise ValueError(f"{name} must be finite and greater than 0; got {value!r}")
        if not 0 <= self.forcing_share <= 1:
            raise ValueError(f"forcing_share must be from 0 to 1; got {self.forcing_share!r}")
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

    def to_json(self) -> dict[str, Any]:
        """Return the choices as a dictionary that JSON can hold."""
        return asdict(self)

    @classmethod
    def from_json(cls, choices: dict[str, Any]) -> Options:
        """Return what :meth:`to_json` has written down; names that it does not know are refused."""
        unknown = set(choices) - {field.name for field in fields(cls)}
        if unknown:
            raise ValueError(f"training has no option named {', '.join(sorted(unknown))}")
        return cls(**choices)


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
