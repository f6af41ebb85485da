"""Writer of CSV files, gzipped or not.

A spreadsheet takes a text that begins with `=`, `+`, `-`, `@`, a tab or a carriage return for a formula. A
name or a class in a data file may be such a text. It gets an apostrophe before it, with which a spreadsheet
shows it as it is. Numbers never change, even if they are text, such as the class `-1`.
"""

from __future__ import annotations

import csv
import gzip
from typing import TYPE_CHECKING

from ravine.data.readers.delimited_dialect import is_number
from ravine.records.atomic_files import write_atomic

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

__all__ = ["csv_text", "write_csv"]

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Begins of a formula in a spreadsheet."""


def csv_text(frame: pd.DataFrame) -> str:
    """Return a table as CSV text with a header, without the row index of pandas.

    Texts that a spreadsheet would take for formulas begin with an apostrophe.
    """
    import pandas as pd

    names: list[str] = [str(_plain(name)) for name in frame.columns]
    columns = [frame.iloc[:, place] for place in range(frame.shape[1])]
    safe = [
        column if pd.api.types.is_numeric_dtype(column.dtype) else column.map(_plain) for column in columns
    ]
    table = pd.concat(safe, axis=1) if safe else frame
    text = str(table.to_csv(index=False, header=names, lineterminator="\n"))
    if "\r" in text:  # Python quotes a carriage return only from version 3.13 on
        text = str(table.to_csv(index=False, header=names, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC))
    return text


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as a CSV file, gzipped if its name ends in `.gz`. Raises DataError if writing fails."""
    blob = csv_text(frame).encode("utf-8")
    write_atomic(path, gzip.compress(blob, mtime=0) if path.name.lower().endswith(".gz") else blob)


def _plain(value: object) -> object:
    """Return a value that no spreadsheet takes for a formula: a text may get an apostrophe."""
    if isinstance(value, str) and value.startswith(FORMULA) and not is_number(value.strip()):
        return f"'{value}"
    return value
