"""A trained translator as one file: tensors as safetensors, everything else as JSON in the file's metadata. No pickle.

A compact file holds each matrix as whole numbers from −127 to 127 with one scale a row, a quarter of the size.
The pages read the same files.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from attnkit.language import Vocabulary
from attnkit.models import Translator, build, design_from_json, design_to_json

FORMAT = 1
SCALE = ".scale"  # the scales of a matrix stand beside it under its name and this


class Checkpoint(NamedTuple):
    """A translator with its vocabularies, and what was recorded about its training."""

    model: Translator
    source: Vocabulary
    target: Vocabulary
    record: dict[str, Any]


def save(
    path: str | os.PathLike[str],
    model: Translator,
    source: Vocabulary,
    target: Vocabulary,
    *,
    record: dict[str, Any] | None = None,
    compact: bool = False,
) -> None:
    """Write a translator to ``path``, whole or not at all.

    Parameters
    ----------
    path
        The file, which is replaced; its folder is made.
    model, source, target
        The translator and its two vocabularies.
    record
        Whatever JSON can hold: options, seed, results.
    compact
        Round each matrix to 8 bits a number.
    """
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    if compact:
        tensors = {name: part for whole in tensors.items() for name, part in rounded(*whole).items()}
    about = {
        "format": FORMAT,
        "config": design_to_json(model.config),
        "source": source.to_list(),
        "target": target.to_list(),
        "record": record or {},
    }
    write(path, tensors, about)


def load(path: str | os.PathLike[str]) -> Checkpoint:
    """Read a translator that :func:`save` has written, ready to translate.

    Raises
    ------
    ValueError
        If the file is damaged, or is no checkpoint of this package.
    FileNotFoundError
        If there is no such file.
    """
    tensors, about = read(path)
    try:
        model = build(design_from_json(about["config"]))
        model.load_state_dict({name: whole(name, tensors) for name in tensors if not is_scale(name, tensors)})
        source, target = (Vocabulary.from_list(about[side]) for side in ("source", "target"))
        checkpoint = Checkpoint(model, source, target, about["record"])
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"{path} is damaged, its parts do not fit together: {error}") from error
    for side, words, known in (
        ("source", checkpoint.source, model.config.source_words),
        ("target", checkpoint.target, model.config.target_words),
    ):
        if len(words) != known:
            raise ValueError(
                f"{path} is damaged: its {side} vocabulary has {len(words)} words, and the model knows {known}"
            )
    model.eval()
    return checkpoint


def write(path: str | os.PathLike[str], tensors: dict[str, torch.Tensor], about: dict[str, Any]) -> None:
    """Write tensors and JSON as one safetensors file; the file appears only when it is complete."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        save_file(tensors, draft, metadata={"attnkit": json.dumps(about, ensure_ascii=False, allow_nan=False)})
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def read(path: str | os.PathLike[str]) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Return the tensors and the JSON that :func:`write` has written, or say what the file is instead."""
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no checkpoint at {path}")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118, it is no dict
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{path} is damaged, or is no safetensors file: {error}") from error
    if "attnkit" not in metadata:
        raise ValueError(f"{path} is a safetensors file, but attnkit has not written it")
    about = json.loads(metadata["attnkit"])
    if about.get("format") != FORMAT:
        raise ValueError(f"{path} must have format {FORMAT}; got {about.get('format')}")
    return tensors, about


def rounded(name: str, tensor: torch.Tensor) -> dict[str, torch.Tensor]:
    """Return a matrix as int8 with a scale for each row, and anything else as it is."""
    if tensor.ndim != 2:
        return {name: tensor}
    scale = tensor.abs().amax(dim=1) / 127
    scale = torch.where(scale == 0, 1.0, scale)  # a row of zeros
    return {name: (tensor / scale[:, None]).round().to(torch.int8), name + SCALE: scale}


def is_scale(name: str, tensors: dict[str, torch.Tensor]) -> bool:
    """Return whether this tensor only belongs to another; a layer norm has a weight of its own that is named scale."""
    return name.endswith(SCALE) and name.removesuffix(SCALE) in tensors


def whole(name: str, tensors: dict[str, torch.Tensor]) -> torch.Tensor:
    """Return what :func:`rounded` has rounded, in float32, and anything else as it is."""
    tensor = tensors[name]
    return tensor if tensor.dtype != torch.int8 else tensor.float() * tensors[name + SCALE][:, None]
