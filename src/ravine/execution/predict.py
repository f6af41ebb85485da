"""Predictions of a saved model for new rows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ravine.data import Table
from ravine.data.unseen_values import unseen_values
from ravine.execution.predict_result import PredictedData, PredictResult
from ravine.execution.saved_model import Model

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["predict", "predict_result", "predict_with_notes"]


def predict(model: str | Path | Model, table: Table | pd.DataFrame) -> pd.DataFrame:
    """Return a table with one row per input row: `prediction`, and the probability of each class.

    The order of the columns does not matter, and further columns are ignored. Raises DataError for a missing
    column.
    """
    return predict_with_notes(model, table)[0]


def predict_with_notes(
    model: str | Path | Model, table: Table | pd.DataFrame
) -> tuple[pd.DataFrame, list[str]]:
    """Return the table of `predict`, and notes on categories and missing values that no training row had."""
    model = model if isinstance(model, Model) else Model.load(model)
    rows = table.frame if isinstance(table, Table) else table
    if isinstance(table, Table) and not table.header:
        rows = _by_position(model, rows)
    predictions = model.table(rows)
    return predictions, unseen_values(model.encoder, rows)


def _by_position(model: Model, rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows without a header and without the target column under the column numbers of training."""
    names = [name for name in model.encoder.inputs if name not in rows.columns]
    target = model.target
    if not names or not (target.startswith("c") and target[1:].isdigit()) or target not in rows.columns:
        return rows
    if any(not (name.startswith("c") and name[1:].isdigit()) for name in [*map(str, rows.columns), *names]):
        return rows
    gap = int(target[1:])
    return rows.rename(columns={old: f"c{int(old[1:]) + 1}" for old in rows.columns if int(old[1:]) >= gap})


def predict_result(model: str | Path, table: Table) -> PredictResult:
    """Return the predictions for a table as the result that `ravine predict --json` prints."""
    loaded = Model.load(model)
    predictions, notes = predict_with_notes(loaded, table)
    return PredictResult(
        model=str(model),
        task=loaded.task,
        target=loaded.target,
        classes=loaded.classes,
        data=PredictedData(name=table.name, sha256=table.sha256, rows=len(predictions), notes=notes),
        predictions={str(name): predictions[name].tolist() for name in predictions.columns},
    )
