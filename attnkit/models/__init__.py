"""The translators of the book, as torch modules: they call the formulas of the chapters.

``config.py`` names every choice. ``encoder.py`` reads the sentence, ``scores.py`` and ``attention.py`` look at it, and
``seq2seq.py`` puts them together as a recurrent translator; ``transformer.py`` is the one without recurrence. All have
one interface: ``encode``, ``start``, ``step``, and the teacher-forced ``forward``.
"""

from attnkit.models.attention import AttentionLayer
from attnkit.models.build import Translator, build, design_from_json, design_to_json
from attnkit.models.config import Config, TransformerConfig
from attnkit.models.seq2seq import Memory, Output, Seq2Seq, State, Step
from attnkit.models.transformer import Transformer

__all__ = [
    "AttentionLayer",
    "Config",
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
