"""Limits on the size of data: every size that a file announces is checked before memory is allocated.

A damaged or malicious file can announce, or unpack to, any size. Therefore the data may take at most
`--max-expand` times the bytes of the file, and at most the free memory.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass

from ravine.errors import DataError

__all__ = [
    "MAX_COLUMNS", "MAX_EXPANSION", "MAX_TEXT_COLUMNS", "SizeBudget", "check_memory", "check_text_columns",
    "size_text",
]  # fmt: skip

MAX_EXPANSION = 200.0
"""Largest number of bytes that data may take, as a multiple of the bytes of their file."""
MAX_COLUMNS = 20_000
"""Largest number of columns of a table."""
MAX_TEXT_COLUMNS = 10_000
"""Largest number of columns of words of a table, each of which takes longer than a column of numbers."""


@dataclass(frozen=True)
class SizeBudget:
    """The number of bytes that the data of one file may take.

    name         name of the data, for messages
    file_bytes   bytes of the file as it lies on the disk
    max_expand   largest number of bytes of the data, as a multiple of `file_bytes`
    """

    name: str
    file_bytes: int
    max_expand: float = MAX_EXPANSION

    @property
    def limit(self) -> int:
        """The number of bytes that the data may take."""
        return int(min(self.max_expand * self.file_bytes, sys.maxsize))

    def check(self, size: int, what: str = "The data") -> None:
        """Raise DataError if data that the file announces exceed its budget or the free memory.

        size: number of bytes of the data in memory. what: name of these data at the start of a sentence.
        """
        if size > self.limit:
            times = size / max(self.file_bytes, 1)
            raise DataError(
                f"'{self.name}' would unpack to {times:,.0f} times its size.",
                f"{what} would take {size_text(size)}, and the file has {size_text(self.file_bytes)}. "
                f"At most {self.max_expand:g} times is allowed, as a damaged file can announce any size.",
                f"If you trust the file, type --max-expand {_rounded_up(times)}.",
                option="max_expand",
                value=self.max_expand,
                allowed=f"at least {_rounded_up(times)} for this file",
            )
        check_memory(self.name, size, what)

    def check_columns(self, count: int) -> None:
        """Raise DataError if a table has more columns than Ravine reads."""
        if count > MAX_COLUMNS:
            raise DataError(
                f"'{self.name}' has {count:,} columns.",
                f"Ravine reads at most {MAX_COLUMNS:,} columns.",
                "Use a table with fewer columns.",
            )


def check_text_columns(name: str, count: int) -> None:
    """Raise DataError if a table has more columns of words than Ravine reads."""
    if count > MAX_TEXT_COLUMNS:
        raise DataError(
            f"'{name}' has {count:,} columns of words.",
            f"Ravine reads at most {MAX_TEXT_COLUMNS:,} columns of words, {MAX_COLUMNS:,} columns in all.",
            "Use a table with fewer columns, or with numbers.",
        )


def check_memory(name: str, size: int, what: str = "The data") -> None:
    """Raise DataError if data of `size` bytes exceed the free memory."""
    from ravine.data.free_memory import free_memory  # with pathlib, which `--help` does not need

    free = free_memory()
    if size > free:
        raise DataError(
            f"'{name}' does not fit into the memory.",
            f"{what} would take {size_text(size)}, and {size_text(free)} are free.",
            "Use fewer rows or columns, or a machine with more memory.",
        )


def size_text(size: float) -> str:
    """Return a number of bytes in words: `12 bytes`, `3.4 MB`."""
    if size < 1000:
        return f"{size:.0f} bytes"
    power = min(int(math.log10(size)) // 3, 6)
    return f"{size / 1000**power:.3g} {['', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB'][power]}"


def _rounded_up(times: float) -> int:
    """Return a number of at most two digits other than 0 that is at least `times`."""
    step = 10 ** max(len(str(math.ceil(times))) - 2, 0)
    return math.ceil(times / step) * step
