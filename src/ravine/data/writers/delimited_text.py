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
    """Return a table as CSV with a header, without an index."""
    return str(frame.to_csv(index=False, lineterminator="\n"))


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV, gzipped if the name ends in `.gz`. Raises DataError."""
    blob = csv_text(frame).encode("utf-8")
    write_atomic(path, gzip.compress(blob, mtime=0) if path.name.lower().endswith(".gz") else blob)
