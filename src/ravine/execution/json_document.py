"""The base class of the JSON documents that commands print: frozen dataclasses with a schema version.

The text of a field states its unit. `docs/json.md` is generated from these texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import msgspec

from ravine.records.documents import check_document

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
    def from_dict(cls, document: Mapping[str, Plain], subject: str = "") -> Self:
        """Return the document whose plain values `to_dict` returned.

        subject: words for the document in messages, such as `'runs/a/result.json'`; by default its type.
        Raises NewerFile for a newer schema version, and DamagedFile for a wrong or missing field.
        """
        return check_document(document, cls, subject or cls.name_of(document))

    @classmethod
    def name_of(cls, document: Mapping[str, Plain]) -> str:
        """Return words that name a JSON document in error messages, such as `A document of type RunList`.

        document: plain values of the document, which may be damaged; a subclass may take further words from
        them.
        """
        return f"A document of type {cls.__name__}"
