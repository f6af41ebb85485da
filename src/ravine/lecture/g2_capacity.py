"""Claim G2 of the lecture: 2 n + d weights suffice to memorize any labels of n rows with d inputs.

In the lecture: "Data memorization". Sources: Zhang et al. 2017, theorem 1; Cover 1965.

    f(x) = sum_j w_j relu(a . x - b_j)                        a network with 2 n + d weights a, b, w   (1)
    order the rows by z_i = a . x_i and choose b_1 < z_1 < b_2 < z_2 < ... : the matrix
    A_ij = relu(z_i - b_j) is triangular with a diagonal > 0, so A w = y has a solution for every y    (2)

A single weighted sum without hidden units (d weights) fits fewer labels. Of all 2^N labelings of N points in
general position it separates

    C = 2 sum_(k<d) binom(N - 1, k)                           half of them at N = 2 d                  (3)
"""

from __future__ import annotations

from math import comb
from typing import Any

import jax
import numpy as np

from ravine.lecture.claim import Claim, Evidence, Finding
from ravine.networks import Network

__all__ = ["CLAIM", "draw", "read", "run"]

CLAIM = Claim(
    "G2",
    title="2n + d weights memorize any n labels",
    section="Memorization and generalization",
    says="A network with 2n + d weights fits any labels of n rows exactly. Without a hidden layer, d "
    "weights separate random labels of 2d rows in half of all cases.",
    run="Weights computed for 20, 100 and 500 random labels; then 1,000 random labelings of up to 52 points "
    "in 5 and 20 dimensions, each tested for a separating plane.",
    caveat="The existence of such weights does not mean that training finds them. Here they are computed "
    "row by row, and between the rows the function oscillates widely.",
    try_it="ravine memorize digits",
)

INPUTS = 20
ROWS = (20, 100, 500)
POINTS_IN = (5, 20)  # dimensions in which points are separated
SHARES = (1.4, 1.8, 2.0, 2.2, 2.6)  # points per dimension, N / d
TRIALS = 1000


def run() -> Evidence:
    """Build networks that memorize random labels, and count labelings that a plane separates; return arrays.

    error [rows]: largest error of a network on the rows for which its weights were computed. weights [rows]:
    number of its weights. separable [dimension, points per dimension]: share of random labelings of random
    points that a plane through the origin separates.
    """
    generator = np.random.default_rng(0)
    errors, weights = zip(*(_construct(rows, generator) for rows in ROWS), strict=True)
    separable = [
        [np.mean([_separable(_points(d, share), d, generator) for _ in range(TRIALS)]) for share in SHARES]
        for d in POINTS_IN
    ]
    return {
        "error": np.array(errors),
        "weights": np.array(weights),
        "separable": np.array(separable),
    }


def read(evidence: Evidence) -> list[Finding]:
    """Return measured numbers with expected values for claim G2, on weights that memorize any labels.

    They are errors and numbers of weights of the constructed networks, and the share of labelings that a
    plane through the origin separates, against Cover's formula.
    """
    findings = []
    for k, rows in enumerate(ROWS):
        findings += [
            Finding(f"largest error on {rows} random labels", evidence["error"][k], 1e-6, 0.0, bound="below"),
            Finding(f"weights used for {rows} rows", evidence["weights"][k], 2 * rows + INPUTS),
        ]
    for k, d in enumerate(POINTS_IN):
        for share, measured in zip(SHARES, evidence["separable"][k], strict=True):
            expected = 0.5 if share == 2 else cover(_points(d, share), d)
            spread = np.sqrt(expected * (1 - expected) / TRIALS)
            what = f"separable labelings of {_points(d, share)} points in {d} dimensions"
            findings.append(Finding(what, measured, expected, 4 * spread + 1e-12, error=1.96 * spread))
    return findings


def draw(evidence: Evidence) -> Any:
    """Draw two panels on the capacity to memorize labels; return the figure.

    Left: the share of random labelings that a plane through the origin separates, over points per input.
    Right: a constructed network that passes through 12 random labels.
    """
    from ravine.lecture.plot_style import canvas, marks, theory

    figure, (left, right) = canvas(CLAIM.title, columns=2)
    for k, d in enumerate(POINTS_IN):
        points = np.arange(d, 3 * d + 1)
        theory(left, points / d, [cover(int(n), d) for n in points], which=k)
        share = np.array([_points(d, share) / d for share in SHARES])
        spread = np.sqrt(evidence["separable"][k] * (1 - evidence["separable"][k]) / TRIALS)
        marks(left, share, evidence["separable"][k], f"{d} inputs", which=k, error=1.96 * spread)
    left.set(xlabel="points per input, N / d", ylabel="share of labelings separated")
    left.set_title("no hidden layer: half at N = 2d")
    left.legend(loc="upper right")

    generator = np.random.default_rng(1)
    z, y = np.sort(generator.standard_normal(12)), generator.integers(0, 2, 12) * 2.0 - 1
    b, w = _solve(z, y)
    line = np.linspace(z[0] - 0.3, z[-1] + 0.3, 2000)
    theory(right, line, np.maximum(line[:, None] - b, 0) @ w, "network", which=2, linestyle="-")
    marks(right, z, y, "12 random labels", which=1)
    right.set(xlabel="a · x", ylabel="output", ylim=(-4, 4))
    right.set_title("2n + d weights: through every label")
    right.legend(loc="upper left")
    return figure


def cover(points: int, inputs: int) -> float:
    """Return the share of all two-class labelings of points that a plane through the origin separates.

    points: number of points, in general position. inputs: number of their coordinates. Source: Cover 1965.
    """
    return 2 * sum(comb(points - 1, k) for k in range(inputs)) / 2**points


def _points(inputs: int, share: float) -> int:
    """Return the number of points for a share of points per dimension."""
    return round(share * inputs)


def _solve(z: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return b [n] and w [n] of (2) for sorted `z` [n] and labels `y` [n]."""
    from scipy.linalg import solve_triangular

    b = np.concatenate([[z[0] - 1], (z[1:] + z[:-1]) / 2])
    return b, solve_triangular(np.maximum(z[:, None] - b, 0), y, lower=True)


def _construct(rows: int, generator: np.random.Generator) -> tuple[float, int]:
    """Return the largest error of (1), built for random labels of `rows` rows, and its number of weights."""
    x = generator.standard_normal((rows, INPUTS))
    y = generator.integers(0, 2, rows) * 2.0 - 1
    a = generator.standard_normal(INPUTS)
    order = np.argsort(x @ a)
    x, y = x[order], y[order]
    b, w = _solve(x @ a, y)
    hidden = {"weight": np.tile(a[:, None], rows), "bias": -b}  # every unit has the same a
    last = {"weight": w[:, None], "bias": np.zeros(1)}
    outputs = jax.jit(Network((INPUTS, rows, 1)).apply)([hidden, last], x)
    return float(np.max(np.abs(np.asarray(outputs)[:, 0] - y))), a.size + b.size + w.size


def _separable(points: int, inputs: int, generator: np.random.Generator) -> bool:
    """Return whether a plane through the origin separates random labels of random points.

    Either some w has y_i x_i . w > 0 for all i, or some weights c >= 0 of sum 1 have sum_i c_i y_i x_i = 0
    (Gordan 1873). Non-negative least squares searches for such c.
    """
    from scipy.optimize import nnls

    x = generator.standard_normal((points, inputs))
    y = generator.integers(0, 2, points) * 2.0 - 1
    rows = np.concatenate([(y[:, None] * x).T, np.ones((1, points))])
    return bool(nnls(rows, np.append(np.zeros(inputs), 1.0))[1] > 1e-9)
