"""The two files of a saved model: `model.safetensors` with its arrays, `model.json` with their description.

Neither is a pickle. The JSON contains the sha256 of the arrays and a digest of itself, so a changed byte is
noticed, and files of two models cannot be mixed. If the process is killed between the two writes, the files
do not match, and reading raises an error. A resumed run writes both again. In a run directory, both files
must also be those that the manifest of the run lists.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from msgspec import Meta

from ravine.errors import DataError, UsageError
from ravine.records.atomic_files import JSON_BYTES, json_text, write_atomic
from ravine.records.documents import check_document
from ravine.records.manifest import read_covered
from ravine.records.open_file import exists, is_file, is_folder
from ravine.records.os_errors import DamagedFile, os_errors_as_data_errors
from ravine.records.run_file import RUN_FILE
from ravine.records.run_index import find_best_model
from ravine.records.strict_json import parse_json

__all__ = ["digest_of", "find_model_file", "load_model", "model_files", "save_model"]

SCHEMA_VERSION = 2  # since version 2, the description has a digest
MODEL_FILE, WEIGHTS_FILE = "model.json", "model.safetensors"
DIGEST = "model_sha256"  # entry of model.json
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
KINDS = "float16, float32, float64, integers and booleans"


@dataclass(frozen=True, kw_only=True)
class _ModelFile:
    """The content of the file `model.json`.

    schema_version: version of the fields. ravine: version of Ravine that wrote the file. description: all of
    the model except its arrays. sha256: SHA-256 of the file of the arrays. model_sha256: SHA-256 of the other
    fields; None in version 1.
    """

    schema_version: int = SCHEMA_VERSION
    ravine: str
    description: dict[str, Any]
    sha256: Sha256
    model_sha256: Sha256 | None = None


def save_model(
    directory: str | os.PathLike[str], arrays: Mapping[str, np.ndarray], description: Mapping[str, object]
) -> Path:
    """Write `model.safetensors` and `model.json` of a model into a folder; return the path of the latter.

    The folder is created if needed. arrays, description: as in `model_files`. Raises DataError if a file
    cannot be written, and UsageError as `model_files`.
    """
    folder = Path(directory)
    files = model_files(arrays, description)
    with os_errors_as_data_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    for name, blob in files.items():
        write_atomic(folder / name, blob)
    return folder / MODEL_FILE


def model_files(arrays: Mapping[str, np.ndarray], description: Mapping[str, object]) -> dict[str, bytes]:
    """Return the bytes of the files of a model by name, in the order in which they are written.

    description: plain values for JSON. Its numbers must be finite, because a prediction may depend on them
    and JSON would turn them into null; `arrays` may hold NaN and infinities. Equal models give equal bytes.
    Raises UsageError for a value or type that cannot be stored.
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
    weights = save(plain)
    document = {
        "schema_version": SCHEMA_VERSION,
        "ravine": __version__,
        "description": dict(description),
        "sha256": hashlib.sha256(weights).hexdigest(),
    }
    text = json_text(document | {DIGEST: digest_of(document)}, nonfinite="raise") + "\n"
    return {WEIGHTS_FILE: weights, MODEL_FILE: text.encode()}


def digest_of(document: Mapping[str, object]) -> str:
    """Return the sha256 of the content of a model.json, its own digest left out."""
    content = {key: value for key, value in document.items() if key != DIGEST}
    return hashlib.sha256(json_text(content, indent=None, nonfinite="raise").encode()).hexdigest()


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

    Raises DataError if the model is missing, NewerFile if a newer version of Ravine wrote it, and DamagedFile
    if a file is damaged, or if the two files belong to different models.
    """
    model_json = find_model_file(path, root)
    plain = parse_json(read_covered(model_json, JSON_BYTES), f"'{model_json}'")
    document = check_document(plain, _ModelFile, f"'{model_json}'")
    if (document.schema_version > 1 or document.model_sha256) and document.model_sha256 != digest_of(plain):
        raise DamagedFile(
            f"'{model_json}' was changed after it was written.",
            "It contains a digest of itself, which it does not fit.",
            "Restore it from a copy, or train again.",
        )
    numbers = model_json.with_suffix(".safetensors")
    weights = read_covered(numbers)
    if hashlib.sha256(weights).hexdigest() != document.sha256:
        raise DamagedFile(
            f"'{numbers}' does not belong to '{model_json}'.",
            "The checksums differ, so the file is damaged or of another model.",
            "Copy both files again, or train again.",
        )
    return _numbers(weights, numbers), document.description


def _numbers(blob: bytes, path: Path) -> dict[str, np.ndarray]:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return dict(load(blob))
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        raise DamagedFile(f"'{path}' cannot be read.", f"{error}.", "Train it again.") from error


def find_model_file(path: str | os.PathLike[str], root: str | os.PathLike[str] = "runs") -> Path:
    """Return the path of the file `model.json` of a model. path, root: as for `load_model`.

    Raises DataError if there is no such model.
    """
    place = Path(path)
    if is_file(place) and place.name != RUN_FILE:
        if place.suffix not in (".json", ".safetensors"):
            raise DataError(
                f"'{place}' is not a model.",
                "A model is a folder with model.json and model.safetensors.",
                "Name its folder.",
            )
        return place.with_suffix(".json")
    if is_folder(place) and not exists(place / RUN_FILE):
        if not exists(place / MODEL_FILE):
            raise DataError(
                f"There is no model in '{place}'.", "It has no model.json.", "Type `ravine runs`."
            )
        return place / MODEL_FILE
    return find_best_model(path, root)
