"""Nesterov momentum: jump by the velocity, then correct.  Lecture: "Nesterov momentum update".

Source: Sutskever, Martens, Dahl & Hinton 2013.

    v <- rho v - eta grad L(w + rho v)      (1)      the gradient after the jump
    w <- w + v                              (2)

A training loop takes gradients at the parameters that it stores. The stored parameters are therefore the
look-ahead point y = w + rho v, and (1) and (2) become

    v <- rho v - eta grad L(y)              (3)
    y <- y + rho v - eta grad L(y)          (4)      = w + rho v with the new w, v
    w  = y - rho v                          (5)      the weights to evaluate
    stable for eigenvalues of the Hessian below (2 + 2 rho) / (eta (1 + 2 rho))      (6)

w: weights, v: velocity, rho: momentum, eta: learning rate, L: loss.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp

from ravine.optimizers.hyperparameters import Number, Rate, check_share, decay
from ravine.optimizers.momentum import Velocity
from ravine.optimizers.per_array import Optimizer, per_array
from ravine.optimizers.plot_style import PlotStyle
from ravine.optimizers.registry import Stability, one_minus_range, register

__all__ = ["nesterov", "sutskever_step"]


def _limit(eta: float, hyper: Mapping[str, Number]) -> float:
    rho = decay(hyper["rho"]).rate
    return (2 + 2 * rho) / (eta * (1 + 2 * rho))  # (6)


@register(
    "Nesterov",
    rate_center=0.03,
    search_ranges={"rho": one_minus_range(1e-3, 0.5)},
    stability=Stability("(2 + 2 rho) / (eta (1 + 2 rho))", _limit),
    style=PlotStyle("#009E73", "#3fd6a8", (9, 3, 2, 3), "triangle"),
)
def nesterov(learning_rate: Rate = 0.03, rho: Number = 0.9) -> Optimizer:
    """Return the optimizer Nesterov momentum. Its state is the `Velocity` v, 0 at the start.

    learning_rate: eta, a number, a scalar array or a schedule of the step count.
    rho: share of the velocity that remains after a step, from 0 to 1.

    The parameters that a training loop stores are the look-ahead point y = w + rho v. The function
    `eval_params(params, state)` of the optimizer returns the weights w, at which the network is evaluated.
    Raises UsageError for another rho, and for a negative or infinite learning rate.
    """

    check_share(rho=rho)

    def init(w: jax.Array) -> Velocity:
        return Velocity(jnp.zeros_like(w))

    def step(g: jax.Array, slots: Velocity, eta: jax.Array, rho: jax.Array) -> tuple[jax.Array, Velocity]:
        v = rho * slots.v - eta * g  # (3)
        return rho * v - eta * g, Velocity(v)  # (4)

    def eval_params(y: jax.Array, slots: Velocity, rho: jax.Array) -> jax.Array:
        return y - rho * slots.v  # (5)

    return per_array(init, step, learning_rate, eval_params=eval_params, rho=rho)


def sutskever_step(
    gradient: Callable[[jax.Array], jax.Array],
    w: jax.Array,
    v: jax.Array,
    eta: jax.Array | float,
    rho: jax.Array | float,
) -> tuple[jax.Array, jax.Array]:
    """Return weights and velocity (w, v) after a Nesterov step in its original form, for one array [...].

    The step is v <- rho v - eta gradient(w + rho v), then w <- w + v. gradient: function that returns the
    gradient [...] at given weights. w, v: [...]. eta, rho: learning rate and momentum, numbers or scalar
    arrays.
    """
    v = rho * v - eta * gradient(w + rho * v)  # (1)
    return w + v, v  # (2)
