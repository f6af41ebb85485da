"""Recording of commands: each runs in its own process; its document, status and files are kept.

A folder of recordings holds `NAME.json` and `NAME.npz` for each case, and `work/`, in which the commands ran.
A recording is written once its command has ended, so that recording goes on where it was broken off.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import time
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from cases import CASES, STATUS, STUDIES

__all__ = ["RecordingError", "load", "record", "recorded_names"]

FILES = (
    "plan.json",
    "leaderboard.json",
    "result.json",
    "leaderboard.csv",
    "best.toml",
    "recommended.toml",
)
NOT_RESULTS = ("state", "models")  # folders of a run directory whose arrays are not compared
HEADER = "record"  # the array of a cohort's file that is a JSON text in bytes
DATA = Path(__file__).resolve().parents[1] / "fixtures" / "version1"
TIMEOUT_S = 300


class RecordingError(Exception):
    """The folder cannot take these recordings, or holds none."""


def record(python: Path, source: Path, out: Path, flags: Mapping[str, str], names: list[str]) -> int:
    """Record the cases of these names that have no recording yet. Returns how many ended unexpectedly."""
    source, out = source.resolve(), out.resolve()
    work = out / "work"
    work.mkdir(parents=True, exist_ok=True)
    _check_source(source, out)
    for name in ("table.csv", "new.csv"):
        shutil.copyfile(DATA / name, work / name)
    environment = _environment(source, out)
    failed = 0
    for name in names:
        words = [flags.get(word, word) for word in _words(name)]
        if _is_recorded(out, name, words):
            continue
        folder = work / words[words.index("-o") + 1] if "-o" in words else None
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        start = time.monotonic()
        done = subprocess.run(
            [str(python), "-m", "ravine", *words, "--json"],
            cwd=work,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
        )
        print(f"{time.monotonic() - start:5.1f} s  {name}", flush=True)
        if done.returncode != STATUS.get(name, 0):
            failed += 1
            print(f"         status {done.returncode}: {done.stderr.strip()[-400:]}", flush=True)
        _save(out, name, CASES[name], words, done, folder)
    return failed


def recorded_names(out: Path) -> list[str]:
    """Return the names of the recordings in a folder. Raises RecordingError if there is none."""
    names = [path.stem for path in out.glob("*.json") if path.stem in CASES]
    if not names:
        raise RecordingError(f"There are no recordings in '{out}'. Make them with `compare_json.py record`.")
    return names


def load(out: Path, name: str) -> dict[str, object]:
    """Return a recording: command, status, stdout, files, and the arrays of each file."""
    document = json.loads((out / f"{name}.json").read_text("utf-8"))
    arrays: dict[str, dict[str, object]] = {}
    with np.load(out / f"{name}.npz") as file:
        for key in file.files:
            source, _, inner = key.partition("/")
            is_header = inner == HEADER and file[key].dtype == np.uint8
            arrays.setdefault(source, {})[inner] = json.loads(bytes(file[key])) if is_header else file[key]
    return {
        "command": document["command"],
        "status": document["status"],
        "stdout": document["stdout"],
        "files": document["files"],
        "arrays": arrays,
    }


def _words(name: str) -> list[str]:
    """Return the words of a case's command, with the folder of its run."""
    words = shlex.split(CASES[name])
    makes_run = words[0] in STUDIES and "--dry-run" not in words and "-o" not in words
    return words + ["-o", f"runs/{name}"] * makes_run


def _check_source(source: Path, out: Path) -> None:
    """Write down which code is recorded. Raises RecordingError if the folder holds those of other code."""
    if not (source / "ravine" / "__main__.py").is_file():
        raise RecordingError(f"'{source}' is not the folder that holds the package ravine.")
    digest = hashlib.sha256()
    for path in sorted((source / "ravine").rglob("*.py")):
        digest.update(path.relative_to(source).as_posix().encode() + b"\0" + path.read_bytes())
    about = out / "source.txt"
    text = digest.hexdigest() + "\n"
    if about.exists() and about.read_text("utf-8") != text:
        raise RecordingError(f"'{out}' holds recordings of other code. Name a new folder with --out.")
    about.write_text(text, "utf-8")


def _environment(source: Path, out: Path) -> dict[str, str]:
    """Return the environment of the commands: no settings of this one, its own cache, the CPU."""
    kept = {
        key: value for key, value in os.environ.items() if not key.startswith(("RAVINE_", "PYTHON", "JAX_"))
    }
    return kept | {
        "PYTHONPATH": str(source),
        "PYTHONDONTWRITEBYTECODE": "1",
        "RAVINE_CACHE": str(out / "cache"),
        "JAX_PLATFORMS": "cpu",
        "COLUMNS": "100",
    }


def _is_recorded(out: Path, name: str, words: list[str]) -> bool:
    path = out / f"{name}.json"
    if not path.exists():
        return False
    document = json.loads(path.read_text("utf-8"))
    return [document["words"], document["status"]] == [words, STATUS.get(name, 0)]


def _save(
    out: Path,
    name: str,
    command: str,
    words: list[str],
    done: subprocess.CompletedProcess[str],
    folder: Path | None,
) -> None:
    """Write one recording: first the arrays, last the document that says it is whole."""
    arrays = {} if folder is None else _read_arrays(folder)
    np.savez_compressed(out / f"{name}.npz", **arrays)  # type: ignore[arg-type]
    document = {
        "command": command,
        "words": words,
        "status": done.returncode,
        "stdout": _document(done.stdout),
        "stderr": done.stderr,
        "files": {} if folder is None else _read_files(folder),
    }
    temporary = out / f"{name}.json.part"
    temporary.write_text(json.dumps(document, indent=1), "utf-8")
    temporary.replace(out / f"{name}.json")


def _document(text: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _read_files(folder: Path) -> dict[str, object]:
    readers: dict[str, Callable[[str], object]] = {
        ".json": json.loads,
        ".toml": tomllib.loads,
        ".csv": _rows,
    }
    return {
        name: readers[Path(name).suffix]((folder / name).read_text("utf-8"))
        for name in FILES
        if (folder / name).is_file()
    }


def _rows(text: str) -> list[dict[str, object]]:
    return [{key: _cell(value) for key, value in row.items()} for row in csv.DictReader(text.splitlines())]


def _cell(text: str) -> int | float | str:
    if re.fullmatch(r"[+-]?\d+", text):
        return int(text)
    try:
        return float(text)
    except ValueError:
        return text


def _read_arrays(folder: Path) -> dict[str, np.ndarray]:
    """Return the arrays below a folder as `FILE/ARRAY`, where FILE has ':' in place of '/'."""
    arrays: dict[str, np.ndarray] = {}
    for path in sorted(folder.rglob("*.npz")):
        place = path.relative_to(folder)
        if place.parts[0] in NOT_RESULTS:
            continue
        with np.load(path) as file:
            arrays |= {f"{':'.join(place.with_suffix('').parts)}/{key}": file[key] for key in file.files}
    return arrays
