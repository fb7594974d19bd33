"""Rules for nouns and their adjectives.

Symbols: NOUN, ADJECTIVE, CORE (a noun with its adjectives), each followed by a class or group and an agreement:
CORE.food.fs. ADJECTIVEI begins with i in Spanish, ADJECTIVEY does not. INNER and OUTER are the adjectives of a class by
where they stand, and after VERY come those that have degrees.
"""

from __future__ import annotations

from collections.abc import Iterator

from attnkit.language import lexicon
from attnkit.language.inflection import AGREEMENTS, Agreement, agreeing, english_plural, plural
from attnkit.language.rows import rule, table, word
from attnkit.language.synchronous import Rule

PEOPLE = ("person", "animal")  # the classes of nouns that do something


def in_both_numbers(english: str, spanish: str, gender: str) -> list[tuple[Agreement, str, str]]:
    """Return a noun in its numbers: its agreement, and the word of each side; el águila, but las águilas."""
    one, _, many = english.partition("/")
    if gender.endswith("u"):
        return [(AGREEMENTS[gender], one, spanish)]
    found = [(AGREEMENTS[gender + "s"], one, spanish)]
    if many != "-":
        agreement = AGREEMENTS[gender.replace("a", "f") + "p"]
        found.append((agreement, many or english_plural(one), plural(spanish)))
    return found


def kinds() -> dict[tuple[str, Agreement], float]:
    """Return the classes of nouns with each agreement in them, and how many nouns that is; a plural counts less."""
    found: dict[tuple[str, Agreement], float] = {}
    for kind, text in lexicon.NOUNS.items():
        for row in table(text):
            for agreement, _, _ in in_both_numbers(*row):
                found[kind, agreement] = found.get((kind, agreement), 0.0) + (0.6 if agreement.plural else 1.0)
    return found


KINDS = kinds()


def nouns() -> Iterator[Rule]:
    """Return nouns, compounds and names."""
    for kind, text in lexicon.NOUNS.items():
        for row in table(text):
            for agreement, english, spanish in in_both_numbers(*row):
                yield word(f"NOUN.{kind}.{agreement}", english, spanish)
    for kind, text in lexicon.COMPOUNDS.items():
        for modifier, *row, complement in table(text):
            for agreement, english, spanish in in_both_numbers(*row):
                compound = f"{modifier}/1 {english}/2", f"*{spanish}/2 de?1 {complement}/1"
                yield rule(f"NOUN.{kind}.{agreement}", *compound, 0.7, "compound")
    for symbol, names in (("NAME", lexicon.NAMES), ("NAMEI", lexicon.NAMES_WITH_I)):
        for gender, text in names.items():
            for english, spanish in table(text):
                yield word(f"{symbol}.{gender}s", english, spanish)


def adjectives() -> Iterator[Rule]:
    """Return adjectives by their group, and by whether they begin with i, for y becomes e before those."""
    lists = {group: (wanted, text) for group, (wanted, _, _, text) in lexicon.ADJECTIVES.items()}
    lists |= {"new": lexicon.NEW}
    lists |= {"origin": (lexicon.RELATIONAL, lexicon.ORIGINS), "field": (lexicon.RELATIONAL, lexicon.FIELDS)}
    for group, (wanted, text) in lists.items():
        for code in dict.fromkeys(agreement.code for kind, agreement in KINDS if kind in wanted.split()):
            for english, spanish in table(text):
                form = agreeing(spanish, AGREEMENTS[code])
                yield word(f"ADJECTIVE.{group}.{code}", english, form)
                yield word(f"ADJECTIVE{'I' if spanish[0] == 'i' else 'Y'}.{group}.{code}", english, form)


def groups(kind: str, agreement: Agreement, *, copula: str = "", place: str = "") -> list[str]:
    """Return the groups of adjectives that go with a class of nouns; what is not counted has no size."""
    return [
        group
        for group, (wanted, verb, position, _) in lexicon.ADJECTIVES.items()
        if kind in wanted.split() and copula in ("", verb) and place in ("", position)
        if not (group == "size" and agreement.code.endswith("u"))
    ]


def cores() -> Iterator[Rule]:
    """Return nouns with adjectives: they stand before the noun in English, in mirrored order after it in Spanish."""
    for kind, agreement in KINDS:
        core, noun = f"CORE.{kind}.{agreement}", f"NOUN.{kind}.{agreement}"
        yield rule(core, noun, noun, 6)
        outer, inner = f"OUTER.{kind}.{agreement}", f"INNER.{kind}.{agreement}"
        for side, place in ((outer, "outer"), (inner, "inner")):
            for group in groups(kind, agreement, place=place):
                adjective = f"ADJECTIVE.{group}.{agreement}"
                yield rule(side, adjective, adjective)
                if group not in lexicon.NO_DEGREE:
                    yield rule(f"VERY{side}", adjective, adjective)
            yield rule(core, f"{side} {noun}", f"*{noun} {side}", 1.5, "adjective")
            yield rule(core, f"very/1 VERY{side} {noun}", f"*{noun} muy/1 VERY{side}", 0.15, "adjective")
        yield rule(core, f"{outer} {inner} {noun}", f"*{noun} {inner} {outer}", 1.5, "adjective", "stacked_adjectives")
        if kind in lexicon.NEW[0].split() and agreement.code[0] != "a":  # not: el nueva hacha
            new, size = (f"ADJECTIVE.{group}.{agreement}" for group in ("new", "size"))
            row = f"{new} {size} {inner} {noun}", f"{new} *{noun} {inner} {size}"
            yield rule(core, *row, 0.5, "adjective", "stacked_adjectives", "prenominal_adjective")


def relational_and_prenominal() -> Iterator[Rule]:
    """Return european economic area, whose adjectives reverse, and good boy, whose adjective does not move."""
    for kind, agreement in KINDS:
        core, noun = f"CORE.{kind}.{agreement}", f"NOUN.{kind}.{agreement}"
        if kind in lexicon.RELATIONAL.split():
            origin, field = (f"ADJECTIVE.{group}.{agreement}" for group in ("origin", "field"))
            yield rule(core, f"{origin} {noun}", f"*{noun} {origin}", 3, "adjective")
            yield rule(core, f"{field} {noun}", f"*{noun} {field}", 3, "adjective")
            row = f"{origin} {field} {noun}", f"*{noun} {field} {origin}"
            yield rule(core, *row, 6, "adjective", "stacked_adjectives", "compound")
        for english, short, adjective in table(lexicon.PRENOMINAL.get(kind, "") if agreement.code[0] != "a" else ""):
            # buen is masculine, gran has both genders; both are singular
            shortened = not agreement.plural and (short == "gran" or agreement.code[0] == "m")
            form = short if shortened else agreeing(adjective, agreement)
            row = f"{english}/1 {noun}", f"{form}/1 *{noun}"
            yield rule(core, *row, 0.5, "adjective", "prenominal_adjective")


RULES = (nouns, adjectives, cores, relational_and_prenominal)
