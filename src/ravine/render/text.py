"""A report, which is a list of blocks such as tables, as text for a terminal, a file or a pipe.

No line is wider than the screen, except for paths and words of commands. These stay whole, so that they can
be copied.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ravine.render.blocks import (
    Block,
    Chart,
    Commands,
    Facts,
    Files,
    Heading,
    Item,
    Items,
    Paragraph,
    Sparklines,
    Steps,
    Table,
    Values,
)
from ravine.render.cells import ascii_only, display_width, paint, printable, wrap
from ravine.render.schedule_curve import schedule_lines
from ravine.render.sparkline import sparkline_lines
from ravine.render.table_layout import table_lines

__all__ = ["MIN_WIDTH", "text"]

MIN_WIDTH = 40  # columns; in a narrower terminal the terminal breaks the lines
WORD = re.compile(
    r"""(?:[^\s"']|"[^"]*"|'[^']*'|["'])+"""
)  # a word of a command, with the blanks inside quotes


class Screen(NamedTuple):
    """The width of a terminal in columns, and whether it shows colors and Unicode."""

    width: int
    color: bool
    unicode: bool


def text(blocks: Sequence[Block], width: int = 80, color: bool = False, unicode: bool = True) -> str:
    """Return a report (list of blocks) as text, with blank lines between the blocks. Charts are not shown.

    width: columns of a line, at least 40. color: whether escape sequences color the text. unicode: whether
    characters beyond ASCII are used; if not, "~" stands for "±".
    """
    screen = Screen(max(MIN_WIDTH, width), color, unicode)
    parts = [_lines(_cleaned(block, unicode), screen) for block in blocks]
    return "\n\n".join("\n".join(part) for part in parts if part)


def _cleaned(value: Any, unicode: bool) -> Any:
    """Return a block without control characters in its texts, and in ASCII if `unicode` is false."""
    if isinstance(value, str):
        return printable(value) if unicode else ascii_only(printable(value))
    if isinstance(value, tuple):
        return tuple(_cleaned(item, unicode) for item in value)
    if isinstance(value, Values):
        fields = dataclasses.fields(value)  # type: ignore[arg-type]
        return type(value)(**{entry.name: _cleaned(getattr(value, entry.name), unicode) for entry in fields})
    return value


def _lines(block: Block, screen: Screen) -> list[str]:
    match block:
        case Table():
            return table_lines(block, *screen)
        case Sparklines():
            return sparkline_lines(block, *screen)
        case Steps():
            return schedule_lines(block, *screen)
        case Heading():
            return [*_wrapped(block.text, "strong", screen), *_all_wrapped(block.notes, "dim", screen)]
        case Paragraph():
            return _wrapped(block.text, block.tone, screen)
        case Items():
            return _items(block, screen)
        case Facts():
            return _facts(block, screen)
        case Files():
            return _files(block, screen)
        case Commands():
            return _commands(block, screen)
        case Chart():
            return []


def _wrapped(words: str, tone: str, screen: Screen, first: str = "", rest: str = "") -> list[str]:
    return [paint(line, tone, screen.color) for line in wrap(words, screen.width, first, rest)]


def _all_wrapped(sentences: Sequence[str], tone: str, screen: Screen) -> list[str]:
    return [line for sentence in sentences for line in _wrapped(sentence, tone, screen)]


def _items(block: Items, screen: Screen) -> list[str]:
    """Return the lines of a list. Each item has a sign and a hanging indent, with its details below."""
    sign: Callable[[int], str] = {
        "bullet": lambda number: "- ",
        "number": lambda number: f"{number}. ",
        "plain": lambda number: "",
    }[block.style]
    items = [item if isinstance(item, Item) else Item(item, tone=block.tone) for item in block.items]
    has_details = any(item.details for item in items)
    indent = " " * max((len(sign(number)) for number in range(1, len(items) + 1)), default=0)
    lines = _wrapped(block.title, "strong", screen) if items else []
    for number, item in enumerate(items, 1):
        lines += [""] * (has_details and number > 1)
        lines += _wrapped(item.text, item.tone, screen, sign(number).ljust(len(indent)), indent)
        for detail in item.details:
            lines += _wrapped(detail, "normal", screen, indent, f"{indent}  ")
    return lines


def _facts(block: Facts, screen: Screen) -> list[str]:
    if not block.rows:
        return []
    lines = _wrapped(block.title, "strong", screen)
    indent = "  " if block.title else ""
    margin = min(max(display_width(name) for name, _ in block.rows) + len(indent) + 2, screen.width // 2)
    for name, words in block.rows:
        start = indent + name
        if display_width(start) > margin - 2:  # the name gets a separate line
            lines += wrap(name, screen.width, indent, indent)
            start = ""
        first = start + " " * (margin - display_width(start))
        lines += wrap(words, screen.width, first, " " * margin) or [first.rstrip()]
    return lines


def _files(block: Files, screen: Screen) -> list[str]:
    """Return names with paths. A path stands below its name if the line would be too long."""
    margin = max((display_width(name) for name, _ in block.rows), default=0) + 2
    lines = []
    for name, path in block.rows:
        if margin + display_width(path) <= screen.width:
            lines.append(name + " " * (margin - display_width(name)) + path)
        else:
            lines += [*wrap(name, screen.width), f"  {path}"]
    return lines


def _commands(block: Commands, screen: Screen) -> list[str]:
    if not block.rows:
        return []
    indent = "  " if block.title else ""
    lines = wrap(block.title, screen.width)
    for purpose, command in block.rows:
        lines += wrap(purpose, screen.width, indent, indent)
        lines += _command(command, screen.width, indent + "  ")
    return lines


def _command(command: str, width: int, indent: str) -> list[str]:
    """Return a command in lines that a shell joins by backslashes. A word wider than a line stays whole."""
    lines: list[str] = []
    for word in WORD.findall(command):
        # a blank before the word, and a blank and a backslash after it
        if lines and display_width(lines[-1]) + display_width(word) + 3 <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(f"{indent}{'  ' if lines else ''}{word}")
    return [*(f"{line} \\" for line in lines[:-1]), *lines[-1:]]
