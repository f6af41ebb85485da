"""The two files of a saved model: `model.safetensors` with its arrays, `model.json` with their description.

Neither is a pickle. The JSON contains the sha256 of the arrays, so files of two models cannot be mixed. If
the process is killed between the two writes, the files do not match, and reading raises an error. A resumed
run writes both again.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ravine.errors import DataError, UsageError
from ravine.records.atomic_files import (
    DamagedFile,
    os_errors_as_data_errors,
    read_json,
    write_atomic,
    write_json,
)
from ravine.records.content_hash import sha256_of_file
from ravine.records.run_file import RUN_FILE
from ravine.records.run_index import find_best_model

__all__ = ["load_model", "save_model"]

SCHEMA_VERSION = 1
KINDS = "float16, float32, float64, integers and booleans"


def save_model(
    directory: str | os.PathLike[str], arrays: Mapping[str, np.ndarray], description: Mapping[str, object]
) -> Path:
    """Write `model.safetensors` and `model.json` of a model into a folder; return the path of the latter.

    The folder is created if needed. description: plain values for JSON. Its numbers must be finite, because a
    prediction may depend on them and JSON would turn them into null; `arrays` may hold NaN and infinities.
    Equal models give equal bytes.

    Raises DataError if a file cannot be written, and UsageError for a value or type that cannot be stored.
    """
    from safetensors.numpy import save

    from ravine.version import __version__

    plain = {}
    for name, array in arrays.items():
        plain[name] = np.asarray(array, order="C")
        if plain[name].dtype.name not in _types():
            raise UsageError(
                f"Array '{name}' has the type {plain[name].dtype}.",
                f"Allowed are {KINDS}.",
                "Convert it first.",
            )
    folder = Path(directory)
    numbers, path = folder / "model.safetensors", folder / "model.json"
    with os_errors_as_data_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    document = {"schema_version": SCHEMA_VERSION, "ravine": __version__, "description": dict(description)}
    write_atomic(numbers, save(plain))
    write_json(path, document | {"sha256": sha256_of_file(numbers)}, nonfinite="raise")
    return path


def _types() -> set[str]:
    return (
        {"bool"}
        | {f"float{n}" for n in (16, 32, 64)}
        | {f"{s}int{n}" for s in ("", "u") for n in (8, 16, 32, 64)}
    )


def load_model(
    path: str | os.PathLike[str], root: str | os.PathLike[str] = "runs"
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Return the arrays by name, and the description, of a saved model.

    path: the folder of the model, one of its files, a run (for its best model), or `latest` for the newest
    run that has a model. root: folder in which runs are searched.

    Raises DataError if the model is missing, or if a newer version of Ravine wrote it. Raises DamagedFile if
    a file is damaged, or if the two files belong to different models.
    """
    model_json = _find(path, root)
    document = read_json(model_json)
    version = document.get("schema_version") if isinstance(document, dict) else None
    if isinstance(version, bool) or not isinstance(version, int):
        raise DamagedFile(
            f"'{model_json}' describes no model.", "It has no schema_version.", "Name a model.json."
        )
    if version > SCHEMA_VERSION:
        raise DataError(
            f"A newer version of ravine, {document.get('ravine', '?')}, wrote the model '{model_json}'.",
            f"Its format is {version}; this version reads up to {SCHEMA_VERSION}.",
            "Type `pip install --upgrade ravine`.",
        )
    description = document.get("description")
    if not isinstance(description, dict):
        raise DamagedFile(f"'{model_json}' describes no model.", "It has no description.", "Train it again.")
    numbers = model_json.with_suffix(".safetensors")
    if sha256_of_file(numbers) != document.get("sha256"):
        raise DamagedFile(
            f"'{numbers}' does not belong to '{model_json}'.",
            "The checksums differ, so the file is damaged or of another model.",
            "Copy both files again, or train again.",
        )
    return _numbers(numbers), description


def _numbers(path: Path) -> dict[str, np.ndarray]:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    with os_errors_as_data_errors(path, "read"):
        blob = path.read_bytes()
    try:
        return dict(load(blob))
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        raise DamagedFile(f"'{path}' cannot be read.", f"{error}.", "Train it again.") from error


def _find(path: str | os.PathLike[str], root: str | os.PathLike[str]) -> Path:
    """Return the path of the model.json of a folder, file or run."""
    place = Path(path)
    with os_errors_as_data_errors(place, "read"):
        is_file, is_folder = place.is_file(), place.is_dir()
    if is_file and place.name != RUN_FILE:
        if place.suffix not in (".json", ".safetensors"):
            raise DataError(
                f"'{place}' is not a model.",
                "A model is a folder with model.json and model.safetensors.",
                "Name its folder.",
            )
        return place.with_suffix(".json")
    if is_folder and not (place / RUN_FILE).exists():
        if not (place / "model.json").exists():
            raise DataError(
                f"There is no model in '{place}'.", "It has no model.json.", "Type `ravine runs`."
            )
        return place / "model.json"
    return find_best_model(path, root)
