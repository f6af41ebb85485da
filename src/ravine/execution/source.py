"""Checks of the source of a study, before anything slow is imported."""

from __future__ import annotations

import sys
from pathlib import Path

from ravine.data.builtin import BUILTIN
from ravine.errors import DataError, UsageError
from ravine.execution.base_settings import DataSettings

__all__ = ["check_source"]


def check_source(settings: DataSettings) -> None:
    """Raise UsageError or DataError for a missing name or file, before anything slow."""
    if not settings.source:
        raise UsageError(
            "No data was named.", "DATA is a file, '-' or a built-in set.", "Type `ravine compare digits`."
        )
    if settings.source == "-":
        if sys.stdin is None:
            raise DataError("Standard input is closed.", "DATA is '-'.", "Name a file instead.")
    elif settings.source not in BUILTIN and not Path(settings.source).expanduser().exists():
        from ravine.data import read

        read(settings.source)  # says what is near, and raises
