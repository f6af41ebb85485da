"""Two networks that differ in the order of their hidden units.  Lecture: "Sensitivity to initialization".

    W_l -> P_(l-1)' W_l P_l,   b_l -> b_l P_l                                    (1)   the same function
    weights:      maximise sum_l <A_l, P_(l-1)' B_l P_l> + <a_l, b_l P_l>         (2)   by layer, Hungarian
    activations:  maximise the correlations of matched units, each layer by itself (3)

A barrier between two solutions that goes away under (1) was only a matter of order. Source: Entezari et al.
2022; Ainsworth et al. 2023 for (2); Li et al. 2016 for (3). Units are matched, never mixed, so the function
stays the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from ravine.diagnostics.flatten import Vector
from ravine.errors import UsageError

__all__ = ["Alignment", "align", "permute"]

Layers = Sequence[dict[str, Any]]
MAX_SWEEPS = 100


class Alignment(NamedTuple):
    """`params`: the second network in the first one's order; `before`, `after`: distance of the weights.

    `permutations`: for each hidden layer, which of its units comes at each place.
    """

    params: list[dict[str, Any]]
    permutations: list[npt.NDArray[np.intp]]
    before: float
    after: float


def align(
    a: Layers,
    b: Layers,
    activations: tuple[Sequence[npt.ArrayLike], Sequence[npt.ArrayLike]] | None = None,
) -> Alignment:
    """Return `b` with its hidden units in the order that matches `a`.

    Plain networks: lists of {"weight" [fan_in, fan_out], "bias" [fan_out]}. Without `activations` equation
    (2); with those of both networks on the same rows, a list of [N, units] for each hidden layer, equation
    (3). Where matching does not bring them nearer, the order stays as it is. Raises UsageError: other
    layouts, networks of different sizes, values that are not finite.
    """
    first, second = _checked(a), _checked(b)
    if [w.shape for w, _ in first] != [w.shape for w, _ in second]:
        raise UsageError("The two networks have different sizes.", "", "Compare runs of one network.")
    hidden = [len(bias) for _, bias in first[:-1]]
    same = [np.arange(size) for size in hidden]
    if activations is not None:
        found = _by_activations(activations, hidden)
        return _result(b, first, second, found, same, keep=True)
    starts = [same, _forward(first, second, hidden)]
    ends = [_by_weights(first, second, [each.copy() for each in start]) for start in starts]
    best = max(ends, key=lambda each: _match(first, second, each))
    return _result(b, first, second, best, same, keep=False)


def permute(params: Layers, permutations: Sequence[npt.ArrayLike]) -> list[dict[str, Any]]:
    """Return equation (1): hidden layer l has unit permutations[l][i] at place i.

    Raises UsageError as `align`.
    """
    layers = _checked(params)
    orders = [np.asarray(each) for each in permutations]
    sizes = [len(bias) for _, bias in layers[:-1]]
    if len(orders) != len(sizes) or any(
        each.shape != (size,) or not np.array_equal(np.sort(each), np.arange(size))
        for each, size in zip(orders, sizes, strict=False)
    ):
        raise UsageError("These are no permutations of the hidden layers.", f"They have {sizes} units.")
    moved = []
    before: npt.NDArray[Any] = np.arange(layers[0][0].shape[0])
    for layer, (_, bias), order in zip(params, layers, [*orders, np.arange(len(layers[-1][1]))], strict=True):
        weight = np.asarray(layer["weight"])[before][:, order]
        moved.append({**layer, "weight": weight, "bias": np.asarray(layer["bias"])[order]})
        before = order
        assert len(order) == len(bias)
    return moved


def _forward(first: list, second: list, hidden: list[int]) -> list[npt.NDArray[np.intp]]:
    """Match each layer by what comes into it alone, in the order found before: exact for a permuted copy."""
    orders: list[npt.NDArray[np.intp]] = []
    before = np.arange(first[0][0].shape[0])
    for (wa, ba), (wb, bb), _ in zip(first, second, hidden, strict=False):
        gain = wa.T @ wb[before] + np.outer(ba, bb)
        before = linear_sum_assignment(gain, maximize=True)[1]
        orders.append(before)
    return orders


def _by_weights(first: list, second: list, orders: list) -> list[npt.NDArray[np.intp]]:
    """Improve (2) one layer at a time until none improves: it only ever rises."""
    ends = [np.arange(first[0][0].shape[0]), *orders, np.arange(len(first[-1][1]))]
    for _ in range(MAX_SWEEPS):
        moved = False
        for layer in range(len(orders)):
            (wa, ba), (wb, bb) = first[layer], second[layer]
            (oa, _), (ob, _) = first[layer + 1], second[layer + 1]
            gain = wa.T @ wb[ends[layer]] + np.outer(ba, bb) + oa @ ob[:, ends[layer + 2]].T
            order = linear_sum_assignment(gain, maximize=True)[1]
            rows = np.arange(len(order))
            if gain[rows, order].sum() > gain[rows, ends[layer + 1]].sum() * (1 + 1e-12) + 1e-300:
                ends[layer + 1], moved = order, True
        if not moved:
            break
    return ends[1:-1]


def _by_activations(
    activations: tuple[Sequence[npt.ArrayLike], Sequence[npt.ArrayLike]], hidden: list[int]
) -> list[npt.NDArray[np.intp]]:
    if len(activations[0]) != len(hidden) or len(activations[1]) != len(hidden):
        raise UsageError(
            f"There are {len(hidden)} hidden layers.", "", "Pass activations [N, units] for each."
        )
    orders = []
    for size, one, other in zip(hidden, *activations, strict=True):
        x, y = np.asarray(one, np.float64), np.asarray(other, np.float64)
        if x.shape != y.shape or x.ndim != 2 or x.shape[1] != size or len(x) < 2:
            raise UsageError(
                f"Activations of shapes {x.shape} and {y.shape}.", "", f"Pass [N, {size}], same rows."
            )
        if not (np.isfinite(x).all() and np.isfinite(y).all()):
            raise UsageError("Activations hold values that are not finite.")
        x, y = _standard(x), _standard(y)
        orders.append(linear_sum_assignment(x.T @ y, maximize=True)[1])  # (3)
    return orders


def _standard(x: Vector) -> Vector:
    centred = x - x.mean(axis=0)
    spread = np.sqrt((centred**2).sum(axis=0))
    return centred / np.where(spread > 0, spread, 1)  # dead units correlate with nothing


def _match(first: list, second: list, orders: list) -> float:
    ends = [np.arange(first[0][0].shape[0]), *orders, np.arange(len(first[-1][1]))]
    return sum(
        float((wa * wb[before][:, after]).sum() + ba @ bb[after])
        for (wa, ba), (wb, bb), before, after in zip(first, second, ends[:-1], ends[1:], strict=True)
    )


def _result(b: Layers, first: list, second: list, found: list, same: list, *, keep: bool) -> Alignment:
    length = sum(float((w**2).sum() + bias @ bias) for w, bias in [*first, *second])
    distance = [np.sqrt(max(length - 2 * _match(first, second, each), 0.0)) for each in (same, found)]
    if not keep and distance[1] > distance[0]:
        found, distance[1] = same, distance[0]
    return Alignment(permute(b, found), found, float(distance[0]), float(distance[1]))


def _checked(params: Layers) -> list[tuple[Vector, Vector]]:
    if isinstance(params, dict) or len(params) < 1 or not all(isinstance(each, dict) for each in params):
        raise UsageError(
            "A network to be aligned is a list of layers.", "", "Each is a dict of weight and bias."
        )
    layers: list[tuple[Vector, Vector]] = []
    for place, layer in enumerate(params):
        if set(layer) != {"weight", "bias"}:
            raise UsageError(
                f"Layer {place} has {', '.join(sorted(map(str, layer)))}.",
                "Only plain layers of weights and biases can be permuted.",
                "Align networks without normalisation and branches.",
            )
        weight, bias = np.asarray(layer["weight"], np.float64), np.asarray(layer["bias"], np.float64)
        fits = weight.ndim == 2 and bias.shape == weight.shape[1:] and weight.size > 0
        if not fits or (layers and layers[-1][0].shape[1] != weight.shape[0]):
            raise UsageError(
                f"Layer {place} has a weight of shape {weight.shape} and a bias of shape {bias.shape}.",
                "It does not follow on the layer before.",
                "Pass weights [fan_in, fan_out] and biases [fan_out].",
            )
        if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
            raise UsageError(f"Layer {place} holds values that are not finite.", "", "Take an earlier step.")
        layers.append((weight, bias))
    return layers
