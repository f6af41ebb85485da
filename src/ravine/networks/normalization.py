"""Registry of the normalizations of the weighted sums of a layer: facts about each.

This file does not import JAX. The equations are in `normalization_functions`.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["NORMALIZATIONS", "Normalization"]


@dataclass(frozen=True)
class Normalization:
    """A normalization of the weighted sums of a layer, by the axis over which mean and variance are taken.

    over_rows    whether each unit is normalized by its mean and variance over the rows of a batch, or in
                 inference by running statistics. Such a layer has no bias, since the subtraction of the
                 mean would remove the bias.
    over_units   whether each row is normalized by its mean and variance over the units of the layer
    """

    name: str
    over_rows: bool = False
    over_units: bool = False

    @property
    def normalizes(self) -> bool:
        """Whether weighted sums are normalized at all; each unit then has a scale and a shift."""
        return self.over_rows or self.over_units


# The registry.
NORMALIZATIONS: dict[str, Normalization] = {
    row.name: row
    for row in (
        Normalization("none"),
        Normalization("batchnorm", over_rows=True),
        Normalization("layernorm", over_units=True),
    )
}
