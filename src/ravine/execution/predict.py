"""Predictions of a saved model for new rows, and their score where the rows have a target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ravine.data import Table
from ravine.data.build_dataset import event_weights
from ravine.data.choose_column import choose_column
from ravine.data.intake import native_column, refuse_unusable
from ravine.data.target import label_index, missing_by_code, missing_target, plain_labels, target_numbers
from ravine.data.unseen_values import unseen_values
from ravine.data.writers.plain_columns import plain_columns
from ravine.errors import DataError
from ravine.execution.predict_result import PredictedData, PredictedScore, PredictResult, score_text
from ravine.execution.saved_model import Model
from ravine.networks import METRICS, default_metric
from ravine.training import score_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Predictions", "predict", "predict_result", "predictions_of"]


@dataclass(frozen=True)
class Predictions:
    """The predictions of a saved model for the rows of a table.

    table: one row for each row of the data: the columns to keep, `prediction`, and for classes the
    probability of each class. score: score over the rows that have a target, None if there is none. notes:
    categories and missing values that no training row had, and remarks on the score.
    """

    table: pd.DataFrame
    score: PredictedScore | None
    notes: list[str]

    def __repr__(self) -> str:
        score = [] if self.score is None else [score_text(self.score)]
        return "\n".join([repr(self.table), *score, *self.notes])


def predict(model: str | Path | Model, table: Table | pd.DataFrame) -> pd.DataFrame:
    """Return the predictions of a saved model for the rows of a table, as a table with one row for each row.

    Its columns are `prediction` and, for classes, the probability of each class. The order of the columns in
    `table` does not matter, and further columns are ignored. Raises DataError for a missing column.
    """
    return predictions_of(model, table).table


def predictions_of(
    model: str | Path | Model, table: Table | pd.DataFrame, keep: Sequence[str | int] = ()
) -> Predictions:
    """Return the predictions of a saved model for a table, and their score over the rows that have a target.

    keep: columns of `table` to copy beside the predictions, by name or index. Raises DataError for a missing
    column, and for a copied column with the name of a column of predictions.
    """
    import pandas as pd

    model = model if isinstance(model, Model) else Model.load(model)
    rows = table.frame if isinstance(table, Table) else table
    names = list(dict.fromkeys(choose_column(rows, column, "--keep", "--keep") for column in keep))
    copied = rows.set_axis([str(name) for name in rows.columns], axis=1)[names]
    if isinstance(table, Table) and not table.header:
        rows = _by_position(model, rows)
    rows = model.encoder.frame(rows)
    outputs = model.outputs(rows)
    predicted = model.table(rows, outputs)
    if both := [name for name in names if name in predicted.columns]:
        raise DataError(
            f"The column '{both[0]}' cannot be copied.",
            "The predictions have a column of this name.",
            "Rename the column of the data, or leave it out of --keep.",
        )
    score, remarks = _score(model, rows, outputs)
    known = model.metadata.data
    if score is not None and isinstance(table, Table) and known and known.sha256 == table.sha256:
        remarks.append("the model was trained on rows of these data, so the score says little about new rows")
    notes = [*unseen_values(model.encoder, rows), *remarks]
    return Predictions(pd.concat([copied, predicted], axis=1) if names else predicted, score, notes)


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


def _score(model: Model, rows: pd.DataFrame, outputs: np.ndarray) -> tuple[PredictedScore | None, list[str]]:
    """Return the score of outputs [N, K] for the rows that have a target, and remarks; None without one."""
    if model.target not in rows.columns:
        return None, []
    metric = METRICS[model.metadata.metric or default_metric(model.task)]
    remarks: list[str] = []
    try:
        column = native_column(rows[model.target])
        refuse_unusable(column, f"The target '{model.target}'")
        present = ~(missing_target(column) | missing_by_code(column, model.missing))
        if not present.any():
            return None, [f"no score: the target '{model.target}' is missing in every row"]
        y = _encoded_target(model, column[present], remarks)
    except DataError as error:
        return None, [f"no score: {error.what} {error.why}"]
    if metric.constant_target and y.min() == y.max():
        return None, [f"no score: all targets are equal, and {metric.constant_target}"]
    weight, name = _weights(model, rows, present, remarks)
    z = outputs[present]
    if weight is not None:
        weight = weight.astype(z.dtype)
    value = score_of(metric.name, z, y.astype(z.dtype) if model.classes is None else y, weight,
                     model.target_scale)  # fmt: skip
    if not np.isfinite(value):
        return None, [f"no score: {metric.name} has no value on these rows"]
    return PredictedScore(metric=metric.name, value=value, rows=int(present.sum()), weights=name), remarks


def _encoded_target(model: Model, column: pd.Series, remarks: list[str]) -> np.ndarray:
    """Return targets as class indices or standardized numbers, [n]. Raises DataError for other values."""
    if model.classes is None:
        return (target_numbers(column) - model.target_mean) / model.target_scale
    return label_index(plain_labels(column), model.classes, remarks, "data")


def _weights(
    model: Model, rows: pd.DataFrame, present: np.ndarray, remarks: list[str]
) -> tuple[np.ndarray | None, str | None]:
    """Return the weights of the rows with a target, [n], and their column; None if all rows count equally."""
    name = model.metadata.data.weights if model.metadata.data is not None else None
    if name is None:
        return None, None
    if name not in rows.columns:
        remarks.append(f"the data have no weights '{name}', so all rows count equally in the score")
        return None, None
    weights = event_weights(rows[name][present], "keep")
    if weights.min() < 0:
        remarks.append(f"some weights '{name}' are negative, so all rows count equally in the score")
        return None, None
    return weights / weights.mean(), name


def predict_result(path: str, model: Model, table: Table, keep: Sequence[str | int] = ()) -> PredictResult:
    """Return the predictions of a saved model for a table as the result that `ravine predict --json` prints.

    path: folder or file of the model. keep: columns of the table to copy beside the predictions. Raises
    DataError for a missing column.
    """
    predictions = predictions_of(model, table, keep)
    return PredictResult(
        model=path,
        task=model.task,
        target=model.target,
        classes=model.classes,
        data=PredictedData(
            name=table.name, sha256=table.sha256, rows=len(predictions.table), notes=predictions.notes
        ),
        predictions={name: values.tolist() for name, values in plain_columns(predictions.table).items()},
        score=predictions.score,
    )
