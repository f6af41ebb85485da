"""The loss along one or two directions.  Lecture: "Loss landscape of NNs".

    L(x)    = L(w + x d)                      (1)
    L(x, y) = L(w + x d + y e)                (2)
    edge    = L(w) + L'(0) x + x^2 / eta      (3)   parabola of curvature 2 / eta: steeper walls throw SGD out

A whole grid is one compiled program, worked on `batch` points at a time, by as many threads as are given.
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
"""A thread's share of the points is a multiple of it: what is left over would be worked on by itself."""

Losses = Callable[..., jax.Array]
"""losses(params, directions, points [P, axes], *data) -> [P]."""


@dataclass(frozen=True)
class Slice:
    """Losses [X] or [Y, X] over `x` [X] and `y` [Y] (None for one direction), in units of the directions.

    `centre`: loss at the centre itself; `finite`: mask like `losses`, False where the loss overflows or has
    no value (those keep their inf or NaN and are not to be drawn); `norms`: lengths of the directions.
    """

    x: Vector
    y: Vector | None
    losses: Vector
    center: float
    norms: tuple[float, ...]

    @property
    def finite(self) -> npt.NDArray[np.bool_]:
        """Where the loss is a number."""
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
    """Return loss(params + x d [+ y e], *data) on a grid, equation (1) or (2).

    `directions`: one or two trees like `params` (random_directions; from_vector of an eigenvector or of a
    plane's direction). `losses`: a cheaper way to the same, losses(params, directions, points [P, axes],
    *data) -> [P], to be compiled in place of `loss` and `batch`. `threads`: each takes its share of the
    points. Raises UsageError: directions that do not fit, a grid that is empty or not finite, a loss that is
    no number, or not finite at the centre.
    """
    check_parameters(params)
    axes = [np.asarray(x, np.float64)] + ([] if y is None else [np.asarray(y, np.float64)])
    if len(directions) != len(axes):
        raise UsageError(
            f"{len(directions)} directions need {len(directions)} axes, not {len(axes)}.",
            "",
            "Pass x, or x and y.",
        )
    if batch < 1:
        raise UsageError(f"{batch} points cannot be worked on at a time.", "", "Use 1 or more.")
    for axis in axes:
        if axis.ndim != 1 or not axis.size or not np.isfinite(axis).all():
            raise UsageError(f"A grid {axis.shape} must be finite numbers in one row.")
    norms = []
    for direction in directions:
        check_alike(params, direction)
        check_parameters(direction)
        norms.append(
            float(np.sqrt(sum((np.asarray(d, np.float64) ** 2).sum() for d in jax.tree.leaves(direction))))
        )
    if not all(norms):
        raise UsageError("A direction is zero.", "Nothing moves along it.", "Pass another direction.")
    points = np.stack([each.ravel() for each in np.meshgrid(*axes)], axis=1)
    points = np.concatenate([np.zeros((1, len(axes))), points])
    here, share = thread_context(params), -(-len(points) // max(1, threads))
    share += -share % POINTS_MULTIPLE if threads > 1 else 0
    whole = np.pad(points, [(0, -len(points) % share), (0, 0)])  # shares of one size are one program
    program = _program(losses or _one_by_one(loss, min(batch, share)))

    def worked(part: Vector) -> Vector:
        with here():  # settings hold for one thread
            at = part.astype(jnp.result_type(float))
            return np.asarray(program(params, tuple(directions), at, *data), np.float64)

    first, *others = np.split(whole, len(whole) // share)
    elsewhere = [_pool(len(others)).submit(worked, part) for part in others]
    try:
        found = np.concatenate([worked(first), *(each.result() for each in elsewhere)])[: len(points)]
    finally:
        wait(elsewhere)
    if found.ndim != 1:
        raise UsageError(
            f"The loss is an array of shape {found.shape[1:]}, not one number.", "", "Take its mean."
        )
    if not np.isfinite(found[0]):
        raise UsageError(
            f"The loss is {found[0]} at the centre.",
            "There is nothing to look around.",
            "Take an earlier point.",
        )
    shape = (len(axes[0]),) if y is None else (len(axes[1]), len(axes[0]))
    return Slice(
        axes[0], None if y is None else axes[1], found[1:].reshape(shape), float(found[0]), tuple(norms)
    )


@lru_cache(maxsize=1)
def _pool(threads: int) -> ThreadPoolExecutor:
    """Return threads that stay: starting one takes as long as fifty points of a small network."""
    return ThreadPoolExecutor(threads)


def parabola(x: npt.ArrayLike, centre: float, curvature: float, slope: float = 0.0) -> Vector:
    """Return centre + slope x + curvature x^2 / 2: equation (3) where the curvature is a rule's limit: [X].

    `x` is in units of length: multiply a slice's x by the direction's norm.
    """
    at = np.asarray(x, np.float64)
    if not np.isfinite([centre, curvature, slope]).all():
        raise UsageError(f"No parabola through {centre} with slope {slope} and curvature {curvature}.")
    return centre + slope * at + 0.5 * curvature * at**2  # (3)


@per_function
def _program(losses: Losses) -> Callable[..., jax.Array]:
    return jax.jit(losses)


@per_function
def _one_by_one(loss: Callable[..., jax.Array], batch: int) -> Losses:
    def losses(params: Params, directions: tuple[Params, ...], points: jax.Array, *data: Any) -> jax.Array:
        def at(point: jax.Array) -> jax.Array:
            return loss(displace(params, directions, point), *data)

        return jax.lax.map(at, points, batch_size=batch)

    return losses


def displace(params: Params, directions: Sequence[Params], point: jax.Array) -> Params:
    """Return the parameters at a point [axes], equation (1) or (2): for use inside compiled programs."""

    def along(w: jax.Array, *ways: jax.Array) -> jax.Array:
        for place, way in enumerate(ways):
            w = w + point[place].astype(w.dtype) * way.astype(w.dtype)
        return w  # (1), (2)

    return jax.tree.map(along, params, *directions)
