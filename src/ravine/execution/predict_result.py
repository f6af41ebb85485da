"""The result of `ravine predict`. The module does not import JAX."""

from __future__ import annotations

from dataclasses import dataclass

from ravine.execution.json_document import JsonDocument

__all__ = ["Label", "PredictResult", "PredictedData"]

Label = bool | int | float | str
"""A predicted class or number."""


@dataclass(frozen=True, kw_only=True)
class PredictedData:
    """Facts about the data whose rows were predicted."""

    name: str
    """File name without its ending, or built-in name."""
    sha256: str
    """SHA-256 of the source."""
    rows: int
    """Number of rows."""
    notes: list[str]
    """Categories and empty cells that no training row had."""


@dataclass(frozen=True, kw_only=True)
class PredictResult(JsonDocument):
    """Predictions of a saved model for new rows."""

    model: str
    """The model, as the user named it."""
    task: str
    """classify or regress."""
    target: str
    """Name of the target column."""
    classes: list[Label] | None
    """Class labels in order of the outputs; null for a regression."""
    data: PredictedData
    """The data whose rows were predicted."""
    predictions: dict[str, list[Label]]
    """Columns: `prediction`, and `probability_CLASS` of each class; one value for each row."""
