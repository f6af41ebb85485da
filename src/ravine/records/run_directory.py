"""The run directory: the folder with all files of one command, complete at any moment.

`ravine resume` can continue the command from these files, even after `kill -9`.

run.json              command, versions, data, seed, state
config.toml           all settings of the command; a valid file for its option -c
plan.json             planned trainings, written before the first one
cohorts/<id>.npz      results (Record) of a finished cohort: runs that trained side by side
state/<name>.npz      state from which `ravine resume` continues
models/best/          model.safetensors, model.json
result.json           the result, without times and without the path of the folder
times.json            seconds and facts about the machine, which differ from run to run
MANIFEST              digests of all files that are read back
leaderboard.csv, events.jsonl, log.txt, pictures/
.lock, .tmp/          the writer, and its unfinished files
"""

from __future__ import annotations

import os
import re
import sys
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ravine.errors import UsageError
from ravine.records.atomic_files import dump_npz
from ravine.records.clock import time_stamp, utc_now
from ravine.records.lock import WriterLock
from ravine.records.manifest import BEST_MODEL, FIRST_SCHEMA
from ravine.records.os_errors import DamagedFile, os_errors_as_data_errors
from ravine.records.run_file import RUN_FILE, STATES, RunData, RunFile, read_run_file
from ravine.records.run_index import LATEST, find_run
from ravine.records.run_paths import (
    check_run_folder,
    create_run_folder,
    remember_elsewhere,
    slug,
    update_latest_link,
)
from ravine.records.verified_files import VerifiedFiles

if TYPE_CHECKING:
    import numpy as np

    from ravine.records.record import Record

__all__ = ["BEST_MODEL", "CONFIG", "PLAN", "RESULT", "TIMES", "RunDirectory"]

CONFIG, PLAN, RESULT, TIMES = "config.toml", "plan.json", "result.json", "times.json"
EVENTS, LOG = "events.jsonl", "log.txt"


