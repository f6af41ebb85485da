"""Transforms: gradient clipping, penalties, decoupled weight decay.  Lecture: "Summary", L1/L2.

    clip     g <- g min(1, c / |g|),  |g| over all parameters    (1)      Pascanu, Mikolov & Bengio 2013
    l2       g <- g + alpha w                                    (2)      of the penalty alpha/2 |w|^2
    l1       g <- g + alpha sign(w),  sign(0) = 0                (3)      of the penalty alpha |w|_1
    decay    w <- w - eta alpha w, added to the update           (4)      Loshchilov & Hutter 2019

g is the gradient, w the weights, c the largest norm, alpha a coefficient, and eta the learning rate. For SGD
(2) and (4) are equal. Adam and similar optimizers divide the gradient by its size. They thus also divide the
term of (2), but not that of (4). Every coefficient can differ between the runs of one program.
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
"""Parameters that a transform acts on: a tree like all parameters, of bools or their arrays; None = all."""


class TimedState(NamedTuple):
    """The state of an optimizer with weight decay whose learning rate follows a schedule.

    t: number of steps, int32. inner: state of the optimizer without weight decay.
    """

    t: jax.Array
    inner: Any


def with_clipping(optimizer: Optimizer, threshold: Number) -> Optimizer:
    """Return an optimizer that first scales gradients down to a norm of at most `threshold`.

    The norm is that over all parameters. threshold: a number above 0 or a scalar array; infinity = off. A
    gradient that is not finite is left as it is, so that a diverged run stays visible. Raises UsageError for
    another number.
    """
    if not isinstance(threshold, jax.Array | np.ndarray) and (
        isinstance(threshold, bool) or not threshold > 0
    ):
        raise UsageError(
            f"Gradients cannot be clipped at {threshold!r}.",
            "The largest norm of the gradient must be above 0.",
            "Write for example 1.0, or inf for no clipping.",
        )

    def update(
        grads: optax.Updates, state: optax.OptState, params: optax.Params | None = None, **extra: object
    ) -> tuple[optax.Updates, optax.OptState]:
        return optimizer.update(_clip_by_norm(grads, threshold), state, params, **extra)

    return Optimizer(optimizer.init, update, optimizer.eval_params)


def with_penalties(
    optimizer: Optimizer, mask: Mask = None, *, l1: Number | None = None, l2: Number | None = None
) -> Optimizer:
    """Return an optimizer that adds the gradients of L1 and L2 penalties, l1 sign(w) + l2 w, to the gradient.

    l1, l2: coefficients, numbers or scalar arrays; a penalty of None is left out. mask: parameters with a
    penalty, a tree of bools; None = all. The function `update` of the optimizer needs the parameters. Raises
    UsageError for a negative or infinite coefficient.
    """
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
        _check_params(params)
        grads = _where_masked(mask, params, grads, params, lambda g, w: g + pull(w))
        return optimizer.update(grads, state, params, **extra)

    return Optimizer(optimizer.init, update, optimizer.eval_params)


def with_weight_decay(optimizer: Optimizer, rate: Rate, weight_decay: Number, mask: Mask = None) -> Optimizer:
    """Return an optimizer with decoupled weight decay: every step also subtracts rate x weight_decay x w.

    rate: learning rate of the optimizer, a number, a scalar array or a schedule. weight_decay: coefficient.
    mask: parameters that decay, a tree of bools; None = all. The weights w are those to evaluate, which for
    Nesterov momentum are not the stored look-ahead point. The function `update` of the optimizer needs the
    parameters. Raises UsageError for a negative or infinite number.
    """
    check_rate(rate)
    check_not_negative(weight_decay=weight_decay)
    timed = callable(rate)

    def init(params: optax.Params) -> optax.OptState:
        inner = optimizer.init(params)
        return TimedState(jnp.zeros((), jnp.int32), inner) if timed else inner

    def update(
        grads: optax.Updates, state: optax.OptState, params: optax.Params | None = None, **extra: object
    ) -> tuple[optax.Updates, optax.OptState]:
        _check_params(params)
        before = state.inner if timed else state
        eta = rate(state.t) if callable(rate) else rate
        points = optimizer.eval_params(params, before)
        updates, after = optimizer.update(grads, before, params, **extra)

        def shrink(u: jax.Array, w: jax.Array) -> jax.Array:
            return u - _scalar(eta, w) * _scalar(weight_decay, w) * w  # (4)

        updates = _where_masked(mask, params, updates, points, shrink)
        return updates, TimedState(optax.safe_increment(state.t), after) if timed else after

    def eval_params(params: optax.Params, state: optax.OptState) -> optax.Params:
        return optimizer.eval_params(params, state.inner if timed else state)

    return Optimizer(init, update, eval_params)


def _clip_by_norm(grads: optax.Updates, threshold: Number) -> optax.Updates:
    """Return (1), computed so that neither the norm nor the quotient can overflow."""
    leaves = [_wide(g) for g in jax.tree.leaves(grads)]
    if not leaves:
        return grads
    real = max((jnp.finfo(g.dtype).dtype for g in leaves), key=lambda dtype: dtype.itemsize)
    # The norm is taken in units of the largest entry. In float32 the square of an entry above 1e19 is
    # infinite, and the clipped gradient would be 0.
    top = jnp.max(jnp.stack([jnp.max(jnp.abs(g), initial=0).astype(real) for g in leaves]))
    # The compiler replaces a division by a product with the inverse, which must not be subnormal either.
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


def _where_masked(
    mask: Mask,
    params: optax.Params,
    tree: optax.Params,
    weights: optax.Params,
    change: Callable[[jax.Array, jax.Array], jax.Array],
) -> optax.Params:
    """Return `tree` with change(a, w) for each of its arrays a where the mask is True, in float32 at least.

    In change(a, w), w [...] is the array of `weights` that belongs to the array a [...] of `tree`.
    """
    if mask is None:
        mask = jax.tree.map(lambda w: True, params)
    elif callable(mask):
        mask = mask(params)
    structure: Any = jax.tree.structure(params)
    if jax.tree.structure(mask) != structure:
        raise UsageError(
            "The mask does not fit the parameters.",
            "It selects parameters for a penalty or weight decay, by True or False for each of their arrays.",
            "Make it with jax.tree.map over the parameters.",
        )

    def change_array(masked: ArrayLike, a: jax.Array, w: jax.Array) -> jax.Array:
        if isinstance(masked, bool | np.bool_):
            return change(_wide(a), _wide(w)).astype(jnp.result_type(a)) if masked else a
        changed = change(_wide(a), _wide(w)).astype(jnp.result_type(a))
        return jnp.where(jnp.broadcast_to(masked, jnp.shape(a)), changed, a)

    return jax.tree.map(change_array, mask, tree, weights)


def wide_dtype(w: ArrayLike) -> np.dtype:
    """Return the data type of an array w [...], but float32 for a shorter type, which rounds coefficients."""
    dtype = jnp.result_type(w)
    return dtype if jnp.finfo(dtype).bits >= 32 else jnp.dtype(jnp.float32)


def _wide(w: ArrayLike) -> jax.Array:
    return jnp.asarray(w, wide_dtype(w))


def _scalar(value: ArrayLike, like: jax.Array) -> jax.Array:
    return jnp.asarray(value, like.dtype)


def _check_params(params: optax.Params | None) -> None:
    if params is None:
        raise UsageError(
            "Penalties and weight decay need the parameters.",
            "Their size depends on the parameters.",
            "Call update(grads, state, params).",
        )
