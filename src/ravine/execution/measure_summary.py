"""Summaries of one number per network over several networks.

The summary of a measured number has the mean, its 95 % interval and all values. That of the time of an event
has the median, its 95 % interval, all times, and the number of networks that reached the event.
"""

from __future__ import annotations

import numpy as np

from ravine.execution.result_parts import Measure, TimeMeasure
from ravine.execution.score_summary import UNBOUNDED, clipped, finite_or_none
from ravine.statistics import interval

__all__ = ["NON_NEGATIVE", "SHARE", "measure_summary", "time_summary"]

SHARE = (0.0, 1.0)  # bounds of a share
NON_NEGATIVE = (0.0, np.inf)  # bounds of a measure that cannot be negative


def measure_summary(values: np.ndarray, bounds: tuple[float, float] = UNBOUNDED) -> Measure:
    """Return the mean, its 95 % interval and all values of a number that was measured on several networks.

    values: [network]. bounds: smallest and largest possible value, to which the interval is clipped.
    """
    ends = interval(values, greater_is_better=False) if len(values) else None
    return Measure(
        mean=finite_or_none(np.mean(values)) if len(values) else None,
        interval=clipped(ends, values, bounds),
        values=[finite_or_none(value) for value in values],
    )


def time_summary(times: np.ndarray) -> TimeMeasure:
    """Return median, 95 % interval and values of the times [network] at which networks reached an event.

    The summary also counts the networks that reached the event. The time of a network that never reached the
    event is infinite.
    """
    ends = interval(times, "median", greater_is_better=False) if len(times) else None
    return TimeMeasure(
        median=finite_or_none(np.median(times)) if len(times) else None,
        interval=clipped(ends, times, NON_NEGATIVE),
        values=[finite_or_none(time) for time in times],
        reached=int(np.isfinite(times).sum()),
    )
