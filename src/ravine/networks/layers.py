"""What a network consists of: one `Layer` for each weighted sum on the way, with the shapes of its arrays.

Parameters, operations, first weights and the summary are all read from here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from ravine.networks.connections import CONNECTIONS
from ravine.networks.convolution import shrunk
from ravine.networks.normalization import NORMALIZATIONS

__all__ = ["KERNEL", "Layer", "build_layers"]

KERNEL = 3  # height and width of convolutions
STRIDE = 2  # of all convolutions but the first

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Layer:
    """One weighted sum with what follows it.

    input_shape, output_shape: of one row, (units,) or (height, width, channels). first: its input is the
    data, which need no gradient. concatenates: the output holds the input, too, before the new units.
    """

    input_shape: Shape
    output_shape: Shape
    stride: int = 1
    norm: str = "none"
    gated: bool = False
    projected: bool = False
    concatenates: bool = False
    first: bool = False

    @property
    def convolves(self) -> bool:
        """Whether the layer is a convolution."""
        return len(self.output_shape) == 3

    @property
    def units(self) -> int:
        """Units or channels the weighted sum makes."""
        return self.output_shape[-1] - (self.input_shape[-1] if self.concatenates else 0)

    @property
    def positions(self) -> int:
        """How many times a row meets the same weights."""
        return math.prod(self.output_shape[:-1])

    def shapes(self) -> dict[str, Any]:
        """Return the tree of the shapes of the layer's arrays."""
        units, bias = (self.units,), (self.units,)
        size = (KERNEL, KERNEL) if self.convolves else ()
        weight = (*size, self.input_shape[-1], self.units)
        shapes: dict[str, Any] = {"weight": weight}
        norm = NORMALIZATIONS[self.norm]
        if not norm.over_rows:
            shapes["bias"] = bias
        if norm.normalizes:
            shapes |= {"scale": units, "shift": units}
        if self.gated:
            shapes["gate"] = {"weight": weight, "bias": bias}
        if self.projected:
            one = (1, 1) if self.convolves else ()
            shapes["projection"] = {"weight": (*one, self.input_shape[-1], self.units)}
        return shapes

    @property
    def parameters(self) -> int:
        """Number of weights, biases, scales and shifts."""
        return sum(math.prod(shape) for shape in _leaves(self.shapes()))

    @property
    def products(self) -> list[tuple[int, int, int]]:
        """Matrix products a row takes on the way forward: (rows, fan in, fan out) of each."""
        weights = [shape for shape in _leaves(self.shapes()) if len(shape) > 1]
        return [(self.positions, math.prod(shape[:-1]), shape[-1]) for shape in weights]


def build_layers(
    sizes: Shape, conv: Shape, image: Shape | None, connection: str, norm: str
) -> tuple[Layer, ...]:
    """Return the layers: convolutions, hidden layers, outputs."""
    layers: list[Layer] = []
    joined = CONNECTIONS[connection]
    shape: Shape = image if image is not None and conv else sizes[:1]

    def add(output_shape: Shape, stride: int) -> None:
        nonlocal shape
        if joined.concatenates:
            output_shape = (*output_shape[:-1], output_shape[-1] + shape[-1])
        projected = joined.adds and output_shape != shape
        layer = Layer(
            shape, output_shape, stride, norm, joined.gated, projected, joined.concatenates, first=not layers
        )
        layers.append(layer)
        shape = output_shape

    for channels in conv:
        stride = STRIDE if layers else 1
        add((shrunk(shape[0], stride), shrunk(shape[1], stride), channels), stride)
    shape = (math.prod(shape),)
    for units in sizes[1:-1]:
        add((units,), 1)
    return (*layers, Layer(shape, sizes[-1:], first=not layers))


def _leaves(tree: dict[str, Any]) -> list[Shape]:
    return [leaf for each in tree.values() for leaf in (_leaves(each) if isinstance(each, dict) else [each])]
