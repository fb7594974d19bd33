"""Read what the experiments have found; it needs neither torch nor the models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parents[2] / "book" / "results"


class Results:
    """The results of one experiment, as the laboratory has written them.

    Parameters
    ----------
    name
        The experiment, such as "bottleneck".
    folder
        Where the results stand.
    """

    def __init__(self, name: str, folder: Path = FOLDER) -> None:
        path = folder / f"{name}.json"
        if not path.exists():
            names = ", ".join(sorted(file.stem for file in folder.glob("*.json"))) or "none"
            raise ValueError(f"there are no results of {name!r} in {folder}; there are: {names}")
        self.content: dict[str, Any] = json.loads(path.read_text("utf-8"))

    @property
    def recipes(self) -> list[str]:
        """The names of the translators, in the order of the experiment."""
        return list(dict.fromkeys(run["recipe"] for run in self.content["runs"]))

    def values(self, recipe: str, *path: str) -> np.ndarray:
        """Return one number of every run of a translator, the seeds in order.

        Parameters
        ----------
        recipe
            The translator.
        path
            Where the number stands in a run: ``"test", "bleu"``, or ``"by_length", "bleu"`` for one at each length.

        Returns
        -------
        values
            Shape (seeds,), or (seeds, n) where the path leads through a list of n.
        """
        runs = sorted((run for run in self.content["runs"] if run["recipe"] == recipe), key=lambda run: run["seed"])
        if not runs:
            raise ValueError(f"recipe must be one of {', '.join(self.recipes)}; got {recipe!r}")
        return np.asarray([dig(run, path) for run in runs], dtype=np.float64)


def dig(content: Any, path: tuple[str, ...]) -> Any:
    """Follow a path into nested dictionaries, through each entry of a list that stands in the way."""
    for number, name in enumerate(path):
        if isinstance(content, list):
            return [dig(entry, path[number:]) for entry in content]
        if name not in content:
            raise ValueError(f"there is no {name!r} in the run, only {', '.join(content)}")
        content = content[name]
    return content
