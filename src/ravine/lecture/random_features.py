"""Least squares on some of the features: its error on new rows.  Source: Belkin, Hsu & Xu 2020.

y = x . beta + sigma e with D inputs, |beta| = 1, normal x and e; the first p inputs are seen and fitted by
least squares, with the smallest weights where there are many. With s^2 = sigma^2 + 1 - p / D, what cannot be
seen, the mean squared error after n rows is

    p <= n - 2:   s^2 (1 + p / (n - p - 1))
    p >= n + 2:   p / D (1 - n / p) + s^2 (1 + n / (p - n - 1))          infinite between               (1)

that of one data set is distributed as

    p <= n:   s^2 (1 + chi2_p / chi2_(n-p+1))
    p >= n:   s^2 (1 + chi2_n / chi2_(p-n+1)) + p / D Beta((p - n) / 2, n / 2)                          (2)

as X'X is Wishart, and independent of where X points. The mean of (2) is (1); it has a median at p = n, too.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.stats import beta as beta_distribution
from scipy.stats import f as f_distribution

__all__ = ["FEATURES", "ROWS", "SIGMA", "draw_risks", "mean_risk", "median_risk", "risk_variance"]

FEATURES, ROWS, SIGMA = 120, 40, 0.5  # D, n, sigma


def mean_risk(p: int) -> float:
    """Return the mean risk, (1)."""
    unseen = SIGMA**2 + 1 - p / FEATURES
    if p <= ROWS - 2:
        return unseen * (1 + p / (ROWS - p - 1))
    if p >= ROWS + 2:
        return p / FEATURES * (1 - ROWS / p) + unseen * (1 + ROWS / (p - ROWS - 1))
    return float("inf")


def risk_variance(p: int) -> float:
    """Return the variance of (2), where it is finite: more than four degrees of freedom below."""
    unseen = SIGMA**2 + 1 - p / FEATURES
    above, below = _ratio(p)
    square = above * (above + 2) / ((below - 2) * (below - 4))
    variance = unseen**2 * (square - (above / (below - 2)) ** 2)
    if p > ROWS:
        variance += (p / FEATURES) ** 2 * beta_distribution.var((p - ROWS) / 2, ROWS / 2)
    return float(variance)


def median_risk(p: int) -> float:
    """Return the median of (2); its second term by its own quantiles."""
    unseen = SIGMA**2 + 1 - p / FEATURES
    above, below = _ratio(p)
    missed = np.zeros(1)
    if p > ROWS:
        shares = (np.arange(200) + 0.5) / 200
        missed = p / FEATURES * beta_distribution.ppf(shares, (p - ROWS) / 2, ROWS / 2)

    def excess(risk: float) -> float:
        ratio = np.maximum(risk - missed - unseen, 0) / unseen
        return float(np.mean(f_distribution.cdf(ratio * below / above, above, below))) - 0.5

    return float(brentq(excess, 0.0, 1e6))


def draw_risks(p: int, trials: int, generator: np.random.Generator) -> np.ndarray:
    """Return the risk of least squares on p features, by draws of the training rows: [trial].

    Trials come in blocks of 500.
    """
    truth = np.full(FEATURES, 1 / np.sqrt(FEATURES))
    risks = []
    for _ in range(trials // 500):
        x = generator.standard_normal((500, ROWS, FEATURES))
        y = x @ truth + SIGMA * generator.standard_normal((500, ROWS))
        seen = x[..., :p]
        if p <= ROWS:
            gram = seen.transpose(0, 2, 1) @ seen
            found = np.linalg.solve(gram, seen.transpose(0, 2, 1) @ y[..., None])[..., 0]
        else:
            gram = seen @ seen.transpose(0, 2, 1)
            found = (seen.transpose(0, 2, 1) @ np.linalg.solve(gram, y[..., None]))[..., 0]
        risks.append(SIGMA**2 + np.sum(truth[p:] ** 2) + np.sum((found - truth[:p]) ** 2, axis=1))
    return np.concatenate(risks)


def _ratio(p: int) -> tuple[int, int]:
    """Return the degrees of freedom of the two chi2 of (2)."""
    return min(p, ROWS), abs(ROWS - p) + 1
