"""Runs cohorts for a study: skips what is done, keeps what is not, tells how far it is, stops at a seam."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from ravine.engines import Devices
from ravine.errors import Stopped
from ravine.execution.events import Event, Notify, StopAsked
from ravine.records.content_hash import content_hash
from ravine.records.record import Record, Status
from ravine.records.run_directory import RunDirectory
from ravine.training import Cohort, Plan, Seam, Shape, program, run_cohort

__all__ = ["Runner"]

SAVE_EVERY = 5.0  # seconds between states written, so that writing costs little


@dataclass
class Runner:
    """`total`: network steps planned. `run` None keeps nothing on disk."""

    run: RunDirectory | None
    notify: Notify
    stop: StopAsked
    total: int = 0
    done: int = 0
    finished: int = 0
    diverged: int = 0
    train_seconds: float = 0.0
    timed: dict[str, list[float]] = field(default_factory=dict)  # by name: seconds, network steps

    def cohort(self, stage: str, name: str, cohort: Cohort, shape: Shape, devices: Devices) -> Record:
        """Return the record of a cohort: from disk if it is finished there, else by running it."""
        key = self.key(stage, cohort)
        if self.run is not None and self.run.has_cohort(key):
            record = self.run.load_cohort(key)
            self.done += len(record) * cohort.plan.steps
            self._count(record)
            return record
        done, finished, diverged = self.done, self.finished, self.diverged

        def seam(at: Seam) -> None:
            self.done += at.steps
            self.finished, self.diverged = finished + at.finished, diverged + at.diverged
            self.notify(Event(stage, name, self.done, self.total, self.finished, self.diverged))
            status = self.stop()
            if status is not None:
                raise Stopped("Stopped, and saved.", "", self._again(), status)

        keeper = _Keeper(self.run, key, self.stop) if self.run is not None else None
        for device in dict.fromkeys(devices.workers):
            program(cohort.plan, shape, device).compile()
        started = time.perf_counter()
        self.notify(Event(stage, name, self.done, self.total, self.finished, self.diverged))
        record = run_cohort(cohort, shape, devices, seam, keeper)
        seconds = time.perf_counter() - started
        self.train_seconds += seconds
        spent = self.timed.setdefault(name, [0.0, 0.0])
        spent[0] += seconds
        spent[1] += self.done - done  # steps done, those of diverged runs left out
        self.finished, self.diverged = finished, diverged
        self._count(record)
        self.done = done + len(record) * cohort.plan.steps  # what diverged runs did not do is done too
        if self.run is not None:
            self.run.save_cohort(key, record)
            self.run.drop_state(key)
        return record

    def step_seconds(self, name: str) -> float | None:
        """Return the seconds of one network step in the cohorts of that name run here; None if none was."""
        seconds, steps = self.timed.get(name, (0.0, 0.0))
        return seconds / steps if steps else None

    def compile_seconds(self, plans: Iterable[Plan], shape: Shape, devices: Devices) -> float:
        """Return the seconds spent compiling, added up over the programs."""
        return sum(
            program(plan, shape, device).seconds
            for plan in plans
            for device in dict.fromkeys(devices.workers)
        )

    def _count(self, record: Record) -> None:
        self.finished += int(np.sum(record.status == Status.FINISHED))
        self.diverged += int(np.sum(record.status == Status.DIVERGED))

    def _again(self) -> str:
        return "" if self.run is None else f"To go on: ravine resume {self.run.path}"

    def key(self, stage: str, cohort: Cohort) -> str:
        """Return the id of a cohort, a hash of all it depends on."""
        streams = cohort.streams
        return content_hash(
            {
                "stage": stage,
                "plan": cohort.plan.describe(),
                "runs": cohort.runs.columns(),
                "initial": list(cohort.initial),
                "data": streams.dataset.sha256,
                "inputs": streams.dataset.features,
                "root": streams.root,
                "validation": streams.validation,
                "parameters": cohort.keep_parameters,
                **({"scaling": streams.scaling} if streams.scaling != "standard" else {}),
            }
        )


@dataclass
class _Keeper:
    """Keeps the state of one cohort in a run directory, not more often than every few seconds."""

    run: RunDirectory
    key: str
    stop: StopAsked
    last: float = field(default_factory=time.monotonic)

    def load(self) -> Mapping[str, np.ndarray] | None:
        return self.run.load_state(self.key)

    def save(self, arrays: Callable[[], Mapping[str, np.ndarray]]) -> None:
        if self.stop() is not None or time.monotonic() - self.last >= SAVE_EVERY:
            self.run.save_state(self.key, arrays())
            self.last = time.monotonic()
