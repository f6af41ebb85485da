"""Regular files opened for reading, and questions about paths: the only ways in which Ravine asks the disk.

A pipe waits for ever for its writer, and a device such as /dev/zero never ends. Therefore only regular files
are opened, up to a limit on their size. Every error of the system becomes a `DataError` with advice.
"""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader

from ravine.records.os_errors import DamagedFile, os_errors_as_data_errors

__all__ = [
    "check_regular", "exists", "file_size", "is_file", "is_folder", "open_regular", "read_regular",
]  # fmt: skip

# O_NONBLOCK: a pipe that replaces the file after the first question cannot make the opening wait
FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFLNK: "a link",
}


def open_regular(
    path: str | os.PathLike[str],
    limit: int | None = None,
    *,
    name: str | None = None,
    folder: int | None = None,
) -> BufferedReader:
    """Open a regular file and return it as a binary file for reading.

    limit: largest size in bytes; None = any size. folder: descriptor of an open folder, in which the file has
    the name `name`; then a link is refused, and `path` serves the messages alone. Raises DamagedFile for
    a folder, a pipe, a socket, a device and a larger file, DataError for a missing file and for one that the
    system does not let Ravine read.
    """
    with os_errors_as_data_errors(path, "read"):
        file = path if name is None else name
        # before opening, which may act on a device
        check_regular(path, _status(file, folder), limit)
        descriptor = os.open(file, FLAGS | (0 if folder is None else os.O_NOFOLLOW), dir_fd=folder)
        try:
            check_regular(path, os.fstat(descriptor), limit)
            return os.fdopen(descriptor, "rb")
        except BaseException:
            os.close(descriptor)
            raise


def read_regular(path: str | os.PathLike[str], limit: int) -> bytes:
    """Return the bytes of a regular file of at most `limit` bytes. Raises DataError as `open_regular`."""
    with open_regular(path, limit) as file, os_errors_as_data_errors(path, "read"):
        blob = file.read(limit + 1)
    if len(blob) > limit:  # the file has grown since it was opened
        raise _too_large(path, len(blob), limit)
    return blob


def check_regular(path: str | os.PathLike[str], status: os.stat_result, limit: int | None = None) -> None:
    """Raise DamagedFile if the status of a path is not that of a regular file of at most `limit` bytes."""
    if not stat.S_ISREG(status.st_mode):
        kind = KINDS.get(stat.S_IFMT(status.st_mode), "no file")
        raise DamagedFile(
            f"'{os.fspath(path)}' is {kind}.",
            "Ravine opens only regular files here.",
            "Name a regular file, or put one in its place.",
        )
    if limit is not None and status.st_size > limit:
        raise _too_large(path, status.st_size, limit)


def _too_large(path: str | os.PathLike[str], size: int, limit: int) -> DamagedFile:
    return DamagedFile(
        f"'{os.fspath(path)}' is too large: {size:,} bytes.",
        f"Such a file has at most {limit:,} bytes.",
        "Name another file, or restore this one from a copy.",
    )


# -------------------------------------------------------------------------------------- questions about paths


def exists(path: str | os.PathLike[str]) -> bool:
    """Return whether something is at `path`. Raises DataError if the system does not answer."""
    return _mode(path) != 0


def is_file(path: str | os.PathLike[str]) -> bool:
    """Return whether `path` is a regular file, or a link to one. Raises DataError as `exists` does."""
    return stat.S_ISREG(_mode(path))


def is_folder(path: str | os.PathLike[str]) -> bool:
    """Return whether `path` is a folder, or a link to one. Raises DataError as `exists` does."""
    return stat.S_ISDIR(_mode(path))


def file_size(path: str | os.PathLike[str]) -> int:
    """Return the size of a regular file in bytes. Raises DataError as `open_regular`."""
    with os_errors_as_data_errors(path, "read"):
        status = _status(path)
    check_regular(path, status)
    return status.st_size


def _mode(path: str | os.PathLike[str]) -> int:
    """Return the type and the permissions of a path; 0 if nothing is there."""
    with os_errors_as_data_errors(path, "read"):
        try:
            return _status(path).st_mode
        except OSError as error:
            if error.errno in ABSENT:
                return 0
            raise


def _status(path: str | os.PathLike[str], folder: int | None = None) -> os.stat_result:
    try:
        return os.stat(path, dir_fd=folder, follow_symlinks=folder is None)
    except ValueError as error:  # a null character, or text that names of files cannot hold
        raise FileNotFoundError(errno.ENOENT, str(error)) from error
