"""Scores become weights, and the temperature says how sharply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from attnkit import figures
from attnkit.weighted_sum import argmax_weights, entropy, softmax
from attnkit.widgets.frame.widget import Number, Table, Vector, Widget, number

if TYPE_CHECKING:
    from attnkit.figures import Picture


class Temperature(Widget):
    """Bars of softmax weights, with a slider for each score and one for the temperature.

    Parameters
    ----------
    scores : n_keys numbers from −5 to 5
        The scores.
    labels : n_keys strings
        The words that the scores belong to.
    temperature : float, from 0.05 to 10
        What the scores are divided by before the softmax.
    hard : bool
        All the weight on the largest score instead of softmax.

    Attributes
    ----------
    weights : array (n_keys,)
        The weights; they sum to 1.
    entropy : float
        Their entropy in bits: 0 where one word has all, log₂ n_keys where all have the same.

    Examples
    --------
    >>> Temperature(scores=[1, 1], labels=["let's", "go"]).entropy
    1.0
    """

    module = "weighted_sum/temperature"

    scores = Vector([0.0], low=-5, high=5)
    labels = traitlets.List(traitlets.Unicode()).tag(sync=True)
    temperature = Number(1.0, low=0.05, high=10)
    hard = traitlets.Bool(default_value=False).tag(sync=True)

    def __init__(self, *, scores: Any, labels: Any, **state: Any) -> None:
        super().__init__(scores=scores, labels=list(labels), **state)

    @property
    def weights(self) -> np.ndarray:
        """The weights, shape (n_keys,)."""
        scores = np.array(self.scores)
        return argmax_weights(scores) if self.hard else softmax(scores, temperature=self.temperature)

    @property
    def entropy(self) -> float:
        """The entropy of the weights in bits."""
        return float(entropy(self.weights))

    def label(self) -> str:
        """Return one sentence that says what is seen."""
        best = int(np.argmax(self.weights))
        how = "Hard" if self.hard else f"Softmax weights at temperature {number(self.temperature, 2)}"
        return (
            f"{how}{' weights' if self.hard else ''} over {len(self.labels)} words: the most, "
            f"{number(self.weights[best], 2)}, on “{self.labels[best]}”; entropy {number(self.entropy, 2)} bits."
        )

    def table(self) -> Table:
        """Return each word's score and weight, their sum and the entropy."""
        rows = [list(row) for row in zip(self.labels, self.scores, self.weights.tolist(), strict=True)]
        rows += [["sum of the weights", None, float(np.sum(self.weights))], ["entropy in bits", None, self.entropy]]
        return Table("Scores and the weights that they become", ["", "score", "weight"], rows)

    def picture(self) -> Picture:
        """Return the bars."""
        return figures.bars(self.weights, self.labels)

    @traitlets.validate("labels")
    def _check_labels(self, proposal: Any) -> Any:
        if len(proposal["value"]) != len(self.scores):
            raise traitlets.TraitError(
                f"labels must name each of the {len(self.scores)} scores; got {len(proposal['value'])}"
            )
        return proposal["value"]
