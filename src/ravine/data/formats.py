"""Registry of the file formats of tables. A new format needs one reader in `readers/` and one entry here.

Importing this module imports no reader and no package. All lists of formats, suffixes and extras in code,
messages and help texts are derived from the registry.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ravine.data.size_limits import MAX_EXPANSION, SizeBudget
from ravine.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from ravine.data.readers.file_hash import FileHash
    from ravine.data.table import Table

__all__ = [
    "FOREIGN", "FORMATS", "Format", "Source", "fallback", "format_by_name", "format_list", "join_words",
    "load_object", "long_names", "recognize", "suffixes",
]  # fmt: skip


@dataclass(frozen=True)
class Source:
    """The bytes of one data file and their origin, as input of the function that reads its format.

    content      bytes, unzipped
    name         name of the data set, for messages
    file_hash    hash of the bytes before unzipping
    path         path of the file, `-` for standard input
    part         text after the colon in `FILE:part`, which names a table inside the file, or ""
    notes        notes for the user so far
    file_bytes   number of bytes before unzipping; None = that of `content`
    max_expand   largest number of bytes that the data may take, as a multiple of `file_bytes`
    descriptor   descriptor of the open file that holds exactly the bytes `content`, or None
    """

    content: bytes
    name: str
    file_hash: FileHash
    path: Path
    part: str = ""
    notes: tuple[str, ...] = ()
    file_bytes: int | None = None
    max_expand: float = MAX_EXPANSION
    descriptor: int | None = None

    @property
    def sha256(self) -> str:
        """The SHA-256 of the bytes before unzipping; a reader asks for it after it parsed them."""
        return self.file_hash.hexdigest()

    @property
    def budget(self) -> SizeBudget:
        """The number of bytes that the data may take."""
        return SizeBudget(
            self.name, len(self.content) if self.file_bytes is None else self.file_bytes, self.max_expand
        )


@dataclass(frozen=True)
class Format:
    """One file format of tables: marks that identify a file, and functions that read and write it.

    name         short name
    reader       "module:function", imported on use; the function turns a `Source` into a `Table`
    long_name    name in messages ("idx images"); by default the short name
    suffixes     endings of file names, in lower case; `.gz` may follow
    magic        first bytes of every file of the format
    check        "module:function", bytes -> bool, for a format whose first bytes vary
    noun         name with its article ("an HDF5 file")
    imports      modules of other packages that the reader or the writer imports
    extra        extra of ravine that installs these packages, or ""
    has_parts    whether `FILE:part` names a table inside a file
    name_part    text in a file name that indicates the format, if no suffix does
    in_folder    patterns of file names; if the user names a folder, the first file that matches is read
    writer       "module:function", (frame, path) -> None, which writes a file completely or not at all; ""
                 for a format that is only read
    written      endings of the names of files that the writer writes

    The only format without `magic` and `check` is the fallback, for bytes that no other format recognizes.
    """

    name: str
    reader: str
    long_name: str = ""
    suffixes: tuple[str, ...] = ()
    magic: bytes = b""
    check: str = ""
    noun: str = ""
    imports: tuple[str, ...] = ()
    extra: str = ""
    has_parts: bool = False
    name_part: str = ""
    in_folder: tuple[str, ...] = ()
    writer: str = ""
    written: tuple[str, ...] = ()

    @property
    def is_fallback(self) -> bool:
        """Whether the format is the fallback (CSV-like text), for bytes that no other format recognizes."""
        return not self.magic and not self.check

    @property
    def packages(self) -> tuple[str, ...]:
        """Return the names of the Python packages that reading and writing files of this format need."""
        return tuple(dict.fromkeys(module.partition(".")[0] for module in self.imports))

    def recognizes(self, content: bytes) -> bool:
        """Return whether the content of a data file has the marks of this file format.

        The result is False for the fallback, CSV-like text, which is tried only if no other format recognizes
        the content.
        """
        if self.check:
            check: Callable[[bytes], bool] = load_object(self.check)
            return check(content)
        return bool(self.magic) and content.startswith(self.magic)

    def read(self, source: Source) -> Table:
        """Return the table in a data file.

        Raises DataError if a package is missing, or if the file is damaged or holds no table. Every error of
        a library becomes a DataError here, so that a reader needs no `except`.
        """
        from ravine.data.intake import native_table  # imports numpy

        self.check_packages(source.name, "Reading")
        reader: Callable[[Source], Table] = load_object(self.reader)
        from ravine.data.boundary import library_errors_as_data_errors  # not needed by `--help`

        with library_errors_as_data_errors(source.name, self.name):
            return native_table(reader(source))

    def write(self, frame: pd.DataFrame, path: Path) -> None:
        """Write a table to a file. Raises DataError if a package is missing or the file cannot be written."""
        self.check_packages(path.name, "Writing")
        writer: Callable[[pd.DataFrame, Path], None] = load_object(self.writer)
        writer(frame, path)

    def check_packages(self, name: str, doing: str) -> None:
        """Raise DataError if a Python package that this file format needs is not installed.

        name: name of the data or file. doing: "Reading" or "Writing", for the message.
        """
        if not all(_is_installed(module) for module in self.imports):
            raise DataError(
                f"'{name}' is {self.noun}.",
                f"{doing} such a file needs {join_words(self.packages)}.",
                f"Type: pip install 'ravine[{self.extra}]'",
            )


FORMAT_ROWS = (
    Format(
        "CSV",
        "ravine.data.readers.delimited_text:read_text",
        long_name="CSV-like text",
        suffixes=(".csv", ".txt", ".tsv", ".dat", ".data"),
        noun="a text file",
        writer="ravine.data.writers.delimited_text:write_csv",
        written=(".csv", ".csv.gz"),
    ),
    Format(
        "Parquet",
        "ravine.data.readers.parquet:read_parquet",
        suffixes=(".parquet",),
        magic=b"PAR1",
        noun="a Parquet file",
        imports=("pyarrow", "pyarrow.parquet"),
        extra="parquet",
        writer="ravine.data.writers.parquet:write_parquet",
        written=(".parquet",),
    ),
    Format(
        "NPZ",
        "ravine.data.readers.npz:read_npz",
        suffixes=(".npz",),
        magic=b"PK\x03\x04",
        noun="an NPZ file",
        writer="ravine.data.writers.npz:write_columns",
        written=(".npz",),
    ),
    Format(
        "HDF5",
        "ravine.data.readers.hdf5:read_hdf5",
        suffixes=(".h5", ".hdf5"),
        magic=b"\x89HDF\r\n\x1a\n",
        noun="an HDF5 file",
        imports=("h5py",),
        extra="hdf5",
        has_parts=True,
    ),
    Format(
        "ROOT",
        "ravine.data.readers.root:read_root",
        suffixes=(".root",),
        magic=b"root",
        noun="a ROOT file",
        imports=("uproot", "awkward"),
        extra="root",
        has_parts=True,
        writer="ravine.data.writers.root:write_root",
        written=(".root",),
    ),
    Format(
        "idx",
        "ravine.data.readers.idx:read_idx",
        long_name="idx images",
        check="ravine.data.readers.idx:is_idx",
        noun="an idx file",
        name_part="-ubyte",
        in_folder=("train*-images*idx3*", "*images*idx3*"),
    ),
)

FORMATS: dict[str, Format] = {row.name: row for row in FORMAT_ROWS}
"""All formats, by their short name."""

FOREIGN: dict[bytes, str] = {
    b"%PDF": "a PDF document",
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"(\xb5/\xfd": "a zstandard archive",
    b"7z\xbc\xaf": "a 7z archive",
}
"""First bytes and names of files that Ravine does not read, for messages."""


def recognize(content: bytes) -> Format | None:
    """Return the file format that recognizes the content of a file; None otherwise, as for CSV-like text."""
    return next((row for row in FORMATS.values() if row.recognizes(content)), None)


def fallback() -> Format:
    """Return the file format (CSV-like text) for bytes that no other format recognizes."""
    return next(row for row in FORMATS.values() if row.is_fallback)


def format_by_name(path: Path) -> Format | None:
    """Return the file format that the suffix, or another part of a file's name, indicates; None without one.

    The format of last resort, CSV-like text, is never returned.
    """
    ending = "".join(path.suffixes).lower()
    for row in FORMATS.values():
        if row.is_fallback:
            continue
        if ending.endswith(row.suffixes) or (row.name_part and row.name_part in path.name):
            return row
    return None


def suffixes() -> tuple[str, ...]:
    """Return the file suffixes of all formats, such as `.csv`, in the order of the registry."""
    return tuple(suffix for row in FORMATS.values() for suffix in row.suffixes)


def format_list() -> str:
    """Return the names of all file formats as a list for a help text: `CSV, …, idx; gzipped or not`."""
    return f"{', '.join(row.name for row in FORMATS.values())}; gzipped or not"


def long_names(rows: Iterable[Format] | None = None) -> str:
    """Return names of file formats (by default all) for a sentence: `CSV-like text, … and idx images`."""
    return join_words([row.long_name or row.name for row in (FORMATS.values() if rows is None else rows)])


def join_words(words: Iterable[str]) -> str:
    """Return words joined as in a sentence: `a, b and c`."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def _is_installed(module: str) -> bool:
    """Return whether a module can be found. It is not imported, since a helper process may import it."""
    try:
        return importlib.util.find_spec(module) is not None
    except ImportError:  # of the package around the module
        return False


def load_object(text: str) -> Any:
    """Return the object named by `module:name`, after importing the module."""
    module, _, name = text.partition(":")
    return getattr(importlib.import_module(module), name)
