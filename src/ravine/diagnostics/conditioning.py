"""Condition number of a Hessian or Gauss-Newton matrix.  Lecture: "Problems with vanilla SGD".

    kappa        = max |lambda| / min |lambda|   over |lambda| > tolerance         (1)
    kappa damped = (max lambda + a) / (min lambda + a)                             (2)   a: weight decay
    iterations   = 1 / ln((kappa + 1) / (kappa - 1))                               (3)   gradient descent

lambda are the eigenvalues of the matrix. The lecture divides the largest by the smallest singular value. A
network's Hessian is singular and indefinite almost everywhere, so that this ratio is infinite or a matter of
rounding. Equation (1) therefore leaves out the eigenvalues that are zero within rounding. Their number
(nullity) and the number of negative eigenvalues are returned too. The Gauss-Newton matrix has no negative
eigenvalues.

For a large matrix the smallest eigenvalue never converges, so that only bounds on the condition number are
available.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ravine.diagnostics.dense_hessian import ExactSpectrum
from ravine.diagnostics.lanczos import krylov
from ravine.diagnostics.lanczos_recurrence import ritz_pairs
from ravine.diagnostics.linear_operator import SymmetricOperator
from ravine.errors import UsageError

__all__ = ["ConditionBounds", "Conditioning", "Ratio", "condition_bounds", "conditioning"]


class Ratio(NamedTuple):
    """A condition number with the interval [low, high] that follows from rounding errors of eigenvalues."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Conditioning:
    """Condition number of a symmetric matrix, such as a Hessian, from all its eigenvalues.

    ratio       condition number: `largest` / `smallest`
    largest     largest |eigenvalue|
    smallest    smallest |eigenvalue| above the tolerance
    tolerance   size up to which an eigenvalue counts as zero
    nullity     number of eigenvalues that count as zero
    negative    number of negative eigenvalues
    damped      (largest eigenvalue + a) / (lowest eigenvalue + a) with the damping a, for example of weight
                decay; None without damping, or if lowest eigenvalue + a is not above the tolerance
    """

    ratio: Ratio
    largest: float
    smallest: float
    tolerance: float
    nullity: int
    negative: int
    damped: Ratio | None

    @property
    def iterations(self) -> float:
        """Return the number of gradient descent steps that shrink the error to 1/e in the slowest direction.

        The loss is quadratic, with the eigenvalues of this matrix as curvatures. The learning rate is the
        best constant one, 2 / (largest + smallest eigenvalue), without eigenvalues that count as zero.
        """
        if self.ratio.value <= 1:
            return 0.0
        return float(1 / (2 * np.arctanh(1 / self.ratio.value)))  # (3): 2 artanh(1/k) = ln((k + 1)/(k - 1))


class ConditionBounds(NamedTuple):
    """Bounds on the condition number of a matrix that is too large for all its eigenvalues.

    at_least                 lower bound on the condition number, max |eigenvalue| / min |eigenvalue| without
                             those that count as zero
    largest, residual        largest |eigenvalue| found, and the bound on its error
    tolerance                size up to which an eigenvalue counts as zero
    damped_low, damped_high  bounds on (largest eigenvalue + a) / (lowest eigenvalue + a) with the damping a;
                             None without damping, or if negative eigenvalues are possible

    Lanczos does not find an eigenvector that is orthogonal to its random start vector.
    """

    at_least: float
    largest: float
    residual: float
    tolerance: float
    damped_low: float | None
    damped_high: float | None


def conditioning(spectrum: ExactSpectrum, damping: float = 0.0) -> Conditioning:
    """Return the condition number of a symmetric matrix, without and with damping, from all its eigenvalues.

    Eigenvalues that are zero within rounding are left out. `damping` is the curvature a of weight decay, with
    the penalty a |w|^2 / 2.

    Raises UsageError if all eigenvalues are zero, or if `damping` is negative.
    """
    _check_damping(damping)
    sizes, rounding = np.abs(spectrum.values), spectrum.tolerance
    range_ = sizes[sizes > rounding]
    if not len(range_):
        raise UsageError(
            f"All {len(sizes)} eigenvalues are zero within rounding.",
            "The loss has no curvature at these weights: all units may be dead, or outputs may saturate.",
            "Measure at other weights, or change the initialization.",
        )
    largest, smallest = float(range_.max()), float(range_.min())
    ratio = _ratio(largest, smallest, rounding)  # (1)
    low, high = float(spectrum.values.min()) + damping, float(spectrum.values.max()) + damping
    damped = _ratio(high, low, rounding) if damping > 0 and low > rounding else None  # (2)
    return Conditioning(ratio, largest, smallest, rounding, spectrum.nullity, spectrum.index, damped)


def condition_bounds(
    operator: SymmetricOperator,
    damping: float = 0.0,
    *,
    steps: int = 60,
    semidefinite: bool = False,
    seed: int = 0,
) -> ConditionBounds:
    """Return bounds on the condition number of a matrix that is too large to compute all its eigenvalues.

    A Ritz value theta of the Lanczos method with residual r proves an eigenvalue between theta - r and theta
    + r.

    damping        curvature a of weight decay, with the penalty a |w|^2 / 2
    steps          number of Lanczos steps
    semidefinite   whether negative eigenvalues are impossible, as for a Gauss-Newton matrix; only then are
                   there bounds on the damped condition number
    seed           random seed of the start vector

    Raises UsageError if the matrix is zero, or if `damping` is negative.
    """
    _check_damping(damping)
    start = np.random.default_rng(seed).standard_normal(operator.size)
    alphas, betas, _, _ = krylov(operator, start, steps)
    theta, residuals, _ = ritz_pairs(alphas, betas)
    top = int(np.abs(theta).argmax())
    largest, residual = float(abs(theta[top])), float(residuals[top])
    tolerance = max(operator.size, 100) * operator.epsilon * largest
    if largest == 0:
        raise UsageError(
            "The matrix (Hessian or Gauss-Newton matrix) is zero.",
            "The loss has no curvature at these weights: all units may be dead, or outputs may saturate.",
            "Measure at other weights, or change the initialization.",
        )
    nonzero = np.abs(theta) - residuals > tolerance  # Ritz values that prove an eigenvalue that is not zero
    least = float((np.abs(theta) + residuals)[nonzero].min()) if nonzero.any() else largest
    # The largest |eigenvalue| is at least the largest |Ritz value|, a Rayleigh quotient.
    at_least = max(1.0, largest / least)
    low = high = None
    if damping > 0 and semidefinite:
        # The smallest eigenvalue is at most the smallest Ritz value.
        low = (float(theta.max()) + damping) / (max(float(theta.min()), 0.0) + damping)
        high = (float(theta.max()) + residual + damping) / damping
    return ConditionBounds(at_least, largest, residual, tolerance, low, high)


def _check_damping(damping: float) -> None:
    """Raise UsageError unless `damping` is finite and at least 0."""
    if not (np.isfinite(damping) and damping >= 0):
        raise UsageError(
            f"The damping is {damping}.", "It must be finite and at least 0.", "Use for example damping=1e-4."
        )


def _ratio(largest: float, smallest: float, rounding: float) -> Ratio:
    """Return largest / smallest, with the range of this ratio if both have an error of at most `rounding`."""
    high = (largest + rounding) / (smallest - rounding) if smallest > rounding else float("inf")
    return Ratio(largest / smallest, max(1.0, (largest - rounding) / (smallest + rounding)), high)
