"""The check that the parts of a network fit together."""

from __future__ import annotations

import math

from ravine.errors import UsageError, did_you_mean
from ravine.networks.activations import activation
from ravine.networks.connections import CONNECTIONS
from ravine.networks.normalization import NORMALIZATIONS

__all__ = ["validate_structure"]


def validate_structure(
    sizes: tuple[int, ...],
    function: str,
    connection: str,
    norm: str,
    slope: bool,
    conv: tuple[int, ...],
    image: tuple[int, ...] | None,
) -> None:
    """Raise UsageError unless the parts of a network fit together.

    sizes        (inputs, units of each hidden layer ..., outputs)
    function     name of the activation
    connection   name of the connection of every layer but the last with its input
    norm         name of the normalization
    slope        whether the slope of the leaky ReLU can differ between runs
    conv         channels of the convolutions before the hidden layers
    image        (height, width, channels) of a row of inputs, or None
    """
    for word, allowed in ((connection, CONNECTIONS), (norm, NORMALIZATIONS)):
        if word not in allowed:
            raise UsageError(
                f"There is no connection or normalization '{word}'.",
                "",
                did_you_mean(word, allowed),
                allowed=tuple(allowed),
            )
    activation(function)  # raises for an unknown name
    if len(sizes) < 2 or min((*sizes, *conv)) < 1:
        raise UsageError(
            f"There is no network of sizes {sizes}.",
            "A network has inputs and outputs, and every layer has at least one unit.",
            "",
        )
    if slope and not activation(function).has_slope:
        raise UsageError(
            "Only the leaky ReLU has a slope.", f"The activation is {function}.", "Choose leaky-relu."
        )
    if bool(conv) != (image is not None):
        raise UsageError(
            "Convolutions need the shape of an image, and only they use it.",
            "A convolution combines neighboring pixels.",
            "Give both the convolutions and the shape of the image, or neither.",
        )
    if image is not None and (len(image) != 3 or math.prod(image) != sizes[0]):
        raise UsageError(
            f"An image of {' x '.join(map(str, image))} does not fit a network with {sizes[0]} inputs.",
            "The number of inputs must be height x width x channels of an image.",
            "Give the shape of the images as (height, width, channels).",
        )
    if conv and CONNECTIONS[connection].concatenates:
        raise UsageError(
            f"Convolutions cannot have the connection '{connection}', which concatenates layers.",
            "They shrink the image, and only images of one size can be concatenated.",
            "Choose residual or highway.",
        )
