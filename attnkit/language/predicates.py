"""Rules for what a verb takes along: objects, pronouns, places, times.

Symbols end in who does it and the form: DO.person.present3s. BARE is a verb with its object, DO may have a place or a
time, DOLIST has a list of objects, NOLIST one after a negation, DOX an object with a relative clause, DOIT an it.
"""

from __future__ import annotations

from collections.abc import Iterator

from attnkit.language import lexicon
from attnkit.language.inflection import PERSONS
from attnkit.language.nouns import PEOPLE
from attnkit.language.rows import rule, table
from attnkit.language.synchronous import Rule
from attnkit.language.verbs import COMMANDS, ENCLITIC, FORMS, NEGATED, SPOKEN_I, forms_of

RARE = ("instrument", "opening", "furniture", "region", "matter", "water")
PRONOUNS = {"me": "me", "you": "te", "him": "lo", "her": "la", "us": "nos"}
RECIPIENTS = {"me": "me", "you": "te", "him": "le", "her": "le", "us": "nos", "them": "les"}
CLASHES = {"1s": ("me", "us"), "2s": ("you",), "1p": ("us", "me"), "command": ("you",)}
# English, Spanish; when: the forms that they go with.
ADVERBS = {
    "present": (
        "now/1 | ahora/1, today/1 | hoy/1, every/1 day/2 | todos/1 los?2 días/2, often/1 | a/1 menudo/1, "
        "at/1 night/2 | por/1 la?2 noche/2, in/1 the/2 morning/3 | por/1 la/2 mañana/3"
    ),
    "past": (
        "yesterday/1 | ayer/1, last/1 night/1 | anoche/1, this/1 morning/2 | esta/1 mañana/2, "
        "two/1 days/2 ago/3 | hace/3 dos/1 días/2, last/1 week/2 | la?2 semana/2 pasada/1"
    ),
    "imperative": (
        "now/1 | ahora/1, today/1 | hoy/1, tomorrow/1 | mañana/1, here/1 | aquí/1, tonight/1 | esta/1 noche/1"
    ),
    "gerund": "here/1 | aquí/1",
    "infinitive": "today/1 | hoy/1, tomorrow/1 | mañana/1, tonight/1 | esta/1 noche/1",
}


def predicates() -> Iterator[Rule]:
    """Return verbs with what they take along."""
    for doer in PEOPLE:
        for form in forms_of(doer):
            yield from _predicates(doer, form)
            yield from _with_objects(doer, form)
            if form != "gerund":  # lo está viendo and está viéndolo are both said; neither is in the language
                yield from _with_pronouns(doer, form)
                if doer == "person":
                    yield from _giving(form)


def _predicates(doer: str, form: str) -> Iterator[Rule]:
    """BARE may be followed by a place and a time, BAREGO and BAREGIVE by a time, BAREL, which lasts, by none."""
    end, time = f"{doer}.{form}", time_of(form)
    bare, do, adverb = f"BARE.{end}", f"DO.{end}", f"ADVERB.{time}"
    yield rule(f"BAREGO.{end}", f"VGO.{end} GOAL", f"*VGO.{end} GOAL")
    if form in (*COMMANDS, "infinitive"):  # let's go
        yield rule(f"BAREGO.{end}", f"VLEAVE.{end}", f"VLEAVE.{end}", 0.2)
    yield rule(f"BAREL.{end}", f"VLIVE.{end} WHERE.place", f"*VLIVE.{end} WHERE.place", 2)
    for symbol, weight in (("VI", 3), ("BARE", 7), ("BAREGO", 1.2), ("BAREGIVE", 1.5)):
        yield rule(do, f"{symbol}.{end}", f"{symbol}.{end}", weight)
    yield rule("I" * (form in SPOKEN_I) + do, f"BAREL.{end}", f"BAREL.{end}", 3)
    for symbol, circumstance, weight in ((f"VI.{end}", f"WITHWHOM.{time}", 2), (bare, f"WHEREWHEN.{time}", 3)):
        yield rule(do, f"{symbol} {circumstance}", f"*{symbol} {circumstance}", weight)
    for symbol in ("BAREGO", "BAREGIVE"):
        yield rule(do, f"{symbol}.{end} {adverb}", f"*{symbol}.{end} {adverb}", 0.6)


def _with_objects(doer: str, form: str) -> Iterator[Rule]:
    end, relative = f"{doer}.{form}", "past" if "past" in form else "any"
    for symbol, left in (("V", f"BARE.{end}"), ("VL", f"BAREL.{end}")):
        for kind in objects_of(symbol, doer):
            takes, weight = f"{symbol}.{kind}.{end}", 0.5 if kind in RARE else 1.0
            one, other = f"OBJECT.{kind}", f"OBJECT.{relative}.{kind}"
            each = "OBJECT.beloved" if kind == "animal" else one
            yield rule(left, f"{takes} {one}", f"*{takes} {one}", weight)
            if symbol == "VL" and form in SPOKEN_I:
                continue
            yield rule(f"DOX.{end}", f"{takes} {other}", f"*{takes} {other}", weight)
            yield rule(f"DOLIST.{end}", f"{takes} LIST.{kind}", f"*{takes} LIST.{kind}", weight)
            if form in NEGATED:
                row = f"{takes} {each} or/1 {each}'", f"*{takes} {each} ni/1 {each}'"
                yield rule(f"NOLIST.{end}", *row, weight, "coordination", "ni_for_o")


