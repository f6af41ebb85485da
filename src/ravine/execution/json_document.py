"""The base class of the JSON documents that commands print: frozen dataclasses with a schema version.

The text of a field states its unit. `docs/json.md` is generated from these texts.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import msgspec

from ravine.errors import DataError

__all__ = ["JsonDocument", "Plain"]

Plain = None | bool | int | float | str | list[Any] | dict[str, Any]
"""A value that JSON can hold."""


@dataclass(frozen=True, kw_only=True)
class JsonDocument:
    """The base of all documents that commands print with `--json`."""

    schema_version: int = 1
    """Version of this document's fields."""

    def to_dict(self) -> dict[str, Plain]:
        """Return the document as plain values, as `--json` prints it."""
        plain: dict[str, Plain] = msgspec.to_builtins(self)
        return plain

    @classmethod
    def from_dict(cls, document: Mapping[str, Plain]) -> Self:
        """Return the document whose plain values `to_dict` returned.

        Raises DataError for a newer schema version, and for a wrong or missing field.
        """
        version, name = document.get("schema_version"), cls.name_of(document)
        if isinstance(version, int) and version > cls.schema_version:
            raise DataError(
                f"{name} is newer than this version of ravine.",
                f"Its format is {version}; this version reads up to {cls.schema_version}.",
                "Type `pip install --upgrade ravine`.",
            )
        try:
            read = msgspec.convert(document, cls)
        except msgspec.ValidationError as error:
            raise DataError(
                f"{name} cannot be read.",
                f"A field is missing or has a wrong value: {error}.",
                "Run the command that wrote the document again.",
            ) from error
        return dataclasses.replace(read)  # msgspec leaves defaults to the class, where `to_dict` misses them

    @classmethod
    def name_of(cls, document: Mapping[str, Plain]) -> str:
        """Return words that name a JSON document in error messages, such as `A document of type RunList`.

        document: plain values of the document, from which a subclass may take further words.
        """
        return f"A document of type {cls.__name__}"
