"""The heads of an attention that was computed elsewhere, side by side and one over the other."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from attnkit import figures
from attnkit.figures.maps import maps
from attnkit.widgets.frame.widget import Table, Widget, number

if TYPE_CHECKING:
    from attnkit.figures import Picture

LONGEST = 256
MOST = 2_500_000  # weights in all: 5 MB
PAGE = 32  # rows that the large map and the table show at a time
STEPS = 60_000  # a weight is kept as so many parts of 1, in two bytes


class Heads(Widget):
    """The weights of every head and layer, as maps side by side, one map enlarged, or all heads in one map.

    Layers, heads, sentences and tokens are counted from 0, as in code.

    Parameters
    ----------
    weights : array, or sequence of arrays
        Attention weights. An array has the axes ([[batch,] heads,] n_queries, n_keys) and is one layer;
        a sequence holds one array for each layer, as the ``attentions`` of a Hugging Face model do.
        No weight is below 0, and no row sums to more than 1.
    tokens : n_keys strings, or a list of such for each sentence of the batch
        The tokens that are looked at; also those that look, where ``queries`` are not given.
    queries : n_queries strings, or a list of such for each sentence, optional
        The tokens that look, where they are others: in cross-attention.
    layer, head, sentence, query : int
        What is shown: the layer, the head, the sentence of the batch, and the token that looks.
    overlaid : bool
        Whether the large map shows all heads at once, each in its own place of every cell.

    Attributes
    ----------
    weights : array (layers, batch, heads, n_queries, n_keys)
        The weights, to five decimals.

    Examples
    --------
    >>> widget = Heads(weights=[[1, 0], [0.25, 0.75]], tokens=["let's", "go"])
    >>> widget.weights.shape
    (1, 1, 1, 2, 2)
    """

    module = "multi_head/heads"

    tokens = traitlets.List(traitlets.List(traitlets.Unicode())).tag(sync=True)
    queries = traitlets.List(traitlets.List(traitlets.Unicode())).tag(sync=True)
    shape = traitlets.List(traitlets.Int(min=1), minlen=3, maxlen=3).tag(sync=True)
    packed = traitlets.Unicode().tag(sync=True)
    layer = traitlets.Int(0, min=0).tag(sync=True)
    head = traitlets.Int(0, min=0).tag(sync=True)
    sentence = traitlets.Int(0, min=0).tag(sync=True)
    query = traitlets.Int(0, min=0).tag(sync=True)
    overlaid = traitlets.Bool(default_value=False).tag(sync=True)

    def __init__(self, *, tokens: Any, weights: Any = None, queries: Any = None, **state: Any) -> None:
        if weights is not None:
            array = as_weights(weights)
            layers, batch, heads, n_queries, n_keys = array.shape
            tokens = lists(tokens, batch, n_keys, "tokens")
            if queries is None and n_queries != n_keys:
                raise ValueError(
                    f"queries must name the {n_queries} tokens that look, for they are not the {n_keys} tokens that "
                    "are looked at"
                )
            queries = tokens if queries is None else lists(queries, batch, n_queries, "queries")
            state = {"shape": [layers, batch, heads], "packed": pack(array), **state}
        super().__init__(tokens=tokens, queries=queries, **state)

    @property
    def weights(self) -> np.ndarray:
        """All weights, shape (layers, batch, heads, n_queries, n_keys)."""
        flat = np.frombuffer(base64.b64decode(self.packed), dtype="<u2") / STEPS
        return flat.reshape(*self.shape, len(self.queries[0]), len(self.tokens[0]))

    def label(self) -> str:
        """Return one sentence that says what is seen."""
        layers, _, heads = self.shape
        word = self.queries[self.sentence][self.query]
        looks = "; ".join(
            f"head {head} on “{self._keys()[int(line.argmax())]}” ({number(line.max(), 2)})"
            for head, line in enumerate(self._shown()[:, self.query])
        )
        return (
            f"The weights of {heads} head{'s' * (heads > 1)} in layer {self.layer} of {layers}, counted from 0. "
            f"“{word}” looks most: {looks}."
        )

    def table(self) -> Table:
        """Return the rows of the chosen head, those on the page of the chosen query, and that query's row in each."""
        shown, words = self._shown(), self.queries[self.sentence]
        first = self.query // PAGE * PAGE
        chosen = shown[self.head, first : first + PAGE]
        rows = [[f"{i}: {words[i]}", *line.tolist()] for i, line in enumerate(chosen, first)]
        rows += [
            [f"head {head}: {words[self.query]}", *line.tolist()] for head, line in enumerate(shown[:, self.query])
        ]
        caption = (
            f"Weights of layer {self.layer}, head {self.head}, a row for each token that looks; "
            f"then of every head from token {self.query}"
        )
        return Table(caption, ["", *self._keys()], rows)

    def picture(self) -> Picture:
        """Return the maps of all heads of the layer, side by side."""
        shown = self._shown()
        if len(shown) == 1:
            return figures.heatmap(shown[0], self.queries[self.sentence], self._keys())
        names = [f"head {head}" for head in range(len(shown))]
        return maps(shown, self.queries[self.sentence], self._keys(), names=names)

    def __repr__(self) -> str:
        """Return what is shown, without the weights themselves, which would fill pages."""
        layers, batch, heads = self.shape
        size = f"{layers} layer(s) × {batch} sentence(s) × {heads} head(s)"
        return f"<Heads: {size}, {len(self.queries[0])} × {len(self.tokens[0])} weights each>"

    def _shown(self) -> np.ndarray:
        return self.weights[self.layer, self.sentence]

    def _keys(self) -> list[str]:
        return self.tokens[self.sentence]

    @traitlets.validate("layer", "sentence", "head")
    def _check_place(self, proposal: Any) -> int:
        name, value = proposal["trait"].name, proposal["value"]
        size = self.shape[("layer", "sentence", "head").index(name)]
        if value >= size:
            raise traitlets.TraitError(f"{name} must be from 0 to {size - 1}; got {value}")
        return value

    @traitlets.validate("query")
    def _check_query(self, proposal: Any) -> int:
        last = len(self.queries[0]) - 1
        if proposal["value"] > last:
            raise traitlets.TraitError(f"query must be from 0 to {last}; got {proposal['value']}")
        return proposal["value"]

    @traitlets.validate("packed")
    def _check_packed(self, proposal: Any) -> str:
        size = 2 * math.prod(self.shape) * len(self.queries[0]) * len(self.tokens[0])
        try:
            got = len(base64.b64decode(proposal["value"], validate=True))
        except binascii.Error:
            got = "no base64"
        if got != size:
            raise traitlets.TraitError(f"packed must hold {size} bytes, two for each weight; got {got}")
        return proposal["value"]


