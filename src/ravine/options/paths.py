"""Short paths for messages."""

from __future__ import annotations

from pathlib import Path

__all__ = ["relative_path"]


def relative_path(source: str) -> str:
    """Return an absolute path relative to the current folder; unchanged if it is relative or lies outside.

    It is unchanged, too, if the current folder was deleted.
    """
    path = Path(source)
    if not path.is_absolute():
        return source
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return source
