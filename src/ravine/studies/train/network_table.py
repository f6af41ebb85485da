"""A network for a terminal: one line a layer with what leaves it and how many parameters it has."""

from __future__ import annotations

from collections.abc import Sequence

from ravine.render.numbers import cells, clean, cut

__all__ = ["network_summary"]

Row = tuple[str, Sequence[int], int]
NARROWEST = 60


def network_summary(rows: Sequence[Row], width: int = 80, unicode: bool = True) -> str:
    """Return rows (what it is, shape of what leaves it, parameters) as a table with their total.

    No line is wider than `width` (at least 60) columns; the names give way.
    """
    by, rule = (" × ", "─") if unicode else (" x ", "-")
    table = [
        (clean(name), by.join(f"{size:,}" for size in shape), f"{count:,}") for name, shape, count in rows
    ]
    total = ("total", "", f"{sum(count for _, _, count in rows):,}")
    head = ("layer", "output", "parameters")
    shapes, counts = (max(cells(row[k]) for row in (head, *table, total)) for k in (1, 2))
    room = max(NARROWEST, width) - shapes - counts - 4
    names = min(room, max(cells(row[0]) for row in (head, *table, total)))

    def line(row: tuple[str, str, str]) -> str:
        name, shape, count = cut(row[0], names), row[1], row[2]
        space = " " * (names - cells(name) + 2 + shapes - cells(shape))
        return f"{name}{space}{shape}  {count:>{counts}}"

    ruled = rule * (names + shapes + counts + 4)
    text = "\n".join([line(head), ruled, *map(line, table), ruled, line(total)])
    return text if unicode else text.replace("…", "~").encode("ascii", "replace").decode()
