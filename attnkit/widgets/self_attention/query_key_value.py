"""Three matrices make queries, keys and values of the same words: change a number, and see who looks where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from attnkit import figures
from attnkit.scoring import dot_scores
from attnkit.self_attention import Projections, SelfAttention, scaled_dot_scores, self_attend
from attnkit.widgets.frame.widget import Matrix, Table, Widget, number

if TYPE_CHECKING:
    from attnkit.figures import Picture

# Made for a pencil; no network has learned them. The value is one number: + for the ending -o, − for -a.
EXCITED = {
    "tokens": ["dog", "loved", "ball", "it", "excited"],
    "features": ["animal", "thing", "feeling"],
    "inputs": [[2, 0, 0], [0, 0, 2], [0, 2, 0], [1, 1, 0], [1, 0, 2]],
    "query": [[2, 0, 0], [0, 1, 0]],
    "key": [[1, 0, -1], [0, 1, -1]],
    "value": [[1, -1, 0]],
    "token": 3,
}
D_K = 2  # queries and keys are drawn in the plane


class QueryKeyValue(Widget):
    """Self-attention in pencil-sized numbers: one token asks, and each number of the three matrices can be changed.

    Parameters
    ----------
    tokens : sequence of n_tokens strings
        The words.
    features : sequence of d_in strings
        What the numbers of an input stand for.
    inputs : array (n_tokens, d_in), from −3 to 3
        The vectors of the words.
    query, key : arrays (2, d_in), from −3 to 3
        W_Q and W_K; queries and keys have d_k = 2 numbers, so that they can be drawn.
    value : array (d_v, d_in), from −3 to 3
        W_V.
    token : int
        The token that asks, from 0.
    scaled : bool
        Whether the dot products are divided by √d_k.

    Attributes
    ----------
    stages : SelfAttention
        All of ``queries``, ``keys``, ``values``, ``scores``, ``weights`` and ``output``, of every token.

    Examples
    --------
    >>> QueryKeyValue.worked_example().stages.weights[3].round(2)
    array([0.57, 0.  , 0.14, 0.28, 0.  ])
    """

    module = "self_attention/query_key_value"

    tokens = traitlets.List(traitlets.Unicode(), minlen=1).tag(sync=True)
    features = traitlets.List(traitlets.Unicode(), minlen=1).tag(sync=True)
    inputs = Matrix(low=-3, high=3)
    query = Matrix(low=-3, high=3)
    key = Matrix(low=-3, high=3)
    value = Matrix(low=-3, high=3)
    token = traitlets.Int(0).tag(sync=True)
    scaled = traitlets.Bool(True).tag(sync=True)

    def __init__(self, *, tokens: Any, features: Any, **state: Any) -> None:
        super().__init__(tokens=list(tokens), features=list(features), **state)

    @classmethod
    def worked_example(cls) -> QueryKeyValue:
        """Return five words of "the dog loved the ball , it was very excited", in pencil-sized numbers."""
        return cls(**EXCITED)

    @property
    def stages(self) -> SelfAttention:
        """All stages of the attention of the sentence to itself."""
        weights = Projections(*(np.array(getattr(self, name)) for name in Projections._fields))
        score = scaled_dot_scores if self.scaled else dot_scores
        return self_attend(np.array(self.inputs), weights, score=score)

    def label(self) -> str:
        """Return one sentence that says what is seen."""
        stages, at = self.stages, self.token
        best = int(np.argmax(stages.weights[at]))
        asks, gets = (", ".join(number(x, 2) for x in part[at]) for part in (stages.queries, stages.output))
        return (
            f"“{self.tokens[at]}” asks with the query ({asks}); most weight, {number(stages.weights[at, best], 2)}, "
            f"is on “{self.tokens[best]}”, and the output is ({gets})."
        )

    def table(self) -> Table:
        """Return every stage, with a column for each token."""
        stages = self.stages

        def parts(name: str, vectors: np.ndarray) -> list[list[Any]]:
            return [[f"{name} {i}", *numbers] for i, numbers in enumerate(vectors.T.tolist(), 1)]

        def each(name: str, rows: np.ndarray) -> list[list[Any]]:
            return [[f"{name} of “{who}”", *row] for who, row in zip(self.tokens, rows.tolist(), strict=True)]

        rows = [
            *parts("query", stages.queries),
            *parts("key", stages.keys),
            *parts("value", stages.values),
            *each("scores", stages.scores),
            *each("weights", stages.weights),
            *parts("output", stages.output),
        ]
        return Table("Queries, keys, values, scores, weights and outputs of all tokens", ["", *self.tokens], rows)

    def picture(self) -> Picture:
        """Return the query of the token that asks, and the keys of all."""
        stages = self.stages
        drawn = {"q": stages.queries[self.token]} | dict(zip(self.tokens, stages.keys, strict=True))
        return figures.arrows(drawn, title=f"The query q of “{self.tokens[self.token]}”, and the keys")

    @traitlets.validate("inputs")
    def _check_inputs(self, proposal: Any) -> Any:
        if len(proposal["value"]) != len(self.tokens):
            raise traitlets.TraitError(
                f"inputs must have one row for each of the {len(self.tokens)} tokens; got {len(proposal['value'])}"
            )
        return self._check_width(proposal)

    @traitlets.validate("query", "key")
    def _check_height(self, proposal: Any) -> Any:
        if len(proposal["value"]) != D_K:
            name, got = proposal["trait"].name, len(proposal["value"])
            raise traitlets.TraitError(f"{name} must have d_k={D_K} rows, so that arrows can be drawn; got {got}")
        return self._check_width(proposal)

    @traitlets.validate("value")
    def _check_width(self, proposal: Any) -> Any:
        name, got = proposal["trait"].name, len(proposal["value"][0])
        if got != len(self.features):
            raise traitlets.TraitError(f"{name} must have d_in={len(self.features)} columns; got {got}")
        return proposal["value"]

    @traitlets.validate("token")
    def _check_token(self, proposal: Any) -> int:
        if not 0 <= proposal["value"] < len(self.tokens):
            raise traitlets.TraitError(
                f"token must be the index of a token, 0 to {len(self.tokens) - 1}; got {proposal['value']}"
            )
        return proposal["value"]
