"""One sentence through many trained translators: each with its own score, its own wiring or its own window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import traitlets

from attnkit import figures
from attnkit.language import tokenise
from attnkit.widgets.frame import weights
from attnkit.widgets.frame.sentence import Sentence, named, translated
from attnkit.widgets.frame.widget import Table, Widget, number

if TYPE_CHECKING:
    from attnkit.checkpoints import Checkpoint
    from attnkit.figures import Picture

# They are grouped by what sets them apart from the first; Bahdanau's has another score besides its wiring.
OFFERED = {
    "where all others begin": ("general",),
    "another score": ("dot", "cosine", "concat", "additive", "location"),
    "another wiring": (
        "general-forward",
        "general-bidirectional",
        "general-before",
        "general-before-bidirectional",
        "general-feeding",
        "bahdanau",
    ),
    "a window": ("local-m-2", "local-m-5", "local-p-2", "local-p-5"),
}
GROUPS = {name: group for group, names in OFFERED.items() for name in names}
EXAMPLES = (
    "the dog loved the ball , it was very excited",
    "don't eat the delicious looking and smelling pizza",
    "we live in the european economic area",
    "i see him",
    "let's go",
)
EXPERIMENTS = ("scores", "wiring", "reversal", "bottleneck")


class Look(NamedTuple):
    """What one translator makes of one sentence.

    Attributes
    ----------
    source
        The words of the sentence, with " (?)" behind each that the translator does not know.
    target
        The words that it writes.
    ended
        Whether it closed the sentence itself; otherwise it was cut.
    weights
        Where it looked as it wrote each of them, shape (n_target, n_source).
    centres
        Where its window stood, counted from 0, shape (n_target,); None without a window.
    half_width
        How far that reaches to each side.
    """

    source: list[str]
    target: list[str]
    ended: bool
    weights: np.ndarray
    centres: np.ndarray | None
    half_width: int


class Variants(Widget):
    """A sentence, the translator that reads it, and where that one looks.

    Parameters
    ----------
    sentence : str
        English, 1 to 60 words; a word that the translator does not know is read as ``<unk>``.
    model : str
        The translator, one of ``models``; by default the first.
    models : sequence of str
        Names of shipped weights, all with attention. The page loads each only when it is chosen.
    facts : dict
        For each of the models its ``about`` (a few words), ``bleu`` and ``aer`` (mean ± standard deviation over the
        seeds, or a dash), and the ``group`` in which it can be chosen, if any; by default read from the catalogue and
        the experiments' results.
    examples : sequence of (str, str)
        Sentences to choose from, each with its translation.

    Attributes
    ----------
    translation : str
        What the translator writes.
    weights : array (n_target, n_source)
        Where it looked.
    centres : array (n_target,) or None
        Where its window stood.
    """

    module = "luong/variants"

    sentence = Sentence(EXAMPLES[0])
    model = traitlets.Unicode("").tag(sync=True)
    models = traitlets.List(traitlets.Unicode()).tag(sync=True)
    facts = traitlets.Dict().tag(sync=True)
    examples = traitlets.List().tag(sync=True)

    def __init__(self, *, models: Any = None, examples: Any = None, **state: Any) -> None:
        models = [name for name in GROUPS if name in weights.names()] if models is None else list(models)
        examples = translated(EXAMPLES) if examples is None else [list(pair) for pair in examples]
        state.setdefault("model", next(iter(models), ""))
        if "facts" not in state:
            state["facts"] = {name: facts_of(name) for name in models}
        super().__init__(models=models, examples=examples, **state)

    @property
    def translation(self) -> str:
        """What the translator writes."""
        return " ".join(self.look().target)

    @property
    def weights(self) -> np.ndarray:
        """Where it looked as it wrote each word, shape (n_target, n_source)."""
        return self.look().weights

    @property
    def centres(self) -> np.ndarray | None:
        """Where its window stood as it wrote each word, counted from 0; None without a window."""
        return self.look().centres

    def look(self) -> Look:
        """Return what the chosen translator makes of the sentence, in float64, as the page computes it."""
        from attnkit.decoding import greedy, pad

        checkpoint = weights.translator(self.model)
        words = tokenise(self.sentence)
        [best] = greedy(checkpoint.model, *pad([checkpoint.source.encode(words)]))
        return Look(
            source=named(words, checkpoint.source),
            target=[checkpoint.target.words[index] for index in best.ids],
            ended=best.ended,
            weights=best.weights,
            centres=centres_of(checkpoint, words, best.ids),
            half_width=checkpoint.model.config.half_width,
        )

    def label(self) -> str:
        """Return one sentence that says what is seen, and one about words that the translator does not know."""
        look, facts = self.look(), self.facts[self.model]
        written = f"“{' '.join(look.target)}”" if look.target else "nothing"
        cut = "" if look.ended else ", and it was cut there"
        window = "" if look.centres is None else f", inside a window of {look.half_width} to each side of its centre"
        strange = [word.removesuffix(" (?)") for word in dict.fromkeys(look.source) if word.endswith(" (?)")]
        return (
            f"{facts['about']}: from “{self.sentence}” it writes {written}{cut}. The map shows where each of these "
            f"words looks{window}. On test sentences: BLEU {facts['bleu']}, AER {facts['aer']}."
            + (f" It does not know {', '.join(f'“{word}”' for word in strange)}." if strange else "")
        )

    def table(self) -> Table:
        """Return one row of weights for each word written, their sum, and the centre of the window."""
        look = self.look()
        columns, rows = ["", *look.source, "sum"], []
        for row, (word, line) in enumerate(zip(look.target, look.weights.tolist(), strict=True)):
            centre = [] if look.centres is None else [float(look.centres[row])]
            rows.append([word, *line, sum(line), *centre])
        if look.centres is not None:
            columns.append("centre, from 0")
        return Table(f"{self.facts[self.model]['about']}: weights, a row for each word written", columns, rows)

    def picture(self) -> Picture | None:
        """Return the weights as a heatmap, or None where the translator writes nothing."""
        look = self.look()
        return figures.heatmap(look.weights, look.target, look.source) if look.target else None

    def translators(self) -> list[str]:
        """Return the names of all models that can be chosen."""
        return list(self.models)

    @traitlets.validate("models")
    def _check_models(self, proposal: Any) -> list[str]:
        from attnkit.experiments import RECIPES

        models = proposal["value"]
        shipped = [name for name in weights.names() if name in RECIPES and looks(name)]
        if not models or not set(models) <= set(shipped) or len(set(models)) < len(models):
            wanted = ", ".join(shipped) or "(there are none)"
            raise traitlets.TraitError(f"models must be one or more of {wanted}, each once; got {models!r}")
        return models

    @traitlets.validate("model", "facts")
    def _check_chosen(self, proposal: Any) -> Any:
        name, value = proposal["trait"].name, proposal["value"]
        if name == "model" and self.models and value not in self.models:
            raise traitlets.TraitError(f"model must be one of {', '.join(self.models)}; got {value!r}")
        if name == "facts" and not all({"about", "bleu", "aer"} <= set(value.get(model, ())) for model in self.models):
            raise traitlets.TraitError(f"facts must have about, bleu and aer for each model; got {value!r}")
        return value


def looks(name: str) -> bool:
    """Return whether a model of the catalogue is a recurrent translator with attention."""
    from attnkit.experiments import RECIPES

    design = RECIPES[name].design
    return "architecture" not in design and design.get("attention") != "none"


def centres_of(checkpoint: Checkpoint, words: list[str], written: list[int]) -> np.ndarray | None:
    """Return where the window stood as each word was written, or None without a window."""
    import torch

    from attnkit.decoding import BOS, at_rest, pad

    model = checkpoint.model
    if model.config.window == "global":
        return None
    if model.config.window == "local-m":
        return np.arange(len(written), dtype=float)
    source, mask = pad([checkpoint.source.encode(words)])
    centres = []
    with at_rest(model):
        memory = model.encode(source, mask)
        state = model.start(memory)
        for previous in [BOS, *written][: len(written)]:
            before, state = state, model.step(torch.tensor([previous]), state, memory).state
            asking = before if model.config.attention == "before" else state
            centres.append(model.attention.window(asking.hidden[-1][:, None], mask.sum(dim=1)).item())
    return np.asarray(centres)


def facts_of(name: str) -> dict[str, str]:
    """Return what a translator is, and what the experiments have measured; a dash where they have not been made."""
    from attnkit.experiments import RECIPES, Results

    facts = {"about": RECIPES[name].about if name in RECIPES else name, "bleu": "—", "aer": "—"}
    if name in GROUPS:
        facts["group"] = GROUPS[name]
    for experiment in EXPERIMENTS:
        try:
            results = Results(experiment)
            measured = {
                "bleu": (results.values(name, "test", "bleu"), 1),
                "aer": (results.values(name, "test", "alignment_error_rate"), 3),
            }
        except ValueError:  # not made yet, or it does not ask about this translator
            continue
        return facts | {what: spread(*seeds) for what, seeds in measured.items()}
    return facts


def spread(seeds: np.ndarray, digits: int) -> str:
    """Return mean ± standard deviation, or a dash where there is nothing to measure, as the AER without attention."""
    if np.isnan(seeds).any():
        return "—"
    return f"{number(seeds.mean(), digits)} ± {number(seeds.std(ddof=1), digits)}"
