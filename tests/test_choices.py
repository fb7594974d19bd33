"""Promise: a choice is what its annotation says, or is refused with a sentence that says what was wanted."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated
from typing import Literal as OneOf

import pytest

from attnkit._choices import Choices, Count, PartialShare, Positive, Share, whole


@dataclass(frozen=True, kw_only=True)
class Recipe(Choices):
    dough: OneOf["thin", "thick"] = "thin"
    vegan: bool = False
    pizzas: Count = 1
    olives: Annotated[int, whole(0)] = 3
    kilos: Positive = 0.5
    eaten: Share = 1.0
    burnt: PartialShare = 0.0
    guests: Count | None = None
    drink: OneOf["water", "wine"] | None = None


FITTING = {
    "dough": ["thin", "thick"],
    "vegan": [False, True],
    "pizzas": [1, 2],
    "olives": [0, 1],
    "kilos": [1, 1e-9, 1e9],
    "eaten": [0, 1, 0.0, 0.5, 1.0],
    "burnt": [0, 0.0, 0.99],
    "guests": [None, 1],
    "drink": [None, "wine"],
}
WANTED = {
    "dough": ("one of thin, thick", ["thi", "thick, thin", None, True, 1, ""]),
    "vegan": ("True or False", [1, 0, None, "True"]),
    "pizzas": ("a whole number from 1 up", [0, -1, 1.0, True, "1", None]),
    "olives": ("a whole number from 0 up", [-1, False, 0.0]),
    "kilos": ("a finite number above 0", [0, -0.1, math.inf, math.nan, True, "1", None]),
    "eaten": ("a share from 0 to 1", [-0.1, 1.1, math.nan, True, False, "1"]),
    "burnt": ("a share from 0 to below 1", [-0.1, 1, 1.0, math.nan, False]),
    "guests": ("a whole number from 1 up, or None", [0, False, ""]),
    "drink": ("one of water, wine, or None", ["beer", "", False]),
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in FITTING.items() for value in values])
def test_what_fits_is_taken_and_survives_json(name, value):
    recipe = Recipe(**{name: value})
    assert getattr(recipe, name) == value
    assert Recipe.from_json(recipe.to_json()) == recipe


WRONG = [(name, wanted, value) for name, (wanted, values) in WANTED.items() for value in values]


@pytest.mark.parametrize(("name", "wanted", "value"), WRONG)
def test_what_does_not_fit_is_refused(name, wanted, value):
    with pytest.raises(ValueError, match=f"^{name} must be {wanted}; got {value!r}$"):
        Recipe(**{name: value})


def test_unknown_names_are_refused_in_their_order():
    written = Recipe().to_json() | {"yeast": 1, "cheese": 2, "salt": 3}
    with pytest.raises(ValueError, match=r"^Recipe has no choice named cheese, salt, yeast$"):
        Recipe.from_json(written)
