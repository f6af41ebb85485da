"""The straight way between two solutions.  Lecture: "Sensitivity to initialization".

    w(t)    = (1 - t) a + t b                                       (1)
    barrier = max_t L(w(t)) - ((1 - t) L(a) + t L(b))               (2)

Source: Goodfellow et al. 2015 for (1), Frankle et al. 2020 for (2).
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
    """Losses [T] at `positions` [T] from 0 to 1 between two solutions.

    `barrier`: equation (2), at `top`, looked at more closely around the highest point; 0 where the loss
    never rises above the line between the ends. `error`: how much higher the top can be than the highest
    point looked at: twice what a parabola adds.
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
    """Return the loss along the line from `a` to `b`, one compiled program, `batch` points at a time.

    Raises UsageError: trees that differ, fewer than 3 points, a loss that is not finite on the way.
    """
    if points < 3:
        raise UsageError(f"{points} points show no barrier.", "", "Take 3 or more.")
    check_parameters(a)
    check_parameters(b)
    check_alike(a, b)
    places = np.linspace(0.0, 1.0, points)
    program = _program(loss, min(batch, points))

    def losses_at(positions: Vector) -> Vector:
        with precision_of(a):
            found = np.asarray(program(a, b, jnp.asarray(positions, float), data), np.float64)
        bad = ~np.isfinite(found)
        if bad.any():
            raise UsageError(
                f"The loss is {found[bad][0]} at {positions[bad][0]:.3g} of the way.",
                "A barrier needs a finite loss everywhere between.",
                "Work in float64, or standardise the inputs.",
            )
        return found

    losses = losses_at(places)

    def rise(positions: Vector, found: Vector) -> Vector:
        return found - ((1 - positions) * losses[0] + positions * losses[-1])  # (2)

    top = int(rise(places, losses).argmax())
    close = np.linspace(places[max(top - 1, 0)], places[min(top + 1, points - 1)], points)
    near = rise(close, losses_at(close))
    highest = int(near.argmax())
    error = _between_points(near, highest)
    return Path(places, losses, float(max(near[highest], 0.0)), error, float(close[highest]))


def check_alike(a: Params, b: Params) -> None:
    """Raise UsageError unless two trees have the same structure and shapes."""
    one_shape: Any = jax.tree.structure(a)
    if one_shape != jax.tree.structure(b):
        raise UsageError("The two solutions have different structures.", "", "Compare runs of one network.")
    for (path, one), other in zip(jax.tree_util.tree_leaves_with_path(a), jax.tree.leaves(b), strict=True):
        if np.shape(one) != np.shape(other):
            raise UsageError(
                f"Parameter {jax.tree_util.keystr(path)} has shape {np.shape(one)} in one solution and "
                f"{np.shape(other)} in the other.",
                "",
                "Compare runs of one network.",
            )


def _between_points(rise: Vector, top: int) -> float:
    if top in (0, len(rise) - 1):
        return 0.0
    before, here, after = rise[top - 1 : top + 2]
    bend = 2 * here - before - after
    return 0.0 if bend <= 0 else 2 * float((after - before) ** 2 / (8 * bend))


@per_function
def _program(loss: Callable[..., jax.Array], batch: int) -> Callable[..., jax.Array]:
    def program(a: Params, b: Params, positions: jax.Array, data: tuple[Any, ...]) -> jax.Array:
        def at(t: jax.Array) -> jax.Array:
            def between(x: jax.Array, y: jax.Array) -> jax.Array:
                share = t.astype(x.dtype)
                return (1 - share) * x + share * y  # (1)

            return loss(jax.tree.map(between, a, b), *data)

        return jax.lax.map(at, positions, batch_size=batch)

    return jax.jit(program)
