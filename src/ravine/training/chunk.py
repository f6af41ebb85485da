"""A chunk of a group as a function of a task: the training of a few runs between two saves of their state.

    (batches, constants, task)  ->  result

The function reads nothing else and writes nothing else, so any thread, process or machine can compute it, and
compute it again where one was lost. A task and its result hold texts, numbers and arrays alone. Indices in
both count the runs of the group, not those of the cohort.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeVar

import jax
import numpy as np

from ravine.networks.parameters import Params, Statistics
from ravine.records.record import Status
from ravine.training.batches import Batches
from ravine.training.cohort_record import SERIES
from ravine.training.early_stopping import BestWeights, EarlyStopping
from ravine.training.full_evaluation import full_scores
from ravine.training.groups import take
from ravine.training.initial_state import stacked_params
from ravine.training.loop import RunState
from ravine.training.plan import Plan
from ravine.training.program import program
from ravine.training.program_shape import ProgramShape
from ravine.training.runs import Runs
from ravine.training.schedule_tables import ScheduleTables

__all__ = [
    "ChunkResult",
    "ChunkTask",
    "CohortConstants",
    "as_lists",
    "initial_params_of_runs",
    "train_chunk",
    "train_chunk_to_host",
]


Trees = TypeVar("Trees", RunState, BestWeights, RunState | None, BestWeights | None)


@dataclass(frozen=True)
class CohortConstants:
    """The part of a cohort that all its tasks share, besides the batches: see `Cohort` and `ProgramShape`."""

    plan: Plan
    shape: ProgramShape
    initial: tuple[str, float]
    keep_parameters: bool


@dataclass(frozen=True)
class ChunkTask:
    """The training of a group of n runs for the evaluations `first` to `last` - 1.

    runs: hyperparameters and seeds of the runs. places: index of the run in each place of the compiled
    program, [size]; the last run may fill several places.
    numbers: hyperparameters as inputs of the program, [size] each, on the host or on the device.
    early_stopping, schedule_tables: those of the runs, before this chunk.
    final: values [n] of the best evaluation so far, by name.
    state, best: state of the runs and their best weights before this chunk, [size, ...]; None before the
    first chunk. If the state is on a device, the training reuses its memory.
    """

    first: int
    last: int
    runs: Runs
    places: np.ndarray
    numbers: Any
    early_stopping: EarlyStopping
    schedule_tables: ScheduleTables
    final: dict[str, np.ndarray]
    state: RunState | None = None
    best: BestWeights | None = None


@dataclass(frozen=True)
class ChunkResult:
    """The runs of a task after their training, with all that a cohort writes into its record.

    segments: number of segments that the runs trained, summed over them.
    status: [n], PENDING for runs that go on. series: {name: [n, last - first]}, NaN after an early stop.
    final: as in the task. weights: {name: [k, P]} of the k runs `ended` that end with this chunk.
    state, best, numbers: on the device that trained the group.
    """

    segments: int
    status: np.ndarray
    series: dict[str, np.ndarray]
    final: dict[str, np.ndarray]
    early_stopping: EarlyStopping
    schedule_tables: ScheduleTables
    state: RunState
    best: BestWeights | None
    ended: np.ndarray
    weights: dict[str, np.ndarray]
    numbers: Any = None

    def on_host(self) -> ChunkResult:
        """Return the result for another process: arrays on the host, trees as lists of arrays, no numbers."""
        return replace(self, state=as_lists(self.state), best=as_lists(self.best), numbers=None)


def train_chunk(
    batches: Batches, constants: CohortConstants, device: jax.Device, task: ChunkTask
) -> ChunkResult:
    """Train the runs of a task on a device and return the result. batches: the rows of their seeds."""
    return _Chunk(batches, constants, device, task).result()


def train_chunk_to_host(
    batches: Batches, constants: CohortConstants, device: jax.Device, task: ChunkTask
) -> ChunkResult:
    """Train the runs of a task of another process, and return the result for it.

    State and best weights travel as lists of arrays, see `as_lists`.
    """
    if task.state is not None:
        task = _with_trees(constants, device, task)
    return train_chunk(batches, constants, device, task).on_host()


def as_lists(trees: Trees) -> Trees:
    """Return a state or best weights with a list of arrays on the host in place of every tree of arrays.

    A tree can consist of classes of a Python file of the user, which only one process knows.
    """
    if trees is None:
        return None
    return type(trees)(*(jax.device_get(jax.tree.leaves(tree)) for tree in trees))


def _with_trees(constants: CohortConstants, device: jax.Device, task: ChunkTask) -> ChunkTask:
    """Return a task whose state and best weights are trees again, in place of lists of arrays."""
    like = program(constants.plan, constants.shape, device).state_like()
    assert task.state is not None
    state = RunState(*map(_filled, like, task.state))
    best = (
        task.best if task.best is None else BestWeights(*map(_filled, (like.params, like.stats), task.best))
    )
    return replace(task, state=state, best=best)


def _filled(like: Any, leaves: Any) -> Any:
    """Return a tree of the structure of `like` with these arrays as leaves."""
    return jax.tree.unflatten(jax.tree.structure(like), leaves)


def initial_params_of_runs(plan: Plan, runs: Runs, root: int, initial: tuple[str, float]) -> Params:
    """Return the initial parameters of runs, [n, ...] on the host.

    root: root seed of the study. initial: scheme and scale of the initial weights.
    """
    gates = np.asarray(runs.extra.get("gate_bias", np.full(len(runs), np.nan)), float)
    params: Params = stacked_params(plan.network, root, runs.seed, gates, *initial, plan.precision)
    return params


class _Chunk:
    """The state of one call of `train_chunk`, with copies of all that it changes."""

    def __init__(
        self, batches: Batches, constants: CohortConstants, device: jax.Device, task: ChunkTask
    ) -> None:
        self.batches, self.constants, self.device, self.task = batches, constants, device, task
        runs = np.arange(len(task.runs))
        self.status = np.full(len(runs), Status.PENDING, np.int8)
        shape, precision = (len(runs), task.last - task.first), constants.plan.precision
        self.series = {name: np.full(shape, np.nan, precision) for name in SERIES}
        self.final = {name: values.copy() for name, values in task.final.items()}
        self.early_stopping = task.early_stopping.take(runs)
        self.schedule_tables = task.schedule_tables.take(runs)
        self.best, self.ended = task.best, runs[:0]
        self.weights: dict[str, np.ndarray] = {}
        placed = isinstance(task.numbers["rate"], jax.Array)  # to place them again would take time
        self.numbers = task.numbers if placed else jax.device_put(task.numbers, device)

    def result(self) -> ChunkResult:
        """Train the group for the evaluations of the task and return the result."""
        task, plan, shape, batches = self.task, self.constants.plan, self.constants.shape, self.batches
        compiled = program(plan, shape, self.device).compile()
        self.state = task.state if task.state is not None else self._start()
        table_seeds, table_index = self._tables(task.runs.seed[task.places])
        valid_tables = tuple(batches.valid(seed, self.device, shape.valid) for seed in table_seeds)
        count, segments = len(task.runs), 0
        unread: list[tuple[jax.Array, ...]] = []  # results still on the device, so that it need not wait
        watched = self.early_stopping.used or self.schedule_tables.depends_on_loss
        params = None
        for e in range(task.first, task.last):
            at = e * plan.steps_per_evaluation
            tables = tuple(
                batches.on_device(seed, at, plan.steps_per_evaluation, self.device) for seed in table_seeds
            )
            factors = self.schedule_tables.of(task.places, e)
            self.state, params, loss = compiled.advance(
                self.state, self.numbers, factors, tables, table_index, np.int32(at)
            )
            valid, score = compiled.evaluate(
                params, self.state.stats, self.numbers, valid_tables, table_index
            )
            unread.append((loss, valid, score))
            segments += count
            if watched:
                unread.clear()
                values = [np.asarray(value)[:count] for value in (loss, valid, score)]
                segments -= self._watch(e, params, values)
                if not self._going().any():
                    break
        for e, results in enumerate(unread, task.first):
            self._write(np.arange(count), e, [np.asarray(value)[:count] for value in results])
        self._mark_diverged()
        if task.last == plan.evaluations or not self._going().all():
            self._finish(params)
        return ChunkResult(
            segments, self.status, self.series, self.final, self.early_stopping, self.schedule_tables,
            self.state, self.best, self.ended, self.weights, self.numbers,
        )  # fmt: skip

    def _start(self) -> RunState:
        """Return the state of the group before its first step."""
        constants, runs = self.constants, self.task.runs.take(self.task.places)
        params = initial_params_of_runs(constants.plan, runs, self.batches.root, constants.initial)
        compiled = program(constants.plan, constants.shape, self.device)
        return compiled.init(jax.device_put(params, self.device), self.numbers)

    def _tables(self, seeds: np.ndarray) -> tuple[list[int], np.ndarray]:
        """Return the seed of each table that a group reads, [tables]; the table of each member, [size]."""
        shape = self.constants.shape
        if shape.tables == shape.size:
            return seeds.tolist(), np.arange(len(seeds), dtype=np.int32)
        present = np.unique(seeds)
        table_index = np.searchsorted(present, seeds).astype(np.int32)
        return [*present.tolist(), *[int(present[0])] * (shape.tables - len(present))], table_index

    def _watch(self, e: int, params: Params, values: list[np.ndarray]) -> int:
        """Write evaluation `e`, update schedules and early stopping, keep the best weights.

        values: one array [n] for each series, in the order of `SERIES`. Returns how many runs of the group
        had stopped before this evaluation.
        """
        going = self._going()
        runs = np.flatnonzero(going)
        self._write(runs, e, [value[going] for value in values])
        self.schedule_tables.update(runs, values[1][going])
        if self.early_stopping.used:
            better = self.early_stopping.update(runs, values[1][going])
            improved = np.zeros(len(self.task.places), bool)
            improved[runs] = better
            self.best = BestWeights.choose(self.best, params, self.state.stats, improved)
            for name, value in zip(("valid_loss", "score"), values[1:], strict=True):
                self.final[name][runs[better]] = value[going][better]
            self.final["evaluation"][runs[better]] = e
        return int(np.sum(~going))

    def _stopped(self) -> np.ndarray:
        """Return which runs have stopped early: [n] of bool."""
        return self.early_stopping.stopped(np.arange(len(self.status)))

    def _going(self) -> np.ndarray:
        """Return which runs still train: [n] of bool."""
        return (self.status == Status.PENDING) & ~self._stopped()

    def _write(self, runs: np.ndarray, e: int, values: list[np.ndarray]) -> None:
        """Write the values of evaluation `e` into the series, [n] each in the order of `SERIES`."""
        for name, value in zip(SERIES, values, strict=True):
            self.series[name][runs, e - self.task.first] = value

    def _mark_diverged(self) -> None:
        """Mark runs with values in this chunk that are not finite; after an early stop there is no value."""
        first, last, runs = self.task.first, self.task.last, np.arange(len(self.status))
        ends = np.minimum(self.early_stopping.ends(runs, last), last)
        measured = np.arange(first, last)[None, :] < ends[:, None]
        bad = np.zeros(len(runs), bool)
        for values in self.series.values():
            bad |= (~np.isfinite(values) & measured).any(axis=1)
        self._forget(runs[bad])

    def _finish(self, params: Params | None) -> None:
        """Write the final values of the runs that are over, by an early stop or at the last evaluation."""
        last, stopped = self.task.last, self._stopped()
        over = stopped | (last == self.constants.plan.evaluations)
        runs = np.flatnonzero(over & (self.status == Status.PENDING))
        weights = params, self.state.stats
        if not self.early_stopping.used:
            for name in ("score", "valid_loss"):
                self.final[name][runs] = self.series[name][runs, -1]
            self.final["evaluation"][runs] = last - 1
        elif self.best is not None:
            weights = self.best.params, self.best.stats
        if "curve_error" in self.final:
            for run in runs.tolist():
                self._score_on_all_rows(run, jax.tree.map(lambda a, k=run: a[k], weights))
        self.ended = runs[self.status[runs] == Status.PENDING]
        if self.constants.keep_parameters and self.ended.size:
            self._write_weights(*take(weights, self.ended))
        self.status[stopped & (self.status == Status.PENDING)] = Status.FINISHED

    def _score_on_all_rows(self, run: int, weights: tuple[Params, Statistics]) -> None:
        """Write the final values of a run, measured on all its validation rows.

        A run whose loss or score is not finite there has diverged.
        """
        rows = self.batches.valid(int(self.task.runs.seed[run]), self.device)
        numbers = take(self.task.numbers, np.array(run))
        loss, score = full_scores(self.constants.plan.evaluation_key, *weights, numbers, rows)
        if np.isfinite([loss, score]).all():
            self.final["curve_error"][run] = self.final["score"][run] - score
            self.final["score"][run], self.final["valid_loss"][run] = score, loss
        else:
            self._forget(np.array([run]))

    def _forget(self, runs: np.ndarray) -> None:
        """Mark runs as diverged and remove their final values."""
        self.status[runs] = Status.DIVERGED
        for name, missing in (("score", np.nan), ("valid_loss", np.nan), ("evaluation", -1)):
            self.final[name][runs] = missing

    def _write_weights(self, params: Params, stats: Statistics) -> None:
        """Write parameters and statistics of the ended runs, one vector per run, in the leaves' order."""
        for name, tree in (("parameters", params), ("statistics", stats)):
            leaves = [leaf.reshape(len(leaf), -1) for leaf in jax.tree.leaves(tree)]
            if leaves:
                self.weights[name] = np.concatenate(leaves, axis=1)
