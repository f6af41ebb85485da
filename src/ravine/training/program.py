"""The compiled programs of a plan: a group of runs goes on by one stretch, and is evaluated.

On a CPU a group is small, so that its weights stay in the cache, and each core works on a group of its own;
on a GPU it is all the members there are. Evaluation knows nothing of the rule: all rules share its program.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import SingleDeviceSharding
from jax.typing import ArrayLike

from ravine.engines import precision_context
from ravine.networks import LOSSES, Network
from ravine.networks.parameters import Params, Statistics
from ravine.training.loop import Numbers, Rows, RunState, evaluate, optimizer_of, start, step
from ravine.training.plan import Plan
from ravine.training.runs import Runs

__all__ = ["Program", "ProgramShape", "program"]

Kept = TypeVar("Kept")
Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

Array = np.ndarray | jax.Array


@dataclass(frozen=True)
class ProgramShape:
    """What fixes the size of a program, and how members are dealt out to it.

    size: members of a group. sources: tables of rows a group draws from; as many as members where each has
    its own. valid: validation rows of a seed. width: members held at a time. segments: those between seams.
    """

    size: int
    tables: int
    valid: int
    width: int
    segments: int

    @property
    def compiled(self) -> tuple[int, int, int]:
        """What a program depends on."""
        return self.size, self.tables, self.valid


class Program:
    """A plan for groups of a shape on a device; compiled once, by the first who needs it."""

    def __init__(self, plan: Plan, shape: ProgramShape, device: jax.Device) -> None:
        self.plan, self.shape, self.device = plan, shape, device
        self.seconds = 0.0  # spent compiling
        self._lock = threading.Lock()
        self._stretch: Callable[..., Any] | None = None
        self._begin: Callable[..., Any] | None = None
        self._evaluate: Callable[..., Any] | None = None

    def compile(self) -> Program:
        """Compile, if nobody has yet."""
        with self._lock:
            if self._stretch is None:
                clock = time.perf_counter()
                with precision_context(
                    self.plan.precision
                ):  # of this thread, which may be one of many that compile
                    self._evaluate = _evaluation(self.plan, self.shape.compiled, self.device)
                    self._stretch = self._compiled()
                    self._begin = self._starting()
                self.seconds = time.perf_counter() - clock
        return self

    def _compiled(self) -> Callable[..., Any]:
        plan, shape = self.plan, self.shape
        one = partial(_stretch, plan, shape.size == shape.tables)
        params, numbers = self._example()
        state = jax.eval_shape(jax.vmap(partial(start, plan)), params, numbers)
        factors = {
            name: _like((plan.steps_per_evaluation, shape.size), plan.precision)
            for name in ("rate", *plan.moving)
        }
        batch = _rows(plan, (plan.steps_per_evaluation, plan.batch_size))
        which, first = _like((shape.size,), "int32"), _like((), "int32")
        asked = state, numbers, factors, (batch,) * shape.tables, which, first
        return jax.jit(one, donate_argnums=0).lower(*_on(self.device, asked)).compile()

    def _example(self) -> tuple[Any, Any]:
        """Shapes and types of the parameters of a group, and numbers for it."""
        plan, size = self.plan, self.shape.size
        params = _stacked(plan.network.init(np.random.default_rng(0), dtype=plan.precision), size)
        extra = {name: np.zeros(size) for name in (*plan.network.hyper_names, *plan.around, *plan.augment)}
        extra |= {"smoothing": np.zeros(size)} if plan.smoothing else {}
        runs = Runs(np.ones(size), np.full(size, "constant"), np.zeros(size, int), extra=extra)
        numbers = runs.numbers(plan.rule, np.ones(size), plan.precision)
        if plan.random:
            numbers["key"] = np.zeros((size, 2), np.uint32)
        return params, numbers

    def _starting(self) -> Callable[..., Any]:
        params, numbers = self._example()
        return (
            jax.jit(jax.vmap(partial(start, self.plan))).lower(*_on(self.device, (params, numbers))).compile()
        )

    def begin(self, params: Params, numbers: Numbers) -> RunState:
        """Return the state of a group at step 0: params [size, ...], numbers [size]."""
        self.compile()
        assert self._begin is not None
        return self._begin(params, numbers)

    def stretch(
        self,
        state: RunState,
        numbers: Numbers,
        factors: Mapping[str, Array],
        tables: tuple[Rows, ...],
        which: Array,
        first: ArrayLike,
    ) -> tuple[RunState, Params, jax.Array]:
        """Advance a group by `plan.steps_per_evaluation` steps from step `first`.

        factors {name: [steps, size]}. tables: x [steps, B, D] of each source. which [size]: the source of
        each member. Returns the state, the parameters to evaluate, and the mean training loss [size].
        """
        self.compile()
        assert self._stretch is not None
        return self._stretch(state, numbers, factors, tables, which, first)

    def evaluate(
        self, params: Params, stats: Statistics, numbers: Numbers, tables: tuple[Rows, ...], which: Array
    ) -> tuple[jax.Array, jax.Array]:
        """Return validation loss and score of a group, [size]; tables: x [m, D] of each source."""
        self.compile()
        assert self._evaluate is not None
        seen = {
            "target_scale": numbers["target_scale"],
            "extra": _needed(self.plan.network, numbers["extra"]),
        }
        return self._evaluate(params, stats, seen, tables, which)


def _stretch(
    plan: Plan,
    own: bool,
    state: RunState,
    numbers: Numbers,
    factors: Mapping[str, jax.Array],
    tables: tuple[Rows, ...],
    which: jax.Array,
    first: jax.Array,
) -> tuple[RunState, Params, jax.Array]:
    def one_step(
        carry: tuple[RunState, jax.Array], drawn: tuple[jax.Array, Mapping[str, jax.Array]]
    ) -> tuple[tuple[RunState, jax.Array], None]:
        state, total = carry
        t, now = drawn
        rows = _drawn(tables, which, own, t)
        state, value = jax.vmap(partial(step, plan), in_axes=(0, 0, 0, 0, None))(
            state, numbers, now, rows, first + t
        )
        return (state, total + value), None

    def look(state: RunState, numbers: Numbers, factors: Mapping[str, jax.Array]) -> Params:
        return optimizer_of(plan, numbers, state.params, factors).eval_params(state.params, state.opt_state)

    zero = jnp.zeros(which.shape, plan.precision)
    (state, total), _ = jax.lax.scan(
        one_step, (state, zero), (jnp.arange(plan.steps_per_evaluation, dtype=np.int32), factors)
    )
    eval_params = jax.vmap(look)(state, numbers, {name: each[-1] for name, each in factors.items()})
    return state, eval_params, total / plan.steps_per_evaluation


def _drawn(tables: tuple[Rows, ...], which: jax.Array, own: bool, *at: jax.Array) -> Rows:
    """Return the rows of every member: slices put together where each has a table, else a gather."""
    if own:
        parts = [jax.tree.map(lambda a: a[at], table) for table in tables]
        return jax.tree.map(lambda *each: jnp.stack(each), *parts)
    table = jax.tree.map(lambda *each: jnp.stack(each), *tables)
    return jax.tree.map(lambda a: a[(which, *at)], table)


KEPT = 256
"""Programs a process keeps: each takes mappings of memory, and no process has more than 65,530 on Linux."""

_evaluations: dict[Any, Callable[..., Any]] = {}
_programs: dict[Any, Program] = {}
_lock, _evaluations_lock = threading.Lock(), threading.Lock()


def _evaluation(plan: Plan, compiled: tuple[int, int, int], device: jax.Device) -> Callable[..., Any]:
    """Return the compiled evaluation of all plans that are evaluated alike."""
    size, sources, valid = compiled
    key = plan.evaluation_key, compiled, device
    with _evaluations_lock:
        if key not in _evaluations:
            network = plan.network
            params = _stacked(network.init(np.random.default_rng(0), dtype=plan.precision), size)
            stats = _stacked(network.statistics(plan.precision), size)
            number = _like((size,), plan.precision)
            numbers = {
                "target_scale": number,
                "extra": _needed(network, dict.fromkeys(network.hyper_names, number)),
            }
            tables = (_rows(plan, (valid,)),) * sources
            asked = _on(device, (params, stats, numbers, tables, _like((size,), "int32")))

            def group(
                params: Params,
                stats: Statistics,
                numbers: Numbers,
                tables: tuple[Rows, ...],
                which: jax.Array,
            ) -> tuple[jax.Array, jax.Array]:
                held = _drawn(tables, which, size == sources)
                return jax.vmap(partial(evaluate, plan.evaluation_key))(params, stats, numbers, held)

            _evaluations[key] = jax.jit(group).lower(*asked).compile()
        return _used(_evaluations, key)


def _needed(network: Network, extra: Mapping[str, Value]) -> dict[str, Value]:
    return {name: extra[name] for name in network.hyper_names}


def _rows(plan: Plan, lead: tuple[int, ...]) -> Rows:
    """Shapes and types of rows."""
    target = "int32" if LOSSES[plan.loss].integer_target else plan.precision
    weight = _like(lead, plan.precision) if plan.weighted else None
    return Rows(_like((*lead, plan.network.sizes[0]), plan.precision), _like(lead, target), weight)


def _like(shape: tuple[int, ...], dtype: str) -> Any:
    return jax.ShapeDtypeStruct(shape, np.dtype(dtype))


def _stacked(tree: Any, size: int) -> Any:
    return jax.tree.map(lambda a: jax.ShapeDtypeStruct((size, *a.shape), a.dtype), tree)


def _on(device: jax.Device, tree: Any) -> Any:
    there = SingleDeviceSharding(device)
    return jax.tree.map(lambda a: jax.ShapeDtypeStruct(a.shape, a.dtype, sharding=there), tree)


def program(plan: Plan, shape: ProgramShape, device: jax.Device) -> Program:
    """Return the program of a plan and shape on a device; the one made before, if it is still kept."""
    key = plan, shape.compiled, device
    with _lock:
        if key not in _programs:
            _programs[key] = Program(plan, shape, device)
        return _used(_programs, key)


def _used(kept: dict[Key, Kept], key: Key) -> Kept:
    """Return kept[key], now the newest; the oldest go where there are too many."""
    found = kept[key] = kept.pop(key)
    while len(kept) > KEPT:
        del kept[next(iter(kept))]
    return found
