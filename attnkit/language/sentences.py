"""Rules that join clauses to sentences: pronouns with what they refer to, commands, and chains of both.

A pronoun that refers to something said before always stands in one rule with it, so its gender is known.
Symbols: CHUNK (one clause, or two that belong together), CHAIN; ORDER and its kin for commands; SENTENCE.
"""

from __future__ import annotations

from collections.abc import Iterator

from attnkit.language import lexicon
from attnkit.language.clauses import DROPPED
from attnkit.language.inflection import PERSONS, Agreement
from attnkit.language.nouns import KINDS, PEOPLE
from attnkit.language.rows import rule
from attnkit.language.states import BE, spanish
from attnkit.language.synchronous import Rule
from attnkit.language.verbs import TENSES

TELLING = ("colour", "price")  # groups of adjectives that fit a thing and no animal
CAUSES = ((",/1", ",/1"), ("because/1", "porque/1"))
FORBIDDING = (("don't/8", ""), ("do?7 not/8", "?7"))  # English, and the group that the Spanish verb is in then


def pronoun(kind: str, agreement: Agreement) -> str:
    """Return the English pronoun of a subject."""
    if agreement.plural:
        return "they"
    return ("he" if agreement.code[0] == "m" else "she") if kind == "person" else "it"


def remarks() -> Iterator[Rule]:
    """Return what is said of something just named; the pronoun is dropped and the adjective tells what it refers to."""
    for kind, agreement in KINDS:
        if kind in (*PEOPLE, *lexicon.THEN):
            yield from _remarks(kind, agreement)


def _remarks(kind: str, agreement: Agreement) -> Iterator[Rule]:
    said, person = pronoun(kind, agreement), agreement.person
    for tense in TENSES:
        telling = (
            (("estar", "mood"),) if kind in PEOPLE else tuple(("ser", group) for group in TELLING if kind == "thing")
        )
        for copula, group in telling:
            be, verb, quality = BE[tense][person], spanish(copula, tense, person), f"ADJECTIVE.{group}.{agreement}"
            left, tags = f"TELLING.{tense}.{kind}.{agreement}", ("dropped_pronoun", copula)
            yield rule(left, f"{said}?1 {be}/1 {quality}", f"*{verb}/1 {quality}", 1, *tags)
            yield rule(left, f"{said}?1 {be}/1 very/2 {quality}", f"*{verb}/1 muy/2 {quality}", 1, *tags)
        for copula in ("estar",) if kind in PEOPLE else ("ser", "estar"):
            be, verb = BE[tense][person], spanish(copula, tense, person)
            left, quality = f"REMARK.{tense}.{kind}.{agreement}", f"PREDICATIVE.{copula}.{kind}.{agreement}"
            tags = ("dropped_pronoun", "distant_agreement", copula)
            yield rule(left, f"{said}?1 {be}/1 {quality}", f"*{verb}/1 {quality}", 2, *tags)
            row = f"{said}?1 {be}/1 not/2 {quality}", f"no/2 *{verb}/1 {quality}"
            yield rule(left, *row, 0.6, "negation", *tags)


def tellings() -> Iterator[Rule]:
    """The dog loved the ball, it was very excited (the dog), or very red (the ball)."""
    for tense in TENSES:
        for kind, agreement in KINDS:
            for _, thing in (known for known in KINDS if known[0] == "thing"):
                if kind in PEOPLE:
                    yield from _tellings(tense, kind, agreement, thing)


def _tellings(tense: str, kind: str, agreement: Agreement, thing: Agreement) -> Iterator[Rule]:
    begin, person = f"NAMING.{tense}.{kind}.{agreement}.{thing}", agreement.person
    someone, le = f"TO.{kind}.{agreement}", "les" if agreement.plural else "le"
    loves = {"past": "loved"}.get(tense, "love" + "s" * (person == "3s"))
    loved, what = spanish("encantar", tense, thing.person), f"DEFINITE.thing.{thing}"
    row = f"{someone} {loves}/1 {what}", f"{someone} {le}?1 *{loved}/1 {what}"
    yield rule(begin, *row, 1, "experiencer")
    verb, subject = f"V.thing.{kind}.{tense}{person}", f"DEFINITE.{kind}.{agreement}"
    yield rule(begin, f"{subject} {verb} {what}", f"{subject} *{verb} {what}")
    for remark in (f"TELLING.{tense}.{kind}.{agreement}", f"TELLING.{tense}.thing.{thing}"):
        for english, meant in CAUSES:
            row = f"{begin} {english} {remark}", f"*{begin} {meant} {remark}"
            yield rule(f"TELLING.{tense}", *row, KINDS[kind, agreement] * KINDS["thing", thing], "distant_agreement")


