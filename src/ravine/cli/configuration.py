"""The resolved configuration: flags > RAVINE_* > -c FILE > [tool.ravine] in ./pyproject.toml > defaults.

All mistakes of all layers are reported at once. A key that another verb knows is no mistake: one file serves
`compare` and `train`; what this verb does not use is named.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from ravine.cli.options import ALL_KEYS, ENVIRONMENT, OPTIONS, fields_of
from ravine.cli.words import mistakes
from ravine.errors import UsageError, did_you_mean
from ravine.execution.settings import LIST_FIELDS, DataSettings

__all__ = ["Configuration", "resolve"]

PROJECT = "pyproject.toml"
OTHERS = {"RAVINE_CACHE"}  # read by the engines: where compiled programs are kept
CALLS = ("optimizers", "schedules", "moving")  # words that hold brackets: adam(b1=0.9,b2=0.99)

Settings = TypeVar("Settings", bound=DataSettings)


@dataclass(frozen=True)
class Configuration(Generic[Settings]):
    """`settings` as resolved; `unused`: keys that were set for other verbs, with where they stand."""

    settings: Settings
    unused: list[str]


def resolve(
    kind: type[Settings],
    flags: Mapping[str, Any],
    file: str | None = None,
    environment: Mapping[str, str] | None = None,
    folder: Path = Path(),
) -> Configuration[Settings]:
    """Return the settings of a verb. `flags` that are None or empty were not given.

    Raises UsageError naming every mistake.
    """
    environment = os.environ if environment is None else environment
    layers = [
        _project(folder / PROJECT),
        _file(file),
        _environment(environment),
        {key: (OPTIONS[key].flag if key in OPTIONS else "DATA", value) for key, value in flags.items()},
    ]
    known, given, wrong, unused = fields_of(kind), {}, [], []
    origin: dict[str, str] = {}
    for layer in layers:
        for raw_key, (where, raw) in layer.items():
            key = raw_key.removeprefix(ENVIRONMENT).lower() if where == raw_key else raw_key.replace("-", "_")
            if raw is None or raw == ():
                continue
            if key not in ALL_KEYS:
                names = {f"{ENVIRONMENT}{each.upper()}" if where == raw_key else each for each in ALL_KEYS}
                wrong.append(f"{where}: there is no such setting. {did_you_mean(raw_key, sorted(names))}")
            elif key not in known:
                unused.append(where)
            else:
                try:
                    given[key] = _read(key, str(known[key].type), raw)
                    origin[key] = where
                except ValueError as error:
                    wrong.append(f"{where}: {error}")
    _contradictions(given, layers)
    # each value by itself first, so that one wrong value does not hide the next
    for key, value in given.items():
        refused = _refused(kind, {key: value})
        # what was typed just now names itself; what stands in a file or the environment must be found
        where = "" if origin[key] == "DATA" or origin[key].startswith("-") else f"{origin[key]}: "
        wrong += [where + sentence for sentence in ([refused] if refused else mistakes({key: value}))]
    if not wrong and (sentence := _refused(kind, given)):
        wrong.append(sentence)
    if wrong:
        count = "A setting is" if len(wrong) == 1 else f"{len(wrong)} settings are"
        raise UsageError(f"{count} wrong.", "\n".join(wrong), "Correct it, or see `--help`.")
    settings = kind.from_dict(given)
    return Configuration(settings, unused)


def _contradictions(given: dict[str, Any], layers: list[dict[str, tuple[str, Any]]]) -> None:
    """Let a stronger layer's `effort` replace a weaker one's `budget`, and the other way round."""
    if "effort" not in given or "budget" not in given:
        return
    strength = {
        key: max(
            index
            for index, layer in enumerate(layers)
            for name in (key, f"{ENVIRONMENT}{key.upper()}")
            if (layer.get(name) or ("", None))[1] is not None
        )
        for key in ("effort", "budget")
    }
    if strength["effort"] != strength["budget"]:
        del given[min(strength, key=lambda key: strength[key])]


def _refused(kind: type[DataSettings], given: Mapping[str, Any]) -> str | None:
    try:
        kind.from_dict(given)
    except UsageError as error:
        return " ".join(filter(None, [error.what, error.why, error.fix]))
    return None


def _project(path: Path) -> dict[str, tuple[str, Any]]:
    from ravine.records.toml_files import load

    if not path.is_file():
        return {}
    table = load(path).get("tool", {}).get("ravine", {})
    if not isinstance(table, Mapping):
        raise UsageError(
            f"tool.ravine in '{path}' is no table.", "", "Write [tool.ravine] above the settings."
        )
    return {key: (f"{key} ([tool.ravine] in {path})", value) for key, value in table.items()}


def _file(path: str | None) -> dict[str, tuple[str, Any]]:
    from ravine.records.toml_files import load

    if path is None:
        return {}
    if Path(path).is_dir() and (Path(path) / "config.toml").is_file():
        path = str(Path(path) / "config.toml")
    if not Path(path).exists():
        near = sorted(str(each) for each in Path(path).parent.glob("*.toml"))
        hint = did_you_mean(path, near) if near else "Check the path."
        raise UsageError(f"There is no configuration file '{path}'.", "-c names it.", hint)
    return {key: (f"{key} (in {path})", value) for key, value in load(path).items()}


def _environment(environment: Mapping[str, str]) -> dict[str, tuple[str, Any]]:
    return {
        name: (name, value)
        for name, value in environment.items()
        if name.startswith(ENVIRONMENT) and name not in OTHERS and value != ""
    }


def _read(key: str, annotation: str, raw: Any) -> Any:
    """Return a value as the settings want it. Raises ValueError with what is wrong."""
    if key in LIST_FIELDS:
        parts = raw if isinstance(raw, list | tuple) else [raw]
        if isinstance(raw, list):  # of a file, where nothing needs splitting
            return [_text(each) for each in parts]
        return [word for part in parts for word in _split(key, _text(part))]
    if isinstance(raw, str) and ("int" in annotation or "float" in annotation):
        try:
            return int(raw) if "int" in annotation else float(raw)
        except ValueError:
            wanted = "a whole number" if "int" in annotation else "a number"
            raise ValueError(f"'{raw}' is not {wanted}.") from None
    if isinstance(raw, bool | list | dict):
        raise ValueError(f"{str(raw).lower()} cannot be used here.")
    if "str" in annotation:
        return _text(raw)
    return raw


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"{value!r} is not text.")
    return str(value)


def _split(key: str, text: str) -> list[str]:
    """Split at commas: outside brackets for optimizers, outside quotes for names of columns."""
    if key == "vary":  # its own commas part values, not factors
        return [text]
    if key in CALLS:
        words = re.findall(r"(?:[^,()]|\([^()]*\)|[()])+", text)
    else:
        words = next(csv.reader([text], skipinitialspace=True), [])
    words = [word.strip() for word in words if word.strip()]
    if not words:
        raise ValueError("it is empty.")
    return words
