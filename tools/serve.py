"""Serve the built book on this machine only: ``python -m tools.serve``."""

from __future__ import annotations

import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

BOOK = Path(__file__).parents[1] / "_build" / "html"


class Handler(SimpleHTTPRequestHandler):
    """Files of one folder, with a line on the terminal only where something is missing."""

    def end_headers(self) -> None:
        """Say that a page which was built anew must not be shown from the browser's memory."""
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Say nothing: errors are reported by log_error."""


def make_server(folder: Path, port: int = 8000, tries: int = 50) -> ThreadingHTTPServer:
    """Return a server of ``folder`` on the loopback address, on ``port`` or the next one that is free.

    Raises
    ------
    ValueError
        If there is no ``index.html`` in ``folder``, or none of ``tries`` ports is free.
    """
    if not (folder / "index.html").is_file():
        raise ValueError(f"{folder} must hold a built book, and there is no index.html in it: run `make book`")
    for candidate in range(port, port + tries):
        try:
            return ThreadingHTTPServer(("127.0.0.1", candidate), partial(Handler, directory=str(folder)))
        except OSError:
            continue
    raise ValueError(f"one of the ports {port} to {port + tries - 1} must be free; none is")


def main() -> None:
    """Serve until Ctrl-C."""
    try:
        with make_server(BOOK) as server:
            host, port = server.server_address[:2]
            print(f"The book is at http://{host}:{port} — Ctrl-C stops it", flush=True)
            server.serve_forever()
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    try:
        main()
    except ValueError as error:
        sys.exit(str(error))