def reasons() -> Iterator[Rule]:
    """The girl is tired because she works; the girl sleeps because she is tired."""
    for tense in TENSES:
        for kind, agreement in KINDS:
            if kind in PEOPLE:
                left, person = f"REASON.{tense}", agreement.person
                end, subject = f"{kind}.{tense}{person}", f"DEFINITE.{kind}.{agreement}"
                be, estar = BE[tense][person], spanish("estar", tense, person)
                mood, said = f"PREDICATIVE.estar.{kind}.{agreement}", f"{pronoun(kind, agreement)}?3"
                row = (
                    f"{subject} {be}/1 {mood} because/2 {said} SIMPLE.{end}",
                    f"{subject} *{estar}/1 {mood} porque/2 SIMPLE.{end}?3",
                )
                yield rule(left, *row, KINDS[kind, agreement], "reason_clause", "dropped_pronoun", "estar")
                remark = f"REMARK.{tense}.{kind}.{agreement}"
                row = f"{subject} VI.{end} because/2 {remark}", f"{subject} *VI.{end} porque/2 {remark}"
                yield rule(left, *row, KINDS[kind, agreement], "reason_clause")


def sequels() -> Iterator[Rule]:
    """The boy bought the shirt and washed it: la camisa, la lavó."""
    for kind, agreement in KINDS:
        if kind in lexicon.THEN:
            it, thing = "them/3" if agreement.plural else "it/3", f"ARTICLED.{kind}.{agreement}"
            for tense in TENSES:
                for person in PERSONS:
                    left, end = f"SEQUEL.{tense}.{person}", f"{kind}.person.{tense}{person}"
                    first, then = f"VFIRST.{end}", f"VTHEN.{end}"
                    row = f"{first} {thing} and/2 {then} {it}", f"*{first} {thing} y/2 {agreement.it}/3 {then}"
                    yield rule(left, *row, KINDS[kind, agreement], "clitic", "antecedent")
            first, then = f"VFIRST.{kind}.person.imperative", f"VTHEN.{kind}.person.imperative+{agreement.it}"
            row = f"{first} {thing} and/2 {then} {it}", f"*{first} {thing} y/2 {then}/3"
            yield rule("SEQUEL", *row, KINDS[kind, agreement], "enclitic", "antecedent")
    for tense in TENSES:
        for person in PERSONS:
            sequel = f"SEQUEL.{tense}.{person}"
            if person in DROPPED:
                yield rule(f"SEQUEL.{tense}", f"{DROPPED[person]}?1 {sequel}", f"{sequel}?1", 2, "dropped_pronoun")
                continue
            for gender in "mf":
                subject = f"DEFINITE.person.{gender}{person[1]}"
                yield rule(f"SEQUEL.{tense}", f"{subject} {sequel}", f"{subject} *{sequel}", 2 if person == "3s" else 1)


def judgements() -> Iterator[Rule]:
    """The pizza is hot, don't eat it; don't eat the pizza, it is hot."""
    for kind, agreement in KINDS:
        if kind in lexicon.THEN:
            it, thing = "them/9" if agreement.plural else "it/9", f"DEFINITE.{kind}.{agreement}"
            often = KINDS[kind, agreement]
            do, forbid = f"VTHEN.{kind}.person.imperative", f"VTHEN.{kind}.person.forbid"
            verdict, being = f"VERDICT.{kind}.{agreement}", f"PROPERTY.present{agreement.person}.{kind}.{agreement}"
            joined = f"{do}+{agreement.it}"
            yield rule(verdict, f"{joined} {it}", f"{joined}/9", 1, "enclitic", "command")
            remark = f"REMARK.present.{kind}.{agreement}"
            for no, mark in FORBIDDING:
                row = f"{no} {forbid} {it}", f"no/8 {agreement.it}/9 *{forbid}{mark}"
                yield rule(verdict, *row, 0.5, "clitic", "negated_command", "negation")
                for english, meant in CAUSES:
                    row = f"{no} {forbid} {thing} {english} {remark}", f"no/8 *{forbid}{mark} {thing} {meant} {remark}"
                    yield rule("LASTORDER", *row, often / 2, "negated_command", "negation")
            for english, meant in CAUSES:
                row = f"{do} {thing} {english} {remark}", f"*{do} {thing} {meant} {remark}"
                yield rule("LASTORDER", *row, often, "command")
            row = f"{thing} {being} ,/1 {verdict}", f"{thing} *{being} ,/1 {verdict}"
            yield rule("JUDGEMENT", *row, often, "antecedent")


