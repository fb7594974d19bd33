"""Sentence pairs from a file of your own."""

from __future__ import annotations

from pathlib import Path

from attnkit.language.synchronous import Pair
from attnkit.language.vocabulary import tokenise


def load_pairs(path: str | Path) -> list[Pair]:
    """Read sentence pairs from a table: one pair a line, English and its translation parted by a tab.

    This is how the Tatoeba pairs of ManyThings.org come: UTF-8, with a third column that names the authors.
    The third column is not read, and blank lines are skipped.

    Parameters
    ----------
    path
        A text file in UTF-8, with or without a byte order mark.

    Returns
    -------
    pairs
        The pairs in their order, as :func:`~attnkit.language.tokenise` splits them; ``sure`` and ``possible`` are None.

    Raises
    ------
    ValueError
        If the file is empty, is no UTF-8, or has a line without two sentences; the line is named by its number.
    """
    path = Path(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        raise ValueError(
            f"{path.name} must be text in UTF-8, so save it as UTF-8; got the byte 0x{byte:02x} at place {error.start}"
        ) from error
    pairs = [
        _read_line(path.name, number, line)
        for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1)
        if line.strip()
    ]
    if not pairs:
        raise ValueError(f"{path.name} must have a sentence pair a line; got an empty file")
    return pairs


def _read_line(name: str, number: int, line: str) -> Pair:
    columns = line.split("\t")
    if len(columns) not in (2, 3):
        columns_got = "1 column" if len(columns) == 1 else f"{len(columns)} columns"
        raise ValueError(
            f"{name}, line {number} must have 2 or 3 columns parted by tabs; got {columns_got}: {line[:60]!r}"
        )
    source, target = tokenise(columns[0]), tokenise(columns[1])
    if not source or not target:
        raise ValueError(f"{name}, line {number} must have words in its first two columns; got {line[:60]!r}")
    return Pair(tuple(source), tuple(target), None, None, frozenset())
