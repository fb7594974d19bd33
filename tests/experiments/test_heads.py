"""Promise: what is said of a single head is counted as one would count it by hand, beside a baseline."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch

from attnkit.checkpoints import Checkpoint
from attnkit.decoding import BOS, pad
from attnkit.experiments.heads import (
    ANIMAL,
    IT,
    REMARK,
    THING,
    agreement,
    head_alignment,
    measure_repeats,
    period,
    remarks,
    without_each_head,
    without_head,
)
from attnkit.experiments.measures import HeldOut
from attnkit.experiments.setting import Setting
from attnkit.experiments.tasks import N_SYMBOLS, REPEATS, SYMBOLS, repeats
from attnkit.language import ENGLISH, SPANISH, Vocabulary, make_pairs
from attnkit.metrics import alignment_error_rate, links_from_weights
from attnkit.models import Config, LanguageModelConfig, TransformerConfig, build
from attnkit.multi_head import multi_head_attend

SIZES = {"source_words": len(ENGLISH), "target_words": len(SPANISH)}
SMALL = {"d_model": 12, "heads": 3, "layers": 2, "d_feed_forward": 7}


@pytest.fixture(scope="module")
def transformer():
    torch.manual_seed(0)
    model = build(TransformerConfig(**SIZES, **SMALL)).eval()
    with torch.no_grad():
        for weights in model.parameters():
            weights.mul_(2)  # so that heads look at something
    return Checkpoint(model, ENGLISH, SPANISH, {})


@pytest.fixture(scope="module")
def recurrent():
    torch.manual_seed(0)
    return Checkpoint(build(Config(**SIZES, d_embedding=3, d_hidden=4)).eval(), ENGLISH, SPANISH, {})


@pytest.fixture(scope="module")
def sentences():
    return remarks(())


def test_the_alignment_of_a_head_is_that_of_its_own_weights(transformer, recurrent):
    pairs = make_pairs(23, seed=1, lengths=(3, 9))
    found = head_alignment(transformer, pairs)
    model = transformer.model
    links = {}
    for pair in pairs:  # one by one, without padding
        source, mask = pad([ENGLISH.encode(pair.source)])
        previous = torch.tensor([[BOS, *SPANISH.encode(pair.target)[:-1]]])
        memory = model.encode(source, mask)
        for layer, block in enumerate(model.decode(previous, model.start(memory), memory).blocks):
            for head in range(3):
                weights = block.cross_attention.weights[0, head].detach().numpy()
                links.setdefault((layer, head), []).append(links_from_weights(weights))
    wanted = [[alignment_error_rate(links[layer, head], pairs) for head in range(3)] for layer in range(2)]
    assert np.allclose(found["by_head"], wanted)
    assert np.ptp(found["by_head"]) > 0.01
    assert head_alignment(recurrent, pairs) is None


def test_the_best_offset_is_found(transformer):
    """Where each word stands for the next but one, a reader who looks two places on is right but at the end."""
    pairs = [
        pair._replace(target=pair.source, sure=gold, possible=gold)
        for pair in make_pairs(11, seed=1, lengths=(6, 9))
        for gold in [frozenset((i, i + 2) for i in range(len(pair.source) - 2))]
    ]
    found = head_alignment(transformer, pairs)["offset"]
    words, sure = sum(len(pair.target) for pair in pairs), sum(len(pair.sure) for pair in pairs)
    # The next to last word looks at the last as well, which counts twice only where it is linked: nowhere.
    assert found == {"best": 2, "error_rate": pytest.approx(1 - 2 * sure / (words + sure))}


def test_each_remark_is_about_one_of_two_nouns_of_unlike_gender(sentences):
    assert len(sentences) == 29 * 2 * 6
    assert len({pair.source for pair in sentences}) == len(sentences)
    endings = {"animal": set(), "thing": set()}
    for pair in sentences:
        assert pair.source[IT] == "it"
        assert len(pair.source) == REMARK + 1
        linked = {place: [pair.target[i] for i, j in pair.sure if j == place] for place in (ANIMAL, THING, REMARK)}
        feminine = {place: words[0].endswith("a") for place, words in linked.items()}
        assert feminine[ANIMAL] != feminine[THING]
        meant = "animal" if pair.source[REMARK] in {"excited", "tired", "sick"} else "thing"
        assert feminine[REMARK] == feminine[ANIMAL if meant == "animal" else THING]
        assert linked[REMARK] == [pair.target[-1]]
        endings[meant].add(pair.target[-1][-1])
    assert endings == {"animal": {"o", "a"}, "thing": {"o", "a"}}
    known = sentences[5].source
    assert known not in {pair.source for pair in remarks({known})}
    assert len(remarks({known})) == len(sentences) - 1


def test_agreement_is_the_share_of_right_endings(transformer, recurrent, sentences):
    """A model whose logits favour every masculine form is right wherever a masculine noun is meant."""
    for one in (transformer, recurrent):
        model = one.model
        masculine = [SPANISH.index(pair.target[-1]) for pair in sentences if pair.target[-1].endswith("o")]
        before = model.output.bias.detach().clone()
        with torch.no_grad():
            model.output.bias[masculine] += 1e4
        found = agreement(one, sentences)
        with torch.no_grad():
            model.output.bias.copy_(before)
        thing = np.asarray([pair.source[REMARK] in {"red", "new", "cheap"} for pair in sentences])
        right = np.asarray([pair.target[-1].endswith("o") for pair in sentences])
        assert found["cases"] == len(sentences)
        assert found["accuracy"] == pytest.approx(right.mean())
        assert found["thing"] == pytest.approx(right[thing].mean())
        assert found["animal"] == pytest.approx(right[~thing].mean())
        assert found["nearest"] == pytest.approx(thing.mean())
        assert ("looks" in found) == (one is transformer)
        json.dumps(found)


def test_looks_are_those_of_the_encoder(transformer, sentences):
    few = [*sentences[:7], *sentences[-7:]]
    found = agreement(transformer, few)["looks"]
    model, wanted = transformer.model, {}
    for pair in few:
        source, mask = pad([ENGLISH.encode(pair.source)])
        right, wrong = (THING, ANIMAL) if pair.source[REMARK] in {"red", "new", "cheap"} else (ANIMAL, THING)
        for name, query in (("it", IT), ("remark", REMARK)):
            weights = torch.stack([block.attention.weights[0, :, query] for block in model.read(source, mask)[1]])
            on, off = weights[..., right].detach().numpy(), weights[..., wrong].detach().numpy()
            for key, value in (("right", on), ("wrong", off), ("more", on > off)):
                wanted.setdefault((name, key), []).append(value)
    for (name, key), values in wanted.items():
        assert np.allclose(found[name][key], np.mean(values, axis=0), atol=1e-6)


def test_a_model_without_a_head_is_the_formula_without_it(transformer):
    pair = make_pairs(1, seed=4, lengths=(7, 7))[0]
    source, mask = pad([ENGLISH.encode(pair.source)])
    whole = transformer.model.read(source, mask)[1]
    less = without_head(transformer.model, "encoder", 1, 2).read(source, mask)[1]
    torch.testing.assert_close(less[0].output, whole[0].output)
    weights = transformer.model.encoder.blocks[1].weights()
    normed = torch.nn.functional.layer_norm(whole[0].output, (12,), *weights.attention_norm)
    wanted = multi_head_attend(normed, weights.attention, 3, without=[2]).output
    torch.testing.assert_close(less[1].attention.output, wanted)
    assert not torch.allclose(whole[1].attention.output, wanted)


def test_every_head_is_taken_away_alone(transformer, monkeypatch):
    taken = []

    def quality(_, model, pairs):
        changed = [
            (name, *(values == 0).all(dim=0).nonzero()[:, 0].tolist())
            for name, values in model.named_parameters()
            if name.endswith("attention.output") and (values == 0).any()
        ]
        taken.append(changed)
        return float(len(pairs))

    monkeypatch.setattr("attnkit.experiments.heads.quality", quality)
    found = without_each_head(transformer, [None] * 250)
    assert found == {"sentences": 200, "whole": 200, **dict.fromkeys(("encoder", "self", "cross"), [[200.0] * 3] * 2)}
    places = ("encoder", "attention"), ("decoder", "attention"), ("decoder", "cross_attention")
    assert taken == [
        [],
        *(
            [(f"{side}.blocks.{layer}.{name}.output", *range(4 * head, 4 * head + 4))]
            for side, name in places
            for layer in range(2)
            for head in range(3)
        ),
    ]


def test_sequences_repeat_themselves():
    train, valid, sets = repeats(Setting(train=200, valid=20, test=30))
    assert [len(train), len(valid), len(sets.test)] == [200, 20, 30]
    assert len({pair.target for pair in [*train, *valid, *sets.test]}) == 250
    periods = [period(pair.target) for pair in train]
    assert {len(pair.target) for pair in train} == {REPEATS}
    assert (min(periods), max(periods)) == (8, 20)
    assert len({symbol for pair in train for symbol in pair.target}) == N_SYMBOLS
    assert len(SYMBOLS) == 4 + N_SYMBOLS


class Copying(torch.nn.Module):
    """It knows each symbol that it has seen before, and looks at it; of a new one it knows nothing."""

    def decode(self, words, _):
        batch, n = words.shape
        logits, weights = torch.zeros(batch, n, len(SYMBOLS)), torch.zeros(batch, 1, n, n)
        for row in range(batch):
            read = words[row].tolist()
            for t in range(n):
                before = [s for s in range(1, t) if read[s] == read[t]]
                if before and t > 0:
                    logits[row, t, read[before[-1] + 1]] = 100
                    weights[row, 0, t, before[-1] + 1] = 1
        block = type("Block", (), {"attention": type("Stages", (), {"weights": weights})})
        return logits, None, [block]


def test_a_copying_model_knows_all_but_the_first_symbol_of_a_repetition():
    symbols = SYMBOLS.words[4:]
    targets = [(symbols[:8] * 3)[:19], (symbols[5:16] * 3)[:19]]  # no symbol twice in a period
    pairs = [repeats(Setting(train=1, valid=1, test=1))[0][0]._replace(target=tuple(target)) for target in targets]
    found = measure_repeats(Checkpoint(Copying(), Vocabulary([]), SYMBOLS, {}), HeldOut(pairs, {}, {}, []))["test"]
    assert found["first"] == pytest.approx(math.log(len(SYMBOLS)))
    assert found["again"] == pytest.approx([math.log(len(SYMBOLS)), *[0] * 7], abs=1e-6)
    assert found["looks"] == [[pytest.approx(1)]]


def test_repeats_are_measured_on_a_real_model():
    torch.manual_seed(0)
    model = build(LanguageModelConfig(source_words=4, target_words=len(SYMBOLS), **SMALL)).eval()
    _, _, sets = repeats(Setting(train=3, valid=3, test=17))
    found = measure_repeats(Checkpoint(model, Vocabulary([]), SYMBOLS, {}), sets)["test"]
    assert len(found["again"]) == min(period(pair.target) for pair in sets.test)
    assert np.shape(found["looks"]) == (2, 3)
    assert 0 < np.min(found["looks"]) < np.max(found["looks"]) < 0.5
    assert found["first"] == pytest.approx(math.log(len(SYMBOLS)), rel=0.5)
