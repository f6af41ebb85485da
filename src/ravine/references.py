"""References: text `"module:object"` that is imported on use.

Registries hold references, so that the names of all items are known without importing any of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["load_object"]


def load_object(reference: str) -> Any:
    """Return the object that `"module:object"` names. Raises ImportError, AttributeError."""
    module, _, name = reference.partition(":")
    return getattr(import_module(module), name)
