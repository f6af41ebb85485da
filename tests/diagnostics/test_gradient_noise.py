"""Noise scales known from theory: linear regression has d + 1 + d sigma^2 / |Delta|^2 (claim N2)."""

import jax.numpy as jnp
import numpy as np
import pytest

from ravine.diagnostics import noise_scale, two_batch_noise_scale
from ravine.errors import UsageError


def half_square(w, x, y):
    return jnp.mean(0.5 * (x @ w - y) ** 2)


def regression(seed, rows, d=20, sigma=1.0, distance=0.76):
    generator = np.random.default_rng(seed)
    delta = generator.standard_normal(d)
    delta *= distance / np.linalg.norm(delta)
    x = generator.standard_normal((rows, d))
    return delta, (x, sigma * generator.standard_normal(rows))


@pytest.mark.parametrize("rows", [997, 4000])
def test_linear_regression(rows):
    """True weights zero, so delta is the distance: 20 + 1 + 20 / .76^2 = 55.6."""
    truth = 21 + 20 / 0.76**2
    delta, data = regression(0, rows)
    found = noise_scale(half_square, delta, data)
    assert found.low < truth < found.high
    assert found.value == pytest.approx(truth, rel=0.25)


def test_the_interval_covers_the_truth():
    truth = 21 + 20 / 0.76**2
    held = 0
    for seed in range(100):
        delta, data = regression(seed, 600)
        found = noise_scale(half_square, delta, data)
        held += found.low <= truth and (found.high is None or truth <= found.high)
    assert held >= 88


def test_at_convergence_only_a_lower_end_is_known():
    values = []
    for seed in range(20):
        _, data = regression(seed, 400)
        found = noise_scale(half_square, np.zeros(20), data)
        values.append(found.at_least)
        assert found.high is None or found.high > 400
        assert found.low >= 0
    assert sum(values) >= 18


def test_of_these_rows_it_is_exact():
    delta, (x, y) = regression(1, 50)
    gradients = (x @ delta - y)[:, None] * x
    mean = gradients.mean(axis=0)
    expected = ((gradients - mean) ** 2).sum(axis=1).mean() / (mean @ mean)
    found = noise_scale(half_square, delta, (x, y), of="rows", batch=7)
    assert found.value == pytest.approx(expected, rel=1e-12)
    assert found.low == found.high == found.value


def test_it_predicts_the_variance_of_a_batch():
    """Var of a batch of B drawn with replacement is S / B."""
    delta, (x, y) = regression(1, 60)
    noise = noise_scale(half_square, delta, (x, y), of="rows").noise
    gradients = (x @ delta - y)[:, None] * x
    draws = np.random.default_rng(0).integers(0, 60, (20000, 8))
    batches = gradients[draws].mean(axis=1)
    assert batches.var(axis=0).sum() == pytest.approx(noise / 8, rel=0.02)


def test_two_batches():
    """Squared norms of means of Gaussian gradients with a known signal and noise."""
    generator = np.random.default_rng(0)
    signal, d = np.full(50, 0.1), 50  # G = .5, S = 50: scale 100
    small = ((signal + generator.standard_normal((400, d)) / np.sqrt(10)) ** 2).sum(axis=1)
    large = ((signal + generator.standard_normal((400, d)) / np.sqrt(200)) ** 2).sum(axis=1)
    found = two_batch_noise_scale(small, large, 10, 200)
    assert found.low < 100 < found.high and found.value == pytest.approx(100, rel=0.15)
    nothing = two_batch_noise_scale(
        (generator.standard_normal((40, d)) ** 2).sum(axis=1) / 10,
        (generator.standard_normal((40, d)) ** 2).sum(axis=1) / 200,
        10,
        200,
    )
    assert nothing.at_least and nothing.low > 200


def test_a_second_call_compiles_nothing():
    traced = []

    def counted(w, x, y):
        traced.append(1)
        return half_square(w, x, y)

    delta, data = regression(0, 100)
    noise_scale(counted, delta, data)
    before = len(traced)
    noise_scale(counted, delta * 2, regression(3, 100)[1])
    assert len(traced) == before


@pytest.mark.parametrize(
    "call",
    [
        lambda: noise_scale(half_square, np.zeros(2), (np.zeros((3, 2)), np.zeros(3))),
        lambda: noise_scale(half_square, np.zeros(2), (np.zeros((8, 2)), np.zeros(7))),
        lambda: noise_scale(half_square, np.zeros(2), (np.zeros((8, 2)), np.zeros(8))),
        lambda: noise_scale(half_square, np.zeros(2), (np.full((8, 2), np.nan), np.zeros(8))),
        lambda: noise_scale(half_square, np.zeros(2), (np.ones((8, 2)), np.ones(8)), of="x"),
        lambda: two_batch_noise_scale([1.0, 2.0], [1.0, 2.0], 1, 2),
        lambda: two_batch_noise_scale([1.0, 2.0, 3.0], [1.0, 2.0, 1.0], 2, 2),
        lambda: two_batch_noise_scale([0.0] * 3, [0.0] * 3, 1, 2),
        lambda: two_batch_noise_scale([np.nan] * 3, [0.0] * 3, 1, 2),
    ],
)
def test_misuse(call):
    with pytest.raises(UsageError):
        call()
