"""Decoding of the bytes of a text file: character encoding, line ends and comment lines."""

from __future__ import annotations

import csv

from ravine.data.formats import long_names
from ravine.data.readers import delimited_dialect as dialect
from ravine.errors import DataError

__all__ = ["SAMPLE_LINES", "decode", "without_comments"]

SAMPLE_LINES = 200
"""Number of lines from which the dialect is detected."""


def decode(content: bytes, name: str, notes: list[str]) -> str:
    """Return the content of a text file as text, in which every line end is a line feed.

    content   the bytes of the file; whether they are UTF-8, UTF-16 or Latin-1 is detected
    name      name of the file, for messages
    notes     list to which notes on encoding and line ends are added

    Raises DataError if the bytes are binary, and if the last character is incomplete.
    """
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        notes.append("UTF-16")
        try:
            text = content.decode("utf-16")
        except UnicodeDecodeError as error:
            raise DataError(
                f"'{name}' is cut off.",
                "Its last character in UTF-16 is incomplete.",
                "Download the file again.",
            ) from error
    else:
        if b"\0" in content:
            raise DataError(
                f"'{name}' is binary, with a NUL byte at position {content.index(0):,}.",
                f"Ravine reads {long_names()}.",
                "Convert the file to one of these formats.",
            )
        if content[:3] == b"\xef\xbb\xbf":
            notes.append("UTF-8 with byte-order mark")
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            if error.reason == "unexpected end of data" and error.end >= len(content) and _cut(content):
                raise DataError(
                    f"'{name}' is cut off.",
                    "Its last character in UTF-8 is incomplete.",
                    "Download the file again.",
                ) from error
            text = content.decode("latin-1")
            control = sum(text.count(chr(c)) for c in (*range(1, 9), *range(14, 27), 127))
            if control > 0.01 * len(text):
                raise DataError(
                    f"'{name}' is binary, with {control:,} control characters.",
                    f"Ravine reads {long_names()}.",
                    "Convert the file to one of these formats.",
                ) from error
            notes.append("Latin-1")
    if "\r" in text:
        windows = "\r\n" in text
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        notes.append("line ends CRLF" if windows else "line ends CR")
    return text


def _cut(content: bytes) -> bool:
    """Return whether other characters show that the file is UTF-8, so that its end is missing.

    A Latin-1 file may also end with a byte above 127.
    """
    return any(byte >= 0x80 for byte in content[:-4])


def without_comments(text: str, notes: list[str]) -> str:
    """Return CSV-like text without its comment lines, which begin with `#`.

    If the last comment line names the columns below it, it becomes the header. If more lines are comments
    than values, the text is returned unchanged; a text of comments alone becomes empty. A note with the
    number of removed lines is appended to `notes`.
    """
    if not (text.startswith("#") or "\n#" in text):
        return text
    others: list[str] = []
    comments: list[str] = []
    open_quote = False
    for line in text.split("\n"):
        if line.startswith("#") and not open_quote:
            comments.append(line)
            continue
        others.append(line)
        open_quote ^= line.count('"') % 2 == 1
    values = [line for line in others if line.strip()]
    if not values or len(comments) > len(values):
        if values:
            return text  # most lines begin with '#', so that they are no comments
        return ""
    above = _named_by_comment(comments[-1], values, text)
    left_out = len(comments) - (above is not None)  # a comment with the names of the columns is the header
    if left_out:
        notes.append(f"{left_out} comment line" + ("s" if left_out > 1 else ""))
    return "\n".join(([above] if above else []) + others)


def _named_by_comment(comment: str, values: list[str], text: str) -> str | None:
    """Return the names in a comment line above the values, as numpy.savetxt writes them, or None."""
    if text.find(comment) > text.find(values[0]):
        return None
    sample = [*values[:SAMPLE_LINES]]
    separator = dialect.sniff_separator(sample)
    try:
        names = dialect.split_line([comment.lstrip("# ")], separator)
        rows = dialect.split_line(sample, separator)
    except csv.Error:
        return None
    decimal = dialect.sniff_decimal(rows, separator)
    if not names or len(names[0]) < 2 or len(names[0]) != len(rows[0]) or dialect.has_header(rows, decimal):
        return None
    return comment.lstrip("# ") if dialect.has_header([names[0], *rows], decimal) else None
