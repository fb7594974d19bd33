"""The trained encoder's attention of a sentence to itself: where each word looks, in each layer and head."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from attnkit import figures
from attnkit.language import tokenise
from attnkit.widgets.frame import weights as shipped
from attnkit.widgets.frame.sentence import Sentence, named, or_first
from attnkit.widgets.frame.widget import Table, Widget, number

if TYPE_CHECKING:
    from attnkit.figures import Picture

MODEL = "transformer"


class SelfMap(Widget):
    """Where the words of a sentence look in their own sentence, in the encoder of the trained Transformer.

    Parameters
    ----------
    sentences : sequence of strings
        The English sentences to choose from.
    text : str
        The present sentence, 1 to 60 words; the first of the list, if left out.
    word : int
        The word whose looks are compared, from 0; beyond the last word, the last.
    layer, head : int
        The layer and the head whose map is drawn, from 0; beyond the last, the last.

    Attributes
    ----------
    words : list of strings
        The words of the sentence.
    maps : array (layers, heads, n_source, n_source)
        The weights of every layer and head: rows ask, columns are looked at.
    """

    module = "self_attention/self_map"

    sentences = traitlets.List(traitlets.Unicode(), minlen=1).tag(sync=True)
    text = Sentence()
    word = traitlets.Int(0, min=0).tag(sync=True)
    layer = traitlets.Int(0, min=0).tag(sync=True)
    head = traitlets.Int(0, min=0).tag(sync=True)

    def __init__(self, *, sentences: Any, text: str | None = None, **state: Any) -> None:
        sentences = list(sentences)
        super().__init__(sentences=sentences, text=or_first(text, sentences), **state)

    def translators(self) -> list[str]:
        """Return the name of the one translator."""
        return [MODEL]

    @property
    def words(self) -> list[str]:
        """The words of the sentence."""
        return tokenise(self.text)

    @property
    def maps(self) -> np.ndarray:
        """The weights of every layer and head, shape (layers, heads, n_source, n_source)."""
        return _read(shipped.version(MODEL), tuple(self.words))

    def label(self) -> str:
        """Return one sentence that says what is seen."""
        word, layer, head = self._chosen()
        row, words = self.maps[layer, head, word], self.words
        best = int(np.argmax(row))
        offset, share = best_offset(self.maps[layer, head])
        return (
            f"“{words[word]}” in “{' '.join(words)}”, layer {layer}, head {head}: most weight on "
            f"“{words[best]}” ({number(row[best], 2)}). The whole head puts {number(share, 2)} of its weight "
            f"{told_offset(offset)}."
        )

    def table(self) -> Table:
        """Return where the chosen word looks in every head, and the map of one head; last, each head's own offset."""
        word, layer, head = self._chosen()
        maps, names = self.maps, self._names()
        rows: list[list[Any]] = []
        for i, heads in enumerate(maps):
            for j, weights in enumerate(heads):
                offset, share = best_offset(weights)
                rows.append(
                    [
                        f"“{self.words[word]}”, layer {i}, head {j}",
                        *weights[word].tolist(),
                        told_offset(offset),
                        share,
                    ]
                )
        offset, _ = best_offset(maps[layer, head])
        for i, row in enumerate(maps[layer, head].tolist()):
            there = i + offset
            rows.append(
                [f"{i + 1}: {names[i]}", *row, told_offset(offset), row[there] if 0 <= there < len(row) else None]
            )
        caption = f"Weights of “{self.words[word]}” in every head, and of all words in layer {layer}, head {head}"
        return Table(caption, ["", *names, "most weight", "weight there"], rows)

    def picture(self) -> Picture:
        """Return the map of the chosen layer and head."""
        _, layer, head = self._chosen()
        title = f"Layer {layer}, head {head}"
        return figures.heatmap(self.maps[layer, head], self._names(), self._names(), title=title)

    def _names(self) -> list[str]:
        return named(self.words, shipped.translator(MODEL).source)

    def _chosen(self) -> tuple[int, int, int]:
        layers, heads, n_source, _ = self.maps.shape
        return min(self.word, n_source - 1), min(self.layer, layers - 1), min(self.head, heads - 1)


def best_offset(weights: np.ndarray) -> tuple[int, float]:
    """Return the offset on which most of the weight lies, and which share of the whole weight that is.

    At offset −1 each word looks at the word before it. A word that has no such neighbour puts nothing there.

    >>> best_offset(np.array([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]))
    (-1, 0.6666666666666666)
    """
    n_source = len(weights)
    # Nearer offsets first, so that a tie goes to the nearer one.
    offsets = sorted(range(1 - n_source, n_source), key=lambda offset: (abs(offset), offset))
    shares = [float(np.trace(weights, offset)) / n_source for offset in offsets]
    best = int(np.argmax(shares))
    return offsets[best], shares[best]


def told_offset(offset: int) -> str:
    """Return an offset in words.

    >>> told_offset(-2)
    '2 words to the left'
    """
    if offset == 0:
        return "on the word itself"
    return f"{abs(offset)} word{'s' * (abs(offset) > 1)} to the {'left' if offset < 0 else 'right'}"


@lru_cache(maxsize=64)
def _read(_version: str, words: tuple[str, ...]) -> np.ndarray:
    """Return the weights of every layer and head."""
    import torch

    from attnkit.decoding import at_rest, pad

    checkpoint = shipped.translator(MODEL)
    with at_rest(checkpoint.model):
        _, blocks = checkpoint.model.read(*pad([checkpoint.source.encode(words)]))
    return torch.stack([block.attention.weights[0] for block in blocks]).numpy()
