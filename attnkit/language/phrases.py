"""Rules for noun phrases, and for where, where to and with whom.

Symbols: DETERMINER, DEFINITE and INDEFINITE (noun phrases), ARTICLED (either), TO (a definite one after the Spanish
preposition a), OBJECT, LIST, THEME (what one gives), RECIPIENT, WHERE, GOAL, WITH. Most are followed by the noun's
class and agreement; a tense before these marks a phrase that ends in a relative clause.
"""

from __future__ import annotations

from collections.abc import Iterator

from attnkit.language import lexicon
from attnkit.language.inflection import AGREEMENTS, Agreement
from attnkit.language.nouns import KINDS, PEOPLE
from attnkit.language.rows import marked, rule, table, word
from attnkit.language.synchronous import Rule

BARE = ("food", "fruit", "drink", "text", "thing")  # objects that may stand without an article: bread, apples
NUMBERS = "two dos, three tres, four cuatro, five cinco, six seis, seven siete, eight ocho, nine nueve, ten diez"
POSSESSIVES = "my mi, your tu, his su, her su, their su"  # our has a gender
RELATIVE_TENSES = ("past", "any")  # after a past the relative clause is past, else it may be either
PREPOSITIONS = {  # where: English, Spanish up to a or de (or the whole), and what merges with the article
    "place": "in en -, near cerca de, behind detrás de, in_front_of delante de",
    "water": "near cerca de",
    "furniture": "on sobre -, under debajo de, near cerca de, behind detrás de",
}


def determiners() -> Iterator[Rule]:
    """Return articles and their kin: DETERMINER is definite, but never el, which merges with a and de; SOME is not."""
    for agreement in AGREEMENTS.values():
        left, some, number = f"DETERMINER.{agreement}", f"SOME.{agreement}", "s" * agreement.plural
        if agreement.the != "el":
            yield word(left, "the", agreement.the, 6)
        for english, spanish in table(POSSESSIVES):
            yield word(left, english, spanish + number, 0.3, "possessive")
        yield word(left, "our", agreement.our, 0.3, "possessive")
        yield word(left, "these" if agreement.plural else "this", agreement.this, 0.5)
        if agreement.plural:
            every = "todos" if agreement.the == "los" else "todas"
            yield rule(left, "all/1 the/2", f"{every}/1 {agreement.the}/2", 0.4)
            for english, spanish in table(NUMBERS):
                yield word(some, english, spanish, 0.4, "numeral")
            yield rule(some, "seven/1 or/2 eight/3", "siete/1 u/2 ocho/3", 0.4, "numeral", "u_for_o")
            yield word(some, "many", agreement.many)
            yield word(some, "some", agreement.a)
        elif agreement.code[1] == "s":
            yield word(some, "a", agreement.a)


def noun_phrases() -> Iterator[Rule]:
    """Return noun phrases: definite, indefinite, after a, and as objects; without and with a relative clause."""
    for kind, agreement in KINDS:
        yield from _noun_phrases("", f"CORE.{kind}.{agreement}", kind, agreement)
        for tense in RELATIVE_TENSES:
            yield from _noun_phrases(f"{tense}.", f"RCORE.{tense}.{kind}.{agreement}", kind, agreement)
        for article, weight in (("DEFINITE", 3), ("INDEFINITE", 1)):
            one, either = f"{article}.{kind}.{agreement}", f"ARTICLED.{kind}.{agreement}"
            yield rule(either, one, one, weight)
            if kind in BARE:
                yield rule("THEME", one, one, weight * KINDS[kind, agreement])


def _noun_phrases(x: str, core: str, kind: str, agreement: Agreement) -> Iterator[Rule]:
    definite, indefinite = f"DEFINITE.{x}{kind}.{agreement}", f"INDEFINITE.{x}{kind}.{agreement}"
    after_a, determiner = f"TO.{x}{kind}.{agreement}", f"DETERMINER.{agreement}"
    if agreement.the == "el":
        stressed = ("stressed_a",) if agreement.code[0] == "a" else ()
        yield rule(definite, f"the/1 {core}", f"el/1 {core}", 2, *stressed)
        if kind in PEOPLE:
            yield rule(after_a, f"the/1 {core}", f"al/1 {core}", 2, "contraction", *stressed)
    weight = 1.0 if agreement.the == "el" else 3.0
    yield rule(definite, f"{determiner} {core}", f"{determiner} *{core}", weight)
    if kind in PEOPLE:
        yield rule(after_a, f"{determiner}/1 {core}", f"a?1 {determiner} *{core}", weight)
    if agreement.code[1] != "u":
        yield rule(indefinite, f"SOME.{agreement} {core}", f"SOME.{agreement} *{core}")
    yield from _objects(x, core, kind, agreement)


