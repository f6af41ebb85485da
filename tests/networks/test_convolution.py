"""Convolutions by patches: held to torch, to the compiler's own, to a loop, and to known kernels."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ravine.networks.convolution import convolve, output_size


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


CASES = pytest.mark.parametrize(
    "image, channels, size, stride",
    [
        ((8, 8, 1), 4, 3, 1),
        ((8, 8, 3), 4, 3, 2),
        ((7, 5, 2), 3, 3, 2),
        ((1, 1, 2), 3, 3, 2),
        ((2, 9, 2), 40, 3, 1),
        ((8, 8, 2), 3, 1, 2),
        ((6, 7, 2), 3, 5, 1),
    ],
)


@CASES
def test_outputs_and_gradients_are_torchs(image, channels, size, stride):
    torch = pytest.importorskip("torch")
    layer = {
        "weight": jnp.asarray(drawn(size, size, image[-1], channels)),
        "bias": jnp.asarray(drawn(channels)),
    }
    x = drawn(3, *image, seed=1)
    y, back = jax.vjp(lambda layer, x: convolve(layer, x, stride), layer, jnp.asarray(x))
    torchs = torch.nn.Conv2d(image[-1], channels, size, stride, padding=size // 2).double()
    with torch.no_grad():
        torchs.weight.copy_(torch.tensor(np.asarray(layer["weight"]).transpose(3, 2, 0, 1)))
        torchs.bias.copy_(torch.tensor(np.asarray(layer["bias"])))
    torch_x = torch.tensor(np.moveaxis(x, -1, 1), requires_grad=True)
    torch_y = torchs(torch_x)
    np.testing.assert_allclose(y, np.moveaxis(torch_y.detach().numpy(), 1, -1), rtol=1e-12, atol=1e-12)

    dy = drawn(*y.shape, seed=2)
    torch_y.backward(torch.tensor(np.moveaxis(dy, -1, 1)))
    by_layer, by_x = back(jnp.asarray(dy))
    weight = torchs.weight.grad.numpy().transpose(2, 3, 1, 0)
    np.testing.assert_allclose(by_layer["weight"], weight, rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(by_layer["bias"], torchs.bias.grad.numpy(), rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(by_x, np.moveaxis(torch_x.grad.numpy(), 1, -1), rtol=1e-11, atol=1e-11)


@CASES
def test_outputs_are_the_compilers_own(image, channels, size, stride):
    weight, x = jnp.asarray(drawn(size, size, image[-1], channels)), jnp.asarray(drawn(2, *image, seed=1))
    expected = jax.lax.conv_general_dilated(
        x, weight, (stride, stride), ((size // 2,) * 2,) * 2, dimension_numbers=("NHWC", "HWIO", "NHWC")
    )
    found = convolve({"weight": weight}, x, stride)
    assert found.shape[1:3] == (output_size(image[0], stride), output_size(image[1], stride))
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_the_kernel_of_the_middle_changes_nothing():
    x = jnp.asarray(drawn(2, 5, 4, 1))
    weight = jnp.zeros((3, 3, 1, 1)).at[1, 1].set(1.0)
    np.testing.assert_array_equal(convolve({"weight": weight}, x), x)


def test_an_image_moved_gives_the_result_moved():
    x = np.zeros((1, 9, 9, 1))
    x[0, 3:5, 3:5, 0] = drawn(2, 2)
    layer = {"weight": jnp.asarray(drawn(3, 3, 1, 2))}
    moved = convolve(layer, jnp.asarray(np.roll(x, (2, 1), (1, 2))))
    np.testing.assert_allclose(moved, np.roll(convolve(layer, jnp.asarray(x)), (2, 1), (1, 2)), atol=1e-15)
