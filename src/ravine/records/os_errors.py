"""Operating-system errors (disk full, no permission, missing folder) as `DataError`s that advise the user."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator

from ravine.errors import DataError

__all__ = ["NO_SPACE", "DamagedFile", "is_full", "os_errors_as_data_errors"]

NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Numbers of errors of a full disk, a quota and a limit on the size of files."""


class DamagedFile(DataError):
    """Error for a file that exists but is incomplete, changed, or of another kind than expected."""


def is_full(error: BaseException) -> bool:
    """Return whether a full disk, a quota or a limit on the size of files caused an error of Ravine."""
    return isinstance(error.__cause__, OSError) and error.__cause__.errno in NO_SPACE


# errno: (what, why, fix); {path} is the path, {doing} is "written" or "read"
_SENTENCES = {
    errno.ENOSPC: (
        "No space is left on the disk for '{path}'.",
        "Files written before this one are complete.",
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
        "Change the permissions of the file or its folder (chmod, chown), or use another path.",
    ),
    errno.EROFS: (
        "'{path}' cannot be {doing}.",
        "It is on a read-only disk.",
        "Write elsewhere with --out DIR.",
    ),
    errno.ENOTDIR: (
        "'{path}' cannot be {doing}.",
        "A part of the path is a file, not a folder.",
        "Name another path.",
    ),
    errno.EEXIST: (
        "'{path}' cannot be {doing}.",
        "A file has the name of a folder in this path.",
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
        "Use a shorter name.",
    ),
    errno.ELOOP: (
        "'{path}' cannot be {doing}.",
        "It is a link that leads back to itself, or a link in a place where Ravine follows no links.",
        "Put the file itself in the place of the link.",
    ),
    errno.EMFILE: (
        "'{path}' cannot be {doing}.",
        "This process has too many files open.",
        "Raise the limit, for example with ulimit -n 4096.",
    ),
}
_SENTENCES[errno.EDQUOT] = _SENTENCES[errno.ENOSPC]
_SENTENCES[errno.EFBIG] = (
    "'{path}' is larger than a file may be here.",
    "It exceeds a limit of the system or the shell (ulimit -f). Files written before it are complete.",
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
    """Turn an OSError inside the `with` block into a DataError about the file `path`, with advice.

    doing: "written" or "read", the use of the file, for the message.
    """
    try:
        yield
    except OSError as error:
        from pathlib import Path  # takes a tenth of the time of `--help`, which shows no such error

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
