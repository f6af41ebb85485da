"""The target: which column it is, whether it is classes or numbers, and what its values become.

Rule for the task: words, booleans and two distinct values are classes; numbers with fractions are numbers;
whole numbers are classes where there are at most 20 of them with five rows each on average, else numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

from ravine.errors import DataError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "TASKS",
    "choose_column",
    "choose_target",
    "choose_task",
    "class_labels",
    "label_index",
    "target_numbers",
]

TASKS = ("auto", "classify", "regress")
USUAL = (
    "target",
    "label",
    "labels",
    "class",
    "y",
    "output",
    "response",
    "outcome",
    "quality",
    "species",
    "diagnosis",
)
EMPTY = {"", "?", "na", "n/a", "#n/a", "nan", "null", "<na>"}
MOST_CLASSES, ROWS_EACH = 20, 5


def choose_column(frame: pd.DataFrame, given: object, what: str = "target", option: str = "--target") -> str:
    """Return the name of the column that a name or an index (also as text, also negative) means.

    Raises DataError.
    """
    names = [str(each) for each in frame.columns]
    if isinstance(given, str) and given in names:
        return given
    if isinstance(given, str) and given.strip() in names:
        return given.strip()
    if (isinstance(given, (int, np.integer)) and not isinstance(given, bool)) or _is_int(given):
        index = int(given)
        if -len(names) <= index < len(names):
            return names[index]
        raise DataError(
            f"There is no column {index}.",
            f"The {len(names)} columns count from 0 to {len(names) - 1}, or from -{len(names)} to -1.",
            f"Type {option} with one of these, for example {option} {-1} for the last.",
            option=what.lstrip("-"),
            value=given,
            allowed=f"an index from {-len(names)} to {len(names) - 1}",
        )
    raise DataError(
        f"There is no {what} column '{given}'.",
        f"The table has {len(names)} columns.",
        did_you_mean(str(given), names),
        option=what.lstrip("-"),
        value=given,
        allowed=tuple(names),
    )


def _is_int(given: object) -> TypeGuard[str]:
    return isinstance(given, str) and given.strip().lstrip("+-").isdigit()


def choose_target(frame: pd.DataFrame, given: object, known: str | None, notes: list[str]) -> str:
    """Return the target's name: as given, else as the format knows it, else a usual name. Else DataError."""
    if given is not None:
        return choose_column(frame, given)
    if known is not None:
        return known
    names = [str(each) for each in frame.columns]
    lower = {name.lower(): name for name in reversed(names)}
    for usual in USUAL:
        if usual in lower:
            notes.append(f"target '{lower[usual]}', by its name")
            return lower[usual]
    shown = ", ".join(names[:30]) + (f" and {len(names) - 30} more" if len(names) > 30 else "")
    raise DataError(
        "Which column is the target?",
        f"None has a usual name; there are: {shown}.",
        f"Name it, for example --target '{names[-1]}', or --target -1 for the last.",
    )


def missing_target(column: pd.Series) -> np.ndarray:
    """Return where the target is missing, bool `[N]`."""
    import pandas as pd

    gaps = column.isna().to_numpy(bool)
    if not pd.api.types.is_numeric_dtype(column.dtype):
        gaps = gaps | column.astype(str).str.strip().str.lower().isin(EMPTY).to_numpy(bool)
    return gaps


def choose_task(column: pd.Series, task: str, notes: list[str]) -> str:
    """Return `classify` or `regress` for a target without gaps."""
    if task not in TASKS:
        raise DataError(
            f"There is no task '{task}'.", f"Tasks are {', '.join(TASKS)}.", did_you_mean(task, TASKS),
            option="task", value=task, allowed=TASKS,
        )  # fmt: skip
    if column.dtype.kind == "c":
        raise DataError(
            f"The target '{column.name}' is complex.", "A network fits real numbers.", "Split it."
        )
    numbers = _numeric(column)
    if task == "regress" and numbers is None:
        first = str(column.iloc[0])[:40]
        raise DataError(
            f"The target '{column.name}' cannot be fitted as numbers.",
            f"It holds words such as '{first}'.",
            "Type --task classify, or name a numeric column with --target.",
            option="task",
            value=task,
            allowed=("auto", "classify"),
        )
    if task != "auto":
        return task
    if numbers is None or column.dtype == bool:
        return "classify"
    distinct = np.unique(numbers)
    if len(distinct) <= 2:
        return "classify"
    whole = bool(np.all(distinct == np.floor(distinct)))
    if whole and len(distinct) <= MOST_CLASSES and len(numbers) >= ROWS_EACH * len(distinct):
        notes.append(
            f"target '{column.name}': {len(distinct)} distinct whole numbers, taken as classes "
            "(--task regress fits numbers)"
        )
        return "classify"
    return "regress"


