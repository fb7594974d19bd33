"""One stylesheet a page: the dozen that Sphinx, its extensions and the theme bring are joined once all are written.

A page shows nothing before its last stylesheet is there, and each is a request of its own.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from pathlib import Path

from sphinx.application import Sphinx

LINK = re.compile(r'[ \t]*<link (?=[^>]*rel="stylesheet")[^>]*href="([^"]*?)_static/([^"?]+\.css)[^"]*"[^>]*>\n?')
IMPORT = re.compile(r'@import "([^"]+)";')
# An address inside a stylesheet, unless it is a whole one, carries its own data, or names a place in the same file.
ADDRESS = re.compile(r"""url\((['"]?)(?!data:|https?:|[/#])([^)'"]+)\1\)""")


def join(app: Sphinx, exception: Exception | None) -> None:
    """Write the joined stylesheet, and link it at the end of the head: inline scripts behind it would wait for it."""
    if exception or app.builder.format != "html":
        return
    static = Path(app.outdir, "_static")
    for page in Path(app.outdir).rglob("*.html"):
        html = page.read_text("utf-8")
        links = LINK.findall(html)
        if not links:
            continue
        css = "".join(read(static, sheet) for _, sheet in links)
        name = f"joined-{hashlib.sha256(css.encode()).hexdigest()[:8]}.css"
        (static / name).write_text(css, "utf-8")
        link = f'<link rel="stylesheet" href="{links[0][0]}_static/{name}">'
        page.write_text(LINK.sub("", html).replace("</head>", f"{link}\n</head>", 1), "utf-8")


def read(static: Path, sheet: str) -> str:
    """Return a stylesheet with what it imports, its addresses as seen from the folder ``_static``."""
    folder = posixpath.dirname(sheet)
    css = IMPORT.sub(
        lambda found: read(static, posixpath.normpath(posixpath.join(folder, found[1]))),
        (static / sheet).read_text("utf-8"),
    )
    return ADDRESS.sub(lambda found: f"url({posixpath.normpath(posixpath.join(folder, found[2]))})", css) + "\n"


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx, after everything else that writes at the end."""
    app.connect("build-finished", join, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