def objects_of(symbol: str, doer: str) -> list[str]:
    """Return the classes of objects that the verbs of a symbol have."""
    rows = table(lexicon.TRANSITIVE if symbol == "V" else lexicon.STATIVE)
    able = [classes for _, verb, *classes in rows if doer == "person" or verb in lexicon.ANIMALS_DO.split()]
    return [kind for kind in (*lexicon.NOUNS, "owned", "beloved") if any(kind in classes for classes in able)]


def _with_pronouns(doer: str, form: str) -> Iterator[Rule]:
    end = f"{doer}.{form}"
    for symbol, left in (("V", f"BARE.{end}"), ("VL", f"BAREL.{end}")):
        for english, spanish in pronouns_for(form, PRONOUNS):
            yield with_pronouns(left, f"{symbol}.person.{end}", f"{english}/1", f"{spanish}/1", weight=0.5)
        for english, spanish in (("it", "lo"), ("them", "los")) if symbol == "V" or form not in SPOKEN_I else ():
            yield with_pronouns(f"DOIT.{end}", f"{symbol}.it.{end}", f"{english}/1", f"{spanish}/1")


def _giving(form: str) -> Iterator[Rule]:
    """Return verbs with a person who gets something; Spanish says the person twice: le doy el libro al niño."""
    give, left, it_left = f"V.give.person.{form}", f"BAREGIVE.person.{form}", f"DOIT.person.{form}"
    if form in ("let", "letnot"):
        return
    for english, spanish in pronouns_for(form, RECIPIENTS):
        yield with_pronouns(left, give, f"{english}/1 THEME", f"{spanish}/1", more="THEME", weight=0.4)
        if english in ("me", "him", "her"):
            first = "me/1" if english == "me" else "se/1"
            yield with_pronouns(it_left, give, f"it/2 to?1 {english}/1", f"{first} lo/2", weight=0.6)
    for number, spanish in (("3s", "le"), ("3p", "les")):
        tail = f"THEME RECIPIENT.{number}"
        if form in ENCLITIC:
            yield rule(left, f"{give}+{spanish} {tail}", f"*{give}+{spanish} {tail}", 1, "enclitic")
        else:
            yield rule(left, f"{give}/1 {tail}", f"{spanish}?1 *{give} {tail}", 1, "clitic")


def pronouns_for(form: str, pronouns: dict[str, str]) -> list[tuple[str, str]]:
    """Return the pronouns that make sense as an object: nobody sees themselves, or tells you to see you."""
    if form in ("let", "letnot"):
        return []
    if form == "infinitive":  # anybody may be the subject
        return [pair for pair in pronouns.items() if pair[0] in ("him", "her", "them")]
    clashes = CLASHES.get(form[-2:] if form[-2:] in PERSONS else "command", ())
    return [pair for pair in pronouns.items() if pair[0] not in clashes]


def with_pronouns(left: str, verb: str, tail: str, pronouns: str, *, more: str = "", weight: float = 1.0) -> Rule:
    """Return a verb with pronouns, which stand before it in Spanish or are joined to its end.

    ``tail`` is what follows the English verb, ``pronouns`` the Spanish pronouns with their groups, ``more`` the rest.
    """
    if verb.endswith(ENCLITIC):
        words, marks = zip(*((word[:-2], word[-2:]) for word in pronouns.split()), strict=True)
        joined = f"{verb}+{''.join(words)}"
        return rule(left, f"{joined} {tail}", f"*{joined}{''.join(marks)} {more}", weight, "enclitic")
    return rule(left, f"{verb} {tail}", f"{pronouns} *{verb} {more}", weight, "clitic")


def time_of(form: str) -> str:
    """Return which adverbials go with a form; me and us are somebody else where the subject is a third person."""
    if form[-2:] in PERSONS:
        tense = "past" if "past" in form else "present"
        return tense + "3" * (form[-2] == "3")
    return {"forbid": "imperative", "letnot": "let"}.get(form, form)


def circumstances() -> Iterator[Rule]:
    """Return phrases that say where and when, and also with whom."""
    for time in dict.fromkeys(time_of(form) for form in FORMS):
        adverb, left, company = f"ADVERB.{time}", f"WHEREWHEN.{time}", f"WITHWHOM.{time}"
        whom = "WITHME" if time in ("present3", "past3", "imperative") else "WITH"
        for row in ADVERBS[{"let": "imperative"}.get(time, time.removesuffix("3"))].split(", "):
            yield rule(adverb, *row.split(" | "))
        for row, weight in ((adverb, 3), ("WHERE.place", 3), (f"WHERE.place {adverb}", 1)):
            yield rule(left, row, row, weight)
        for row, weight in ((left, 4), (whom, 3), (f"{whom} {left}", 1)):
            yield rule(company, row, row, weight)


RULES = (predicates, circumstances)
