"""Writer of Parquet files, with pyarrow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ravine.data.writers.plain_columns import plain_columns
from ravine.records.atomic_files import writing

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

__all__ = ["write_parquet"]


def write_parquet(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as a Parquet file. Raises DataError if the file cannot be written."""
    import pyarrow  # type: ignore[import-untyped,unused-ignore]
    import pyarrow.parquet  # type: ignore[import-untyped,unused-ignore]

    table = pyarrow.table(plain_columns(frame))
    with writing(path) as file:
        pyarrow.parquet.write_table(table, file)
