"""The ends of a large matrix's spectrum.  Lecture: "Flat & sharp minima": curvature.

    theta, v = s Q                                       (1)   eigenpairs of T, in the basis Q
    residual = |s A Q - theta v| and 10 eps max |theta|  (2)   the products A Q were kept; eps: of a product
    stop when every wanted one is <= tol * max |theta|   (3)

At a breakdown the recurrence goes on from a new random direction at right angles: the identity, the zero
matrix, whitened regression and a dead network end there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from ravine.diagnostics.flatten import Vector
from ravine.diagnostics.lanczos_loop import StopCriterion
from ravine.diagnostics.lanczos_recurrence import LanczosRecurrence, ritz_pairs
from ravine.diagnostics.linear_operator import SymmetricOperator
from ravine.errors import UsageError, did_you_mean

__all__ = ["Eigenpair", "Eigenpairs", "Krylov", "Which", "krylov", "lanczos"]

Which = Literal["magnitude", "largest", "smallest", "both"]
WHICH: tuple[Which, ...] = ("magnitude", "largest", "smallest", "both")

ENDS: dict[Which, int] = {"magnitude": 0, "largest": 1, "smallest": -1}
"""Those that a compiled loop can check by itself, as in StopCriterion."""

CHECK_EVERY = 2
"""Products between two checks of the residuals, where the recurrence does not check them itself."""

FIRST_CHECKED = 4
"""Products before the first check: fewer show only the vector that a start from a few rows came with."""


class Eigenpair(NamedTuple):
    """An eigenvalue with its residual |A v - value v|, rounding included, and unit vector [D].

    An eigenvalue lies within the residual.
    """

    value: float
    residual: float
    vector: Vector


@dataclass(frozen=True)
class Eigenpairs:
    """Eigenpairs: `values` [K], `residuals` [K], `vectors` [K, D], `converged` [K], `products` spent.

    Ordered as requested: by magnitude, falling, rising, or (both) the falling ones first. `tolerance`: the
    residual that was aimed at. Several equal eigenvalues are found once unless the recurrence broke down on
    them.
    """

    values: Vector
    residuals: Vector
    vectors: Vector
    converged: npt.NDArray[np.bool_]
    tolerance: float
    products: int

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, place: int) -> Eigenpair:
        return Eigenpair(float(self.values[place]), float(self.residuals[place]), self.vectors[place])


class Krylov(NamedTuple):
    """A tridiagonal matrix: `alphas` [m], `betas` [m] (the last one leads out of it), `basis` [m, D] rows.

    `closed`: the recurrence broke down after m steps, so that the quadrature of this start is exact.
    """

    alphas: Vector
    betas: Vector
    basis: Vector
    closed: bool


def krylov(operator: SymmetricOperator, start: npt.ArrayLike, steps: int) -> Krylov:
    """Return up to `steps` steps from `start` [D], cut at the first breakdown.

    Raises UsageError: a zero start.
    """
    given = np.asarray(start, np.float64)
    length = float(np.linalg.norm(given))
    if given.shape != (operator.size,) or not np.isfinite(length) or length == 0:
        raise UsageError(f"The start of a recurrence must be a finite vector of {operator.size}, not zero.")
    found = LanczosRecurrence(operator, steps)
    found.begin(given / length)
    found.advance(steps)
    return Krylov(*found.bands, found.vectors, found.closed)


def lanczos(
    operator: SymmetricOperator,
    count: int = 1,
    which: Which = "magnitude",
    *,
    tol: float | None = None,
    steps: int | None = None,
    start: npt.ArrayLike | None = None,
    seed: int = 0,
) -> Eigenpairs:
    """Return `count` eigenpairs from one end of a symmetric matrix (`both`: `count` from each end).

    `tol`: residual aimed at, relative to the largest |eigenvalue|; default 1e-8, in float32 1e-4. `steps`:
    most products, default 4 count + 100. `start`: a vector [D] to begin from, such as the last gradient or
    an earlier eigenvector. A matrix smaller than `count` gives all its pairs. Raises UsageError: a bad
    option, a product that is not finite.
    """
    if which not in WHICH:
        raise UsageError(f"There is no end '{which}' of a spectrum.", "", did_you_mean(str(which), WHICH))
    if count < 1 or count != int(count):
        raise UsageError(f"{count} eigenvalues cannot be asked for.", "", "Ask for 1 or more.")
    wanted = min(int(count), operator.size)
    most = min(operator.size, 4 * wanted + 100 if steps is None else max(steps, wanted))
    aim = (1e-8 if operator.epsilon < 1e-10 else 1e-4) if tol is None else float(tol)
    if not aim >= 0:
        raise UsageError(f"A residual of {aim} cannot be aimed at.", "", "Give a `tol` of zero or more.")
    generator = np.random.default_rng(seed)
    found = LanczosRecurrence(operator, most)
    found.begin(_unit_start(operator.size, start, generator))
    first_check = FIRST_CHECKED + CHECK_EVERY * found.remote
    needed = wanted if which != "both" else min(2 * wanted, operator.size)
    since = 0  # steps before the space that is being filled
    in_loop = found.in_loop_steps if which in ENDS and wanted <= found.in_loop_steps else 0
    while True:
        while not found.closed and found.count < most:
            if found.count < in_loop and not since:
                stop = StopCriterion(wanted, aim, first_check, ENDS[which])
                found.advance(in_loop - found.count, stop)
            else:
                found.advance(CHECK_EVERY if found.count else max(needed, first_check))
            theta, residuals, inner = ritz_pairs(*found.bands)
            if found.count >= needed and not found.closed:
                chosen = select_end(theta, wanted, which)
                limit = aim * np.abs(theta).max()
                if (residuals[chosen] <= limit).all() and _settled(found, since, which, limit):  # (3)
                    return _pairs(found, theta, inner[:, chosen], aim, operator.epsilon)
        # A closed space holds one copy of each value its start had a part in: as many spaces, as many copies.
        # A start that was chosen may have no part in the end that is wanted.
        chosen_start = start is not None or found.has_start
        over = found.closed_spaces >= wanted + chosen_start and found.count >= needed
        since = found.count
        if over or found.count >= most or not found.restart(generator):
            theta, _, inner = ritz_pairs(*found.bands)
            return _pairs(found, theta, inner[:, select_end(theta, wanted, which)], aim, operator.epsilon)


def _unit_start(size: int, start: npt.ArrayLike | None, generator: np.random.Generator) -> Vector:
    """Return the unit vector [D] to begin from: a random one where `start` is None or zero."""
    first = generator.standard_normal(size) if start is None else np.asarray(start, np.float64)
    if first.shape != (size,) or not np.isfinite(first).all():
        wrong = int((~np.isfinite(first)).sum())
        raise UsageError(
            f"The start must be a finite vector of {size}.",
            f"It has the shape {first.shape}, and {wrong} of its values are not finite.",
        )
    if not first.any():  # a zero gradient is no direction
        first = generator.standard_normal(size)
    return np.asarray(first / np.linalg.norm(first), np.float64)


def _settled(found: LanczosRecurrence, since: int, which: Which, limit: float) -> bool:
    """Return whether the ends of the last space are known: all that was chosen may lie in other spaces."""
    if not since:
        return True
    theta, residuals, _ = ritz_pairs(*(band[since:] for band in found.bands))
    return bool((residuals[select_end(theta, 1, which)] <= limit).all())


def select_end(theta: Vector, count: int, which: Which) -> npt.NDArray[np.intp]:
    """Return the places of the wanted among ascending `theta`, in the order they are reported."""
    rising = np.arange(len(theta))
    if which == "magnitude":
        return np.argsort(-np.abs(theta), kind="stable")[:count]
    if which == "smallest":
        return rising[:count]
    if which == "largest":
        return rising[::-1][:count]
    top = rising[::-1][: min(count, len(theta))]
    bottom = [place for place in rising[:count] if place not in set(top.tolist())]
    return np.concatenate([top, np.asarray(bottom, top.dtype)])


def _pairs(found: LanczosRecurrence, theta: Vector, inner: Vector, aim: float, epsilon: float) -> Eigenpairs:
    """Return the pairs of chosen vectors of T, `inner` [m, K]; theta: all its eigenvalues."""
    vectors, images = inner.T @ found.vectors, inner.T @ found.images  # (1)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors, images = vectors / lengths, images / lengths
    values = np.einsum("kd,kd->k", vectors, images)
    largest = float(np.abs(theta).max())
    # the rounding of the products is missing in their sum as well: it does not show in the difference
    visible = np.linalg.norm(images - values[:, None] * vectors, axis=1)
    residuals = np.hypot(visible, 10 * epsilon * largest)  # (2)
    tolerance = aim * largest
    return Eigenpairs(values, residuals, vectors, residuals <= tolerance, tolerance, found.count)
