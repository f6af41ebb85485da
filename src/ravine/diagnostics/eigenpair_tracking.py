"""The largest eigenpairs, followed through training.  Lecture: "Flat & sharp minima".

    theta, s = eigen(Q A Q')                       (1)   Rayleigh-Ritz on the rows of Q
    v = s Q,   r = s Q A - theta v                 (2)   vector and residual
    Q <- orthonormal [Q; r of those not converged] (3)   until |r| <= tol max |theta|

Q starts from the vectors of the last call, so that a few products suffice while the weights move little, and
some further ones ride along as guards: an eigenvalue that overtakes from below is met by them, not missed.
Source: block Krylov with Rayleigh-Ritz, Saad 2011, ch. 5-6.
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
"""Vectors that ride along beyond those asked for."""

MAX_GROWTHS = 8
"""Times Q grows before it is cut back to the best vectors."""


class TrackedEigenpairs(NamedTuple):
    """The `pairs` asked for, and the `space` [K + guards, D] to hand to the next call."""

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
    """Return `count` eigenpairs from one end, started from `previous` (an earlier `space`; None: at random).

    `tol`: residual aimed at, relative to the largest |eigenvalue|; default 1e-6, in float32 1e-3. `steps`:
    most products, default 30 count + 60. Pairs whose residual missed it are marked. Raises UsageError:
    `both` (track each end), a bad option, vectors of another size.
    """
    if which not in WHICH or which == "both":
        raise UsageError(f"'{which}' cannot be tracked.", "", did_you_mean(str(which), WHICH[:3]))
    if count < 1:
        raise UsageError(f"{count} eigenvalues cannot be tracked.", "", "Ask for 1 or more.")
    size = operator.size
    wanted = min(count, size)
    width = min(wanted + GUARD_VECTORS, size)
    aim = (1e-6 if operator.epsilon < 1e-10 else 1e-3) if tol is None else float(tol)
    budget = 30 * wanted + 60 if steps is None else steps
    generator = np.random.default_rng(seed)
    start = np.empty((0, size)) if previous is None else np.atleast_2d(np.asarray(previous, np.float64))
    if start.shape[1] != size or not np.isfinite(start).all():
        raise UsageError(f"Vectors of shape {start.shape} cannot start a matrix of size {size}.")
    basis = extend_basis(np.empty((0, size)), start[:width])
    while len(basis) < width:
        basis = extend_basis(basis, generator.standard_normal((width - len(basis), size)))
    images = operator.block(basis)
    spent, rounds = width, 0
    while True:
        inner = basis @ images.T
        theta, shares = np.linalg.eigh((inner + inner.T) / 2)  # (1)
        place = select_end(theta, width, which)
        kept = shares[:, place].T
        vectors, moved = kept @ basis, kept @ images
        rest = moved - theta[place][:, None] * vectors  # (2)
        residuals = np.linalg.norm(rest, axis=1)
        tolerance = aim * float(np.abs(theta).max())
        open_ = residuals > tolerance
        # the guards take part in the first rounds only: they watch, they need not converge
        grow = open_ & ((np.arange(width) < wanted) | (rounds < 2))
        done = not open_[:wanted].any() and rounds >= 2
        if done or not grow.any() or spent >= budget:
            break
        if len(basis) > (MAX_GROWTHS + 1) * width:
            basis, images = vectors, moved
        longer = extend_basis(basis, rest[grow])
        fresh = longer[len(basis) :]
        if not len(fresh):
            break
        images = np.concatenate([images, operator.block(fresh)])
        basis, spent, rounds = longer, spent + len(fresh), rounds + 1
    pairs = Eigenpairs(
        theta[place][:wanted], residuals[:wanted], vectors[:wanted], ~open_[:wanted], tolerance, spent
    )
    return TrackedEigenpairs(pairs, vectors)
