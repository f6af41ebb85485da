"""SGD: step against the gradient.  Lecture: "Vanilla SGD".

Source: Robbins & Monro 1951.

    w <- w - eta g                          (1)
    stable for a curvature below 2 / eta    (2)
"""

from __future__ import annotations

import jax

from ravine.optimizers.hyperparameters import Rate
from ravine.optimizers.per_array import Optimizer, per_array
from ravine.optimizers.plot_style import PlotStyle
from ravine.optimizers.registry import Stability, register

__all__ = ["PLAIN_STABILITY", "sgd"]

PLAIN_STABILITY = Stability("2 / eta", lambda eta, hyper: 2 / eta)  # (2)
"""The limit of every step that has no momentum."""


@register(
    "SGD", rate_centre=0.1, stability=PLAIN_STABILITY, style=PlotStyle("#0072B2", "#6cb8f0", (), "circle")
)
def sgd(learning_rate: Rate = 0.1) -> Optimizer:
    """Stochastic gradient descent. `learning_rate`: number, array or schedule."""

    def init(w: jax.Array) -> tuple[()]:
        return ()

    def step(g: jax.Array, slots: tuple[()], eta: jax.Array) -> tuple[jax.Array, tuple[()]]:
        return -eta * g, slots  # (1)

    return per_array(init, step, learning_rate)
