"""Reader of Parquet files, with pyarrow. Checksums of pages are verified if the file has them."""

from __future__ import annotations

from typing import Any

from ravine.data.formats import Source
from ravine.data.table import Table, repeated_names, unique_names
from ravine.errors import DataError

__all__ = ["read_parquet"]

VALUE_BYTES = {"BOOLEAN": 1, "INT32": 4, "FLOAT": 4, "INT96": 8}  # in memory; others take 8 or more


def read_parquet(source: Source) -> Table:
    """Return the table in a Parquet file. Raises DataError if the file is damaged, too large or empty."""
    import pyarrow  # type: ignore[import-untyped,unused-ignore]
    import pyarrow.parquet  # type: ignore[import-untyped,unused-ignore]

    content, name = source.content, source.name
    if content[-4:] != b"PAR1":
        raise DataError(
            f"'{name}' is cut off.", "A Parquet file must end with a footer.", "Download the file again."
        )
    buffer = pyarrow.BufferReader(content)
    with pyarrow.parquet.ParquetFile(buffer, page_checksum_verification=True) as file:
        _check_sizes(file.metadata, source)
        table = file.read()
        if table.num_rows != file.metadata.num_rows:
            raise ValueError(f"{file.metadata.num_rows:,} rows are announced, and {table.num_rows:,} found")
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


def _check_sizes(metadata: Any, source: Source) -> None:
    """Raise DataError if the columns and rows that the footer announces take too much memory.

    Raises ValueError for sizes that do not agree.
    """
    source.budget.check_columns(metadata.num_columns)
    rows, size = 0, 0
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        widths = 0
        for place in range(group.num_columns):
            column = group.column(place)
            if min(column.total_compressed_size, column.total_uncompressed_size, group.num_rows) < 0:
                raise ValueError(f"row group {number} announces a negative size")
            if column.total_compressed_size > len(source.content):
                raise ValueError(f"row group {number} announces more bytes than the file has")
            widths += max(
                VALUE_BYTES.get(column.physical_type, 8) * group.num_rows, column.total_uncompressed_size
            )
        rows += group.num_rows
        size += widths
    if rows != metadata.num_rows:
        raise ValueError(f"{metadata.num_rows:,} rows are announced, and the row groups have {rows:,}")
    source.budget.check(size, "The columns")
