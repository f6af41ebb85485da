"""JSON text that Ravine wrote, read strictly: complete, with finite numbers, each key once, few levels."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from ravine.records.os_errors import DamagedFile

__all__ = ["FIX", "MAX_TEXT", "parse_json", "short_text"]

MAX_DEPTH = 64  # of lists and objects inside each other
MIN_INTEGER, MAX_INTEGER = -(2**63), 2**64 - 1  # other numbers fit no array
MAX_TEXT = 60  # characters of a value in a message
FIX = "Restore the file from a copy, or type again the command that wrote it."
"""Advice on a damaged file."""


def parse_json(text: bytes, subject: str) -> Any:
    """Return the plain values in a JSON text.

    subject: words for the text in messages, such as `'runs/a/run.json'`. Raises DamagedFile for text that is
    not complete JSON in UTF-8. It is also raised for NaN and infinity, a number beyond 64 bits, a key that
    occurs twice, and more than 64 levels.
    """
    try:
        plain = json.loads(
            text.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_float=_float,
            parse_int=_integer,
        )
    except (ValueError, RecursionError) as error:
        raise DamagedFile(f"{subject} is not a complete JSON file.", f"{_reason(error)}.", FIX) from error
    if _is_deep(plain):
        raise DamagedFile(
            f"{subject} is not a JSON file of Ravine.", f"It has more than {MAX_DEPTH} levels.", FIX
        )
    return plain


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"Line {error.lineno}, column {error.colno}: {error.msg}"
    if isinstance(error, UnicodeDecodeError):
        return f"Byte {error.start} is not UTF-8"
    if isinstance(error, RecursionError):
        return f"It has more than {MAX_DEPTH} levels"
    return str(error)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"The key {short_text(twice)} occurs twice in one object")
    return found


def _constant(text: str) -> float:
    raise ValueError(f"{text} is not JSON")


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"The number {text[:MAX_TEXT]} is too large")
    return number


def _integer(text: str) -> int:
    if len(text) > 20 or not MIN_INTEGER <= (number := int(text)) <= MAX_INTEGER:
        raise ValueError(f"The number {text[:MAX_TEXT]} is too large")
    return number


def _is_deep(plain: object) -> bool:
    level = [plain]
    for _ in range(MAX_DEPTH):
        level = [
            item
            for node in level
            for item in (node.values() if isinstance(node, dict) else node if isinstance(node, list) else ())
            if isinstance(item, dict | list)
        ]
        if not level:
            return False
    return True


def short_text(value: object) -> str:
    """Return a value of a document as short text without control characters, for a message."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, Mapping):
        return f"an object with {len(value)} fields" if len(value) != 1 else "an object with 1 field"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)} values" if len(value) != 1 else "a list of 1 value"
    if isinstance(value, int):
        return str(value) if abs(value) <= MAX_INTEGER else f"a number of {value.bit_length()} bits"
    text = value if isinstance(value, str) else str(value)
    short = text[:MAX_TEXT] + "..." * (len(text) > MAX_TEXT)
    return repr(short) if isinstance(value, str) else ascii(short).strip("'\"")
