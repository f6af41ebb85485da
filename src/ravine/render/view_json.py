"""A view as a JSON document, and back. The document names each block by its `kind`."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ravine.render import blocks
from ravine.render.blocks import Block, Values, View

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["view_from_dict", "view_to_dict"]

KINDS: dict[str, type[Any]] = {kind.kind: kind for kind in typing.get_args(Block)}


def view_to_dict(view: View) -> dict[str, Any]:
    """Return a view as dictionaries, lists, text and finite numbers."""
    return {"blocks": [{"kind": block.kind, **_written(block)} for block in view]}


def view_from_dict(document: Mapping[str, Any]) -> list[Block]:
    """Return the blocks of a document of `view_to_dict`. Raises ValueError for an unknown kind or field."""
    found = []
    for entry in document["blocks"]:
        fields = dict(entry)
        kind = fields.pop("kind", None)
        if kind not in KINDS:
            raise ValueError(f"There is no block '{kind}'. Blocks are {', '.join(KINDS)}.")
        found.append(_read(KINDS[kind], fields))
    return found


def _written(value: object) -> Any:
    if isinstance(value, Values):
        fields = dataclasses.fields(value)  # type: ignore[arg-type]
        return {entry.name: _written(getattr(value, entry.name)) for entry in fields}
    return [_written(item) for item in value] if isinstance(value, tuple) else value


def _read(kind: Any, value: Any) -> Any:
    """Return a JSON value as the type that its field declares."""
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return _read_fields(kind, value)
    choices = typing.get_args(kind)
    if isinstance(value, Mapping):  # a union with one kind of block part: str | Item
        return _read(next(choice for choice in choices if dataclasses.is_dataclass(choice)), value)
    if typing.get_origin(kind) is Sequence:
        return tuple(_read(choices[0], item) for item in value)
    return tuple(value) if isinstance(value, list) else value


def _read_fields(kind: type[DataclassInstance], values: Mapping[str, object]) -> Any:
    hints = typing.get_type_hints(kind, vars(blocks))
    if unknown := set(values) - {entry.name for entry in dataclasses.fields(kind)}:
        raise ValueError(f"{kind.__name__} has no field {', '.join(sorted(unknown))}.")
    return kind(**{name: _read(hints[name], item) for name, item in values.items()})
