"""Rules for verbs, form by form.

Forms: ``present3s`` and its kin; ``plain3s`` and ``plainpast3s``, where English has the bare verb after does or did and
Spanish has not; ``imperative``, ``forbid`` (after don't), ``let``, ``letnot``, ``infinitive``, ``gerund``.

Symbols end in who does it (person or animal) and the form, V.food.person.present3s: a verb that takes food. VL is one
that lasts and has an imperfect past, VI takes no object. A form with +lo is one with this pronoun at its end.
"""

from __future__ import annotations

from collections.abc import Iterator

from attnkit.language import lexicon
from attnkit.language.inflection import PERSONS, conjugate, enclitic
from attnkit.language.nouns import PEOPLE
from attnkit.language.rows import table, word
from attnkit.language.synchronous import Rule

TENSES = ("present", "past")
FINITE = tuple(tense + person for tense in TENSES for person in PERSONS)
SPOKEN_I = ("past1s", "plainpast1s")  # yo quería: the imperfect does not tell i from he
COMMANDS = ("imperative", "forbid", "let", "letnot")
FORMS = (*FINITE, "plain3s", *("plainpast" + person for person in PERSONS), "infinitive", "gerund", *COMMANDS)
NEGATED = (*(form for form in FORMS if form[:-2] == "present" or form.startswith("plain")), "forbid", "letnot")
THINGS = ("food", "fruit", "drink", "thing", "text", "opening", "furniture", "instrument")  # what an it may be

# The pronouns that are joined to the end of a verb, in the forms where they are.
ENCLITIC = ("imperative", "let", "infinitive")
JOINED = {"person": "me nos lo la", "it": "lo los", "then": "lo la los las", "give": "me nos le les melo selo"}


def plain(tense: str, person: str) -> str:
    """Return the form after do, does or did."""
    return "plainpast" + person if tense == "past" else "plain3s" if person == "3s" else tense + person


def forms_of(doer: str) -> tuple[str, ...]:
    """Return the forms that a doer needs: nobody gives orders to animals."""
    return FORMS if doer == "person" else FORMS[: -len(COMMANDS)]


def spanish_form(infinitive: str, form: str, *, lasting: bool) -> str:
    """Return the Spanish verb in a form; the past of what lasts is the imperfect."""
    if form[-2:] in PERSONS:
        tense = ("imperfect" if lasting else "preterite") if "past" in form else "present"
        return conjugate(infinitive, tense)[PERSONS.index(form[-2:])]
    if form == "infinitive":
        return infinitive
    tense = "subjunctive" if form in ("forbid", "let", "letnot") else form
    if (infinitive, form) == ("ir", "let"):
        return "vamos"  # and not vayamos
    return conjugate(infinitive, tense)[-1 if form in ("let", "letnot") else 0]


def english_form(forms: list[str], form: str) -> str:
    """Return the English verb in a form, - if it is not said."""
    base, third, past, gerund = forms
    if form.startswith("past"):
        return past
    return {"gerund": gerund, "present3s": third}.get(form, base)


def verb(symbol: str, english: str, infinitive: str, *, lasting: bool = False) -> Iterator[Rule]:
    """Return a verb in all its forms, also with pronouns at its end."""
    forms = english.split("/")
    joined = JOINED.get(symbol.rpartition(".")[2], JOINED["then"] if symbol.startswith("VTHEN") else "")
    for doer in PEOPLE if infinitive in lexicon.ANIMALS_DO.split() else ("person",):
        for form in forms_of(doer):
            said = english_form(forms, form)
            unsaid = infinitive in lexicon.NOT_COMMANDED.split() and form in COMMANDS
            unsaid |= infinitive in lexicon.NOT_INFINITIVE.split() and form == "infinitive"
            if said == "-" or unsaid or (lasting and form == "gerund"):
                continue
            spanish = spanish_form(infinitive, form, lasting=lasting)
            yield word(f"{symbol}.{doer}.{form}", said, spanish)
            for pronoun in joined.split() if form in ENCLITIC else ():
                yield word(f"{symbol}.{doer}.{form}+{pronoun}", said, enclitic(spanish, pronoun))


def verbs() -> Iterator[Rule]:
    """Return the verbs: V takes an object, VFIRST and VTHEN one that is done to a thing and one that is done next."""
    for symbol, text in (("V", lexicon.TRANSITIVE), ("VL", lexicon.STATIVE)):
        for english, infinitive, *classes in table(text):
            for kind in classes:
                yield from verb(f"{symbol}.{kind}", english, infinitive, lasting=symbol == "VL")
                first, then = lexicon.THEN.get(kind, ("", ""))
                if symbol == "V" and infinitive in first.split():
                    yield from verb(f"VFIRST.{kind}", english, infinitive)
                if symbol == "V" and infinitive in then.split():
                    yield from verb(f"VTHEN.{kind}", english, infinitive)
            if set(THINGS) & set(classes):
                yield from verb(f"{symbol}.it", english, infinitive, lasting=symbol == "VL")
    for symbol, text in (("VI", lexicon.INTRANSITIVE), ("VGO", lexicon.MOTION), ("V.give", lexicon.GIVING)):
        for english, infinitive in table(text):
            yield from verb(symbol, english, infinitive)
    for english, infinitive in table(lexicon.LIVING):
        yield from verb("VLIVE", english, infinitive, lasting=True)
    yield from verb("VLEAVE", *next(table(lexicon.MOTION)))
    yield from verb("VWANT", "want/wants/wanted/-", "querer", lasting=True)
    yield from verb("VHAVE", "have/has/had/-", "tener", lasting=True)


RULES = (verbs,)
