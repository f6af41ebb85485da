"""The context of a run: data, devices, run directory, events, and the training of cohorts."""

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
    """The context in which a study runs.

    run: run directory, None = nothing is written. started: `time.perf_counter()` at the start.
    records: records of all cohorts so far, by stage and name.
    """

    dataset: Dataset
    devices: Devices
    run: RunDirectory | None
    notify: Notify
    runner: Runner
    started: float
    records: dict[str, Record] = field(default_factory=dict)
    _keys: dict[str, str] = field(default_factory=dict)

    @property
    def run_dir(self) -> str | None:
        """The path of the run directory; None without one."""
        return None if self.run is None else str(self.run.path)

    @property
    def model_dir(self) -> str | None:
        """The path of the best model; None without a run directory."""
        return None if self.run is None else str(self.run.models)

    def stage(self, stage: str, about: str = "") -> None:
        """Report the start of a stage that trains nothing, such as the test. about: part of the stage."""
        self.notify(StageStarted(stage, about))

    def check_stop(self) -> None:
        """Raise Stopped on a stop request. Call this between trainings."""
        self.runner.check_stop()

    def train(self, stage: str, name: str, cohort: Cohort, shape: ProgramShape) -> Record:
        """Return the record of a cohort, from disk or by training the cohort.

        stage, name: names under which the result lists the record, such as `tune` and `adam`. With a run
        directory the record has no parameters, which would fill the memory; `parameters_of` reads the
        parameters.
        """
        record = self.runner.cohort(stage, name, cohort, shape, self.devices)
        light = record if self.run is None else record.without("parameters", "statistics")
        self.records[f"{stage} {name}"] = light
        if cohort.keep_parameters and self.run is not None:
            self._keys[f"{stage} {name}"] = self.runner.key(stage, cohort)
        return light

    def train_with(self, stage: str, name: str, cohort: Cohort, train: Train) -> Record:
        """Return the whole record of a cohort, from disk or from the function `train`.

        This is for trainings that record more than `RunContext.train` does, such as snapshots.
        """
        record = self.records[f"{stage} {name}"] = self.runner.record(stage, name, cohort, train)
        return record

    def parameters_of(self, stage: str, name: str) -> Record:
        """Return the record of a trained cohort with the parameters of its runs."""
        if self.run is None:
            return self.records[f"{stage} {name}"]
        return self.run.load_cohort(self._keys[f"{stage} {name}"])

    def seconds(self, programs: Iterable[tuple[Plan, ProgramShape]]) -> Seconds:
        """Return the seconds of the study so far: in total, of compiling and of training.

        programs: plan and shape of each compiled program."""
        return Seconds(
            total=time.perf_counter() - self.started,
            compile=sum(self.runner.compile_seconds(plan, shape, self.devices) for plan, shape in programs),
            train=self.runner.train_seconds,
        )
