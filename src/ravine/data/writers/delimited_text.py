"""Writer of CSV files, gzipped or not."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

from ravine.records.atomic_files import write_atomic

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

__all__ = ["csv_text", "write_csv"]


def csv_text(frame: pd.DataFrame) -> str:
    """Return a table as CSV text with a header, without the row index of pandas."""
    return str(frame.to_csv(index=False, lineterminator="\n"))


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as a CSV file, gzipped if its name ends in `.gz`. Raises DataError if writing fails."""
    blob = csv_text(frame).encode("utf-8")
    write_atomic(path, gzip.compress(blob, mtime=0) if path.name.lower().endswith(".gz") else blob)
