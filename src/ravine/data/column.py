"""The encoding of one feature column as numbers: its kind, and constants fitted to the development rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

__all__ = ["DATE_FORMATS", "Column"]

DATE_FORMATS = (
    "ISO8601",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%Y/%m/%d",
    "%d-%m-%Y",
    "%d.%m.%Y %H:%M",
    "%m/%d/%Y %H:%M",
)
"""Formats of dates as text, as `pandas.to_datetime` takes them."""


@dataclass(frozen=True)
class Column:
    """Encoding of one feature column as numbers: its kind, and constants fitted to the development rows.

    name             name of the column
    kind             "number", "category" or "date"
    center, scale    number and date: the encoded value is (value - center) / scale
    indicator        number and date: whether a further column `NAME missing` marks missing values
    codes            number: values that stand for "missing"
    words            words that stand for "missing", in addition to the usual ones
    levels           category: levels with a column of their own
    other            category: whether one column stands for all rare levels
    missing          category: whether one column stands for missing values
    form             date: format of the dates, "" for dates that are not text
    limit            number: values with a larger absolute value count as missing
    median           number and date: median of the development rows

    Raises ValueError for an unknown format of dates, and for a level that occurs twice.
    """

    name: str
    kind: Literal["number", "category", "date"]
    center: float = 0.0
    scale: Annotated[float, Meta(gt=0)] = 1.0
    indicator: bool = False
    codes: tuple[float, ...] = ()
    words: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    other: bool = False
    missing: bool = False
    form: str = ""
    limit: Annotated[float, Meta(ge=0)] | None = None
    median: float | None = None

    def __post_init__(self) -> None:
        if self.form and self.form not in DATE_FORMATS:
            raise ValueError(f"form is {self.form[:40]!r}; allowed is one of {', '.join(DATE_FORMATS)}")
        if len(set(self.levels)) != len(self.levels):
            raise ValueError("a level occurs twice in levels")

    @property
    def filler(self) -> float:
        """Return the number that stands for a missing number or date in the encoded column.

        It is NaN if a further column marks missing values, else the scaled median of the development rows.
        """
        if self.indicator or self.median is None:
            return float("nan")
        return (self.median - self.center) / self.scale

    @property
    def outputs(self) -> list[str]:
        """Return the names of the columns that the encoding has, such as `color=red` and `color missing`."""
        if self.kind != "category":
            return [self.name] + ([f"{self.name} missing"] if self.indicator else [])
        names = [f"{self.name}={level}" for level in self.levels]
        return names + [f"{self.name} other"] * self.other + [f"{self.name} missing"] * self.missing
