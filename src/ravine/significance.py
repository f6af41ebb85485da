"""The level of all tests of differences, and the numbers of seeds that follow from it. Needs no NumPy."""

from __future__ import annotations

__all__ = ["FEW_SEEDS", "MIN_TEST_SEEDS", "SIGNIFICANCE_LEVEL"]

SIGNIFICANCE_LEVEL = 0.05
"""Probability of a false difference that a test accepts. A difference is significant if p is at most this."""
MIN_TEST_SEEDS = 6
"""Fewest seeds with which a test of signs or ranks can find a difference, and a median has a 95 % interval.

The smallest p value of n seeds is 2 / 2^n, 0.03 for 6 seeds and 0.06 for 5.
"""
FEW_SEEDS = 10
"""Number of seeds below which similar scores cannot be distinguished."""
