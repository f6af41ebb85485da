"""The runs there are: list them, find one. Needs neither numpy nor JAX, so `ravine runs` answers at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ravine.errors import DataError, nearest
from ravine.records.atomic_files import DamagedFile, os_errors_as_data_errors, read_json
from ravine.records.lock import is_locked

__all__ = ["INTERRUPTED", "RunInfo", "SeveralRuns", "find_run", "list_runs", "read_run_file", "summary_text"]

SCHEMA_VERSION = 2
LATEST = "latest"
RUN_FILE = "run.json"
STATES = ("running", "finished", "stopped", "failed")
FEW = 5  # runs named in a sentence
INTERRUPTED = "interrupted, resumable"


@dataclass(frozen=True)
class RunInfo:
    """One line of `ravine runs`. `created` is ISO 8601 in UTC, `bytes` the size on disk.

    summary: the result in one line, or the sentence it failed with.
    """

    id: str
    path: Path
    verb: str
    data: str
    created: str
    state: str
    summary: str | None
    bytes: int


def read_run_file(folder: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a run directory's `run.json`.

    Raises DataError if it is of a newer version (naming it) or absent, DamagedFile if it is broken.
    """
    path = Path(folder) / RUN_FILE
    with os_errors_as_data_errors(path, "read"):
        absent = not path.exists()
    if absent:
        raise DataError(f"'{folder}' is not a run.", f"There is no {RUN_FILE} in it.", "Type `ravine runs`.")
    about = read_json(path)
    version = about.get("schema_version") if isinstance(about, dict) else None
    if isinstance(version, bool) or not isinstance(version, int):
        raise DamagedFile(
            f"'{path}' is not the record of a run.", "It names no schema_version.", "Type `ravine runs`."
        )
    if version > SCHEMA_VERSION:
        versions = about.get("versions")
        writer = versions.get("ravine", "?") if isinstance(versions, dict) else "?"
        raise DataError(
            f"The run in '{folder}' was written by ravine {writer}, newer than this one.",
            f"Its format is {version}; this version reads up to {SCHEMA_VERSION}.",
            "Type `pip install --upgrade ravine`.",
        )
    if about.get("state") not in STATES or not isinstance(about.get("id"), str):
        raise DamagedFile(f"'{path}' is broken.", "It has no id or no known state.", "Type `ravine runs`.")
    metadata: dict[str, Any] = about
    return metadata


def list_runs(root: str | os.PathLike[str] = "runs") -> list[RunInfo]:
    """Return the runs in `root`, newest first; [] if there is no such folder.

    That is `root` itself where it is a run, else the runs in it and the one that its `latest` points at,
    which may stand elsewhere (`-o DIR`). Anything that is no run is passed over. A run whose `run.json` is
    broken or newer is listed, and its state says so.
    """
    root = Path(root)
    if not root.is_dir():
        return []
    with os_errors_as_data_errors(root, "read"):
        folders = [each for each in root.iterdir() if each.name != LATEST and _is_run(each)]
        folders += _elsewhere(root)
    if not folders and _is_run(root):
        folders = [root]
    return sorted(map(_info, folders), key=lambda run: (run.created, run.path.name), reverse=True)


def _elsewhere(root: Path) -> list[Path]:
    """Return the run outside `root` that `root/latest` points at, if it does."""
    link = root / LATEST
    try:
        if link.is_symlink():
            target = link.resolve()
        elif link.is_file():
            target = (root / link.read_text("utf-8").strip()).resolve()
        else:
            return []
        return [target] if target.parent != root.resolve() and _is_run(target) else []
    except (OSError, ValueError, RuntimeError):  # junk, or a link to itself
        return []


def _is_run(folder: Path) -> bool:
    try:
        return (folder / RUN_FILE).is_file()
    except OSError:  # a folder we may not look into
        return False


