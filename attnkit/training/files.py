"""The two files of a run: the translator as it stands, and what is needed to go on bit for bit."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from attnkit import checkpoints
from attnkit.models import design_to_json
from attnkit.training.history import History

if TYPE_CHECKING:
    from attnkit.language import Vocabulary
    from attnkit.training.run import Run


def resume_path(path: str | os.PathLike[str]) -> Path:
    """Return where the run that writes its translator to ``path`` keeps what it needs to go on.

    Examples
    --------
    >>> resume_path("pizza.safetensors").name
    'pizza.safetensors.resume'
    """
    return Path(path).with_name(Path(path).name + ".resume")


def write(
    path: str | os.PathLike[str], run: Run, source: Vocabulary, target: Vocabulary, record: dict[str, Any]
) -> None:
    """Write both files, each whole or not at all, unless the weights have run away since the last loss."""
    worst = sum(weights.sum() for weights in run.model.parameters())
    run.expect_finite("the weights", worst.item())
    about = {
        "format": checkpoints.FORMAT,
        **identity(run),
        "history": run.history.to_json(),
        "loss_sum": run.loss_sum,
        "loss_words": run.loss_words,
        "record": record,
    }
    moments = {
        f"optimizer.{number}.{name}": tensor
        for number, state in run.optimizer.state_dict()["state"].items()
        for name, tensor in state.items()
    }
    weights = {f"model.{name}": tensor for name, tensor in run.model.state_dict().items()}
    chance = {"baseline": run.baseline, "generator": torch.get_rng_state()}
    checkpoints.write(resume_path(path), {**weights, **moments, **chance}, about)
    record = {**record, "options": run.options.to_json(), "history": run.history.to_json()}
    checkpoints.save(path, run.model, source, target, record=record)


def read(path: str | os.PathLike[str], run: Run) -> None:
    """Put a fresh run where the interrupted one has stopped, and torch's generator with it.

    Raises
    ------
    ValueError
        If the interrupted run is another one, or the file is damaged.
    """
    tensors, about = checkpoints.read(resume_path(path))
    for part, ours in identity(run).items():
        theirs = about.get(part)
        if theirs != ours:
            differ = [name for name in ours if theirs.get(name) != ours[name]] if theirs else []
            was, now = ({name: one[name] for name in differ} for one in (theirs, ours))
            raise ValueError(f"{resume_path(path)} belongs to a run with the {part} {was}; got {now}")
    moments: dict[int, dict[str, torch.Tensor]] = {}
    for name, tensor in tensors.items():
        if name.startswith("optimizer."):
            _, number, moment = name.split(".")
            moments.setdefault(int(number), {})[moment] = tensor
    run.model.load_state_dict(
        {name.removeprefix("model."): tensor for name, tensor in tensors.items() if name.startswith("model.")}
    )
    run.optimizer.load_state_dict({**run.optimizer.state_dict(), "state": moments})
    run.baseline = tensors["baseline"]
    run.history = History.from_json(about["history"])
    run.loss_sum, run.loss_words = about["loss_sum"], about["loss_words"]
    torch.set_rng_state(tensors["generator"])


def identity(run: Run) -> dict[str, dict[str, Any]]:
    """Return what a run must share with an interrupted one to go on with it."""
    return {
        "config": design_to_json(run.model.config),
        "options": run.options.to_json(),
        "data": {"pairs": len(run.batches.n_source), "fingerprint": run.batches.fingerprint()},
    }
