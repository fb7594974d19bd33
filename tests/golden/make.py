"""The golden files: the same inputs and answers for Python, JavaScript and torch. Run me to write them anew."""

from __future__ import annotations

import base64
import json
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch

import attnkit
from attnkit import checkpoints
from attnkit.decoding import BOS, greedy, next_word_probabilities, pad
from attnkit.experiments.heads import PLACES, without_head
from attnkit.language import Vocabulary, tokenise
from attnkit.models import Config, LanguageModelConfig, TransformerConfig, build
from attnkit.widgets import (
    Ablation,
    Alignment,
    Bottleneck,
    Clocks,
    Generation,
    Heads,
    Ladder,
    Layers,
    Leak,
    MaskBuilder,
    Order,
    Predict,
    QueryKeyValue,
    Rotary,
    Scaling,
    ScoreHeatmap,
    SelfMap,
    Shuffle,
    Temperature,
    TwoVectors,
    Variants,
    WeightedSum,
)

FOLDER = Path(__file__).parent
PIZZA = ["don't", "eat", "the", "delicious", "looking", "and", "smelling", "pizza"]
ZEBRA = "Don’t see the <b>zebra</b> , please"


def formulas() -> list[dict[str, Any]]:
    """Return calls of the functions of ``maths.mjs`` with what attnkit answers."""
    rng = np.random.default_rng(0)
    cases: list[dict[str, Any]] = []

    def add(name: str, answer: Any, *arguments: Any) -> None:
        cases.append(call(name, answer, *arguments))

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

    for size in (0.1, 1.0, 100.0):
        queries, keys = size * rng.normal(size=(3, 5)), rng.normal(size=(7, 2))
        query_weights, key_weights, vector = rng.normal(size=(11, 5)), rng.normal(size=(11, 2)), rng.normal(size=11)
        learned = query_weights, key_weights, vector
        add("additiveScores", attnkit.additive_scores(queries, keys, *learned), queries, keys, *learned)
        both = rng.normal(size=(11, 7))
        add("concatScores", attnkit.concat_scores(queries, keys, both, vector), queries, keys, both, vector)
        turn = rng.normal(size=(5, 2))
        add("generalScores", attnkit.general_scores(queries, keys, turn), queries, keys, turn)
        add("locationScores", attnkit.location_scores(queries, query_weights, 7), queries, query_weights, 7)

        d_hidden = 3
        state = attnkit.LSTMState(rng.normal(size=d_hidden), size * rng.normal(size=d_hidden))
        shapes = (4 * d_hidden, 5), (4 * d_hidden, d_hidden), (4 * d_hidden,)
        weights = attnkit.LSTMWeights(*(rng.normal(size=shape) for shape in shapes))
        step = attnkit.lstm_step(queries[0], state, weights)._asdict()
        camel = {"input_gate": "inputGate", "forget_gate": "forgetGate", "output_gate": "outputGate"}
        answer = {camel.get(key, key): stage for key, stage in step.items()}
        add("lstmStep", answer, queries[0], *state, *weights)

    for half_width in (0.5, 1, 3):
        centres = np.array([0.0, 2.5, 4.25, 13.0])
        add("localWindow", attnkit.local_window(centres, 7, half_width), centres, 7, half_width)
        add("localGaussian", attnkit.local_gaussian(centres, 7, half_width), centres, 7, half_width)
    return [*cases, *transformer_formulas()]


