"""The files of a folder with a manifest: each is compared before it is read, and listed before it is written.

docs/decisions/0018-manifest.md explains the order of the writes, which `kill -9` may interrupt anywhere.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from io import BufferedReader
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self

from ravine.errors import DataError, UsageError
from ravine.records.array_rules import ArrayRule, check_arrays
from ravine.records.atomic_files import JSON_BYTES, dump_npz, json_text, read_npz
from ravine.records.lock import WriterLock
from ravine.records.manifest import (
    MANIFEST,
    RUN_FILE,
    Content,
    Manifest,
    is_covered,
    open_verified,
    read_manifest,
    settle_all,
)
from ravine.records.os_errors import os_errors_as_data_errors
from ravine.records.run_folder import NewFile, RunFolder
from ravine.records.strict_json import parse_json
from ravine.records.toml_files import TOML_BYTES, toml_of

if TYPE_CHECKING:
    import numpy as np

__all__ = ["VerifiedFiles"]


class VerifiedFiles:
    """The files in the folder of a run, to read them, or to write them while holding the lock of the folder.

    A file is named by its path in the folder, such as `models/best/model.json`. Each file that is read is
    first compared with the manifest of the run; a difference raises DamagedFile, which names the file. A run
    of an older version of Ravine has no manifest, and its files are not compared.
    """

    def __init__(self, path: Path, lock: WriterLock | None = None) -> None:
        self.path = path
        self._folder = RunFolder(path)
        self._lock = lock or WriterLock(path)
        self._manifest: Manifest | None = None  # of a writer
        self._read: Manifest | None = None  # by a reader, which reads it again if a file does not fit
        self._written = ""  # text of the manifest on the disk
        self._together: dict[str, NewFile] | None = None

    # ------------------------------------------------------------------------------------------- one writer

    def begin_manifest(self) -> None:
        """Begin an empty manifest in a new folder, whose lock this object holds."""
        self._manifest = Manifest()

    def take_lock(self) -> None:
        """Take the lock of the folder, read its manifest, and delete what a killed writer left unfinished.

        Raises DataError if another process is the writer, and DamagedFile for a manifest that was changed.
        """
        self._lock.take()
        try:
            self._folder.empty_temporaries()
            self._manifest = read_manifest(self._folder)
            if self._manifest is not None:
                self._written = self._manifest.to_text()
                settle_all(self._folder, self._manifest)
        except BaseException:
            self._lock.release()
            raise

    @property
    def locked(self) -> bool:
        """Whether this object is the writer of the run."""
        return self._lock.held

    def close(self) -> None:
        """Write the manifest a last time, and release the lock for the next writer."""
        if self.locked and self._manifest is not None:
            # On a full disk or in a deleted folder, the manifest of the last write still lists all files.
            with contextlib.suppress(DataError):
                self._lock.check()
                self._write_manifest()
                self._folder.empty_temporaries()
        self._manifest = None
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # ------------------------------------------------------------------------------------------------ files

    def has(self, name: str) -> bool:
        """Return whether the run has a file, or should have it: a file that was deleted is refused later."""
        if self._folder.has(name):
            return True
        manifest = self._listed()
        return manifest is not None and manifest.lists(name)

    def has_folder(self) -> bool:
        """Return whether the folder still exists, with a manifest or an older run.json in it."""
        return self._folder.has(MANIFEST) or self._folder.has(RUN_FILE)

    def names(self, subfolder: str) -> list[str]:
        """Return the names of all NPZ files in a subfolder, such as `cohorts/a.npz`, sorted.

        A file that was deleted, but that the manifest lists, is among them, and is refused when it is read.
        """
        manifest = self._listed()
        listed = [] if manifest is None else [name for name in manifest.files if manifest.lists(name)]
        found = {*self._folder.names(subfolder), *listed}
        return sorted(name for name in found if name.startswith(f"{subfolder}/") and name.endswith(".npz"))

    def open_file(self, name: str) -> IO[bytes]:
        """Open a file of the run for reading.

        Raises DataError if it is missing, and DamagedFile if it differs from the manifest.
        """
        return self._open(name)

    def _open(self, name: str, limit: int | None = None) -> BufferedReader:
        manifest = self._listed()
        return open_verified(self._folder, name, limit, manifest=manifest, is_writer=self.locked)

    def _listed(self) -> Manifest | None:
        """Return the manifest of the run; None for a run of an older version of Ravine."""
        if self.locked:
            return self._manifest
        if self._read is None:
            self._read = read_manifest(self._folder)
        return self._read

    def read(self, name: str, limit: int = JSON_BYTES) -> bytes:
        """Return the bytes of a file. limit: largest size in bytes. Raises DataError as `open_file` does."""
        with self._open(name, limit) as file, os_errors_as_data_errors(self.path / name, "read"):
            return file.read(limit)

    def read_json(self, name: str) -> Any:
        """Return the content of a JSON file of the run. Raises DataError as `open_file` does."""
        return parse_json(self.read(name), f"'{self.path / name}'")

    def read_toml(self, name: str) -> dict[str, Any]:
        """Return the content of a TOML file of the run. Raises as `open_file`, and UsageError for no TOML."""
        return toml_of(self.read(name, TOML_BYTES), self.path / name)

    def read_npz(self, name: str) -> dict[str, np.ndarray]:
        """Return the arrays of an NPZ file of the run by name. Raises DataError as `open_file` does."""
        with self.open_file(name) as file:
            return read_npz(self.path / name, file)

    def read_arrays(self, name: str, rules: Mapping[str, ArrayRule] | None = None) -> dict[str, np.ndarray]:
        """Return the arrays of an NPZ file of the run as `read_npz` does; empty without such a file.

        rules: types and shapes of the arrays by name; None = any. Raises DamagedFile for other arrays.
        """
        arrays = self.read_npz(name) if self.has(name) else {}
        if arrays and rules is not None:
            check_arrays(arrays, rules, f"'{self.path / name}'")
        return arrays

    @contextlib.contextmanager
    def writing(self, name: str, *, flush: bool = True) -> Iterator[IO[bytes]]:
        """Open a new file for writing, which takes the place of the file `name` when the `with` block ends.

        flush: whether the new file survives a power cut at once; without, it survives a kill. Raises
        DataError if the file cannot be written, and UsageError if this object is not the writer of the run.
        """
        self._check_writer(name)
        with self._folder.create() as (file, done):
            yield file
        if self._together is not None:
            self._together[name] = done[0]
        else:
            self._commit({name: done[0]}, flush)

    @contextlib.contextmanager
    def writing_together(self) -> Iterator[None]:
        """Let all files that the `with` block writes take their places when it ends, or none of them.

        The manifest is then written once for all of them.
        """
        self._together = files = dict[str, NewFile]()
        try:
            yield
        except BaseException:
            self._together = None
            for file in files.values():
                with contextlib.suppress(DataError):  # the next writer deletes it
                    self._folder.discard(file.temporary)
            raise
        self._together = None
        self._commit(files)

    def _commit(self, files: Mapping[str, NewFile], flush: bool = True) -> None:
        """Give new files their names. The manifest lists their contents before, next to the old ones."""
        self._lock.check()
        if self._manifest is not None:
            for name, file in files.items():
                if is_covered(name):
                    self._manifest.expect(name, Content(file.sha256, file.size))
            self._write_manifest(flush)
        for name, file in files.items():
            self._folder.replace(file.temporary, name, flush=flush)
            if self._manifest is not None and is_covered(name):
                self._manifest.settle(name, Content(file.sha256, file.size))

    def _write_manifest(self, flush: bool = True) -> None:
        if self._manifest is None or (text := self._manifest.to_text()) == self._written:
            return
        with self._folder.create() as (file, done):
            file.write(text.encode())
        self._folder.replace(done[0].temporary, MANIFEST, flush=flush)
        self._written = text

    def write(self, name: str, blob: bytes | str) -> None:
        """Write a file of the run, completely or not at all, text as UTF-8. Raises as `writing` does."""
        with self.writing(name) as file:
            file.write(blob.encode("utf-8") if isinstance(blob, str) else blob)

    def write_json(self, name: str, obj: object, *, sort: bool = True) -> None:
        """Write a JSON file of the run, completely or not at all. sort: whether keys are sorted.

        Raises as `writing` does, and UsageError for a value that JSON cannot hold.
        """
        self.write(name, json_text(obj, sort=sort) + "\n")

    def write_npz(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Write arrays to an NPZ file of the run. Raises as `writing` and `atomic_files.write_npz` do."""
        with self.writing(name) as file:
            dump_npz(file, arrays)

    def delete(self, name: str) -> None:
        """Delete a file of the run, if it exists."""
        self._check_writer(name)
        self._folder.delete(name)
        if self._manifest is not None:
            self._manifest.settle(name, None)

    def append(self, name: str, line: str) -> None:
        """Append text to a log of the run, which the manifest does not cover."""
        self._check_writer(name)
        self._folder.append(name, line.encode("utf-8", "backslashreplace"))

    @contextlib.contextmanager
    def drawing(self, subfolder: str) -> Iterator[Path]:
        """Yield an empty folder; after the `with` block, its files lie in a subfolder such as `pictures`."""
        self._check_writer(subfolder)
        folder = self._folder.temporary_folder(subfolder)
        yield folder
        self._lock.check()
        for path in sorted(folder.iterdir()):
            self._folder.replace(f"{folder.parent.name}/{subfolder}/{path.name}", f"{subfolder}/{path.name}")

    def _check_writer(self, name: str) -> None:
        if not self.locked:
            raise UsageError(
                f"'{self.path / name}' was not written.",
                "This run was opened for reading.",
                "Call lock() first.",
            )
        self._lock.check()
