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

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import numpy as np

from ravine.engines import Devices, map_on_devices, precision_context
from ravine.networks.parameters import Params, Statistics
from ravine.records.record import Record, Status
from ravine.training.batches import Batches
from ravine.training.checkpoint import CheckpointStore, check_state
from ravine.training.cohort_record import SERIES, final_rules, series_rules
from ravine.training.early_stopping import BestWeights, EarlyStopping
from ravine.training.full_evaluation import full_scores
from ravine.training.groups import Group, grouped, states_of, take
from ravine.training.initial_state import rng_key, stacked_params
from ravine.training.loop import RunState, start
from ravine.training.plan import Plan
from ravine.training.program import program
from ravine.training.program_shape import ProgramShape
from ravine.training.runs import Runs
from ravine.training.schedule_tables import ScheduleTables

__all__ = ["ChunkProgress", "Cohort", "run_cohort"]


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
) -> Record:
    """Train all runs of a cohort and return their record: series [run, evaluation] and final values.

    The final values are `score`, `valid_loss` and `evaluation` [run]: those of the best evaluation for runs
    with patience, of the last evaluation for other runs. The series are measured on `Plan.curve_rows` of the
    validation rows. If these are not all rows, score and loss of the final values are measured anew on all
    rows, and `curve_error` [run] is the score in the series minus the final score. With
    `Cohort.keep_parameters` the record also holds the weights at that evaluation, `parameters` [run, P] and
    `statistics` [run, S]. A diverged run has the status DIVERGED, keeps its NaN values in the series and has
    no final values. The series of a run that stopped early are NaN after its end.

    store: place that holds the state of an interrupted cohort. The state is offered to it after each chunk. A
    cohort resumed with the same shape on the same devices gives the same record, bit for bit, as one without
    interruption.
    after_chunk: function that is called with the progress after each chunk, once the state was offered to the
    store. If it raises an exception, for example for a stop request, the cohort ends.
    """
    with precision_context(cohort.plan.precision):
        return _CohortRun(cohort, shape, devices, after_chunk or (lambda _: None), store).record()


