"""Saddle points, and the steps that an optimizer needs to leave them.  Lecture: "Problems with vanilla SGD".

Along a unit eigenvector v with a negative eigenvalue lambda of the Hessian, the loss is -|lambda| c^2 / 2 at
distance c from the saddle. With the learning rate eta and h = eta |lambda|, every step multiplies c by z:

    gradient descent   z = 1 + h                                                  (1)   = (2), (3) at rho = 0
    momentum           z^2 - (1 + rho + h) z + rho = 0                            (2)   the larger root
    look-ahead         z^2 - (1 + h)(1 + rho) z + rho (1 + h) = 0                 (3)   the larger root

Here rho is the momentum. The distance at the start follows from the gradient g, and the number of steps from
both:

    start    c_0 = |g'v| / |lambda|                                               (4)
    steps    t   = ln(reach / (c_0 A)) / ln z,   A = (1 + h - z2) / (z - z2)      (5)   z2: the smaller root

The saddle counts as left at the distance `reach`. A is the share of a start at rest that belongs to the
growing solution (1 for gradient descent). If the gradient has no component along v, t is infinite: gradient
descent never leaves the saddle.
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
    """Kind of a point in weight space, and the steps that an optimizer needs to leave a saddle.

    kind                    "minimum", "saddle", "flat", or "slope" if the gradient is too large for a
                            critical point
    index                   number of negative eigenvalues that were found
    exact                   whether all eigenvalues were computed; otherwise the index is a lower limit
    lowest, residual        lowest eigenvalue, and the bound on its error
    slope                   norm of the gradient
    displacement            distance from the saddle along the lowest eigenvector: |component of the gradient|
                            / |lowest eigenvalue|; 0 if no eigenvalue is negative
    steps                   number of steps until the saddle is left; None if no eigenvalue is negative, or if
                            the gradient has no component along the lowest eigenvector
    steps_low, steps_high   range of the steps, from the residual
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
    """Return the kind of a point in weight space, and for a saddle the steps an optimizer needs to leave it.

    The kinds are "minimum", "saddle", "flat", and "slope" for a gradient too large for a critical point.

    gradient [D]     gradient of the loss at this point
    lowest           eigenpairs from lanczos(operator, k, "smallest"), or an ExactSpectrum with vectors
    learning_rate    learning rate of the optimizer
    rho, lookahead   momentum, and whether it is Nesterov's, with the gradient at the look-ahead point
    reach            distance along the lowest eigenvector at which the saddle counts as left
    small            norm of the gradient above which the point is a slope; None: never

    Raises UsageError if the gradient does not fit the eigenvectors or is not finite.
    """
    g = np.asarray(gradient, np.float64)
    if isinstance(lowest, ExactSpectrum):
        if lowest.vectors is None:
            raise UsageError(
                "The spectrum of the Hessian was computed without eigenvectors.",
                "The eigenvector of the lowest eigenvalue is needed.",
                "Use exact_spectrum(matrix, vectors=True).",
            )
        values, residuals = lowest.values, np.full(len(lowest.values), lowest.tolerance)
        vector, tolerance, exact = lowest.vectors[0], lowest.tolerance, True
        position = 0
    else:
        values, residuals, tolerance = lowest.values, lowest.residuals, lowest.tolerance
        position = int(values.argmin())
        vector, exact = lowest.vectors[position], len(values) == lowest.vectors.shape[1]
    if g.shape != vector.shape or not np.isfinite(g).all():
        raise UsageError(
            f"The gradient has shape {g.shape}, or values that are not finite.",
            f"It must be finite and have shape [{len(vector)}], as the eigenvectors.",
            "Pass the gradient at the same weights as the eigenvectors, as a vector (to_vector).",
        )
    index = int((values + residuals < -tolerance).sum())
    value, residual = float(values[position]), float(residuals[position])
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
    # A smaller component of the gradient along the vector is rounding.
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
    """Return the number of steps in which an optimizer, starting at rest, leaves a saddle.

    The steps lead from the distance `displacement` to the distance `reach` along a direction of negative
    curvature.

    curvature      |lambda|, size of the negative curvature
    displacement   distance from the saddle at the start
    learning_rate  learning rate of the optimizer
    rho            momentum, 0 for gradient descent
    lookahead      whether the gradient is taken at the look-ahead point (Nesterov)
    reach          distance at which the saddle counts as left

    The result is 0 if the start is already beyond `reach`.

    Raises UsageError unless 0 <= rho < 1 and the other numbers are positive and finite.
    """
    positive = (curvature, displacement, learning_rate, reach)
    if not all(np.isfinite(value) and value > 0 for value in positive) or not 0 <= rho < 1:
        raise UsageError(
            f"There is no escape time for curvature={curvature}, displacement={displacement}, "
            f"learning_rate={learning_rate}, reach={reach}, rho={rho}.",
            "The first four must be positive and finite, and rho at least 0 and below 1.",
            "Pass the size of the negative curvature, without its sign.",
        )
    h = learning_rate * curvature
    if lookahead:
        z, other = _roots((1 + h) * (1 + rho), rho * (1 + h))  # (3)
    else:
        z, other = _roots(1 + rho + h, rho)  # (2)
    part = (1 + h - other) / (z - other)
    return max(0.0, log(reach / (displacement * part)) / log(z))  # (5)


def _roots(total: float, product: float) -> tuple[float, float]:
    """Return the larger and the smaller root of z^2 - total z + product = 0."""
    larger = total / 2 + sqrt(total**2 / 4 - product)
    return larger, product / larger
