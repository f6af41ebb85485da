"""Largest eigenpairs of a matrix that changes slowly during training.  Lecture: "Flat & sharp minima".

    theta, s = eigen(Q A Q')                       (1)   Rayleigh-Ritz on the rows of Q
    v = s Q,   r = s Q A - theta v                 (2)   vector and residual
    Q <- orthonormal [Q; r of those not converged] (3)   until |r| <= tol max |theta|

A is the matrix. The rows of Q are orthonormal, and ' is the transpose. Q starts from the vectors of the
previous call, so that few products are needed while the weights change little. Q also holds some more
vectors, called guards. They find an eigenvalue that has become one of the largest since the previous call.

Source: Saad 2011, chapters 5 and 6, block Krylov method with Rayleigh-Ritz.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ravine.diagnostics.flatten import Vector
from ravine.diagnostics.lanczos import WHICH, Eigenpairs, Which, select_end
from ravine.diagnostics.lanczos_recurrence import extend_basis
from ravine.diagnostics.linear_operator import SymmetricOperator
from ravine.errors import UsageError, did_you_mean

__all__ = ["TrackedEigenpairs", "track_eigenpairs"]

GUARD_VECTORS = 2
"""Number of guard vectors, which Q holds beyond the requested eigenvectors."""

MAX_GROWTHS = 8
"""How often Q grows before it is reduced to the best vectors."""


class TrackedEigenpairs(NamedTuple):
    """Eigenpairs of a matrix that changes slowly, and start vectors for the next call of `track_eigenpairs`.

    pairs                     eigenpairs with their residuals |A v - value v|
    space [K + guards, D]     vectors to pass to the next call as `previous`: the K eigenvectors and some more
    """

    pairs: Eigenpairs
    space: Vector


def track_eigenpairs(
    operator: SymmetricOperator,
    previous: npt.ArrayLike | None = None,
    count: int = 1,
    which: Which = "largest",
    *,
    tol: float | None = None,
    steps: int | None = None,
    seed: int = 0,
) -> TrackedEigenpairs:
    """Return `count` eigenpairs from one end of a matrix's spectrum, starting from an earlier result.

    Such a start saves products if the matrix has changed little since.

    previous [K + guards, D]   `space` of an earlier result; None starts from random vectors
    which                      end of the spectrum: "largest", "smallest" or "magnitude" (largest
                               |eigenvalues|)
    tol                        largest residual relative to the largest |eigenvalue|; default 1e-6 (float64)
                               or 1e-3 (float32)
    steps                      number of products after which the search ends; default 30 count + 60
    seed                       random seed of the start vectors

    Pairs with a larger residual are marked as not converged.

    Raises UsageError for another `which` ("both" needs two calls), for a `count` below 1, and if `previous`
    does not fit the operator.
    """
    if which not in WHICH or which == "both":
        raise UsageError(
            f"The end '{which}' of the spectrum cannot be tracked.",
            f"Allowed are {', '.join(repr(end) for end in WHICH[:3])}.",
            did_you_mean(str(which), WHICH[:3]),
        )
    if count < 1:
        raise UsageError(
            f"{count} eigenvalues cannot be tracked.", "At least 1 is needed.", "Ask for 1 or more, count=1."
        )
    size = operator.size
    wanted = min(count, size)
    width = min(wanted + GUARD_VECTORS, size)
    aim = (1e-6 if operator.epsilon < 1e-10 else 1e-3) if tol is None else float(tol)
    budget = 30 * wanted + 60 if steps is None else steps
    generator = np.random.default_rng(seed)
    start = np.empty((0, size)) if previous is None else np.atleast_2d(np.asarray(previous, np.float64))
    if start.shape[1] != size or not np.isfinite(start).all():
        raise UsageError(
            f"Vectors of shape {start.shape} cannot be start vectors for a matrix of size {size}.",
            f"They must be finite and [K, {size}].",
            "Pass the vectors `space` of an earlier result for this matrix, or previous=None.",
        )
    basis = extend_basis(np.empty((0, size)), start[:width])
    while len(basis) < width:
        basis = extend_basis(basis, generator.standard_normal((width - len(basis), size)))
    images = operator.block(basis)
    spent, rounds = width, 0
    while True:
        inner = basis @ images.T
        theta, shares = np.linalg.eigh((inner + inner.T) / 2)  # (1)
        order = select_end(theta, width, which)
        best = shares[:, order].T
        vectors, products = best @ basis, best @ images
        rest = products - theta[order][:, None] * vectors  # (2)
        residuals = np.linalg.norm(rest, axis=1)
        tolerance = aim * float(np.abs(theta).max())
        open_ = residuals > tolerance
        # Guards need not converge, so they add directions in the first two rounds only.
        grow = open_ & ((np.arange(width) < wanted) | (rounds < 2))
        done = not open_[:wanted].any() and rounds >= 2
        if done or not grow.any() or spent >= budget:
            break
        if len(basis) > (MAX_GROWTHS + 1) * width:
            basis, images = vectors, products
        extended = extend_basis(basis, rest[grow])  # (3)
        new = extended[len(basis) :]
        if not len(new):
            break
        images = np.concatenate([images, operator.block(new)])
        basis, spent, rounds = extended, spent + len(new), rounds + 1
    pairs = Eigenpairs(
        theta[order][:wanted], residuals[:wanted], vectors[:wanted], ~open_[:wanted], tolerance, spent
    )
    return TrackedEigenpairs(pairs, vectors)