class RunDirectory(VerifiedFiles):
    """The files of one run on disk, to read them, or to write them while holding the lock of the folder.

    `create` makes a new run and returns its writer. `open` returns a reader, which `lock` turns into the
    writer. A `with` block or `close` releases the lock for the next writer. metadata: content of run.json.
    """

    def __init__(self, path: Path, metadata: RunFile, lock: WriterLock | None = None) -> None:
        super().__init__(path, lock)
        self.metadata = metadata

    @classmethod
    def create(
        cls,
        root: str | os.PathLike[str] = "runs",
        name: str = "data",
        *,
        out: str | os.PathLike[str] | None = None,
        command: Sequence[str] = (),
        verb: str = "compare",
        versions: Mapping[str, str] | None = None,
        seed: int | None = None,
        data_sha256: str | None = None,
        split_hash: str | None = None,
        **more: object,
    ) -> RunDirectory:
        """Create the folder of a new run, `root/<UTC time>-<name>-<id>/` or `out`, and return its writer.

        If `root` exists, `root/latest` then points to the new folder. A run in `out` does not create `root`,
        but `ravine runs` lists the run. `update` later adds facts that are not known yet, such as
        `data_sha256` and `split_hash`. more: further entries of run.json. The name of the folder lacks the
        time if the clock is wrong.

        Raises DataError if `out` is not empty or the folder cannot be written, and UsageError if `out` is "".
        """
        from ravine.version import __version__

        check_run_folder(out)
        now = utc_now()
        metadata = RunFile(
            id=uuid.uuid4().hex[:8],  # random, so the same command twice makes two runs
            verb=verb,
            state="running",
            created=time_stamp(),
            command=list(map(str, command)),
            versions={"ravine": __version__, "python": sys.version.split()[0]} | dict(versions or {}),
            data=RunData(name=str(name), sha256=data_sha256),
            split_hash=split_hash,
            seed=seed,
            more=more,
        )
        if out is None:
            time = "" if now is None else f"{now:%Y%m%d-%H%M%S}-"
            path = Path(root) / f"{time}{slug(name)}-{metadata.id}"
            with os_errors_as_data_errors(path):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.mkdir()
            lock = WriterLock(path)
            lock.take()
        else:
            path = Path(out)
            lock = create_run_folder(path)
        try:
            run = cls(path, metadata, lock)
            run.begin_manifest()
            run.write_json(RUN_FILE, metadata.to_dict())
            run.log(f"{verb} {name}: {' '.join(map(str, command))}")
            for note_run in (remember_elsewhere, update_latest_link):
                if problem := note_run(Path(root), path):  # the run itself is complete without it
                    run.log(problem)
        except BaseException:
            lock.release()
            raise
        return run

    @classmethod
    def open(
        cls, run: str | os.PathLike[str] = LATEST, root: str | os.PathLike[str] = "runs"
    ) -> RunDirectory:
        """Return a reader of an existing run: `latest`, a path, a name, or an id or its beginning.

        Raises DataError if no run or more than one fits, and if its run.json cannot be read.
        """
        path = find_run(run, root)
        return cls(path, read_run_file(path))

    # ------------------------------------------------------------------------------------------- one writer

    def lock(self) -> RunDirectory:
        """Take the lock to become the writer of the run, and delete temporary files of a killed writer.

        Raises DataError if another process is the writer.
        """
        if not self.locked:
            self.take_lock()
            try:
                self.metadata = read_run_file(self.path)  # the previous writer may have changed it
            except BaseException:
                self.close()
                raise
        return self

    @property
    def verified(self) -> bool:
        """Whether the run has a manifest; False for a run of an older version of Ravine."""
        return self.metadata.schema_version >= FIRST_SCHEMA

    def __repr__(self) -> str:
        return f"RunDirectory('{self.path}', {self.metadata.verb}, {self.metadata.state})"

    # ----------------------------------------------------------------------------------------------- paths

    @property
    def id(self) -> str:
        """Eight hexadecimal digits that name the run."""
        return self.metadata.id

    @property
    def models(self) -> Path:
        """Folder of the best model, only to show it: files are read and written by their name."""
        return self.path / BEST_MODEL

    # --------------------------------------------------------------------------------------------- contents

    def update(self, **fields: object) -> None:
        """Set entries of run.json, such as `state="finished"`; `data` changes the entries that it holds.

        Raises UsageError for an unknown state, for a change of the id or the schema version, and if this
        object is not the writer of the run.
        """
        if fields.get("state", "running") not in STATES:
            raise UsageError(f"'{fields['state']}' is no run state.", "", f"Use one of {', '.join(STATES)}.")
        for key in ("schema_version", "id"):
            if key in fields:
                raise UsageError(
                    f"The {key} of a run cannot be changed.", "Other files refer to it.", "Create a new run."
                )
        updated = self.metadata.updated(**fields)
        self.write_json(RUN_FILE, updated.to_dict())
        self.metadata = updated

    def log(self, line: str) -> None:
        """Append one line to log.txt of the run, with the time in UTC before it."""
        self.append(LOG, f"{time_stamp()} {' '.join(str(line).splitlines())}\n")

    def log_event(self, text: str) -> None:
        """Append lines to events.jsonl of the run, if its folder still exists."""
        if self.has_folder():
            self.append(EVENTS, text)

    def save_times(self, **times: object) -> None:
        """Add entries to times.json: seconds and facts about the machine, which no result depends on."""
        self.write_json(TIMES, {**self.load_times(), **times})

    def load_times(self) -> dict[str, Any]:
        """Return the entries of times.json; empty if the file does not exist.

        The manifest does not cover the file. Raises DamagedFile if it is no JSON object.
        """
        if not self.has(TIMES):
            return {}
        times = self.read_json(TIMES)
        if not isinstance(times, dict):
            raise DamagedFile(
                f"'{self.path / TIMES}' is damaged.", "It holds no object.", "Delete it; it holds only times."
            )
        return times

    def save_cohort(self, cohort: str, record: Record) -> None:
        """Write the record of a finished cohort to cohorts/<cohort>.npz.

        Raises DataError if the file cannot be written, and UsageError if this object is not the writer.
        """
        with self.writing(_file("cohorts", cohort)) as file:
            record.dump(file)

    def find_cohort(self, cohort: str) -> Record | None:
        """Return the record of a cohort, which then need not train again; None if it is absent.

        A damaged file counts as absent. The writer of the run notes it in the log.
        """
        if not self.has(_file("cohorts", cohort)):
            return None
        try:
            return self.load_cohort(cohort)
        except DamagedFile as error:
            self._note(f"cohort {cohort} is damaged and counts as absent: {error}")
            return None

    def load_cohort(self, cohort: str) -> Record:
        """Return the record of a finished cohort, which holds the results of its runs.

        Raises DataError if its file is absent, and DamagedFile if its file is damaged.
        """
        from ravine.records.record import Record

        name = _file("cohorts", cohort)
        with self.open_file(name) as file:
            return Record.load(self.path / name, file)

    def save_state(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Write arrays to state/<name>.npz, over the old file. A resumed command continues from them."""
        with self.writing(_file("state", name), flush=False) as file:
            dump_npz(file, arrays)

    def load_state(self, name: str) -> dict[str, np.ndarray] | None:
        """Return the arrays from which a resumed command continues; None if their file is absent or damaged.

        name: name under which `save_state` wrote the arrays. A damaged file is noted in the log of the run,
        if the run is open for writing.
        """
        if not self.has(_file("state", name)):
            return None
        try:
            return self.read_npz(_file("state", name))
        except DamagedFile as error:
            self._note(f"state {name} is damaged and counts as absent: {error}")
            return None

    def drop_state(self, name: str) -> None:
        """Delete the file that `save_state` wrote, if it exists; no resumed command needs it any more."""
        self.delete(_file("state", name))

    def _note(self, line: str) -> None:
        if self.locked:  # a reader writes nothing
            self.log(line)


def _file(folder: str, name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,150}", name):
        raise UsageError(
            f"{name!r} cannot name a file.",
            "A name has 1 to 151 letters, digits, '.', '_' and '-'; the first is not '.' or '-'.",
        )
    return f"{folder}/{name}.npz"
