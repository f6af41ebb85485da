"""The compiled program that trains and evaluates a group of runs with one plan on one device.

A program has three functions. The runs in a group are its members. States, weights and results have an axis
[size] for the members. A table is a set of training or validation rows that members read.

    init(params, numbers)                                         -> state at step 0
    advance(state, numbers, factors, tables, table_index, first)  -> state, weights to evaluate, training loss
    evaluate(params, stats, numbers, tables, table_index)         -> validation loss, score

On a CPU a group is small, so that its weights stay in the cache, and every core works on a group of its own.
On a GPU a group is as large as memory allows. The evaluation does not depend on the optimizer, so all
optimizers share its program.

Programs are compiled for fixed shapes before their first use, and kept by (plan, shape, device). A second
cohort of an equal plan and shape compiles nothing.
"""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Hashable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import SingleDeviceSharding
from jax.typing import ArrayLike
from threadpoolctl import threadpool_limits

from ravine.engines import precision_context
from ravine.networks import AnyNetwork
from ravine.networks.parameters import Params, Statistics
from ravine.training.loop import Numbers, Rows, RunState, evaluate, optimizer_of, start, step
from ravine.training.plan import Plan
from ravine.training.program_shape import ProgramShape
from ravine.training.row_sources import IndexedRows, RowSource, batch_at
from ravine.training.runs import Runs

__all__ = ["Program", "clear_with_programs", "drop_programs", "program"]

Item = TypeVar("Item")
Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

Array = np.ndarray | jax.Array


class Program:
    """The compiled functions that start, train and evaluate a group of runs with one plan on one device.

    The first thread that uses one of the functions compiles all of them; other threads wait. seconds: time
    spent compiling [s].
    """

    def __init__(self, plan: Plan, shape: ProgramShape, device: jax.Device) -> None:
        self.plan, self.shape, self.device = plan, shape, device
        self.seconds = 0.0
        self._lock = threading.Lock()
        self._advance: Callable[..., Any] | None = None
        self._init: Callable[..., Any] | None = None
        self._evaluate: Callable[..., Any] | None = None

    def compile(self) -> Program:
        """Compile the functions of this program, unless they are compiled already, and return the program."""
        with self._lock:
            if self._advance is None:
                clock = time.perf_counter()
                with precision_context(self.plan.precision):  # each thread has a precision of its own
                    self._evaluate = _compiled_evaluation(self.plan, self.shape, self.device)
                    self._advance = self._compiled_advance()
                    self._init = self._compiled_init()
                self.seconds = time.perf_counter() - clock
        return self

    def _compiled_advance(self) -> Callable[..., Any]:
        """Compile `_advance` for this plan and shape."""
        plan, shape = self.plan, self.shape
        function = partial(_advance, plan, shape.size == shape.tables)
        _, numbers = self._example()
        state = self.state_like()
        scheduled = ("rate", *plan.hyper_schedules)
        factors = {name: _like((plan.steps_per_evaluation, shape.size), plan.precision) for name in scheduled}
        batch = self._source_like()
        table_index, first = _like((shape.size,), "int32"), _like((), "int32")
        arguments = state, numbers, factors, (batch,) * shape.tables, table_index, first
        return jax.jit(function, donate_argnums=0).lower(*_on(self.device, arguments)).compile()

    def state_like(self) -> RunState:
        """Return shapes and data types of the state of a group, [size, ...]."""
        state: RunState = jax.eval_shape(jax.vmap(partial(start, self.plan)), *self._example())
        return state

    def _compiled_init(self) -> Callable[..., Any]:
        """Compile `loop.start`, mapped over the members."""
        arguments = _on(self.device, self._example())
        return jax.jit(jax.vmap(partial(start, self.plan))).lower(*arguments).compile()

    def _source_like(self) -> RowSource:
        """Return shapes and data types of the training rows that a member reads in a segment."""
        plan, shape = self.plan, self.shape
        steps = plan.steps_per_evaluation, plan.batch_size
        if not shape.rows:
            return _rows_like(plan, steps)
        column = _like((plan.network.sizes[0],), plan.precision)
        rows = _rows_like(plan, (shape.rows,))
        return IndexedRows(*rows, column if shape.gaps else None, column, column, _like(steps, "int32"))

    def _example(self) -> tuple[Any, Any]:
        """Return shapes and data types of the parameters of a group, and example numbers for it."""
        plan, size = self.plan, self.shape.size
        params = _stacked(plan.network.init(np.random.default_rng(0), dtype=plan.precision), size)
        names = (*plan.network.hyper_names, *plan.transforms, *plan.augment)
        extra = {name: np.zeros(size) for name in names}
        extra |= {"label_smoothing": np.zeros(size)} if plan.label_smoothing else {}
        runs = Runs(np.ones(size), np.full(size, "constant"), np.zeros(size, int), extra=extra)
        numbers = runs.numbers(plan.rule, np.ones(size), plan.precision)
        if plan.random:
            numbers["key"] = np.zeros((size, 2), np.uint32)
        return params, numbers

    def init(self, params: Params, numbers: Numbers) -> RunState:
        """Return the state of a group of runs before the first step.

        params: initial parameters [size, ...]. numbers: hyperparameters of the runs, [size].
        """
        self.compile()
        assert self._init is not None
        return self._init(params, numbers)

    def advance(
        self,
        state: RunState,
        numbers: Numbers,
        factors: Mapping[str, Array],
        tables: tuple[RowSource, ...],
        table_index: Array,
        first: ArrayLike,
    ) -> tuple[RunState, Params, jax.Array]:
        """Train a group of runs for one segment, the steps until the next evaluation, from step `first`.

        factors: factors of the schedules, {name of the hyperparameter: [steps, size]}. tables: training rows
        of the steps, in one or more tables, see `Batches.on_device`. table_index [size]: index of the
        table that each member reads. Returns the state, the parameters to evaluate and the mean training loss
        [size]. The memory of the old state is reused.
        """
        self.compile()
        assert self._advance is not None
        arguments = state, numbers, factors, tables, table_index, first
        if self.plan.rule.calls_lapack and self.device.platform == "cpu":
            return _alone(self._advance, arguments)
        return self._advance(*arguments)

    def evaluate(
        self,
        params: Params,
        stats: Statistics,
        numbers: Numbers,
        tables: tuple[Rows, ...],
        table_index: Array,
    ) -> tuple[jax.Array, jax.Array]:
        """Return validation loss and score of each run in a group, [size] each.

        params, stats: parameters and running statistics, [size, ...]. tables: validation rows, x [m, D], in
        one or more tables. table_index [size]: index of the table that each member reads.
        """
        self.compile()
        assert self._evaluate is not None
        needed = {
            "target_scale": numbers["target_scale"],
            "extra": _network_hyper(self.plan.network, numbers["extra"]),
        }
        return self._evaluate(params, stats, needed, tables, table_index)


