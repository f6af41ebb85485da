"""What is measured from a viewpoint: curvature along directions, slices, planes, the way between solutions.

    slope(u) = u' grad L,   curvature(u) = u' H u       (1)   u: of length 1
    limit(u) = limit u' P u                             (2)   P: the rule's preconditioner, or ones
    sharpness against the limit: largest eigenvalue of P^(-1/2) H P^(-1/2)                 (3)

(2) is what the loss along u would be curved by where the rule just bears it: the parabola of 2/eta for SGD.
By the Rayleigh quotient of (3) a direction above it means steps that grow.
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
from ravine.studies.landscape.loss_point import Viewpoint

__all__ = ["Barrier", "Direction", "Plane", "Relief", "barriers", "plane_of_paths", "plane_of_solutions"]

Vector = npt.NDArray[np.float64]

SHRINKS = 40  # of the reach, each by 0.7: a millionth of the weights is reached
MARGIN = 0.25  # around what is drawn on a plane, of its width


@dataclass(frozen=True)
class Direction:
    """One direction, with the loss along it. x of the slice is in units of `tree`, of length `norm`.

    slope, curvature: equation (1), with `error`; limit: equation (2), None where there is none.
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
    """The loss on a plane. `marks` {name: [T, 2]}: ways and points on it. `explained`: by both axes, or None.

    `unit`: what x and y are in.
    """

    name: str
    seen: Slice
    unit: str
    marks: dict[str, Vector]
    explained: tuple[float, float] | None = None
    outside: dict[str, Vector] | None = None


@dataclass(frozen=True)
class Barrier:
    """The line between solutions `a` and `b`; `after`: with the units of b in a's order, or None.

    `distances`: of the weights, before and after.
    """

    a: int
    b: int
    before: Path
    after: Path | None
    distances: tuple[float, float] | None
    why_not: str = ""


class Relief:
    """Measurements from one viewpoint; the Hessian is linearised once."""

    def __init__(self, view: Viewpoint, seed: int = 0) -> None:
        self.view, self.seed = view, seed
        self.data, self.loss = view.data, view.loss
        self.here = to_vector(view.params)
        self.value = float(view.at(self.here)[0])
        if not np.isfinite(self.value):
            raise UsageError(
                f"The loss is {self.value} at the centre.",
                "There is nothing to look around.",
                "Give a lower --rate or fewer --epochs, or look at the columns of the data.",
            )
        self.hessian: SymmetricOperator = view.hessian()
        with precision_context(view.precision):
            gradient = jax.jit(jax.grad(self.loss))(view.params, *self.data)
        self.gradient = to_vector(gradient)
        self.limit = view.limit()
        self.diagonal, self.why_not = view.diagonal()
        self.pairs = lanczos(self.hessian, 2, "largest", seed=seed)

    def sharpness(self) -> tuple[StabilityRatio | None, Vector]:
        """Return the largest eigenvalue of (3) over the limit, and its direction of length 1 in the weights.

        Without a limit, or a preconditioner that is known: None, and the Hessian's own.
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
        """Measure along a direction [D]; `residual` where it is an eigenvector."""
        norm = float(np.linalg.norm(along))
        if not norm:
            raise UsageError(
                f"The direction '{name}' is zero.",
                "The weights that it would be scaled to are all zero.",
                "Take another --init.",
            )
        unit = along / norm
        image = self.hessian(unit)
        rounding = 10 * self.hessian.epsilon * float(np.linalg.norm(image))
        limit = None
        if self.limit.value is not None and self.diagonal is not None:
            limit = self.limit.value * float(unit @ (self.diagonal * unit))  # (2)
        return Direction(
            name, unit, norm, float(self.gradient @ unit), float(unit @ image),
            rounding if residual is None else residual, limit, self._seen([along], x),
        )  # fmt: skip

    def random(self, count: int = 2) -> list[Vector]:
        """Return filter-normalised Gaussian directions [D], biases and norm parameters left alone."""
        return [to_vector(each) for each in random_directions(self.view.params, count, seed=self.seed)]

    def reach(self, unit: Vector) -> float:
        """Return how far to look along a direction: as far as the weights are long, less where it is steep.

        There to where the loss is twice that of chance on one side, above what it is at the centre.
        """
        reach = float(np.linalg.norm(self.here)) or 1.0
        most = self.value + 2 * self.view.chance
        for _ in range(SHRINKS):
            ends = self.view.at(np.stack([self.here - reach * unit, self.here + reach * unit]))
            if np.isfinite(ends).all() and ends.max() <= most:
                break
            reach *= 0.7
        return reach

    def plane(self, name: str, along: Sequence[Vector], x: Vector, y: Vector, unit: str) -> Plane:
        """Return the loss on the plane of two directions through the centre."""
        return Plane(name, self._seen(along, x, y), unit, {"centre": np.zeros((1, 2))})

    def edge(self, direction: Direction) -> Vector | None:
        """Return the parabola of the rule's limit along a direction, over its slice."""
        if direction.limit is None:
            return None
        return parabola(direction.along.x * direction.norm, self.value, direction.limit, direction.slope)

    def _seen(self, along: Sequence[Vector], x: Vector, y: Vector | None = None) -> Slice:
        return self.view.seen([from_vector(self.view.params, each) for each in along], x, y)


