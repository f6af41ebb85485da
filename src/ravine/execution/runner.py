"""The runner, which trains the cohorts of a study. A cohort is many runs in one compiled program.

The runner loads finished cohorts, saves the state of unfinished ones, reports progress and stops on request.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from ravine.engines import Devices, Engine
from ravine.errors import Stopped
from ravine.execution.checkpoint import RunCheckpoint
from ravine.execution.events import ChunkDone, Notify, ShouldStop, StageStarted
from ravine.execution.training_time import Training, training_seconds
from ravine.networks import METRICS
from ravine.records.content_hash import content_hash
from ravine.records.os_errors import DamagedFile
from ravine.records.record import Record, Status
from ravine.records.run_directory import RunDirectory
from ravine.training import (
    CheckpointStore,
    ChunkProgress,
    Cohort,
    Plan,
    ProgramShape,
    check_record,
    program,
    run_cohort,
)

__all__ = ["AfterChunk", "CheckRecord", "Runner", "Train"]

FIRST_SHARE, FIRST_S = 0.05, 30.0  # of the steps, or seconds of training; before, the time left is not known
AfterChunk = Callable[[ChunkProgress], None]
"""Function that is called after every chunk of training, after the checkpoint store could save the state."""
Train = Callable[[AfterChunk, CheckpointStore | None], Record]
"""Function that trains a cohort from its start, or from the state in the checkpoint store."""
CheckRecord = Callable[[Record, str], None]
"""Function of a saved record, and of words for its file, that raises DamagedFile if it does not fit."""


def _do_nothing() -> None:
    """Prepare nothing before a training."""


@dataclass
class Runner:
    """The object that trains all cohorts of one study, counts their progress and saves them.

    run: run directory, None = nothing is written. notify: listener of events. should_stop: function that
    returns an exit status to stop, else None. total, done: network steps planned and done. finished,
    diverged: numbers of runs. train_seconds, steps_trained: time and network steps of training in this
    process. timed: seconds and network steps by cohort name. scores: best validation score so far by cohort
    name. engine: workers that train the cohorts; None = the threads of this process.
    """

    run: RunDirectory | None
    notify: Notify
    should_stop: ShouldStop
    total: int = 0
    done: int = 0
    finished: int = 0
    diverged: int = 0
    train_seconds: float = 0.0
    steps_trained: int = 0
    timed: dict[str, list[float]] = field(default_factory=dict)
    scores: dict[str, float] = field(default_factory=dict)
    engine: Engine | None = None

    def cohort(self, stage: str, name: str, cohort: Cohort, shape: ProgramShape, devices: Devices) -> Record:
        """Return the record of a cohort, from the run directory or by training the cohort on the devices.

        A cohort is a set of runs that train together; its record holds their curves and final values. stage,
        name: names of the record, such as `tune` and `adam`, also for events. shape: sizes of the compiled
        program. Raises Stopped on a stop request, after a chunk of training.
        """

        def compile_programs() -> None:
            programs = [program(cohort.plan, shape, device) for device in dict.fromkeys(devices.workers)]
            if not all(made.seconds for made in programs):
                self.notify(StageStarted("compile", name))
            for made in programs:
                made.compile()

        def train(after_chunk: AfterChunk, checkpoint: CheckpointStore | None) -> Record:
            return run_cohort(cohort, shape, devices, after_chunk, checkpoint, self.engine)

        in_process = self.engine is None or self.engine.in_process  # other workers compile for themselves
        check = partial(check_record, cohort)
        chunks = cohort.plan.evaluations / shape.segments
        wave = Training(cohort.plan, shape, min(len(cohort.runs), shape.width))
        chunk_s = training_seconds(wave, devices.count) / chunks
        prepare = compile_programs if in_process else _do_nothing
        return self.record(stage, name, cohort, train, check, prepare, chunk_s)

    def record(
        self,
        stage: str,
        name: str,
        cohort: Cohort,
        train: Train,
        check: CheckRecord,
        prepare: Callable[[], None] = _do_nothing,
        chunk_s: float | None = None,
    ) -> Record:
        """Return the record of a cohort, from the run directory or from the function `train`.

        A cohort is a set of runs that train together; its record holds their curves and final values. With a
        run directory, the record is saved there. check: function that raises DamagedFile for a saved record
        that this training would not return; the cohort then trains again. prepare: function called before
        training; its time does not count as training time. chunk_s: estimated seconds of a chunk of training;
        None without an estimate. Raises Stopped on a stop request, after a chunk of training.
        """
        key = self.key(stage, cohort)
        record = self._saved(key, check)
        if record is not None:
            self.done += len(record) * cohort.plan.steps
            self._count(record)
            return record
        done, finished, diverged = self.done, self.finished, self.diverged
        started = reported = time.perf_counter()
        greater = METRICS[cohort.plan.metric].greater_is_better

        def after_chunk(progress: ChunkProgress) -> None:
            nonlocal chunk_s, reported
            now = time.perf_counter()
            chunk_s, reported = max(chunk_s or 0.0, now - reported), now
            self.done += progress.steps
            self.steps_trained += progress.steps
            self.finished, self.diverged = finished + progress.finished, diverged + progress.diverged
            self._keep_best(name, progress.scores, greater)
            is_over = progress.finished + progress.diverged == len(cohort.runs)
            self._report(stage, name, now - started, None if is_over else chunk_s)
            self.check_stop()

        checkpoint = RunCheckpoint(self.run, key, self.should_stop) if self.run is not None else None
        prepare()
        started = reported = time.perf_counter()
        self._report(stage, name, 0.0, chunk_s)
        record = train(after_chunk, checkpoint).named(f"{stage} {name}")
        seconds = time.perf_counter() - started
        self.train_seconds += seconds
        spent = self.timed.setdefault(name, [0.0, 0.0])
        spent[0] += seconds
        spent[1] += self.done - done  # steps done, those of diverged runs left out
        self.finished, self.diverged = finished, diverged
        self._count(record)
        self.done = done + len(record) * cohort.plan.steps  # a diverged run has no steps left
        if self.run is not None:
            self.run.save_cohort(key, record)
            self.run.drop_state(key)
        return record

    def _saved(self, key: str, check: CheckRecord) -> Record | None:
        """Return the saved record of a cohort; None without one. A damaged record counts as absent."""
        if self.run is None or (record := self.run.find_cohort(key)) is None:
            return None
        try:
            check(record, f"The record {key}")
        except DamagedFile as error:
            self.run.log(f"cohort {key} does not fit its training and counts as absent: {error}")
            return None
        return record

    def check_stop(self) -> None:
        """Raise Stopped if a stop was requested. Call this only when everything needed to resume is saved."""
        status = self.should_stop()
        if status is not None:
            raise Stopped("Stopped on request.", "", self._resume_hint(), status)

    def _report(self, stage: str, name: str, seconds: float, chunk_s: float | None) -> None:
        """Report progress. seconds: since the cohort began. chunk_s: estimate of the next chunk."""
        left, spent = None, self.train_seconds + seconds
        if self.steps_trained and (self.steps_trained >= FIRST_SHARE * self.total or spent >= FIRST_S):
            per_step = spent / self.steps_trained
            left = per_step * max(0, self.total - self.done)
        self.notify(
            ChunkDone(
                stage, name, self.done, self.total, self.finished, self.diverged, left,
                dict(self.scores), chunk_s,
            )
        )  # fmt: skip

    def _keep_best(self, name: str, scores: np.ndarray, greater: bool) -> None:
        """Update the best validation score of a name. scores: of a cohort, [run, evaluation]."""
        finite = scores[np.isfinite(scores)]
        if finite.size:
            best = float(finite.max() if greater else finite.min())
            before = self.scores.get(name, best)
            self.scores[name] = max(best, before) if greater else min(best, before)

    def step_seconds(self, name: str) -> float | None:
        """Return the mean seconds of a network step in the cohorts of this name that this process trained.

        Returns None if this process trained no such cohort.
        """
        seconds, steps = self.timed.get(name, (0.0, 0.0))
        return seconds / steps if steps else None

    def compile_seconds(self, plan: Plan, shape: ProgramShape, devices: Devices) -> float:
        """Return the seconds spent on compiling the programs of a plan, summed over the devices."""
        return sum(program(plan, shape, device).seconds for device in dict.fromkeys(devices.workers))

    def _count(self, record: Record) -> None:
        self.finished += int(np.sum(record.status == Status.FINISHED))
        self.diverged += int(np.sum(record.status == Status.DIVERGED))

    def _resume_hint(self) -> str:
        return "" if self.run is None else f"To go on: ravine resume {self.run.path}"

    def key(self, stage: str, cohort: Cohort) -> str:
        """Return the id of a cohort (runs that train together), a hash of all that determines its record."""
        batches = cohort.batches
        return content_hash(
            {
                "stage": stage,
                "plan": cohort.plan.describe(),
                "runs": cohort.runs.columns(),
                "initial": list(cohort.initial),
                "data": batches.dataset.sha256,
                "inputs": batches.dataset.features,
                "root": batches.root,
                "validation": batches.validation,
                "parameters": cohort.keep_parameters,
                **({"scaling": batches.scaling} if batches.scaling != "standard" else {}),
            }
        )
