"""From a design to a model, and from JSON to a design."""

from __future__ import annotations

from typing import Any, TypeAlias

from attnkit.models.config import Config, LanguageModelConfig, TransformerConfig
from attnkit.models.language_model import LanguageModel
from attnkit.models.seq2seq import Seq2Seq
from attnkit.models.transformer import Transformer

Design: TypeAlias = Config | TransformerConfig | LanguageModelConfig
"""What a model is made of."""

Translator: TypeAlias = Seq2Seq | Transformer | LanguageModel
"""Whatever reads a sentence, be it an empty one, and writes another: ``encode``, ``start``, ``step``, ``forward``."""

ARCHITECTURES: dict[str, tuple[type[Design], type[Translator]]] = {
    "recurrent": (Config, Seq2Seq),
    "transformer": (TransformerConfig, Transformer),
    "language-model": (LanguageModelConfig, LanguageModel),
}


def build(config: Design) -> Translator:
    """Return a model with fresh weights, drawn from torch's own generator (``torch.manual_seed``)."""
    [model] = [model for design, model in ARCHITECTURES.values() if type(config) is design]
    return model(config)


def design_to_json(config: Design) -> dict[str, Any]:
    """Return a design as a dictionary that JSON can hold; only one that is not recurrent names its architecture."""
    [name] = [name for name, (design, _) in ARCHITECTURES.items() if type(config) is design]
    return config.to_json() if name == "recurrent" else {"architecture": name, **config.to_json()}


def design_from_json(written: dict[str, Any]) -> Design:
    """Return the design that :func:`design_to_json` has written down; names that it does not know are refused."""
    choices = dict(written)
    name = choices.pop("architecture", "recurrent")
    if name not in ARCHITECTURES:
        raise ValueError(f"architecture must be one of {', '.join(ARCHITECTURES)}; got {name!r}")
    return ARCHITECTURES[name][0].from_json(choices)
