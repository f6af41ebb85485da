"""Augmentation: random changes of the inputs that keep their meaning.  Lecture: "Stochasticity".

    flip      left and right exchanged, with probability p                          (1)
    rotate    by an angle uniform in [-a, a] degrees, about the center              (2)
    shift     by distances uniform in [-s, s] pixels, along both axes               (3)
    cutout    a square of side s, its center uniform over the image, set to 0       (4)      DeVries 2017
    noise     x + s e, e standard normal                                            (5)      Bishop 1995
    mixup     x <- lam x + (1 - lam) x', loss lam L(y) + (1 - lam) L(y'),           (6)      Zhang et al. 2018
              lam from Beta(a, a), then the larger one of lam and 1 - lam

x and y are input and target of a row, x' and y' those of another row of the batch. L is the loss. Every row
has its own random numbers.

The strengths p, a and s can differ between the runs of one compiled program, and a strength of 0 changes
nothing, bit for bit. The set of augmentations is fixed in a program. Each augmentation has its own random
key, so that an additional one does not change the draws of the others.

Images are rotated and shifted with bilinear interpolation. Beyond an edge the pixels of the edge repeat. The
0 of (4) is the mean if inputs are standardized, as they are by default.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from ravine.errors import UsageError
from ravine.networks.augmentation_text import AUGMENTATIONS, Image

__all__ = ["Mixed", "augment", "mixed_loss", "rotate_and_shift"]


class Mixed(NamedTuple):
    """Targets of a batch after mixup, in which every input is a weighted mean of two rows.

    y [B]     target of the first row, with weight `lam`
    y2 [B]    target of the second row, with weight 1 - `lam`
    lam [B]   weight of the first row, 1/2 to 1
    """

    y: jax.Array
    y2: jax.Array
    lam: jax.Array


def augment(
    names: Sequence[str],
    key: jax.Array,
    x: jax.Array,
    y: jax.Array,
    numbers: Mapping[str, ArrayLike],
    image: Image | None = None,
) -> tuple[jax.Array, jax.Array | Mixed]:
    """Return the randomly changed inputs [B, D] of a batch, and its targets: y [B], or `Mixed` after mixup.

    names     names of the augmentations, in the order of `read_augmentation`
    key       random key of this run and step
    x [B, D]  inputs of the batch
    y [B]     targets of the batch
    numbers   strengths by name of the augmentation, numbers or arrays []
    image     (height, width, channels) with product D; None if the inputs are not images

    Raises UsageError if an augmentation needs an image and `image` is None.
    """
    keys = {name: jax.random.fold_in(key, place) for place, name in enumerate(AUGMENTATIONS) if name in names}
    strength = {name: jnp.asarray(numbers[name], x.dtype) for name in names}
    if any(AUGMENTATIONS[name].image for name in names):
        if image is None:
            raise UsageError("One of the augmentations needs images.", "The inputs are not images.")
        pixels = x.reshape(x.shape[0], *image)
        if "flip" in names:
            pixels = _flip(keys["flip"], pixels, strength["flip"])
        if "rotate" in names or "shift" in names:
            pixels = _random_motion(keys, pixels, strength)
        if "cutout" in names:
            pixels = _cutout(keys["cutout"], pixels, strength["cutout"])
        x = pixels.reshape(x.shape)
    if "noise" in names:
        x = x + strength["noise"] * jax.random.normal(keys["noise"], x.shape, x.dtype)  # (5)
    if "mixup" in names:
        return _mixup(keys["mixup"], x, y, strength["mixup"])
    return x, y


def mixed_loss(
    loss: Callable[[jax.Array, jax.Array], jax.Array],
    outputs: jax.Array,
    targets: jax.Array | Mixed,
    weight: jax.Array | None = None,
) -> jax.Array:
    """Return the loss of each row of an augmented batch times the weight of the row: [B].

    loss      loss(outputs, y) -> loss of each row [B]
    outputs   outputs of the network [B, K]
    targets   targets that `augment` returned: y [B], or `Mixed` after mixup
    weight    weights of the rows before mixup [B], or None

    After mixup the result is lam L(y) + (1 - lam) L(y2), in which each loss L has the weight of the row from
    which its target comes.
    """
    if not isinstance(targets, Mixed):
        values = loss(outputs, targets)
        return values if weight is None else values * weight
    first, second = loss(outputs, targets.y), loss(outputs, targets.y2)
    if weight is not None:
        first, second = first * weight, second * _partner(weight)
    return targets.lam * first + (1 - targets.lam) * second  # (6)


def _flip(key: jax.Array, pixels: jax.Array, p: jax.Array) -> jax.Array:
    flips = jax.random.uniform(key, pixels.shape[:1], pixels.dtype) < p
    return jnp.where(flips[:, None, None, None], pixels[:, :, ::-1], pixels)  # (1)


def _random_motion(
    keys: Mapping[str, jax.Array], pixels: jax.Array, strength: Mapping[str, jax.Array]
) -> jax.Array:
    def drawn(name: str, *shape: int) -> jax.Array:
        way = jax.random.uniform(keys[name], (pixels.shape[0], *shape), pixels.dtype, -1, 1)
        return strength[name] * way

    angle = drawn("rotate") if "rotate" in strength else None  # (2)
    distance = drawn("shift", 2) if "shift" in strength else None  # (3)
    return rotate_and_shift(pixels, angle, distance)


def rotate_and_shift(pixels: jax.Array, angle: jax.Array | None, distance: jax.Array | None) -> jax.Array:
    """Return images [B, H, W, C] rotated about their center and then shifted, with a single interpolation.

    angle      rotation of each image in degrees, counterclockwise on the screen [B]; None = no rotation
    distance   shift of each image in pixels, down and to the right [B, 2]; None = no shift
    """
    height, width = pixels.shape[1:3]
    row = jnp.arange(height, dtype=pixels.dtype)[None, :]
    column = jnp.arange(width, dtype=pixels.dtype)[None, :]
    if distance is not None:  # the source of each pixel: shifted back, then rotated back
        row, column = row - distance[:, :1], column - distance[:, 1:]
    if angle is None:
        return _along_axes(pixels, row, column)
    middle = (height - 1) / 2, (width - 1) / 2
    down, right = (row - middle[0])[:, :, None], (column - middle[1])[:, None, :]
    # The barrier keeps one cosine per image. Without it the compiler computes one per pixel.
    radians = angle * (math.pi / 180)
    cos, sin = jax.lax.optimization_barrier((jnp.cos(radians), jnp.sin(radians)))
    cos, sin = cos[:, None, None], sin[:, None, None]
    return _anywhere(pixels, cos * down + sin * right + middle[0], cos * right - sin * down + middle[1])


def _along_axes(pixels: jax.Array, row: jax.Array, column: jax.Array) -> jax.Array:
    """Return the images, interpolated at rows [B, H] and columns [B, W], by two matrix products.

    For 28 x 28 pixels on a CPU this takes one ninth of the time of a gather.
    """

    def weights(place: jax.Array, size: int) -> jax.Array:
        place = jnp.clip(place, 0, size - 1)
        return jnp.maximum(
            1 - jnp.abs(place[:, :, None] - jnp.arange(size, dtype=place.dtype)[None, None, :]), 0
        )

    _, height, width, _ = pixels.shape
    rows, columns = weights(row, height), weights(column, width)
    exact = jax.lax.Precision.HIGHEST
    return jnp.einsum("bih,bjw,bhwc->bijc", rows, columns, pixels, precision=exact)


def _anywhere(pixels: jax.Array, row: jax.Array, column: jax.Array) -> jax.Array:
    """Return the images, interpolated at the positions row, column [B, H, W], by a gather."""
    count, height, width, channels = pixels.shape
    top, bottom, down = _between(row, height)
    left, right, across = _between(column, width)
    first = jnp.arange(count, dtype=jnp.int32)[:, None, None] * (height * width)
    flat = pixels.reshape(count * height * width, channels)

    def at(row: jax.Array, column: jax.Array) -> jax.Array:
        return flat.at[first + row * width + column].get(mode="promise_in_bounds")

    down, across = down[..., None], across[..., None]
    above = at(top, left) + across * (at(top, right) - at(top, left))
    below = at(bottom, left) + across * (at(bottom, right) - at(bottom, left))
    return above + down * (below - above)


def _between(place: jax.Array, size: int) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Return the pixels before and after a position, and its share of the way between them."""
    place = jnp.clip(place, 0, size - 1)
    before = jnp.floor(place)
    index = jnp.clip(before.astype(jnp.int32), 0, size - 1)  # also for a position of NaN
    return index, jnp.minimum(index + 1, size - 1), place - before


