"""`Record`: the results of many training runs as arrays, whose first axis counts the runs.

    hyper   [run]          hyperparameters of the run, such as learning_rate and seed
    series  [run, time]    curves; every series has a time axis of its own length
    status  [run]          state in which the run is, such as finished or diverged
    final   [run, ...]     values at the end of training: scores, parameters

A diverged run keeps its NaN values.
"""

from __future__ import annotations

import enum
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import IO, TYPE_CHECKING, Annotated, Any

import numpy as np
from msgspec import Meta

from ravine.errors import UsageError, did_you_mean
from ravine.records.array_rules import NUMBERS, ArrayRule, Axis, check_arrays
from ravine.records.atomic_files import dump_npz, json_text, read_npz, writing
from ravine.records.documents import check_document
from ravine.records.os_errors import DamagedFile
from ravine.records.strict_json import parse_json

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Record", "Status"]

SCHEMA_VERSION = 1
Name = Annotated[str, Meta(min_length=1)]
HEAD = "record"  # array of the file with the other content as JSON
KINDS = f"{NUMBERS}U"  # of the arrays, as letters of NumPy
GROUPS: dict[str, tuple[Axis, ...]] = {"hyper": ("run",), "series": ("run", None), "final": ("run", ...)}
"""Group of arrays -> axes of its arrays."""
AXES = {"hyper": "[run]", "series": "[run, time]", "final": "[run, ...]"}
"""Group of arrays -> axes in words."""


@dataclass(frozen=True, kw_only=True)
class _Names:
    """Names of the arrays of a record in each group, in order."""

    hyper: list[Name]
    series: list[Name]
    final: list[Name]

    def __post_init__(self) -> None:
        for group in GROUPS:
            names = getattr(self, group)
            if len(set(names)) != len(names):
                raise ValueError(f"a name occurs twice in {group}")


@dataclass(frozen=True, kw_only=True)
class _Header:
    """The content of a record's file besides the arrays."""

    schema_version: int = SCHEMA_VERSION
    meta: dict[str, Any]
    names: _Names


class Status(enum.IntEnum):
    """State of one training run: pending (not ended), finished or diverged."""

    PENDING = 0
    FINISHED = 1
    DIVERGED = 2


