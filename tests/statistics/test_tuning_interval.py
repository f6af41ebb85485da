"""The interval that holds the noise of tuning, against simulated tuning."""

import math

import numpy as np
import pytest

from ravine.errors import UsageError
from ravine.statistics import interval, learning_rates, select, tuning_interval


def studies(curvature, noise, seed_effect, repeats, generator):
    """Yield the true score selected, 20 trials on 5 tuning seeds, and 20 evaluation values."""
    for _ in range(repeats):
        place = np.log10(learning_rates(20, 1e-2, 1e2, seed=int(generator.integers(2**31))))
        true = -curvature * place**2
        tuning = true[:, None] + generator.normal(0, seed_effect, 5) + generator.normal(0, noise, (20, 5))
        selected = true[select(tuning, True)]
        yield selected, tuning, selected + generator.normal(0, math.hypot(noise, seed_effect), 20)


# curvature of the score over log10(rate), noise of a run, noise that a seed brings to every trial
@pytest.mark.parametrize("setting", [(1, 0.1, 0), (1, 0.5, 0), (5, 0.1, 0)])
def test_the_expected_score_of_the_procedure_is_covered_where_evaluation_alone_falls_short(setting):
    drawn = list(studies(*setting, repeats=400, generator=np.random.default_rng(1)))
    expected = np.mean([selected for selected, _, _ in drawn])
    both = [tuning_interval(tuning, values, True, resamples=400) for _, tuning, values in drawn]
    alone = [interval(values, resamples=400) for _, _, values in drawn]
    hits = np.mean([low <= expected <= high for low, high in both])
    assert hits >= 0.95 - 0.02  # 400 studies: +- 1.1 % (one sigma)
    assert hits > np.mean([low <= expected <= high for low, high in alone])


def test_with_one_trial_it_is_the_interval_of_evaluation():
    values = np.random.default_rng(0).normal(size=20)
    ours = tuning_interval(np.zeros((1, 5)), values, True, resamples=20000)
    assert ours == pytest.approx(interval(values), abs=0.05)


def test_it_is_wider_than_the_interval_of_evaluation_alone():
    generator = np.random.default_rng(4)
    _, tuning, values = next(studies(1, 0.1, 0, 1, generator))
    low, high = tuning_interval(tuning, values, True)
    inner = interval(values)
    assert high - low > inner[1] - inner[0]


def test_turning_the_metric_turns_the_interval_and_seeds_have_no_order():
    generator = np.random.default_rng(5)
    _, tuning, values = next(studies(1, 0.3, 0.1, 1, generator))
    low, high = tuning_interval(tuning, values, True)
    assert tuning_interval(-tuning, -values, False) == pytest.approx((-high, -low))
    mixed = tuning_interval(tuning[:, [3, 1, 4, 0, 2]], values[::-1], True)
    assert mixed == (low, high)
    assert tuning_interval(tuning + 7, values + 3, True) == pytest.approx((low + 3, high + 3))


def test_diverged_runs():
    generator = np.random.default_rng(6)
    _, tuning, values = next(studies(1, 0.3, 0.1, 1, generator))
    broken = tuning.copy()
    broken[15:] = math.nan
    broken[14, :3] = -math.inf
    ends = tuning_interval(broken, values, True)
    assert all(map(math.isfinite, ends))
    assert tuning_interval(np.full((4, 5), math.nan), values, True) is None
    one_lost = np.append(values, math.nan)
    assert tuning_interval(tuning, one_lost, True) is None
    low, high = tuning_interval(tuning, one_lost, True, statistic="median")
    assert low < high and math.isfinite(high)


def test_edges_and_misuse():
    assert tuning_interval([[1.0]], [0.5], True) is None
    assert tuning_interval([[1.0, 1.0]] * 3, [0.5] * 9, False) == (0.5, 0.5)
    with pytest.raises(UsageError):
        tuning_interval([[1.0]], [0.5, 0.6], True, statistic="mode")
    with pytest.raises(UsageError):
        tuning_interval([1.0], [0.5, 0.6], True)
