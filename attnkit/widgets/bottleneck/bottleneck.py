"""One sentence, two translators: one hands a context vector across, the other lets its decoder look back."""

from __future__ import annotations

from functools import cache, lru_cache
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import traitlets

from attnkit import figures
from attnkit.language import parse, tokenise
from attnkit.widgets.frame import weights
from attnkit.widgets.frame.sentence import Sentence, marks, share, verdict
from attnkit.widgets.frame.widget import Table, Widget, number

if TYPE_CHECKING:
    from attnkit.figures import Picture

# One order that grows, with "don't" before it and without: each cut is a sentence of the made language.
THINGS = ("it", "the pizza", "the delicious pizza", "the delicious looking and smelling pizza")
MORE = (
    "because the pizza is cold",
    ", but buy the red ball",
    "that the girl wants",
    ", and go to the house",
    ", and wash the plates",
    "and open the window",
    "because the dog was very excited",
    ", and don't break the chair",
    ", and bring the book",
    ", and close the door",
)


class Reading(NamedTuple):
    """What one translator makes of a sentence: its words, whether it found an end, and the context in between."""

    words: tuple[str, ...]
    ended: bool
    context: np.ndarray  # hidden state and cell, (2, d_hidden)


class Stories(traitlets.Dict):
    """A trait of sentences that grow: a name, and under it pairs of an English sentence and its reference."""

    def validate(self, widget: Any, value: Any) -> dict[str, list[list[str]]]:
        """Return the stories as lists, or say what was wanted."""
        wanted = "stories must give one or more names, each with one or more pairs (English, Spanish)"
        stories = {name: [list(pair) for pair in pairs] for name, pairs in super().validate(widget, value).items()}
        pairs = [pair for story in stories.values() for pair in story]
        if not pairs or not all(stories.values()) or any([type(part) for part in pair] != [str, str] for pair in pairs):
            raise traitlets.TraitError(f"{wanted}; got {value!r}")
        return stories


