"""Model files: `model.safetensors` (the numbers) and `model.json` (what they mean). Never pickles.

The JSON names the sha256 of the numbers, so files of two models cannot be mixed. Killed between the two
writes, the pair does not match and says so; a resumed run writes it again.
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
from ravine.records.run_index import RUN_FILE, find_run, list_runs, read_run_file

__all__ = ["load_model", "save_model"]

SCHEMA_VERSION = 1
BEST = Path("models", "best", "model.json")  # in a run directory
KINDS = "float16, float32, float64, integers and booleans"


def save_model(
    directory: str | os.PathLike[str], arrays: Mapping[str, np.ndarray], description: Mapping[str, object]
) -> Path:
    """Write both files into `directory` (made if need be) and return the path of `model.json`.

    `description` is what JSON can hold; numbers that are not finite are refused there (keep them in
    `arrays`), since a prediction may depend on them. The same model gives the same bytes. Raises DataError,
    UsageError.
    """
    from safetensors.numpy import save

    from ravine.version import __version__

    plain = {}
    for name, array in arrays.items():
        plain[name] = np.asarray(array, order="C")
        if plain[name].dtype.name not in _types():
            raise UsageError(
                f"Array '{name}' is of type {plain[name].dtype}.", f"A model holds {KINDS}.", "Convert."
            )
    folder = Path(directory)
    numbers, about = folder / "model.safetensors", folder / "model.json"
    with os_errors_as_data_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    document = {"schema_version": SCHEMA_VERSION, "ravine": __version__, "description": dict(description)}
    write_atomic(numbers, save(plain))
    write_json(about, document | {"sha256": sha256_of_file(numbers)}, nonfinite="raise")
    return about


def _types() -> set[str]:
    return (
        {"bool"}
        | {f"float{n}" for n in (16, 32, 64)}
        | {f"{s}int{n}" for s in ("", "u") for n in (8, 16, 32, 64)}
    )


def load_model(
    path: str | os.PathLike[str], root: str | os.PathLike[str] = "runs"
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Return `(arrays, description)`.

    `path` is the model's folder, either of its files, a run (its best model), or `latest`. Raises DataError:
    absent, of a newer version; DamagedFile: broken, or files of two models.
    """
    about = _find(path, root)
    document = read_json(about)
    version = document.get("schema_version") if isinstance(document, dict) else None
    if isinstance(version, bool) or not isinstance(version, int):
        raise DamagedFile(
            f"'{about}' describes no model.", "It names no schema_version.", "Name a model.json."
        )
    if version > SCHEMA_VERSION:
        raise DataError(
            f"The model '{about}' was written by ravine {document.get('ravine', '?')}, newer than this one.",
            f"Its format is {version}; this version reads up to {SCHEMA_VERSION}.",
            "Type `pip install --upgrade ravine`.",
        )
    description = document.get("description")
    if not isinstance(description, dict):
        raise DamagedFile(f"'{about}' describes no model.", "It has no description.", "Train it again.")
    numbers = about.with_suffix(".safetensors")
    if sha256_of_file(numbers) != document.get("sha256"):
        raise DamagedFile(
            f"'{numbers}' does not belong to '{about}'.",
            "Its checksum is another: it is damaged, or from another model.",
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
    """Return the path of the model.json that `path` means."""
    given = Path(path)
    with os_errors_as_data_errors(given, "read"):
        is_file, is_folder = given.is_file(), given.is_dir()
    if is_file and given.name != RUN_FILE:
        if given.suffix not in (".json", ".safetensors"):
            raise DataError(
                f"'{given}' is not a model.",
                "A model is model.json beside model.safetensors.",
                "Name its folder.",
            )
        return given.with_suffix(".json")
    if is_folder and not (given / RUN_FILE).exists():
        if not (given / "model.json").exists():
            raise DataError(
                f"There is no model in '{given}'.", "It has no model.json.", "Type `ravine runs`."
            )
        return given / "model.json"
    run = find_run(path, root)
    best = run / BEST
    if not best.exists():
        state = read_run_file(run)["state"]
        trained = next((each.path for each in list_runs(root) if (each.path / BEST).exists()), None)
        if state != "finished":
            fix = f"Type `ravine resume {run}` to finish it."
        elif trained is not None:
            fix = f"The newest run with a model is '{trained}'."
        else:
            fix = "Train one with `ravine train`."
        raise DataError(f"The run '{run}' has no model.", f"Its state is: {state}.", fix)
    return best
