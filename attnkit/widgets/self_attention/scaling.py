"""Why √d_k: random queries ask random keys, and the wider the vectors, the more one of 16 keys takes."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from attnkit import figures
from attnkit.scoring import dot_scores
from attnkit.weighted_sum import softmax
from attnkit.widgets.frame.widget import Table, Widget, number

if TYPE_CHECKING:
    from attnkit.figures import Picture

WIDTHS = [2**i for i in range(11)]
N_KEYS = 16
N_SAMPLES = 32
LARGEST_SEED = 9999
# What a score is divided by, at each width.
DIVISORS = {"nothing": np.ones_like, "√d_k": np.sqrt, "d_k": np.array}


class Scaling(Widget):
    """Weights of 16 random keys for a random query, at widths from 1 to 1024, with scores divided or not.

    Each of the 32 samples has one query and 16 keys of 1024 numbers from a normal distribution; at d_k, the first d_k
    of them count. The numbers come from :func:`normals`, which the page repeats.

    Parameters
    ----------
    d_k : int
        The width, a power of 2 from 1 to 1024.
    divisor : "nothing", "√d_k" or "d_k"
        What the dot products are divided by.
    sample : int
        The sample whose weights are shown, 0 to 31.
    seed : int
        Which numbers are drawn, 0 to 9999.

    Attributes
    ----------
    scores, weights : arrays (32, 16)
        Of all samples, at the present width.
    spread : float
        The standard deviation of these scores.
    top_weights : array (32,)
        The largest weight of each sample.
    gradients : array (32,)
        How far the weights of each sample move with their scores: the Frobenius norm of softmax's Jacobian.

    Examples
    --------
    >>> Scaling(d_k=256, divisor="nothing").top_weights.mean() > Scaling(d_k=256).top_weights.mean()
    np.True_
    """

    module = "self_attention/scaling"

    d_k = traitlets.Enum(WIDTHS, default_value=64).tag(sync=True)
    divisor = traitlets.Enum(list(DIVISORS), default_value="√d_k").tag(sync=True)
    sample = traitlets.Int(0, min=0, max=N_SAMPLES - 1).tag(sync=True)
    seed = traitlets.Int(2017, min=0, max=LARGEST_SEED).tag(sync=True)

    @property
    def scores(self) -> np.ndarray:
        """The scores of all samples at the present width, shape (n_samples, n_keys)."""
        return self._scores(self.divisor)[WIDTHS.index(self.d_k)]

    @property
    def weights(self) -> np.ndarray:
        """The weights of all samples at the present width, shape (n_samples, n_keys)."""
        return softmax(self.scores)

    @property
    def spread(self) -> float:
        """The standard deviation of the scores at the present width."""
        return float(self.scores.std())

    @property
    def top_weights(self) -> np.ndarray:
        """The largest weight of each sample at the present width, shape (n_samples,)."""
        return self.weights.max(axis=-1)

    @property
    def gradients(self) -> np.ndarray:
        """The size of softmax's gradient for each sample at the present width, shape (n_samples,)."""
        return jacobian_sizes(self.weights)

    def label(self) -> str:
        """Return one sentence that says what is seen."""
        return (
            f"At d_k = {self.d_k}, dot products divided by {self.divisor} spread by {number(self.spread, 2)}; over "
            f"{N_SAMPLES} samples the largest of {N_KEYS} weights is {number(self.top_weights.mean(), 2)} on average, "
            f"and the typical gradient {number(np.median(self.gradients), 2)}."
        )

    def table(self) -> Table:
        """Return spread, mean top weight and typical gradient at each width, and the weights of one sample."""
        scores = self._scores(self.divisor)
        weights = softmax(scores)
        rows: list[list[Any]] = [
            [f"d_k = {width}", *numbers]
            for width, *numbers in zip(
                WIDTHS,
                scores.std(axis=(1, 2)).tolist(),
                weights.max(axis=-1).mean(axis=-1).tolist(),
                np.median(jacobian_sizes(weights), axis=-1).tolist(),
                strict=True,
            )
        ]
        of_sample = zip(self.scores[self.sample].tolist(), self.weights[self.sample].tolist(), strict=True)
        rows += [
            [f"sample {self.sample + 1}, key {j}", score, weight, None]
            for j, (score, weight) in enumerate(of_sample, 1)
        ]
        caption = f"{N_SAMPLES} samples at each width, divided by {self.divisor}, and one of them at d_k = {self.d_k}"
        heads = ["spread, or score", "mean top weight, or weight", "typical gradient"]
        return Table(caption, ["", *heads], rows)

    def picture(self) -> Picture:
        """Return the mean top weight against the width, for each divisor."""
        curves = {}
        for name in DIVISORS:
            tops = softmax(self._scores(name)).max(axis=-1)
            curves[f"divided by {name}"] = tops.mean(axis=-1), 0
        return figures.lines(
            WIDTHS, curves, xlabel="d_k", ylabel="mean top weight", title="The largest of 16 weights", logx=True
        )

    def _scores(self, divisor: str) -> np.ndarray:
        """Return the scores at all widths, shape (n_widths, n_samples, n_keys)."""
        return products(self.seed) / DIVISORS[divisor](np.array(WIDTHS, dtype=float))[:, None, None]


def jacobian_sizes(weights: np.ndarray) -> np.ndarray:
    """Return the Frobenius norm of diag(w) − w wᵀ for each row of weights.

    >>> jacobian_sizes(np.array([[0.5, 0.5], [1.0, 0.0]]))
    array([0.5, 0. ])
    """
    squares = (weights**2).sum(axis=-1)
    # Rounding may leave a size of 0 a little below it.
    return np.sqrt(np.maximum(0, squares - 2 * (weights**3).sum(axis=-1) + squares**2))


@lru_cache(maxsize=8)
def products(seed: int) -> np.ndarray:
    """Return the dot products at all widths, shape (n_widths, n_samples, n_keys)."""
    drawn = normals(seed, N_SAMPLES * (N_KEYS + 1) * WIDTHS[-1]).reshape(N_SAMPLES, N_KEYS + 1, WIDTHS[-1])
    queries, keys = drawn[:, :1], drawn[:, 1:]
    return np.stack([dot_scores(queries[..., :width], keys[..., :width])[:, 0] for width in WIDTHS])


def normals(seed: int, count: int) -> np.ndarray:
    """Return numbers from a normal distribution, the same on every machine and in the page.

    Two uniform numbers become two normal ones (Box and Muller 1958). The uniform ones are those of mulberry32, whose
    n-th number can be computed without the others.

    >>> normals(0, 3).round(4)
    array([1.6264, 0.0034, 1.051 ])
    """
    uniform = uniforms(seed, count + count % 2).reshape(-1, 2)
    radius, angle = np.sqrt(-2 * np.log(uniform[:, 0])), 2 * np.pi * uniform[:, 1]
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1).ravel()[:count]


def uniforms(seed: int, count: int) -> np.ndarray:
    """Return numbers between 0 and 1, neither included: mulberry32, in arithmetic modulo 2³²."""
    places = np.arange(1, count + 1, dtype=np.uint64)
    state = ((np.uint64(seed) + places * np.uint64(0x6D2B79F5)) % np.uint64(2**32)).astype(np.uint32)
    mixed = (state ^ (state >> np.uint32(15))) * (state | np.uint32(1))
    mixed = (mixed + (mixed ^ (mixed >> np.uint32(7))) * (mixed | np.uint32(61))) ^ mixed
    return ((mixed ^ (mixed >> np.uint32(14))) + 0.5) / 2**32
