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
    """Raise UsageError unless the parts make a network. The arguments are the fields of `Network`."""
    for word, allowed in ((connection, CONNECTIONS), (norm, NORMALIZATIONS)):
        if word not in allowed:
            raise UsageError(
                f"There is no '{word}' in networks.", "", did_you_mean(word, allowed), allowed=tuple(allowed)
            )
    if len(sizes) < 2 or min((*sizes, *conv)) < 1:
        raise UsageError(f"There is no network of sizes {sizes}.", "Every layer has units.", "")
    if slope and not activation(function).has_slope:
        raise UsageError("Only the leaky ReLU has a slope.", f"This is {function}.", "Choose leaky-relu.")
    if bool(conv) != (image is not None):
        raise UsageError(
            "Convolutions and the shape of an image go together.",
            "A convolution must know which inputs are neighbours.",
            "Give both, or neither.",
        )
    if image is not None and (len(image) != 3 or math.prod(image) != sizes[0]):
        raise UsageError(
            f"An image of {' x '.join(map(str, image))} is no row of {sizes[0]} inputs.",
            "Height x width x channels is their number.",
            "Give the shape of the images.",
        )
    if conv and CONNECTIONS[connection].concatenates:
        raise UsageError(
            "Convolutions have no dense connection.",
            "They shrink the image, and only images of one size can be joined.",
            "Choose residual or highway.",
        )
