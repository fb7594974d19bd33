"""The command line. torch and the models are loaded inside the commands, so that help comes at once."""

from __future__ import annotations

import itertools
import json
import math
import shlex
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from attnkit.checkpoints import Checkpoint
    from attnkit.decoding import Translation
    from attnkit.experiments.laboratory import Outlook
    from attnkit.training import Validation

INTERRUPTED = 130  # what a shell calls a program that Ctrl-C has ended


class Commands(click.Group):
    """Commands whose failures are sentences: exit code 2 for wrong use, 1 for a failure, 130 after Ctrl-C."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command and turn what it raises into a sentence and an exit code."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as stopped:
            click.echo(f"\n{str(stopped) or 'Stopped.'}", err=True)
            ctx.exit(INTERRUPTED)
        except BrokenPipeError:  # nobody reads on, as with `| head`: no failure of ours
            raise
        except ModuleNotFoundError as missing:
            raise click.ClickException(f"This needs {missing.name}: pip install 'attnkit[torch,train]'") from missing
        except (ValueError, OSError) as error:
            raise click.ClickException(str(error)) from error


class Section(click.Option):
    """An option that help shows under a heading of its own."""

    def __init__(self, *names: Any, section: str, **attributes: Any) -> None:
        super().__init__(*names, **attributes)
        self.section = section


class SectionedCommand(click.Command):
    """A command with many options, which help shows section by section."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options under their headings, in the order in which they were declared."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            if record := parameter.get_help_record(ctx):
                sections.setdefault(getattr(parameter, "section", "Other"), []).append(record)
        for section, records in sections.items():
            with formatter.section(section):
                formatter.write_dl(records)


def option(section: str, name: str, default: Any, text: str, kind: Any = None) -> Callable:
    """Declare an option of ``train``: its section, name, default and help, and what it takes if no number or word."""
    return click.option(
        name,
        cls=Section,
        section=section,
        default=default,
        help=text,
        show_default=default is not None and default is not False and default != (),
        is_flag=default is False,
        multiple=default == (),
        type=click.Choice(kind) if isinstance(kind, list) else kind,
    )


def design(section: str, name: str, default: str | None, text: str, kind: Any = None) -> Callable:
    """Declare an option of ``train`` that is a choice of the design, which has the default that help shows.

    Only what is typed reaches the design, so that it can refuse what another architecture has. None is a flag.
    """
    return click.option(
        name,
        cls=Section,
        section=section,
        default=None,
        help=text,
        show_default=default is not None and default,
        is_flag=kind is None,
        type=click.Choice(kind) if isinstance(kind, list) else kind,
    )


