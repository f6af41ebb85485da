"""The context of a run: everything of the world that a study may touch."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from ravine.data import Dataset
from ravine.engines import Devices
from ravine.execution.events import Notify, StageStarted
from ravine.execution.result import Seconds
from ravine.execution.runner import Runner, Train
from ravine.records.record import Record
from ravine.records.run_directory import RunDirectory
from ravine.training import Cohort, Plan, ProgramShape

__all__ = ["RunContext"]


@dataclass
class RunContext:
    """Data, devices, run directory (None: nothing is kept), events, and the runner of cohorts."""

    dataset: Dataset
    devices: Devices
    run: RunDirectory | None
    notify: Notify
    runner: Runner
    started: float
    records: dict[str, Record] = field(default_factory=dict)
    _kept: dict[str, str] = field(default_factory=dict)

    @property
    def run_dir(self) -> str | None:
        """The folder of the run, as results name it."""
        return None if self.run is None else str(self.run.path)

    @property
    def model_dir(self) -> str | None:
        """The folder of the best model, as results name it."""
        return None if self.run is None else str(self.run.models)

    def stage(self, stage: str, about: str = "") -> None:
        """Report that a stage begins."""
        self.notify(StageStarted(stage, about))

    def check_stop(self) -> None:
        """Raise Stopped if the study was asked to stop: for stages between trainings."""
        self.runner.check_stop()

    def train(self, stage: str, name: str, cohort: Cohort, shape: ProgramShape) -> Record:
        """Return the record of a cohort: from disk if it is finished there, else by training it.

        Parameters that are on disk are left out of the record, since they would fill memory with the number
        of runs; `parameters_of` reads them.
        """
        record = self.runner.cohort(stage, name, cohort, shape, self.devices)
        light = record if self.run is None else record.without("parameters", "statistics")
        self.records[f"{stage} {name}"] = light
        if cohort.keep_parameters and self.run is not None:
            self._kept[f"{stage} {name}"] = self.runner.key(stage, cohort)
        return light

    def train_with(self, stage: str, name: str, cohort: Cohort, train: Train) -> Record:
        """Return the whole record of a cohort: from disk if it is finished there, else as `train` returns it.

        For a training that keeps more than `train` above does, for example every look at the parameters.
        """
        record = self.records[f"{stage} {name}"] = self.runner.record(stage, name, cohort, train)
        return record

    def parameters_of(self, stage: str, name: str) -> Record:
        """Return the record of a cohort with the parameters of its runs."""
        if self.run is None:
            return self.records[f"{stage} {name}"]
        return self.run.load_cohort(self._kept[f"{stage} {name}"])

    def seconds(self, programs: Iterable[tuple[Plan, ProgramShape]]) -> Seconds:
        """Return the seconds spent so far. programs: those that were compiled."""
        return Seconds(
            total=time.perf_counter() - self.started,
            compile=sum(self.runner.compile_seconds(plan, shape, self.devices) for plan, shape in programs),
            train=self.runner.train_seconds,
        )
