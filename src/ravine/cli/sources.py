"""Where the data of a study come from: DATA, or a RUN or MODEL named in its place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ravine.errors import DataError, UsageError
from ravine.execution.study import Study
from ravine.records.run_index import LATEST, RUN_FILE, SeveralRuns, find_run

__all__ = ["find_named_run", "place_source"]

MODEL_FILES = (".json", ".safetensors")


def place_source(
    study: Study, flags: Mapping[str, Any], data: str | None, config: str | None
) -> dict[str, Any]:
    """Return flags in which `source` names data, and `model` the model that was named before it.

    A study that accepts a run takes over its configuration. Elsewhere a run stands for its best model.
    Raises UsageError, DataError.
    """
    word = flags.get("source")
    if "model" not in study.accepts or not word:
        return dict(flags)
    folder = find_named_run(word)
    if folder is None and not (Path(word).is_dir() or _is_model_file(Path(word))):
        if data is not None:
            raise UsageError(
                f"'{data}' is one name too many.",
                f"'{word}' is neither a run nor a model.",
                f"Type `ravine {study.name} DATA`, or name a model before its data.",
            )
        return dict(flags)
    path = folder if folder is not None else Path(word)
    if "run" not in study.accepts:
        return {**flags, "source": data or "", "model": str(path)}
    if (path / RUN_FILE).exists():
        if config is not None or data is not None:
            raise UsageError("A run has its own configuration and data.", "", "Leave -c and DATA out.")
        return _with_configuration(study, path, flags)
    if _is_model_file(path) or (path / "model.json").exists():
        above = next((parent for parent in path.resolve().parents if (parent / RUN_FILE).exists()), None)
        known = _with_configuration(study, above, flags) if data is None and above is not None else flags
        source = data or known.get("source")
        if not source or source == word:
            raise UsageError(
                "The model's data were not named.",
                "What it has learned is judged on its own rows.",
                f"Type `ravine {study.name} MODEL DATA`.",
            )
        return {**known, "source": source, "model": str(path)}
    raise UsageError(f"'{word}' is neither data, nor a run, nor a model.", "", "Name a file.")


def find_named_run(word: str) -> Path | None:
    """Return the folder of the run that a word means; None if it means data.

    Raises DataError: there is no latest run, or there are several of the name.
    """
    from ravine.data.builtin import BUILTIN

    if word == LATEST and not Path(word).is_file():
        return find_run(word)
    if Path(word).name == RUN_FILE and Path(word).is_file():
        return Path(word).parent
    if not word or word == "-" or word in BUILTIN or Path(word).exists():
        return None
    try:
        return find_run(word)
    except SeveralRuns:
        raise
    except DataError:  # then it is data, and the reader says what is wrong with its name
        return None


def _is_model_file(path: Path) -> bool:
    return (
        path.suffix in MODEL_FILES
        and path.is_file()
        and all(path.with_suffix(suffix).is_file() for suffix in MODEL_FILES)
    )


def _with_configuration(study: Study, folder: Path, flags: Mapping[str, Any]) -> dict[str, Any]:
    """Return the flags over the configuration that a run ended with."""
    from ravine.options.fields import options_of
    from ravine.records.toml_files import load

    best = folder / "best.toml"
    path = best if best.exists() else folder / "config.toml"
    if not path.exists():
        raise UsageError(f"The run '{folder}' has no configuration.", "It stopped too early.", "Name data.")
    known = set(options_of(study.settings)) - {"seeds", "model"}
    own = {key: value for key, value in load(path).items() if key in known}
    given = {key: value for key, value in flags.items() if value not in (None, ()) and key != "source"}
    return {**own, **given}