FILE = click.Path(exists=True, dir_okay=False)
CHOICES = (
    option("Data", "--pairs", None, "Your own pairs, tab-separated; else the made language.", FILE),
    option("Data", "--train", 20_000, "Pairs to make for training."),
    option("Data", "--valid", 500, "Pairs for validation."),
    option("Data", "--test", 1_000, "Pairs for the test."),
    option("Data", "--lengths", (2, 20), "Shortest and longest source sentence to make.", (int, int)),
    option("Data", "--held-out", (), "A construction that is never trained on. Repeatable."),
    option("Data", "--data-seed", 0, "Decides which sentences are made, and which go where."),
    option("Data", "--side", None, "For a language model: whose sentences it learns.", ["source", "target"]),
    design("Model", "--architecture", "recurrent", "What kind.", ["recurrent", "transformer", "language-model"]),
    design("Model", "--layers", "1 of LSTM, 2 of blocks", "On each side.", int),
    design("Model", "--dropout", "0.0", "Share of numbers dropped in training.", float),
    design("Model", "--longest", "64 or 128", "Most words for the location score, or learned positions.", int),
    design("Recurrent model", "--attention", "after", "Where it stands, beside the step.", ["none", "before", "after"]),
    design(
        "Recurrent model",
        "--score",
        "general",
        "How a query is compared with the keys.",
        ["dot", "cosine", "general", "concat", "additive", "location"],
    ),
    design("Recurrent model", "--encoder", "unidirectional", "How it reads.", ["unidirectional", "bidirectional"]),
    design("Recurrent model", "--reverse-source", None, "Read the sentence from its end."),
    design("Recurrent model", "--feed-context", None, "Without attention: every step reads the context vector."),
    design("Recurrent model", "--input-feeding", None, "Each step reads the attentional state of the last."),
    design("Recurrent model", "--window", "global", "Which words it may look at.", ["global", "local-m", "local-p"]),
    design("Recurrent model", "--half-width", "3", "Of the local windows, in words.", int),
    design("Recurrent model", "--choice", "soft", "Mix words, or draw one.", ["soft", "straight-through", "reinforce"]),
    design("Recurrent model", "--d-embedding", "48", "Width of a word's vector.", int),
    design("Recurrent model", "--d-hidden", "64", "Width of a state.", int),
    design(
        "Transformer or language model",
        "--positions",
        "sinusoidal",
        "How they are told.",
        ["none", "learned", "sinusoidal", "rotary", "alibi"],
    ),
    design("Transformer or language model", "--norm", "pre", "Where layer norms stand.", ["post", "pre"]),
    design("Transformer or language model", "--unscaled", None, "Do not divide scores by √d_k."),
    design(
        "Transformer or language model",
        "--mask",
        "causal",
        "What a written word sees; all others are mistakes to learn from.",
        ["causal", "none", "inverted", "weak"],
    ),
    design("Transformer or language model", "--d-model", "96", "Width of a token's vector.", int),
    design("Transformer or language model", "--heads", "4", "Of each attention.", int),
    design("Transformer or language model", "--d-feed-forward", "384", "Width inside the networks.", int),
    option("Training", "--epochs", 10, "How often each pair is read."),
    option("Training", "--batch-size", 64, "Pairs a step."),
    option("Training", "--lr", 2e-3, "Adam's learning rate."),
    option("Training", "--schedule", "constant", "Keep that rate, or let it fall to 0.", ["constant", "linear"]),
    option("Training", "--clip-norm", 1.0, "The longest gradient that is followed."),
    option(
        "Training",
        "--forcing",
        "constant",
        "How the share of teacher forcing moves.",
        ["constant", "linear", "inverse-sigmoid"],
    ),
    option("Training", "--forcing-share", 1.0, "That share, at the end where it falls."),
    option("Training", "--validate-every", None, "Steps from one validation to the next; else an epoch.", int),
    option("Training", "--seed", 0, "Seeds the first weights and the training."),
)


def with_choices(function: Callable) -> Callable:
    """Give a command all the choices, which help shows in the order above."""
    for decorate in reversed(CHOICES):
        function = decorate(function)
    return function


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def main() -> None:
    """Small translators with attention, to train and to look into."""


EXAMPLES = {
    "train": (
        "train --out bahdanau.safetensors --encoder bidirectional --attention before --score additive",
        "train --out luong.safetensors --attention after --score general --input-feeding",
        "train --out transformer.safetensors --architecture transformer --lr 0.001",
        "train --out writer.safetensors --architecture language-model --side source",
        "train --out mine.safetensors --pairs spa.txt",
    ),
    "translate": (
        """translate luong.safetensors "let's go" "i see him\"""",
        "translate luong.safetensors --beam 5 --n-best 3 --weights < sentences.txt",
    ),
    "generate": (
        "generate writer.safetensors",
        'generate writer.safetensors "the dog" --temperature 0.7 --top-p 0.9',
    ),
    "experiment": (
        "experiment",
        "experiment bottleneck scores",
        "experiment wiring --backend dask --scheduler tcp://127.0.0.1:8786",
    ),
    "evaluate": (
        "evaluate luong.safetensors",
        "evaluate luong.safetensors --lengths 21 60 --json",
    ),
}


def examples(command: str) -> str:
    """Return the end of a command's help; the first sign tells click to keep the lines as they are."""
    return "\n  ".join(["\b\nExamples, each after python -m attnkit:", *EXAMPLES[command]])


