"""Target column: its choice, its task (classification or regression), and the conversion of its values.

The values decide on the task. Words, booleans and at most two distinct values are classes. Fractions are
a regression. Integers are classes if there are at most 20 distinct ones with at least five rows each on
average, and a regression otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ravine.data.choose_column import choose_column
from ravine.data.missing_codes import as_float, missing_codes
from ravine.errors import DataError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "TASKS",
    "choose_target",
    "choose_task",
    "class_labels",
    "date_words",
    "label_index",
    "missing_by_code",
    "missing_target",
    "plain_labels",
    "target_codes",
    "target_numbers",
]

TASKS = ("auto", "classify", "regress")
"""Tasks; "auto" decides by the values of the target."""
TARGET_NAMES = (
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
MISSING_TARGETS = {"", "?", "na", "n/a", "#n/a", "nan", "null", "<na>"}
MAX_CLASSES = 20  # most distinct integers that count as classes
MIN_ROWS_PER_CLASS = 5  # fewest rows per distinct integer, on average


def choose_target(frame: pd.DataFrame, choice: object, format_target: str | None, notes: list[str]) -> str:
    """Return the name of the target column: the user's choice, else that of the file format, else a guess.

    choice         name or index of the column from the user, or None
    format_target  name that the file format states, or None
    notes          list to which the note on a guess is added

    The guess is a column with a usual name, such as "target" or "class". Raises DataError if the chosen
    column does not exist, and if no column has a usual name.
    """
    if choice is not None:
        return choose_column(frame, choice)
    if format_target is not None:
        return format_target
    names = [str(column) for column in frame.columns]
    lower = {name.lower(): name for name in reversed(names)}
    for usual in TARGET_NAMES:
        if usual in lower:
            notes.append(f"target '{lower[usual]}', by its name")
            return lower[usual]
    shown = ", ".join(names[:30]) + (f" and {len(names) - 30} more" if len(names) > 30 else "")
    raise DataError(
        "Which column is the target?",
        f"No column has a usual name for a target. The columns are: {shown}.",
        f"Type for example --target '{names[-1]}', or --target -1 for the last.",
    )


def missing_target(column: pd.Series) -> np.ndarray:
    """Return a mask [N] that is True where the target is empty, NaN or a word such as `NA`."""
    import pandas as pd

    gaps = column.isna().to_numpy(bool)
    if not pd.api.types.is_numeric_dtype(column.dtype):
        gaps = gaps | _words(column).str.lower().isin(MISSING_TARGETS).to_numpy(bool)
    return gaps


def missing_by_code(column: pd.Series, codes: Sequence[float | str]) -> np.ndarray:
    """Return a mask [N], True where the target is one of the numbers or words `codes` for "missing"."""
    import pandas as pd

    numbers = [number for code in codes if (number := as_float(code)) is not None]
    if not codes:
        return np.zeros(len(column), bool)
    if pd.api.types.is_numeric_dtype(column.dtype):
        return np.isin(column.to_numpy(np.float64, na_value=np.nan), numbers)
    text = _words(column)
    # a word that is no Unicode text, such as a byte of another encoding, is in no column
    words = {word for code in codes if _is_unicode(word := str(code).strip().lower())}
    by_number = pd.to_numeric(text, errors="coerce").isin(numbers).to_numpy(bool)
    return by_number | text.str.lower().isin(words).to_numpy(bool)


def _is_unicode(word: str) -> bool:
    return word.encode("utf-8", "ignore").decode() == word


def target_codes(column: pd.Series, frame: pd.DataFrame) -> tuple[float, ...]:
    """Return the numbers that stand for "missing" in a target column, such as -999.

    The result is () if the target holds words or no negative number. A code for "missing" in a feature of
    numbers is also a code in the target, if it is the lowest value there. column: target without empty
    values. frame: features [N, columns].
    """
    numbers = _numeric(column)
    if numbers is None or not len(numbers) or numbers.min() >= 0:
        return ()
    known: set[float] = set()
    for _, values in frame.items():
        if isinstance(values.dtype, np.dtype) and values.dtype.kind in "if" and len(values):
            known.update(missing_codes(values.to_numpy(np.float64)))
    return tuple(missing_codes(numbers, known))


def choose_task(column: pd.Series, task: str, notes: list[str]) -> str:
    """Return the task, "classify" or "regress", for a target column without missing values.

    task    choice of the user; "auto" decides by the values
    notes   list to which the note on a guess is added

    Raises DataError for an unknown task, and if the values do not fit the task.
    """
    if task not in TASKS:
        raise DataError(
            f"There is no task '{task}'.",
            f"Allowed are {', '.join(TASKS)}.",
            did_you_mean(task, TASKS),
            option="task",
            value=task,
            allowed=TASKS,
        )
    numbers = _numeric(column)
    if task == "regress" and numbers is None:
        word = str(column[np.isnan(_parsed(column))].iloc[0])[:40]
        raise DataError(
            f"The target '{column.name}' cannot be used for regression: it holds '{word}'.",
            "Regression needs a target of numbers.",
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
    if whole and len(distinct) <= MAX_CLASSES and len(numbers) >= MIN_ROWS_PER_CLASS * len(distinct):
        notes.append(
            f"target '{column.name}': {len(distinct)} distinct whole numbers, taken as classes "
            "(--task regress fits numbers)"
        )
        return "classify"
    return "regress"


def _numeric(column: pd.Series) -> np.ndarray | None:
    """Return a column as float64 [N], or None if it holds words."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(column.dtype) or column.dtype == bool:
        return column.to_numpy(np.float64)
    numbers = _parsed(column)
    return None if np.isnan(numbers).any() else numbers


