"""How ill-conditioned a loss is.  Lecture: "Problems with vanilla SGD": largest over smallest singular value.

    kappa         = max |lambda| / min |lambda|   over |lambda| > tolerance         (1)
    kappa damped  = (max lambda + a) / (min lambda + a)                             (2)   a: weight decay

A network's Hessian is singular and indefinite nearly everywhere, so the plain ratio is infinite or rests on
rounding: (1) is taken on the numerical range, and what was left out (nullity) or is negative stands beside
it. The same on the Gauss-Newton matrix, which has no negative ones. Above the dense size the smallest
eigenvalue is never converged: there are bounds only.
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
    """A condition number with the interval that the rounding of its eigenvalues leaves."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Conditioning:
    """Condition number (1) of a spectrum, with the `tolerance` below which an eigenvalue counts as zero.

    `largest`, `smallest`: the |eigenvalues| of the ratio; `nullity`, `negative`: how many are zero, below
    zero; `damped`: equation (2), None where there is no damping or some eigenvalue stays at or below zero.
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
        """Steps of gradient descent at its best rate to shrink the slowest error to 1/e: 1 /
        ln((k+1)/(k-1)).
        """
        if self.ratio.value <= 1:
            return 0.0
        return float(1 / (2 * np.arctanh(1 / self.ratio.value)))


class ConditionBounds(NamedTuple):
    """`at_least`: a lower bound on (1). `damped_low`, `damped_high`: bounds on (2), None without damping.

    `largest` with its `residual`. An eigenvalue that the random start had no part in is not seen.
    """

    at_least: float
    largest: float
    residual: float
    tolerance: float
    damped_low: float | None
    damped_high: float | None


def conditioning(spectrum: ExactSpectrum, damping: float = 0.0) -> Conditioning:
    """Return the condition number of all eigenvalues (of a Hessian, or of a Gauss-Newton matrix).

    `damping`: weight decay's curvature (a for a penalty a |w|^2 / 2). Raises UsageError: every eigenvalue is
    zero, a negative damping.
    """
    if not (np.isfinite(damping) and damping >= 0):
        raise UsageError(f"A damping of {damping} is no weight decay.", "It is 0 or more.")
    sizes, rounding = np.abs(spectrum.values), spectrum.tolerance
    range_ = sizes[sizes > rounding]
    if not len(range_):
        raise UsageError(
            f"All {len(sizes)} eigenvalues are zero.",
            "The loss does not depend on any weight here: the network is dead or its outputs saturate.",
            "Measure elsewhere, or change the initialisation.",
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
    """Return bounds on the condition number of a matrix too large for all its eigenvalues.

    Every Ritz value with a residual below its size proves an eigenvalue that near. `semidefinite`: the
    matrix is known to have no negative eigenvalues (Gauss-Newton), which bounds (2) from above. Raises
    UsageError: a zero matrix, a negative damping.
    """
    if not (np.isfinite(damping) and damping >= 0):
        raise UsageError(f"A damping of {damping} is no weight decay.", "It is 0 or more.")
    start = np.random.default_rng(seed).standard_normal(operator.size)
    alphas, betas, _, _ = krylov(operator, start, steps)
    theta, residuals, _ = ritz_pairs(alphas, betas)
    top = int(np.abs(theta).argmax())
    largest, residual = float(abs(theta[top])), float(residuals[top])
    tolerance = max(operator.size, 100) * operator.epsilon * largest
    if largest == 0:
        raise UsageError(
            "The matrix is zero.",
            "The loss does not depend on any weight here: the network is dead or its outputs saturate.",
            "Measure elsewhere, or change the initialisation.",
        )
    proved = np.abs(theta) - residuals > tolerance
    least = float((np.abs(theta) + residuals)[proved].min()) if proved.any() else largest
    # the quotient of any vector lies inside the range, so the largest is at least the Ritz value
    at_least = max(1.0, largest / least)
    low = high = None
    if damping > 0 and semidefinite:
        # the smallest Ritz value lies above the smallest eigenvalue
        low = (float(theta.max()) + damping) / (max(float(theta.min()), 0.0) + damping)
        high = (float(theta.max()) + residual + damping) / damping
    return ConditionBounds(at_least, largest, residual, tolerance, low, high)


def _ratio(largest: float, smallest: float, rounding: float) -> Ratio:
    high = (largest + rounding) / (smallest - rounding) if smallest > rounding else float("inf")
    return Ratio(largest / smallest, max(1.0, (largest - rounding) / (smallest + rounding)), high)
