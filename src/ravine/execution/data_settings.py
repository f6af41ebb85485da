"""Settings of the data, which every study has: file or built-in set, columns, weights, test rows and task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ravine.data.size_limits import MAX_EXPANSION
from ravine.errors import UsageError
from ravine.options.fields import option
from ravine.options.settings import Settings

__all__ = ["DataSettings", "check_test_share", "display_name"]


def display_name(source: str) -> str:
    """Return the name of data for messages: the file name without its folder, or `standard input` for `-`."""
    from pathlib import Path  # slow to import, and not needed for help

    return "standard input" if source == "-" else Path(source).name or source


def check_test_share(text: str) -> None:
    """Raise UsageError if the value of `--test` is a number, but not a share above 0 and below 1.

    A value that is not a number names a file of test rows and is not checked.
    """
    try:
        share = float(text)
    except ValueError:
        return
    if not 0 < share < 1:
        raise UsageError(
            f"--test {text} cannot be held out.", "A share of the rows is above 0 and below 1.",
            "Type for example --test 0.2.", option="test", value=text,
            allowed="a share above 0 and below 1, or a file",
        )  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False, init=False)
class DataSettings(Settings):
    """Settings that every command with data shares: where the data are, and how to read them.

    models: names of those settings whose value is a run or a saved model.
    """

    models: ClassVar[tuple[str, ...]] = ()

    source: str = option(
        "", "Data: a file, '-' for standard input, or the name of a built-in data set such as digits.",
        section="Data", metavar="DATA", positional=True,
    )  # fmt: skip
    target: str | None = option(
        None,
        "Column to predict, by its name or its index from 0; if not given, a column with a usual name such "
        "as target.",
        section="Data", metavar="COLUMN", short="-t",
        common=True,
    )  # fmt: skip
    features: list[str] | None = option(
        None,
        "Columns to use as features; if not given, all columns but target, weights, groups, and useless "
        "columns such as identifiers and constants. Commas separate the names.",
        section="Data",
        metavar="COLUMNS",
    )
    drop: list[str] | None = option(
        None, "Columns to leave out of the features. Commas separate the names.", section="Data",
        metavar="COLUMNS",
    )  # fmt: skip
    weights: str | None = option(
        None,
        "Column with the weight of each row in loss and metric; if not given, all rows weigh the same.",
        section="Data",
        metavar="COLUMN",
    )
    groups: str | None = option(
        None,
        "Column that names the group of each row; random splits into training, validation and test rows "
        "never divide a group. Test rows from a file may share groups with other rows.",
        section="Data",
        metavar="COLUMN",
    )
    negative_weights: str = option(
        "error",
        "Treatment of negative row weights: refuse the data (error), keep them, take their absolute values "
        "(abs), or drop their rows.",
        section="Data",
        choices=("error", "keep", "abs", "drop"),
    )
    test: str | None = option(
        None,
        "Test rows: a file, or the share of the rows to hold out; if not given, the test set that comes with "
        "the data, else a share of 0.2.",
        section="Data",
        metavar="FILE|SHARE",
        check=check_test_share,
        common=True,
    )
    rows: int = option(
        0,
        "Number of training and validation rows to use, drawn at random, for a first answer on large data; "
        "test rows stay the same; 0 = all rows.",
        section="Data",
        metavar="N",
        at_least=0,
    )
    missing: list[str] | None = option(
        None,
        "Values that count as missing in features and target, besides empty cells and the codes that the "
        "reader detects. Commas separate the values, as in -999,?.",
        section="Data",
        metavar="CODES",
    )
    max_expand: float = option(
        MAX_EXPANSION,
        "Largest number of bytes that the data may take in memory, as a multiple of the bytes of their file. "
        "The limit protects against damaged files, which can announce any size.",
        section="Data",
        at_least=1,
        metavar="TIMES",
    )
    task: str = option(
        "auto",
        "Kind of the target: classes (classify) or numbers (regress); auto decides by the values of the "
        "target.",
        section="Data",
        choices=("auto", "classify", "regress"),
    )

    @property
    def needs_source(self) -> bool:
        """Whether the user must name data; False for settings whose saved model lies in a run with data."""
        return True
