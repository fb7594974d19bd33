"""From a design to a translator, and from JSON to a design."""

from __future__ import annotations

from typing import Any, TypeAlias

from attnkit.models.config import Config, TransformerConfig
from attnkit.models.seq2seq import Seq2Seq
from attnkit.models.transformer import Transformer

Translator: TypeAlias = Seq2Seq | Transformer
"""Whatever reads a sentence and writes another: ``encode``, ``start``, ``step`` and ``forward``."""

ARCHITECTURES: dict[str, tuple[type[Config | TransformerConfig], type[Translator]]] = {
    "recurrent": (Config, Seq2Seq),
    "transformer": (TransformerConfig, Transformer),
}


def build(config: Config | TransformerConfig) -> Translator:
    """Return a translator with fresh weights, drawn from torch's own generator (``torch.manual_seed``)."""
    [model] = [model for design, model in ARCHITECTURES.values() if type(config) is design]
    return model(config)


def design_to_json(config: Config | TransformerConfig) -> dict[str, Any]:
    """Return a design as a dictionary that JSON can hold; only one that is not recurrent names its architecture."""
    [name] = [name for name, (design, _) in ARCHITECTURES.items() if type(config) is design]
    return config.to_json() if name == "recurrent" else {"architecture": name, **config.to_json()}


def design_from_json(written: dict[str, Any]) -> Config | TransformerConfig:
    """Return the design that :func:`design_to_json` has written down; names that it does not know are refused."""
    choices = dict(written)
    name = choices.pop("architecture", "recurrent")
    if name not in ARCHITECTURES:
        raise ValueError(f"architecture must be one of {', '.join(ARCHITECTURES)}; got {name!r}")
    return ARCHITECTURES[name][0].from_json(choices)
