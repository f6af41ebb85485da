"""RMSProp: AdaGrad with a running mean in place of the sum of squares.  Lecture: "RMSProp".

Source: Tieleman & Hinton 2012, lecture 6e.

    s <- gamma s + (1 - gamma) g^2      (1)
    w <- w - eta g / sqrt(s + eps)      (2)      eps inside the root

The preconditioner of (2) is that of AdaGrad, P = sqrt(s + eps).

w: weights, g: gradient, s: running mean of g^2, gamma: averaging rate, eta: learning rate, eps: small number.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from ravine.optimizers.adagrad import Squares, root_of_squares
from ravine.optimizers.hyperparameters import Decay, Number, Rate, check_not_negative, decay
from ravine.optimizers.per_array import Optimizer, per_array
from ravine.optimizers.plot_style import PlotStyle
from ravine.optimizers.registry import log_range, one_minus_range, register
from ravine.optimizers.sgd import PLAIN_STABILITY

__all__ = ["rmsprop"]


@register(
    "RMSProp",
    rate_center=3e-3,
    averaging_rates=("gamma",),
    search_ranges={"gamma": one_minus_range(1e-3, 0.5), "eps": log_range(1e-10, 1e-2)},
    stability=PLAIN_STABILITY,
    diagonal=root_of_squares,
    style=PlotStyle("#CC79A7", "#f2a7d0", (2, 3), "diamond"),
)
def rmsprop(learning_rate: Rate = 3e-3, gamma: Number | Decay = 0.9, eps: Number = 1e-8) -> Optimizer:
    """Return the optimizer RMSProp. Its state `Squares` is the running mean s of g^2, 0 at the start.

    learning_rate: eta, a number, a scalar array or a schedule of the step count.
    gamma: averaging rate of s, a number in [0, 1) or a `Decay`. eps: added to s under the root. Raises
    UsageError for another gamma, and for a negative or infinite learning rate or eps.
    """
    check_not_negative(eps=eps)

    def init(w: jax.Array) -> Squares:
        return Squares(jnp.zeros_like(w.real))

    def step(
        g: jax.Array, slots: Squares, eta: jax.Array, gamma: Decay, eps: jax.Array
    ) -> tuple[jax.Array, Squares]:
        s = gamma.rate * slots.s + gamma.complement * (g * g.conj()).real  # (1)
        return -eta * g / jnp.sqrt(s + eps), Squares(s)  # (2)

    return per_array(init, step, learning_rate, gamma=decay(gamma), eps=eps)
