"""The Python files of the user that settings name: which of them may run, and whether they have changed."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from ravine.errors import DataError
from ravine.execution.base_settings import NetworkSettings
from ravine.options.fields import Option, options_of
from ravine.options.settings import Settings
from ravine.records.open_file import is_file
from ravine.records.run_directory import RunDirectory
from ravine.user_code.code_text import absolute_code, files_in
from ravine.user_code.load import file_hash
from ravine.user_code.trust import check_trusted, trust

__all__ = ["check_code", "code_files", "trust_files", "typed_options", "with_code_admitted"]

AnySettings = TypeVar("AnySettings", bound=NetworkSettings)


def typed_options(
    kind: type[Settings], flags: Mapping[str, object], with_run: Mapping[str, object]
) -> set[str]:
    """Return the keys of the options whose value the user typed, as a flag or a variable of the environment.

    kind: class of the settings. flags: values by key; None, False and () stand for flags that are absent.
    with_run: the flags with the configuration of a run that the user named, which overrides the environment.
    """
    typed, given = _given(flags), _given(with_run)
    options = options_of(kind).items()
    return typed | {key for key, option in options if key not in given and os.environ.get(option.variable)}


def _given(flags: Mapping[str, object]) -> set[str]:
    return {key for key, value in flags.items() if value not in (None, False, ())}


def with_code_admitted(settings: AnySettings, typed: Collection[str] = ()) -> AnySettings:
    """Return settings in which all paths of Python files are absolute, and let the files run that may run.

    A file may run if the user typed it, or if `settings.trust` is true, or if it was named before on this
    machine. typed: keys of the options that the user typed, or passed in Python. Raises UsageError for any
    other file and for a file that does not exist.
    """
    changes: dict[str, object] = {}
    for key, option in _code_options(settings):
        value = getattr(settings, key)
        if value == option.default:
            continue
        changes[key] = [absolute_code(text) for text in _texts(value)]
        for text in _texts(value):
            if key in typed or settings.trust:
                trust_files(text)
            else:
                _check_files(text)
        if isinstance(value, str):
            changes[key] = absolute_code(value)
    return replace(settings, **changes) if changes else settings  # type: ignore[arg-type]


def trust_files(text: str) -> None:
    """Let every Python file run that a text names. Raises UsageError for a file that does not exist."""
    for path in files_in(text):
        trust(*file_hash(path))


def code_files(settings: NetworkSettings) -> dict[str, str]:
    """Return the SHA-256 of every Python file that settings name, by its path.

    Raises UsageError for a file that does not exist, and DataError for one that cannot be read.
    """
    texts = [text for key, _ in _code_options(settings) for text in _texts(getattr(settings, key))]
    hashes = [file_hash(path) for text in texts for path in files_in(text)]
    return {str(path): sha256 for path, sha256 in hashes}


def check_code(run: RunDirectory) -> None:
    """Raise DataError if a Python file that a run names has changed, or is gone, since the run began."""
    for path, sha256 in run.metadata.code.items():
        if not is_file(path):
            what, why = "is missing", "The run needs it to go on."
        elif (found := file_hash(path)[1]) != sha256:
            what = "has changed since this run began"
            why = f"Its SHA-256 began with {sha256[:12]}, it now begins with {found[:12]}."
        else:
            continue
        raise DataError(
            f"The Python file '{path}' {what}.", why, "Put the old file back, or begin a new run."
        )


def _check_files(text: str) -> None:
    for path in files_in(text):
        check_trusted(*file_hash(path))


def _code_options(settings: Settings) -> Iterator[tuple[str, Option]]:
    return ((key, option) for key, option in options_of(type(settings)).items() if option.code)


def _texts(value: object) -> list[str]:
    """Return the texts of an option's value: a text, a list of texts, or None."""
    return [value] if isinstance(value, str) else list(value or ())  # type: ignore[call-overload]
