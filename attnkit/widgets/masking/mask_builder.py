"""A mask, by rule or cell by cell, and what it makes of the scores: masked scores, and then weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from attnkit import figures
from attnkit.masking import causal_mask, padding_mask, sliding_window_mask
from attnkit.weighted_sum import softmax
from attnkit.widgets.frame.widget import Matrix, Table, Widget, number

if TYPE_CHECKING:
    from attnkit.figures import Picture

MOST = 8
# Made for the eye, so that every row has something to choose from; nothing here is trained.
TOKENS = ("don't", "eat", "the", "pizza", "<pad>")
SCORES = ((1, 2, 0, 1, 2), (2, 0, 1, 3, 1), (0, 1, 1, 2, 0), (1, 3, 0, 0, 1), (0, 1, 2, 0, 3))
RULES = ("none", "causal", "padding", "both", "window", "inverted", "own")
# What is added to a forbidden score. Only −∞ is a mask; the others are what people try.
ADDED = {"−∞": -np.inf, "−10": -10.0, "−1": -1.0}


class MaskBuilder(Widget):
    """A small board of scores, a mask over it, and the weights that are left.

    Parameters
    ----------
    tokens : sequence of 1 to 8 strings
        The words, which name the rows (queries) and the columns (keys).
    scores : array (n_tokens, n_tokens), from −9 to 9
        The score of each query with each key.
    rule : str
        "none", "causal", "padding", "both" (causal and padding), "window" (causal, and not too far back),
        "inverted" (what causal forbids) or "own" (the cells below).
    length : int
        How many of the tokens are words, for "padding" and "both"; the rest is padding.
    width : int
        How many keys a query sees at most, for "window".
    cells : rows of 0 and 1
        A mask of one's own, 1 where a query may attend.
    added : "−∞", "−10" or "−1"
        What is added to the score at a forbidden place.

    Attributes
    ----------
    mask : boolean array (n_tokens, n_tokens)
        True where a query may attend.
    masked_scores, weights : arrays (n_tokens, n_tokens)
        The scores with the mask over them, and softmax of each row; a row of nothing but −∞ gets zeros.

    Examples
    --------
    >>> MaskBuilder(tokens=["let's", "go"], scores=[[5, 9], [2, 2]]).weights
    array([[1. , 0. ],
           [0.5, 0.5]])
    """

    module = "masking/mask_builder"

    tokens = traitlets.List(traitlets.Unicode(), minlen=1, maxlen=MOST).tag(sync=True)
    scores = Matrix(low=-9, high=9)
    rule = traitlets.Enum(RULES, default_value="causal").tag(sync=True)
    length = traitlets.Int(1).tag(sync=True)
    width = traitlets.Int(2).tag(sync=True)
    cells = traitlets.List().tag(sync=True)
    added = traitlets.Enum(tuple(ADDED), default_value="−∞").tag(sync=True)

    def __init__(self, *, tokens: Any = TOKENS, scores: Any = SCORES, **state: Any) -> None:
        tokens = list(tokens)
        state.setdefault("length", max(1, len(tokens) - 1))
        state.setdefault("width", min(2, max(1, len(tokens))))
        state.setdefault("cells", causal_mask(np.arange(max(1, len(tokens)))).astype(int).tolist())
        super().__init__(tokens=tokens, scores=scores, **state)

    @property
    def mask(self) -> np.ndarray:
        """True where a query may attend, shape (n_tokens, n_tokens)."""
        positions = np.arange(len(self.tokens))
        causal, words = causal_mask(positions), padding_mask(np.asarray(self.length), len(positions))
        masks = {
            "none": np.ones_like(causal),
            "causal": causal,
            "padding": words & np.ones_like(causal),
            "both": causal & words,
            "window": sliding_window_mask(positions, positions, self.width),
            "inverted": ~causal,
            "own": np.array(self.cells, dtype=bool),
        }
        return masks[self.rule]

    @property
    def masked_scores(self) -> np.ndarray:
        """The scores with something added to those at forbidden places, shape (n_tokens, n_tokens)."""
        return np.array(self.scores) + np.where(self.mask, 0, ADDED[self.added])

    @property
    def weights(self) -> np.ndarray:
        """Softmax of each row of the masked scores, shape (n_tokens, n_tokens)."""
        return softmax(self.masked_scores, self.masked_scores > -np.inf)

    def label(self) -> str:
        """Return one sentence about the mask, one about the future, and one about rows with nothing to attend to."""
        mask = self.mask
        later = int(np.triu(mask, 1).sum())
        future = f"{later or 'none'} of them {'look' if later > 1 else 'looks'} into the future"
        open_ = f"{int(mask.sum())} of {mask.size} places are open, and {future}."
        weak = ""
        if self.added != "−∞" and not mask.all():
            share = float(np.where(mask, 0, self.weights).sum() / len(mask))
            weak = f" Closed places still get {number(100 * share, 1)}% of the weight."
        empty = [f"“{word}”" for word, row in zip(self.tokens, mask, strict=True) if not row.any()]
        nothing = ""
        if empty:
            got = "its weights are 0" if self.added == "−∞" else f"{self.added} throughout changes no weight"
            nothing = f" {', '.join(empty)} may attend to nothing: {got}."
        return f"{open_}{weak}{nothing}"

    def table(self) -> Table:
        """Return a row for each query: its scores, its masked scores, and its weights with their sum."""
        stages = {"score": np.array(self.scores), "masked": self.masked_scores, "weight": self.weights}
        rows = [
            [f"{name}, {word}", *row.tolist(), float(row.sum()) if name == "weight" else None]
            for name, matrix in stages.items()
            for word, row in zip(self.tokens, matrix, strict=True)
        ]
        return Table("Scores, masked scores and weights: a row for each query", ["", *self.tokens, "sum"], rows)

    def picture(self) -> Picture:
        """Return the weights as a heatmap."""
        return figures.heatmap(self.weights, self.tokens, self.tokens)

    @traitlets.validate("scores", "cells")
    def _check_square(self, proposal: Any) -> Any:
        name, rows, n = proposal["trait"].name, proposal["value"], len(self.tokens)
        if len(rows) != n or any(not isinstance(row, list) or len(row) != n for row in rows):
            raise traitlets.TraitError(f"{name} must have {n} rows of {n}, one for each token; got {rows!r}")
        if name == "cells" and not {cell for row in rows for cell in row} <= {0, 1}:
            raise traitlets.TraitError(f"cells must be 0 or 1; got {rows!r}")
        return rows

    @traitlets.validate("length", "width")
    def _check_count(self, proposal: Any) -> int:
        name, count, n = proposal["trait"].name, proposal["value"], len(self.tokens)
        if not 1 <= count <= n:
            raise traitlets.TraitError(f"{name} must be from 1 to {n}, the number of tokens; got {count}")
        return count
