"""Trainings of one optimizer from several starts on the same rows, with snapshots of the parameters.

The snapshots are the path of a training in parameter space, which a loss landscape shows. A start is a seed
for the initial parameters and the order of batches. All starts share training rows and standardization, so
that their losses are values of the same function and the loss between two of their ends has a meaning. If a
start equals the seed that draws training and validation rows, its run trains like the first run of `ravine
train` with equal settings.
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
from ravine.records.array_rules import ArrayRule, check_arrays
from ravine.records.os_errors import DamagedFile
from ravine.records.record import Record, Status
from ravine.records.strict_json import FIX
from ravine.training import (
    CheckpointStore,
    ChunkProgress,
    Cohort,
    Plan,
    Rows,
    RunState,
    check_runs,
    initial_params,
    rng_key,
    start,
)
from ravine.training.loop import Carry, Numbers, evaluate, optimizer_of, step
from ravine.training.schedule_tables import ScheduleTables

__all__ = [
    "SNAPSHOTS",
    "Trajectory",
    "check_trajectory",
    "train_with_snapshots",
    "trajectory_of",
    "with_snapshots",
]

SNAPSHOTS = 50  # of the parameters of a run, besides its start


@dataclass(frozen=True)
class Trajectory:
    """The paths of the runs of one optimizer in parameter space, from their starts to their ends.

    steps [T]: numbers of the training steps after which parameters were stored, 0 for the start. points [run,
    T, P]: parameters at these steps; they are the averaged weights if the training averages weights, and not
    finite once a run diverged. opt_state [run, ...]: the optimizer's state at the end. rate: learning rate of
    the last step.
    """

    steps: npt.NDArray[np.int64]
    points: npt.NDArray[np.floating]
    rate: float
    opt_state: Any = field(repr=False)

    @property
    def finished(self) -> npt.NDArray[np.bool_]:
        """Whether each run of the optimizer ended with finite parameters, that is, did not diverge, [run]."""
        return np.isfinite(self.points[:, -1]).all(axis=1)

    def path(self, run: int) -> npt.NDArray[np.floating]:
        """Return the path of one run: its parameters during training [T, P], from the start.

        The path of a diverged run ends at its last finite parameters. run: index of the run.
        """
        good = np.isfinite(self.points[run]).all(axis=1)
        return self.points[run, : len(good) if good.all() else int(np.argmin(good))]


def with_snapshots(plan: Plan) -> Plan:
    """Return the plan of a training whose parameters are stored up to 50 times, at equal numbers of steps.

    The parameters are stored at each evaluation of the returned plan. The number of steps is rounded up to a
    multiple of the steps between two evaluations. plan: plan of the training without snapshots.
    """
    steps = max(1, -(-plan.steps // SNAPSHOTS))
    return replace(plan, steps_per_evaluation=steps, evaluations=-(-plan.steps // steps))


def train_with_snapshots(
    cohort: Cohort, seed: int, after_chunk: Callable[[ChunkProgress], None], keeper: CheckpointStore | None
) -> Record:
    """Train the runs of one optimizer with snapshots of their parameters, and return the record of the runs.

    cohort: runs of a plan from `with_snapshots`; the seed of a run fixes its initial weights. seed: seed
    whose split gives all runs the same training and validation rows. keeper: store for the state of an
    interrupted training; None saves no state. after_chunk: function that is called after each snapshot, once
    the state was saved; it may raise Stopped to end the training.
    The field `final` of the record holds the snapshots `points` [run, T, P], the learning rate `rate` [run]
    of the last step, and the arrays of the optimizer's state as `opt_state/0`, `opt_state/1` and so on.
    """
    with precision_context(cohort.plan.precision):
        training = _SnapshotTraining(cohort, seed)
        checkpoint = keeper.load(training.check) if keeper is not None else None
        if checkpoint is not None:
            training.restore(checkpoint)
        while training.is_unfinished:
            training.advance()
            if keeper is not None:
                keeper.save(training.checkpoint)
            after_chunk(training.progress)
        return training.record()


def check_trajectory(cohort: Cohort, seed: int, record: Record, subject: str) -> None:
    """Raise DamagedFile unless a record is one that `train_with_snapshots` returns for these runs.

    cohort, seed: as for `train_with_snapshots`. subject: words for the file of the record in messages.
    """
    check_runs(cohort.runs, record, subject)
    with precision_context(cohort.plan.precision):
        training = _SnapshotTraining(cohort, seed)
        leaves = jax.tree.leaves(training.state_shapes.opt_state)
    runs, size = training.points[0].shape
    lengths = check_arrays(record.series, {"valid_loss": ArrayRule("f", (runs, "snapshot"))}, subject)
    rules = {
        "points": ArrayRule("f", (runs, lengths["snapshot"] + 1, size), cohort.plan.precision),
        "rate": ArrayRule("f", (runs,)),
    } | {f"opt_state/{k}": ArrayRule.like(leaf) for k, leaf in enumerate(leaves)}
    check_arrays(record.final, rules, subject)


def trajectory_of(cohort: Cohort, seed: int, record: Record) -> Trajectory:
    """Return the paths in weight space of the runs of one optimizer, from the record of their training.

    cohort: the runs that were trained. seed: seed of their training and validation rows. record: the record
    of this training, which `train_with_snapshots` returned.
    """
    with precision_context(cohort.plan.precision):
        like = _SnapshotTraining(cohort, seed).state_shapes.opt_state
    leaves = [record.final[f"opt_state/{k}"] for k in range(len(jax.tree.leaves(like)))]
    points = record.final["points"]
    return Trajectory(
        cohort.plan.steps_per_evaluation * np.arange(points.shape[1]),
        points,
        float(record.final["rate"][0]),
        jax.tree.unflatten(jax.tree.structure(like), leaves),
    )


class _SnapshotTraining:
    """A training with snapshots while it runs: states of the runs, snapshots, losses and schedules."""

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
    def is_unfinished(self) -> bool:
        """Whether the training must go on: steps are left, and at least one run has not diverged."""
        return len(self.losses) < self.cohort.plan.evaluations and bool(np.isfinite(self.points[-1]).any())

    @property
    def state_shapes(self) -> RunState:
        """The state of the runs of this training with shapes and types in place of arrays."""
        shapes: RunState = jax.eval_shape(self._begin, self.params, self.numbers)
        return shapes

    @property
    def progress(self) -> ChunkProgress:
        """The progress of this training by its last snapshot: steps since the snapshot before, diverged runs.

        It contains no scores, because none are computed.
        """
        diverged = int(np.sum(~np.isfinite(self.points[-1]).all(axis=1)))
        return ChunkProgress(
            self.cohort.plan.steps_per_evaluation * len(self.starts), 0, diverged, np.zeros((0, 0))
        )

    @property
    def _begin(self) -> Callable[..., RunState]:
        return jax.vmap(partial(start, self.cohort.plan))

    def advance(self) -> None:
        """Train all runs until their next snapshot, and store their parameters and validation losses."""
        plan, runs, segment = self.cohort.plan, np.arange(len(self.starts)), len(self.losses)
        if self.state is None:
            self.state = self._begin(self.params, self.numbers)
        first = segment * plan.steps_per_evaluation
        batch_order = partial(self.cohort.batches.order, first=first, last=first + plan.steps_per_evaluation)
        order = np.stack([batch_order(start_seed) for start_seed in self.starts], axis=1)
        factors_now = self.schedule_tables.of(runs, segment)
        self.rate = self.cohort.runs.rate * factors_now["rate"][-1]
        self.state, points, loss = _advance(
            plan, self.state, self.numbers, factors_now, self.train, self.valid, order, np.int32(first)
        )
        self.points.append(np.asarray(points))
        self.losses.append(np.asarray(loss))
        self.schedule_tables.update(runs, self.losses[-1])

    def checkpoint(self) -> dict[str, np.ndarray]:
        """Return the arrays from which an interrupted training can continue, by name."""
        arrays = {"points": np.stack(self.points), "losses": np.stack(self.losses), "rate": self.rate}
        arrays |= {f"factors/{name}": values for name, values in self.schedule_tables.arrays().items()}
        leaves = jax.tree.leaves(self.state)
        return arrays | {f"state/{k}": np.asarray(leaf) for k, leaf in enumerate(leaves)}

    def check(self, arrays: Mapping[str, np.ndarray], subject: str) -> None:
        """Raise DamagedFile unless arrays are a checkpoint of this training.

        subject: words for their file in messages.
        """
        runs, size = self.points[0].shape
        rules = {
            "points": ArrayRule("f", ("point", runs, size), self.cohort.plan.precision),
            "losses": ArrayRule("f", ("snapshot", runs)),
            "rate": ArrayRule("f", (runs,)),
        }
        factors, leaves = self.schedule_tables.arrays(), jax.tree.leaves(self.state_shapes)
        rules |= {f"factors/{name}": ArrayRule.like(values) for name, values in factors.items()}
        rules |= {f"state/{k}": ArrayRule.like(leaf) for k, leaf in enumerate(leaves)}
        lengths = check_arrays(arrays, rules, subject)
        snapshots = lengths["snapshot"]
        if lengths["point"] != snapshots + 1 or not 1 <= snapshots <= self.cohort.plan.evaluations:
            why = f"It has {snapshots} snapshots and {lengths['point']} points."
            raise DamagedFile(f"{subject} is damaged.", why, FIX)

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Set the state of this training to that of an interrupted one, from the arrays of `checkpoint`."""
        self.points, self.losses, self.rate = list(arrays["points"]), list(arrays["losses"]), arrays["rate"]
        self.schedule_tables.restore(
            {name[8:]: arrays[name].copy() for name in arrays if name.startswith("factors/")}
        )
        like = self.state_shapes
        leaves = [arrays[f"state/{k}"] for k in range(len(jax.tree.leaves(like)))]
        self.state = jax.tree.unflatten(jax.tree.structure(like), leaves)

    def record(self) -> Record:
        """Return the record of the runs of this training: snapshots, validation losses, optimizer state."""
        runs, points = self.cohort.runs, np.stack(self.points, axis=1)
        assert self.state is not None
        opt_state = {
            f"opt_state/{k}": np.asarray(leaf) for k, leaf in enumerate(jax.tree.leaves(self.state.opt_state))
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
def _advance(
    plan: Plan,
    state: RunState,
    numbers: Numbers,
    factors: Mapping[str, jax.Array],
    train: Rows,
    valid: Rows,
    order: jax.Array,
    first: jax.Array,
) -> tuple[RunState, jax.Array, jax.Array]:
    """Train the steps until the next snapshot.

    Returns the state, the parameters that are evaluated [run, P] and their validation losses [run]. order
    [steps, run, B]: rows of each batch. first: number of the first step.
    """

    def one_step(carry: Carry, drawn: tuple[jax.Array, Mapping[str, jax.Array]]) -> tuple[Carry, None]:
        state, t = carry
        index, factors_now = drawn
        batch = jax.tree.map(lambda a: a[index], train)
        state, _ = jax.vmap(partial(step, plan), in_axes=(0, 0, 0, 0, None))(
            state, numbers, factors_now, batch, t
        )
        return (state, t + 1), None

    def measure(
        state: RunState, numbers: Numbers, last: Mapping[str, jax.Array]
    ) -> tuple[jax.Array, jax.Array]:
        params = optimizer_of(plan, numbers, state.params, last).eval_params(state.params, state.opt_state)
        return ravel_pytree(params)[0], evaluate(plan.evaluation_key, params, state.stats, numbers, valid)[0]

    (state, _), _ = jax.lax.scan(one_step, (state, first), (order, factors))
    points, loss = jax.vmap(measure)(state, numbers, {name: values[-1] for name, values in factors.items()})
    return state, points, loss
