"""Ctrl-C, SIGTERM and SIGUSR1: finish the chunk, save, say how to go on. A second Ctrl-C stops at once.

Python runs its handlers only between bytecodes, and a compiled chunk may take seconds. So the C handler
writes the signal's number into a pipe (`set_wakeup_fd`), and a thread that reads it answers at once, even
while the main thread is inside XLA. Files are written whole or not at all, so stopping at once is safe too.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator

__all__ = ["Stop", "stop_on_signals"]

STATUS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGUSR1: 75}
SHOW_CURSOR = "\x1b[?25h"  # a bar hides it, and would not get to show it again


class Stop:
    """Called at every chunk: the exit status to stop with, or None to go on."""

    def __init__(self) -> None:
        self.status: int | None = None

    def __call__(self) -> int | None:
        return self.status


@contextlib.contextmanager
def stop_on_signals(announce: Callable[[str], None]) -> Iterator[Stop]:
    """Turn the signals into a `Stop` while the block runs. `announce` is called from another thread.

    Outside the main thread, where signals cannot be had, nothing ever stops.
    """
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    watcher = threading.Thread(target=_watch, args=(reading, stop, announce), daemon=True)
    watcher.start()
    wakeup_before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    before = {number: signal.signal(number, _seen) for number in STATUS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(wakeup_before)
        os.close(writing)  # the watcher reads the end and goes
        watcher.join()
        os.close(reading)


def _seen(number: int, frame: object) -> None:
    """Do nothing: a handler must be there for the number to reach the pipe."""


def _watch(reading: int, stop: Stop, announce: Callable[[str], None]) -> None:
    while numbers := os.read(reading, 64):
        for number in numbers:
            if number not in STATUS:
                continue
            if stop.status is None:
                stop.status = STATUS[signal.Signals(number)]
                announce("Stopping after this chunk, then saving. Ctrl-C again stops at once.")
            elif number == signal.SIGINT:
                _leave(announce)


def _leave(announce: Callable[[str], None]) -> None:
    announce("Stopped at once; what was saved before is whole.")
    with contextlib.suppress(OSError, ValueError, AttributeError):
        if sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
            sys.stderr.write(SHOW_CURSOR)
            sys.stderr.flush()
    os._exit(STATUS[signal.SIGINT])
