"""The compiled program of a plan: many runs go on by some stretches, spread over the devices.

On a CPU each device takes its members in small groups, one group after another, so that a group's weights
stay in the cache; on a GPU all at once. How many groups there are is data: members that have stopped cost
nothing, and no number of members compiles anew.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import NamedSharding
from jax.sharding import PartitionSpec as P

from ravine.engines import Devices, working_in
from ravine.training.loop import Rows, RunState, advance, optimizer_of, start
from ravine.training.plan import Plan
from ravine.training.runs import Runs

__all__ = ["Program", "Shape", "program", "programs_made"]


@dataclass(frozen=True)
class Shape:
    """What fixes the size of a program.

    width: members. seeds: rows of the tables of batches and validation rows. stretches: how far it goes at a
    time. valid: validation rows of a seed.
    """

    width: int
    seeds: int
    stretches: int
    valid: int


class Program:
    """A plan for a shape on given devices; compiled once, at the first `compile`, `begin` or `go`."""

    def __init__(self, plan: Plan, shape: Shape, devices: Devices) -> None:
        self.plan, self.shape, self.devices = plan, shape, devices
        self.group = devices.together or shape.width // devices.count
        self.members = NamedSharding(devices.mesh, P("member"))
        self.everywhere = NamedSharding(devices.mesh, P())
        self.seconds = 0.0  # spent compiling
        self._lock = threading.Lock()
        self._made: tuple[Any, Any] | None = None

    def compile(self) -> tuple[Any, Any]:
        """Return the two compiled functions, begin and go; compile them if this is the first call."""
        with self._lock:
            if self._made is None:
                clock = time.perf_counter()
                with working_in(self.plan.precision):  # of this thread, which may be one of many that compile
                    self._made = self._compile()
                self.seconds = time.perf_counter() - clock
        return self._made

    def _compile(self) -> tuple[Any, Any]:
        by_member, shared = P("member"), P()
        go = jax.jit(
            jax.shard_map(
                partial(_go, self.plan, self.group),
                mesh=self.devices.mesh,
                in_specs=(by_member, by_member, by_member, by_member, shared, shared),
                out_specs=(by_member, by_member),
                check_vma=False,
            ),
            donate_argnums=0,
        )
        begin = jax.jit(jax.vmap(partial(start, self.plan)), out_shardings=self.members)
        params, numbers = self._example_members()
        state = _placed(jax.eval_shape(begin, params, numbers), self.members)
        which = jax.ShapeDtypeStruct((self.shape.width,), np.int32, sharding=self.members)
        groups = jax.ShapeDtypeStruct((self.devices.count,), np.int32, sharding=self.members)
        return (
            begin.lower(params, numbers).compile(),
            go.lower(state, numbers, which, groups, *self._example_tables()).compile(),
        )

    def _example_members(self) -> tuple[Any, Any]:
        """Shapes and types of the parameters and numbers of all members."""
        plan, width = self.plan, self.shape.width
        one = plan.network.init(np.random.default_rng(0), dtype=plan.precision)
        runs = Runs(np.ones(width), np.ones(width), np.zeros(width, int))
        numbers = runs.numbers(plan.rule, np.ones(width), plan.precision)
        wide = jax.tree.map(lambda a: jax.ShapeDtypeStruct((width, *a.shape), a.dtype), one)
        return _placed(wide, self.members), _placed(numbers, self.members)

    def _example_tables(self) -> tuple[Rows, Rows]:
        """Shapes and types of the tables of batches and of validation rows."""
        plan, shape = self.plan, self.shape

        def rows(*lead: int) -> Rows:
            target = np.int32 if plan.loss == "cross_entropy" else plan.precision
            x = jax.ShapeDtypeStruct((*lead, plan.network.sizes[0]), plan.precision)
            weight = jax.ShapeDtypeStruct(lead, plan.precision) if plan.weighted else None
            return _placed(Rows(x, jax.ShapeDtypeStruct(lead, target), weight), self.everywhere)

        return (
            rows(shape.seeds, shape.stretches, plan.stride, plan.batch_size),
            rows(shape.seeds, shape.valid),
        )

    def begin(self, params: Any, numbers: dict[str, Any]) -> RunState:
        """Return the state of all members at step 0: params [width, ...], numbers [width]."""
        begin, _ = self.compile()
        return begin(self.place(params), self.place(numbers))

    def go(
        self, state: RunState, numbers: Any, which: Any, groups: Any, batches: Any, valid: Any
    ) -> tuple[RunState, dict[str, jax.Array]]:
        """Advance members by `shape.stretches`; all arrays placed.

        which [width]: row of the seed tables. groups [devices]: how many groups are live on each. Returns the
        state and series [width, stretches]; those of members in no live group are NaN.
        """
        _, go = self.compile()
        return go(state, numbers, which, groups, batches, valid)

    def place(self, tree: Any) -> Any:
        """Lay host arrays [width, ...] out over the devices."""
        return jax.device_put(tree, self.members)

    def share(self, tree: Any) -> Any:
        """Give every device the whole of host arrays."""
        return jax.device_put(tree, self.everywhere)

    def judged(self, state: RunState, numbers: Any) -> Any:
        """Return the parameters to evaluate, by member."""
        return _judged(self.plan, state, numbers)


@partial(jax.jit, static_argnums=0)
def _judged(plan: Plan, state: RunState, numbers: Any) -> Any:
    def one(state: RunState, numbers: Any) -> Any:
        return optimizer_of(plan, numbers).eval_params(state.params, state.slots)

    return jax.vmap(one)(state, numbers)


def _go(
    plan: Plan, size: int, state: Any, numbers: Any, which: Any, groups: Any, batches: Rows, valid: Rows
) -> tuple[Any, dict[str, jax.Array]]:
    """On one device: advance the first `groups[0] * size` of its members, `size` side by side."""
    width = which.shape[0]
    stretches = batches.x.shape[1]
    series = {
        name: jnp.full((width, stretches), jnp.nan, valid.x.dtype)
        for name in ("train_loss", "valid_loss", "score")
    }

    def one(state: RunState, numbers: dict[str, Any], seed: jax.Array) -> Any:
        rows, held = jax.tree.map(lambda table: table[seed], (batches, valid))
        return advance(plan, state, numbers, rows, held)

    def group(index: jax.Array, carry: Any) -> Any:
        state, series = carry
        first = index * size
        mine = _cut((state, numbers, which), first, size)
        moved, seen = jax.vmap(one)(*mine)
        return _put(state, moved, first), _put(series, seen, first)

    return jax.lax.fori_loop(0, groups[0], group, (state, series))


def _cut(tree: Any, first: jax.Array, size: int) -> Any:
    return jax.tree.map(lambda a: jax.lax.dynamic_slice_in_dim(a, first, size), tree)


def _put(tree: Any, part: Any, first: jax.Array) -> Any:
    return jax.tree.map(lambda a, b: jax.lax.dynamic_update_slice_in_dim(a, b, first, 0), tree, part)


def _placed(tree: Any, sharding: NamedSharding) -> Any:
    return jax.tree.map(lambda a: jax.ShapeDtypeStruct(a.shape, a.dtype, sharding=sharding), tree)


_programs: dict[tuple[Plan, Shape, Devices], Program] = {}
_lock = threading.Lock()


def program(plan: Plan, shape: Shape, devices: Devices) -> Program:
    """Return the program of a plan and shape; the one made before, if there was one."""
    with _lock:
        return _programs.setdefault((plan, shape, devices), Program(plan, shape, devices))


def programs_made() -> int:
    """Return how many programs this process has."""
    return len(_programs)
