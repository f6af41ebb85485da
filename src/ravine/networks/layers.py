"""The layers of a network: one `Layer` for each weighted sum, with the shapes of its arrays.

From the layers follow the numbers of parameters and operations, the initial weights and the summary of a
network.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from ravine.networks.connections import CONNECTIONS
from ravine.networks.convolution import output_size
from ravine.networks.normalization import NORMALIZATIONS

__all__ = ["KERNEL", "Layer", "build_layers"]

KERNEL = 3  # height and width of the kernel of a convolution, in pixels
STRIDE = 2  # of every convolution except the first, whose stride is 1

Shape = tuple[int, ...]
"""Shape of an array, or of one row."""


@dataclass(frozen=True)
class Layer:
    """The structure of one layer of a network: a weighted sum with its normalization and connection.

    input_shape    shape of the input of one row, (units,) or (height, width, channels)
    output_shape   shape of the output of one row, (units,) or (height, width, channels)
    stride         stride of a convolution
    norm           name of the normalization in `NORMALIZATIONS`
    gated          whether the layer has the arrays of a gate
    projected      whether the layer has a projection of its input
    concatenates   whether the output is the input followed by the new units
    first          whether the input is the data, which need no gradient
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
        """Number of units or channels of the weighted sum, without an input that the output repeats."""
        return self.output_shape[-1] - (self.input_shape[-1] if self.concatenates else 0)

    @property
    def positions(self) -> int:
        """Number of positions in one data row where the layer applies its weights.

        It is the number of output pixels of a convolution, and 1 for any other layer.
        """
        return math.prod(self.output_shape[:-1])

    def shapes(self) -> dict[str, Any]:
        """Return the shapes of the layer's arrays by name; `gate` and `projection` are dicts of shapes."""
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
        """Number of weights, biases, scales and shifts of the layer."""
        return sum(math.prod(shape) for shape in _leaves(self.shapes()))

    @property
    def products(self) -> list[tuple[int, int, int]]:
        """Matrix products in the layer's forward pass of one data row: (rows, fan-in, fan-out) of each."""
        weights = [shape for shape in _leaves(self.shapes()) if len(shape) > 1]
        return [(self.positions, math.prod(shape[:-1]), shape[-1]) for shape in weights]


def build_layers(
    sizes: Shape, conv: Shape, image: Shape | None, connection: str, norm: str
) -> tuple[Layer, ...]:
    """Return the layers of a network in order: convolutions, hidden layers, output layer.

    sizes        (inputs, units of each hidden layer ..., outputs)
    conv         channels of the convolutions before the hidden layers
    image        (height, width, channels) of a row of inputs; used only with convolutions
    connection   name of the connection of every layer but the output layer with its input
    norm         name of the normalization in every layer but the output layer
    """
    layers: list[Layer] = []
    kind = CONNECTIONS[connection]
    shape: Shape = image if image is not None and conv else sizes[:1]

    def add(output_shape: Shape, stride: int) -> None:
        nonlocal shape
        if kind.concatenates:
            output_shape = (*output_shape[:-1], output_shape[-1] + shape[-1])
        projected = kind.adds and output_shape != shape
        layer = Layer(
            shape, output_shape, stride, norm, kind.gated, projected, kind.concatenates, first=not layers
        )
        layers.append(layer)
        shape = output_shape

    for channels in conv:
        stride = STRIDE if layers else 1
        add((output_size(shape[0], stride), output_size(shape[1], stride), channels), stride)
    shape = (math.prod(shape),)
    for units in sizes[1:-1]:
        add((units,), 1)
    return (*layers, Layer(shape, sizes[-1:], first=not layers))


def _leaves(tree: dict[str, Any]) -> list[Shape]:
    """Return the shapes in a tree of shapes."""
    return [
        leaf for value in tree.values() for leaf in (_leaves(value) if isinstance(value, dict) else [value])
    ]
