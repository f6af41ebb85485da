"""Measurements of the loss around one parameter vector: curvature, and the loss on lines and planes.

    slope(u) = u' grad L,   curvature(u) = u' H u               (1)
    limit(u) = s u' P u                                         (2)
    sharpness = largest eigenvalue of P^(-1/2) H P^(-1/2)       (3)

The parameter vector is called the center. u is a direction of length 1, u' its transpose. grad L and H are
gradient and Hessian of the loss L at the center. s is the optimizer's stability limit, 2/eta for SGD with
learning rate eta. P is the diagonal matrix of the optimizer's preconditioner, the unit matrix for an
optimizer without preconditioner.

If the curvature (1) along u exceeds the limit (2), then the sharpness (3) exceeds s, and steps along u grow.

The loss is also measured between solutions, the weights at the ends of several trainings.
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
from ravine.networks import Network
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
    """One direction in weight space, with slope, curvature and loss on the line through the center along it.

    unit [D]: the direction with length 1. norm: length in weight space of one unit of the positions x in
    `along`. slope, curvature: first and second derivative of the loss at the center along `unit`. error:
    error of the curvature. limit: curvature along `unit` at which the optimizer is just stable, None if not
    known. along: losses on the line.
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
    """The loss on a plane in weight space, with the paths or points that a plot marks on it.

    grid: the losses. unit: unit of the coordinates x and y, in words. marks: coordinates [T, 2] of each path
    or point on the plane, by name. explained: shares of the variance of the paths along both axes. outside:
    distances [T] of the points of each path from the plane, by name. The last two are None without paths.
    """

    name: str
    grid: Slice
    unit: str
    marks: dict[str, Vector]
    explained: tuple[float, float] | None = None
    outside: dict[str, Vector] | None = None


@dataclass(frozen=True)
class Barrier:
    """The loss on the straight line between two solutions (trained weights), numbered a and b from 0.

    before: the loss between the weights as trained. after: the loss once the hidden units of b are permuted
    to match those of a; None if they cannot be matched, with the reason in `why_not`. distances: Euclidean
    distances between the weights, before and after the permutation.
    """

    a: int
    b: int
    before: Path
    after: Path | None
    distances: tuple[float, float] | None
    why_not: str = ""


class LocalGeometry:
    """The loss around one parameter vector, the center: gradient, Hessian, eigenvectors and stability limit.

    Its methods measure the loss on lines and planes through the center. The two largest eigenvalues of the
    Hessian and their eigenvectors are computed once. Raises UsageError if the loss at the center is not
    finite.
    """

    def __init__(self, point: LossPoint, seed: int = 0) -> None:
        self.point, self.seed = point, seed
        self.data, self.loss = point.data, point.loss
        self.vector = to_vector(point.params)
        self.value = float(point.at(self.vector)[0])
        if not np.isfinite(self.value):
            raise UsageError(
                f"The loss is {self.value} at the center of the landscape.",
                "The center, the trained weights, needs a finite loss.",
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
        """Return the sharpness divided by the optimizer's stability limit, and the sharpest direction [D].

        The sharpness is the largest eigenvalue of the Hessian at the center, or of the preconditioned Hessian
        for an optimizer with preconditioner. The direction belongs to this eigenvalue and has length 1. If
        limit or preconditioner are not known, the ratio is None, and the direction is the eigenvector of the
        largest eigenvalue of the Hessian.
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
        """Return slope and curvature of the loss at the center along a direction, and the loss on the line.

        The line has the points center + x * along. name: name of the direction. along: the direction [D]. x:
        positions [X]. residual: residual of the direction if it is an eigenvector of the Hessian, which
        bounds the error of the curvature; None for another direction. Raises UsageError for a direction of
        length 0.
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
        """Return `count` random directions [D] in weight space, Gaussian and filter-normalized.

        Filter normalization scales the part of a direction that belongs to one unit to the length of the
        weights into this unit. Directions are 0 for biases and for the parameters of normalization layers.
        """
        return [to_vector(tree) for tree in random_directions(self.point.params, count, seed=self.seed)]

    def plot_radius(self, unit: Vector) -> float:
        """Return how far a plot of the loss along a unit vector [D] extends from the center to both sides.

        This half-width begins at the length (norm) of the weights. It shrinks until the loss at both ends is
        at most the loss at the center plus twice the loss of a constant prediction.
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
        """Return the loss on the plane through the center along two directions [D].

        name: name of the plane. x [X], y [Y]: positions, as multiples of the first and the second direction.
        unit: unit of x and y, in words.
        """
        return Plane(name, self.loss_grid(along, x, y), unit, {"center": np.zeros((1, 2))})

    def limit_parabola(self, direction: Direction) -> Vector | None:
        """Return the limit parabola [X], the steepest parabolic valley of the loss with a stable optimizer.

        It has the loss and the slope of the center, and the largest curvature along this direction at which
        the optimizer is stable. Its points are those of the line along the direction. Returns None if this
        curvature is not known.
        """
        if direction.limit is None:
            return None
        return parabola(direction.along.x * direction.norm, self.value, direction.limit, direction.slope)

    def loss_grid(self, along: Sequence[Vector], x: Vector, y: Vector | None = None) -> Slice:
        """Return the loss on a line [X] or a plane [Y, X] in weight space through the center.

        along: one direction [D] for a line, two for a plane. x [X], y [Y]: positions, as multiples of the
        directions; y is None for a line.
        """
        return self.point.loss_grid([from_vector(self.point.params, vector) for vector in along], x, y)


def plane_of_paths(geometry: LocalGeometry, paths: dict[str, Vector], points: int) -> Plane:
    """Return the loss on the plane that contains most of the variance of several paths in weight space.

    paths: weights of each optimizer during training, {name: [T, D]}. Variance and coordinates are measured
    from the center, the last point of the first path. points: number of points of the plane along each axis.
    Raises UsageError if all points of the paths lie on a line.
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
    """Return the loss on the plane in weight space through three solutions (trained weights) [3, D].

    Coordinates are measured from the first solution. points: number of points of the plane along each axis.
    Raises UsageError if the solutions lie on a line.
    """
    first, second = solutions[1] - solutions[0], solutions[2] - solutions[0]
    u = first / (np.linalg.norm(first) or 1.0)
    rest = second - (second @ u) * u
    if not np.linalg.norm(first) or np.linalg.norm(rest) <= 1e-7 * np.linalg.norm(second):
        raise UsageError(
            "The three solutions (trained weights) lie on one line.",
            "They span no plane.",
            "Give another --seed.",
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
    """Return the loss on the straight line between every two of S solutions (trained weights) [S, D].

    The loss is computed for the weights as trained, and once more after the hidden units of the second
    solution are permuted to match those of the first. Units are matched only in networks without
    normalization, skip connections and convolutions. point: gives network, loss and rows.
    """
    trees: list[Any] = [from_vector(point.params, solution) for solution in solutions]
    rows, loss, data = [], point.loss, point.data
    for a, b in itertools.combinations(range(len(trees)), 2):
        before = interpolate(loss, trees[a], trees[b], data)
        if not isinstance(point.network, Network):
            why = "Units are not matched, as the layers of a network of a Python file are not known."
            rows.append(Barrier(a, b, before, None, None, why))
            continue
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
