"""The manifest of a run: size and SHA-256 of every file that is ever read back, in the file `MANIFEST`.

A file that differs from the manifest is refused by its name. The writer lists the digest of a new file before
the file gets its name, next to the digest of the old file. So the manifest fits the files at any moment, also
after `kill -9`: a file has one of the contents that are listed for it. docs/decisions/0018-manifest.md
explains this order. The manifest contains a digest of itself.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path

from ravine.errors import DataError
from ravine.records.atomic_files import json_text
from ravine.records.documents import NewerFile
from ravine.records.open_file import exists, open_regular
from ravine.records.os_errors import DamagedFile, os_errors_as_data_errors
from ravine.records.run_folder import RunFolder
from ravine.records.strict_json import FIX

__all__ = [
    "FIRST_SCHEMA", "MANIFEST", "Content", "Manifest", "check_run", "fault", "is_covered", "lists",
    "open_verified", "read_covered", "read_manifest", "read_verified", "run_of", "settle_all",
]  # fmt: skip

MANIFEST = "MANIFEST"  # in a run directory
RUN_FILE = "run.json"
BEST_MODEL = "models/best"  # folder in a run
SCHEMA_VERSION = 1  # of the manifest
FIRST_SCHEMA = 3  # schema version of the first runs that have a manifest
MANIFEST_BYTES = 256_000_000
RUN_FILE_BYTES = 16_000_000
TRIES = 100  # to read a file of a run that another process writes at the same time

LOGS = ("events.jsonl", "log.txt", "times.json", "report.html")
PICTURES, TABLE = "pictures/", ".csv"
"""Files that are never read back: logs, times, pictures, and tables for people in the folder of a run."""
FOLDERS = ("", "cohorts", "state", BEST_MODEL)
READ_BACK = (".json", ".toml", ".npz", ".safetensors")  # suffixes of the files that Ravine reads


@dataclass(frozen=True)
class Content:
    """The content of a file, by its SHA-256 in hexadecimal digits and its size in bytes."""

    sha256: str
    size: int


@dataclass
class Manifest:
    """The contents that every covered file of a run may have, by the name of the file.

    A name has one content, or two while the file is replaced: the old one and the new one. None stands for a
    file that does not exist.
    """

    files: dict[str, list[Content | None]] = field(default_factory=dict)

    def expect(self, name: str, content: Content | None) -> None:
        """List a new content of a file next to the old one, before the file is replaced."""
        contents = self.files.setdefault(name, [None])
        if content not in contents:
            contents.append(content)

    def settle(self, name: str, content: Content | None) -> None:
        """List the content of a file as its only one, after it was replaced; None = it was deleted."""
        if content is None:
            self.files.pop(name, None)
        else:
            self.files[name] = [content]

    def lists(self, name: str) -> bool:
        """Return whether a file of this name may exist."""
        return any(content is not None for content in self.files.get(name, ()))

    def to_text(self) -> str:
        """Return the manifest as JSON, with a digest of itself."""
        files = {
            name: [content and f"{content.sha256} {content.size}" for content in contents]
            for name, contents in self.files.items()
        }
        document = {"schema_version": SCHEMA_VERSION, "files": files}
        return json_text(document | {"sha256": _digest(document)}, indent=1) + "\n"

    @classmethod
    def from_text(cls, text: str, path: Path) -> Manifest:
        """Return the manifest that `to_text` wrote.

        Raises DamagedFile if a byte of the text was changed, NewerFile if a newer Ravine wrote it. path: path
        of the file, for messages.
        """
        try:
            document = json.loads(text)
            version = document["schema_version"]
            if isinstance(version, int) and version > SCHEMA_VERSION:
                raise NewerFile(
                    f"'{path}' was written by a newer version of ravine.",
                    f"Its format is {version}; this version reads up to {SCHEMA_VERSION}.",
                    "Type `pip install --upgrade ravine`.",
                )
            files = {
                name: [None if content is None else _content(content) for content in contents]
                for name, contents in document["files"].items()
            }
            manifest = cls(files)
            if manifest.to_text() == text:
                return manifest
        except NewerFile:  # which is a ValueError, too
            raise
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            pass  # not a manifest: the same message
        raise _changed(path, "It contains a digest of itself, which it does not fit.")


def _content(text: str) -> Content:
    sha256, size = text.split(" ")
    return Content(sha256, int(size))


def _digest(document: object) -> str:
    return hashlib.sha256(json_text(document, indent=None).encode()).hexdigest()


def is_covered(name: str) -> bool:
    """Return whether the manifest lists a file of this name."""
    is_table = name.endswith(TABLE) and "/" not in name
    return not (name in LOGS or name.startswith(PICTURES) or is_table)


def read_manifest(folder: RunFolder) -> Manifest | None:
    """Return the manifest of a run; None for a run of an older version of Ravine, which has none.

    Raises DamagedFile if the manifest was changed, and if it is missing in a run that had one.
    """
    path = folder.path / MANIFEST
    if not folder.has(MANIFEST):
        _check_older(folder)
        return None
    with folder.open(MANIFEST, MANIFEST_BYTES) as file, os_errors_as_data_errors(path, "read"):
        blob = file.read(MANIFEST_BYTES)
    return Manifest.from_text(blob.decode("utf-8", "replace"), path)


def _check_older(folder: RunFolder) -> None:
    """Raise DamagedFile unless run.json says that an older version of Ravine wrote the run."""
    path = folder.path / RUN_FILE
    with folder.open(RUN_FILE, RUN_FILE_BYTES) as file, os_errors_as_data_errors(path, "read"):
        blob = file.read(RUN_FILE_BYTES)
    try:
        version = json.loads(blob)["schema_version"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DamagedFile(
            f"'{path}' does not describe a run.", "It has no schema_version.", "Type `ravine runs`."
        ) from error
    if isinstance(version, bool) or not isinstance(version, int) or version == FIRST_SCHEMA:
        raise DamagedFile(
            f"'{folder.path / MANIFEST}' is missing.",
            "Every run of this version of Ravine has this file, which lists the digests of its files.",
            FIX,
        )


# -------------------------------------------------------------------------------------------------- verifying


def open_verified(
    folder: RunFolder,
    name: str,
    limit: int | None = None,
    *,
    manifest: Manifest | None = None,
    is_writer: bool = False,
) -> BufferedReader:
    """Open a file of a run for reading, after a check that it has the content that the manifest lists.

    limit: largest size in bytes. manifest: a manifest that was read before; None reads it from the disk.
    is_writer: whether the manifest is that of the writer, which alone changes the files. A file of a run
    without a manifest is opened without the check. Raises DamagedFile if the file was changed, is no regular
    file, is missing although it is listed, or is not listed.
    """
    current = manifest or read_manifest(folder)
    for _ in range(TRIES):
        if current is None:
            return folder.open(name, limit)
        try:
            return _open(folder, name, limit, current)
        except DamagedFile:
            if is_writer:
                raise
            # the writer of the run may have replaced file and manifest since the manifest was read
            before, current = current, read_manifest(folder)
            if current == before:
                raise
    raise DamagedFile(
        f"'{folder.path / name}' is replaced too often.",
        "Another process writes the run at the same time.",
        "Wait until it ends.",
    )


def read_verified(folder: RunFolder, name: str, limit: int) -> bytes:
    """Return the bytes of a file of a run, of at most `limit` bytes, as `open_verified` opens it."""
    with open_verified(folder, name, limit) as file, os_errors_as_data_errors(folder.path / name, "read"):
        return file.read(limit)


def lists(folder: str | os.PathLike[str], name: str) -> bool:
    """Return whether a run has, or had when it was written, a file. Raises as `read_manifest`."""
    manifest = read_manifest(RunFolder(folder))
    return manifest is not None and manifest.lists(name)


def read_covered(path: str | os.PathLike[str], limit: int | None = None) -> bytes:
    """Return the bytes of a file of a model, compared with the manifest if it is the best model of a run.

    limit: largest size in bytes; None = any size. Raises DataError as `open_verified` does.
    """
    place = run_of(path)
    with (
        open_regular(path, limit) if place is None else open_verified(*place, limit) as file,
        os_errors_as_data_errors(path, "read"),
    ):
        return file.read()


def _open(folder: RunFolder, name: str, limit: int | None, manifest: Manifest) -> BufferedReader:
    path, contents = folder.path / name, manifest.files.get(name, [])
    if not contents and is_covered(name) and folder.has(name):
        raise DamagedFile(
            f"'{path}' was added after the run was written.",
            f"The run's {MANIFEST} does not list it.",
            "Delete it.",
        )
    if manifest.lists(name) and not folder.has(name):
        raise DamagedFile(
            f"'{path}' is missing.",
            f"The run's {MANIFEST} lists it, so it was deleted after it was written.",
            FIX,
        )
    file = folder.open(name, limit)
    if not is_covered(name):
        return file
    try:
        if content_of(file, path) not in contents:
            raise _changed(path, f"Its digest differs from that in the run's {MANIFEST}.")
    except BaseException:
        file.close()
        raise
    return file


def content_of(file: BufferedReader, path: Path) -> Content:
    """Return digest and size of an open file, which is then at its begin again."""
    with os_errors_as_data_errors(path, "read"):
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = file.tell()
        file.seek(0)
    return Content(digest, size)


def _changed(path: Path, why: str) -> DamagedFile:
    return DamagedFile(
        f"'{path}' was changed after it was written.",
        why,
        "Restore it from a copy, or run the command again.",
    )


def settle_all(folder: RunFolder, manifest: Manifest) -> None:
    """List one content of every file again, after a writer was killed while it replaced some.

    A file that has none of its contents stays as it is, and is refused when it is read.
    """
    for name in [name for name, contents in manifest.files.items() if len(contents) > 1]:
        if not folder.has(name):
            if None in manifest.files[name]:
                manifest.settle(name, None)
            continue
        try:
            with folder.open(name) as file:
                content = content_of(file, folder.path / name)
        except DamagedFile:  # no regular file any more
            continue
        if content in manifest.files[name]:
            manifest.settle(name, content)


def check_run(path: str | os.PathLike[str]) -> list[str] | None:
    """Return words for every file of a run that differs from its manifest; None without a manifest.

    For example `result.json was changed after it was written`.

    A state that is missing is no difference: it is deleted when its training is finished. Raises DataError if
    the manifest cannot be read.
    """
    folder = RunFolder(path)
    manifest = read_manifest(folder)
    if manifest is None:
        return None
    there = [name for place in FOLDERS for name in folder.names(place) if name.endswith(READ_BACK)]
    faults = []
    for name in dict.fromkeys([*manifest.files, *there]):
        if not is_covered(name) or (name.startswith("state/") and not folder.has(name)):
            continue
        if None in manifest.files.get(name, ()) and not folder.has(name):
            continue
        try:
            open_verified(folder, name, manifest=manifest).close()
        except DataError as error:
            faults.append(fault(error, folder.path))
    return faults


def fault(error: DataError, folder: Path) -> str:
    """Return an error about a file of a run in words, with the name that the file has in the run."""
    return re.sub(rf"'{re.escape(str(folder))}/([^']*)'", r"\1", error.what).rstrip(".")


def run_of(path: str | os.PathLike[str]) -> tuple[RunFolder, str] | None:
    """Return the run whose best model a path belongs to, and the name of the file in it; else None."""
    with os_errors_as_data_errors(path, "read"):
        full = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow a link out of the run
    if full.parent.parts[-2:] != Path(BEST_MODEL).parts:
        return None
    folder = full.parents[2]
    if exists(folder / RUN_FILE) or exists(folder / MANIFEST):
        return RunFolder(folder), f"{BEST_MODEL}/{full.name}"
    return None