def call(name: str, answer: Any, *arguments: Any) -> dict[str, Any]:
    """Return one call of a function with its answer, as JSON has them."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(part) for key, part in value.items()}
        return value.tolist() if isinstance(value, np.ndarray | np.generic) else value

    return {"function": name, "arguments": [plain(a) for a in arguments], "answer": plain(answer)}


def transformer_formulas() -> list[dict[str, Any]]:
    """Return such calls of the formulas that a Transformer is made of."""
    rng = np.random.default_rng(5)
    cases: list[dict[str, Any]] = []

    def add(name: str, answer: Any, *arguments: Any) -> None:
        cases.append(call(name, answer, *arguments))

    for width in (1, 5, 12):
        queries, keys = rng.normal(size=(3, width)), rng.normal(size=(7, width))
        add("scaledDotScores", attnkit.scaled_dot_scores(queries, keys), queries, keys)
        learned = rng.normal(size=width), rng.normal(size=width)
        add("layerNorm", attnkit.layer_norm(keys, *learned), keys, *learned)
        add("layerNorm", attnkit.layer_norm(1e-3 * keys, *learned, 0.5), 1e-3 * keys, *learned, 0.5)
    early, late = np.arange(7), np.array([3, 11, 0.25])
    for width, base in ((1, 10_000), (6, 10_000), (11, 10_000), (6, 10)):
        for places in (early, late):
            add("sinusoidalPositions", attnkit.sinusoidal_positions(places, width, base), places, width, base)
    for vectors, places, base in ((rng.normal(size=(7, 6)), early, 10_000), (rng.normal(size=(3, 2)), late, 10)):
        add("rotary", attnkit.rotary(vectors, places, base), vectors, places, base)
    for heads in (*range(1, 10), 16, 17):
        add("alibiSlopes", attnkit.alibi_slopes(heads), heads)
    slopes = np.asarray(attnkit.alibi_slopes(3))
    for places in (early, late):
        add("alibiBiases", attnkit.alibi_biases(places, early, slopes), places, early, slopes)
        add("causalMask", attnkit.causal_mask(places), places)
        add("causalMask", attnkit.causal_mask(places, early), places, early)
        for width in (1, 3, 99):
            add("slidingWindowMask", attnkit.sliding_window_mask(places, early, width), places, early, width)
    return cases


def widgets() -> list[dict[str, Any]]:
    """Return states of every widget with the table that Python makes of each; −∞ is None in JSON."""
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(8, 3))
    pentagon = [[-2, -1], [2, -2], [3, 1], [0, 3], [-3, 2]]
    asked = {"token": 1, "scaled": False, "value": [[1, 2, -0.5], [0.5, 0, 1]]}
    looks = attnkit.softmax(np.random.default_rng(6).normal(size=(2, 1, 3, 8, 8)))
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
        Bottleneck(),
        Bottleneck(rung=5, attention="general"),
        Bottleneck(story="eat …", rung=14),
        Bottleneck(own=ZEBRA),
        Alignment(sentences=[" ".join(PIZZA), "let's go"]),
        Alignment(sentences=[" ".join(PIZZA), "let's go"], step=10, word=7, weight=0.5),
        Alignment(sentences=["let's go"], text=ZEBRA, step=2),
        Variants(models=["general", "bahdanau"]),
        Variants(models=["general", "local-m-2"], model="local-m-2", sentence="let's go"),
        Variants(models=["local-p-5"], sentence=ZEBRA),
        QueryKeyValue.worked_example(),
        QueryKeyValue(**{**QueryKeyValue.worked_example().state(), **asked}),
        Scaling(),
        Scaling(d_k=1024, divisor="nothing", sample=31, seed=0),
        Scaling(d_k=1, divisor="d_k"),
        SelfMap(sentences=[" ".join(PIZZA), "let's go"]),
        SelfMap(sentences=["the dog loved the ball , it was very excited"], word=6, layer=1, head=3),
        SelfMap(sentences=["let's go"], text=ZEBRA, word=3),
        Heads(weights=list(looks), tokens=PIZZA),
        Heads(weights=list(looks), tokens=PIZZA, layer=1, head=2, query=7, overlaid=True),
        Heads(weights=looks[0, 0, 0, :5], tokens=PIZZA, queries=PIZZA[:5], query=4),
        Ablation(sentences=[" ".join(PIZZA), "let's go"]),
        Ablation(
            sentences=[" ".join(PIZZA), "let's go"],
            part="cross",
            layer=1,
            head=3,
            off=[["cross", 1, 3], ["encoder", 0, 0]],
            step=9,
        ),
        Ablation(sentences=["let's go"], text=ZEBRA, part="self", off=[["self", 0, 1]], step=2),
        Clocks(),
        Clocks(d_model=4, position=49, shift=20, pair=1),
        Clocks(d_model=32, position=31, shift=0, pair=15),
        Rotary(),
        Rotary(query=[-2.75, 1], key=[3, -3], query_position=20, key_position=0, both=20, turn=60),
        *(Shuffle(positions=kind, order=[4, 0, 3, 2, 1]) for kind in ("none", "sinusoidal", "rotary", "alibi")),
        Shuffle(tokens=PIZZA[:3], vectors=rng.normal(size=(3, 6)), order=[1, 2, 0], positions="rotary"),
        Order(order=[0, 4, 2, 3, 1]),
        Order(sentence=ZEBRA),
        MaskBuilder(),
        MaskBuilder(rule="both", length=3, added="−10"),
        MaskBuilder(rule="window", width=3),
        MaskBuilder(rule="padding", length=2, added="−1"),
        MaskBuilder(rule="none"),
        MaskBuilder(
            tokens=PIZZA[:3], scores=rng.normal(size=(3, 3)), rule="own", cells=[[0, 1, 1], [1, 0, 0], [1, 1, 1]]
        ),
        Generation(prompt="the dog", seed=3),
        Generation(prompt="Don’t see the <b>zebra</b> ,", top_k=5, top_p=0.9, temperature=1.5, step=2, seed=8),
        Generation(prompt="", top_k=1, step=99),
        Leak(),
        Leak(sentence=ZEBRA, block=1),
        Layers(sentences=[" ".join(PIZZA), "let's go"]),
        Layers(sentences=[" ".join(PIZZA), "let's go"], part="encoder", layer=1, head=3, word=4),
        Layers(sentences=[" ".join(PIZZA), "let's go"], part="self", layer=1, head=0, step=5),
        Layers(sentences=["let's go"], text=ZEBRA, head=2, step=2),
        Ladder(sentences=[" ".join(PIZZA), "let's go"]),
        Ladder(sentences=["let's go"], text=ZEBRA),
        Predict(question="2 < 3?", answers=[("<b>yes</b>", "It is & it stays.", True), ("no", "Count.", False)]),
    ]
    return [
        {
            "widget": one.module,
            "translators": one.translators(),
            "state": one.state(),
            "table": {part: without_infinity(cells) for part, cells in one.table()._asdict().items()},
        }
        for one in made
    ]


def without_infinity(cells: Any) -> Any:
    """Return a part of a table with None for −∞, which JSON does not know."""
    if isinstance(cells, list):
        return [without_infinity(cell) for cell in cells]
    return None if cells == -np.inf else cells


SIZES = {"source_words": 11, "target_words": 13, "d_embedding": 5, "d_hidden": 7, "longest": 17}
BAHDANAU = {"attention": "before", "score": "additive"}
BIDIRECTIONAL = {"encoder": "bidirectional", "d_hidden": 6}
DESIGNS: list[dict[str, Any]] = [
    {"attention": "none"},
    {"attention": "none", "reverse_source": True, "layers": 2},
    {"attention": "none", "feed_context": True},
    {"attention": "none", "feed_context": True, "layers": 3, **BIDIRECTIONAL},
    {**BAHDANAU, **BIDIRECTIONAL},
    {**BAHDANAU, "layers": 2, "reverse_source": True},
    {**BAHDANAU, "window": "local-m", "half_width": 1},
    {"attention": "before", "score": "dot", "window": "local-p", "half_width": 2},
    {"attention": "before", "score": "location", "choice": "straight-through"},
    *({"score": score} for score in ("dot", "cosine", "general", "concat", "additive", "location")),
    {"score": "concat", "input_feeding": True, **BIDIRECTIONAL},
    {"score": "general", "input_feeding": True, "layers": 2, "reverse_source": True},
    {"score": "general", "window": "local-m", "half_width": 2},
    {"score": "dot", "window": "local-p", "input_feeding": True},
    {"score": "location", "window": "local-p", "half_width": 1},
    {"choice": "straight-through"},
    {"choice": "reinforce", "window": "local-m", "half_width": 1, "layers": 2},
    {"choice": "reinforce", "window": "local-p"},
]


def made_vocabularies() -> tuple[Vocabulary, Vocabulary]:
    """Return vocabularies of 11 and 13 words, the special tokens included."""
    source, target = "let's go don't eat the pizza ,", "vamos no comas la pizza y el perro ,"
    return Vocabulary(source.split()), Vocabulary(target.split())


def translators() -> list[dict[str, Any]]:
    """Return a small translator of each design, as the bytes of its checkpoint, with what it makes of sentences.

    The weights come from NumPy, whose numbers are the same on every machine. The answers are computed from what the
    checkpoint holds, in float64, so that a page must agree in all digits. A score of −∞ is None in JSON.
    """
    rng = np.random.default_rng(2)
    source, target = made_vocabularies()
    sentences = [["let's", "go"], ["don't", "eat", "the", "<b>", "pizza", ",", "go"]]
    previous = [BOS, 6, 12, 3, 5]
    cases = []
    for number, design in enumerate(DESIGNS):
        model = build(Config(**{**SIZES, **design}))
        for weights in model.parameters():
            weights.data = torch.from_numpy(rng.uniform(-1, 1, size=weights.shape).astype(np.float32))
        with TemporaryDirectory() as folder:
            path = Path(folder, "model.safetensors")
            checkpoints.save(path, model, source, target, compact=number > 0)
            model, contents = checkpoints.load(path).model.double(), path.read_bytes()
        answers = [run(model, source, target, sentence, previous) for sentence in sentences]
        cases.append({"design": design, "file": base64.b64encode(contents).decode("ascii"), "answers": answers})
    return cases


@torch.inference_mode()
def run(model: Any, source: Any, target: Any, sentence: list[str], previous: list[int]) -> dict[str, Any]:
    """Return each step's numbers for given previous words, and the greedy translation."""
    words, mask = pad([source.encode(sentence)])
    memory = model.encode(words, mask)
    state, steps = model.start(memory), []
    for word in previous:
        logits, state, look = model.step(torch.tensor([word]), state, memory)
        stages = {} if look is None else {"scores": look.scores[0, 0], "weights": look.weights[0, 0]}
        stages = {name: stage.tolist() for name, stage in {"logits": logits[0], **stages}.items()}
        steps.append({name: [None if x == -np.inf else x for x in stage] for name, stage in stages.items()})
    [best] = greedy(model, words, mask)
    translation = {"words": target.decode(best.ids), "ended": best.ended, "logProbability": best.log_probability}
    return {"sentence": sentence, "previous": previous, "steps": steps, "translation": translation}


