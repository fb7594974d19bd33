"""Promise: each widget that reads a sentence takes any, refuses what it cannot read, and says the same in the page."""

from __future__ import annotations

import gzip
import html
import re
from itertools import chain

import pytest
import traitlets

from attnkit.widgets.frame import bundle, weights
from attnkit.widgets.frame.widget import number
from tests.reading import CASES, SENTENCES, expect_the_page_computes, ship

SHIPPED = [module for module, case in CASES.items() if set(case.fresh) <= set(weights.names())]


@pytest.fixture(params=CASES)
def case(request, monkeypatch, tmp_path):
    """Each widget, with small fresh weights."""
    ship(request.param, tmp_path, monkeypatch)
    return CASES[request.param]


def test_the_page_computes_what_torch_computes(case):
    expect_the_page_computes(case.make(**state) for state in case.states)


@pytest.mark.parametrize("module", SHIPPED)
def test_the_page_computes_what_torch_computes_with_the_weights_that_are_shipped(module):
    expect_the_page_computes(CASES[module].make(**state) for state in CASES[module].states)


def test_a_gold_translation_that_a_model_has_written_is_marked_alike_in_the_page(monkeypatch, tmp_path):
    ship("transformer/ladder", tmp_path, monkeypatch)
    make = CASES["transformer/ladder"].make
    own = {"target": make(text=SENTENCES[1]).translations["transformer"], "sure": [[0, 0]], "possible": []}
    expect_the_page_computes([make(sentences=SENTENCES[1:2], gold=[own])])


def test_the_same_state_makes_the_same_widget(case):
    for state in (case.again, case.strange):
        widget = case.make(**state)
        assert type(widget)(**widget.state()).static_html() == widget.static_html()


def test_the_figure_names_its_weights_and_carries_sentence_and_numbers_and_no_html_of_a_reader(case):
    widget = case.make(**case.strange)
    page = widget.static_html()
    assert f'data-weights="{" ".join(case.fresh)}"' in page
    assert html.escape(widget.label()) in page
    assert "<b>zzz" not in page
    assert page.count("</script>") == 1
    for cell in chain.from_iterable(widget.table().rows):
        assert html.escape(number(cell)) in page


def test_words_that_no_model_knows_are_marked(case):
    """But for two widgets that show none of the words that are read."""
    table = case.make(**case.strange).table()
    marked = "zzz (?)" in [
        *table.columns,
        *(str(cell).partition(": ")[2] or cell for row in table.rows for cell in row),
    ]
    assert marked == (case.make not in (CASES["masking/leak"].make, CASES["bottleneck/bottleneck"].make))


REFUSED = [(module, *refusal) for module, case in CASES.items() for refusal in case.refused]


@pytest.mark.parametrize(("module", "words", "state"), REFUSED, ids=lambda x: x if isinstance(x, str) else "")
def test_bad_state_is_refused_with_a_sentence(module, words, state, monkeypatch, tmp_path):
    ship(module, tmp_path, monkeypatch)
    with pytest.raises((traitlets.TraitError, TypeError), match=re.escape(words)):
        CASES[module].make(**state)


@pytest.mark.parametrize("module", CASES)
def test_the_module_is_small(module):
    assert len(gzip.compress((bundle.FOLDER / f"{module}.mjs").read_bytes())) < CASES[module].bytes


@pytest.mark.parametrize("slug", sorted({module.partition("/")[0] for module in CASES}))
def test_all_widgets_of_a_chapter_together_are_small(slug):
    shown = [name for name in bundle.names() if name.startswith((f"{slug}/", "frame/"))]
    assert len(gzip.compress(bundle.page_script(*shown).encode())) < 40_000
