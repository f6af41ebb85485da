"""Trace and diagonal of a matrix known by its products.  Lecture: "Flat & sharp minima".

    Hutchinson   tr = mean z'A z,   z = +-1,   variance of one probe 2 (|A|_F^2 - sum A_ii^2)         (1)
    diagonal     A_ii = mean z_i (A z)_i                                                              (2)
    XTrace       tr_i = tr(Q_i'A Q_i) + (D - m + 1) u'A u / |u|^2,   u = (1 - Q_i Q_i') w_i           (3)
                 Q_i: orthonormal basis of A w_j for j != i;   tr = mean tr_i,   error from their spread

Sources: Hutchinson 1990; Epperly, Tropp & Webber 2024 for (3), which is exact for low rank and whose error
falls as fast as the eigenvalues do. Errors are one standard error.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.linalg import qr, solve_triangular

from ravine.diagnostics.flatten import Vector
from ravine.diagnostics.linear_operator import SymmetricOperator
from ravine.errors import UsageError

__all__ = ["Diagonal", "Estimate", "diagonal", "hutchinson", "trace"]


class Estimate(NamedTuple):
    """A number with its standard error; `products` spent. An error of rounding alone means it is exact."""

    value: float
    error: float
    products: int


class Diagonal(NamedTuple):
    """The diagonal [D] with standard errors [D]; `products` spent."""

    values: Vector
    errors: Vector
    products: int


def hutchinson(operator: SymmetricOperator, probes: int = 32, *, seed: int = 0) -> Estimate:
    """Return the trace by equation (1). Raises UsageError: fewer than 2 probes."""
    _check(probes)
    signs = _signs(probes, operator.size, seed)
    found = np.einsum("pd,pd->p", signs, operator.block(signs))  # (1)
    return Estimate(float(found.mean()), float(found.std(ddof=1) / np.sqrt(probes)), probes)


def diagonal(operator: SymmetricOperator, probes: int = 32, *, seed: int = 0) -> Diagonal:
    """Return the diagonal by equation (2), exactly where `probes` reach the size.

    Raises UsageError: under 2.
    """
    _check(probes)
    if probes >= operator.size:
        images = operator.block(np.eye(operator.size))
        rounding = np.full(operator.size, operator.epsilon * float(np.abs(images).max()))
        return Diagonal(np.diagonal(images).copy(), rounding, operator.size)
    signs = _signs(probes, operator.size, seed)
    found = signs * operator.block(signs)  # (2)
    return Diagonal(found.mean(axis=0), found.std(axis=0, ddof=1) / np.sqrt(probes), probes)


def trace(operator: SymmetricOperator, products: int = 64, *, seed: int = 0) -> Estimate:
    """Return the trace by XTrace, equation (3), from an even number of `products`; exact where they reach D.

    Raises UsageError: fewer than 4 products.
    """
    if products < 4:
        raise UsageError(
            f"{products} products are too few for a trace.", "Half of them span a space.", "Use 32."
        )
    size = operator.size
    if products >= size:
        exact = diagonal(operator, max(size, 2))
        return Estimate(float(exact.values.sum()), float(exact.errors.sum()), size)
    count = products // 2
    omega = np.random.default_rng(seed).standard_normal((count, size))
    images = operator.block(omega)
    q, r, order = qr(images.T, mode="economic", pivoting=True)
    omega, images = omega[order], images[order]
    scale = float(np.abs(np.diagonal(r)).max())
    rank = int((np.abs(np.diagonal(r)) > 100 * operator.epsilon * scale).sum()) if scale else 0
    q = q[:, :rank]
    again = operator.block(q.T)
    inner = again @ q
    if rank < count:  # the whole range has been seen
        return Estimate(float(np.trace(inner)), 10 * rank * operator.epsilon * scale, count + rank)
    left_out = solve_triangular(r, np.eye(count), trans="T", lower=False)  # columns of R^-T
    left_out = left_out / np.linalg.norm(left_out, axis=0)
    shares = q.T @ omega.T  # [m, m]: column i is Q'w_i
    found = np.empty(count)
    for i in range(count):
        s = left_out[:, i]
        x = shares[:, i] - s * (s @ shares[:, i])
        u_squared = omega[i] @ omega[i] - x @ x
        u_curved = omega[i] @ images[i] - 2 * x @ r[:, i] + x @ inner @ x
        found[i] = np.trace(inner) - s @ inner @ s + (size - count + 1) * u_curved / u_squared  # (3)
    return Estimate(float(found.mean()), float(found.std(ddof=1) / np.sqrt(count)), 2 * count)


def _signs(probes: int, size: int, seed: int) -> Vector:
    return np.asarray(np.random.default_rng(seed).integers(0, 2, (probes, size)) * 2.0 - 1.0, np.float64)


def _check(probes: int) -> None:
    if probes < 2:
        raise UsageError(f"{probes} probes have no spread.", "The error comes from it.", "Use 2 or more.")
