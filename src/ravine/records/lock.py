"""The lock of a run directory, which allows one writer at a time.

The lock is advisory: it stops only writers that ask for it. The system releases it when the process ends,
even by `kill -9`.
"""

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
# a reader that calls `is_locked` holds the lock for microseconds; a writer tries again for this long
WAIT_S = 0.4


class WriterLock:
    """A lock on a run directory, so that only one process at a time writes into the directory.

    An object of this class holds the lock from the call of `take` to the call of `release`. A further call of
    `take` between them changes nothing.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object has the lock."""
        return self._descriptor is not None

    def take(self) -> None:
        """Take the lock of the run directory.

        Raises DataError if another writer holds it. The message contains the id of the other process.
        """
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
        deadline = time.monotonic() + WAIT_S
        while True:
            try:
                return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                if time.monotonic() > deadline:
                    pid = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
                    raise DataError(
                        f"Another process (pid {pid}) is writing the run in '{self.path.parent}'.",
                        "A run has one writer.",
                        f"Wait until it ends, or stop it with `kill {pid}`; it saves before it ends.",
                    ) from error
                time.sleep(0.02)

    def release(self) -> None:
        """Release the lock of the run directory. The file stays: deleting it could let two writers in."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def is_locked(folder: Path) -> bool:
    """Return whether a process holds the lock of the run directory `folder`; False without a lock file."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder / NAME, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
    return False
