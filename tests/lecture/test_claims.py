"""Every claim of the lecture holds, and would not hold on other evidence."""

from functools import cache

import numpy as np
import pytest

from ravine.lecture import SECTIONS, claims, find, measure

ALL = sorted(claims())


@cache
def measured(claim_id):
    return measure(find(claim_id))


@pytest.mark.slow
@pytest.mark.parametrize("claim_id", ALL)
def test_it_holds(claim_id):
    found = measured(claim_id).findings
    wrong = [
        f"{each.what}: {each.measured:.6g}, expected {each.expected}" for each in found if each.holds is False
    ]
    assert found and not wrong


@pytest.mark.slow
@pytest.mark.parametrize("claim_id", ALL)
def test_no_finding_survives_evidence_that_is_not_there(claim_id):
    """Floats become NaN and counts absurd: each finding must fail, so each reads what was measured."""
    result = measured(claim_id)
    survived = {each.what for each in result.findings}
    for sign in (-1, 1):
        spoiled = {name: spoil(values, sign) for name, values in result.evidence.items()}
        with np.errstate(all="ignore"):
            survived &= {each.what for each in result.module.read(spoiled) if each.holds is not False}
    assert not survived


@pytest.mark.slow
@pytest.mark.parametrize("claim_id", ALL)
def test_wrong_numbers_do_not_hold(claim_id):
    result = measured(claim_id)
    if all(each.expected is None for each in result.findings):
        pytest.skip("this claim only reports")
    wrong = {
        name: values * 1.7 + 0.3 if values.dtype.kind == "f" else values
        for name, values in result.evidence.items()
    }
    with np.errstate(all="ignore"):
        assert any(each.holds is False for each in result.module.read(wrong))


@pytest.mark.slow
@pytest.mark.parametrize("claim_id", ALL)
def test_evidence_is_plain_arrays_and_the_picture_draws(claim_id):
    result = measured(claim_id)
    assert all(
        isinstance(each, np.ndarray) and each.dtype.kind in "bifu" for each in result.evidence.values()
    )
    before = {name: values.copy() for name, values in result.evidence.items()}
    figure = result.figure()
    assert figure.axes and all(axes.get_xlabel() and axes.get_ylabel() for axes in figure.axes[:1])
    for name, values in before.items():
        np.testing.assert_array_equal(values, result.evidence[name])


@pytest.mark.parametrize("claim_id", ALL)
def test_its_facts_are_said(claim_id):
    claim = claims()[claim_id]
    assert claim.section == SECTIONS[claim_id[0]]
    assert all((claim.title, claim.says, claim.caveat)) and claim.run.endswith(".")
    assert claim.try_it.startswith("ravine ")
    assert len(claim.title) <= 60 and not claim.title.endswith(".")


def spoil(values, sign):
    """Return values that no measurement gives, of the same shape and kind."""
    if values.dtype.kind == "f":
        return np.full_like(values, np.nan)
    if values.dtype.kind == "b":
        return np.full_like(values, sign > 0)
    return np.full_like(values, sign * (10**6 + 1))
