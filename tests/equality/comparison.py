"""Comparison of two recordings of one command: values that differ, except times, ids, paths and versions.

A recording is a nested document (dictionaries, lists, texts, numbers, arrays). It is flattened to one value
for each path, such as `stdout/leaderboard/0/tier`. Files of arrays are paired by their content where their
names, which are ids, differ.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TypeAlias

import numpy as np

__all__ = ["Difference", "Renamed", "compare_recordings", "flatten", "load_renamed"]

EXCEPTED = (
    # times
    "**/seconds",
    "**/*_seconds",
    "**/seconds_*",
    "**/created",
    "stdout/cost",
    "files/*.json/cost",
    # ids, and folders and files on this machine
    "**/id",
    "**/pid",
    "**/host",
    "**/bytes",
    "**/run_dir",
    "**/pictures",
    "**/observation",
    "stdout/model",
    "stdout/config",
    "stdout/files",
    "stdout/runs/*/path",
    "files/*.json/model",
    "files/*.json/config",
    "files/*.json/files",
    "files/*.toml/source",
    # versions
    "**/schema_version",
    "**/versions",
)
"""Values that may differ from one recording to the next."""

KEPT = ("stdout/claims/*/id",)
"""Values that are compared although EXCEPTED covers them."""

EXACT = ("**/plan", "**/plans", "**/seed", "**/seeds", "files/plan.json")
"""Numbers that are compared bit by bit in every mode."""

RELATIVE = 1e-6
ABSOLUTE = 1e-12  # the rounding of a difference of two numbers near one

Value: TypeAlias = bool | int | float | str | np.ndarray | None
Document: TypeAlias = Mapping[str, object]


@dataclass(frozen=True)
class Renamed:
    """Names that changed between the two versions; each table as in `renamed.toml`."""

    flags: Mapping[str, str] = field(default_factory=dict)
    paths: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    values_at: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    removed: Mapping[str, str] = field(default_factory=dict)
    added: Mapping[str, str] = field(default_factory=dict)
    tolerances: Mapping[str, float] = field(default_factory=dict)
    absolute: Mapping[str, float] = field(default_factory=dict)
    changed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Difference:
    """One path whose values differ, and both values as text."""

    path: str
    old: str
    new: str


def load_renamed(path: Path) -> Renamed:
    """Read a file of renamed names. Raises TypeError for a table that does not exist."""
    return Renamed(**tomllib.loads(path.read_text("utf-8")))


def compare_recordings(
    case: str, old: Document, new: Document, renamed: Renamed | None = None, exact: bool = False
) -> tuple[list[Difference], int]:
    """Return the differences between two recordings of a case, and how many values were compared.

    exact: whether numbers must agree bit by bit; otherwise to 1e-6 of the larger one.
    """
    names = Renamed() if renamed is None else renamed
    old_arrays, new_arrays = _arrays(case, old, names, True), _arrays(case, new, names, False)
    before = _prepare(case, flatten({key: old[key] for key in old if key != "arrays"}), names, True)
    after = _prepare(case, flatten({key: new[key] for key in new if key != "arrays"}), names, False)
    differences = _compare(case, before, after, names, exact)
    count = len(before.keys() | after.keys())
    for left, right in _pair(case, old_arrays, new_arrays, names, exact):
        differences += _compare(case, left, right, names, exact)
        count += len(left.keys() | right.keys())
    return differences, count


def flatten(document: object, path: str = "") -> dict[str, Value]:
    """Return one value for each path. An empty dictionary or list counts as a value."""
    if isinstance(document, Mapping) and document:
        items: Iterable[tuple[object, object]] = document.items()
    elif isinstance(document, list) and document:
        items = enumerate(document)
    else:
        empty = "{}" if isinstance(document, Mapping) else "[]" if isinstance(document, list) else None
        assert empty or document is None or isinstance(document, bool | int | float | str | np.ndarray), path
        return {path: empty or document}  # type: ignore[dict-item]
    flat: dict[str, Value] = {}
    for key, value in items:
        flat |= flatten(value, f"{path}/{key}" if path else str(key))
    return flat


# ------------------------------------------------------------------------------------------------ names


def _prepare(case: str, flat: dict[str, Value], names: Renamed, is_old: bool) -> dict[str, Value]:
    """Return the values to compare, under their new paths."""
    prepared: dict[str, Value] = {}
    for path, value in flat.items():
        if _is_excepted(path) or (is_old and _find(case, path, names.removed) is not None):
            continue
        if _find(case, path, names.changed) is not None:
            value = None  # that the value is there is still compared
        if is_old:
            path = _new_path(case, path, names.paths)
            value = _new_text(case, value, names.values) if isinstance(value, str) else value
            value = _new_text_at(value, names.values_at.get(_find(case, path, names.values_at) or "", {}))
            if _is_excepted(path):
                continue
        prepared[path] = value
    return prepared


def _is_excepted(path: str) -> bool:
    return any(_matches(pattern, path) for pattern in EXCEPTED) and not any(
        _matches(pattern, path) for pattern in KEPT
    )


def _find(case: str, path: str, patterns: Iterable[str]) -> str | None:
    """Return the first of the patterns that covers the path in this case."""
    for pattern in patterns:
        cases, _, inner = pattern.rpartition(":")
        if (not cases or re.fullmatch(_regex(cases), case)) and _matches(inner, path):
            return pattern
    return None


def _new_path(case: str, path: str, paths: Mapping[str, str]) -> str:
    """Return the path that an old path has now; the text that wildcards stand for is kept."""
    for pattern, new in paths.items():
        if _find(case, path, (pattern,)) is None:
            continue
        match = re.match(_regex(pattern.rpartition(":")[2]), path)
        assert match is not None
        pieces = iter(match.groups())
        path = re.sub(r"\*\*/|\*", lambda _, pieces=pieces: next(pieces), new) + path[match.end() :]
    return path


def _new_text(case: str, text: str, values: Mapping[str, str]) -> str:
    """Return the text that an old text is now, in this case."""
    for pattern, new in values.items():
        cases, _, inner = pattern.partition(":")
        if pattern == text or (inner == text and re.fullmatch(_regex(cases), case)):
            return new
    return text


def _new_text_at(value: Value, texts: Mapping[str, str]) -> Value:
    """Return a text, or an array of texts, with the new text in place of each old one."""
    if isinstance(value, str):
        return texts.get(value, value)
    if isinstance(value, np.ndarray) and value.dtype.kind == "U" and texts:
        return np.array([texts.get(text, text) for text in value.ravel().tolist()], str).reshape(value.shape)
    return value


def _matches(pattern: str, path: str) -> bool:
    """Return whether a pattern covers a path: all of it, or one of the folders that it lies in."""
    return re.match(f"(?:{_regex(pattern)})(?:/|$)", path) is not None


@cache
def _regex(pattern: str) -> str:
    parts = re.split(r"(\*\*/|\*)", pattern)
    wildcards = {"**/": "((?:[^/]+/)*?)", "*": "([^/]*)"}
    return "".join(wildcards.get(part) or re.escape(part) for part in parts)


# ----------------------------------------------------------------------------------------------- arrays


def _arrays(case: str, recording: Document, names: Renamed, is_old: bool) -> dict[str, dict[str, Value]]:
    """Return the arrays of each file, under paths that begin with the file's name."""
    files = recording.get("arrays", {})
    assert isinstance(files, Mapping)
    prepared = {
        name: _prepare(case, flatten(content, f"arrays/{name}"), names, is_old)
        for name, content in files.items()
    }
    return {name: flat for name, flat in prepared.items() if flat}


