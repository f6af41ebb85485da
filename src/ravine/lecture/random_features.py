"""The risk of least squares on the first p of D random inputs, for double descent.

Source: Belkin, Hsu & Xu 2020.

The risk is the mean squared error on new rows. A row is y = x . beta + sigma e, with D inputs x and label
noise e, all standard normal. beta has D equal components and length 1. Least squares fits the first p inputs
to n rows; if many weights fit, those of the smallest norm are chosen. Let s^2 = sigma^2 + 1 - p / D, the
variance that p inputs cannot explain. The mean of the risk over data sets is

    p <= n - 2:   s^2 (1 + p / (n - p - 1))
    p >= n + 2:   p / D (1 - n / p) + s^2 (1 + n / (p - n - 1))          infinite between               (1)

For a single data set the risk is distributed as

    p <= n:   s^2 (1 + chi2_p / chi2_(n-p+1))
    p >= n:   s^2 (1 + chi2_n / chi2_(p-n+1)) + p / D Beta((p - n) / 2, n / 2)                          (2)

chi2_k is a chi-square variable with k degrees of freedom; all variables are independent. (2) holds because
X'X is Wishart, and independent of the direction of X, where X [n, p] are the fitted inputs. The mean of (2)
is (1). The median of (2) exists for every p, also at p = n.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.stats import beta as beta_distribution
from scipy.stats import f as f_distribution

__all__ = ["FEATURES", "ROWS", "SIGMA", "draw_risks", "mean_risk", "median_risk", "risk_variance"]

FEATURES, ROWS, SIGMA = 120, 40, 0.5  # D, n, sigma


def mean_risk(p: int) -> float:
    """Return the mean squared error on new rows, by theory, of least squares on p of 120 random inputs.

    It is the mean over data sets of 40 rows. It is infinite for p from 39 to 41. Source: Belkin, Hsu & Xu
    2020.
    """
    unexplained = SIGMA**2 + 1 - p / FEATURES
    if p <= ROWS - 2:
        return unexplained * (1 + p / (ROWS - p - 1))
    if p >= ROWS + 2:
        return p / FEATURES * (1 - ROWS / p) + unexplained * (1 + ROWS / (p - ROWS - 1))
    return float("inf")


def risk_variance(p: int) -> float:
    """Return the variance over data sets of the risk of least squares on p random inputs, by exact theory.

    The risk is the mean squared error on new rows after 40 training rows. The variance is finite, and the
    result valid, only for |p - 40| > 3.
    """
    unexplained = SIGMA**2 + 1 - p / FEATURES
    above, below = _ratio(p)
    square = above * (above + 2) / ((below - 2) * (below - 4))
    variance = unexplained**2 * (square - (above / (below - 2)) ** 2)
    if p > ROWS:
        variance += (p / FEATURES) ** 2 * beta_distribution.var((p - ROWS) / 2, ROWS / 2)
    return float(variance)


def median_risk(p: int) -> float:
    """Return the median over data sets of the risk of least squares on p random inputs, by exact theory.

    The risk is the mean squared error on new rows after 40 training rows. Its distribution has two
    independent terms. The probability is averaged over quantiles of the second term, and a root search finds
    the median.
    """
    unexplained = SIGMA**2 + 1 - p / FEATURES
    above, below = _ratio(p)
    second = np.zeros(1)
    if p > ROWS:
        shares = (np.arange(200) + 0.5) / 200
        second = p / FEATURES * beta_distribution.ppf(shares, (p - ROWS) / 2, ROWS / 2)

    def excess(risk: float) -> float:
        ratio = np.maximum(risk - second - unexplained, 0) / unexplained
        return float(np.mean(f_distribution.cdf(ratio * below / above, above, below))) - 0.5

    return float(brentq(excess, 0.0, 1e6))


def draw_risks(p: int, trials: int, generator: np.random.Generator) -> np.ndarray:
    """Return the risk of least squares on p random inputs for many random training sets of 40 rows: [trial].

    The risk is the mean squared error on new rows, computed exactly from the fitted weights. The number of
    trials is rounded down to a multiple of 500.
    """
    truth = np.full(FEATURES, 1 / np.sqrt(FEATURES))
    risks = []
    for _ in range(trials // 500):
        x = generator.standard_normal((500, ROWS, FEATURES))
        y = x @ truth + SIGMA * generator.standard_normal((500, ROWS))
        used = x[..., :p]
        if p <= ROWS:
            gram = used.transpose(0, 2, 1) @ used
            weights = np.linalg.solve(gram, used.transpose(0, 2, 1) @ y[..., None])[..., 0]
        else:
            gram = used @ used.transpose(0, 2, 1)
            weights = (used.transpose(0, 2, 1) @ np.linalg.solve(gram, y[..., None]))[..., 0]
        risks.append(SIGMA**2 + np.sum(truth[p:] ** 2) + np.sum((weights - truth[:p]) ** 2, axis=1))
    return np.concatenate(risks)


def _ratio(p: int) -> tuple[int, int]:
    """Return the degrees of freedom of the two chi-square variables in (2): numerator, denominator."""
    return min(p, ROWS), abs(ROWS - p) + 1
