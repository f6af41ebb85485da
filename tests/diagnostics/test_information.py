"""Informations against determinants and exact mutual information; claim G3's numbers."""

import numpy as np
import pytest

from ravine.diagnostics import (
    as_operator,
    exact_spectrum,
    functional_information,
    gap_bound,
    gaussian_information,
    quadrature,
)
from ravine.errors import UsageError


def test_gaussian_information_is_half_a_log_determinant():
    generator = np.random.default_rng(0)
    jacobian = generator.standard_normal((30, 50)) * np.geomspace(1, 1e-3, 50)
    g = jacobian.T @ jacobian / 30
    expected = 0.5 * np.linalg.slogdet(np.eye(50) + 30 * g / 0.1)[1]
    exact = gaussian_information(exact_spectrum(g), 30, 0.1)
    assert exact.value == pytest.approx(expected, rel=1e-9) and exact.error < 1e-6
    estimated = gaussian_information(quadrature(as_operator(g), 40, 50), 30, 0.1)
    assert estimated.value == pytest.approx(expected, abs=4 * estimated.error)


def test_one_weight():
    """Mean of N Gaussians of variance 1, prior N(0, 1/a): I(w; D) = 1/2 ln(1 + N/a)."""
    assert gaussian_information(exact_spectrum([[1.0]]), 8, 2.0).value == pytest.approx(0.5 * np.log(5))
    assert gaussian_information(exact_spectrum(np.zeros((3, 3))), 8, 2.0).value == 0.0


def test_the_lectures_bound_beside_the_proved_one():
    """Claim G3: N = 50, proved .2085, the lecture's .2948."""
    information = 2 * 50 * 0.2085**2
    found = gap_bound(information, 50)
    assert found.proved == pytest.approx(0.2085) and found.lecture == pytest.approx(0.2948, abs=1e-4)
    assert not found.vacuous and found.proved_error == 0
    assert gap_bound(1000.0, 50).vacuous
    assert gap_bound(4.0, 50, error=5.0).proved_error == pytest.approx((3 - 2) / 10)
    assert gap_bound(0.0, 50).proved == 0


def memorized(k, n, seed=0):
    """Right on the row of each pair that was trained on, a coin's answer on the other."""
    generator = np.random.default_rng(seed)
    member = generator.integers(0, 2, (k, n))
    answers = generator.integers(0, 2, (k, n, 2))
    np.put_along_axis(answers, member[..., None], 1, axis=2)
    return answers, member


@pytest.mark.parametrize("repetitions", [10, 20, 100])
def test_memorizing_in_closed_form(repetitions):
    """Both right with probability 1/2 whatever U, else exactly U: I = 1/2 ln 2."""
    found = functional_information(*memorized(repetitions, 1000))
    assert found.information == pytest.approx(0.5 * np.log(2), abs=4 * found.error + 1 / repetitions**2)
    assert found.bound == pytest.approx(np.sqrt(np.log(2)), abs=0.02)
    # the gap it bounds: 1 - 1/2
    assert found.bound > 0.5


def test_a_network_that_knows_nothing():
    """The plug-in has a floor of about sqrt(3/k); what is left of it is zero within its error."""
    for k in (80, 160):
        generator = np.random.default_rng(k)
        found = functional_information(
            generator.integers(0, 2, (k, 4000, 2)), generator.integers(0, 2, (k, 4000))
        )
        assert np.sqrt(2 * found.plain) == pytest.approx(np.sqrt(3 / k), rel=0.1)
        assert found.floor == pytest.approx(np.sqrt(3 / k), rel=0.1)
        assert abs(found.information) < 0.25 * found.plain
    constant = functional_information(np.ones((8, 5, 2), int), np.tile([0, 1], (5, 4)).T)
    assert constant.plain == 0.0 and constant.bound == 0.0 and constant.floor == 0.0


@pytest.mark.parametrize(
    "call",
    [
        lambda: gaussian_information(exact_spectrum(-np.eye(2)), 5, 1.0),
        lambda: gaussian_information(exact_spectrum(np.eye(2)), 5, 0.0),
        lambda: gaussian_information(exact_spectrum(np.eye(2)), 0, 1.0),
        lambda: gap_bound(-1.0, 5),
        lambda: gap_bound(np.nan, 5),
        lambda: gap_bound(1.0, 0),
        lambda: functional_information(np.ones((4, 3)), np.ones((4, 3))),
        lambda: functional_information(np.ones((8, 3, 2)), np.ones((8, 3), int)),
        lambda: functional_information(np.ones((3, 3, 2), int), np.ones((3, 3), int)),
        lambda: functional_information(np.ones((8, 3, 2), int), np.full((8, 3), 2)),
    ],
)
def test_misuse(call):
    with pytest.raises(UsageError):
        call()