BLOCKS = {"target_words": 13, "d_model": 6, "heads": 2, "layers": 1, "d_feed_forward": 7, "longest": 64}
STACKS: list[dict[str, Any]] = [
    {"layers": 2},
    *({"positions": positions} for positions in ("none", "learned", "alibi")),
    {"positions": "rotary", "d_model": 8},
    {"norm": "post", "scaled": False},
    {"norm": "post", "positions": "learned", "layers": 2},
    {"positions": "alibi", "heads": 5, "d_model": 5},
    {"positions": "rotary", "heads": 3, "d_model": 12, "scaled": False},
    *({"mask": mask} for mask in ("none", "inverted")),
    {"mask": "weak", "positions": "alibi", "heads": 1, "d_model": 3, "layers": 3},
]
ALONE = [0, 4, 6, 8, 10, 11]  # the designs that are given to language models too


def transformers() -> list[dict[str, Any]]:
    """Return a small Transformer of each design, and some language models, with every stage of what they make.

    Weights and answers are made as in :func:`translators`.
    """
    rng = np.random.default_rng(3)
    source, target = made_vocabularies()
    designs = [
        *({"source_words": 11, **BLOCKS, **design} for design in STACKS),
        *({"source_words": 4, **BLOCKS, **STACKS[number]} for number in ALONE),
    ]
    cases = []
    for number, design in enumerate(designs):
        translates = design["source_words"] > 4
        model = build(TransformerConfig(**design) if translates else LanguageModelConfig(**design))
        for weights in model.parameters():
            weights.data = torch.from_numpy(rng.uniform(-1, 1, size=weights.shape).astype(np.float32))
        with TemporaryDirectory() as folder:
            path = Path(folder, "model.safetensors")
            vocabularies = source if translates else Vocabulary([]), target
            checkpoints.save(path, model, *vocabularies, compact=number > 0)
            model, contents = checkpoints.load(path).model.double(), path.read_bytes()
        sentence = ["don't", "eat", "<b>"] if translates else []
        answer = answer_of(model, *vocabularies, sentence, [BOS, 6, 12, 3])
        cases.append({"design": design, "file": base64.b64encode(contents).decode("ascii"), **answer})
    return cases


