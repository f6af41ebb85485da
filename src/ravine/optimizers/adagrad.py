"""AdaGrad: a rate per weight that only falls.  Lecture: "AdaGrad".

Source: Duchi, Hazan & Singer 2011.

    s <- s + g^2                        (1)      the diagonal of the lecture's G_t
    w <- w - eta g / sqrt(s + eps)      (2)      eps inside the root
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from ravine.optimizers.hyperparameters import Number, Rate, check_not_negative
from ravine.optimizers.per_array import Optimizer, per_array
from ravine.optimizers.registry import listed, log_range

__all__ = ["adagrad"]


class Squares(NamedTuple):
    """The sum or running mean of squared gradients."""

    s: jax.Array


@listed("AdaGrad", rate_centre=0.03, tuned={"eps": log_range(1e-10, 1e-2)})
def adagrad(learning_rate: Rate = 0.03, eps: Number = 1e-8) -> Optimizer:
    """AdaGrad. `learning_rate`: number, array or schedule. The sum starts at 0 (optax, Keras: 0.1)."""
    check_not_negative(eps=eps)

    def init(w: jax.Array) -> Squares:
        return Squares(jnp.zeros_like(w.real))

    def step(g: jax.Array, slots: Squares, eta: jax.Array, eps: jax.Array) -> tuple[jax.Array, Squares]:
        s = slots.s + (g * g.conj()).real  # (1)
        return -eta * g / jnp.sqrt(s + eps), Squares(s)  # (2)

    return per_array(init, step, learning_rate, eps=eps)
