"""The interval of one mean or median: coverage on known populations, and what it does at the edges."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from ravine.errors import UsageError
from ravine.statistics import interval

# population, its mean, its median. Skewness 0, 0, 1.0, 1.75, -1.25 and 0: what scores over seeds look like.
POPULATIONS = {
    "normal": stats.norm(),
    "heavy-tailed t5": stats.t(5),
    "gamma 4": stats.gamma(4),
    "lognormal 0.5": stats.lognorm(0.5),
    "accuracy-like beta(30, 2)": stats.beta(30, 2),
    "logistic": stats.logistic(),
}
REPEATS = 4000  # a coverage of 95 % is known to +- 0.34 % (one sigma)


def coverage(samples, truth, statistic, resamples):
    ends = np.array([interval(each, statistic, resamples=resamples) for each in samples])
    return np.mean((ends[:, 0] <= truth) & (truth <= ends[:, 1]))


@pytest.mark.slow
@pytest.mark.parametrize("count", [10, 15, 20])
@pytest.mark.parametrize("name", POPULATIONS)
def test_the_mean_is_covered_in_95_percent(name, count):
    population = POPULATIONS[name]
    samples = population.rvs((REPEATS, count), random_state=np.random.default_rng([count, len(name)]))
    assert 0.93 <= coverage(samples, population.mean(), "mean", 1000) <= 0.97


@pytest.mark.parametrize("count", [10, 20])
def test_the_mean_of_a_skewed_population_is_covered_where_percentiles_fail(count):
    population = stats.gamma(4)
    samples = population.rvs((2500, count), random_state=np.random.default_rng(count))
    assert 0.93 <= coverage(samples, population.mean(), "mean", 1000) <= 0.97
    drawn = np.random.default_rng(1).integers(0, count, (300, count))
    low, high = np.quantile(samples[:, drawn].mean(axis=2), [0.025, 0.975], axis=1)
    assert np.mean((low <= 4) & (high >= 4)) < 0.93


@pytest.mark.parametrize("count", [6, 10, 15, 20, 101])
@pytest.mark.parametrize("name", POPULATIONS)
def test_the_median_is_covered_in_95_percent(name, count):
    population = POPULATIONS[name]
    samples = population.rvs((REPEATS, count), random_state=np.random.default_rng([count, len(name)]))
    assert 0.93 <= coverage(samples, population.median(), "median", 1000) <= 0.97


def test_the_median_interval_is_scipys_where_order_statistics_reach_the_level_exactly():
    # scipy.stats.quantile_test gives order statistics of the binomial for each level they can reach
    values = np.random.default_rng(0).normal(size=25)
    for depth in range(1, 10):
        level = 1 - 2 * stats.binom.cdf(depth - 1, 25, 0.5)
        ordered = np.sort(values)
        expected = (ordered[depth - 1], ordered[25 - depth])
        assert interval(values, "median", level=level - 1e-12) == pytest.approx(expected, abs=1e-3)
    ends = interval(values, "median")
    outer = stats.quantile_test(values, q=0, p=0.5).confidence_interval(0.95)
    assert outer.low <= ends[0] < ends[1] <= outer.high


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.99])
def test_the_mean_interval_is_near_scipys_bootstrap_for_many_values(level):
    values = np.random.default_rng(3).normal(10, 2, size=400)
    ours = interval(values, level=level)
    theirs = stats.bootstrap(
        (values,), np.mean, confidence_level=level, method="BCa", rng=np.random.default_rng(0)
    ).confidence_interval
    assert ours == pytest.approx((theirs.low, theirs.high), abs=0.02)


@pytest.mark.parametrize("count", [3, 5, 7, 1001])
def test_few_and_very_many_values_get_students_interval(count):
    values = np.random.default_rng(count).normal(3, 1, count)
    expected = stats.t(count - 1, values.mean(), stats.sem(values)).interval(0.95)
    assert interval(values) == pytest.approx(expected, rel=1e-12)


def test_ends_are_never_nearer_than_halfway_to_students():
    values = np.random.default_rng(8).standard_t(5, size=20)
    low, high = stats.t(19, values.mean(), stats.sem(values)).interval(0.95)
    ours = interval(values)
    assert ours[0] < values.mean() - 0.5 * (values.mean() - low)
    assert ours[1] > values.mean() + 0.5 * (high - values.mean())


def test_equal_values_give_an_interval_of_no_width():
    assert interval([0.7] * 12) == (0.7, 0.7)
    assert interval([0.7] * 12, "median") == (0.7, 0.7)
    assert interval([0.1, 0.1, 0.1]) == (0.1, 0.1)


def test_one_or_two_values_have_no_interval():
    assert interval([0.5]) is None
    assert interval([0.5, 0.5]) is None
    assert interval([0.4, 0.6]) is None
    assert interval([0.4, 0.5, 0.6]) is not None
    assert interval([0.5], "median") is None


def test_the_median_of_five_values_has_no_95_percent_interval():
    # P(min < median < max) = 1 - 2 / 32 = 93.75 %
    assert interval([1, 2, 3, 4, 5], "median") is None
    assert interval([1, 2, 3, 4, 5], "median", level=0.9374) == pytest.approx((1, 5), abs=1e-2)
    assert interval([1, 2, 3, 4, 5, 6], "median") is not None


def test_one_odd_value_among_equal_ones_keeps_the_interval_bounded():
    values = [0.9] * 9 + [0.8]
    low, high = interval(values)
    assert 0.8 < low < 0.89 and 0.89 < high < 0.95


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_diverged_runs_count_as_worst_and_only_when_told_how(bad):
    values = [*range(1, 20), bad]
    with pytest.raises(UsageError, match="not finite"):
        interval(values)
    assert interval(values, greater_is_better=True) is None
    finite = interval([*range(1, 20), 1000.0], "median")
    assert interval(values, "median", greater_is_better=False) == finite
    lower = interval([*range(1, 20), -1000.0], "median")
    assert interval(values, "median", greater_is_better=True) == lower


def test_an_interval_of_a_median_ends_at_infinity_when_enough_runs_diverged():
    assert interval([1.0] * 12 + [math.nan] * 8, "median", greater_is_better=False) == (1.0, math.inf)
    assert interval([1.0] * 12 + [math.nan] * 8, "median", greater_is_better=True) == (-math.inf, 1.0)
    assert interval([math.nan] * 20, "median", greater_is_better=False) == (math.inf, math.inf)


@pytest.mark.parametrize("values", [[], [[1.0, 2.0]], ["a"], 3.0])
def test_what_is_no_list_of_numbers_is_refused(values):
    with pytest.raises(UsageError, match="values"):
        interval(values)


def test_misuse_is_refused():
    with pytest.raises(UsageError, match="mean"):
        interval([1, 2], "maen")
    with pytest.raises(UsageError, match="level"):
        interval([1, 2], level=95)
    with pytest.raises(UsageError, match="resamples"):
        interval([1, 2], resamples=3)


@pytest.mark.parametrize("scale", [1e-300, 1e-8, 1e150, 1e307])
def test_units_do_not_matter(scale):
    values = np.random.default_rng(0).normal(size=12)
    expected = np.array(interval(values))
    assert np.array(interval(values * scale)) / scale == pytest.approx(expected, rel=1e-6)


numbers = st.lists(st.floats(-1e3, 1e3).map(lambda x: round(x, 3)), min_size=2, max_size=25)


@settings(max_examples=60, deadline=None)
@given(numbers, st.sampled_from(["mean", "median"]), st.randoms(use_true_random=False))
def test_order_sign_and_shift(values, statistic, random):
    ends = interval(values, statistic, resamples=400)
    mixed = list(values)
    random.shuffle(mixed)
    assert interval(mixed, statistic, resamples=400) == ends
    assume(ends is not None)
    low, high = ends
    assert low <= high
    flipped = interval([-each for each in values], statistic, resamples=400)
    assert flipped == pytest.approx((-high, -low), abs=1e-6)
    shifted = interval([each + 500 for each in values], statistic, resamples=400)
    assert shifted == pytest.approx((low + 500, high + 500), abs=1e-6)
    center = np.mean(values) if statistic == "mean" else np.median(values)
    assert low - 1e-9 <= center <= high + 1e-9
