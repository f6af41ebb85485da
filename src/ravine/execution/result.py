"""Typed results of studies, which `--json` prints and `resume` loads.

A result is a frozen dataclass of plain values. Models, records and arrays, which JSON cannot hold, are its
`artifacts`. The text of a field states its unit. Reading a result needs no JAX.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, ClassVar, Self

from ravine.errors import DataError
from ravine.execution.json_document import JsonDocument, Plain
from ravine.execution.result_parts import DataFacts

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from ravine.execution.data_settings import DataSettings
    from ravine.execution.saved_model import Model
    from ravine.records.array_rules import ArrayRule
    from ravine.records.record import Record
    from ravine.records.run_directory import RunDirectory
    from ravine.render.blocks import Block

__all__ = [
    "ARRAYS", "PREDICTIONS", "SCHEMA_VERSION", "Artifacts", "Document", "Plain", "Result", "StudyPlan",
]  # fmt: skip

SCHEMA_VERSION = 2  # of the documents of studies
ARRAYS = "arrays.npz"  # in the run's folder
PREDICTIONS = "predictions.npz"  # in the run's folder


@dataclass(frozen=True)
class Artifacts:
    """The parts of a result that its JSON cannot hold: model, records, arrays and configurations.

    A run directory stores them as files.

    model: best network. records: curves, status and final values of all runs, by cohort. arrays: content of
    `arrays.npz`. configurations: settings by file name, such as `best.toml`. predictions: content of
    `predictions.npz`.
    """

    model: Model | None = None
    records: Mapping[str, Record] = field(default_factory=dict)
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)
    configurations: Mapping[str, DataSettings] = field(default_factory=dict)
    predictions: Mapping[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Document(JsonDocument):
    """The base of the two JSON documents of a study: its result, and the plan that a dry run shows."""

    view_name: ClassVar[str] = "view"
    """The function of the study's `view` module that shows this document."""

    schema_version: int = SCHEMA_VERSION
    """Version of this document's fields."""
    study: str
    """Name of the study."""
    data: DataFacts
    """The data of the study."""

    @classmethod
    def name_of(cls, document: Mapping[str, Plain]) -> str:
        """Return words that name a document in error messages, such as `A result of compare`."""
        study = document.get("study") if isinstance(document, Mapping) else None
        return f"A result of {study if isinstance(study, str) else 'a study'}"

    def view(self) -> Sequence[Block]:
        """Return the report on this document as blocks, made by the `view` module of its study.

        A block is a heading, a paragraph, a table, a chart or a list of commands.
        """
        package = type(self).__module__.rpartition(".")[0]
        blocks: Sequence[Block] = resolve_name(f"{package}.view:{self.view_name}")(self)
        return blocks

    def report(self) -> Sequence[Block]:
        """Return the report for Python users: notes on the data, then the blocks that `view()` returns.

        The sentences of the report name Python keywords in place of command-line flags.
        """
        from ravine.execution.python_words import in_python_words
        from ravine.render.blocks import Items

        notes = [Items(self.data.notes, title="Notes on the data")] if self.data.notes else []
        return in_python_words([*notes, *self.view()])

    def view_to_dict(self) -> dict[str, Plain]:
        """Return the blocks that `report()` returns as plain values, for a web page that draws them."""
        from ravine.render.view_json import view_to_dict

        return view_to_dict(self.report())

    def __repr__(self) -> str:
        from ravine.render.text import text

        return text(self.report(), 100)

    def _repr_html_(self) -> str:
        from ravine.render.html import html

        return html(self.report())


@dataclass(frozen=True, kw_only=True, repr=False)
class StudyPlan(Document):
    """The base of the plans of all studies: planned trainings and time, which `--dry-run` shows."""

    view_name: ClassVar[str] = "plan_view"
    """The function of the study's `view` module that shows this plan."""
    estimated_seconds: float
    """Estimated wall-clock seconds on this machine."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Result(Document):
    """The base of the results of all studies, with the run directory and access to model and curves."""

    times: ClassVar[tuple[str, ...]] = ("seconds",)
    """Names of the fields that hold wall-clock times, which differ from run to run and lie in `times.json`.
    A name such as `leaderboard.seconds_to_target` is a field of every row of a list."""
    run_dir: str | None = None
    """Path of the run directory; null if the study wrote none."""
    source: str = ""
    """File or built-in name of the data; empty for data from Python."""

    @property
    def artifacts(self) -> Artifacts:
        """Model, records and arrays of this result in memory; empty if the result was read from a file."""
        artifacts: Artifacts = self.__dict__.get("_artifacts", Artifacts())
        return artifacts

    def with_artifacts(self, artifacts: Artifacts) -> Self:
        """Return a copy of the result that holds other artifacts: model, records and arrays."""
        copy = dataclasses.replace(self)
        object.__setattr__(copy, "_artifacts", artifacts)
        return copy

    def replace(self, **changes: Any) -> Self:
        """Return a copy of the result with other values of some fields and the same artifacts."""
        return dataclasses.replace(self, **changes).with_artifacts(self.artifacts)

    @property
    def path(self) -> Path | None:
        """The run directory as a `Path`; None if the study wrote no directory."""
        return None if self.run_dir is None else Path(self.run_dir)

    @property
    def model(self) -> Model:
        """The best network of the study, ready to predict, read from the run directory if needed.

        Raises DataError if neither this result nor its run directory holds a model.
        """
        if self.artifacts.model is not None:
            return self.artifacts.model
        if self.run_dir is None:
            raise DataError(
                f"This result of {self.study} has no model.",
                "It has no run directory to read one from.",
                "Give out=DIR.",
            )
        model: Model = resolve_name("ravine.execution.saved_model:Model").load(self.run_dir)
        return model

    @property
    def records(self) -> Mapping[str, Record]:
        """The curves and final values of all runs, one record for each cohort, such as "tune adam".

        A cohort is a set of runs that were trained together. The records are read from the run directory if
        needed. A record that version 1 of Ravine wrote is named after its file.
        """
        if self.artifacts.records or self.run_dir is None:
            return self.artifacts.records
        run = self._run_directory()
        names = [Path(name).stem for name in run.names("cohorts")]
        records = {name: run.load_cohort(name) for name in names}
        return {record.name or stem: record for stem, record in records.items()}

    @property
    def arrays(self) -> Mapping[str, np.ndarray]:
        """The arrays that belong to this result, by name, read from the run directory if needed."""
        if self.artifacts.arrays or self.run_dir is None:
            return self.artifacts.arrays
        return self._run_directory().read_arrays(ARRAYS, self.array_rules())

    def array_rules(self) -> Mapping[str, ArrayRule]:
        """Return the types and shapes of `arrays` by name; the base class allows none."""
        return {}

    def _run_directory(self) -> RunDirectory:
        """Return a reader of the run directory, which compares each file with the manifest of the run."""
        run: RunDirectory = resolve_name("ravine.records.run_directory:RunDirectory").open(self.run_dir)
        return run

    def summary(self) -> str:
        """Return the result in one line, for `ravine runs`. Raises NotImplementedError in this base class."""
        raise NotImplementedError(f"{type(self).__name__}.summary")

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the tables of this result that a run directory gets as CSV files, by file name.

        The names lack the ending `.csv`. In this base class there are no tables.
        """
        return {}

    def incomplete(self) -> bool:
        """Return whether a part that the user asked for has no result, such as a seed whose run diverged.

        The exit status of the command reports it. A diverged trial of tuning is a result, not a missing part.
        In this base class every result is complete.
        """
        return False
