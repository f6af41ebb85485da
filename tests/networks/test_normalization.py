"""Batch and layer normalisation: held to torch over several steps, and to what scale invariance implies."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ravine.networks.normalization_functions import MOMENTUM, batch_norm, batch_norm_training, layer_norm

SHAPES = pytest.mark.parametrize("shape", [(7, 5), (2, 5), (6, 4, 3, 5), (1, 4, 3, 5)])


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def affine(units):
    return {"scale": jnp.asarray(1 + drawn(units, seed=8)), "shift": jnp.asarray(drawn(units, seed=9))}


def start(units):
    return {"mean": jnp.zeros(units), "variance": jnp.ones(units)}


def theirs(torch, make, shape, layer, **options):
    """Torch's layer of the same scale and shift, in float64."""
    built = make(shape[-1], **options).double()
    with torch.no_grad():
        built.weight.copy_(torch.tensor(np.asarray(layer["scale"])))
        built.bias.copy_(torch.tensor(np.asarray(layer["shift"])))
    return built


def channels_first(x):
    return np.moveaxis(x, -1, 1) if x.ndim == 4 else x


def channels_last(x):
    return np.moveaxis(x, 1, -1) if x.ndim == 4 else x


def close(found, expected, tolerance=1e-12):
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


@SHAPES
@pytest.mark.parametrize("momentum", [0.9, 0.99])
def test_batch_norm_is_torchs_over_several_steps(shape, momentum):
    """Outputs and gradients in training, running statistics, and inference after each step."""
    torch = pytest.importorskip("torch")
    layer, stats = affine(shape[-1]), start(shape[-1])
    make = torch.nn.BatchNorm2d if len(shape) == 4 else torch.nn.BatchNorm1d
    torchs = theirs(torch, make, shape, layer, momentum=1 - momentum)
    held = 3 * drawn(4, *shape[1:], seed=50) + 1
    for step in range(4):
        x, dy = 2 * drawn(*shape, seed=step) - 1, drawn(*shape, seed=100 + step)

        def train(layer, x, stats=stats):
            return batch_norm_training(layer, x, stats, momentum)

        y, back, stats = jax.vjp(train, layer, jnp.asarray(x), has_aux=True)
        gradients = back(jnp.asarray(dy))

        torchs.train()
        torchs.zero_grad()
        torch_x = torch.tensor(channels_first(x), requires_grad=True)
        torch_y = torchs(torch_x)
        torch_y.backward(torch.tensor(channels_first(dy)))
        close(y, channels_last(torch_y.detach().numpy()))
        close(gradients[0]["scale"], torchs.weight.grad.numpy(), 1e-11)
        close(gradients[0]["shift"], torchs.bias.grad.numpy(), 1e-11)
        # with two rows an input gradient is what is left of numbers 1e5 times as large
        close(gradients[1], channels_last(torch_x.grad.numpy()), 1e-9)
        close(stats["mean"], torchs.running_mean.numpy())
        close(stats["variance"], torchs.running_var.numpy())

        torchs.eval()
        with torch.no_grad():
            expected = channels_last(torchs(torch.tensor(channels_first(held))).numpy())
        close(batch_norm(layer, jnp.asarray(held), stats), expected)


@SHAPES
def test_layer_norm_is_torchs(shape):
    """For images torch calls it a group norm of one group."""
    torch = pytest.importorskip("torch")
    layer = affine(shape[-1])
    make = (lambda units: torch.nn.GroupNorm(1, units)) if len(shape) == 4 else torch.nn.LayerNorm
    torchs = theirs(torch, make, shape, layer)
    x, dy = 2 * drawn(*shape) - 1, drawn(*shape, seed=1)
    y, back = jax.vjp(layer_norm, layer, jnp.asarray(x))
    gradients = back(jnp.asarray(dy))
    torch_x = torch.tensor(channels_first(x), requires_grad=True)
    torch_y = torchs(torch_x)
    torch_y.backward(torch.tensor(channels_first(dy)))
    close(y, channels_last(torch_y.detach().numpy()))
    close(gradients[1], channels_last(torch_x.grad.numpy()), 1e-11)
    close(gradients[0]["scale"], torchs.weight.grad.numpy(), 1e-11)


@SHAPES
def test_a_batch_leaves_with_the_shift_as_mean_and_the_scale_as_deviation(shape):
    layer = affine(shape[-1])
    y, _ = batch_norm_training(layer, jnp.asarray(5 + 1e3 * drawn(*shape)), start(shape[-1]))
    axes = tuple(range(len(shape) - 1))
    close(jnp.mean(y, axis=axes), layer["shift"], 1e-11)
    close(jnp.std(y, axis=axes), jnp.abs(layer["scale"]), 1e-6)  # eps against a variance of 1e6 or so


def test_running_statistics_forget_by_the_momentum():
    """Of constant batch statistics m, v, after t steps: (1 - a^t) m and a^t + (1 - a^t) v n / (n - 1)."""
    x = jnp.asarray(drawn(5, 3))
    stats = start(3)
    for _ in range(6):
        _, stats = batch_norm_training(affine(3), x, stats)
    kept = MOMENTUM**6
    close(stats["mean"], (1 - kept) * np.mean(x, axis=0))
    close(stats["variance"], kept + (1 - kept) * np.var(x, axis=0, ddof=1))


def test_running_statistics_carry_no_gradient():
    def last(x):
        _, stats = batch_norm_training(affine(3), x, start(3))
        return jnp.sum(stats["mean"] + stats["variance"])

    assert not np.any(jax.grad(last)(jnp.asarray(drawn(5, 3))))


@pytest.mark.parametrize("eps", [0.0, 1e-5])
def test_weights_before_a_batch_norm_have_no_scale(eps):
    """Claim G9: L(aW) = L(W), so grad L(W) is at right angles to W, and grad L(3W) = grad L(W) / 3.

    eps pushes off: the outputs grow a little with W, and <W, grad> is the eps share of what one unit does.
    """
    weight, x = jnp.asarray(drawn(4, 3)), jnp.asarray(drawn(16, 4, seed=1))
    layer, target = affine(3), jnp.asarray(drawn(16, 3, seed=2))

    def loss(weight):
        y, _ = batch_norm_training(layer, x @ weight, start(3), eps=eps)
        return jnp.mean((jnp.tanh(y) - target) ** 2)

    gradient = jax.grad(loss)(weight)
    angle = jnp.abs(jnp.sum(weight * gradient, axis=0))
    size = jnp.linalg.norm(weight, axis=0) * jnp.linalg.norm(gradient, axis=0)
    assert jnp.all(size > 1e-3)
    tolerance = 1e-13 if eps == 0 else 1e-4
    assert jnp.all(angle <= tolerance * size)
    close(jax.grad(loss)(3 * weight), gradient / 3, tolerance)


def test_a_constant_unit_becomes_the_shift():
    layer = affine(3)
    y, stats = batch_norm_training(layer, jnp.full((6, 3), 7.0), start(3))
    close(y, jnp.broadcast_to(layer["shift"][None, :], (6, 3)))
    assert np.all(np.isfinite(stats["variance"]))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_a_number_stays_none(bad):
    x = drawn(6, 3)
    x[2, 1] = bad
    y, stats = batch_norm_training(affine(3), jnp.asarray(x), start(3))
    assert np.all(np.isnan(y[:, 1])) and not np.isfinite(stats["mean"][1])
    assert np.all(np.isfinite(y[:, [0, 2]]))
