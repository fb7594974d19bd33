"""Join the widgets' modules: one string for a kernel's front end, one classic script for a built page.

A front end of a notebook takes one module per widget and cannot follow relative imports.
A built page must also work from ``file://``, where no module script loads.
So the shared modules are written once as ES modules and put together here, by rules strict enough to check.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from attnkit import palette
from attnkit.widgets.frame import weights

FOLDER = Path(__file__).parents[1]
FRAME = FOLDER / "frame"
#: The shared modules; each may import those before it.
SHARED = ("maths.mjs", "dom.mjs", "checkpoint.mjs", "sentence.mjs", "seq2seq.mjs", "transformer.mjs", "weights.mjs")

_FILES = "|".join(re.escape(file) for file in SHARED)
_IMPORT = re.compile(rf'^import \{{ \w+(?:, \w+)* \}} from "\.\./frame/({_FILES})";\n', re.MULTILINE)
_NAMED = re.compile(r"^export (?=(?:async )?function|const|class)", re.MULTILINE)
_DEFAULT = re.compile(r"^export default ", re.MULTILINE)
_SHOWN = re.compile(r'<figure class="attnkit" data-widget="([^"]*)"')


def names() -> list[str]:
    """Return every widget's name, such as ``scoring/two_vectors``: the path of its module."""
    modules = (path.relative_to(FOLDER) for path in FOLDER.rglob("*.mjs"))
    return sorted(path.with_suffix("").as_posix() for path in modules if path.name not in SHARED)


@cache
def esm(name: str) -> str:
    """Return one widget as a self-contained ES module with the default export ``{ render }``."""
    module = FOLDER / f"{name}.mjs"
    return "".join(_inlined(FRAME / file) for file in _imported([module])) + _inlined(module)


def shown_on(page: str) -> tuple[str, ...]:
    """Return the names of the widgets whose figures stand on a page, each once."""
    return tuple(sorted(set(_SHOWN.findall(page))))


@cache
def page_script(*shown: str) -> str:
    """Return the classic script that brings the widgets of these names to life, or without names every widget."""
    modules = {name: FOLDER / f"{name}.mjs" for name in shown or names()}
    shared = "".join(_inlined(FRAME / file) for file in _imported(modules.values()))
    widgets = []
    for name, module in modules.items():
        body = _DEFAULT.sub("return ", _inlined(module))
        widgets.append(f'widgets["{name}"] = (() => {{\n{body}}})();\n')
    versions = json.dumps({name: weights.version(name) for name in weights.names()})
    host = (FRAME / "host.js").read_text("utf-8")
    start = f"(() => {{\nconst widgets = {{}};\nconst weightsVersions = {versions};\n"
    return start + shared + "".join(widgets) + host + "})();\n"


@cache
def stylesheet() -> str:
    """Return the one stylesheet of all widgets, figures and verdicts, colours included."""
    return palette.css() + (FRAME / "frame.css").read_text("utf-8")


def _imported(paths: Iterable[Path]) -> list[str]:
    """Return the shared modules that modules need, directly or not, each behind those that it needs itself."""
    direct = {file for path in paths for file in _IMPORT.findall(path.read_text("utf-8"))}
    further = _imported(FRAME / file for file in direct) if direct else []
    return [file for file in SHARED if file in direct.union(further)]


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
