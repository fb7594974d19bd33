"""Rules for clauses: a subject with its predicate.

Symbols: VERBAL (a predicate with its negation or auxiliary), SIMPLE (one that may stand in a relative clause), ITVERBAL
(one with an it), IVERBAL (one in the imperfect, after i), SUBJECT, CLAUSE, and FIRST: a clause whose pronoun refers to
nothing said before, so that it opens a sentence.
"""

from __future__ import annotations

from collections.abc import Iterator

from attnkit.language.inflection import PERSONS, Agreement
from attnkit.language.nouns import KINDS, PEOPLE
from attnkit.language.rows import rule, table
from attnkit.language.states import BE, UNTOLD, negations, spanish
from attnkit.language.synchronous import Rule
from attnkit.language.verbs import SPOKEN_I, TENSES, plain

DROPPED = {"1s": "i", "2s": "you", "1p": "we"}  # dropped in Spanish, whose verb tells them
SPOKEN = (("he", "él", "3s", "ms"), ("she", "ella", "3s", "fs"), ("they", "ellos", "3p", "mp"))
TENER = "hungry hambre mucha, thirsty sed mucha, sleepy sueño mucho"  # English is it, Spanish has it
KINDS_OF_CLAUSES = {"DOING": 10, "BEING": 3, "LIKING": 2, "THEREIS": 1, "WEATHER": 0.6, "SEEMING": 0.4}


def verbals() -> Iterator[Rule]:
    """Return predicates of a whole clause: plain, negated, progressive, or with another verb before them."""
    for doer in PEOPLE:
        for tense in TENSES:
            for person in PERSONS:
                yield from _plain_and_negated(doer, tense, person)
                yield from _with_auxiliary(doer, tense, person)
                if tense == "present":
                    yield from _of_the_present(doer, person)


def _plain_and_negated(doer: str, tense: str, person: str) -> Iterator[Rule]:
    end = f"{doer}.{tense}{person}"
    left, simple, with_it, do = f"VERBAL.{end}", f"SIMPLE.{end}", f"ITVERBAL.{end}", f"DO.{end}"
    yield rule(simple, do, do, 10)
    yield rule(with_it, f"DOIT.{end}", f"DOIT.{end}", 3)
    yield rule(left, simple, simple, 10)
    yield rule(left, f"DOLIST.{end}", f"DOLIST.{end}", 2)
    yield rule(left, f"DOX.{end}", f"DOX.{end}", 5)
    yield rule(left, f"{do} and/1 {do}'", f"*{do} y/1 {do}'", 2, "coordination")
    if tense + person in SPOKEN_I:
        yield rule(f"I{left}", f"I{do}", f"I{do}", 3)
        for said in negations(tense, person):
            negated = f"IDO.{doer}.{plain(tense, person)}"
            yield rule(f"I{left}", f"{said} {negated}", f"no/1 {negated}?2", 0.5, "negation")
    for said in negations(tense, person):
        for symbol, what, weight in (
            (simple, "DO", 1.2),
            (left, "NOLIST", 0.3),
            (left, "DOX", 0.5),
            (with_it, "DOIT", 0.6),
        ):
            negated = f"{what}.{doer}.{plain(tense, person)}"
            yield rule(symbol, f"{said} {negated}", f"no/1 {negated}?2", weight, "negation")


def _with_auxiliary(doer: str, tense: str, person: str) -> Iterator[Rule]:
    left = "I" * (tense + person in SPOKEN_I) + f"VERBAL.{doer}.{tense}{person}"
    be, estar = BE[tense][person], spanish("estar", tense, person)
    doing, infinitive = f"DO.{doer}.gerund", f"DO.{doer}.infinitive"
    want, plain_want = (f"VWANT.{doer}.{form}" for form in (tense + person, plain(tense, person)))
    yield rule(left, f"{be}/1 {doing}", f"*{estar}/1 {doing}", 2, "progressive")
    yield rule(left, f"{be}/1 not/2 {doing}", f"no/2 *{estar}/1 {doing}", 0.4, "progressive", "negation")
    yield rule(left, f"{want} to?1 {infinitive}", f"*{want} {infinitive}?1", 1.5, "infinitive")
    for said in negations(tense, person):
        row = f"{said} {plain_want} to?3 {infinitive}", f"no/1 *{plain_want}?2 {infinitive}?3"
        yield rule(left, *row, 0.3, "infinitive", "negation")
    if doer == "person":
        have, again = f"VHAVE.{doer}.{tense}{person}", f"DOX.{doer}.infinitive"
        yield rule(left, f"{have} to/1 {infinitive}", f"*{have} que/1 {infinitive}", 1, "infinitive")
        yield rule(left, f"{want} to?1 {again}", f"*{want} {again}?1", 0.7, "infinitive")
    verb = spanish("tener", tense, person)
    for english, noun, many in table(TENER):
        yield rule(left, f"{be}/1 {english}/2", f"*{verb}/1 {noun}/2", 0.2, "tener")
        yield rule(left, f"{be}/1 not/3 {english}/2", f"no/3 *{verb}/1 {noun}/2", 0.1, "tener", "negation")
        yield rule(left, f"{be}/1 very/3 {english}/2", f"*{verb}/1 {many}/3 {noun}/2", 0.15, "tener")


