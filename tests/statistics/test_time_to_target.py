"""Time to target and its censoring."""

import math

import numpy as np
import pytest

from ravine.errors import UsageError
from ravine.statistics import NEVER, summarize_target, time_to_target

NAN, INF = math.nan, math.inf


def test_the_first_time_counts_even_if_it_is_lost_again():
    curves = [[0.1, 0.9, 0.2], [0.9, 0.9, 0.9], [0.1, 0.2, 0.3], [NAN, NAN, NAN], [0.1, INF, NAN]]
    assert time_to_target(curves, 0.9, True).tolist() == [1, 0, NEVER, NEVER, NEVER]
    assert time_to_target([[3, 2, 1], [-INF, 5, 5]], 2, False).tolist() == [1, NEVER]


def test_summary_with_half_and_under_half_reached():
    assert summarize_target([3, 1, NEVER]) == type(summarize_target([1]))(2 / 3, 3.0, 3)
    assert summarize_target([1, NEVER, NEVER]).median is None
    assert summarize_target([1, NEVER]).median is None  # the middle lies between 1 and unknown
    assert summarize_target([NEVER]).reached == 0
    assert summarize_target([0, 2, 4, NEVER]).median == 3.0


def test_without_censoring_the_median_is_numpys():
    first = np.random.default_rng(0).integers(0, 50, 12)
    assert summarize_target(first).median == np.median(first)


def test_times_in_steps_or_seconds():
    assert summarize_target([0, 1, 2], [10, 20, 40]).median == 20
    seconds = [[1.0, 2.0], [10.0, 20.0], [100.0, 200.0]]
    assert summarize_target([1, 0, NEVER], seconds).median == 10


def test_misuse_is_refused():
    for call in (
        lambda: time_to_target([[1.0]], NAN, True),
        lambda: time_to_target([1.0], 1, True),
        lambda: summarize_target([]),
        lambda: summarize_target([0.5]),
        lambda: summarize_target([3], [1, 2]),
        lambda: summarize_target([0, 1], [[1, 2]]),
    ):
        with pytest.raises(UsageError):
            call()
