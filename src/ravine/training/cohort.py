"""Many runs of one plan, side by side. Between chunks of evaluations is the seam: there diverged and stopped
runs are dropped and the rest packed together, progress is told, the state is kept, and a stop takes effect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import jax
import numpy as np

from ravine.engines import Devices, map_on_devices, precision_context
from ravine.networks.parameters import Params, Statistics
from ravine.records.record import Record, Status
from ravine.training.batches import Batches
from ravine.training.initial_state import initial_params, rng_key
from ravine.training.loop import RunState, start
from ravine.training.plan import Plan
from ravine.training.program import ProgramShape, program
from ravine.training.restoring import Best, Watch
from ravine.training.runs import Runs
from ravine.training.schedule_tables import ScheduleTables

__all__ = ["CheckpointStore", "ChunkProgress", "Cohort", "run_cohort", "shape_for"]

SERIES = ("train_loss", "valid_loss", "score")


@dataclass(frozen=True)
class ChunkProgress:
    """Where a cohort stands: network steps done since the last seam, runs finished, runs diverged so far.

    scores [run, evaluation]: validation scores so far, NaN where there is none yet. Not a copy.
    """

    steps: int
    finished: int
    diverged: int
    scores: np.ndarray


class CheckpointStore(Protocol):
    """Where the state of an unfinished cohort is kept between seams."""

    def load(self) -> Mapping[str, np.ndarray] | None:
        """Return what was kept last, or None."""

    def save(self, arrays: Callable[[], Mapping[str, np.ndarray]]) -> None:
        """Keep the state; called at every seam, may decide not to write."""


@dataclass(frozen=True)
class Cohort:
    """Runs of one plan on one data set. initial: how weights start (scheme, scale)."""

    plan: Plan
    runs: Runs
    batches: Batches
    initial: tuple[str, float] = ("he", 1.0)
    keep_parameters: bool = False


def shape_for(plan: Plan, batches: Batches, runs: int, seeds: int, devices: Devices) -> ProgramShape:
    """Return the shape of a program for up to `runs` runs and `seeds` seeds, within the memory set above."""
    state = 4 * np.dtype(plan.precision).itemsize * plan.network.parameters  # weights, gradient, two slots
    size = devices.group_size(state, runs)
    per_step = size * devices.count
    width = min(-(-runs // per_step), max(1, devices.held // state // per_step)) * per_step
    divisors = [d for d in range(1, plan.evaluations + 1) if plan.evaluations % d == 0]
    wanted = max(1, plan.evaluations // 4)  # seams enough to drop diverged runs early
    segments = max(d for d in divisors if d == 1 or d <= wanted)
    sources = size if devices.shared else min(seeds, size)
    return ProgramShape(size, sources, batches.sizes[1], width, segments)


def run_cohort(
    cohort: Cohort,
    shape: ProgramShape,
    devices: Devices,
    after_chunk: Callable[[ChunkProgress], None] | None = None,
    store: CheckpointStore | None = None,
) -> Record:
    """Run the cohort and return its record: series [run, evaluation], and what was evaluated last or best.

    final: `score`, `valid_loss`, `evaluation` [run] of the parameters kept: those of the best evaluation for
    runs with patience, else of the last; `parameters` [run, P] and `statistics` [run, S] if kept.
    A diverged run keeps its NaNs from where it failed, and its status; a run stopped early has NaN from there
    on. `seam` may raise to stop; the state was kept just before.
    """
    with precision_context(cohort.plan.precision):
        return _Run(cohort, shape, devices, after_chunk or (lambda _: None), store).record()


@dataclass
class _Group:
    """Runs that train side by side: `runs` [n]; `members` [size]: the run of each member, the last repeated.

    state, numbers, best: on the device of the worker that had it last; None before it has begun.
    """

    runs: np.ndarray
    members: np.ndarray
    state: Any = None
    numbers: Any = None
    best: Best | None = None


class _Run:
    """The moving parts of one `run_cohort`."""

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
        scales = {seed: batches.data(seed).target_scale for seed in seeds}
        target_scale = np.array([scales[seed] for seed in runs.seed.tolist()])
        self.numbers = runs.numbers(plan.rule, target_scale, plan.precision)
        if plan.random:
            keys = {seed: rng_key(batches.root, seed) for seed in seeds}
            self.numbers["key"] = np.array([keys[s] for s in runs.seed.tolist()], np.uint32).reshape(count, 2)
        self.schedule_tables = ScheduleTables(plan, runs, batches.sizes[0] / batches.batch_size)
        self.watch = Watch(runs)
        self.series = {name: np.full((count, plan.evaluations), np.nan, plan.precision) for name in SERIES}
        self.status = np.full(count, Status.PENDING, np.int8)
        self.final = {
            "score": np.full(count, np.nan, plan.precision),
            "valid_loss": np.full(count, np.nan, plan.precision),
            "evaluation": np.full(count, -1, np.int32),
        }
        if cohort.keep_parameters:
            statistics = sum(leaf.size for leaf in jax.tree.leaves(plan.network.statistics(plan.precision)))
            sizes = {"parameters": plan.network.parameters, "statistics": statistics}
            self.final |= {
                name: np.full((count, n), np.nan, plan.precision) for name, n in sizes.items() if n
            }

    def record(self) -> Record:
        runs = self.cohort.runs
        kept = self.store.load() if self.store else None
        first, resumed = 0, None
        if kept is not None:
            first, resumed = self._restore(kept)
        for number, wave in enumerate(self._waves()):
            if number >= first:
                self._wave(number, wave, resumed if number == first else None)
        columns = {name: np.asarray(value) for name, value in runs.columns().items()}
        return Record(columns, self.series, self.status, self.final, {"plan": self.cohort.plan.describe()})

    def _waves(self) -> Iterator[np.ndarray]:
        """Yield indices of as many runs as are held at a time, seeds together."""
        order = np.argsort(self.cohort.runs.seed, kind="stable")
        for begin in range(0, len(order), self.shape.width):
            yield order[begin : begin + self.shape.width]

    def _wave(self, number: int, wave: np.ndarray, resumed: tuple[int, np.ndarray, Any] | None) -> None:
        """Run one wave from its start, or from where it was kept."""
        plan, segments = self.cohort.plan, self.shape.segments
        done, live, kept = resumed or (0, wave, None)
        groups = self._grouped(live, kept)
        while done < plan.evaluations and groups:
            go = partial(self._chunk, done, min(done + segments, plan.evaluations))
            steps = sum(map_on_devices(self.devices, go, groups, plan.precision)) * plan.steps_per_evaluation
            done = min(done + segments, plan.evaluations)
            live = np.concatenate([group.runs for group in groups])
            going = self.status[live] == Status.PENDING
            if done >= plan.evaluations:
                self.status[live[going]] = Status.FINISHED
                groups = []
            elif not going.all():
                groups = self._grouped(live[going], self._states(groups, going)) if going.any() else []
            self._end_chunk(number, done, groups, steps)

    def _grouped(self, live: np.ndarray, states: Any = None) -> list[_Group]:
        """Deal live runs out to as few groups as hold them; states: on the host, a row a run."""
        size, groups = self.shape.size, []
        for begin in range(0, len(live), size):
            places = np.minimum(begin + np.arange(size), min(begin + size, len(live)) - 1)
            group = _Group(live[begin : begin + size], live[places])
            if states is not None:
                group.state, best = _rows(states, places)
                group.best = best if best is None else Best(*best)
            groups.append(group)
        return groups

    def _states(self, groups: list[_Group], going: np.ndarray) -> Any:
        """Return (state, best) of the runs still going, on the host, a row a run."""
        parts = [_rows((group.state, group.best), np.arange(len(group.runs))) for group in groups]
        return jax.tree.map(lambda *each: np.concatenate(each)[going], *parts)

    def _chunk(self, first: int, last: int, device: jax.Device, group: _Group) -> int:
        """Advance a group over the evaluations from `first` to `last`; return the segments its runs took."""
        own = program(self.cohort.plan, self.shape, device).compile()
        if group.numbers is None:
            group.numbers = jax.device_put(_rows(self.numbers, group.members), device)
        if group.state is None:
            params, _ = self._initial(group.members)
            group.state = own.begin(jax.device_put(params, device), group.numbers)
        seeds = self.cohort.runs.seed[group.members]
        sources, which = self._sources(seeds)
        held = tuple(self.cohort.batches.valid(seed, device) for seed in sources)
        count, seen, taken = len(group.runs), [], 0
        watched = self.watch.used or self.schedule_tables.depends_on_loss
        eval_params = None
        for e in range(first, last):
            at = e * self.cohort.plan.steps_per_evaluation
            tables = tuple(
                self.cohort.batches.on_device(s, at, self.cohort.plan.steps_per_evaluation, device)
                for s in sources
            )
            factors = self.schedule_tables.of(group.members, e)
            group.state, eval_params, loss = own.stretch(
                group.state, group.numbers, factors, tables, which, np.int32(at)
            )
            valid, score = own.evaluate(eval_params, group.state.stats, group.numbers, held, which)
            seen.append((loss, valid, score))
            taken += count
            if watched:
                seen.clear()
                now = [np.asarray(each)[:count] for each in (loss, valid, score)]
                taken -= self._watched(group, e, eval_params, now)
                if not self._going(group.runs).any():
                    break
        for e, values in enumerate(seen, first):
            self._take(group.runs, e, [np.asarray(each)[:count] for each in values])
        self._mark(group.runs, first, last)
        if last == self.cohort.plan.evaluations or not self._going(group.runs).all():
            self._finish(group, eval_params, last)
        return taken

    def _watched(self, group: _Group, e: int, eval_params: Params, values: list[np.ndarray]) -> int:
        """Take one evaluation, decide who stops, keep what is best; return how many had stopped before."""
        runs = group.runs
        going = self._going(runs)
        self._take(runs[going], e, [each[going] for each in values])
        self.schedule_tables.update(runs[going], values[1][going])
        if self.watch.used:
            better = self.watch.see(runs[going], values[1][going])
            improved = np.zeros(len(group.members), bool)
            improved[np.flatnonzero(going)] = better
            group.best = Best.of(group.best, eval_params, group.state.stats, improved)
            now = runs[going][better]
            for name, value in zip(("valid_loss", "score"), values[1:], strict=True):
                self.final[name][now] = value[going][better]
            self.final["evaluation"][now] = e
        return int(np.sum(~going))

    def _going(self, runs: np.ndarray) -> np.ndarray:
        return (self.status[runs] == Status.PENDING) & ~self.watch.stopped(runs)

    def _take(self, runs: np.ndarray, e: int, values: list[np.ndarray]) -> None:
        for name, value in zip(SERIES, values, strict=True):
            self.series[name][runs, e] = value

    def _mark(self, runs: np.ndarray, first: int, last: int) -> None:
        """Mark who diverged in this chunk. What follows an early stop was not measured."""
        ends = np.minimum(self.watch.ends(runs, last), last)
        measured = np.arange(first, last)[None, :] < ends[:, None]
        bad = np.zeros(len(runs), bool)
        for values in self.series.values():
            bad |= (~np.isfinite(values[runs, first:last]) & measured).any(axis=1)
        self.status[runs[bad]] = Status.DIVERGED
        for name, none in (("score", np.nan), ("valid_loss", np.nan), ("evaluation", -1)):
            self.final[name][runs[bad]] = none

    def _finish(self, group: _Group, eval_params: Params | None, last: int) -> None:
        """Keep what was evaluated of the runs that are over: stopped early, or at the end."""
        over = self.watch.stopped(group.runs) | (last == self.cohort.plan.evaluations)
        over &= self.status[group.runs] == Status.PENDING
        index, runs = np.flatnonzero(over), group.runs[over]
        kept = eval_params, group.state.stats
        if not self.watch.used:
            for name in ("score", "valid_loss"):
                self.final[name][runs] = self.series[name][runs, last - 1]
            self.final["evaluation"][runs] = last - 1
        elif group.best is not None:
            kept = group.best.params, group.best.stats
        if self.cohort.keep_parameters and len(runs):
            self._keep(runs, *_rows(kept, index))
        self.status[group.runs[self.watch.stopped(group.runs) & over]] = Status.FINISHED

    def _keep(self, runs: np.ndarray, params: Params, stats: Statistics) -> None:
        """Write parameters and statistics of runs, one vector each, in the order of the trees' leaves."""
        for name, tree in (("parameters", params), ("statistics", stats)):
            leaves = [leaf.reshape(len(leaf), -1) for leaf in jax.tree.leaves(tree)]
            if leaves:
                self.final[name][runs] = np.concatenate(leaves, axis=1)

    def _sources(self, seeds: np.ndarray) -> tuple[list[int], np.ndarray]:
        """Return the seeds whose rows a group draws from, and the source of each member."""
        if self.shape.tables == self.shape.size:
            return seeds.tolist(), np.arange(len(seeds), dtype=np.int32)
        present = np.unique(seeds)
        which = np.searchsorted(present, seeds).astype(np.int32)
        return [*present.tolist(), *[int(present[0])] * (self.shape.tables - len(present))], which

    def _end_chunk(self, number: int, done: int, groups: list[_Group], steps: int) -> None:
        over = not groups
        if self.store is not None:
            self.store.save(lambda: self._kept(number + over, 0 if over else done, groups))
        diverged = int(np.sum(self.status == Status.DIVERGED))
        finished = int(np.sum(self.status == Status.FINISHED))
        self.after_chunk(ChunkProgress(steps, finished, diverged, self.series["score"]))

    def _initial(self, runs: np.ndarray) -> tuple[Any, Any]:
        """Draw the first parameters of each run's seed: the same for every optimizer. And the statistics."""
        plan, batches, seeds = self.cohort.plan, self.cohort.batches, self.cohort.runs.seed
        gates = np.asarray(self.cohort.runs.extra.get("gate_bias", np.full(len(seeds), np.nan)), float)
        wanted = [(int(seeds[run]), None if np.isnan(gates[run]) else float(gates[run])) for run in runs]
        kinds = list(dict.fromkeys(wanted))  # the same draw for all runs of a seed
        drawn = [
            initial_params(plan.network, batches.root, seed, *self.cohort.initial, plan.precision, gate)
            for seed, gate in kinds
        ]
        place = {kind: k for k, kind in enumerate(kinds)}
        which = np.array([place[each] for each in wanted], int)
        params = jax.tree.map(lambda *each: np.stack(each)[which], *drawn)
        one = plan.network.statistics(plan.precision)
        return params, jax.tree.map(lambda a: np.broadcast_to(a, (len(wanted), *np.shape(a))), one)

    def _kept(self, number: int, done: int, groups: list[_Group]) -> dict[str, np.ndarray]:
        arrays = {"where": np.array([number, done]), "status": self.status.copy()}
        arrays |= {f"series/{name}": values.copy() for name, values in self.series.items()}
        arrays |= {f"final/{name}": values.copy() for name, values in self.final.items()}
        arrays |= {f"watch/{name}": values for name, values in self.watch.arrays().items()}
        arrays |= {f"factors/{name}": values for name, values in self.schedule_tables.arrays().items()}
        if done:
            live = np.concatenate([group.runs for group in groups])
            states = self._states(groups, np.ones(len(live), bool))
            arrays["live"] = live
            arrays |= {f"state/{k}": leaf for k, leaf in enumerate(jax.tree.leaves(states))}
        return arrays

    def _restore(self, kept: Mapping[str, np.ndarray]) -> tuple[int, tuple[int, np.ndarray, Any] | None]:
        number, done = (int(each) for each in kept["where"])
        self.status = kept["status"].copy()
        for name, table in (("series", self.series), ("final", self.final)):
            table.update({key.split("/")[1]: kept[key].copy() for key in kept if key.startswith(f"{name}/")})
        self.watch.restore({key[6:]: kept[key].copy() for key in kept if key.startswith("watch/")})
        self.schedule_tables.restore(
            {key[8:]: kept[key].copy() for key in kept if key.startswith("factors/")}
        )
        if not done:
            return number, None
        live = kept["live"]
        params, stats = self._initial(live[:1])
        begin = jax.vmap(partial(start, self.cohort.plan))
        like: tuple[RunState, Any] = (
            jax.eval_shape(begin, params, _rows(self.numbers, live[:1])),
            Best(params, stats) if self.watch.used else None,
        )
        leaves = [kept[f"state/{k}"] for k in range(len(jax.tree.leaves(like)))]
        return number, (done, live, jax.tree.unflatten(jax.tree.structure(like), leaves))


def _rows(tree: Any, index: np.ndarray) -> Any:
    """Return these rows of every array, on the host."""
    return jax.tree.map(lambda a: np.asarray(a)[index], tree)
