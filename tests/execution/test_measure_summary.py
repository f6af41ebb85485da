"""Summaries of measures over networks: values that are missing, times never reached, bounds."""

import numpy as np
import pytest

from ravine.execution.measure_summary import NON_NEGATIVE, SHARE, measure_summary, time_summary


def test_time_never_reached_counts_as_late():
    some = time_summary(np.array([3.0, 4.0, np.inf]))
    assert (some.median, some.reached, some.values) == (4.0, 2, [3.0, 4.0, None])
    assert time_summary(np.array([3.0, np.inf, np.inf])).median is None


def test_interval_of_times_ends_at_never():
    found = time_summary(np.array([2.0, 3.0, np.inf, np.inf, np.inf, np.inf, np.inf, np.inf]))
    assert found.interval is not None and found.interval[1] is None


def test_interval_ends_where_its_measure_does():
    """Of three shares near 1 the interval alone would reach beyond it."""
    values = np.array([0.7, 0.99, 1.0])
    free = measure_summary(values).interval
    assert free is not None and free[1] is not None and free[1] > 1
    assert measure_summary(values, SHARE).interval == [free[0], 1.0]


def test_values_beyond_their_bounds_are_not_clipped():
    values = np.array([-0.2, 0.1, 0.3])
    assert measure_summary(values, NON_NEGATIVE) == measure_summary(values)


def test_diverged_network_leaves_no_mean():
    found = measure_summary(np.array([1.0, np.nan, 2.0]))
    assert (found.mean, found.interval, found.values) == (None, None, [1.0, None, 2.0])


@pytest.mark.parametrize("summary", [measure_summary, time_summary])
def test_no_network_leaves_an_empty_summary(summary):
    found = summary(np.zeros(0))
    assert found.values == [] and found.interval is None
    assert (found.mean if summary is measure_summary else found.median) is None
