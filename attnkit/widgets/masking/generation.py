"""A language model writes: step by step, with its cache, with temperature, top-k and top-p, and with a seeded draw."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import traitlets

from attnkit import figures
from attnkit.language import tokenise
from attnkit.widgets.frame import weights as shipped
from attnkit.widgets.frame.sentence import Sentence, named, or_first
from attnkit.widgets.frame.widget import Number, Table, Widget, number

if TYPE_CHECKING:
    from attnkit.figures import Picture

MODEL = "language-model"
PROMPTS = ("the dog", "don't eat the", "i see", "let's", "")
LIMIT = 30
TOP = 8
MOST_K = 20
MOST_SEED = 99
# The generator of Park and Miller (1988) with the multiplier that they recommended later. All products stay below
# 2**53, so that a page, which has no whole numbers of its own, computes the same.
MULTIPLIER, MODULUS = 48_271, 2**31 - 1


class Written(NamedTuple):
    """One step: what was drawn, from what, and where each block looked as it made the probabilities.

    Attributes
    ----------
    draw
        The random number, from 0 to 1.
    id, word
        The word that it took.
    chances
        The probability of each word at this temperature, before anything is cut; 0 for what is no word.
    left
        The probabilities after the cuts.
    looks
        The weights of the newest word over all words so far, the mean over the heads, shape (layers, n_read).
    """

    draw: float
    id: int
    word: str
    chances: np.ndarray
    left: np.ndarray
    looks: np.ndarray


class Knobs(NamedTuple):
    """How the next word is drawn."""

    temperature: float
    top_k: int | None
    top_p: float
    seed: int


class Generation(Widget):
    """The language model goes on with what you type; every step can be looked at.

    Parameters
    ----------
    prompts : sequence of strings
        Beginnings to choose from; an empty one lets the model begin.
    prompt : str
        The present beginning, up to 60 words; the first of the list, if left out. A new one sets ``step`` back.
    step : int
        The present step, from 0; beyond the last step, the last.
    temperature : float from 0.1 to 2
        Divides the logits before softmax.
    top_k : int from 1 to 20, or None
        How many words are kept; None keeps all, and 1 is greedy decoding.
    top_p : float from 0.05 to 1
        The share of the probability that is kept; 1 keeps all.
    seed : int from 0 to 99
        Where the random numbers begin.

    Attributes
    ----------
    written : list of strings
        The words that were drawn, without ``<eos>``; at most 30.
    text : str
        The beginning and these words.
    cache : list of strings
        The words whose keys and values are stored after the present step.
    next_words : dict
        The eight likeliest next words at the present step, each with its probability before and after the cuts.
    """

    module = "masking/generation"

    prompts = traitlets.List(traitlets.Unicode(), minlen=1).tag(sync=True)
    prompt = Sentence(fewest=0)
    step = traitlets.Int(0, min=0).tag(sync=True)
    temperature = Number(1.0, low=0.1, high=2.0)
    top_k = traitlets.Int(None, allow_none=True).tag(sync=True)
    top_p = Number(1.0, low=0.05, high=1.0)
    seed = traitlets.Int(1).tag(sync=True)

    def __init__(self, *, prompts: Any = PROMPTS, prompt: str | None = None, **state: Any) -> None:
        prompts = list(prompts)
        super().__init__(prompts=prompts, prompt=or_first(prompt, prompts), **state)
        self.observe(self._begin_anew, "prompt")

    def translators(self) -> list[str]:
        """Return the name of the language model."""
        return [MODEL]

    @property
    def written(self) -> list[str]:
        """The words that were drawn, without ``<eos>``."""
        return [step.word for step in self._steps() if step.word != "<eos>"]

    @property
    def text(self) -> str:
        """The beginning and what was written."""
        return " ".join([*tokenise(self.prompt), *self.written])

    @property
    def cache(self) -> list[str]:
        """The words whose keys and values are stored after the present step."""
        return ["<bos>", *self._names(), *[step.word for step in self._steps()[: self._at()]]]

    @property
    def next_words(self) -> dict[str, tuple[float, float]]:
        """The likeliest next words, each with its probability before and after the cuts."""
        now = self._steps()[self._at()]
        order = np.argsort(-now.chances, kind="stable")[:TOP]
        return {_model().target.words[i]: (float(now.chances[i]), float(now.left[i])) for i in order}

    def label(self) -> str:
        """Return one sentence about the text and one about the present step."""
        at, steps = self._at(), self._steps()
        now = steps[at]
        begun = f"“{' '.join(tokenise(self.prompt))}”" if tokenise(self.prompt) else "Nothing"
        new = len(self.cache) if at == 0 else 1
        return (
            f"{begun} goes on as “{' '.join(self.written)}”. Step {at + 1} of {len(steps)}: keys and values of {new} "
            f"{'word is' if new == 1 else 'words are'} computed and {len(self.cache) - new} come from the cache; "
            f"{np.count_nonzero(now.left)} words are left to draw from, and the number {number(now.draw)} takes "
            f"“{now.word}” ({number(now.left[now.id], 2)})."
        )

    def table(self) -> Table:
        """Return each step's draw, and of the present one the likeliest next words and where the blocks look."""
        now = self._steps()[self._at()]
        rows: list[list[Any]] = [
            [
                f"{i}: {one.word}",
                one.draw,
                float(one.chances[one.id]),
                float(one.left[one.id]),
                str(np.count_nonzero(one.left)),
                None,
            ]
            for i, one in enumerate(self._steps(), 1)
        ]
        rows += [[f"next: {word}", None, *both, None, None] for word, both in self.next_words.items()]
        rows += [
            [f"block {block} looks at {j}: {word}", None, None, None, None, float(weight)]
            for block, line in enumerate(now.looks)
            for j, (word, weight) in enumerate(zip(self.cache, line, strict=True), 1)
        ]
        columns = ["", "draw", "probability", "after the cuts", "words left", "weight"]
        return Table(f"Each step's draw; and step {self._at() + 1} in detail", columns, rows)

    def picture(self) -> Picture:
        """Return where the newest word looks, a row for each block."""
        looks = self._steps()[self._at()].looks
        return figures.heatmap(looks, [f"block {i}" for i in range(len(looks))], self.cache)

    def _names(self) -> list[str]:
        return named(tokenise(self.prompt), _model().target)

    def _steps(self) -> list[Written]:
        knobs = Knobs(self.temperature, self.top_k, self.top_p, self.seed)
        return _write(shipped.version(MODEL), tuple(tokenise(self.prompt)), knobs)

    def _at(self) -> int:
        return min(self.step, len(self._steps()) - 1)

    def _begin_anew(self, _change: Any) -> None:
        self.step = 0

    @traitlets.validate("top_k", "seed")
    def _check_whole(self, proposal: Any) -> int | None:
        name, value = proposal["trait"].name, proposal["value"]
        low, high = {"top_k": (1, MOST_K), "seed": (0, MOST_SEED)}[name]
        if value is not None and not low <= value <= high:
            raise traitlets.TraitError(f"{name} must be from {low} to {high}; got {value}")
        return value


