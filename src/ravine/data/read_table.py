"""From a path, standard input or a built-in name to a table, the format recognised by content first."""

from __future__ import annotations

import gzip
import hashlib
import sys
import zlib
from pathlib import Path

from ravine.data.builtin import BUILTIN, read_builtin
from ravine.data.readers.delimited_text import read_text
from ravine.data.readers.hdf5 import SIGNATURE, read_hdf5
from ravine.data.readers.idx import is_idx, read_idx
from ravine.data.readers.npz import read_npz
from ravine.data.readers.parquet import read_parquet
from ravine.data.readers.root import read_root
from ravine.data.table import Table
from ravine.errors import DataError, did_you_mean

__all__ = ["file_and_part", "read"]

FOREIGN = {
    b"%PDF": "a PDF document",
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"(\xb5/\xfd": "a zstandard archive",
    b"7z\xbc\xaf": "a 7z archive",
}


def read(source: str | Path, *, name: str | None = None) -> Table:
    """Read a table from a path, `-` (standard input) or a built-in name.

    Formats: CSV-like text, Parquet, NPZ, idx images, HDF5 (`x.h5:/group`), ROOT (`x.root:tree`), each gzipped
    or not; built-in are the scikit-learn sets `digits`, `breast_cancer`, `wine`, `iris`, `diabetes` (a file
    of that name comes first).
    Raises DataError where nothing sound can be read.
    """
    if str(source) == "-":
        return _read_bytes(sys.stdin.buffer.read(), name or "stdin", Path("-"))
    path = Path(source).expanduser()
    if str(source) in BUILTIN and not path.is_file():
        return read_builtin(str(source), name or str(source))
    inner = ""
    if path.is_dir():
        path = _images_in(path)
    if not path.exists():
        path, inner = file_and_part(path)
    if not path.exists():
        near = sorted(p.name for p in path.parent.iterdir()) if path.parent.is_dir() else []
        near += [] if path.parent != Path() else list(BUILTIN)
        raise DataError(
            f"There is no file '{source}'.",
            f"It is no built-in set either ({', '.join(BUILTIN)}).",
            did_you_mean(path.name, near) if near else "Check the path.",
        )
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(
            f"'{source}' cannot be read.", f"The system says: {error.strerror}.", "Check its permissions."
        ) from error
    return _read_bytes(content, name or _stem(path), path, inner)


def file_and_part(source: str | Path) -> tuple[Path, str]:
    """Return the file of `FILE` or `FILE:path`, and the path inside it, or "" where all of it is meant."""
    path, whole = Path(source), str(source)
    if path.exists():
        return path, ""
    at = whole.find(":")
    while at >= 0:
        if Path(whole[:at]).is_file():
            return Path(whole[:at]), whole[at + 1 :]
        at = whole.find(":", at + 1)
    return path, ""


def _read_bytes(content: bytes, name: str, path: Path, inner: str = "") -> Table:
    sha256 = hashlib.sha256(content).hexdigest()
    notes = []
    if content[:2] == b"\x1f\x8b":
        content = _unzip(content, name)
        notes.append("gzip")
    if not content.strip():
        raise DataError(f"'{name}' is empty.", "It holds no line and no value.", "Give a file with rows.")
    if content.startswith(SIGNATURE):
        return read_hdf5(content, name, sha256, inner)
    if content[:4] == b"root":
        return read_root(content, name, sha256, inner)
    if inner:
        raise DataError(
            f"'{path}' has no part '{inner}'.", "Only HDF5 and ROOT files have parts.", f"Type {path} alone."
        )
    if content[:4] == b"PAR1":
        return read_parquet(content, name, sha256)
    if content[:4] == b"PK\x03\x04":
        return read_npz(content, name, sha256)
    if is_idx(content):
        return read_idx(content, name, sha256, path)
    for magic, what in FOREIGN.items():
        if content.startswith(magic):
            raise DataError(
                f"'{name}' is {what}.",
                "Ravine reads CSV-like text, Parquet, NPZ, HDF5, ROOT and idx images.",
                "Convert it first, for example with pandas: frame.to_csv('data.csv', index=False).",
            )
    ending = "".join(path.suffixes).lower()
    if ending.endswith((".parquet", ".npz", ".h5", ".hdf5", ".root")) or "-ubyte" in path.name:
        raise DataError(
            f"'{name}' is damaged.",
            f"Its name ends in '{path.suffix}', but its content does not begin like that format.",
            "Fetch or write the file again.",
        )
    return read_text(content, name, sha256, notes)


def _unzip(content: bytes, name: str) -> bytes:
    try:
        return gzip.decompress(content)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            f"'{name}' is cut or damaged.",
            f"Its gzip stream is incomplete: {error}.",
            "Fetch the file again.",
        ) from error


def _images_in(folder: Path) -> Path:
    found = sorted(folder.glob("train*-images*idx3*")) or sorted(folder.glob("*images*idx3*"))
    if not found:
        inside = ", ".join(sorted(p.name for p in folder.iterdir())[:8]) or "nothing"
        raise DataError(
            f"'{folder}' is a folder.",
            f"A folder is read only where it holds idx images; it holds {inside}.",
            "Name one file.",
        )
    return found[0]


def _stem(path: Path) -> str:
    name = path.name
    for ending in (
        ".gz",
        ".csv",
        ".txt",
        ".tsv",
        ".dat",
        ".data",
        ".parquet",
        ".npz",
        ".h5",
        ".hdf5",
        ".root",
    ):
        if name.lower().endswith(ending) and len(name) > len(ending):
            name = name[: -len(ending)]
    return name