class _CohortRun:
    """The state of one call of `run_cohort`.

    The record is made of series {name: [run, evaluation]}, status [run] and final {name: [run, ...]}. The
    groups, `early_stopping` and `schedule_tables` hold all other state of the runs.
    """

    def __init__(
        self,
        cohort: Cohort,
        shape: ProgramShape,
        devices: Devices,
        after_chunk: Callable[[ChunkProgress], None],
        store: CheckpointStore | None,
    ) -> None:
        self.cohort, self.shape, self.devices = cohort, shape, devices
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
            train = partial(self._train_chunk, done, min(done + segments, plan.evaluations))
            trained = map_on_devices(self.devices, train, groups, plan.precision)
            steps = sum(trained) * plan.steps_per_evaluation
            done = min(done + segments, plan.evaluations)
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

    def _train_chunk(self, first: int, last: int, device: jax.Device, group: Group) -> int:
        """Train a group for the evaluations `first` to `last` - 1; return the segments that its runs took."""
        plan, batches = self.cohort.plan, self.cohort.batches
        compiled = program(plan, self.shape, device).compile()
        if group.numbers is None:
            group.numbers = jax.device_put(take(self.numbers, group.members), device)
        if group.state is None:
            params, _ = self._initial(group.members)
            group.state = compiled.init(jax.device_put(params, device), group.numbers)
        table_seeds, table_index = self._tables(self.cohort.runs.seed[group.members])
        valid_tables = tuple(batches.valid(seed, device, self.shape.valid) for seed in table_seeds)
        count, segments = len(group.runs), 0
        unread: list[tuple[jax.Array, ...]] = []  # results still on the device, so that it need not wait
        watched = self.early_stopping.used or self.schedule_tables.depends_on_loss
        params = None
        for e in range(first, last):
            at = e * plan.steps_per_evaluation
            tables = tuple(
                batches.on_device(seed, at, plan.steps_per_evaluation, device) for seed in table_seeds
            )
            factors = self.schedule_tables.of(group.members, e)
            group.state, params, loss = compiled.advance(
                group.state, group.numbers, factors, tables, table_index, np.int32(at)
            )
            valid, score = compiled.evaluate(
                params, group.state.stats, group.numbers, valid_tables, table_index
            )
            unread.append((loss, valid, score))
            segments += count
            if watched:
                unread.clear()
                values = [np.asarray(value)[:count] for value in (loss, valid, score)]
                segments -= self._watch(group, e, params, values)
                if not self._going(group.runs).any():
                    break
        for e, results in enumerate(unread, first):
            self._write(group.runs, e, [np.asarray(value)[:count] for value in results])
        self._mark_diverged(group.runs, first, last)
        if last == plan.evaluations or not self._going(group.runs).all():
            self._finish(group, params, last, device)
        return segments

    def _watch(self, group: Group, e: int, params: Params, values: list[np.ndarray]) -> int:
        """Write evaluation `e`, update schedules and early stopping, keep the best weights.

        values: one array [n] for each series, in the order of `SERIES`. Returns how many runs of the group
        had stopped before this evaluation.
        """
        runs = group.runs
        going = self._going(runs)
        self._write(runs[going], e, [value[going] for value in values])
        self.schedule_tables.update(runs[going], values[1][going])
        if self.early_stopping.used:
            better = self.early_stopping.update(runs[going], values[1][going])
            improved = np.zeros(len(group.members), bool)
            improved[np.flatnonzero(going)] = better
            group.best = BestWeights.choose(group.best, params, group.state.stats, improved)
            now = runs[going][better]
            for name, value in zip(("valid_loss", "score"), values[1:], strict=True):
                self.final[name][now] = value[going][better]
            self.final["evaluation"][now] = e
        return int(np.sum(~going))

    def _going(self, runs: np.ndarray) -> np.ndarray:
        """Return which of the runs still train: [n] of bool."""
        return (self.status[runs] == Status.PENDING) & ~self.early_stopping.stopped(runs)

    def _write(self, runs: np.ndarray, e: int, values: list[np.ndarray]) -> None:
        """Write the values of evaluation `e` into the series, [n] each in the order of `SERIES`."""
        for name, value in zip(SERIES, values, strict=True):
            self.series[name][runs, e] = value

    def _mark_diverged(self, runs: np.ndarray, first: int, last: int) -> None:
        """Mark runs with values in this chunk that are not finite; after an early stop there is no value."""
        ends = np.minimum(self.early_stopping.ends(runs, last), last)
        measured = np.arange(first, last)[None, :] < ends[:, None]
        bad = np.zeros(len(runs), bool)
        for values in self.series.values():
            bad |= (~np.isfinite(values[runs, first:last]) & measured).any(axis=1)
        self._forget(runs[bad])

    def _finish(self, group: Group, params: Params | None, last: int, device: jax.Device) -> None:
        """Write the final values of the runs that are over, by an early stop or at the last evaluation."""
        over = self.early_stopping.stopped(group.runs) | (last == self.cohort.plan.evaluations)
        over &= self.status[group.runs] == Status.PENDING
        index, runs = np.flatnonzero(over), group.runs[over]
        weights = params, group.state.stats
        if not self.early_stopping.used:
            for name in ("score", "valid_loss"):
                self.final[name][runs] = self.series[name][runs, last - 1]
            self.final["evaluation"][runs] = last - 1
        elif group.best is not None:
            weights = group.best.params, group.best.stats
        if "curve_error" in self.final:
            for place, run in zip(index.tolist(), runs.tolist(), strict=True):
                self._score_on_all_rows(run, jax.tree.map(lambda a, k=place: a[k], weights), device)
        finished = self.status[runs] == Status.PENDING
        if self.cohort.keep_parameters and finished.any():
            self._write_weights(runs[finished], *take(weights, index[finished]))
        ended = self.early_stopping.stopped(group.runs) & (self.status[group.runs] == Status.PENDING)
        self.status[group.runs[ended]] = Status.FINISHED

    def _score_on_all_rows(self, run: int, weights: tuple[Params, Statistics], device: jax.Device) -> None:
        """Write the final values of a run, measured on all its validation rows.

        A run whose loss or score is not finite there has diverged.
        """
        rows = self.cohort.batches.valid(int(self.cohort.runs.seed[run]), device)
        numbers = take(self.numbers, np.array(run))
        loss, score = full_scores(self.cohort.plan.evaluation_key, *weights, numbers, rows)
        if np.isfinite([loss, score]).all():
            self.final["curve_error"][run] = self.series["score"][run, self.final["evaluation"][run]] - score
            self.final["score"][run], self.final["valid_loss"][run] = score, loss
        else:
            self._forget(np.array([run]))

    def _forget(self, runs: np.ndarray) -> None:
        """Mark runs as diverged and remove their final values."""
        self.status[runs] = Status.DIVERGED
        for name, missing in (("score", np.nan), ("valid_loss", np.nan), ("evaluation", -1)):
            self.final[name][runs] = missing

    def _write_weights(self, runs: np.ndarray, params: Params, stats: Statistics) -> None:
        """Write parameters and statistics of runs, one vector per run, in the order of the trees' leaves."""
        for name, tree in (("parameters", params), ("statistics", stats)):
            leaves = [leaf.reshape(len(leaf), -1) for leaf in jax.tree.leaves(tree)]
            if leaves:
                self.final[name][runs] = np.concatenate(leaves, axis=1)

    def _tables(self, seeds: np.ndarray) -> tuple[list[int], np.ndarray]:
        """Return the seed of each table that a group reads, [tables]; the table of each member, [size]."""
        if self.shape.tables == self.shape.size:
            return seeds.tolist(), np.arange(len(seeds), dtype=np.int32)
        present = np.unique(seeds)
        table_index = np.searchsorted(present, seeds).astype(np.int32)
        return [*present.tolist(), *[int(present[0])] * (self.shape.tables - len(present))], table_index

    def _end_chunk(self, number: int, done: int, groups: list[Group], steps: int) -> None:
        """Save the state and report progress after a chunk of wave `number`, which is over without groups."""
        over = not groups
        if self.store is not None:
            self.store.save(lambda: self._checkpoint(number + over, 0 if over else done, groups))
        diverged = int(np.sum(self.status == Status.DIVERGED))
        finished = int(np.sum(self.status == Status.FINISHED))
        self.after_chunk(ChunkProgress(steps, finished, diverged, self.series["score"]))

    def _initial(self, runs: np.ndarray) -> tuple[Any, Any]:
        """Return initial parameters and running statistics of runs, [n, ...] on the host."""
        plan, seeds = self.cohort.plan, self.cohort.runs.seed
        gates = np.asarray(self.cohort.runs.extra.get("gate_bias", np.full(len(seeds), np.nan)), float)
        root, initial = self.cohort.batches.root, self.cohort.initial
        params = stacked_params(plan.network, root, seeds[runs], gates[runs], *initial, plan.precision)
        stats = plan.network.statistics(plan.precision)
        return params, jax.tree.map(lambda a: np.broadcast_to(a, (len(runs), *np.shape(a))), stats)

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
        first = np.zeros(1, int)
        params, stats = self._initial(first)
        init = jax.vmap(partial(start, self.cohort.plan))
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
