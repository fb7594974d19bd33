"""Derivations of a synchronous grammar: sampled at an exact length, or found for an English sentence."""

from __future__ import annotations

from bisect import bisect
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import accumulate

from attnkit.language.synchronous import Rule, Tree

LONGEST = 60  # words of the longest sentence
Lengths = dict[int, float]  # length of an English side: its probability


class Grammar:
    """The rules of a language, ready to be sampled and parsed.

    Parameters
    ----------
    rules
        A symbol may be a part of itself at the right end of its own rule, and in no other way.
    start
        The symbol of a whole sentence.
    """

    def __init__(self, rules: Iterable[Rule], start: str) -> None:
        self.start = start
        grouped: dict[str, list[Rule]] = defaultdict(list)
        for rule in rules:
            grouped[rule.left].append(rule)
        self.lengths = lengths_of_yields(grouped, start)
        self.rules = {
            left: [rule for rule in grouped[left] if all(self.lengths[slot] for slot in rule.slots)]
            for left, lengths in self.lengths.items()
            if lengths
        }
        self._rest: dict[tuple[str, ...], Lengths] = {}
        self._draws: dict[tuple, tuple[float, list[float], list]] = {}
        self._openings: dict[str, dict[str, list[Rule]]] = {}

    def sample(self, symbol: str, length: int, draw: Callable[[], float]) -> Tree:
        """Draw a derivation whose English side has this length; ``draw`` returns uniform numbers in [0, 1)."""
        total, bounds, options = self._draws.get((symbol, length)) or self._weigh(symbol, length)
        rule = options[bisect(bounds, draw() * total)]
        slots = rule.slots
        if not slots:
            return rule, ()
        rest, children = length - len(rule.english) + len(slots), []
        while len(slots) > 1:
            total, bounds, options = self._draws.get((slots, rest)) or self._weigh(slots, rest)
            first = options[bisect(bounds, draw() * total)] if bounds else options[0]
            children.append(self.sample(slots[0], first, draw))
            slots, rest = slots[1:], rest - first
        children.append(self.sample(slots[0], rest, draw))
        return rule, tuple(children)

    def _weigh(self, what: str | tuple[str, ...], length: int) -> tuple[float, list[float], list]:
        """Return the rules of a symbol, or the lengths of the first of some slots, with bounds between their shares."""
        weigh = self._rules_by_weight if isinstance(what, str) else self._splits_by_weight
        weighed = [(option, weight) for option, weight in weigh(what, length) if weight > 0]
        bounds = list(accumulate(weight for _, weight in weighed))
        # Without the last bound: no rounding leads beyond the last option.
        self._draws[what, length] = (bounds[-1], bounds[:-1], [option for option, _ in weighed])
        return self._draws[what, length]

    def _rules_by_weight(self, symbol: str, length: int) -> list[tuple[Rule, float]]:
        """Return the rules of a symbol, each with the probability that it is taken and yields this length."""
        options = []
        for rule in self.rules[symbol]:
            rest = self._lengths_of_slots(rule.slots)
            options.append((rule, rule.weight * rest.get(length - len(rule.english) + len(rule.slots), 0.0)))
        return options

    def _splits_by_weight(self, slots: tuple[str, ...], length: int) -> list[tuple[int, float]]:
        """Return the lengths that the first of these slots can have, each with its probability."""
        rest = self._lengths_of_slots(slots[1:])
        return [(first, weight * rest.get(length - first, 0.0)) for first, weight in self.lengths[slots[0]].items()]

    def _lengths_of_slots(self, slots: tuple[str, ...]) -> Lengths:
        if slots not in self._rest:
            self._rest[slots] = joined_lengths([self.lengths[slot] for slot in slots])
        return self._rest[slots]

    def parse(self, words: Sequence[str], most: int = 1) -> list[Tree]:
        """Return the derivations of an English sentence, at most this many; none if it is not in the language."""
        return Chart(self, words, most).yields(self.start, 0).get(len(words), [])

    def opened_by(self, symbol: str) -> dict[str, list[Rule]]:
        """Return the rules of a symbol by the first word that they can yield."""
        if symbol not in self._openings:
            self._openings[symbol] = opened = defaultdict(list)
            for rule in self.rules.get(symbol, ()):
                first = rule.english[0]
                for word in [first] if isinstance(first, str) else self.opened_by(rule.slots[first]):
                    opened[word].append(rule)
        return self._openings[symbol]


