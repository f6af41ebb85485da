"""Optimizer claims: their theory against a second way to it, and findings that know wrong evidence."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ravine.engines import precision_context
from ravine.lecture import o1_momentum, o2_nesterov, o3_adagrad, o4_rmsprop, o6_preconditioner, o7_failure
from ravine.lecture import o8_in_practice as o8
from ravine.lecture.optimizer_path import optimizer_path
from ravine.optimizers import nesterov, sgd


def wrong(findings):
    return [each.what for each in findings if each.holds is False]


# ---- walking ----


def test_a_walk_starts_at_the_start_and_steps_as_told():
    with precision_context("float64"):
        path = optimizer_path(
            sgd(0.5), lambda w, t: jnp.where(t == 1, 2.0, 0.0) * jnp.ones(2), jnp.asarray([1.0, 3.0]), 3
        )
    np.testing.assert_array_equal(path, [[1, 3], [1, 3], [0, 2], [0, 2]])


def test_a_walk_is_judged_where_the_rule_is():
    """Nesterov's first step is that of SGD in w, though what is stored has gone further."""
    with precision_context("float64"):
        path = optimizer_path(nesterov(0.1, rho=0.9), lambda w, t: w, jnp.asarray(1.0), 1)
    np.testing.assert_allclose(path, [1.0, 0.9], rtol=1e-15)


# ---- O1 ----


def test_momentum_theory_is_the_recurrence():
    root = np.sqrt(o1_momentum.KAPPA)
    rho, eta = ((root - 1) / (root + 1)) ** 2, 4 / (root + 1) ** 2
    h = eta * np.array([1.0, o1_momentum.KAPPA])
    w = [np.ones(2), 1 - h]
    for _ in range(60):
        w.append((1 + rho - h) * w[-1] - rho * w[-2])
    t = np.arange(len(w))
    closed = np.abs(o1_momentum._line(t)) * np.sqrt(rho) ** t[:, None]
    np.testing.assert_allclose(closed, np.abs(w), rtol=1e-9)


# ---- O2 ----


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
    assert any("lecture's form" in each and "constant" in each for each in failed)
    assert any("nesterov, factor a step" in each for each in failed)


@pytest.mark.parametrize(
    "left", [np.zeros(81), np.full(81, 2.0), np.tile([0.5, 2.0], 41)[:81], np.full(81, np.nan)]
)
def test_no_limit_is_read_where_there_is_none(left):
    assert np.isnan(o2_nesterov._crossing(left))


# ---- O3, O4 ----


def test_the_asymptotic_sum():
    terms = np.arange(1, 10**6 + 1, dtype=float)
    assert np.sum(1 / np.sqrt(terms)) == pytest.approx(2e3 + o3_adagrad.ZETA + 0.5e-3, abs=1e-7)


def test_what_is_remembered_of_a_burst():
    mean, total = 0.0, 0.0
    for gradient in [o4_rmsprop.HEIGHT] * o4_rmsprop.BURST + [1.0] * 5:
        mean = 0.9 * mean + 0.1 * gradient**2
        total += gradient**2
    rms, ada = o4_rmsprop._after_burst(np.array([5]))
    assert rms[0] == pytest.approx(mean**-0.5, rel=1e-12) and ada[0] == pytest.approx(total**-0.5, rel=1e-12)


# ---- O6 ----


def test_a_target_that_was_not_reached_does_not_hold():
    evidence = {
        "aligned_steps": np.full(o6_preconditioner.DRAWS, 293.0),
        "rotated_steps": np.full(o6_preconditioner.DRAWS, 7170.0),
        "flat": np.zeros((3, 2)),
        "steep": np.zeros((3, 2)),
        "descent": np.ones((3, 2)),
        "after": np.full(o6_preconditioner.DRAWS, 8000.0),
    }
    assert not wrong(o6_preconditioner.read(evidence))
    evidence["rotated_steps"][3] = np.nan
    assert len(wrong(o6_preconditioner.read(evidence))) == 3
    evidence["rotated_steps"] = np.full(o6_preconditioner.DRAWS, 300.0)
    assert len(wrong(o6_preconditioner.read(evidence))) == 2


