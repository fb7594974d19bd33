"""Promise: greedy takes the best word, a beam that is wide enough the best sentence, and a batch changes nothing."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from attnkit.decoding import (
    BOS,
    EOS,
    PAD,
    beam,
    gold_weights,
    greedy,
    next_word_probabilities,
    pad,
    sample,
    search,
    translate,
)
from attnkit.language import Pair, Vocabulary
from attnkit.models import Config, LanguageModelConfig, build

SENTENCES = [[4, 9, 7, 5, 10], [6], [8, 4, 4], [10, 9, 8, 7, 6, 5, 4], [5, 6]]
DESIGNS = {
    "none": {"attention": "none", "feed_context": True},
    "before": {"attention": "before", "score": "additive"},
    "after": {"attention": "after", "score": "dot"},
    "fed": {"input_feeding": True, "layers": 2},
    "backwards": {"reverse_source": True, "score": "concat"},
    "moving window": {"window": "local-m", "half_width": 2},
    "hard": {"choice": "straight-through", "score": "cosine"},
}
ALL = pytest.mark.parametrize("design", DESIGNS.values(), ids=DESIGNS)


def toy(*, seed=0, spread=2.5, eos=0.0, **design):
    """Return a model of three target words whose choices are far enough apart to differ from step to step."""
    torch.manual_seed(seed)
    model = build(Config(source_words=11, target_words=7, d_embedding=3, d_hidden=13, **design))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(spread)
        model.output.bias[EOS] += eos
        model.output.bias[[PAD, BOS]] += 3  # what is no word must not be written, however likely
    return model.eval()


def read(sentences=SENTENCES):
    return pad(sentences)


def close(one, other):
    assert one.ids == other.ids
    assert one.ended == other.ended
    assert one.log_probability == pytest.approx(other.log_probability, rel=1e-5)
    if one.weights is None:
        assert other.weights is None
    else:
        np.testing.assert_allclose(one.weights, other.weights, atol=1e-4)


def log_probability(model, sentence, ids):
    """Return the log-probability of the words, by one teacher-forced pass over this sentence alone."""
    source, mask = pad([sentence])
    with torch.no_grad():
        logits = model(source, mask, torch.tensor([[BOS, *ids[:-1]]])).logits[0]
    return sum(logits.log_softmax(-1)[t, word].item() for t, word in enumerate(ids))


def test_pad_makes_a_rectangle_and_says_what_is_there():
    ids, mask = pad([[5, 7, 6], [], [9, 4]])
    assert ids.tolist() == [[5, 7, 6], [0, 0, 0], [9, 4, 0]]
    assert mask.tolist() == [[True] * 3, [False] * 3, [True, True, False]]
    assert ids.dtype == torch.int64


@ALL
def test_greedy_is_a_plain_loop(design):
    model = toy(**design)
    for sentence, found in zip(SENTENCES, greedy(model, *read()), strict=True):
        source, mask = pad([sentence])
        words, total = [], 0.0
        with torch.no_grad():
            memory = model.encode(source, mask)
            state, word = model.start(memory), BOS
            while word != EOS and len(words) < 2 * len(sentence) + 10:
                logits, state, _ = model.step(torch.tensor([word]), state, memory)
                chances = logits[0].log_softmax(0).tolist()
                word = max(range(2, 7), key=lambda i: chances[i])
                total += chances[word]
                words.append(word)
        assert found.ids == [word for word in words if word != EOS]
        assert found.ended == (words[-1] == EOS)
        assert found.log_probability == pytest.approx(total, rel=1e-5)
        assert found.score == found.log_probability


@ALL
@pytest.mark.parametrize("length_penalty", [0.0, 0.7])
def test_a_beam_of_one_is_greedy(design, length_penalty):
    model = toy(**design)
    beams = beam(model, *read(), width=1, length_penalty=length_penalty)
    for (only,), one in zip(beams, greedy(model, *read()), strict=True):
        close(only, one)
        length = len(one.ids) + one.ended
        assert only.score == pytest.approx(one.log_probability / length**length_penalty, abs=1e-4)


@pytest.mark.parametrize("length_penalty", [0.0, 0.6, 1.0])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_wide_beam_finds_every_sentence_in_order(seed, length_penalty):
    model, limit = toy(seed=seed, spread=1.5), 3
    words = [3, 4, 5, 6]
    endings = [
        (*start, end)
        for n in range(limit)
        for start in itertools.product(words, repeat=n)
        for end in ([EOS] if n < limit - 1 else [EOS, *words])
    ]
    assert len(endings) == 85
    found = beam(model, *read(), torch.full((5,), limit), width=89, length_penalty=length_penalty)
    for sentence, ranked in zip(SENTENCES, found, strict=True):
        wanted = {ids: log_probability(model, sentence, ids) / len(ids) ** length_penalty for ids in endings}
        got = {(*one.ids, *[EOS] * one.ended): one.score for one in ranked}
        assert got.keys() == wanted.keys()
        assert [got[ids] for ids in wanted] == pytest.approx(list(wanted.values()), abs=1e-4)
        assert [one.score for one in ranked] == sorted(got.values(), reverse=True)
        assert (*ranked[0].ids, *[EOS] * ranked[0].ended) == max(wanted, key=wanted.get)


def test_a_beam_finds_what_greedy_misses():
    """Some sentence begins with a word that is not the likeliest; and its n best are different sentences."""
    better = 0
    for seed in range(5):
        model = toy(seed=seed)
        for ranked, one in zip(beam(model, *read(), width=5, length_penalty=0), greedy(model, *read()), strict=True):
            better += ranked[0].log_probability > one.log_probability + 1e-3
            assert len({tuple(other.ids) for other in ranked}) == len(ranked) == 5
    assert better


def test_a_complete_sentence_keeps_its_place():
    """Its probability may be far below that of longer beginnings: with width 2 it is still among the two."""
    model = toy(spread=1.0)

    class Scripted(type(model)):
        def step(self, previous, state, memory, generator=None):
            step = super().step(previous, state, memory, generator)
            first = state.position == 0
            chances = {EOS: 0.1, 4: 0.9} if first else {5: 0.5, 6: 0.49, EOS: 0.01}
            logits = torch.full_like(step.logits, -30.0)
            for word, chance in chances.items():
                logits[:, word] = np.log(chance)
            return step._replace(logits=logits)

    model.__class__ = Scripted
    (ranked,) = beam(model, *read([[7]]), torch.tensor([3]), width=2, length_penalty=0)
    assert [one.ids for one in ranked] == [[4, 5, 5], []]
    assert [one.ended for one in ranked] == [False, True]


@ALL
@pytest.mark.parametrize("width", [1, 3])
def test_a_batch_is_its_sentences_one_by_one(design, width):
    model = toy(**design)
    together = beam(model, *read(), width=width)
    apart = [beam(model, *pad([sentence]), width=width)[0] for sentence in SENTENCES]
    for ranked, alone in zip(together, apart, strict=True):
        assert len(ranked) == len(alone)
        for one, other in zip(ranked, alone, strict=True):
            close(one, other)
    for one, sentence in zip(greedy(model, *read()), SENTENCES, strict=True):
        close(one, greedy(model, *pad([sentence]))[0])


def test_a_sentence_that_does_not_end_is_cut_at_its_limit():
    model = toy(eos=-100.0)
    assert [len(one.ids) for one in greedy(model, *read())] == [2 * len(sentence) + 10 for sentence in SENTENCES]
    limits = torch.tensor([2, 3, 5, 7, 11])
    for found in ([[one] for one in greedy(model, *read(), limits)], beam(model, *read(), limits, width=3)):
        assert [len(best.ids) for best, *_ in found] == [2, 3, 5, 7, 11]
        assert not any(one.ended for ranked in found for one in ranked)


@ALL
def test_weights_are_where_the_model_looks(design):
    model = toy(eos=-3.0, **design)
    vocabulary = Vocabulary.from_sentences([["a", "b", "c", "d", "e", "f", "g"]])
    target = Vocabulary.from_sentences([["x", "y", "z"]])
    texts = [vocabulary.decode(sentence) for sentence in SENTENCES]
    for width in (1, 3):
        found = search(model, vocabulary, texts, width=width)
        if design.get("attention") == "none":
            assert all(one.weights is None for ranked in found for one in ranked)
            continue
        for rank in range(width):
            chosen = [(text, ranked[rank]) for text, ranked in zip(texts, found, strict=True) if ranked[rank].ids]
            assert len(chosen) > 1
            pairs = [
                Pair(tuple(text), tuple(target.words[word] for word in one.ids), None, None, frozenset())
                for text, one in chosen
            ]
            for (text, one), weights in zip(chosen, gold_weights(model, vocabulary, target, pairs), strict=True):
                assert one.weights.shape == (len(one.ids), len(text))
                np.testing.assert_allclose(one.weights, weights, atol=1e-4)


def test_gold_weights_come_in_the_order_of_the_pairs():
    model = toy(score="dot")
    source = Vocabulary.from_sentences([["a", "b", "c", "d", "e", "f", "g"]])
    target = Vocabulary.from_sentences([["x", "y", "z"]])
    pairs = [
        Pair(tuple(s.split()), tuple(t.split()), None, None, frozenset())
        for s, t in [("a b c d e", "x y z"), ("g", "z z x x x"), ("f e f", "y x")]
    ]
    together = gold_weights(model, source, target, pairs, batch_size=2)
    assert [weights.shape for weights in together] == [(3, 5), (5, 1), (2, 3)]
    for pair, weights in zip(pairs, together, strict=True):
        np.testing.assert_allclose(weights, gold_weights(model, source, target, [pair])[0], atol=1e-5)
        np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-5)


def test_sentences_come_back_in_their_order_whatever_the_batch():
    model = toy()
    source = Vocabulary.from_sentences([["a", "b", "c", "d", "e", "f", "g"]])
    target = Vocabulary.from_sentences([["x", "y", "z"]])
    texts = [source.decode(sentence) for sentence in SENTENCES]
    wanted = [translate(model, source, target, [text])[0] for text in texts]
    assert len({tuple(sentence) for sentence in wanted}) > 2
    for size in (1, 2, 3, 5, 64):
        assert translate(model, source, target, texts, batch_size=size) == wanted
    assert translate(model, source, target, []) == []


def test_a_word_nobody_knows_is_unknown():
    model = toy()
    source = Vocabulary.from_sentences([["a", "b", "c", "d", "e", "f", "g"]])
    ((found,),) = search(model, source, [["a", "pizza"]])
    close(found, greedy(model, *pad([[source.encode(["a"])[0], 3]]))[0])


def test_decoding_leaves_the_model_as_it_was():
    torch.manual_seed(0)
    model = build(Config(source_words=11, target_words=7, d_embedding=3, d_hidden=13, dropout=0.5)).train()
    first = greedy(model, *read())
    assert model.training
    assert torch.is_grad_enabled()
    for one, other in zip(first, greedy(model, *read()), strict=True):
        assert one.log_probability == other.log_probability


VOCABULARY = Vocabulary.from_sentences([["a"]])
WRONG = {
    "width": (lambda: beam(toy(), *read(), width=0), "width must be a whole number, 1 or more; got 0"),
    "no width": (lambda: search(toy(), VOCABULARY, [["a"]], width=0), "width must be a whole number, 1 or more; got 0"),
    "half a width": (lambda: beam(toy(), *read(), width=2.5), "width must be .*; got 2.5"),
    "penalty": (lambda: beam(toy(), *read(), width=2, length_penalty=-1), "length_penalty must be 0 or more; got -1"),
    "empty": (lambda: search(toy(), VOCABULARY, [["a"], []]), r"sentence 2 must be a list of .* words; got \[\]"),
    "text": (lambda: search(toy(), VOCABULARY, ["let's go"]), 'sentence 1 must be a list .*; got "let\'s go"'),
    "no attention": (
        lambda: gold_weights(
            toy(attention="none"), VOCABULARY, VOCABULARY, [Pair(("a",), ("a",), None, None, frozenset())]
        ),
        "weights need a model with attention; got one without",
    ),
}


@pytest.mark.parametrize(("call", "sentence"), WRONG.values(), ids=WRONG)
def test_a_wrong_request_gets_a_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


WRITER = {"source_words": 4, "target_words": 7, "d_model": 8, "heads": 2, "layers": 1, "d_feed_forward": 5}


def writer(**tilt):
    """Return a language model of three words, and no source for so many rows."""
    torch.manual_seed(2)
    model = build(LanguageModelConfig(**WRITER)).eval()
    with torch.no_grad():
        model.output.bias[[PAD, BOS]] += 5  # what is no word must not be written, however likely
        for place, value in tilt.items():
            model.output.bias[int(place[1:])] += value
    return model


def nothing(batch):
    return torch.empty((batch, 0), dtype=torch.int64), torch.empty((batch, 0), dtype=torch.bool)


def test_words_are_drawn_with_their_probability():
    """The first words of 20,000 sentences: each share within four standard deviations."""
    model, n = writer(), 20_000
    one = torch.ones(n, dtype=torch.int64)
    drawn = sample(model, *nothing(n), one, generator=torch.Generator().manual_seed(0))
    words = torch.tensor([(found.ids or [EOS])[0] for found in drawn])
    chances = next_word_probabilities(model.step(torch.tensor([BOS]), model.start(None), None).logits[0].detach())
    assert chances[[PAD, BOS]].tolist() == [0, 0]
    assert chances.sum() == pytest.approx(1, abs=1e-6)
    for word, chance in enumerate(chances.tolist()):
        assert (words == word).double().mean() == pytest.approx(
            chance, abs=4 * (chance * (1 - chance) / n) ** 0.5 + 1e-9
        )


def test_a_seed_is_a_sentence():
    model = writer()
    for options in ({}, {"top_p": 0.8}, {"top_k": 3, "temperature": 0.7}):
        one, same, other = (
            sample(model, *nothing(5), generator=torch.Generator().manual_seed(seed), **options) for seed in (3, 3, 4)
        )
        assert [found.ids for found in one] == [found.ids for found in same] != [found.ids for found in other]


def test_a_sample_of_one_word_is_greedy():
    model = toy(attention="after")
    source, mask = read()
    for one, other in zip(greedy(model, source, mask), sample(model, source, mask, top_k=1), strict=True):
        close(one, other)
    for one, other in zip(greedy(model, source, mask), sample(model, source, mask, top_p=1e-9), strict=True):
        close(one, other)


def test_an_opening_is_written_first_and_counted():
    model = writer()
    opening = torch.tensor([[4, 6], [5, 5]])
    for found, first in zip(sample(model, *nothing(2), torch.tensor([5, 2]), opening=opening), opening, strict=True):
        assert found.ids[:2] == first.tolist()
        state, previous, total = model.start(None), BOS, 0.0
        for word in [*found.ids, *[EOS] * found.ended]:
            step = model.step(torch.tensor([previous]), state, None)
            total += step.logits[0].log_softmax(dim=-1)[word].item()
            state, previous = step.state, word
        assert found.log_probability == pytest.approx(total, rel=1e-5)
        assert len(found.ids) + found.ended <= 5


def test_a_language_model_stops_by_itself():
    [found] = sample(writer(_2=-1e4), *nothing(1))
    assert (len(found.ids), found.ended) == (64, False)


LOGITS = torch.tensor([9.0, 9.0, 1e-9, 1e-9, 5.0, 3.0, 3.0]).log()  # of words 4, 5 and 6: 5/11, 3/11, 3/11


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({}, [5 / 11, 3 / 11, 3 / 11]),
        ({"temperature": 0.5}, [25 / 43, 9 / 43, 9 / 43]),
        ({"top_k": 2}, [5 / 8, 3 / 8, 0]),
        ({"top_k": 1}, [1, 0, 0]),
        ({"top_k": 99}, [5 / 11, 3 / 11, 3 / 11]),
        ({"top_p": 0.45}, [1, 0, 0]),
        ({"top_p": 0.46}, [5 / 8, 3 / 8, 0]),
        ({"top_p": 0.74}, [5 / 11, 3 / 11, 3 / 11]),
        ({"top_k": 2, "top_p": 0.62}, [1, 0, 0]),  # among the two that are left, 5/8 are enough
        ({"temperature": 0.5, "top_p": 0.58}, [1, 0, 0]),  # the temperature comes first
    ],
)
def test_next_words_by_hand(options, wanted):
    found = next_word_probabilities(LOGITS.double(), **options)
    assert found[4:].tolist() == pytest.approx(wanted, abs=1e-8)
    batch = next_word_probabilities(LOGITS.double().flip(-1).expand(2, 3, 7).flip(-1), **options)
    torch.testing.assert_close(batch, found.expand(2, 3, 7))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"top_k": 0}, "top_k must be a whole number from 1; got 0"),
        ({"top_p": 0.0}, "top_p must be above 0 and no more than 1; got 0.0"),
        ({"top_p": 1.5}, "top_p must be above 0 and no more than 1; got 1.5"),
        ({"temperature": 0.0}, "temperature must be"),
    ],
)
def test_odd_choices_are_refused(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        next_word_probabilities(LOGITS, **options)
