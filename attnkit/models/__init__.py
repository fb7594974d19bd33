"""The models of the book, as torch modules: they call the formulas of the chapters.

``config.py`` names every choice. ``encoder.py`` reads the sentence, ``scores.py`` and ``attention.py`` look at it, and
``seq2seq.py`` puts them together as a recurrent translator. ``blocks.py`` stacks the blocks of chapter 10, for the
translator without recurrence in ``transformer.py`` and for ``language_model.py``, which has no source.
All have one interface: ``encode``, ``start``, ``step``, and the teacher-forced ``forward``.
"""

from attnkit.models.attention import AttentionLayer
from attnkit.models.build import Design, Translator, build, design_from_json, design_to_json
from attnkit.models.config import Config, LanguageModelConfig, TransformerConfig
from attnkit.models.language_model import LanguageModel
from attnkit.models.seq2seq import Memory, Output, Seq2Seq, State, Step
from attnkit.models.transformer import Transformer

__all__ = [
    "AttentionLayer",
    "Config",
    "Design",
    "LanguageModel",
    "LanguageModelConfig",
    "Memory",
    "Output",
    "Seq2Seq",
    "State",
    "Step",
    "Transformer",
    "TransformerConfig",
    "Translator",
    "build",
    "design_from_json",
    "design_to_json",
]
