"""Reaction to signals that ask for an end: the command finishes its current training steps, saves and stops.

These signals are Ctrl-C, SIGTERM, SIGUSR1, SIGHUP (the terminal has gone) and SIGXCPU (the processor time is
nearly used up). A second Ctrl-C stops at once, which is safe, since files are replaced as a whole. A signal
that is ignored when the command begins, as SIGHUP below `nohup`, stays ignored.

Python runs its signal handlers only between bytecodes, and compiled steps may take seconds. Therefore the
handler in C writes the number of the signal into a pipe (`set_wakeup_fd`). A thread reads the pipe and reacts
at once, also while the main thread is inside XLA.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable, Iterator

__all__ = ["Stop", "end_by_signal", "stop_on_signals", "stop_without_study"]

STATUS = {
    signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGUSR1: 75, signal.SIGHUP: 129, signal.SIGXCPU: 152,
}  # fmt: skip
"""Exit status after each signal, as a shell shows it."""
ENDS_BY_ITSELF = {STATUS[number]: number for number in (signal.SIGHUP, signal.SIGXCPU)}
"""Exit status -> signal of which the process dies after it has saved, as other programs do."""
SHOW_CURSOR = "\x1b[?25h"  # a progress bar hides the cursor, and cannot show it again if the process ends


class Stop:
    """A request to stop a study, which a signal sets and the training loop reads.

    The training loop calls the object after each chunk of steps. The call returns the exit status with which
    the command must end, or None if there is no request.
    """

    def __init__(self) -> None:
        self.status: int | None = None

    def __call__(self) -> int | None:
        return self.status


@contextlib.contextmanager
def stop_on_signals(announce: Callable[[str], None]) -> Iterator[Stop]:
    """Yield a `Stop` that the signals in `STATUS` set while the `with` block runs.

    announce: function that shows a message to the user; another thread calls it. Only the main thread can
    receive signals. In any other thread the `Stop` is never set.
    """
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    watcher = threading.Thread(target=_watch, args=(read_end, stop, announce), daemon=True)
    watcher.start()
    wakeup_before = signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
    before = {number: signal.signal(number, _ignore) for number in STATUS if _is_heard(number)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(wakeup_before)
        os.close(write_end)  # the watcher then reads the end of the pipe and returns
        watcher.join()
        os.close(read_end)


@contextlib.contextmanager
def stop_without_study() -> Iterator[None]:
    """End the process with the right status on SIGTERM and SIGUSR1 while no study runs: nothing is to save.

    Ctrl-C raises KeyboardInterrupt, as in any Python program. Other signals end the process by themselves.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [number for number in (signal.SIGTERM, signal.SIGUSR1) if _is_heard(number)]
    before = {number: signal.signal(number, _exit_with_status) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def end_by_signal(status: int) -> None:
    """End the process by the signal that stopped its study, if `status` belongs to SIGHUP or SIGXCPU."""
    if status in ENDS_BY_ITSELF:
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
        signal.signal(ENDS_BY_ITSELF[status], signal.SIG_DFL)
        os.kill(os.getpid(), ENDS_BY_ITSELF[status])


def _is_heard(number: signal.Signals) -> bool:
    return signal.getsignal(number) != signal.SIG_IGN


def _exit_with_status(number: int, frame: object) -> None:
    os._exit(STATUS[signal.Signals(number)])


def _ignore(number: int, frame: object) -> None:
    """Do nothing. Python writes a signal's number into the pipe only if the signal has a handler."""


def _watch(read_end: int, stop: Stop, announce: Callable[[str], None]) -> None:
    """Read signals from the pipe until its other end is closed."""
    while numbers := os.read(read_end, 64):
        for number in numbers:
            if number not in STATUS:
                continue
            if stop.status is None:
                stop.status = STATUS[signal.Signals(number)]
                announce(
                    "Stopping after the current training steps, then saving. Ctrl-C again stops at once."
                )
            elif number == signal.SIGINT:
                _exit_now(announce)


def _exit_now(announce: Callable[[str], None]) -> None:
    announce("Stopped at once. Everything saved before is complete.")
    with contextlib.suppress(OSError, ValueError, AttributeError):
        if sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
            sys.stderr.write(SHOW_CURSOR)
            sys.stderr.flush()
    os._exit(STATUS[signal.SIGINT])
