"""Notes on values in new rows that the encoder did not see when it was fitted; the rows are used anyway."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ravine.data.column import Column
from ravine.data.column_kinds import shorten_list
from ravine.data.encoder import Encoder, as_labels

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["new_level_shares", "unseen_values"]


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
        known, (text, gaps) = (
            as_labels(frame[column.name], column.words)[0].unique(),
            as_labels(test[column.name], column.words),
        )
        new = ~(text.isin(known).to_numpy(bool) | gaps)
        if new.any():
            shares[column.name] = float(new.mean())
    return shares


def _new_levels(column: Column, values: pd.Series) -> str:
    """Return the note on new levels of a category, or ""."""
    text, gaps = as_labels(values, column.words)
    new = ~(text.isin(column.levels).to_numpy(bool) | gaps)
    notes = []
    if new.any() and not column.other:
        levels = shorten_list([repr(str(level)) for level in text[new].unique()], 3)
        notes.append(f"{_rows(new)} with levels that no training row has ({levels}), encoded as no level")
    if gaps.any() and not column.missing:
        notes.append(f"{_rows(gaps)} missing, none in training; encoded as no level")
    return "; ".join(notes)


def _new_gaps(column: Column, values: pd.Series) -> str:
    """Return the note on missing numbers or dates, or ""."""
    import pandas as pd

    if column.indicator:
        return ""
    if pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_datetime64_any_dtype(values.dtype):
        gaps = values.isna().to_numpy(bool)
        numbers = pd.to_numeric(values, errors="coerce").to_numpy(np.float64, na_value=np.nan)
        gaps = gaps | np.isin(numbers, column.codes)
    else:
        gaps = as_labels(values, column.words)[1]
    return f"{_rows(gaps)} missing, none in training; filled with the median" if gaps.any() else ""


def _rows(mask: np.ndarray) -> str:
    """Return the number of rows in a mask: `1 row`, `1,200 rows`."""
    count = int(mask.sum())
    return f"{count:,} row{'s' * (count != 1)}"
