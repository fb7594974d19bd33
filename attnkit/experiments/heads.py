"""What the single heads of a Transformer do: where they look, and what is lost without them."""

from __future__ import annotations

import copy
from collections.abc import Collection, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from attnkit.decoding import BOS, at_rest, batches_by_length, pad, translate
from attnkit.language import Pair, parse
from attnkit.metrics import alignment_error_rate, bleu, links_from_weights
from attnkit.models import Transformer
from attnkit.models.blocks import NOTHING_WRITTEN

if TYPE_CHECKING:
    from attnkit.checkpoints import Checkpoint
    from attnkit.experiments.measures import HeldOut

REACH = 5  # words to either side that a baseline may look away from the place itself
FEW = 200  # sentences to translate, where it has to be done once for each head
# Words for "the dog loved the ball , it was very excited", by gender, and where they stand in it.
ANIMALS = {"m": ("dog", "cat", "bird", "bear", "lion"), "f": ("cow", "turtle", "eagle")}
THINGS = {"m": ("plate", "shoe", "hat"), "f": ("ball", "cup", "lamp", "shirt")}
VERBS = ("loved", "saw")
REMARKS = {"animal": ("excited", "tired", "sick"), "thing": ("red", "new", "cheap")}
ANIMAL, THING, IT, REMARK = 1, 4, 6, 9


def head_alignment(checkpoint: Checkpoint, pairs: Sequence[Pair]) -> dict[str, Any] | None:
    """Return how well each head of the attention to the source aligns, beside the best fixed offset.

    Returns
    -------
    alignment
        None for a translator without heads. ``by_head``: the alignment error rate of each layer and head under
        teacher forcing. ``offset``: which place relative to its own a reader would best look at without reading, and
        the ``error_rate`` that it has.
    """
    model = checkpoint.model
    if not isinstance(model, Transformer):
        return None
    heads = list(product(range(model.config.layers), range(model.config.heads)))
    links: dict[Any, list[Any]] = {head: [set()] * len(pairs) for head in heads}
    with at_rest(model):
        for rows in batches_by_length([len(pair.source) for pair in pairs], 64):
            batch = [pairs[row] for row in rows]
            source, mask = pad([checkpoint.source.encode(pair.source) for pair in batch])
            previous, _ = pad([[BOS, *checkpoint.target.encode(pair.target)[:-1]] for pair in batch])
            memory = model.encode(source, mask)
            blocks = model.decode(previous, model.start(memory), memory).blocks
            for layer, head in heads:
                looks = blocks[layer].cross_attention.weights[:, head].numpy()
                for row, pair, weights in zip(rows, batch, looks, strict=True):
                    own = weights[: len(pair.target), : len(pair.source)]
                    links[layer, head][row] = links_from_weights(own)
    rates = [alignment_error_rate(links[head], pairs) for head in heads]
    places = range(-REACH, REACH + 1)
    offsets = {k: alignment_error_rate([offset_links(pair, k) for pair in pairs], pairs) for k in places}
    best = min(offsets, key=offsets.__getitem__)
    return {
        "by_head": by_layer(rates, model.config.heads),
        "offset": {"best": best, "error_rate": offsets[best]},
    }


def offset_links(pair: Pair, offset: int) -> set[tuple[int, int]]:
    """Link each target word to the source word so many places further on, or to the first or the last."""
    last = len(pair.source) - 1
    return {(i, min(max(i + offset, 0), last)) for i in range(len(pair.target))}


def by_layer(values: Sequence[float], heads: int) -> list[list[float]]:
    """Return the values of all heads, layer after layer, as a list for each layer."""
    return [list(values[start : start + heads]) for start in range(0, len(values), heads)]