def as_weights(weights: Any) -> np.ndarray:
    """Return weights of any library as one array (layers, batch, heads, n_queries, n_keys), or say what is wrong.

    >>> as_weights([np.eye(2), np.eye(2)]).shape
    (2, 1, 1, 2, 2)
    """
    layers = [weights] if is_array(weights) or is_matrix(weights) else weights
    if not isinstance(layers, Sequence) or isinstance(layers, str) or not layers:
        raise ValueError(f"weights must be an array, or a sequence of one array for each layer; got {weights!r}")
    arrays = [as_layer(layer, number) for number, layer in enumerate(layers)]
    shapes = {array.shape for array in arrays}
    if len(shapes) > 1:
        told = ", ".join(map(str, sorted(shapes)))
        raise ValueError(
            f"weights must have the same shape (batch, heads, n_queries, n_keys) in all layers; got {told}"
        )
    result = np.stack(arrays)
    if max(result.shape[-2:]) > LONGEST or result.size > MOST:
        raise ValueError(
            f"weights must hold at most {LONGEST} tokens and {MOST:,} numbers; got shape {result.shape}, "
            f"{result.size:,} numbers: choose layers, a sentence or a part, as layer[:1, :, :99, :99] of each layer"
        )
    return result


def as_layer(layer: Any, number: int) -> np.ndarray:
    """Return the weights of one layer with all four axes, checked."""
    if layer is None:
        raise ValueError(
            f"weights of layer {number} must be an array; got None: a Hugging Face model returns them if it is loaded "
            'with attn_implementation="eager" and called with output_attentions=True'
        )
    if hasattr(layer, "detach"):  # a torch tensor: it may carry gradients, live on a device, or be a bfloat16
        layer = layer.detach().cpu().double()
    try:
        array = np.asarray(layer).astype(float, casting="same_kind")
    except (TypeError, ValueError, RuntimeError):
        raise ValueError(f"weights of layer {number} must be numbers; got {layer!r}") from None
    if not 2 <= array.ndim <= 4 or not array.size:
        raise ValueError(
            f"weights of layer {number} must have shape ([[batch,] heads,] n_queries, n_keys), none of them 0; "
            f"got {array.shape}"
        )
    sums = array.sum(axis=-1)
    if not np.isfinite(array).all() or array.min() < 0:
        raise ValueError(
            f"weights of layer {number} must be finite and not below 0; got {array.min():.3g}: scores become weights "
            "by softmax over the keys"
        )
    if sums.max() > 1.01:  # half floats round
        raise ValueError(
            f"weights of layer {number} must sum to 1 at most in each row; got {sums.max():.3g}: dropout in training "
            "makes them larger, and model.eval() switches it off"
        )
    return array.reshape((1,) * (4 - array.ndim) + array.shape)


def is_array(value: Any) -> bool:
    """Return whether a value has axes."""
    return hasattr(value, "ndim") and hasattr(value, "shape")


def is_matrix(value: Any) -> bool:
    """Return whether a value is a matrix as nested lists: rows of numbers."""
    rows = value if isinstance(value, (list, tuple)) else []
    return bool(rows) and all(
        isinstance(row, (list, tuple)) and all(isinstance(x, (int, float)) for x in row) for row in rows
    )


def lists(words: Any, batch: int, count: int, name: str) -> list[list[str]]:
    """Return the words of every sentence of the batch as lists of ``count`` strings, or say what was wanted."""
    found = list(words) if isinstance(words, (list, tuple)) else None
    if batch == 1 and found and all(isinstance(word, str) for word in found):
        found = [found]
    good = found is not None and len(found) == batch
    good = good and all(isinstance(one, (list, tuple)) and len(one) == count for one in found)
    if not good or not all(isinstance(word, str) for one in found for word in one):
        wanted = f"{count} strings" if batch == 1 else f"a list of {count} strings for each of the {batch} sentences"
        got = f", of length {len(words)}" if hasattr(words, "__len__") else ""
        raise ValueError(f"{name} must hold {wanted}; got {type(words).__name__}{got}")
    return [list(one) for one in found]


def pack(weights: np.ndarray) -> str:
    """Return weights as text for the page: two bytes each, the low one first, in base64."""
    return base64.b64encode(np.rint(np.minimum(weights, 1) * STEPS).astype("<u2").tobytes()).decode("ascii")
