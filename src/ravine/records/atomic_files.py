"""Files that are whole or absent.

Everything is written to a temporary file in the same folder, flushed to the disk, renamed over the old one,
and the folder flushed. Killed at any moment, the path holds the old bytes or the new ones; a leftover
`.tmp-*` is harmless and swept by the next writer (`remove_temporaries`).

JSON has no NaN: numbers that are not finite are written as null (no number), or refused with
`nonfinite="raise"` where the value must survive. NPZ files hold plain arrays, never pickles, and the same
arrays give the same bytes.
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
from ravine.records.os_errors import DamagedFile, os_errors_as_data_errors

if TYPE_CHECKING:
    import numpy as np

__all__ = [
    "DamagedFile",
    "json_text",
    "os_errors_as_data_errors",
    "read_json",
    "read_npz",
    "remove_temporaries",
    "write_atomic",
    "write_json",
    "write_npz",
    "writing",
]

TEMPORARY = ".tmp-"
Plain = str | int | float | bool | list["Plain"] | dict[str, "Plain"] | None


@contextlib.contextmanager
def writing(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Open a binary file that appears at `path`, whole, when the block ends; nothing changes if it raises."""
    target = Path(path)
    with os_errors_as_data_errors(target):
        # a short name of its own: the target's may already be as long as the disk allows
        temporary = target.parent / f"{TEMPORARY}{os.getpid()}-{uuid.uuid4().hex[:12]}"
        try:
            with temporary.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, target)  # noqa: PTH105 - one spelling for files and links
            flush_folder(target.parent)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise


def flush_folder(folder: Path) -> None:
    """Flush a folder's entries to the disk, so that a rename survives a power cut. Raises OSError."""
    if os.name != "posix":  # elsewhere folders cannot be opened
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network disks have no such call
            raise
    finally:
        os.close(descriptor)


def remove_temporaries(folder: str | os.PathLike[str]) -> int:
    """Remove what a killed writer left in `folder` (not below); returns how many. For the one writer."""
    root = Path(folder)
    with os_errors_as_data_errors(root):
        left = [each for each in root.iterdir() if each.name.startswith(TEMPORARY)] if root.is_dir() else []
        for each in left:
            each.unlink(missing_ok=True)
    return len(left)


def write_atomic(path: str | os.PathLike[str], data: bytes | str) -> None:
    """Write `data` (text as UTF-8) so that `path` is never half written. Raises DataError."""
    blob = data.encode("utf-8") if isinstance(data, str) else data
    with writing(path) as file:
        file.write(blob)


# ---------------------------------------------------------------------------------------------------- JSON


def json_text(obj: object, *, sort: bool = True, indent: int | None = 2, nonfinite: str = "null") -> str:
    """Return strict JSON of `obj`: numpy values and arrays, paths, dates and dataclasses included.

    Numbers that are not finite become null, or raise with `nonfinite="raise"`. `sort=False` keeps the
    order of keys. Raises UsageError for what JSON cannot hold, naming where it is.
    """
    if nonfinite not in ("null", "raise"):
        raise UsageError(f"nonfinite={nonfinite!r} is not allowed.", "", "Use 'null' or 'raise'.")
    text = json.dumps(
        _plain(obj, "document", nonfinite), sort_keys=sort, indent=indent, ensure_ascii=False, allow_nan=False
    )
    # a file name of unknown encoding holds lone surrogates: JSON has an escape for those, UTF-8 has not
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
        raise UsageError(f"{where} is {obj}.", "JSON has no such number.", "Keep it in an array instead.")
    if isinstance(obj, Mapping):
        keys = [_key(key, where) for key in obj]
        if len(set(keys)) != len(keys):
            raise UsageError(f"{where} has two keys that read the same in JSON.", f"Keys: {keys[:10]}.")
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
        "Convert it first.",
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
    """Write `obj` as indented JSON, atomically; see `json_text`. Raises DataError, UsageError."""
    write_atomic(path, json_text(obj, sort=sort, nonfinite=nonfinite) + "\n")


def read_json(path: str | os.PathLike[str]) -> Any:
    """Read one JSON document. Raises DataError (not there, not allowed) and DamagedFile (not JSON)."""
    with os_errors_as_data_errors(path, "read"):
        blob = Path(path).read_bytes()
    try:
        return json.loads(blob.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise DamagedFile(
            f"'{path}' is not a whole JSON file.",
            f"Reading it failed: {error}.",
            "Restore it from a copy, or make it again.",
        ) from error


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")


# ---------------------------------------------------------------------------------------------------- NPZ


def write_npz(path: str | os.PathLike[str], arrays: Mapping[str, np.ndarray]) -> None:
    """Write named arrays, atomically, without pickles; the same arrays give the same bytes.

    Raises UsageError for arrays that are objects, masked, or of a type NPY cannot name (bfloat16).
    """
    import zipfile

    import numpy as np

    plain = {name: _storable(name, arrays[name]) for name in sorted(arrays)}
    with writing(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name, array in plain.items():
            # the epoch of zip in place of the clock; stored, since zlib's bytes differ between its versions
            entry = zipfile.ZipInfo(name + ".npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            with archive.open(entry, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def _storable(name: str, array: object) -> np.ndarray:
    import numpy as np

    if not isinstance(name, str) or "\0" in name or len(name) > 1000 or not _encodable(name):
        raise UsageError(
            f"{name!r:.80} cannot name an array.", "Names are short text without NUL.", "Rename it."
        )
    if isinstance(array, np.ma.MaskedArray):
        raise UsageError(f"Array '{name}' is masked.", "The mask would be lost.", "Use array.filled(np.nan).")
    plain = np.asarray(array, order="C")
    if plain.dtype.hasobject or (plain.dtype.kind == "V" and plain.dtype.names is None):
        raise UsageError(
            f"Array '{name}' is of type {plain.dtype}.",
            "Only numbers, booleans, text and dates are kept, never pickles.",
            "Convert it first, for example with np.asarray(x, dtype=np.float32).",
        )
    return plain


def _encodable(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def read_npz(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """Read every array, checksums verified, pickles refused. Raises DataError, DamagedFile."""
    import io
    import struct
    import zipfile
    import zlib

    import numpy as np

    try:
        with (
            os_errors_as_data_errors(path, "read"),
            Path(path).open("rb") as file,
            zipfile.ZipFile(file) as archive,
        ):
            arrays = {}
            for entry in archive.namelist():
                # read to the end: the checksum is looked at only there
                member = io.BytesIO(archive.read(entry))
                arrays[entry.removesuffix(".npy")] = np.lib.format.read_array(member, allow_pickle=False)
            return arrays
    except (
        zipfile.BadZipFile, zlib.error, struct.error, ValueError, EOFError, KeyError, RuntimeError,
        NotImplementedError, SyntaxError, TypeError, OverflowError, MemoryError,
    ) as error:  # fmt: skip
        if isinstance(error, DataError):
            raise
        raise DamagedFile(
            f"'{path}' is not a whole NPZ file.",
            f"Reading it failed: {error or type(error).__name__}.",
            "Delete it; `ravine resume` makes it again.",
        ) from error
