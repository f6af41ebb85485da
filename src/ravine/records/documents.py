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

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from types import NoneType
from typing import TYPE_CHECKING, Any, TypeVar

from ravine.errors import DataError
from ravine.records.document_errors import damaged_document
from ravine.records.os_errors import DamagedFile
from ravine.records.strict_json import FIX, MAX_TEXT, short_text

if TYPE_CHECKING:
    import numpy as np

__all__ = ["NewerFile", "check_document", "check_object"]

VERSION = "schema_version"
SCALARS = (str, int, float, NoneType)
Kind = TypeVar("Kind")
Older = Callable[[dict[str, Any], int], dict[str, Any]]
"""Function that returns a document of an older schema version in the fields of the newest one."""


class NewerFile(DataError):
    """Error for a file that a newer version of Ravine wrote, in a format that this version cannot read."""


def check_document(
    plain: object,
    kind: type[Kind],
    subject: str,
    older: Older | None = None,
    *,
    field: str = "",
    exact: bool = False,
) -> Kind:
    """Return plain values, such as those of a JSON file, as an object of a class, after checking them.

    kind: dataclass with the fields of the document. If it has a field `schema_version`, the document must
    have one, too. A field that is an array takes a list of numbers, float64 [N]. subject: words for the
    document in messages, such as `'runs/a/run.json'`. older: function that converts the fields of an older
    schema version; None if they can be read without conversion. field: name of the field of the document that
    holds the plain values, if they are not the whole document. exact: whether a field that the class lacks is
    refused, not left out, since the meaning of the others could depend on it.

    Raises DamagedFile for a missing field, for a wrong type or value, and for fields that contradict each
    other. Raises NewerFile for a newer schema version.
    """
    import msgspec  # not needed by commands that read no document

    plain = check_object(plain, subject, field)
    if VERSION in kind.__dataclass_fields__:  # type: ignore[attr-defined]
        version = _version(plain, kind, subject)
        if version < newest_version(kind) and older is not None:
            plain = older(dict(plain), version)
    try:
        document = msgspec.convert(plain, kind, dec_hook=_array)
    except msgspec.ValidationError as error:
        raise damaged_document(plain, kind, subject, field, error) from error
    except UnicodeEncodeError as error:  # JSON can escape half of a pair of surrogates, UTF-8 cannot hold it
        why = f"It has a name or word {short_text(error.object)}, which is not Unicode."
        raise DamagedFile(f"{subject} is damaged.", why, FIX) from error
    _set_defaults(document)
    if exact and (unknown := _unknown(plain, document)):
        name = f"{field}.{unknown}".lstrip(".")
        raise DamagedFile(f"{subject} is damaged.", f"This version of ravine knows no field {name}.", FIX)
    return document


def check_object(plain: object, subject: str, field: str = "") -> Mapping[str, Any]:
    """Return plain values that are an object, a mapping from names to values. Raises DamagedFile for others.

    subject: words for the document in messages. field: name of the field of the document that holds the plain
    values, if they are not the whole document.
    """
    if not isinstance(plain, Mapping):
        place = f"Its field {field}" if field else "It"
        why = f"{place} is {short_text(plain)}; allowed is an object."
        raise DamagedFile(f"{subject} is damaged.", why, FIX)
    return plain


def _array(kind: type, value: object) -> np.ndarray:
    """Return a list of numbers as an array, float64 [N]. Raises ValueError for anything else."""
    import numpy as np

    if kind is not np.ndarray:
        raise TypeError(f"{kind} is no type of a field")
    numbers = value if isinstance(value, list | tuple) else [None]
    if not all(isinstance(number, int | float) and not isinstance(number, bool) for number in numbers):
        raise ValueError(f"it is {short_text(value)}; allowed is a list of numbers")
    return np.array(numbers, np.float64)


def _unknown(plain: object, value: object) -> str:
    """Return the name of a field in plain values that the object made of them lacks; "" if there is none."""
    if isinstance(plain, Mapping) and is_dataclass(value):
        for name, item in plain.items():
            if name not in value.__dataclass_fields__:
                return str(name)[:MAX_TEXT].encode("ascii", "backslashreplace").decode()
            if found := _unknown(item, getattr(value, name)):
                return f"{name}.{found}".replace(".[", "[")
    elif isinstance(plain, list) and isinstance(value, list | tuple):
        for index, (item, read) in enumerate(zip(plain, value, strict=True)):
            if found := _unknown(item, read):
                return f"[{index}].{found}"
    return ""


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
    parts: Iterable[object] = ()
    if isinstance(value, dict | list | tuple):
        parts = value.values() if isinstance(value, dict) else value
    elif is_dataclass(value):
        names = [field.name for field in fields(value)]  # without class variables
        parts = [getattr(value, name) for name in names]
        for name, part in zip(names, parts, strict=True):
            if name not in vars(value):
                object.__setattr__(value, name, part)
    for part in parts:
        if not isinstance(part, SCALARS):
            _set_defaults(part)