class Bottleneck(Widget):
    """A sentence that grows, translated without attention and with it, and what the decoder gets of it.

    Parameters
    ----------
    stories : dict of lists of (English, Spanish)
        Under each name, sentences that grow from one to the next. Without it, "let's go" and then "don't eat …" up to
        60 words, and the same without "don't".
    story, rung : str and int
        Which of them, and which of its sentences.
    own : str or None
        A sentence of 1 to 60 words that is translated instead.
    attention : str
        The name of the weights with attention.

    Attributes
    ----------
    words : list of str
        The words of the sentence.
    reference : str or None
        The translation of ``own``, found by :func:`attnkit.language.parse`; None where the made language has none.
    wanted : list of str or None
        The words of the reference of the sentence that is shown.
    translations : list of two lists of str
        What is written without attention, and with it.
    context : array (2, d_hidden)
        Hidden state and cell after the last word: all that the decoder without attention gets.

    Examples
    --------
    >>> Bottleneck(rung=2).words, Bottleneck(own="I see him!").words, Bottleneck(own="i see him").reference
    (["don't", 'eat', 'the', 'pizza'], ['i', 'see', 'him', '!'], 'lo veo')
    """

    module = "bottleneck/bottleneck"

    stories = Stories().tag(sync=True)
    story = traitlets.Unicode().tag(sync=True)
    rung = traitlets.Int(0).tag(sync=True)
    own = Sentence(None, allow_none=True)
    reference = traitlets.Unicode(None, allow_none=True).tag(sync=True)
    attention = traitlets.Unicode("bahdanau").tag(sync=True)

    def __init__(self, *, stories: Any = None, story: str | None = None, **state: Any) -> None:
        stories = growing() if stories is None else stories
        super().__init__(stories=stories, story=next(iter(stories), "") if story is None else story, **state)
        self._find_reference()
        self.observe(self._find_reference, "own")

    def translators(self) -> list[str]:
        """Return the names of both translators' weights."""
        return ["none", self.attention]

    @property
    def words(self) -> list[str]:
        """The words of the sentence."""
        return tokenise(self.stories[self.story][self.rung][0] if self.own is None else self.own)

    @property
    def wanted(self) -> list[str] | None:
        """The words of its reference, or None where there is none."""
        reference = self.stories[self.story][self.rung][1] if self.own is None else self.reference
        return None if reference is None else reference.split()

    @property
    def translations(self) -> list[list[str]]:
        """The words that are written without attention, and with it."""
        return [list(reading.words) for reading in self._readings()]

    @property
    def context(self) -> np.ndarray:
        """Hidden state and cell after the last word, without attention; shape (2, d_hidden)."""
        return self._readings()[0].context.copy()

    def label(self) -> str:
        """Return both translations and what became of the sentence in them."""
        told = [
            f"{title} attention: “{' '.join(reading.words)}”. {judged(self.words, self.wanted, reading)}".strip()
            for title, reading in zip(("Without", "With"), self._readings(), strict=True)
        ]
        return f"“{' '.join(self.words)}”, {len(self.words)} words. {' '.join(told)}"

    def table(self) -> Table:
        """Return both translations word by word, what their decoders get, and both context vectors."""
        wanted, readings, n = self.wanted, self._readings(), len(self.words)
        columns = [
            [word if mark else f"{word} ✗" for word, mark in zip(one.words, marks(one.words, wanted), strict=True)]
            for one in readings
        ]
        rows: list[list[Any]] = [
            [f"word {i}", *words] for i, words in enumerate(zip_longest(*columns, fillvalue=None), 1)
        ]
        if wanted is not None:
            rows.append(["words of the reference", *(share(one.words, wanted) for one in readings)])
        sizes = [sum(room) for room in self._rooms()]
        rows.append(["numbers that the decoder gets", *map(str, sizes)])
        rows.append(["numbers for each word", *(number(size / n, 1) for size in sizes)])
        for row, name in enumerate(("hidden", "cell")):
            both = zip_longest(*(one.context[row].tolist() for one in readings))
            rows += [[f"{name} {i}", *pair] for i, pair in enumerate(both, 1)]
        return Table("What two decoders get, and what they write", ["", "without attention", "with attention"], rows)

    def picture(self) -> Picture:
        """Return the hidden state of the context vector without attention."""
        title = f"What one vector keeps of {len(self.words)} words: its hidden state"
        return figures.heatmap(self.context[:1], ["hidden"], title=title, what="state")

    def _readings(self) -> list[Reading]:
        return [read(name, weights.version(name), tuple(self.words)) for name in self.translators()]

    def _rooms(self) -> list[tuple[int, int]]:
        """Return how many numbers are in the context, and how many in the states that the decoder may look at."""
        contexts = [reading.context for reading in self._readings()]
        models = [weights.translator(name).model for name in self.translators()]
        looks = [model.attention is not None for model in models]
        width = [model.config.d_hidden for model in models]
        return [
            (context.size, look * len(self.words) * d) for context, look, d in zip(contexts, looks, width, strict=True)
        ]

    def _find_reference(self, _change: Any = None) -> None:
        pair = None if self.own is None else parse(tokenise(self.own))
        self.reference = None if pair is None else " ".join(pair.target)

    def _expect_story(self, name: str) -> None:
        if name not in self.stories:
            raise traitlets.TraitError(f"story must be one of {', '.join(self.stories)}; got {name!r}")

    @traitlets.validate("story")
    def _check_story(self, proposal: Any) -> str:
        self._expect_story(proposal["value"])
        return proposal["value"]

    @traitlets.validate("rung")
    def _check_rung(self, proposal: Any) -> int:
        self._expect_story(self.story)
        last = len(self.stories[self.story]) - 1
        if not 0 <= proposal["value"] <= last:
            raise traitlets.TraitError(f"rung must be from 0 to {last}; got {proposal['value']}")
        return proposal["value"]

    @traitlets.validate("attention")
    def _check_attention(self, proposal: Any) -> str:
        if proposal["value"] not in weights.names():
            raise traitlets.TraitError(
                f"attention must be one of {', '.join(weights.names())}; got {proposal['value']!r}"
            )
        return proposal["value"]


@cache
def growing() -> dict[str, list[list[str]]]:
    """Return the stories that the widget tells without being given any, with their references."""
    things = [*THINGS, *(" ".join([THINGS[-1], *MORE[:n]]) for n in range(1, len(MORE) + 1))]
    told = {f"{order} …": ["let's go", *(f"{order} {thing}" for thing in things)] for order in ("don't eat", "eat")}
    return {name: [[sentence, _translation(sentence)] for sentence in sentences] for name, sentences in told.items()}


def _translation(sentence: str) -> str:
    pair = parse(sentence.split())
    if pair is None:
        raise ValueError(f"each sentence of a story must be in the made language; got {sentence!r}")
    return " ".join(pair.target)


def judged(source: list[str], wanted: list[str] | None, reading: Reading) -> str:
    """Return in words how near a translation comes, and whether the negation still stands first."""
    opens, remark = reading.words[:1] == ("no",), ""
    if source[0] == "don't" or source[:2] == ["do", "not"]:
        remark = "The “no” stands first." if opens else "The “no” is gone."
    elif opens and wanted is not None and wanted[0] != "no":
        remark = "It opens with a “no” that nobody has said."
    return verdict(reading.words, wanted, ended=reading.ended, remark=remark)


@lru_cache(maxsize=256)
def read(name: str, _version: str, words: tuple[str, ...]) -> Reading:
    """Return what the translator of this name makes of a sentence."""
    from attnkit.decoding import at_rest, greedy, pad

    model, source, target, _ = weights.translator(name)
    ids, mask = pad([source.encode(words)])
    [best] = greedy(model, ids, mask)
    with at_rest(model):
        context = np.stack([part.flatten().numpy().copy() for part in model.encode(ids, mask).context])
    return Reading(tuple(target.decode(best.ids)), best.ended, context)
