"""Rules for how things are: ser and estar, what somebody likes, the weather, what there is.

Symbols: PREDICATIVE (what follows a copula), PROPERTY (a copula with it), LIKING, WEATHER, THEREIS, SEEMING.
"""

from __future__ import annotations

from collections.abc import Iterator

from attnkit.language import lexicon
from attnkit.language.inflection import AGREEMENTS, PERSONS, Agreement, agreeing, conjugate
from attnkit.language.nouns import KINDS, PEOPLE, groups
from attnkit.language.rows import rule, table
from attnkit.language.synchronous import Rule
from attnkit.language.verbs import TENSES

UNTOLD = {"1s": "ms", "2s": "ms", "1p": "mp"}  # the gender that English does not tell
BE = {
    "present": {"1s": "am", "2s": "are", "3s": "is", "1p": "are", "3p": "are"},
    "past": {"1s": "was", "2s": "were", "3s": "was", "1p": "were", "3p": "were"},
}
LIKERS = "i me, you te, we nos, he le, she le, they les"


def spanish(infinitive: str, tense: str, person: str) -> str:
    """Return a Spanish verb; its past is the imperfect, for it says how things were."""
    return conjugate(infinitive, {"past": "imperfect"}.get(tense, tense))[PERSONS.index(person)]


def negations(tense: str, person: str) -> tuple[str, str]:
    """Return the English negations, one word or two; group 1 is the Spanish no, group 2 its verb."""
    auxiliary = "did" if tense == "past" else "does" if person == "3s" else "do"
    return f"{auxiliary}n't/1?2", f"{auxiliary}?2 not/1"


def predicatives() -> Iterator[Rule]:
    """Return what stands after a copula: an adjective, also with very, or two adjectives of one copula."""
    for kind, agreement in KINDS:
        for copula in ("ser", "estar"):
            left, found = f"PREDICATIVE.{copula}.{kind}.{agreement}", groups(kind, agreement, copula=copula)
            one = f"QUALITY.{copula}.{kind}.{agreement}"
            for index, group in enumerate(found):
                first = f"ADJECTIVE.{group}.{agreement}"
                size = len(list(table(lexicon.ADJECTIVES[group][-1])))
                yield rule(one, first, first, size)
                if group not in lexicon.NO_DEGREE:
                    yield rule(f"VERY{one}", first, first, size)
                for other in found[index + 1 :]:
                    for initial, link, tags in (("Y", "y", ()), ("I", "e", ("e_for_y",))):
                        second = f"ADJECTIVE{initial}.{other}.{agreement}"
                        row = f"{first} and/1 {second}", f"{first} {link}/1 {second}"
                        yield rule(left, *row, 1 / len(found), "coordination", *tags)
            yield rule(left, one, one, 3)
            yield rule(left, f"very/1 VERY{one}", f"muy/1 VERY{one}", 2)


def properties() -> Iterator[Rule]:
    """Return copulas with what follows: ser for what something is, estar for how or where it is."""
    for tense in TENSES:
        for kind, agreement in KINDS:
            yield from _properties(tense, agreement.person, kind, agreement)
        for person, code in UNTOLD.items():
            yield from _properties(tense, person, "person", AGREEMENTS[code])
    for kind, agreement in KINDS:
        one = f"DEFINITE.{kind}.{agreement}"
        yield rule(f"THAN.{kind}", one, one, KINDS[kind, agreement])
        for english, adjective in table(lexicon.COMPARATIVES.get(kind, "")):
            row = f"{english}/1 than/2 THAN.{kind}", f"más/1 *{agreeing(adjective, agreement)}/1 que/2 THAN.{kind}"
            yield rule(f"MORE.{kind}.{agreement}", *row)


def _properties(tense: str, person: str, kind: str, agreement: Agreement) -> Iterator[Rule]:
    left, be = f"PROPERTY.{tense}{person}.{kind}.{agreement}", BE[tense][person]
    for copula in ("ser", "estar"):
        verb, size = spanish(copula, tense, person), len(groups(kind, agreement, copula=copula))
        what = f"PREDICATIVE.{copula}.{kind}.{agreement}"
        yield rule(left, f"{be}/1 {what}", f"*{verb}/1 {what}", 2 * size, copula)
        yield rule(left, f"{be}/1 not/2 {what}", f"no/2 *{verb}/1 {what}", 0.5 * size, copula, "negation")
    where = {"person": "place", "animal": "place"}.get(kind, "furniture")
    if kind in (*PEOPLE, "thing", "text", "food", "fruit"):
        verb = spanish("estar", tense, person)
        yield rule(left, f"{be}/1 WHERE.{where}", f"*{verb}/1 WHERE.{where}", 2, "estar")
    more, verb = f"MORE.{kind}.{agreement}", spanish("ser", tense, person)
    yield rule(left, f"{be}/1 {more}", f"*{verb}/1 {more}", 3, "ser", "comparative")


def stimuli() -> Iterator[Rule]:
    """Return what somebody likes; Spanish gives the article to a whole kind: las manzanas."""
    for tense in TENSES:
        for kind, agreement in KINDS:
            if kind not in ("person", "region", "matter"):
                yield from _stimuli(tense, kind, agreement)
        for doer in PEOPLE:
            left, infinitive = f"LIKED.{doer}.{tense}", f"DO.{doer}.infinitive"
            for number in ("3s", "3p"):
                yield rule(f"{left}{number}", f"STIMULUS.{tense}{number}", f"STIMULUS.{tense}{number}", 4)
            yield rule(f"{left}3s", f"to?1 {infinitive}", f"{infinitive}?1", 1, "infinitive")