@main.command(cls=SectionedCommand, epilog=examples("train"))
@click.option(
    "--out",
    cls=Section,
    section="Run",
    required=True,
    type=click.Path(dir_okay=False),
    help="File to write; it is replaced.",
)
@click.option(
    "--resume",
    cls=Section,
    section="Run",
    is_flag=True,
    help="Go on with the run that was writing it, as it was begun.",
)
@with_choices
@click.pass_context
def train(ctx: click.Context, out: str, *, resume: bool, **given: Any) -> None:
    """Train a translator or a language model, and write it to a file.

    Ctrl-C stops after the step under way. --resume goes on, and the weights become those of a run without a stop.
    What it needs stands in OUT.resume, which you may delete when you are done.
    """
    import torch

    from attnkit import checkpoints
    from attnkit.models import build, design_from_json
    from attnkit.models.config import SPECIALS
    from attnkit.training import Data, Options, resume_path
    from attnkit.training import train as run

    if resume:
        named = [name for name in given if ctx.get_parameter_source(name) != click.core.ParameterSource.DEFAULT]
        if named:
            raise click.UsageError(
                f"--resume takes the run as it was begun: leave out {', '.join(map(flag, sorted(named)))}"
            )
        _, about = checkpoints.read(resume_path(out))
        data, options = Data.from_json(about["record"]["data"]), Options.from_json(about["options"])
    else:
        try:
            data = Data(
                file=given.pop("pairs"),
                seed=given.pop("data_seed"),
                **{name: given.pop(name) for name in ("train", "valid", "test", "lengths", "held_out", "side")},
            )
            options = Options(
                learning_rate=given.pop("lr"),
                **{name: given.pop(name) for name in list(given) if name in Options.__dataclass_fields__},
            )
            choices = {name: value for name, value in given.items() if value is not None}
            if choices.pop("unscaled", None):
                choices["scaled"] = False
            sided = choices.get("architecture") == "language-model"
            if sided != (data.side is not None):
                raise click.UsageError("--architecture language-model and --side belong together")
            design_from_json({**choices, "source_words": SPECIALS + (not sided), "target_words": SPECIALS + 1})
        except ValueError as error:
            raise click.UsageError(str(error)) from error
    click.echo("Making the pairs …" if data.file is None else f"Reading {data.file} …", err=True)
    Path(out).parent.mkdir(parents=True, exist_ok=True)  # better to fail now than after an epoch
    splits = data.splits()
    source, target = data.vocabularies(splits.train)
    if resume:
        config = design_from_json(about["config"])
    else:
        config = design_from_json({**choices, "source_words": len(source), "target_words": len(target)})
    torch.manual_seed(options.seed)
    model = build(config)
    numbers = sum(parameter.numel() for parameter in model.parameters())
    click.echo(f"{len(splits.train):,} pairs, {numbers:,} weights, seed {options.seed}", err=True)
    try:
        history = run(
            model,
            splits.train,
            splits.valid,
            options,
            source,
            target,
            path=out,
            record={"data": data.to_json()},
            resume=resume,
        )
    except KeyboardInterrupt as stopped:
        if not resume_path(out).exists():
            raise
        again = f"python -m attnkit train --resume --out {shlex.quote(out)}"
        raise KeyboardInterrupt(f"{stopped or 'Stopped'}. To go on:\n  {again}") from None
    last = history.validations[-1]
    click.echo(f"{out}: {quality(last)} on {len(splits.valid):,} pairs")


def quality(last: Validation) -> str:
    """Say how good a model was at its last validation."""
    if last.bleu is None:
        return f"perplexity {math.exp(last.valid_loss):.2f}"
    return f"BLEU {last.bleu:.1f}, exact match {last.exact_match:.1%}"


