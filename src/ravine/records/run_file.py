"""The file `run.json` of a run directory: command, versions, data, seed and state of the run."""

from __future__ import annotations

import datetime
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from msgspec import Meta

from ravine.errors import DataError
from ravine.records.documents import check_document
from ravine.records.manifest import RUN_FILE, RUN_FILE_BYTES, read_verified
from ravine.records.run_folder import RunFolder
from ravine.records.strict_json import parse_json

__all__ = ["RUN_FILE", "STATES", "RunData", "RunFile", "State", "read_run_file", "summary_text"]

MORE = "more"  # field of RunFile for the keys that it does not know

State = Literal["running", "finished", "stopped", "failed"]
"""State of a run, as its command last wrote it."""
STATES: tuple[str, ...] = get_args(State)
"""All states of a run."""
Setting = bool | int | float | str | list[str] | None
"""Value of an option."""


@dataclass(frozen=True, kw_only=True)
class RunData:
    """The data of a run: name and hashes, which are None until the data are read."""

    name: str = ""
    """File name without its ending, or built-in name."""
    sha256: str | None = None
    """SHA-256 of the source."""
    test: str | None = None
    """Hash of the test rows."""


@dataclass(frozen=True, kw_only=True)
class RunFile:
    """The content of the file `run.json`.

    Raises ValueError if `created` is not a time.
    """

    schema_version: int = 3
    """Version of the fields."""
    id: Annotated[str, Meta(pattern="^[0-9A-Za-z]{1,64}$")]
    """Digits that name the run."""
    verb: str
    """Command that made the run, such as `compare`."""
    state: State
    """State of the run when its command last wrote the file."""
    created: str
    """Time at which the run began, ISO 8601 with time zone; empty if the clock was wrong."""
    command: list[str] = field(default_factory=list)
    """Words of the command line."""
    versions: dict[str, str] = field(default_factory=dict)
    """Versions of Ravine, Python and libraries, by name."""
    data: RunData = field(default_factory=RunData)
    """The data of the run."""
    split_hash: str | None = None
    """Hash of the split into development and test rows; None until the data are read."""
    seed: int | None = None
    """Root seed of the run."""
    summary: str | None = None
    """The result in one line, or the error that ended the run; None before the end."""
    settings: dict[str, Setting] | None = None
    """Values of all options by key; None until the data are read."""
    code: dict[str, str] = field(default_factory=dict)
    """SHA-256 of the user's Python files that the settings name, by path."""
    more: dict[str, Any] = field(default_factory=dict)
    """Further entries of the file, of which this version of Ravine knows nothing."""

    def __post_init__(self) -> None:
        if not self.created:
            return
        try:
            year = datetime.datetime.fromisoformat(self.created).year
        except ValueError:
            year = 0
        if not datetime.MINYEAR < year < datetime.MAXYEAR:  # the first and last year have no other time zones
            raise ValueError(f"created is {self.created[:40]!r}; allowed is a time in ISO 8601.")

    def updated(self, **changes: object) -> RunFile:
        """Return a copy with other entries. A dictionary for `data` changes the entries that it holds.

        Entries that are no field become entries of `more`.
        """
        known = {name: value for name, value in changes.items() if name in KEYS}
        more = {name: value for name, value in changes.items() if name not in KEYS}
        if isinstance(data := known.get("data"), Mapping):
            known["data"] = replace(self.data, **data)
        return replace(self, **known, more={**self.more, **more})  # type: ignore[arg-type]

    def to_dict(self) -> dict[str, Any]:
        """Return the content of the file as plain values by name."""
        values = {name: getattr(self, name) for name in KEYS}
        plain = {name: vars(value) if is_dataclass(value) else value for name, value in values.items()}
        return {**self.more, **plain}


KEYS = tuple(item.name for item in fields(RunFile) if item.name != MORE)
"""Names of the entries of the file that this version knows."""


def read_run_file(folder: str | os.PathLike[str]) -> RunFile:
    """Return the content of the file `run.json` in a run directory.

    Raises DataError if the file is missing, NewerFile if a newer version of Ravine wrote it, and DamagedFile
    if it is damaged or was changed.
    """
    path, run = Path(folder) / RUN_FILE, RunFolder(folder)
    if not run.has(RUN_FILE):
        raise DataError(f"'{folder}' is not a run.", f"It has no {RUN_FILE}.", "Type `ravine runs`.")
    plain = parse_json(read_verified(run, RUN_FILE, RUN_FILE_BYTES), f"'{path}'")
    if isinstance(plain, dict):
        known = {name: value for name, value in plain.items() if name in KEYS}
        plain = {**known, MORE: {name: value for name, value in plain.items() if name not in KEYS}}
    return check_document(plain, RunFile, f"'{path}'", _from_version_1)


def _from_version_1(plain: dict[str, Any], version: int) -> dict[str, Any]:
    """Return the entries of a file of version 1, whose summary was an object, with a summary in one line."""
    summary = plain.get("summary")
    if not isinstance(summary, Mapping):
        return plain
    score, tied = summary.get("score"), summary.get("tied")
    text = summary_text(
        str(summary.get("winner")),
        len(tied) if isinstance(tied, list) else 0,
        str(summary.get("metric")),
        float(score) if isinstance(score, int | float) else None,
    )
    return {**plain, "summary": text}


def summary_text(winner: str, tied: int, metric: str, score: float | None) -> str:
    """Return the result of a comparison in one line, such as `adam and 2 tied, accuracy 0.9767`.

    winner: best optimizer or configuration. tied: number of others that the data cannot distinguish from it.
    """
    shown = "" if score is None else f", {metric} {score:.4g}"
    return f"{winner}{f' and {tied} tied' if tied else ''}{shown}"
