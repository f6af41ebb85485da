"""Stuck at a saddle, and for how long.  Lecture: "Problems with vanilla SGD": saddle points.

On -|lambda| c^2 / 2 a step with h = eta |lambda| multiplies the distance c by

    gradient descent   z = 1 + h                                                  (1)   (2), (3) at rho = 0
    momentum           z^2 - (1 + rho + h) z + rho = 0                            (2)   the larger root
    look-ahead         z^2 - (1 + h)(1 + rho) z + rho (1 + h) = 0                 (3)   the larger root

    start    c_0   = |g'v| / |lambda|                                             (4)   from the gradient
    steps    t     = ln(reach / (c_0 A)) / ln z                                   (5)

A = (1 + h - z2) / (z - z2) is the part of a start at rest that goes into the growing solution (1 for gradient
descent), z2 the smaller root. At zero gradient t is infinite: gradient descent alone never leaves.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, sqrt

import numpy as np
import numpy.typing as npt

from ravine.diagnostics.dense_hessian import ExactSpectrum
from ravine.diagnostics.lanczos import Eigenpairs
from ravine.errors import UsageError

__all__ = ["Saddle", "escape_steps", "saddle"]


@dataclass(frozen=True)
class Saddle:
    """Where training stands: `kind` is minimum, saddle, flat or slope.

    `index`: negative eigenvalues (`exact`: all of them were seen, otherwise at least so many); `lowest`
    eigenvalue with its `residual`; `slope`: norm of the gradient; `displacement`: (4); `steps`: (5), None
    where it is no saddle or the gradient has no part along the way out; within `steps_low` to `steps_high`
    by the residual.
    """

    kind: str
    index: int
    exact: bool
    lowest: float
    residual: float
    slope: float
    displacement: float
    steps: float | None
    steps_low: float | None
    steps_high: float | None


def saddle(
    gradient: npt.ArrayLike,
    lowest: Eigenpairs | ExactSpectrum,
    learning_rate: float,
    *,
    rho: float = 0.0,
    lookahead: bool = False,
    reach: float = 1.0,
    small: float | None = None,
) -> Saddle:
    """Return whether a point is a saddle and how many steps it takes to leave it.

    `gradient` [D]; `lowest`: eigenpairs from lanczos(operator, k, "smallest"), or an ExactSpectrum with its
    vectors; `rho`, `lookahead`: as in `escape_steps`; `reach`: distance along the way out that counts as
    left; `small`: gradient norm above which it is a slope, no critical point (default: never). Raises
    UsageError: sizes that differ, values that are not finite.
    """
    g = np.asarray(gradient, np.float64)
    if isinstance(lowest, ExactSpectrum):
        if lowest.vectors is None:
            raise UsageError("The spectrum has no vectors.", "", "Use exact_spectrum(matrix, vectors=True).")
        values, residuals = lowest.values, np.full(len(lowest.values), lowest.tolerance)
        vector, tolerance, exact = lowest.vectors[0], lowest.tolerance, True
        place = 0
    else:
        values, residuals, tolerance = lowest.values, lowest.residuals, lowest.tolerance
        place = int(values.argmin())
        vector, exact = lowest.vectors[place], len(values) == lowest.vectors.shape[1]
    if g.shape != vector.shape or not np.isfinite(g).all():
        raise UsageError(
            f"A gradient of shape {g.shape} does not fit {len(vector)} weights, or is not finite."
        )
    index = int((values + residuals < -tolerance).sum())
    value, residual = float(values[place]), float(residuals[place])
    slope = float(np.linalg.norm(g))
    if small is not None and slope > small:
        kind = "slope"
    elif index:
        kind = "saddle"
    else:
        kind = "flat" if value <= tolerance + residual else "minimum"
    if not index:
        return Saddle(kind, index, exact, value, residual, slope, 0.0, None, None, None)
    along = float(abs(g @ vector))
    displacement = along / abs(value)  # (4)
    # below this the gradient's part along the vector is rounding
    if along <= 1e-14 * slope or along == 0:
        return Saddle(kind, index, exact, value, residual, slope, displacement, None, None, None)

    def steps(curvature: float) -> float:
        start = along / curvature  # (4)
        return escape_steps(curvature, start, learning_rate, rho=rho, lookahead=lookahead, reach=reach)

    best = steps(-value)
    fast, slow = steps(-value + residual), steps(-value - residual) if -value > residual else float("inf")
    return Saddle(
        kind, index, exact, value, residual, slope, displacement, best, min(best, fast), max(best, slow)
    )


def escape_steps(
    curvature: float,
    displacement: float,
    learning_rate: float,
    *,
    rho: float = 0.0,
    lookahead: bool = False,
    reach: float = 1.0,
) -> float:
    """Return the steps from `displacement` to `reach` along a direction of curvature -`curvature`, from rest.

    `rho`: the share of the velocity that a step keeps, 0 for gradient descent. `lookahead`: the gradient is
    taken where the velocity leads, equation (3), not (2). 0 where it is beyond already. Raises UsageError:
    numbers that are not above zero, a `rho` outside 0 to 1.
    """
    given = (curvature, displacement, learning_rate, reach)
    if not all(np.isfinite(each) and each > 0 for each in given) or not 0 <= rho < 1:
        raise UsageError(
            f"No escape time from curvature {curvature}, displacement {displacement}, rate {learning_rate}, "
            f"reach {reach}, rho {rho}.",
            "All but rho are above zero, and rho is 0 or more and below 1.",
        )
    h = learning_rate * curvature
    if lookahead:
        z, other = _roots((1 + h) * (1 + rho), rho * (1 + h))  # (3)
    else:
        z, other = _roots(1 + rho + h, rho)  # (2)
    part = (1 + h - other) / (z - other)
    return max(0.0, log(reach / (displacement * part)) / log(z))  # (5)


def _roots(total: float, together: float) -> tuple[float, float]:
    larger = total / 2 + sqrt(total**2 / 4 - together)
    return larger, together / larger
