"""Time to target: when a run first is good enough, and what can be said when some runs never are.

A run that misses the target is censored: its time is longer than the run, by how much nobody knows. The
fraction that reached it and the median over all runs are still defined; a mean is not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ravine.errors import UsageError
from ravine.statistics.diverged import as_floats

__all__ = ["NEVER", "TargetSummary", "summarize_target", "time_to_target"]

NEVER = -1
"""The index of a run that did not reach the target."""


@dataclass(frozen=True)
class TargetSummary:
    """reached: share of the runs; median: over all runs, None if under half reached; runs: their number."""

    reached: float
    median: float | None
    runs: int


def time_to_target(curves: npt.ArrayLike, target: float, greater_is_better: bool) -> npt.NDArray[np.int64]:
    """Return, for `curves` [run, time], the first time index at least as good as `target`, or NEVER.

    A NaN reaches nothing; an infinite value is divergence and reaches nothing either.
    """
    series = as_floats(curves, 2, "curves")
    if not np.isfinite(target):
        raise UsageError(
            f"The target {target!r} is no number to reach.", "It must be finite.", "Pass the score to reach."
        )
    with np.errstate(invalid="ignore"):
        good = series >= target if greater_is_better else series <= target
    good &= np.isfinite(series)
    return np.where(good.any(axis=1), good.argmax(axis=1), NEVER).astype(np.int64)


def summarize_target(first: npt.ArrayLike, times: npt.ArrayLike | None = None) -> TargetSummary:
    """Summarise `first` [run], the result of `time_to_target`.

    `times` are the steps, evaluations or seconds at each time index, [time] or [run, time]; without them the
    median is in indices.
    """
    index = np.asarray(first)
    if index.ndim != 1 or index.size == 0 or index.dtype.kind not in "iu":
        raise UsageError(
            f"`first` has shape {index.shape} and type {index.dtype}.",
            "It is one whole number a run.",
            "Pass the result of time_to_target.",
        )
    reached = index >= 0
    when = index.astype(np.float64)
    if times is not None:
        table = np.asarray(times, dtype=np.float64)
        if (
            table.ndim not in (1, 2)
            or table.shape[-1] <= index.max()
            or (table.ndim == 2 and table.shape[0] != index.size)
        ):
            raise UsageError(
                f"`times` has shape {table.shape}, for {index.size} runs and index {index.max()}.",
                "It holds one time for each index, [time] or [run, time].",
                "Pass the times of the curves.",
            )
        when = table[index] if table.ndim == 1 else table[np.arange(index.size), index]
    ordered = np.sort(np.where(reached, when, np.inf))
    # the upper of the two middle runs must have reached it, else the middle is not known
    middle = ordered[(index.size - 1) // 2] / 2 + ordered[index.size // 2] / 2
    return TargetSummary(
        reached=float(reached.mean()),
        median=float(middle) if np.isfinite(middle) else None,
        runs=int(index.size),
    )
