"""Promise: a head that is switched off brings 0, and the reader sees what changes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from attnkit import multi_head_attend
from attnkit.decoding import search
from attnkit.language import SPANISH
from attnkit.widgets.frame.sentence import likeliest
from attnkit.widgets.multi_head.ablation import PARTS, Ablation, without
from tests.reading import OFF, SENTENCES, SIZES, ship

LAYERS, HEADS = SIZES["layers"], SIZES["heads"]


@pytest.fixture(autouse=True)
def translator(monkeypatch, tmp_path):
    """Run each test with small fresh weights, whose sentences are nonsense."""
    [found] = ship("multi_head/ablation", tmp_path, monkeypatch)
    return found


def test_it_writes_what_the_package_writes(translator):
    for sentence in SENTENCES:
        [[best]] = search(translator.model, translator.source, [sentence.split()])
        assert Ablation(sentences=[sentence]).translation == translator.target.decode(best.ids)


@pytest.mark.parametrize("part", PARTS)
def test_a_head_is_taken_out_as_the_formula_takes_it_out(translator, part):
    whole, less = translator.model, without(translator.model, [(part, 1, 2), (part, 1, 0)])
    side, name = "encoder" if part == "encoder" else "decoder", "cross_attention" if part == "cross" else "attention"
    block, other = (getattr(getattr(model, side).blocks[1], name).weights() for model in (whole, less))
    inputs, memory = torch.randn(7, SIZES["d_model"]), torch.randn(4, SIZES["d_model"])
    expected = multi_head_attend(inputs, block, HEADS, memory=memory, without=[0, 2]).output
    torch.testing.assert_close(multi_head_attend(inputs, other, HEADS, memory=memory).output, expected)
    pairs = zip(whole.named_parameters(), less.parameters(), strict=True)
    assert [path for (path, one), two in pairs if not torch.equal(one, two)] == [f"{side}.blocks.1.{name}.output"]


def test_both_distributions_follow_the_same_words(translator):
    widget = Ablation(sentences=SENTENCES, text=SENTENCES[1], off=OFF, step=3)
    teacher = torch.tensor([[1, *translator.target.encode(widget.translation)]])
    ids = torch.tensor([translator.source.encode(SENTENCES[1].split())])
    for model, found in (
        (translator.model, widget.next_words),
        (without(translator.model, OFF), widget.ablated_next_words),
    ):
        logits = model(ids, torch.ones_like(ids, dtype=torch.bool), teacher).logits[0, 3]
        chances = logits.softmax(dim=-1)
        for word, chance in found.items():
            assert chances[translator.target.index(word)].item() == pytest.approx(chance, abs=1e-5)
        assert list(found.values()) == sorted(found.values(), reverse=True)
    assert widget.next_words != pytest.approx(widget.ablated_next_words)


def test_the_likeliest_words_may_end_the_sentence_but_not_pad_or_begin_it():
    chances = np.zeros(len(SPANISH))
    chances[:4] = 0.4, 0.3, 0.1, 0.2
    assert list(likeliest(chances, SPANISH))[:2] == ["<unk>", "<eos>"]


def test_with_nothing_off_nothing_changes_and_with_every_head_off_the_source_is_unheard():
    widget = Ablation(sentences=SENTENCES)
    assert widget.ablated == widget.translation
    assert widget.ablated_next_words == widget.next_words
    widget.off = [["cross", layer, head] for layer in range(LAYERS) for head in range(HEADS)]
    deaf = widget.ablated
    widget.text = "do go"  # as many words, so that the limit is the same
    assert widget.ablated == deaf


def test_the_map_is_that_of_the_whole_model(translator):
    widget = Ablation(sentences=SENTENCES, text=SENTENCES[1], layer=1, head=2, off=OFF)
    ids = torch.tensor([translator.source.encode(SENTENCES[1].split())])
    memory, blocks = translator.model.read(ids, torch.ones_like(ids, dtype=torch.bool))
    np.testing.assert_allclose(widget.weights, blocks[1].attention.weights[0, 2].detach(), atol=1e-5)
    teacher = torch.tensor([[1, *translator.target.encode(widget.translation)]])
    decoded = translator.model.decode(teacher, translator.model.start(memory), memory).blocks[1]
    for part, stages in (("self", decoded.attention), ("cross", decoded.cross_attention)):
        widget.part = part
        found = stages.weights[0, 2].detach().numpy()
        rows = slice(len(widget.weights))
        np.testing.assert_allclose(widget.weights, found[rows, rows] if part == "self" else found[rows], atol=1e-5)
