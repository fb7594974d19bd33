"""Fixed sentences of the made language: each construction translates and aligns as a Spanish speaker would.

They stand in sentences.txt. A line holds the English sentence, its translation, and the links, Spanish index first: the
sure ones, and after a question mark those that one may also leave out. A heading names a construction that each
sentence below it shows.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from attnkit.language import CONSTRUCTIONS, parse, tokenise


def read(text):
    construction, found = None, []
    for line in text.splitlines():
        if line.startswith("#"):
            construction = line.removeprefix("# ")
        elif line:
            found.append((construction, *line.split(" | ")))
    return found


SENTENCES = read(Path(__file__).with_name("sentences.txt").read_text("utf-8"))


def links(text):
    return frozenset(tuple(map(int, link.split("-"))) for link in text.split())


@pytest.mark.parametrize(("construction", "english", "spanish", "alignment"), SENTENCES)
def test_a_sentence_translates_and_aligns(construction, english, spanish, alignment):
    pair = parse(tokenise(english))
    sure, _, possible = alignment.partition("?")
    assert pair is not None
    assert " ".join(pair.source) == english
    assert " ".join(pair.target) == spanish
    assert pair.sure == links(sure)
    assert pair.possible == links(sure) | links(possible)
    assert construction in pair.constructions


def test_every_construction_has_a_sentence():
    assert {construction for construction, *_ in SENTENCES} == set(CONSTRUCTIONS)
    assert len(SENTENCES) > 100


REFUSED = """
the cold water
don't eats the pizza
a apple is red
she is my friend
the dogs sees me
eat eat
, and
los perros
don't eat the delicious looking and smelling pizza pizza
"""


@pytest.mark.parametrize("english", ["", *REFUSED.strip().splitlines()])
def test_what_is_not_in_the_language_has_no_translation(english):
    assert parse(tokenise(english)) is None


MINIMAL = [
    ("don't eat the delicious pizza", "no comas la pizza deliciosa"),
    ("eat the delicious pizza", "come la pizza deliciosa"),
    ("don't give it to him", "no se lo des"),
    ("give it to him", "dáselo"),
    ("let's not go home", "no vayamos a casa"),
    ("let's go home", "vamos a casa"),
    ("don't open the door that the girl closed", "no abras la puerta que la niña cerró"),
    ("open the door that the girl closed", "abre la puerta que la niña cerró"),
]


@pytest.mark.parametrize(("english", "spanish"), MINIMAL)
def test_a_command_and_its_opposite(english, spanish):
    assert " ".join(parse(tokenise(english)).target) == spanish
