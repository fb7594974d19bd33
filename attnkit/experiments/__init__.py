"""Experiments with trained translators: each named, seeded, resumable, and made again by one command.

``catalogue.py`` names the translators and the questions, ``runs.py`` makes one run, ``measures.py`` says what is
measured, ``laboratory.py`` makes all runs of an experiment and writes ``book/results/NAME.json``, and ``results.py``
reads that file.
"""

from attnkit.experiments.catalogue import EXPERIMENTS, RECIPES, Experiment, Recipe
from attnkit.experiments.results import Results

__all__ = ["EXPERIMENTS", "RECIPES", "Experiment", "Recipe", "Results"]
