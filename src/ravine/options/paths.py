"""Paths as a person would type them."""

from __future__ import annotations

from pathlib import Path

__all__ = ["relative_path"]


def relative_path(source: str) -> str:
    """Return a path relative to the current folder if it lies in it, else as it is."""
    path = Path(source)
    if not path.is_absolute():
        return source
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return source
