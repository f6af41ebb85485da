"""A shuffled copy is put back exactly; the function never changes."""

import itertools

import jax.numpy as jnp
import numpy as np
import pytest

from ravine.diagnostics import align, interpolate, permute
from ravine.errors import UsageError

SIZES = (7, 20, 15, 12, 3)


def network(seed, sizes=SIZES):
    generator = np.random.default_rng(seed)
    return [
        {"weight": generator.standard_normal((a, b)) / np.sqrt(a), "bias": generator.standard_normal(b)}
        for a, b in itertools.pairwise(sizes)
    ]


def layers_of(params, x):
    found = []
    for layer in params:
        x = np.tanh(x @ layer["weight"] + layer["bias"])
        found.append(x)
    return found


def shuffles(seed, sizes=SIZES):
    generator = np.random.default_rng(seed)
    return [generator.permutation(size) for size in sizes[1:-1]]


def test_a_permuted_network_is_the_same_function():
    x = np.random.default_rng(0).standard_normal((10, 7))
    params = network(0)
    np.testing.assert_allclose(
        layers_of(permute(params, shuffles(1)), x)[-1], layers_of(params, x)[-1], atol=1e-14
    )


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_a_shuffled_copy_is_put_back(seed, noise):
    params = network(seed)
    shuffled = permute(params, shuffles(seed + 10))
    generator = np.random.default_rng(99)
    other = [
        {k: v + noise * generator.standard_normal(v.shape) for k, v in layer.items()} for layer in shuffled
    ]
    found = align(params, other)
    for order, shuffle in zip(found.permutations, shuffles(seed + 10), strict=True):
        np.testing.assert_array_equal(order, np.argsort(shuffle))
    assert found.after < found.before / 2 + 1e-9
    x = np.random.default_rng(0).standard_normal((50, 7))
    by_activations = align(params, other, (layers_of(params, x)[:-1], layers_of(other, x)[:-1]))
    for one, two in zip(found.permutations, by_activations.permutations, strict=True):
        np.testing.assert_array_equal(one, two)


def test_the_barrier_to_a_permuted_copy_goes():
    params = network(0)
    shuffled = permute(params, shuffles(1))
    x = np.random.default_rng(0).standard_normal((50, 7))
    target = layers_of(params, x)[-1]

    def loss(p):
        h = jnp.asarray(x)
        for layer in p:
            h = jnp.tanh(h @ layer["weight"] + layer["bias"][None, :])
        return jnp.mean((h - target) ** 2)

    assert interpolate(loss, params, shuffled).barrier > 0.01
    assert interpolate(loss, params, align(params, shuffled).params).barrier < 1e-12


def test_independent_networks_come_nearer_and_stay_the_same_function():
    a, b = network(0), network(1)
    found = align(a, b)
    assert found.after < found.before
    far = np.sqrt(sum(((p[k] - q[k]) ** 2).sum() for p, q in zip(a, found.params, strict=True) for k in p))
    assert far == pytest.approx(found.after)
    x = np.random.default_rng(0).standard_normal((10, 7))
    np.testing.assert_allclose(layers_of(found.params, x)[-1], layers_of(b, x)[-1], atol=1e-14)


def test_dead_units_and_no_hidden_layer():
    params = network(0)
    dead = [np.zeros((5, size)) for size in SIZES[1:-1]]
    assert len(align(params, params, (dead, dead)).permutations) == 3
    single = network(0, (4, 3))
    assert align(single, single).after == pytest.approx(0.0, abs=1e-7)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (network(0), network(0, (7, 20, 15, 11, 3))),
        ({"weight": np.ones((2, 2))}, network(0)),
        ([], []),
        ([{"weight": np.ones((2, 2))}], [{"weight": np.ones((2, 2))}]),
        ([{"weight": np.ones((2, 2)), "bias": np.ones(3)}], network(0)),
        (network(0)[::-1], network(0)[::-1]),
        (
            [{"weight": np.full((2, 2), np.nan), "bias": np.ones(2)}],
            [{"weight": np.ones((2, 2)), "bias": np.ones(2)}],
        ),
    ],
)
def test_misuse(a, b):
    with pytest.raises(UsageError):
        align(a, b)


def test_more_misuse():
    params = network(0)
    with pytest.raises(UsageError, match="no permutations"):
        permute(params, [np.zeros(20, int), np.arange(15), np.arange(12)])
    with pytest.raises(UsageError, match="3 hidden layers"):
        align(params, params, ([], []))
    wrong = [np.ones((5, size)) for size in (20, 15, 11)]
    with pytest.raises(UsageError, match="same rows"):
        align(params, params, (wrong, wrong))
