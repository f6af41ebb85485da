"""Quasi-random rates: against SciPy's Halton sequence and by what every digit must do."""

import numpy as np
import pytest
from scipy import stats
from scipy.stats import qmc

from ravine.errors import UsageError
from ravine.statistics import extension_rates, learning_rates, log_uniform_points
from ravine.statistics.quasirandom import PRIMES, halton


def test_unscrambled_it_is_scipys():
    expected = qmc.Halton(5, scramble=False).random(100)
    assert halton(100, 5, 0, scramble=False) == pytest.approx(expected, abs=1e-14)


@pytest.mark.parametrize("seed", range(5))
def test_each_power_of_the_base_fills_every_cell_once(seed):
    for axis, base in enumerate(PRIMES[:4]):
        for power in (1, 2, 3):
            cells = np.floor(halton(base**power, 4, seed)[:, axis] * base**power).astype(int)
            assert sorted(cells) == list(range(base**power))


def test_scrambled_it_is_as_even_as_scipys_and_evener_than_chance():
    ours = np.mean([qmc.discrepancy(halton(64, 3, seed)) for seed in range(20)])
    theirs = np.mean([qmc.discrepancy(qmc.Halton(3, rng=seed).random(64)) for seed in range(20)])
    chance = np.mean([qmc.discrepancy(np.random.default_rng(s).random((64, 3))) for s in range(20)])
    assert ours < 1.15 * theirs < 0.7 * chance


def test_each_point_is_uniform_over_seeds():
    first = np.array([halton(1, 2, seed)[0] for seed in range(600)])
    for axis in range(2):
        assert stats.kstest(first[:, axis], "uniform").pvalue > 1e-3
    assert abs(np.corrcoef(first.T)[0, 1]) < 0.15


def test_rates_are_log_uniform_ascending_and_repeatable():
    drawn = learning_rates(20, 1e-4, 1.0, seed=3)
    assert (np.diff(drawn) > 0).all() and drawn[0] >= 1e-4 and drawn[-1] <= 1
    decades = np.floor(np.log10(learning_rates(16, 1e-4, 1.0, seed=3)) + 4).astype(int)
    assert np.bincount(decades).tolist() == [4, 4, 4, 4]
    assert (learning_rates(20, 1e-4, 1.0, seed=3) == drawn).all()
    assert not (learning_rates(20, 1e-4, 1.0, seed=4) == drawn).any()
    assert set(learning_rates(10, 1e-4, 1.0, seed=3)) < set(drawn)


@pytest.mark.parametrize(("side", "low", "high"), [("low", 1e-5, 1e-4), ("high", 1.0, 10.0)])
def test_an_extension_lies_in_the_new_decade_only_and_as_dense(side, low, high):
    more = extension_rates(20, 1e-4, 1.0, side, seed=3)
    assert len(more) == 5 and low <= more.min() and more.max() <= high
    assert (extension_rates(20, 1e-4, 1.0, side, seed=3) == more).all()
    further = extension_rates(25, 1e-5, 1.0, "low", seed=3)
    assert len(further) == 5 and further.max() <= 1e-5
    assert not np.allclose(np.log10(further) % 1, np.log10(extension_rates(20, 1e-4, 1.0, "low", 3)) % 1)


def test_points_fill_every_range():
    ranges = {"learning_rate": (1e-4, 1.0), "one_minus_momentum": (1e-3, 1.0), "eps": (1e-10, 1e-6)}
    drawn = log_uniform_points(64, ranges, seed=1)
    assert list(drawn) == list(ranges)
    for name, (low, high) in ranges.items():
        assert drawn[name].shape == (64,)
        assert low <= drawn[name].min() < low * 2 and high / 2 < drawn[name].max() <= high
    logs = np.log(np.stack(list(drawn.values())))
    assert np.abs(np.corrcoef(logs) - np.eye(3)).max() < 0.35


@pytest.mark.parametrize(
    "call",
    [
        lambda: learning_rates(0, 1e-4, 1),
        lambda: learning_rates(5, 0, 1),
        lambda: learning_rates(5, 1, 1e-4),
        lambda: learning_rates(5, 1, float("inf")),
        lambda: log_uniform_points(5, {}),
        lambda: log_uniform_points(5, {"b": (-1, 1)}),
        lambda: extension_rates(5, 1e-4, 1, "up"),
    ],
)
def test_misuse_is_refused(call):
    with pytest.raises(UsageError):
        call()