# ---- O7 ----


def test_the_drift_is_that_of_reddis_own_algorithm():
    """Theorem 1 as printed: no correction, no eps; v as a loop."""
    v, b2 = 0.0, o7_failure.B2
    for _ in range(50):
        moved = 0.0
        for gradient in (o7_failure.C, -1.0, -1.0):
            v = b2 * v + (1 - b2) * gradient**2
            moved -= gradient / np.sqrt(v)
    assert o7_failure._adam_drift() == pytest.approx(moved, rel=1e-12) and moved > 0


def test_projection_keeps_to_the_interval():
    rule = o7_failure._projected(sgd(10.0))
    with precision_context("float64"):
        path = optimizer_path(rule, lambda x, t: jnp.where(t % 2 == 0, 1.0, -1.0), jnp.asarray(0.0), 4)
    np.testing.assert_array_equal(path, [0, -1, 1, -1, 1])


# ---- O8 ----


def practice(behind=0.005, sgd_behind=0.0, seeds=len(o8.FRESH)):
    """Evidence by construction: Adam as it comes is `behind`, scheduled SGD `sgd_behind`, on every seed."""
    noise = 0.004 * np.random.default_rng(0).standard_normal(seeds)
    found = {}
    for data in o8.DATA:
        jitter = 0.002 * np.random.default_rng(1).standard_normal((len(o8.NAMES), seeds))
        scores = 0.97 + noise + jitter
        scores[o8.NAMES.index(o8.PLAIN)] = scores[o8.NAMES.index("Adam, constant rate")] - behind
        for name in o8.SCHEDULED:
            scores[o8.NAMES.index(name)] -= sgd_behind
        scores = np.rint(scores * o8.ROWS[data]) / o8.ROWS[data]
        found |= {f"{data}_scores": scores, f"{data}_rates": np.full(len(o8.NAMES), 0.01)}
    return found


def test_practice_holds_where_it_should():
    findings = o8.read(practice())
    assert not wrong(findings)
    assert all(each.error is not None for each in findings if each.unit)


def test_adam_far_behind_is_not_great():
    failed = wrong(o8.read(practice(behind=0.03)))
    assert len(failed) == len(o8.DATA) and all("as it comes, behind" in each for each in failed)


def test_sgd_that_is_worse_everywhere_is_not_best():
    (failed,) = wrong(o8.read(practice(sgd_behind=0.02)))
    assert "best tier" in failed


def test_a_rule_that_diverged_is_said_to_and_is_not_the_best():
    evidence = practice()
    row = o8.NAMES.index("Adam, decaying rate")
    evidence["digits_scores"][row, 2] = np.nan
    findings = o8.read(evidence)
    failed = wrong(findings)
    assert len(failed) == 2 and failed[0] == "digits: Adam, decaying rate" and "288 rows" in failed[1]
    assert all("Adam, decaying" not in each.note for each in findings if each.what.startswith("digits"))


def test_scores_of_other_rows_are_not_taken():
    evidence = practice()
    evidence["digits_scores"] = evidence["digits_scores"] * 0.999
    (failed,) = wrong(o8.read(evidence))
    assert "288 rows" in failed


def test_seeds_for_tuning_and_judging_never_meet():
    assert not set(o8.TUNING) & set(o8.FRESH)
    assert len(o8.ADAM_RATES) == len(o8.SGD_RATES) == o8.RATES


def test_nothing_is_made_on_a_device_at_import():
    for module in (o1_momentum, o2_nesterov, o3_adagrad, o4_rmsprop, o6_preconditioner, o7_failure, o8):
        assert not any(isinstance(each, jax.Array) for each in vars(module).values())