@dataclass(frozen=True, eq=False, repr=False)
class Record:
    """Results of many training runs, as arrays with one row for each run.

    hyper: hyperparameters by name, [run] each. series: curves by name, [run, time] each. status: `Status` of
    the runs, [run]. final: values at the end of training by name, [run, ...] each. meta: further facts, which
    JSON must be able to hold.

    Raises UsageError if the shapes disagree.
    """

    hyper: Mapping[str, np.ndarray]
    series: Mapping[str, np.ndarray]
    status: np.ndarray
    final: Mapping[str, np.ndarray] = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        status = np.asarray(self.status)
        if status.ndim != 1 or (status.size and status.dtype.kind not in "iu"):
            raise UsageError(
                f"`status` has shape {status.shape} and type {status.dtype}.",
                "A record of training runs needs one Status for each run, such as Status.FINISHED.",
                "Give an array of integers with the shape [run].",
            )
        if status.size and not (status.min() >= min(Status) and status.max() <= max(Status)):
            raise UsageError(
                f"The array `status` of a record holds values from {status.min()} to {status.max()}.",
                f"Allowed for a run are {', '.join(f'{state.value} {state.name}' for state in Status)}.",
                "Give members of Status, such as Status.FINISHED.",
            )
        object.__setattr__(self, "status", status.astype(np.int8))
        for group in GROUPS:
            arrays = {name: np.asarray(array) for name, array in getattr(self, group).items()}
            for name, array in arrays.items():
                _check(group, name, array, len(status))
            object.__setattr__(self, group, arrays)
        object.__setattr__(self, "meta", dict(self.meta))

    def __len__(self) -> int:
        return len(self.status)

    @property
    def name(self) -> str:
        """Name of the record, which `named` sets; "" for a record without a name."""
        return str(self.meta.get("cohort", ""))

    def named(self, name: str) -> Record:
        """Return a copy of the record with a name, which is saved together with the record."""
        return replace(self, meta={**self.meta, "cohort": name})

    def counts(self) -> dict[str, int]:
        """Return the number of runs in each state that occurs, such as {"finished": 8, "diverged": 1}."""
        return {state.name.lower(): n for state in Status if (n := int(np.sum(self.status == state)))}

    def select(self, mask: np.ndarray | Sequence[int] | Sequence[bool]) -> Record:
        """Return a record of some runs: those where a boolean `mask` [run] is true, or those at indices [k].

        Raises UsageError for a mask of another length or an index out of range.
        """
        index = np.asarray(mask)
        if index.size == 0 and index.dtype.kind == "f":  # an empty list becomes a float array
            index = index.astype(int)
        if index.ndim != 1 or index.dtype.kind not in "biu":
            raise UsageError(
                f"Runs cannot be selected by an array of shape {index.shape} and type {index.dtype}.",
                "A selection is one boolean per run, or indices of runs.",
                "For example record.select(record.status == Status.FINISHED).",
            )
        if index.dtype.kind == "b" and len(index) != len(self):
            raise UsageError(
                f"The mask that selects runs has {len(index)} entries.",
                f"The record has {len(self)} runs.",
                "Give one boolean per run.",
            )
        if (
            index.dtype.kind != "b"
            and index.size
            and not (-len(self) <= index.min() <= index.max() < len(self))
        ):
            raise UsageError(
                f"The indices of the runs to select range from {index.min()} to {index.max()}.",
                f"There are {len(self)} runs.",
                "Count from 0.",
            )
        groups = {group: {name: a[index] for name, a in getattr(self, group).items()} for group in GROUPS}
        return replace(self, status=self.status[index], **groups)

    def without(self, *names: str) -> Record:
        """Return the record without some final values, for example without the large "parameters".

        names: names of the values at the end of training to leave out.
        """
        return replace(self, final={name: array for name, array in self.final.items() if name not in names})

    @staticmethod
    def concatenate(records: Sequence[Record]) -> Record:
        """Return one record with all runs of several records, one record after another.

        Entries of `meta` that are equal in all records stay. The others become `meta["parts"]`, one
        dictionary per record. Raises UsageError if names, types or shapes differ, or if there are no records.
        """
        records = list(records)
        if not records:
            raise UsageError(
                "There are no records to concatenate.", "The list is empty.", "Give at least one record."
            )
        first = records[0]
        groups = {
            group: {name: _joined(group, name, records) for name in _shared_names(group, records)}
            for group in GROUPS
        }
        status = np.concatenate([record.status for record in records])
        return replace(first, status=status, meta=_joined_meta([r.meta for r in records]), **groups)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the record to an NPZ file, completely or not at all; equal records give equal bytes.

        Raises DataError if the file cannot be written, and UsageError for an array that a file cannot hold.
        """
        with writing(path) as file:
            self.dump(file)

    def dump(self, file: IO[bytes]) -> None:
        """Write the record to an open file, as `save` does."""
        names = {group: list(getattr(self, group)) for group in GROUPS}  # the file itself is sorted
        header = {"schema_version": SCHEMA_VERSION, "meta": self.meta, "names": names}
        head = json_text(header, sort=False, indent=None)
        arrays = {HEAD: np.frombuffer(head.encode("utf-8"), np.uint8), "status": self.status}
        for group in GROUPS:
            arrays |= {f"{group}/{name}": array for name, array in getattr(self, group).items()}
        dump_npz(file, arrays)

    @classmethod
    def load(cls, path: str | os.PathLike[str], file: IO[bytes] | None = None) -> Record:
        """Return the record of training runs that `save` wrote to an NPZ file.

        file: the file, opened for reading; None opens `path`. Raises DataError if the file is missing,
        NewerFile if a newer version of Ravine wrote it, and DamagedFile if the file is incomplete or changed,
        or holds no record.
        """
        subject, arrays = f"'{path}'", read_npz(path, file)
        head = arrays.pop(HEAD, None)
        if head is None or head.dtype != np.uint8:
            raise DamagedFile(
                f"{subject} holds no record.",
                "It is an NPZ file with other content.",
                "Name a file in the folder cohorts/ of a run.",
            )
        header = check_document(parse_json(head.tobytes(), subject), _Header, subject)
        names = {group: getattr(header.names, group) for group in GROUPS}
        rules = {"status": ArrayRule("iu", ("run",), within=(min(Status), max(Status)))}
        for group, axes in GROUPS.items():
            rules |= {f"{group}/{name}": ArrayRule(KINDS, axes) for name in names[group]}
        check_arrays(arrays, rules, subject)
        groups = {group: {name: arrays[f"{group}/{name}"] for name in names[group]} for group in GROUPS}
        return cls(status=arrays["status"], meta=header.meta, **groups)

    def frame(self, series: str | Sequence[str] | None = None) -> pd.DataFrame:
        """Return the results of training runs as a pandas table: one row per run, or per run and time.

        series: names of curves to include; with them, the table has one row per run and time. The columns are
        `run`, `time` (only with curves), the hyperparameters, and `status` in words. The last columns are the
        curves; without curves, the final values that are one number per run. A column whose name is taken
        gets the prefix `hyper_`, `final_` or `series_`. Raises UsageError for an unknown curve, or for curves
        of different lengths.
        """
        import pandas as pd

        names = [series] if isinstance(series, str) else None if series is None else list(series)
        for name in names or []:
            if name not in self.series:
                raise UsageError(f"There is no series '{name}'.", "", did_you_mean(name, self.series))
        status = np.array([Status(state).name.lower() for state in self.status], dtype=object)
        columns: dict[str, np.ndarray] = {"run": np.arange(len(self))}
        reserved_names = {"run", "time", "status"}
        if not names:
            columns |= {_free("hyper", name, reserved_names): array for name, array in self.hyper.items()}
            columns["status"] = status
            flat = {name: array for name, array in self.final.items() if array.ndim == 1}
            return pd.DataFrame(
                columns | {_free("final", name, reserved_names): array for name, array in flat.items()}
            )
        lengths = {name: self.series[name].shape[1] for name in names}
        times = lengths[names[0]]
        if len(set(lengths.values())) > 1:
            raise UsageError(
                f"The series (curves) of the table differ in length: {lengths}.",
                "",
                "Make one table for each length.",
            )
        columns = {"run": np.repeat(columns["run"], times), "time": np.tile(np.arange(times), len(self))}
        columns |= {
            _free("hyper", n, reserved_names): np.repeat(array, times) for n, array in self.hyper.items()
        }
        columns["status"] = np.repeat(status, times)
        return pd.DataFrame(
            columns | {_free("series", n, reserved_names): self.series[n].ravel() for n in names}
        )

    def __repr__(self) -> str:
        counts = ", ".join(f"{n} {name}" for name, n in self.counts().items()) or "none"
        lines = [f"Record of {len(self)} run{'s' * (len(self) != 1)}: {counts}"]
        lines += [f"  hyper   {', '.join(_range(n, a) for n, a in self.hyper.items())}"] * bool(self.hyper)
        for group in ("series", "final"):
            shapes = ", ".join(f"{name} {list(a.shape)}" for name, a in getattr(self, group).items())
            lines += [f"  {group:<6}  {shapes}"] * bool(shapes)
        if self.meta:
            shown = ", ".join(f"{key}={value!r:.40}" for key, value in list(self.meta.items())[:8])
            lines.append(f"  meta    {shown}{', ...' * (len(self.meta) > 8)}")
        return "\n".join(lines)


def _check(group: str, name: str, array: np.ndarray, runs: int) -> None:
    wanted = {"hyper": array.ndim == 1, "series": array.ndim == 2, "final": array.ndim >= 1}[group]
    if not isinstance(name, str) or not name:
        raise UsageError(
            f"{name!r} cannot name an entry of {group}.", "Names are text and not empty.", "Rename it."
        )
    if not wanted or array.shape[0] != runs:
        raise UsageError(
            f"{group}['{name}'] has shape {list(array.shape)}.",
            f"There are {runs} runs, and each array in `{group}` of a record has the axes {AXES[group]}.",
            "Put the runs on the first axis, one entry for each.",
        )
    if array.dtype.hasobject:
        raise UsageError(
            f"{group}['{name}'] is an array of objects.", "A record holds plain arrays.", "Convert it first."
        )


def _shared_names(group: str, records: Sequence[Record]) -> list[str]:
    names = [list(getattr(record, group)) for record in records]
    for index, other in enumerate(names):
        if difference := set(other) ^ set(names[0]):
            raise UsageError(
                f"Records 0 and {index} differ in {group}: {', '.join(sorted(difference))}.",
                "Only records with the same entries can be joined.",
                "Remove the other entries, or add the missing ones.",
            )
    return names[0]


def _joined(group: str, name: str, records: Sequence[Record]) -> np.ndarray:
    arrays = [getattr(record, group)[name] for record in records]
    for index, array in enumerate(arrays):
        if array.shape[1:] != arrays[0].shape[1:] or array.dtype.kind != arrays[0].dtype.kind:
            raise UsageError(
                f"{group}['{name}'] is {list(arrays[0].shape)} {arrays[0].dtype} in record 0 and "
                f"{list(array.shape)} {array.dtype} in record {index}.",
                "Arrays of records that are joined may differ only in the number of runs.",
                "Join records of trainings with the same network and number of steps.",
            )
    return np.concatenate(arrays)


def _joined_meta(metas: Sequence[Mapping[str, object]]) -> dict[str, object]:
    texts = [{key: json_text(value) for key, value in meta.items()} for meta in metas]
    shared = [key for key, text in texts[0].items() if all(other.get(key) == text for other in texts)]
    rest = [{key: value for key, value in meta.items() if key not in shared} for meta in metas]
    return {key: metas[0][key] for key in shared} | ({"parts": rest} if any(rest) else {})


def _free(group: str, name: str, names: set[str]) -> str:
    while name in names:
        name = f"{group}_{name}"
    names.add(name)
    return name


def _range(name: str, array: np.ndarray) -> str:
    if array.dtype.kind not in "biuf" or not array.size:
        values = sorted(set(array.tolist()))
        return f"{name} {', '.join(map(str, values[:4]))}{', ...' * (len(values) > 4)}"
    low, high = np.nanmin(array) if not np.isnan(array).all() else np.nan, np.nan
    high = low if np.isnan(low) else np.nanmax(array)
    return f"{name} {low:.4g}" if low == high else f"{name} {low:.4g} to {high:.4g}"
