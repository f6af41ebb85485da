"""How weights start: variances against theory, and what is the same under every scheme."""

import numpy as np
import pytest

from ravine.errors import UsageError
from ravine.networks import INITIALIZATIONS, Network

SIZES = (300, 200, 100)


def initialise(sizes, generator, *how, **named):
    return Network(sizes).init(generator, *how, **named)


# Variance of a layer of 300 inputs and 200 outputs.
THEORY = {"he": 2 / 300, "glorot": 2 / 500, "lecun": 1 / 300, "zero": 0.0, "scaled": 1.0}


def test_every_scheme_is_held_to_theory():
    assert set(THEORY) == set(INITIALIZATIONS)


@pytest.mark.parametrize("scheme", THEORY)
@pytest.mark.parametrize("scale", [1.0, 0.3])
def test_mean_and_variance(scheme, scale):
    weight = initialise(SIZES, np.random.default_rng(0), scheme, scale, "float64")[0]["weight"]
    variance = scale**2 * THEORY[scheme]
    n = weight.size
    assert abs(weight.mean()) <= 4 * np.sqrt(variance / n)
    assert abs(weight.var() - variance) <= 4 * variance * np.sqrt(2 / n)  # sd of a normal sample's variance


@pytest.mark.parametrize("scheme", THEORY)
def test_shapes_types_and_biases(scheme):
    layers = initialise(SIZES, np.random.default_rng(0), scheme, dtype="float32")
    assert [layer["weight"].shape for layer in layers] == [(300, 200), (200, 100)]
    assert [layer["bias"].shape for layer in layers] == [(200,), (100,)]
    assert all(not layer["bias"].any() for layer in layers)
    assert {array.dtype for layer in layers for array in layer.values()} == {np.dtype("float32")}


def test_schemes_differ_by_a_factor_only():
    he = initialise(SIZES, np.random.default_rng(3), "he", dtype="float64")
    lecun = initialise(SIZES, np.random.default_rng(3), "lecun", dtype="float64")
    for one, other in zip(he, lecun, strict=True):
        np.testing.assert_allclose(one["weight"], np.sqrt(2) * other["weight"], rtol=1e-14)


def test_layers_and_generators_differ():
    first, second = initialise((5, 5, 5), np.random.default_rng(0))
    other = initialise((5, 5, 5), np.random.default_rng(1))[0]
    assert not np.any(first["weight"] == second["weight"])
    assert not np.any(first["weight"] == other["weight"])


def test_weights_are_normal():
    import scipy.stats

    weight = initialise(SIZES, np.random.default_rng(0), "scaled", dtype="float64")[0]["weight"]
    assert scipy.stats.kstest(weight.ravel(), "norm").pvalue > 0.001


def test_which_start_alike():
    assert [name for name, row in INITIALIZATIONS.items() if not row.random] == ["zero"]


def test_an_unknown_name_is_told_the_nearest():
    with pytest.raises(UsageError, match=r"no initialization 'hee'.*Did you mean 'he'"):
        initialise(SIZES, np.random.default_rng(0), "hee")