def _parsed(column: pd.Series) -> np.ndarray:
    """Return the values of a column read as numbers, float64 [N]; NaN for a word."""
    import pandas as pd

    return pd.to_numeric(_words(column), errors="coerce").to_numpy(np.float64)


def _words(column: pd.Series) -> pd.Series:
    """Return the values of a column as words without blanks around them, [N]; "" for a missing date."""
    import pandas as pd

    if column.dtype.kind == "M":  # pandas cannot write every date that it can hold
        return pd.Series(date_words(column.to_numpy()), column.index)
    return column.astype(str).str.strip()


MAX_TARGET = 1e100  # sums of squares of larger values overflow in float64


def target_numbers(column: pd.Series) -> np.ndarray:
    """Return a regression target as float64 [N]. Raises DataError for words, and for |values| above 1e100."""
    numbers = _numeric(column)
    if numbers is None:
        raise DataError(
            f"The target '{column.name}' holds words in the test rows.",
            "The target is numeric in the training data, so only numbers are allowed.",
            "Correct the words, or remove these rows.",
        )
    far = np.abs(numbers) > MAX_TARGET
    if far.any():
        row = int(np.argmax(far))
        what = "infinite" if np.isinf(numbers[row]) else f"{numbers[row]:.3g}"
        raise DataError(
            f"The target '{column.name}' is {what} in row {row + 1:,}.",
            f"Its absolute value must be at most {MAX_TARGET:g}.",
            "Correct the value, or remove the row.",
        )
    return numbers


def _each_as(kind: type, numbers: np.ndarray) -> np.ndarray:
    """Return numbers [N] as an array [N] of Python objects; each distinct number is converted once."""
    distinct, index = np.unique(numbers, return_inverse=True)
    return np.array([kind(number) for number in distinct], object)[index]


def plain_labels(column: pd.Series) -> np.ndarray:
    """Return the class labels of a target as an array [N] of Python objects.

    If all numbers are whole, they become int, else float. Booleans stay. Words lose the blanks around them.
    """
    import pandas as pd

    if column.dtype == bool:
        return column.to_numpy(object)
    if pd.api.types.is_numeric_dtype(column.dtype):
        numbers = column.to_numpy(np.float64)
        if pd.api.types.is_integer_dtype(column.dtype):
            return _each_as(int, column.to_numpy())
        if np.isinf(numbers).any():
            target_numbers(column)
        if np.all(numbers == np.floor(numbers)):
            return _each_as(int, numbers)
        return _each_as(float, numbers)
    if column.dtype.kind == "M":
        return date_words(column.to_numpy())
    values = column.to_numpy(object)
    if all(isinstance(label, bool) for label in values):
        return values
    return np.array([str(label).strip() for label in values], object)