def remarks(exclude: Collection[tuple[str, ...]]) -> list[Pair]:
    """Return all sentences like "the dog loved the ball , it was very excited", but those to ``exclude``.

    The nouns differ in gender, so the ending of the Spanish adjective tells which of them "it" was taken for.
    """
    nouns = [*product(ANIMALS["m"], THINGS["f"]), *product(ANIMALS["f"], THINGS["m"])]
    adjectives = [adjective for group in REMARKS.values() for adjective in group]
    made = [
        tuple(f"the {animal} {verb} the {thing} , it was very {adjective}".split())
        for (animal, thing), verb, adjective in product(nouns, VERBS, adjectives)
    ]
    return [parse(source) for source in made if source not in exclude]


def agreement(checkpoint: Checkpoint, pairs: Sequence[Pair]) -> dict[str, Any]:
    """Return how often a forced decoder gives the last adjective the gender of the right noun, and where heads look.

    Parameters
    ----------
    checkpoint
        The translator.
    pairs
        As :func:`remarks` makes them.

    Returns
    -------
    agreement
        ``cases``: how many. ``accuracy``: the share in which the right form has a larger logit than the other gender's.
        ``animal`` and ``thing``: the same where one of them is meant, and ``nearest``: the share that would be right if
        it were always the nearer noun, which is the thing. With heads in the encoder also ``looks``: for the queries
        "it" and the adjective, ``remark``, the mean weight of each layer and head on the ``right`` and on the ``wrong``
        noun, and the share of cases in which the right one has ``more``; one that looks at a fixed offset has as much
        as ``nearest``, or the rest.
    """
    model, target = checkpoint.model, checkpoint.target
    thing = torch.tensor([pair.source[REMARK] in REMARKS["thing"] for pair in pairs])
    source, mask = pad([checkpoint.source.encode(pair.source) for pair in pairs])
    previous, _ = pad([[BOS, *target.encode(pair.target)[:-1]] for pair in pairs])
    last = torch.tensor([len(pair.target) - 1 for pair in pairs])
    forms = torch.tensor([[target.index(form) for form in both_forms(pair.target[-1])] for pair in pairs])
    with at_rest(model):
        logits = model(source, mask, previous).logits[torch.arange(len(pairs)), last]
        blocks = model.read(source, mask)[1] if isinstance(model, Transformer) else []
    good, other = logits.gather(1, forms).unbind(dim=1)
    right = (good > other).double()
    found: dict[str, Any] = {
        "cases": len(pairs),
        "accuracy": right.mean().item(),
        "animal": right[~thing].mean().item(),
        "thing": right[thing].mean().item(),
        "nearest": thing.double().mean().item(),
    }
    if blocks:
        meant = torch.where(thing, THING, ANIMAL), torch.where(thing, ANIMAL, THING)
        weights = torch.stack([block.attention.weights for block in blocks]).double()  # layers, cases, heads, n, n
        found["looks"] = {
            name: looks(weights[..., query, :], *meant) for name, query in (("it", IT), ("remark", REMARK))
        }
    return found


def looks(weights: Tensor, right: Tensor, wrong: Tensor) -> dict[str, Any]:
    """Return the mean weights of each layer and head, (layers, cases, heads, n), on the right and the wrong noun."""
    on = [weights.gather(-1, at[None, :, None, None].expand(*weights.shape[:-1], 1))[..., 0] for at in (right, wrong)]
    more = (on[0] > on[1]).double()
    named = zip(("right", "wrong", "more"), (*on, more), strict=True)
    return {name: values.mean(dim=1).tolist() for name, values in named}


def both_forms(adjective: str) -> tuple[str, str]:
    """Return an adjective and its form for the other gender.

    Examples
    --------
    >>> both_forms("emocionado"), both_forms("rojas")
    (('emocionado', 'emocionada'), ('rojas', 'rojos'))
    """
    stem, plural = (adjective[:-1], "s") if adjective.endswith("s") else (adjective, "")
    return adjective, f"{stem[:-1]}{'a' if stem.endswith('o') else 'o'}{plural}"


