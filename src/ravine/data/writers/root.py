"""Writer of ROOT files, with uproot: one tree `predictions` with a branch for each column."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from ravine.data.writers.plain_columns import plain_columns
from ravine.records.atomic_files import write_atomic

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

__all__ = ["TREE", "write_root"]

TREE = "predictions"
"""Name of the tree that is written."""


class _OpenBuffer(io.BytesIO):
    """A file in memory that stays open, since uproot closes its files."""

    def close(self) -> None:
        """Do nothing."""


def write_root(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as the tree `predictions` of a ROOT file. Raises DataError if writing fails."""
    import awkward
    import uproot

    columns: dict[str, Any] = {
        name: awkward.Array(values.tolist()) if values.dtype.kind == "U" else values
        for name, values in plain_columns(frame).items()
    }
    buffer = _OpenBuffer()
    with uproot.recreate(buffer) as file:
        file[TREE] = columns
    write_atomic(path, buffer.getvalue())
