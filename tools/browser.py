"""Find the Chromium that tests, pictures and measurements use, or install one.

``python -m tools.browser`` makes sure that there is one and prints where.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "google-chrome", "google-chrome-stable", "chromium-browser", "chrome")
MACOS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
# No sound, no first-run pages, and no traffic of the browser's own: what is on the wire is the page's.
QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
HELP = (
    "No Chromium or Chrome was found and none could be installed. Install one with your system's packages, "
    "or name one that is there: CHROME=/path/to/chrome make test"
)


def find_browser() -> str | None:
    """Return the path of a Chromium or Chrome: the one that CHROME names, one on the PATH, or Playwright's own.

    Returns
    -------
    str or None
        None where there is none.

    Raises
    ------
    ValueError
        If CHROME names a program that does not exist.
    """
    if chosen := os.environ.get("CHROME"):
        if found := shutil.which(chosen):
            return found
        raise ValueError(f"CHROME must name a browser that can be started; got {chosen!r}")
    found = next(filter(None, map(shutil.which, (*NAMES, *MACOS))), None)
    return found or _playwrights_own()


def launch_options() -> dict[str, object]:
    """Return the keywords for Playwright's ``chromium.launch``: which browser, and with which arguments."""
    browser = find_browser()
    if browser is None:
        raise ValueError(HELP)
    # Chromium refuses to run as root with its sandbox, and containers are often root.
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    return {"executable_path": browser, "args": [*QUIET, *(["--no-sandbox"] if root else [])]}


def ensure_browser() -> str:
    """Return the browser's path, after installing one if there was none."""
    if found := find_browser():
        return found
    for command in _install_commands():
        print("There is no browser yet:", " ".join(command), flush=True)
        if subprocess.run(command, check=False).returncode != 0:
            break
    if found := find_browser():
        return found
    raise ValueError(HELP)


def _install_commands() -> list[list[str]]:
    """Return what installs a browser here: Debian's package for its root, else Playwright's download."""
    release = Path("/etc/os-release")
    debian = release.exists() and "ID=debian" in release.read_text().splitlines()
    if debian and os.geteuid() == 0:
        return [["apt-get", "update"], ["apt-get", "install", "-y", "chromium"]]
    return [[sys.executable, "-m", "playwright", "install", "chromium"]]


def _playwrights_own() -> str | None:
    """Return the browser that ``playwright install chromium`` has put down, if it has."""
    # Asked in a process of its own, because Playwright's API refuses to start inside a running event loop.
    script = (
        "from playwright.sync_api import sync_playwright as p\nwith p() as api: print(api.chromium.executable_path)"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    return shutil.which(answer.stdout.strip()) if answer.stdout.strip() else None


if __name__ == "__main__":
    try:
        print("browser:", ensure_browser())
    except ValueError as error:
        sys.exit(str(error))
