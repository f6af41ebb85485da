"""Momentum: gradient descent with a velocity.  Lecture: "SGD + momentum update".

Source: Polyak 1964.

    v <- rho v - eta g                                             (1)      eta is inside the velocity
    w <- w + v                                                     (2)
    stable for eigenvalues of the Hessian below (2 + 2 rho) / eta  (3)

w: weights, g: gradient, v: velocity, rho: momentum, eta: learning rate.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp

from ravine.optimizers.hyperparameters import Number, Rate, check_share, decay
from ravine.optimizers.per_array import Optimizer, per_array
from ravine.optimizers.plot_style import PlotStyle
from ravine.optimizers.registry import Stability, one_minus_range, register

__all__ = ["momentum"]


class Velocity(NamedTuple):
    """The state of momentum: the velocity v of each weight, an array of the shape of the weights."""

    v: jax.Array


def _limit(eta: float, hyper: Mapping[str, Number]) -> float:
    return (2 + 2 * decay(hyper["rho"]).rate) / eta  # (3)


@register(
    "Momentum",
    rate_center=0.03,
    search_ranges={"rho": one_minus_range(1e-3, 0.5)},
    stability=Stability("(2 + 2 rho) / eta", _limit),
    style=PlotStyle("#D55E00", "#ff9a5c", (7, 4), "square"),
)
def momentum(learning_rate: Rate = 0.03, rho: Number = 0.9) -> Optimizer:
    """Return gradient descent with momentum. Its state is the `Velocity` v, 0 at the start.

    learning_rate: eta, a number, a scalar array or a schedule of the step count.
    rho: share of the velocity that remains after a step, from 0 to 1.

    With a changing learning rate this optimizer differs from torch and `optax.sgd(momentum=)`. Torch and
    optax multiply the velocity by the current learning rate, so a change acts at once on all earlier
    gradients. Here it acts on new gradients only. Raises UsageError for another rho, and for a negative or
    infinite learning rate.
    """

    check_share(rho=rho)

    def init(w: jax.Array) -> Velocity:
        return Velocity(jnp.zeros_like(w))

    def step(g: jax.Array, slots: Velocity, eta: jax.Array, rho: jax.Array) -> tuple[jax.Array, Velocity]:
        v = rho * slots.v - eta * g  # (1)
        return v, Velocity(v)  # (2)

    return per_array(init, step, learning_rate, rho=rho)
