"""What rows hold that no row did which an encoder learned from: read all the same, and said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ravine.data.column_kinds import shorten
from ravine.data.encoder import Column, Encoder, as_labels

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["unseen_values"]


def unseen_values(encoder: Encoder, frame: pd.DataFrame) -> list[str]:
    """Return a sentence for each column of `frame`, one that `transform` takes, with what was never learned.

    A new level is encoded as none of the levels there are, a gap where there was none as the median.
    """
    said = []
    for column in encoder.columns:
        values = frame[column.name]
        found = _levels(column, values) if column.kind == "category" else _gaps(column, values)
        if found:
            said.append(f"{column.name}: {found}")
    return said


def _levels(column: Column, values: pd.Series) -> str:
    text, gaps = as_labels(values, column.words)
    new = ~(text.isin(column.levels).to_numpy(bool) | gaps)
    said = []
    if new.any() and not column.other:
        which = shorten([repr(str(each)) for each in text[new].unique()], 3)
        said.append(f"{_rows(new)} of levels that training had not ({which}), taken as none of its levels")
    if gaps.any() and not column.missing:
        said.append(f"{_rows(gaps)} missing, in training none, taken as none of its levels")
    return "; ".join(said)


def _gaps(column: Column, values: pd.Series) -> str:
    import pandas as pd

    if column.indicator:
        return ""
    if pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_datetime64_any_dtype(values.dtype):
        gaps = values.isna().to_numpy(bool)
        numbers = pd.to_numeric(values, errors="coerce").to_numpy(np.float64, na_value=np.nan)
        gaps = gaps | np.isin(numbers, column.codes)
    else:
        gaps = as_labels(values, column.words)[1]
    return f"{_rows(gaps)} missing, in training none, taken as the median" if gaps.any() else ""


def _rows(which: np.ndarray) -> str:
    count = int(which.sum())
    return f"{count:,} row{'s' * (count != 1)}"
