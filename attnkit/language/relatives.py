"""Rules for nouns with a relative clause: who and that are que, where is donde.

Symbols: RCORE, RELATIVE, GAP (a clause without its object or its place). The tense after the name says which tenses the
relative clause may have: past, or any.
"""

from __future__ import annotations

from collections.abc import Iterator

from attnkit.language.clauses import DROPPED
from attnkit.language.inflection import PERSONS, Agreement
from attnkit.language.nouns import KINDS, PEOPLE
from attnkit.language.phrases import RELATIVE_TENSES
from attnkit.language.rows import rule
from attnkit.language.states import BE, spanish
from attnkit.language.synchronous import Rule
from attnkit.language.verbs import SPOKEN_I, TENSES, THINGS


def tenses(relative: str) -> tuple[str, ...]:
    """Return the tenses that a relative clause may have."""
    return TENSES if relative == "any" else ("past",)


def relative_nouns() -> Iterator[Rule]:
    """Return nouns with a relative clause."""
    for kind, agreement in KINDS:
        person, core, that = agreement.person, f"CORE.{kind}.{agreement}", "who" if kind == "person" else "that"
        for relative in RELATIVE_TENSES:
            left, clause = f"RCORE.{relative}.{kind}.{agreement}", f"RELATIVE.{relative}.{kind}.{person}"
            yield rule(left, f"{core} {clause}", f"*{core} {clause}", 5, "relative_clause")
            place = (
                "WHERE.furniture"
                if kind in ("thing", "text", "food", "fruit")
                else f"PREDICATIVE.estar.{kind}.{agreement}"
            )
            for tense in tenses(relative):
                be, estar = BE[tense][person], spanish("estar", tense, person)
                row = f"{core} {that}/1 {be}/2 {place}", f"*{core} que/1 {estar}/2 {place}"
                if kind in (*PEOPLE, "thing", "text", "food", "fruit"):
                    yield rule(left, *row, 0.6, "relative_clause", "estar")
            if kind in ("food", "fruit"):
                yield from _looking_and_smelling(relative, kind, agreement)


def _looking_and_smelling(relative: str, kind: str, agreement: Agreement) -> Iterator[Rule]:
    """The delicious looking and smelling pizza: la pizza que se ve y huele deliciosa."""
    left, noun = f"RCORE.{relative}.{kind}.{agreement}", f"NOUN.{kind}.{agreement}"
    tense = "past" if relative == "past" else "present"
    look, smell = (spanish(verb, tense, agreement.person) for verb in ("ver", "oler"))
    for group in ("taste", "freshness") if kind == "fruit" else ("taste",):
        quality = f"ADJECTIVE.{group}.{agreement}"
        for english, meant in (
            ("looking/2 and/3 smelling/4", f"que?2 se?2 {look}/2 y/3 {smell}/4"),
            ("looking/2", f"que?2 se?2 {look}/2"),
            ("smelling/4", f"que?4 {smell}/4"),
        ):
            row = f"{quality} {english} {noun}", f"*{noun} {meant} {quality}"
            yield rule(left, *row, 0.6, "adjective", "looking_and_smelling")


def relative_clauses() -> Iterator[Rule]:
    """Return relative clauses: of a doer, of an object, of a place."""
    for person in ("3s", "3p"):
        for relative in RELATIVE_TENSES:
            for kind in PEOPLE:
                left, that = f"RELATIVE.{relative}.{kind}.{person}", "who/1" if kind == "person" else "that/1"
                for tense in tenses(relative):
                    verbal = f"SIMPLE.{kind}.{tense}{person}"
                    yield rule(left, f"{that} {verbal}", f"que/1 *{verbal}")
            for kind in (*THINGS, "place"):
                left, gap = f"RELATIVE.{relative}.{kind}.{person}", f"GAP.{relative}.{kind}"
                that, que = ("where/1", "donde/1") if kind == "place" else ("that/1", "que/1")
                yield rule(left, f"{that} {gap}", f"{que} *{gap}")


def gaps() -> Iterator[Rule]:
    """Return clauses whose object or place is what the relative pronoun stands for."""
    for relative in RELATIVE_TENSES:
        for tense in tenses(relative):
            for person in PERSONS:
                for kind in (*THINGS, "place"):
                    yield from _gaps(f"GAP.{relative}.{kind}", kind, tense, person)
    for tense in TENSES:
        for person in PERSONS:
            form = f"person.{tense}{person}"
            yield rule(f"THERE.{form}", f"VI.{form}", f"VI.{form}", 3)
            if tense + person in SPOKEN_I:
                yield rule("GAP.past.place", f"i/1 VLIVE.{form}", f"yo/1 *VLIVE.{form}")
                yield rule("GAP.any.place", f"i/1 VLIVE.{form}", f"yo/1 *VLIVE.{form}")
            else:
                yield rule(f"THERE.{form}", f"VLIVE.{form}", f"VLIVE.{form}", 2)
            for kind in ("food", "fruit", "drink", "thing", "text", "person"):
                row = f"V.{kind}.{form} OBJECT.{kind}"
                yield rule(f"THERE.{form}", row, f"*{row}", 0.7)


def _gaps(left: str, kind: str, tense: str, person: str) -> Iterator[Rule]:
    form = f"person.{tense}{person}"
    for verb in (f"THERE.{form}",) if kind == "place" else (f"V.{kind}.{form}", f"VL.{kind}.{form}"):
        if verb.startswith("VL") and tense + person in SPOKEN_I:
            yield rule(left, f"i/1 {verb}", f"yo/1 *{verb}")
            continue
        if person in DROPPED:
            yield rule(left, f"{DROPPED[person]}?1 {verb}", f"{verb}?1", 1, "dropped_pronoun")
            continue
        for gender in "mf":
            someone = f"DEFINITE.person.{gender}{person[1]}"
            yield rule(left, f"{someone} {verb}", f"{someone} *{verb}", 1.5)


RULES = (relative_nouns, relative_clauses, gaps)
