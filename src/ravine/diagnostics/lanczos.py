"""The ends of a large matrix's spectrum.  Lecture: "Flat & sharp minima": curvature.

    theta, v = s Q                                       (1)   eigenpairs of T, in the basis Q
    residual = |s A Q - theta v| and 10 eps max |theta|  (2)   the products A Q were kept; eps: of a product
    stop when every wanted one is <= tol * max |theta|   (3)

At a breakdown the recurrence goes on from a fresh direction at right angles: the identity, the zero matrix,
whitened regression and a dead network end there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from ravine.diagnostics.product import Product
from ravine.diagnostics.recurrence import Enough, Recurrence, recurrence, ritz
from ravine.diagnostics.vectors import Vector
from ravine.errors import UsageError, did_you_mean

__all__ = ["Eigenpair", "Eigenpairs", "Krylov", "Which", "krylov", "lanczos"]

Which = Literal["magnitude", "largest", "smallest", "both"]
WHICH: tuple[Which, ...] = ("magnitude", "largest", "smallest", "both")

ENDS: dict[Which, int] = {"magnitude": 0, "largest": 1, "smallest": -1}
"""Those that a compiled loop can look at by itself."""

LOOK_EVERY = 2
"""Products between two looks at the residuals, where the recurrence does not look at them itself."""

FIRST_LOOK = 4
"""Products before the first: of a start that few rows gave, fewer show the vector that it came with."""


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

    Ordered as asked: by magnitude, falling, rising, or (both) the falling ones first. `tolerance`: the
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


def krylov(product: Product, start: npt.ArrayLike, steps: int) -> Krylov:
    """Return up to `steps` steps from `start` [D], cut at the first breakdown.

    Raises UsageError: a zero start.
    """
    given = np.asarray(start, np.float64)
    length = float(np.linalg.norm(given))
    if given.shape != (product.size,) or not np.isfinite(length) or length == 0:
        raise UsageError(f"The start of a recurrence must be a finite vector of {product.size}, not zero.")
    found = recurrence(product, steps)
    found.begin(given / length)
    found.advance(steps)
    return Krylov(*found.bands, found.basis, found.closed)


def lanczos(
    product: Product,
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
    wanted = min(int(count), product.size)
    most = min(product.size, 4 * wanted + 100 if steps is None else max(steps, wanted))
    aim = (1e-8 if product.epsilon < 1e-10 else 1e-4) if tol is None else float(tol)
    if not aim >= 0:
        raise UsageError(f"A residual of {aim} cannot be aimed at.", "", "Give a `tol` of zero or more.")
    generator = np.random.default_rng(seed)
    found = recurrence(product, most)
    first = generator.standard_normal(product.size) if start is None else np.asarray(start, np.float64)
    if first.shape != (product.size,) or not np.isfinite(first).all():
        wrong = int((~np.isfinite(first)).sum())
        raise UsageError(
            f"The start must be a finite vector of {product.size}.",
            f"It has the shape {first.shape}, and {wrong} of its values are not finite.",
        )
    if not first.any():  # a zero gradient is no direction
        first = generator.standard_normal(product.size)
    found.begin(first / np.linalg.norm(first))
    first_look = FIRST_LOOK + LOOK_EVERY * found.away
    needed = wanted if which != "both" else min(2 * wanted, product.size)
    since = 0  # steps before the space that is being filled
    while True:
        while not found.closed and found.count < most:
            if which in ENDS and wanted <= found.watched and found.count < found.watched and not since:
                found.advance(found.watched - found.count, Enough(wanted, aim, first_look, ENDS[which]))
            else:
                found.advance(LOOK_EVERY if found.count else max(needed, first_look))
            theta, residuals, inner = ritz(*found.bands)
            if found.count >= needed and not found.closed:
                chosen = _chosen(theta, wanted, which)
                enough = aim * np.abs(theta).max()
                if (residuals[chosen] <= enough).all() and _settled(found, since, which, enough):  # (3)
                    return _pairs(found, theta, inner[:, chosen], aim, product.epsilon)
        # A closed space holds one copy of each value its start had a part in: as many spaces, as many copies.
        # One that was closed from a start that was sought may have no part in the end that is asked for.
        sought = start is not None or found.led
        over = found.closed_spaces >= wanted + sought and found.count >= needed
        since = found.count
        if over or found.count >= most or not found.restart(generator):
            theta, _, inner = ritz(*found.bands)
            return _pairs(found, theta, inner[:, _chosen(theta, wanted, which)], aim, product.epsilon)


def _settled(found: Recurrence, since: int, which: Which, enough: float) -> bool:
    """Return whether the ends of the space filled last are known: what was chosen may all lie in others."""
    if not since:
        return True
    theta, residuals, _ = ritz(*(band[since:] for band in found.bands))
    return bool((residuals[_chosen(theta, 1, which)] <= enough).all())


def _chosen(theta: Vector, count: int, which: Which) -> npt.NDArray[np.intp]:
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


def _pairs(found: Recurrence, theta: Vector, inner: Vector, aim: float, epsilon: float) -> Eigenpairs:
    """Return the pairs of chosen vectors of T, `inner` [m, K]; theta: all its eigenvalues."""
    vectors, images = inner.T @ found.basis, inner.T @ found.images  # (1)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors, images = vectors / lengths, images / lengths
    values = np.einsum("kd,kd->k", vectors, images)
    largest = float(np.abs(theta).max())
    # what rounding took from the products is missing in their sum as well: it does not show there
    seen = np.linalg.norm(images - values[:, None] * vectors, axis=1)
    residuals = np.hypot(seen, 10 * epsilon * largest)  # (2)
    tolerance = aim * largest
    return Eigenpairs(values, residuals, vectors, residuals <= tolerance, tolerance, found.count)
