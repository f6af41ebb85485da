"""Reader of Parquet files, with pyarrow."""

from __future__ import annotations

import io

from ravine.data.formats import Source
from ravine.data.table import Table, repeated_names, unique_names
from ravine.errors import DataError

__all__ = ["read_parquet"]


def read_parquet(source: Source) -> Table:
    """Return the table in a Parquet file. Raises DataError if the file is damaged or empty."""
    import pyarrow  # type: ignore[import-untyped,unused-ignore]
    import pyarrow.parquet  # type: ignore[import-untyped,unused-ignore]

    content, name = source.content, source.name
    if content[-4:] != b"PAR1":
        raise DataError(
            f"'{name}' is cut off.", "A Parquet file must end with a footer.", "Download the file again."
        )
    try:
        frame = pyarrow.parquet.read_table(io.BytesIO(content)).to_pandas(ignore_metadata=True)
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise DataError(
            f"'{name}' is damaged.", f"pyarrow reports: {error}.", "Download or write the file again."
        ) from error
    index = [column for column in frame.columns if str(column).startswith("__index_level_")]
    frame = frame.drop(columns=index)  # row numbers that pandas stored
    if not len(frame.columns) or not len(frame):
        raise DataError(f"'{name}' is empty.", "A table needs rows and columns.", "Use a file with rows.")
    originals = [str(column) for column in frame.columns]
    names, renamed = unique_names(originals)
    frame.columns = names
    notes = ["parquet"] + ([f"columns renamed: {', '.join(renamed)}"] if renamed else [])
    return Table(frame.reset_index(drop=True), name, source.sha256, notes, repeated=repeated_names(originals))
