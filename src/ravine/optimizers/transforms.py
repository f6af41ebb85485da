"""What goes around a rule: clipping, penalties in the gradient, decoupled decay.  Lecture: "Summary", L1/L2.

    clip     g <- g min(1, c / |g|),  |g| over all parameters    (1)      Pascanu, Mikolov & Bengio 2013
    l2       g <- g + alpha w                                    (2)      of the penalty alpha/2 |w|^2
    l1       g <- g + alpha sign(w),  sign(0) = 0                (3)      of the penalty alpha |w|_1
    decay    w <- w - eta alpha w, beside the rule's own step    (4)      Loshchilov & Hutter 2019

(2) and (4) are one for SGD; where a rule divides by the gradient's size, (2) is divided too and (4) is not.
Every coefficient is data. A mask says which parameters are meant: a tree like the parameters, of bools or of
arrays of bools, or None for all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.typing import ArrayLike

from ravine.errors import UsageError
from ravine.optimizers.hyperparameters import Number, Rate, check_not_negative, check_rate
from ravine.optimizers.per_array import Optimizer

__all__ = ["Mask", "TimedState", "wide_dtype", "with_clipping", "with_penalties", "with_weight_decay"]

Mask = Any


class TimedState(NamedTuple):
    """`t`: steps taken, int32. `inner`: the rule's own state."""

    t: jax.Array
    inner: Any


def with_clipping(optimizer: Optimizer, threshold: Number) -> Optimizer:
    """Return the rule on gradients no longer than `threshold`, a number or scalar array; infinity is off.

    A gradient that is not finite passes as it is: a diverging run is not to be hidden.
    """
    if not isinstance(threshold, jax.Array | np.ndarray) and (
        isinstance(threshold, bool) or not threshold > 0
    ):
        raise UsageError(
            f"Gradients cannot be clipped at {threshold!r}.",
            "The longest gradient allowed must be above 0.",
            "Write for example 1.0, or inf for no clipping.",
        )

    def update(
        grads: optax.Updates, state: optax.OptState, params: optax.Params | None = None, **extra: object
    ) -> tuple[optax.Updates, optax.OptState]:
        return optimizer.update(_shortened(grads, threshold), state, params, **extra)

    return Optimizer(optimizer.init, update, optimizer.eval_params)


def with_penalties(
    optimizer: Optimizer, mask: Mask = None, *, l1: Number | None = None, l2: Number | None = None
) -> Optimizer:
    """Return the rule on the gradient of the loss with penalties; None is not in the program at all."""
    check_not_negative(**{name: value for name, value in (("l1", l1), ("l2", l2)) if value is not None})

    def pull(w: jax.Array) -> jax.Array:
        total = jnp.zeros_like(w)
        if l2 is not None:
            total = total + _scalar(l2, w) * w  # (2)
        if l1 is not None:
            total = total + _scalar(l1, w) * jnp.sign(w)  # (3)
        return total

    def update(
        grads: optax.Updates, state: optax.OptState, params: optax.Params | None = None, **extra: object
    ) -> tuple[optax.Updates, optax.OptState]:
        _needed(params)
        grads = _where_meant(mask, params, grads, params, lambda g, w: g + pull(w))
        return optimizer.update(grads, state, params, **extra)

    return Optimizer(optimizer.init, update, optimizer.eval_params)


