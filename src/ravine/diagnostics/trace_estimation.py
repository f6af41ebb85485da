"""Estimates of the trace and the diagonal of a matrix A from products with vectors.

    Hutchinson   tr = mean z'A z,   z = +-1,   variance of one probe 2 (|A|_F^2 - sum A_ii^2)         (1)
    diagonal     A_ii = mean z_i (A z)_i                                                              (2)
    XTrace       tr_i = tr(Q_i'A Q_i) + (D - m + 1) u'A u / |u|^2,   u = (1 - Q_i Q_i') w_i           (3)
                 Q_i: orthonormal basis of A w_j, j != i,   tr = mean of tr_i,   m random vectors w_i

A is a symmetric matrix [D, D]. A probe z is a vector of random signs. All errors are one standard error.
XTrace (3) is exact for a matrix of low rank, and its error falls as fast as the eigenvalues. The error of (3)
follows from the scatter of the tr_i.

Lecture: "Flat & sharp minima".  Source: Hutchinson 1990 (1); Epperly, Tropp & Webber 2024 (3).
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
    """A number, such as the trace of a matrix, estimated from products of the matrix with vectors.

    value      estimate
    error      standard error; only the size of rounding errors if the estimate is exact
    products   number of products used
    """

    value: float
    error: float
    products: int


class Diagonal(NamedTuple):
    """The diagonal of a matrix, estimated from products of the matrix with vectors.

    values [D]   entries of the diagonal
    errors [D]   their standard errors
    products     number of products used
    """

    values: Vector
    errors: Vector
    products: int


def hutchinson(operator: SymmetricOperator, probes: int = 32, *, seed: int = 0) -> Estimate:
    """Return the trace of a matrix by Hutchinson's estimate, with its standard error, from `probes` products.

    The estimate is the mean of z'A z over vectors z of random signs, with A = `operator`.

    Raises UsageError for fewer than 2 probes.
    """
    _check(probes)
    signs = _signs(probes, operator.size, seed)
    estimates = np.einsum("pd,pd->p", signs, operator.block(signs))  # (1)
    return Estimate(float(estimates.mean()), float(estimates.std(ddof=1) / np.sqrt(probes)), probes)


def diagonal(operator: SymmetricOperator, probes: int = 32, *, seed: int = 0) -> Diagonal:
    """Return the diagonal [D] of a matrix, estimated with standard errors from `probes` products.

    The estimate of A_ii is the mean of z_i (A z)_i over vectors z of random signs, with A = `operator`. With
    `probes` of at least D the diagonal is exact. Raises UsageError for fewer than 2 probes.
    """
    _check(probes)
    if probes >= operator.size:
        images = operator.block(np.eye(operator.size))
        rounding = np.full(operator.size, operator.epsilon * float(np.abs(images).max()))
        return Diagonal(np.diagonal(images).copy(), rounding, operator.size)
    signs = _signs(probes, operator.size, seed)
    estimates = signs * operator.block(signs)  # (2)
    return Diagonal(estimates.mean(axis=0), estimates.std(axis=0, ddof=1) / np.sqrt(probes), probes)


def trace(operator: SymmetricOperator, products: int = 64, *, seed: int = 0) -> Estimate:
    """Return an estimate of the trace of a matrix, with its standard error, by the method XTrace.

    products: number of products of the matrix with vectors; an odd number is rounded down to an even one. If
    it is at least D, the size of the matrix, the trace is exact. The trace is also exact if the rank of the
    matrix is below products / 2.

    Raises UsageError for fewer than 4 products.
    """
    if products < 4:
        raise UsageError(
            f"{products} products with the matrix are too few to estimate its trace.",
            "At least 4 are needed.",
            "Use products=32.",
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
    inner = operator.block(q.T) @ q
    if rank < count:  # q spans the whole range of the matrix, so that the trace is exact
        return Estimate(float(np.trace(inner)), 10 * rank * operator.epsilon * scale, count + rank)
    left_out = solve_triangular(r, np.eye(count), trans="T", lower=False)  # columns of R^-T
    left_out = left_out / np.linalg.norm(left_out, axis=0)
    shares = q.T @ omega.T  # [m, m]: column i is Q'w_i
    estimates = np.empty(count)
    for i in range(count):
        s = left_out[:, i]
        x = shares[:, i] - s * (s @ shares[:, i])
        u_squared = omega[i] @ omega[i] - x @ x
        u_curved = omega[i] @ images[i] - 2 * x @ r[:, i] + x @ inner @ x
        estimates[i] = np.trace(inner) - s @ inner @ s + (size - count + 1) * u_curved / u_squared  # (3)
    return Estimate(float(estimates.mean()), float(estimates.std(ddof=1) / np.sqrt(count)), 2 * count)


def _signs(probes: int, size: int, seed: int) -> Vector:
    """Return random signs +1 and -1, [probes, size]."""
    return np.asarray(np.random.default_rng(seed).integers(0, 2, (probes, size)) * 2.0 - 1.0, np.float64)


def _check(probes: int) -> None:
    """Raise UsageError for fewer than 2 probes."""
    if probes < 2:
        raise UsageError(
            f"The number of probes (random vectors) is {probes}.",
            "At least 2 are needed, since the error of the estimate follows from their scatter.",
            "Use probes=32.",
        )
