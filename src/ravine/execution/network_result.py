"""The base class of the results of studies that save a trained network together with its predictions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ravine.execution.result import PREDICTIONS, Result
from ravine.execution.test_rows import TestRows
from ravine.records.array_rules import ArrayRule

if TYPE_CHECKING:
    import numpy as np

__all__ = ["PREDICTION_RULES", "NetworkResult"]

PREDICTION_RULES = {
    f"{part}_{name}": ArrayRule(kinds, (part, *axes), optional=True)
    for part in ("validation", "test")
    for name, kinds, axes in (
        ("row", "i", ()), ("target", "if", ()), ("prediction", "if", ()), ("probability", "f", ("class",)),
        ("weight", "f", ()),
    )
} | {"classes": ArrayRule("U", ("class",), optional=True)}  # fmt: skip
"""Types and shapes of the arrays of `predictions.npz`, by name."""


@dataclass(frozen=True, kw_only=True, repr=False)
class NetworkResult(Result):
    """The result of a study that saves a trained network: its scores and the file of its predictions.

    It also tells how the test rows differ from the other rows, if their score is worse than that of the
    validation rows by more than chance explains.
    """

    test_rows: TestRows | None = None
    """Differences of test rows and training rows; null if the score on the test rows is as expected."""
    predictions: str | None = None
    """File of the saved network's predictions for validation and test rows; null if no file was written."""
    predictions_left_out: str = ""
    """Predictions that were left out because the file would exceed 50 MB; empty if all were written."""

    @property
    def prediction_arrays(self) -> Mapping[str, np.ndarray]:
        """Arrays of the file `predictions.npz` by name: the saved network's predictions for known rows.

        They hold row numbers, targets, predictions and, for classes, probabilities of the validation rows and
        the test rows. Parts are left out if the file would exceed 50 MB. The mapping is empty if no
        predictions were kept.
        """
        if self.artifacts.predictions or self.run_dir is None:
            return self.artifacts.predictions
        return self._run_directory().read_arrays(PREDICTIONS, PREDICTION_RULES)
