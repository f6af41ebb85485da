"""Reader of Parquet files, with pyarrow.

The library can crash on a damaged file, so a helper process reads the rows (`parquet_batches`).
"""

from __future__ import annotations

from ravine.data.formats import Source
from ravine.data.readers.helper_process import bytes_of_helper
from ravine.data.table import Table, repeated_names, unique_names
from ravine.errors import DataError

__all__ = ["read_parquet"]

READER = "ravine.data.readers.parquet_batches:plan_stream"


def read_parquet(source: Source) -> Table:
    """Return the table in a Parquet file. Raises DataError if the file is damaged, too large or empty."""
    import pyarrow  # type: ignore[import-untyped,unused-ignore]

    name = source.name
    content = bytes_of_helper(READER, source)
    with pyarrow.ipc.open_stream(pyarrow.py_buffer(content)) as stream:
        table = stream.read_all()
    table.validate(full=True)  # words that are no UTF-8, offsets beyond the data
    frame = table.to_pandas(ignore_metadata=True, date_as_object=False)
    index = [column for column in frame.columns if str(column).startswith("__index_level_")]
    frame = frame.drop(columns=index)  # row numbers that pandas stored
    if not len(frame.columns) or not len(frame):
        raise DataError(f"'{name}' is empty.", "A table needs rows and columns.", "Use a file with rows.")
    originals = [str(column) for column in frame.columns]
    names, renamed = unique_names(originals)
    frame.columns = names
    notes = ["parquet"] + ([f"columns renamed: {', '.join(renamed)}"] if renamed else [])
    return Table(frame.reset_index(drop=True), name, source.sha256, notes, repeated=repeated_names(originals))