@main.command(epilog=examples("translate"))
@click.argument("checkpoint", type=FILE)
@click.argument("sentences", nargs=-1, metavar="[SENTENCE]...")
@click.option("--beam", default=1, show_default=True, help="Width of the beam; 1 is greedy.")
@click.option("--n-best", default=1, show_default=True, help="How many translations of each sentence, with scores.")
@click.option("--length-penalty", default=1.0, show_default=True, help="The power of the length that scores divide by.")
@click.option("--weights", is_flag=True, help="Show where each word looked.")
def translate(
    checkpoint: str, sentences: Sequence[str], beam: int, n_best: int, length_penalty: float, *, weights: bool
) -> None:
    """Translate sentences, or the lines of standard input.

    CHECKPOINT is a file that train has written. Words that it does not know are named and read as <unk>.
    """
    from attnkit.decoding import search
    from attnkit.language import detokenise, tokenise

    if beam < 1 or n_best < 1:
        raise click.UsageError("--beam and --n-best must be 1 or more")
    if n_best > beam:
        raise click.UsageError(f"--n-best must not exceed --beam; got {n_best} of {beam}")
    loaded = translator(checkpoint)
    if weights and not loaded.model.looks:
        raise click.UsageError(f"{checkpoint} has no attention, so there are no weights to show")
    if blank := [text for text in sentences if not tokenise(text)]:
        raise click.UsageError(f"a sentence must have one or more words; got {blank[0]!r}")
    for texts in [sentences] if sentences else lines(sys.stdin):
        tokens = [read(text, loaded) for text in texts]
        chosen = [words for words in tokens if words]
        found = iter(search(loaded.model, loaded.source, chosen, width=beam, length_penalty=length_penalty))
        for words in tokens:
            if not words:
                click.echo()  # a blank line stays one, so that the lines of both sides belong together
                continue
            for one in next(found)[:n_best]:
                written = loaded.target.decode(one.ids)
                click.echo(detokenise(written) if n_best == 1 else f"{one.score:8.3f}  {detokenise(written)}")
                if weights:
                    click.echo(alignment(words, written, one))


@main.command(epilog=examples("generate"))
@click.argument("checkpoint", type=FILE)
@click.argument("opening", default="")
@click.option("--sentences", default=5, show_default=True, help="How many to write.")
@click.option("--temperature", default=1.0, show_default=True, help="Below 1 likely words gain, above 1 the others.")
@click.option("--top-k", type=int, help="Draw from so many words alone, the likeliest.")
@click.option("--top-p", default=1.0, show_default=True, help="Draw from the likeliest words with this share together.")
@click.option("--limit", type=int, help="The most words of a sentence; else 64.")
@click.option("--seed", default=0, show_default=True, help="Seeds the draws.")
def generate(
    checkpoint: str,
    opening: str,
    *,
    sentences: int,
    temperature: float,
    top_k: int | None,
    top_p: float,
    limit: int | None,
    seed: int,
) -> None:
    """Let a language model write sentences, each from the OPENING on.

    CHECKPOINT is a file that train has written, with --architecture language-model.
    """
    import torch

    from attnkit import checkpoints
    from attnkit.decoding import sample
    from attnkit.language import detokenise, tokenise

    if sentences < 1 or (limit is not None and limit < 1):
        raise click.UsageError("--sentences and --limit must be 1 or more")
    loaded = checkpoints.load(checkpoint)
    if loaded.model.reads:
        raise click.UsageError(f"{checkpoint} is a translator: use translate")
    words = tokenise(opening)
    if unknown := dict.fromkeys(word for word in words if word not in loaded.target):
        click.echo(f"read as <unk>: {', '.join(unknown)}", err=True)
    nothing = torch.empty((sentences, 0), dtype=torch.int64)
    written = sample(
        loaded.model,
        nothing,
        nothing.bool(),
        None if limit is None else torch.full((sentences,), limit),
        opening=torch.tensor([loaded.target.encode(words)] * sentences, dtype=torch.int64),
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        generator=torch.Generator().manual_seed(seed),
    )
    for one in written:
        click.echo(detokenise(loaded.target.decode(one.ids)) + ("" if one.ended else " …"))


@main.command(epilog=examples("evaluate"))
@click.argument("checkpoint", type=FILE)
@click.option("--pairs", type=FILE, help="Measure on this file, all of it.")
@click.option("--lengths", type=(int, int), help="Measure on fresh sentences of these lengths.")
@click.option("--sentences", default=1_000, show_default=True, help="How many, with --lengths.")
@click.option("--beam", default=1, show_default=True, help="Width of the beam; 1 is greedy.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def evaluate(
    checkpoint: str,
    pairs: str | None,
    lengths: tuple[int, int] | None,
    sentences: int,
    beam: int,
    *,
    as_json: bool,
) -> None:
    """Measure a model on sentences that it was not trained on.

    By default these are the test sentences that were put aside when it was trained.
    """
    from attnkit import checkpoints
    from attnkit.language import load_pairs
    from attnkit.training import Data
    from attnkit.training import evaluate as measure

    if pairs and lengths:
        raise click.UsageError("--pairs and --lengths are two kinds of sentences: choose one")
    loaded = checkpoints.load(checkpoint)
    if beam != 1 and not loaded.model.reads:
        raise click.UsageError(f"{checkpoint} is a language model: there is nothing to search, leave out --beam")
    written = loaded.record.get("data")
    data = None if written is None else Data.from_json(written)
    if data is None and not (pairs and loaded.model.reads):
        raise click.UsageError(f"{checkpoint} does not say what it was trained on: name a file with --pairs")
    if pairs:
        chosen = load_pairs(pairs)
        if not loaded.model.reads:
            [chosen] = data.sided(chosen)
    else:
        chosen = data.fresh(sentences, lengths) if lengths else data.splits().test
    measures = measure(loaded.model, loaded.source, loaded.target, chosen, width=beam)
    click.echo(json.dumps(measures, indent=2) if as_json else table(measures))


