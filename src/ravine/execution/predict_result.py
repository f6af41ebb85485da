"""The result of `ravine predict`: predictions of a saved model for new rows. It can be read without JAX."""

from __future__ import annotations

from dataclasses import dataclass

from ravine.execution.json_document import JsonDocument
from ravine.networks.metrics import METRICS
from ravine.render.numbers import count, score_format_for

__all__ = ["Label", "PredictResult", "PredictedData", "PredictedScore", "score_text"]

Label = bool | int | float | str
"""A predicted class or number."""


@dataclass(frozen=True, kw_only=True)
class PredictedData:
    """Facts about the data for whose rows a saved model made predictions."""

    name: str
    """File name without its ending, or built-in name."""
    sha256: str
    """SHA-256 of the source."""
    rows: int
    """Number of rows."""
    notes: list[str]
    """Categories and empty cells that no training row had, and remarks on the score."""


@dataclass(frozen=True, kw_only=True)
class PredictedScore:
    """The score of predictions, computed over the rows whose target is known."""

    metric: str
    """Name of the metric; it is the metric with which the model was trained."""
    value: float
    """Score, in the unit of the metric."""
    rows: int
    """Number of rows with a target."""
    weights: str | None
    """Column of row weights; null if all rows count equally."""


def score_text(score: PredictedScore) -> str:
    """Return the score of predictions in words, such as `accuracy 96.7 %, 150 rows`."""
    facts = METRICS[score.metric]
    style = score_format_for(facts.name, facts.percent, facts.greater_is_better, [(score.value, None)])
    weights = f", weighted by '{score.weights}'" if score.weights else ""
    return f"{style.metric} {style.with_unit(score.value)}, {count(score.rows, 'row')}{weights}"


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
    predictions: dict[str, list[Label | None]]
    """Columns: those of `--keep`, `prediction`, and `probability_CLASS` of each class; one value a row."""
    score: PredictedScore | None = None
    """Score of the predictions; null if the data have no target."""
