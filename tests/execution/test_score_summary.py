"""Summaries of scores over seeds, checked by NumPy and by construction."""

from __future__ import annotations

import numpy as np
import pytest

from ravine.execution.score_summary import clipped, score_summary

SCORES = np.array([0.8, 0.9, 0.85, 0.95])


def test_mean_median_and_deviation_are_those_of_numpy():
    found = score_summary(SCORES, True)
    assert found.mean == pytest.approx(np.mean(SCORES))
    assert found.median == pytest.approx(np.median(SCORES))
    assert found.sd == pytest.approx(np.std(SCORES, ddof=1))
    assert found.interval[0] < found.mean < found.interval[1]
    assert (found.n_seeds, found.diverged, found.values) == (4, 0, SCORES.tolist())


@pytest.mark.parametrize("greater", [True, False])
def test_a_diverged_run_leaves_no_mean_and_counts_as_the_worst_in_the_median(greater):
    found = score_summary(np.array([0.1, 0.2, np.nan]), greater)
    assert found.mean is found.sd is found.interval is None
    assert found.median == (0.1 if greater else 0.2)
    assert (found.diverged, found.values) == (1, [0.1, 0.2, None])


def test_half_diverged_has_no_median():
    assert score_summary(np.array([0.1, np.nan, np.nan]), True).median is None


def test_one_seed_has_no_deviation():
    found = score_summary(np.array([0.5]), True)
    assert (found.mean, found.sd, found.interval) == (0.5, None, None)


def test_an_interval_ends_where_its_metric_ends_unless_the_scores_leave_it():
    assert clipped((0.9, 1.2), np.array([0.95, 1.0]), (0, 1)) == [0.9, 1.0]
    assert clipped((0.9, 1.4), np.array([0.95, 1.3]), (0, 1)) == [0.9, 1.4]
    assert clipped((-np.inf, 0.4), np.array([0.1, 0.2]), (-np.inf, np.inf)) == [None, 0.4]
    assert clipped(None, SCORES, (0, 1)) is None
