"""The smallest difference of two scores, or of two losses, that matters in practice.

    smallest(a, b) = d                       (1)   d in the unit of the score: shares such as accuracy
    smallest(a, b) = d max(|a|, |b|)         (2)   d relative to the larger of both scores: errors and losses
    a difference matters if |a - b| >= smallest(a, b)                    (3)

a and b are the two scores. Many seeds make a tiny difference significant. Equation (3) decides whether it is
also large enough to act on. This file imports neither JAX nor NumPy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Self

__all__ = ["SmallestDifference"]

ROUNDING = 1e-9  # relative; 0.975 - 0.970 is a little below 0.005


@dataclass(frozen=True, kw_only=True)
class SmallestDifference:
    """The smallest difference of two scores or losses that matters in practice; base of metrics and losses.

    Raises ValueError for a negative or infinite smallest difference.
    """

    smallest_difference: float = 0.0
    """Smallest difference that matters in practice, in the unit of the score; 0 = every difference."""
    relative_difference: bool = False
    """Whether the smallest difference is a share of the larger of the two scores, not in their unit."""

    def __post_init__(self) -> None:
        if not 0 <= self.smallest_difference < math.inf:
            raise ValueError(
                f"smallest_difference must be finite and at least 0, got {self.smallest_difference}."
            )

    def smallest_difference_at(self, *scores: float | None) -> float:
        """Return the smallest difference that matters between `scores`, in the unit of the scores.

        A relative smallest difference is multiplied by the largest |score|. Scores of diverged runs (None,
        NaN or infinite) are left out.
        """
        if not self.relative_difference:
            return self.smallest_difference
        sizes = [abs(score) for score in scores if score is not None and math.isfinite(score)]
        return self.smallest_difference * max(sizes, default=0.0)

    def matters(self, before: float | None, after: float | None, difference: float | None = None) -> bool:
        """Return whether two scores differ by at least the smallest difference that matters.

        difference: the difference, if it was not measured as `after` - `before`, for example as a median of
        paired differences. A score that is None, NaN or infinite belongs to a diverged run: it differs from
        every finite score, but not from the score of another diverged run.
        """
        finite = [score is not None and math.isfinite(score) for score in (before, after)]
        if not all(finite) or before is None or after is None:
            return any(finite)
        change = after - before if difference is None else difference
        return abs(change) >= (1 - ROUNDING) * self.smallest_difference_at(before, after)

    def with_smallest_difference(self, value: float | None) -> Self:
        """Return a copy of this metric or loss with another smallest difference that matters.

        `value` is that difference in the unit of the score. If `value` is None, return the object unchanged.
        """
        if value is None:
            return self
        return replace(self, smallest_difference=value, relative_difference=False)
