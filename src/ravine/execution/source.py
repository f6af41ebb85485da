"""Checks, before slow imports, that the data and the models that settings name exist."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from ravine.data.builtin import BUILTIN
from ravine.errors import DataError, UsageError
from ravine.execution.data_settings import DataSettings
from ravine.records.open_file import exists
from ravine.records.run_index import find_run

__all__ = ["check_source", "with_models_found"]

AnySettings = TypeVar("AnySettings", bound=DataSettings)


def check_source(settings: DataSettings, study: str) -> None:
    """Raise UsageError if settings name no data, and DataError if they name data that do not exist.

    Data from standard input are refused if it is closed. study: name of the study, for the message.
    """
    if not settings.needs_source:
        return
    if not settings.source:
        raise UsageError(
            "No data was named.",
            "DATA is a file, '-' for standard input, or a built-in set.",
            f"Type `ravine {study} digits`.",
        )
    if settings.source == "-":
        if sys.stdin is None:
            raise DataError(
                "Standard input is closed.",
                "DATA is '-', which means standard input.",
                "Name a file instead of '-'.",
            )
    elif settings.source not in BUILTIN:
        from ravine.data.read_table import file_and_part, read, typed_path

        if not exists(file_and_part(typed_path(settings.source))[0]):
            read(settings.source)  # raises an error with the nearest name


def with_models_found(settings: AnySettings) -> AnySettings:
    """Return settings in which every named model or run is replaced by its absolute path.

    Otherwise `latest` would name the new run as soon as the new run begins. Raises DataError for a model or a
    run that does not exist.
    """
    for key in settings.models:
        name = getattr(settings, key)
        if name is not None:
            path = Path(name)
            absolute: Any = {key: str((path if exists(path) else find_run(path)).resolve())}
            settings = replace(settings, **absolute)
    return settings
