"""The significance level of all statistical tests, and limits on the number of seeds. Needs no NumPy."""

from __future__ import annotations

__all__ = ["FEW_SEEDS", "MIN_TEST_SEEDS", "SIGNIFICANCE_LEVEL"]

SIGNIFICANCE_LEVEL = 0.05
"""Significance level: a difference is significant if the p value of its test is at most this number."""
MIN_TEST_SEEDS = 6
"""Fewest seeds with which a test of signs or ranks can find a difference, and a median has a 95 % interval.

The smallest p value of such a test with n seeds is 2 / 2^n: 0.03 for 6 seeds, 0.06 for 5 seeds.
"""
FEW_SEEDS = 10
"""Number of seeds below which similar scores cannot be distinguished."""
