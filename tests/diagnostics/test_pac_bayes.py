"""Bounds against their definitions, other solvers, and data whose true error is known."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import norm

from ravine.diagnostics import catoni, certificate, gaussian_kl, kl_inverse, maurer, mcallester
from ravine.errors import UsageError


def kl(q, p):
    return sum(a * np.log(a / b) for a, b in ((q, p), (1 - q, 1 - p)) if a > 0)


@pytest.mark.parametrize("error", [0.0, 1e-4, 0.1, 0.5, 0.93])
@pytest.mark.parametrize("budget", [1e-6, 0.01, 0.5, 1.5])
def test_kl_inverse_against_a_root_finder(error, budget):
    expected = brentq(lambda p: kl(error, p) - budget, error + 1e-12, 1 - 1e-15, xtol=1e-14)
    assert kl_inverse(error, budget) == pytest.approx(expected, abs=1e-10)


def test_kl_inverse_at_its_ends():
    assert kl_inverse(0.0, 0.3) == pytest.approx(1 - np.exp(-0.3), abs=1e-12)
    assert kl_inverse(1.0, 0.3) == 1.0
    assert kl_inverse(0.2, 0.0) == 0.2
    assert kl_inverse(0.2, 1e6) == 1.0


def test_gaussian_kl_is_the_integral():
    mean, width, scale = 0.7, 0.3, 2.0
    q, p = norm(mean, width), norm(0, np.sqrt(scale))
    expected, _ = quad(lambda x: q.pdf(x) * (q.logpdf(x) - p.logpdf(x)), mean - 10 * width, mean + 10 * width)
    assert gaussian_kl(mean**2, 1, width, scale) == pytest.approx(expected, rel=1e-8)
    assert gaussian_kl(3 * mean**2, 3, width, scale) == pytest.approx(3 * expected, rel=1e-8)
    assert gaussian_kl(0.0, 5, 0.5, 0.25) == 0.0


def test_the_bounds_by_hand():
    """N = 1000, KL = 5, error .1, delta .05."""
    budget = 5 + np.log(2 * np.sqrt(1000) / 0.05)
    assert mcallester(0.1, 5.0, 1000) == pytest.approx(0.1 + np.sqrt(budget / 2000))
    assert kl(0.1, maurer(0.1, 5.0, 1000)) == pytest.approx(budget / 1000)
    assert 0.1 < maurer(0.1, 5.0, 1000) < mcallester(0.1, 5.0, 1000) < 1
    assert 0.1 < catoni(0.1, 5.0, 1000) < 0.3
    assert maurer(0.1, 1e9, 10) == pytest.approx(1.0) and mcallester(0.1, 1e9, 10) == 1.0


def error(w, x, y):
    return jnp.mean(((x @ w > 0) != (y > 0)).astype(x.dtype))


def test_a_certificate_holds_and_is_not_vacuous():
    """Two Gaussian classes at ±2 along the first axis: the sign of x1 errs with probability Phi(-2)."""
    generator = np.random.default_rng(0)
    y = np.where(generator.random(2000) < 0.5, 1.0, -1.0)
    x = generator.standard_normal((2000, 5))
    x[:, 0] += 2 * y
    weights = np.array([1.0, 0, 0, 0, 0])
    found = certificate(error, weights, np.zeros(5), (x, y), 2000, 0.5)
    assert norm.cdf(-2) < found.bound < 0.1
    assert not found.vacuous
    assert found.error <= found.upper <= found.bound
    for form in ("mcallester", "catoni"):
        assert (
            norm.cdf(-2) < certificate(error, weights, np.zeros(5), (x, y), 2000, 0.5, form=form).bound < 0.2
        )


def test_random_labels_give_a_vacuous_one():
    generator = np.random.default_rng(0)
    x, y = generator.standard_normal((30, 200)), generator.choice([-1.0, 1.0], 30)
    weights = np.linalg.lstsq(x, y, rcond=None)[0]
    assert error(jnp.asarray(weights), jnp.asarray(x), jnp.asarray(y)) == 0
    found = certificate(error, weights, np.zeros(200), (x, y), 30, 0.5)
    assert found.vacuous and found.bound <= 1


@pytest.mark.slow
def test_it_holds_for_at_least_its_share_of_data_sets():
    """One weight, labels flipped with probability .3 for whatever weight: the true error is .3 everywhere."""
    held = 0
    for seed in range(40):
        wrong = (np.random.default_rng(seed).random(50) < 0.3).astype(float)
        found = certificate(
            lambda w, wrong: jnp.mean(wrong) + 0 * w[0], np.ones(1), np.zeros(1), (wrong,), 50, 0.5, draws=10
        )
        held += found.bound >= 0.3
    assert held >= 38


@pytest.mark.parametrize(
    "call",
    [
        lambda: kl_inverse(1.5, 0.1),
        lambda: kl_inverse(0.5, -1.0),
        lambda: kl_inverse(np.nan, 1.0),
        lambda: maurer(0.1, -1.0, 10),
        lambda: maurer(0.1, np.inf, 10),
        lambda: maurer(0.1, 1.0, 0),
        lambda: gaussian_kl(1.0, 3, 0.0, 1.0),
        lambda: certificate(lambda w: jnp.sum(w) + 2, np.ones(1), np.ones(1), (), 10, 0.5),
        lambda: certificate(error, np.ones(1), np.ones(2), (), 10, 0.5),
        lambda: certificate(error, np.ones(1), np.ones(1), (), 10, 0.5, form="kl"),
        lambda: certificate(error, np.ones(1), np.ones(1), (), 10, 0.5, draws=1),
    ],
)
def test_misuse(call):
    with pytest.raises(UsageError):
        call()
