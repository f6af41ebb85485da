"""How large a curvature each rule bears.  Lecture: "Flat & sharp minima": eta < 2 / curvature.

On the quadratic lambda w^2 / 2 a rule is a linear recursion, and stable up to

    GD, AdaGrad, RMSProp, AdaDelta, local gains   2 / eta                            (1)
    momentum (heavy ball)                         (2 + 2 rho) / eta                  (2)
    Nesterov                                      (2 + 2 rho) / (eta (1 + 2 rho))    (3)
    Adam                                          (2 + 2 b1) / ((1 - b1) eta)        (4)

The rules with a rate for each weight are a diagonal preconditioner P, w <- w - eta P^-1 m: their limit is
for the largest eigenvalue of P^(-1/2) H P^(-1/2), with P frozen as it stands:

    AdaGrad, RMSProp   P = sqrt(s + eps)                                             (5)
    AdaDelta           P = sqrt(s + eps) / sqrt(u + eps)                             (6)
    Adam at step t     P = (1 - b1^t) (sqrt(v / (1 - b2^t)) + eps)                   (7)
    local gains        P = 1 / gain                                                  (8)

Sources: Cohen et al. 2021 for (1-3), 2022 for (4) and (7).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ravine.diagnostics.vectors import Vector
from ravine.errors import UsageError

__all__ = ["StabilityLimit", "StabilityRatio", "preconditioner", "stability_limit", "stability_ratio"]

PLAIN = ("sgd", "momentum", "nesterov")
PRECONDITIONED = ("adagrad", "rmsprop", "adadelta", "adam", "local_gains")


class StabilityLimit(NamedTuple):
    """The largest curvature a rule bears, exact for a quadratic; None with the `reason` where there is none.

    `preconditioned`: the curvature meant is that of P^(-1/2) H P^(-1/2).
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


def stability_limit(rule: str, learning_rate: float, *, rho: float = 0.9, b1: float = 0.9) -> StabilityLimit:
    """Return the stability limit of a rule by its name (sgd, momentum, nesterov, adam, ...), equations (1-4).

    Rules without one (optax rules that are not the lecture's) give None with a reason. Raises UsageError: a
    rate that is not above zero, `rho` or `b1` outside [0, 1).
    """
    if not (np.isfinite(learning_rate) and learning_rate > 0):
        raise UsageError(f"The learning rate {learning_rate} is not above zero.", "", "Give the rate in use.")
    for name, value in (("rho", rho), ("b1", b1)):
        if not 0 <= value < 1:
            raise UsageError(f"{name} is {value}.", "It is the share that is kept: 0 or more, below 1.")
    known = rule.strip().lower().replace("-", "_").replace(" ", "_")
    if known == "momentum":
        return StabilityLimit((2 + 2 * rho) / learning_rate, False, "(2 + 2 rho) / eta")  # (2)
    if known == "nesterov":
        limit = (2 + 2 * rho) / (learning_rate * (1 + 2 * rho))  # (3)
        return StabilityLimit(limit, False, "(2 + 2 rho) / (eta (1 + 2 rho))")
    if known == "adam":
        limit = (2 + 2 * b1) / ((1 - b1) * learning_rate)  # (4)
        return StabilityLimit(limit, True, "(2 + 2 b1) / ((1 - b1) eta)")
    if known in PLAIN or known in PRECONDITIONED:
        return StabilityLimit(2 / learning_rate, known in PRECONDITIONED, "2 / eta")  # (1)
    return StabilityLimit(
        None,
        False,
        "",
        f"No stability limit is known for '{rule}': only for {', '.join(PLAIN + PRECONDITIONED)}.",
    )


def preconditioner(
    rule: str,
    *,
    squares: npt.ArrayLike | None = None,
    updates: npt.ArrayLike | None = None,
    gains: npt.ArrayLike | None = None,
    step: int | None = None,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
) -> Vector:
    """Return the diagonal P [D] of a rule's state, equations (5-8).

    `squares`: AdaGrad's, RMSProp's, AdaDelta's s or Adam's v; `updates`: AdaDelta's u; `gains`: local gains;
    `step`: Adam's t. All [D]. Raises UsageError: what the rule needs is missing, negative or not finite; a P
    that is zero somewhere.
    """
    known = rule.strip().lower().replace("-", "_").replace(" ", "_")
    if known not in PRECONDITIONED:
        raise UsageError(
            f"'{rule}' has no preconditioner.", "It has one rate for all weights.", "Take the Hessian itself."
        )
    if known == "local_gains":
        found = 1 / _array("gains", gains, known)  # (8)
    else:
        found = np.sqrt(_array("squares", squares, known) + (0.0 if known == "adam" else eps))  # (5)
    if known == "adadelta":
        found = found / np.sqrt(_array("updates", updates, known) + eps)  # (6)
    if known == "adam":
        if step is None or step < 1:
            raise UsageError(
                f"Adam's preconditioner needs the step, 1 or more, not {step}.", "It corrects a bias."
            )
        found = (1 - b1**step) * (found / np.sqrt(1 - b2**step) + eps)  # (7)
    if not (np.isfinite(found) & (found > 0)).all():
        raise UsageError(
            f"The preconditioner of '{rule}' is zero or not finite for {int((~(found > 0)).sum())} weights.",
            "They have never had a gradient and eps is zero.",
            "Give an eps above zero.",
        )
    return found


def stability_ratio(sharpness: float, residual: float, limit: StabilityLimit) -> StabilityRatio:
    """Return the largest eigenvalue over the limit. Raises UsageError: no limit, values not finite."""
    if limit.value is None:
        raise UsageError("There is no limit to compare with.", limit.reason)
    if not (np.isfinite(sharpness) and np.isfinite(residual) and residual >= 0):
        raise UsageError(f"A sharpness of {sharpness} ± {residual} cannot be compared with a limit.")
    return StabilityRatio(sharpness / limit.value, residual / limit.value, limit.value)


def _array(name: str, values: npt.ArrayLike | None, rule: str) -> Vector:
    if values is None:
        raise UsageError(
            f"The preconditioner of '{rule}' needs `{name}`.", "", "Pass it from the rule's state."
        )
    found = np.asarray(values, np.float64)
    if found.ndim != 1 or not found.size or not np.isfinite(found).all() or (found < 0).any():
        raise UsageError(
            f"`{name}` must be finite numbers [D], none below zero.", f"It has shape {found.shape}."
        )
    return found