@main.command(epilog=examples("experiment"))
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--seeds", default=3, show_default=True, help="Runs of each translator.")
@click.option("--jobs", default=2, show_default=True, help="Runs side by side on this machine.")
@click.option("--backend", type=click.Choice(["processes", "dask"]), default="processes", show_default=True)
@click.option("--scheduler", metavar="ADDRESS", help="Of a Dask cluster that you have, with --backend dask.")
@click.option("--results", default="book/results", show_default=True, help="Folder of the results.")
@click.option("--weights", default="attnkit/weights", show_default=True, help="Folder of the shipped checkpoints.")
@click.option("--workshop", default="_build/experiments", show_default=True, help="Folder of runs, finished or not.")
def experiment(
    names: Sequence[str],
    *,
    seeds: int,
    jobs: int,
    backend: str,
    scheduler: str | None,
    results: str,
    weights: str,
    workshop: str,
) -> None:
    """Make the runs of experiments, each of them once, and write their results.

    Without a NAME it lists them, with the time that each still takes. Whatever stops it, the same command goes on.
    """
    from attnkit.experiments import EXPERIMENTS

    if unknown := [name for name in names if name not in EXPERIMENTS]:
        raise click.UsageError(f"NAME must be one of {', '.join(EXPERIMENTS)}; got {', '.join(unknown)}")
    if (backend == "dask") != (scheduler is not None):
        raise click.UsageError("--backend dask and --scheduler ADDRESS belong together")
    from attnkit.experiments.laboratory import Laboratory

    laboratory = Laboratory(workshop, results, weights, seeds=seeds, jobs=jobs, scheduler=scheduler)
    for name in names:
        click.echo(f"{name}: {still_needs(laboratory.outlook(name))}", err=True)
        try:
            click.echo(summary(laboratory.conduct(name)))
        except KeyboardInterrupt:
            raise KeyboardInterrupt("Stopped. The same command goes on from here.") from None
    rows = [[name, still_needs(laboratory.outlook(name)), one.question] for name, one in EXPERIMENTS.items()]
    wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, needs, question in rows:
        click.echo(f"{name:<{wide[0]}}  {needs:<{wide[1]}}  {question}")


def still_needs(outlook: Outlook) -> str:
    """Say how many runs are to be made, and how long that takes.

    Examples
    --------
    >>> from attnkit.experiments.laboratory import Outlook
    >>> still_needs(Outlook(9, 437.2)), still_needs(Outlook(1, None)), still_needs(Outlook(0, 0.0))
    ('9 runs to make, about 8 min', '1 run to make', 'all runs made')
    """
    if outlook.runs == 0:
        return "all runs made"
    time = "" if outlook.seconds is None else f", about {math.ceil(outlook.seconds / 60)} min"
    return f"{outlook.runs} run{'s' * (outlook.runs > 1)} to make{time}"


def summary(results: dict[str, Any]) -> str:
    """Write the mean and the spread of an experiment's runs, a line for each translator."""
    from attnkit.experiments import RECIPES

    measures = {name: heading for name, heading in MEASURES.items() if name in results["runs"][0]["test"]}
    rows = [["", "rate", *measures.values(), "seconds"]]
    for recipe in dict.fromkeys(run["recipe"] for run in results["runs"]):
        runs = [run for run in results["runs"] if run["recipe"] == recipe]
        cells = [spread([run["test"][name] for run in runs]) for name in measures]
        seconds = sum(run["seconds"] for run in runs) / len(runs)
        rows.append([RECIPES[recipe].about, f"{runs[0]['learning_rate']:g}", *cells, f"{seconds:.0f}"])
    return "\n".join([results["question"], *aligned(rows), ""])


