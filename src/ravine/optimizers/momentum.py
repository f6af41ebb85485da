"""Momentum: a ball that rolls on.  Lecture: "SGD + momentum update".

Source: Polyak 1964.

    v <- rho v - eta g      (1)      the rate is inside the velocity
    w <- w + v              (2)
    stable for a curvature below (2 + 2 rho) / eta      (3)
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
    """What momentum remembers."""

    v: jax.Array


def _limit(eta: float, hyper: Mapping[str, Number]) -> float:
    return (2 + 2 * decay(hyper["rho"]).rate) / eta  # (3)


@register(
    "Momentum",
    rate_centre=0.03,
    tuned={"rho": one_minus_range(1e-3, 0.5)},
    stability=Stability("(2 + 2 rho) / eta", _limit),
    style=PlotStyle("#D55E00", "#ff9a5c", (7, 4), "square"),
)
def momentum(learning_rate: Rate = 0.03, rho: Number = 0.9) -> Optimizer:
    """Momentum. `learning_rate`: number, array or schedule; `rho`: what is kept of the velocity.

    Where the rate changes this differs from `optax.sgd(momentum=)` and torch, which multiply the velocity.
    """

    check_share(rho=rho)

    def init(w: jax.Array) -> Velocity:
        return Velocity(jnp.zeros_like(w))

    def step(g: jax.Array, slots: Velocity, eta: jax.Array, rho: jax.Array) -> tuple[jax.Array, Velocity]:
        v = rho * slots.v - eta * g  # (1)
        return v, Velocity(v)  # (2)

    return per_array(init, step, learning_rate, rho=rho)
