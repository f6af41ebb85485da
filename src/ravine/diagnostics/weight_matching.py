"""Matching of the hidden units of two networks, by a permutation.  Lecture: "Sensitivity to initialization".

    permutation   W_l -> P_(l-1)' W_l P_l,   b_l -> b_l P_l                           (1)   the same function
    weights       maximize sum_l <A_l, P_(l-1)' B_l P_l> + <a_l, b_l P_l>             (2)   layer by layer
    activations   maximize the correlation of matched units, for every layer alone    (3)

W_l and b_l are weights and bias of layer l, and P_l is the permutation of its units. In (2) A_l and a_l
belong to the first network, B_l and b_l to the second one. A permutation of the hidden units does not change
the function of a network. If a permutation removes the loss barrier between two solutions, the barrier was
only due to the order of the units.

Source: Entezari et al. 2022; Ainsworth et al. 2023 (2); Li et al. 2016 (3).
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
"""Layers of a network: {"weight": [fan_in, fan_out], "bias": [fan_out]} for each."""

MAX_SWEEPS = 100
"""Largest number of passes over all layers in the maximization of (2)."""


class Alignment(NamedTuple):
    """A second network with its hidden units in the order that best matches a first network.

    params          layers of the second network after the permutation of its units
    permutations    for every hidden layer, the indices of its units in their new order
    before, after   distance of the weights of both networks before and after the permutation
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
    """Return network `b` with its hidden units in the order that best matches network `a`.

    a, b          layers {"weight": [fan_in, fan_out], "bias": [fan_out]} of two networks of equal sizes
    activations   for both networks a list with the activations [N, units] of every hidden layer, on the same
                  rows. With them the order maximizes the correlation of matched units in every layer. Without
                  them it minimizes the distance between the weights of both networks, layer by layer.

    Without activations, the order changes only if this brings the weights of both networks nearer to each
    other.

    Raises UsageError for layers without exactly a weight and a bias, for networks of different sizes, and for
    values that are not finite.
    """
    first, second = _checked(a), _checked(b)
    if [w.shape for w, _ in first] != [w.shape for w, _ in second]:
        shapes = [", ".join(str(w.shape) for w, _ in layers) for layers in (first, second)]
        raise UsageError(
            f"The weights of the networks have the shapes {shapes[0]} and {shapes[1]}.",
            "Both networks must have the same sizes.",
            "Compare runs of one network.",
        )
    hidden = [len(bias) for _, bias in first[:-1]]
    same = [np.arange(size) for size in hidden]
    if activations is not None:
        orders = _by_activations(activations, hidden)
        return _result(b, first, second, orders, same, keep=True)
    starts = [same, _forward(first, second, hidden)]
    ends = [_by_weights(first, second, [order.copy() for order in start]) for start in starts]
    best = max(ends, key=lambda end: _match(first, second, end))
    return _result(b, first, second, best, same, keep=False)


def permute(params: Layers, permutations: Sequence[npt.ArrayLike]) -> list[dict[str, Any]]:
    """Return the layers of a network with permuted hidden units, which leaves its function the same.

    params         layers {"weight": [fan_in, fan_out], "bias": [fan_out]}
    permutations   for every hidden layer an array [units]; unit permutations[l][i] becomes unit i of layer l

    Raises UsageError if `permutations` do not fit the layers, for layers without exactly a weight and a bias,
    and for values that are not finite.
    """
    layers = _checked(params)
    orders = [np.asarray(order) for order in permutations]
    sizes = [len(bias) for _, bias in layers[:-1]]
    if len(orders) != len(sizes) or any(
        order.shape != (size,) or not np.array_equal(np.sort(order), np.arange(size))
        for order, size in zip(orders, sizes, strict=False)
    ):
        raise UsageError(
            f"Arrays of shapes {[order.shape for order in orders]} are no permutations of the layers.",
            f"The hidden layers have {sizes} units; each needs every index from 0 exactly once.",
            "Pass Alignment.permutations of a network of these sizes.",
        )
    result = []
    before: npt.NDArray[Any] = np.arange(layers[0][0].shape[0])
    for layer, (_, bias), order in zip(params, layers, [*orders, np.arange(len(layers[-1][1]))], strict=True):
        weight = np.asarray(layer["weight"])[before][:, order]  # (1)
        result.append({**layer, "weight": weight, "bias": np.asarray(layer["bias"])[order]})
        before = order
        assert len(order) == len(bias)
    return result


def _forward(first: list, second: list, hidden: list[int]) -> list[npt.NDArray[np.intp]]:
    """Return permutations that match every layer by its incoming weights, first layer first.

    The permutations are exact if one network is a permuted copy of the other.
    """
    orders: list[npt.NDArray[np.intp]] = []
    before = np.arange(first[0][0].shape[0])
    for (wa, ba), (wb, bb), _ in zip(first, second, hidden, strict=False):
        gain = wa.T @ wb[before] + np.outer(ba, bb)
        before = linear_sum_assignment(gain, maximize=True)[1]
        orders.append(before)
    return orders


