"""From bytes to text: encoding, line ends and comment lines."""

from __future__ import annotations

import csv

from ravine.data.formats import long_names
from ravine.data.readers import delimited_dialect as dialect
from ravine.errors import DataError

__all__ = ["SAMPLE", "decode", "without_comments"]

SAMPLE = 200  # lines the dialect is judged by


def decode(content: bytes, name: str, notes: list[str]) -> str:
    """Return the text of bytes, lines ending in a line feed. Raises DataError for binary or cut bytes."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        notes.append("UTF-16")
        try:
            text = content.decode("utf-16")
        except UnicodeDecodeError as error:
            raise DataError(
                f"'{name}' is cut in the middle.",
                "Its last UTF-16 character is incomplete.",
                "Fetch it again.",
            ) from error
    else:
        if b"\0" in content:
            raise DataError(
                f"'{name}' is binary.",
                f"It holds NUL bytes (the first at byte {content.index(0):,}).",
                f"Ravine reads {long_names()}.",
            )
        if content[:3] == b"\xef\xbb\xbf":
            notes.append("UTF-8 with byte-order mark")
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            if error.reason == "unexpected end of data" and error.end >= len(content) and _cut(content):
                raise DataError(
                    f"'{name}' is cut in the middle.", "Its last character is incomplete.", "Fetch it again."
                ) from error
            text = content.decode("latin-1")
            control = sum(text.count(chr(c)) for c in (*range(1, 9), *range(14, 27), 127))
            if control > 0.01 * len(text):
                raise DataError(
                    f"'{name}' is binary.",
                    "It holds control characters.",
                    f"Ravine reads {long_names()}.",
                ) from error
            notes.append("Latin-1")
    if "\r" in text:
        windows = "\r\n" in text
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        notes.append("line ends CRLF" if windows else "line ends CR")
    return text


def _cut(content: bytes) -> bool:
    """Tell whether the rest of the file proves it to be UTF-8 (a letter of Latin-1 may end a file too)."""
    return any(byte >= 0x80 for byte in content[:-4])


def without_comments(text: str, notes: list[str]) -> str:
    """Return the text without lines that begin with '#'; names in the last of them become the header."""
    if not (text.startswith("#") or "\n#" in text):
        return text
    kept: list[str] = []
    comments: list[str] = []
    open_quote = False
    for line in text.split("\n"):
        if line.startswith("#") and not open_quote:
            comments.append(line)
            continue
        kept.append(line)
        open_quote ^= line.count('"') % 2 == 1
    values = [line for line in kept if line.strip()]
    if not values or len(comments) > len(values):
        if values:
            return text  # most lines begin with '#': it belongs to the values
        return ""
    notes.append(f"{len(comments)} comment line" + ("s" if len(comments) > 1 else ""))
    above = _named_by_comment(comments[-1], values, text)
    return "\n".join(([above] if above else []) + kept)


def _named_by_comment(comment: str, values: list[str], text: str) -> str | None:
    """Return the names in the last comment line above the values, as numpy.savetxt writes them."""
    if text.find(comment) > text.find(values[0]):
        return None
    sample = [*values[:SAMPLE]]
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
