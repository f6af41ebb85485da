"""The risk of random features: mean and median of its distribution, and where it diverges."""

import numpy as np
import pytest
from scipy import integrate, stats

from ravine.lecture import g7_double_descent as g7
from ravine.lecture import random_features


@pytest.mark.parametrize("p", [5, 20, 30, 50, 80, 120])
def test_the_mean_of_the_risks_distribution_is_the_table_s(p):
    """E 1 / chi2 by quadrature, and the beta's mean from scipy."""
    above, below = random_features._ratio(p)
    unseen = random_features.SIGMA**2 + 1 - p / random_features.FEATURES
    inverse, _ = integrate.quad(lambda v: stats.chi2.pdf(v, below) / v, 0, np.inf)
    missed = stats.beta.mean((p - 40) / 2, 20) * p / random_features.FEATURES if p > 40 else 0
    assert random_features.mean_risk(p) == pytest.approx(unseen * (1 + above * inverse) + missed, rel=1e-6)
    if p in g7.TABLE:
        assert random_features.mean_risk(p) == pytest.approx(g7.TABLE[p], abs=0.006)


@pytest.mark.parametrize("p", [38, 40, 42, 60])
def test_the_median_splits_draws_of_the_distribution(p):
    generator = np.random.default_rng(p)
    above, below = random_features._ratio(p)
    unseen = random_features.SIGMA**2 + 1 - p / random_features.FEATURES
    ratio = generator.chisquare(above, 100_000) / generator.chisquare(below, 100_000)
    risks = unseen * (1 + ratio)
    if p > 40:
        risks += p / random_features.FEATURES * generator.beta((p - 40) / 2, 20, 100_000)
    assert np.mean(risks < random_features.median_risk(p)) == pytest.approx(
        0.5, abs=4 * 0.5 / np.sqrt(100_000)
    )


def test_the_risks_diverge_where_features_and_rows_are_as_many():
    assert [random_features.mean_risk(p) for p in (39, 40, 41)] == [np.inf] * 3
    assert random_features.mean_risk(38) == pytest.approx(36.4, abs=0.05) and random_features.mean_risk(
        42
    ) == pytest.approx(36.9, abs=0.05)
