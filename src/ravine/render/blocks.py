"""Blocks: the parts of a report, such as headings, tables and charts, as plain values that JSON can hold.

A view turns the result of a command into a list of blocks. The view decides words, number formats, and the
importance of columns. `render.text` and `render.html` decide the layout. Sequences are stored as tuples, and
a number that is not finite as None, so that `render.view_json` only has to name the fields.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, TypeAlias

__all__ = [
    "Block",
    "Chart",
    "Column",
    "Commands",
    "Facts",
    "Files",
    "Heading",
    "Item",
    "Items",
    "Mark",
    "Paragraph",
    "Series",
    "Sparkline",
    "Sparklines",
    "Steps",
    "Table",
    "Tone",
    "View",
]

Tone = Literal["normal", "strong", "dim", "warning", "error"]
"""Emphasis of a text."""


def _plain(value: Any) -> Any:
    """Return sequences as tuples, and numbers as Python's own, None where they are not finite."""
    if value is None or isinstance(value, str | bool | Values):
        return value
    if isinstance(value, int | float):
        return value if math.isfinite(value) else None
    if hasattr(value, "tolist"):  # a NumPy array or number
        return _plain(value.tolist())
    return tuple(_plain(item) for item in value)


class Values:
    """The base class of all blocks, which are frozen dataclasses of plain values that JSON can hold."""

    def __post_init__(self) -> None:
        for entry in dataclasses.fields(self):  # type: ignore[arg-type]
            object.__setattr__(self, entry.name, _plain(getattr(self, entry.name)))


def _check_lengths(owner: str, **sequences: Sequence[object]) -> None:
    """Raise ValueError unless all sequences that are not empty have the same length.

    owner: name of the block, for the message.
    """
    lengths = {name: len(items) for name, items in sequences.items()}
    if len(set(lengths.values()) - {0}) > 1 or (0 in lengths.values() and any(lengths.values())):
        raise ValueError(f"All sequences of the block '{owner}' must have the same length, got {lengths}.")


# ------------------------------------------------------------------------------------------------------ text


@dataclass(frozen=True)
class Heading(Values):
    """The title of a report, with notes below the title, for example how its numbers were measured."""

    kind: ClassVar[str] = "heading"
    text: str
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Paragraph(Values):
    """A paragraph of sentences."""

    kind: ClassVar[str] = "paragraph"
    text: str
    tone: Tone = "normal"


@dataclass(frozen=True)
class Item(Values):
    """One item of a list, with details below it."""

    text: str
    details: Sequence[str] = ()
    tone: Tone = "normal"


@dataclass(frozen=True)
class Items(Values):
    """A list with bullets, numbers or plain items. Blank lines separate the items if one has details."""

    kind: ClassVar[str] = "items"
    items: Sequence[str | Item]
    title: str = ""
    style: Literal["bullet", "number", "plain"] = "bullet"
    tone: Tone = "normal"
    """Tone of the items that are only text."""


@dataclass(frozen=True)
class Facts(Values):
    """Rows of a name and a text each, such as a setting and its value. Rows below a title are indented."""

    kind: ClassVar[str] = "facts"
    rows: Sequence[tuple[str, str]]
    title: str = ""


# ---------------------------------------------------------------------------------------------------- tables


@dataclass(frozen=True)
class Column(Values):
    """One column of a table."""

    title: str
    texts: Sequence[str]
    align: Literal["left", "right"] = "right"
    priority: int = 0
    """0 = always shown. If a table is too wide, the columns with the highest number are dropped first."""
    unit: str = ""
    """Unit of the column, shown in a second line of the head."""
    shrink: int = 0
    """Width to which texts are cut before another column is dropped; 0 = not cut. A column with a priority
    above 0 is cut only before the column is dropped itself."""
    widest: int = 0
    """Width in characters to which longer texts are always cut; 0 = no limit."""
    meaning: str = ""
    """Text that explains the column, shown below the table as long as the column is shown."""
    wrap: int = 0
    """Smallest width at which the texts of the first column are wrapped; 0 = not wrapped. In less room the
    other columns stand on a separate line."""