def _info(folder: Path) -> RunInfo:
    try:
        about = read_run_file(folder)
        state = about["state"]
        if state == "running" and not is_locked(folder):
            state = INTERRUPTED
    except DamagedFile:
        about, state = {}, "unreadable"
    except DataError as error:
        about, state = {}, "newer version" if "newer" in error.what else "unreadable"
    data = about.get("data")
    name = data.get("name") if isinstance(data, dict) else None
    return RunInfo(
        id=str(about.get("id", "")),
        path=folder,
        verb=str(about.get("verb", "")),
        data=str(name or ""),
        created=str(about.get("created", "")),
        state=state,
        summary=_summary(about.get("summary")),
        bytes=_size(folder),
    )


def summary_text(winner: str, tied: int, metric: str, score: float | None) -> str:
    """Return a result in one line: `adam and 2 tied, accuracy 0.9767`."""
    shown = "" if score is None else f", {metric} {score:.4g}"
    return f"{winner}{f' and {tied} tied' if tied else ''}{shown}"


def _summary(found: object) -> str | None:
    """Return the summary in a run.json; version 1 wrote its parts."""
    if not isinstance(found, Mapping) or "winner" not in found:
        return None if found is None else str(found)
    score, tied = found.get("score"), found.get("tied")
    known = float(score) if isinstance(score, int | float) else None
    count = len(tied) if isinstance(tied, list) else 0
    return summary_text(str(found["winner"]), count, str(found.get("metric")), known)


def _size(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(parent) / name).lstat().st_size
            except OSError:  # written anew or removed while we look
                continue
    return total


class SeveralRuns(DataError):
    """A word that more than one run goes by."""


def find_run(run: str | os.PathLike[str], root: str | os.PathLike[str] = "runs") -> Path:
    """Return the folder that `run` means. Raises DataError, with the nearest names.

    `run` is `latest`, a path, a folder's name in `root`, an id or the start of one, or the name of data that
    just one run is about.
    """
    text = os.fspath(run)
    if text == LATEST:
        return _latest(Path(root))
    with os_errors_as_data_errors(text, "read"):
        if text and (Path(text) / RUN_FILE).exists():
            return Path(text)
        if Path(text).name == RUN_FILE and Path(text).exists():
            return Path(text).parent
        if text and Path(text).exists():
            read_run_file(text)  # says what is wrong with it
    runs = list_runs(root)
    for matches in (
        [each for each in runs if each.path.name == text],
        [each for each in runs if text and each.id.startswith(text)],
        [each for each in runs if text and each.data == text],
    ):
        if len(matches) == 1:
            return matches[0].path
        if matches:
            raise SeveralRuns(
                f"'{text}' could be any of {len(matches)} runs.",
                f"They are {_some(matches)}.",
                f"Type more of the id, for example '{matches[0].id}'.",
            )
    if not runs:
        raise DataError(
            f"There is no run '{text}'.", f"There are no runs in '{root}'.", "Type `ravine compare digits`."
        )
    known = [each.path.name for each in runs] + [each.id for each in runs]
    near = nearest(text, known) or f"There {'is' if len(runs) == 1 else 'are'}: {_some(runs)}."
    raise DataError(f"There is no run '{text}' in '{root}'.", near, "Type `ravine runs`.")


def _some(runs: list[RunInfo]) -> str:
    """Name the newest runs, and count the others: names are long, and there may be hundreds."""
    more = f" and {len(runs) - FEW} more" if len(runs) > FEW else ""
    return f"{', '.join(each.path.name for each in runs[:FEW])}{more}"


def _latest(root: Path) -> Path:
    link = root / LATEST
    if (link / RUN_FILE).exists():
        return link.resolve()
    try:
        # where links are impossible the file holds the path, as a link would
        target = root / (link.readlink() if link.is_symlink() else link.read_text("utf-8").strip())
    except FileNotFoundError:
        runs = list_runs(root)
        if not runs:
            raise DataError(
                "There is no latest run.", f"There are no runs in '{root}'.", "Type `ravine compare digits`."
            ) from None
        return runs[0].path
    except (OSError, ValueError) as error:
        raise DataError(
            f"'{link}' does not point at a run.", f"{error}.", "Delete it; `ravine runs`."
        ) from error
    if (target / RUN_FILE).exists():
        return target.resolve()
    raise DataError(
        f"The latest run, '{target}', is gone.",
        f"'{link}' still points at it.",
        "Type `ravine runs`, name one.",
    )
