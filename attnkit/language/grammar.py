"""The made language: its rules put together, its constructions, and the translation of a sentence that it contains."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from functools import cache

from attnkit.language import clauses, nouns, phrases, predicates, relatives, sentences, states, verbs
from attnkit.language.derivations import Grammar, with_constructions, without_constructions
from attnkit.language.synchronous import Pair, Rule, Tree, realise

CONSTRUCTIONS = {
    "command": "An order to one person: eat the apple, come la manzana.",
    "negated_command": "An order not to do something, in the subjunctive: don't eat, no comas.",
    "lets": "An order to us all; let's go is the one word vamos.",
    "negation": "Not, never or don't stands as no or nunca before the verb, and do vanishes.",
    "ni_for_o": "Or after a negation is ni: don't eat bread or cheese, no comas pan ni queso.",
    "dropped_pronoun": "I, you, we or it is not said where the Spanish verb tells it: i sleep, duermo.",
    "clitic": "The pronoun of the object moves before the verb: i see him, lo veo.",
    "enclitic": "The pronoun of the object is joined to the end of the verb: eat it, cómelo.",
    "antecedent": "The gender of it is that of a noun said before: the pizza is hot, don't eat it, no la comas.",
    "distant_agreement": "An adjective agrees with a noun of another clause: the dog loved the ball, it was excited.",
    "personal_a": "A person or an animal that is the object stands after a: i see the boy, veo al niño.",
    "contraction": "A and el, de and el become one word: to the park, al parque.",
    "stressed_a": "A feminine noun that begins with a stressed a takes el: the water, el agua.",
    "adjective": "The adjective agrees with its noun, and most stand after it: the red ball, la pelota roja.",
    "stacked_adjectives": "Two adjectives stand in mirrored order: small red ball, pelota roja pequeña.",
    "prenominal_adjective": "Good, great and new may stand before the noun in both: a good boy, un buen niño.",
    "compound": "Nouns or adjectives in a row reverse: chocolate cake, pastel de chocolate; european economic area.",
    "looking_and_smelling": "A participle becomes a relative clause: delicious looking, que se ve deliciosa.",
    "relative_clause": "Who, that and where are que and donde: the boy who sleeps, el niño que duerme.",
    "coordination": "Two things or clauses are joined by and, or, but.",
    "list": "Three objects in a row: bread, cheese and rice.",
    "e_for_y": "Y becomes e before the sound i: pedro and ines, pedro e inés.",
    "u_for_o": "O becomes u before the sound o: seven or eight, siete u ocho.",
    "possessive": "My, your, his and their agree with what is owned: my dogs, mis perros.",
    "numeral": "A number before a noun.",
    "ser": "To be, of what something is: the ball is red, es roja.",
    "estar": "To be, of how or where something is: the ball is clean, está limpia.",
    "tener": "Spanish has what English is: i am hungry, tengo hambre.",
    "comparative": "A comparative ending is a word of its own: bigger, más grande.",
    "experiencer": "Who likes stands after a, what is liked is the subject: i like rice, me gusta el arroz.",
    "generic_article": "A whole kind takes the article: i like apples, me gustan las manzanas.",
    "existential": "There is and there are are one word, hay.",
    "weather": "The it of the weather stands for nothing: it is raining, está lloviendo.",
    "progressive": "Something is going on: is eating, está comiendo.",
    "infinitive": "A verb after want, have to, can, going to or like: i want to eat, quiero comer.",
    "time_clause": "A clause with when, cuando.",
    "reason_clause": "A clause with because, porque.",
    "if_clause": "A clause with if, si.",
}
START = "SENTENCE"
VOWEL = re.compile("[aeio]|u(?!n)")


@cache
def rules() -> tuple[Rule, ...]:
    """Return all rules; the weights of each symbol sum to 1."""
    made = [
        rule
        for room in (nouns, phrases, verbs, predicates, states, clauses, relatives, sentences)
        for part in room.RULES
        for rule in part()
    ]
    totals: dict[str, float] = defaultdict(float)
    for rule in made:
        totals[rule.left] += rule.weight
    return tuple(rule._replace(weight=rule.weight / totals[rule.left]) for rule in made)


@cache
def grammar(without: tuple[str, ...] = (), only: tuple[str, ...] = ()) -> Grammar:
    """Return the grammar of the sentences that show none of the first constructions and at least one of the others."""
    kept = without_constructions(rules(), without)
    return Grammar(with_constructions(kept, only), START + "+") if only else Grammar(kept, START)


def read(tree: Tree) -> Pair:
    """Return the pair of a derivation; an a before a vowel becomes an."""
    pair = realise(tree)
    source = pair.source
    if "a" in source:
        following = (*source[1:], "")
        words = (
            "an" if word == "a" and VOWEL.match(after) else word for word, after in zip(source, following, strict=True)
        )
        pair = pair._replace(source=tuple(words))
    return pair


def parse(tokens: Sequence[str]) -> Pair | None:
    """Return an English sentence with its translation and its alignment, or None if the language does not have it."""
    words = ["a" if word == "an" else word for word in tokens]
    trees = grammar().parse(words)
    pair = read(trees[0]) if trees else None
    return pair if pair and pair.source == tuple(tokens) else None
