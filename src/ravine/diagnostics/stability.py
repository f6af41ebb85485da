"""Curvature over the largest one of a stable step.  Lecture: "Flat & sharp minima": eta < 2 / curvature.

    ratio = largest eigenvalue / limit                       (1)

On the quadratic curvature w^2 / 2 an optimizer is a linear recursion, and its limit follows from that: for
gradient descent 2 / eta. A step with a rate for each weight, w <- w - eta P^-1 m, has a diagonal
preconditioner P. Its limit is for the largest eigenvalue of P^(-1/2) H P^(-1/2), with P frozen at its present
value. Each optimizer defines its limit and its P in its own file: `Rule.stability_limit`,
`Rule.preconditioner`.

Sources: Cohen et al. 2021, 2022.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ravine.errors import UsageError

__all__ = ["StabilityLimit", "StabilityRatio", "stability_ratio"]


class StabilityLimit(NamedTuple):
    """The largest curvature of a stable step, exact for a quadratic; None with the `reason` without one.

    `preconditioned`: the limit is for the eigenvalues of P^(-1/2) H P^(-1/2). `formula`: the limit as text.
    """

    value: float | None
    preconditioned: bool
    formula: str
    reason: str = ""


class StabilityRatio(NamedTuple):
    """Curvature over limit: above 1 steps grow, near 1 training sits at the edge.

    `error`: from the residual.
    """

    value: float
    error: float
    limit: float

    @property
    def stable(self) -> bool | None:
        """Whether the curvature is below the limit; None where the error leaves it open."""
        if abs(self.value - 1) <= self.error:
            return None
        return self.value < 1


def stability_ratio(sharpness: float, residual: float, limit: StabilityLimit) -> StabilityRatio:
    """Return the largest eigenvalue over the limit, equation (1), with the error that its residual leaves.

    Raises UsageError: no limit, values that are not finite.
    """
    if limit.value is None:
        raise UsageError("There is no limit to compare with.", limit.reason)
    if not (np.isfinite(sharpness) and np.isfinite(residual) and residual >= 0):
        raise UsageError(f"A sharpness of {sharpness} ± {residual} cannot be compared with a limit.")
    return StabilityRatio(sharpness / limit.value, residual / limit.value, limit.value)  # (1)
