"""The Python files of the user that may run: those that the user named on this machine, by path and content.

Each trusted file has an entry, an empty file, in the user's cache folder. Its name is the SHA-256 of the path
and the content, so that two processes can add entries at the same time, and a changed file is another one.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

from ravine.errors import UsageError
from ravine.records.open_file import exists
from ravine.records.user_cache import user_cache

__all__ = ["check_trusted", "trust"]

_trusted: set[str] = set()
"""Entries of this process, which hold also where the cache folder cannot be written."""


def trust(path: Path, sha256: str) -> None:
    """Let a file run whose content has this hash. path: absolute."""
    entry = _entry(path, sha256)
    _trusted.add(entry)
    with suppress(OSError):  # then a later command asks for --trust
        folder = _folder()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / entry).touch()


def check_trusted(path: Path, sha256: str) -> None:
    """Raise UsageError unless the user named a file of this path and content on this machine.

    path: absolute.
    """
    entry = _entry(path, sha256)
    if entry in _trusted or exists(_folder() / entry):
        return
    raise UsageError(
        f"The Python file '{path}' was not run on this machine before.",
        "A run, a model or a configuration file names it, and it can do all that you can do.",
        "Read the file. If you trust it, use the option --trust.",
        option="trust",
    )


def _entry(path: Path, sha256: str) -> str:
    return hashlib.sha256(f"{path}\0{sha256}".encode("utf-8", "surrogateescape")).hexdigest()


def _folder() -> Path:
    return user_cache() / "trusted_code"
