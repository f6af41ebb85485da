"""The density of eigenvalues of a large matrix.  Lecture: "Flat & sharp minima", saddle points.

    v'f(A)v   = sum_j w_j f(theta_j)                         (1)   Ritz values; w_j = s_j1^2
    tr f(A)   = D mean over probes of (1)                    (2)
    density   = mean over probes of sum_j w_j N(x; theta_j, width^2)      (3)

Spikes (converged pairs far out) are projected out of the probes and drawn apart, so that (3) shows the bulk.
Source: Golub & Welsch 1969; Ubaru, Chen & Saad 2017. The recurrences stop at a breakdown, where (1) is exact.
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
    """Nodes and weights of each probe [P, M] (weights sum to 1 for each; unused places have weight 0).

    `rough_nodes`, `rough_weights`: the same from three quarters of the steps, which shows what the number of
    steps leaves open. `size`: D; `bulk`: D less the `spikes` [K] taken out; `epsilon`: rounding of a
    product; `products` spent.
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
        """Eigenvalues that are not spikes."""
        return self.size - len(self.spikes)

    def trace_of(self, function: Callable[[Vector], Vector]) -> Estimate:
        """Return tr f(A) by equation (2), spikes included, with its standard error.

        It joins the spread over probes and what the last quarter of the steps changed. Raises UsageError: the
        function is not finite on the spectrum.
        """
        with np.errstate(all="ignore"):
            values = np.where(self.weights > 0, function(self.nodes), 0.0)
            rough = np.where(self.rough_weights > 0, function(self.rough_nodes), 0.0)
            apart = function(self.spikes) if len(self.spikes) else np.zeros(0)
        if not all(np.isfinite(each).all() for each in (values, rough, apart)):
            raise UsageError(
                "The function is not finite on the spectrum.",
                f"It reaches from {self.nodes.min():.6g} to {self.nodes.max():.6g}.",
                "Add a damping, or choose another function.",
            )
        each = self.bulk * np.sum(self.weights * values, axis=1)  # (1)
        spread = float(each.std(ddof=1) / np.sqrt(len(each)))
        change = float(each.mean() - self.bulk * np.sum(self.rough_weights * rough, axis=1).mean())
        return Estimate(
            float(each.mean() + apart.sum()), float(np.hypot(spread, change)), self.products
        )  # (2)


class Density(NamedTuple):
    """`density` [X] over `grid` [X] of the bulk (its integral: `share`), within `low` to `high` [X].

    `width`: standard deviation of the smoothing; `spikes` [K]: eigenvalues drawn apart, each of share 1/D.
    The band is Student's interval over probes, point by point.
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
    """Return the quadrature of `probes` random starts; converged `spikes` (lanczos, track) are taken out.

    Raises UsageError: fewer than 2 probes, no steps, as many spikes as eigenvalues.
    """
    if probes < 2 or steps < 1:
        raise UsageError(
            f"{probes} probes of {steps} steps give no density with an error.",
            "",
            "Use 2 probes, 1 step or more.",
        )
    apart = np.empty((0, operator.size)) if spikes is None else spikes.vectors[spikes.converged]
    values = np.empty(0) if spikes is None else spikes.values[spikes.converged]
    if len(apart) >= operator.size:
        raise UsageError(f"{len(apart)} spikes leave nothing of {operator.size} eigenvalues.")

    bulk = operator.outside(apart) if len(apart) else operator
    generator = np.random.default_rng(seed)
    room = min(steps, operator.size - len(apart))
    nodes, weights = np.zeros((2, probes, room)), np.zeros((2, probes, room))  # of all steps, and of most
    spent = 0
    for probe in range(probes):
        start = generator.standard_normal(operator.size)
        start -= apart.T @ (apart @ start)
        found = LanczosRecurrence(bulk, room)
        found.begin(start / np.linalg.norm(start))
        found.advance(room)
        (alphas, betas), closed = found.bands, found.closed
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


def density(found: Quadrature, width: float | None = None, points: int = 400, level: float = 0.95) -> Density:
    """Return equation (3) on a grid over the bulk. `width`: default a hundredth of the bulk's range.

    Raises UsageError: all eigenvalues are equal and no width is given (there is no density, only a spike).
    """
    low, high = float(found.nodes.min()), float(found.nodes.max())
    size = max(abs(low), abs(high))
    if width is None:
        width = (high - low) / 100
        if high - low <= 100 * found.epsilon * size:
            raise UsageError(
                f"All eigenvalues of the bulk are {low:.6g}.",
                "That is a spike, not a density.",
                "Give a smoothing width if it is to be drawn all the same.",
            )
    if not (np.isfinite(width) and width > 0) or points < 2 or not 0 < level < 1:
        raise UsageError(f"No density with width {width} on {points} points at level {level}.")
    grid = np.linspace(low - 4 * width, high + 4 * width, points)
    share = found.bulk / found.size
    each = np.empty((len(found.nodes), points))
    for probe, (theta, weight) in enumerate(zip(found.nodes, found.weights, strict=True)):
        bells = np.exp(-0.5 * ((grid[:, None] - theta[None, :]) / width) ** 2)
        each[probe] = share * bells @ weight / (width * np.sqrt(2 * np.pi))  # (3)
    mean = each.mean(axis=0)
    half = float(stdtrit(len(each) - 1, (1 + level) / 2)) * each.std(axis=0, ddof=1) / np.sqrt(len(each))
    return Density(grid, mean, np.maximum(mean - half, 0.0), mean + half, width, found.spikes, share)


def log_determinant(found: Quadrature, damping: float) -> Estimate:
    """Return ln det(A + damping), natural logarithm, with its standard error.

    Raises UsageError: the damped matrix has eigenvalues at or below zero.
    """
    lowest = float(min(found.nodes.min(), found.spikes.min(initial=np.inf)))
    if not damping > -lowest:
        raise UsageError(
            f"The matrix has the eigenvalue {lowest:.6g}: damped by {damping:.6g} it is not positive.",
            "Its determinant has no logarithm.",
            "Use the Gauss-Newton matrix, or a larger damping.",
        )
    return found.trace_of(lambda theta: np.log(theta + damping))
