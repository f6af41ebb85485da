"""Columns of a table as plain arrays, for file formats that hold only numbers, booleans and text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["plain_columns"]


def plain_columns(frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return the columns of a table by name, as arrays [N] of numbers, booleans or text.

    A missing number is NaN, a missing text "". Columns of other types, such as dates, become text.
    """
    return {str(name): _plain(frame[name]) for name in frame.columns}


def _plain(column: pd.Series) -> np.ndarray:
    import pandas as pd

    column = column.infer_objects()
    if pd.api.types.is_bool_dtype(column.dtype) and not column.isna().any():
        return column.to_numpy(bool)
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iuf":
        return column.to_numpy()
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.to_numpy(np.float64, na_value=np.nan)
    return np.where(column.isna(), "", column.astype(str)).astype(str)
