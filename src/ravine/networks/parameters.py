"""The types of the arrays of a network.

The arrays of a layer are, by name,

    weight [fan_in, fan_out] or [3, 3, C, K]   (convolution)
    bias [K]                left out before batch normalization, which would subtract the bias and has a shift
    scale, shift [K]        of a normalization
    gate {weight, bias}     of a highway connection, with the shapes of the layer's own
    projection {weight}     of a connection between different shapes: [C, K] or [1, 1, C, K]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias, TypedDict

if TYPE_CHECKING:
    import jax

__all__ = ["LayerArrays", "Params", "Statistics"]


class LayerArrays(TypedDict, total=False):
    """The parameters of one layer of a network, arrays by name.

    The weight is [fan_in, fan_out], or [3, 3, C, K] for a convolution. Bias, scale and shift are [K]. Gate
    and projection hold a weight, and the gate also a bias. A layer holds only the arrays that it needs.
    """

    weight: jax.Array
    bias: jax.Array
    scale: jax.Array
    shift: jax.Array
    gate: LayerArrays
    projection: LayerArrays


Params: TypeAlias = "Sequence[LayerArrays]"
"""The parameters of a network, layer by layer."""
Statistics: TypeAlias = "Sequence[Mapping[str, jax.Array]]"
"""Running statistics, {"mean", "variance"} of each hidden layer; empty without batch norm."""
