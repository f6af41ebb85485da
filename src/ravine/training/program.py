"""The compiled program of a plan: many runs go on by some stretches, spread over the devices.

On a CPU each device takes its members in small groups, one group after another, so that a group's weights
stay in the cache; on a GPU all at once. How many groups there are is data: members that have stopped cost
nothing, and no number of members compiles anew.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import NamedSharding
from jax.sharding import PartitionSpec as P

from ravine.engines import Devices
from ravine.training.loop import Rows, RunState, advance, start
from ravine.training.plan import Plan

__all__ = ["Program", "Shape", "compiled", "programs_compiled"]


@dataclass(frozen=True)
class Shape:
    """What fixes the size of a program: `width` members, tables of `seeds` seeds, `stretches` at a time."""

    width: int
    seeds: int
    stretches: int


class Program:
    """A plan compiled for a shape on given devices. `begin` and `go` take and give host arrays by member."""

    def __init__(self, plan: Plan, shape: Shape, devices: Devices) -> None:
        self.plan, self.shape, self.devices = plan, shape, devices
        mesh = devices.mesh
        self.members = NamedSharding(mesh, P("member"))
        self.everywhere = NamedSharding(mesh, P())
        self.group = devices.together or shape.width // devices.count
        by_member, shared = P("member"), P()
        self._go = jax.jit(
            jax.shard_map(
                partial(_go, plan, self.group),
                mesh=mesh,
                in_specs=(by_member, by_member, by_member, by_member, shared, shared),
                out_specs=(by_member, by_member),
                check_vma=False,
            ),
            donate_argnums=0,
        )
        self._begin = jax.jit(jax.vmap(partial(start, plan)), out_shardings=self.members)

    def begin(self, params: Any, numbers: dict[str, Any]) -> RunState:
        """Return the state of all members at step 0: params [width, ...], numbers [width]."""
        return self._begin(self._members(params), self._members(numbers))

    def go(
        self,
        state: RunState,
        numbers: Any,
        which: np.ndarray,
        groups: np.ndarray,
        batches: Rows,
        valid: Rows,
    ) -> tuple[RunState, dict[str, jax.Array]]:
        """Advance members. which [width]: row of the seed tables. groups [devices]: how many groups are live."""
        return self._go(
            self._members(state),
            self._members(numbers),
            self._members(which),
            self._members(groups),
            jax.device_put(batches, self.everywhere),
            jax.device_put(valid, self.everywhere),
        )

    def _members(self, tree: Any) -> Any:
        return jax.device_put(tree, self.members)


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


_programs: dict[tuple[Plan, Shape, Any], Program] = {}
_lock = threading.Lock()


def compiled(plan: Plan, shape: Shape, devices: Devices, make: Callable[..., Program] = Program) -> Program:
    """Return the program of a plan, kept for the next cohort of the same plan and shape."""
    key = (plan, shape, devices)
    with _lock:
        if key not in _programs:
            _programs[key] = make(plan, shape, devices)
        return _programs[key]


def programs_compiled() -> int:
    """Return how many programs this process has compiled so far."""
    return sum(each._go._cache_size() for each in _programs.values())
