"""Settings in a TOML file that Ravine wrote, such as `config.toml` of a run, checked as options are."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from typing import TypeVar

from ravine.errors import UsageError
from ravine.options.fields import Value, options_of
from ravine.options.settings import Settings, allowed_values
from ravine.records.os_errors import DamagedFile
from ravine.records.strict_json import FIX

__all__ = ["saved_options", "saved_settings"]

Kind = TypeVar("Kind", bound=Settings)
Parsed = TypeVar("Parsed")


def saved_settings(kind: type[Kind], plain: Mapping[str, object], path: str | os.PathLike[str]) -> Kind:
    """Return the settings in a TOML file that Ravine wrote, such as `config.toml` of a run.

    kind: class of the settings. plain: content of the file. path: path of the file, for messages. Raises
    DamagedFile for unknown keys and for values that an option does not allow; the error names all of them.
    """
    return _parsed(plain, path, kind.from_dict)


def saved_options(
    kind: type[Settings], plain: Mapping[str, object], path: str | os.PathLike[str], keys: Collection[str]
) -> dict[str, Value]:
    """Return the values of some options in a TOML file that Ravine wrote, by key; other keys are left out.

    kind: class of settings with these options. keys: keys of the options. plain, path: as for
    `saved_settings`, which raises the same errors.
    """

    def values(plain: Mapping[str, object]) -> dict[str, Value]:
        options = {key: options_of(kind)[key] for key in plain if key in keys}
        return allowed_values({key: plain[key] for key in options}, options)

    return _parsed(plain, path, values)


def _parsed(
    plain: Mapping[str, object], path: str | os.PathLike[str], parse: Callable[[Mapping[str, object]], Parsed]
) -> Parsed:
    """Return `parse(plain)`. Raises DamagedFile, which names the file, in place of UsageError."""
    try:
        return parse(plain)
    except UsageError as error:
        why = f"{error.what} {error.why}".strip()
        raise DamagedFile(f"'{os.fspath(path)}' is damaged.", why, FIX) from error
