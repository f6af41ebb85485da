"""Time to target: the time at which a run first reaches a given score, and its summary over runs.

A run that never reaches the target is censored: only a lower bound of its time is known. The share of runs
that reached the target and the median over all runs are still defined. A mean is not.
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
    """Summary, over several runs, of the time at which a run first reaches a target score.

    reached   share of the runs that reached the target
    median    median time over all runs, in the unit of the times; None unless more than half of the runs
              reached the target
    runs      number of runs
    """

    reached: float
    median: float | None
    runs: int


def time_to_target(curves: npt.ArrayLike, target: float, greater_is_better: bool) -> npt.NDArray[np.int64]:
    """Return the time index at which each of `curves` [run, time] first reaches a target score: [run].

    A score reaches the target if it is at least as good as the target. The index is NEVER (-1) for a run that
    does not reach the target. NaN and infinite scores belong to diverged runs, and do not count as reaching
    it.

    Raises UsageError if `curves` has another shape or `target` is not finite.
    """
    series = as_floats(curves, 2, "curves")
    if not np.isfinite(target):
        raise UsageError(
            f"The target score {target!r} cannot be reached.",
            "It must be finite.",
            "Pass a finite score as target.",
        )
    with np.errstate(invalid="ignore"):
        good = series >= target if greater_is_better else series <= target
    good &= np.isfinite(series)
    return np.where(good.any(axis=1), good.argmax(axis=1), NEVER).astype(np.int64)


def summarize_target(first: npt.ArrayLike, times: npt.ArrayLike | None = None) -> TargetSummary:
    """Return the share of runs that reached a target score, and the median over runs of the time this took.

    first    [run], the time index at which each run reached the target, -1 for never, from `time_to_target`
    times    [time] or [run, time], the step, evaluation or second of every time index; without `times` the
             median is a time index

    Raises UsageError if `first` is not [run] of integers, or if `times` does not fit it.
    """
    index = np.asarray(first)
    if index.ndim != 1 or index.size == 0 or index.dtype.kind not in "iu":
        raise UsageError(
            f"`first` has shape {index.shape} and type {index.dtype}.",
            "It must be [run] and hold integers.",
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
                f"`times` has shape {table.shape}, for {index.size} runs and time index {index.max()}.",
                "It must be [time] or [run, time] and hold one time for every time index.",
                "Pass the times at which the curves were evaluated.",
            )
        when = table[index] if table.ndim == 1 else table[np.arange(index.size), index]
    ordered = np.sort(np.where(reached, when, np.inf))
    # For an even number of runs both middle runs must have reached the target, otherwise the median is
    # unknown.
    middle = ordered[(index.size - 1) // 2] / 2 + ordered[index.size // 2] / 2
    return TargetSummary(
        reached=float(reached.mean()),
        median=float(middle) if np.isfinite(middle) else None,
        runs=int(index.size),
    )
