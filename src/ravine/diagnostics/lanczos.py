"""The ends of a large matrix's spectrum.  Lecture: "Flat & sharp minima": curvature.

    A q_m = beta_(m-1) q_(m-1) + alpha_m q_m + beta_m q_(m+1)            (1)
    residual of a Ritz value = |beta_m s_m|                              (2)   s_m: its vector's last entry
    stop when every wanted one is <= tol * max |theta|                   (3)
    breakdown when beta_m <= max(1e-10, 10 eps) * max(|alpha|, |beta|)   (4)

Source: Lanczos 1950; Paige 1980; full reorthogonalisation, twice (Kahan), always: without it copies of
converged values appear. At a breakdown the space found is exact and closed, so the recurrence is cut there
and goes on from a fresh direction at right angles: the identity, the zero matrix, whitened regression and a
dead network end here. A recurrence that went on through (4) would invent values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.linalg import eigh_tridiagonal

from ravine.diagnostics.product import Product
from ravine.diagnostics.vectors import Vector
from ravine.errors import UsageError, did_you_mean

__all__ = ["Eigenpair", "Eigenpairs", "Krylov", "Which", "krylov", "lanczos", "ritz"]

Which = Literal["magnitude", "largest", "smallest", "both"]
WHICH: tuple[Which, ...] = ("magnitude", "largest", "smallest", "both")

LOOK_EVERY = 4
"""Products between two looks at the residuals."""


class Eigenpair(NamedTuple):
    """An eigenvalue with its residual |A v - value v| (an eigenvalue lies within it) and unit vector [D]."""

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


def ritz(alphas: Vector, betas: Vector) -> tuple[Vector, Vector, Vector]:
    """Return Ritz values [m], residuals by (2) [m], and the vectors [m, m] of T, from its bands [m], [m]."""
    theta, inner = (np.asarray(each, dtype=np.float64) for each in eigh_tridiagonal(alphas, betas[:-1]))
    return theta, np.abs(betas[-1] * inner[-1]), inner  # (2)


def krylov(product: Product, start: npt.ArrayLike, steps: int) -> Krylov:
    """Return up to `steps` steps from `start` [D], cut at the first breakdown.

    Raises UsageError: a zero start.
    """
    given = np.asarray(start, np.float64)
    length = float(np.linalg.norm(given))
    if given.shape != (product.size,) or not np.isfinite(length) or length == 0:
        raise UsageError(f"The start of a recurrence must be a finite vector of {product.size}, not zero.")
    recurrence = _Recurrence(product, min(steps, product.size))
    recurrence.begin(given / length)
    while not recurrence.closed and recurrence.count < recurrence.room:
        recurrence.step()
    count = recurrence.count
    return Krylov(
        recurrence.alphas[:count], recurrence.betas[:count], recurrence.basis[:count], recurrence.closed
    )


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
    an earlier eigenvector. Residuals are measured afterwards (one product a pair), not taken from (2). A
    matrix smaller than `count` gives all its pairs. Raises UsageError: a bad option, a product that is not
    finite.
    """
    if which not in WHICH:
        raise UsageError(f"There is no end '{which}' of a spectrum.", "", did_you_mean(str(which), WHICH))
    if count < 1:
        raise UsageError(f"{count} eigenvalues cannot be asked for.", "", "Ask for 1 or more.")
    wanted = min(count, product.size)
    most = min(product.size, 4 * wanted + 100 if steps is None else max(steps, wanted))
    aim = (1e-8 if product.epsilon < 1e-10 else 1e-4) if tol is None else float(tol)
    generator = np.random.default_rng(seed)
    recurrence = _Recurrence(product, most)
    first = generator.standard_normal(product.size) if start is None else np.asarray(start, np.float64)
    if first.shape != (product.size,) or not np.isfinite(first).all():
        raise UsageError(f"The start must be a finite vector of {product.size}, not of shape {first.shape}.")
    if not first.any():  # a zero gradient is no direction
        first = generator.standard_normal(product.size)
    recurrence.begin(first / np.linalg.norm(first))
    needed = wanted if which != "both" else min(2 * wanted, product.size)
    while True:
        while not recurrence.closed and recurrence.count < most:
            recurrence.step()
            if recurrence.count >= needed and recurrence.count % LOOK_EVERY == 0:
                theta, residuals, _ = recurrence.ritz()
                chosen = _chosen(theta, wanted, which)
                if (residuals[chosen] <= aim * np.abs(theta).max()).all():  # (3)
                    return _pairs(recurrence, wanted, which, aim)
        # a closed space holds one copy of each value its start had a part in: as many spaces, as many copies
        enough = recurrence.closed_spaces >= wanted and recurrence.count >= needed
        if enough or recurrence.count >= most or not recurrence.restart(generator):
            return _pairs(recurrence, wanted, which, aim)


