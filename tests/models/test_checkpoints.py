"""A translator comes back from its file as it went in; a damaged or foreign file is refused with a sentence."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import save_file

from attnkit import checkpoints
from attnkit.language import Vocabulary
from attnkit.models import Config, build

SOURCE = Vocabulary(["dog", "loves", "the"])
TARGET = Vocabulary(["ama", "el", "la", "perro", "ñandú"])
CONFIG = Config(
    source_words=len(SOURCE),
    target_words=len(TARGET),
    attention="before",
    score="additive",
    encoder="bidirectional",
    d_embedding=5,
    d_hidden=6,
)


@pytest.fixture
def model():
    torch.manual_seed(7)
    return build(CONFIG).eval()


def logits(model):
    source = torch.tensor([[4, 5, 6]])
    return model(source, torch.ones_like(source, dtype=torch.bool), torch.tensor([[1, 4, 7]])).logits


def test_it_comes_back_as_it_went_in(model, tmp_path):
    path = tmp_path / "new folder" / "it.safetensors"
    checkpoints.save(path, model, SOURCE, TARGET, record={"bleu": 97.5, "seeds": [1, 2]})
    back = checkpoints.load(path)
    assert (back.source, back.target, back.model.config) == (SOURCE, TARGET, CONFIG)
    assert back.record == {"bleu": 97.5, "seeds": [1, 2]}
    assert not back.model.training
    torch.testing.assert_close(logits(back.model), logits(model), rtol=0, atol=0)
    assert [file.name for file in path.parent.iterdir()] == ["it.safetensors"]


def test_a_compact_file_is_small_and_close(model, tmp_path):
    with torch.no_grad():
        model.output.weight[2] = 0  # a row without a scale of its own
    whole, compact = tmp_path / "whole", tmp_path / "compact"
    checkpoints.save(whole, model, SOURCE, TARGET)
    checkpoints.save(compact, model, SOURCE, TARGET, compact=True)
    assert compact.stat().st_size < whole.stat().st_size
    back = checkpoints.load(compact).model.state_dict()
    for name, weight in model.state_dict().items():
        if weight.ndim != 2:
            assert torch.equal(back[name], weight)
            continue
        # Rounding moves a number by at most half a step, and the largest of a row makes 127 steps.
        step = weight.abs().amax(dim=1, keepdim=True) / 127
        assert ((back[name] - weight).abs() <= 0.5001 * step).all(), name
    # Saved once more, the rounded weights stay as they are.
    checkpoints.save(whole, checkpoints.load(compact).model, SOURCE, TARGET, compact=True)
    for name, weight in checkpoints.load(whole).model.state_dict().items():
        torch.testing.assert_close(weight, back[name], rtol=1e-6, atol=0)


def test_a_scale_stands_beside_its_matrix(model, tmp_path):
    """Under its name, where the pages look for it too; a layer norm's own scale is a weight like others."""
    checkpoints.save(tmp_path / "it", model, SOURCE, TARGET, compact=True)
    tensors, _ = checkpoints.read(tmp_path / "it")
    assert tensors["output.weight"].dtype == torch.int8
    assert tensors["output.weight.scale"].shape == (len(TARGET),)
    names = dict.fromkeys(["output.weight", "output.weight.scale", "norm.scale", "mixer.scale", "scale.scaled.vector"])
    assert [name for name in names if checkpoints.is_scale(name, names)] == ["output.weight.scale"]


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no checkpoint at .*nowhere"):
        checkpoints.load(tmp_path / "nowhere")


def test_a_damaged_file_is_refused(model, tmp_path):
    path = tmp_path / "it.safetensors"
    checkpoints.save(path, model, SOURCE, TARGET)
    whole = path.read_bytes()
    for broken in (b"", whole[:100], whole[:-7], b"PK\3\4" + whole[4:], b"\xff" * 64):
        path.write_bytes(broken)
        with pytest.raises(ValueError, match=r"it\.safetensors is damaged, or is no safetensors file"):
            checkpoints.load(path)


def test_a_foreign_file_is_refused(tmp_path):
    path = tmp_path / "foreign.safetensors"
    save_file({"weight": torch.zeros(2, 3)}, path)
    with pytest.raises(ValueError, match="attnkit has not written it"):
        checkpoints.load(path)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda tensors, about: about.update(format=99), "must have format 1; got 99"),
        (lambda tensors, about: tensors.pop("readout"), "parts do not fit together.*readout"),
        (lambda tensors, about: tensors.update(spare=torch.zeros(2)), "parts do not fit together.*spare"),
        (lambda tensors, about: about["config"].update(d_hidden=8), "parts do not fit together.*size mismatch"),
        (lambda tensors, about: about["config"].update(score="sum"), "parts do not fit together: score must be"),
        (lambda tensors, about: about.pop("source"), "parts do not fit together: 'source'"),
        (lambda tensors, about: about["target"].pop(), "target vocabulary has 8 words, and the model knows 9"),
    ],
)
def test_parts_that_do_not_fit_are_refused(model, tmp_path, damage, sentence):
    path = tmp_path / "it.safetensors"
    checkpoints.save(path, model, SOURCE, TARGET)
    tensors, about = checkpoints.read(path)
    damage(tensors, about)
    checkpoints.write(path, tensors, about)
    with pytest.raises(ValueError, match=f"(?s){sentence}"):
        checkpoints.load(path)


def test_a_failed_write_leaves_the_old_file(model, tmp_path):
    path = tmp_path / "it.safetensors"
    checkpoints.save(path, model, SOURCE, TARGET, record={"run": 1})
    with pytest.raises(ValueError, match="JSON"):
        checkpoints.save(path, model, SOURCE, TARGET, record={"loss": float("nan")})
    assert checkpoints.load(path).record == {"run": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["it.safetensors"]


def test_nothing_is_pickled(model, tmp_path):
    path = tmp_path / "it.safetensors"
    checkpoints.save(path, model, SOURCE, TARGET)
    content = path.read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    assert json.loads(header["__metadata__"]["attnkit"])["config"] == CONFIG.to_json()
