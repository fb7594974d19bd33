"""What is compared: every model by name, and the questions that are put to them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple


class Recipe(NamedTuple):
    """One model: what sets it apart from the others, in words and in choices.

    Attributes
    ----------
    about
        What it is, for a table.
    design
        Choices of :class:`attnkit.models.Config`; or those of another ``architecture``, which it then names.
    training
        Choices of :class:`attnkit.training.Options`.
    times
        How many times as many epochs as the others it gets.
    task
        What it learns: "translation", or what else ``tasks.py`` has.
    rate_of
        The recipe whose learning rate it trains with; None searches for its own.
    """

    about: str
    design: Mapping[str, Any]
    training: Mapping[str, Any] = MappingProxyType({})
    times: int = 1
    task: str = "translation"
    rate_of: str | None = None


class Experiment(NamedTuple):
    """One question, and the models that answer it."""

    question: str
    recipes: tuple[str, ...]


# Luong, Pham and Manning read the source backwards in every model with attention (2015, §4.2 and Table 1).
LUONG = {"attention": "after", "reverse_source": True}
TRANSFORMER = {"architecture": "transformer"}
WRITER = {"architecture": "language-model"}

# The widths, the number of steps and the search for the learning rate are the same for all: they stand in Setting.
# One translator alone gets more steps, to see whether the others without attention lack time or something else.
# A mistake in a mask is not searched for a rate: it happens to a training that was right.
# What a Transformer has where nothing is said: sinusoids, norms in front, 4 heads, 2 layers on each side.
RECIPES = {
    "none": Recipe("no attention", {"attention": "none"}),
    "none-reversed": Recipe("no attention, source reversed", {"attention": "none", "reverse_source": True}),
    "none-bidirectional": Recipe(
        "no attention, bidirectional encoder", {"attention": "none", "encoder": "bidirectional"}
    ),
    "none-fed": Recipe("no attention, context fed to each step", {"attention": "none", "feed_context": True}),
    "none-longer": Recipe("no attention, four times the steps", {"attention": "none"}, times=4),
    "bahdanau": Recipe("Bahdanau", {"attention": "before", "score": "additive", "encoder": "bidirectional"}),
    "general": Recipe("Luong, general", {**LUONG, "score": "general"}),
    "dot": Recipe("Luong, dot", {**LUONG, "score": "dot"}),
    "cosine": Recipe("Luong's wiring, cosine", {**LUONG, "score": "cosine"}),
    "concat": Recipe("Luong, concat", {**LUONG, "score": "concat"}),
    "additive": Recipe("Luong's wiring, additive", {**LUONG, "score": "additive"}),
    "location": Recipe("Luong, location", {**LUONG, "score": "location"}),
    "general-forward": Recipe("Luong, general, source in order", {"score": "general"}),
    "general-bidirectional": Recipe("after the step, both directions", {"encoder": "bidirectional"}),
    "general-before": Recipe("before the step, one direction", {**LUONG, "attention": "before"}),
    "general-before-bidirectional": Recipe(
        "before the step, both directions", {"attention": "before", "encoder": "bidirectional"}
    ),
    "general-feeding": Recipe("Luong, general, input feeding", {**LUONG, "input_feeding": True}),
    "local-m-2": Recipe("local-m, D = 2", {**LUONG, "window": "local-m", "half_width": 2}),
    "local-m-5": Recipe("local-m, D = 5", {**LUONG, "window": "local-m", "half_width": 5}),
    "local-p-2": Recipe("local-p, D = 2", {**LUONG, "window": "local-p", "half_width": 2}),
    "local-p-5": Recipe("local-p, D = 5", {**LUONG, "window": "local-p", "half_width": 5}),
    "general-scheduled": Recipe(
        "Luong, general, scheduled sampling", LUONG, {"forcing": "linear", "forcing_share": 0.25}
    ),
    "general-unforced": Recipe("Luong, general, never forced", LUONG, {"forcing_share": 0.0}),
    "hard-straight-through": Recipe("hard, straight through", {**LUONG, "choice": "straight-through"}),
    "hard-reinforce": Recipe("hard, REINFORCE", {**LUONG, "choice": "reinforce"}),
    "transformer": Recipe("Transformer", TRANSFORMER),
    "transformer-unscaled": Recipe("Transformer, scores not scaled", {**TRANSFORMER, "scaled": False}),
    "transformer-heads-1": Recipe("Transformer, 1 head", {**TRANSFORMER, "heads": 1}),
    "transformer-heads-1-unscaled": Recipe(
        "Transformer, 1 head, scores not scaled", {**TRANSFORMER, "heads": 1, "scaled": False}
    ),
    "transformer-heads-2": Recipe("Transformer, 2 heads", {**TRANSFORMER, "heads": 2}),
    "transformer-heads-8": Recipe("Transformer, 8 heads", {**TRANSFORMER, "heads": 8}),
    "transformer-positions-none": Recipe("Transformer, no positions", {**TRANSFORMER, "positions": "none"}),
    "transformer-positions-learned": Recipe(
        "Transformer, learned positions", {**TRANSFORMER, "positions": "learned", "longest": 160}
    ),
    "transformer-positions-rotary": Recipe("Transformer, rotary", {**TRANSFORMER, "positions": "rotary"}),
    "transformer-positions-alibi": Recipe("Transformer, ALiBi", {**TRANSFORMER, "positions": "alibi"}),
    "transformer-mask-none": Recipe(
        "Transformer, decoder not masked", {**TRANSFORMER, "mask": "none"}, rate_of="transformer"
    ),
    "transformer-mask-inverted": Recipe(
        "Transformer, mask inverted", {**TRANSFORMER, "mask": "inverted"}, rate_of="transformer"
    ),
    "transformer-mask-weak": Recipe("Transformer, mask of −10", {**TRANSFORMER, "mask": "weak"}, rate_of="transformer"),
    "language-model": Recipe("language model", WRITER, task="monologue"),
    "induction-1": Recipe("1 layer", {**WRITER, "layers": 1}, task="repeats"),
    "induction-2": Recipe("2 layers", WRITER, task="repeats"),
}

EXPERIMENTS = {
    "bottleneck": Experiment(
        "What does one context vector lose as sentences grow, and what does attention give back?",
        ("none", "none-reversed", "none-bidirectional", "none-fed", "none-longer", "bahdanau", "general"),
    ),
    "scores": Experiment(
        "Which score: how good are the translations and the alignments, and how fast is it learned?",
        ("cosine", "dot", "general", "concat", "additive", "location"),
    ),
    "wiring": Experiment(
        "Before or after the step, one direction or two, input feeding, global or local?",
        (
            "general",
            "general-bidirectional",
            "general-before",
            "general-before-bidirectional",
            "general-feeding",
            "local-m-2",
            "local-m-5",
            "local-p-2",
            "local-p-5",
        ),
    ),
    "forcing": Experiment(
        "What does a decoder do after its first mistake, and does it help to learn without a teacher?",
        ("general", "general-scheduled", "general-unforced", "none"),
    ),
    "reversal": Experiment(
        "Where does it help to read the source backwards?",
        ("none", "none-reversed", "none-bidirectional", "general-forward", "general"),
    ),
    "hardness": Experiment(
        "What does it cost to look at one word at a time?",
        ("general", "hard-straight-through", "hard-reinforce"),
    ),
    "ladder": Experiment(
        "From one context vector to attention alone: how far does each step lead?",
        ("none", "bahdanau", "general", "transformer"),
    ),
    "scaling": Experiment(
        "What do dot products do in training that are not divided by √d_k?",
        ("transformer", "transformer-unscaled", "transformer-heads-1", "transformer-heads-1-unscaled"),
    ),
    "heads": Experiment(
        "How many heads at one width, and which of them can be taken away?",
        ("transformer-heads-1", "transformer-heads-2", "transformer", "transformer-heads-8"),
    ),
    "positions": Experiment(
        "How is a position best told, within the trained lengths and beyond them?",
        (
            "transformer-positions-none",
            "transformer-positions-learned",
            "transformer",
            "transformer-positions-rotary",
            "transformer-positions-alibi",
        ),
    ),
    "masks": Experiment(
        "What becomes of a decoder that was let see the future in training?",
        ("transformer", "transformer-mask-none", "transformer-mask-inverted", "transformer-mask-weak"),
    ),
    "monologue": Experiment("How well does a decoder without a source foretell a sentence?", ("language-model",)),
    "induction": Experiment(
        "What does a second layer see in a sequence that repeats itself?", ("induction-1", "induction-2")
    ),
}
