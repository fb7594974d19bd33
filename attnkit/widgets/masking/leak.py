"""Two translators, one trained with a causal mask and one without: what they know with a teacher, what they write."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import traitlets

from attnkit import figures
from attnkit.language import tokenise
from attnkit.widgets.frame import weights as shipped
from attnkit.widgets.frame.sentence import Sentence, or_first, translated
from attnkit.widgets.frame.widget import Table, Widget, number

if TYPE_CHECKING:
    from attnkit.figures import Picture

MODELS = ("transformer", "transformer-mask-none")
EXAMPLES = (
    "don't eat the delicious looking and smelling pizza",
    "the dog loved the ball , it was very excited",
    "we live in the european economic area",
    "i see him",
    "let's go",
)


class Reading(NamedTuple):
    """What one translator makes of a sentence.

    Attributes
    ----------
    chances
        The probability of each right word while a teacher makes it read the right ones, ``<eos>`` last.
    loss
        The mean of −log of these.
    translation
        What it writes by itself.
    ended
        Whether it closed that with ``<eos>``.
    looks
        Where its decoder looks in what it reads, the mean over the heads, shape (layers, n_read, n_read).
    """

    chances: np.ndarray
    loss: float
    translation: list[str]
    ended: bool
    looks: np.ndarray


class Leak(Widget):
    """One sentence through a translator that was trained with a causal mask, and through one that was not.

    Parameters
    ----------
    examples : sequence of (str, str)
        English sentences to choose from, each with its translation.
    sentence : str
        The present sentence, 1 to 60 words; the first example, if left out. Where it is no example, the teacher has
        no translation, and takes what the masked translator writes.
    block : int
        The block of the leaking decoder whose looks are drawn, from 0.

    Attributes
    ----------
    reference : list of strings
        What the teacher reads out.
    probabilities : list of two arrays (n_target + 1,)
        Of each right word, with a teacher: masked, leaking.
    losses : list of two numbers
        The mean of −log of these.
    translations : list of two lists of strings
        What each writes by itself.
    looks : array (n_target + 1, n_target + 1)
        Where the chosen block of the leaking decoder looks, the mean over its heads.
    """

    module = "masking/leak"

    examples = traitlets.List(minlen=1).tag(sync=True)
    sentence = Sentence()
    block = traitlets.Int(0, min=0).tag(sync=True)

    def __init__(self, *, examples: Any = None, sentence: str | None = None, **state: Any) -> None:
        examples = translated(EXAMPLES) if examples is None else [list(pair) for pair in examples]
        sentence = or_first(sentence, [english for english, *_ in examples])
        super().__init__(examples=examples, sentence=sentence, **state)

    def translators(self) -> list[str]:
        """Return the names of the two translators."""
        return list(MODELS)

    @property
    def reference(self) -> list[str]:
        """What the teacher reads out."""
        return list(_reference(self.sentence, self.examples) or self._readings()[0].translation)

    @property
    def probabilities(self) -> list[np.ndarray]:
        """Of each right word, with a teacher: masked, leaking."""
        return [reading.chances for reading in self._readings()]

    @property
    def losses(self) -> list[float]:
        """The mean of −log of these probabilities: masked, leaking."""
        return [reading.loss for reading in self._readings()]

    @property
    def translations(self) -> list[list[str]]:
        """What each writes by itself: masked, leaking."""
        return [reading.translation for reading in self._readings()]

    @property
    def looks(self) -> np.ndarray:
        """Where the chosen block of the leaking decoder looks, shape (n_target + 1, n_target + 1)."""
        looks = self._readings()[1].looks
        return looks[min(self.block, len(looks) - 1)]

    def label(self) -> str:
        """Return one sentence about the losses and one about what is written."""
        masked, leaking = self._readings()
        return (
            f"“{' '.join(tokenise(self.sentence))}”: with a teacher, the loss is {number(masked.loss)} with the mask "
            f"and {number(leaking.loss)} without. By itself the first writes “{' '.join(masked.translation)}”, and the "
            f"second “{' '.join(leaking.translation)}”."
        )

    def table(self) -> Table:
        """Return the probability of each right word, the losses, the looks to the right, and what is written."""
        masked, leaking = self._readings()
        pairs = zip([*self.reference, "<eos>"], masked.chances.tolist(), leaking.chances.tolist(), strict=True)
        rows: list[list[Any]] = [[f"{i}: {word}", *both] for i, (word, *both) in enumerate(pairs, 1)]
        rows.append(["loss", masked.loss, leaking.loss])
        both = zip(_to_the_right(masked.looks), _to_the_right(leaking.looks), strict=True)
        rows += [[f"weight on the next place, block {block}", *pair] for block, pair in enumerate(both)]
        most = max(len(masked.translation), len(leaking.translation))
        words = ([*reading.translation, *[None] * most][:most] for reading in (masked, leaking))
        rows += [[f"writes, {i}", *pair] for i, pair in enumerate(zip(*words, strict=True), 1)]
        return Table("The right words' probabilities with a teacher, and what is written", ["", *NAMES], rows)

    def picture(self) -> Picture:
        """Return where the leaking decoder looks, with a teacher."""
        read = ["<bos>", *self.reference]
        return figures.heatmap(self.looks, read, read)

    def _readings(self) -> tuple[Reading, Reading]:
        words = tuple(tokenise(self.sentence))
        reference = _reference(self.sentence, self.examples)
        version = tuple(shipped.version(name) for name in MODELS)
        return _read(version, words, None if reference is None else tuple(reference))

    @traitlets.validate("examples")
    def _check_examples(self, proposal: Any) -> list:
        for pair in proposal["value"]:
            if not isinstance(pair, (list, tuple)) or [type(part) for part in pair] != [str, str]:
                raise traitlets.TraitError(f"examples must be pairs of sentences; got {pair!r}")
        return [list(pair) for pair in proposal["value"]]


NAMES = ["causal mask", "no mask"]


def _reference(sentence: str, examples: list[list[str]]) -> list[str] | None:
    words = tokenise(sentence)
    return next((spanish.split() for english, spanish in examples if english.split() == words), None)


def _to_the_right(looks: np.ndarray) -> list[float]:
    """Return the mean weight on the place that follows, for each block: on the word that is to be written."""
    following = np.diagonal(looks, offset=1, axis1=1, axis2=2)
    return (following.mean(axis=1) if following.size else np.zeros(len(looks))).tolist()


@lru_cache(maxsize=32)
def _read(
    _version: tuple[str, ...], words: tuple[str, ...], reference: tuple[str, ...] | None
) -> tuple[Reading, Reading]:
    import torch

    from attnkit.decoding import BOS, EOS, at_rest, greedy, pad

    readings = []
    for model, source, target, _ in map(shipped.translator, MODELS):
        ids, mask = pad([source.encode(words)])
        [best] = greedy(model, ids, mask)
        translation = [target.words[i] for i in best.ids]
        if reference is None:
            reference = tuple(translation)
        right = target.encode(reference)
        with at_rest(model):
            memory = model.encode(ids, mask)
            read = model.decode(torch.tensor([[BOS, *right]]), model.start(memory), memory)
            logarithms = torch.log_softmax(read.logits[0], dim=-1)[torch.arange(len(right) + 1), [*right, EOS]]
            looks = np.stack([block.attention.weights[0].mean(dim=0).numpy() for block in read.blocks])
        loss = -logarithms.mean().item()
        readings.append(Reading(logarithms.exp().numpy(), loss, translation, best.ended, looks))
    return readings[0], readings[1]
