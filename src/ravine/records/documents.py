"""Documents that Ravine wrote and reads back, as dataclasses whose types, ranges and lengths are checked.

JSON files, the JSON inside other files, and plain values of any origin become objects here. A damaged or
hostile document therefore ends with one kind of error. The error names the file, the field, the value and the
allowed values. The rules stand in the class of the document:

    steps: Annotated[int, Meta(ge=1)]             the annotation of a field states its type and range
    if len(self.a) != len(self.b):                `__post_init__` checks fields that belong together, and
        raise ValueError("a and b differ ...")    raises ValueError with a sentence
    schema_version: int = 2                       the default is the version that this Ravine writes

Fields that a class lacks are left out: a newer Ravine of the same schema version may have written them.
"""

from __future__ import annotations

import json
import math
import os
import re
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

from ravine.errors import DataError
from ravine.records.os_errors import DamagedFile, os_errors_as_data_errors

__all__ = ["NewerFile", "check_document", "parse_json", "read_document", "short_text"]

VERSION = "schema_version"
MAX_DEPTH = 64  # of lists and objects inside each other
MIN_INTEGER, MAX_INTEGER = -(2**63), 2**64 - 1  # other numbers fit no array
MAX_TEXT = 60  # characters of a value in a message
FIX = "Restore the file from a copy, or type again the command that wrote it."
WORDS = {
    "int": "a whole number", "float": "a number", "str": "text", "bool": "true or false", "array": "a list",
    "object": "an object", "null": "null",
}  # fmt: skip
"""Type in a message of msgspec -> words in the message of Ravine."""

Kind = TypeVar("Kind")
Older = Callable[[dict[str, Any], int], dict[str, Any]]
"""Function that returns a document of an older schema version in the fields of the newest one."""


class NewerFile(DataError):
    """Error for a file that a newer version of Ravine wrote, in a format that this version cannot read."""


# ------------------------------------------------------------------------------------------------------ JSON


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


# ------------------------------------------------------------------------------------------------- documents


def read_document(path: str | os.PathLike[str], kind: type[Kind], older: Older | None = None) -> Kind:
    """Return the document in a JSON file as an object of a class.

    kind, older: class and conversion, as in `check_document`. Raises DataError if the file cannot be read,
    DamagedFile if it holds no such document, and NewerFile if a newer version of Ravine wrote it.
    """
    with os_errors_as_data_errors(path, "read"):
        text = Path(path).read_bytes()
    subject = f"'{path}'"
    return check_document(parse_json(text, subject), kind, subject, older)


def check_document(plain: object, kind: type[Kind], subject: str, older: Older | None = None) -> Kind:
    """Return plain values, such as those of a JSON file, as an object of a class, after checking them.

    kind: dataclass with the fields of the document. If it has a field `schema_version`, the document must
    have one, too. subject: words for the document in messages, such as `'runs/a/run.json'`. older: function
    that converts the fields of an older schema version; None if they can be read without conversion.

    Raises DamagedFile for a missing field, for a wrong type or value, and for fields that contradict each
    other. Raises NewerFile for a newer schema version.
    """
    import msgspec  # not needed by commands that read no document

    if not isinstance(plain, Mapping):
        raise DamagedFile(f"{subject} is damaged.", f"It is {short_text(plain)} instead of an object.", FIX)
    if VERSION in kind.__dataclass_fields__:  # type: ignore[attr-defined]
        version = _version(plain, kind, subject)
        if version < newest_version(kind) and older is not None:
            plain = older(dict(plain), version)
    try:
        document = msgspec.convert(plain, kind)
    except msgspec.ValidationError as error:
        raise _damaged(plain, kind, subject, error) from error
    except UnicodeEncodeError as error:  # JSON can escape half of a pair of surrogates, UTF-8 cannot hold it
        why = f"It has a name or word {short_text(error.object)}, which is not Unicode."
        raise DamagedFile(f"{subject} is damaged.", why, FIX) from error
    _set_defaults(document)
    return document


def newest_version(kind: type) -> int:
    """Return the schema version of a class of documents that this version of Ravine writes."""
    version: int = kind.__dataclass_fields__[VERSION].default  # type: ignore[attr-defined]
    return version


def _version(plain: Mapping[str, Any], kind: type, subject: str) -> int:
    """Return the schema version of a document. Raises NewerFile, and DamagedFile if it has none."""
    version, newest = plain.get(VERSION), newest_version(kind)
    if VERSION not in plain:
        raise DamagedFile(f"{subject} is damaged.", f"Its field {VERSION} is missing.", FIX)
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise DamagedFile(
            f"{subject} is damaged.",
            f"Its field {VERSION} is {short_text(version)}; allowed is a whole number from 1 to {newest}.",
            FIX,
        )
    if version > newest:
        versions = plain.get("versions")
        writer = plain.get("ravine") or (versions.get("ravine") if isinstance(versions, Mapping) else None)
        name = f", {writer[:MAX_TEXT]}" if isinstance(writer, str) else ""
        raise NewerFile(
            f"{subject} was written by a newer version of ravine{name}.",
            f"Its format is {short_text(version)}; this version reads up to {newest}.",
            "Type `pip install --upgrade ravine`.",
        )
    return version


def _set_defaults(value: object) -> None:
    """Give objects inside a document their own defaults, which msgspec leaves to the class.

    Functions that look at the attributes of an object, such as `to_builtins`, would miss these defaults.
    """
    if isinstance(value, dict | list | tuple):
        for item in value.values() if isinstance(value, dict) else value:
            _set_defaults(item)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            item = getattr(value, field.name)
            if field.name not in vars(value):
                object.__setattr__(value, field.name, item)
            _set_defaults(item)


# -------------------------------------------------------------------------------------------------- messages


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


def _damaged(plain: Mapping[str, Any], kind: type, subject: str, error: Exception) -> DamagedFile:
    """Return the error for a document that msgspec refused."""
    message, _, place = str(error).rpartition(" - at ")
    if not message:
        message, place = place, ""
    is_key = "key" in place
    path = _steps(place)
    field = _field(path)
    if isinstance(error.__cause__, ValueError | TypeError):  # of `__post_init__`
        cause = error.__cause__
        said = " ".join(filter(None, (cause.what, cause.why))) if isinstance(cause, DataError) else str(cause)
        why = f"{said.rstrip('.')}."
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


Step = str | int | None
"""Name of a field, index in a list, or None for a key that msgspec does not name."""


def _steps(place: str) -> list[Step]:
    """Return the way to a field from a text such as `$.plan.rows[3]`."""
    steps: list[Step] = []
    for name, index in re.findall(r"\.([^.\[\]`]+)|\[(\d+|\.\.\.)\]", place):
        steps.append(name or (int(index) if index.isdigit() else None))
    return steps


def _field(path: list[Step]) -> str:
    """Return the way to a field as text, such as `plan.rows[3]`."""
    words = (f".{step}" if isinstance(step, str) else f"[{'...' if step is None else step}]" for step in path)
    return "".join(words).lstrip(".")


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
    words = " or ".join(WORDS.get(word, word) for word in expected[1].split(" | "))
    rest = expected[2]
    for sign, word in ((">=", "at least"), ("<=", "at most"), (">", "above"), ("<", "below")):
        rest = rest.replace(f"{sign} ", f"{word} ")
    return words + rest


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
