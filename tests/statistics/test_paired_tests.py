"""Paired comparisons against scipy, with ties, outliers and diverged runs; agreement of interval and test."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ravine.errors import UsageError
from ravine.statistics import compare_paired, compare_pairs, holm
from ravine.statistics.paired_tests import signed_rank_p


@pytest.mark.parametrize("count", [1, 2, 5, 10, 20, 50])
def test_the_p_value_is_scipys_exact_one(count):
    generator = np.random.default_rng(count)
    for shift in (0.0, 0.5, 3.0):
        a, b = generator.normal(shift, 1, count), generator.normal(0, 1, count)
        expected = stats.wilcoxon(a, b, method="exact").pvalue
        assert compare_paired(a, b, True).p_value == pytest.approx(expected, rel=1e-10)


def all_signs(ranks, statistic):
    """Return the two-sided p value of a sum of ranks from all sign patterns."""
    sums = np.array([np.dot(signs, ranks) for signs in itertools.product((0, 1), repeat=len(ranks))])
    middle = np.sum(ranks) / 2
    return np.mean(np.abs(sums - middle) >= abs(statistic - middle) - 1e-9)


def test_with_ties_and_zeros_it_is_the_larger_one_of_all_signs_with_and_without_ties():
    generator = np.random.default_rng(0)
    for _ in range(10):
        change = generator.integers(-3, 5, 11).astype(float)
        ranks = stats.rankdata(np.abs(change))
        statistic = ranks[change > 0].sum() + ranks[change == 0].sum() / 2  # a zero counts half
        expected = max(all_signs(ranks, statistic), all_signs(np.arange(1, 12), statistic))
        assert signed_rank_p(change) == pytest.approx(expected, rel=1e-10)


def test_beyond_200_seeds_it_is_scipys_normal_limit():
    change = np.random.default_rng(0).normal(0.1, 1, 400)
    expected = stats.wilcoxon(change, method="asymptotic", correction=True).pvalue
    assert signed_rank_p(change) == pytest.approx(expected, rel=1e-9)


def test_no_difference_at_all_is_p_one():
    result = compare_paired([0.5] * 7, [0.5] * 7, True)
    assert result == type(result)(0.0, (0.0, 0.0), 0.5, 1.0, 1.0)


@pytest.mark.parametrize("huge", [1e9, 1e12, 1e300])
@pytest.mark.parametrize("rounded", [False, True])
def test_one_huge_loss_does_not_make_the_others_equal(huge, rounded):
    before = np.array([0.69] * 19 + [huge])
    if rounded:
        before = before.astype(np.float32).astype(float) if huge < 1e38 else before
    result = compare_paired(np.full(20, 0.62), before, False)
    assert (result.p_better, result.p_equal) == (1.0, 0.0)
    assert result.p_value == 2 / 2**20  # every sign is the same
    assert result.difference == pytest.approx(-0.07, rel=1e-6)  # the mean would be -huge / 20
    assert result.interval[0] == pytest.approx(-0.07, rel=1e-6) and result.interval[1] < 0


def test_a_tiny_difference_of_a_pair_is_no_tie():
    result = compare_paired([1.0001] * 6 + [1e6], [1.0] * 6 + [2e6], True)
    assert result.p_equal == 0 and result.p_better == 6 / 7


def test_scores_that_differ_by_the_rounding_of_32_bits_are_tied():
    hits = np.arange(900, 920) / 1_000
    assert compare_paired(hits.astype(np.float32), hits, True).p_equal == 1.0


def test_the_difference_is_the_median_of_all_averages_of_two():
    change = np.array([3.0, -1.0, 4.0, 1.0, -5.0, 9.0, 2.0])
    averages = [(x + y) / 2 for x, y in itertools.combinations_with_replacement(change, 2)]
    assert compare_paired(change, np.zeros(7), True).difference == np.median(averages)


@pytest.mark.parametrize("count", [6, 10, 20])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_the_interval_holds_the_shifts_that_scipys_test_does_not_reject(count, level):
    change = np.random.default_rng(count).standard_t(2, count)
    low, high = compare_paired(change, np.zeros(count), True, level=level).interval
    for end, inward in ((low, 1e-6), (high, -1e-6)):
        inside, outside = (
            stats.wilcoxon(change - end - step, method="exact").pvalue for step in (inward, -inward)
        )
        assert inside > 1 - level >= outside


def test_the_interval_needs_six_seeds_at_95_percent():
    assert compare_paired(np.arange(1.0, 6), np.zeros(5), True).interval is None
    assert compare_paired(np.arange(1.0, 7), np.zeros(6), True).interval == (1.0, 6.0)


ties = st.integers(6, 16).flatmap(lambda n: st.lists(st.integers(-2, 4), min_size=n, max_size=n))


@settings(max_examples=300, deadline=None)
@given(ties)
def test_the_interval_contains_zero_if_and_only_if_the_test_finds_nothing(change):
    result = compare_paired(np.array(change) / 64 + 0.5, np.full(len(change), 0.5), True)
    low, high = result.interval
    assert (low <= 0 <= high) == (result.p_value > 0.05)
    assert low <= result.difference <= high


def test_differences_equal_up_to_rounding_are_tied():
    hits = np.array([35, 34, 33, 36, 31, 30])
    a, b = (hits + 1) / 37, hits / 37
    assert len(set(a - b)) > 1  # rounding does make them differ
    assert signed_rank_p(np.ones(6)) == compare_paired(a, b, True).p_value == 2 / 64  # of all 2^6 signs
    mixed = np.array([1, -1, 1, 1, -1, 1])
    assert compare_paired((hits + mixed) / 37, hits / 37, True).p_value == signed_rank_p(mixed)


def test_lower_is_better_turns_the_probability_but_not_the_difference():
    a, b = np.arange(10.0), np.arange(10.0) + np.array([1, 2, 3, 4, 5, 6, 7, 0, -1, -2])
    more, less = compare_paired(a, b, True), compare_paired(a, b, False)
    change = a - b
    median = np.median([(x + y) / 2 for x, y in itertools.combinations_with_replacement(change, 2)])
    assert more.difference == less.difference == pytest.approx(median)
    assert (more.p_better, less.p_better) == (pytest.approx(0.25), pytest.approx(0.75))
    assert more.p_value == less.p_value


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("greater_is_better", [True, False])
def test_a_diverged_seed_ranks_worst(bad, greater_is_better):
    sign = 1 if greater_is_better else -1
    b = np.zeros(8)
    a = sign * np.array([1.0, 2, 3, 4, 5, 6, 7, 8])
    a[0] = bad
    result = compare_paired(a, b, greater_is_better)
    averages = [(x + y) / 2 for x, y in itertools.combinations_with_replacement([-math.inf, *range(2, 9)], 2)]
    assert result.difference == sign * np.median(averages)
    worst, best = result.interval[::sign]
    assert worst == -sign * math.inf and np.isfinite(best)
    assert result.p_better == 7 / 8
    # the diverged seed takes the largest rank, against A
    assert result.p_value == signed_rank_p([-99, 2, 3, 4, 5, 6, 7, 8])


def test_where_both_diverged_it_is_a_tie():
    assert compare_paired([math.nan] * 5, [math.inf] * 5, True).p_better == 0.5
    assert compare_paired([math.nan] * 5, [math.inf] * 5, True).p_value == 1.0


def test_a_rule_that_diverges_on_most_seeds_has_no_difference():
    result = compare_paired([math.nan] * 7 + [0.9] * 3, [0.8] * 10, True)
    assert result.difference is None and result.p_better == 0.3


def test_the_interval_of_the_difference_covers_it_also_with_heavy_tails():
    generator = np.random.default_rng(5)
    hits = 0
    for _ in range(1500):
        seed_effect = generator.normal(0, 5, 12)
        result = compare_paired(seed_effect + 4 + generator.standard_t(1, 12), seed_effect, True)
        hits += result.interval[0] <= 4 <= result.interval[1]
    exact = 1 - 2 * 0.0212  # P(W <= 13) with 12 differences, from Wilcoxon's table
    assert abs(hits / 1500 - exact) <= 3 * 0.0053


def test_false_differences_are_at_most_5_percent_and_true_ones_are_found():
    generator = np.random.default_rng(6)
    noise = generator.normal(size=(1000, 2, 20))
    false = np.mean([compare_paired(a, b, True).p_value <= 0.05 for a, b in noise])
    found = np.mean([compare_paired(a + 1.0, b, True).p_value <= 0.05 for a, b in noise[:300]])
    assert false <= 0.05 + 3 * 0.007
    # a paired t test has power 0.84 here, and Wilcoxon an efficiency of 3 / pi
    assert found >= 0.75


def test_seeds_must_match():
    with pytest.raises(UsageError, match="3 seeds and B has 2"):
        compare_paired([1, 2, 3], [1, 2], True)
    with pytest.raises(UsageError, match="level"):
        compare_paired([1, 2], [1, 2], True, level=95)


def test_holm_is_the_step_down_of_its_definition():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]).tolist() == [1.0, 1.0]
    assert holm([]).size == 0
    with pytest.raises(UsageError):
        holm([0.5, math.nan])


def test_compare_all_has_every_pair_once_with_holm():
    generator = np.random.default_rng(2)
    values = {name: generator.normal(mean, 1, 20) for name, mean in {"a": 0, "b": 0, "c": 4, "d": 9}.items()}
    pairs = compare_pairs(values, True)
    assert [(pair.a, pair.b) for pair in pairs] == [
        ("a", "b"), ("a", "c"), ("a", "d"), ("b", "c"), ("b", "d"), ("c", "d")
    ]  # fmt: skip
    assert [pair.p_holm for pair in pairs] == holm([pair.comparison.p_value for pair in pairs]).tolist()
    assert {(pair.a, pair.b) for pair in pairs if pair.p_holm > 0.05} == {("a", "b")}
    assert compare_pairs({"only": [1.0]}, True) == []


tables = st.integers(2, 14).flatmap(
    lambda n: st.lists(
        st.lists(st.integers(-4, 4) | st.just(math.nan), min_size=n, max_size=n), min_size=2, max_size=2
    )
)


@settings(max_examples=80, deadline=None)
@given(tables, st.randoms(use_true_random=False))
def test_order_of_seeds_and_exchange_of_rules(table, random):
    a, b = np.array(table, dtype=float)
    forth, back = compare_paired(a, b, True), compare_paired(b, a, True)
    assert forth.p_better + back.p_better == pytest.approx(1)
    assert forth.p_value == pytest.approx(back.p_value)
    assert 0 <= forth.p_value <= 1
    order = list(range(len(a)))
    random.shuffle(order)
    assert compare_paired(a[order], b[order], True) == forth
    turned = compare_paired(-a, -b, False)
    assert (turned.p_better, turned.p_value) == (forth.p_better, forth.p_value)
    if forth.interval is not None:
        assert back.interval == pytest.approx((-forth.interval[1], -forth.interval[0]), abs=1e-9)
