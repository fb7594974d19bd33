"""The trained weights that widgets run on: which there are, and how they reach a page and a notebook.

They stand in ``attnkit/weights/`` as compact checkpoints. A page that shows a widget with translators gets each of
them as a classic script beside it, because ``fetch()`` does not work from ``file://``; a notebook asks the kernel.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attnkit.checkpoints import Checkpoint

FOLDER = Path(__file__).parents[2] / "weights"
SUFFIX = ".safetensors"

_NEEDED = re.compile(r'<figure class="attnkit"[^>]* data-weights="([^"]*)"')


def names() -> list[str]:
    """Return the names of all weights that are shipped."""
    return sorted(path.stem for path in FOLDER.glob(f"*{SUFFIX}"))


def read(name: str) -> bytes:
    """Return the checkpoint of this name.

    Raises
    ------
    ValueError
        If there is none; a name is never a path.
    """
    if name not in names():
        raise ValueError(f"weights must be one of {', '.join(names()) or '(there are none)'}; got {name!r}")
    return (FOLDER / f"{name}{SUFFIX}").read_bytes()


def version(name: str) -> str:
    """Return a short hash of the checkpoint, which a page adds to its address."""
    return hashlib.sha256(read(name)).hexdigest()[:8]


def translator(name: str) -> Checkpoint:
    """Return the trained model of this name in float64: a page computes so, too."""
    return _loaded(FOLDER / f"{name}{SUFFIX}", version(name))


def script(name: str) -> str:
    """Return the classic script that hands the checkpoint to the page; ``host.js`` adds it when a widget asks."""
    return f'(window.attnkitWeights ||= {{}})[{json.dumps(name)}] = "{base64.b64encode(read(name)).decode("ascii")}";\n'


def attribute(needed: list[str]) -> str:
    """Return the part of a figure's tag that says which weights its widget needs."""
    return f' data-weights="{html.escape(" ".join(map(_known, needed)))}"' if needed else ""


def needed_by(page: str) -> list[str]:
    """Return the names of the weights that the widgets of a page need, each once."""
    return sorted({name for found in _NEEDED.findall(page) for name in html.unescape(found).split()})


def _known(name: str) -> str:
    read(name)
    return name


@lru_cache(maxsize=8)
def _loaded(file: Path, _version: str) -> Checkpoint:
    from attnkit import checkpoints

    checkpoint = checkpoints.load(file)
    checkpoint.model.double()
    return checkpoint
