"""Start a JupyterLab of its own, for tests and measurements: no token, no settings of the user's, no traffic."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
from playwright.sync_api import Page


def write_notebook(path: Path, cells: list[str]) -> None:
    """Write a notebook of code cells for the kernel of this environment."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, path)


@contextmanager
def jupyterlab(folder: Path, *, patience_s: float = 60) -> Iterator[str]:
    """Serve ``folder`` in JupyterLab on the loopback address, and yield the address.

    Raises
    ------
    ValueError
        If the server has not answered after ``patience_s`` seconds; the message ends with its log.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.root_dir": folder,
        "IdentityProvider.token": "",
        "LabApp.news_url": "None",
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
    }
    homes = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    environment = {**os.environ, **{name: str(folder / f".{name.lower()}") for name in homes}}
    flags = ["--no-browser", "--allow-root", *(f"--{name}={value}" for name, value in options.items())]
    address, log = f"http://127.0.0.1:{port}", folder / "jupyterlab.log"
    with log.open("w") as out:
        server = subprocess.Popen([sys.executable, "-m", "jupyterlab", *flags], env=environment, stdout=out, stderr=out)
    try:
        _wait(address, server, log, patience_s)
        yield address
    finally:
        server.terminate()
        server.wait(30)


def open_notebook(page: Page, address: str) -> None:
    """Open a notebook in JupyterLab and wait until its kernel is ready: a cell that is run earlier may be lost."""
    page.goto(address, timeout=90_000)
    page.locator(".jp-NotebookPanel .jp-CodeCell").first.wait_for(timeout=90_000)
    page.get_by_text("| Idle").wait_for(timeout=90_000)


def run_cell(page: Page, number: int) -> None:
    """Run one code cell of the notebook that is open."""
    page.locator(".jp-CodeCell .jp-InputArea-editor").nth(number).click()
    page.keyboard.press("Shift+Enter")


def _wait(address: str, server: subprocess.Popen, log: Path, patience_s: float) -> None:
    end = time.monotonic() + patience_s
    while server.poll() is None and time.monotonic() < end:
        try:
            urllib.request.urlopen(f"{address}/api/status", timeout=5)
        except OSError:
            time.sleep(0.3)
        else:
            return
    raise ValueError(f"JupyterLab must answer within {patience_s:g} s; its log says:\n{log.read_text()[-3000:]}")
