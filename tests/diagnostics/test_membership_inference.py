"""The attack on losses whose advantage is known."""

import numpy as np
import pytest
from scipy.stats import mannwhitneyu, norm

from ravine.diagnostics import membership_inference
from ravine.errors import UsageError


def test_two_gaussians():
    """Losses N(0,1) and N(1,1): best threshold 1/2, advantage 2 Phi(1/2) - 1, area Phi(1/sqrt 2)."""
    generator = np.random.default_rng(0)
    members, others = generator.standard_normal(4000), generator.standard_normal(4000) + 1
    found = membership_inference(members, others)
    truth = 2 * norm.cdf(0.5) - 1
    assert found.low < truth < found.high and found.leaks
    assert abs(found.advantage - truth) < 0.03
    assert found.threshold == pytest.approx(0.5, abs=0.3)
    assert found.area == pytest.approx(norm.cdf(1 / np.sqrt(2)), abs=3 * found.area_error)
    assert found.area == pytest.approx(1 - mannwhitneyu(members, others).statistic / 4000**2)


def test_a_net_trained_on_other_data_leaks_nothing():
    """The interval misses zero in about 5 % of such cases, and the mean advantage is zero, not above."""
    found = [
        membership_inference(*np.random.default_rng(seed).exponential(size=(2, 60)), seed=seed)
        for seed in range(300)
    ]
    assert sum(each.leaks for each in found) <= 15
    assert abs(np.mean([each.advantage for each in found])) < 3 * 0.13 / np.sqrt(300)


def test_memorized_and_equal():
    found = membership_inference(np.zeros(50), np.ones(30))
    assert found.advantage == 1.0 and found.area == 1.0 and found.low > 0.8
    same = membership_inference(np.ones(50), np.ones(30))
    assert same.advantage == 0.0 and same.area == 0.5 and same.low < 0 < same.high
    hopeless = membership_inference(np.zeros(10), np.full(10, np.inf))
    assert hopeless.advantage == 1.0 and np.isfinite(hopeless.threshold)


def test_the_error_of_the_area():
    """DeLong's standard error against the spread over 400 repetitions."""
    found = [
        membership_inference(generator.standard_normal(40), generator.standard_normal(60) + 0.5)
        for generator in map(np.random.default_rng, range(400))
    ]
    spread = np.std([each.area for each in found])
    assert np.mean([each.area_error for each in found]) == pytest.approx(spread, rel=0.1)


@pytest.mark.parametrize("bad", [[], [1.0, 2.0, 3.0], [1.0, np.nan, 2.0, 3.0], np.ones((4, 4))])
def test_misuse(bad):
    with pytest.raises(UsageError):
        membership_inference(bad, np.ones(10))
    with pytest.raises(UsageError):
        membership_inference(np.ones(10), bad)
    with pytest.raises(UsageError):
        membership_inference(np.ones(10), np.ones(10), level=1.0)
