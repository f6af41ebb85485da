"""How a wide network's gradients scale with depth.  Lecture: "saturation", vanishing gradients.

    q'  = sigma_w^2 E phi(sqrt(q) z)^2 + sigma_b^2         (1)   variance of the pre-activations
    chi = sigma_w^2 E phi'(sqrt(q) z)^2                    (2)   factor on the squared gradient norm

z is standard normal, sigma_w^2 = fan_in Var(weight); the gradient norm changes by sqrt(chi) a layer: below 1
it vanishes, above 1 it explodes. Source: Schoenholz et al. 2017. Expectations by Gauss-Hermite quadrature.
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
"""Layers after which a variance that still moves is reported as it is."""


class MeanField(NamedTuple):
    """`variance` q where (1) rests or vanishes, `chi`, `gain` = sqrt(chi) with its quadrature `error`.

    `resting`: whether q came to rest; at a critical weight variance it never quite does.
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
    """Return the gradient gain of one layer deep inside a wide plain network.

    `weight_variance`: fan_in times the variance of a weight (He: 2); `start`: mean square of the first
    pre-activations. Raises UsageError: variances negative or not finite, an activation that is not.
    """
    _check(weight_variance, bias_variance, start)
    found = []
    for nodes in (QUADRATURE_NODES // 2, QUADRATURE_NODES):
        with jax.enable_x64(True):
            program = _fixed_point(activation, nodes)
            found.append([float(each) for each in program(weight_variance, bias_variance, start)])
    (_, rough, _), (variance, chi, rests) = found
    if not (np.isfinite(variance) and np.isfinite(chi) and np.isfinite(rough)):
        raise UsageError(
            f"The variance of the pre-activations grows without bound at weight variance {weight_variance}.",
            "The activation does not saturate and the weights are too large.",
            "Lower the weight variance.",
        )
    return MeanField(variance, chi, sqrt(chi), abs(sqrt(chi) - sqrt(rough)), bool(rests))


def variance_map(
    activation: Callable[[jax.Array], jax.Array],
    weight_variance: float,
    depth: int,
    bias_variance: float = 0.0,
    start: float = 1.0,
) -> tuple[Vector, Vector]:
    """Return q [depth] of each layer's pre-activations (the first is `start`) and chi [depth] behind each.

    Raises UsageError as `mean_field`.
    """
    _check(weight_variance, bias_variance, start)
    if depth < 1:
        raise UsageError(f"A network of {depth} layers has no gain.", "", "Give 1 layer or more.")
    with jax.enable_x64(True):
        program = _layers(activation, QUADRATURE_NODES, depth)
        q, chi = (np.asarray(each) for each in program(weight_variance, bias_variance, start))
    if not (np.isfinite(q).all() and np.isfinite(chi).all()):
        raise UsageError("The variance of the pre-activations overflows within these layers.")
    return q, chi


@lru_cache(maxsize=4)
def _nodes(count: int) -> tuple[Vector, Vector]:
    points, weights = np.polynomial.hermite_e.hermegauss(count)
    return points, weights / weights.sum()


def _maps(
    activation: Callable[[jax.Array], jax.Array], count: int
) -> Callable[..., tuple[jax.Array, jax.Array]]:
    points, weights = _nodes(count)

    def both(q: jax.Array, weight: jax.Array, bias: jax.Array) -> tuple[jax.Array, jax.Array]:
        z = jnp.sqrt(q) * jnp.asarray(points)
        values, slopes = jax.jvp(activation, (z,), (jnp.ones_like(z),))
        return weight * jnp.sum(weights * values**2) + bias, weight * jnp.sum(weights * slopes**2)  # (1), (2)

    return both


@per_function
def _fixed_point(activation: Callable[[jax.Array], jax.Array], count: int) -> Callable[..., Any]:
    both = _maps(activation, count)

    def program(weight: float, bias: float, start: float) -> tuple[jax.Array, jax.Array, jax.Array]:
        def moves(state: State) -> jax.Array:
            q, before, layer = state
            # far below the start, activations are linear or scale-free: q has nothing more to tell
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
    both = _maps(activation, count)

    def program(weight: float, bias: float, start: float) -> Any:
        def layer(q: jax.Array, _: None) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
            following, chi = both(q, weight, bias)
            return following, (q, chi)

        return jax.lax.scan(layer, jnp.asarray(start), None, length=depth)[1]

    return jax.jit(program)


def _check(weight_variance: float, bias_variance: float, start: float) -> None:
    if not (np.isfinite([weight_variance, bias_variance, start]).all() and weight_variance > 0 and start > 0):
        raise UsageError(
            f"Weight variance {weight_variance} and start {start} must be finite and above zero.",
            "Without weights nothing passes a layer.",
        )
    if bias_variance < 0:
        raise UsageError(f"The bias variance {bias_variance} is below zero.")
