"""Renew requirements.txt, the exact and complete lock, from pyproject.toml.

``python -m tools.lock`` keeps the pins that still fit and adds what is new; ``python -m tools.lock --upgrade``
renews them all, and every other option goes to ``uv pip compile`` as it is.  It needs uv (``pip install uv``).
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
HEADER = """\
# The exact, complete lock of attnkit with all its extras, for every platform and Python from 3.11 on.
# It constrains every install of the Makefile, and Binder installs it whole.
# Renew: .venv/bin/pip install uv && .venv/bin/python -m tools.lock   (add --upgrade to renew every pin)
"""
# torch brings these along with a CUDA build; which of them, if any, is its own matter and not ours to pin.
ACCELERATOR = ("cuda-", "nvidia-", "triton")


def tidy(compiled: str) -> str:
    """Return uv's answer with torch as the one plain pin of pyproject.toml and without accelerator packages."""
    lines, torch = [], None
    for line in compiled.splitlines():
        name = line.partition("==")[0]
        if name == "torch":
            # uv may answer with one line a platform and a local label such as +cpu.
            torch = line.split()[0].partition("+")[0]
            continue
        if not line.startswith(ACCELERATOR):
            lines.append(" ".join(line.split()).replace(" # via", "  # via"))
    if torch is None:
        raise ValueError("the compiled lock must pin torch; no line begins with 'torch=='")
    return HEADER + "\n".join(sorted([*lines, torch], key=str.casefold)) + "\n"


def main(options: list[str]) -> int:
    """Compile, tidy and replace requirements.txt; return uv's exit status."""
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if uv is None:
        print("uv is missing: run `.venv/bin/pip install uv`, then this command again.", file=sys.stderr)
        return 1
    lock = ROOT / "requirements.txt"
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder, "requirements.txt")
        if lock.exists():
            shutil.copy(lock, draft)  # uv prefers the pins it finds in its output file
        command = [uv, "pip", "compile", "pyproject.toml", "--all-extras", "--universal", "--python-version=3.11"]
        command += ["--no-header", "--annotation-style=line", "--quiet", f"--output-file={draft}", *options]
        status = subprocess.run(command, cwd=ROOT, check=False).returncode
        if status == 0:
            lock.write_text(tidy(draft.read_text()))
            print(f"{lock.name}: {sum('==' in line for line in lock.read_text().splitlines())} pins")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
