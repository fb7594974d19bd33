"""Words and their numbers, and the way from what a reader types to words and back."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

PAD, BOS, EOS, UNK = SPECIALS = ("<pad>", "<bos>", "<eos>", "<unk>")
LETTERS = "(?:[^\\W_][\u0300-\u036f]*)+"  # also with accents that have no letter of their own
WORD = re.compile(rf"{LETTERS}(?:['-]{LETTERS})*|[^\w\s]|_")  # let's and well-known are one word; a comma is one, too
NO_SPACE_BEFORE, NO_SPACE_AFTER = ",.!?;:)»", "¿¡(«"


class Vocabulary:
    """Words with their indices; the first four are ``<pad>``, ``<bos>``, ``<eos>`` and ``<unk>``.

    Parameters
    ----------
    words
        The words in order, without the special ones; each once.

    Raises
    ------
    ValueError
        If a word comes twice or is a special one.

    Examples
    --------
    >>> english = Vocabulary(["eat", "pizza"])
    >>> english.encode(["eat", "the", "pizza"])
    [4, 3, 5]
    >>> english.decode([1, 4, 5, 2, 0])
    ['eat', 'pizza']
    """

    def __init__(self, words: Iterable[str]) -> None:
        self.words: tuple[str, ...] = (*SPECIALS, *words)
        self._indices = {word: index for index, word in enumerate(self.words)}
        if len(self._indices) < len(self.words):
            twice = next(word for index, word in enumerate(self.words) if self._indices[word] != index)
            raise ValueError(f"words must differ from one another and from {', '.join(SPECIALS)}; got {twice!r} twice")

    @classmethod
    def from_sentences(cls, sentences: Iterable[Iterable[str]]) -> Vocabulary:
        """Return the sorted words of these sentences."""
        return cls(sorted({word for sentence in sentences for word in sentence}.difference(SPECIALS)))

    @classmethod
    def from_list(cls, words: Sequence[str]) -> Vocabulary:
        """Return the vocabulary that :meth:`to_list` wrote.

        Raises
        ------
        ValueError
            If the list does not begin with the special words.
        """
        if tuple(words[:4]) != SPECIALS:
            raise ValueError(f"the list must begin with {', '.join(SPECIALS)}; got {list(words[:4])}")
        return cls(words[4:])

    def to_list(self) -> list[str]:
        """Return all words in order, the special ones too: a list that JSON can hold."""
        return list(self.words)

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self._indices

    def __iter__(self) -> Iterator[str]:
        return iter(self.words)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vocabulary) and self.words == other.words

    def __hash__(self) -> int:
        return hash(self.words)

    def __repr__(self) -> str:
        return f"Vocabulary({len(self)} words)"

    def index(self, word: str) -> int:
        """Return the index of a word, that of ``<unk>`` if it is not here."""
        return self._indices.get(word, 3)

    def encode(self, tokens: Iterable[str]) -> list[int]:
        """Return the indices of words, without ``<bos>`` and ``<eos>``."""
        return [self.index(token) for token in tokens]

    def decode(self, ids: Iterable[int]) -> list[str]:
        """Return the words of indices up to the first ``<eos>``, without ``<pad>`` and ``<bos>``.

        Raises
        ------
        ValueError
            If an index is not below the number of words.
        """
        found = []
        for number in ids:
            index = int(number)
            if not 0 <= index < len(self):
                raise ValueError(f"an index must be at least 0 and below {len(self)}; got {index}")
            if self.words[index] == EOS:
                break
            if self.words[index] not in (PAD, BOS):
                found.append(self.words[index])
        return found


def tokenise(text: str) -> list[str]:
    """Return the words of what somebody typed: in lower case, punctuation apart, apostrophes straight.

    >>> tokenise("Don’t eat,  please!")
    ["don't", 'eat', ',', 'please', '!']
    """
    text = text.translate(str.maketrans("’‘ʼ`´", "'''''")).lower()
    return WORD.findall(unicodedata.normalize("NFC", text))


def detokenise(tokens: Iterable[str]) -> str:
    """Return words as one reads them: without a space before a comma.

    >>> detokenise(["no", ",", "gracias"])
    'no, gracias'
    """
    text = " ".join(tokens)
    text = re.sub(f" ([{re.escape(NO_SPACE_BEFORE)}])", r"\1", text)
    return re.sub(f"([{re.escape(NO_SPACE_AFTER)}]) ", r"\1", text)
