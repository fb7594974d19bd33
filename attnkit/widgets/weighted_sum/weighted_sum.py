"""Weights move a point inside the hull of the values; with a decoder, the point becomes a word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from attnkit import figures
from attnkit.scoring import dot_scores
from attnkit.weighted_sum import softmax, weighted_sum
from attnkit.widgets.frame.widget import Matrix, Table, Vector, Widget, number

if TYPE_CHECKING:
    from attnkit.figures import Picture

# "let's go" → "vamos", with numbers that fit on a napkin; nothing here is trained.
# Each row of the layer reads [attention values; decoder state] and scores one word.
LETS_GO = {
    "values": [[1, 0], [0, 2]],
    "labels": ["let's", "go"],
    "decoder": {
        "words": ["vamos", "dejar", "ir", "<EOS>"],
        "layer": [[0, 0, 10, 0], [6, 0, 0, 0], [0, 2.5, 0, 0], [0, 0, -20, 0]],
        "steps": [{"input": "<EOS>", "state": [0.4, 0.4]}, {"input": "vamos", "state": [-0.4, 0.4]}],
    },
}


class Decoder(traitlets.Dict):
    """A trait of a pencil-sized decoder: words, an output layer, and the steps of decoding."""

    def validate(self, widget: Any, value: Any) -> dict[str, Any]:
        """Return the decoder, or say what was wanted."""
        wanted = "decoder must have words, a layer with one row of 4 numbers for each, and steps with input and state"
        try:
            decoder = super().validate(widget, value)
            layer = np.array(decoder["layer"], dtype=float)
            states = np.array([step["state"] for step in decoder["steps"]], dtype=float)
            good = layer.shape == (len(decoder["words"]), 4) and states.shape[1:] == (2,)
            good = good and all(isinstance(step["input"], str) for step in decoder["steps"])
        except (KeyError, TypeError, ValueError) as error:
            raise traitlets.TraitError(f"{wanted}; got {value!r}") from error
        if not good or not np.isfinite(layer).all() or not np.isfinite(states).all():
            raise traitlets.TraitError(f"{wanted}; got {value!r}")
        return decoder


class WeightedSum(Widget):
    """Value vectors in the plane, their weights, and the weighted sum inside their hull.

    Parameters
    ----------
    values : array (n_keys, 2), from −4 to 4
        The value vectors.
    scores : n_keys numbers from −5 to 5
        The scores; softmax makes the weights. With a decoder, the default is the present step's dot scores.
    labels : n_keys strings
        The words that the values belong to.
    decoder : dict or None
        ``words`` (strings), ``layer`` (one row of 4 numbers a word, which reads the output and the decoder's state) and
        ``steps`` (each with ``input``, the word just written, and ``state``, 2 numbers).
    step : int
        The present step of decoding. A new step sets the scores to its dot scores.

    Attributes
    ----------
    weights, output : arrays (n_keys,) and (2,)
        The weights and the weighted sum.
    logits, probabilities : arrays (n_words,)
        What the output layer makes of it; only with a decoder.
    word : str
        The most probable word; only with a decoder.

    Examples
    --------
    >>> WeightedSum.worked_example().word
    'vamos'
    """

    module = "weighted_sum/weighted_sum"

    values = Matrix(low=-4, high=4, width=2)
    scores = Vector([0.0], low=-5, high=5)
    labels = traitlets.List(traitlets.Unicode()).tag(sync=True)
    decoder = Decoder(None, allow_none=True).tag(sync=True)
    step = traitlets.Int(0, min=0).tag(sync=True)

    def __init__(self, *, values: Any, labels: Any, scores: Any = None, decoder: Any = None, step: int = 0) -> None:
        if scores is None:
            scores = np.zeros(len(labels)) if decoder is None else _step_scores(values, decoder, step)
        super().__init__(values=values, scores=scores, labels=list(labels), decoder=decoder, step=step)
        self.observe(self._follow_step, "step")

    @classmethod
    def worked_example(cls) -> WeightedSum:
        """Return "let's go" → "vamos" in pencil-sized numbers, at its first step."""
        return cls(**LETS_GO)

    @property
    def weights(self) -> np.ndarray:
        """The softmax weights, shape (n_keys,)."""
        return softmax(np.array(self.scores))

    @property
    def output(self) -> np.ndarray:
        """The weighted sum of the values, shape (2,)."""
        return weighted_sum(self.weights[None, :], np.array(self.values))[0]

    @property
    def logits(self) -> np.ndarray:
        """The score of each word, shape (n_words,): the layer times [output; state]."""
        state = self._decoder()["steps"][self.step]["state"]
        return np.array(self._decoder()["layer"]) @ np.concatenate([self.output, state])

    @property
    def probabilities(self) -> np.ndarray:
        """The probability of each word, shape (n_words,)."""
        return softmax(self.logits)

    @property
    def word(self) -> str:
        """The most probable word."""
        return self._decoder()["words"][int(np.argmax(self.logits))]

    def label(self) -> str:
        """Return one sentence that says what is seen."""
        shares = ", ".join(f"{number(w, 2)} of “{name}”" for w, name in zip(self.weights, self.labels, strict=True))
        x, y = (number(c, 2) for c in self.output)
        said = "" if self.decoder is None else f", and the next word is “{self.word}”"
        return f"The weighted sum takes {shares}; it stands at ({x}, {y}), inside the hull of the values{said}."

    def table(self) -> Table:
        """Return scores, weights and values, their weighted sum, and with a decoder each word's probability."""
        rows: list[list[Any]] = [
            [label, score, weight, *value]
            for label, score, weight, value in zip(
                self.labels, self.scores, self.weights.tolist(), self.values, strict=True
            )
        ]
        rows.append(["weighted sum", None, float(np.sum(self.weights)), *self.output.tolist()])
        columns = ["", "score", "weight", "x", "y"]
        if self.decoder is not None:
            columns[1:3] = ["score or logit", "weight or probability"]
            words = zip(self.decoder["words"], self.logits.tolist(), self.probabilities.tolist(), strict=True)
            rows += [[f"word: {word}", logit, probability, None, None] for word, logit, probability in words]
        return Table("Values, their weights, and what they add up to", columns, rows)

    def picture(self) -> Picture:
        """Return the values, their hull and the weighted sum."""
        return figures.hull(self.values, self.weights, labels=self.labels)

    def _decoder(self) -> dict[str, Any]:
        if self.decoder is None:
            raise ValueError("this WeightedSum has no decoder, so it has no words; give decoder=... to make one")
        return self.decoder

    def _follow_step(self, _change: Any) -> None:
        if self.decoder is not None:
            self.scores = _step_scores(self.values, self.decoder, self.step)

    @traitlets.validate("values", "labels")
    def _check_counts(self, proposal: Any) -> Any:
        if len(proposal["value"]) != len(self.scores):
            name, got = proposal["trait"].name, len(proposal["value"])
            raise traitlets.TraitError(
                f"{name} must have one entry for each of the {len(self.scores)} scores; got {got}"
            )
        return proposal["value"]

    @traitlets.validate("step")
    def _check_step(self, proposal: Any) -> int:
        steps = 1 if self.decoder is None else len(self.decoder["steps"])
        if not 0 <= proposal["value"] < steps:
            raise traitlets.TraitError(f"step must be from 0 to {steps - 1}; got {proposal['value']}")
        return proposal["value"]


def _step_scores(values: Any, decoder: dict[str, Any], step: int) -> list[float]:
    state = np.array([decoder["steps"][step]["state"]], dtype=float)
    return dot_scores(state, np.array(values, dtype=float))[0].tolist()
