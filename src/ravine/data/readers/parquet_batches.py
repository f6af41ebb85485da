"""The rows of a Parquet file, as the helper process reads them with pyarrow.

The sizes that the file announces are checked before anything is read, and checksums of pages are verified if
the file has them.
"""

from __future__ import annotations

import os
from typing import Any

import pyarrow  # type: ignore[import-untyped,unused-ignore]
import pyarrow.parquet  # type: ignore[import-untyped,unused-ignore]

from ravine.cores import cores
from ravine.data.readers.helper_program import Stream
from ravine.data.size_limits import SizeBudget, check_memory
from ravine.errors import DataError

__all__ = ["plan_stream"]

THREADS = 4  # at most; each takes address space, which is limited
BATCH_ROWS = 65_536
VALUE_BYTES = {"BOOLEAN": 1, "INT32": 4, "FLOAT": 4, "INT96": 8}  # in memory; others take 8 or more


def plan_stream(path: str, part: str, budget: SizeBudget) -> Stream:
    """Return the rows of a Parquet file as a stream of record batches in Arrow's format.

    path: path of the file. part: not used, as the file has one table. budget: number of bytes that the data
    may take.

    Raises DataError if the file is cut off or its data are too large, ValueError for sizes that do not agree,
    and errors of pyarrow for a damaged file.
    """
    pyarrow.set_cpu_count(min(THREADS, cores()))
    raw = pyarrow.memory_map(path)
    size = raw.size()
    raw.seek(max(0, size - 4))
    if raw.read() != b"PAR1":
        raise DataError(
            f"'{budget.name}' is cut off.",
            "A Parquet file must end with a footer.",
            "Download the file again.",
        )
    file = pyarrow.parquet.ParquetFile(raw, page_checksum_verification=True)
    announced = _announced_size(file.metadata, size, budget)

    def write(descriptor: int) -> None:
        rows = 0
        with (
            os.fdopen(os.dup(descriptor), "wb") as output,
            pyarrow.ipc.new_stream(output, file.schema_arrow) as stream,
        ):
            for batch in file.iter_batches(BATCH_ROWS):
                check_memory(budget.name, batch.nbytes, "The next rows")  # words can exceed what is announced
                stream.write_batch(batch)
                rows += batch.num_rows
        if rows != file.metadata.num_rows:
            raise ValueError(f"{file.metadata.num_rows:,} rows are announced, and {rows:,} found")

    return Stream(write, announced)


def _announced_size(metadata: Any, file_bytes: int, budget: SizeBudget) -> int:
    """Return the number of bytes in memory that the footer of a file announces.

    Raises DataError if they or the columns are too many, and ValueError for sizes that do not agree.
    """
    budget.check_columns(metadata.num_columns)
    rows, size = 0, 0
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        widths = 0
        for place in range(group.num_columns):
            column = group.column(place)
            if min(column.total_compressed_size, column.total_uncompressed_size, group.num_rows) < 0:
                raise ValueError(f"row group {number} announces a negative size")
            if column.total_compressed_size > file_bytes:
                raise ValueError(f"row group {number} announces more bytes than the file has")
            widths += max(
                VALUE_BYTES.get(column.physical_type, 8) * group.num_rows, column.total_uncompressed_size
            )
        rows += group.num_rows
        size += widths
    if rows != metadata.num_rows:
        raise ValueError(f"{metadata.num_rows:,} rows are announced, and the row groups have {rows:,}")
    budget.check(size, "The columns")
    return size
