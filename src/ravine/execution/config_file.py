"""The file `config.toml` of a run: all of its settings. The option `-c` of a command reads the file again."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from ravine.data.builtin import BUILTIN
from ravine.execution.data_settings import DataSettings
from ravine.records.open_file import exists
from ravine.records.run_directory import CONFIG, RunDirectory
from ravine.records.toml_files import dump

__all__ = ["with_absolute_paths", "write_config"]

AnySettings = TypeVar("AnySettings", bound=DataSettings)


def write_config(run: RunDirectory, settings: DataSettings) -> None:
    """Write the settings of a run to `config.toml` in its directory. Raises DataError if that fails."""
    run.write(CONFIG, dump(with_absolute_paths(settings).to_dict()))


def with_absolute_paths(settings: AnySettings) -> AnySettings:
    """Return settings whose data file and test file have absolute paths, valid in every working folder.

    Names of built-in data, `-` for standard input, and paths that do not exist stay as they are.
    """
    from ravine.data.read_table import file_and_part

    def absolute(text: str | None) -> str | None:
        if not text or text in BUILTIN or text == "-":
            return text
        path, part = file_and_part(text)
        return f"{path.resolve()}{part and f':{part}'}" if exists(path) else text

    return replace(settings, source=absolute(settings.source) or "", test=absolute(settings.test))