class _Recurrence:
    """Equation (1) with everything kept: basis [room, D], T as `alphas` and `betas`."""

    def __init__(self, product: Product, room: int) -> None:
        self.product, self.room = product, room
        self.basis = np.empty((room, product.size))
        self.alphas, self.betas = np.zeros(room), np.zeros(room)
        self.count = 0
        self.closed = False
        self.closed_spaces = 0
        self._next: Vector | None = None
        self._floor = max(1e-10, 10 * product.epsilon)

    def begin(self, unit: Vector) -> None:
        self._next = unit
        self.closed = False

    def restart(self, generator: np.random.Generator) -> bool:
        """Go on from a random direction at right angles to all found; False when there is none left."""
        if self.count >= self.product.size:
            return False
        fresh, share = self._orthogonal(generator.standard_normal(self.product.size))
        if share <= 1e-8:
            return False
        self.betas[self.count - 1] = 0.0
        self.begin(fresh)
        return True

    def step(self) -> None:
        assert self._next is not None
        m, q = self.count, self._next
        self.basis[m] = q
        image = self.product(q)
        self.alphas[m] = q @ image
        self.count = m + 1
        rest = image - self.basis[: m + 1].T @ (self.basis[: m + 1] @ image)  # (1), against all of them
        scale = max(np.abs(self.alphas[: m + 1]).max(), np.abs(self.betas[:m]).max(initial=0.0))
        beta = float(np.linalg.norm(rest))
        if beta > self._floor * scale and self.count < self.product.size:
            unit, share = self._orthogonal(rest)
            # what the second pass takes away was rounding: a rest that mostly goes was never there
            if share > 0.1:
                self.betas[m], self._next = beta * share, unit
                return
        self.closed = True  # (4)
        self.closed_spaces += 1
        self.betas[m], self._next = 0.0, None

    def ritz(self) -> tuple[Vector, Vector, Vector]:
        """Return the Ritz values [m], residuals by equation (2) [m], and vectors in T [m, m] columns."""
        return ritz(self.alphas[: self.count], self.betas[: self.count])

    def _orthogonal(self, vector: Vector) -> tuple[Vector, float]:
        """Return the part of `vector` at right angles to the basis, normalised, and its share."""
        known = self.basis[: self.count]
        before = float(np.linalg.norm(vector))
        left = vector / before
        left = left - known.T @ (known @ left)
        length = float(np.linalg.norm(left))
        if length <= 1e-8:
            return left, 0.0
        left /= length
        left = left - known.T @ (known @ left)
        return left / np.linalg.norm(left), length


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


def _pairs(recurrence: _Recurrence, count: int, which: Which, aim: float) -> Eigenpairs:
    theta, _, inner = recurrence.ritz()
    chosen = _chosen(theta, count, which)
    vectors = inner[:, chosen].T @ recurrence.basis[: recurrence.count]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    images = recurrence.product.block(vectors)
    values = np.einsum("kd,kd->k", vectors, images)
    residuals = np.linalg.norm(images - values[:, None] * vectors, axis=1)
    tolerance = aim * float(np.abs(theta).max())
    return Eigenpairs(
        values, residuals, vectors, residuals <= tolerance, tolerance, recurrence.count + len(values)
    )
