"""Eigenvalue density of a large matrix, by stochastic Lanczos quadrature.  Lecture: "Flat & sharp minima".

    v'f(A)v   = sum_j w_j f(theta_j)                         (1)   theta_j: Ritz values, w_j = s_j1^2
    tr f(A)   = D mean over probes of (1)                    (2)
    density   = mean over probes of sum_j w_j N(x; theta_j, width^2)      (3)

A [D, D] is the symmetric matrix, and f a function of its eigenvalues. A probe is a random start vector v of a
Lanczos recurrence. Its tridiagonal matrix has the eigenvalues theta_j and the unit eigenvectors s_j. Few
eigenvalues far away from the bulk, called spikes, can be projected out of the probes and kept separately, so
that (3) shows the other eigenvalues, the bulk. If a Lanczos recurrence ends early, (1) is exact.

Source: Golub & Welsch 1969 (1); Ubaru, Chen & Saad 2017 (2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.linalg import eigh_tridiagonal
from scipy.special import stdtrit

from ravine.diagnostics.flatten import Vector
from ravine.diagnostics.lanczos import Eigenpairs
from ravine.diagnostics.lanczos_recurrence import LanczosRecurrence
from ravine.diagnostics.linear_operator import SymmetricOperator
from ravine.diagnostics.trace_estimation import Estimate
from ravine.errors import UsageError

__all__ = ["Density", "Quadrature", "density", "log_determinant", "quadrature"]


@dataclass(frozen=True)
class Quadrature:
    """Lanczos quadrature of a symmetric matrix A, which gives traces tr f(A) and the density of eigenvalues.

    For a random start vector v, a probe, v'f(A)v is the sum of weight x f(node).

    nodes [P, M]             nodes (Ritz values) of P probes
    weights [P, M]           their weights, with a sum of 1 for every probe; unused entries have weight 0
    rough_nodes [P, M]       Ritz values after three quarters of the steps, to estimate the error
    rough_weights [P, M]     their weights
    size                     D, size of the matrix
    spikes [K]               eigenvalues that were projected out
    epsilon                  relative rounding error of a product
    products                 number of products used
    """

    nodes: Vector
    weights: Vector
    rough_nodes: Vector
    rough_weights: Vector
    size: int
    spikes: Vector
    epsilon: float
    products: int

    @property
    def bulk(self) -> int:
        """Return the number of eigenvalues that were not projected out as spikes, D - K."""
        return self.size - len(self.spikes)

    def trace_of(self, function: Callable[[Vector], Vector]) -> Estimate:
        """Return an estimate of tr f(A), the sum of f over all eigenvalues of the matrix A, with its error.

        `function` maps an array of eigenvalues to the values of f, elementwise. The standard error combines
        two parts: the scatter over the random start vectors (probes), and the change of the estimate by the
        last quarter of the Lanczos steps.

        Raises UsageError if f is not finite at an estimated eigenvalue.
        """
        with np.errstate(all="ignore"):
            values = np.where(self.weights > 0, function(self.nodes), 0.0)
            rough = np.where(self.rough_weights > 0, function(self.rough_nodes), 0.0)
            at_spikes = function(self.spikes) if len(self.spikes) else np.zeros(0)
        if not all(np.isfinite(part).all() for part in (values, rough, at_spikes)):
            raise UsageError(
                "The function f in the trace of f(A) is not finite at an eigenvalue of the matrix A.",
                "It must be finite at all eigenvalues. Those that were not projected out range from "
                f"{self.nodes.min():.6g} to {self.nodes.max():.6g}.",
                "Add a damping to the eigenvalues in f, or choose another function.",
            )
        by_probe = self.bulk * np.sum(self.weights * values, axis=1)  # (1)
        spread = float(by_probe.std(ddof=1) / np.sqrt(len(by_probe)))
        change = float(by_probe.mean() - self.bulk * np.sum(self.rough_weights * rough, axis=1).mean())
        return Estimate(
            float(by_probe.mean() + at_spikes.sum()), float(np.hypot(spread, change)), self.products
        )  # (2)


class Density(NamedTuple):
    """Density of the bulk of the eigenvalues of a matrix, which are all but a few far away (spikes).

    grid [X]             eigenvalues at which the density is given
    density [X]          density at the grid; its integral is `share`
    low [X], high [X]    Student's interval of the density over probes (random start vectors), for every point
    width                standard deviation of the Gaussian that smooths each eigenvalue
    spikes [K]           eigenvalues outside the bulk, each with a share of 1/D
    share                share of the bulk among all D eigenvalues
    """

    grid: Vector
    density: Vector
    low: Vector
    high: Vector
    width: float
    spikes: Vector
    share: float


def quadrature(
    operator: SymmetricOperator,
    probes: int = 8,
    steps: int = 40,
    *,
    spikes: Eigenpairs | None = None,
    seed: int = 0,
) -> Quadrature:
    """Return the Lanczos quadrature of a symmetric matrix, from random start vectors (probes).

    Traces of functions of the matrix and its eigenvalue density follow from the quadrature.

    operator   symmetric matrix
    probes     number of random start vectors
    steps      Lanczos steps for every probe
    spikes     eigenpairs from `lanczos` or `track_eigenpairs`; the converged ones are projected out
    seed       random seed of the probes

    Raises UsageError for fewer than 2 probes, for no steps, and if all eigenvalues are spikes.
    """
    if probes < 2 or steps < 1:
        raise UsageError(
            f"{probes} probes (random vectors) of {steps} Lanczos steps give no estimate with an error.",
            "At least 2 probes and 1 step are needed.",
            "Use for example probes=8, steps=40.",
        )
    vectors = np.empty((0, operator.size)) if spikes is None else spikes.vectors[spikes.converged]
    values = np.empty(0) if spikes is None else spikes.values[spikes.converged]
    if len(vectors) >= operator.size:
        raise UsageError(
            f"{len(vectors)} of {operator.size} eigenvalues would be projected out as spikes.",
            "At least one eigenvalue must be left for the density.",
            "Pass fewer eigenpairs as spikes.",
        )

    bulk = operator.outside(vectors) if len(vectors) else operator
    generator = np.random.default_rng(seed)
    room = min(steps, operator.size - len(vectors))
    nodes, weights = (
        np.zeros((2, probes, room)),
        np.zeros((2, probes, room)),
    )  # [all or 3/4 of the steps, ...]
    spent = 0
    for probe in range(probes):
        start = generator.standard_normal(operator.size)
        start -= vectors.T @ (vectors @ start)
        recurrence = LanczosRecurrence(bulk, room)
        recurrence.begin(start / np.linalg.norm(start))
        recurrence.advance(room)
        (alphas, betas), closed = recurrence.bands, recurrence.closed
        most = len(alphas) if closed else max(1, 3 * len(alphas) // 4)
        for which, count in enumerate((len(alphas), most)):
            theta, inner = eigh_tridiagonal(alphas[:count], betas[: count - 1])
            nodes[which, probe, :count], weights[which, probe, :count] = theta, inner[0] ** 2  # (1)
            nodes[which, probe, count:] = theta[-1]
        spent += len(alphas)
    return Quadrature(
        nodes[0],
        weights[0],
        nodes[1],
        weights[1],
        operator.size,
        np.asarray(values, np.float64),
        operator.epsilon,
        spent,
    )


def density(
    estimate: Quadrature, width: float | None = None, points: int = 400, level: float = 0.95
) -> Density:
    """Return the density of the bulk of the eigenvalues of a matrix on a grid, from a Lanczos quadrature.

    The bulk are all eigenvalues but those that were projected out as spikes.

    estimate   result of `quadrature`
    width      standard deviation of the Gaussian that smooths each eigenvalue; default 1/100 of the range of
               the bulk
    points     number of points of the grid
    level      probability that the interval covers the density at a point

    Raises UsageError for an argument outside its range, and if all eigenvalues are equal and `width` is None.
    """
    low, high = float(estimate.nodes.min()), float(estimate.nodes.max())
    size = max(abs(low), abs(high))
    if width is None:
        width = (high - low) / 100
        if high - low <= 100 * estimate.epsilon * size:
            raise UsageError(
                f"All eigenvalues of the bulk are {low:.6g}, which is a spike, not a density.",
                "Without `width`, the smoothing width follows from their range, so they must differ.",
                "Pass a width to draw the spike with this width.",
            )
    if not (np.isfinite(width) and width > 0) or points < 2 or not 0 < level < 1:
        raise UsageError(
            f"No density of eigenvalues exists for width={width}, points={points} and level={level}.",
            "The width of the smoothing must be above 0, the points at least 2, the level between 0 and 1.",
            "Use for example points=400, level=0.95.",
        )
    grid = np.linspace(low - 4 * width, high + 4 * width, points)
    share = estimate.bulk / estimate.size
    by_probe = np.empty((len(estimate.nodes), points))
    for probe, (theta, weight) in enumerate(zip(estimate.nodes, estimate.weights, strict=True)):
        bells = np.exp(-0.5 * ((grid[:, None] - theta[None, :]) / width) ** 2)
        by_probe[probe] = share * bells @ weight / (width * np.sqrt(2 * np.pi))  # (3)
    mean, count = by_probe.mean(axis=0), len(by_probe)
    half = float(stdtrit(count - 1, (1 + level) / 2)) * by_probe.std(axis=0, ddof=1) / np.sqrt(count)
    return Density(grid, mean, np.maximum(mean - half, 0.0), mean + half, width, estimate.spikes, share)


def log_determinant(estimate: Quadrature, damping: float) -> Estimate:
    """Return ln det(A + damping I) of a matrix A, with its standard error, from the result of `quadrature`.

    Raises UsageError if the damped matrix has an eigenvalue that is not above zero.
    """
    lowest = float(min(estimate.nodes.min(), estimate.spikes.min(initial=np.inf)))
    if not damping > -lowest:
        raise UsageError(
            f"With damping {damping:.6g}, the lowest eigenvalue of the matrix is {lowest + damping:.6g}.",
            "It must be above zero, otherwise the determinant has no logarithm.",
            "Use the Gauss-Newton matrix, or a larger damping.",
        )
    return estimate.trace_of(lambda theta: np.log(theta + damping))
