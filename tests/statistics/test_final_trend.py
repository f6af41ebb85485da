"""The trend at the end of training, on curves whose trend is known by construction."""

import math

import numpy as np
import pytest

from ravine.errors import UsageError
from ravine.statistics import final_trend

TIMES = np.arange(1, 21) / 20
SEEDS = 10


def curves(shape, noise=0.01, seeds=SEEDS, key=0):
    """Return losses [seed, time]: a shape [time] times noise of a relative size, with a level per seed."""
    generator = np.random.default_rng(key)
    level = generator.uniform(0.9, 1.1, (seeds, 1))
    return level * shape * np.exp(noise * generator.standard_normal((seeds, len(shape))))


def test_a_line_falls_by_its_slope():
    trend = final_trend(curves(2.0 - TIMES, noise=0.0))
    assert trend.direction == "falling"
    assert trend.change == pytest.approx(-0.1 / 1.1)  # from 1.1 to 1.0 in the last tenth
    assert (trend.lowest, trend.agreeing, trend.seeds) == (19, 1.0, SEEDS)
    assert trend.rise == 0.0


@pytest.mark.parametrize("key", range(10))
def test_a_slow_fall_is_found_within_noise(key):
    trend = final_trend(curves(2.0 - 0.5 * TIMES, key=key))
    assert trend.direction == "falling" and trend.change == pytest.approx(-0.05 / 1.55, abs=0.015)


@pytest.mark.parametrize("seeds", [1, 3, 10, 20])
def test_flat_noise_seldom_has_a_trend(seeds):
    found = [final_trend(curves(np.ones(20), noise=0.03, seeds=seeds, key=key)) for key in range(200)]
    assert np.mean([trend.direction != "flat" for trend in found]) <= 0.05


@pytest.mark.parametrize("seeds", [1, 3, 10])
def test_a_loss_that_rises_has_the_time_of_its_lowest(seeds):
    shape = 1.0 + 2.0 * np.abs(TIMES - TIMES[7])
    trend = final_trend(curves(shape, seeds=seeds))
    assert (trend.direction, trend.lowest) == ("rising", 7)
    end = (shape[-1] + shape[-2]) / 2
    assert trend.rise == pytest.approx(end - 1.0, rel=0.05) and trend.change > 0


def test_a_fall_too_small_to_matter_is_flat():
    assert final_trend(curves(2.0 - 0.05 * TIMES, noise=0.0)).direction == "flat"  # 0.25 % in a tenth


def test_a_loss_that_falls_last_but_stays_above_its_lowest_is_flat():
    shape = np.concatenate([np.linspace(1.0, 0.5, 5), np.linspace(1.5, 0.9, 15)])
    trend = final_trend(curves(shape, noise=0.001))
    assert trend.direction == "flat" and trend.change < -0.02 and trend.rise > 0.5 and trend.lowest == 4


def test_seeds_that_do_not_agree_have_no_trend():
    falling, rising = curves(2.0 - TIMES, seeds=6), curves(1.0 + TIMES, seeds=4, key=1)
    trend = final_trend(np.concatenate([falling, rising]))
    assert trend.direction == "flat" and trend.agreeing == pytest.approx(0.6)


def test_one_outlier_among_the_seeds_changes_nothing():
    losses = curves(2.0 - TIMES)
    losses[0, -1] = 1e12
    trend = final_trend(losses)
    assert trend.direction == "falling" and trend.change == pytest.approx(-0.09, abs=0.02)


def test_diverged_seeds_are_left_out_and_most_must_remain():
    losses = curves(2.0 - TIMES)
    losses[:4, 10:] = math.nan
    assert final_trend(losses).seeds == 6 and final_trend(losses).direction == "falling"
    losses[:6, 10:] = math.inf
    assert final_trend(losses) is None


def test_progress_replaces_the_steps():
    # a rate that decays to zero: the loss follows the sum of the rates, which hardly grows at the end
    progress = TIMES + np.sin(np.pi * TIMES) / np.pi
    losses = curves(2.0 - progress, noise=0.0)
    trend = final_trend(losses, progress)
    assert trend.change == pytest.approx(-0.1 / 1.1) and trend.direction == "falling"
    assert trend.window == pytest.approx(0.4, abs=0.01)  # 0.6 + sin(0.6 pi) / pi = 0.90
    assert final_trend(losses).change > -0.05 and final_trend(losses).window == pytest.approx(0.1)


def test_where_the_rate_decays_a_fall_must_be_larger():
    progress = TIMES + np.sin(np.pi * TIMES) / np.pi
    small, large = (curves(1 + size - size * progress, noise=0.0) for size in (0.1, 0.3))
    assert final_trend(small, progress).direction == "flat"  # 1 % in a tenth
    assert final_trend(large, progress).direction == "falling"  # 3 %
    assert final_trend(curves(1.1 - 0.1 * TIMES, noise=0.0)).direction == "falling"


def test_a_noisy_slow_fall_is_found_over_half_of_the_training():
    found = [final_trend(curves(2.0 - TIMES, noise=0.03, seeds=6, key=key)) for key in range(50)]
    assert np.mean([trend.direction == "falling" for trend in found]) >= 0.9


def test_a_loss_of_zero_is_flat():
    assert final_trend(np.zeros((4, 20))).direction == "flat"


def test_few_times_have_no_trend_and_other_shapes_are_refused():
    assert final_trend(np.ones((10, 4))) is None
    with pytest.raises(UsageError, match="shape"):
        final_trend(np.ones(20))
    with pytest.raises(UsageError, match="progress"):
        final_trend(np.ones((10, 20)), np.ones(3))
    with pytest.raises(UsageError, match="never decrease"):
        final_trend(np.ones((10, 20)), TIMES[::-1])
