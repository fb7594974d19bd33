"""One run of an experiment: make the data, train one translator from one seed, measure it."""

from __future__ import annotations

import platform
import tempfile
import time
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import torch

from attnkit import checkpoints
from attnkit.experiments.catalogue import RECIPES
from attnkit.experiments.measures import TestSets, measure
from attnkit.language import ENGLISH, SPANISH, Pair, make_pairs
from attnkit.models import Config, build, design_to_json
from attnkit.training import Data, Options, train

SEARCH_SEED = 100  # of runs that only try a learning rate; it is not among the seeds that are reported


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What is the same for every translator: the data, the widths, and the length of the training.

    Attributes
    ----------
    data_seed
        Makes the sentences; the seed of a run makes weights, order and draws.
    train, valid, test
        How many sentences.
    lengths
        Fewest and most source words in training.
    bins
        The lengths for which everything is measured by itself.
    per_bin
        How many sentences, and how many commands, each of these has.
    d_embedding, d_hidden
        Widths.
    epochs, validate_every
        How often a training goes through the pairs, and how many steps lie between two looks at its losses.
    batch_size
        How many pairs a step reads.
    """

    data_seed: int = 0
    train: int = 40_000
    valid: int = 500
    test: int = 1_000
    lengths: tuple[int, int] = (2, 20)
    bins: tuple[tuple[int, int], ...] = (
        (2, 5), (6, 10), (11, 15), (16, 20), (21, 30), (31, 40), (41, 50), (51, 60),
    )  # fmt: skip
    per_bin: int = 200
    d_embedding: int = 48
    d_hidden: int = 96
    epochs: int = 5
    validate_every: int = 250
    batch_size: int = 64

    def data(self) -> Data:
        """Return what is trained on, so that anybody can make it again."""
        return Data(
            train=self.train, valid=self.valid, test=self.test, lengths=tuple(self.lengths), seed=self.data_seed
        )

    def config(self, recipe: str) -> Config:
        """Return the design of a recipe at this setting's widths."""
        sizes = {"source_words": len(ENGLISH), "target_words": len(SPANISH)}
        widths = {"d_embedding": self.d_embedding, "d_hidden": self.d_hidden}
        return Config(**sizes, **widths, **RECIPES[recipe].design)

    def to_json(self) -> dict[str, Any]:
        """Return the setting as a dictionary that JSON can hold."""
        return asdict(self)


class Run(NamedTuple):
    """One training: which translator, from which seed, at which learning rate, how often through the pairs."""

    recipe: str
    seed: int
    learning_rate: float
    epochs: int

    @property
    def name(self) -> str:
        """The name of its file."""
        return f"{self.recipe}-rate-{self.learning_rate:g}-epochs-{self.epochs}-seed-{self.seed}"


class Outcome(NamedTuple):
    """What a run brings home, from whichever machine: its record, and its compact checkpoint as bytes."""

    record: dict[str, Any]
    weights: bytes


def perform(run: Run, setting: Setting, folder: Path | None = None) -> Outcome:
    """Train and measure; a run that only tries a learning rate has its validations and needs no more.

    What is measured is the compact checkpoint, with its rounded weights, because that is what is shipped.

    Parameters
    ----------
    run, setting
        What to do.
    folder
        Where an interrupted training finds its way back; None begins anew.
    """
    started = time.perf_counter()
    torch.set_num_threads(1)  # the runs stand side by side, one a core
    train_pairs, valid_pairs, sets = sentences(setting)
    options = Options(
        epochs=run.epochs,
        batch_size=setting.batch_size,
        learning_rate=run.learning_rate,
        schedule="linear",
        validate_every=setting.validate_every,
        seed=run.seed,
        **RECIPES[run.recipe].training,
    )
    torch.manual_seed(run.seed)
    model = build(setting.config(run.recipe))
    path = None if folder is None else folder / f"{run.name}.unfinished"
    history = train(
        model, train_pairs, valid_pairs, options, ENGLISH, SPANISH, path=path, resume=path is not None, progress=False
    )
    record = {
        **run._asdict(),
        "setting": setting.to_json(),
        "data": setting.data().to_json(),
        "config": design_to_json(model.config),
        "options": options.to_json(),
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "history": history.to_json(),
    }
    with tempfile.TemporaryDirectory() as place:
        file = Path(place, run.name)
        checkpoints.save(file, model, ENGLISH, SPANISH, compact=True)
        if run.seed != SEARCH_SEED:
            record |= measure(checkpoints.load(file), sets)
        record["seconds"] = time.perf_counter() - started
        checkpoints.save(file, model, ENGLISH, SPANISH, compact=True, record=record)
        return Outcome(record, file.read_bytes())


@cache
def sentences(setting: Setting) -> tuple[list[Pair], list[Pair], TestSets]:
    """Return the sentences to train on, to validate on, and to test on; none stands in two of them."""
    splits = setting.data().splits()
    seen = {pair.source for part in splits for pair in part}
    bins, commands = {}, {}
    for number, lengths in enumerate(setting.bins):
        seed = 1_000 * (setting.data_seed + 1) + number
        bins[lengths] = make_pairs(setting.per_bin, seed=seed, lengths=lengths, exclude=seen)
        # Some of these sentences have their command further on, or say "do not".
        negated = make_pairs(8 * setting.per_bin, seed=seed, lengths=lengths, exclude=seen, only=("negated_command",))
        commands[lengths] = [pair for pair in negated if pair.source[0] == "don't"][: setting.per_bin]
    return splits.train, splits.valid, TestSets(splits.test, bins, commands)


def surroundings() -> dict[str, str]:
    """Return the versions that numbers depend on."""
    packages = ("torch", "numpy", "sacrebleu")
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}
