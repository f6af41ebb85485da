"""Many runs of one plan, side by side. Between chunks of evaluations is the seam: there diverged runs are
dropped and the rest packed together, progress is told, the state is kept, and a stop takes effect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import jax
import numpy as np

from ravine.engines import Devices, working_in
from ravine.networks import Network
from ravine.records.record import Record, Status
from ravine.training.loop import RunState, start
from ravine.training.plan import Plan
from ravine.training.program import Program, Shape, program
from ravine.training.runs import Runs
from ravine.training.stream import Streams, keyed

__all__ = ["Cohort", "Keeper", "Seam", "run_cohort", "shape_for"]

STATES = 256 * 2**20  # bytes for the states of all members in a program
TABLES = 96 * 2**20  # bytes for the batches of one chunk
SERIES = ("train_loss", "valid_loss", "score")


@dataclass(frozen=True)
class Seam:
    """Where a cohort stands: network steps done since the last seam, runs finished, runs diverged so far."""

    steps: int
    finished: int
    diverged: int


class Keeper(Protocol):
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
    streams: Streams
    initial: tuple[str, float] = ("he", 1.0)
    keep_parameters: bool = False


def shape_for(plan: Plan, streams: Streams, runs: int, seeds: int, devices: Devices) -> Shape:
    """Return the shape of a program for up to `runs` runs and `seeds` seeds, within the memory set above."""
    word = np.dtype(plan.precision).itemsize
    state = 4 * word * plan.network.parameters
    unit = max(1, devices.count * max(1, devices.together))
    most = max(unit, STATES // state // unit * unit)
    width = min(-(-runs // unit) * unit, most)
    stretch = plan.stride * plan.batch_size * (plan.network.sizes[0] + 1) * word
    seeds = max(1, min(seeds, width, TABLES // stretch))
    divisors = [d for d in range(1, plan.evaluations + 1) if plan.evaluations % d == 0]
    wanted = max(1, plan.evaluations // 4)  # seams enough to drop diverged runs early
    stretches = max(d for d in divisors if d == 1 or (d <= wanted and d * seeds * stretch <= TABLES))
    return Shape(width, seeds, stretches, streams.sizes[1])


def run_cohort(
    cohort: Cohort,
    shape: Shape,
    devices: Devices,
    seam: Callable[[Seam], None] | None = None,
    keeper: Keeper | None = None,
) -> Record:
    """Run the cohort and return its record: series [run, evaluation], `final["parameters"]` [run, P] if kept.

    A diverged run keeps its NaNs from where it failed, and its status. `seam` may raise to stop; the state
    was kept just before.
    """
    with working_in(cohort.plan.precision):
        return _Run(cohort, shape, devices, seam or (lambda _: None), keeper).record()


class _Run:
    """The moving parts of one `run_cohort`."""

    def __init__(
        self,
        cohort: Cohort,
        shape: Shape,
        devices: Devices,
        seam: Callable[[Seam], None],
        keeper: Keeper | None,
    ) -> None:
        self.cohort, self.seam, self.keeper = cohort, seam, keeper
        self.program: Program = program(cohort.plan, shape, devices)
        plan, count = cohort.plan, len(cohort.runs)
        units = {seed: cohort.streams.rows(seed).unit for seed in np.unique(cohort.runs.seed).tolist()}
        unit = np.array([units[seed] for seed in cohort.runs.seed.tolist()])
        self.numbers = cohort.runs.numbers(plan.rule, unit, plan.precision)
        self.series = {name: np.full((count, plan.evaluations), np.nan, plan.precision) for name in SERIES}
        self.status = np.full(count, Status.PENDING, np.int8)
        self.parameters = (
            np.full((count, plan.network.parameters), np.nan, plan.precision)
            if cohort.keep_parameters
            else None
        )

    def record(self) -> Record:
        plan, runs = self.cohort.plan, self.cohort.runs
        kept = self.keeper.load() if self.keeper else None
        first, resumed = 0, None
        if kept is not None:
            first, resumed = self._restore(kept)
        for number, wave in enumerate(self._waves()):
            if number >= first:
                self._wave(number, wave, resumed if number == first else None)
        final = {} if self.parameters is None else {"parameters": self.parameters}
        columns = {name: np.asarray(value) for name, value in runs.columns().items()}
        return Record(columns, self.series, self.status, final, {"plan": plan.describe()})

    def _waves(self) -> Iterator[np.ndarray]:
        """Yield indices of runs, seeds together, that fit the program's width and its seed tables."""
        shape, seeds = self.program.shape, self.cohort.runs.seed
        order = np.argsort(seeds, kind="stable")
        begin = 0
        while begin < len(order):
            part = order[begin : begin + shape.width]
            fresh = np.cumsum(np.r_[True, np.diff(seeds[part]) != 0])
            part = part[fresh <= shape.seeds]
            yield part
            begin += len(part)

    def _wave(self, number: int, wave: np.ndarray, resumed: tuple[int, np.ndarray, Any] | None) -> None:
        """Run one wave from its start, or from where it was kept."""
        program, plan, streams = self.program, self.cohort.plan, self.cohort.streams
        seeds = self.cohort.runs.seed
        present = np.unique(seeds[wave]).tolist()
        table = present + [present[0]] * (program.shape.seeds - len(present))
        valid = program.share(streams.valid(table))
        done, live, kept = resumed or (0, wave, None)
        state = None if kept is None else self._packed(kept, _Placing.of(len(live), program))
        while done < plan.evaluations and len(live):
            placing = _Placing.of(len(live), program)
            slot = live[placing.filled]
            numbers = program.place(_rows(self.numbers, slot))
            if state is None:
                state = program.begin(self._initial(slot), numbers)
            which = np.searchsorted(present, seeds[slot]).astype(np.int32)
            which, groups = program.place((which, placing.groups))
            batches = streams.batches(table, done * plan.stride, program.shape.stretches, plan.stride)
            state, seen = program.go(state, numbers, which, groups, program.share(batches), valid)
            done += program.shape.stretches
            alive = self._take(live, done, _rows(seen, placing.slots))
            steps = len(live) * program.shape.stretches * plan.stride
            if done >= plan.evaluations:
                if self.parameters is not None and alive.any():
                    judged = _flat(program.judged(state, numbers))[placing.slots]
                    self.parameters[live[alive]] = judged[alive]
                live = live[alive]
                self.status[live] = Status.FINISHED
            elif not alive.all():
                kept, live = _rows(state, placing.slots[alive]), live[alive]
                state = self._packed(kept, _Placing.of(len(live), program)) if len(live) else None
            self._seam(number, done, live, state, steps)

    def _packed(self, kept: Any, placing: _Placing) -> RunState:
        """Lay the states of live runs, on the host, out over the program's slots."""
        return self.program.place(_rows(kept, placing.filled))

    def _take(self, live: np.ndarray, done: int, stretch: dict[str, np.ndarray]) -> np.ndarray:
        """Write a chunk's series; return which runs are still finite."""
        width = self.program.shape.stretches
        finite = np.ones(len(live), bool)
        for name, values in stretch.items():
            self.series[name][live, done - width : done] = values
            finite &= np.isfinite(values).all(axis=1)
        self.status[live[~finite]] = Status.DIVERGED
        return finite

    def _seam(self, number: int, done: int, live: np.ndarray, state: RunState | None, steps: int) -> None:
        over = done >= self.cohort.plan.evaluations or not len(live)
        if self.keeper is not None:
            self.keeper.save(lambda: self._kept(number + over, 0 if over else done, live, state))
        diverged = int(np.sum(self.status == Status.DIVERGED))
        self.seam(Seam(steps, int(np.sum(self.status == Status.FINISHED)), diverged))

    def _initial(self, runs: np.ndarray) -> Any:
        """Draw the first parameters of each run's seed: the same for every optimizer."""
        scheme, scale = self.cohort.initial
        seeds = self.cohort.runs.seed[runs]
        drawn = {
            seed: first_parameters(self.cohort.plan.network, self.cohort.streams.root, seed, scheme, scale,
                                   self.cohort.plan.precision)
            for seed in np.unique(seeds).tolist()
        }  # fmt: skip
        return jax.tree.map(lambda *each: np.stack(each), *(drawn[seed] for seed in seeds.tolist()))

    def _kept(
        self, number: int, done: int, live: np.ndarray, state: RunState | None
    ) -> dict[str, np.ndarray]:
        arrays = {"where": np.array([number, done]), "live": live, "status": self.status}
        arrays |= {f"series/{name}": values for name, values in self.series.items()}
        if self.parameters is not None:
            arrays["parameters"] = self.parameters
        if done:
            rows = _rows(state, _Placing.of(len(live), self.program).slots)
            arrays |= {f"state/{k}": leaf for k, leaf in enumerate(jax.tree.leaves(rows))}
        return arrays

    def _restore(self, kept: Mapping[str, np.ndarray]) -> tuple[int, tuple[int, np.ndarray, Any] | None]:
        number, done = (int(each) for each in kept["where"])
        self.status = kept["status"].copy()
        self.series = {name: kept[f"series/{name}"].copy() for name in SERIES}
        if self.parameters is not None:
            self.parameters = kept["parameters"].copy()
        if not done:
            return number, None
        live = kept["live"]
        begin = jax.vmap(partial(start, self.cohort.plan))
        like = jax.eval_shape(begin, self._initial(live[:1]), _rows(self.numbers, live[:1]))
        leaves = [kept[f"state/{k}"] for k in range(len(jax.tree.leaves(like)))]
        return number, (done, live, jax.tree.unflatten(jax.tree.structure(like), leaves))


