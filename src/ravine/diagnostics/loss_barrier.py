"""Loss barrier on the straight line between two solutions.  Lecture: "Sensitivity to initialization".

    w(t)    = (1 - t) a + t b                                       (1)   a, b: weights of the solutions
    barrier = max_t L(w(t)) - ((1 - t) L(a) + t L(b))               (2)   L: loss, 0 <= t <= 1

Source: Goodfellow et al. 2015 (1); Frankle et al. 2020 (2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ravine.diagnostics.flatten import Params, Vector, check_parameters, precision_of
from ravine.diagnostics.jit_cache import per_function
from ravine.errors import UsageError

__all__ = ["Path", "interpolate"]


@dataclass(frozen=True)
class Path:
    """Loss on the straight line in weight space between two solutions a and b.

    positions [T]   share t of the way from a to b, from 0 to 1
    losses [T]      loss at these positions
    barrier         largest height of the loss above the straight line between its values at both ends, from a
                    finer grid around the maximum; 0 if the loss is never above that line
    error           upper estimate of the part of the barrier that lies between grid points: twice that of a
                    parabola through the highest point and its two neighbors
    top             position of the maximum
    """

    positions: Vector
    losses: Vector
    barrier: float
    error: float
    top: float


def interpolate(
    loss: Callable[..., jax.Array],
    a: Params,
    b: Params,
    data: tuple[Any, ...] = (),
    *,
    points: int = 41,
    batch: int = 8,
) -> Path:
    """Return the loss on the straight line in weight space from `a` to `b`, and its barrier.

    The barrier is the largest height of the loss above the straight line between its values at both ends.

    loss     loss(params, *data) -> []
    a, b     two solutions, parameters with the same structure and shapes
    points   number of positions on the line; the same number of positions again refine the maximum
    batch    positions computed together

    Raises UsageError if the trees differ, for fewer than 3 points, and for a loss that is not finite on the
    line.
    """
    if points < 3:
        raise UsageError(
            f"{points} points are too few to measure a loss barrier between two solutions.",
            "At least 3 are needed.",
            "Take 3 or more, points=41.",
        )
    check_parameters(a)
    check_parameters(b)
    check_alike(a, b)
    coarse = np.linspace(0.0, 1.0, points)
    program = _program(loss, min(batch, points))

    def losses_at(positions: Vector) -> Vector:
        with precision_of(a):
            values = np.asarray(program(a, b, jnp.asarray(positions, float), data), np.float64)
        bad = ~np.isfinite(values)
        if bad.any():
            raise UsageError(
                f"The loss is {values[bad][0]} on the line between the two solutions, at position "
                f"{positions[bad][0]:.3g} (from 0 to 1).",
                "A barrier needs a finite loss on the whole line.",
                "Work in float64, or standardize the inputs.",
            )
        return values

    losses = losses_at(coarse)

    def rise(positions: Vector, values: Vector) -> Vector:
        return values - ((1 - positions) * losses[0] + positions * losses[-1])  # (2)

    top = int(rise(coarse, losses).argmax())
    fine = np.linspace(coarse[max(top - 1, 0)], coarse[min(top + 1, points - 1)], points)
    near = rise(fine, losses_at(fine))
    highest = int(near.argmax())
    error = _between_points(near, highest)
    return Path(coarse, losses, float(max(near[highest], 0.0)), error, float(fine[highest]))


def check_alike(a: Params, b: Params) -> None:
    """Raise UsageError unless two trees of parameters, `a` and `b`, have the same structure and shapes."""
    structure: Any = jax.tree.structure(a)
    if structure != jax.tree.structure(b):
        raise UsageError(
            "The two trees of parameters have different structures.",
            "Both must belong to the same network.",
            "Pass two trees of one network.",
        )
    for (path, leaf), other in zip(jax.tree_util.tree_leaves_with_path(a), jax.tree.leaves(b), strict=True):
        if np.shape(leaf) != np.shape(other):
            raise UsageError(
                f"Parameter {jax.tree_util.keystr(path)} has shape {np.shape(leaf)} in one tree of "
                f"parameters and {np.shape(other)} in the other.",
                "Both must belong to the same network.",
                "Pass two trees of one network.",
            )


def _between_points(rise: Vector, top: int) -> float:
    """Return twice the rise above point `top` of the parabola through this point and its two neighbors."""
    if top in (0, len(rise) - 1):
        return 0.0
    before, here, after = rise[top - 1 : top + 2]
    curvature = 2 * here - before - after
    return 0.0 if curvature <= 0 else 2 * float((after - before) ** 2 / (8 * curvature))


@per_function
def _program(loss: Callable[..., jax.Array], batch: int) -> Callable[..., jax.Array]:
    """Return the compiled program (a, b, positions [T], data) -> losses [T]."""

    def program(a: Params, b: Params, positions: jax.Array, data: tuple[Any, ...]) -> jax.Array:
        def at(t: jax.Array) -> jax.Array:
            def between(x: jax.Array, y: jax.Array) -> jax.Array:
                share = t.astype(x.dtype)
                return (1 - share) * x + share * y  # (1)

            return loss(jax.tree.map(between, a, b), *data)

        return jax.lax.map(at, positions, batch_size=batch)

    return jax.jit(program)
