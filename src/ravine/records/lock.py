"""One writer at a time: an advisory lock, which the system frees when its process ends, even by `kill -9`."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from pathlib import Path

from ravine.errors import DataError
from ravine.records.atomic_files import os_errors_as_data_errors

__all__ = ["WriterLock", "is_locked"]

NAME = ".lock"
# a reader that asks `is_locked` holds the lock for microseconds; a writer looks again before it gives up
PATIENCE = 0.4


class WriterLock:
    """The right to write into `folder`. `take` it, `release` it; taking it twice is harmless."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        return self._descriptor is not None

    def take(self) -> None:
        """Take the lock. Raises DataError, naming the process, if another writer has it."""
        if self.held:
            return
        with os_errors_as_data_errors(self.path):
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            try:
                self._wait(descriptor)
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
            except BaseException:
                os.close(descriptor)
                raise
        self._descriptor = descriptor

    def _wait(self, descriptor: int) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                if time.monotonic() > deadline:
                    pid = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
                    raise DataError(
                        f"The run in '{self.path.parent}' is being written by another process (pid {pid}).",
                        "A run has one writer.",
                        f"Wait until it ends, or stop it with `kill {pid}`; it saves before it goes.",
                    ) from error
                time.sleep(0.02)

    def release(self) -> None:
        """Give the lock back; the file stays, since deleting it would let two writers in."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def is_locked(folder: Path) -> bool:
    """Return whether some process is writing into `folder`. Without a lock to look at: no."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder / NAME, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
    return False
