"""Local gains: a separate learning rate for every weight.  Lecture: "Separate, adaptive learning rates".

Source: Jacobs 1988 (delta-bar-delta); Hinton 2012, lecture 6d. For each weight, with g' its gradient one step
before:

    gain <- gain + grow      where g g' > 0          (1)    two gradients of one sign: faster
    gain <- gain * shrink    where g g' < 0          (2)    the sign changed: slower
    gain <- min(max(gain, lowest), highest)          (3)
    w    <- w - eta gain g                           (4)
    P    =  1 / gain                                 (5)    preconditioner: (4) is w <- w - eta P^-1 g

w: weight, g: gradient, eta: learning rate, gain: factor on eta for this weight, 1 at the start.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp

from ravine.optimizers.hyperparameters import Number, Rate, check_not_negative
from ravine.optimizers.per_array import Optimizer, per_array
from ravine.optimizers.registry import log_range, register
from ravine.optimizers.sgd import PLAIN_STABILITY

__all__ = ["local_gains"]


class Gains(NamedTuple):
    """The state of local gains, arrays of the shape of the weights.

    gain: factor on the learning rate of each weight, 1 at the start. sign: sign of the last gradient of each
    weight, 0 at the start.
    """

    gain: jax.Array
    sign: jax.Array


def _preconditioner(slots: Gains, t: jax.Array | None, hyper: Mapping[str, Number]) -> jax.Array:
    return 1 / slots.gain  # (5)


@register(
    "Local gains",
    rate_center=0.05,
    search_ranges={"grow": log_range(0.01, 0.2), "shrink": log_range(0.5, 0.99)},
    stability=PLAIN_STABILITY,
    diagonal=_preconditioner,
)
def local_gains(
    learning_rate: Rate = 0.05,
    grow: Number = 0.05,
    shrink: Number = 0.95,
    lowest: Number = 0.1,
    highest: Number = 10.0,
) -> Optimizer:
    """Return gradient descent with a gain, a factor on the learning rate, for each weight.

    Its state is `Gains`. learning_rate: a number, a scalar array or a schedule of the step count. grow:
    amount added to a gain if two successive gradients of the weight have the same sign. shrink: factor on a
    gain if their signs differ. lowest, highest: limits of a gain.

    A gradient of 0 does not change the gain of its weight. Raises UsageError for a negative or infinite
    number.
    """
    check_not_negative(grow=grow, shrink=shrink, lowest=lowest, highest=highest)

    def init(w: jax.Array) -> Gains:
        return Gains(jnp.ones_like(w), jnp.zeros_like(w))

    def step(
        g: jax.Array,
        slots: Gains,
        eta: jax.Array,
        grow: jax.Array,
        shrink: jax.Array,
        lowest: jax.Array,
        highest: jax.Array,
    ) -> tuple[jax.Array, Gains]:
        sign = jnp.sign(g)  # not g g', which underflows for small gradients
        agree = sign * slots.sign
        gain = jnp.where(agree > 0, slots.gain + grow, slots.gain)  # (1)
        gain = jnp.where(agree < 0, gain * shrink, gain)  # (2)
        gain = jnp.clip(gain, lowest, highest)  # (3)
        return -eta * gain * g, Gains(gain, sign)  # (4)

    return per_array(init, step, learning_rate, grow=grow, shrink=shrink, lowest=lowest, highest=highest)
