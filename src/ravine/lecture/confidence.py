"""The 95 % confidence interval of a mean over n seeds.  Source: Student 1908.

half width = t(0.975, n - 1) s / sqrt(n)          (1)

t(0.975, n - 1) is a quantile of Student's distribution with n - 1 degrees of freedom. s is the standard
deviation of the n values.
"""

from __future__ import annotations

import numpy as np

__all__ = ["half_width"]


def half_width(values: np.ndarray) -> float:
    """Return half the width of the 95 % confidence interval of the mean of `values` [seed].

    The interval uses Student's t distribution. Returns NaN for fewer than two values.
    """
    from scipy.special import stdtrit

    if len(values) < 2:
        return float("nan")
    return float(stdtrit(len(values) - 1, 0.975) * np.std(values, ddof=1) / np.sqrt(len(values)))  # (1)
