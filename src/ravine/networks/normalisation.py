"""The normalisations of a layer: facts about each. Known without importing JAX.

The formulas stand in `normalisation_functions`.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["NORMALISATIONS", "Normalisation"]


@dataclass(frozen=True)
class Normalisation:
    """What a layer's sums are normalised over.

    over_rows: unit by unit over the rows of a batch, in inference by running statistics; a bias before it is
    subtracted again. over_units: row by row over the units of the layer.
    """

    name: str
    over_rows: bool = False
    over_units: bool = False

    @property
    def normalises(self) -> bool:
        """Whether it does anything: it then has a scale and a shift for each unit."""
        return self.over_rows or self.over_units


NORMALISATIONS: dict[str, Normalisation] = {
    row.name: row
    for row in (
        Normalisation("none"),
        Normalisation("batchnorm", over_rows=True),
        Normalisation("layernorm", over_units=True),
    )
}
