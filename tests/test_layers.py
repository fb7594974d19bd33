"""Promise: the way of a vector through the Transformer is the model's own."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from attnkit.decoding import at_rest, pad, translate
from attnkit.language import parse
from attnkit.models import TransformerConfig
from attnkit.transformer import feed_forward, layer_norm
from attnkit.widgets.transformer.layers import MEAN, Layers
from tests.reading import SENTENCES, SIZES, WORDS, save, ship


@pytest.fixture(autouse=True)
def translator(monkeypatch, tmp_path):
    [found] = ship("transformer/layers", tmp_path, monkeypatch)
    return found


def test_it_writes_what_the_package_writes(translator):
    for sentence in SENTENCES:
        [wanted] = translate(translator.model, translator.source, translator.target, [sentence.split()])
        assert Layers(sentences=[sentence]).translation == wanted


def trained_otherwise(folder, end=0.0, **choices):
    """Put other fresh weights in the place of these."""
    torch.manual_seed(7)
    save(folder, "transformer", TransformerConfig(**WORDS, **SIZES, **choices), {2: end})


def sublayers(translator, widget):
    """Return the decoder's vectors at one step by the formulas, stage by stage: what is added, and the vector then."""
    model = translator.model.double()
    ids, mask = pad([translator.source.encode(widget.text.split())])
    read = [1, *translator.target.encode(widget.translation)]
    with at_rest(model):
        memory = model.encode(ids, mask)
        blocks = model.decode(torch.tensor([read]), model.start(memory), memory).blocks
        vector = model.decoder.embed(torch.tensor([read]), torch.arange(len(read)))[0, widget.step]
        yield None, vector
        for block, stages in zip(model.decoder.blocks, blocks, strict=True):
            own = block.weights()
            thought = stages.output[0, widget.step]
            for part in (stages.attention, stages.cross_attention):
                change = part.output[0, widget.step]
                vector = vector + change
                yield change, vector
            change = feed_forward(layer_norm(vector, *own.feed_forward_norm), own.feed_forward)
            torch.testing.assert_close(vector + change, thought)
            vector = thought
            yield change, vector


def test_each_stage_is_what_the_formulas_make(translator):
    widget = Layers(sentences=SENTENCES[1:], part="cross", step=1)
    stages = list(sublayers(translator, widget))
    assert len(widget.way) == 1 + 3 * SIZES["layers"] + 1 == len(stages) + 1
    for found, (change, vector) in zip(widget.way, stages, strict=False):
        assert found.size == pytest.approx(vector.norm().item(), rel=1e-6)
        assert (found.adds is None) == (change is None)
        assert change is None or found.adds == pytest.approx(change.norm().item(), rel=1e-6)
        norm = translator.model.decoder.norm
        logits = translator.model.output(layer_norm(vector, *norm.weights())).detach()
        logits[:2] = -torch.inf
        assert found.word == translator.target.words[int(logits.argmax())]
    assert widget.way[-1].word == next(iter(widget.next_words))


def test_a_word_that_would_end_the_sentence_ends_nothing_on_the_way(tmp_path):
    trained_otherwise(tmp_path, end=99.0)
    widget = Layers(sentences=SENTENCES)
    assert widget.translation == []
    assert {stage.word for stage in widget.way} == {"<eos>"}
    trained_otherwise(tmp_path, end=2.0)
    for sentence in SENTENCES:
        widget = Layers(sentences=[sentence])
        for step in range(len(widget.translation) + 1):
            widget.step = step
            assert len(widget.way) == 1 + 3 * SIZES["layers"] + 1


def test_the_source_word_goes_through_the_encoder(translator):
    widget = Layers(sentences=SENTENCES[1:], part="encoder", word=3)
    assert [stage.name for stage in widget.way] == [
        "embedding and position",
        "layer 0, self-attention",
        "layer 0, feed-forward",
        "layer 1, self-attention",
        "layer 1, feed-forward",
        "last norm",
    ]
    ids, mask = pad([translator.source.encode(SENTENCES[1].split())])
    memory, blocks = translator.model.read(ids, mask)
    assert widget.way[2].size == pytest.approx(blocks[0].output[0, 3].norm().item(), rel=1e-4)
    assert widget.way[-1].size == pytest.approx(memory.states[0, 3].norm().item(), rel=1e-4)
    other = Layers(sentences=SENTENCES[1:], part="encoder", word=2)
    assert [stage.size for stage in other.way] != [stage.size for stage in widget.way]
    assert {stage.word for stage in widget.way} == {None}


def test_the_weights_are_those_of_the_chosen_head_or_their_mean(translator):
    ids, mask = pad([translator.source.encode(SENTENCES[1].split())])
    memory, blocks = translator.model.read(ids, mask)
    encoder = Layers(sentences=SENTENCES, text=SENTENCES[1], part="encoder", layer=1, head=2)
    np.testing.assert_allclose(encoder.weights, blocks[1].attention.weights[0, 2].detach(), atol=1e-5)
    encoder.head = MEAN
    np.testing.assert_allclose(encoder.weights, blocks[1].attention.weights[0].mean(dim=0).detach(), atol=1e-5)
    written = translator.target.encode(encoder.translation)
    decoded = translator.model.decode(torch.tensor([[1, *written]]), translator.model.start(memory), memory).blocks[0]
    for part, stages in (("self", decoded.attention), ("cross", decoded.cross_attention)):
        found = Layers(sentences=SENTENCES, text=SENTENCES[1], part=part, head=1).weights
        wanted = stages.weights[0, 1].detach().numpy()[: len(found)]
        np.testing.assert_allclose(found, wanted[:, : found.shape[1]], atol=1e-5)
        assert part == "cross" or not np.triu(found, 1).any()


def test_gold_links_stand_on_the_cross_attention_alone_and_where_both_translations_agree(translator):
    pair = parse(SENTENCES[1].split())
    widget = Layers(sentences=SENTENCES, text=SENTENCES[1])
    assert widget.gold[1]["target"] == list(pair.target)
    assert {tuple(link) for link in widget.gold[1]["sure"]} == pair.sure
    same = {"target": widget.translation, "sure": [[0, 0], [1, 1]], "possible": [[0, 1]]}
    widget = Layers(sentences=SENTENCES[1:2], gold=[same])
    assert "Squares" in widget.picture().alt
    assert widget._links() == {"sure": [[0, 0], [1, 1]], "possible": [[0, 1]]}
    for part in ("encoder", "self"):
        widget.part = part
        assert "Squares" not in widget.picture().alt
    other = {**same, "target": ["zzz", *widget.translation[1:]]}
    assert Layers(sentences=SENTENCES[1:2], gold=[other])._links() == {"sure": [[1, 1]], "possible": []}
    assert Layers(sentences=SENTENCES[1:2], gold=[same], text="eat")._links()["sure"] == []


def test_a_model_whose_sublayers_do_not_add_is_refused(tmp_path):
    trained_otherwise(tmp_path, norm="post")
    with pytest.raises(ValueError, match="norm of transformer must be 'pre', where sublayers add; got 'post'"):
        Layers(sentences=SENTENCES).table()
