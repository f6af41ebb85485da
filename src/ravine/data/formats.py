"""The file formats, one row each; adding a format is one reader in `readers/` and one row here.

Importing this module imports no reader and no package. Every list of formats, suffixes and extras in code,
messages and help texts is derived from the rows.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ravine.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from ravine.data.table import Table

__all__ = [
    "FOREIGN", "FORMATS", "Format", "Source", "claimed", "described", "enumerated", "fallback", "load_object",
    "long_names", "recognize", "suffixes",
]  # fmt: skip


@dataclass(frozen=True)
class Source:
    """The bytes of one file, unzipped, and where they came from: what a reader is given.

    `name` stands in messages; `sha256` is that of the bytes before unzipping; `path` is `-` for standard
    input; `part` is the text behind `FILE:`, or ""; `notes` say what was done so far.
    """

    content: bytes
    name: str
    sha256: str
    path: Path
    part: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Format:
    """One file format. `name` is its short name, `long_name` the name in messages ("idx images").

    reader       "module:function", imported on use; the function turns a `Source` into a `Table`
    suffixes     endings of file names, in lower case; `.gz` may follow each
    magic        the first bytes of every file of the format
    check        "module:function" for a format whose first bytes vary: `bytes -> bool`
    noun         the format with its article ("an HDF5 file")
    imports      modules of other packages that the reader imports
    extra        the extra of ravine that installs those packages, or ""
    has_parts    whether `FILE:part` names a table inside a file
    name_part    text inside a file name that claims the format where no suffix does
    in_folder    patterns of the file to read in a folder; the first that matches counts

    The format without `magic` and `check` is read where no other format recognizes the bytes.
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

    @property
    def is_fallback(self) -> bool:
        """Whether the format is read where no other recognizes the bytes."""
        return not self.magic and not self.check

    @property
    def packages(self) -> tuple[str, ...]:
        """The packages that the reader needs."""
        return tuple(dict.fromkeys(module.partition(".")[0] for module in self.imports))

    def recognizes(self, content: bytes) -> bool:
        """Tell whether bytes begin like a file of this format."""
        if self.check:
            check: Callable[[bytes], bool] = load_object(self.check)
            return check(content)
        return bool(self.magic) and content.startswith(self.magic)

    def read(self, source: Source) -> Table:
        """Read a source. Raises DataError if a package is missing, or if the bytes are unfit."""
        for module in self.imports:
            try:
                importlib.import_module(module)
            except ImportError as error:
                raise DataError(
                    f"'{source.name}' is {self.noun}.",
                    f"Reading one needs {enumerated(self.packages)}.",
                    f"Type: pip install 'ravine[{self.extra}]'",
                ) from error
        reader: Callable[[Source], Table] = load_object(self.reader)
        return reader(source)


ROWS = (
    Format(
        "CSV",
        "ravine.data.readers.delimited_text:read_text",
        long_name="CSV-like text",
        suffixes=(".csv", ".txt", ".tsv", ".dat", ".data"),
        noun="a text file",
    ),
    Format(
        "Parquet",
        "ravine.data.readers.parquet:read_parquet",
        suffixes=(".parquet",),
        magic=b"PAR1",
        noun="a Parquet file",
        imports=("pyarrow", "pyarrow.parquet"),
        extra="parquet",
    ),
    Format(
        "NPZ",
        "ravine.data.readers.npz:read_npz",
        suffixes=(".npz",),
        magic=b"PK\x03\x04",
        noun="an NPZ file",
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

FORMATS: dict[str, Format] = {row.name: row for row in ROWS}

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
"""First bytes of files that Ravine does not read, so that a message can name their kind."""


def recognize(content: bytes) -> Format | None:
    """Return the format that bytes begin like, or None where only the fallback is left."""
    return next((row for row in FORMATS.values() if row.recognizes(content)), None)


def fallback() -> Format:
    """Return the format of bytes that no other format recognizes."""
    return next(row for row in FORMATS.values() if row.is_fallback)


def claimed(path: Path) -> Format | None:
    """Return the format with a content check that a file's name claims, or None."""
    ending = "".join(path.suffixes).lower()
    for row in FORMATS.values():
        if row.is_fallback:
            continue
        if ending.endswith(row.suffixes) or (row.name_part and row.name_part in path.name):
            return row
    return None


def suffixes() -> tuple[str, ...]:
    """Return the endings of all formats, in the order of the rows."""
    return tuple(suffix for row in FORMATS.values() for suffix in row.suffixes)


def described() -> str:
    """Return the formats for a help text: `CSV, Parquet, …, idx; gzipped or not`."""
    return f"{', '.join(row.name for row in FORMATS.values())}; gzipped or not"


def long_names(rows: Iterable[Format] | None = None) -> str:
    """Return the formats (all by default) for a sentence: `CSV-like text, Parquet, … and idx images`."""
    return enumerated([row.long_name or row.name for row in (FORMATS.values() if rows is None else rows)])


def enumerated(words: Iterable[str]) -> str:
    """Return words as in a sentence: `a, b and c`."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def load_object(text: str) -> Any:
    """Return the object that `module:name` names, its module imported now."""
    module, _, name = text.partition(":")
    return getattr(importlib.import_module(module), name)
