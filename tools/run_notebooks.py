"""Run notebooks in place and store what they print, normalised: ``python -m tools.run_notebooks [NOTEBOOK ...]``.

Two runs of the same notebook give the same file, so that a difference in git is a difference in the book.
A notebook is replaced in one step after it has run to its end; one that fails stays as it was.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

ROOT = Path(__file__).parents[1]
# JupyterLab shows "model not found" for a stored view; the widget's text/html is stored beside it and always shows.
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
LANGUAGE = {"file_extension": ".py", "mimetype": "text/x-python", "name": "python", "pygments_lexer": "ipython3"}


class NotebookError(Exception):
    """A cell did not run; the message says which one and why."""


def normalise(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Take out of ``notebook``, in place, what differs from run to run and from machine to machine."""
    notebook.metadata.pop("widgets", None)
    notebook.metadata.kernelspec = dict(KERNEL)
    notebook.metadata.language_info = dict(LANGUAGE)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    seen: Counter[str] = Counter()
    count = 0
    for cell in notebook.cells:
        # The name follows from the text, so that it stays when other cells come and go.
        name = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:12]
        seen[name] += 1
        cell.id = name if seen[name] == 1 else f"{name}-{seen[name]}"
        if cell.cell_type != "code":
            continue
        cell.metadata.pop("execution", None)
        cell.execution_count = None
        if cell.source.strip():
            count += 1
            cell.execution_count = count
        for output in cell.outputs:
            output.get("data", {}).pop(WIDGET_VIEW, None)
            if output.output_type == "execute_result":
                output.execution_count = count
    return notebook


def run(path: Path, timeout: int = 600) -> int:
    """Run ``path`` in its own folder and replace it by its normalised self; return the number of code cells.

    Raises
    ------
    NotebookError
        If a cell fails, takes longer than ``timeout`` seconds, or ends the kernel. The file is then as it was.
    KeyboardInterrupt
        On Ctrl-C, after the kernel was ended. The file is then as it was, too.
    """
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        extra_arguments=["--log-level=CRITICAL"],  # its chatter would stand in the middle of a line of progress
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
    )
    last, interrupted = 0, False

    def remember(cell_index: int, **_: object) -> None:
        nonlocal last
        last = cell_index

    def listen(**_: object) -> None:
        # nbclient's own answer to Ctrl-C ends the kernel under a cell that waits for it.
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, interrupt, asyncio.current_task())

    def interrupt(task: asyncio.Task) -> None:
        nonlocal interrupted
        interrupted = True
        task.cancel()

    client.on_cell_start = remember
    client.on_notebook_start = listen
    try:
        client.execute()
    except (CellExecutionError, CellTimeoutError, DeadKernelError, asyncio.CancelledError) as error:
        if interrupted:  # nbclient takes any cancelled cell for a dead kernel
            raise KeyboardInterrupt from error
        source = notebook.cells[last].source
        raise NotebookError(f"{path.name}, cell {last + 1} does not run:\n\n{source}\n\n{error}") from error
    _replace(path, nbformat.writes(normalise(notebook)) + "\n")
    return sum(cell.cell_type == "code" for cell in notebook.cells)


def _replace(path: Path, text: str) -> None:
    """Put ``text`` in the place of ``path`` in one step: whoever interrupts finds the old file or the new one."""
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(draft).chmod(path.stat().st_mode)
        Path(draft).replace(path)
    finally:
        Path(draft).unlink(missing_ok=True)


def main(names: list[str]) -> int:
    """Run the named notebooks, or all; one line each."""
    paths = [Path(name) for name in names] or sorted((ROOT / "notebooks").glob("*.ipynb"))
    if missing := [str(path) for path in paths if not path.is_file()]:
        print(f"There is no notebook {', '.join(missing)}", file=sys.stderr)
        return 1
    for number, path in enumerate(paths, 1):
        print(f"[{number}/{len(paths)}] {path.name} … ", end="", flush=True)
        start = time.perf_counter()
        try:
            cells = run(path.resolve())
        except NotebookError as error:
            print("failed")
            print(error, file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print("interrupted; the file is as it was")
            return 130
        print(f"{cells} code cells, {time.perf_counter() - start:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