def _by_weights(first: list, second: list, orders: list) -> list[npt.NDArray[np.intp]]:
    """Return `orders` after maximizing (2) over one layer at a time, until no layer improves it."""
    ends = [np.arange(first[0][0].shape[0]), *orders, np.arange(len(first[-1][1]))]
    for _ in range(MAX_SWEEPS):
        improved = False
        for layer in range(len(orders)):
            (wa, ba), (wb, bb) = first[layer], second[layer]
            (oa, _), (ob, _) = first[layer + 1], second[layer + 1]
            gain = wa.T @ wb[ends[layer]] + np.outer(ba, bb) + oa @ ob[:, ends[layer + 2]].T  # (2)
            order = linear_sum_assignment(gain, maximize=True)[1]
            rows = np.arange(len(order))
            if gain[rows, order].sum() > gain[rows, ends[layer + 1]].sum() * (1 + 1e-12) + 1e-300:
                ends[layer + 1], improved = order, True
        if not improved:
            break
    return ends[1:-1]


def _by_activations(
    activations: tuple[Sequence[npt.ArrayLike], Sequence[npt.ArrayLike]], hidden: list[int]
) -> list[npt.NDArray[np.intp]]:
    """Return the permutations that maximize (3)."""
    if len(activations[0]) != len(hidden) or len(activations[1]) != len(hidden):
        raise UsageError(
            f"There are {len(hidden)} hidden layers, and activations of {len(activations[0])} and "
            f"{len(activations[1])}.",
            "Every hidden layer needs activations of both networks.",
            "Pass two lists of arrays [N, units].",
        )
    orders = []
    for size, of_first, of_second in zip(hidden, *activations, strict=True):
        x, y = np.asarray(of_first, np.float64), np.asarray(of_second, np.float64)
        if x.shape != y.shape or x.ndim != 2 or x.shape[1] != size or len(x) < 2:
            raise UsageError(
                f"The activations of a layer have the shapes {x.shape} and {y.shape}.",
                f"Both must be [N, {size}] with N of at least 2, on the same rows.",
                "Apply both networks to the same rows.",
            )
        if not (np.isfinite(x).all() and np.isfinite(y).all()):
            raise UsageError(
                "The activations hold values that are not finite.",
                "All must be finite; training has probably diverged.",
                "Take parameters of an earlier step.",
            )
        x, y = _standardized(x), _standardized(y)
        orders.append(linear_sum_assignment(x.T @ y, maximize=True)[1])  # (3)
    return orders


def _standardized(x: Vector) -> Vector:
    """Return columns of `x` [N, units] with mean 0 and length 1; constant columns become 0."""
    centered = x - x.mean(axis=0)
    spread = np.sqrt((centered**2).sum(axis=0))
    return centered / np.where(spread > 0, spread, 1)


def _match(first: list, second: list, orders: list) -> float:
    """Return the sum of equation (2)."""
    ends = [np.arange(first[0][0].shape[0]), *orders, np.arange(len(first[-1][1]))]
    return sum(
        float((wa * wb[before][:, after]).sum() + ba @ bb[after])
        for (wa, ba), (wb, bb), before, after in zip(first, second, ends[:-1], ends[1:], strict=True)
    )


def _result(b: Layers, first: list, second: list, orders: list, same: list, *, keep: bool) -> Alignment:
    """Return the alignment by `orders`, or by the order `same` if `same` is nearer and `keep` is False."""
    length = sum(float((w**2).sum() + bias @ bias) for w, bias in [*first, *second])
    distance = [np.sqrt(max(length - 2 * _match(first, second, order), 0.0)) for order in (same, orders)]
    if not keep and distance[1] > distance[0]:
        orders, distance[1] = same, distance[0]
    return Alignment(permute(b, orders), orders, float(distance[0]), float(distance[1]))


def _checked(params: Layers) -> list[tuple[Vector, Vector]]:
    """Return weight [fan_in, fan_out] and bias [fan_out] of all layers in float64, or raise UsageError."""
    if isinstance(params, dict) or len(params) < 1 or not all(isinstance(layer, dict) for layer in params):
        raise UsageError(
            f"The network is a {type(params).__name__} without layers.",
            "It must be a list of layers, each a dict of weight and bias.",
            'Pass [{"weight": ..., "bias": ...}, ...].',
        )
    layers: list[tuple[Vector, Vector]] = []
    for index, layer in enumerate(params):
        if set(layer) != {"weight", "bias"}:
            raise UsageError(
                f"Layer {index} has the parameters {', '.join(sorted(map(str, layer)))}.",
                "Only layers with a weight, a bias and nothing else can be permuted.",
                "Align networks without normalization and branches.",
            )
        weight, bias = np.asarray(layer["weight"], np.float64), np.asarray(layer["bias"], np.float64)
        fits = weight.ndim == 2 and bias.shape == weight.shape[1:] and weight.size > 0
        if not fits or (layers and layers[-1][0].shape[1] != weight.shape[0]):
            raise UsageError(
                f"Layer {index} has a weight of shape {weight.shape} and a bias of shape {bias.shape}.",
                "They must be [fan_in, fan_out] and [fan_out]; fan_in is the fan_out of the layer before.",
                "Pass all layers in their order.",
            )
        if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
            raise UsageError(
                f"Layer {index} holds values that are not finite.",
                "All parameters must be finite; training has probably diverged.",
                "Take parameters of an earlier step.",
            )
        layers.append((weight, bias))
    return layers