class Chart:
    """What each symbol can derive from each place of one English sentence, found when first asked for."""

    def __init__(self, grammar: Grammar, words: Sequence[str], most: int) -> None:
        self.grammar, self.words, self.most = grammar, (*words, ""), most
        self._found: dict[tuple[str, int], dict[int, list[Tree]]] = {}

    def yields(self, symbol: str, start: int) -> dict[int, list[Tree]]:
        """Return, for each place where it can end, at most so many derivations of a symbol from this start."""
        key = (symbol, start)
        if key not in self._found:
            self._found[key] = ends = defaultdict(list)
            for rule in self.grammar.opened_by(symbol).get(self.words[start], ()):
                partial = {start: [()]}
                for item in rule.english:
                    slot = isinstance(item, int)
                    partial = self._after_slot(partial, rule.slots[item]) if slot else self._after_word(partial, item)
                for end, lists in partial.items():
                    ends[end] += [(rule, children) for children in lists[: self.most - len(ends[end])]]
        return self._found[key]

    def _after_word(self, partial: dict[int, list[tuple]], word: str) -> dict[int, list[tuple]]:
        return {end + 1: lists for end, lists in partial.items() if self.words[end] == word}

    def _after_slot(self, partial: dict[int, list[tuple]], slot: str) -> dict[int, list[tuple]]:
        following = defaultdict(list)
        for end, lists in partial.items():
            for later, trees in self.yields(slot, end).items():
                following[later] += [(*children, tree) for children in lists for tree in trees][: self.most]
        return following


def lengths_of_yields(rules: dict[str, list[Rule]], start: str) -> dict[str, Lengths]:
    """Return how probable each length is, for each symbol that the start reaches; none for one without a yield."""
    found: dict[str, Lengths] = {}

    def visit(symbol: str) -> None:
        found[symbol] = {}
        for rule in rules.get(symbol, ()):
            for slot in rule.slots:
                if slot not in found:
                    visit(slot)
        lengths = None
        while lengths != found[symbol]:  # more than once where the symbol is a part of itself
            lengths, found[symbol] = found[symbol], _lengths(rules.get(symbol, ()), found)

    visit(start)
    return found


def _lengths(rules: Iterable[Rule], found: dict[str, Lengths]) -> Lengths:
    """Return how probable each length is for a symbol with these rules, as far as its parts are known."""
    lengths: Lengths = defaultdict(float)
    for rule in rules:
        words = len(rule.english) - len(rule.slots)
        for length, weight in joined_lengths([found[slot] for slot in rule.slots]).items():
            if length + words <= LONGEST:
                lengths[length + words] += rule.weight * weight
    return dict(lengths)


def joined_lengths(parts: Sequence[Lengths]) -> Lengths:
    """Return how probable each length of these parts together is."""
    if len(parts) < 2:
        return parts[0] if parts else {0: 1.0}
    rest, joined = joined_lengths(parts[1:]), defaultdict(float)
    for first, weight in parts[0].items():
        for other, more in rest.items():
            if first + other <= LONGEST:
                joined[first + other] += weight * more
    return joined


def without_constructions(rules: Iterable[Rule], names: Collection[str]) -> list[Rule]:
    """Return the rules that show none of these constructions."""
    return [rule for rule in rules if not set(names).intersection(rule.constructions)]


def with_constructions(rules: Iterable[Rule], names: Collection[str]) -> list[Rule]:
    """Return rules whose symbols end in +: they derive, each once, the sentences that show one of these constructions.

    A symbol ending in − derives the others, and a symbol without a sign all of them.
    """
    signed = []
    for rule in rules:
        signed.append(rule)
        if set(names).intersection(rule.constructions):
            signed.append(rule._replace(left=rule.left + "+"))
            continue
        signed.append(rule._replace(left=rule.left + "−", slots=tuple(slot + "−" for slot in rule.slots)))
        for index, slot in enumerate(rule.slots):  # the first slot that shows one
            before = tuple(other + "−" for other in rule.slots[:index])
            signed.append(rule._replace(left=rule.left + "+", slots=(*before, slot + "+", *rule.slots[index + 1 :])))
    return signed
