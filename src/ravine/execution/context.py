"""The context in which a study runs: data, devices, run directory, listener, and the training of its runs."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from ravine.data import Dataset
from ravine.engines import Devices
from ravine.execution.events import Notify, StageStarted
from ravine.execution.result_parts import Seconds
from ravine.execution.runner import CheckRecord, Runner, Train
from ravine.records.record import Record
from ravine.records.run_directory import RunDirectory
from ravine.training import Cohort, Plan, ProgramShape

__all__ = ["RunContext"]


@dataclass
class RunContext:
    """The data, devices and services that a study uses to train, to report progress and to stop on request.

    run: run directory, None = nothing is written. notify: listener of events. runner: trainer of cohorts, the
    runs that train together. started: `time.perf_counter()` at the start. records: records (curves and final
    values) of all cohorts trained so far, by stage and name, such as "tune adam".
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
        """The path of the run directory as text; None if the run writes no directory."""
        return None if self.run is None else str(self.run.path)

    @property
    def model_dir(self) -> str | None:
        """The path of the folder for the saved network, the best of a study; None if nothing is written."""
        return None if self.run is None else str(self.run.models)

    def stage(self, stage: str, about: str = "") -> None:
        """Report to the listener that a stage without training begins, such as `test`. about: part of it."""
        self.notify(StageStarted(stage, about))

    def check_stop(self) -> None:
        """Raise Stopped if the user has asked the study to stop. Call this between trainings."""
        self.runner.check_stop()

    def train(self, stage: str, name: str, cohort: Cohort, shape: ProgramShape) -> Record:
        """Return the record (curves and final values) of a cohort, the runs that train together.

        A record that is already in the run directory is read from there. Otherwise the cohort is trained.
        stage, name: names under which the result lists the record, such as `tune` and `adam`. With a run
        directory, the returned record lacks the parameters and the normalization statistics of the networks,
        to save memory; `parameters_of` reads them.
        """
        record = self.runner.cohort(stage, name, cohort, shape, self.devices)
        light = record if self.run is None else record.without("parameters", "statistics")
        self.records[f"{stage} {name}"] = light
        if cohort.keep_parameters and self.run is not None:
            self._keys[f"{stage} {name}"] = self.runner.key(stage, cohort)
        return light

    def train_with(self, stage: str, name: str, cohort: Cohort, train: Train, check: CheckRecord) -> Record:
        """Return the whole record of runs that train together, from the run directory or from `train`.

        It serves trainings that record more than the usual curves, such as snapshots of the weights. train:
        function that trains the cohort and returns the record. check: function that raises DamagedFile for a
        saved record that `train` would not return. stage, name: names of the record.
        """
        record = self.records[f"{stage} {name}"] = self.runner.record(stage, name, cohort, train, check)
        return record

    def parameters_of(self, stage: str, name: str) -> Record:
        """Return the record of runs that trained together before, with the parameters of their networks.

        stage, name: names under which the method `train` trained these runs, with the order to keep their
        parameters.
        """
        if self.run is None:
            return self.records[f"{stage} {name}"]
        return self.run.load_cohort(self._keys[f"{stage} {name}"])

    def seconds(self, programs: Iterable[tuple[Plan, ProgramShape]]) -> Seconds:
        """Return the wall-clock seconds that the study took so far: in total, for compiling, for training.

        programs: plan and shape of each compiled program whose compilation counts.
        """
        return Seconds(
            total=time.perf_counter() - self.started,
            compile=sum(self.runner.compile_seconds(plan, shape, self.devices) for plan, shape in programs),
            train=self.runner.train_seconds,
        )
