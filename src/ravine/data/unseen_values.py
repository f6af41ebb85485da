"""Notes on values in new rows that the encoder did not see when it was fitted; the rows are used anyway."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ravine.data.column import Column
from ravine.data.column_kinds import shorten_list
from ravine.data.encoder import Encoder
from ravine.data.labels import as_labels

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["new_gap_shares", "new_level_shares", "unseen_values"]


def unseen_values(encoder: Encoder, frame: pd.DataFrame) -> list[str]:
    """Return a note for each column of `frame` with levels or missing values that the training rows lacked.

    A new level is encoded as 0 in the columns of all levels. If there is a column of rare levels, it takes
    the new level, and there is no note. A missing number or date is replaced by the median.
    """
    notes = []
    for column in encoder.columns:
        values = frame[column.name]
        note = _new_levels(column, values) if column.kind == "category" else _new_gaps(column, values)
        if note:
            notes.append(f"{column.name}: {note}")
    return notes


def new_level_shares(encoder: Encoder, frame: pd.DataFrame, test: pd.DataFrame) -> dict[str, float]:
    """Return, for each category column, the share of rows of `test` with a level that no row of `frame` has.

    The keys are names of columns. Columns without such rows are left out. A missing value is no level.
    """
    shares = {}
    for column in encoder.columns:
        if column.kind != "category" or not len(test):
            continue
        labels = as_labels(test[column.name], column.words)
        new = set(labels.present) - set(column.levels)
        if new:  # or a rare level, which has no column of its own
            new -= set(as_labels(frame[column.name], column.words).words)
        if rows := sum(
            count for word, count in zip(labels.present, labels.counts, strict=True) if word in new
        ):
            shares[column.name] = float(rows / len(test))
    return shares


def new_gap_shares(encoder: Encoder, test: pd.DataFrame) -> dict[str, float]:
    """Return the share of rows of `test` without a value, for each column that had no gap in training.

    The keys are names of columns. Columns without such rows are left out.
    """
    counts = {column.name: _new_gap_count(column, test[column.name]) for column in encoder.columns}
    return {name: count / len(test) for name, count in counts.items() if count}


def _new_levels(column: Column, values: pd.Series) -> str:
    """Return the note on new levels of a category, or ""."""
    labels = as_labels(values, column.words)
    counts = dict(zip(labels.present, labels.counts.tolist(), strict=True))
    new = {word: count for word, count in counts.items() if word not in column.levels}
    gaps = _new_gap_count(column, values)
    notes = []
    if new and not column.other:
        levels = shorten_list([repr(level) for level in new], 3)
        rows = _rows(sum(new.values()))
        notes.append(f"{rows} with levels that no training row has ({levels}), encoded as no level")
    if gaps:
        notes.append(f"{_rows(gaps)} missing, none in training; encoded as no level")
    return "; ".join(notes)


def _new_gaps(column: Column, values: pd.Series) -> str:
    """Return the note on missing numbers or dates, or ""."""
    gaps = _new_gap_count(column, values)
    return f"{_rows(gaps)} missing, none in training; filled with the median" if gaps else ""


def _new_gap_count(column: Column, values: pd.Series) -> int:
    """Return the number of missing values; 0 for a column that had missing values in training."""
    import pandas as pd

    if column.missing if column.kind == "category" else column.indicator:
        return 0
    if column.kind == "category":
        return int(as_labels(values, column.words).gaps.sum())
    if pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_datetime64_any_dtype(values.dtype):
        gaps = values.isna().to_numpy(bool)
        numbers = pd.to_numeric(values, errors="coerce").to_numpy(np.float64, na_value=np.nan)
        gaps = gaps | np.isin(numbers, column.codes)
    else:
        gaps = as_labels(values, column.words).gaps
    return int(gaps.sum())


def _rows(count: int) -> str:
    """Return a number of rows in words: `1 row`, `1,200 rows`."""
    return f"{count:,} row{'s' * (count != 1)}"
