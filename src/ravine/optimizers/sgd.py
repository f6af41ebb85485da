"""SGD: a step against the gradient.  Lecture: "Vanilla SGD".

Source: Robbins & Monro 1951.

    w <- w - eta g                                       (1)
    stable for eigenvalues of the Hessian below 2 / eta  (2)

w: weights, g: gradient, eta: learning rate.
"""

from __future__ import annotations

import jax

from ravine.optimizers.hyperparameters import Rate
from ravine.optimizers.per_array import Optimizer, per_array
from ravine.optimizers.plot_style import PlotStyle
from ravine.optimizers.registry import Stability, register

__all__ = ["PLAIN_STABILITY", "sgd"]

PLAIN_STABILITY = Stability("2 / eta", lambda eta, hyper: 2 / eta)  # (2)
"""The stability limit of every optimizer without momentum.

With a preconditioner P, the limit is one for the eigenvalues of P^(-1/2) H P^(-1/2) instead of the Hessian H.
"""


@register(
    "SGD", rate_center=0.1, stability=PLAIN_STABILITY, style=PlotStyle("#0072B2", "#6cb8f0", (), "circle")
)
def sgd(learning_rate: Rate = 0.1) -> Optimizer:
    """Return the optimizer stochastic gradient descent, which has no state.

    learning_rate: a number, a scalar array or a schedule of the step count. Raises UsageError for a negative
    or infinite number.
    """

    def init(w: jax.Array) -> tuple[()]:
        return ()

    def step(g: jax.Array, slots: tuple[()], eta: jax.Array) -> tuple[jax.Array, tuple[()]]:
        return -eta * g, slots  # (1)

    return per_array(init, step, learning_rate)
