"""Content hashes, which are short ids of values: equal values get equal ids on every machine.

Ravine recognizes finished work by them. An id is the sha256 of a canonical JSON text. Dictionaries are sorted
by key, tuples count as lists, NumPy numbers as Python numbers. Ids differ between 1 and 1.0, between a list
and an array, and between arrays of different type or shape. NaN and the infinities have ids of their own.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Mapping

from ravine.errors import UsageError
from ravine.records.atomic_files import Plain, os_errors_as_data_errors
from ravine.records.open_file import open_regular

__all__ = ["content_hash", "sha256_of_file"]


def content_hash(obj: object, length: int = 12) -> str:
    """Return the id of a value: the first `length` (1 to 64) hexadecimal digits of the sha256 of `obj`.

    Allowed are None, text, numbers, booleans, bytes, paths, dates, arrays, dataclasses, and lists and
    dictionaries of these; keys are text or integers. Raises UsageError for any other value.
    """
    if not 1 <= length <= 64:
        raise UsageError(f"An id cannot have {length} digits.", "sha256 has 64.", "Give 1 to 64.")
    text = json.dumps(_canonical(obj, "object"), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:length]


def sha256_of_file(path: str | os.PathLike[str]) -> str:
    """Return the sha256 of the bytes of a file, 64 hexadecimal digits.

    Raises DataError if the file cannot be read.
    """
    with open_regular(path) as file, os_errors_as_data_errors(path, "read"):
        return hashlib.file_digest(file, "sha256").hexdigest()


def _canonical(obj: object, where: str) -> Plain:
    # a key that begins with NUL marks a type that JSON lacks; _key refuses such keys in dictionaries
    if obj is None or isinstance(obj, str | bool):
        return obj
    if isinstance(obj, int):
        return int(obj)
    if isinstance(obj, float):
        return float(obj) if math.isfinite(obj) else {"\0number": str(float(obj))}
    if isinstance(obj, bytes | bytearray):
        return {"\0bytes": hashlib.sha256(obj).hexdigest()}
    if isinstance(obj, Mapping):
        pairs = {_key(key, where): _canonical(value, f"{where}.{key}") for key, value in obj.items()}
        if len(pairs) != len(obj):
            raise UsageError(f"{where} has two equal keys.", "1 and '1' count as equal.", "Rename one.")
        return pairs
    if isinstance(obj, list | tuple):
        return [_canonical(value, f"{where}[{index}]") for index, value in enumerate(obj)]
    if isinstance(obj, os.PathLike):
        return os.fsdecode(obj)
    if hasattr(obj, "isoformat"):
        return {"\0date": obj.isoformat()}
    if hasattr(obj, "__dataclass_fields__") and not isinstance(obj, type):
        return {name: _canonical(getattr(obj, name), f"{where}.{name}") for name in obj.__dataclass_fields__}
    if hasattr(obj, "dtype") and hasattr(obj, "tolist"):
        return _array(obj, where)
    raise UsageError(
        f"{where} is a {type(obj).__name__}, which has no id.",
        "An id is a hash of text, bytes, numbers, booleans, paths, dates, arrays, lists and dictionaries.",
        "Convert it first.",
    )


def _array(obj: object, where: str) -> Plain:
    import numpy as np

    array = np.asarray(obj)
    if array.dtype.hasobject:
        raise UsageError(f"{where} is an array of objects.", "Objects have no defined bytes.", "Use a list.")
    if array.dtype.kind == "V":
        raise UsageError(
            f"{where} is an array of {array.dtype}.",
            "An id is a hash of arrays of numbers, booleans, text or dates.",
            "Convert it, for example with array.astype('float32').",
        )
    if isinstance(obj, np.generic) and array.dtype.kind in "biufU":
        return _canonical(obj.item(), where)
    little = array.astype(array.dtype.newbyteorder("<"), order="C", copy=False)
    return {"\0array": [little.dtype.str, list(little.shape), hashlib.sha256(little.tobytes()).hexdigest()]}


def _key(key: object, where: str) -> str:
    if isinstance(key, str) and not key.startswith("\0"):
        return str(key)
    if isinstance(key, bool | str) or not hasattr(key, "__index__"):
        raise UsageError(
            f"{where} has the key {key!r}.",
            "A key is an integer, or a text that does not begin with a null character.",
            "Convert the key to such a text.",
        )
    return str(int(key))
