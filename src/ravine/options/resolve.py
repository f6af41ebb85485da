"""The settings of a command, combined from all places where a user can set an option, strongest first.

    flags  >  RAVINE_* in the environment  >  file of -c  >  [tool.ravine] in ./pyproject.toml  >  defaults

One error reports all mistakes of all places. A key that only another study has is not a mistake, so that one
file serves `compare` and `train`; such keys are returned.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from ravine.errors import UsageError, did_you_mean
from ravine.options.fields import ENVIRONMENT, Option, Value, options_of
from ravine.options.parse import from_text, from_texts, from_value
from ravine.options.renamed import renamed_key
from ravine.options.settings import Settings
from ravine.options.validate import raise_together, refusal
from ravine.records.open_file import exists, is_file, is_folder
from ravine.records.toml_files import load

__all__ = ["Resolved", "resolve"]

PROJECT = "pyproject.toml"
CONFIG = "config.toml"
CACHE = "RAVINE_CACHE"  # read by `ravine.records.user_cache`

Kind = TypeVar("Kind", bound=Settings)


@dataclass(frozen=True)
class Resolved(Generic[Kind]):
    """Settings of a command, combined from flags, environment and files.

    settings: the settings. unused: keys that only other studies have, each with the place where it was found.
    """

    settings: Kind
    unused: list[str]


@dataclass(frozen=True)
class _PlacedValue:
    """A raw value and its place, such as `epochs (in c.toml)`. typed: whether the value comes from a flag."""

    raw: object
    place: str
    typed: bool = False

    def named(self, error: UsageError) -> UsageError:
        """Return an error about this value with its place, such as `epochs (in c.toml)`, in front.

        The error is returned unchanged if the value comes from a flag.
        """
        if self.typed:
            return error
        return UsageError(
            f"{self.place}: {error.what}", error.why, error.fix, option=error.option, value=error.value,
            allowed=error.allowed,
        )  # fmt: skip


Layer = Mapping[str, _PlacedValue]


def resolve(
    kind: type[Kind],
    flags: Mapping[str, object],
    file: str | None = None,
    environment: Mapping[str, str] | None = None,
    folder: Path = Path(),
    *,
    others: Callable[[], Collection[str]] = tuple,
) -> Resolved[Kind]:
    """Return the settings of a study, combined from flags, environment, a TOML file and pyproject.toml.

    If several of them give a value, flags come before the environment, the environment before the TOML file,
    and the TOML file before pyproject.toml. Of two options that exclude each other, the one from the place
    that comes later is dropped.

    kind: class of the settings. flags: values by key; None, False and () stand for flags that are absent.
    file: path of the TOML file that `-c` names. environment: variables, by default those of the process.
    folder: folder of pyproject.toml. others: function that returns the keys of other studies; it is called
    only for a key that the study lacks.

    Raises UsageError that names every mistake.
    """
    layers = [
        _project(folder / PROJECT),
        _file(file),
        _environment(os.environ if environment is None else environment),
        {key: _PlacedValue(raw, key, True) for key, raw in flags.items() if raw not in (None, False, ())},
    ]
    options, problems, unused = options_of(kind), [], []
    placed: dict[str, tuple[Value, _PlacedValue, int]] = {}
    for strength, layer in enumerate(layers):
        for key, value in layer.items():
            if key not in options and key in others():
                unused.append(value.place)
            elif key not in options:
                problems.append(_unknown(key, value, {*options, *others()}))
            elif options[key].typed and not (value.typed or value.place.startswith(ENVIRONMENT)):
                problems.append(_not_typed(options[key], value))
            else:
                try:
                    placed[key] = (_read(options[key], value.raw), value, strength)
                except UsageError as error:
                    problems.append(value.named(error))
    _drop_weaker(kind, placed)
    for key, (read, value, _) in placed.items():
        if problem := refusal(options[key], read):
            problems.append(value.named(problem))
    raise_together(problems)
    return Resolved(kind.from_dict({key: read for key, (read, _, _) in placed.items()}), unused)


def _read(option: Option, raw: object) -> Value:
    if isinstance(raw, tuple):  # a repeatable flag
        return from_texts(option, [str(text) for text in raw])
    return from_text(option, raw) if isinstance(raw, str) else from_value(option, raw)


def _drop_weaker(kind: type[Settings], placed: dict[str, tuple[Value, _PlacedValue, int]]) -> None:
    """Of two options that exclude each other, remove the one from the weaker place, if the places differ."""
    for pair in kind.alternatives:
        if all(key in placed for key in pair):
            weaker, stronger = sorted(pair, key=lambda key: placed[key][2])
            if placed[weaker][2] < placed[stronger][2]:
                del placed[weaker]


def _not_typed(option: Option, placed: _PlacedValue) -> UsageError:
    return UsageError(
        f"{placed.place} cannot be set in a file.",
        "The file may come from another person.",
        f"Remove the line, and type {option.flag}.",
        option=option.key,
        value=placed.raw,
    )


def _unknown(key: str, placed: _PlacedValue, keys: Collection[str]) -> UsageError:
    in_environment = placed.place.startswith(ENVIRONMENT)

    def spelled(name: str) -> str:
        return ENVIRONMENT + name.upper() if in_environment else name

    new = renamed_key(key)
    if new in keys:
        return UsageError(f"{placed.place} was renamed to {spelled(str(new))}.", option=key, value=placed.raw)
    near = did_you_mean(spelled(key), sorted(spelled(name) for name in keys))
    return UsageError(f"{placed.place} is not an option.", "", near, option=key, value=placed.raw)


def _project(path: Path) -> Layer:
    if not is_file(path):
        return {}
    table = load(path).get("tool", {}).get("ravine", {})
    if not isinstance(table, Mapping):
        raise UsageError(
            f"tool.ravine in '{path}' is not a table.", "", "Write [tool.ravine] above the settings."
        )
    return dict(_keys(table, f"[tool.ravine] in {path}"))


def _file(name: str | None) -> Layer:
    if name is None:
        return {}
    path = Path(name)
    if is_folder(path) and is_file(path / CONFIG):
        path = path / CONFIG
    if not exists(path):
        near = sorted(str(file) for file in path.parent.glob("*.toml"))
        hint = did_you_mean(name, near) if near else "Check the path."
        raise UsageError(f"There is no configuration file '{path}'.", "-c names the file.", hint)
    return dict(_keys(load(path), f"in {path}"))


def _keys(table: Mapping[str, object], place: str) -> Iterator[tuple[str, _PlacedValue]]:
    for key, raw in table.items():
        yield key.replace("-", "_"), _PlacedValue(raw, f"{key} ({place})")


def _environment(environment: Mapping[str, str]) -> Layer:
    return {
        name.removeprefix(ENVIRONMENT).lower(): _PlacedValue(raw, name)
        for name, raw in environment.items()
        if name.startswith(ENVIRONMENT) and name != CACHE and raw != ""
    }