@dataclass(frozen=True)
class _Placing:
    """Which slot each live run takes.

    slots [live]. filled [width]: the run in each slot, run 0 where none is. groups [devices]: live groups.
    """

    slots: np.ndarray
    filled: np.ndarray
    groups: np.ndarray

    @classmethod
    def of(cls, live: int, program: Program) -> _Placing:
        devices, width, group = program.devices.count, program.shape.width, program.group
        each = width // devices
        groups = -(-live // group)  # dealt out evenly, device by device
        mine = np.array([groups // devices + (d < groups % devices) for d in range(devices)])
        ends = np.minimum(np.cumsum(mine * group), live)
        counts = np.diff(np.r_[0, ends])
        slots = np.concatenate([d * each + np.arange(n) for d, n in enumerate(counts)])
        filled = np.zeros(width, int)
        filled[slots] = np.arange(live)
        return cls(slots, filled, mine.astype(np.int32))


def first_parameters(
    network: Network, root: int, seed: int, scheme: str = "he", scale: float = 1.0, precision: str = "float32"
) -> Any:
    """Draw the parameters a seed starts from."""
    return network.init(keyed(root, "initialisation", seed), scheme, scale, precision)


def parameters_of(network: Network, vector: np.ndarray) -> list[dict[str, np.ndarray]]:
    """Return the layers that one row [P] of a record's `parameters` holds."""
    like = network.init(np.random.default_rng(0), dtype=str(vector.dtype))
    leaves, tree = jax.tree.flatten(like)
    ends = np.cumsum([leaf.size for leaf in leaves])
    parts = np.split(np.asarray(vector), ends[:-1])
    return jax.tree.unflatten(tree, [p.reshape(leaf.shape) for p, leaf in zip(parts, leaves, strict=True)])


def _rows(tree: Any, index: np.ndarray) -> Any:
    """Return these rows of every array, on the host."""
    return jax.tree.map(lambda a: np.asarray(a)[index], tree)


def _flat(params: Any) -> np.ndarray:
    """Parameters [run, ...] as one vector a run, in the order of the tree's leaves."""
    leaves = [np.asarray(leaf) for leaf in jax.tree.leaves(params)]
    return np.concatenate([leaf.reshape(len(leaf), -1) for leaf in leaves], axis=1)
