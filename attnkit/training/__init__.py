"""Training: :func:`train` in ``loop.py`` is its door.

``data.py`` says on which pairs, ``options.py`` how, ``batches.py`` in which order, and ``loss.py`` towards what;
``run.py`` makes the steps, ``files.py`` writes them down, and ``evaluation.py`` measures what has come of it.
"""

from attnkit.training.batches import Batch, Batches
from attnkit.training.data import Data
from attnkit.training.evaluation import evaluate
from attnkit.training.files import resume_path
from attnkit.training.history import History, Validation
from attnkit.training.loop import train
from attnkit.training.options import Options

__all__ = ["Batch", "Batches", "Data", "History", "Options", "Validation", "evaluate", "resume_path", "train"]
