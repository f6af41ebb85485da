"""Limits against the spectral radius of each rule's own recursion on a quadratic."""

import numpy as np
import pytest

from ravine.diagnostics import StabilityLimit, preconditioner, stability_limit, stability_ratio
from ravine.errors import UsageError


def radius(rule, eta, curvature, rho=0.9, b1=0.9):
    """Largest |eigenvalue| of one step of the recursion (w, v) on curvature w^2 / 2."""
    h = eta * curvature
    step = {
        "sgd": [[1 - h, 0], [0, 0]],
        "rmsprop": [[1 - h, 0], [0, 0]],
        "momentum": [[1 - h, rho], [-h, rho]],
        "nesterov": [[1 - h, rho - h * rho], [-h, rho - h * rho]],
        "adam": [[1 - h * (1 - b1), -h * b1], [1 - b1, b1]],  # (w, m) with P = 1: w - h m, h in units of w
    }[rule]
    return np.abs(np.linalg.eigvals(np.array(step))).max()


@pytest.mark.parametrize("rule", ["sgd", "momentum", "nesterov", "rmsprop", "adam"])
@pytest.mark.parametrize("rate", [0.003, 1.7])
@pytest.mark.parametrize("keep", [0.0, 0.5, 0.9, 0.99])
def test_a_step_just_below_the_limit_shrinks_and_just_above_grows(rule, rate, keep):
    limit = stability_limit(rule, rate, rho=keep, b1=keep).value
    assert radius(rule, rate, limit * 0.999, keep, keep) < 1
    assert radius(rule, rate, limit * 1.001, keep, keep) > 1


def test_the_lectures_numbers():
    assert stability_limit("sgd", 0.1).value == pytest.approx(20)
    assert stability_limit("momentum", 1.0).value == pytest.approx(3.8)
    assert stability_limit("nesterov", 1.0).value == pytest.approx(3.8 / 2.8)
    adam = stability_limit("Adam", 1.0)
    assert adam.value == pytest.approx(38) and adam.preconditioned
    assert stability_limit("local gains", 0.5).value == 4


def test_a_rule_without_a_limit_says_why():
    found = stability_limit("optax:lion", 0.1)
    assert found.value is None and "optax:lion" in found.reason
    with pytest.raises(UsageError, match="no limit"):
        stability_ratio(3.0, 0.0, found)


def test_the_preconditioner_is_what_one_frozen_step_divides_by():
    """Adam with constant gradients: -eta m^ / (sqrt(v^) + eps) = -eta m / P."""
    g, eta, b1, b2, eps = np.array([0.3, -2.0]), 0.01, 0.9, 0.999, 1e-8
    m = v = np.zeros(2)
    for t in range(1, 6):
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
        step = -eta * (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + eps)
        p = preconditioner("adam", squares=v, step=t, b1=b1, b2=b2, eps=eps)
        np.testing.assert_allclose(-eta * m / p, step, rtol=1e-12)
    np.testing.assert_allclose(preconditioner("rmsprop", squares=[4.0, 9.0], eps=0.0), [2, 3])
    np.testing.assert_allclose(preconditioner("adagrad", squares=[4.0, 9.0], eps=0.0), [2, 3])
    np.testing.assert_allclose(preconditioner("local_gains", gains=[0.5, 2.0]), [2, 0.5])
    np.testing.assert_allclose(preconditioner("adadelta", squares=[4.0], updates=[0.25], eps=0.0), [4.0])


def test_ratio_leaves_open_what_its_error_leaves_open():
    limit = stability_limit("sgd", 0.1)
    assert stability_ratio(10.0, 0.1, limit).stable is True
    assert stability_ratio(30.0, 0.1, limit).stable is False
    assert stability_ratio(20.05, 0.1, limit).stable is None
    assert stability_ratio(10.0, 0.1, limit)[:2] == (pytest.approx(0.5), pytest.approx(0.005))


@pytest.mark.parametrize(
    "call",
    [
        lambda: stability_limit("sgd", 0.0),
        lambda: stability_limit("sgd", float("nan")),
        lambda: stability_limit("momentum", 0.1, rho=1.0),
        lambda: preconditioner("sgd"),
        lambda: preconditioner("rmsprop"),
        lambda: preconditioner("rmsprop", squares=[-1.0]),
        lambda: preconditioner("rmsprop", squares=[0.0], eps=0.0),
        lambda: preconditioner("rmsprop", squares=[np.nan]),
        lambda: preconditioner("adam", squares=[1.0]),
        lambda: preconditioner("local_gains", gains=[np.inf]),
        lambda: stability_ratio(np.nan, 0.0, StabilityLimit(2.0, False, "")),
    ],
)
def test_misuse(call):
    with pytest.raises(UsageError):
        call()
