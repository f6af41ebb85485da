"""The parser of texts that choose augmentations, such as `noise=0.1 shift=1 mixup=0.2`, and their registry.

Augmentations are random changes of the inputs in training. The module `augmentation` computes them. This file
does not import JAX.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from ravine.errors import UsageError, did_you_mean

__all__ = ["AUGMENTATIONS", "Image", "check_inputs", "read_augmentation"]

Image = tuple[int, int, int]
"""(height, width, channels) of an image."""


class AugmentationKind(NamedTuple):
    """Facts about an augmentation, a random change of the inputs in training.

    default   strength if the text gives no number
    most      largest allowed strength
    unit      meaning of the strength, in words
    image     whether the augmentation needs images
    """

    default: float
    most: float
    unit: str
    image: bool = True


# The registry, in the order of application.
AUGMENTATIONS: dict[str, AugmentationKind] = {
    "flip": AugmentationKind(0.5, 1.0, "a probability"),
    "rotate": AugmentationKind(10.0, 180.0, "degrees"),
    "shift": AugmentationKind(1.0, math.inf, "pixels"),
    "cutout": AugmentationKind(2.0, math.inf, "pixels"),
    "noise": AugmentationKind(0.1, math.inf, "standard deviations of the inputs", image=False),
    "mixup": AugmentationKind(0.2, math.inf, "the number of the Beta distribution", image=False),
}


def read_augmentation(text: str) -> tuple[tuple[str, ...], dict[str, float]]:
    """Return the augmentations that a text such as `noise=0.1 flip` names, and the strength of each by name.

    The names are in the order in which the augmentations are applied. A name without a number has its default
    strength. An empty text and `none` mean no augmentation.

    Raises UsageError for an unknown or repeated name, and for a strength out of range.
    """
    words = str(text).replace(",", " ").lower().split()
    strengths: dict[str, float] = {}
    for word in words if words != ["none"] else []:
        name, equals, value = word.partition("=")
        if name not in AUGMENTATIONS:
            raise UsageError(
                f"There is no augmentation '{name}'.",
                "",
                did_you_mean(name, AUGMENTATIONS),
                option="augment",
                value=text,
                allowed=tuple(AUGMENTATIONS),
            )
        if name in strengths:
            raise UsageError(
                f"The augmentation '{name}' is given twice.", "", "Give it once.", option="augment",
                value=text, allowed="each augmentation at most once",
            )  # fmt: skip
        kind = AUGMENTATIONS[name]
        strengths[name] = _strength(name, kind, value) if equals else kind.default
    return tuple(name for name in AUGMENTATIONS if name in strengths), strengths


def check_inputs(names: Sequence[str], image: Image | None) -> None:
    """Raise UsageError if one of the augmentations `names` needs images and the inputs are not images.

    image: (height, width, channels) of an input, None if the inputs are not images.
    """
    wrong = [name for name in names if AUGMENTATIONS[name].image and image is None]
    if wrong:
        of_tables = tuple(name for name, kind in AUGMENTATIONS.items() if not kind.image)
        raise UsageError(
            f"The augmentation '{wrong[0]}' is for images.",
            "The columns of a table have no neighbors.",
            f"For tables there are: {', '.join(of_tables)}.",
            option="augment",
            value=wrong[0],
            allowed=of_tables,
        )


def _strength(name: str, kind: AugmentationKind, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= kind.most or math.isinf(value):
        bounds = "at least 0" + (f" and at most {kind.most:g}" if math.isfinite(kind.most) else "")
        raise UsageError(
            f"The augmentation {name}={text} cannot be used.",
            f"Its strength ({kind.unit}) must be a number {bounds}.",
            f"Write for example {name}={kind.default:g}.",
            option="augment",
            value=f"{name}={text}",
            allowed=f"a number {bounds}",
        )
    return value
