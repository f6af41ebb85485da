"""O2: spectral radius and limits, and findings that know wrong evidence."""

import numpy as np
import pytest

from ravine.engines import precision_context
from ravine.lecture import o2_nesterov


def wrong(findings):
    return [each.what for each in findings if each.holds is False]


@pytest.mark.parametrize("name", ["sgd", "momentum", "nesterov"])
def test_radius_is_that_of_the_companion_matrix(name):
    for h in (0.3, 1.2, 2.5, 4.0):
        a, b = o2_nesterov._coefficients(name, h)
        expected = np.abs(np.linalg.eigvals([[a, b], [1.0, 0.0]])).max()
        assert o2_nesterov._radius(name, np.array([h]))[0] == pytest.approx(expected, abs=1e-12)


def test_limits_are_where_the_radius_is_one():
    for name, limit in o2_nesterov.LIMITS.items():
        below, above = o2_nesterov._radius(name, np.array([limit - 1e-6, limit + 1e-6]))
        assert below < 1 < above


def test_the_plain_momentum_path_is_not_taken_for_nesterov():
    with precision_context("float64"):
        evidence = dict(o2_nesterov.run())
    assert not wrong(o2_nesterov.read(evidence))
    evidence["constant_stored"] = evidence["constant_stored"] * (1 + 1e-11)
    evidence["nesterov_half"], evidence["nesterov_left"] = (
        evidence["momentum_half"],
        evidence["momentum_left"] * 2,
    )
    failed = wrong(o2_nesterov.read(evidence))
    assert any("form of the lecture" in each and "constant" in each for each in failed)
    assert any("nesterov, factor per step" in each for each in failed)


@pytest.mark.parametrize(
    "left", [np.zeros(81), np.full(81, 2.0), np.tile([0.5, 2.0], 41)[:81], np.full(81, np.nan)]
)
def test_no_limit_is_read_where_there_is_none(left):
    assert np.isnan(o2_nesterov._crossing(left))
