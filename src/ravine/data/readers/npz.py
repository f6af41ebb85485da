"""Reader of NPZ archives, which makes a table of the arrays in an archive. Left: arrays; right: the table.

X [N, ...], y [N]                            features and target; other usual names are accepted too
x_train, y_train, x_test, y_test             the same, with a table of test rows
several arrays [N]                           one column for each array
one array [N, D], or of records [N]          one column for each column of the array, or field of the records

The sizes that the directory of the archive and the headers of the arrays announce must agree, and are checked
before memory is allocated. The archive has a checksum of each array, which is verified.
"""

from __future__ import annotations

import io
import math
import zipfile
from typing import IO

import numpy as np

from ravine.data.boundary import at
from ravine.data.formats import Source
from ravine.data.readers.array_table import table_of
from ravine.data.table import Table
from ravine.errors import DataError

__all__ = ["read_npz"]

BLOCK = 1 << 22  # bytes that are read together
VERSIONS = ((1, 0), (2, 0), (3, 0))  # of headers
UTF8_NAMES = (3, 0)  # version of headers in which names of fields are UTF-8


def read_npz(source: Source) -> Table:
    """Return the table in an NPZ archive. Pickled objects are not read, since they could run code.

    Raises DataError if the archive is damaged, or holds pickled objects or no table.
    """
    arrays: dict[str, np.ndarray] = {}
    with zipfile.ZipFile(io.BytesIO(source.content)) as archive:
        members = archive.infolist()
        source.budget.check_columns(len(members))
        source.budget.check(sum(member.file_size for member in members), "The arrays")
        for member in members:
            key = member.filename.removesuffix(".npy")
            if key in arrays:
                raise DataError(
                    f"'{source.name}' holds two arrays '{key}'.",
                    "Every array must have a name of its own.",
                    "Write it again: numpy.savez('data.npz', X=X, y=y).",
                )
            with at(f"array '{key}'"):
                arrays[key] = _array(archive, member, source.name)
    return table_of(arrays, source, "npz")


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> np.ndarray:
    """Return the array in a member of an archive.

    Raises DataError for pickled objects, and errors of Python and NumPy for a damaged member.
    """
    with archive.open(member) as file:
        version = np.lib.format.read_magic(file)
        if version not in VERSIONS:
            raise ValueError(f"its header has the unknown version {version}")
        read_header = (
            np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        )
        shape, column_order, kind = read_header(file)
        if kind.names is not None and version == UTF8_NAMES:
            kind.names = tuple(field.encode("latin-1").decode() for field in kind.names)
        if kind.hasobject:
            raise DataError(
                f"'{name}' holds pickled Python objects, array '{member.filename}'.",
                "They are not read, since they could run code.",
                "Write arrays of numbers or text: numpy.savez('data.npz', X=X, y=y).",
            )
        if not kind.itemsize or any(isinstance(n, bool) or n < 0 for n in shape):
            raise ValueError(f"the header announces the shape {shape} and the type {kind}")
        size, rest = math.prod(shape) * kind.itemsize, member.file_size - file.tell()
        if size != rest:
            raise ValueError(f"the header announces {size:,} bytes, and the archive {rest:,}")
        array = np.empty(math.prod(shape), kind)
        _fill(array, file)
    return array.reshape(shape[::-1]).T if column_order else array.reshape(shape)


def _fill(array: np.ndarray, file: IO[bytes]) -> None:
    """Read the rest of a member of an archive into an array [N]. Its end verifies the checksum."""
    content, filled = array.view(np.uint8), 0
    while block := file.read(BLOCK):
        content[filled : filled + len(block)] = np.frombuffer(block, np.uint8)
        filled += len(block)
    if filled < len(content):
        raise EOFError(f"the array ends after {filled:,} of {len(content):,} bytes")
