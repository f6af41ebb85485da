"""Directions to look along from a point in weight space.  Lecture: "Loss landscape of NNs".

    filter-normalised   d_j <- d_j |w_j| / |d_j|      for the weights j into each unit                  (1)
    plane of a path     the first two right singular vectors of w_t - w_T                               (2)
    share explained     sigma_k^2 / sum sigma^2                                                         (3)

Source: Li et al. 2018. A unit is an index of the last axis (fan_in first, as in [fan_in, fan_out] and
[height, width, in, out]). Arrays of one axis (biases, batch-norm scale and shift) have no units: they stay
where they are unless asked for, and then move with the norm of the whole array.
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
    """Plane through the last point: `directions` [2, D] unit, `centre` [D], `coordinates` [T, 2] of the path.

    `explained` [2]: equation (3); `outside` [T]: each point's distance from the plane.
    """

    directions: Vector
    centre: Vector
    coordinates: Vector
    explained: Vector
    outside: Vector


def random_directions(
    params: Params,
    count: int = 2,
    *,
    normalise: Literal["filter", "none"] = "filter",
    one_axis: Literal["fixed", "moved"] = "fixed",
    seed: int = 0,
) -> list[Params]:
    """Return Gaussian directions shaped like `params`, normalised by equation (1).

    `none`: plain Gaussian of the whole. `one_axis`: whether biases and batch-norm parameters are `moved`.
    Raises UsageError: no directions, nothing that moves.
    """
    check_parameters(params)
    if count < 1 or normalise not in ("filter", "none") or one_axis not in ("fixed", "moved"):
        raise UsageError(
            f"No {count} directions with normalise='{normalise}', one_axis='{one_axis}'.",
            "",
            "Use 'filter' or 'none', 'fixed' or 'moved', and a count of 1 or more.",
        )
    if one_axis == "fixed" and all(np.ndim(each) < 2 for each in jax.tree.leaves(params)):
        raise UsageError(
            "No array has two axes, so nothing would move.",
            "Arrays of one axis are taken for biases.",
            "Pass one_axis='moved'.",
        )
    generator = np.random.default_rng(seed)

    def direction(leaf: Any) -> npt.NDArray[Any]:
        weights = np.asarray(leaf)
        drawn = generator.standard_normal(weights.shape)
        if weights.ndim < 2 and one_axis == "fixed":
            return np.zeros_like(weights)
        if normalise == "filter":
            axes = tuple(range(weights.ndim - 1)) if weights.ndim > 1 else None
            long = np.sqrt((drawn**2).sum(axis=axes, keepdims=True))
            wanted = np.sqrt((weights.astype(np.float64) ** 2).sum(axis=axes, keepdims=True))
            drawn = drawn * wanted / np.where(long > 0, long, 1)  # (1)
        return np.asarray(drawn, weights.dtype)

    return [jax.tree.map(direction, params) for _ in range(count)]


def trajectory_plane(trajectory: npt.ArrayLike) -> TrajectoryPlane:
    """Return the plane that holds most of a path of weights [T, D], with the share it explains.

    Raises UsageError: fewer than 3 points, a path that does not leave a line or does not move.
    """
    path = np.asarray(trajectory, np.float64)
    if path.ndim != 2 or len(path) < 3 or path.shape[1] < 2:
        raise UsageError(f"A path of shape {path.shape} has no plane.", "", "Pass [T, D], T of 3 or more.")
    if not np.isfinite(path).all():
        raise UsageError(
            "The path holds weights that are not finite.", "", "Cut it before training diverges."
        )
    centre = path[-1]
    moved = path - centre
    # D is large and T small: the T x T side is enough
    inner = moved @ moved.T
    values, sides = np.linalg.eigh(inner)
    values, sides = np.maximum(values[::-1], 0.0), sides[:, ::-1]
    if values[0] == 0 or values[1] <= 1e-14 * values[0]:
        raise UsageError(
            "The path does not move." if values[0] == 0 else "The path is a straight line.",
            "A plane needs two directions.",
            "Record more steps, or draw it along one direction.",
        )
    directions = (sides[:, :2] / np.sqrt(values[:2])[None, :]).T @ moved  # (2)
    directions = (
        np.linalg.qr(directions.T)[0].T
        * np.sign(np.einsum("kd,kd->k", np.linalg.qr(directions.T)[0].T, directions))[:, None]
    )
    coordinates = moved @ directions.T
    outside = np.sqrt(np.maximum((moved**2).sum(axis=1) - (coordinates**2).sum(axis=1), 0.0))
    return TrajectoryPlane(directions, centre, coordinates, values[:2] / values.sum(), outside)  # (3)
