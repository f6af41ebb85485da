"""Training that keeps the parameters at every look, of one optimizer from several starts on the same rows.

A start fixes the first parameters and the order of batches. All starts see the same rows, standardized alike,
so that their losses can be compared and the line between two solutions has a meaning. With the start that is
also the seed of the rows, a run is the one that `ravine train` does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jax.flatten_util import ravel_pytree

from ravine.engines import precision_context
from ravine.records.record import Record, Status
from ravine.training import (
    CheckpointStore,
    ChunkProgress,
    Cohort,
    Plan,
    Rows,
    RunState,
    initial_params,
    rng_key,
    start,
)
from ravine.training.loop import Carry, Numbers, evaluate, optimizer_of, step
from ravine.training.schedule_tables import ScheduleTables

__all__ = ["LOOKS", "Trajectory", "stretched", "trajectory_of", "travel"]

LOOKS = 50  # at the parameters of a run, its start not counted


@dataclass(frozen=True)
class Trajectory:
    """The paths of the runs of one optimizer: `points` [run, T, P], the start first, at `steps` [T].

    The points are those a run is judged at (an average of the weights where there is one), not finite from
    where it diverged. opt_state: the optimizer's state at the end, [run, ...]. rate: that of the last step.
    """

    steps: npt.NDArray[np.int64]
    points: npt.NDArray[np.floating]
    rate: float
    opt_state: Any = field(repr=False)

    @property
    def finished(self) -> npt.NDArray[np.bool_]:
        """Whether each run ended with finite parameters: [run]."""
        return np.isfinite(self.points[:, -1]).all(axis=1)

    def way(self, run: int) -> npt.NDArray[np.floating]:
        """Return the points of one run before it diverged: [T, P], or fewer."""
        good = np.isfinite(self.points[run]).all(axis=1)
        return self.points[run, : len(good) if good.all() else int(np.argmin(good))]


def stretched(plan: Plan) -> Plan:
    """Return the plan in LOOKS stretches, its steps kept to the next whole number of them."""
    stride = max(1, -(-plan.steps // LOOKS))
    return replace(plan, steps_per_evaluation=stride, evaluations=-(-plan.steps // stride))


def travel(
    cohort: Cohort, seed: int, after_chunk: Callable[[ChunkProgress], None], keeper: CheckpointStore | None
) -> Record:
    """Train the runs of a stretched plan on the training rows of `seed`; return every look at them.

    The seeds of the runs are their starts. final: `points` [run, T, P], `rate` of the last step, and the
    leaves of the optimizer's state as `opt_state/0`, ... A stretch is a chunk: the state is kept behind it.
    """
    with precision_context(cohort.plan.precision):
        journey = _Journey(cohort, seed)
        kept = keeper.load() if keeper is not None else None
        if kept is not None:
            journey.restore(kept)
        while journey.goes_on:
            journey.advance()
            if keeper is not None:
                keeper.save(journey.kept)
            after_chunk(journey.seam)
        return journey.record()


def trajectory_of(cohort: Cohort, seed: int, record: Record) -> Trajectory:
    """Return the paths in a record of `travel`, with the same arguments."""
    with precision_context(cohort.plan.precision):
        like = _Journey(cohort, seed).shapes.opt_state
    leaves = [record.final[f"opt_state/{place}"] for place in range(len(jax.tree.leaves(like)))]
    points = record.final["points"]
    return Trajectory(
        cohort.plan.steps_per_evaluation * np.arange(points.shape[1]),
        points,
        float(record.final["rate"][0]),
        jax.tree.unflatten(jax.tree.structure(like), leaves),
    )


class _Journey:
    """The moving parts of one training."""

    def __init__(self, cohort: Cohort, seed: int) -> None:
        self.cohort = cohort
        plan, runs, batches = cohort.plan, cohort.runs, cohort.batches
        self.starts = runs.seed.tolist()
        rows = batches.data(seed)
        self.train, self.valid = (jax.tree.map(jnp.asarray, part) for part in (rows.train, rows.valid))
        self.numbers = runs.numbers(plan.rule, np.full(len(runs), rows.target_scale), plan.precision)
        if plan.random:
            self.numbers["key"] = np.stack([rng_key(batches.root, start_seed) for start_seed in self.starts])
        self.schedule_tables = ScheduleTables(plan, runs, batches.sizes[0] / batches.batch_size)
        gate = runs.extra.get("gate_bias")
        first = [
            initial_params(
                plan.network, batches.root, start_seed, *cohort.initial, plan.precision,
                None if gate is None else float(gate[run]),
            )
            for run, start_seed in enumerate(self.starts)
        ]  # fmt: skip
        self.params = jax.tree.map(lambda *trees: np.stack(trees), *first)
        self.state: RunState | None = None
        self.points = [np.asarray(jax.vmap(lambda tree: ravel_pytree(tree)[0])(self.params))]
        self.losses: list[npt.NDArray[np.floating]] = []
        self.rate: npt.NDArray[np.floating] = np.array(runs.rate)

    @property
    def goes_on(self) -> bool:
        """Whether there are steps left, and a run that has not diverged."""
        return len(self.losses) < self.cohort.plan.evaluations and bool(np.isfinite(self.points[-1]).any())

    @property
    def shapes(self) -> RunState:
        """The state as shapes."""
        found: RunState = jax.eval_shape(self._begin, self.params, self.numbers)
        return found

    @property
    def seam(self) -> ChunkProgress:
        """Progress of the last stretch. No score is computed."""
        diverged = int(np.sum(~np.isfinite(self.points[-1]).all(axis=1)))
        return ChunkProgress(
            self.cohort.plan.steps_per_evaluation * len(self.starts), 0, diverged, np.zeros((0, 0))
        )

    @property
    def _begin(self) -> Callable[..., RunState]:
        return jax.vmap(partial(start, self.cohort.plan))

    def advance(self) -> None:
        """Train for a stretch and look."""
        plan, which, number = self.cohort.plan, np.arange(len(self.starts)), len(self.losses)
        if self.state is None:
            self.state = self._begin(self.params, self.numbers)
        first = number * plan.steps_per_evaluation
        stretch = partial(self.cohort.batches.order, first=first, last=first + plan.steps_per_evaluation)
        order = np.stack([stretch(start_seed) for start_seed in self.starts], axis=1)
        now = self.schedule_tables.of(which, number)
        self.rate = self.cohort.runs.rate * now["rate"][-1]
        self.state, points, loss = _stretch(
            plan, self.state, self.numbers, now, self.train, self.valid, order, np.int32(first)
        )
        self.points.append(np.asarray(points))
        self.losses.append(np.asarray(loss))
        self.schedule_tables.update(which, self.losses[-1])

    def kept(self) -> dict[str, np.ndarray]:
        """Return everything that a resumed training needs."""
        arrays = {"points": np.stack(self.points), "losses": np.stack(self.losses), "rate": self.rate}
        arrays |= {f"factors/{name}": values for name, values in self.schedule_tables.arrays().items()}
        leaves = jax.tree.leaves(self.state)
        return arrays | {f"state/{place}": np.asarray(leaf) for place, leaf in enumerate(leaves)}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take the state that was kept."""
        self.points, self.losses, self.rate = list(arrays["points"]), list(arrays["losses"]), arrays["rate"]
        self.schedule_tables.restore(
            {name[8:]: arrays[name].copy() for name in arrays if name.startswith("factors/")}
        )
        like = self.shapes
        leaves = [arrays[f"state/{place}"] for place in range(len(jax.tree.leaves(like)))]
        self.state = jax.tree.unflatten(jax.tree.structure(like), leaves)

    def record(self) -> Record:
        """Return every look at the runs."""
        runs, points = self.cohort.runs, np.stack(self.points, axis=1)
        assert self.state is not None
        opt_state = {
            f"opt_state/{place}": np.asarray(leaf)
            for place, leaf in enumerate(jax.tree.leaves(self.state.opt_state))
        }
        finite = np.isfinite(points[:, -1]).all(axis=1)
        return Record(
            {name: np.asarray(values) for name, values in runs.columns().items()},
            {"valid_loss": np.stack(self.losses, axis=1)},
            np.where(finite, Status.FINISHED, Status.DIVERGED),
            {"points": points, "rate": self.rate, **opt_state},
            {"plan": self.cohort.plan.describe()},
        )


