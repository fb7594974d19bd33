"""The golden files: the same inputs and answers for Python, JavaScript and torch. Run me to write them anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

import attnkit
from attnkit.widgets import Predict, ScoreHeatmap, Temperature, TwoVectors, WeightedSum

FOLDER = Path(__file__).parent
PIZZA = ["don't", "eat", "the", "delicious", "looking", "and", "smelling", "pizza"]


def formulas() -> list[dict[str, Any]]:
    """Return calls of the functions of ``maths.mjs`` with what attnkit answers."""
    rng = np.random.default_rng(0)
    cases: list[dict[str, Any]] = []

    def add(name: str, answer: Any, *arguments: Any) -> None:
        plain = [a.tolist() if isinstance(a, np.ndarray) else a for a in arguments]
        cases.append({"function": name, "arguments": plain, "answer": np.asarray(answer).tolist()})

    for size in (0.01, 1.0, 100.0):
        queries, keys = size * rng.normal(size=(3, 5)), rng.normal(size=(7, 5))
        add("dotScores", attnkit.dot_scores(queries, keys), queries, keys)
        add("cosineScores", attnkit.cosine_scores(queries, keys), queries, keys)
    zero = np.zeros((1, 5))
    add("cosineScores", attnkit.cosine_scores(zero, keys), zero, keys)

    values = rng.normal(size=(7, 2))
    for size, temperature in ((1.0, 1.0), (1.0, 0.05), (3.0, 10.0), (1e4, 1.0)):
        scores, mask = size * rng.normal(size=7), rng.random(7) < 0.6
        for allowed in (np.ones(7, dtype=bool), mask, np.zeros(7, dtype=bool)):
            weights = attnkit.softmax(scores, allowed, temperature)
            add("softmax", weights, scores, allowed, temperature)
            add("weightedSum", attnkit.weighted_sum(weights[None], values)[0], weights, values)
            add("entropy", attnkit.entropy(weights), weights)
        add("argmaxWeights", attnkit.argmax_weights(scores), scores)
    tied = np.array([1.0, 3.0, 3.0])
    add("argmaxWeights", attnkit.argmax_weights(tied), tied)
    return cases


def widgets() -> list[dict[str, Any]]:
    """Return states of every widget with the table that Python makes of each."""
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(8, 3))
    pentagon = [[-2, -1], [2, -2], [3, 1], [0, 3], [-3, 2]]
    made = [
        TwoVectors(),
        TwoVectors(query=[-3.3, 0.7], key=[4, -4], scale=2.35, normalise=True),
        TwoVectors(query=[0, 0], key=[1, 1]),
        TwoVectors(query=[1, 1], key=[1, 1], scale=0),
        ScoreHeatmap(tokens=PIZZA, vectors=vectors),
        ScoreHeatmap(tokens=PIZZA, vectors=vectors, score="cosine", query=7, token=1, scale=0),
        ScoreHeatmap(tokens=PIZZA, vectors=vectors, query=1, token=1, scale=2.5),
        Temperature(scores=[1, 2, -0.5, -5], labels=PIZZA[:4]),
        Temperature(scores=[1, 2, -0.5, 5], labels=PIZZA[:4], temperature=0.05),
        Temperature(scores=[1, 2, 2], labels=PIZZA[:3], temperature=10, hard=True),
        WeightedSum(values=pentagon, scores=rng.uniform(-5, 5, size=5), labels=PIZZA[:5]),
        WeightedSum.worked_example(),
        WeightedSum(**{**WeightedSum.worked_example().state(), "step": 1, "scores": [-0.4, 0.8]}),
        Predict(question="2 < 3?", answers=[("<b>yes</b>", "It is & it stays.", True), ("no", "Count.", False)]),
    ]
    return [{"widget": one.module, "state": one.state(), "table": one.table()._asdict()} for one in made]


GOLDEN = {"formulas.json": formulas, "widgets.json": widgets}

if __name__ == "__main__":
    for file, make in GOLDEN.items():
        cases = json.dumps(make(), ensure_ascii=False).replace("}, {", "},\n{")
        (FOLDER / file).write_text(cases + "\n", encoding="utf-8")