def _stimuli(tense: str, kind: str, agreement: Agreement) -> Iterator[Rule]:
    left, often = f"STIMULUS.{tense}{agreement.person}", KINDS[kind, agreement]
    if kind != "animal":
        for relative, weight in (("", 1), ("past." if tense == "past" else "any.", 0.2)):
            what = f"DEFINITE.{relative}{kind}.{agreement}"
            yield rule(left, what, what, weight * often)
    if agreement.code[1] != "s" and kind != "furniture":
        noun, side, the = f"NOUN.{kind}.{agreement}", f"INNER.{kind}.{agreement}", f"{agreement.the}?1"
        tags = ("generic_article", "stressed_a") if agreement.code[0] == "a" else ("generic_article",)
        yield rule(left, f"{noun}/1", f"{the} *{noun}", often, *tags)
        yield rule(left, f"{side} {noun}/1", f"{the} *{noun} {side}", 0.4 * often, "adjective", *tags)


def likings() -> Iterator[Rule]:
    """Return likes and loves: what is liked is the subject in Spanish, and who likes it stands after a."""
    for tense in TENSES:
        for number in ("3s", "3p"):
            for said, pronoun in table(LIKERS):
                person = "3s" if said in ("he", "she") else "3p"
                row = f"{said}/3", "", f"{pronoun}/3"
                yield from _likings(tense, person, row, f"LIKED.person.{tense}{number}", 1.0)
            for kind, agreement in KINDS:
                if kind in PEOPLE:
                    someone, often = f"TO.{kind}.{agreement}", KINDS[kind, agreement] / (5 if kind == "person" else 10)
                    row = someone, someone, "les?1" if agreement.plural else "le?1"
                    yield from _likings(tense, agreement.person, row, f"LIKED.{kind}.{tense}{number}", often)


def _likings(tense: str, person: str, row: tuple[str, str, str], liked: str, weight: float) -> Iterator[Rule]:
    """The row: who likes, in English and before the Spanish verb, and the pronoun that says so again."""
    (said, meant, le), left = row, f"LIKING.{tense}"
    gusta, encanta = (spanish(infinitive, tense, liked[-2:]) for infinitive in ("gustar", "encantar"))
    ending = "d" if tense == "past" else "s" * (person == "3s")
    yield rule(left, f"{said} love{ending}/1 {liked}", f"{meant} {le} *{encanta}/1 {liked}", weight, "experiencer")
    yield rule(left, f"{said} like{ending}/1 {liked}", f"{meant} {le} *{gusta}/1 {liked}", weight, "experiencer")
    for no in negations(tense, person):
        negated = f"{said} {no} like/2 {liked}", f"{meant} no/1 {le.replace('?1', '?2')} *{gusta}/2 {liked}"
        yield rule(left, *negated, weight / 4, "experiencer", "negation")


def weather() -> Iterator[Rule]:
    """Return clauses whose it stands for nothing."""
    for english, now, then, going_on in table("rain llueve llovió lloviendo, snow nieva nevó nevando"):
        for tense, said, meant in (("present", f"{english}s", now), ("past", f"{english}ed", then)):
            yield rule(f"WEATHER.{tense}", f"it?1 {said}/1", f"{meant}/1", 0.5, "weather")
            row = f"it?1 {BE[tense]['3s']}/1 {english}ing/2", f"{spanish('estar', tense, '3s')}/1 *{going_on}/2"
            yield rule(f"WEATHER.{tense}", *row, 0.7, "weather", "progressive")


def there_is() -> Iterator[Rule]:
    """Return there is and there are, which are both hay."""
    for kind, agreement in KINDS:
        places = {"person": ("place",), "animal": ("place",), "thing": ("furniture",), "text": ("furniture", "place")}
        for place in places.get(kind, ()):
            for tense, hay in (("present", "hay"), ("past", "había")):
                something = f"INDEFINITE.{kind}.{agreement} WHERE.{place}"
                row = f"there/1 {BE[tense][agreement.person]}/1 {something}", f"*{hay}/1 {something}"
                yield rule(f"THEREIS.{tense}", *row, KINDS[kind, agreement], "existential")


def seemings() -> Iterator[Rule]:
    """Return food that looks or smells delicious."""
    for kind, agreement in KINDS:
        if kind in ("food", "fruit"):
            person, third = agreement.person, "s" * (agreement.person == "3s")
            subject, quality = f"TOPIC.present.{kind}.{agreement}", f"ADJECTIVE.taste.{agreement}"
            look, smell = (spanish(verb, "present", person) for verb in ("ver", "oler"))
            for english, meant in ((f"look{third}/1", f"se?1 *{look}/1"), (f"smell{third}/1", f"*{smell}/1")):
                row = f"{subject} {english} {quality}", f"{subject} {meant} {quality}"
                yield rule("SEEMING.present", *row, KINDS[kind, agreement])


RULES = (predicatives, properties, stimuli, likings, weather, there_is, seemings)
