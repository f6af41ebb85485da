"""Functions that write files completely or not at all, and that read and write JSON and NPZ.

A file is written under a temporary name in the same folder, flushed to the disk and renamed over the old
file. Then the folder is flushed. If the process is killed at any moment, the path holds either the old bytes
or the new bytes. A temporary file `.tmp-*` of a killed process is harmless. The files of a run directory are
written by `RunFolder`, which has its own folder for temporary files.

JSON has no NaN. Numbers that are not finite are written as null, or refused with `nonfinite="raise"`. NPZ
files hold plain arrays, never pickles, and equal arrays give equal bytes.
"""

from __future__ import annotations

import contextlib
import errno
import json
import math
import os
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ravine.errors import DataError, UsageError
from ravine.records.npz_members import array_members
from ravine.records.open_file import open_regular, read_regular
from ravine.records.os_errors import DamagedFile, os_errors_as_data_errors
from ravine.records.strict_json import parse_json

if TYPE_CHECKING:
    import numpy as np

__all__ = [
    "DamagedFile",
    "json_text",
    "os_errors_as_data_errors",
    "read_json",
    "read_npz",
    "write_atomic",
    "write_json",
    "write_npz",
    "writing",
]

TEMPORARY = ".tmp-"
JSON_BYTES = 256_000_000  # largest JSON file that is read
Plain = str | int | float | bool | list["Plain"] | dict[str, "Plain"] | None


