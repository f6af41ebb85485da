"""The arrays of a network. Those of a layer:

weight [fan_in, fan_out] or [3, 3, C, K]
bias                    not before a batch norm, which subtracts it again and has a shift in its place
scale, shift            of a normalization
gate {weight, bias}     highway: as many as the layer itself
projection {weight}     shortcut between layers of different shape, without bias
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias, TypedDict

if TYPE_CHECKING:
    import jax

__all__ = ["LayerArrays", "Params", "Statistics"]


class LayerArrays(TypedDict, total=False):
    """The arrays of a layer, as the head of this file lists them."""

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
