"""Every token's score against one query or against all: dot product or cosine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from attnkit import figures
from attnkit.scoring import cosine_scores, dot_scores
from attnkit.widgets.frame.widget import Matrix, Number, Table, Widget, number

if TYPE_CHECKING:
    from attnkit.figures import Picture

SCORES = {"dot": dot_scores, "cosine": cosine_scores}


class ScoreHeatmap(Widget):
    """A heatmap of scores between the tokens of a sentence.

    Parameters
    ----------
    tokens : sequence of n_keys strings
        The words, which name the rows (queries) and the columns (keys).
    vectors : array (n_keys, d_k), from −100 to 100
        One vector a token; each token is query and key at once.
    score : "dot" or "cosine"
        How a query and a key are compared.
    query : int or None
        The one token that asks, or None for all against all.
    token, scale : int and float from 0 to 3
        The token whose vector is made longer or shorter, and by how much.

    Attributes
    ----------
    scores : array (n_queries, n_keys)
        The scores shown; n_queries is 1 where one token asks.

    Examples
    --------
    >>> ScoreHeatmap(tokens=["let's", "go"], vectors=[[1, 0], [3, 4]], query=1).scores
    array([[ 3., 25.]])
    """

    module = "scoring/score_heatmap"

    tokens = traitlets.List(traitlets.Unicode()).tag(sync=True)
    vectors = Matrix(low=-100, high=100)
    score = traitlets.Enum(list(SCORES), default_value="dot").tag(sync=True)
    query = traitlets.Int(None, allow_none=True).tag(sync=True)
    token = traitlets.Int(0).tag(sync=True)
    scale = Number(1.0, low=0, high=3)

    def __init__(self, *, tokens: Any, vectors: Any, **state: Any) -> None:
        super().__init__(tokens=list(tokens), vectors=vectors, **state)

    @property
    def scores(self) -> np.ndarray:
        """The scores shown, shape (n_queries, n_keys)."""
        keys = self._vectors()
        queries = keys if self.query is None else keys[[self.query]]
        return SCORES[self.score](queries, keys)

    def label(self) -> str:
        """Return one sentence that says what is seen."""
        row, column = np.unravel_index(np.argmax(self.scores), self.scores.shape)
        asking = self._asking()
        who = f"all {len(asking)} tokens" if self.query is None else f"“{asking[0]}”"
        name = {"dot": "Dot products", "cosine": "Cosines"}[self.score]
        return (
            f"{name} of {who} with {len(self.tokens)} tokens; the largest is "
            f"{number(self.scores[row, column], 2)}, “{asking[row]}” with “{self.tokens[column]}”."
        )

    def table(self) -> Table:
        """Return the length of each vector and, below, one row of scores a query."""
        lengths = np.linalg.norm(self._vectors(), axis=-1)
        rows = [["length", *lengths.tolist()]]
        rows += [[name, *row] for name, row in zip(self._asking(), self.scores.tolist(), strict=True)]
        name = {"dot": "Dot products", "cosine": "Cosines"}[self.score]
        return Table(f"{name}: queries in rows, keys in columns", ["", *self.tokens], rows)

    def picture(self) -> Picture:
        """Return the heatmap."""
        return figures.heatmap(self.scores, self._asking(), self.tokens, what=f"{self.score} score")

    def _vectors(self) -> np.ndarray:
        vectors = np.array(self.vectors)
        vectors[self.token] *= self.scale
        return vectors

    def _asking(self) -> list[str]:
        return self.tokens if self.query is None else [self.tokens[self.query]]

    @traitlets.validate("vectors")
    def _check_vectors(self, proposal: Any) -> Any:
        if len(proposal["value"]) != len(self.tokens):
            raise traitlets.TraitError(
                f"vectors must have one row for each of the {len(self.tokens)} tokens; got {len(proposal['value'])}"
            )
        return proposal["value"]

    @traitlets.validate("query", "token")
    def _check_index(self, proposal: Any) -> int | None:
        index, name = proposal["value"], proposal["trait"].name
        if index is not None and not 0 <= index < len(self.tokens):
            raise traitlets.TraitError(f"{name} must be the index of a token, 0 to {len(self.tokens) - 1}; got {index}")
        return index
