"""The translators of the book, as torch modules: they call the formulas of the chapters.

``config.py`` names every choice, ``encoder.py`` reads the sentence, ``scores.py`` and ``attention.py`` look at it,
and ``seq2seq.py`` puts them together behind one interface: ``encode``, ``step``, and the teacher-forced ``forward``.
"""

from attnkit.models.attention import AttentionLayer
from attnkit.models.config import Config
from attnkit.models.seq2seq import Memory, Output, Seq2Seq, State, Step, build

__all__ = ["AttentionLayer", "Config", "Memory", "Output", "Seq2Seq", "State", "Step", "build"]
