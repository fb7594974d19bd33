"""The widgets on built pages: one stylesheet for all, a script for each page, and a directive for Markdown pages.

A notebook's widget comes out of its stored output. A page that runs no code writes::

    ```{attnkit-widget} TwoVectors
    :query: [2, 1]
    ```

and gets the same figure; the options are the widget's keywords, each value in YAML.
``WeightedSum.worked_example`` in the place of the name calls that method.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any, ClassVar

import yaml
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective
from traitlets import TraitError

import attnkit.widgets
from attnkit.widgets.frame import bundle, weights


class Keywords(dict):
    """An option table that knows every name: the widget itself refuses what it does not know."""

    def __bool__(self) -> bool:
        """Say yes, or MyST would take the options for text."""
        return True

    def __missing__(self, name: str) -> Any:
        """Read any option's value as YAML."""
        return yaml.safe_load


class WidgetDirective(SphinxDirective):
    """Write one widget, in its first state, into a page."""

    required_arguments = 1
    option_spec: ClassVar[Keywords] = Keywords()

    def run(self) -> list[nodes.Node]:
        """Return the widget's figure as raw HTML."""
        name, _, method = self.arguments[0].partition(".")
        if name not in attnkit.widgets.__all__:
            raise self.error(f"attnkit-widget must name one of {', '.join(attnkit.widgets.__all__)}; got {name}")
        widget = getattr(attnkit.widgets, name)
        self.env.note_dependency(inspect.getfile(widget))
        try:
            make = getattr(widget, method) if method else widget
            html = make(**self.options).static_html()
        except (AttributeError, TypeError, ValueError, TraitError) as refusal:
            raise self.error(f"attnkit-widget {name}: {refusal}") from refusal
        return [nodes.raw("", html, format="html")]


def write(app: Sphinx) -> None:
    """Write the widgets' stylesheet beside the pages; Sphinx adds a hash of the content to each link."""
    put(app, "attnkit.css", bundle.stylesheet())
    app.add_css_file("attnkit.css", priority=400)  # it brings the colours that book.css uses


def bring(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document) -> None:
    """Write what a page's widgets run on: one script, and the weights, which a widget asks for when it is near."""
    body = context.get("body", "")
    for name in weights.needed_by(body):
        try:
            put(app, f"weights/{name}.js", weights.script(name))
        except ValueError as refusal:
            raise ExtensionError(f"a widget on {pagename} cannot run: {refusal}") from refusal
    if shown := bundle.shown_on(body):
        file = f"attnkit-{pagename.replace('/', '-')}.js"  # host.js looks for the weights in a folder beside it
        put(app, file, bundle.page_script(*shown))
        # A classic script, because a module does not load from file://; it waits for nothing and holds up nothing.
        app.add_js_file(file, priority=100, loading_method="async", fetchpriority="high")


def put(app: Sphinx, file: str, text: str) -> None:
    """Write a file that pages load."""
    target = Path(app.outdir, "_static", file)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, "utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_directive("attnkit-widget", WidgetDirective)
    app.connect("builder-inited", write)
    app.connect("html-page-context", bring)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