def _objects(x: str, core: str, kind: str, agreement: Agreement) -> Iterator[Rule]:
    """Return objects: a stands before any person and before a definite animal, but not after to have (owned)."""
    definite, indefinite = f"DEFINITE.{x}{kind}.{agreement}", f"INDEFINITE.{x}{kind}.{agreement}"
    left, after_a, some = f"OBJECT.{x}{kind}", f"TO.{x}{kind}.{agreement}", f"SOME.{agreement}"
    often = KINDS[kind, agreement]
    if kind in PEOPLE:
        yield rule(left, after_a, after_a, 3 * often, "personal_a")
        yield rule(f"OBJECT.{x}owned", indefinite, indefinite, often)
    else:
        yield rule(left, definite, definite, 3 * often)
    if kind == "person":
        yield rule(left, f"{some}/1 {core}", f"a?1 {some} *{core}", often, "personal_a")
    else:
        yield rule(left, indefinite, indefinite, often)
    if kind == "animal":
        yield rule(f"OBJECT.{x}beloved", after_a, after_a, often, "personal_a")
    if kind in BARE and agreement.code[1] != "s":
        yield rule(left, core, core, often)


def names_and_lists() -> Iterator[Rule]:
    """Return names, with a where they are objects, and objects in a row."""
    for gender in "mf":
        name = f"NAME.{gender}s"
        yield rule(f"DEFINITE.person.{gender}s", name, name, 1)
        yield rule(f"TO.person.{gender}s", f"{name}/1", f"a?1 *{name}", 1)
    yield rule("OBJECT.person", "NAMEI.fs/1", "a?1 *NAMEI.fs", 2, "personal_a")
    for kind in (*lexicon.NOUNS, "owned", "beloved"):
        item = "OBJECT.beloved" if kind == "animal" else f"OBJECT.{kind}"  # each with its a
        yield rule(f"LIST.{kind}", f"{item} and/1 {item}'", f"*{item} y/1 {item}'", 4, "coordination")
        row = f"{item} ,/1 {item}' and/2 {item}''", f"*{item} ,/1 {item}' y/2 {item}''"
        yield rule(f"LIST.{kind}", *row, 2, "coordination", "list")


def places() -> Iterator[Rule]:
    """Return phrases that say where, where to and with whom."""
    for kind, agreement in KINDS:
        definite, often = f"DEFINITE.{kind}.{agreement}", KINDS[kind, agreement] * (0.5 if agreement.plural else 1)
        for english, spanish, particle in table(PREPOSITIONS.get(kind, "")):
            left, said = f"WHERE.{'place' if kind == 'water' else kind}", marked(english, "/1")
            if particle == "-":
                yield rule(left, f"{said} {definite}", f"{spanish}/1 {definite}", 5 * often)
            else:
                yield from _merging(left, said, f"{spanish}/1 {particle}/1", kind, agreement)
        if kind == "region" and not agreement.plural:
            yield rule("WHERE.place", f"in/1 {definite}", f"en/1 {definite}", 2)
        if kind in ("place", "water"):
            yield from _merging("GOAL", "to/1", "a/1", kind, agreement)
        if kind == "person":
            yield from _merging(f"RECIPIENT.{agreement.person}", "to/1", "a/1", kind, agreement)
        if kind in PEOPLE:
            yield rule("WITH", f"with/1 {definite}", f"con/1 {definite}", often / 8)
    yield rule("GOAL", "home/1", "a/1 casa/1", 8)
    for english, spanish in (("him", "él"), ("her", "ella"), ("them", "ellos")):
        yield rule("WITH", f"with/1 {english}/2", f"con/1 {spanish}/2", 2)
    yield rule("WITHME", "WITH", "WITH", 2)
    yield rule("WITHME", "with/1 me/1", "conmigo/1")
    yield rule("WITHME", "with/1 us/2", "con/1 nosotros/2")


def _merging(left: str, english: str, spanish: str, kind: str, agreement: Agreement) -> Iterator[Rule]:
    """Return a definite noun phrase after a preposition that ends in a or de, which merges with el."""
    core, determiner = f"CORE.{kind}.{agreement}", f"DETERMINER.{agreement}"
    often = KINDS[kind, agreement] * (0.5 if agreement.plural else 1)
    if agreement.the == "el":
        merged = spanish.removesuffix("/1") + "l/1/2"
        yield rule(left, f"{english} the/2 {core}", f"{merged} {core}", often, "contraction")
    yield rule(left, f"{english} {determiner} {core}", f"{spanish} {determiner} *{core}", often)


RULES = (determiners, noun_phrases, names_and_lists, places)