def _pair(
    case: str,
    old: dict[str, dict[str, Value]],
    new: dict[str, dict[str, Value]],
    names: Renamed,
    exact: bool,
) -> list[tuple[dict[str, Value], dict[str, Value]]]:
    """Return files of arrays in pairs: those of one name, then those that differ least; {} for no partner."""
    pairs = [(old[name], new[name]) for name in old if name in new]
    left = {name: _without_file(old[name]) for name in old if name not in new}
    right = {name: _without_file(new[name]) for name in new if name not in old}
    ranking = sorted(
        (len(_compare(case, before, after, names, exact)), a, b)
        for a, before in left.items()
        for b, after in right.items()
    )
    for _, a, b in ranking:
        if a in left and b in right:
            pairs.append((_under(left.pop(a), b), _under(right.pop(b), b)))
    return (
        pairs
        + [(_under(flat, name), {}) for name, flat in left.items()]
        + [({}, _under(flat, name)) for name, flat in right.items()]
    )


def _without_file(flat: dict[str, Value]) -> dict[str, Value]:
    return {path.split("/", 2)[2]: value for path, value in flat.items()}


def _under(flat: dict[str, Value], name: str) -> dict[str, Value]:
    return {f"arrays/{name}/{path}": value for path, value in flat.items()}


