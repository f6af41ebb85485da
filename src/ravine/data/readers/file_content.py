"""The content of a data file: its bytes, unzipped if gzip packed them, within the limits on their size."""

from __future__ import annotations

import contextlib
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ravine.data.boundary import library_errors_as_data_errors
from ravine.data.readers.file_hash import FileHash
from ravine.data.size_limits import SizeBudget, check_memory
from ravine.errors import DataError
from ravine.records.open_file import open_regular
from ravine.records.os_errors import os_errors_as_data_errors

__all__ = ["Content", "opened_content", "read_content", "read_stream"]

GZIP = b"\x1f\x8b"
WITH_GZIP_HEADER = 31  # window bits of zlib
BLOCK = 1 << 24  # most bytes that are read, or result from unzipping, at once
PACKED_BLOCK = 1 << 16  # bytes that are unzipped together


@dataclass(frozen=True)
class Content:
    """The content of a data file.

    content      bytes, unzipped
    file_hash    hash of the bytes before unzipping
    file_bytes   number of bytes before unzipping
    zipped       whether gzip packed the file
    descriptor   descriptor of the open file that holds exactly these bytes, or None
    """

    content: bytes
    file_hash: FileHash
    file_bytes: int
    zipped: bool
    descriptor: int | None = None


def read_content(path: Path, max_expand: float) -> Content:
    """Return the content of a file. max_expand: largest ratio of the sizes after and before unzipping.

    Raises DataError if the file cannot be read, is no regular file, is damaged or too large.
    """
    with opened_content(path, max_expand) as content:
        return content


@contextlib.contextmanager
def opened_content(path: Path, max_expand: float) -> Iterator[Content]:
    """Yield the content of a file as `read_content` does, with the descriptor of a file that is not zipped.

    Raises DataError as `read_content`, and if the file is changed before the `with` block ends.
    """
    with open_regular(path) as file:
        before = os.fstat(file.fileno())
        check_memory(path.name, before.st_size, "The file")
        with os_errors_as_data_errors(path, "read"):
            packed = file.read()
        yield _content(packed, path.name, max_expand, file.fileno())
        after = os.fstat(file.fileno())
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise DataError(
            f"'{path}' was changed while it was read.",
            "A data file must not change until its table is read.",
            "Type the command again when the file is complete.",
        )


def read_stream(stream: BinaryIO, name: str, max_expand: float) -> Content:
    """Return the content of standard input, as `read_content` does. Raises DataError if it is too large."""
    blocks: list[bytes] = []
    size = 0
    while block := stream.read(BLOCK):
        blocks.append(block)
        size += len(block)
        check_memory(name, size, "The input")
    return _content(b"".join(blocks), name, max_expand, None)


def _content(packed: bytes, name: str, max_expand: float, descriptor: int | None) -> Content:
    file_hash = FileHash(packed)
    if packed[:2] != GZIP:
        return Content(packed, file_hash, len(packed), False, descriptor)
    with library_errors_as_data_errors(name, "gzip"):
        content = _unzipped(packed, SizeBudget(name, len(packed), max_expand))
    return Content(content, file_hash, len(packed), True)


def _unzipped(packed: bytes, budget: SizeBudget) -> bytes:
    """Return the content of the members of a gzip file; zero bytes may follow them.

    zlib verifies the checksum and the length of every member. Raises DataError if the content exceeds the
    budget, EOFError if the file is cut, and zlib.error if it is damaged.
    """
    blocks: list[bytes] = []
    size, checked, position = 0, 0, 0
    while position < len(packed) and (packed[position] or packed[position:].strip(b"\0")):
        member, piece = zlib.decompressobj(WITH_GZIP_HEADER), b""
        while not member.eof:
            if not piece:
                piece = packed[position : position + PACKED_BLOCK]
                position += len(piece)
            block = member.decompress(piece, BLOCK)
            if not piece and not block and not member.eof:
                raise EOFError("the file ends before its content")
            piece = member.unconsumed_tail
            blocks.append(block)
            size += len(block)
            if size > checked + BLOCK:
                budget.check(size, "Unpacked, the file")
                checked = size
        position -= len(member.unused_data)
    budget.check(size, "Unpacked, the file")
    return b"".join(blocks)
