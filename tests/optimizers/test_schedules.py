import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from ravine.errors import UsageError
from ravine.optimizers import constant, decay_to_zero, scheduled

T = np.arange(0, 130)


def test_constant():
    np.testing.assert_array_equal([constant(0.3)(t) for t in (0, 5, 10**6)], 0.3)


@pytest.mark.parametrize(
    ("kind", "peer"),
    [
        ("cosine", optax.cosine_decay_schedule(0.3, 100)),
        ("linear", optax.linear_schedule(0.3, 0.0, 100)),
    ],
)
def test_decay_equals_optax(kind, peer):
    with jax.numpy_dtype_promotion("standard"):
        expected = [float(peer(t)) for t in T]
    np.testing.assert_allclose([decay_to_zero(0.3, 100, kind)(t) for t in T], expected, rtol=0, atol=1e-15)


@pytest.mark.parametrize("kind", ["cosine", "linear"])
def test_decay_ends_at_exactly_zero_and_falls_all_the_way(kind):
    values = np.array([float(decay_to_zero(0.3, 100, kind)(t)) for t in T])
    assert values[0] == 0.3 and (values[:100] > 0).all() and (values[100:] == 0).all()
    assert (np.diff(values[:101]) < 0).all()


def test_cosine_in_float32_is_right_to_the_end():
    """(1 + cos) / 2 would lose all digits there."""
    at = decay_to_zero(jnp.float32(1.0), 100_000)
    np.testing.assert_allclose(at(99_990), np.sin(np.pi / 2 * 1e-4) ** 2, rtol=1e-3)
    assert at(3).dtype == jnp.float32


@pytest.mark.parametrize("kind", ["cosine", "linear"])
def test_decays_is_data(kind):
    """Constant and decaying runs side by side in one program, each exactly what it is alone."""

    @jax.jit
    def at(rate, steps, decays, t):
        return scheduled(rate, steps, decays, kind)(t)

    rates, decays = jnp.array([0.1, 0.2, 0.3]), jnp.array([0.0, 1.0, 0.0])
    together = jax.vmap(at, in_axes=(0, None, 0, None))(rates, 50, decays, 20)
    np.testing.assert_array_equal(together[jnp.array([0, 2])], jnp.array([0.1, 0.3]))
    np.testing.assert_allclose(together[1], decay_to_zero(0.2, 50, kind)(20), rtol=1e-15)


def test_unknown_kind():
    with pytest.raises(UsageError, match="cosine"):
        decay_to_zero(0.1, 10, "cosin")
