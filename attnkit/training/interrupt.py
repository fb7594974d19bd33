"""Ctrl-C, or a request to end, that waits until the step under way is whole."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def interrupts_wait() -> Iterator[Callable[[], bool]]:
    """Within this block Ctrl-C or SIGTERM only leaves a mark, which the function given asks for; a second one stops.

    Only the main thread is told of signals. In any other, and for a signal that has been switched off, nothing changes.
    """
    before = {number: signal.getsignal(number) for number in SIGNALS}
    heard = [number for number, handler in before.items() if handler not in {signal.SIG_IGN, None}]
    if threading.current_thread() is not threading.main_thread():
        heard = []
    asked = threading.Event()

    def mark(_number: int, _frame: object) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    for number in heard:
        signal.signal(number, mark)
    try:
        yield asked.is_set
    finally:
        for number in heard:
            signal.signal(number, before[number])
