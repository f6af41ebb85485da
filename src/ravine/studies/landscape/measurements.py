"""Measurements of the loss around one parameter vector: curvature, lines, planes, paths between solutions.

    slope(u) = u' grad L,   curvature(u) = u' H u       (1)   u: unit vector
    limit(u) = limit u' P u                             (2)   P: the optimizer's preconditioner, or ones
    sharpness = largest eigenvalue of P^(-1/2) H P^(-1/2)                                  (3)

H is the Hessian of the loss L, and "limit" on the right of (2) is the optimizer's stability limit: 2/eta for
SGD with learning rate eta. If the curvature (1) along u exceeds (2), then the sharpness (3) exceeds the
stability limit, and steps along u grow.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
import numpy.typing as npt

from ravine.diagnostics import (
    Path,
    Slice,
    StabilityRatio,
    SymmetricOperator,
    align,
    from_vector,
    interpolate,
    lanczos,
    parabola,
    random_directions,
    stability_ratio,
    to_vector,
    trajectory_plane,
)
from ravine.engines import precision_context
from ravine.errors import UsageError
from ravine.studies.landscape.loss_point import LossPoint

__all__ = [
    "Barrier",
    "Direction",
    "LocalGeometry",
    "Plane",
    "barriers",
    "plane_of_paths",
    "plane_of_solutions",
]

Vector = npt.NDArray[np.float64]

SHRINK = 0.7  # factor of one reduction of the plotted radius
MAX_SHRINKS = 40  # SHRINK**40 is a millionth of the length of the weights
MARGIN = 0.25  # margin around the points on a plane, as a share of their width


@dataclass(frozen=True)
class Direction:
    """One direction in weight space, with the loss on the line along it.

    unit [D]: the direction with length 1. norm: length of one unit of x in the slice `along`. slope,
    curvature: equation (1). error: error of the curvature. limit: equation (2), None without a known limit.
    """

    name: str
    unit: Vector
    norm: float
    slope: float
    curvature: float
    error: float
    limit: float | None
    along: Slice


@dataclass(frozen=True)
class Plane:
    """The loss on a plane in weight space.

    unit: unit of the coordinates x and y, in words. marks: coordinates of paths and points on the plane by
    name, [T, 2]. explained: shares of the variance of the paths along both axes. outside: distances of the
    paths from the plane, [T].
    """

    name: str
    grid: Slice
    unit: str
    marks: dict[str, Vector]
    explained: tuple[float, float] | None = None
    outside: dict[str, Vector] | None = None


@dataclass(frozen=True)
class Barrier:
    """The loss on the straight line between the trained weights `a` and `b`, before and after matching.

    after: the loss once the units of b are permuted to match the units of a, or None with the reason in
    `why_not`. distances: Euclidean distances between the weights, before and after.
    """

    a: int
    b: int
    before: Path
    after: Path | None
    distances: tuple[float, float] | None
    why_not: str = ""


class LocalGeometry:
    """Gradient, Hessian, leading eigenvectors and stability limit at one parameter vector, the center.

    The Hessian operator is prepared once, for all measurements. Raises UsageError if the loss is not finite.
    """

    def __init__(self, point: LossPoint, seed: int = 0) -> None:
        self.point, self.seed = point, seed
        self.data, self.loss = point.data, point.loss
        self.vector = to_vector(point.params)
        self.value = float(point.at(self.vector)[0])
        if not np.isfinite(self.value):
            raise UsageError(
                f"The loss is {self.value} at the center.",
                "A landscape needs a finite loss there.",
                "Give a lower --learning-rate or fewer --epochs, or check the data for extreme values.",
            )
        self.hessian: SymmetricOperator = point.hessian()
        with precision_context(point.precision):
            gradient = jax.jit(jax.grad(self.loss))(point.params, *self.data)
        self.gradient = to_vector(gradient)
        self.limit = point.limit()
        self.diagonal, self.why_not = point.diagonal()
        self.pairs = lanczos(self.hessian, 2, "largest", seed=seed)

    def sharpness(self) -> tuple[StabilityRatio | None, Vector]:
        """Return the sharpness (3) over the stability limit, and the sharpest direction [D] with length 1.

        Without a known limit or preconditioner, the ratio is None and the direction is the leading
        eigenvector of the Hessian.
        """
        if self.limit.value is None or self.diagonal is None:
            return None, self.pairs.vectors[0]
        if not self.limit.preconditioned:
            top = self.pairs[0]
            return stability_ratio(top.value, top.residual, self.limit), top.vector
        top = lanczos(self.hessian.scaled(self.diagonal), 1, "largest", seed=self.seed)[0]  # (3)
        steep = top.vector / np.sqrt(self.diagonal)
        return stability_ratio(top.value, top.residual, self.limit), steep / np.linalg.norm(steep)

    def direction(self, name: str, along: Vector, x: Vector, residual: float | None = None) -> Direction:
        """Return slope, curvature and limit along a direction [D], and the loss at its multiples x [X].

        residual: residual of the direction if it is an eigenvector; it bounds the error of the curvature.
        Raises UsageError for a direction of length 0.
        """
        norm = float(np.linalg.norm(along))
        if not norm:
            raise UsageError(
                f"The direction '{name}' is zero.",
                "The direction is scaled like the weights, and all weights are zero.",
                "Give another --init, such as he.",
            )
        unit = along / norm
        image = self.hessian(unit)
        rounding = 10 * self.hessian.epsilon * float(np.linalg.norm(image))
        limit = None
        if self.limit.value is not None and self.diagonal is not None:
            limit = self.limit.value * float(unit @ (self.diagonal * unit))  # (2)
        return Direction(
            name, unit, norm, float(self.gradient @ unit), float(unit @ image),
            rounding if residual is None else residual, limit, self.loss_grid([along], x),
        )  # fmt: skip

    def random(self, count: int = 2) -> list[Vector]:
        """Return random directions [D], Gaussian and filter-normalized; 0 for biases and normalization."""
        return [to_vector(tree) for tree in random_directions(self.point.params, count, seed=self.seed)]

    def plot_radius(self, unit: Vector) -> float:
        """Return the half-width of a plot along a unit vector [D], at most the length of the weights.

        The half-width shrinks until the loss at both ends is at most twice the loss of a constant prediction
        above the loss at the center.
        """
        radius = float(np.linalg.norm(self.vector)) or 1.0
        highest = self.value + 2 * self.point.chance
        for _ in range(MAX_SHRINKS):
            ends = self.point.at(np.stack([self.vector - radius * unit, self.vector + radius * unit]))
            if np.isfinite(ends).all() and ends.max() <= highest:
                break
            radius *= SHRINK
        return radius

    def plane(self, name: str, along: Sequence[Vector], x: Vector, y: Vector, unit: str) -> Plane:
        """Return the loss on the plane through the center along two directions [D], at x [X] and y [Y].

        unit: unit of x and y, in words.
        """
        return Plane(name, self.loss_grid(along, x, y), unit, {"center": np.zeros((1, 2))})

    def limit_parabola(self, direction: Direction) -> Vector | None:
        """Return the parabola [X] along a direction with curvature equal to the limit (2).

        It is None without a known limit.
        """
        if direction.limit is None:
            return None
        return parabola(direction.along.x * direction.norm, self.value, direction.limit, direction.slope)

    def loss_grid(self, along: Sequence[Vector], x: Vector, y: Vector | None = None) -> Slice:
        """Return the loss on a line [X] or a plane [Y, X] through the center.

        along: one or two directions [D]. x [X], y [Y]: multiples of the directions.
        """
        return self.point.loss_grid([from_vector(self.point.params, vector) for vector in along], x, y)


def plane_of_paths(geometry: LocalGeometry, paths: dict[str, Vector], points: int) -> Plane:
    """Return the loss on the plane that contains most of the variance of several paths {name: [T, D]}.

    The paths are weights during training. The last point of the first path is the center of the plane.
    points: number of points along each axis. Raises UsageError if all points lie on a line.
    """
    names = list(paths)
    stacked = np.concatenate([*(paths[name] for name in names[1:]), paths[names[0]]])
    pca = trajectory_plane(stacked)
    ends = np.cumsum([len(paths[name]) for name in [*names[1:], names[0]]])
    parts = dict(zip([*names[1:], names[0]], np.split(pca.coordinates, ends[:-1]), strict=True))
    distances = dict(zip([*names[1:], names[0]], np.split(pca.outside, ends[:-1]), strict=True))
    x, y = _framed(pca.coordinates, points)
    grid = geometry.loss_grid(list(pca.directions), x, y)
    shares = (float(pca.explained[0]), float(pca.explained[1]))
    return Plane(
        "trajectories", grid, "distance", {name: parts[name] for name in names}, shares,
        {name: distances[name] for name in names},
    )  # fmt: skip


def plane_of_solutions(geometry: LocalGeometry, solutions: Vector, points: int) -> Plane:
    """Return the loss on the plane through three solutions (trained weights) [3, D].

    The first solution is the center of the plane. Raises UsageError if the solutions lie on a line.
    """
    first, second = solutions[1] - solutions[0], solutions[2] - solutions[0]
    u = first / (np.linalg.norm(first) or 1.0)
    rest = second - (second @ u) * u
    if not np.linalg.norm(first) or np.linalg.norm(rest) <= 1e-7 * np.linalg.norm(second):
        raise UsageError(
            "The three solutions lie on one line.", "They span no plane.", "Give another --seed."
        )
    v = rest / np.linalg.norm(rest)
    positions = np.stack([(solutions - solutions[0]) @ u, (solutions - solutions[0]) @ v], axis=1)
    x, y = _framed(positions, points)
    marks = {f"solution {k + 1}": positions[k : k + 1] for k in range(len(positions))}
    return Plane("solutions", geometry.loss_grid([u, v], x, y), "distance", marks)


def _framed(positions: Vector, points: int) -> tuple[Vector, Vector]:
    """Return coordinates x, y [points] of a plot that shows all positions [T, 2] with a margin.

    The shorter axis is at least a third of the longer one.
    """
    low, high = positions.min(axis=0), positions.max(axis=0)
    middle, half = (low + high) / 2, (high - low) / 2
    half = np.maximum(half, half.max() / 3) * (1 + 2 * MARGIN)
    x, y = (np.linspace(middle[k] - half[k], middle[k] + half[k], points) for k in (0, 1))
    return x, y


def barriers(point: LossPoint, solutions: Vector) -> list[Barrier]:
    """Return the loss on the line between any two solutions (trained weights) [S, D].

    The loss is computed before and after the hidden units of the two solutions are matched.
    """
    trees: list[Any] = [from_vector(point.params, solution) for solution in solutions]
    rows, loss, data = [], point.loss, point.data
    for a, b in itertools.combinations(range(len(trees)), 2):
        before = interpolate(loss, trees[a], trees[b], data)
        if point.network.connection_type.skips or point.network.norm_type.normalizes or point.network.conv:
            why = "Units are matched in plain networks only, without normalization, skips or convolutions."
            rows.append(Barrier(a, b, before, None, None, why))
            continue
        if len(point.network.layout) < 2:
            rows.append(Barrier(a, b, before, None, None, "The network has no hidden units."))
            continue
        matched = align(_host(trees[a]), _host(trees[b]))
        with precision_context(point.precision):
            moved = jax.tree.map(lambda like, new: np.asarray(new, like.dtype), trees[b], matched.params)
        after = interpolate(loss, trees[a], moved, data)
        rows.append(Barrier(a, b, before, after, (matched.before, matched.after)))
    return rows


def _host(tree: Any) -> Any:
    """Return the arrays of a tree of device arrays as NumPy arrays, in the same tree."""
    return jax.tree.map(np.asarray, tree)
