"""What every page carries and what it leaves out.

A page asks no other host for anything: a Content-Security-Policy, ahead of all else in its head, has the browser
refuse. ``templates/`` leaves out what the theme loads in vain, and this module cuts the theme's icons to those in use:
a stylesheet of 65 kB (gzip) shrinks to 45, an icon font of 156 kB to 2.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pydata_sphinx_theme
from docutils import nodes
from fontTools import subset
from fontTools.ttLib import TTFont
from sphinx.application import Sphinx

from attnkit import palette

# The theme sets light or dark in an inline script, and widgets and KaTeX write inline styles: hence 'unsafe-inline'.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'"
)
THEME = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme" / "static"
# The rule of one icon under all its names, such as `.fa-bars:before,.fa-navicon:before{content:"\f0c9"}`.
GLYPH = re.compile(r'((?:\.fa-[\w-]+:before,?)+)\{content:"[^"]*"\}')


def dress(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document) -> None:
    """Put the policy first into the head, mend two names, and let every script wait until the text stands."""
    context["metatags"] = f'\n<meta http-equiv="Content-Security-Policy" content="{POLICY}">' + context.get(
        "metatags", ""
    )
    # The theme forgets the pages that have no source, and heads them with nothing when they are printed.
    context.setdefault("pagetitle", context.get("title", "Search"))
    if "body" in context:
        # MyST-NB gives each fold a name that contradicts the words on it.
        context["body"] = context["body"].replace('<summary aria-label="Toggle hidden content">', "<summary>")
        # docutils gives the entries of a list of works a role that has been withdrawn.
        context["body"] = context["body"].replace('role="doc-biblioentry"', 'role="listitem"')
        if pagename.startswith("notebooks/"):  # book.css lays a chapter's sections out one after another
            context["body"] = context["body"].replace("<section ", "<section data-chapter ", 1)
    if pagename != "search":  # the search runs as it loads, so what it needs cannot wait
        context["script_files"] = [deferred(script) for script in context["script_files"]]


def deferred(script: Any) -> Any:
    """Return a script tag of Sphinx that waits until the page is read; inline scripts stay as they are."""
    # The theme's inline scripts add to the options at once, so that one file cannot wait either.
    name = getattr(script, "filename", None)
    if not name or name == "_static/documentation_options.js" or "async" in script.attributes:
        return script
    return type(script)(script.filename, priority=script.priority, **{**script.attributes, "defer": "defer"})


def trim(app: Sphinx, exception: Exception | None) -> None:
    """Cut the theme's icons to those that the pages and stylesheets use, once all pages are written."""
    if exception or app.builder.format != "html":
        return
    pages = Path(app.outdir)
    used = {name for page in pages.rglob("*.html") for name in re.findall(r"\bfa-[\w-]+", page.read_text("utf-8"))}

    def keep(rule: re.Match[str]) -> str:
        return rule[0] if used & set(re.findall(r"fa-[\w-]+", rule[1])) else ""

    css = GLYPH.sub(keep, (THEME / "styles" / "pydata-sphinx-theme.css").read_text("utf-8"))
    css = re.sub(r"(fa-solid-900)\.woff2\) format\(\"woff2\"\),url\([^)]*\)[^}]*", r'\1.woff) format("woff")', css)
    (pages / "_static" / "styles" / "pydata-sphinx-theme.css").write_text(css, "utf-8")

    others = (sheet.read_text("utf-8") for sheet in (pages / "_static" / "styles").glob("sphinx-book-theme*.css"))
    glyphs = {int(code, 16) for sheet in (css, *others) for code in re.findall(r"\\(f[0-9a-f]{3})\b", sheet)}
    folder = Path("vendor", "fontawesome", "webfonts")
    font = TTFont(THEME / folder / "fa-solid-900.ttf")
    cutter = subset.Subsetter(subset.Options(layout_features=[], notdef_outline=True))
    cutter.populate(unicodes=glyphs)
    cutter.subset(font)
    font.flavor = "woff"  # woff2 would need a compressor that pip does not bring along
    font.save(pages / "_static" / folder / "fa-solid-900.woff")


def draw_mark(app: Sphinx) -> None:
    """Write the book's mark as an icon; it stands outside the pages' stylesheets, so it brings its own colours."""

    def colours(names: dict[str, str]) -> str:
        return ":root{" + "".join(f"--ak-{name}:{names[name]};" for name in ("query", "key", "value", "output")) + "}"

    style = f"<style>{colours(palette.LIGHT)}@media(prefers-color-scheme:dark){{{colours(palette.DARK)}}}</style>"
    mark = (Path(__file__).parent / "templates" / "mark.svg").read_text("utf-8")
    static = Path(app.outdir, "_static")
    static.mkdir(parents=True, exist_ok=True)
    (static / "mark.svg").write_text(mark.replace(">", f">{style}", 1), "utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx; the policy comes after every extension that writes into the head."""
    app.connect("builder-inited", draw_mark)
    app.connect("html-page-context", dress, priority=900)
    app.connect("build-finished", trim)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
