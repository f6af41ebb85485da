"""Optimizers from update equations: a rule for one array becomes an optimizer for any tree of parameters.

The optimizer has the two functions of an optax gradient transformation and a third one:

    init(params) -> state
    update(grads, state, params=None) -> (updates, state)
    eval_params(params, state) -> params                      the weights at which the network is evaluated
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax.typing import ArrayLike, DTypeLike

from ravine.errors import UsageError
from ravine.optimizers.hyperparameters import Decay, Number, Rate, check_rate

__all__ = ["Diagonal", "Optimizer", "RuleState", "diagonal_of_state", "per_array"]

Diagonal = Callable[[Any, Any, Mapping[str, Any]], jax.Array]
"""Function diagonal(slots, t, hyper) that returns P of the update -eta P^-1 m of one array, [...] like it.

slots: state of the optimizer for the array. t: number of steps, None for an optimizer that does not count
its steps.
hyper: hyperparameters by name, numbers or scalar arrays, averaging rates as `Decay`.
"""


class Optimizer(optax.GradientTransformationExtraArgs):
    """An optax gradient transformation with a further function for the weights to evaluate.

    eval_params(params, state) returns the weights at which the network is evaluated. For most optimizers they
    are the stored parameters. They differ, for example, for Nesterov momentum, which stores a look-ahead
    point, and for averages of the weights.
    """

    eval_params: Callable[[optax.Params, optax.OptState], optax.Params]

    def __new__(
        cls,
        init: optax.TransformInitFn,
        update: optax.TransformUpdateExtraArgsFn,
        eval_params: Callable[[optax.Params, optax.OptState], optax.Params] | None = None,
    ) -> Optimizer:
        self = super().__new__(cls, init, update)
        self.eval_params = eval_params or _as_stored
        return self


class RuleState(NamedTuple):
    """The state of an optimizer that `per_array` builds.

    t: number of steps, int32, None where the optimizer does not need it. slots: a (named) tuple of trees like
    the parameters, one for each quantity that the optimizer keeps, for example the velocities.
    """

    t: jax.Array | None
    slots: Any


def per_array(
    init: Callable[[jax.Array], Any],
    step: Callable[..., tuple[jax.Array, Any]],
    rate: Rate,
    *,
    counted: bool = False,
    eval_params: Callable[..., jax.Array] | None = None,
    **hyper: Number | Decay,
) -> Optimizer:
    """Return the optimizer that applies the update rule for one array w [...] to a tree of parameters.

    init(w) -> slots: a (named) tuple of arrays of the shape of w; () for an optimizer without state.
    step(g, slots, eta=, **hyper) -> (update, slots): gradient g and update are [...]. With `counted`, `step`
    also gets the number of steps t=, which is 1 at the first step.
    eval_params(w, slots, **hyper) -> the weights to evaluate, [...]; None where they are w.
    rate: learning rate eta. hyper: hyperparameters by name: numbers, scalar arrays or `Decay` pairs.

    A step is computed in the data type of its parameters, but at least in float32, since a rate of 0.999
    rounds to 1 in 16 bits. The state has the type of the computation; updates have the type of the
    parameters. Raises UsageError for an invalid learning rate, and in `init` for parameters that are
    integers.
    """
    check_rate(rate)

    def init_all(params: optax.Params) -> RuleState:
        for w in jax.tree.leaves(params):
            _working_dtype(w)  # refuses integers
        example = jax.eval_shape(init, jax.ShapeDtypeStruct((), jnp.float32))
        slots = [jax.tree.map(lambda w, k=k: init(_to_working(w))[k], params) for k in range(len(example))]
        t = jnp.zeros((), jnp.int32) if counted or callable(rate) else None
        return RuleState(t, _tuple_like(example, slots))

    def update_all(
        grads: optax.Updates, state: RuleState, params: optax.Params | None = None, **ignored: object
    ) -> tuple[optax.Updates, RuleState]:
        del ignored  # optax.chain passes values such as the loss to all of its members
        leaves, tree = _flat(grads)
        stored = leaves if params is None else tree.flatten_up_to(params)
        slots = [tree.flatten_up_to(slot) for slot in state.slots]
        t = None if state.t is None else optax.safe_increment(state.t)
        eta = rate(state.t) if callable(rate) else rate  # type: ignore[arg-type]
        data = {"eta": eta, **hyper} | ({"t": t} if counted else {})

        updates, new_slots = [], []
        for g, w, *old in zip(leaves, stored, *slots, strict=True):
            dtype = _working_dtype(w, *old)
            update, new = step(jnp.asarray(g, dtype), _tuple_like(state.slots, old), **_as_data(data, dtype))
            updates.append(update.astype(jnp.result_type(w)))
            new_slots.append([n.astype(o.dtype) for n, o in zip(new, old, strict=True)])
        if new_slots:  # a tree without arrays has a state without arrays
            slots = [tree.unflatten(slot) for slot in zip(*new_slots, strict=True)]
            state = RuleState(t, _tuple_like(state.slots, slots))
        return tree.unflatten(updates), state._replace(t=t)

    if eval_params is None:
        return Optimizer(init_all, update_all)

    def eval_all(params: optax.Params, state: RuleState) -> optax.Params:
        leaves, tree = _flat(params)
        points = []
        for w, *old in zip(leaves, *(tree.flatten_up_to(slot) for slot in state.slots), strict=True):
            dtype = _working_dtype(w, *old)
            point = eval_params(
                jnp.asarray(w, dtype), _tuple_like(state.slots, old), **_as_data(hyper, dtype)
            )
            points.append(point.astype(jnp.result_type(w)))
        return tree.unflatten(points)

    return Optimizer(init_all, update_all, eval_all)


def diagonal_of_state(diagonal: Diagonal, state: optax.OptState, hyper: Mapping[str, Number | Decay]) -> Any:
    """Return the preconditioner of an optimizer for all parameters, a tree like the parameters, for one run.

    diagonal: function that returns the preconditioner of one array. state: state of the optimizer, also
    within the states of transforms around it. hyper: hyperparameters by name, as `Rule.as_data` returns them.
    Before the first step, the number of steps counts as 1. The function can be traced by JAX.
    """
    nodes = jax.tree.leaves(state, is_leaf=lambda node: isinstance(node, RuleState))
    (inner,) = [node for node in nodes if isinstance(node, RuleState)]

    def of_array(*slots: jax.Array) -> jax.Array:
        dtype = _working_dtype(*slots)
        t = None if inner.t is None else jnp.maximum(inner.t, 1).astype(jnp.finfo(dtype).dtype)
        return diagonal(_tuple_like(inner.slots, list(slots)), t, _as_data(dict(hyper), dtype))

    return jax.tree.map(of_array, *inner.slots)


def _as_stored(params: optax.Params, state: object) -> optax.Params:
    del state
    return params


def _flat(tree: optax.Params) -> tuple[list[jax.Array], Any]:
    return jax.tree.flatten(tree)


def _tuple_like(like: Any, parts: list[Any]) -> Any:
    """Return the parts as a tuple of the type of `like`, named or not."""
    return like._make(parts) if hasattr(like, "_make") else tuple(parts)


def _working_dtype(w: ArrayLike, *slots: jax.Array) -> DTypeLike:
    """Return the data type of the computation: the widest one of parameter, slots and float32."""
    dtypes = [jnp.result_type(w), *(slot.dtype for slot in slots)]
    if not jnp.issubdtype(dtypes[0], jnp.inexact):
        raise UsageError(
            f"A parameter of dtype {dtypes[0]} cannot be optimized.",
            "Integers and booleans have no gradient.",
            "Make it a float, or keep it out of the parameters.",
        )
    wide = max(jnp.finfo(dtype).bits for dtype in dtypes) > 32
    if any(jnp.issubdtype(dtype, jnp.complexfloating) for dtype in dtypes):
        return jnp.complex128 if wide else jnp.complex64
    return jnp.float64 if wide else jnp.float32


def _to_working(w: ArrayLike) -> jax.Array:
    return jnp.asarray(w, _working_dtype(w))


def _as_data(named: Mapping[str, ArrayLike | Decay], dtype: DTypeLike) -> dict[str, Any]:
    real = jnp.finfo(dtype).dtype

    def scalar(value: ArrayLike) -> jax.Array:
        array = jnp.asarray(value, real)
        if array.ndim:
            raise UsageError(
                f"A hyperparameter of shape {array.shape} cannot be used.",
                "A hyperparameter is one number for all parameters.",
                "To try many values, jax.vmap over them.",
            )
        return array

    return jax.tree.map(scalar, named)