def draws(seed: int) -> Iterator[float]:
    """Yield numbers from 0 to 1: x ← 48271 x mod 2³¹ − 1, from x = 1 + seed; the first three are left out.

    >>> [round(u, 3) for u, _ in zip(draws(0), range(3))]
    [0.892, 0.968, 0.19]
    """
    x = 1 + seed
    for place in count():
        x = MULTIPLIER * x % MODULUS
        if place >= 3:
            yield x / MODULUS


def taken(left: np.ndarray, draw: float) -> int:
    """Return the first place whose running sum exceeds the draw; the last one that is left, should rounding miss it.

    >>> taken(np.array([0.0, 0.25, 0.75]), 0.25)
    2
    """
    beyond = np.flatnonzero(np.cumsum(left) > draw)
    return int(beyond[0] if len(beyond) else np.flatnonzero(left)[-1])


def _model() -> Any:
    return shipped.translator(MODEL)


@lru_cache(maxsize=64)
def _write(_version: str, words: tuple[str, ...], knobs: Knobs) -> list[Written]:
    """Return every step until ``<eos>`` or the limit."""
    import torch

    from attnkit.decoding import BOS, EOS, at_rest, next_word_probabilities

    checkpoint = _model()
    steps: list[Written] = []
    with at_rest(checkpoint.model):
        state, new = checkpoint.model.start(None), [BOS, *checkpoint.target.encode(words)]
        for draw in draws(knobs.seed):
            read = checkpoint.model.decode(torch.tensor([new]), state)
            state, logits = read.state, read.logits[0, -1]
            chances = next_word_probabilities(logits, temperature=knobs.temperature).numpy()
            cuts = {"top_k": knobs.top_k, "top_p": knobs.top_p}
            left = next_word_probabilities(logits, temperature=knobs.temperature, **cuts).numpy()
            looks = np.stack([block.attention.weights[0, :, -1].mean(dim=0).numpy() for block in read.blocks])
            word = taken(left, draw)
            steps.append(Written(draw, word, checkpoint.target.words[word], chances, left, looks))
            new = [word]
            if word == EOS or len(steps) == LIMIT:
                return steps
    raise AssertionError("the draws never end before the limit")