def _numeric(column: pd.Series) -> np.ndarray | None:
    import pandas as pd

    if pd.api.types.is_numeric_dtype(column.dtype) or column.dtype == bool:
        return column.to_numpy(np.float64)
    numbers = pd.to_numeric(column.astype(str).str.strip(), errors="coerce").to_numpy(np.float64)
    return None if np.isnan(numbers).any() else numbers


LARGEST = 1e100  # squares of larger values, and their sums, leave float64


def target_numbers(column: pd.Series) -> np.ndarray:
    """Return a regression target as float64 `[N]`. Raises DataError for infinite or all equal values."""
    numbers = _numeric(column)
    if numbers is None:
        raise DataError(
            f"The target '{column.name}' holds words in the test rows.",
            "It was learned as numbers.",
            "Mend it.",
        )
    far = np.abs(numbers) > LARGEST
    if far.any():
        row = int(np.argmax(far))
        what = "infinite" if np.isinf(numbers[row]) else f"{numbers[row]:.3g}"
        raise DataError(
            f"The target '{column.name}' is {what} in row {row + 1:,}.",
            f"Only values up to {LARGEST:g} can be fitted.",
            "Mend the value.",
        )
    return numbers


def plain_labels(column: pd.Series) -> np.ndarray:
    """Return labels as Python values `[N]`: whole numbers as int, words stripped."""
    import pandas as pd

    if column.dtype == bool:
        return column.to_numpy(object)
    if pd.api.types.is_numeric_dtype(column.dtype):
        numbers = column.to_numpy(np.float64)
        if pd.api.types.is_integer_dtype(column.dtype):
            return np.array([int(each) for each in column], object)
        if np.isinf(numbers).any():
            target_numbers(column)
        if np.all(numbers == np.floor(numbers)):
            return np.array([int(each) for each in numbers], object)
        return np.array([float(each) for each in numbers], object)
    values = column.to_numpy(object)
    if all(isinstance(each, bool) for each in values):
        return values
    return np.array([str(each).strip() for each in values], object)


def class_labels(labels: np.ndarray, name: str, least: int) -> list[Any]:
    """Return the sorted classes. Raises DataError for one class, or classes with fewer than `least` rows."""
    classes, counts = np.unique(labels, return_counts=True)
    if len(classes) < 2:
        raise DataError(
            f"The target '{name}' has one class.",
            f"All {len(labels):,} rows are '{classes[0]}'." if len(classes) else "No row has a value.",
            "Name another target with --target.",
        )
    few = [(c, n) for c, n in zip(classes, counts, strict=True) if n < least]
    if few and len(classes) > max(MOST_CLASSES, len(labels) // ROWS_EACH):
        raise DataError(
            f"The target '{name}' has {len(classes):,} classes in {len(labels):,} rows.",
            f"Each class needs at least {least} rows to be in training, validation and test.",
            "Name another target with --target, or type --task regress if it is a number.",
        )
    if few:
        shown = ", ".join(f"'{c}' ({n})" for c, n in few[:5]) + (" …" if len(few) > 5 else "")
        which = "a class" if len(few) == 1 else f"{len(few)} classes"
        raise DataError(
            f"The target '{name}' has {which} with too few rows: {shown}.",
            f"Each class needs at least {least} rows to be in training, validation and test.",
            "Merge or remove the rare classes, or type --task regress if the target is a number.",
        )
    return list(classes)


def label_index(labels: np.ndarray, classes: list[Any], notes: list[str], what: str = "test") -> np.ndarray:
    """Return class indices int32 `[N]`, allowing for another spelling (`>50K.` for `>50K`), noted."""
    exact = {each: i for i, each in enumerate(classes)}
    loose: dict[str, int] = {}
    for i, each in enumerate(classes):
        loose[_loose(each)] = i if _loose(each) not in loose else -1
    found: dict[Any, int] = {}
    respelled, unknown = [], []
    for label in dict.fromkeys(labels.tolist()):
        index = exact.get(label, loose.get(_loose(label), -1))
        if index < 0:
            unknown.append(label)
        elif label not in exact:
            respelled.append(f"'{label}' for '{classes[index]}'")
        found[label] = index
    if unknown:
        raise DataError(
            f"The {what} rows have the label '{unknown[0]}'.",
            f"The classes are {', '.join(repr(c) for c in classes[:12])}.",
            f"Remove or respell these rows of the {what} file.",
        )
    if respelled:
        notes.append(f"{what} labels spelled otherwise, taken as the same: {', '.join(respelled[:6])}")
    return np.array([found[label] for label in labels.tolist()], np.int32)


def _loose(label: object) -> str:
    word = str(label).strip().strip("'\"").rstrip(".").strip().casefold()
    try:
        return f"{float(word):.12g}"
    except ValueError:
        return {"true": "1", "false": "0"}.get(word, word)
