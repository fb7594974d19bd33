"""Join the widgets' modules: one string for a kernel's front end, one classic script for a built page.

A front end of a notebook takes one module per widget and cannot follow relative imports.
A built page must also work from ``file://``, where no module script loads.
So the shared modules are written once as ES modules and put together here, by rules strict enough to check.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

from attnkit import palette
from attnkit.widgets.frame import weights

FOLDER = Path(__file__).parents[1]
FRAME = FOLDER / "frame"
#: The shared modules; each may import those before it.
SHARED = ("maths.mjs", "dom.mjs", "seq2seq.mjs", "weights.mjs")

_FILES = "|".join(re.escape(file) for file in SHARED)
_IMPORT = re.compile(rf'^import \{{ \w+(?:, \w+)* \}} from "\.\./frame/({_FILES})";\n', re.MULTILINE)
_NAMED = re.compile(r"^export (?=(?:async )?function|const|class)", re.MULTILINE)
_DEFAULT = re.compile(r"^export default ", re.MULTILINE)


def names() -> list[str]:
    """Return every widget's name, such as ``scoring/two_vectors``: the path of its module."""
    modules = (path.relative_to(FOLDER) for path in FOLDER.rglob("*.mjs"))
    return sorted(path.with_suffix("").as_posix() for path in modules if path.name not in SHARED)


@cache
def esm(name: str) -> str:
    """Return one widget as a self-contained ES module with the default export ``{ render }``."""
    module = FOLDER / f"{name}.mjs"
    return "".join(_inlined(FRAME / file) for file in _imported(module)) + _inlined(module)


@cache
def page_script() -> str:
    """Return the classic script that brings every widget of a built page to life."""
    shared = "".join(_inlined(FRAME / file) for file in SHARED)
    widgets = []
    for name in names():
        body = _DEFAULT.sub("return ", _inlined(FOLDER / f"{name}.mjs"))
        widgets.append(f'widgets["{name}"] = (() => {{\n{body}}})();\n')
    versions = json.dumps({name: weights.version(name) for name in weights.names()})
    host = (FRAME / "host.js").read_text("utf-8")
    start = f"(() => {{\nconst widgets = {{}};\nconst weightsVersions = {versions};\n"
    return start + shared + "".join(widgets) + host + "})();\n"


@cache
def stylesheet() -> str:
    """Return the one stylesheet of all widgets, figures and verdicts, colours included."""
    return palette.css() + (FRAME / "frame.css").read_text("utf-8")


def _imported(path: Path) -> list[str]:
    """Return the shared modules that a module needs, directly or not, each behind those that it needs itself."""
    direct = _IMPORT.findall(path.read_text("utf-8"))
    needed = {further for file in direct for further in (*_imported(FRAME / file), file)}
    return [file for file in SHARED if file in needed]


def _inlined(path: Path) -> str:
    text = _NAMED.sub("", _IMPORT.sub("", path.read_text("utf-8")))
    rest = re.search(r"^(import|export (?!default )).*", text, re.MULTILINE)
    if rest:
        allowed = ", ".join(f"../frame/{file}" for file in SHARED)
        raise ValueError(
            f"{path.name} may import only names from {allowed}, one line each, "
            f"and export only functions, constants and classes; got {rest.group()!r}"
        )
    return text
