"""What tests of widgets that read a sentence stand on: small fresh weights, many states, and what the page computes."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch

from attnkit import checkpoints
from attnkit.experiments import RECIPES
from attnkit.language import ENGLISH, SPANISH, Vocabulary
from attnkit.models import Config, LanguageModelConfig, TransformerConfig, build
from attnkit.widgets import Ablation, Alignment, Bottleneck, Generation, Ladder, Layers, Leak, Order, SelfMap
from attnkit.widgets.frame import weights
from attnkit.widgets.frame.widget import Widget
from attnkit.widgets.transformer.layers import PARTS

WORDS = {"source_words": len(ENGLISH), "target_words": len(SPANISH)}
RECURRENT = {**WORDS, "d_embedding": 5, "d_hidden": 14}
SIZES = {"d_model": 15, "heads": 3, "layers": 2, "d_feed_forward": 11}
TINY = {"d_model": 6, "heads": 2, "layers": 3, "d_feed_forward": 5}
OFF = [["encoder", 0, 1], ["self", 1, 2], ["cross", 1, 0]]
SENTENCES = ["let's go", "do not eat the pizza", "i see him"]
RED = ["the dog loved the ball , it was very excited", "the dog loved the ball , it was very red", "let's go"]
LONG = " ".join(["the dog and"] * 20)
STRANGE = "Don’t eat <b>zzz</b> , zzz"

NO_WORDS = {0: 9.0, 1: 9.0}  # <pad> and <bos> are no words, however likely


def recurrent(name: str) -> Config:
    return Config(**RECURRENT, **RECIPES[name].design)


def save(folder: Path, name: str, config: Any, bias: dict[int, float]) -> None:
    """Write small fresh weights, whose sentences are nonsense, under the name of trained ones."""
    model = build(config)
    for weight in model.parameters():
        weight.data *= 2  # else all words are equally likely, and all look alike
    for word, value in bias.items():
        model.output.bias.data[word] = value
    vocabularies = (Vocabulary([]), ENGLISH) if isinstance(config, LanguageModelConfig) else (ENGLISH, SPANISH)
    checkpoints.save(folder / f"{name}.safetensors", model, *vocabularies, compact=True)


class Case(NamedTuple):
    """One widget: how it is made, its fresh weights, states, what it refuses, and how large its module may be."""

    make: Callable[..., Widget]
    fresh: dict[str, tuple[Any, dict[int, float]]]
    states: list[dict[str, Any]]
    again: dict[str, Any]  # a state that is made twice
    strange: dict[str, Any]  # one with unknown words and HTML
    refused: list[tuple[str, dict[str, Any]]]
    bytes: int


def bounds(name: str, fewest: int = 1) -> list[tuple[str, dict[str, Any]]]:
    """Return what every widget says to a sentence that is too short or too long."""
    wanted = f"{name} must have {fewest} to 60 words; got"
    short = [(f"{wanted} 0", {name: " \n"})] if fewest else []
    return [*short, (f"{wanted} 61", {name: "go " * 61})]


GOLD = [
    ("gold must have one entry for each of the 3 sentences; got 1", {"gold": [None]}),
    ("must be None or have target, sure, possible", {"gold": [None, None, {"target": []}]}),
]
FIRST = [("text must have 1 to 60 words; got 0", {"sentences": [""]}), ("sentences", {"sentences": []})]
CASES = {
    "bahdanau/alignment": Case(
        make=partial(Alignment, sentences=SENTENCES),
        fresh={"bahdanau": (recurrent("bahdanau"), NO_WORDS)},
        states=[
            {},
            {"text": SENTENCES[1], "step": 2},
            {"text": SENTENCES[1], "step": 1, "word": 1, "weight": 0.75},
            {"text": SENTENCES[1], "step": 99, "word": 99, "weight": 0.0},
            {"text": SENTENCES[2], "weight": 1.0},
            {"text": "Go!", "word": 1},
            {"text": "go", "weight": 0.25},
            {"text": STRANGE, "step": 1},
            {"text": LONG, "step": 5},
        ],
        again={"text": SENTENCES[1], "step": 2, "word": 1, "weight": 0.5},
        strange={"text": STRANGE, "step": 1},
        refused=[
            *bounds("text"),
            *FIRST,
            *GOLD,
            ("weight must be from 0 to 1, or None; got 1.5", {"weight": 1.5}),
            ("weight must be from 0 to 1, or None; got nan", {"weight": float("nan")}),
            ("step", {"step": -1}),
            ("no option 'sentense'", {"sentense": "go"}),
        ],
        bytes=4_000,
    ),
    "bottleneck/bottleneck": Case(
        make=Bottleneck,
        fresh={
            "none": (Config(**RECURRENT, attention="none", layers=2), {}),
            "bahdanau": (recurrent("bahdanau"), {}),
        },
        states=[
            {"rung": 3},
            {"rung": 14},
            {"story": "eat …", "rung": 7},
            {"own": "I see him"},
            {"own": STRANGE},
            {"own": LONG},
        ],
        again={"own": "I see him"},
        strange={"own": STRANGE},
        refused=bounds("own"),
        bytes=3_600,
    ),
    "masking/generation": Case(
        make=Generation,
        fresh={
            "language-model": (
                LanguageModelConfig(source_words=4, target_words=len(ENGLISH), **TINY),
                {**NO_WORDS, 2: 2.0},
            )
        },
        states=[
            {},
            {"step": 2, "seed": 3},
            {"prompt": "", "seed": 99},
            {"prompt": "Don’t eat the <b>zzz</b> ,", "step": 1},
            {"top_k": 1, "step": 99},
            {"top_k": 3, "seed": 5, "step": 1},
            {"top_p": 0.5, "seed": 7},
            {"top_k": 7, "top_p": 0.7, "temperature": 2.0, "seed": 11, "step": 3},
            {"temperature": 0.1},
            {"temperature": 2.0, "seed": 0, "step": 5},
            {"prompt": LONG, "step": 1},
        ],
        again={"prompt": "i see", "step": 1, "top_k": 4, "seed": 6},
        strange={"prompt": STRANGE},
        refused=[
            *bounds("prompt", 0),
            ("temperature", {"temperature": 0.0}),
            ("temperature", {"temperature": float("nan")}),
            ("top_p must be from 0.05 to 1", {"top_p": 1.5}),
            ("top_k must be from 1 to 20; got 0", {"top_k": 0}),
            ("top_k must be from 1 to 20; got 21", {"top_k": 21}),
            ("seed must be from 0 to 99; got -1", {"seed": -1}),
            ("step", {"step": -1}),
            ("prompts", {"prompts": []}),
            ("no option 'topk'", {"topk": 1}),
        ],
        bytes=4_300,
    ),
    "masking/leak": Case(
        make=Leak,
        fresh={
            # An end comes sooner than by chance.
            "transformer": (TransformerConfig(**WORDS, **TINY), {0: -9.0, 1: -9.0, 2: 3.0}),
            "transformer-mask-none": (TransformerConfig(**WORDS, **TINY, mask="none"), {0: -9.0, 1: -9.0, 2: 3.0}),
        },
        states=[
            {},
            {"sentence": "let's go", "block": 1},
            {"sentence": "I see him", "block": 99},
            {"sentence": STRANGE},
            {"sentence": LONG},
        ],
        again={"sentence": "let's go", "block": 1},
        strange={"sentence": STRANGE},
        refused=[
            *bounds("sentence"),
            ("block", {"block": -1}),
            ("examples must be pairs of sentences; got ['a']", {"examples": [["a"]]}),
            ("examples", {"examples": []}),
            ("no option 'layer'", {"layer": 1}),
        ],
        bytes=3_700,
    ),
    "multi_head/ablation": Case(
        make=partial(Ablation, sentences=SENTENCES),
        fresh={"transformer": (TransformerConfig(**WORDS, **SIZES), {})},
        states=[
            {},
            {"text": SENTENCES[1], "step": 2, "off": OFF},
            {"text": SENTENCES[1], "part": "self", "layer": 1, "head": 2, "off": OFF[1:], "step": 99},
            {"text": SENTENCES[2], "part": "cross", "layer": 0, "head": 1, "off": OFF[:1]},
            {"text": STRANGE, "part": "cross", "off": OFF},
            {"text": LONG, "step": 5, "off": OFF[2:]},
        ],
        again={"text": SENTENCES[1], "part": "cross", "layer": 1, "head": 2, "off": OFF, "step": 2},
        strange={"text": STRANGE, "step": 1, "off": OFF},
        refused=[
            *bounds("text"),
            *FIRST,
            ("layer must be from 0 to 1; got 2", {"layer": 2}),
            ("head must be from 0 to 2; got 3", {"head": 3}),
            ("part", {"part": "decoder"}),
            ("off must hold (part, layer, head) with part one of encoder, self, cross", {"off": [["decoder", 0, 0]]}),
            ("layer from 0 to 1 and head from 0 to 2; got ['self', 2, 0]", {"off": [["self", 2, 0]]}),
            ("got ['self', 0]", {"off": [["self", 0]]}),
            ("no option 'without'", {"without": []}),
        ],
        bytes=3_200,
    ),
    "positions/order": Case(
        make=Order,
        fresh={
            "transformer-positions-none": (
                TransformerConfig(**WORDS, d_model=14, heads=2, d_feed_forward=11, positions="none"),
                {},
            ),
            "transformer": (TransformerConfig(**WORDS, d_model=14, heads=2, d_feed_forward=11), {}),
        },
        states=[
            {},
            {"sentence": RED[0]},
            {"sentence": "the man sees the woman", "order": [0, 4, 2, 3, 1]},
            {"sentence": "Go!"},
            {"sentence": STRANGE},
            {"order": [0, 4, 2, 3, 1]},
        ],
        again={"order": [0, 4, 2, 3, 1]},
        strange={"sentence": STRANGE},
        refused=[
            *bounds("sentence"),
            ("order must hold each of 0 to 4 once; got [0]", {"order": [0]}),
            ("order must hold each of 0 to 4 once; got [0, 1, 2, 3, 3]", {"order": [0, 1, 2, 3, 3]}),
            ("no option 'models'", {"models": []}),
        ],
        bytes=2_500,
    ),
    "self_attention/self_map": Case(
        make=partial(SelfMap, sentences=RED),
        fresh={"transformer": (TransformerConfig(**WORDS, **SIZES), {})},
        states=[
            {},
            {"word": 6, "layer": 1, "head": 2},
            {"text": RED[1], "word": 6, "head": 1},
            {"text": RED[2], "word": 99, "layer": 99, "head": 99},
            {"text": "Go!"},
            {"text": "go"},
            {"text": STRANGE, "word": 3},
            {"text": LONG, "word": 30, "layer": 1},
        ],
        again={"text": RED[1], "word": 6, "head": 1},
        strange={"text": STRANGE, "word": 3},
        refused=[
            *bounds("text"),
            *FIRST,
            ("word", {"word": -1}),
            ("layer", {"layer": -1}),
            ("no option 'sentense'", {"sentense": "go"}),
        ],
        bytes=3_000,
    ),
    "transformer/ladder": Case(
        make=partial(Ladder, sentences=SENTENCES),
        fresh={
            **{name: (recurrent(name), {}) for name in ("none", "bahdanau", "general")},
            "transformer": (TransformerConfig(**WORDS, **SIZES), {}),
        },
        states=[
            *({"text": text} for text in (*SENTENCES, STRANGE, LONG)),
            {"text": "go", "gold": [None, None, None]},
        ],
        again={"text": STRANGE},
        strange={"text": STRANGE},
        refused=[
            *bounds("text"),
            *GOLD,
            ("parameters must have 4 numbers; got [1]", {"parameters": [1]}),
            ("no option 'model'", {"model": "general"}),
        ],
        bytes=3_000,
    ),
    "transformer/layers": Case(
        make=partial(Layers, sentences=SENTENCES),
        fresh={"transformer": (TransformerConfig(**WORDS, **SIZES), {2: 0.0})},
        states=[
            *({"part": part} for part in PARTS),
            *({"text": SENTENCES[1], "part": part, "layer": 1, "head": 2, "word": 3, "step": 2} for part in PARTS),
            {"text": SENTENCES[2], "part": "encoder", "head": 1, "word": 99, "step": 99},
            {"text": STRANGE, "step": 3},
            {"text": LONG, "part": "self", "step": 60},
        ],
        again={"text": SENTENCES[1], "part": "self", "layer": 1, "head": 2, "word": 3, "step": 2},
        strange={"text": STRANGE, "step": 1},
        refused=[
            *bounds("text"),
            *GOLD,
            ("layer must be from 0 to 1; got 2", {"layer": 2}),
            ("head must be from -1 to 2; got 3", {"head": 3}),
            ("part", {"part": "decoder"}),
            ("no option 'heads'", {"heads": 1}),
        ],
        bytes=4_000,
    ),
}


def ship(module: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[checkpoints.Checkpoint]:
    """Use small fresh weights instead of the trained ones of a widget, and return them."""
    torch.manual_seed(7)
    for name, (config, bias) in CASES[module].fresh.items():
        save(folder, name, config, bias)
    monkeypatch.setattr(weights, "FOLDER", folder)
    return [checkpoints.load(folder / f"{name}.safetensors") for name in CASES[module].fresh]


PAGE = """
const { readTranslator } = await import('./attnkit/widgets/frame/checkpoint.mjs');
const { Seq2Seq } = await import('./attnkit/widgets/frame/seq2seq.mjs');
const { LanguageModel, Transformer } = await import('./attnkit/widgets/frame/transformer.mjs');
const { readFileSync } = await import('node:fs');
const { module, folder, asked } = JSON.parse(readFileSync(0, 'utf-8'));
const { table } = await import(`./attnkit/widgets/${module}.mjs`);
const bytes = (name) => new Uint8Array(readFileSync(`${folder}/${name}.safetensors`));
const shipped = new Map();
function load(name) {
  if (!shipped.has(name)) shipped.set(name, readTranslator(bytes(name), [Seq2Seq, Transformer, LanguageModel]));
  return shipped.get(name);
}
console.log(JSON.stringify(asked.map(({ names, state }) => table(state, ...names.map(load)))));
"""


def expect_the_page_computes(widgets: Iterable[Widget], within: float = 1e-6) -> None:
    """Compare the tables of a widget in many states with those of its module: words exactly, numbers nearly."""
    widgets = list(widgets)
    asked = [{"names": widget.translators(), "state": widget.state()} for widget in widgets]
    given = json.dumps({"module": widgets[0].module, "folder": str(weights.FOLDER), "asked": asked})
    command = ["node", "--input-type=module", "-e", PAGE]
    answer = subprocess.run(command, input=given, capture_output=True, text=True, check=True)
    for widget, page in zip(widgets, json.loads(answer.stdout), strict=True):
        wanted = widget.table()
        assert (page["caption"], page["columns"]) == (wanted.caption, wanted.columns)
        for row, other in zip(page["rows"], wanted.rows, strict=True):
            for cell, expected in zip(row, other, strict=True):
                assert cell == (expected if not isinstance(expected, float) else pytest.approx(expected, abs=within))
