"""Promise: the two translators of chapter 8 write what the package writes, and one of them sees no order."""

from __future__ import annotations

import pytest

from attnkit import checkpoints
from attnkit.decoding import translate
from attnkit.widgets.frame import weights
from attnkit.widgets.positions.order import EXAMPLES, MODELS, Order
from tests.reading import ship


@pytest.fixture(autouse=True)
def fresh(monkeypatch, tmp_path):
    """Ship small fresh translators, whose sentences are nonsense, under the names of the trained ones."""
    ship("positions/order", tmp_path, monkeypatch)


def test_without_positions_nothing_moves_and_with_sinusoids_every_word_does():
    blind, sees = Order(sentence=EXAMPLES[1]).readings.values()
    assert blind.moved.max() < 1e-12
    assert blind.in_order == blind.shuffled
    assert sees.moved.min() > 1e-3
    assert sees.moved.max() <= 1


def test_it_writes_what_the_package_translates():
    words = EXAMPLES[0].split()
    for file, name in MODELS.items():
        checkpoint = checkpoints.load(weights.FOLDER / f"{file}.safetensors")
        both = translate(checkpoint.model, checkpoint.source, checkpoint.target, [words, words[::-1]])
        reading = Order().readings[name]
        assert [reading.in_order, reading.shuffled] == [" ".join(sentence) for sentence in both]


def test_in_its_own_order_nothing_moves():
    widget = Order(order=range(5))
    assert all(reading.moved.max() == 0 for reading in widget.readings.values())


def test_a_new_sentence_begins_backwards():
    widget = Order(order=[0, 4, 2, 3, 1])
    widget.sentence = "let's go"
    assert widget.order == [1, 0]


def test_unknown_words_are_marked_and_stay_text():
    widget = Order(sentence="eat <b>zzz</b>")
    assert {"zzz (?)", "< (?)"} <= {row[0] for row in widget.table().rows}
    assert "<b>" not in widget.static_html()
