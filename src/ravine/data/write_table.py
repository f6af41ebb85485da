"""`write`, which writes a table to a file, in the format that the suffix of its name states."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ravine.data import formats
from ravine.data.formats import FORMATS, Format
from ravine.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["format_to_write", "writable_suffixes", "write"]


def format_to_write(path: Path, others: Sequence[str] = ()) -> Format:
    """Return the file format that belongs to the suffix of `path`, to write a table in it.

    others: suffixes that the caller can write itself, which the message of an error lists as well. Raises
    UsageError for another suffix, with the suffixes that are allowed, and DataError if a package that the
    format needs is missing.
    """
    name = path.name.lower()
    for row in FORMATS.values():
        if row.writer and name.endswith(row.written):
            row.check_packages(path.name, "Writing")
            return row
    raise UsageError(
        f"'{path}' cannot be written.",
        f"The name of the file decides its format: {formats.join_words([*writable_suffixes(), *others])}.",
        f"Type -o {path.with_suffix('.csv')}.",
        option="out",
        value=str(path),
        allowed=(*(suffix for row in FORMATS.values() for suffix in row.written), *others),
    )


def writable_suffixes() -> list[str]:
    """Return a text for each format that can be written: `.parquet (pip install 'ravine[parquet]')`."""
    return [_with_extra(row) for row in FORMATS.values() if row.writer]


def write(frame: pd.DataFrame, path: str | Path) -> None:
    """Write a table to a file, completely or not at all. The suffix of the name decides the format.

    Raises UsageError if no format has the suffix, and DataError if a package is missing or the file cannot be
    written.
    """
    path = Path(path)
    format_to_write(path).write(frame, path)


def _with_extra(row: Format) -> str:
    suffixes = ", ".join(row.written)
    return f"{suffixes} (pip install 'ravine[{row.extra}]')" if row.extra else suffixes
