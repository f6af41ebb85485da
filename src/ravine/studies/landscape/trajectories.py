"""Training that is followed: the parameters at every look, of one rule from several starts on the same rows.

A start fixes the first parameters and the order of batches. All starts see the same rows, standardised alike,
so that their losses can be compared and the way between two of them has a meaning. With the start that is
also the seed of the rows, a run is the one `ravine train` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jax.flatten_util import ravel_pytree

from ravine.engines import working_in
from ravine.optimizers import Rule
from ravine.training import Plan, Rows, Runs, Streams, first_key, first_parameters, start
from ravine.training.factors import Factors
from ravine.training.loop import judge, optimizer_of, step

__all__ = ["LOOKS", "Trajectory", "stretched", "travel"]

LOOKS = 50  # at the parameters of a run, its start not counted


@dataclass(frozen=True)
class Trajectory:
    """Where the runs of one rule went: `points` [run, T, P], the start first, at `steps` [T].

    The points are those a run is judged at (an average of the weights where there is one), not finite from
    where it diverged. `state`: the optimizer's at the end, [run, ...]. `rate`: the rate of the last step.
    """

    rule: Rule
    steps: npt.NDArray[np.int64]
    points: npt.NDArray[np.floating]
    rate: float
    taken: int
    state: Any = field(repr=False)

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
    return replace(plan, stride=stride, evaluations=-(-plan.steps // stride))


def travel(
    plan: Plan,
    runs: Runs,
    streams: Streams,
    seed: int,
    initial: tuple[str, float],
    starts: Sequence[int],
) -> Trajectory:
    """Train the runs, one from each of `starts`, on the training rows of `seed`, and look LOOKS times.

    runs: [run], all of one rule; their own seeds are not used.
    """
    plan = stretched(plan)
    stride = plan.stride
    which, places = np.arange(len(starts)), list(starts)
    with working_in(plan.precision):
        rows = streams.rows(seed)
        train, valid = (jax.tree.map(jnp.asarray, each) for each in (rows.train, rows.valid))
        numbers = runs.numbers(plan.rule, np.full(len(runs), rows.unit), plan.precision)
        if plan.random:
            numbers["key"] = np.stack([first_key(streams.root, each) for each in places])
        factors = Factors(plan, runs, streams.sizes[0] / streams.batch_size)
        gate = runs.extra.get("gate_bias")
        first = [
            first_parameters(
                plan.network, streams.root, each, *initial, plan.precision,
                None if gate is None else float(gate[k]),
            )
            for k, each in enumerate(places)
        ]  # fmt: skip
        params = jax.tree.map(lambda *each: np.stack(each), *first)
        state = jax.vmap(partial(start, plan))(params, numbers)
        points = [np.asarray(jax.vmap(lambda tree: ravel_pytree(tree)[0])(params))]
        rate = float(runs.rate[0])
        for number in range(plan.evaluations):
            at = number * stride
            order = np.stack([streams.order(each, at, at + stride) for each in places], axis=1)
            now = factors.of(which, number)
            rate = float(runs.rate[0] * now["rate"][-1, 0])
            state, seen, loss = _stretch(plan, state, numbers, now, train, valid, order, np.int32(at))
            points.append(np.asarray(seen))
            factors.follow(which, np.asarray(loss))
            if not np.isfinite(points[-1]).any():
                break
    steps = stride * np.arange(len(points))
    return Trajectory(plan.rule, steps, np.stack(points, axis=1), rate, plan.steps, state)


@partial(jax.jit, static_argnums=0)
def _stretch(
    plan: Plan, state: Any, numbers: Any, factors: Any, train: Rows, valid: Rows, order: Any, first: Any
) -> tuple[Any, jax.Array, jax.Array]:
    """Go on by a stretch: order [stride, run, B]. Returns state, judged parameters [run, P], loss [run]."""

    def one(carry: tuple[Any, Any], drawn: Any) -> tuple[tuple[Any, Any], None]:
        state, t = carry
        index, now = drawn
        batch = jax.tree.map(lambda a: a[index], train)
        state, _ = jax.vmap(partial(step, plan), in_axes=(0, 0, 0, 0, None))(state, numbers, now, batch, t)
        return (state, t + 1), None

    def look(state: Any, numbers: Any, last: Any) -> tuple[jax.Array, jax.Array]:
        params = optimizer_of(plan, numbers, state.params, last).eval_params(state.params, state.slots)
        return ravel_pytree(params)[0], judge(plan.judging, params, state.stats, numbers, valid)[0]

    (state, _), _ = jax.lax.scan(one, (state, first), (order, factors))
    seen, loss = jax.vmap(look)(state, numbers, {name: each[-1] for name, each in factors.items()})
    return state, seen, loss
