"""Promise: each choice means at each step what its formula says, and is refused when it means nothing."""

from __future__ import annotations

import json
import math

import pytest

from attnkit.training import Options


def test_the_learning_rate_stays_or_falls_in_a_straight_line():
    constant, linear = Options(learning_rate=0.3), Options(learning_rate=0.3, schedule="linear")
    assert [constant.rate(step, 5) for step in range(5)] == [0.3] * 5
    assert [linear.rate(step, 5) for step in range(5)] == pytest.approx([0.3, 0.24, 0.18, 0.12, 0.06])


def test_the_share_of_teacher_forcing():
    constant = Options(forcing_share=0.7)
    assert {constant.share(step, 11) for step in range(11)} == {0.7}
    linear = Options(forcing="linear", forcing_share=0.2)
    assert [linear.share(step, 5) for step in range(5)] == pytest.approx([1, 0.8, 0.6, 0.4, 0.2])
    assert Options(forcing="linear", forcing_share=0.2).share(0, 1) == 1


@pytest.mark.parametrize("share", [0.01, 0.25, 0.5, 0.99])
@pytest.mark.parametrize("steps", [2, 101, 100_000])
def test_the_inverse_sigmoid_ends_at_the_share(share, steps):
    options = Options(forcing="inverse-sigmoid", forcing_share=share)
    shares = [options.share(step, steps) for step in sorted({0, 1, steps // 3, steps // 2, steps - 1})]
    assert shares == sorted(shares, reverse=True)
    assert shares[-1] == pytest.approx(share, rel=1e-9)
    # Bengio's k, found again from the first share, k / (k + 1), gives the others.
    k = shares[0] / (1 - shares[0])
    middle = steps // 2
    assert options.share(middle, steps) == pytest.approx(k / (k + math.exp(middle / k)), rel=1e-6)


def test_always_forced_is_always_forced():
    for forcing in ("constant", "linear", "inverse-sigmoid"):
        assert {Options(forcing=forcing).share(step, 7) for step in range(7)} == {1.0}


def test_options_survive_json():
    options = Options(epochs=3, learning_rate=0.1, validate_every=7, forcing="linear", forcing_share=0.5)
    assert Options.from_json(json.loads(json.dumps(options.to_json()))) == options
    with pytest.raises(ValueError, match="Options has no choice named batch, lr"):
        Options.from_json({"lr": 1, "batch": 2, "epochs": 3})


WRONG = {
    "epochs": ({"epochs": 0}, "epochs must be a whole number from 1 up; got 0"),
    "half an epoch": ({"epochs": 1.5}, "epochs must be a whole number from 1 up; got 1.5"),
    "seed": ({"seed": -1}, "seed must be a whole number from 0 up; got -1"),
    "batch": ({"batch_size": "64"}, "batch_size must be a whole number from 1 up; got '64'"),
    "bool": ({"epochs": True}, "epochs must be a whole number from 1 up; got True"),
    "rate": ({"learning_rate": 0.0}, "learning_rate must be a finite number above 0; got 0.0"),
    "infinite rate": ({"learning_rate": math.inf}, "learning_rate must be a finite number above 0; got inf"),
    "nan": ({"clip_norm": math.nan}, "clip_norm must be a finite number above 0; got nan"),
    "schedule": ({"schedule": "cosine"}, "schedule must be one of constant, linear; got 'cosine'"),
    "share": ({"forcing_share": 1.1}, "forcing_share must be a share from 0 to 1; got 1.1"),
    "nan share": ({"forcing_share": math.nan}, "forcing_share must be a share from 0 to 1; got nan"),
    "no end": (
        {"forcing": "inverse-sigmoid", "forcing_share": 0.0},
        "must be greater than 0 where it falls along an inverse sigmoid",
    ),
    "validate": ({"validate_every": 0}, "validate_every must be a whole number from 1 up, or None; got 0"),
}


@pytest.mark.parametrize(("choices", "sentence"), WRONG.values(), ids=WRONG)
def test_what_means_nothing_gets_a_sentence(choices, sentence):
    with pytest.raises(ValueError, match=sentence):
        Options(**choices)
