"""Functions that write and read a configuration, which is a table of settings, as TOML."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from typing import Any

from ravine.errors import UsageError
from ravine.records.open_file import read_regular

__all__ = ["dump", "load", "toml_of"]

TOML_BYTES = 4_000_000  # largest TOML file that is read


def dump(table: Mapping[str, object]) -> str:
    """Return a configuration, a table of names and values, as TOML text.

    An entry that is None is left out: TOML has no null, and an absent key has its default. NumPy numbers
    become Python numbers, tuples become lists, paths become text. Raises UsageError for any other type.
    """
    import tomli_w

    return tomli_w.dumps(_plain(table, "configuration"))


def _plain(value: object, where: str) -> Any:
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise UsageError(f"{where} has the key {key!r}.", "Keys in TOML are text.", "Use str(key).")
            _text(key, where)
        return {key: _plain(item, f"{where}.{key}") for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_plain(item, f"{where}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, str):
        return _text(value, where)
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return int(value) if isinstance(value, int) else float(value)
    if isinstance(value, os.PathLike):
        return _text(os.fspath(value), where)
    if getattr(getattr(value, "dtype", None), "kind", "O") in "biufU" and hasattr(value, "tolist"):
        return _plain(value.tolist(), where)
    raise UsageError(
        f"{where} is a {type(value).__name__}.",
        "TOML holds text, numbers, booleans, lists and tables.",
        "Convert it first.",
    )


def _text(text: str, where: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise UsageError(
            f"{where} is {text!r}.",
            "TOML files are UTF-8, which cannot encode this text.",
            "Rename the file or the key.",
        ) from None
    return str(text)


def load(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the content of a TOML file as a dictionary.

    Raises DataError if the file cannot be read, and UsageError, with the line, if it is not TOML.
    """
    return toml_of(read_regular(path, TOML_BYTES), path)


def toml_of(blob: bytes, path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the content of a TOML file from its bytes. path: path of the file, for messages.

    Raises UsageError, with the line, if it is not TOML.
    """
    try:
        return tomllib.loads(blob.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:  # also a number of thousands of digits
        raise UsageError(
            f"'{path}' is not a TOML file.", f"Reading it failed: {error}.", "Correct it."
        ) from error