def _alone(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """Return function(*arguments) of a compiled program that decomposes matrices, once it is computed.

    Such a program occupies a thread of XLA and waits for other threads, which decompose the matrices. Two at
    the same time occupy the threads for which both wait, and never end (jaxlib 0.10.2, two cores). OpenBLAS
    must not start threads of its own either, since they wait for the same cores.
    """
    with _lapack_lock, threadpool_limits(1, "blas"):
        jax.block_until_ready(arguments)
        return jax.block_until_ready(function(*arguments))


def _advance(
    plan: Plan,
    separate_tables: bool,
    state: RunState,
    numbers: Numbers,
    factors: Mapping[str, jax.Array],
    tables: tuple[RowSource, ...],
    table_index: jax.Array,
    first: jax.Array,
) -> tuple[RunState, Params, jax.Array]:
    """Train all members for one segment; see `Program.advance`. separate_tables: member k has table k."""

    axes = 0, 0, 0, _rows_axis(tables, table_index), None
    one_member_each = jax.vmap(partial(step, plan), axes)

    def one_step(
        carry: tuple[RunState, jax.Array], drawn: tuple[jax.Array, Mapping[str, jax.Array]]
    ) -> tuple[tuple[RunState, jax.Array], None]:
        state, total = carry
        t, now = drawn
        batches = tuple(batch_at(table, t) for table in tables)
        rows = _rows_of_members(batches, table_index, separate_tables)
        state, value = one_member_each(state, numbers, now, rows, first + t)
        return (state, total + value), None

    def to_evaluate(state: RunState, numbers: Numbers, factors: Mapping[str, jax.Array]) -> Params:
        return optimizer_of(plan, numbers, state.params, factors).eval_params(state.params, state.opt_state)

    zero = jnp.zeros(table_index.shape, plan.precision)
    (state, total), _ = jax.lax.scan(
        one_step, (state, zero), (jnp.arange(plan.steps_per_evaluation, dtype=np.int32), factors)
    )
    last = {name: factor[-1] for name, factor in factors.items()}
    params = jax.vmap(to_evaluate)(state, numbers, last)
    return state, params, total / plan.steps_per_evaluation


def _rows_axis(tables: tuple[RowSource, ...], table_index: jax.Array) -> int | None:
    """Return the axis of the members in their rows; None if several members read one table.

    The compiler then joins the products of all members in the first layer to a single wide product.
    """
    return None if len(tables) == 1 < table_index.shape[0] else 0


def _rows_of_members(tables: tuple[Rows, ...], table_index: jax.Array, separate_tables: bool) -> Rows:
    """Return the rows of every member, [size, ...]; without this axis if several members read one table.

    separate_tables: member k has table k.
    """
    if _rows_axis(tables, table_index) is None:
        return tables[0]
    rows: Rows = jax.tree.map(lambda *arrays: jnp.stack(arrays), *tables)
    return rows if separate_tables else jax.tree.map(lambda a: a[table_index], rows)


MAX_PROGRAMS = 256
"""Number of programs that a process keeps."""
MAX_MAPPINGS = 20_000
"""Memory mappings above which `drop_programs` acts. Linux allows 65,530; one program takes 30 to 50."""

_clear_others: list[Callable[[], None]] = []
_evaluations: dict[Any, Callable[..., Any]] = {}
_programs: dict[Any, Program] = {}
_lock, _evaluations_lock, _lapack_lock = threading.Lock(), threading.Lock(), threading.Lock()


def _compiled_evaluation(plan: Plan, shape: ProgramShape, device: jax.Device) -> Callable[..., Any]:
    """Return the compiled evaluation of a group, which all plans of equal `evaluation_key` share."""
    size, count, valid = shape.size, shape.tables, shape.valid
    key = plan.evaluation_key, (size, count, valid), device
    with _evaluations_lock:
        if key not in _evaluations:
            network = plan.network
            params = _stacked(network.init(np.random.default_rng(0), dtype=plan.precision), size)
            stats = _stacked(network.statistics(plan.precision), size)
            number = _like((size,), plan.precision)
            numbers = {
                "target_scale": number,
                "extra": _network_hyper(network, dict.fromkeys(network.hyper_names, number)),
            }
            tables = (_rows_like(plan, (valid,)),) * count
            arguments = _on(device, (params, stats, numbers, tables, _like((size,), "int32")))

            def evaluate_group(
                params: Params,
                stats: Statistics,
                numbers: Numbers,
                tables: tuple[Rows, ...],
                table_index: jax.Array,
            ) -> tuple[jax.Array, jax.Array]:
                rows = _rows_of_members(tables, table_index, size == count)
                axes = 0, 0, 0, _rows_axis(tables, table_index)
                one = jax.vmap(partial(evaluate, plan.evaluation_key), axes)
                return one(params, stats, numbers, rows)

            _evaluations[key] = jax.jit(evaluate_group).lower(*arguments).compile()
        return _used(_evaluations, key)


def _network_hyper(network: AnyNetwork, extra: Mapping[str, Value]) -> dict[str, Value]:
    """Return only the hyperparameters that the network needs."""
    return {name: extra[name] for name in network.hyper_names}


def _rows_like(plan: Plan, lead: tuple[int, ...]) -> Rows:
    """Return shapes and data types of rows: x [*lead, D]."""
    target = "int32" if plan.integer_target else plan.precision
    weight = _like(lead, plan.precision) if plan.weighted else None
    return Rows(_like((*lead, plan.network.sizes[0]), plan.precision), _like(lead, target), weight)


def _like(shape: tuple[int, ...], dtype: str) -> Any:
    """Return an array's shape and data type, in place of an array."""
    return jax.ShapeDtypeStruct(shape, np.dtype(dtype))


def _stacked(tree: Any, size: int) -> Any:
    """Return shapes and data types of the arrays of a tree for `size` members, [size, ...]."""
    return jax.tree.map(lambda a: jax.ShapeDtypeStruct((size, *a.shape), a.dtype), tree)


def _on(device: jax.Device, tree: Any) -> Any:
    """Return shapes and data types of the arrays of a tree, placed on a device."""
    sharding = SingleDeviceSharding(device)
    return jax.tree.map(lambda a: jax.ShapeDtypeStruct(a.shape, a.dtype, sharding=sharding), tree)


def program(plan: Plan, shape: ProgramShape, device: jax.Device) -> Program:
    """Return the program for a plan and a shape on a device; equal arguments give the same object.

    A second cohort with an equal plan therefore compiles nothing. The program compiles at its first use.
    """
    key = plan, shape.compiled, device
    with _lock:
        if key not in _programs:
            _programs[key] = Program(plan, shape, device)
        return _used(_programs, key)


def _used(cache: dict[Key, Item], key: Key) -> Item:
    """Return cache[key] and make it the newest entry; drop the oldest beyond `MAX_PROGRAMS`."""
    item = cache[key] = cache.pop(key)
    while len(cache) > MAX_PROGRAMS:
        del cache[next(iter(cache))]
    return item


def clear_with_programs(clear: Callable[[], None]) -> None:
    """Let `drop_programs` call a function that clears another cache of compiled programs."""
    _clear_others.append(clear)


def drop_programs() -> bool:
    """Drop all compiled programs if the process has many memory mappings; return whether it did.

    Every program takes mappings, and compilation fails where the system allows no more. A process that runs
    many studies therefore calls this function between them. Programs in use stay until their last use.
    """
    mappings = Path("/proc/self/maps")
    if (
        not mappings.exists() or mappings.read_bytes().count(b"\n") <= MAX_MAPPINGS
    ):  # Linux alone has the file
        return False
    with _lock:
        _programs.clear()
    with _evaluations_lock:
        _evaluations.clear()
    for clear in _clear_others:
        clear()
    jax.clear_caches()
    gc.collect()
    return True
