"""Writer of NPZ archives: one array [N] for each column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ravine.data.writers.plain_columns import plain_columns
from ravine.records.atomic_files import write_npz

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

__all__ = ["write_columns"]


def write_columns(frame: pd.DataFrame, path: Path) -> None:
    """Write a table to an NPZ archive, one array [N] for each column. Raises DataError if writing fails."""
    write_npz(path, plain_columns(frame))
