"""An experiment's numbers are made once, come out the same anywhere, and survive whatever stops it."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from attnkit import Attention, checkpoints
from attnkit.checkpoints import Checkpoint
from attnkit.decoding import BOS, gold_weights
from attnkit.experiments import EXPERIMENTS, RECIPES, Results, laboratory
from attnkit.experiments.laboratory import RATES, START, Laboratory, untried
from attnkit.experiments.measures import (
    ARTICLES,
    SPECIAL,
    HeldOut,
    articles,
    gradient_noise,
    measure,
    recovery,
    step_seconds,
)
from attnkit.experiments.runs import SEARCH_SEED, Run, perform
from attnkit.experiments.setting import Setting
from attnkit.experiments.tasks import translations
from attnkit.language import ENGLISH, SPANISH, Pair, make_pairs
from attnkit.models import build
from attnkit.models.seq2seq import Output

TINY = Setting(
    train=48, valid=8, test=16, lengths=(3, 9), bins=((3, 6), (7, 9), (10, 14)), per_bin=5,
    d_embedding=3, d_hidden=4, epochs=2, validate_every=2, batch_size=16,
)  # fmt: skip


def make(folder, **choices):
    return Laboratory(folder / "workshop", folder / "results", folder / "weights", setting=TINY, seeds=2, **choices)


def numbers(results):
    """Return everything but the times, which differ from run to run."""

    def timeless(content):
        if isinstance(content, dict):
            return {name: timeless(part) for name, part in content.items() if "seconds" not in name}
        return [timeless(part) for part in content] if isinstance(content, list) else content

    return timeless(json.loads(json.dumps(results)))


@pytest.fixture(scope="module")
def conducted(tmp_path_factory):
    """The experiment on hard attention, made on this machine."""
    folder = tmp_path_factory.mktemp("laboratory")
    return folder, make(folder).conduct("hardness")


def test_every_recipe_can_be_built():
    assert {name for experiment in EXPERIMENTS.values() for name in experiment.recipes} == set(RECIPES)
    for name in RECIPES:
        build(Setting().config(name))
    chosen = {
        json.dumps([recipe.design, dict(recipe.training), recipe.times, recipe.task]) for recipe in RECIPES.values()
    }
    assert len(chosen) == len(RECIPES)
    assert len({recipe.about for recipe in RECIPES.values()}) == len(RECIPES)


def test_all_get_the_same_steps_but_the_one_that_asks_for_time(tmp_path):
    runs = make(tmp_path).runs(list(RECIPES), dict.fromkeys(RECIPES, 0.01))
    assert {run.epochs for run in runs if run.recipe != "none-longer"} == {TINY.epochs}
    assert {run.epochs for run in runs if run.recipe == "none-longer"} == {4 * TINY.epochs}


def test_no_sentence_is_trained_and_tested_on():
    train, valid, sets = translations(TINY)
    seen = {pair.source for pair in [*train, *valid]}
    assert len(seen) == TINY.train + TINY.valid
    asked = [
        *sets.test,
        *sets.remarks,
        *(pair for part in (sets.bins, sets.commands) for pairs in part.values() for pair in pairs),
    ]
    assert not seen & {pair.source for pair in asked}
    for shortest, longest in TINY.bins:
        for pairs in (sets.bins[shortest, longest], sets.commands[shortest, longest]):
            assert len(pairs) == TINY.per_bin
            assert all(shortest <= len(pair.source) <= longest for pair in pairs)
        assert all("negated_command" in pair.constructions for pair in sets.commands[shortest, longest])


def test_all_runs_are_written_down(conducted):
    folder, results = conducted
    stored = json.loads((folder / "results/hardness.json").read_text("utf-8"))
    assert stored == json.loads(json.dumps(results))
    assert [(run["recipe"], run["seed"]) for run in stored["runs"]] == [
        (recipe, seed) for recipe in EXPERIMENTS["hardness"].recipes for seed in range(2)
    ]
    assert stored["question"] == EXPERIMENTS["hardness"].question
    assert stored["surroundings"]["torch"].startswith("2.")
    for run in stored["runs"]:
        assert run["setting"] == stored["setting"]
        assert 0 < run["test"]["diagonal"] < run["test"]["uniform"] < 1
        assert [entry["lengths"] for entry in run["by_length"]] == [[3, 6], [7, 9], [10, 14]]
    noise = {run["recipe"]: run["gradient_noise"] for run in stored["runs"]}
    assert noise["general"] < 1e-9 < noise["hard-straight-through"]
    assert noise["hard-reinforce"] > 1e-9


def test_the_learning_rate_is_searched_for_each_alike(conducted):
    """From the same rate on, up or down, until the best has a worse one on both sides or is the last there is."""
    folder, results = conducted
    search = json.loads((folder / "results/learning_rates.json").read_text("utf-8"))["runs"]
    assert [run["recipe"] for run in search] == sorted((run["recipe"] for run in search), key=list(RECIPES).index)
    for run in results["runs"]:
        losses = {one["learning_rate"]: one["valid_loss"] for one in search if one["recipe"] == run["recipe"]}
        best = RATES.index(min(losses, key=losses.get))
        assert {START, *RATES[max(best - 1, 0) : best + 2]} <= set(losses)
        assert tuple(losses) == RATES[RATES.index(min(losses)) : RATES.index(max(losses)) + 1]
        assert run["learning_rate"] == run["options"]["learning_rate"] == RATES[best]


@pytest.mark.parametrize(
    ("losses", "next_rates"),
    [
        ({}, [2.5e-3, 5e-3, 1e-2]),
        ({2.5e-3: 3, 5e-3: 2, 1e-2: 4}, []),
        ({2.5e-3: 1, 5e-3: 2, 1e-2: 4}, [1.25e-3]),
        ({2.5e-3: 4, 5e-3: 2, 1e-2: 1}, [2e-2]),
        ({5e-3: 4, 1e-2: 3, 2e-2: 2, 4e-2: 1}, []),
        ({6.25e-4: 1, 1.25e-3: 2, 2.5e-3: 3}, []),
    ],
)
def test_the_search_goes_on_beside_the_best(losses, next_rates):
    known = [{"recipe": "dot", "learning_rate": rate, "valid_loss": loss} for rate, loss in losses.items()]
    other = {"recipe": "none", "learning_rate": 4e-2, "valid_loss": 0.5}
    assert untried(["dot"], [*known, other]) == [("dot", rate) for rate in next_rates]


def test_a_mistake_in_the_mask_is_trained_with_the_rate_of_the_transformer(tmp_path):
    lab = Laboratory(tmp_path, tmp_path, tmp_path, setting=TINY)
    losses = {2.5e-3: 2, 5e-3: 3, 1.25e-3: 3}
    lab.write("learning_rates", "", [
        {"recipe": "transformer", "learning_rate": rate, "valid_loss": loss, "seconds": 1}
        for rate, loss in losses.items()
    ])  # fmt: skip
    recipes = EXPERIMENTS["masks"].recipes
    assert lab.learning_rates(recipes) == dict.fromkeys(recipes, 2.5e-3)


def test_a_shipped_checkpoint_gives_the_printed_values(conducted):
    folder, results = conducted
    _, _, sets = translations(TINY)
    for recipe in EXPERIMENTS["hardness"].recipes:
        checkpoint = checkpoints.load(folder / "weights" / f"{recipe}.safetensors")
        [run] = [run for run in results["runs"] if (run["recipe"], run["seed"]) == (recipe, checkpoint.record["seed"])]
        again = json.loads(json.dumps(measure(checkpoint, sets)))
        assert again == {"test": run["test"], "by_length": run["by_length"]}


def test_the_middle_run_is_shipped(conducted, tmp_path):
    folder, _ = conducted
    lab = Laboratory(folder / "workshop", tmp_path, tmp_path, setting=TINY)
    stored = {file.name: checkpoints.load(file) for file in (folder / "workshop").glob("general-*.safetensors")}
    losses = {one.record["history"]["validations"][-1]["valid_loss"]: one.record for one in stored.values()}
    assert len(losses) >= 5
    for few in (losses, dict(list(losses.items())[:4])):
        lab.ship("general", list(few.values()))
        shipped = checkpoints.load(tmp_path / "general.safetensors").record
        assert shipped["history"]["validations"][-1]["valid_loss"] == sorted(few)[(len(few) - 1) // 2]


def test_nothing_is_made_twice(conducted, monkeypatch):
    folder, results = conducted
    monkeypatch.setattr(laboratory, "perform", lambda *_: pytest.fail("a finished run is made again"))
    assert numbers(make(folder).conduct("hardness")) == numbers(results)


def test_a_stored_search_is_not_made_again(conducted, tmp_path, monkeypatch):
    """Also where the workshop is empty, as on a fresh clone; a rate that was not tried is."""
    folder, results = conducted
    stored = {run["recipe"]: run["learning_rate"] for run in results["runs"]}
    afresh = Laboratory(tmp_path, folder / "results", folder / "weights", setting=TINY, jobs=1)
    monkeypatch.setattr(laboratory, "perform", lambda *_: pytest.fail("a stored search is made again"))
    assert afresh.learning_rates(EXPERIMENTS["hardness"].recipes) == stored


def test_what_a_stored_search_lacks_is_tried(conducted, tmp_path, monkeypatch):
    folder, _ = conducted
    search = json.loads((folder / "results/learning_rates.json").read_text("utf-8"))["runs"]
    *others, best = sorted((one for one in search if one["recipe"] == "general"), key=lambda one: -one["valid_loss"])
    afresh = Laboratory(tmp_path, tmp_path, tmp_path, setting=TINY)
    afresh.write("learning_rates", "", others)
    asked = []

    def make(runs, _title):
        asked.extend(runs)
        return [best | {"history": {"validations": [best]}}]

    monkeypatch.setattr(afresh, "make", make)
    afresh.learning_rates(["general"])
    assert asked == [Run("general", SEARCH_SEED, best["learning_rate"], TINY.epochs)]
    assert best in json.loads((tmp_path / "learning_rates.json").read_text("utf-8"))["runs"]


def test_the_outlook_counts_what_is_not_made_and_its_time(conducted, tmp_path):
    folder, results = conducted
    assert make(folder).outlook("hardness") == (0, 0)
    afresh = Laboratory(tmp_path, folder / "results", folder / "weights", setting=TINY, seeds=1, jobs=2)
    took = {run["recipe"]: run["seconds"] for run in results["runs"]}
    assert afresh.outlook("hardness") == (3, pytest.approx(sum(took.values()) / 2))
    assert make(folder).outlook("reversal") == (10, None)


def test_another_setting_is_another_run(conducted):
    folder, results = conducted
    other = Laboratory(folder / "workshop", folder / "r", folder / "w", setting=Setting(), seeds=2)
    first = results["runs"][0]
    run = Run(first["recipe"], first["seed"], first["learning_rate"], TINY.epochs)
    assert make(folder).finished(run) is not None
    assert other.finished(run) is None


def test_a_stopped_experiment_goes_on(conducted, tmp_path, monkeypatch):
    """Ctrl-C comes after the third run: three runs are there, and the rest gives the same numbers."""
    _, results = conducted
    made = []

    def stopping(run, setting, folder):
        if len(made) == 3:
            raise KeyboardInterrupt
        made.append(run)
        return perform(run, setting, folder)

    monkeypatch.setattr(laboratory, "perform", stopping)
    with pytest.raises(KeyboardInterrupt):
        make(tmp_path, jobs=1).conduct("hardness")
    assert len(list((tmp_path / "workshop").glob("*.safetensors"))) == 3
    monkeypatch.setattr(laboratory, "perform", perform)
    assert numbers(make(tmp_path, jobs=1).conduct("hardness")) == numbers(results)
    assert not [file for file in (tmp_path / "workshop").iterdir() if file.suffix != ".safetensors"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_cluster_gives_the_same_numbers_though_a_worker_dies(conducted, tmp_path):
    """A real scheduler and two workers on this machine; one worker is killed as soon as the first run is there."""
    _, results = conducted
    address = f"tcp://127.0.0.1:{free_port()}"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": tmp_path}
    place = ["--host", "127.0.0.1", "--no-dashboard"]
    worker = ["dask_worker", address, "--nthreads", "1", "--no-nanny", *place]
    scheduler = ["dask_scheduler", "--port", address.rpartition(":")[2], *place]
    processes = [
        subprocess.Popen([sys.executable, "-m", f"distributed.cli.{program}", *options], **quiet)
        for program, *options in (scheduler, worker, worker)
    ]
    try:
        runner = (
            "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[3]);"
            "from tests.experiments.test_laboratory import make;"
            "make(Path(sys.argv[1]), scheduler=sys.argv[2]).conduct('hardness')"
        )
        experiment = subprocess.Popen([sys.executable, "-c", runner, tmp_path, address, Path.cwd()])
        deadline = time.monotonic() + 120
        while not list(tmp_path.glob("workshop/*.safetensors")) and time.monotonic() < deadline:
            time.sleep(0.05)
        processes[1].send_signal(signal.SIGKILL)
        assert experiment.wait(timeout=120) == 0
    finally:
        for process in processes:
            process.kill()
            process.wait()
    stored = json.loads((tmp_path / "results/hardness.json").read_text("utf-8"))
    assert numbers(stored) == numbers(results)


def test_recovery_tells_the_right_word_from_a_wrong_one(conducted):
    """A decoder that repeats the word it reads is right only where the reference repeats itself."""
    folder, results = conducted
    run = results["runs"][0]
    checkpoint = checkpoints.load(folder / "weights" / f"{run['recipe']}.safetensors")
    _, _, sets = translations(TINY)
    shares = recovery(checkpoint, sets.bins[10, 14], steps=3)
    assert {name: len(share) for name, share in shares.items()} == {"right": 3, "wrong": 3}
    with pytest.raises(ValueError, match="more than 200 target words; got none"):
        recovery(checkpoint, sets.test, steps=100)


class Knowing(torch.nn.Module):
    """A decoder that knows every word but articles, and looks at the English word that each word translates.

    In the padding it guesses, as trained ones do.
    """

    def __init__(self, pairs, *, looks=True):
        super().__init__()
        self.pairs, self.looks = pairs, looks

    def forward(self, source, _, previous):
        logits = torch.zeros(*previous.shape, len(SPANISH))
        logits[..., -1] = 0.5
        weights = torch.zeros(*previous.shape, source.shape[1])
        for row, pair in enumerate(self.pairs):
            for i, word in enumerate(pair.target):
                logits[row, i, SPANISH.encode(["perro" if word in ARTICLES else word])[0]] = 1
            for i, j in pair.sure:
                weights[row, i, j] = 1
        return Output(logits, Attention(weights, weights, weights) if self.looks else None)


def test_articles_are_told_from_other_words():
    """Neither a link that may be left out nor an article before a word without a link says where it looks."""
    _, _, sets = translations(TINY)
    pairs = sets.bins[10, 14]
    assert any(word in ARTICLES for pair in pairs for word in pair.target)
    for sure in ({(1, 1)}, {(0, 0)}):
        pairs = [*pairs, Pair(("the", "dog"), ("el", "perro"), sure, {(0, 0), (1, 1)}, frozenset())]
    found = articles(Checkpoint(Knowing(pairs), ENGLISH, SPANISH, {}), pairs)
    assert found == {"right": 0, "other_right": 1, "own": 1, "noun": 0}
    blind = articles(Checkpoint(Knowing(pairs, looks=False), ENGLISH, SPANISH, {}), pairs)
    assert blind == {"right": 0, "other_right": 1}


def test_articles_are_what_stands_for_an_article_or_some():
    """All but al and del, which are prepositions as well."""
    standing = {
        pair.target[i]
        for pair in make_pairs(800, seed=5, lengths=(3, 20))
        for i, j in pair.sure
        if pair.source[j] in {"the", "a", "an", "some"}
    }
    assert set(ARTICLES) == standing - {"al", "del"}


def test_articles_are_measured_as_one_by_one(conducted):
    folder, _ = conducted
    checkpoint = checkpoints.load(folder / "weights" / "general.safetensors")
    _, _, sets = translations(TINY)
    pairs = sets.bins[10, 14]
    own, noun, right = [], [], {True: [], False: []}
    for pair, weights in zip(pairs, gold_weights(checkpoint.model, ENGLISH, SPANISH, pairs), strict=True):
        source = torch.tensor([ENGLISH.encode(pair.source)])
        memory = checkpoint.model.encode(source, torch.ones_like(source, dtype=torch.bool))
        state, previous = checkpoint.model.start(memory), BOS
        for i, (word, number) in enumerate(zip(pair.target, SPANISH.encode(pair.target), strict=True)):
            logits, state, _ = checkpoint.model.step(torch.tensor([previous]), state, memory)
            right[word in ARTICLES].append(logits[0].argmax().item() == number)
            previous = number
            here, following = ([j for at, j in pair.sure if at == place] for place in (i, i + 1))
            if word in ARTICLES and here and following:
                own.append(weights[i, here[-1]])
                noun.append(weights[i, following[-1]])
    found = articles(checkpoint, pairs)
    assert own
    assert found["own"] == pytest.approx(np.mean(own), abs=1e-6)
    assert found["noun"] == pytest.approx(np.mean(noun), abs=1e-6)
    assert [found["right"], found["other_right"]] == pytest.approx([np.mean(right[True]), np.mean(right[False])])


def test_special_measures_belong_to_an_experiment(conducted):
    """Each under the name of its function, which sees every translator of the experiment."""
    folder, _ = conducted
    assert set(SPECIAL) <= set(EXPERIMENTS)
    recipes = "general", "hard-straight-through"
    translators = [checkpoints.load(folder / "weights" / f"{recipe}.safetensors") for recipe in recipes]
    sets = HeldOut(make_pairs(3, seed=5, lengths=(20, 22)), {}, {}, [])
    for experiment, one in {"forcing": recovery, "reversal": articles, "hardness": gradient_noise}.items():
        found = SPECIAL[experiment][one.__name__](translators, sets)
        assert found == [one(translator, sets.test) for translator in translators]
    assert len(SPECIAL["scores"]["step_seconds"](translators[:1] * 2, sets)) == 2


def test_steps_are_timed_for_each_translator(conducted):
    """How long it takes is not for a test to say; that both get a time, and keep their weights, is."""
    folder, _ = conducted
    soft = checkpoints.load(folder / "weights" / "general.safetensors")
    before = {name: weight.clone() for name, weight in soft.model.state_dict().items()}
    _, _, sets = translations(TINY)
    assert all(0 < seconds < 60 for seconds in step_seconds([soft, soft], sets.test, rounds=2))
    assert all(torch.equal(before[name], weight) for name, weight in soft.model.state_dict().items())


def test_an_unknown_experiment_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"must be one of bottleneck, scores, .*; got 'magic'"):
        make(tmp_path).conduct("magic")


def test_results_are_read_by_name_and_path(conducted):
    folder, results = conducted
    read = Results("hardness", folder / "results")
    assert read.recipes == list(EXPERIMENTS["hardness"].recipes)
    wanted = [run["test"]["bleu"] for run in results["runs"] if run["recipe"] == "general"]
    assert np.array_equal(read.values("general", "test", "bleu"), wanted)
    assert read.values("general", "by_length", "exact_match").shape == (2, 3)
    with pytest.raises(ValueError, match=r"recipe must be one of general, hard-straight-through, .*; got 'none'"):
        read.values("none", "test", "bleu")
    with pytest.raises(ValueError, match="no 'blue' in the run"):
        read.values("general", "test", "blue")
    with pytest.raises(ValueError, match=r"no results of 'wiring' .*there are: hardness, learning_rates"):
        Results("wiring", folder / "results")
