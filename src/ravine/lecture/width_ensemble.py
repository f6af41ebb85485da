"""Small networks of many widths trained as one, on digits with wrong labels; for claims on double descent.

All widths are one network with one hidden layer, whose units are divided among as many outputs as there are
widths. Each output sees only its own units. The losses of all outputs are added, so each output has the
gradient that it would have alone. All numbers are float32.
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
FAINT = 0.03  # standard deviation of the faint inputs; that of all others is 1
EVALUATIONS = 60  # per network, at steps of equal ratios


class Setting(NamedTuple):
    """Data and length of an experiment on double descent.

    rows: number of training rows. clear: number of inputs that are the first principal components of the
    images, scaled to standard deviation 1. faint: number of inputs that are the next components, scaled to
    0.03. useless: number of inputs that are random numbers. noise: probability that a training label is
    wrong. steps: steps of training. seeds: number of data sets and initial weights.
    """

    rows: int
    clear: int
    faint: int
    useless: int
    noise: float
    steps: int
    seeds: int


class Curves(NamedTuple):
    """Learning curves [seed, width, time] of networks of several widths.

    loss: mean squared error on the test rows. wrong: share of test rows that are classified wrongly. fitted:
    share of training rows whose label, which may be wrong, the network gives.
    """

    loss: np.ndarray
    wrong: np.ndarray
    fitted: np.ndarray


def times(steps: int) -> np.ndarray:
    """Return the steps after which networks are evaluated, up to 60 from 1 to `steps`: [time]."""
    return np.unique(np.rint(np.geomspace(1, steps, EVALUATIONS)).astype(np.int32))


def noisy_digits(setting: Setting, generator: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Return x [N, D] and y [N] of training rows, then those of test rows, drawn from digits for one seed.

    The inputs x are principal components of the images, and random numbers. y is 1 for even digits and -1 for
    odd ones. A share of the training labels is wrong; the test labels are right.
    """
    frame = read_builtin("digits", "digits").frame
    even = np.where(frame.pop("target").to_numpy() % 2 == 0, 1.0, -1.0)
    order = generator.permutation(len(even))
    train, test = order[: setting.rows], order[-TEST:]
    pixels = frame.to_numpy(np.float64)
    mean = pixels[train].mean(axis=0)
    _, size, directions = np.linalg.svd(pixels[train] - mean, full_matrices=False)
    useful = setting.clear + setting.faint
    scale = np.sqrt(setting.rows) / size[:useful]
    scale[setting.clear :] *= FAINT

    def inputs(rows: np.ndarray) -> np.ndarray:
        parts = (pixels[rows] - mean) @ (directions[:useful].T * scale)
        return np.concatenate([parts, generator.standard_normal((len(rows), setting.useless))], axis=1)

    wrong = np.where(generator.random(len(train)) < setting.noise, -1.0, 1.0)
    return inputs(train), even[train] * wrong, inputs(test), even[test]


def train_widths(
    setting: Setting, widths: tuple[int, ...], rule: Optimizer, generator: np.random.Generator
) -> Curves:
    """Train networks of several widths on digits with wrong labels, on every seed; return learning curves.

    The curves have up to 60 points, at the steps that the function `times` returns.
    """
    owner = np.repeat(np.arange(len(widths)), widths)
    belongs = np.eye(len(widths), dtype=np.float32)[owner]  # [hidden unit, network]
    relu = activation("relu")
    data = [noisy_digits(setting, generator) for _ in range(setting.seeds)]
    inputs = data[0][0].shape[1]
    start = {
        "in": generator.standard_normal((setting.seeds, inputs, len(owner))) * np.sqrt(2 / inputs),
        "bias": np.zeros((setting.seeds, len(owner))),
        "out": generator.standard_normal((setting.seeds, len(owner))) / np.sqrt(np.array(widths)[owner]),
        "last": np.zeros((setting.seeds, len(widths))),
    }

    def outputs(params: dict[str, jax.Array], x: jax.Array) -> jax.Array:  # [row, network]
        hidden = relu(x @ params["in"] + params["bias"][None])
        return hidden @ (belongs * params["out"][:, None]) + params["last"][None]

    def train(seed: Any) -> tuple[jax.Array, jax.Array, jax.Array]:
        params, (x, y, new_x, new_y) = seed

        def step(_: jax.Array, carry: Any) -> Any:
            params, state = carry
            # a sum over networks: each has the gradient of its own loss
            slope = jax.grad(lambda p: jnp.sum(jnp.mean((outputs(p, x) - y[:, None]) ** 2, axis=0)))(params)
            updates, state = rule.update(slope, state, params)
            return optax.apply_updates(params, updates), state

        def segment(carry: Any, steps: jax.Array) -> Any:
            carry = jax.lax.fori_loop(0, steps, step, carry)
            z, old = outputs(carry[0], new_x), outputs(carry[0], x)
            loss = jnp.mean((z - new_y[:, None]) ** 2, axis=0)
            wrong = jnp.mean((z * new_y[:, None] <= 0).astype(z.dtype), axis=0)
            return carry, (loss, wrong, jnp.mean((old * y[:, None] > 0).astype(z.dtype), axis=0))

        gaps = jnp.asarray(np.diff(times(setting.steps), prepend=np.int32(0)))
        return jax.lax.scan(segment, (params, rule.init(params)), gaps)[1]

    stacked = tuple(np.stack(arrays) for arrays in zip(*data, strict=True))
    seeds = jax.tree.map(lambda array: array.astype(np.float32), (start, stacked))
    series = jax.jit(lambda seeds: jax.lax.map(train, seeds))(seeds)
    return Curves(*(np.swapaxes(np.asarray(values), 1, 2) for values in series))
