"""Pairs are read from a table of your own, and a file that is not one is refused with a sentence that helps."""

from __future__ import annotations

import pytest

from attnkit.language import load_pairs


def write(tmp_path, content):
    path = tmp_path / "pairs.tsv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_pairs_are_read_in_order(tmp_path):
    path = write(tmp_path, "Go.\tVe.\tCC-BY 2.0 (France) #1\nDon’t eat!\tNo comas.\n\n  \nI see him.\tLo veo.\n")
    pairs = load_pairs(path)
    assert [pair.source for pair in pairs] == [("go", "."), ("don't", "eat", "!"), ("i", "see", "him", ".")]
    assert [pair.target for pair in pairs] == [("ve", "."), ("no", "comas", "."), ("lo", "veo", ".")]
    assert {(pair.sure, pair.possible, pair.constructions) for pair in pairs} == {(None, None, frozenset())}
    assert load_pairs(str(path)) == pairs


def test_a_byte_order_mark_and_the_line_ends_of_windows_are_no_words(tmp_path):
    pairs = load_pairs(write(tmp_path, b"\xef\xbb\xbfGo\tVe\r\nEat\tCome\r\n"))
    assert [(pair.source, pair.target) for pair in pairs] == [(("go",), ("ve",)), (("eat",), ("come",))]


WRONG = {
    "empty": (b"", r"pairs.tsv must have a sentence pair a line; got an empty file"),
    "blank": (b"\n \n", "got an empty file"),
    "mark alone": (b"\xef\xbb\xbf", "got an empty file"),
    "one column": (
        b"Go\tVe\n\nEat Come\n",
        "pairs.tsv, line 3 must have 2 or 3 columns parted by tabs; got 1 column: 'Eat",
    ),
    "four columns": (b"a\tb\tc\td\n", "line 1 must have 2 or 3 columns parted by tabs; got 4 columns"),
    "no words": (b"Go\tVe\n" * 16 + b"Go\t \n", "line 17 must have words in its first two columns; got 'Go"),
    "latin-1": ("Go\tVe\nDream\tSueño\n".encode("latin-1"), "must be text in UTF-8, .* got the byte 0xf1 at place 15"),
    "utf-16": ("Go\tVe\n".encode("utf-16"), "must be text in UTF-8"),
}


@pytest.mark.parametrize(("content", "sentence"), WRONG.values(), ids=WRONG)
def test_a_file_that_is_no_table_gets_a_sentence(content, sentence, tmp_path):
    with pytest.raises(ValueError, match=sentence):
        load_pairs(write(tmp_path, content))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.tsv"):
        load_pairs(tmp_path / "nowhere.tsv")
