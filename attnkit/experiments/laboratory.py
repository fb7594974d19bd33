"""Make the runs of an experiment side by side, each only once, and write down what they found.

A finished run is one file in the workshop, so whatever stops the others, nothing is lost: the next call goes on.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import joblib
from tqdm import tqdm

from attnkit import checkpoints
from attnkit.experiments.catalogue import EXPERIMENTS, RECIPES
from attnkit.experiments.measures import SPECIAL
from attnkit.experiments.runs import SEARCH_SEED, Run, perform, surroundings
from attnkit.experiments.setting import Setting
from attnkit.experiments.tasks import TASKS
from attnkit.training import Validation
from attnkit.training.loop import summary

RATES = (6.25e-4, 1.25e-3, 2.5e-3, 5e-3, 1e-2, 2e-2, 4e-2)
START = 5e-3  # where the search among them begins
SEARCH = "learning_rates"


class Outlook(NamedTuple):
    """What an experiment still needs: how many runs, and about how many seconds; None where nothing is stored."""

    runs: int
    seconds: float | None


class Laboratory:
    """Where runs are made and results are kept.

    Parameters
    ----------
    workshop
        The folder of finished and unfinished runs.
    results
        The folder of the results, one JSON file an experiment.
    weights
        The folder of the checkpoints that are shipped: of each translator the run with the middle loss.
    setting
        What is the same for every translator.
    seeds
        How many runs each translator gets.
    jobs
        How many runs stand side by side on this machine.
    scheduler
        The address of a Dask scheduler, whose workers make the runs instead; None for this machine.
    """

    def __init__(
        self,
        workshop: str | os.PathLike[str],
        results: str | os.PathLike[str],
        weights: str | os.PathLike[str],
        *,
        setting: Setting | None = None,
        seeds: int = 3,
        jobs: int = 2,
        scheduler: str | None = None,
    ) -> None:
        self.workshop, self.results, self.weights = Path(workshop), Path(results), Path(weights)
        self.setting = setting or Setting()
        self.seeds, self.jobs, self.scheduler = seeds, jobs, scheduler

    def conduct(self, name: str) -> dict[str, Any]:
        """Make all runs of one experiment that are not made yet; write its results, and return them."""
        if name not in EXPERIMENTS:
            raise ValueError(f"an experiment must be one of {', '.join(EXPERIMENTS)}; got {name!r}")
        experiment = EXPERIMENTS[name]
        runs = self.runs(experiment.recipes, self.learning_rates(experiment.recipes))
        records = self.make(runs, name)
        [task] = {RECIPES[recipe].task for recipe in experiment.recipes}
        _, _, sets = TASKS[task].sentences(self.setting)
        found = [checkpoints.load(self.file(run)) for run in runs]
        for special, measured in SPECIAL.get(name, {}).items():
            for record, value in zip(records, measured(found, sets), strict=True):
                record[special] = value
        for recipe in experiment.recipes:
            self.ship(recipe, [record for record in records if record["recipe"] == recipe])
        return self.write(name, experiment.question, records)

    def ship(self, recipe: str, records: Sequence[dict[str, Any]]) -> None:
        """Ship the middle one of a translator's runs, so that nobody sees an especially good or bad one."""
        ranked = sorted(records, key=lambda record: record["history"]["validations"][-1]["valid_loss"])
        middle = ranked[(len(ranked) - 1) // 2]
        run = Run(*(middle[field] for field in Run._fields))
        self.weights.mkdir(parents=True, exist_ok=True)
        (self.weights / f"{recipe}.safetensors").write_bytes(self.file(run).read_bytes())

    def runs(self, recipes: Sequence[str], rates: Mapping[str, float]) -> list[Run]:
        """Return the runs of these translators, one for each seed."""
        return [Run(name, seed, rates[name], self.epochs(name)) for name in recipes for seed in range(self.seeds)]

    def epochs(self, recipe: str) -> int:
        """Return how often a translator goes through the pairs."""
        return self.setting.epochs * RECIPES[recipe].times

    def outlook(self, name: str) -> Outlook:
        """Return how many runs an experiment still needs, and how long that takes if they are as fast as those stored.

        The stored results say how long each translator took, and which learning rate it trains with.
        """
        path = self.results / f"{name}.json"
        stored = json.loads(path.read_text("utf-8"))["runs"] if path.exists() else []
        rates = {run["recipe"]: run["learning_rate"] for run in stored}
        took = {run["recipe"]: run["seconds"] for run in stored}
        recipes = EXPERIMENTS[name].recipes
        if not set(recipes) <= set(rates):
            return Outlook(len(recipes) * self.seeds, None)
        waiting = [run for run in self.runs(recipes, rates) if self.finished(run) is None]
        return Outlook(len(waiting), sum(took[run.recipe] for run in waiting) / self.jobs)

    def learning_rates(self, recipes: Sequence[str]) -> dict[str, float]:
        """Return for each translator the learning rate that is best on the validation sentences.

        All of them get the same search, which ends when the best rate has a worse one on both sides, or is an end of
        ``RATES``. Each try is a whole training, because a rate that is best in a shorter one need not be best in the
        whole, and from a seed of its own. What stands in the results, for the same setting, is not tried again.
        """
        path = self.results / f"{SEARCH}.json"
        stored = json.loads(path.read_text("utf-8")) if path.exists() else {"runs": [], "setting": None}
        known = stored["runs"] if stored["setting"] == self.plain_setting else []
        searched = {recipe: RECIPES[recipe].rate_of or recipe for recipe in recipes}
        while missing := untried(dict.fromkeys(searched.values()), known):
            runs = [Run(recipe, SEARCH_SEED, rate, self.epochs(recipe)) for recipe, rate in missing]
            found = [
                {name: record[name] for name in ("recipe", "learning_rate", "seconds")}
                | {name: record["history"]["validations"][-1][name] for name in ("valid_loss", "bleu")}
                for record in self.make(runs, "learning rates")
            ]
            order = list(RECIPES)
            known = sorted([*known, *found], key=lambda one: (order.index(one["recipe"]), one["learning_rate"]))
            self.write(SEARCH, "Which learning rate suits each translator?", known)
        best = best_rates(known)
        return {recipe: best[owner] for recipe, owner in searched.items()}

    def file(self, run: Run) -> Path:
        """Return where a finished run stands."""
        return self.workshop / f"{run.name}.safetensors"

    def finished(self, run: Run) -> dict[str, Any] | None:
        """Return the record of a finished run of this setting, or None."""
        if not self.file(run).exists():
            return None
        record = checkpoints.load(self.file(run)).record
        return record if record["setting"] == self.plain_setting else None

    @property
    def plain_setting(self) -> dict[str, Any]:
        """The setting as JSON gives it back."""
        return json.loads(json.dumps(self.setting.to_json()))

    def make(self, runs: Sequence[Run], title: str) -> list[dict[str, Any]]:
        """Make the runs that are not made yet, with a bar that says how long it will take; return all records."""
        waiting = [run for run in runs if self.finished(run) is None]
        self.workshop.mkdir(parents=True, exist_ok=True)
        with tqdm(total=len(runs), initial=len(runs) - len(waiting), desc=title, unit="run") as bar, self.hands() as do:
            for outcome in do(waiting):
                run = Run(*(outcome.record[field] for field in Run._fields))
                draft = self.file(run).with_suffix(".draft")
                draft.write_bytes(outcome.weights)
                draft.replace(self.file(run))
                for leftover in self.workshop.glob(f"{run.name}.unfinished*"):
                    leftover.unlink()
                last = Validation(**outcome.record["history"]["validations"][-1])
                bar.write(f"{run.name}: {summary(last)}, {outcome.record['seconds']:.0f} s")
                bar.update()
        return [self.finished(run) for run in runs]

    @contextmanager
    def hands(self) -> Iterator[Callable]:
        """Give a function that performs runs, here or on a cluster, and yields each outcome as soon as it is there."""
        if self.scheduler is None:
            # A worker goes on from where an interrupted training in the workshop has stopped.
            yield lambda runs: parallel(self.jobs, runs, self.setting, self.workshop)
            return
        from distributed import Client

        with Client(self.scheduler), joblib.parallel_config(backend="dask"):
            yield lambda runs: parallel(-1, runs, self.setting, None)

    def write(self, name: str, question: str, runs: list[dict[str, Any]]) -> dict[str, Any]:
        """Write the results of an experiment and return them."""
        results = {
            "experiment": name,
            "question": question,
            "setting": self.setting.to_json(),
            "surroundings": surroundings(),
            "seconds": sum(run["seconds"] for run in runs),
            "runs": runs,
        }
        self.results.mkdir(parents=True, exist_ok=True)
        path = self.results / f"{name}.json"
        path.write_text(json.dumps(results, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
        return results


def best_rates(known: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Return for each recipe of a search the rate with the smallest loss on the validation sentences."""
    ranked = sorted(known, key=lambda one: one["valid_loss"], reverse=True)
    return {one["recipe"]: one["learning_rate"] for one in ranked}


def untried(recipes: Iterable[str], known: Sequence[dict[str, Any]]) -> list[tuple[str, float]]:
    """Return the rates to try next: the best one so far, or where there is none ``START``, and its two neighbours."""
    best, tried = best_rates(known), {(one["recipe"], one["learning_rate"]) for one in known}
    places = {recipe: RATES.index(best.get(recipe, START)) for recipe in recipes}
    around = [(recipe, rate) for recipe, place in places.items() for rate in RATES[max(place - 1, 0) : place + 2]]
    return [pair for pair in around if pair not in tried]


def parallel(jobs: int, runs: Sequence[Run], setting: Setting, workshop: Path | None) -> Iterator:
    """Perform the runs, so many at a time, and yield what comes back in the order in which it comes."""
    work = joblib.Parallel(n_jobs=jobs, return_as="generator_unordered")
    return work(joblib.delayed(perform)(run, setting, workshop) for run in runs)
