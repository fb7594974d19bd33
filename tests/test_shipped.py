"""What is shipped is what was measured: each checkpoint gives its printed values again, in torch and in the page."""

from __future__ import annotations

import json
import subprocess
from functools import cache

import numpy as np
import pytest
import torch

from attnkit import checkpoints
from attnkit.decoding import BOS, at_rest, pad, search
from attnkit.experiments import EXPERIMENTS, RECIPES, Results
from attnkit.experiments.setting import Setting
from attnkit.experiments.tasks import TASKS
from attnkit.models.transformer import step_by_step
from attnkit.widgets.frame import weights

HELD_OUT = 200
NAMES = weights.names()


@cache
def held_out(task):
    """The held-out sentences of the results' setting, made again from its seed; without their bins of lengths."""
    _, _, sets = TASKS[task].sentences(Setting())
    return sets._replace(bins={}, commands={})


def shipped(name):
    return checkpoints.load(weights.FOLDER / f"{name}{weights.SUFFIX}")


def test_every_translator_is_shipped_and_every_result_of_it_written():
    assert set(NAMES) == {recipe for experiment in EXPERIMENTS.values() for recipe in experiment.recipes}
    for name, experiment in EXPERIMENTS.items():
        results = Results(name)
        assert results.recipes == list(experiment.recipes)
        assert results.content["setting"] == json.loads(json.dumps(Setting().to_json()))
        for recipe in experiment.recipes:
            assert results.values(recipe, "seed").tolist() == [0, 1, 2]


@pytest.mark.parametrize("name", NAMES)
def test_the_printed_values_are_found_again(name):
    """To the digits in which they are printed: another processor may break a tie between two words differently."""
    checkpoint = shipped(name)
    task = RECIPES[name].task
    found = TASKS[task].measure(checkpoint, held_out(task))["test"]
    for experiment, contents in EXPERIMENTS.items():
        if name not in contents.recipes:
            continue
        runs = [run for run in Results(experiment).content["runs"] if run["recipe"] == name]
        [printed] = [run for run in runs if run["seed"] == checkpoint.record["seed"]]
        assert printed["test"].keys() == found.keys()
        for measure, value in printed["test"].items():
            digit = 0.05 if measure == "bleu" else 0.0005
            if value is None:
                assert found[measure] is None
            else:
                np.testing.assert_allclose(found[measure], value, rtol=0, atol=digit, err_msg=measure)


READ = """
const { readTranslator } = await import('./attnkit/widgets/frame/checkpoint.mjs');
const { Seq2Seq } = await import('./attnkit/widgets/frame/seq2seq.mjs');
const { LanguageModel, Transformer } = await import('./attnkit/widgets/frame/transformer.mjs');
const { readFileSync, writeFileSync } = await import('node:fs');
const { file, sentences, logits } = JSON.parse(readFileSync(0, 'utf-8'));
const translator = readTranslator(new Uint8Array(readFileSync(file)), [Seq2Seq, Transformer, LanguageModel]);
const write = (rows) => writeFileSync(logits, new Float64Array(rows.flatMap((row) => [...row])));
"""
TRANSLATE = """
const found = sentences.map((words) => translator.translate(words));
write(found.flatMap(({ steps }) => steps.map(({ logits }) => logits)));
console.log(JSON.stringify(found.map(({ words, ended, logProbability }) => ({ words, ended, logProbability }))));
"""
GO_ON = """
write(sentences.flatMap((ids) => translator.decode(ids, translator.start(), translator.encode([])).logits));
console.log("null");
"""


def in_the_page(name, do, sentences, folder):
    """What the page's own engine says, and all logits that it wrote, as one long row."""
    file, logits = weights.FOLDER / f"{name}{weights.SUFFIX}", folder / "logits"
    asked = json.dumps({"file": str(file), "sentences": sentences, "logits": str(logits)})
    command = ["node", "--input-type=module", "-e", READ + do]
    answer = subprocess.run(command, input=asked, capture_output=True, text=True, check=True)
    return json.loads(answer.stdout), np.fromfile(logits)


@pytest.mark.parametrize("name", [name for name in NAMES if RECIPES[name].task == "translation"])
def test_the_page_translates_held_out_sentences_as_torch_does(name, tmp_path):
    """The same words for each of 200 sentences; and where torch computes in float64 too, every logit of every step."""
    checkpoint = shipped(name)
    sentences = [pair.source for pair in held_out("translation").test[:HELD_OUT]]
    page, found = in_the_page(name, TRANSLATE, sentences, tmp_path)
    ours = [best for best, *_ in search(checkpoint.model, checkpoint.source, sentences)]
    assert [one["words"] for one in page] == [checkpoint.target.decode(one.ids) for one in ours]
    assert [one["ended"] for one in page] == [one.ended for one in ours]
    source, mask = pad([checkpoint.source.encode(sentence) for sentence in sentences])
    previous, _ = pad([[BOS, *one.ids] for one in ours])
    steps = torch.tensor([len(one.ids) + one.ended for one in ours])  # the step of <eos> is made, too
    with at_rest(checkpoint.model.double()):
        # One step after the other: a decoder whose mask is wrong would find the future in a pass over the whole.
        forced = torch.ones_like(previous, dtype=torch.bool)
        logits = step_by_step(checkpoint.model, checkpoint.model.encode(source, mask), previous, forced).logits
    logits = logits[torch.arange(logits.shape[1]) < steps[:, None]].numpy()
    np.testing.assert_allclose(found.reshape(logits.shape), logits, rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", [name for name in NAMES if RECIPES[name].task != "translation"])
def test_the_page_reads_held_out_sentences_as_torch_does(name, tmp_path):
    """Every logit at every place of 200 sentences, by a model that writes without reading."""
    checkpoint = shipped(name)
    pairs = held_out(RECIPES[name].task).test[:HELD_OUT]
    read = [[BOS, *checkpoint.target.encode(pair.target)] for pair in pairs]
    _, found = in_the_page(name, GO_ON, read, tmp_path)
    previous, inside = pad(read)
    source, mask = pad([[] for _ in read])
    with at_rest(checkpoint.model.double()):
        logits = checkpoint.model(source, mask, previous).logits[inside].numpy()
    np.testing.assert_allclose(found.reshape(logits.shape), logits, rtol=0, atol=1e-9)
