"""What reaches each layer: gradients, saturated and dead units.  Lecture: "saturation", "Data preprocessing".

    slope     = d ln |gradient of layer l| / dl                     (1)   by least squares
    saturated = phi'(h) < threshold * max phi'                      (2)   h: pre-activations [N, units]
    dead      = (2) for every row                                   (3)
    agreement = share of pairs of a unit's weights whose gradients have the same sign       (4)
    expected  = mean over pairs of 1/2 + asin(rho_ij)/pi,  rho = E x_i x_j / sqrt(E x_i^2 E x_j^2)      (5)

(5) holds for sums over many rows; always-positive inputs have rho well above zero, standardised ones near
zero, where (4) is one half. In a vanishing network (1) is above zero: -1/2 ln chi in mean field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ravine.diagnostics.flatten import Vector
from ravine.errors import UsageError

__all__ = [
    "GradientProfile",
    "LayerSaturation",
    "SignAgreement",
    "expected_sign_agreement",
    "gradient_profile",
    "saturation",
    "sign_agreement",
]


class GradientProfile(NamedTuple):
    """Gradient `norms` [L] of the layers in `names`, first to last.

    `slope`: (1), with its standard `error` (None below 3 layers); `factor`: exp(-slope), what a gradient is
    multiplied by on its way back through one layer. `zero`: layers without any gradient, left out of the
    slope. All three are None with fewer than 2 layers that have one.
    """

    names: tuple[str, ...]
    norms: Vector
    slope: float | None
    error: float | None
    factor: float | None
    zero: tuple[str, ...]


class LayerSaturation(NamedTuple):
    """Share of saturated entries with its standard `error` (rows are the sample), and of dead units.

    `dead` counts units saturated in every row; a unit counted so is active in at most `unseen` of all rows
    (95 %).
    """

    share: float
    error: float
    dead: int
    units: int
    rows: int
    unseen: float


class SignAgreement(NamedTuple):
    """Equation (4) with its standard `error` over units and draws; `pairs` counted."""

    value: float
    error: float
    pairs: int


def gradient_profile(gradients: Mapping[str, npt.ArrayLike]) -> GradientProfile:
    """Return how gradients change with depth.

    `gradients`: layer name -> its weights' gradient, first layer first. Raises UsageError: no layers, a
    layer without parameters, values that are not finite.
    """
    found = {name: _array(name, each) for name, each in _layers(gradients)}
    norms = np.array([float(np.linalg.norm(each)) for each in found.values()])
    names = tuple(found)
    zero = tuple(name for name, norm in zip(names, norms, strict=True) if norm == 0)
    depth, logs = np.flatnonzero(norms).astype(np.float64), np.log(norms[norms > 0])
    if len(depth) < 2:
        return GradientProfile(names, norms, None, None, None, zero)
    across = depth - depth.mean()
    slope = float(across @ logs / (across @ across))  # (1)
    rest = logs - logs.mean() - slope * across
    error = None
    if len(depth) > 2:
        error = float(np.sqrt(rest @ rest / (len(depth) - 2) / (across @ across)))
    return GradientProfile(names, norms, slope, error, float(np.exp(-slope)), zero)


def saturation(
    preactivations: Mapping[str, npt.ArrayLike],
    derivative: Callable[[Any], Any],
    maximum: float = 1.0,
    threshold: float = 0.05,
) -> dict[str, LayerSaturation]:
    """Return saturated and dead shares of each layer over the rows of a split.

    `preactivations`: layer name -> h [N, units] (more axes between are rows); `derivative`: phi',
    elementwise; `maximum`: its largest value (sigmoid 1/4). Raises UsageError: no layers, no rows, values
    that are not finite.
    """
    if not (np.isfinite(maximum) and maximum > 0 and 0 < threshold < 1):
        raise UsageError(
            f"No saturation for a maximum of {maximum} and a threshold of {threshold}.",
            "The threshold is a share of the derivative's maximum.",
        )
    shares = {}
    for name, each in _layers(preactivations):
        h = _array(name, each)
        if h.ndim < 2:
            raise UsageError(
                f"Layer '{name}' has pre-activations of shape {h.shape}.", "", "Pass [N, units]."
            )
        h = h.reshape(-1, h.shape[-1])
        slopes = np.asarray(derivative(h), np.float64)
        if slopes.shape != h.shape or not np.isfinite(slopes).all():
            raise UsageError(f"The derivative in layer '{name}' is not finite, or of another shape.")
        flat = np.abs(slopes) < threshold * maximum  # (2)
        rows = len(h)
        each_row = flat.mean(axis=1)
        error = float(each_row.std(ddof=1) / np.sqrt(rows)) if rows > 1 else float("inf")
        dead = int(flat.all(axis=0).sum())  # (3)
        shares[name] = LayerSaturation(
            float(flat.mean()), error, dead, h.shape[1], rows, float(1 - 0.05 ** (1 / rows))
        )
    return shares


def sign_agreement(gradients: npt.ArrayLike) -> SignAgreement:
    """Return equation (4) for the first layer's gradient [inputs, units] or draws [T, inputs, units].

    Zeros have no sign and are left out. Raises UsageError: another shape, values not finite, no pair.
    """
    found = _array("the first", gradients)
    if found.ndim == 2:
        found = found[None]
    if found.ndim != 3:
        raise UsageError(
            f"Gradients of shape {found.shape}.", "", "Pass [inputs, units] or [T, inputs, units]."
        )
    up, down = (found > 0).sum(axis=1).astype(np.float64), (found < 0).sum(axis=1).astype(np.float64)
    alike = (up * (up - 1) + down * (down - 1)) / 2
    pairs = (up + down) * (up + down - 1) / 2
    if not pairs.any():
        raise UsageError(
            "No unit has two gradients that are not zero.",
            "There is no pair of signs to compare.",
            "Pass more.",
        )
    # units of one draw see the same rows: the draws are the sample where there are some
    by_draw = len(found) > 2
    a = alike.sum(axis=1) if by_draw else alike.ravel()
    b = pairs.sum(axis=1) if by_draw else pairs.ravel()
    a, b = a[b > 0], b[b > 0]
    value = float(a.sum() / b.sum())
    off = (a - value * b) / b.mean()
    error = float(off.std(ddof=1) / np.sqrt(len(a))) if len(a) > 1 else float("inf")
    return SignAgreement(value, error, int(pairs.sum()))  # (4)


def expected_sign_agreement(inputs: npt.ArrayLike) -> float:
    """Return equation (5) for `inputs` [N, D]; columns that are always zero are left out.

    Raises UsageError: fewer than 2 columns, values that are not finite.
    """
    x = _array("the inputs'", inputs)
    if x.ndim != 2 or x.shape[1] < 2:
        raise UsageError(f"Inputs of shape {x.shape} have no pair of columns.", "", "Pass [N, D].")
    moments = x.T @ x / len(x)
    size = np.sqrt(np.diagonal(moments))
    used = size > 0
    if used.sum() < 2:
        raise UsageError("Fewer than two columns are ever not zero.", "There is no pair of signs.")
    rho = (moments / np.where(used, size, 1)[:, None] / np.where(used, size, 1)[None, :])[np.ix_(used, used)]
    above = rho[np.triu_indices(len(rho), 1)]
    return float(np.mean(0.5 + np.arcsin(np.clip(above, -1, 1)) / np.pi))  # (5)


def _layers(layers: Mapping[str, npt.ArrayLike]) -> list[tuple[str, npt.ArrayLike]]:
    if not layers:
        raise UsageError("There are no layers.", "", "Pass a dict: layer name -> array, first layer first.")
    return list(layers.items())


def _array(name: str, values: npt.ArrayLike) -> Vector:
    found = np.asarray(values, np.float64)
    if found.size == 0:
        raise UsageError(f"Layer '{name}' has no values.", f"Its shape is {found.shape}.", "Leave it out.")
    if not np.isfinite(found).all():
        raise UsageError(
            f"Layer '{name}' has values that are not finite.",
            "Training has diverged there.",
            "Measure earlier.",
        )
    return found