@partial(jax.jit, static_argnums=0)
def _stretch(
    plan: Plan,
    state: RunState,
    numbers: Numbers,
    factors: Mapping[str, jax.Array],
    train: Rows,
    valid: Rows,
    order: jax.Array,
    first: jax.Array,
) -> tuple[RunState, jax.Array, jax.Array]:
    """Go on by a stretch: order [steps, run, B]. Returns state, judged parameters [run, P], loss [run]."""

    def one(carry: Carry, drawn: tuple[jax.Array, Mapping[str, jax.Array]]) -> tuple[Carry, None]:
        state, t = carry
        index, now = drawn
        batch = jax.tree.map(lambda a: a[index], train)
        state, _ = jax.vmap(partial(step, plan), in_axes=(0, 0, 0, 0, None))(state, numbers, now, batch, t)
        return (state, t + 1), None

    def look(state: RunState, numbers: Numbers, last: Mapping[str, jax.Array]) -> tuple[jax.Array, jax.Array]:
        params = optimizer_of(plan, numbers, state.params, last).eval_params(state.params, state.opt_state)
        return ravel_pytree(params)[0], evaluate(plan.evaluation_key, params, state.stats, numbers, valid)[0]

    (state, _), _ = jax.lax.scan(one, (state, first), (order, factors))
    seen, loss = jax.vmap(look)(state, numbers, {name: each[-1] for name, each in factors.items()})
    return state, seen, loss
