"""A report, which is a list of blocks such as tables, as plain values for JSON.

A page that draws the blocks reads them. The key `kind` of each block names its type.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from ravine.render.blocks import Values, View

__all__ = ["view_to_dict"]


def view_to_dict(view: View) -> dict[str, Any]:
    """Return a report (list of blocks) as dictionaries, lists, text and finite numbers, for JSON."""
    return {"blocks": [{"kind": block.kind, **_written(block)} for block in view]}


def _written(value: object) -> Any:
    if isinstance(value, Values):
        fields = dataclasses.fields(value)  # type: ignore[arg-type]
        return {entry.name: _written(getattr(value, entry.name)) for entry in fields}
    return [_written(item) for item in value] if isinstance(value, tuple) else value
