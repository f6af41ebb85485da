"""Local gains: a rate of its own for every weight.  Lecture: "Separate, adaptive learning rates".

Source: Jacobs 1988 (delta-bar-delta); Hinton 2012, lecture 6d. Elementwise, g' the gradient before:

    gain <- gain + grow      where g g' > 0          (1)
    gain <- gain * shrink    where g g' < 0          (2)
    gain <- min(max(gain, lowest), highest)          (3)
    w    <- w - eta gain g                           (4)
    P    =  1 / gain                                 (5)    the preconditioner of (4)
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
    """The gain of each weight and the sign of its last gradient, 0 before the first."""

    gain: jax.Array
    sign: jax.Array


def _preconditioner(slots: Gains, t: jax.Array | None, hyper: Mapping[str, Number]) -> jax.Array:
    return 1 / slots.gain  # (5)


@register(
    "Local gains",
    rate_centre=0.05,
    tuned={"grow": log_range(0.01, 0.2), "shrink": log_range(0.5, 0.99)},
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
    """Gradient descent with a gain per weight, left as it is by a zero gradient.

    `learning_rate`: number, array or schedule; `grow`, `shrink`, `lowest`, `highest`: see above.
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
        sign = jnp.sign(g)  # signs, since the product of two small gradients underflows
        agree = sign * slots.sign
        gain = jnp.where(agree > 0, slots.gain + grow, slots.gain)  # (1)
        gain = jnp.where(agree < 0, gain * shrink, gain)  # (2)
        gain = jnp.clip(gain, lowest, highest)  # (3)
        return -eta * gain * g, Gains(gain, sign)  # (4)

    return per_array(init, step, learning_rate, grow=grow, shrink=shrink, lowest=lowest, highest=highest)
