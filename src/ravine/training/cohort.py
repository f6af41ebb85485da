"""Cohorts: many runs that differ only in numbers and train side by side in one compiled program.

The parts of a cohort, from the largest to the smallest, are

    wave        as many runs as fit into memory at the same time; waves train one after the other
    group       runs that one worker (a CPU core or a GPU) advances at the same time, in one compiled program
    chunk       segments that a group trains without a break
    segment     steps between two evaluations

After each chunk the cohort drops diverged and stopped runs, packs the rest into as few groups as possible,
saves its state, reports progress and checks for a stop request. The results of a run depend on none of this,
except for rounding, since a group of another size adds in another order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import numpy as np

from ravine.engines import Devices, Engine, ThreadEngine, precision_context
from ravine.records.record import Record, Status
from ravine.training.batches import Batches
from ravine.training.checkpoint import CheckpointStore, check_state
from ravine.training.chunk import (
    ChunkResult,
    ChunkTask,
    CohortConstants,
    as_lists,
    initial_params_of_runs,
    train_chunk,
    train_chunk_to_host,
)
from ravine.training.cohort_record import final_rules, series_rules
from ravine.training.early_stopping import BestWeights, EarlyStopping
from ravine.training.groups import Group, grouped, states_of, take
from ravine.training.initial_state import rng_key
from ravine.training.loop import RunState, start
from ravine.training.plan import Plan
from ravine.training.program_shape import ProgramShape
from ravine.training.runs import Runs
from ravine.training.schedule_tables import ScheduleTables

__all__ = ["ChunkProgress", "Cohort", "run_cohort"]

WEIGHTS = ("parameters", "statistics")
"""Final values that hold the weights of each run, and that a task does not need."""


@dataclass(frozen=True)
class ChunkProgress:
    """The progress of a cohort after a chunk, which is the training between two saves of its state.

    steps: optimizer steps of all networks since the chunk before. finished, diverged: numbers of such runs so
    far.
    scores: validation scores so far, [run, evaluation], NaN where no evaluation is done yet. The array is the
    cohort's own, not a copy.
    """

    steps: int
    finished: int
    diverged: int
    scores: np.ndarray


@dataclass(frozen=True)
class Cohort:
    """The runs on one data set that train together in one compiled program.

    plan: structure of all runs. runs: hyperparameters and seeds. batches: the rows of every seed.
    initial: scheme and scale of the initial weights, see `ravine.networks.initialization`.
    keep_parameters: whether the record of the training holds the parameters of every run.
    """

    plan: Plan
    runs: Runs
    batches: Batches
    initial: tuple[str, float] = ("he", 1.0)
    keep_parameters: bool = False


def run_cohort(
    cohort: Cohort,
    shape: ProgramShape,
    devices: Devices,
    after_chunk: Callable[[ChunkProgress], None] | None = None,
    store: CheckpointStore | None = None,
    engine: Engine | None = None,
) -> Record:
    """Train all runs of a cohort and return their record: series [run, evaluation] and final values.

    The final values are `score`, `valid_loss` and `evaluation` [run]: those of the best evaluation for runs
    with patience, of the last evaluation for other runs. The series are measured on `Plan.curve_rows` of the
    validation rows. If these are not all rows, score and loss of the final values are measured anew on all
    rows, and `curve_error` [run] is the score in the series minus the final score. With
    `Cohort.keep_parameters` the record also holds the weights at that evaluation, `parameters` [run, P] and
    `statistics` [run, S]. A diverged run has the status DIVERGED, keeps its NaN values in the series and has
    no final values. The series of a run that stopped early are NaN after its end.

    engine: workers that train the groups, by default the threads of this process on `devices`.
    store: place that holds the state of an interrupted cohort. The state is offered to it after each chunk. A
    cohort resumed with the same shape on the same kind of device gives the same record, bit for bit, as one
    without interruption.
    after_chunk: function that is called with the progress after each chunk, once the state was offered to the
    store. If it raises an exception, for example for a stop request, the cohort ends.
    """
    with precision_context(cohort.plan.precision):
        workers = engine or ThreadEngine(devices)
        return _CohortRun(cohort, shape, workers, after_chunk or (lambda _: None), store).record()


class _CohortRun:
    """The state of one call of `run_cohort`.

    The record is made of series {name: [run, evaluation]}, status [run] and final {name: [run, ...]}. The
    groups, `early_stopping` and `schedule_tables` hold all other state of the runs.
    """

    def __init__(
        self,
        cohort: Cohort,
        shape: ProgramShape,
        engine: Engine,
        after_chunk: Callable[[ChunkProgress], None],
        store: CheckpointStore | None,
    ) -> None:
        self.cohort, self.shape, self.engine = cohort, shape, engine
        self.after_chunk, self.store = after_chunk, store
        plan, runs, batches = cohort.plan, cohort.runs, cohort.batches
        count, seeds = len(runs), np.unique(runs.seed).tolist()
        scales = {seed: batches.scaling_of(seed).target_scale for seed in seeds}
        target_scale = np.array([scales[seed] for seed in runs.seed.tolist()])
        self.numbers = runs.numbers(plan.rule, target_scale, plan.precision)
        if plan.random:
            keys = {seed: rng_key(batches.root, seed) for seed in seeds}
            self.numbers["key"] = np.array([keys[s] for s in runs.seed.tolist()], np.uint32).reshape(count, 2)
        self.schedule_tables = ScheduleTables(plan, runs, batches.sizes[0] / batches.batch_size)
        self.early_stopping = EarlyStopping(runs)
        self.status = np.full(count, Status.PENDING, np.int8)
        self.series = {name: rule.filled(np.nan) for name, rule in series_rules(cohort).items()}
        self.final = {
            name: rule.filled(-1 if name == "evaluation" else np.nan)
            for name, rule in final_rules(cohort).items()
        }

    def record(self) -> Record:
        """Train all runs, from the checkpoint if there is one, and return the record."""
        runs = self.cohort.runs
        checkpoint = self.store.load(self._check) if self.store else None
        first, resumed = 0, None
        if checkpoint is not None:
            first, resumed = self._restore(checkpoint)
        for number, wave in enumerate(self._waves()):
            if number >= first:
                self._train_wave(number, wave, resumed if number == first else None)
        columns = {name: np.asarray(value) for name, value in runs.columns().items()}
        return Record(columns, self.series, self.status, self.final, {"plan": self.cohort.plan.describe()})

    def _waves(self) -> Iterator[np.ndarray]:
        """Yield the indices of the runs that are in memory at the same time; runs of a seed are neighbors."""
        order = np.argsort(self.cohort.runs.seed, kind="stable")
        for begin in range(0, len(order), self.shape.width):
            yield order[begin : begin + self.shape.width]

    def _train_wave(self, number: int, wave: np.ndarray, resumed: tuple[int, np.ndarray, Any] | None) -> None:
        """Train the runs of one wave, or go on from (evaluations done, live runs, their states)."""
        plan, segments = self.cohort.plan, self.shape.segments
        done, live, states = resumed or (0, wave, None)
        groups = self._grouped(live, states)
        while done < plan.evaluations and groups:
            last = min(done + segments, plan.evaluations)
            steps = self._train_groups(groups, done, last) * plan.steps_per_evaluation
            done = last
            live = np.concatenate([group.runs for group in groups])
            going = self.status[live] == Status.PENDING
            if done >= plan.evaluations:
                self.status[live[going]] = Status.FINISHED
                groups = []
            elif not going.all():
                groups = self._grouped(live[going], states_of(groups, going)) if going.any() else []
            self._end_chunk(number, done, groups, steps)

    def _grouped(self, live: np.ndarray, states: Any = None) -> list[Group]:
        """Pack live runs into groups. A program with one table needs groups of one seed."""
        seeds = self.cohort.runs.seed[live] if self.shape.tables == 1 else None
        return grouped(live, self.shape.size, states, seeds)

    def _train_groups(self, groups: Sequence[Group], first: int, last: int) -> int:
        """Train groups for the evaluations `first` to `last` - 1; return the segments of all their runs."""
        cohort = self.cohort
        constants = CohortConstants(cohort.plan, self.shape, cohort.initial, cohort.keep_parameters)
        tasks = [self._task(group, first, last) for group in groups]
        train = train_chunk if self.engine.in_process else train_chunk_to_host
        results = self.engine.map(train, (cohort.batches, constants), tasks, cohort.plan.precision)
        for group, result in zip(groups, results, strict=True):
            self._write(group, result, first, last)
        return sum(result.segments for result in results)

    def _task(self, group: Group, first: int, last: int) -> ChunkTask:
        """Return the training of a group for the evaluations `first` to `last` - 1 as a task."""
        runs = group.runs
        return ChunkTask(
            first,
            last,
            self.cohort.runs.take(runs),
            np.minimum(np.arange(len(group.members)), len(runs) - 1),
            take(self.numbers, group.members) if group.numbers is None else group.numbers,
            self.early_stopping.take(runs),
            self.schedule_tables.take(runs),
            {name: values[runs] for name, values in self.final.items() if name not in WEIGHTS},
            group.state if self.engine.in_process else as_lists(group.state),
            group.best if self.engine.in_process else as_lists(group.best),
        )

    def _write(self, group: Group, result: ChunkResult, first: int, last: int) -> None:
        """Take over the result of a group: the state of its runs, and their values in the record."""
        runs = group.runs
        group.state, group.best, group.numbers = result.state, result.best, result.numbers
        self.status[runs] = result.status
        for name, values in result.series.items():
            self.series[name][runs, first:last] = values
        for name, values in result.final.items():
            self.final[name][runs] = values
        for name, values in result.weights.items():
            self.final[name][runs[result.ended]] = values
        self.early_stopping.put(runs, result.early_stopping)
        self.schedule_tables.put(runs, result.schedule_tables)

    def _end_chunk(self, number: int, done: int, groups: list[Group], steps: int) -> None:
        """Save the state and report progress after a chunk of wave `number`, which is over without groups."""
        over = not groups
        if self.store is not None:
            self.store.save(lambda: self._checkpoint(number + over, 0 if over else done, groups))
        diverged = int(np.sum(self.status == Status.DIVERGED))
        finished = int(np.sum(self.status == Status.FINISHED))
        self.after_chunk(ChunkProgress(steps, finished, diverged, self.series["score"]))

    def _checkpoint(self, number: int, done: int, groups: list[Group]) -> dict[str, np.ndarray]:
        """Return the state before evaluation `done` of wave `number`, as copies by name."""
        arrays = {"where": np.array([number, done]), "status": self.status.copy()}
        arrays |= {f"series/{name}": values.copy() for name, values in self.series.items()}
        arrays |= {f"final/{name}": values.copy() for name, values in self.final.items()}
        arrays |= {f"stopping/{name}": values for name, values in self.early_stopping.arrays().items()}
        arrays |= {f"factors/{name}": values for name, values in self.schedule_tables.arrays().items()}
        if done:
            live = np.concatenate([group.runs for group in groups])
            states = states_of(groups, np.ones(len(live), bool))
            arrays["live"] = live
            arrays |= {f"state/{k}": leaf for k, leaf in enumerate(jax.tree.leaves(states))}
        return arrays

    def _restore(self, saved: Mapping[str, np.ndarray]) -> tuple[int, tuple[int, np.ndarray, Any] | None]:
        """Take over a checkpoint; return the number of its wave and the state from which the wave goes on."""
        number, done = (int(value) for value in saved["where"])
        self.status = saved["status"].copy()
        self.series.update(_named(saved, "series"))
        self.final.update(_named(saved, "final"))
        self.early_stopping.restore(_named(saved, "stopping"))
        self.schedule_tables.restore(_named(saved, "factors"))
        if not done:
            return number, None
        tree: Any = jax.tree.structure(self._state_shapes())
        leaves = [saved[f"state/{k}"] for k in range(tree.num_leaves)]
        return number, (done, saved["live"], jax.tree.unflatten(tree, leaves))

    def _state_shapes(self) -> tuple[RunState, BestWeights | None]:
        """Return the state of one run and its best weights, shapes and types in place of arrays [1, ...]."""
        cohort, first = self.cohort, np.zeros(1, int)
        plan = cohort.plan
        params = initial_params_of_runs(plan, cohort.runs.take(first), cohort.batches.root, cohort.initial)
        stats = jax.tree.map(lambda a: np.asarray(a)[None], plan.network.statistics(plan.precision))
        init = jax.vmap(partial(start, plan))
        state: RunState = jax.eval_shape(init, params, take(self.numbers, first))
        return state, BestWeights(params, stats) if self.early_stopping.used else None

    def _check(self, saved: Mapping[str, np.ndarray], subject: str) -> None:
        """Raise DamagedFile unless a checkpoint fits this cohort. subject: words for its file in messages."""
        waves = -(-len(self.cohort.runs) // self.shape.width)
        evaluations = self.cohort.plan.evaluations
        check_state(saved, self._checkpoint(0, 0, []), self._state_shapes(), waves, evaluations, subject)


def _named(arrays: Mapping[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    """Return copies of the arrays `prefix/name`, by name."""
    parts = {key: key.partition("/") for key in arrays}
    return {name: arrays[key].copy() for key, (head, _, name) in parts.items() if head == prefix}
