"""What a training run writes down about itself."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple


class Validation(NamedTuple):
    """One look at sentences that are not trained on.

    Attributes
    ----------
    step
        How many steps had been made.
    seconds
        How long they took, validations left out.
    train_loss
        Mean cross-entropy of a word, in nats, over the steps since the last validation, in training mode.
    valid_loss
        Mean cross-entropy of a word of the validation pairs, in nats, each after the reference's words.
    bleu
        BLEU of greedy translations of the validation pairs, from 0 to 100; None for a language model.
    exact_match
        Share of them that equal the reference, from 0 to 1; None for a language model.
    """

    step: int
    seconds: float
    train_loss: float
    valid_loss: float
    bleu: float | None
    exact_match: float | None


@dataclass
class History:
    """The course of one training run, over all its interruptions.

    Attributes
    ----------
    validations
        From the first to the last.
    steps
        How many steps were made.
    words
        How many target words they trained on, ``<eos>`` included and ``<pad>`` not.
    seconds
        How long the steps took, validations left out.
    """

    validations: list[Validation] = field(default_factory=list)
    steps: int = 0
    words: int = 0
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return the history as a dictionary that JSON can hold."""
        return {**asdict(self), "validations": [one._asdict() for one in self.validations]}

    @classmethod
    def from_json(cls, written: dict[str, Any]) -> History:
        """Return what :meth:`to_json` has written down."""
        return cls(**{**written, "validations": [Validation(**one) for one in written["validations"]]})
