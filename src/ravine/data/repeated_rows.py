"""Number of rows of a table that repeat an earlier row.

pandas gives every row one number, which it makes column by column with a table of all values so far. That
takes seconds for a million rows. Here a hash of each row finds the few rows that can repeat another one, and
pandas compares only these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["count_repeated_rows"]

MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # odd, with bits in no order: 2^64 divided by the golden ratio
HALF = np.uint64(32)


def count_repeated_rows(frame: pd.DataFrame) -> int:
    """Return how many rows of a table [N, D] equal an earlier row. Missing values equal each other."""
    hashes = _row_hashes(frame)
    order = np.argsort(hashes, kind="stable")
    equal = hashes[order[1:]] == hashes[order[:-1]]
    candidates = np.zeros(len(hashes), bool)
    candidates[order[1:][equal]] = candidates[order[:-1][equal]] = True
    return int(frame.iloc[np.flatnonzero(candidates)].duplicated().sum()) if candidates.any() else 0


def _row_hashes(frame: pd.DataFrame) -> np.ndarray:
    """Return a hash of each row, uint64 [N]. Equal rows have equal hashes."""
    hashes = np.zeros(len(frame), np.uint64)
    for k in range(frame.shape[1]):
        hashes ^= _bits(frame.iloc[:, k])
        hashes *= MULTIPLIER
        hashes ^= hashes >> HALF
    return hashes


def _bits(column: pd.Series) -> np.ndarray:
    """Return a number for each value of a column, uint64 [N]. Equal values have equal numbers."""
    import pandas as pd

    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "fiub":
        values = column.to_numpy(np.float64) + 0.0  # -0 becomes 0
        values[np.isnan(values)] = np.nan  # all with the same bits
        return values.view(np.uint64)
    codes, _ = pd.factorize(column)
    return codes.astype(np.int64).view(np.uint64)
