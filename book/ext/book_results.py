"""Tables and curves of an experiment, out of ``book/results`` each time the book is built.

````
```{attnkit-results} ladder
:curves: bleu
```
````

gives a table with a row for each translator, mean ± standard deviation over the seeds, and the curves of one measure
by the length of the sentence, with their numbers in a fold.
"""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np
from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from attnkit.experiments import RECIPES, Results
from attnkit.experiments.results import FOLDER
from attnkit.figures import lines

AT_MOST = 6  # curves that can be told apart


class Measure(NamedTuple):
    """A column: its head, where its number stands in a run, and how it is written.

    Where a run has several, one after the other, the last counts if ``last``.
    """

    head: str
    path: tuple[str, ...]
    digits: int
    factor: float = 1
    last: bool = False

    def of(self, results: Results, recipe: str) -> np.ndarray | None:
        """Return the number of every seed, or None where this translator has none."""
        try:
            values = results.values(recipe, *self.path)
        except ValueError:
            return None
        values = values[:, -1] if self.last else values
        return None if np.isnan(values).any() else self.factor * values

    def write(self, values: np.ndarray | None) -> str:
        """Return mean ± standard deviation, or a dash."""
        if values is None:
            return "–"
        return f"{values.mean():.{self.digits}f} ± {values.std(ddof=1):.{self.digits}f}"


COLUMNS = (
    Measure("BLEU", ("test", "bleu"), 1),
    Measure("exact match, %", ("test", "exact_match"), 1, 100),
    Measure("alignment error rate", ("test", "alignment_error_rate"), 3),
    Measure("perplexity", ("test", "perplexity"), 2),
    Measure("loss, first time", ("test", "first"), 2),
    Measure("loss, second time", ("test", "again"), 2, last=True),
    Measure("validation loss", ("history", "validations", "valid_loss"), 3, last=True),
)
BY_LENGTH = {
    "bleu": Measure("BLEU", ("by_length", "bleu"), 1),
    "alignment_error_rate": Measure("alignment error rate", ("by_length", "alignment_error_rate"), 3),
    "perplexity": Measure("perplexity", ("by_length", "perplexity"), 2),
}


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a table in Markdown, its numbers on the right."""
    lines_of = [head, ["---", *(["---:"] * (len(head) - 1))], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines_of)


def overview(results: Results) -> str:
    """Return the table of all translators, with the columns that at least one of them has."""
    found = {column: [column.of(results, recipe) for recipe in results.recipes] for column in COLUMNS}
    found = {column: values for column, values in found.items() if any(value is not None for value in values)}
    rows = []
    for number, recipe in enumerate(results.recipes):
        cells = [column.write(values[number]) for column, values in found.items()]
        size = f"{int(results.values(recipe, 'parameters')[0]):,}"
        rows.append([RECIPES[recipe].about, *cells, size, f"{results.values(recipe, 'learning_rate')[0]:g}"])
    return table(["translator", *(column.head for column in found), "weights", "rate"], rows)


def baselines(results: Results) -> str:
    """Return what an alignment error rate has to be compared with; it is that of the test sentences, for all alike."""
    [(diagonal, uniform)] = {(run["test"]["diagonal"], run["test"]["uniform"]) for run in results.content["runs"]}
    return (
        f"A look that goes down the diagonal has an alignment error rate of {diagonal:.3f}, "
        f"one that is the same for all words {uniform:.3f}."
    )


def curves(results: Results, measure: Measure) -> tuple[Any, str]:
    """Return a picture of a measure by the length of the sentence, and its numbers as a table."""
    found = {recipe: measure.of(results, recipe) for recipe in results.recipes}
    found = {RECIPES[recipe].about: values for recipe, values in found.items() if values is not None}
    lengths = results.values(results.recipes[0], "by_length", "lengths")[0]
    picture = lines(
        lengths.mean(axis=-1),
        {name: (values.mean(axis=0), values.std(axis=0, ddof=1)) for name, values in found.items()},
        xlabel="words in the source",
        ylabel=measure.head,
    )
    heads = [f"{low:.0f}–{high:.0f}" for low, high in lengths]
    rows = [[name, *(measure.write(column) for column in values.T)] for name, values in found.items()]
    return picture, table(["words", *heads], rows)


class ResultsDirective(SphinxDirective):
    """Write the results of one experiment into a page."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {
        "baselines": directives.flag,
        "curves": lambda name: directives.choice(name, list(BY_LENGTH)),
    }

    def run(self) -> list[nodes.Node]:
        """Return the table, and where they are asked for the baselines, and the curves with their numbers in a fold."""
        name = self.arguments[0]
        try:
            results = Results(name)
        except ValueError as missing:
            raise self.error(f"attnkit-results: {missing}") from missing
        self.env.note_dependency(str(FOLDER / f"{name}.json"))
        made = [nodes.container("", *self.markdown(overview(results)), classes=["ak-results"])]
        if "baselines" in self.options:
            made += self.markdown(baselines(results))
        if "curves" in self.options:
            n_curves = len(results.recipes)
            if n_curves > AT_MOST:
                raise self.error(f"attnkit-results: {AT_MOST} curves can be told apart; {name} has {n_curves}")
            picture, numbers = curves(results, BY_LENGTH[self.options["curves"]])
            made.append(nodes.raw("", picture._repr_html_(), format="html"))  # as a notebook would show it
            fold = self.markdown(f"```{{dropdown}} The numbers of the curves\n{numbers}\n```")
            made.append(nodes.container("", *fold, classes=["ak-results"]))
        return made

    def markdown(self, text: str) -> list[nodes.Node]:
        """Return what a piece of Markdown stands for."""
        home = nodes.Element()
        self.state.nested_parse(StringList(text.splitlines(), source=self.env.docname), self.content_offset, home)
        return list(home.children)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_directive("attnkit-results", ResultsDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
