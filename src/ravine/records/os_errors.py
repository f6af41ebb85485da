"""What the system refuses, said in sentences: no space, no permission, read-only, no folder."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from ravine.errors import DataError

__all__ = ["DamagedFile", "is_full", "os_errors_as_data_errors"]

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class DamagedFile(DataError):
    """A file that is there but broken: cut in the middle, changed, or something else altogether."""


def is_full(error: BaseException) -> bool:
    """Tell whether there was no space for a file."""
    return isinstance(error.__cause__, OSError) and error.__cause__.errno in FULL


# errno -> (what, why, fix); {path} is the path and {doing} is "written" or "read"
_SENTENCES = {
    errno.ENOSPC: (
        "No space is left on the disk for '{path}'.",
        "Files written before this one are whole.",
        "Free some space and type the command again, or write elsewhere with --out DIR.",
    ),
    errno.ENOENT: (
        "There is no '{path}'.",
        "The file or the folder it should be in does not exist.",
        "Check the name, for example with ls '{parent}'.",
    ),
    errno.EACCES: (
        "'{path}' cannot be {doing}.",
        "Permission was denied.",
        "Change the rights (chmod, chown) of the file or its folder, or use another path.",
    ),
    errno.EROFS: (
        "'{path}' cannot be {doing}.",
        "It is on a read-only disk.",
        "Write elsewhere with --out DIR.",
    ),
    errno.ENOTDIR: (
        "'{path}' cannot be {doing}.",
        "A part of that path is a file, not a folder.",
        "Name another path.",
    ),
    errno.EEXIST: (
        "'{path}' cannot be {doing}.",
        "A file is in the way of it.",
        "Use another path.",
    ),
    errno.EISDIR: (
        "'{path}' cannot be {doing}.",
        "It is a folder, not a file.",
        "Name a file.",
    ),
    errno.ENAMETOOLONG: (
        "The file name '{short}...' is too long.",
        "The file system does not allow names of that length.",
        "Use a shorter one.",
    ),
    errno.EMFILE: (
        "'{path}' cannot be {doing}.",
        "This process has too many files open.",
        "Raise the limit, for example with ulimit -n 4096.",
    ),
}
_SENTENCES[errno.EDQUOT] = _SENTENCES[errno.ENOSPC]
_SENTENCES[errno.EFBIG] = (
    "'{path}' grew larger than files may be here.",
    "A limit of the system or of the shell (ulimit -f) was met; files written before this one are whole.",
    "Raise the limit, or write elsewhere with --out DIR.",
)
NO_FOLDER = (
    "'{path}' cannot be written.",
    "The folder '{parent}' does not exist, or the system allows no new file in it.",
    "Name another place with --out DIR.",
)
_SENTENCES[errno.EPERM] = _SENTENCES[errno.EACCES]


@contextlib.contextmanager
def os_errors_as_data_errors(path: str | os.PathLike[str], doing: str = "written") -> Iterator[None]:
    """Turn any OSError inside into a DataError about `path`; `doing` is "written" or "read"."""
    try:
        yield
    except OSError as error:
        text = os.fspath(path)
        unknown = (
            "'{path}' could not be {doing}.",
            f"The system says: {error.strerror or error}.",
            "Check the path and the disk, then try again.",
        )
        sentences = _SENTENCES.get(error.errno or 0, unknown)
        if error.errno == errno.ENOENT and doing == "written":
            sentences = NO_FOLDER
        words = {"path": text, "short": text[:60], "parent": Path(text).parent, "doing": doing}
        raise DataError(*(sentence.format(**words) for sentence in sentences)) from error