def chunks() -> Iterator[Rule]:
    """Return clauses and what joins them."""
    for tense in TENSES:
        clause, chunk = f"CLAUSE.{tense}", f"CHUNK.{tense}"
        yield rule(chunk, clause, clause, 14)
        for symbol, weight in (("TELLING", 2), ("REASON", 1.5), ("SEQUEL", 1.5)):
            yield rule(chunk, f"{symbol}.{tense}", f"{symbol}.{tense}", weight)
        for english, meant, tag in (("because", "porque", "reason_clause"), ("when", "cuando", "time_clause")):
            yield rule(chunk, f"{clause} {english}/1 {clause}'", f"*{clause} {meant}/1 {clause}'", 1.2, tag)
        row = f"when/1 {clause} ,/2 {clause}'", f"cuando/1 {clause} ,/2 *{clause}'"
        yield rule(chunk, *row, 0.8, "time_clause")
        opening, chain = f"OPENING.{tense}", f"CHAIN.{tense}"
        yield rule(opening, chunk, chunk, 6)
        yield rule(opening, f"FIRST.{tense}", f"FIRST.{tense}", 2)
        yield rule("SENTENCE", opening, opening, 3)
        for left, first in (("SENTENCE", opening), (chain, chunk)):
            yield rule(left, f"{first} JOIN {chain}", f"*{first} JOIN {chain}", 3, "coordination")
        yield rule(chain, chunk, chunk, 3)
    yield rule("JOIN", ",/1 and/2", ",/1 y/2", 3)
    yield rule("JOIN", "and/1", "y/1", 2)
    yield rule("JOIN", ",/1 but/2", ",/1 pero/2", 1)
    yield rule("COMMAJOIN", ",/1 and/2", ",/1 y/2", 3)
    yield rule("COMMAJOIN", ",/1 but/2", ",/1 pero/2", 1)


def orders() -> Iterator[Rule]:
    """Return commands.

    After an ORDER a bare and may follow; after a relative clause (XORDER) or a reason (REASONED) the and needs a comma,
    for what follows would seem to belong to them.
    """
    kinds = (("ORDER", "DO", 6), ("ORDER", "DOLIST", 1.5), ("XORDER", "DOX", 4), ("ITORDER", "DOIT", 3))
    for left, what, weight in kinds:
        do, forbid, let, let_not = (f"{what}.person.{form}" for form in ("imperative", "forbid", "let", "letnot"))
        yield rule(left, do, do, weight, "command")
        yield rule(left, f"let's/1 {let}", f"{let}/1", 0.4 * weight, "lets")
        yield from _prohibitions(left, forbid, let_not, weight)
    yield from _prohibitions("ORDER", "NOLIST.person.forbid", "NOLIST.person.letnot", 1)
    yield rule("ORDER", "SEQUEL", "SEQUEL", 0.7, "command")
    for order in ("ORDER", "XORDER"):
        for tense in TENSES:
            row = f"{order} because/1 CLAUSE.{tense}", f"*{order} porque/1 CLAUSE.{tense}"
            yield rule("REASONED", *row, 1, "reason_clause")


def _prohibitions(left: str, forbid: str, let_not: str, weight: float) -> Iterator[Rule]:
    for no, mark in FORBIDDING:
        yield rule(left, f"{no} {forbid}", f"no/8 *{forbid}{mark}", 0.5 * weight, "negated_command", "negation")
    yield rule(left, f"never/1 {forbid}", f"nunca/1 *{forbid}", 0.1 * weight, "negated_command", "negation")
    yield rule(left, f"let's/2 not/1 {let_not}", f"no/1 *{let_not}/2", 0.1 * weight, "lets", "negation")


def chains_of_orders() -> Iterator[Rule]:
    """Return commands in a row; the first may have a pronoun that refers to nothing said before."""
    weights = {"ORDER": 4, "XORDER": 3, "REASONED": 1.5, "LASTORDER": 1}
    for left, more in (("CHAINED", {}), ("ORDERS", {"ITORDER": 0.8, "JUDGEMENT": 0.8})):
        for order, weight in {**weights, **more}.items():
            yield rule(left, order, order, weight)
            if order != "LASTORDER":
                yield rule(left, f"{order} COMMAJOIN CHAINED", f"*{order} COMMAJOIN CHAINED", weight, "coordination")
            if order in ("ORDER", "ITORDER"):
                row = f"{order} and/1 CHAINED", f"*{order} y/1 CHAINED"
                yield rule(left, *row, weight / 2, "coordination")
    yield rule("SENTENCE", "ORDERS", "ORDERS", 3)
    yield rule("SENTENCE", "ORDERS ,/1 please/2", "*ORDERS ,/1 por/2 favor/2", 0.3)
    yield rule("SENTENCE", "if/1 CLAUSE.present ,/2 CHAINED", "si/1 CLAUSE.present ,/2 *CHAINED", 0.3, "if_clause")


RULES = (remarks, tellings, reasons, sequels, judgements, chunks, orders, chains_of_orders)
