"""The folder of a run, below which files are read, written and deleted without following any link.

Every access opens the folders on the way one after another, and refuses a link among them. A name with `..`
or an absolute path is refused as well. So nothing outside the folder is reached, whatever lies in it.

A new file is written into the folder `.tmp` first, with its SHA-256, and then takes the place of the old one.
If the process is killed at any moment, a name holds either the old bytes or the new bytes. The next writer
empties `.tmp`.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import shutil
import stat
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, cast

from ravine.errors import DataError
from ravine.records.atomic_files import flush_descriptor
from ravine.records.open_file import check_regular, open_regular
from ravine.records.os_errors import os_errors_as_data_errors

__all__ = ["TEMPORARY_FOLDER", "NewFile", "RunFolder"]

TEMPORARY_FOLDER = ".tmp"  # in a run directory
ENTER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_NOCTTY
MAX_PARTS = 3  # models/best/model.json
ODD = 1_000_000_000  # bytes of a log that is copied when it shares its content with another name


class HashingFile(io.RawIOBase):
    """A file that is written from its begin to its end, and counts and hashes its bytes on the way."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._sha256, self.size = file, hashlib.sha256(), 0

    def writable(self) -> bool:
        """Return True: bytes can be written."""
        return True

    def write(self, blob: bytes | bytearray | memoryview, /) -> int:  # type: ignore[override]
        """Write bytes, and return their number."""
        self._sha256.update(blob)
        self._file.write(blob)
        count = memoryview(blob).nbytes
        self.size += count
        return count

    @property
    def sha256(self) -> str:
        """SHA-256 of all bytes written so far, in hexadecimal digits."""
        return self._sha256.hexdigest()


@dataclass(frozen=True)
class NewFile:
    """A complete file in the temporary folder: its name there, the SHA-256 of its bytes, and its size."""

    temporary: str
    sha256: str
    size: int