MEASURES = {
    "bleu": "BLEU",
    "exact_match": "exact",
    "alignment_error_rate": "AER",
    "first_word_survival": "first word",
    "perplexity": "perplexity",
    "first": "loss at first",
}


def spread(values: list[float | None]) -> str:
    """Write mean ± standard deviation over the seeds."""
    if None in values:
        return "–"
    digits = 1 if max(values) > 1 else 3
    deviation = f" ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.{digits}f}{deviation}"


def aligned(rows: list[list[str]]) -> list[str]:
    """Return the rows as lines with columns of equal width, the first to the left and the others to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join([row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))])
        for row in rows
    ]


def translator(checkpoint: str) -> Checkpoint:
    """Return a translator from its file, or say that it is none."""
    from attnkit import checkpoints

    loaded = checkpoints.load(checkpoint)
    if not loaded.model.reads:
        raise click.UsageError(f"{checkpoint} is a language model and translates nothing: use generate")
    return loaded


def flag(name: str) -> str:
    """Return how an option is typed."""
    return "--" + name.replace("_", "-")


def lines(stream: Any) -> Iterator[list[str]]:
    """Yield the lines of a stream in handfuls that a model can translate side by side; a person's one by one."""
    typed = stream.isatty()
    if typed:
        click.echo("Type a sentence and press Enter; Ctrl-D ends.", err=True)
    stripped = (line.strip() for line in stream)
    while texts := list(itertools.islice(stripped, 1 if typed else 64)):
        yield texts


def read(text: str, checkpoint: Checkpoint) -> list[str]:
    """Return the words of a sentence, and name those that the translator does not know."""
    from attnkit.language import tokenise

    words = tokenise(text)
    if unknown := dict.fromkeys(word for word in words if word not in checkpoint.source):
        click.echo(f"read as <unk>: {', '.join(unknown)}", err=True)
    return words


def alignment(source: Sequence[str], target: Sequence[str], found: Translation) -> str:
    """Write under each other the target words and the one to three source words that each looked at most."""
    wide = max((len(word) for word in target), default=0)
    rows = []
    for word, weights in zip(target, found.weights, strict=True):
        best = sorted(range(len(source)), key=lambda j: -weights[j])[:3]
        looks = ", ".join(f"{source[j]} {weights[j]:.2f}" for j in best if weights[j] >= 0.05)
        rows.append(f"    {word:<{wide}} ← {looks}")
    return "\n".join(rows)


COLUMNS = {
    "sentences": ("sentences", "{:,}"),
    "perplexity": ("perplexity", "{:.2f}"),
    "bleu": ("BLEU", "{:.1f}"),
    "exact_match": ("exact", "{:.1%}"),
    "alignment_error_rate": ("AER", "{:.3f}"),
    "diagonal": ("diagonal", "{:.3f}"),
    "uniform": ("uniform", "{:.3f}"),
    "first_word_survival": ("first word", "{:.1%}"),
}


def table(measures: dict[str, Any]) -> str:
    """Write the measures as a table, a line for each range of lengths and one for all."""
    columns = {key: column for key, column in COLUMNS.items() if key in measures}
    rows = [["source words" if "bleu" in measures else "words", *(heading for heading, _ in columns.values())]]
    for name, values in [*measures["by_length"].items(), ("all", measures)]:
        cells = ("–" if values[key] is None else form.format(values[key]) for key, (_, form) in columns.items())
        rows.append([name.replace("-", "–"), *cells])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    text = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    text.insert(-1, "─" * len(text[0]))
    if "bleu" not in measures:
        return "\n".join([*text, "", "perplexity: exp of the mean loss of a word, <eos> included."])
    return "\n".join(
        [
            *text,
            "",
            "AER: alignment error rate of the attention weights, beside drawing the diagonal and drawing at random.",
            "first word: share of sentences whose first word keeps its effect, such as no for don't.",
        ]
    )