@torch.inference_mode()
def answer_of(model: Any, source: Any, target: Any, sentence: list[str], previous: list[int]) -> dict[str, Any]:
    """Return every stage for given previous words, read at once and one by one, and without some heads."""

    def told(stages: Any) -> Any:
        if isinstance(stages, torch.Tensor):
            return told(stages[0].tolist())
        if isinstance(stages, list):
            return [told(stage) for stage in stages]
        if stages == -np.inf:
            return None
        return {name: told(stage) for name, stage in stages._asdict().items()} if hasattr(stages, "_asdict") else stages

    def decoded(model: Any) -> Any:
        at_once = model.decode(torch.tensor([previous]), model.start(memory), *[memory] * model.reads)
        return {"logits": told(at_once.logits), "blocks": told(at_once.blocks)}

    words, mask = pad([source.encode(sentence)])
    memory, read = model.read(words, mask) if model.reads else (model.encode(words, mask), [])
    answer = {"read": told(read), "states": told(memory.states) if model.reads else [], "decoded": decoded(model)}
    state, steps = model.start(memory), []
    for word in previous:
        logits, state, look = model.step(torch.tensor([word]), state, memory)
        steps.append({"logits": told(logits)} | ({} if look is None else {"weights": told(look.weights)[0]}))
    [best] = greedy(model, words, mask)
    translation = {"words": target.decode(best.ids), "ended": best.ended, "logProbability": best.log_probability}
    poorer = model
    for place in PLACES if model.reads else ["self"]:
        poorer = without_head(poorer, place, layer=0, head=0)
    memory = poorer.encode(words, mask)
    answer |= {"steps": steps, "translation": translation, "without": decoded(poorer)["logits"]}
    return {"sentence": sentence, "previous": previous, **answer}