class RunFolder:
    """The files below the folder `path`; a name is a relative path with `/`, such as `cohorts/a.npz`."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    # --------------------------------------------------------------------------------------------- reading

    def open(self, name: str, limit: int | None = None) -> io.BufferedReader:
        """Open a regular file for reading.

        limit: largest size in bytes; None = any size. Raises DataError if the file is missing, is no regular
        file or is larger, and if it or a folder on the way to it is a link.
        """
        with os_errors_as_data_errors(self.path / name, "read"), self._parent(name) as (folder, last):
            return open_regular(self.path / name, limit, name=last, folder=folder)

    def has(self, name: str) -> bool:
        """Return whether something has the name. Raises DataError for a link on the way to it."""
        with os_errors_as_data_errors(self.path / name, "read"):
            try:
                with self._parent(name) as (folder, last):
                    os.stat(last, dir_fd=folder, follow_symlinks=False)
            except (FileNotFoundError, NotADirectoryError):
                return False
        return True

    def names(self, subfolder: str) -> list[str]:
        """Return the names of all entries of a subfolder, sorted; an empty list if it does not exist."""
        with os_errors_as_data_errors(self.path / subfolder, "read"):
            try:
                with self._parent(f"{subfolder}/x" if subfolder else "x") as (folder, _):
                    entries = sorted(os.listdir(folder))  # noqa: PTH208 - of a descriptor
            except (FileNotFoundError, NotADirectoryError):
                return []
        return [f"{subfolder}/{entry}" if subfolder else entry for entry in entries]

    # --------------------------------------------------------------------------------------------- writing

    @contextlib.contextmanager
    def create(self) -> Iterator[tuple[IO[bytes], list[NewFile]]]:
        """Write a new file into the temporary folder.

        The `with` block writes to the first value, and finds the complete file in the second value after its
        end. If the block raises an exception, the file is deleted. Raises DataError if it cannot be written.
        """
        temporary, done = f"{TEMPORARY_FOLDER}/{uuid.uuid4().hex}", list[NewFile]()
        with os_errors_as_data_errors(self.path), self._parent(temporary, make=True) as (folder, last):
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
            try:
                with os.fdopen(os.open(last, flags, 0o666, dir_fd=folder), "wb") as file:
                    hashing = HashingFile(file)
                    yield cast("IO[bytes]", hashing), done
                    file.flush()
                    os.fsync(file.fileno())
                done.append(NewFile(temporary, hashing.sha256, hashing.size))
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(last, dir_fd=folder)
                raise

    def replace(self, temporary: str, name: str, *, flush: bool = True) -> None:
        """Move a file from the temporary folder to its name, over an old file.

        flush: whether the new name is on the disk when this method returns, so that it survives a power cut.
        Raises DataError if that fails, and for a link on the way.
        """
        with (
            os_errors_as_data_errors(self.path / name),
            self._parent(temporary) as (source, source_name),
            self._parent(name, make=True) as (target, target_name),
        ):
            # a link that has the name is replaced itself, not the file that it leads to
            os.replace(source_name, target_name, src_dir_fd=source, dst_dir_fd=target)
            if flush:
                flush_descriptor(target)

    def discard(self, temporary: str) -> None:
        """Delete a file of the temporary folder that is not needed; a file that is gone is fine."""
        self.delete(temporary, flush=False)

    def delete(self, name: str, *, flush: bool = True) -> None:
        """Delete a file, or a link itself; a file that does not exist is fine. Raises DataError otherwise."""
        with os_errors_as_data_errors(self.path / name):
            try:
                with self._parent(name) as (folder, last):
                    os.unlink(last, dir_fd=folder)
                    if flush:
                        flush_descriptor(folder)
            except FileNotFoundError:
                return

    def append(self, name: str, blob: bytes) -> None:
        """Append bytes to a file, which is created if needed. Raises DataError as `open` does."""
        with os_errors_as_data_errors(self.path / name), self._parent(name) as (folder, last):
            with contextlib.suppress(FileNotFoundError):
                status = os.stat(last, dir_fd=folder, follow_symlinks=False)
                check_regular(self.path / name, status)
                if status.st_nlink > 1:  # the file has another name, perhaps outside: write into a copy
                    self._copy_apart(name)
            descriptor = os.open(last, APPEND, 0o666, dir_fd=folder)
            try:
                check_regular(self.path / name, os.fstat(descriptor))
                while blob:  # the system may write a part
                    blob = blob[os.write(descriptor, blob) :]
            finally:
                os.close(descriptor)

    def _copy_apart(self, name: str) -> None:
        with self.open(name, ODD) as old, self.create() as (file, done):
            shutil.copyfileobj(old, file)
        self.replace(done[0].temporary, name)

    def temporary_folder(self, name: str) -> Path:
        """Make an empty folder in the temporary folder, and return its path."""
        temporary = f"{TEMPORARY_FOLDER}/{name}"
        with os_errors_as_data_errors(self.path), self._parent(f"{temporary}/x", make=True):
            return self.path / temporary

    def empty_temporaries(self) -> None:
        """Delete all that a killed writer left in the temporary folder, and the folder itself.

        Only the process that holds the lock may call this method. Raises DataError if that fails.
        """
        with os_errors_as_data_errors(self.path / TEMPORARY_FOLDER):
            try:
                with self._parent(f"{TEMPORARY_FOLDER}/x") as (folder, _):
                    for entry in os.listdir(folder):  # noqa: PTH208 - of a descriptor
                        status = os.stat(entry, dir_fd=folder, follow_symlinks=False)
                        if stat.S_ISDIR(status.st_mode):
                            shutil.rmtree(entry, dir_fd=folder)  # it follows no links
                        else:
                            os.unlink(entry, dir_fd=folder)
                with self._parent(TEMPORARY_FOLDER) as (root, last):
                    os.rmdir(last, dir_fd=root)
            except FileNotFoundError:
                return

    # ----------------------------------------------------------------------------------------------- paths

    @contextlib.contextmanager
    def _parent(self, name: str, make: bool = False) -> Iterator[tuple[int, str]]:
        """Open the folder that holds a file; yield its descriptor and the name of the file in it.

        make: whether missing folders are created. Raises OSError, and DataError for a link or a bad name.
        """
        *folders, last = _parts(name)
        descriptor = os.open(self.path, ENTER)
        try:
            for folder in folders:
                inner = self._enter(descriptor, folder, name, make)
                os.close(descriptor)
                descriptor = inner
            yield descriptor, last
        finally:
            os.close(descriptor)

    def _enter(self, descriptor: int, folder: str, name: str, make: bool) -> int:
        if make:
            with contextlib.suppress(FileExistsError):
                os.mkdir(folder, dir_fd=descriptor)
        try:
            return os.open(folder, ENTER | os.O_NOFOLLOW, dir_fd=descriptor)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENOTDIR):
                status = os.stat(folder, dir_fd=descriptor, follow_symlinks=False)
                if stat.S_ISLNK(status.st_mode):
                    raise DataError(
                        f"'{folder}' in the run '{self.path}' is a link, on the way to '{name}'.",
                        "Ravine follows no links inside a run, which could lead outside.",
                        "Replace the link by the folder itself.",
                    ) from error
            raise


def _parts(name: str) -> list[str]:
    """Return the parts of a relative path. Raises DataError if it could lead out of the folder."""
    parts = name.split("/")
    if len(parts) > MAX_PARTS or "\0" in name or any(part in ("", ".", "..") for part in parts):
        raise DataError(
            f"{name!r:.100} cannot name a file of a run.",
            f"A name has 1 to {MAX_PARTS} parts between '/', none of which is empty, '.' or '..'.",
            "Restore the run from a copy.",
        )
    return parts
