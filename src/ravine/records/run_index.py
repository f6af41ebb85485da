"""List of the runs in a folder, and search for one of them by its name, its id or its data.

The module imports neither NumPy nor JAX, so that `ravine runs` answers at once.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from ravine.errors import DataError, nearest
from ravine.records.documents import NewerFile
from ravine.records.lock import is_locked
from ravine.records.manifest import FIRST_SCHEMA, check_run, fault, lists
from ravine.records.open_file import exists, is_file, is_folder, read_regular
from ravine.records.os_errors import os_errors_as_data_errors
from ravine.records.run_file import RUN_FILE, read_run_file
from ravine.records.user_cache import user_cache

__all__ = [
    "INTERRUPTED", "RunInfo", "SeveralRuns", "elsewhere_file", "find_best_model", "find_model", "find_run",
    "list_runs",
]  # fmt: skip

LATEST = "latest"
BEST_MODEL = Path("models", "best", "model.json")  # in a run directory
MAX_NAMES = 5  # runs named in a sentence
ELSEWHERE_BYTES = 16_000_000  # of the list of runs elsewhere, and of a file `latest`
INTERRUPTED = "interrupted, resumable"  # state of a run whose process was killed
UNREADABLE, NEWER = "unreadable", "newer version"  # states of a run whose run.json cannot be read
INTACT, NOT_VERIFIED = "intact", "not verified"  # states of the files of a run


@dataclass(frozen=True)
class RunInfo:
    """The facts of one run that `ravine runs` shows in one line.

    verb: command, such as `compare`. data: name of the data. created: ISO 8601 in UTC. summary: the result in
    one line, or the error that ended the run. bytes: size on disk. files: whether the files are as Ravine
    wrote them: `intact`, `not verified` for a run of an older version, or the faults; empty if not checked.
    """

    id: str
    path: Path
    verb: str
    data: str
    created: str
    state: str
    summary: str | None
    bytes: int
    files: str = ""


def list_runs(root: str | os.PathLike[str] = "runs", verify: bool = False) -> list[RunInfo]:
    """Return the runs in the folder `root`, newest first; an empty list if there are none.

    Runs in other folders (`-o DIR`) are listed too, if `root/latest` points to them or `elsewhere_file` names
    them. If there are none of both kinds and `root` is a run itself, the list has this run alone. Folders
    without a run are skipped. A run whose `run.json` is damaged, or was written by a newer version of Ravine,
    is listed with a state that tells this. verify: whether all files of each run are compared with its
    manifest.
    """
    root, folders = Path(root), []
    if is_folder(root):
        with os_errors_as_data_errors(root, "read"):
            folders = [folder for folder in root.iterdir() if folder.name != LATEST and _is_run(folder)]
    folders += _elsewhere(root)
    if not folders and _is_run(root):
        folders = [root]
    runs = [_info(folder, verify) for folder in folders]
    return sorted(runs, key=lambda run: (run.created, run.path.name), reverse=True)


def elsewhere_file(root: Path) -> Path:
    """Return the path of the file in the user's cache that lists runs outside the folder `root`.

    The file has one path a line, the newest last. A command with `-o DIR` adds a line, so that `ravine runs`
    and `latest` find its run from the same working folder.
    """
    name = hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:16]
    return user_cache() / "runs" / name


def _elsewhere(root: Path) -> list[Path]:
    """Return the runs outside `root` that `root/latest` points to or `elsewhere_file` names, each once."""
    link, paths = root / LATEST, []
    try:
        if link.is_symlink():
            paths.append(link.readlink())
        elif link.is_file():
            paths.append(_path_in(link))
        if is_file(file := elsewhere_file(root)):
            text = read_regular(file, ELSEWHERE_BYTES).decode("utf-8", "surrogateescape")
            paths += map(Path, text.splitlines())
    except (OSError, ValueError):  # not readable, or not text
        pass
    runs = dict.fromkeys(filter(None, (_outside(root, path) for path in paths)))
    return list(runs)


def _path_in(file: Path) -> Path:
    """Return the path in a text file `latest`, which stands in for a link where links are impossible."""
    return Path(read_regular(file, ELSEWHERE_BYTES).decode("utf-8").strip())


def _outside(root: Path, path: Path) -> Path | None:
    """Return a path relative to `root` in full; None if it lies in `root` or is not a run."""
    try:
        target = (root / path).resolve()
        return target if target.parent != root.resolve() and _is_run(target) else None
    except (OSError, ValueError, RuntimeError):  # not a path, or a link to itself
        return None


def _is_run(folder: Path) -> bool:
    try:
        return (folder / RUN_FILE).is_file()
    except OSError:  # a folder without permission
        return False


def _info(folder: Path, verify: bool) -> RunInfo:
    try:
        found = read_run_file(folder)
    except DataError as error:
        state = NEWER if isinstance(error, NewerFile) else UNREADABLE
        files = fault(error, folder) if verify else ""
        return RunInfo("", folder, "", "", "", state, None, _size(folder), files)
    state = INTERRUPTED if found.state == "running" and not is_locked(folder) else found.state
    files = NOT_VERIFIED if found.schema_version < FIRST_SCHEMA else _files(folder) if verify else ""
    return RunInfo(
        found.id,
        folder,
        found.verb,
        found.data.name,
        found.created,
        state,
        found.summary,
        _size(folder),
        files,
    )


def _files(folder: Path) -> str:
    """Return whether the files of a run are as Ravine wrote them, in words."""
    try:
        faults = check_run(folder)
    except DataError as error:
        return fault(error, folder)
    return NOT_VERIFIED if faults is None else "; ".join(faults) or INTACT


def _size(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(parent) / name).lstat().st_size
            except OSError:  # replaced or deleted meanwhile
                continue
    return total


class SeveralRuns(DataError):
    """Error for a text that fits the name, the id or the data of more than one run."""


def find_run(run: str | os.PathLike[str], root: str | os.PathLike[str] = "runs") -> Path:
    """Return the folder of the run that the user names.

    run: `latest`, a path, the name of a folder in `root`, an id or its beginning, or the name of data that
    only one run used. Raises DataError if no run fits, with the nearest names, and if more than one fits.
    """
    text = os.fspath(run)
    if text == LATEST:
        return _latest(Path(root))
    if text and exists(Path(text) / RUN_FILE):
        return Path(text)
    if Path(text).name == RUN_FILE and exists(text):
        return Path(text).parent
    if text and exists(text):
        read_run_file(text)  # raises the error of this path
    runs = list_runs(root)
    for matches in (
        [info for info in runs if info.path.name == text],
        [info for info in runs if text and info.id.startswith(text)],
        [info for info in runs if text and info.data == text],
    ):
        if len(matches) == 1:
            return matches[0].path
        if matches:
            raise SeveralRuns(
                f"'{text}' fits {len(matches)} runs.",
                f"They are {_names(matches)}.",
                f"Type more of the id, for example '{matches[0].id}'.",
            )
    if not runs:
        raise DataError(
            f"There is no run '{text}'.", f"There are no runs in '{root}'.", "Type `ravine compare digits`."
        )
    names = [info.path.name for info in runs] + [info.id for info in runs]
    near = nearest(text, names) or f"There {'is' if len(runs) == 1 else 'are'}: {_names(runs)}."
    raise DataError(f"There is no run '{text}'.", near, "Type `ravine runs`.")


def find_model(path: str | os.PathLike[str], root: str | os.PathLike[str] = "runs") -> str:
    """Return the path of the model that the user names: an existing path, or the folder of a run.

    `latest` is the newest run that has a model. Raises DataError if there is no such path or run, or if the
    run has no model.
    """
    if os.fspath(path) != LATEST and exists(path):
        return os.fspath(path)
    return str(find_best_model(path, root).parents[2])


def find_best_model(run: str | os.PathLike[str], root: str | os.PathLike[str] = "runs") -> Path:
    """Return the path of `model.json` of the best model of a run.

    `latest` is the newest run that has a model. Raises DataError if there is no such run, or if it has no
    model.
    """
    folder = find_run(run, root)
    if os.fspath(run) == LATEST and not exists(folder / BEST_MODEL):
        folder = _newest_with_model(root) or folder
    if exists(folder / BEST_MODEL) or lists(folder, BEST_MODEL.as_posix()):
        return folder / BEST_MODEL
    state = read_run_file(folder).state
    trained = _newest_with_model(root)
    if state != "finished":
        fix = f"Type `ravine resume {folder}` to finish it."
    elif trained is not None:
        fix = f"The newest run with a model is '{trained}'."
    else:
        fix = "Train one with `ravine train`."
    raise DataError(f"The run '{folder}' has no model.", f"Its state is '{state}'.", fix)


def _newest_with_model(root: str | os.PathLike[str]) -> Path | None:
    return next((info.path for info in list_runs(root) if _has_model(info.path)), None)


def _has_model(folder: Path) -> bool:
    try:
        return exists(folder / BEST_MODEL)
    except DataError:  # one run without permission hides no other run
        return False


def _names(runs: list[RunInfo]) -> str:
    """Return the names of the newest runs and the number of the others, of which there may be hundreds."""
    more = f" and {len(runs) - MAX_NAMES} more" if len(runs) > MAX_NAMES else ""
    return f"{', '.join(info.path.name for info in runs[:MAX_NAMES])}{more}"


def _latest(root: Path) -> Path:
    link = root / LATEST
    if exists(link / RUN_FILE):
        return link.resolve()
    try:
        # where links are impossible, a text file holds the path
        if not link.is_symlink() and not exists(link):
            raise FileNotFoundError(link)
        target = root / (link.readlink() if link.is_symlink() else _path_in(link))
    except FileNotFoundError:
        runs = list_runs(root)
        if not runs:
            raise DataError(
                "There is no latest run.", f"There are no runs in '{root}'.", "Type `ravine compare digits`."
            ) from None
        return runs[0].path
    except (OSError, ValueError) as error:
        raise DataError(
            f"'{link}' does not point to a run.", f"{error}.", "Delete it, and type `ravine runs`."
        ) from error
    if exists(target / RUN_FILE):
        return target.resolve()
    raise DataError(
        f"The latest run '{target}' does not exist any more.",
        f"'{link}' still points to it.",
        "Type `ravine runs` and name a run.",
    )
