"""Adam: momentum and RMSProp, with averages corrected for their start at zero.  Lecture: "Adam".

Source: Kingma & Ba 2015.

    m <- b1 m + (1 - b1) g                              (1)
    v <- b2 v + (1 - b2) g^2                            (2)
    m^ = m / (1 - b1^t),  v^ = v / (1 - b2^t)           (3)      t = 1 at the first step
    w <- w - eta m^ / (sqrt(v^) + eps)                  (4)      eps outside the root

Equation (4) is w <- w - eta P^-1 m with the preconditioner P of Cohen et al. 2022:

    P = (1 - b1^t) (sqrt(v / (1 - b2^t)) + eps)         (5)
    stable for eigenvalues of P^(-1/2) H P^(-1/2) below (2 + 2 b1) / ((1 - b1) eta)     (6)

w: weights, g: gradient, m, v: running means of g and g^2, b1, b2: averaging rates, t: number of the step,
eta: learning rate, eps: small constant, H: Hessian of the loss.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ravine.optimizers.hyperparameters import (
    Decay,
    Number,
    Rate,
    check_not_negative,
    decay,
    one_minus_power,
)
from ravine.optimizers.per_array import Optimizer, per_array
from ravine.optimizers.plot_style import PlotStyle
from ravine.optimizers.registry import Stability, log_range, one_minus_range, register

__all__ = ["adam"]


class Moments(NamedTuple):
    """The state of Adam, arrays of the shape of the weights, 0 at the start.

    m: running mean of gradients. v: running mean of squared gradients.
    """

    m: jax.Array
    v: jax.Array


def _limit(eta: float, hyper: Mapping[str, Any]) -> float:
    b1 = decay(hyper["b1"])
    return (2 + 2 * b1.rate) / (b1.complement * eta)  # (6)


def _preconditioner(slots: Moments, t: jax.Array, hyper: Mapping[str, Any]) -> jax.Array:
    first, second = (one_minus_power(decay(hyper[name]), t) for name in ("b1", "b2"))
    return first * (jnp.sqrt(slots.v / second) + hyper["eps"])  # (5)


@register(
    "Adam",
    rate_center=3e-3,
    averaging_rates=("b1", "b2"),
    search_ranges={
        "b1": one_minus_range(1e-3, 0.5),
        "b2": one_minus_range(1e-4, 0.1),
        "eps": log_range(1e-10, 1e-2),
    },
    stability=Stability("(2 + 2 b1) / ((1 - b1) eta)", _limit),
    diagonal=_preconditioner,
    style=PlotStyle("#000000", "#ffffff", (14, 3), "cross"),
)
def adam(
    learning_rate: Rate = 3e-3, b1: Number | Decay = 0.9, b2: Number | Decay = 0.999, eps: Number = 1e-8
) -> Optimizer:
    """Return the optimizer Adam. Its state is the number of steps and `Moments`, two running means.

    m is the running mean of gradients g, and v that of g^2.
    learning_rate: eta, a number, a scalar array or a schedule of the step count.
    b1, b2: averaging rates of m and v, numbers in [0, 1) or `Decay`. eps: added to the root of v. Raises
    UsageError for another averaging rate, and for a negative or infinite number.
    """
    check_not_negative(eps=eps)

    def init(w: jax.Array) -> Moments:
        return Moments(jnp.zeros_like(w), jnp.zeros_like(w.real))

    def step(
        g: jax.Array, slots: Moments, eta: jax.Array, t: jax.Array, b1: Decay, b2: Decay, eps: jax.Array
    ) -> tuple[jax.Array, Moments]:
        m = b1.rate * slots.m + b1.complement * g  # (1)
        v = b2.rate * slots.v + b2.complement * (g * g.conj()).real  # (2)
        # (3) scales two numbers in place of two arrays, which saves two divisions per weight.
        eta_hat = eta / one_minus_power(b1, t)
        root_hat = 1 / jnp.sqrt(one_minus_power(b2, t))
        return -eta_hat * m / (root_hat * jnp.sqrt(v) + eps), Moments(m, v)  # (4)

    return per_array(init, step, learning_rate, counted=True, b1=decay(b1), b2=decay(b2), eps=eps)