def _cutout(key: jax.Array, pixels: jax.Array, side: jax.Array) -> jax.Array:
    count, height, width, _ = pixels.shape
    at = jax.random.uniform(key, (count, 2), pixels.dtype)
    size = jnp.array([height, width], pixels.dtype)
    middle = at * size[None, :] - 0.5
    far_down = jnp.abs(jnp.arange(height, dtype=pixels.dtype)[None, :] - middle[:, :1]) >= side / 2
    far_across = jnp.abs(jnp.arange(width, dtype=pixels.dtype)[None, :] - middle[:, 1:]) >= side / 2
    outside = far_down[:, :, None] | far_across[:, None, :]
    return jnp.where(outside[:, :, :, None], pixels, 0)  # (4)


def _mixup(key: jax.Array, x: jax.Array, y: jax.Array, a: jax.Array) -> tuple[jax.Array, Mixed]:
    u, v = jax.random.uniform(key, (2, x.shape[0]), x.dtype)
    # A Beta(a, a) variate is (1 + s / sqrt(1 + 1 / q)) / 2 with a random sign s. 2a q is the square of a
    # Student t variate with 2a degrees of freedom (Bailey 1994). For a = 0 q is infinite, and lam = 1.
    q = jnp.expm1(-jnp.log(u) / a) * jnp.cos(2 * math.pi * v) ** 2
    lam = (1 + 1 / jnp.sqrt(1 + 1 / q)) / 2
    mixed = lam[:, None] * x + (1 - lam)[:, None] * _partner(x)  # (6)
    return mixed, Mixed(y, _partner(y), lam)


def _partner(rows: jax.Array) -> jax.Array:
    """Return the partners for mixup: for each row the row before it, since the order of a batch is random."""
    return jnp.roll(rows, 1, axis=0)
