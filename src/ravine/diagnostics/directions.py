"""Directions in weight space along which the loss is drawn.  Lecture: "Loss landscape of NNs".

    filter normalization   d_j <- d_j |w_j| / |d_j|      j: all weights into one unit                   (1)
    plane of a path        first two right singular vectors of w_t - w_T                                (2)
    explained share        sigma_k^2 / sum sigma^2       sigma: singular values of w_t - w_T            (3)

d is a direction and w are the weights. w_t are the weights at step t of a path that ends at w_T. A unit is an
index of the last axis (fan_in first, as in [fan_in, fan_out] and [height, width, in, out]). Arrays with one
axis (biases, scale and shift of batch normalization) have no units. By default a direction is zero in these
arrays. Otherwise equation (1) uses the norm of the whole array.

Source: Li et al. 2018.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import jax
import numpy as np
import numpy.typing as npt

from ravine.diagnostics.flatten import Params, Vector, check_parameters
from ravine.errors import UsageError

__all__ = ["TrajectoryPlane", "random_directions", "trajectory_plane"]


class TrajectoryPlane(NamedTuple):
    """Plane in weight space through the last point of a path of weights, with the path projected onto it.

    directions [2, D]     orthonormal directions of the plane
    center [D]            last point of the path
    coordinates [T, 2]    path in the plane, relative to its last point, in units of weight space
    explained [2]         share of each direction in the squared distances of the path from its last point
    outside [T]           distance of every point of the path from the plane, in units of weight space
    """

    directions: Vector
    center: Vector
    coordinates: Vector
    explained: Vector
    outside: Vector


def random_directions(
    params: Params,
    count: int = 2,
    *,
    normalize: Literal["filter", "none"] = "filter",
    move_biases: bool = False,
    seed: int = 0,
) -> list[Params]:
    """Return `count` Gaussian random directions in weight space, each a tree with the shapes of `params`.

    normalize     "filter" scales a direction, unit by unit, to the norm of the weights into the unit; "none"
                  leaves the Gaussian numbers as drawn
    move_biases   whether arrays with one axis take part; if not, the direction is 0 in these arrays
    seed          random seed

    Raises UsageError if `count` is below 1, if `normalize` is another word, and if `params` holds only arrays
    with one axis while `move_biases` is False.
    """
    check_parameters(params)
    if count < 1 or normalize not in ("filter", "none"):
        raise UsageError(
            f"There are no {count} directions with normalize='{normalize}'.",
            "Allowed are 'filter' and 'none', and a count of at least 1.",
            "Use for example count=2, normalize='filter'.",
        )
    if not move_biases and all(np.ndim(leaf) < 2 for leaf in jax.tree.leaves(params)):
        raise UsageError(
            "No array of the parameters has two or more axes, so a direction in weight space would be zero.",
            "Without move_biases, a direction changes only arrays with two or more axes.",
            "Pass move_biases=True.",
        )
    generator = np.random.default_rng(seed)

    def direction(leaf: Any) -> npt.NDArray[Any]:
        weights = np.asarray(leaf)
        drawn = generator.standard_normal(weights.shape)
        if weights.ndim < 2 and not move_biases:
            return np.zeros_like(weights)
        if normalize == "filter":
            axes = tuple(range(weights.ndim - 1)) if weights.ndim > 1 else None
            norm = np.sqrt((drawn**2).sum(axis=axes, keepdims=True))
            weight_norm = np.sqrt((weights.astype(np.float64) ** 2).sum(axis=axes, keepdims=True))
            drawn = drawn * weight_norm / np.where(norm > 0, norm, 1)  # (1)
        return np.asarray(drawn, weights.dtype)

    return [jax.tree.map(direction, params) for _ in range(count)]


def trajectory_plane(trajectory: npt.ArrayLike) -> TrajectoryPlane:
    """Return the plane through the last point of a path of weights [T, D] that is closest to the path.

    The plane contains the first two principal directions of the path, relative to its last point.

    Raises UsageError for fewer than 3 points, for weights that are not finite, and for a path that is a point
    or a straight line.
    """
    path = np.asarray(trajectory, np.float64)
    if path.ndim != 2 or len(path) < 3 or path.shape[1] < 2:
        raise UsageError(
            f"A path of shape {path.shape} does not define a plane.",
            "It must be [T, D] with T of at least 3 and D of at least 2.",
            "Pass at least 3 points of the path.",
        )
    if not np.isfinite(path).all():
        raise UsageError(
            "The path in weight space has weights that are not finite.",
            "A plane through the path needs finite weights.",
            "Cut the path off before training diverges.",
        )
    center = path[-1]
    offsets = path - center
    # T is much smaller than D, so the eigenvalues of the T x T matrix give the singular values
    inner = offsets @ offsets.T
    values, sides = np.linalg.eigh(inner)
    values, sides = np.maximum(values[::-1], 0.0), sides[:, ::-1]
    if values[0] == 0 or values[1] <= 1e-14 * values[0]:
        raise UsageError(
            "All points of the path are equal." if values[0] == 0 else "The path is a straight line.",
            "The plane through a path needs two different directions of the path.",
            "Record more steps, or draw the loss along one direction.",
        )
    directions = (sides[:, :2] / np.sqrt(values[:2])[None, :]).T @ offsets  # (2)
    directions = (
        np.linalg.qr(directions.T)[0].T
        * np.sign(np.einsum("kd,kd->k", np.linalg.qr(directions.T)[0].T, directions))[:, None]
    )
    coordinates = offsets @ directions.T
    outside = np.sqrt(np.maximum((offsets**2).sum(axis=1) - (coordinates**2).sum(axis=1), 0.0))
    return TrajectoryPlane(directions, center, coordinates, values[:2] / values.sum(), outside)  # (3)
