"""Performance profiles and geometric-mean ratios, by hand and by simulation."""

import math

import numpy as np
import pytest

from ravine.errors import UsageError
from ravine.statistics import geometric_mean_ratio, performance_profiles


def column(*costs):
    return np.array(costs, dtype=float)[:, None]


def test_a_profile_counts_by_hand():
    profiles = performance_profiles({"a": column(1, 2, 4), "b": column(2, 2, 1)}, tau=[1, 2, 4])
    assert profiles["a"].rho == pytest.approx([2 / 3, 2 / 3, 1])
    assert profiles["b"].rho == pytest.approx([2 / 3, 1, 1])


def test_profiles_rise_from_1_to_4_inside_their_band():
    costs = {name: np.random.default_rng(i).lognormal(size=(12, 5)) for i, name in enumerate("abc")}
    for each in performance_profiles(costs, resamples=300).values():
        assert (each.tau[0], each.tau[-1]) == (1.0, 4.0)
        assert (np.diff(each.rho) >= 0).all()
        assert (each.lower <= each.upper).all() and each.lower.min() >= 0 and each.upper.max() <= 1


def test_the_band_is_binomial_when_seeds_agree():
    # 40 data sets, rule b is the best on half of them: its share at tau = 1 is binomial
    a, b = column(*[1, 2] * 20), column(*[2, 1] * 20)
    band = performance_profiles({"a": a, "b": b}, tau=[1], resamples=4000)["b"]
    half = 1.96 * math.sqrt(0.25 / 40)
    assert (band.lower[0], band.upper[0]) == pytest.approx((0.5 - half, 0.5 + half), abs=0.03)


def test_divergence_and_perfection():
    profiles = performance_profiles(
        {"a": column(0, math.nan, 1), "b": column(1, math.inf, math.nan)}, tau=[1, 4]
    )
    assert profiles["a"].rho == pytest.approx([2 / 3, 2 / 3])
    assert profiles["b"].rho.tolist() == [0, 0]
    ratios = geometric_mean_ratio({"a": column(0, 1), "b": column(1, 1), "c": column(math.nan, 1)}, "b")
    assert ratios["a"].ratio is None and ratios["c"].ratio is None and ratios["b"].ratio == 1


def test_the_ratio_is_the_geometric_mean_and_turns_over_with_the_reference():
    costs = {"a": column(1, 8, 3), "b": column(2, 2, 3)}
    there, back = geometric_mean_ratio(costs, "b"), geometric_mean_ratio(costs, "a")
    assert there["a"].ratio == pytest.approx((0.5 * 4 * 1) ** (1 / 3))
    assert back["b"].ratio == pytest.approx(1 / there["a"].ratio)
    assert back["b"].interval == pytest.approx((1 / there["a"].interval[1], 1 / there["a"].interval[0]))
    assert geometric_mean_ratio({"a": column(2), "b": column(1)}, "b")["a"].interval is None


def test_seeds_enter_by_their_median():
    costs = {"a": [[1, 1, math.nan]], "b": [[2, 2, 2]]}
    assert geometric_mean_ratio(costs, "b")["a"].ratio == pytest.approx(0.5)


def test_misuse_is_refused():
    for call in (
        lambda: performance_profiles({}),
        lambda: performance_profiles({"a": column(-1)}),
        lambda: performance_profiles({"a": column(1)}, tau=[0.5]),
        lambda: performance_profiles({"a": column(1), "b": column(1, 2)}),
        lambda: geometric_mean_ratio({"adam": column(1)}, "adm"),
    ):
        with pytest.raises(UsageError):
            call()
    with pytest.raises(UsageError, match="'adam'"):
        geometric_mean_ratio({"adam": column(1)}, "adm")
