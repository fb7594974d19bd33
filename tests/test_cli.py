"""Promise: the command line trains, translates and measures; what fails is a sentence, and Ctrl-C loses nothing."""

from __future__ import annotations

import json
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import MISSING, fields

import click
import numpy as np
import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import save_file

from attnkit import checkpoints
from attnkit.cli import EXAMPLES, alignment, main, summary, train
from attnkit.decoding import Translation
from attnkit.experiments import EXPERIMENTS
from attnkit.language import load_pairs
from attnkit.models import Config, TransformerConfig, build
from attnkit.training import Data, Options, evaluate, resume_path
from attnkit.training import train as library
from attnkit.training.run import Run

SMALL = ["--d-embedding", "11", "--d-hidden", "13", "--epochs", "2", "--batch-size", "7", "--lr", "0.02"]


def call(*arguments, stdin=None):
    """Run a command as a shell would, and return its exit code, output and errors."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments], input=stdin)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """Return a file of pairs: words, and the same words backwards in another language."""
    path = tmp_path_factory.mktemp("pairs") / "pairs.tsv"
    words = {"dog": "perro", "cat": "gato", "pizza": "pizza", "don't": "no", "eat": "come", "red": "roja"}
    generator = random.Random(0)
    lines = []
    for _ in range(83):
        source = generator.choices(list(words), k=generator.randint(1, 5))
        lines.append(" ".join(source) + "\t" + " ".join(words[word] for word in reversed(source)))
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def model(pairs, tmp_path_factory):
    """Return a translator that the command line has trained."""
    path = tmp_path_factory.mktemp("model") / "backwards.safetensors"
    code, out, err = call("train", "--pairs", pairs, "--out", path, *SMALL)
    assert code == 0, err
    assert out.startswith(f"{path}: BLEU ")
    assert "weights, seed 0" in err
    assert "Traceback" not in err
    return path


def test_the_options_are_those_of_the_library():
    """Every choice of a model, of its training and of its data has an option, with the same words and default."""
    options = {option.name: option for option in train.params if option.name not in {"out", "resume"}}
    names = {"lr": "learning_rate", "pairs": "file", "data_seed": "seed"}
    for kind, section in ((Options, "Training"), (Data, "Data")):
        choices = {field.name: field for field in fields(kind)}
        ours = {names.get(name, name): one for name, one in options.items() if one.section == section}
        assert ours.keys() == choices.keys()
        for name, option in ours.items():
            assert option.default == choices[name].default, name
            if isinstance(option.type, click.Choice):
                # The dataclass names what it takes when it refuses something else.
                listed = ",? (or )?".join(option.type.choices)
                with pytest.raises(ValueError, match=f"{name} must be (one of )?{listed}.*; got"):
                    kind(**{name: "?"})


def test_every_choice_of_a_design_has_an_option():
    """Help shows the default that the design has; what is not typed does not reach it."""
    shared = {"layers", "dropout", "longest"}
    sections = {"Model": shared}
    for kind, section in ((Config, "Recurrent model"), (TransformerConfig, "Transformer or language model")):
        choices = {field.name: field for field in fields(kind) if field.default is not MISSING}
        sections[section] = choices.keys() - shared
        for option in (one for one in train.params if one.section in {section, "Model"}):
            assert option.default in {None, False}
            if option.name == "architecture":
                assert tuple(option.type.choices) == ("recurrent", "transformer", "language-model")
                continue
            name = {"unscaled": "scaled"}.get(option.name, option.name)
            default = choices[name].default
            if isinstance(default, bool):
                assert option.is_flag
                assert default == (name == "scaled")
            else:
                assert str(default) in option.show_default
            if isinstance(option.type, click.Choice):
                sizes = {"source_words": 5, "target_words": 5}
                with pytest.raises(ValueError, match=f"{name} must be one of {', '.join(option.type.choices)}; got"):
                    kind(**sizes, **{name: "?"})
    for section, names in sections.items():
        ours = {one.name for one in train.params if one.section == section} - {"architecture"}
        assert {{"unscaled": "scaled"}.get(name, name) for name in ours} == names


def test_help_comes_without_torch():
    code = (
        "import sys; from attnkit.cli import main\n"
        "for words in ([], ['train'], ['translate'], ['evaluate']):\n"
        "    main([*words, '--help'], standalone_mode=False)\n"
        "assert not {'torch', 'sacrebleu', 'tqdm', 'matplotlib'} & set(sys.modules), 'heavy'"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for word in ("train", "translate", "evaluate", "--input-feeding", "--n-best", "--json", "Model:", "Training:"):
        assert word in done.stdout


def test_the_examples_of_the_help_can_be_typed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("luong.safetensors", "writer.safetensors", "spa.txt"):
        (tmp_path / name).touch()
    for name, examples in EXAMPLES.items():
        for example in examples:
            command, *arguments = shlex.split(example.partition(" <")[0])
            assert command == name
            main.commands[name].make_context(name, arguments)
            assert example in call(name, "--help")[1]


def test_training_is_the_library_s(model, pairs):
    loaded = checkpoints.load(model)
    assert loaded.record["data"] == Data(file=str(pairs)).to_json()
    assert loaded.record["options"] == Options(epochs=2, batch_size=7, learning_rate=0.02).to_json()
    assert loaded.model.config.d_hidden == 13
    assert "pizza" in loaded.source
    splits, options = Data(file=str(pairs)).splits(), Options.from_json(loaded.record["options"])
    torch.manual_seed(0)
    ours = build(loaded.model.config)
    library(ours, splits.train, splits.valid, options, loaded.source, loaded.target, progress=False)
    assert all(torch.equal(ours.state_dict()[name], tensor) for name, tensor in loaded.model.state_dict().items())


def test_every_model_option_reaches_the_model(pairs, tmp_path):
    design = (
        "--encoder bidirectional --d-hidden 14 --attention after --score dot --input-feeding --window local-m "
        "--half-width 2 --choice straight-through --layers 2 --dropout 0.25 --d-embedding 5 --longest 17"
    )
    code, _, err = call("train", "--pairs", pairs, "--out", tmp_path / "m", "--epochs", 1, *design.split())
    assert code == 0, err
    config = checkpoints.load(tmp_path / "m").model.config
    assert (config.encoder, config.score, config.input_feeding, config.window) == (
        "bidirectional",
        "dot",
        True,
        "local-m",
    )
    assert (config.half_width, config.choice, config.layers) == (2, "straight-through", 2)
    assert (config.dropout, config.longest) == (0.25, 17)


def test_every_option_of_a_transformer_reaches_it(pairs, tmp_path):
    design = (
        "--architecture transformer --positions rotary --norm post --unscaled --mask weak --d-model 24 --heads 3 "
        "--layers 1 --d-feed-forward 19 --dropout 0.25 --longest 17"
    )
    code, _, err = call("train", "--pairs", pairs, "--out", tmp_path / "m", "--epochs", 1, *design.split())
    assert code == 0, err
    loaded = checkpoints.load(tmp_path / "m")
    assert loaded.model.config == TransformerConfig(
        source_words=len(loaded.source),
        target_words=len(loaded.target),
        positions="rotary",
        norm="post",
        scaled=False,
        mask="weak",
        d_model=24,
        heads=3,
        layers=1,
        d_feed_forward=19,
        dropout=0.25,
        longest=17,
    )
    assert call("translate", tmp_path / "m", "--weights", "dog eat pizza")[0] == 0


@pytest.fixture(scope="module")
def writer(pairs, tmp_path_factory):
    """Return a language model that the command line has trained."""
    path = tmp_path_factory.mktemp("writer") / "writer.safetensors"
    small = "--architecture language-model --side target --d-model 8 --heads 2 --layers 1 --d-feed-forward 7"
    code, out, err = call("train", "--pairs", pairs, "--out", path, *small.split(), "--epochs", 2, "--batch-size", 7)
    assert code == 0, err
    assert re.fullmatch(rf"{path}: perplexity \d+\.\d\d on \d pairs\n", out)
    return path


def test_a_language_model_writes(writer):
    loaded = checkpoints.load(writer)
    code, out, err = call("generate", writer, "Perro roja", "--sentences", 3, "--limit", 5)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert len(lines) == 3
    assert all(line.startswith("perro roja") and len(line.removesuffix(" …").split()) <= 5 for line in lines)
    assert set(out.split()) <= {*loaded.target.words, "…"}
    assert call("generate", writer, "perro roja", "--sentences", 3, "--limit", 5)[1] == out
    assert call("generate", writer, "perro roja", "--sentences", 3, "--limit", 5, "--seed", 1)[1] != out
    greedy = call("generate", writer, "--top-k", 1, "--sentences", 2)[1].splitlines()
    assert greedy[0] == greedy[1]
    assert call("generate", writer, "--top-p", "1e-9", "--temperature", 9, "--sentences", 1)[1] == greedy[0] + "\n"
    assert call("generate", writer, "perro grande")[2] == "read as <unk>: grande\n"


def test_a_language_model_is_measured_by_its_perplexity(writer, pairs):
    loaded = checkpoints.load(writer)
    data = Data(file=str(pairs), side="target")
    wanted = evaluate(loaded.model, loaded.source, loaded.target, data.splits().test)
    code, out, _ = call("evaluate", writer, "--json")
    assert code == 0
    assert json.loads(out) == wanted
    code, out, _ = call("evaluate", writer)
    assert out.splitlines()[0].split() == ["words", "sentences", "perplexity"]
    assert out.splitlines()[-3].split() == ["all", str(wanted["sentences"]), f"{wanted['perplexity']:.2f}"]
    _, out, _ = call("evaluate", writer, "--pairs", pairs, "--json")
    assert json.loads(out)["sentences"] == len({pair.target for pair in load_pairs(pairs)})


def test_the_made_language_is_what_one_gets(tmp_path):
    code, _, err = call(
        *("train", "--out", tmp_path / "m", "--train", 97, "--valid", 5, "--test", 7, "--lengths", 2, 7, *SMALL)
    )
    assert code == 0, err
    code, out, err = call("evaluate", tmp_path / "m")
    assert code == 0, err
    assert "sentences  BLEU" in out.splitlines()[0]
    code, out, err = call("evaluate", tmp_path / "m", "--lengths", 9, 11, "--sentences", 13, "--json")
    assert code == 0, err
    assert json.loads(out)["sentences"] == 13
    assert set(json.loads(out)["by_length"]) <= {"6-10", "11-15"}


def test_translate_sentences_and_lines(model):
    loaded = checkpoints.load(model)
    code, out, err = call("translate", model, "dog eat pizza", "CAT")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert len(lines) == 2
    assert set(out.split()) <= set(loaded.target.words)
    assert call("translate", model, stdin="dog eat pizza\ncat\n") == (0, out, "")
    assert call("translate", model, stdin="cat\n\ndog eat pizza\n")[1].splitlines() == [lines[1], "", lines[0]]


def test_many_lines_keep_their_order(model):
    words = ["dog", "cat", "pizza", "don't", "eat", "red"]
    texts = [" ".join([words[i % 6], words[i // 6 % 6]]) for i in range(150)]
    _, together, _ = call("translate", model, stdin="\n".join(texts))
    apart = {text: call("translate", model, text)[1] for text in set(texts)}
    assert together == "".join(apart[text] for text in texts)


def test_the_n_best_come_with_scores(model):
    code, out, _ = call("translate", model, "--beam", 5, "--n-best", 3, "dog eat pizza")
    assert code == 0
    scores = [float(line.split()[0]) for line in out.splitlines()]
    assert len(scores) == 3
    assert scores == sorted(scores, reverse=True)
    _, best, _ = call("translate", model, "--beam", 5, "dog eat pizza")
    assert out.splitlines()[0].split()[1:] == best.split()


def test_weights_say_where_each_word_looked(model):
    _, plain, _ = call("translate", model, "dog eat pizza")
    code, out, _ = call("translate", model, "--weights", "dog eat pizza")
    first, *rows = out.splitlines()
    assert code == 0
    assert first == plain.strip()
    assert [row.split()[0] for row in rows] == plain.split()
    for row in rows:
        _, _, looks = row.partition("← ")
        pairs = [look.split() for look in looks.split(", ")]
        assert {word for word, _ in pairs} <= {"dog", "eat", "pizza"}
        numbers = [float(number) for _, number in pairs]
        assert numbers == sorted(numbers, reverse=True)
        assert numbers[0] > 1 / 3 - 0.01
        assert sum(numbers) <= 1.02


def test_an_alignment_names_the_three_most_looked_at():
    weights = np.asarray([[0.1, 0.2, 0.65, 0.05], [0.97, 0.01, 0.01, 0.01], [0.04, 0.3, 0.3, 0.36]])
    found = Translation([5, 6, 7], -1.0, -1.0, ended=True, weights=weights)
    assert alignment(["do", "not", "eat", "it"], ["no", "lo", "comas"], found).splitlines() == [
        "    no    ← eat 0.65, not 0.20, do 0.10",
        "    lo    ← do 0.97",
        "    comas ← it 0.36, not 0.30, eat 0.30",
    ]


def test_unknown_words_are_named(model):
    code, out, err = call("translate", model, "the dog eat the mouse")
    assert code == 0
    assert err == "read as <unk>: the, mouse\n"
    assert out.strip()


def test_evaluate_is_the_library_s(model, pairs):
    loaded = checkpoints.load(model)
    test = Data(file=str(pairs)).splits().test
    wanted = evaluate(loaded.model, loaded.source, loaded.target, test)
    code, out, _ = call("evaluate", model, "--json")
    assert code == 0
    assert json.loads(out) == wanted
    code, out, _ = call("evaluate", model)
    rows = out.splitlines()
    assert rows[0].split()[:2] == ["source", "words"]
    last = next(row for row in rows if row.strip().startswith("all")).split()
    assert last[1:4] == [str(len(test)), f"{wanted['bleu']:.1f}", f"{wanted['exact_match']:.1%}"]
    assert last[4:] == ["–"] * 4  # a file has no gold alignment
    _, out, _ = call("evaluate", model, "--pairs", pairs, "--json", "--beam", 3)
    assert json.loads(out)["sentences"] == 83


def interrupt_at(monkeypatch, number):
    """Press Ctrl-C in the middle of the training step of that number."""
    calls, update = [], Run.update

    def interrupted(*arguments):
        calls.append(None)
        if len(calls) == number:
            signal.raise_signal(signal.SIGINT)
        return update(*arguments)

    monkeypatch.setattr(Run, "update", interrupted)


def test_ctrl_c_and_resume_end_as_without(model, pairs, tmp_path, monkeypatch):
    out = tmp_path / "my model"
    with monkeypatch.context() as patch:
        interrupt_at(patch, 5)
        code, _, err = call("train", "--pairs", pairs, "--out", out, *SMALL)
    assert code == 130
    assert "Stopped at step 5 of 22. To go on:" in err
    assert f"python -m attnkit train --resume --out '{out}'" in err
    code, _, err = call("train", "--resume", "--out", out, "--epochs", "7", "--score", "dot")
    assert code == 2
    assert "leave out --epochs, --score" in err
    assert call("train", "--resume", "--out", out)[0] == 0
    whole, parts = checkpoints.load(model), checkpoints.load(out)
    weights = parts.model.state_dict()
    assert all(torch.equal(tensor, weights[name]) for name, tensor in whole.model.state_dict().items())


def steps(path):
    """Return how far a run has come, by its file."""
    return checkpoints.read(resume_path(path))[1]["history"]["steps"] if resume_path(path).exists() else 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_real_signal(number, pairs, tmp_path, monkeypatch):
    """A process of its own, Ctrl-C or a request to end, exit code 130; and the run goes on in another process."""
    out = tmp_path / "model"
    arguments = ["--pairs", str(pairs), "--out", str(out), *SMALL, "--epochs", "100000", "--validate-every", "3"]
    running = subprocess.Popen(
        [sys.executable, "-m", "attnkit", "train", *arguments],
        stderr=subprocess.PIPE,
        text=True,
        # A shell that runs the tests in the background would have switched Ctrl-C off.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    while steps(out) == 0 and running.poll() is None:
        time.sleep(0.02)
    running.send_signal(number)
    _, err = running.communicate()
    assert running.returncode == 130, err
    stopped = steps(out)
    assert f"Stopped at step {stopped} of 1100000. To go on:" in err
    assert f"python -m attnkit train --resume --out {out}" in err
    assert "Traceback" not in err
    interrupt_at(monkeypatch, 2)
    assert call("train", "--resume", "--out", out)[0] == 130
    assert steps(out) == stopped + 2


def test_a_request_to_end_is_heard_outside_training_too(model):
    """It is what stops the workers of an experiment; here it reaches a command that waits for its next lines."""
    waiting = subprocess.Popen(
        [sys.executable, "-u", "-m", "attnkit", "translate", str(model)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    waiting.stdin.write("dog\n" * 64)  # as many as are translated at once
    waiting.stdin.flush()
    waiting.stdout.readline()
    waiting.send_signal(signal.SIGTERM)
    _, err = waiting.communicate()
    assert waiting.returncode == 130, err
    assert err.rstrip().endswith("Stopped.")


def foreign(tmp_path):
    save_file({"x": torch.zeros(2)}, tmp_path / "foreign")
    return tmp_path / "foreign"


def damaged(tmp_path, model):
    (tmp_path / "damaged").write_bytes(model.read_bytes()[:999])
    return tmp_path / "damaged"


WRONG = {
    "no file": (2, lambda t, m: ["translate", t / "nothing", "dog"], "nothing' does not exist"),
    "foreign": (1, lambda t, m: ["translate", foreign(t), "dog"], "but attnkit has not written it"),
    "damaged": (1, lambda t, m: ["evaluate", damaged(t, m)], "is damaged, or is no safetensors file"),
    "empty sentence": (2, lambda t, m: ["translate", m, "dog", " "], "a sentence must have one or more words; got ' '"),
    "no beam": (2, lambda t, m: ["translate", m, "--beam", 0, "dog"], "must be 1 or more"),
    "n-best": (2, lambda t, m: ["translate", m, "--beam", 2, "--n-best", 3, "dog"], "not exceed --beam; got 3 of 2"),
    "penalty": (1, lambda t, m: ["translate", m, "--beam", 2, "--length-penalty", -1, "dog"], "must be 0 or more"),
    "no out": (2, lambda t, m: ["train"], "Missing option '--out'"),
    "no pairs": (2, lambda t, m: ["train", "--out", t / "x", "--pairs", t / "no.tsv"], "does not exist"),
    "no such score": (2, lambda t, m: ["train", "--out", t / "x", "--score", "sum"], "'sum' is not one of 'dot'"),
    "no fit": (
        2,
        lambda t, m: ["train", "--out", t / "x", "--attention", "none", "--score", "dot"],
        "score='dot' needs attention",
    ),
    "no rate": (2, lambda t, m: ["train", "--out", t / "x", "--lr", 0], "learning_rate must be a finite number"),
    "no construction": (2, lambda t, m: ["train", "--out", t / "x", "--held-out", "x"], "held_out must name"),
    "no folder": (1, lambda t, m: ["train", "--out", m / "x"], "backwards.safetensors"),
    "nothing to resume": (1, lambda t, m: ["train", "--resume", "--out", t / "x"], "there is no checkpoint at"),
    "two sentences": (2, lambda t, m: ["evaluate", m, "--pairs", m, "--lengths", 1, 2], "choose one"),
    "no such part": (
        2,
        lambda t, m: ["train", "--out", t / "x", "--heads", 2],
        "Config has no choice named heads",
    ),
    "no side": (2, lambda t, m: ["train", "--out", t / "x", "--side", "source"], "and --side belong together"),
    "no writer": (2, lambda t, m: ["generate", m], "is a translator: use translate"),
    "nothing to write": (2, lambda t, m: ["generate", m, "--sentences", 0], "--limit must be 1 or more"),
    "no such command": (2, lambda t, m: ["fly"], "No such command 'fly'"),
}  # fmt: skip


@pytest.mark.parametrize(("code", "arguments", "sentence"), WRONG.values(), ids=WRONG)
def test_what_goes_wrong_is_a_sentence(tmp_path, model, code, arguments, sentence):
    got, out, err = call(*arguments(tmp_path, model))
    assert got == code
    assert sentence in " ".join(err.split())
    assert not out
    assert "Traceback" not in err


def test_a_diverging_run_is_a_failure(pairs, tmp_path):
    code, _, err = call("train", "--pairs", pairs, "--out", tmp_path / "x", *SMALL, "--lr", "1e30")
    assert code == 1
    assert "try a learning rate below 1e+30" in err


def test_a_model_without_attention_has_no_weights(pairs, tmp_path):
    call("train", "--pairs", pairs, "--out", tmp_path / "x", *SMALL, "--epochs", 1, "--attention", "none")
    code, _, err = call("translate", tmp_path / "x", "--weights", "dog")
    assert code == 2
    assert "has no attention, so there are no weights to show" in err


def test_a_checkpoint_without_its_data_asks_for_a_file(model, pairs, tmp_path):
    loaded = checkpoints.load(model)
    checkpoints.save(tmp_path / "x", loaded.model, loaded.source, loaded.target)
    code, _, err = call("evaluate", tmp_path / "x")
    assert code == 2
    assert "does not say what it was trained on: name a file with --pairs" in " ".join(err.split())
    assert call("evaluate", tmp_path / "x", "--pairs", pairs)[0] == 0


def test_a_moved_file_of_pairs_is_named(pairs, tmp_path):
    moved = shutil.copy(pairs, tmp_path / "moved.tsv")
    call("train", "--pairs", moved, "--out", tmp_path / "x", *SMALL, "--epochs", 1)
    (tmp_path / "moved.tsv").unlink()
    code, _, err = call("evaluate", tmp_path / "x")
    assert code == 1
    assert "moved.tsv" in err


def test_experiments_are_listed_with_what_they_need_and_ask(tmp_path):
    code, out, _ = call("experiment", "--workshop", tmp_path, "--results", tmp_path)
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == list(EXPERIMENTS)
    assert f"reversal    15 runs to make  {EXPERIMENTS['reversal'].question}" in out.splitlines()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["magic"], "NAME must be one of bottleneck, scores, wiring, forcing, reversal, hardness, ladder, scaling, "),
        (["wiring", "--backend", "dask"], "--backend dask and --scheduler ADDRESS belong together"),
        (["wiring", "--scheduler", "tcp://127.0.0.1:1"], "--backend dask and --scheduler ADDRESS belong together"),
    ],
)
def test_an_experiment_that_cannot_be_made_is_wrong_use(words, sentence):
    code, _, err = call("experiment", *words)
    assert code == 2
    assert sentence in err


def test_a_language_model_is_no_translator(writer):
    for command, sentence in (
        (["translate", writer, "dog"], "is a language model and translates nothing: use generate"),
        (["evaluate", writer, "--beam", 2], "is a language model: there is nothing to search, leave out --beam"),
        (["generate", writer, "--top-p", 2], "top_p must be above 0 and no more than 1; got 2.0"),
    ):
        code, _, err = call(*command)
        assert code in {1, 2}
        assert sentence in " ".join(err.split())


def test_an_experiment_prints_mean_and_spread():
    measures = {"exact_match": 0.5, "alignment_error_rate": None, "first_word_survival": 0.25}
    runs = [
        {"recipe": "none", "learning_rate": 0.01, "seconds": 60 + 20 * seed, "test": {"bleu": 90.0 + seed, **measures}}
        for seed in range(3)
    ]
    lines = summary({"question": "Why?", "runs": runs}).splitlines()
    assert lines[0] == "Why?"
    cells = ["no attention", "0.01", "91.0 ± 1.0", "0.500 ± 0.000", "–", "0.250 ± 0.000", "80"]
    assert re.split("  +", lines[2]) == cells