def date_words(dates: np.ndarray) -> np.ndarray:
    """Return dates [N] as words, Python objects [N]: `2020-01-31 12:00:00`; "" for a missing date."""
    words = [word.replace("T", " ") for word in np.datetime_as_string(dates).tolist()]
    short = [word.rstrip("0").removesuffix(".") if "." in word else word for word in words]
    return np.array(["" if word == "Na " else word for word in short], object)


def _distinct(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct labels in order, and how often each occurs; faster than a sort of all labels."""
    import pandas as pd

    codes, found = pd.factorize(labels)
    order = np.argsort(found, kind="stable")
    return found[order], np.bincount(codes, minlength=len(found))[order]


def class_labels(labels: np.ndarray, name: str, least: int) -> list[Any]:
    """Return the distinct class labels among the `labels` [N] of the rows, sorted.

    name    name of the target, for messages
    least   smallest number of rows that a class must have

    Raises DataError for a single class, and for a class with too few rows.
    """
    classes, counts = _distinct(labels)
    if len(classes) < 2:
        raise DataError(
            f"The target '{name}' has one class, '{classes[0]}'." if len(classes) else f"'{name}' is empty.",
            "A classification needs at least two classes.",
            "Name another target with --target.",
        )
    few = [(c, n) for c, n in zip(classes, counts, strict=True) if n < least]
    if few and len(classes) > max(MAX_CLASSES, len(labels) // MIN_ROWS_PER_CLASS):
        raise DataError(
            f"The target '{name}' has {len(classes):,} classes in {len(labels):,} rows.",
            f"Every class needs at least {least} rows, for training, validation and test.",
            "Name another target with --target, or type --task regress if the target is a number.",
        )
    if few:
        shown = ", ".join(f"'{c}' ({n})" for c, n in few[:5]) + (" …" if len(few) > 5 else "")
        which = "a class" if len(few) == 1 else f"{len(few)} classes"
        raise DataError(
            f"The target '{name}' has {which} with too few rows: {shown}.",
            f"Every class needs at least {least} rows, for training, validation and test.",
            "Merge or remove the rare classes, or type --task regress if the target is a number.",
        )
    return list(classes)


def label_index(labels: np.ndarray, classes: list[Any], notes: list[str], what: str = "test") -> np.ndarray:
    """Return for each of the `labels` [N] its index in the list `classes`, int32 [N].

    A label in another spelling, such as `>50K.` for `>50K`, is accepted, and `notes` gets a note. `what`
    names the rows in messages. Raises DataError for a label that belongs to no class.
    """
    exact = {label: i for i, label in enumerate(classes)}
    loose: dict[str, int] = {}
    for i, label in enumerate(classes):
        loose[_loose(label)] = i if _loose(label) not in loose else -1
    indices: dict[Any, int] = {}
    respelled, unknown = [], []
    for label in dict.fromkeys(labels.tolist()):
        index = exact.get(label, loose.get(_loose(label), -1))
        if index < 0:
            unknown.append(label)
        elif label not in exact:
            respelled.append(f"'{label}' for '{classes[index]}'")
        indices[label] = index
    if unknown:
        raise DataError(
            f"The {what} rows have the label '{unknown[0]}'.",
            f"Allowed are the classes {', '.join(repr(c) for c in classes[:12])}.",
            f"Correct or remove these rows of the {what} file.",
        )
    if respelled:
        notes.append(f"{what} labels spelled otherwise, taken as the same: {', '.join(respelled[:6])}")
    return np.array([indices[label] for label in labels.tolist()], np.int32)


def _loose(label: object) -> str:
    """Return a label in a spelling without case, quotes and a final period, with numbers in one form."""
    word = str(label).strip().strip("'\"").rstrip(".").strip().casefold()
    try:
        return f"{float(word):.12g}"
    except ValueError:
        return {"true": "1", "false": "0"}.get(word, word)
