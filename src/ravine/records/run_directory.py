"""The run directory: the folder with all files of one command, complete at any moment.

`ravine resume` can continue the command from these files, even after `kill -9`.

run.json              command, versions, data, seed, state
config.toml           all settings of the command; a valid file for its option -c
plan.json             planned trainings, written before the first one
cohorts/<id>.npz      results (Record) of a finished cohort: runs that trained side by side
state/<name>.npz      state from which `ravine resume` continues
models/best/          model.safetensors, model.json
result.json, leaderboard.csv, events.jsonl, log.txt
"""

from __future__ import annotations

import datetime
import os
import re
import sys
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ravine.errors import UsageError
from ravine.records.atomic_files import (
    DamagedFile,
    flush_folder,
    os_errors_as_data_errors,
    read_npz,
    remove_temporaries,
    write_json,
    write_npz,
)
from ravine.records.content_hash import content_hash
from ravine.records.lock import WriterLock
from ravine.records.run_file import RUN_FILE, STATES, RunData, RunFile, read_run_file
from ravine.records.run_index import LATEST, find_run
from ravine.records.run_paths import (
    check_run_folder,
    create_run_folder,
    remember_elsewhere,
    slug,
    update_latest_link,
)

if TYPE_CHECKING:
    import numpy as np

    from ravine.records.record import Record

__all__ = ["RunDirectory"]


