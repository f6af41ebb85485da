"""AdaGrad: a learning rate for each weight that can only decrease.  Lecture: "AdaGrad".

Source: Duchi, Hazan & Singer 2011.

    s <- s + g^2                        (1)      the diagonal of the lecture's G_t
    w <- w - eta g / sqrt(s + eps)      (2)      eps inside the root
    P  = sqrt(s + eps)                  (3)      preconditioner: (2) is w <- w - eta P^-1 g

w: weights, g: gradient, s: sum of squared gradients, eta: learning rate, eps: small constant.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ravine.optimizers.hyperparameters import Number, Rate, check_not_negative
from ravine.optimizers.per_array import Optimizer, per_array
from ravine.optimizers.plot_style import PlotStyle
from ravine.optimizers.registry import log_range, register
from ravine.optimizers.sgd import PLAIN_STABILITY

__all__ = ["Squares", "adagrad", "root_of_squares"]


class Squares(NamedTuple):
    """The state of AdaGrad and RMSProp: s, the sum or the running mean of squared gradients.

    s: an array of the shape of the weights, 0 at the start.
    """

    s: jax.Array


def root_of_squares(slots: Squares, t: jax.Array | None, hyper: Mapping[str, Any]) -> jax.Array:
    """Return the preconditioner P = sqrt(s + eps) of AdaGrad or RMSProp for one array of weights, [...].

    slots: state with s. hyper: hyperparameters by name, with `eps`. t: number of steps, which is not used.
    """
    return jnp.sqrt(slots.s + hyper["eps"])  # (3)


@register(
    "AdaGrad",
    rate_center=0.03,
    search_ranges={"eps": log_range(1e-10, 1e-2)},
    stability=PLAIN_STABILITY,
    diagonal=root_of_squares,
    style=PlotStyle("#E69F00", "#f5c04e", (4, 2, 1, 2, 1, 2), "pentagon"),
)
def adagrad(learning_rate: Rate = 0.03, eps: Number = 1e-8) -> Optimizer:
    """Return the optimizer AdaGrad. Its state `Squares` is the sum s of squared gradients.

    The sum starts at 0; in optax and Keras it starts at 0.1. learning_rate: eta, a number, a scalar array or
    a schedule of the step count. eps: added to s under the root, so that the first steps are finite. Raises
    UsageError for a negative or infinite number.
    """
    check_not_negative(eps=eps)

    def init(w: jax.Array) -> Squares:
        return Squares(jnp.zeros_like(w.real))

    def step(g: jax.Array, slots: Squares, eta: jax.Array, eps: jax.Array) -> tuple[jax.Array, Squares]:
        s = slots.s + (g * g.conj()).real  # (1)
        return -eta * g / jnp.sqrt(s + eps), Squares(s)  # (2)

    return per_array(init, step, learning_rate, eps=eps)
