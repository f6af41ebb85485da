"""Settings in a TOML file that Ravine wrote: `config.toml` and `best.toml` of a run."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from typing import TypeVar

from ravine.errors import UsageError
from ravine.options.fields import Value, options_of
from ravine.options.settings import Settings, allowed_values
from ravine.records.os_errors import DamagedFile
from ravine.records.strict_json import FIX
from ravine.records.toml_files import load

__all__ = ["read_saved", "read_saved_options"]

Kind = TypeVar("Kind", bound=Settings)
Parsed = TypeVar("Parsed")


def read_saved(kind: type[Kind], path: str | os.PathLike[str]) -> Kind:
    """Return the settings in a TOML file that Ravine wrote, such as `config.toml` of a run.

    kind: class of the settings. Raises DataError if the file cannot be read, and DamagedFile if it holds
    unknown keys or values that an option does not allow; the message names the file and all of them.
    """
    return _saved(path, kind.from_dict)


def read_saved_options(
    kind: type[Settings], path: str | os.PathLike[str], keys: Collection[str]
) -> dict[str, Value]:
    """Return the values of some options in a TOML file that Ravine wrote, by key; other keys are left out.

    kind: class of settings with these options. keys: keys of the options. Raises errors as `read_saved`.
    """

    def values(plain: Mapping[str, object]) -> dict[str, Value]:
        options = {key: options_of(kind)[key] for key in plain if key in keys}
        return allowed_values({key: plain[key] for key in options}, options)

    return _saved(path, values)


def _saved(path: str | os.PathLike[str], parse: Callable[[Mapping[str, object]], Parsed]) -> Parsed:
    """Return what `parse` makes of the content of a TOML file. Raises DamagedFile in place of UsageError."""
    try:
        return parse(load(path))
    except UsageError as error:
        why = f"{error.what} {error.why}".strip()
        raise DamagedFile(f"'{os.fspath(path)}' is damaged.", why, FIX) from error
