"""The range in which a search tries values of a hyperparameter."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Range", "log_range", "one_minus_range"]


class Range(NamedTuple):
    """The range in which a search tries values of a hyperparameter, log-uniform from `low` to `high`.

    With `one_minus`, the values are averaging rates b, and 1 - b is log-uniform from `low` to `high`.
    """

    low: float
    high: float
    one_minus: bool = False

    def at(self, u: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the values of the hyperparameter at relative places u [...] of the range, float64 [...].

        u = 0 gives `low` and u = 1 gives `high`; with `one_minus`, 1 - `low` and 1 - `high`.
        """
        value = np.exp(np.log(self.low) + np.asarray(u, np.float64) * (np.log(self.high) - np.log(self.low)))
        value = np.clip(value, self.low, self.high)
        return 1 - value if self.one_minus else value


def log_range(low: float, high: float) -> Range:
    """Return the search range of a hyperparameter whose values are log-uniform from `low` to `high`."""
    return Range(low, high)


def one_minus_range(low: float, high: float) -> Range:
    """Return the search range of an averaging rate b for which 1 - b is log-uniform from `low` to `high`."""
    return Range(low, high, one_minus=True)
