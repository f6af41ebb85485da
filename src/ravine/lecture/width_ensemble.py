"""Small nets of many widths trained as one, on digits with wrong labels; for double descent.

All widths are one net of one hidden layer, whose units are divided among as many outputs: each output sees
its own units only, and as the losses of all are added, each has the gradient it would have alone. Float32.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from ravine.data.builtin import read_builtin
from ravine.networks import activation
from ravine.optimizers import Optimizer

__all__ = ["Curves", "Setting", "noisy_digits", "times", "train_widths"]

TEST = 1000  # rows
FAINT = 0.03  # size of the faint inputs, where all others have variance 1
SEEN = 60  # times at which a net is judged, at equal ratios


class Setting(NamedTuple):
    """Training rows, inputs of three kinds, share of wrong labels, steps, and how many seeds.

    clear, faint: the first principal components of the images and the next; useless: pure noise.
    """

    rows: int
    clear: int
    faint: int
    useless: int
    noise: float
    steps: int
    seeds: int


class Curves(NamedTuple):
    """[seed, width, time]: test loss, share of test rows wrong, share of training rows right."""

    loss: np.ndarray
    wrong: np.ndarray
    fitted: np.ndarray


def times(steps: int) -> np.ndarray:
    """Return the steps after which nets are judged, [time]."""
    return np.unique(np.rint(np.geomspace(1, steps, SEEN)).astype(np.int32))


def noisy_digits(how: Setting, generator: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Return training x, y and test x, y of one seed: principal components of digits, and useless inputs."""
    frame = read_builtin("digits", "digits").frame
    even = np.where(frame.pop("target").to_numpy() % 2 == 0, 1.0, -1.0)
    order = generator.permutation(len(even))
    train, test = order[: how.rows], order[-TEST:]
    pixels = frame.to_numpy(np.float64)
    mean = pixels[train].mean(axis=0)
    _, size, directions = np.linalg.svd(pixels[train] - mean, full_matrices=False)
    useful = how.clear + how.faint
    scale = np.sqrt(how.rows) / size[:useful]
    scale[how.clear :] *= FAINT

    def inputs(rows: np.ndarray) -> np.ndarray:
        parts = (pixels[rows] - mean) @ (directions[:useful].T * scale)
        return np.concatenate([parts, generator.standard_normal((len(rows), how.useless))], axis=1)

    wrong = np.where(generator.random(len(train)) < how.noise, -1.0, 1.0)
    return inputs(train), even[train] * wrong, inputs(test), even[test]


def train_widths(
    how: Setting, widths: tuple[int, ...], rule: Optimizer, generator: np.random.Generator
) -> Curves:
    """Train nets of all widths on every seed, and judge them at `times`."""
    owner = np.repeat(np.arange(len(widths)), widths)
    belongs = np.eye(len(widths), dtype=np.float32)[owner]  # [hidden unit, net]
    relu = activation("relu")
    data = [noisy_digits(how, generator) for _ in range(how.seeds)]
    inputs = data[0][0].shape[1]
    start = {
        "in": generator.standard_normal((how.seeds, inputs, len(owner))) * np.sqrt(2 / inputs),
        "bias": np.zeros((how.seeds, len(owner))),
        "out": generator.standard_normal((how.seeds, len(owner))) / np.sqrt(np.array(widths)[owner]),
        "last": np.zeros((how.seeds, len(widths))),
    }

    def outputs(params: dict[str, jax.Array], x: jax.Array) -> jax.Array:  # [row, net]
        hidden = relu(x @ params["in"] + params["bias"][None])
        return hidden @ (belongs * params["out"][:, None]) + params["last"][None]

    def one(seed: Any) -> tuple[jax.Array, jax.Array, jax.Array]:
        params, (x, y, new_x, new_y) = seed

        def step(_: jax.Array, carry: Any) -> Any:
            params, slots = carry
            # a sum over nets: each has the gradient of its own loss
            slope = jax.grad(lambda p: jnp.sum(jnp.mean((outputs(p, x) - y[:, None]) ** 2, axis=0)))(params)
            updates, slots = rule.update(slope, slots, params)
            return optax.apply_updates(params, updates), slots

        def stretch(carry: Any, steps: jax.Array) -> Any:
            carry = jax.lax.fori_loop(0, steps, step, carry)
            z, old = outputs(carry[0], new_x), outputs(carry[0], x)
            loss = jnp.mean((z - new_y[:, None]) ** 2, axis=0)
            wrong = jnp.mean((z * new_y[:, None] <= 0).astype(z.dtype), axis=0)
            return carry, (loss, wrong, jnp.mean((old * y[:, None] > 0).astype(z.dtype), axis=0))

        gaps = jnp.asarray(np.diff(times(how.steps), prepend=np.int32(0)))
        return jax.lax.scan(stretch, (params, rule.init(params)), gaps)[1]

    stacked = tuple(np.stack(each) for each in zip(*data, strict=True))
    seeds = jax.tree.map(lambda each: each.astype(np.float32), (start, stacked))
    series = jax.jit(lambda seeds: jax.lax.map(one, seeds))(seeds)
    return Curves(*(np.swapaxes(np.asarray(each), 1, 2) for each in series))
