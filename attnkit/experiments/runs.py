"""One run of an experiment: make the data, train one model from one seed, measure it."""

from __future__ import annotations

import platform
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import torch

from attnkit import checkpoints
from attnkit.experiments.catalogue import RECIPES
from attnkit.experiments.setting import Setting
from attnkit.experiments.tasks import TASKS
from attnkit.models import build, design_to_json
from attnkit.training import Options, train

SEARCH_SEED = 100  # of runs that only try a learning rate; it is not among the seeds that are reported


class Run(NamedTuple):
    """One training: which model, from which seed, at which learning rate, how often through the pairs."""

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
    task = TASKS[RECIPES[run.recipe].task]
    train_pairs, valid_pairs, sets = task.sentences(setting)
    source, target = task.vocabularies()
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
        model, train_pairs, valid_pairs, options, source, target, path=path, resume=path is not None, progress=False
    )
    data = task.data(setting)
    record = {
        **run._asdict(),
        "setting": setting.to_json(),
        "data": None if data is None else data.to_json(),
        "config": design_to_json(model.config),
        "options": options.to_json(),
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "history": history.to_json(),
    }
    with tempfile.TemporaryDirectory() as place:
        file = Path(place, run.name)
        checkpoints.save(file, model, source, target, compact=True)
        if run.seed != SEARCH_SEED:
            record |= task.measure(checkpoints.load(file), sets)
        record["seconds"] = time.perf_counter() - started
        checkpoints.save(file, model, source, target, compact=True, record=record)
        return Outcome(record, file.read_bytes())


def surroundings() -> dict[str, str]:
    """Return the versions that numbers depend on."""
    packages = ("torch", "numpy", "sacrebleu")
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}
