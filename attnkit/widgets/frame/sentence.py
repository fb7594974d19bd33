"""What the widgets share that read a sentence: its words, what a model makes of it, what it should have written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets
from matplotlib.patches import Ellipse, Rectangle

from attnkit import figures
from attnkit.figures.picture import INK
from attnkit.language import parse, tokenise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from attnkit.figures import Picture
    from attnkit.language import Vocabulary

LONGEST = 60
TOP = 5


# The sentence


class Sentence(traitlets.Unicode):
    """A trait of English text with 1 to 60 words; ``fewest=0`` lets it be empty."""

    def __init__(self, default: str | None = "", *, fewest: int = 1, **options: Any) -> None:
        super().__init__(default, **options)
        self.fewest = fewest
        self.tag(sync=True)

    def validate(self, widget: Any, value: Any) -> str:
        """Return the text, or say what was wanted."""
        text = super().validate(widget, value)
        n_words = len(tokenise(text))
        if not self.fewest <= n_words <= LONGEST:
            raise traitlets.TraitError(f"{self.name} must have {self.fewest} to {LONGEST} words; got {n_words}")
        return text


def or_first(text: str | None, sentences: list[str]) -> str:
    """Return the text, or without one the first of the sentences to choose from."""
    return sentences[0] if text is None and sentences else text or ""


def named(words: list[str], vocabulary: Vocabulary) -> list[str]:
    """Return the words as they are shown: those marked that the vocabulary does not have."""
    return [word if word in vocabulary else f"{word} (?)" for word in words]


def translated(sentences: Sequence[str]) -> list[list[str]]:
    """Return each sentence with its translation in the made language."""
    pairs = [(sentence, parse(sentence.split())) for sentence in sentences]
    return [[sentence, " ".join(pair.target)] for sentence, pair in pairs if pair is not None]


# What a model makes of it


def likeliest(chances: np.ndarray, vocabulary: Vocabulary) -> dict[str, float]:
    """Return the likeliest words, the likeliest first; ``<pad>`` and ``<bos>`` are no words."""
    order = [int(index) for index in np.argsort(-chances, kind="stable") if index > 1]
    return {vocabulary.words[index]: float(chances[index]) for index in order[:TOP]}


def looks(read: Sequence[Any], decoded: Sequence[Any]) -> dict[str, list[np.ndarray]]:
    """Return where the blocks of a Transformer's stacks look: for each layer (heads, n_queries, n_keys)."""
    stages = {
        "encoder": [block.attention for block in read],
        "self": [block.attention for block in decoded],
        "cross": [block.cross_attention for block in decoded],
    }
    return {part: [stage.weights[0].numpy() for stage in layers] for part, layers in stages.items()}


# What should have been written


def gold_of(sentence: str) -> dict[str, Any] | None:
    """Return a sentence's gold translation and links; None where the made language has none."""
    pair = parse(tokenise(sentence))
    if pair is None:
        return None
    links = {"sure": pair.sure, "possible": pair.possible - pair.sure}
    return {"target": list(pair.target), **{kind: sorted(map(list, found)) for kind, found in links.items()}}


def checked_gold(gold: list, sentences: list[str]) -> list:
    """Return gold alignments, one for each sentence, or say what was wanted."""
    if len(gold) != len(sentences):
        raise traitlets.TraitError(
            f"gold must have one entry for each of the {len(sentences)} sentences; got {len(gold)}"
        )
    keys = ("target", "sure", "possible")
    for entry in gold:
        if entry is not None and (not isinstance(entry, dict) or sorted(entry) != sorted(keys)):
            raise traitlets.TraitError(f"an entry of gold must be None or have {', '.join(keys)}; got {entry!r}")
    return gold


def links_of(gold: dict[str, Any] | None, written: list[str]) -> dict[str, list]:
    """Return the gold links of the words that stand in the gold translation where the model writes them."""
    if gold is None:
        return {"sure": [], "possible": []}
    same = {i for i, (one, other) in enumerate(zip(written, gold["target"], strict=False)) if one == other}
    return {kind: [link for link in gold[kind] if link[0] in same] for kind in ("sure", "possible")}


def drawn(weights: np.ndarray, rows: list[str], columns: list[str], *, row: int, links: dict[str, list]) -> Picture:
    """Return weights as a heatmap, with a frame around one row, and gold links over it."""
    picture = figures.heatmap(weights, rows, columns)
    (sheet,) = picture.axes
    wide, high = sheet.get_xlim()[1] / weights.shape[1], sheet.get_ylim()[0] / len(weights)

    def mark(shape: Any, *place: float) -> None:
        for ink, width in (("paper", 4), ("ink", 1.6)):
            sheet.add_patch(shape(*place, fill=False, edgecolor=INK[ink], linewidth=width, clip_on=False))

    mark(Rectangle, (1, row * high + 1), weights.shape[1] * wide - 2, high - 2)
    for i, j in links["sure"]:
        mark(Rectangle, (j * wide + 4, i * high + 4), wide - 8, high - 8)
    for i, j in links["possible"]:
        mark(Ellipse, ((j + 0.5) * wide, (i + 0.5) * high), wide - 8, high - 8)
    if sum(map(len, links.values())):
        picture.alt += " Squares: sure links of the gold alignment. Ellipses: possible ones."
    return picture


def marks(words: Sequence[str], wanted: list[str] | None) -> list[bool]:
    """Return which words stand in the reference in the same order, as many of them as can; all without a reference."""
    if wanted is None:
        return [True] * len(words)
    most = np.zeros((len(words) + 1, len(wanted) + 1), dtype=int)  # from here to both ends
    for i, j in reversed(list(np.ndindex(len(words), len(wanted)))):
        most[i, j] = most[i + 1, j + 1] + 1 if words[i] == wanted[j] else max(most[i + 1, j], most[i, j + 1])
    found, i, j = [False] * len(words), 0, 0
    while i < len(words) and j < len(wanted):
        if words[i] == wanted[j]:
            found[i] = True
            i, j = i + 1, j + 1
        elif most[i + 1, j] >= most[i, j + 1]:
            i += 1
        else:
            j += 1
    return found


def share(words: Sequence[str], wanted: list[str]) -> str:
    """Return how many words of the reference are there, in words."""
    return f"{sum(marks(words, wanted))} of {len(wanted)}"


def verdict(words: Sequence[str], wanted: list[str] | None, *, ended: bool, remark: str = "") -> str:
    """Return how near a translation comes to the reference, what else there is to remark, and whether it was cut."""
    near = ""
    if wanted is not None:
        near = "Exactly the reference." if list(words) == wanted else f"{share(words, wanted)} words of the reference."
    return " ".join(filter(None, (near, remark, "" if ended else "It finds no end and is cut.")))
