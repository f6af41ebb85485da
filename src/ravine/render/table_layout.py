"""The layout of a report's tables as text: the columns that fit, their widths, and the lines.

A table that is too wide is reduced in this order. If `tight`, its columns move closer together. Texts are cut
to the width `shrink` of their column. Columns are dropped, the one with the largest number `priority` first;
columns with the number 0 stay. If the table is still too wide, it becomes several tables (`split`), or its
texts are cut further.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ravine.render.blocks import Column, Table
from ravine.render.cells import display_width, padded, paint, truncate, wrap

__all__ = ["table_lines"]

GAP = 2  # blanks between columns
MIN_COLUMN_WIDTH = 6  # columns of text to which texts are cut first
HANGING_INDENT = 2  # blanks before further lines of a wrapped text


@dataclass
class Layout:
    """The columns of a table that are shown, their widths in columns of text, and the blanks between them."""

    columns: list[Column]
    widths: list[int]
    gap: int = GAP
    below: bool = False
    """Whether all columns but the first stand on a separate line below the first column."""

    @property
    def total(self) -> int:
        """The width of a row of the table in columns of text, with the blanks between columns."""
        return sum(self.widths) + self.gap * (len(self.widths) - 1)


def table_lines(table: Table, width: int, color: bool = False, unicode: bool = True) -> list[str]:
    """Return a table as lines of text of at most `width` columns.

    The texts of the table must not contain control characters.
    """
    if not table.columns or not table.height:
        return []
    layout = _fit(table, width)
    if table.split and len(table.columns) > 2 and layout.total > width:
        return _split(table, width, color, unicode)
    if layout.columns[0].wrap and layout.total > width:
        layout.below = True
        layout.widths[0] = HANGING_INDENT
    _force(layout, width)
    title = [paint(line, "strong", color) for line in wrap(table.title, width)]
    note = [paint(line, "dim", color) for line in wrap(table.note, width)]
    note += [
        paint(line, "dim", color)
        for column in layout.columns
        if column.meaning
        for line in wrap(f"{column.title}: {column.meaning}", width, "", " " * HANGING_INDENT)
    ]
    head = _head(layout, width, color, unicode)
    return [*title, *head, *_body(table, layout, width, color, unicode), *note]


def natural_width(column: Column) -> int:
    """Return the width of the widest text or title of a table's column, but at most the limit `widest`."""
    widest = max(map(display_width, (column.title, column.unit, *column.texts)))
    return min(widest, column.widest) if column.widest else widest


def _fit(table: Table, width: int) -> Layout:
    """Return the layout of a table after columns were dropped by priority. It can still be too wide."""
    layout = Layout(list(table.columns), [natural_width(column) for column in table.columns])
    while layout.total > width:
        layout.gap = 1 if table.tight else GAP
        floors = [
            min(size, column.shrink or column.wrap or size) if column.priority == 0 else size
            for column, size in zip(layout.columns, layout.widths, strict=True)
        ]
        _squeeze(reduced := replace(layout, widths=list(layout.widths)), floors, width)
        if reduced.total <= width:
            return reduced
        last = max(range(len(layout.columns)), key=lambda k: (layout.columns[k].priority, k))
        least = layout.columns[last]
        if least.priority == 0:
            return reduced
        reduced_width = layout.widths[last] - (layout.total - width)
        if least.shrink and reduced_width >= least.shrink:
            layout.widths[last] = reduced_width
            return layout
        del layout.columns[last], layout.widths[last]
        layout.gap = GAP
    return layout


def _force(layout: Layout, width: int) -> None:
    """Cut texts until the layout fits: first the texts of columns with `shrink`, then all texts."""
    if layout.total > width:
        layout.gap = 1
    for every in (False, True):
        floors = [
            MIN_COLUMN_WIDTH if every or column.shrink else size
            for column, size in zip(layout.columns, layout.widths, strict=True)
        ]
        _squeeze(layout, floors, width)


def _squeeze(layout: Layout, floors: Sequence[int], width: int) -> None:
    """Reduce the widest columns, none below its floor, until the layout fits or all are at their floors."""
    while layout.total > width:
        free = [k for k, size in enumerate(layout.widths) if size > floors[k]]
        if not free:
            return
        widest = max(free, key=lambda k: layout.widths[k])
        size = layout.widths[widest]
        second = max((layout.widths[k] for k in free if k != widest), default=0)
        layout.widths[widest] -= max(1, min(layout.total - width, size - max(floors[widest], second)))


def _split(table: Table, width: int, color: bool, unicode: bool) -> list[str]:
    """Return one table for each column after the first. Each table begins with the first column."""
    first, *others = table.columns
    lines: list[str] = []
    for column in others:
        name = " ".join(filter(None, (column.title, column.unit)))
        title = ", ".join(filter(None, (table.title, name)))
        part = replace(table, columns=(first, replace(column, title="", unit="")), title=title, note="")
        lines += [""] * bool(lines) + table_lines(part, width, color, unicode)
    return [*lines, *(paint(line, "dim", color) for line in wrap(table.note, width))]


def _head(layout: Layout, width: int, color: bool, unicode: bool) -> list[str]:
    lines = []
    for texts in ([c.title for c in layout.columns], [c.unit for c in layout.columns]):
        if any(texts):
            line = _line(layout, texts, width, unicode)
            lines.append(paint(line, "dim", color))
    return lines


def _body(table: Table, layout: Layout, width: int, color: bool, unicode: bool) -> list[str]:
    rule = ("─" if unicode else "-") * min(width, layout.total)
    lines = []
    for row in range(table.height):
        if row in table.rules:
            lines.append(paint(rule, "dim", color))
        tone = "error" if row in table.errors else "strong" if row in table.strong else "normal"
        texts = [column.texts[row] for column in layout.columns]
        lines += [paint(line, tone, color) for line in _row(layout, texts, width, unicode)]
    return lines


def _row(layout: Layout, texts: Sequence[str], width: int, unicode: bool) -> list[str]:
    """Return the lines of one row; there are several if the first column wraps."""
    if not layout.columns[0].wrap:
        return [_line(layout, texts, width, unicode)]
    if layout.below:
        return [*wrap(texts[0], width, "", " " * HANGING_INDENT), _line(layout, texts, width, unicode)]
    # further lines have no cell next to them, so they can use the width of the indent as well
    indent = " " * HANGING_INDENT
    wrapped = wrap(texts[0], min(width, layout.widths[0] + HANGING_INDENT), indent, indent) or [""]
    wrapped[0] = wrapped[0].removeprefix(indent)
    return [_line(layout, [wrapped[0], *texts[1:]], width, unicode), *wrapped[1:]]


def _line(layout: Layout, texts: Sequence[str], width: int, unicode: bool) -> str:
    parts = [
        padded(truncate(text, size, unicode), size, column.align == "left")
        for text, size, column in zip(texts, layout.widths, layout.columns, strict=True)
    ]
    if layout.below:
        parts[0] = " " * HANGING_INDENT
    return truncate((" " * layout.gap).join(parts).rstrip(), width, unicode)
