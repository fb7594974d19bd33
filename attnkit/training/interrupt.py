"""Ctrl-C that waits until the step under way is whole."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def interrupts_wait() -> Iterator[Callable[[], bool]]:
    """Within this block Ctrl-C only leaves a mark, which the function given asks for; a second one stops at once.

    Only the main thread is told of Ctrl-C. In any other, and where Ctrl-C has been switched off, nothing changes.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before in {signal.SIG_IGN, None}:
        yield lambda: False
        return
    asked = threading.Event()

    def mark(_number: int, _frame: object) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    signal.signal(signal.SIGINT, mark)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)
