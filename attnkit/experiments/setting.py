"""What is the same for every model of the experiments."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from attnkit.experiments.catalogue import RECIPES
from attnkit.experiments.tasks import TASKS
from attnkit.models import Design, design_from_json
from attnkit.training import Data


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What is the same for every model: the data, the widths, and the length of the training.

    Attributes
    ----------
    data_seed
        Makes the sentences; the seed of a run makes weights, order and draws.
    train, valid, test
        How many sentences.
    lengths
        Fewest and most source words in training.
    bins
        The lengths for which everything is measured by itself.
    per_bin
        How many sentences, and how many commands, each of these has.
    d_embedding, d_hidden
        Widths. A Transformer is d_hidden wide, and its feed-forward networks twice that.
    epochs, validate_every
        How often a training goes through the pairs, and how many steps lie between two looks at its losses.
    batch_size
        How many pairs a step reads.
    """

    data_seed: int = 0
    train: int = 40_000
    valid: int = 500
    test: int = 1_000
    lengths: tuple[int, int] = (2, 20)
    bins: tuple[tuple[int, int], ...] = (
        (2, 5), (6, 10), (11, 15), (16, 20), (21, 30), (31, 40), (41, 50), (51, 60),
    )  # fmt: skip
    per_bin: int = 200
    d_embedding: int = 48
    d_hidden: int = 96
    epochs: int = 5
    validate_every: int = 250
    batch_size: int = 64

    def data(self) -> Data:
        """Return what is trained on, so that anybody can make it again."""
        return Data(
            train=self.train, valid=self.valid, test=self.test, lengths=tuple(self.lengths), seed=self.data_seed
        )

    def config(self, recipe: str) -> Design:
        """Return the design of a recipe at this setting's widths."""
        made = RECIPES[recipe]
        source, target = TASKS[made.task].vocabularies()
        widths = {"d_model": self.d_hidden, "d_feed_forward": 2 * self.d_hidden}
        if "architecture" not in made.design:
            widths = {"d_embedding": self.d_embedding, "d_hidden": self.d_hidden}
        sizes = {"source_words": len(source), "target_words": len(target)}
        return design_from_json({**sizes, **widths, **made.design})

    def to_json(self) -> dict[str, Any]:
        """Return the setting as a dictionary that JSON can hold."""
        return asdict(self)
