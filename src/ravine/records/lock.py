"""The lock of a run directory, which allows one writer at a time.

The lock is advisory: it stops only writers that ask for it. The system releases it when the process ends,
even by `kill -9` or a power cut. The file names the writer, for the message to others. The text counts only
while the system says that the file is locked, so the text of a killed writer misleads nobody.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import stat
import time
from pathlib import Path

from ravine.errors import DataError
from ravine.records.clock import time_stamp
from ravine.records.open_file import check_regular
from ravine.records.os_errors import os_errors_as_data_errors

__all__ = ["WriterLock", "is_locked"]

NAME = ".lock"
# a reader that calls `is_locked` holds the lock for microseconds; a writer tries again for this long
WAIT_S = 0.4
OPEN = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY  # no link is followed, no pipe waited for
TEXT_BYTES = 1000  # of the file that are shown


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

        Raises DataError if another writer holds it, whom the message names, and if the file is a link.
        """
        deadline = time.monotonic() + WAIT_S
        with os_errors_as_data_errors(self.path):
            while not self.held:
                self._descriptor = self._locked(deadline)

    def _locked(self, deadline: float) -> int | None:
        """Return the descriptor of the locked file; None if the file was replaced meanwhile."""
        descriptor = None
        try:
            with contextlib.suppress(FileNotFoundError):
                check_regular(self.path, self.path.lstat())
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | OPEN, 0o666)
            check_regular(self.path, os.fstat(descriptor))
            self._wait(descriptor, deadline)
            if self._is_path(descriptor):
                if os.fstat(descriptor).st_nlink == 1:
                    os.ftruncate(descriptor, 0)
                    os.pwrite(descriptor, _owner().encode(), 0)
                    kept, descriptor = descriptor, None
                    return kept
                self.path.unlink()  # the file has another name, perhaps outside: it is not written to
            return None
        finally:
            if descriptor is not None:
                os.close(descriptor)

    def _wait(self, descriptor: int, deadline: float) -> None:
        while True:
            try:
                return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                if time.monotonic() > deadline:
                    raise self._refusal(os.pread(descriptor, TEXT_BYTES, 0)) from error
                time.sleep(0.02)

    def _refusal(self, text: bytes) -> DataError:
        owner = _read_owner(text)
        pid, user, host, since = (owner.get(key, "") for key in ("pid", "user", "host", "since"))
        pid = pid if pid.isdecimal() else ""
        facts = [
            f"pid {pid or 'unknown'}",
            user and f"of {user}",
            host and f"on {host}",
            since and f"since {since}",
        ]
        stop = f", or stop it with `kill {pid}`; it saves before it ends" if pid and host == _host() else ""
        return DataError(
            f"Another process ({' '.join(filter(None, facts))}) is writing the run in '{self.path.parent}'.",
            "A run has one writer.",
            f"Wait until it ends{stop}.",
        )

    def check(self) -> None:
        """Raise DataError if the run directory was deleted or replaced since this object took the lock."""
        if self._descriptor is None or not self._is_path(self._descriptor):
            raise DataError(
                f"The run directory '{self.path.parent}' was deleted, moved or replaced.",
                "This process was still writing into it.",
                "Put the directory back and type `ravine resume`, or type the command again.",
            )

    def _is_path(self, descriptor: int) -> bool:
        """Return whether the path of the lock still leads to the open file."""
        with os_errors_as_data_errors(self.path, "read"):
            try:
                status = self.path.lstat()
            except FileNotFoundError:
                return False
            return os.path.samestat(status, os.fstat(descriptor))

    def release(self) -> None:
        """Release the lock of the run directory. The file stays: deleting it could let two writers in."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError):  # a full disk: the text is of no use without the lock
                os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None


def _owner() -> str:
    """Return the text of a lock that this process holds: process, user, host and time, as JSON."""
    facts = {"pid": str(os.getpid()), "user": _user(), "host": _host(), "since": time_stamp()}
    return json.dumps(facts) + "\n"


def _read_owner(text: bytes) -> dict[str, str]:
    """Return the facts about the owner of a lock; an empty dictionary if the text is not complete."""
    try:
        facts = json.loads(text)
        return {str(key): str(value) for key, value in facts.items()}
    except (ValueError, AttributeError, RecursionError):
        digits = text.strip().decode("ascii", "replace")  # version 1 wrote the id of the process alone
        return {"pid": digits, "host": _host()} if digits.isdigit() else {}


def _user() -> str:
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a user without an entry, as in a container
        return f"user {os.getuid()}"


def _host() -> str:
    return os.uname().nodename


def is_locked(folder: Path) -> bool:
    """Return whether a process holds the lock of the run directory `folder`; False without a lock file."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder / NAME, os.O_RDONLY | OPEN)
        try:
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
    return False
