"""Promise: in JupyterLab the same widget speaks with Python, in both directions."""

from __future__ import annotations

from tools.lab import jupyterlab, open_notebook, run_cell, write_notebook

CELLS = [
    "from attnkit.widgets import TwoVectors\nwidget = TwoVectors()\nwidget",
    "print('Python sees', widget.scale, widget.dot)",
    "widget.scale = 2.5",
]


def test_python_sees_the_slider_and_the_slider_sees_python(tmp_path, context):
    write_notebook(tmp_path / "sliders.ipynb", CELLS)
    with jupyterlab(tmp_path) as address:
        page = context.new_page()
        open_notebook(page, f"{address}/lab/tree/sliders.ipynb")
        run_cell(page, 0)
        slider = page.locator("input[type=range]").nth(4)
        slider.wait_for(timeout=90_000)
        assert slider.input_value() == "1"
        slider.focus()
        page.keyboard.press("Home")
        run_cell(page, 1)
        page.get_by_text("Python sees 0.0 0.0").wait_for(timeout=30_000)
        run_cell(page, 2)
        page.wait_for_function("(input) => input.value === '2.5'", arg=slider.element_handle(), timeout=30_000)
        dot = page.locator(".ak-results dd").first
        assert dot.inner_text() == "10.000"
