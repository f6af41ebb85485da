"""Stability of an optimizer: largest curvature against its limit.  Lecture: "Flat & sharp minima".

    ratio = largest eigenvalue / limit                       (1)   below 1: stable

On the quadratic loss c w^2 / 2 an optimizer is a linear recursion. The recursion is stable up to a limit of
the curvature c: for gradient descent 2 / eta, with the learning rate eta. The limit is compared with the
largest eigenvalue of the Hessian H. An adaptive optimizer has a learning rate for every weight: its step is
-eta P^-1 m, with a mean m of gradients and a diagonal preconditioner P. Its limit applies to the largest
eigenvalue of P^(-1/2) H P^(-1/2), with P as it is at this step.

Every optimizer defines its limit and its P in its own file: `Rule.stability_limit`, `Rule.preconditioner`.

Source: Cohen et al. 2021, 2022.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ravine.errors import UsageError

__all__ = ["StabilityLimit", "StabilityRatio", "stability_ratio"]


class StabilityLimit(NamedTuple):
    """Largest curvature at which an optimizer is stable, exact for a quadratic loss.

    value            limit of the curvature; None if the optimizer has no limit
    preconditioned   whether the limit applies to P^(-1/2) H P^(-1/2), with the preconditioner P of the
                     optimizer, instead of the Hessian H
    formula          limit as text
    reason           reason why there is no limit, "" if there is one
    """

    value: float | None
    preconditioned: bool
    formula: str
    reason: str = ""


class StabilityRatio(NamedTuple):
    """Largest curvature of the loss divided by the stability limit of the optimizer.

    Above 1 the steps grow. Near 1 training is at the edge of stability.

    value   the ratio
    error   error of the ratio, from the residual of the eigenvalue
    limit   stability limit of the curvature
    """

    value: float
    error: float
    limit: float

    @property
    def stable(self) -> bool | None:
        """Whether the curvature is below the stability limit; None if its error is too large to decide."""
        if abs(self.value - 1) <= self.error:
            return None
        return self.value < 1


def stability_ratio(sharpness: float, residual: float, limit: StabilityLimit) -> StabilityRatio:
    """Return the largest curvature of the loss divided by an optimizer's stability limit, with its error.

    sharpness   largest eigenvalue of the Hessian, or of the preconditioned Hessian if the limit applies to it
    residual    bound on the error of this eigenvalue
    limit       stability limit of the optimizer

    Raises UsageError if there is no limit, and for values that are not finite.
    """
    if limit.value is None:
        raise UsageError(
            "The optimizer has no limit of the curvature, above which it is unstable.",
            limit.reason,
            "Compare an optimizer with a limit, such as gradient descent.",
        )
    if not (np.isfinite(sharpness) and np.isfinite(residual) and residual >= 0):
        raise UsageError(
            f"A sharpness of {sharpness} with error {residual} cannot be compared with the stability limit.",
            "The sharpness and its error must be finite, and the error at least 0.",
            "Measure at an earlier step.",
        )
    return StabilityRatio(sharpness / limit.value, residual / limit.value, limit.value)  # (1)