def without_each_head(checkpoint: Checkpoint, pairs: Sequence[Pair]) -> dict[str, Any]:
    """Return the BLEU that is left as each head is taken away alone, on the first sentences.

    Returns
    -------
    without
        ``sentences``: how many; ``whole``: BLEU with all heads; ``encoder``, ``self`` and ``cross``: BLEU without each
        head, layer by layer.
    """
    pairs, config = pairs[:FEW], checkpoint.model.config
    found: dict[str, Any] = {"sentences": len(pairs), "whole": quality(checkpoint, checkpoint.model, pairs)}
    for place in PLACES:
        heads = list(product(range(config.layers), range(config.heads)))
        left = [quality(checkpoint, without_head(checkpoint.model, place, *head), pairs) for head in heads]
        found[place] = by_layer(left, config.heads)
    return found


PLACES = {
    "encoder": ("encoder", "attention"),
    "self": ("decoder", "attention"),
    "cross": ("decoder", "cross_attention"),
}


def without_head(model: Transformer, place: str, layer: int, head: int) -> Transformer:
    """Return a copy of a Transformer in which one head brings nothing: its columns of the output matrix are 0."""
    side, name = PLACES[place]
    alike = copy.deepcopy(model)
    width = model.config.d_model // model.config.heads
    with torch.no_grad():
        getattr(getattr(alike, side).blocks[layer], name).output[:, head * width : (head + 1) * width] = 0
    return alike


def quality(checkpoint: Checkpoint, model: Transformer, pairs: Sequence[Pair]) -> float:
    """Return the BLEU of a model with a checkpoint's vocabularies."""
    written = translate(model, checkpoint.source, checkpoint.target, [pair.source for pair in pairs])
    return bleu(written, [pair.target for pair in pairs])


def period(symbols: Sequence[str]) -> int:
    """Return after how many symbols a sequence begins again.

    Examples
    --------
    >>> period(["a", "b", "a", "c", "a", "b", "a"])
    4
    """
    return next(k for k in range(1, len(symbols) + 1) if symbols[k:] == symbols[:-k])


def measure_repeats(checkpoint: Checkpoint, sets: HeldOut) -> dict[str, Any]:
    """Measure a language model on sequences that repeat themselves.

    Returns
    -------
    measures
        ``test`` holds ``first``, the mean loss of a symbol of the first period, in nats; ``again``, the same for the
        first symbol of the repetition, the second, and so on, as many as the shortest period has; and ``looks``, for
        each layer and head the mean weight of a symbol of the repetition on the one that came behind it the first time.
    """
    model = checkpoint.model
    symbols = torch.tensor([checkpoint.target.encode(pair.target) for pair in sets.test])
    periods = torch.tensor([period(pair.target) for pair in sets.test])[:, None]
    previous = torch.cat([torch.full((len(symbols), 1), BOS), symbols[:, :-1]], dim=1)
    with at_rest(model):
        logits, _, blocks = model.decode(previous, NOTHING_WRITTEN)
    losses = nn.functional.cross_entropy(logits.mT, symbols, reduction="none").double()
    place = torch.arange(symbols.shape[1]) - periods  # counted from where the repetition begins
    again = [losses[place == k].mean().item() for k in range(int(periods.min()))]
    # Step t reads symbol t − 1. Its first occurrence was read one period before, and the one behind it a step later.
    weights = torch.stack([block.attention.weights for block in blocks]).double()  # layers, cases, heads, n, n
    behind = (torch.arange(symbols.shape[1]) + 1 - periods).clamp(min=0)
    on = weights.gather(-1, behind[None, :, None, :, None].expand(*weights.shape[:-1], 1))[..., 0]
    known = (place > 0)[None, :, None]
    means = (on * known).sum(dim=(1, 3)) / known.sum()
    return {"test": {"first": losses[place < 0].mean().item(), "again": again, "looks": means.tolist()}}
