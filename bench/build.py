"""A clean build of the book, after installation."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]


def measure() -> dict[str, float]:
    """Return the seconds of one clean build, in a process of its own."""
    command = [Path(sys.prefix, "bin", "jupyter-book"), "build", ".", "--all", "-n", "-W"]
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        subprocess.run([*command, "--path-output", folder], cwd=ROOT, check=True, capture_output=True)
        taken = time.perf_counter() - start
        if not Path(folder, "_build", "html", "index.html").exists():
            raise ValueError(f"the build must leave a book in {folder}; there is none")
        return {"clean build, s (at most 60)": taken}