def _of_the_present(doer: str, person: str) -> Iterator[Rule]:
    left, do, infinitive = f"VERBAL.{doer}.present{person}", f"DO.{doer}.present{person}", f"DO.{doer}.infinitive"
    can, go = spanish("poder", "present", person), spanish("ir", "present", person)
    yield rule(left, f"can/1 {infinitive}", f"*{can}/1 {infinitive}", 1.5, "infinitive")
    yield rule(left, f"can't/1 {infinitive}", f"no/1 *{can}/1 {infinitive}", 0.7, "infinitive", "negation")
    row = f"{BE['present'][person]}?1 going/1 to/2 {infinitive}", f"*{go}/1 a/2 {infinitive}"
    yield rule(left, *row, 1.2, "infinitive")
    yield rule(left, f"always/1 {do}", f"siempre/1 *{do}", 0.5)
    yield rule(left, f"never/1 {do}", f"nunca/1 *{do}", 0.5, "negation")


def subjects() -> Iterator[Rule]:
    """Return subjects: SUBJECT is anything but a pronoun, TOPIC is definite, PAIR two people or two animals."""
    for kind, agreement in KINDS:
        definite, indefinite = f"DEFINITE.{kind}.{agreement}", f"INDEFINITE.{kind}.{agreement}"
        for tense, relative in (("present", "any"), ("past", "past")):
            left, topic = (f"{symbol}.{tense}.{kind}.{agreement}" for symbol in ("SUBJECT", "TOPIC"))
            with_relative = f"DEFINITE.{relative}.{kind}.{agreement}"
            yield rule(topic, definite, definite, 10)
            yield rule(topic, with_relative, with_relative, 2)
            yield rule(left, topic, topic, 6)
            yield rule(left, indefinite, indefinite, 1)
    for first in "mf":
        for second in "mf":
            code = "fp" if first + second == "ff" else "mp"
            for kind in PEOPLE:
                one, other = f"DEFINITE.{kind}.{first}s", f"DEFINITE.{kind}.{second}s'"
                yield rule(f"PAIR.{kind}.{code}", f"{one} and/1 {other}", f"{one} y/1 {other}", 2, "coordination")
        row = f"NAME.{first}s and/1 NAMEI.fs", f"NAME.{first}s e/1 NAMEI.fs"
        yield rule(f"PAIR.person.{first}p", *row, 1, "coordination", "e_for_y")


def clauses() -> Iterator[Rule]:
    """Return clauses with a subject."""
    for tense in TENSES:
        for kind, weight in KINDS_OF_CLAUSES.items():
            yield rule(f"CLAUSE.{tense}", f"{kind}.{tense}", f"{kind}.{tense}", weight)
        for kind, agreement in KINDS:
            yield from _with_nouns(tense, kind, agreement)
        for person, said in DROPPED.items():
            yield from _with_dropped_pronoun(tense, person, said)
        for said, meant, person, code in SPOKEN:
            left, being = f"FIRST.{tense}", f"PROPERTY.{tense}{person}.person.{code}"
            for what, weight in (
                (f"VERBAL.person.{tense}{person}", 2),
                (f"ITVERBAL.person.{tense}{person}", 1),
                (being, 0.7),
            ):
                yield rule(left, f"{said}/1 {what}", f"{meant}/1 *{what}", weight)
        being = f"PROPERTY.{tense}3s.thing.ms"
        yield rule(f"FIRST.{tense}", f"it?1 {being}", f"{being}?1", 0.7, "dropped_pronoun")


def _with_nouns(tense: str, kind: str, agreement: Agreement) -> Iterator[Rule]:
    person, often = agreement.person, KINDS[kind, agreement] / 10 * (1.5 if kind == "person" else 1)
    subject, topic = (f"{symbol}.{tense}.{kind}.{agreement}" for symbol in ("SUBJECT", "TOPIC"))
    pair, being = f"PAIR.{kind}.{agreement}", f"PROPERTY.{tense}{person}.{kind}.{agreement}"
    yield rule(f"BEING.{tense}", f"{topic} {being}", f"{topic} *{being}", often)
    if kind in PEOPLE:
        verbal, with_it = (f"{symbol}.{kind}.{tense}{person}" for symbol in ("VERBAL", "ITVERBAL"))
        yield rule(f"DOING.{tense}", f"{subject} {verbal}", f"{subject} *{verbal}", often)
        yield rule(f"FIRST.{tense}", f"{subject} {with_it}", f"{subject} *{with_it}", often / 2)
        for what in (verbal, being) if agreement.plural else ():
            yield rule(f"FIRST.{tense}", f"{pair} {what}", f"{pair} *{what}", 1)


def _with_dropped_pronoun(tense: str, person: str, said: str) -> Iterator[Rule]:
    for symbol, left, weight in (("VERBAL.person", "DOING", 1.5), ("ITVERBAL.person", "FIRST", 0.7)):
        verbal = f"{symbol}.{tense}{person}"
        yield rule(f"{left}.{tense}", f"{said}?1 {verbal}", f"{verbal}?1", weight, "dropped_pronoun")
    being = f"PROPERTY.{tense}{person}.person.{UNTOLD[person]}"
    if tense + person not in SPOKEN_I:
        yield rule(f"BEING.{tense}", f"{said}?1 {being}", f"{being}?1", 1.5, "dropped_pronoun")


def imperfects() -> Iterator[Rule]:
    """Return clauses with a spoken yo: the imperfect is the same for i and he."""
    for where, predicate, weight in (
        ("DOING", "IVERBAL.person.past1s", 0.7),
        ("BEING", "PROPERTY.past1s.person.ms", 1.5),
    ):
        yield rule(f"{where}.past", f"i/1 {predicate}", f"yo/1 *{predicate}", weight)


RULES = (verbals, subjects, clauses, imperfects)
