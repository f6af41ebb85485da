"""Functions that measure, truncate, wrap and color text for a terminal, or reduce it to ASCII.

A terminal shows some characters two columns wide, and some on top of the character before. Every width in
`render` counts these columns of the terminal ("cells"), never characters.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["ascii_only", "display_width", "padded", "paint", "printable", "truncate", "wrap"]

CODES = {"strong": "\x1b[1m", "dim": "\x1b[2m", "warning": "\x1b[33m", "error": "\x1b[31m"}
PLAIN = "\x1b[0m"
WORD = re.compile("( *)([^ ]+)")  # a word with the blanks before it
ASCII = str.maketrans(
    {
        "±": "~", "…": "~", "–": "-", "—": "-", "─": "-", "−": "-", "×": "x", "·": ".", "≤": "<=", "≥": ">=",
        "→": "->", "←": "<-", "∞": "inf", "²": "^2", "³": "^3", "√": "sqrt", "‘": "'", "’": "'", "“": '"',
        "”": '"', "•": "-", "≈": "~",
    }
)  # fmt: skip


def printable(text: object) -> str:
    """Return `text` with `?` in place of control characters, which names in a user's file may contain."""
    return "".join(letter if letter.isprintable() else "?" for letter in str(text))


def ascii_only(text: str) -> str:
    """Return `text` in ASCII: known signs such as ± are replaced, accents removed, other letters are `?`."""
    plain = unicodedata.normalize("NFKD", text.translate(ASCII))
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return bare.encode("ascii", "replace").decode("ascii")


def display_width(text: str) -> int:
    """Return the number of columns that `text` takes in a terminal, where some letters take two or none."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return len(text) + wide - sum(unicodedata.combining(letter) > 0 for letter in text)


def truncate(text: str, width: int, unicode: bool = True) -> str:
    """Return `text`, shortened with an ellipsis (`~` in ASCII) if it takes more than `width` columns."""
    if display_width(text) <= width:
        return text
    if width < 1:
        return ""
    room, end = width - 1, 0
    while (room := room - display_width(text[end])) >= 0:
        end += 1
    return text[:end] + ("…" if unicode else "~")


def padded(text: str, width: int, left: bool) -> str:
    """Return `text` padded with blanks to `width` columns. left: whether the text stands at the left."""
    blank = " " * (width - display_width(text))
    return text + blank if left else blank + text


def wrap(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """Return `text` broken into lines of at most `width` columns; [] for an empty text.

    first, rest: text at the start of the first line and of each further line, both narrower than `width`. A
    word that is wider than a line is broken. Several blanks between words are kept, except where a line
    begins or ends.
    """
    lines: list[str] = []
    line, filled = first, display_width(first)
    empty = True  # whether the line has no word yet
    for blank, word in WORD.findall(text):
        if not empty and filled + len(blank) + display_width(word) > width:
            lines.append(line)
            line, filled, empty = rest, display_width(rest), True
        if not empty:
            line, filled = line + blank, filled + len(blank)
        while filled + display_width(word) > width:
            head = _head(word, width - filled)
            lines.append(line + head)
            word = word[len(head) :]
            line, filled = rest, display_width(rest)
        line, filled, empty = line + word, filled + display_width(word), False
    return lines if empty else [*lines, line]


def _head(word: str, width: int) -> str:
    """Return the start of `word` that fits `width` columns, at least one letter."""
    size = 1
    while size < len(word) and display_width(word[: size + 1]) <= width:
        size += 1
    return word[:size]


def paint(text: str, tone: str, color: bool) -> str:
    """Return `text` with the terminal's codes for its tone: "strong", "dim", "warning" or "error".

    The text is unchanged for other tones, or if `color` is false.
    """
    code = CODES.get(tone, "")
    return f"{code}{text}{PLAIN}" if color and text and code else text
