"""The 95 % confidence interval of a mean over seeds.  Source: Student 1908.

half width = t(0.975, n - 1) s / sqrt(n)          (1)
"""

from __future__ import annotations

import numpy as np

__all__ = ["half_width"]


def half_width(values: np.ndarray) -> float:
    """Return (1), the half width of the 95 % interval of the mean of `values` [seed]; NaN below two seeds."""
    from scipy.special import stdtrit

    if len(values) < 2:
        return float("nan")
    return float(stdtrit(len(values) - 1, 0.975) * np.std(values, ddof=1) / np.sqrt(len(values)))  # (1)