class RunDirectory:
    """The files of one run on disk, to read them, or to write them while holding the lock of the folder.

    `create` makes a new run and returns its writer. `open` returns a reader, which `lock` turns into the
    writer. A `with` block or `close` releases the lock for the next writer. metadata: content of run.json.
    """

    def __init__(self, path: Path, metadata: RunFile, lock: WriterLock | None = None) -> None:
        self.path = path
        self.metadata = metadata
        self._lock = lock or WriterLock(path)

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
        `data_sha256` and `split_hash`. more: further entries of run.json.

        Raises DataError if `out` is not empty or the folder cannot be written, and UsageError if `out` is "".
        """
        from ravine.version import __version__

        check_run_folder(out)
        now = datetime.datetime.now(datetime.UTC)
        metadata = RunFile(
            # the id depends on time and process, so the same command twice makes two runs
            id=content_hash([str(name), list(command), os.getpid(), time.time_ns(), uuid.uuid4().hex], 8),
            verb=verb,
            state="running",
            created=now.isoformat(timespec="milliseconds"),
            command=list(map(str, command)),
            versions={"ravine": __version__, "python": sys.version.split()[0]} | dict(versions or {}),
            data=RunData(name=str(name), sha256=data_sha256),
            split_hash=split_hash,
            seed=seed,
            pid=os.getpid(),
            host=os.uname().nodename,
            more=more,
        )
        if out is None:
            path = Path(root) / f"{now:%Y%m%d-%H%M%S}-{slug(name)}-{metadata.id}"
            with os_errors_as_data_errors(path):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.mkdir()
            lock = WriterLock(path)
            lock.take()
        else:
            path = Path(out)
            lock = create_run_folder(path)
        try:
            write_json(path / RUN_FILE, metadata.to_dict())
            run = cls(path, metadata, lock)
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
        self._lock.take()
        for folder in (self.path, self.cohorts, self.state, self.path / "models", self.models):
            remove_temporaries(folder)
        self.metadata = read_run_file(self.path)  # the previous writer may have changed it
        return self

    @property
    def locked(self) -> bool:
        """Whether this object is the writer of the run."""
        return self._lock.held

    def close(self) -> None:
        """Release the lock for the next writer."""
        self._lock.release()

    def __enter__(self) -> RunDirectory:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"RunDirectory('{self.path}', {self.metadata.verb}, {self.metadata.state})"

    def _writable(self, path: Path) -> Path:
        if not self.locked:
            raise UsageError(
                f"'{path}' was not written.", "This run was opened for reading.", "Call lock() first."
            )
        with os_errors_as_data_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        return path

    # ----------------------------------------------------------------------------------------------- its
    # paths

    @property
    def id(self) -> str:
        """Eight hexadecimal digits that name the run."""
        return self.metadata.id

    @property
    def config(self) -> Path:
        """Path of the resolved configuration."""
        return self.path / "config.toml"

    @property
    def plan(self) -> Path:
        """Path of the planned trainings."""
        return self.path / "plan.json"

    @property
    def cohorts(self) -> Path:
        """Folder of the finished cohorts."""
        return self.path / "cohorts"

    @property
    def state(self) -> Path:
        """Folder of the states of unfinished cohorts."""
        return self.path / "state"

    @property
    def models(self) -> Path:
        """Folder of the best model."""
        return self.path / "models" / "best"

    @property
    def result(self) -> Path:
        """Path of the result of the command, the JSON that the option `--json` prints."""
        return self.path / "result.json"

    @property
    def events(self) -> Path:
        """Path of the events that the command reported, one JSON object per line."""
        return self.path / "events.jsonl"

    @property
    def log_file(self) -> Path:
        """Path of the log."""
        return self.path / "log.txt"

    # ------------------------------------------------------------------------------------------- its contents

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
        write_json(self._writable(self.path / RUN_FILE), updated.to_dict())
        self.metadata = updated

    def log(self, line: str) -> None:
        """Append one line to log.txt of the run, with the time in UTC before it."""
        path = self._writable(self.log_file)
        stamp = f"{datetime.datetime.now(datetime.UTC):%Y-%m-%dT%H:%M:%SZ}"
        text = " ".join(str(line).splitlines())
        with os_errors_as_data_errors(path), path.open("ab", buffering=0) as file:
            file.write(f"{stamp} {text}\n".encode("utf-8", "backslashreplace"))

    def save_cohort(self, cohort: str, record: Record) -> None:
        """Write the record of a finished cohort to cohorts/<cohort>.npz.

        Raises DataError if the file cannot be written, and UsageError if this object is not the writer.
        """
        record.save(self._writable(self._file(self.cohorts, cohort)))

    def has_cohort(self, cohort: str) -> bool:
        """Return whether the run holds the complete record of a cohort, which then need not train again.

        A damaged file counts as absent. The writer of the run notes it in the log.
        """
        if not self._file(self.cohorts, cohort).exists():
            return False
        try:
            self.load_cohort(cohort)
        except DamagedFile as error:
            self._note(f"cohort {cohort} is damaged and counts as absent: {error}")
            return False
        return True

    def load_cohort(self, cohort: str) -> Record:
        """Return the record of a finished cohort, which holds the results of its runs.

        Raises DataError if its file is absent, and DamagedFile if its file is damaged.
        """
        from ravine.records.record import Record

        return Record.load(self._file(self.cohorts, cohort))

    def save_state(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Write arrays to state/<name>.npz, over the old file. A resumed command continues from them."""
        write_npz(self._writable(self._file(self.state, name)), arrays)

    def load_state(self, name: str) -> dict[str, np.ndarray] | None:
        """Return the arrays from which a resumed command continues; None if their file is absent or damaged.

        name: name under which `save_state` wrote the arrays. A damaged file is noted in the log of the run,
        if the run is open for writing.
        """
        path = self._file(self.state, name)
        if not path.exists():
            return None
        try:
            return read_npz(path)
        except DamagedFile as error:
            self._note(f"state {name} is damaged and counts as absent: {error}")
            return None

    def drop_state(self, name: str) -> None:
        """Delete the file that `save_state` wrote, if it exists; no resumed command needs it any more."""
        path = self._writable(self._file(self.state, name))
        with os_errors_as_data_errors(path):
            path.unlink(missing_ok=True)
            flush_folder(path.parent)

    def _note(self, line: str) -> None:
        if self.locked:  # a reader writes nothing
            self.log(line)

    def _file(self, folder: Path, name: str) -> Path:
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,150}", name):
            raise UsageError(
                f"{name!r} cannot name a file.",
                "A name has 1 to 151 letters, digits, '.', '_' and '-'; the first is not '.' or '-'.",
            )
        return folder / f"{name}.npz"
