"""The folder of a new run: its name, its creation, the link `latest`, and the list of runs elsewhere."""

from __future__ import annotations

import errno
import os
import re
import uuid
from pathlib import Path

from ravine.errors import DataError, UsageError
from ravine.records.atomic_files import write_atomic
from ravine.records.lock import NAME as LOCK_NAME
from ravine.records.lock import WriterLock
from ravine.records.manifest import MANIFEST
from ravine.records.open_file import exists, is_file, is_folder, read_regular
from ravine.records.os_errors import os_errors_as_data_errors
from ravine.records.run_file import RUN_FILE
from ravine.records.run_folder import TEMPORARY_FOLDER, RunFolder
from ravine.records.run_index import ELSEWHERE_BYTES, LATEST, elsewhere_file

__all__ = [
    "check_run_folder", "create_run_folder", "forget_elsewhere", "remember_elsewhere", "slug",
    "update_latest_link",
]  # fmt: skip

# Files of a run without a configuration. A run has its manifest before run.json, and loses it after run.json.
REMAINS = (RUN_FILE, MANIFEST, "log.txt", "stdin")


def slug(name: str) -> str:
    """Return the name of data as a short part of a file name: `../a b/Wine (red).csv.gz` gives `Wine-red`.

    A suffix is removed: a dot, a letter and at most seven more letters or digits, and a `.gz` after them if
    there is one. The result has at most 40 characters.
    """
    stem = Path(str(name)).name or "data"
    stem = "stdin" if stem == "-" else re.sub(r"\.[A-Za-z][A-Za-z0-9]{0,7}(\.gz)?$", "", stem)
    return re.sub(r"[^A-Za-z0-9._]+", "-", stem)[:40].strip("-.") or "data"


def check_run_folder(out: str | os.PathLike[str] | None) -> None:
    """Raise UsageError if `out`, the folder of a new run, is an empty text; None is allowed."""
    if out is not None and not os.fspath(out):
        raise UsageError("The folder of the run has no name.", "--out is empty.", "Type --out DIR.")


def create_run_folder(path: Path) -> WriterLock:
    """Create the folder of a new run, or take an empty one; return the lock, which this process then holds.

    A folder counts as empty if it holds only files that a run leaves before it has a configuration. Raises
    DataError if the folder holds anything else.
    """
    if exists(path) and not is_folder(path):
        raise DataError(f"'{path}' is a file.", "A run is a folder.", "Name a folder with --out DIR.")
    _check_empty(path)
    with os_errors_as_data_errors(path):
        path.mkdir(parents=True, exist_ok=True)
    lock = WriterLock(path)
    lock.take()
    try:
        _check_empty(path)  # another process may have taken the folder meanwhile
        folder = RunFolder(path)
        folder.empty_temporaries()
        for name in REMAINS:
            folder.delete(name)
    except BaseException:
        lock.release()
        raise
    return lock


def _check_empty(path: Path) -> None:
    if not is_folder(path):
        return
    with os_errors_as_data_errors(path, "read"):
        names = [file.name for file in path.iterdir()]
    # A process that was killed before it wrote a configuration leaves files that hold nothing of value.
    foreign = sorted(name for name in names if name not in (*REMAINS, LOCK_NAME, TEMPORARY_FOLDER))
    if RUN_FILE in names and foreign:
        raise DataError(
            f"'{path}' already holds a run.",
            "A new run never overwrites an old one.",
            f"Type `ravine resume {path}` to finish it, or name another folder with --out DIR.",
        )
    if foreign:
        raise DataError(
            f"The folder '{path}' is not empty and is not a run.",
            f"It holds {', '.join(foreign[:3])}{' and more' * (len(foreign) > 3)}.",
            "Name a new or an empty folder with --out DIR.",
        )


def update_latest_link(root: Path, path: Path) -> str | None:
    """Let the link `latest` in the folder `root` point to the run in `path`.

    Where the system allows no links, `latest` is a text file with the path. Return None, or a sentence with
    the reason if neither can be written. The run goes on without the link. If `root` does not exist, nothing
    is written.
    """
    link = root / LATEST
    try:
        if not is_folder(root):
            return None
        target = os.path.relpath(path.resolve(), root.resolve())
        temporary = RunFolder(path).temporary_folder(LATEST) / uuid.uuid4().hex
        temporary.symlink_to(target, target_is_directory=True)
    except (OSError, NotImplementedError):
        return _write_latest(link, target)
    except DataError as error:
        return f"{link} was not set: {error}"
    try:
        _move_link(temporary, link, target)
    except OSError as error:
        return f"{link} was not set: {error}"
    return None


def _move_link(temporary: Path, link: Path, target: str) -> None:
    try:
        os.replace(temporary, link)  # noqa: PTH105 - as in atomic_files
    except OSError as error:
        temporary.unlink()
        if error.errno != errno.EXDEV:  # the run lies on another disk than `root`
            raise
        link.unlink(missing_ok=True)
        link.symlink_to(target, target_is_directory=True)


def _write_latest(link: Path, target: str) -> str | None:
    try:
        write_atomic(link, target + "\n")
    except DataError as error:
        return f"{link} was not set: {error}"
    return None


def remember_elsewhere(root: Path, path: Path) -> str | None:
    """Note the path of a run outside the folder `root` in the user's cache, so that `ravine runs` lists it.

    Return None, or a sentence with the reason if the cache cannot be written. The run goes on without it.
    """
    target, file = path.resolve(), elsewhere_file(root)
    if target.parent == root.resolve():
        return None
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("ab", buffering=0) as lines:
            lines.write(os.fsencode(f"{target}\n"))
    except OSError as error:
        return f"The run is not in the list of runs: {error}"
    return None


def forget_elsewhere(root: Path, path: Path) -> None:
    """Remove the path of a run from the list of runs outside the folder `root`, in the user's cache.

    Raises OSError or DataError if the list cannot be read or written.
    """
    file, target = elsewhere_file(root), str(path.resolve())
    if not is_file(file):
        return
    text = read_regular(file, ELSEWHERE_BYTES).decode("utf-8", "surrogateescape")
    lines = [line for line in text.splitlines() if line != target]
    if lines:
        write_atomic(file, "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape"))
    else:
        file.unlink()
