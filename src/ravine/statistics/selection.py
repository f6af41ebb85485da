"""Which trial is kept after tuning, and whether the range of rates was wide enough."""

from __future__ import annotations

from math import log
from typing import Literal

import numpy as np
import numpy.typing as npt

from ravine.errors import UsageError
from ravine.statistics.diverged import FloatArray, as_floats, median, orient

__all__ = ["at_edge", "select", "select_from"]


def select(values: npt.ArrayLike, greater_is_better: bool) -> int | None:
    """Return the trial of `values` [trial, seed] with the best median over seeds; None if every run diverged.

    NaN and infinite values are diverged runs and count as the worst. Equal medians go to the trial with fewer
    diverged seeds, then to the smaller index: the smaller learning rate, when trials are in order of rate.
    """
    scores = orient(as_floats(values, 2, "values"), greater_is_better)
    if not np.isfinite(scores).any():
        return None
    return int(select_from(scores[None])[0])


def select_from(scores: FloatArray) -> npt.NDArray[np.intp]:
    """Return the trial selected from scores [..., trial, seed] (greater is better, diverged -inf)."""
    centres = median(scores)
    tied = centres == centres.max(axis=-1, keepdims=True)
    finite = np.count_nonzero(np.isfinite(scores), axis=-1)
    best: npt.NDArray[np.intp] = np.where(tied, finite, -1).argmax(axis=-1)
    return best


def at_edge(best_rate: float, low: float, high: float, share: float = 0.10) -> Literal["low", "high"] | None:
    """Return the end of [low, high] in whose outer `share` (on the log scale) `best_rate` lies, or None."""
    if not 0 < low < high or not np.isfinite(high):
        raise UsageError(
            f"[{low:g}, {high:g}] is no range of learning rates.",
            "Both ends must be positive and the first the smaller.",
            "Use for example low=1e-4, high=1.0.",
        )
    if not best_rate > 0 or not np.isfinite(best_rate):
        raise UsageError(
            f"{best_rate!r} is no learning rate.", "It must be positive and finite.", "Use for example 0.01."
        )
    if not 0 < share < 0.5:
        raise UsageError(f"share = {share!r} is no edge.", "It lies between 0 and 0.5.", "Use 0.10.")
    place = log(best_rate / low) / log(high / low)
    # 1e-9: a rate computed to lie on the boundary is at the edge, whatever its last bit
    if place <= share + 1e-9:
        return "low"
    return "high" if place >= 1 - share - 1e-9 else None