def chances() -> list[dict[str, Any]]:
    """Return logits with the probabilities from which a next word is drawn."""
    rng = np.random.default_rng(4)
    cases = []
    for temperature, top_k, top_p in product((1.0, 0.25, 3.0), (None, 1, 4, 99), (1.0, 0.5, 0.9)):
        for logits in (rng.normal(size=11), np.zeros(6)):  # words that differ, and words that are equally likely
            found = next_word_probabilities(torch.tensor(logits), temperature=temperature, top_k=top_k, top_p=top_p)
            options = {"temperature": temperature, "topP": top_p} | ({} if top_k is None else {"topK": top_k})
            cases.append({"logits": logits.tolist(), "options": options, "probabilities": found.tolist()})
    return cases


TYPED = [
    "Don’t eat, please!",
    "  the dog  loved the\tball , it was\nvery excited.",
    "European-economic area; 2nd 'x' rock'n'roll - -a- it''s",
    "el niño, el nin\u0303o: ÁGUILA ¿qué? ¡no! snake_case 3.14",
    "ΟΔΟΣ İstanbul ﬁn x² Ⅻ 中文字 naïve\u00a0café\u2003end\ufeff🙂\x1f",
    "let`s let´s letʼs let‘s",
    "",
    " \n ",
]


def tokens() -> list[dict[str, Any]]:
    """Return what readers may type, with the words that Python finds in it."""
    return [{"text": text, "tokens": tokenise(text)} for text in TYPED]


GOLDEN = {
    "formulas.json": formulas,
    "widgets.json": widgets,
    "translators.json": translators,
    "transformers.json": transformers,
    "chances.json": chances,
    "tokens.json": tokens,
}

if __name__ == "__main__":
    for file, make in GOLDEN.items():
        cases = json.dumps(make(), ensure_ascii=False).replace("}, {", "},\n{")
        (FOLDER / file).write_text(cases + "\n", encoding="utf-8")