# ----------------------------------------------------------------------------------------------- values


def _compare(
    case: str, old: dict[str, Value], new: dict[str, Value], names: Renamed, exact: bool
) -> list[Difference]:
    differences = []
    added = [path for path in new if path not in old and _find(case, path, names.added) is None]
    for path in [*old, *added]:
        if path not in old or path not in new:
            differences.append(Difference(path, _text(old, path), _text(new, path)))
            continue
        pattern = _find(case, path, names.tolerances)
        is_exact = pattern is None and (exact or any(_matches(rule, path) for rule in EXACT))
        tolerance = 0.0 if is_exact else RELATIVE if pattern is None else names.tolerances[pattern]
        small = names.absolute.get(_find(case, path, names.absolute) or "", ABSOLUTE)
        if not _equal(old[path], new[path], tolerance, small):
            differences.append(Difference(path, *_both(old[path], new[path], tolerance, small)))
    return differences


def _equal(old: Value, new: Value, tolerance: float, small: float) -> bool:
    if isinstance(old, np.ndarray) and isinstance(new, np.ndarray):
        return (
            old.shape == new.shape and _same_type(old, new) and bool(_close(old, new, tolerance, small).all())
        )
    if isinstance(old, np.ndarray) or isinstance(new, np.ndarray):
        return False
    if type(old) is float or type(new) is float:
        numbers = all(type(value) in (int, float) for value in (old, new))
        if not numbers or (tolerance == 0 and type(old) is not type(new)):
            return False
        return bool(_close(np.float64(old), np.float64(new), tolerance, small))  # type: ignore[arg-type]
    return type(old) is type(new) and old == new


def _same_type(old: np.ndarray, new: np.ndarray) -> bool:
    return old.dtype == new.dtype or (old.dtype.kind == new.dtype.kind == "U")


def _close(old: np.ndarray, new: np.ndarray, tolerance: float, small: float) -> np.ndarray:
    """Return for each number whether both agree; NaN agrees with NaN."""
    same = (old == new) | ((old != old) & (new != new))
    if tolerance == 0 or old.dtype.kind not in "fc":
        return np.asarray(same, bool)
    with np.errstate(invalid="ignore", over="ignore"):
        gap, larger = np.abs(old - new), np.maximum(np.abs(old), np.abs(new))
        return np.asarray(same | ((gap <= tolerance * larger + small) & np.isfinite(larger)), bool)


def _both(old: Value, new: Value, tolerance: float, small: float) -> tuple[str, str]:
    """Return both values as text; of two arrays the first pair of numbers that differs."""
    if not (isinstance(old, np.ndarray) and isinstance(new, np.ndarray)):
        return _short(old), _short(new)
    if old.shape != new.shape or not _same_type(old, new):
        return _short(old), _short(new)
    differs = ~_close(old, new, tolerance, small)
    place = tuple(int(index) for index in np.argwhere(differs)[0])
    share = f"{int(differs.sum())} of {differs.size} differ, at {list(place)}: "
    return share + str(old[place]), str(new[place])


def _text(flat: dict[str, Value], path: str) -> str:
    return _short(flat[path]) if path in flat else "(missing)"


def _short(value: Value) -> str:
    if isinstance(value, np.ndarray):
        return f"array {list(value.shape)} {value.dtype}"
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    text = repr(value)
    return text if len(text) <= 70 else text[:67] + "..."