@dataclass(frozen=True)
class Table(Values):
    """A table of a report, as columns with titles.

    Raises ValueError for columns of different lengths, and if a column other than the first one wraps texts.
    """

    kind: ClassVar[str] = "table"
    columns: Sequence[Column]
    title: str = ""
    note: str = ""
    """Text below the table."""
    rules: Sequence[int] = ()
    """Indices of the rows with a horizontal line before them; 0 = between head and rows."""
    strong: Sequence[int] = ()
    """Indices of emphasized rows."""
    errors: Sequence[int] = ()
    """Indices of rows that report an error."""
    tight: bool = False
    """Whether columns move closer together before one is dropped."""
    split: bool = False
    """Whether a table that does not fit becomes one table for each column, with the first column repeated."""

    def __post_init__(self) -> None:
        super().__post_init__()
        lengths = {column.title: len(column.texts) for column in self.columns}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"The columns of a table must have the same length, got {lengths}.")
        if any(column.wrap for column in self.columns[1:]):
            raise ValueError("Only the texts of a table's first column can be wrapped; others need wrap=0.")

    @property
    def height(self) -> int:
        """Number of rows."""
        return len(self.columns[0].texts) if self.columns else 0


# ---------------------------------------------------------------------------------------------------- curves


@dataclass(frozen=True)
class Sparkline(Values):
    """A curve y(x) drawn in one line of text, with y None or NaN where a run diverged.

    label: name of the curve. before, after: texts at the left and at the right of the curve.
    """

    label: str
    x: Sequence[float]
    y: Sequence[float | None]
    after: str = ""
    before: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_lengths("A sparkline", x=self.x, y=self.y)


@dataclass(frozen=True)
class Sparklines(Values):
    """Several curves over a common axis x, each drawn in one line of text."""

    kind: ClassVar[str] = "sparklines"
    lines: Sequence[Sparkline]
    title: str = ""
    note: str = ""
    scale: Literal["shared", "own"] = "shared"
    low: float | None = None
    """Value that the lowest block character shows; None = the lowest value of all curves."""
    high: float | None = None
    """Value that the highest block character shows; None = the highest value of all curves."""
    downward: bool = False
    """Whether a higher block character shows a lower value, as for a loss."""
    axis: Literal["linear", "log"] = "linear"
    ticks: Literal["none", "ends", "decades"] = "none"
    """Labels of the axis: none, the texts in `ends`, or the powers of ten of a logarithmic axis."""
    ends: tuple[str, str] = ("", "")
    x_label: str = ""
    marker: float | None = None
    """Value of x that the axis marks with a `^`; only with ticks "ends"."""
    columns: int = 60
    """Largest width of a curve in columns of text."""


@dataclass(frozen=True)
class Steps(Values):
    """A schedule y(x), drawn as a curve several lines of text high, from 0 up, with a few values below.

    x must be equally spaced, and y at least 0. The values are those at the quarters of the range of x. With
    4 k + 1 points, k whole, the quarters are points of x.
    """

    kind: ClassVar[str] = "steps"
    title: str
    x: Sequence[float]
    y: Sequence[float]
    x_label: str = "epoch"
    y_label: str = "value"
    end: str = ""
    """Text at the right end of the axis, for example `30 epochs, 6,000 steps`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_lengths("A schedule", x=self.x, y=self.y)
        if any(value is None or value < 0 for value in self.y):
            raise ValueError("The values of a schedule must be finite and at least 0.")


@dataclass(frozen=True)
class Series(Values):
    """One curve of a chart: points (x, y) with its name.

    low, high: ends of the interval of each y; empty without intervals.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float | None]
    low: Sequence[float | None] = ()
    high: Sequence[float | None] = ()
    style: Literal["line", "marks", "both"] = "both"

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_lengths("A series", x=self.x, y=self.y)
        if self.low or self.high:
            _check_lengths("A series", y=self.y, low=self.low, high=self.high)


@dataclass(frozen=True)
class Mark(Values):
    """A vertical line in a chart, at the value `x` of the axis, with its name."""

    x: float
    text: str


@dataclass(frozen=True)
class Chart(Values):
    """A chart of curves with a common pair of axes. Reports in HTML show charts, reports in text do not."""

    kind: ClassVar[str] = "chart"
    title: str
    series: Sequence[Series]
    x_label: str = ""
    y_label: str = ""
    x_log: bool = False
    y_log: bool = False
    marks: Sequence[Mark] = field(default=())


# ------------------------------------------------------------------------------------------- files, commands


@dataclass(frozen=True)
class Files(Values):
    """The files that a command wrote, as pairs (name, path). Paths are never cut."""

    kind: ClassVar[str] = "files"
    rows: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Commands(Values):
    """Commands that the user may type next, as pairs (purpose, command).

    A long command continues in the next line, after a backslash.
    """

    kind: ClassVar[str] = "commands"
    rows: Sequence[tuple[str, str]]
    title: str = ""


Block: TypeAlias = Heading | Paragraph | Items | Facts | Table | Sparklines | Steps | Chart | Files | Commands
"""One part of a report, of any kind."""
View: TypeAlias = Sequence[Block]
"""A report as blocks, before its format (text, HTML, JSON) is chosen."""
