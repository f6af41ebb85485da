"""Decoding of the bytes of a text file: character encoding and line ends."""

from __future__ import annotations

from ravine.data.formats import long_names
from ravine.errors import DataError

__all__ = ["utf8_lines"]

BINARY_SHARE = 0.01  # of control characters, above which a text that is not UTF-8 counts as binary
CONTROLS = bytes([*range(1, 9), *range(14, 27), 127])


def utf8_lines(content: bytes, name: str, notes: list[str]) -> bytes:
    """Return the content of a text file in UTF-8, in which every line end is a line feed.

    content   the bytes of the file; whether they are UTF-8, UTF-16 or Latin-1 is detected
    name      name of the file, for messages
    notes     list to which notes on encoding and line ends are added

    Raises DataError if the bytes are binary, and if the last character is incomplete.
    """
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = _of_utf16(content, name)
        notes.append("UTF-16")
        _refuse_nul(text, name)
    else:
        _refuse_nul(content, name)
        text = _of_utf8(content, name, notes)
    if b"\r" in text:
        windows = b"\r\n" in text
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        notes.append("line ends CRLF" if windows else "line ends CR")
    return text


def _refuse_nul(text: bytes, name: str) -> None:
    """Raise DataError if a text holds a NUL, which no table does."""
    if b"\0" in text:
        raise DataError(
            f"'{name}' is binary, with a NUL byte at position {text.index(0):,}.",
            f"Ravine reads {long_names()}.",
            "Convert the file to one of these formats.",
        )


def _of_utf16(content: bytes, name: str) -> bytes:
    """Return a text in UTF-16 as UTF-8. Raises DataError if a character is incomplete or wrong."""
    try:
        return content.decode("utf-16").encode()
    except UnicodeDecodeError as error:
        cut = error.reason in ("truncated data", "unexpected end of data")
        raise DataError(
            f"'{name}' is {'cut off' if cut else 'damaged'}.",
            "Its last character in UTF-16 is incomplete."
            if cut
            else f"The bytes at position {error.start:,} are no character in UTF-16.",
            "Download the file again.",
        ) from error


def _of_utf8(content: bytes, name: str, notes: list[str]) -> bytes:
    """Return a text in UTF-8 without its byte-order mark, or a text in Latin-1 as UTF-8."""
    text = content
    if content[:3] == b"\xef\xbb\xbf":
        notes.append("UTF-8 with byte-order mark")
        text = content[3:]
    try:
        if not text.isascii():
            text.decode()
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data" and error.end >= len(text) and not content[:-4].isascii():
            # A Latin-1 file may also end with a byte above 127; other such bytes show that the file is UTF-8.
            raise DataError(
                f"'{name}' is cut off.",
                "Its last character in UTF-8 is incomplete.",
                "Download the file again.",
            ) from error
        control = len(content) - len(content.translate(None, CONTROLS))
        if control > BINARY_SHARE * len(content):
            raise DataError(
                f"'{name}' is binary, with {control:,} control characters.",
                f"Ravine reads {long_names()}.",
                "Convert the file to one of these formats.",
            ) from error
        notes.append("Latin-1")
        return content.decode("latin-1").encode()
    return text
