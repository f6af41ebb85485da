"""The error for a document that does not fit its class: field, value and allowed values in words."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import Any

from ravine.errors import OptionError
from ravine.records.os_errors import DamagedFile
from ravine.records.strict_json import FIX, short_text

__all__ = ["damaged_document"]

WORDS = {
    "int": "a whole number", "float": "a number", "str": "text", "bool": "true or false", "array": "a list",
    "object": "an object", "null": "null",
}  # fmt: skip
"""Type in a message of msgspec -> words in the message of Ravine."""

Step = str | int | None
"""Name of a field, index in a list, or None for a key that msgspec does not name."""


def damaged_document(
    plain: Mapping[str, Any], kind: type, subject: str, inside: str, error: Exception
) -> DamagedFile:
    """Return the error for a document that msgspec refused.

    plain: plain values of the document. kind: its class. subject: words that name it in messages. inside:
    name of the field that holds the plain values, "" if they are the whole document. error: error of msgspec.
    """
    message, _, place = str(error).rpartition(" - at ")
    if not message:
        message, place = place, ""
    is_key = "key" in place
    path = _steps(place)
    field = f"{inside}{_field(path)}".lstrip(".")
    if isinstance(error.__cause__, ValueError | TypeError):  # of `__post_init__`
        cause = error.__cause__
        parts = (cause.what, cause.why or cause.fix) if isinstance(cause, OptionError) else (str(cause),)
        said = " ".join(filter(None, parts))
        why = f"{said[:1].upper()}{said[1:].rstrip('.')}."
        return DamagedFile(f"{subject} is damaged{f' in its field {field}' if field else ''}.", why, FIX)
    if missing := re.search(r"required field `(.*)`", message):
        name = f"{field}.{missing[1]}".lstrip(".")
        return DamagedFile(f"{subject} is damaged.", f"Its field {name} is missing.", FIX)
    allowed = _allowed(message, kind, path)
    found, value = _value(plain, path)
    if is_key or not found:
        return DamagedFile(f"{subject} is damaged.", f"In its field {field}, allowed is {allowed}.", FIX)
    said = f"Its field {field} is {short_text(value)}" if field else f"It is {short_text(value)}"
    return DamagedFile(f"{subject} is damaged.", f"{said}; allowed is {allowed}.", FIX)


def _steps(place: str) -> list[Step]:
    """Return the way to a field from a text such as `$.plan.rows[3]`."""
    steps: list[Step] = []
    for name, index in re.findall(r"\.([^.\[\]`]+)|\[(\d+|\.\.\.)\]", place):
        steps.append(name or (int(index) if index.isdigit() else None))
    return steps


def _field(path: list[Step]) -> str:
    """Return the way to a field as text, such as `plan.rows[3]`."""
    words = (f".{step}" if isinstance(step, str) else f"[{'...' if step is None else step}]" for step in path)
    return "".join(words)


def _value(plain: Any, path: list[Step]) -> tuple[bool, object]:
    """Return whether the value at the end of a way is known, and the value."""
    for step in path:
        if step is None:
            return False, None
        plain = plain[step]
    return True, plain


def _allowed(message: str, kind: type, path: list[Step]) -> str:
    """Return the values that a field allows, in words, from a message of msgspec."""
    if message.startswith("Invalid enum value"):
        choices = _choices(kind, path)
        return f"one of {', '.join(choices)}" if choices else "another word"
    if message.startswith("Number out of range"):
        return "a number within float64"
    expected = re.match(r"Expected `(.*?)`(.*?)(?:, got .*)?$", message, re.DOTALL)
    if expected is None:
        return message
    if words := re.match(r" matching regex '\^\(([\w|]+)\)\$'", expected[2]):
        return f"one of {', '.join(words[1].split('|'))}"
    kinds = " or ".join(WORDS.get(word, word) for word in expected[1].split(" | "))
    rest = expected[2]
    for sign, word in ((">=", "at least"), ("<=", "at most"), (">", "above"), ("<", "below")):
        rest = rest.replace(f"{sign} ", f"{word} ")
    return kinds + rest.removesuffix(".0")


def _choices(kind: object, path: list[Step]) -> list[str]:
    """Return the words that the field at the end of a way allows; empty if its type lists no words."""
    hints = [kind]
    for step in path:
        inner: list[object] = []
        for hint in _parts(hints):
            if isinstance(step, str) and isinstance(hint, type) and is_dataclass(hint):
                inner.append(typing.get_type_hints(hint).get(step))
            elif not isinstance(step, str):
                inner += [part for part in typing.get_args(hint) if part is not ...]
        hints = inner
    return [
        str(word)
        for hint in _parts(hints)
        if typing.get_origin(hint) is typing.Literal
        for word in typing.get_args(hint)
    ]


def _parts(hints: list[object]) -> list[object]:
    """Return types in place of the unions of them."""
    found: list[object] = []
    for hint in hints:
        union = typing.get_origin(hint) in (typing.Union, types.UnionType)
        found += _parts(list(typing.get_args(hint))) if union else [hint]
    return found
