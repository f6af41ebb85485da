"""Loss along one or two directions in weight space.  Lecture: "Loss landscape of NNs".

    L(x)     = L(w + x d)                      (1)
    L(x, y)  = L(w + x d + y e)                (2)
    parabola = L(w) + L'(0) x + c x^2 / 2      (3)   c = 2 / eta; in a steeper valley SGD is unstable

L is the loss, w are the measured weights, d and e the directions, and eta is the learning rate. One compiled
program computes the losses of the grid, `batch` points at a time. Threads share the grid.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from ravine.diagnostics.flatten import Params, Vector, check_parameters, thread_context
from ravine.diagnostics.jit_cache import per_function
from ravine.diagnostics.loss_barrier import check_alike
from ravine.errors import UsageError

__all__ = ["Slice", "displace", "landscape", "parabola"]

POINTS_MULTIPLE = 8
"""Every thread computes a multiple of this number of points, since the program computes several at a time."""

Losses = Callable[..., jax.Array]
"""losses(params, directions, points [P, axes], *data) -> [P], the losses at params + points @ directions."""


@dataclass(frozen=True)
class Slice:
    """Losses on a grid along one or two directions in weight space, through the measured weights.

    x [X], y [Y]               positions, in units of the directions; y is None for one direction
    losses [X] or [Y, X]       losses; inf or NaN where the loss overflows or is undefined
    center                     loss at x = y = 0, where the weights are the measured ones
    norms                      lengths of the directions in weight space
    """

    x: Vector
    y: Vector | None
    losses: Vector
    center: float
    norms: tuple[float, ...]

    @property
    def finite(self) -> npt.NDArray[np.bool_]:
        """Return a mask [X] or [Y, X], the shape of the losses, that is True where the loss is finite."""
        return np.isfinite(self.losses)


def landscape(
    loss: Callable[..., jax.Array],
    params: Params,
    directions: Sequence[Params],
    x: npt.ArrayLike,
    y: npt.ArrayLike | None = None,
    data: tuple[Any, ...] = (),
    *,
    batch: int = 8,
    losses: Losses | None = None,
    threads: int = 1,
) -> Slice:
    """Return the loss on a grid along one or two directions in weight space, through the weights `params`.

    loss          loss(params, *data) -> []
    directions    one or two trees like `params`, from `random_directions`, or from `from_vector` of an
                  eigenvector or of a direction of a plane
    x [X], y [Y]  positions, in units of the directions; `y` for two directions only
    batch         points computed together
    losses        faster function with the same result for many points, compiled instead of `loss`; see
                  `Losses`
    threads       number of threads that share the points

    Raises UsageError for directions that do not fit, for a grid that is empty or not finite, and for a loss
    that is not a single number or not finite at `params`, the center of the grid.
    """
    check_parameters(params)
    axes = [np.asarray(x, np.float64)] + ([] if y is None else [np.asarray(y, np.float64)])
    if len(directions) != len(axes):
        raise UsageError(
            f"There are {len(directions)} directions and {len(axes)} axes.",
            "Every direction needs one axis, an array of positions along it.",
            "Pass x for one direction, or x and y for two.",
        )
    if batch < 1:
        raise UsageError(
            f"{batch} points cannot be computed at a time.",
            "At least 1 is needed.",
            "Use for example batch=8.",
        )
    for name, axis in zip("xy", axes, strict=False):
        if axis.ndim != 1 or not axis.size or not np.isfinite(axis).all():
            raise UsageError(
                f"`{name}` has shape {axis.shape}, or values that are not finite.",
                "It must be an array [N] of finite numbers, with N of at least 1.",
                f"Use for example {name}=np.linspace(-1, 1, 41).",
            )
    norms = []
    for direction in directions:
        check_alike(params, direction)
        check_parameters(direction)
        norms.append(
            float(np.sqrt(sum((np.asarray(d, np.float64) ** 2).sum() for d in jax.tree.leaves(direction))))
        )
    if not all(norms):
        raise UsageError(
            f"The directions have the lengths {', '.join(f'{norm:.3g}' for norm in norms)}.",
            "Every direction must differ from zero.",
            "Pass another direction.",
        )
    points = np.stack([axis.ravel() for axis in np.meshgrid(*axes)], axis=1)
    points = np.concatenate([np.zeros((1, len(axes))), points])
    here, share = thread_context(params), -(-len(points) // max(1, threads))
    share += -share % POINTS_MULTIPLE if threads > 1 else 0
    whole = np.pad(points, [(0, -len(points) % share), (0, 0)])  # equal shares need one compiled program
    program = _program(losses or _one_by_one(loss, min(batch, share)))

    def losses_of(part: Vector) -> Vector:
        with here():  # JAX keeps its settings for each thread
            at = part.astype(jnp.result_type(float))
            return np.asarray(program(params, tuple(directions), at, *data), np.float64)

    first, *others = np.split(whole, len(whole) // share)
    tasks = [_pool(len(others)).submit(losses_of, part) for part in others]
    try:
        values = np.concatenate([losses_of(first), *(task.result() for task in tasks)])[: len(points)]
    finally:
        wait(tasks)
    if values.ndim != 1:
        raise UsageError(
            f"The loss is an array of shape {values.shape[1:]}, not one number.",
            "It must have the shape [].",
            "Take its mean over rows.",
        )
    if not np.isfinite(values[0]):
        raise UsageError(
            f"The loss is {values[0]} at the center of the grid of points, the parameters `params`.",
            "The loss at `params` must be finite.",
            "Take parameters of an earlier step.",
        )
    shape = (len(axes[0]),) if y is None else (len(axes[1]), len(axes[0]))
    return Slice(
        axes[0], None if y is None else axes[1], values[1:].reshape(shape), float(values[0]), tuple(norms)
    )


@lru_cache(maxsize=1)
def _pool(threads: int) -> ThreadPoolExecutor:
    """Return a pool of threads, kept for later calls.

    Starting a thread takes as long as the loss of a small network at 50 points.
    """
    return ThreadPoolExecutor(threads)


def parabola(x: npt.ArrayLike, center: float, curvature: float, slope: float = 0.0) -> Vector:
    """Return the values of a parabola, center + slope x + curvature x^2 / 2, at `x` [X]: [X].

    The parabola is drawn beside the loss along a direction. With the stability limit of an optimizer as
    curvature, it is the steepest valley in which the optimizer is stable. `x` is a length in weight space.
    For a `Slice`, multiply its positions by the norm of the direction.

    Raises UsageError if a coefficient is not finite.
    """
    at = np.asarray(x, np.float64)
    if not np.isfinite([center, curvature, slope]).all():
        raise UsageError(
            f"No parabola has the value {center}, the slope {slope} and the curvature {curvature} at x = 0.",
            "All three numbers must be finite.",
            "Measure the loss at weights where it is finite.",
        )
    return center + slope * at + 0.5 * curvature * at**2  # (3)


@per_function
def _program(losses: Losses) -> Callable[..., jax.Array]:
    """Return the function `losses`, compiled."""
    return jax.jit(losses)


@per_function
def _one_by_one(loss: Callable[..., jax.Array], batch: int) -> Losses:
    """Return the `Losses` that calls `loss` at every point, for `batch` points at a time."""

    def losses(params: Params, directions: tuple[Params, ...], points: jax.Array, *data: Any) -> jax.Array:
        def at(point: jax.Array) -> jax.Array:
            return loss(displace(params, directions, point), *data)

        return jax.lax.map(at, points, batch_size=batch)

    return losses


def displace(params: Params, directions: Sequence[Params], point: jax.Array) -> Params:
    """Return the parameters `params`, moved along one or two directions by the coordinates `point` [axes].

    The result is params + point[0] x first direction + point[1] x second direction. The function can be
    traced by JAX, for use inside compiled programs.
    """

    def along(w: jax.Array, *steps: jax.Array) -> jax.Array:
        for axis, step in enumerate(steps):
            w = w + point[axis].astype(w.dtype) * step.astype(w.dtype)
        return w  # (1), (2)

    return jax.tree.map(along, params, *directions)
