"""The normalizations of a layer: facts about each. Known without importing JAX.

The formulas stand in `normalization_functions`.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["NORMALIZATIONS", "Normalization"]


@dataclass(frozen=True)
class Normalization:
    """What a layer's sums are normalized over.

    over_rows: unit by unit over the rows of a batch, in inference by running statistics; a bias before it is
    subtracted again. over_units: row by row over the units of the layer.
    """

    name: str
    over_rows: bool = False
    over_units: bool = False

    @property
    def normalizes(self) -> bool:
        """Whether it does anything: it then has a scale and a shift for each unit."""
        return self.over_rows or self.over_units


NORMALIZATIONS: dict[str, Normalization] = {
    row.name: row
    for row in (
        Normalization("none"),
        Normalization("batchnorm", over_rows=True),
        Normalization("layernorm", over_units=True),
    )
}
