"""Paired comparisons against scipy, and with diverged runs."""

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


def test_with_ties_and_zeros_it_is_scipys_permutation_of_all_signs():
    generator = np.random.default_rng(0)
    for _ in range(10):
        change = generator.integers(-3, 5, 11).astype(float)
        kept = change[change != 0]
        expected = stats.wilcoxon(
            kept, method=stats.PermutationMethod(n_resamples=np.inf)
        ).pvalue  # n_resamples beyond 2^n: every sign pattern
        assert signed_rank_p(change) == pytest.approx(expected, rel=1e-10)


def test_beyond_200_seeds_it_is_scipys_normal_limit():
    change = np.round(np.random.default_rng(0).normal(0.1, 1, 400), 1)
    change = change[change != 0]
    expected = stats.wilcoxon(change, method="asymptotic", correction=True).pvalue
    assert signed_rank_p(change) == pytest.approx(expected, rel=1e-9)


def test_no_difference_at_all_is_p_one():
    result = compare_paired([0.5] * 7, [0.5] * 7, True)
    assert result == type(result)(0.0, (0.0, 0.0), 0.5, 1.0, 1.0)


def test_differences_equal_up_to_rounding_are_tied():
    hits = np.array([35, 34, 33, 36, 31, 30])
    a, b = (hits + 1) / 37, hits / 37
    assert len(set(a - b)) > 1  # rounding does make them differ
    assert signed_rank_p(np.ones(6)) == compare_paired(a, b, True).p_value == 2 / 64
    mixed = np.array([1, -1, 1, 1, -1, 1])
    assert compare_paired((hits + mixed) / 37, hits / 37, True).p_value == signed_rank_p(mixed)


def test_lower_is_better_turns_the_probability_but_not_the_difference():
    a, b = np.arange(10.0), np.arange(10.0) + np.array([1, 2, 3, 4, 5, 6, 7, 0, -1, -2])
    more, less = compare_paired(a, b, True), compare_paired(a, b, False)
    assert more.difference == less.difference == pytest.approx(-2.5)
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
    assert result.difference is None and result.interval is None
    assert result.p_better == 7 / 8
    # the diverged seed takes the largest rank, against A
    assert result.p_value == signed_rank_p([-99, 2, 3, 4, 5, 6, 7, 8])


def test_where_both_diverged_it_is_a_tie():
    assert compare_paired([math.nan] * 5, [math.inf] * 5, True).p_better == 0.5
    assert compare_paired([math.nan] * 5, [math.inf] * 5, True).p_value == 1.0


def test_the_interval_of_the_difference_covers_it():
    generator = np.random.default_rng(5)
    hits = 0
    for _ in range(1500):
        seed_effect = generator.normal(0, 5, 12)
        result = compare_paired(
            seed_effect + generator.gamma(4, size=12), seed_effect + generator.normal(0, 1, 12), True
        )
        hits += result.interval[0] <= 4 <= result.interval[1]
    assert 0.93 <= hits / 1500 <= 0.97  # +- 0.56 % (one sigma)


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