@contextlib.contextmanager
def writing(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Open a new binary file for writing, which replaces the file `path` when the `with` block ends.

    If the block raises an exception, `path` stays unchanged. Raises DataError if the file cannot be written.
    """
    target = Path(path)
    with os_errors_as_data_errors(target):
        # a short name: the name of the target may already have the greatest length that the disk allows
        temporary = target.parent / f"{TEMPORARY}{os.getpid()}-{uuid.uuid4().hex[:12]}"
        try:
            with temporary.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, target)  # noqa: PTH105 - used for files and links alike
            flush_folder(target.parent)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise


def flush_folder(folder: Path) -> None:
    """Write the names of a folder's files to the disk, so that a renaming survives a power cut.

    Raises OSError if the system cannot do so.
    """
    if os.name != "posix":  # other systems cannot open a folder
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        flush_descriptor(descriptor)
    finally:
        os.close(descriptor)


def flush_descriptor(folder: int) -> None:
    """Write the names of a folder's files to the disk, by the descriptor of the open folder."""
    try:
        os.fsync(folder)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network disks do not support the call
            raise


def write_atomic(path: str | os.PathLike[str], data: bytes | str) -> None:
    """Write `data` to the file `path`, completely or not at all, text as UTF-8.

    Raises DataError if the file cannot be written.
    """
    blob = data.encode("utf-8") if isinstance(data, str) else data
    with writing(path) as file:
        file.write(blob)


# ---------------------------------------------------------------------------------------------------- JSON


def json_text(obj: object, *, sort: bool = True, indent: int | None = 2, nonfinite: str = "null") -> str:
    """Return `obj` as JSON text. NumPy values and arrays, paths, dates and dataclasses are allowed.

    JSON has no NaN or infinity: such numbers become null, or raise UsageError with `nonfinite="raise"`. sort:
    whether keys are sorted; False keeps their order. indent: blanks for each level; None = one line. Raises
    UsageError with the place of a value that JSON cannot hold.
    """
    if nonfinite not in ("null", "raise"):
        raise UsageError(
            f"nonfinite={nonfinite!r} is not allowed.",
            "It decides whether NaN and infinity become null or raise an error.",
            "Use 'null' or 'raise'.",
        )
    text = json.dumps(
        _plain(obj, "document", nonfinite), sort_keys=sort, indent=indent, ensure_ascii=False, allow_nan=False
    )
    # a file name of unknown encoding contains lone surrogates, which JSON can escape and UTF-8 cannot encode
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _plain(obj: object, where: str, nonfinite: str) -> Plain:
    """Return `obj` as dicts, lists, strings, numbers, booleans and None."""
    if obj is None or isinstance(obj, str | bool):
        return obj
    if isinstance(obj, int):
        return int(obj)
    if isinstance(obj, float):
        if math.isfinite(obj):
            return float(obj)
        if nonfinite == "null":
            return None
        raise UsageError(
            f"{where} is {obj}.",
            "JSON has no such number.",
            "Store it in an NPZ file, or pass nonfinite='null'.",
        )
    if isinstance(obj, Mapping):
        keys = [_key(key, where) for key in obj]
        if len(set(keys)) != len(keys):
            raise UsageError(f"{where} has two keys that are equal in JSON.", f"Keys: {keys[:10]}.")
        pairs = zip(keys, obj.values(), strict=True)
        return {key: _plain(value, f"{where}.{key}", nonfinite) for key, value in pairs}
    if isinstance(obj, list | tuple):
        return [_plain(value, f"{where}[{index}]", nonfinite) for index, value in enumerate(obj)]
    if isinstance(obj, os.PathLike):
        return os.fsdecode(obj)
    if hasattr(obj, "isoformat"):
        return str(obj.isoformat())
    if hasattr(obj, "__dataclass_fields__") and not isinstance(obj, type):
        return {
            name: _plain(getattr(obj, name), f"{where}.{name}", nonfinite)
            for name in obj.__dataclass_fields__
        }
    if hasattr(obj, "tolist") and getattr(getattr(obj, "dtype", None), "kind", "O") in "biufUMm":
        return _plain(obj.tolist(), where, nonfinite)
    raise UsageError(
        f"{where} is a {type(obj).__name__}.",
        "JSON holds text, numbers, booleans, lists and dictionaries.",
        "Convert the value to one of these types first.",
    )


def _key(key: object, where: str) -> str:
    if isinstance(key, str):
        return str(key)
    if isinstance(key, bool) or not hasattr(key, "__index__"):
        raise UsageError(f"{where} has the key {key!r}.", "Keys in JSON are text.", "Use str(key).")
    return str(int(key))


def write_json(
    path: str | os.PathLike[str], obj: object, *, sort: bool = True, nonfinite: str = "null"
) -> None:
    """Write `obj` as indented JSON to the file `path`, completely or not at all.

    sort: whether keys are sorted. nonfinite: "null" writes NaN and infinity as null, "raise" refuses them.
    Raises DataError if the file cannot be written, and UsageError for a value that JSON cannot hold.
    """
    write_atomic(path, json_text(obj, sort=sort, nonfinite=nonfinite) + "\n")


def read_json(path: str | os.PathLike[str]) -> Any:
    """Return the content of a JSON file.

    Raises DataError if the file is missing or cannot be read, and DamagedFile if `parse_json` refuses it.
    """
    return parse_json(read_regular(path, JSON_BYTES), f"'{path}'")


# ---------------------------------------------------------------------------------------------------- NPZ


def write_npz(path: str | os.PathLike[str], arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays by name to an NPZ file, completely or not at all, and without pickles.

    Equal arrays give equal bytes. Raises UsageError for arrays of objects, masked arrays and types that NPY
    cannot name (bfloat16). Raises DataError if the file cannot be written.
    """
    with writing(path) as file:
        dump_npz(file, arrays)


def dump_npz(file: IO[bytes], arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays by name to an open file as `write_npz` does. The file need not be seekable."""
    import zipfile

    import numpy as np

    plain = {name: _storable(name, arrays[name]) for name in sorted(arrays)}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name, array in plain.items():
            # a fixed date instead of the clock; not compressed, because the output of zlib differs between
            # versions
            entry = zipfile.ZipInfo(name + ".npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            with archive.open(entry, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def _storable(name: str, array: object) -> np.ndarray:
    import numpy as np

    if not isinstance(name, str) or "\0" in name or len(name) > 1000 or not _encodable(name):
        raise UsageError(
            f"{name!r:.80} cannot name an array.", "A name is short text without NUL.", "Rename it."
        )
    if isinstance(array, np.ma.MaskedArray):
        raise UsageError(
            f"Array '{name}' is masked.",
            "A file holds no masks, so masked entries would look like data.",
            "Fill them, for example with array.astype(float).filled(np.nan).",
        )
    plain = np.asarray(array, order="C")
    if plain.dtype.hasobject or (plain.dtype.kind == "V" and plain.dtype.names is None):
        raise UsageError(
            f"Array '{name}' is of type {plain.dtype}.",
            "A file holds numbers, booleans, text and dates, never pickles.",
            "Convert it first, for example with np.asarray(x, dtype=np.float32).",
        )
    return plain


def _encodable(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def read_npz(path: str | os.PathLike[str], file: IO[bytes] | None = None) -> dict[str, np.ndarray]:
    """Return all arrays of an NPZ file by name, after a test of their checksums. Pickles are refused.

    file: the file, opened for reading; None opens `path`. Raises DataError if the file is missing or cannot
    be read, and DamagedFile if it is incomplete or not an NPZ file.
    """
    import struct
    import zipfile
    import zlib

    try:
        with os_errors_as_data_errors(path, "read"), file or open_regular(path) as opened:
            return dict(array_members(opened))
    except (
        zipfile.BadZipFile, zlib.error, struct.error, ValueError, EOFError, KeyError, RuntimeError,
        NotImplementedError, SyntaxError, TypeError, OverflowError, MemoryError,
    ) as error:  # fmt: skip
        if isinstance(error, DataError):
            raise
        raise DamagedFile(
            f"'{path}' is not a complete NPZ file.",
            f"Reading it failed: {error or type(error).__name__}.",
            "Delete it; `ravine resume` computes it again.",
        ) from error
