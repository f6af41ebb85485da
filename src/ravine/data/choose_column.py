"""Choice of a column of a table by its name or index, with an error if there is no such column."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeGuard

import numpy as np

from ravine.errors import DataError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["choose_column"]

INTEGER = re.compile(r"[+-]?[0-9]{1,18}")


def choose_column(frame: pd.DataFrame, choice: object, what: str = "target", option: str = "--target") -> str:
    """Return the name of the column of `frame` that the user chose by its name or index.

    choice   name of the column, or its index from 0 (negative from the end); also as text, "-1"
    what     role of the column in messages, such as "target"
    option   option of the command line in messages, such as "--target"

    Raises DataError if there is no such column.
    """
    names = [str(column) for column in frame.columns]
    if isinstance(choice, str) and choice in names:
        return choice
    if isinstance(choice, str) and choice.strip() in names:
        return choice.strip()
    if (isinstance(choice, (int, np.integer)) and not isinstance(choice, bool)) or _is_int(choice):
        index = int(choice)
        if -len(names) <= index < len(names):
            return names[index]
        raise DataError(
            f"There is no column {index}.",
            f"The {len(names)} columns have the indices 0 to {len(names) - 1}, or -{len(names)} to -1.",
            f"Type for example {option} {-1} for the last.",
            option=what.lstrip("-"),
            value=choice,
            allowed=f"an index from {-len(names)} to {len(names) - 1}",
        )
    raise DataError(
        f"There is no {what} column '{choice}'.",
        f"It must be one of the {len(names)} columns of the table.",
        did_you_mean(str(choice), names),
        option=what.lstrip("-"),
        value=choice,
        allowed=tuple(names),
    )


def _is_int(choice: object) -> TypeGuard[str]:
    """Return whether a value is the text of an integer, short enough for an index."""
    return isinstance(choice, str) and INTEGER.fullmatch(choice.strip()) is not None
