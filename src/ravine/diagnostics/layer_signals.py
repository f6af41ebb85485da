"""Signals in the layers of a network: gradient norms, saturated and dead units, signs of gradients.

    slope     = d ln |gradient of layer l| / dl                     (1)   by least squares over layers
    saturated = |phi'(h)| < threshold * max phi'                    (2)   h: pre-activations [N, units]
    dead      = saturated for every row                             (3)
    agreement = share of pairs of weights of a unit whose gradients have the same sign       (4)
    expected  = mean over pairs of 1/2 + asin(rho_ij) / pi,  rho = E x_i x_j / sqrt(E x_i^2 E x_j^2)      (5)

phi is the activation, and x_i is column i of the inputs. A positive slope (1) means vanishing gradients.
Mean-field theory gives a slope of -1/2 ln chi, where chi is the factor of the squared gradient norm in a
layer. (5) is the expectation of (4) for gradients summed over many rows. Inputs that are always positive have
rho far above zero. Standardized inputs have rho near zero and an agreement of 1/2.

Lecture: "saturation", "Data preprocessing".
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
    """Gradient norms of the layers of a network, first to last, and their slope over depth.

    names         names of the L layers
    norms [L]     norm of the gradient of each layer
    slope         change of ln(norm) from one layer to the next, by least squares; positive if gradients
                  vanish on their way back; None if fewer than 2 layers have a gradient
    error         standard error of the slope; None if fewer than 3 layers have a gradient
    factor        exp(-slope), by which the gradient norm changes on its way back through one layer; None
                  without a slope
    zero          names of the layers with a gradient of zero, which are left out of the slope
    """

    names: tuple[str, ...]
    norms: Vector
    slope: float | None
    error: float | None
    factor: float | None
    zero: tuple[str, ...]


class LayerSaturation(NamedTuple):
    """Saturated entries and dead units of one layer of a network, on several rows of inputs.

    An entry, one unit for one row, is saturated if the derivative of the activation is nearly zero there. A
    unit is dead if it is saturated for every row.

    share    share of saturated entries among all rows and units
    error    standard error of the share, from the scatter over rows
    dead     number of dead units
    units    number of units
    rows     number of rows
    unseen   upper limit (95 %) of the share of rows in the population that activate a dead unit
    """

    share: float
    error: float
    dead: int
    units: int
    rows: int
    unseen: float


class SignAgreement(NamedTuple):
    """Share of pairs of weights whose gradients have the same sign; a pair leads into the same unit.

    value   the share; 1/2 is the expectation for signs that are independent of each other
    error   standard error, from the scatter over repeated gradients, such as those of several steps; from the
            scatter over units if there are fewer than 3 gradients of each weight
    pairs   number of pairs of weights
    """

    value: float
    error: float
    pairs: int


def gradient_profile(gradients: Mapping[str, npt.ArrayLike]) -> GradientProfile:
    """Return the gradient norms of the layers of a network, and the slope of their logarithm over depth.

    `gradients` maps the name of a layer to the gradient of its weights (any shape), first layer first. A
    positive slope means that gradients vanish on their way back.

    Raises UsageError if there are no layers, and for a layer without values or with values that are not
    finite.
    """
    arrays = {name: _array(name, gradient) for name, gradient in _layers(gradients)}
    norms = np.array([float(np.linalg.norm(array)) for array in arrays.values()])
    names = tuple(arrays)
    zero = tuple(name for name, norm in zip(names, norms, strict=True) if norm == 0)
    depth, logs = np.flatnonzero(norms).astype(np.float64), np.log(norms[norms > 0])
    if len(depth) < 2:
        return GradientProfile(names, norms, None, None, None, zero)
    centered = depth - depth.mean()
    slope = float(centered @ logs / (centered @ centered))  # (1)
    rest = logs - logs.mean() - slope * centered
    error = None
    if len(depth) > 2:
        error = float(np.sqrt(rest @ rest / (len(depth) - 2) / (centered @ centered)))
    return GradientProfile(names, norms, slope, error, float(np.exp(-slope)), zero)


def saturation(
    preactivations: Mapping[str, npt.ArrayLike],
    derivative: Callable[[Any], Any],
    maximum: float = 1.0,
    threshold: float = 0.05,
) -> dict[str, LayerSaturation]:
    """Return the saturated entries and dead units of every layer of a network, name -> `LayerSaturation`.

    preactivations   name of a layer -> h [N, units]; axes between the first and the last count as rows
    derivative       phi', the derivative of the activation, applied elementwise
    maximum          largest value of phi', for example 1/4 for the sigmoid
    threshold        an entry is saturated if |phi'(h)| < threshold * maximum

    Raises UsageError if there are no layers, for values that are not finite, for a layer without rows, and
    for a maximum or threshold outside its range.
    """
    if not (np.isfinite(maximum) and maximum > 0 and 0 < threshold < 1):
        raise UsageError(
            f"Saturation cannot be measured with maximum={maximum} and threshold={threshold}.",
            "maximum, the largest slope of the activation function, must be a finite number above 0. "
            "threshold, the share of it below which an activation is saturated, must lie between 0 and 1.",
            "Use for example maximum=1.0, threshold=0.05.",
        )
    shares = {}
    for name, values in _layers(preactivations):
        h = _array(name, values)
        if h.ndim < 2:
            raise UsageError(
                f"Layer '{name}' has pre-activations of shape {h.shape}.",
                "They must have at least two axes, [N, units].",
                "Pass the pre-activations of several rows.",
            )
        h = h.reshape(-1, h.shape[-1])
        slopes = np.asarray(derivative(h), np.float64)
        if slopes.shape != h.shape or not np.isfinite(slopes).all():
            raise UsageError(
                f"The activation's derivative in layer '{name}' has shape {slopes.shape}, or is not finite.",
                f"It must be finite and have the shape {h.shape} of the pre-activations.",
                "Pass an elementwise derivative.",
            )
        flat = np.abs(slopes) < threshold * maximum  # (2)
        rows = len(h)
        by_row = flat.mean(axis=1)
        error = float(by_row.std(ddof=1) / np.sqrt(rows)) if rows > 1 else float("inf")
        dead = int(flat.all(axis=0).sum())  # (3)
        shares[name] = LayerSaturation(
            float(flat.mean()), error, dead, h.shape[1], rows, float(1 - 0.05 ** (1 / rows))
        )
    return shares


def sign_agreement(gradients: npt.ArrayLike) -> SignAgreement:
    """Return the share of pairs of weights into the same unit whose gradients have the same sign.

    `gradients` are those of the weights of the first layer, [inputs, units], or [T, inputs, units] for T
    draws, such as steps. A gradient of zero has no sign and is left out.

    Raises UsageError for another shape, for values that are not finite, and if no pair of gradients differs
    from zero.
    """
    draws = _array("the first", gradients)
    if draws.ndim == 2:
        draws = draws[None]
    if draws.ndim != 3:
        raise UsageError(
            f"The gradients of the first layer's weights have the shape {draws.shape}.",
            "They must have two or three axes.",
            "Pass [inputs, units], or [T, inputs, units] for T steps.",
        )
    up, down = (draws > 0).sum(axis=1).astype(np.float64), (draws < 0).sum(axis=1).astype(np.float64)
    agreeing = (up * (up - 1) + down * (down - 1)) / 2
    pairs = (up + down) * (up + down - 1) / 2
    if not pairs.any():
        raise UsageError(
            "No unit has two incoming weights whose gradients are not zero.",
            "At least one pair of such gradients is needed, to compare their signs.",
            "Pass gradients of more steps or of more units.",
        )
    # The units of one draw depend on the same rows. With 3 or more draws, the error is that over draws.
    by_draw = len(draws) > 2
    a = agreeing.sum(axis=1) if by_draw else agreeing.ravel()
    b = pairs.sum(axis=1) if by_draw else pairs.ravel()
    a, b = a[b > 0], b[b > 0]
    value = float(a.sum() / b.sum())
    deviation = (a - value * b) / b.mean()
    error = float(deviation.std(ddof=1) / np.sqrt(len(a))) if len(a) > 1 else float("inf")
    return SignAgreement(value, error, int(pairs.sum()))  # (4)


def expected_sign_agreement(inputs: npt.ArrayLike) -> float:
    """Return the expected share of pairs of weights of the first layer whose gradients have the same sign.

    A pair of weights leads into the same unit. The share is the mean of 1/2 + asin(rho) / pi over pairs of
    columns of `inputs` [N, D], with their correlation rho without centering. Columns that are always zero are
    left out.

    Raises UsageError if fewer than 2 columns are left, and for values that are not finite.
    """
    x = _array("the inputs'", inputs)
    if x.ndim != 2 or x.shape[1] < 2:
        raise UsageError(
            f"Inputs of shape {x.shape} have no pair of columns.",
            "They must be [N, D] with D of at least 2.",
            "Pass the inputs of the first layer.",
        )
    moments = x.T @ x / len(x)
    size = np.sqrt(np.diagonal(moments))
    used = size > 0
    if used.sum() < 2:
        raise UsageError(
            f"Of {len(used)} columns of the inputs, only {int(used.sum())} hold a value other than zero.",
            "At least 2 such columns are needed, to compare the signs of two gradients.",
            "Pass inputs with more such columns.",
        )
    rho = (moments / np.where(used, size, 1)[:, None] / np.where(used, size, 1)[None, :])[np.ix_(used, used)]
    by_pair = rho[np.triu_indices(len(rho), 1)]
    return float(np.mean(0.5 + np.arcsin(np.clip(by_pair, -1, 1)) / np.pi))  # (5)


def _layers(layers: Mapping[str, npt.ArrayLike]) -> list[tuple[str, npt.ArrayLike]]:
    """Return the layers as a list, or raise UsageError if there are none."""
    if not layers:
        raise UsageError(
            "There are no layers.",
            "At least one is needed.",
            "Pass a mapping from layer names to arrays, first layer first.",
        )
    return list(layers.items())


def _array(name: str, values: npt.ArrayLike) -> Vector:
    """Return `values` in float64, or raise UsageError if they are empty or not finite."""
    array = np.asarray(values, np.float64)
    if array.size == 0:
        raise UsageError(
            f"Layer '{name}' has no values; its shape is {array.shape}.",
            "Every layer needs at least one.",
            f"Leave out '{name}'.",
        )
    if not np.isfinite(array).all():
        raise UsageError(
            f"Layer '{name}' has values that are not finite.",
            "All values must be finite; training has probably diverged.",
            "Measure at an earlier step.",
        )
    return array