def with_weight_decay(optimizer: Optimizer, rate: Rate, decay: Number, mask: Mask = None) -> Optimizer:
    """Return the rule with decoupled decay; `rate` is the rule's own: number, array or schedule.

    What decays is w, where the run is judged: for Nesterov that is not the look-ahead that is stored.
    """
    check_rate(rate)
    check_not_negative(decay=decay)
    timed = callable(rate)

    def init(params: optax.Params) -> optax.OptState:
        inner = optimizer.init(params)
        return TimedState(jnp.zeros((), jnp.int32), inner) if timed else inner

    def update(
        grads: optax.Updates, state: optax.OptState, params: optax.Params | None = None, **extra: object
    ) -> tuple[optax.Updates, optax.OptState]:
        _needed(params)
        before = state.inner if timed else state
        eta = rate(state.t) if callable(rate) else rate
        points = optimizer.eval_params(params, before)
        updates, after = optimizer.update(grads, before, params, **extra)

        def shrink(u: jax.Array, w: jax.Array) -> jax.Array:
            return u - _scalar(eta, w) * _scalar(decay, w) * w  # (4)

        updates = _where_meant(mask, params, updates, points, shrink)
        return updates, TimedState(optax.safe_increment(state.t), after) if timed else after

    def eval_params(params: optax.Params, state: optax.OptState) -> optax.Params:
        return optimizer.eval_params(params, state.inner if timed else state)

    return Optimizer(init, update, eval_params)


def _shortened(grads: optax.Updates, threshold: Number) -> optax.Updates:
    leaves = [_wide(g) for g in jax.tree.leaves(grads)]
    if not leaves:
        return grads
    real = max((jnp.finfo(g.dtype).dtype for g in leaves), key=lambda dtype: dtype.itemsize)
    # In units of the largest entry: float32 squares beyond 1e19 are infinite: the gradient would be 0.
    top = jnp.max(jnp.stack([jnp.max(jnp.abs(g), initial=0).astype(real) for g in leaves]))
    # The compiler divides by multiplying with the inverse, which must be a normal number itself.
    tiny = float(jnp.finfo(real).tiny)
    unit = jnp.clip(top, tiny, 1 / (8 * tiny))
    length = jnp.sqrt(sum(jnp.sum(jnp.abs(g / unit.astype(g.dtype)).astype(real) ** 2) for g in leaves))
    most = jnp.asarray(threshold, real)
    long = jnp.isfinite(top) & (length * unit > most)

    def shorten(g: jax.Array) -> jax.Array:
        wide = _wide(g)
        short = wide / unit.astype(wide.dtype) * (most / length).astype(wide.dtype)  # (1)
        return jnp.where(long, short, wide).astype(jnp.result_type(g))

    return jax.tree.map(shorten, grads)


def _where_meant(
    mask: Mask,
    params: optax.Params,
    into: optax.Params,
    beside: optax.Params,
    change: Callable[[jax.Array, jax.Array], jax.Array],
) -> optax.Params:
    """Map change(a, w) over `into` and `beside` where the mask is true, in float32 at least."""
    if mask is None:
        mask = jax.tree.map(lambda w: True, params)
    elif callable(mask):
        mask = mask(params)
    form: Any = jax.tree.structure(params)
    if jax.tree.structure(mask) != form:
        raise UsageError(
            "The mask does not fit the parameters.",
            "It must be a tree of the same form, of true and false.",
            "Make it with jax.tree.map over the parameters.",
        )

    def one(meant: ArrayLike, a: jax.Array, w: jax.Array) -> jax.Array:
        if isinstance(meant, bool | np.bool_):
            return change(_wide(a), _wide(w)).astype(jnp.result_type(a)) if meant else a
        changed = change(_wide(a), _wide(w)).astype(jnp.result_type(a))
        return jnp.where(jnp.broadcast_to(meant, jnp.shape(a)), changed, a)

    return jax.tree.map(one, mask, into, beside)


def wide_dtype(w: ArrayLike) -> np.dtype:
    """Return the dtype of `w`, or float32 where it is narrower: there a coefficient keeps its digits."""
    dtype = jnp.result_type(w)
    return dtype if jnp.finfo(dtype).bits >= 32 else jnp.dtype(jnp.float32)


def _wide(w: ArrayLike) -> jax.Array:
    return jnp.asarray(w, wide_dtype(w))


def _scalar(value: ArrayLike, like: jax.Array) -> jax.Array:
    return jnp.asarray(value, like.dtype)


def _needed(params: optax.Params | None) -> None:
    if params is None:
        raise UsageError(
            "A penalty needs the parameters.", "It depends on them.", "Call update(grads, state, params)."
        )
