"""`read`, which reads a table from a file, standard input or a built-in set, and recognizes its format."""

from __future__ import annotations

import sys
from pathlib import Path

from ravine.data import formats
from ravine.data.builtin import BUILTIN, read_builtin
from ravine.data.formats import FORMATS, Source
from ravine.data.readers.file_content import Content, opened_content, read_stream
from ravine.data.size_limits import MAX_EXPANSION
from ravine.data.table import Table
from ravine.errors import DataError, did_you_mean
from ravine.records.open_file import exists, is_file, is_folder
from ravine.records.os_errors import os_errors_as_data_errors

__all__ = ["file_and_part", "read", "typed_path"]


def read(source: str | Path, *, name: str | None = None, max_expand: float = MAX_EXPANSION) -> Table:
    """Return the table in a file, in standard input or in a built-in data set.

    source      path of a file or folder, `FILE:part` for a table inside a file (`x.h5:/group`,
                `x.root:tree`), `-` for standard input, or the name of a built-in set. If a file has the name
                of a built-in set, the file is read.
    name        name of the data set; by default that of the file
    max_expand  largest number of bytes that the data may take in memory, as a multiple of the bytes of the
                file, since a damaged file can announce any size

    `ravine.data.formats.FORMATS` lists the formats, gzipped or not. The format follows from the content of a
    file, not from its name. `ravine.data.BUILTIN` lists the built-in sets.

    Raises DataError if the source does not exist, is damaged or too large, or holds no table.
    """
    if str(source) == "-":
        content = read_stream(sys.stdin.buffer, name or "stdin", max_expand)
        return _table(content, name or "stdin", Path("-"), "", max_expand)
    path = typed_path(source)
    if str(source) in BUILTIN and not is_file(path):
        return read_builtin(str(source), name or str(source))
    inner = ""
    if is_folder(path):
        path = _file_in(path)
    if not exists(path):
        path, inner = file_and_part(path)
    if not exists(path):
        near = _names_in(path.parent) if is_folder(path.parent) else []
        near += [] if path.parent != Path() else list(BUILTIN)
        raise DataError(
            f"There is no file '{source}'.",
            f"The name does not belong to a built-in set either ({', '.join(BUILTIN)}).",
            did_you_mean(path.name, near) if near else "Check the path.",
        )
    with opened_content(path, max_expand) as content:
        return _table(content, name or _stem(path), path, inner, max_expand)


def typed_path(source: str | Path) -> Path:
    """Return the path that a user typed: `~` at its begin is the home folder, unless a file has this name."""
    path = Path(source)
    if exists(file_and_part(path)[0]):
        return path
    try:
        return path.expanduser()
    except RuntimeError:  # there is no such user
        return path


def file_and_part(source: str | Path) -> tuple[Path, str]:
    """Return the path of the file in `FILE` or `FILE:part`, and the part, which names a table in the file.

    Without a part, the second value is "".
    """
    path, whole = Path(source), str(source)
    if exists(path):
        return path, ""
    at = whole.find(":")
    while at >= 0:
        if is_file(whole[:at]):
            return Path(whole[:at]), whole[at + 1 :]
        at = whole.find(":", at + 1)
    return path, ""


def _table(file: Content, name: str, path: Path, inner: str, max_expand: float) -> Table:
    """Return the table in the content of a file, or in its part `inner`."""
    content = file.content
    if not content or content.isspace():
        raise DataError(
            f"'{path}' is empty.", "A table needs at least one line with values.", "Use a file with rows."
        )
    notes = ("gzip",) if file.zipped else ()
    source = Source(
        content, name, file.file_hash, path, inner, notes, file.file_bytes, max_expand, file.descriptor
    )
    recognized = formats.recognize(content)
    if inner and not (recognized and recognized.has_parts):
        with_parts = formats.join_words(row.name for row in FORMATS.values() if row.has_parts)
        raise DataError(
            f"'{path}' has no part '{inner}'.",
            f"Only {with_parts} files have parts, which are tables inside a file.",
            f"Type {path} without a part.",
        )
    if recognized:
        return recognized.read(source)
    for magic, kind in formats.FOREIGN.items():
        if content.startswith(magic):
            raise DataError(
                f"'{name}' is {kind}.",
                f"Ravine reads {formats.long_names()}.",
                "Convert it first, for example with pandas: frame.to_csv('data.csv', index=False).",
            )
    if formats.format_by_name(path):
        raise DataError(
            f"'{name}' is damaged.",
            f"Its name ends in '{path.suffix}', but its content does not begin like a file of this format.",
            "Download or write the file again.",
        )
    return formats.fallback().read(source)


def _file_in(folder: Path) -> Path:
    """Return the file to read in a folder. Raises DataError if no format has one."""
    rows = [row for row in FORMATS.values() if row.in_folder]
    for pattern in (pattern for row in rows for pattern in row.in_folder):
        if files := sorted(folder.glob(pattern)):
            return files[0]
    inside = ", ".join(_names_in(folder)[:8]) or "nothing"
    raise DataError(
        f"'{folder}' is a folder.",
        f"A folder is read only if it holds {formats.long_names(rows)}; this folder holds {inside}.",
        "Type the path of one file.",
    )


def _names_in(folder: Path) -> list[str]:
    """Return the names of the files in a folder. Raises DataError if the system does not tell."""
    with os_errors_as_data_errors(folder, "read"):
        return sorted(path.name for path in folder.iterdir())


def _stem(path: Path) -> str:
    """Return the name of a file without `.gz` and the suffix of its format."""
    name = path.name
    for suffix in (".gz", *formats.suffixes()):
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            name = name[: -len(suffix)]
    return name