def plane_of_paths(relief: Relief, paths: dict[str, Vector], points: int) -> Plane:
    """Return the plane that holds most of several paths [T, D] to one centre, the last point of the first."""
    names = list(paths)
    stacked = np.concatenate([*(paths[name] for name in names[1:]), paths[names[0]]])
    found = trajectory_plane(stacked)
    ends = np.cumsum([len(paths[name]) for name in [*names[1:], names[0]]])
    parts = dict(zip([*names[1:], names[0]], np.split(found.coordinates, ends[:-1]), strict=True))
    away = dict(zip([*names[1:], names[0]], np.split(found.outside, ends[:-1]), strict=True))
    x, y = _framed(found.coordinates, points)
    seen = relief._seen(list(found.directions), x, y)
    shares = (float(found.explained[0]), float(found.explained[1]))
    return Plane(
        "trajectories", seen, "distance", {name: parts[name] for name in names}, shares,
        {name: away[name] for name in names},
    )  # fmt: skip


def plane_of_solutions(relief: Relief, solutions: Vector, points: int) -> Plane:
    """Return the plane through three solutions [3, D], the first of them the centre.

    Raises UsageError: solutions on one line.
    """
    first, second = solutions[1] - solutions[0], solutions[2] - solutions[0]
    u = first / (np.linalg.norm(first) or 1.0)
    rest = second - (second @ u) * u
    if not np.linalg.norm(first) or np.linalg.norm(rest) <= 1e-7 * np.linalg.norm(second):
        raise UsageError("The three solutions lie on one line.", "They have no plane.", "Take other seeds.")
    v = rest / np.linalg.norm(rest)
    places = np.stack([(solutions - solutions[0]) @ u, (solutions - solutions[0]) @ v], axis=1)
    x, y = _framed(places, points)
    marks = {f"solution {k + 1}": places[k : k + 1] for k in range(len(places))}
    return Plane("solutions", relief._seen([u, v], x, y), "distance", marks)


def _framed(places: Vector, points: int) -> tuple[Vector, Vector]:
    """Return axes that show all places [T, 2] with a margin; none thinner than a third of the other."""
    low, high = places.min(axis=0), places.max(axis=0)
    middle, half = (low + high) / 2, (high - low) / 2
    half = np.maximum(half, half.max() / 3) * (1 + 2 * MARGIN)
    x, y = (np.linspace(middle[k] - half[k], middle[k] + half[k], points) for k in (0, 1))
    return x, y


def barriers(view: Viewpoint, solutions: Vector) -> list[Barrier]:
    """Return the ways between all pairs of solutions [S, D], before and after aligning their units."""
    trees: list[Any] = [from_vector(view.params, each) for each in solutions]
    found, loss, data = [], view.loss, view.data
    for a, b in itertools.combinations(range(len(trees)), 2):
        before = interpolate(loss, trees[a], trees[b], data)
        if view.network.connection_type.skips or view.network.norm_type.normalizes or view.network.conv:
            why = "Units are matched in plain networks only, without normalisation, branches, convolutions."
            found.append(Barrier(a, b, before, None, None, why))
            continue
        if len(view.network.layout) < 2:
            found.append(Barrier(a, b, before, None, None, "There are no hidden units to be matched."))
            continue
        matched = align(_host(trees[a]), _host(trees[b]))
        with precision_context(view.precision):
            moved = jax.tree.map(lambda like, new: np.asarray(new, like.dtype), trees[b], matched.params)
        after = interpolate(loss, trees[a], moved, data)
        found.append(Barrier(a, b, before, after, (matched.before, matched.after)))
    return found


def _host(tree: Any) -> Any:
    return jax.tree.map(np.asarray, tree)
