"""Selection of the best trial after tuning, and check that the range of learning rates was wide enough."""

from __future__ import annotations

from math import log
from typing import Literal

import numpy as np
import numpy.typing as npt

from ravine.errors import UsageError
from ravine.statistics.diverged import FloatArray, as_floats, median, orient

__all__ = ["at_edge", "select", "select_from"]


def select(values: npt.ArrayLike, greater_is_better: bool) -> int | None:
    """Return the index of the trial with the best median over seeds, from the scores `values` [trial, seed].

    Return None if every run diverged. NaN and infinite values are diverged runs and count as the worst value.
    Among equal medians the trial with fewer diverged seeds is selected, then the smaller index. The smaller
    index is the smaller learning rate if the trials are in order of the learning rate.
    """
    scores = orient(as_floats(values, 2, "values"), greater_is_better)
    if not np.isfinite(scores).any():
        return None
    return int(select_from(scores[None])[0])


def select_from(scores: FloatArray) -> npt.NDArray[np.intp]:
    """Return the index of the trial with the best median over seeds, from `scores` [..., trial, seed]: [...].

    Greater is better in `scores`, and diverged runs are -inf. Among equal medians the trial with fewer
    diverged seeds is selected, then the smaller index.
    """
    centers = median(scores)
    tied = centers == centers.max(axis=-1, keepdims=True)
    finite = np.count_nonzero(np.isfinite(scores), axis=-1)
    best: npt.NDArray[np.intp] = np.where(tied, finite, -1).argmax(axis=-1)
    return best


def at_edge(best_rate: float, low: float, high: float, share: float = 0.10) -> Literal["low", "high"] | None:
    """Return "low" or "high" if the best learning rate lies near this end of its range, otherwise None.

    The range is [low, high]. Near an end means within a `share` of the range on the logarithmic scale. A
    better learning rate may then lie outside the range.

    Raises UsageError unless 0 < low < high, best_rate > 0 and 0 < share < 0.5.
    """
    if not 0 < low < high or not np.isfinite(high):
        raise UsageError(
            f"[{low:g}, {high:g}] is not a range of learning rates.",
            "0 < low < high is required, both finite.",
            "Use for example low=1e-4, high=1.0.",
        )
    if not best_rate > 0 or not np.isfinite(best_rate):
        raise UsageError(
            f"{best_rate!r} is not a learning rate.",
            "It must be positive and finite.",
            "Use for example best_rate=0.01.",
        )
    if not 0 < share < 0.5:
        raise UsageError(
            f"share = {share!r} cannot be the share of the range that counts as near an end.",
            "It must lie between 0 and 0.5.",
            "Use share=0.10.",
        )
    position = log(best_rate / low) / log(high / low)
    # 1e-9 is a margin for rounding, so that a rate on the boundary always counts as near the end
    if position <= share + 1e-9:
        return "low"
    return "high" if position >= 1 - share - 1e-9 else None
