"""AdaDelta: RMSProp with steps in the unit of the weights.  Lecture: "RMSProp", which names AdaDelta.

Source: Zeiler 2012.

    s <- gamma s + (1 - gamma) g^2              (1)
    d  = sqrt(u + eps) / sqrt(s + eps) g        (2)     g/sqrt(s) has no unit, sqrt(u) that of the weights
    u <- gamma u + (1 - gamma) d^2              (3)
    w <- w - eta d                              (4)
    P  = sqrt(s + eps) / sqrt(u + eps)          (5)     preconditioner of (4), with u after the step

w: weights, g: gradient, d: step before the learning rate eta, gamma: averaging rate, eps: small constant.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ravine.optimizers.hyperparameters import Decay, Number, Rate, check_not_negative, decay
from ravine.optimizers.per_array import Optimizer, per_array
from ravine.optimizers.registry import log_range, one_minus_range, register
from ravine.optimizers.sgd import PLAIN_STABILITY

__all__ = ["adadelta"]


class Deltas(NamedTuple):
    """The state of AdaDelta, arrays of the shape of the weights, 0 at the start.

    s: running mean of squared gradients. u: running mean of squared steps d.
    """

    s: jax.Array
    u: jax.Array


def _preconditioner(slots: Deltas, t: jax.Array | None, hyper: Mapping[str, Any]) -> jax.Array:
    return jnp.sqrt(slots.s + hyper["eps"]) / jnp.sqrt(slots.u + hyper["eps"])  # (5)


@register(
    "AdaDelta",
    rate_center=1.0,
    averaging_rates=("gamma",),
    search_ranges={"gamma": one_minus_range(1e-3, 0.5), "eps": log_range(1e-8, 1e-2)},
    stability=PLAIN_STABILITY,
    diagonal=_preconditioner,
)
def adadelta(learning_rate: Rate = 1.0, gamma: Number | Decay = 0.9, eps: Number = 1e-6) -> Optimizer:
    """Return the optimizer AdaDelta. Its state `Deltas` holds running means of squared gradients and steps.

    learning_rate: eta, a number, a scalar array or a schedule of the step count; 1 in the paper.
    gamma: averaging rate of both means, a number in [0, 1) or a `Decay`. eps: added to both means; it sets
    the size of the first steps. Raises UsageError for another gamma, and for a negative or infinite number.
    """
    check_not_negative(eps=eps)

    def init(w: jax.Array) -> Deltas:
        return Deltas(jnp.zeros_like(w.real), jnp.zeros_like(w.real))

    def step(
        g: jax.Array, slots: Deltas, eta: jax.Array, gamma: Decay, eps: jax.Array
    ) -> tuple[jax.Array, Deltas]:
        s = gamma.rate * slots.s + gamma.complement * (g * g.conj()).real  # (1)
        d = jnp.sqrt(slots.u + eps) / jnp.sqrt(s + eps) * g  # (2)
        u = gamma.rate * slots.u + gamma.complement * (d * d.conj()).real  # (3)
        return -eta * d, Deltas(s, u)  # (4)

    return per_array(init, step, learning_rate, gamma=decay(gamma), eps=eps)
