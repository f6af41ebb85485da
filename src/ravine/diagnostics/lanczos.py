"""Lanczos method: extreme eigenpairs of a large matrix.  Lecture: "Flat & sharp minima": curvature.

    T s = theta s,   v = s Q                                 (1)   Ritz pairs of T, in the basis Q
    residual = hypot(|s A Q - theta v|, 10 eps max |theta|)  (2)   eps: rounding of a product A Q
    stop when all wanted residuals <= tol * max |theta|      (3)

A is the matrix, T the tridiagonal matrix of the recurrence. The recurrence breaks down when the basis is
closed under A. Examples are the identity, the zero matrix, whitened regression, and a network whose units are
all dead. The recurrence then restarts from a random direction that is orthogonal to the basis.
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
"""End of the spectrum: largest |eigenvalues|, largest, smallest, or both ends."""

WHICH: tuple[Which, ...] = ("magnitude", "largest", "smallest", "both")

ENDS: dict[Which, int] = {"magnitude": 0, "largest": 1, "smallest": -1}
"""Ends of the spectrum that a compiled loop can check itself, each with its code in `StopCriterion.end`."""

CHECK_EVERY = 2
"""Number of products between two checks of the residuals, if the compiled loop does not check them."""

FIRST_CHECKED = 4
"""Number of products before the first check. After fewer products, a start from few rows seems converged."""


class Eigenpair(NamedTuple):
    """One eigenvalue of a symmetric matrix A, with its eigenvector and residual.

    value        eigenvalue
    residual     |A v - value v| with rounding; an eigenvalue of A lies within the residual of `value`
    vector [D]   unit eigenvector v
    """

    value: float
    residual: float
    vector: Vector


@dataclass(frozen=True)
class Eigenpairs:
    """K eigenpairs from one end, or from both ends, of the spectrum of a symmetric matrix A.

    values [K]       eigenvalues, in an order that depends on the requested end: by falling size for
                     "magnitude", falling for "largest", rising for "smallest", and for "both" the largest
                     (falling) before the smallest (rising)
    residuals [K]    |A v - value v| of each pair, with rounding
    vectors [K, D]   unit eigenvectors v
    converged [K]    whether the residual is at most the tolerance
    tolerance        largest residual that counts as converged
    products         number of products with the matrix that were used

    A multiple eigenvalue is found once, unless the recurrence broke down and restarted.
    """

    values: Vector
    residuals: Vector
    vectors: Vector
    converged: npt.NDArray[np.bool_]
    tolerance: float
    products: int

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, index: int) -> Eigenpair:
        return Eigenpair(float(self.values[index]), float(self.residuals[index]), self.vectors[index])


class Krylov(NamedTuple):
    """Result of a Lanczos recurrence of m steps: the tridiagonal matrix T [m, m] and the basis vectors.

    alphas [m]     diagonal of T
    betas [m]      off-diagonal of T; the last entry couples to the next row, which T lacks
    basis [m, D]   orthonormal vectors, one in each row
    closed         whether the recurrence broke down after m steps, so that quadrature with T is exact
    """

    alphas: Vector
    betas: Vector
    basis: Vector
    closed: bool


def krylov(operator: SymmetricOperator, start: npt.ArrayLike, steps: int) -> Krylov:
    """Return the tridiagonal matrix and the basis after several Lanczos steps from the vector `start` [D].

    steps   number of steps; fewer are taken if the recurrence breaks down

    Raises UsageError if `start` does not fit, is not finite or is zero.
    """
    first = np.asarray(start, np.float64)
    length = float(np.linalg.norm(first))
    if first.shape != (operator.size,) or not np.isfinite(length) or length == 0:
        raise UsageError(
            f"The start vector of the Lanczos steps has the shape {first.shape} and the length {length:.3g}.",
            f"It must hold {operator.size} finite numbers, not all zero.",
            "Pass for example a random vector.",
        )
    recurrence = LanczosRecurrence(operator, steps)
    recurrence.begin(first / length)
    recurrence.advance(steps)
    return Krylov(*recurrence.bands, recurrence.vectors, recurrence.closed)


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
    """Return `count` eigenpairs from one end of a symmetric matrix's spectrum, or from each of both ends.

    operator    symmetric matrix
    count       number of eigenpairs; not more than the matrix has are returned
    which       end of the spectrum: "magnitude" (largest |eigenvalues|), "largest", "smallest" or "both"
    tol         largest residual relative to the largest |eigenvalue|; default 1e-8 (float64) or 1e-4
                (float32)
    steps       largest number of products; default 4 count + 100
    start [D]   start vector, such as a gradient or an earlier eigenvector; by default random
    seed        random seed of the start vector and of restarts

    Raises UsageError for an option outside its range, and if loss, gradient or products are not finite.
    """
    if which not in WHICH:
        raise UsageError(
            f"There is no end '{which}' of a spectrum.",
            f"Allowed are {', '.join(repr(end) for end in WHICH)}.",
            did_you_mean(str(which), WHICH),
        )
    if count < 1 or count != int(count):
        raise UsageError(
            f"{count} eigenvalues cannot be asked for.",
            "`count` must be an integer of at least 1.",
            "Use count=1.",
        )
    wanted = min(int(count), operator.size)
    most = min(operator.size, 4 * wanted + 100 if steps is None else max(steps, wanted))
    aim = (1e-8 if operator.epsilon < 1e-10 else 1e-4) if tol is None else float(tol)
    if not aim >= 0:
        raise UsageError(
            f"A residual of {aim} cannot be aimed at.",
            "`tol`, the largest residual relative to the largest |eigenvalue|, must be at least 0.",
            "Use for example tol=1e-6.",
        )
    generator = np.random.default_rng(seed)
    recurrence = LanczosRecurrence(operator, most)
    recurrence.begin(_unit_start(operator.size, start, generator))
    first_check = FIRST_CHECKED + CHECK_EVERY * recurrence.remote
    needed = wanted if which != "both" else min(2 * wanted, operator.size)
    since = 0  # number of steps before the last restart
    in_loop = recurrence.in_loop_steps if which in ENDS and wanted <= recurrence.in_loop_steps else 0
    while True:
        while not recurrence.closed and recurrence.count < most:
            if recurrence.count < in_loop and not since:
                stop = StopCriterion(wanted, aim, first_check, ENDS[which])
                recurrence.advance(in_loop - recurrence.count, stop)
            else:
                recurrence.advance(CHECK_EVERY if recurrence.count else max(needed, first_check))
            theta, residuals, inner = ritz_pairs(*recurrence.bands)
            if recurrence.count >= needed and not recurrence.closed:
                order = select_end(theta, wanted, which)
                limit = aim * np.abs(theta).max()
                if (residuals[order] <= limit).all() and _settled(recurrence, since, which, limit):  # (3)
                    return _pairs(recurrence, theta, inner[:, order], aim, operator.epsilon)
        # A closed space holds one copy of every eigenvalue whose eigenvectors are not orthogonal to its
        # start. As many spaces hold as many copies. One more is needed if the start was not random, since it
        # may be orthogonal to the wanted eigenvectors.
        own_start = start is not None or recurrence.has_start
        complete = recurrence.closed_spaces >= wanted + own_start and recurrence.count >= needed
        since = recurrence.count
        if complete or recurrence.count >= most or not recurrence.restart(generator):
            theta, _, inner = ritz_pairs(*recurrence.bands)
            order = select_end(theta, wanted, which)
            return _pairs(recurrence, theta, inner[:, order], aim, operator.epsilon)


def _unit_start(size: int, start: npt.ArrayLike | None, generator: np.random.Generator) -> Vector:
    """Return the unit start vector [D], which is random if `start` is None or zero."""
    first = generator.standard_normal(size) if start is None else np.asarray(start, np.float64)
    if first.shape != (size,) or not np.isfinite(first).all():
        wrong = int((~np.isfinite(first)).sum())
        raise UsageError(
            f"The start vector has shape {first.shape}, and {wrong} of its values are not finite.",
            f"The Lanczos method needs a finite vector of {size} numbers.",
            "Pass a gradient or an earlier eigenvector, or start=None.",
        )
    if not first.any():  # for example a gradient of zero
        first = generator.standard_normal(size)
    return np.asarray(first / np.linalg.norm(first), np.float64)


def _settled(recurrence: LanczosRecurrence, since: int, which: Which, limit: float) -> bool:
    """Return whether the end of the spectrum has also converged in the basis vectors since the last restart.

    All selected eigenpairs may come from vectors before the restart, while the later vectors contain a more
    extreme eigenpair.
    """
    if not since:
        return True
    theta, residuals, _ = ritz_pairs(*(band[since:] for band in recurrence.bands))
    return bool((residuals[select_end(theta, 1, which)] <= limit).all())


def select_end(theta: Vector, count: int, which: Which) -> npt.NDArray[np.intp]:
    """Return the indices [K] of the wanted eigenvalues among the ascending eigenvalues `theta` [m].

    count   number of wanted eigenvalues, for "both" from each end
    which   end of the spectrum: "magnitude" (largest |eigenvalues|), "largest", "smallest" or "both"

    The most extreme eigenvalue comes first; for "both" the largest ones come before the smallest.
    """
    rising = np.arange(len(theta))
    if which == "magnitude":
        return np.argsort(-np.abs(theta), kind="stable")[:count]
    if which == "smallest":
        return rising[:count]
    if which == "largest":
        return rising[::-1][:count]
    top = rising[::-1][: min(count, len(theta))]
    bottom = [index for index in rising[:count] if index not in set(top.tolist())]
    return np.concatenate([top, np.asarray(bottom, top.dtype)])


def _pairs(
    recurrence: LanczosRecurrence, theta: Vector, inner: Vector, aim: float, epsilon: float
) -> Eigenpairs:
    """Return the eigenpairs of the vectors `inner` [m, K] of T; `theta` [m] are all eigenvalues of T."""
    vectors, images = inner.T @ recurrence.vectors, inner.T @ recurrence.images  # (1)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors, images = vectors / lengths, images / lengths
    values = np.einsum("kd,kd->k", vectors, images)
    largest = float(np.abs(theta).max())
    # This difference does not contain the rounding of the products, which (2) adds.
    without_rounding = np.linalg.norm(images - values[:, None] * vectors, axis=1)
    residuals = np.hypot(without_rounding, 10 * epsilon * largest)  # (2)
    tolerance = aim * largest
    return Eigenpairs(values, residuals, vectors, residuals <= tolerance, tolerance, recurrence.count)
