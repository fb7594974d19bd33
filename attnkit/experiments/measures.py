"""What is measured on a trained translator: how good it is at each length, and what the special questions ask for."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
import torch

from attnkit._arrays import assume_finite
from attnkit.decoding import BOS, EOS, at_rest, pad
from attnkit.experiments.heads import agreement, head_alignment, without_each_head
from attnkit.language import Pair
from attnkit.models.config import SPECIALS
from attnkit.training import evaluate
from attnkit.training.loss import cross_entropy, reinforce

if TYPE_CHECKING:
    from attnkit.checkpoints import Checkpoint

ARTICLES = ("el", "la", "los", "las", "un", "una", "unos", "unas")
BATCH = 64  # sentences, where a single batch is asked


class HeldOut(NamedTuple):
    """Sentences that nothing was trained on.

    Attributes
    ----------
    test
        Of the lengths that were trained on.
    bins
        For each (shortest, longest) number of source words, sentences of those lengths, beyond training too.
    commands
        For each of these bins, commands that open with "don't": does the translation still open with "no"?
        Nothing where nothing is translated.
    remarks
        Sentences like "the dog loved the ball , it was very excited", of :func:`attnkit.experiments.heads.remarks`.
    """

    test: list[Pair]
    bins: dict[tuple[int, int], list[Pair]]
    commands: dict[tuple[int, int], list[Pair]]
    remarks: list[Pair]


def measure(checkpoint: Checkpoint, sets: HeldOut) -> dict[str, Any]:
    """Return every number that all models of a task are compared by: in the trained lengths, and length by length."""
    by_length = [{"lengths": list(lengths), **qualities(checkpoint, pairs)} for lengths, pairs in sets.bins.items()]
    for one, commands in zip(by_length, sets.commands.values(), strict=checkpoint.model.reads):
        one["negation_survival"] = qualities(checkpoint, commands)["first_word_survival"]
    return {"test": qualities(checkpoint, sets.test), "by_length": by_length}


def qualities(checkpoint: Checkpoint, pairs: Sequence[Pair]) -> dict[str, Any]:
    """Return the measures of :func:`attnkit.training.evaluate` for all lengths together."""
    measures = evaluate(checkpoint.model, checkpoint.source, checkpoint.target, pairs)
    return {name: value for name, value in measures.items() if name != "by_length"}


def recovery(checkpoint: Checkpoint, pairs: Sequence[Pair], steps: int = 8) -> dict[str, list[float]]:
    """Make the decoder read one wrong word, and see how many of its next words are right.

    After the reference's words up to the middle of the sentence, the decoder reads either the right word or a wrong
    one, and from there on its own.

    Returns
    -------
    shares
        Under "right" and "wrong", for each of the next ``steps`` words the share that equals the reference's.
    """
    pairs = [pair for pair in pairs if len(pair.target) > 2 * steps]
    if not pairs:
        raise ValueError(f"recovery needs sentences of more than {2 * steps} target words; got none")
    source, mask = pad([checkpoint.source.encode(pair.source) for pair in pairs])
    gold, inside = pad([[*checkpoint.target.encode(pair.target), EOS] for pair in pairs])
    middle = torch.tensor([len(pair.target) // 2 for pair in pairs])
    rows = torch.arange(len(pairs))
    # The wrong word stands a random number of places further on in the vocabulary, so it is never the right one.
    n_words = len(checkpoint.target) - SPECIALS
    shift = torch.randint(1, n_words, (len(pairs),), generator=torch.Generator().manual_seed(0))
    wrong = SPECIALS + (gold[rows, middle] - SPECIALS + shift) % n_words
    shares = {}
    for name in ("right", "wrong"):
        read = torch.cat([torch.full((len(pairs), 1), BOS), gold[:, :-1]], dim=1)
        if name == "wrong":
            read[rows, middle + 1] = wrong
        forced = torch.arange(read.shape[1]) <= middle[:, None] + 1
        with at_rest(checkpoint.model):
            written = checkpoint.model(source, mask, read, forced).logits.argmax(dim=-1)
        after = middle[:, None] + 1 + torch.arange(steps)
        after = after.clamp(max=gold.shape[1] - 1)
        counts = inside.gather(1, after)
        right = (written.gather(1, after) == gold.gather(1, after)) & counts
        shares[name] = (right.sum(dim=0) / counts.sum(dim=0)).tolist()
    return shares


def articles(checkpoint: Checkpoint, pairs: Sequence[Pair]) -> dict[str, float]:
    """Measure a forced decoder where it writes an article, whose form a word to come decides: the noun.

    Some of the words counted are pronouns of the same form: la vio, she saw it. An earlier noun decides theirs.

    Returns
    -------
    measures
        ``right``: the share of the references' articles that get the largest logit; ``other_right``: the same for all
        other words. With attention also ``own`` and ``noun``: the mean weight on the English word that the article
        translates, and on that of the next Spanish word, which is nearly always the noun.
    """
    source, mask = pad([checkpoint.source.encode(pair.source) for pair in pairs])
    gold, inside = pad([checkpoint.target.encode(pair.target) for pair in pairs])
    previous = torch.cat([torch.full((len(pairs), 1), BOS), gold[:, :-1]], dim=1)
    with at_rest(checkpoint.model):
        logits, attention = checkpoint.model(source, mask, previous)
    right = logits.argmax(dim=-1) == gold
    article = torch.isin(gold, torch.tensor(checkpoint.target.encode(ARTICLES)))
    found = {
        "right": right[article].double().mean().item(),
        "other_right": right[inside & ~article].double().mean().item(),
    }
    if attention is not None:
        looks = []
        for weights, pair in zip(attention.weights.numpy(), pairs, strict=True):
            link = dict(pair.sure)  # from Spanish to English
            spots = [i for i, word in enumerate(pair.target) if word in ARTICLES and {i, i + 1} <= set(link)]
            looks += [(weights[i, link[i]], weights[i, link[i + 1]]) for i in spots]
        found |= dict(zip(("own", "noun"), np.mean(looks, axis=0, dtype=np.float64).tolist(), strict=True))
    return found


def step_seconds(translators: Sequence[Checkpoint], pairs: Sequence[Pair], rounds: int = 15) -> list[float]:
    """Return for each translator how long a training step takes: all words forwards, and the loss backwards.

    They take turns on one and the same batch, and the median of the rounds counts, so what slows the machine for a
    while slows them all.
    """
    first, pairs = translators[0], pairs[:BATCH]  # all are trained on one language, so they share their vocabularies
    source, mask = pad([first.source.encode(pair.source) for pair in pairs])
    read, _ = pad([[BOS, *first.target.encode(pair.target)] for pair in pairs])
    following, _ = pad([[*first.target.encode(pair.target), EOS] for pair in pairs])
    times: list[list[float]] = [[] for _ in translators]
    with assume_finite():
        for _ in range(rounds):
            for (model, *_), found in zip(translators, times, strict=True):
                begin = time.perf_counter()
                loss = cross_entropy(model(source, mask, read).logits, following)
                torch.autograd.grad(loss, list(model.parameters()))
                found.append(time.perf_counter() - begin)
    return [statistics.median(found) for found in times]


def gradient_noise(checkpoint: Checkpoint, pairs: Sequence[Pair], draws: int = 30) -> float:
    """Return how noisy the gradient of the score's weights is over several draws, on one and the same batch.

    The noise is the mean squared distance of a gradient from their mean, over the squared length of that mean: 0 for
    soft attention, which draws nothing, and 1 where the noise is as long as the signal. The baseline of REINFORCE
    starts at 0, as it does in training, and moves on with each draw.
    """
    model, pairs = checkpoint.model, pairs[:BATCH]
    weights = list(model.attention.score.parameters())
    source, mask = pad([checkpoint.source.encode(pair.source) for pair in pairs])
    read, _ = pad([[BOS, *checkpoint.target.encode(pair.target)] for pair in pairs])
    following, _ = pad([[*checkpoint.target.encode(pair.target), EOS] for pair in pairs])
    gradients = []
    model.train()
    try:
        with assume_finite():
            baseline = torch.zeros(())
            for draw in range(draws):
                generator = torch.Generator().manual_seed(draw)
                logits, attention = model(source, mask, read, generator=generator)
                loss = cross_entropy(logits, following)
                if model.reinforced:
                    loss = loss + reinforce(logits, attention, following, baseline)
                gradient = torch.autograd.grad(loss, weights)
                gradients.append(torch.cat([part.flatten() for part in gradient]).numpy())
    finally:
        model.eval()
    drawn = np.asarray(gradients, dtype=np.float64)
    mean = drawn.mean(axis=0)
    return float(((drawn - mean) ** 2).sum(axis=1).mean() / (mean**2).sum())


def of_each(measure: Callable[[Checkpoint, Sequence[Pair]], Any], which: str = "test") -> SpecialMeasure:
    """Return the function that measures one translator as one that measures several, on one of the test sets."""
    return lambda translators, sets: [measure(translator, getattr(sets, which)) for translator in translators]


SpecialMeasure: TypeAlias = "Callable[[Sequence[Checkpoint], HeldOut], list[Any]]"
"""Takes the translators of an experiment side by side, and the test sets; returns a value for each translator."""

SPECIAL: dict[str, dict[str, SpecialMeasure]] = {
    "scores": {"step_seconds": lambda translators, sets: step_seconds(translators, sets.test)},
    "forcing": {"recovery": of_each(recovery)},
    "reversal": {"articles": of_each(articles)},
    "hardness": {"gradient_noise": of_each(gradient_noise)},
    "ladder": {"alignment": of_each(head_alignment), "agreement": of_each(agreement, "remarks")},
    "scaling": {"agreement": of_each(agreement, "remarks")},
    "heads": {
        "alignment": of_each(head_alignment),
        "agreement": of_each(agreement, "remarks"),
        "without": of_each(without_each_head),
    },
}
"""What an experiment asks beside its task's own measures, under the name that it has in the results."""
