"""Mean-field theory of wide networks: gradients against depth.  Lecture: "saturation", vanishing gradients.

    q'  = sigma_w^2 E phi(sqrt(q) z)^2 + sigma_b^2         (1)   variance q of pre-activations, next layer
    chi = sigma_w^2 E phi'(sqrt(q) z)^2                    (2)   factor of |gradient|^2 in one layer

z is standard normal, phi is the activation, and sigma_w^2 = fan_in Var(weight), sigma_b^2 = Var(bias). The
gradient norm changes by sqrt(chi) in each layer. Below 1 the gradient vanishes with depth, above 1 the
gradient explodes. Gauss-Hermite quadrature computes the expectations.

Source: Schoenholz et al. 2017.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import sqrt
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ravine.diagnostics.flatten import Vector
from ravine.diagnostics.jit_cache import per_function
from ravine.errors import UsageError

__all__ = ["MeanField", "mean_field", "variance_map"]

QUADRATURE_NODES = 128
State = tuple[jax.Array, jax.Array, jax.Array]

MAX_LAYERS = 20_000
"""Number of layers after which a variance that still changes is returned as not converged."""


class MeanField(NamedTuple):
    """Gain of the gradient, the factor by which its norm changes, in one layer deep inside a wide network.

    Deep inside, the variance q of the pre-activations no longer changes from layer to layer.

    variance    q at this fixed point, or where q has almost vanished
    chi         factor of the squared gradient norm in one layer
    gain        sqrt(chi), factor of the gradient norm
    error       error of the gain from the quadrature
    converged   whether q reached its fixed point; at a critical weight variance it converges too slowly
    """

    variance: float
    chi: float
    gain: float
    error: float
    converged: bool


def mean_field(
    activation: Callable[[jax.Array], jax.Array],
    weight_variance: float,
    bias_variance: float = 0.0,
    start: float = 1.0,
) -> MeanField:
    """Return the gradient gain of one layer deep inside a wide network without shortcuts or normalization.

    The gain is the factor by which the gradient norm changes in one layer.

    activation        phi, elementwise, as a function of a JAX array
    weight_variance   sigma_w^2 = fan_in times the variance of a weight (He: 2)
    bias_variance     sigma_b^2, variance of a bias
    start             q of the first layer, mean square of its pre-activations

    Raises UsageError for variances outside their range, and if q grows without bound.
    """
    _check(weight_variance, bias_variance, start)
    results = []
    for nodes in (QUADRATURE_NODES // 2, QUADRATURE_NODES):
        with jax.enable_x64(True):
            program = _fixed_point(activation, nodes)
            results.append([float(value) for value in program(weight_variance, bias_variance, start)])
    (_, rough, _), (variance, chi, converged) = results
    if not (np.isfinite(variance) and np.isfinite(chi) and np.isfinite(rough)):
        raise UsageError(
            f"The variance of the pre-activations grows without bound at weight variance {weight_variance}.",
            "It must stay finite; the activation does not saturate and the weights are too large.",
            "Lower the weight variance.",
        )
    return MeanField(variance, chi, sqrt(chi), abs(sqrt(chi) - sqrt(rough)), bool(converged))


def variance_map(
    activation: Callable[[jax.Array], jax.Array],
    weight_variance: float,
    depth: int,
    bias_variance: float = 0.0,
    start: float = 1.0,
) -> tuple[Vector, Vector]:
    """Return the variance q of the pre-activations and the gradient factor chi of all layers: [depth] each.

    q in the first layer is `start`. chi is the factor of the squared gradient norm between this layer and the
    next. The network is wide, without shortcuts or normalization.

    activation        phi, elementwise, as a function of a JAX array
    weight_variance   fan_in times the variance of a weight (He: 2)
    depth             number of layers
    bias_variance     variance of a bias

    Raises UsageError for arguments outside their range, and if q overflows within these layers.
    """
    _check(weight_variance, bias_variance, start)
    if depth < 1:
        raise UsageError(
            f"The depth is {depth} layers.", "At least 1 layer is needed.", "Use depth=1 or more."
        )
    with jax.enable_x64(True):
        program = _layers(activation, QUADRATURE_NODES, depth)
        q, chi = (np.asarray(value) for value in program(weight_variance, bias_variance, start))
    if not (np.isfinite(q).all() and np.isfinite(chi).all()):
        raise UsageError(
            f"The variance of the pre-activations overflows within {depth} layers.",
            "It must stay finite.",
            "Use fewer layers, or lower the weight variance.",
        )
    return q, chi


@lru_cache(maxsize=4)
def _nodes(count: int) -> tuple[Vector, Vector]:
    """Return nodes and weights [count] of the Gauss-Hermite quadrature for a standard normal variable."""
    points, weights = np.polynomial.hermite_e.hermegauss(count)
    return points, weights / weights.sum()


def _maps(
    activation: Callable[[jax.Array], jax.Array], count: int
) -> Callable[..., tuple[jax.Array, jax.Array]]:
    """Return the function (q, weight variance, bias variance) -> (q', chi) of equations (1) and (2)."""
    points, weights = _nodes(count)

    def both(q: jax.Array, weight: jax.Array, bias: jax.Array) -> tuple[jax.Array, jax.Array]:
        z = jnp.sqrt(q) * jnp.asarray(points)
        values, slopes = jax.jvp(activation, (z,), (jnp.ones_like(z),))
        return weight * jnp.sum(weights * values**2) + bias, weight * jnp.sum(weights * slopes**2)  # (1), (2)

    return both


@per_function
def _fixed_point(activation: Callable[[jax.Array], jax.Array], count: int) -> Callable[..., Any]:
    """Return the compiled program (weight variance, bias variance, start) -> (q, chi, q converged)."""
    both = _maps(activation, count)

    def program(weight: float, bias: float, start: float) -> tuple[jax.Array, jax.Array, jax.Array]:
        def moves(state: State) -> jax.Array:
            q, before, layer = state
            # A q far below its start is in the linear range of the activation, where chi no longer changes.
            grows = jnp.isfinite(q) & (q > 1e-20 * start)
            return grows & (jnp.abs(q - before) > 1e-13 * q) & (layer < MAX_LAYERS)

        def onward(state: State) -> State:
            return both(state[0], weight, bias)[0], state[0], state[2] + 1

        first: State = (both(jnp.asarray(start), weight, bias)[0], jnp.asarray(start), jnp.asarray(1))
        q, _, layer = jax.lax.while_loop(moves, onward, first)
        return q, both(jnp.where(q > 0, q, 1e-20 * start), weight, bias)[1], layer < MAX_LAYERS

    return jax.jit(program)


@per_function
def _layers(activation: Callable[[jax.Array], jax.Array], count: int, depth: int) -> Callable[..., Any]:
    """Return the compiled program (weight variance, bias variance, start) -> (q [depth], chi [depth])."""
    both = _maps(activation, count)

    def program(weight: float, bias: float, start: float) -> Any:
        def layer(q: jax.Array, _: None) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
            following, chi = both(q, weight, bias)
            return following, (q, chi)

        return jax.lax.scan(layer, jnp.asarray(start), None, length=depth)[1]

    return jax.jit(program)


def _check(weight_variance: float, bias_variance: float, start: float) -> None:
    """Raise UsageError for a variance outside its range."""
    if not (np.isfinite([weight_variance, bias_variance, start]).all() and weight_variance > 0 and start > 0):
        raise UsageError(
            f"The variances of weights, biases and start are {weight_variance}, {bias_variance}, {start}.",
            "All must be finite; weight_variance and start (of the first pre-activations) also above zero.",
            "Use for example weight_variance=2.0, start=1.0.",
        )
    if bias_variance < 0:
        raise UsageError(
            f"The bias variance is {bias_variance}.", "It must be at least 0.", "Use bias_variance=0.0."
        )
