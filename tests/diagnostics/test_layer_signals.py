"""Profiles, saturation and signs built by hand, and claim P1's numbers."""

import numpy as np
import pytest

from ravine.diagnostics import expected_sign_agreement, gradient_profile, saturation, sign_agreement
from ravine.errors import UsageError


def test_a_geometric_profile():
    generator = np.random.default_rng(0)
    layers = {}
    for depth in range(6):
        drawn = generator.standard_normal((4, 3))
        layers[f"layer{depth}"] = drawn / np.linalg.norm(drawn) * 4.0**depth
    found = gradient_profile(layers)
    np.testing.assert_allclose(found.norms, 4.0 ** np.arange(6))
    assert found.slope == pytest.approx(np.log(4)) and found.factor == pytest.approx(0.25)
    assert found.error == pytest.approx(0, abs=1e-12) and found.zero == ()


def test_layers_without_gradient():
    found = gradient_profile({"a": np.zeros(3), "b": np.ones(3), "c": np.ones(3) * np.e})
    assert found.zero == ("a",) and found.slope == pytest.approx(1.0) and found.error is None
    dead = gradient_profile({"a": np.zeros(3), "b": np.zeros(3)})
    assert dead.slope is None and dead.factor is None and dead.zero == ("a", "b")


def test_the_error_of_the_slope():
    generator = np.random.default_rng(1)
    found = [
        gradient_profile({str(l): [np.exp(0.3 * l + 0.1 * generator.standard_normal())] for l in range(8)})
        for _ in range(500)
    ]
    assert np.mean([each.slope for each in found]) == pytest.approx(0.3, abs=0.005)
    spread = np.std([each.slope for each in found])
    assert np.sqrt(np.mean([each.error**2 for each in found])) == pytest.approx(spread, rel=0.1)


def sigmoid_slope(h):
    return np.exp(-np.abs(h)) / (1 + np.exp(-np.abs(h))) ** 2


def test_saturation():
    h = np.zeros((100, 4))
    h[:, 1] = 50.0  # always saturated
    h[::2, 2] = -50.0  # in half of the rows
    found = saturation({"one": h, "two": np.zeros((7, 2))}, sigmoid_slope, maximum=0.25)
    assert found["one"].share == pytest.approx(1.5 / 4)
    assert (found["one"].dead, found["one"].units) == (1, 4)
    assert found["one"].error == pytest.approx(np.std(np.tile([0.5, 0.25], 50), ddof=1) / 10)
    assert found["one"].unseen == pytest.approx(0.03, abs=0.001)  # the rule of three
    assert found["two"].share == 0 and found["two"].dead == 0


def test_always_positive_inputs_give_one_sign_per_example():
    """Per example all coordinates of a unit's gradient have one sign."""
    x = np.random.default_rng(0).uniform(0, 1, 10)
    found = sign_agreement(np.outer(x, np.random.default_rng(1).standard_normal(5)))
    assert found.value == 1.0 and found.pairs == 5 * 45


def test_batches_of_uniform_inputs_agree_by_the_arcsine():
    """Claim P1: U[0,1]^10, batch 128: 1/2 + asin(.75)/pi = .770; standardised: one half."""
    generator = np.random.default_rng(0)
    x = generator.uniform(0, 1, (400, 128, 10))
    back = generator.standard_normal((400, 128, 3))
    found = sign_agreement(np.einsum("tbd,tbh->tdh", x, back))
    expected = expected_sign_agreement(x.reshape(-1, 10))
    assert expected == pytest.approx(0.5 + np.arcsin(0.75) / np.pi, abs=2e-3)
    assert found.value == pytest.approx(expected, abs=4 * found.error + 0.005)
    assert found.error < 0.02
    standard = sign_agreement(np.einsum("tbd,tbh->tdh", x - 0.5, back))
    assert standard.value == pytest.approx(0.5, abs=4 * standard.error)
    assert expected_sign_agreement(x.reshape(-1, 10) - 0.5) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(
    "call",
    [
        lambda: gradient_profile({}),
        lambda: gradient_profile({"a": np.ones((3, 0))}),
        lambda: gradient_profile({"a": [np.nan]}),
        lambda: saturation({}, sigmoid_slope),
        lambda: saturation({"a": np.ones(3)}, sigmoid_slope),
        lambda: saturation({"a": np.ones((0, 3))}, sigmoid_slope),
        lambda: saturation({"a": np.ones((2, 3))}, lambda h: h * np.nan),
        lambda: saturation({"a": np.ones((2, 3))}, sigmoid_slope, maximum=0.0),
        lambda: sign_agreement(np.zeros((3, 2))),
        lambda: sign_agreement(np.ones(3)),
        lambda: sign_agreement([[np.inf, 1.0]]),
        lambda: expected_sign_agreement(np.ones((5, 1))),
        lambda: expected_sign_agreement(np.zeros((5, 2))),
    ],
)
def test_misuse(call):
    with pytest.raises(UsageError):
        call()
