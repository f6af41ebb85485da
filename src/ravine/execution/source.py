"""Checks of the data source and the models that settings name, before slow imports."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from ravine.data.builtin import BUILTIN
from ravine.errors import DataError, UsageError
from ravine.execution.data_settings import DataSettings
from ravine.records.run_index import find_run

__all__ = ["check_source", "with_models_found"]

AnySettings = TypeVar("AnySettings", bound=DataSettings)


def check_source(settings: DataSettings, study: str) -> None:
    """Raise UsageError or DataError if settings name no data, or a file that does not exist.

    study: name of the study, for the command in the message.
    """
    if not settings.needs_source:
        return
    if not settings.source:
        raise UsageError(
            "No data was named.", "DATA is a file, '-' or a built-in set.", f"Type `ravine {study} digits`."
        )
    if settings.source == "-":
        if sys.stdin is None:
            raise DataError(
                "Standard input is closed.",
                "DATA is '-', which means standard input.",
                "Name a file instead of '-'.",
            )
    elif settings.source not in BUILTIN and not Path(settings.source).expanduser().exists():
        from ravine.data import read

        read(settings.source)  # raises an error with the nearest name


def with_models_found(settings: AnySettings) -> AnySettings:
    """Return settings with absolute paths of models and runs.

    The paths are needed since a new run changes the run that `latest` names. Raises DataError for a model
    that does not exist.
    """
    for key in settings.models:
        name = getattr(settings, key)
        if name is not None:
            path = Path(name)
            absolute: Any = {key: str((path if path.exists() else find_run(path)).resolve())}
            settings = replace(settings, **absolute)
    return settings
