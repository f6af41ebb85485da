"""Records of delimited text: where each record begins and ends, and into how many fields it is divided.

These rules decide alone what a record is; pandas, which parses the fields, must find the same records.

    A quote opens a quoted field if only blanks separate it from the separator or line end before it.
    The quoted field ends at the next quote that is not doubled; separators and line ends in it are text.
    Every other quote is an ordinary character, as in `w 4" pipe`.

All work is done on the bytes of the text, in arrays and in linear time, whatever the lengths are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

__all__ = ["BLANKS", "Records", "fields_of", "find_records", "split_records"]

BLANKS = " "
"""Separator that stands for any number of blanks and tabs."""
QUOTE, LINE_END, SPACE, TAB, HASH = b'"\n \t#'
CLOSING = re.compile(rb'[^"]*+(?:""[^"]*+)*+"')  # from behind the opening quote
BLOCK = 1 << 24  # bytes that are examined together


@dataclass(frozen=True)
class Records:
    """The records of a text that are no blank lines.

    starts, ends   position of the first byte, and of the line end, int64 [R]
    widths         number of fields, int64 [R]
    comment        whether the record is a comment line, bool [R]
    hollow         whether it holds nothing but separators, bool [R]
    unclosed       position of a quote that opens a field and is never closed, or None
    """

    starts: np.ndarray
    ends: np.ndarray
    widths: np.ndarray
    comment: np.ndarray
    hollow: np.ndarray
    unclosed: int | None

    @property
    def values(self) -> np.ndarray:
        """Whether a record holds values, bool [R]: it is neither a comment nor hollow."""
        return ~(self.comment | self.hollow)


def find_records(data: bytes, separator: str, comments: bool = False) -> Records:
    """Return the records of a text in UTF-8, whose lines end in line feeds.

    separator: one character, or BLANKS. comments: whether lines that begin with `#` are comments, in which
    quotes mean nothing.
    """
    opens, closes, unclosed = _quoted_fields(data, separator, comments)
    ends, counts = _line_ends(data, separator, opens, closes)
    starts = np.concatenate([[0], ends[:-1] + 1]).astype(np.int64)
    array = np.frombuffer(data, np.uint8)
    full = starts < ends
    starts, ends, widths = starts[full], ends[full], counts[full]
    first = array[starts]
    comment = first == HASH if comments else np.zeros(len(starts), bool)
    hollow, blank = np.zeros(len(starts), bool), np.zeros(len(starts), bool)
    filling = bytes({*_separators(separator), SPACE, TAB, QUOTE})
    both = np.isin(first, list(filling)) & np.isin(array[ends - 1], list(filling)) & ~comment
    nothing = re.compile(b"[" + re.escape(filling) + b"\n]*")
    for place in np.flatnonzero(both).tolist():
        start, end = int(starts[place]), int(ends[place])
        match = nothing.match(data, start, end)
        if match is None or match.end() < end:
            continue
        if any(cell for cell in _cells(data[start:end], separator)):
            continue  # quotes in a quoted field
        if separator != BLANKS and widths[place] > 1:
            hollow[place] = True
        elif data.find(b'"', start, end) < 0:
            blank[place] = True
    kept = ~blank
    return Records(starts[kept], ends[kept], widths[kept], comment[kept], hollow[kept], unclosed)


def split_records(data: bytes, separator: str) -> list[list[str]]:
    """Return the fields of every record of a text, without blanks around them; blank lines are left out.

    Lines of separators alone are left out, and a last record whose quote is not closed.
    """
    records = find_records(data, separator)
    kept = ~records.hollow
    if records.unclosed is not None:
        kept &= records.ends < records.unclosed
    return fields_of(data, records, np.flatnonzero(kept), separator)


def fields_of(data: bytes, records: Records, places: np.ndarray, separator: str) -> list[list[str]]:
    """Return the fields of the records with these indices [N], without blanks around them."""
    spans = zip(records.starts[places].tolist(), records.ends[places].tolist(), strict=True)
    return [_cells(data[start:end], separator) for start, end in spans]


def _cells(record: bytes, separator: str) -> list[str]:
    """Return the fields of one record, without blanks around them."""
    if b'"' not in record:
        text = record.decode()
        cells = re.findall("[^ \t]+", text) if separator == BLANKS else text.split(separator)
        return [cell.strip() for cell in cells]
    opens, closes, _ = _quoted_fields(record, separator, False)
    array = np.frombuffer(record, np.uint8)
    cuts = np.flatnonzero(_outside(_is_separator(array, separator), 0, opens, closes)).tolist()
    starts, ends = [0, *(cut + 1 for cut in cuts)], [*cuts, len(record)]
    pieces = [record[start:end] for start, end in zip(starts, ends, strict=True)]
    if separator == BLANKS:
        pieces = [piece for piece in pieces if piece]
    return [_unquoted(piece) for piece in pieces]


def _unquoted(field: bytes) -> str:
    """Return the text of a field, without blanks and quotes around it."""
    plain = field.lstrip(b" ")
    if plain.startswith(b'"'):
        close = CLOSING.match(plain, 1)
        end = close.end() if close else len(plain) + 1
        plain = plain[1 : end - 1].replace(b'""', b'"') + plain[end:]
    return plain.decode().strip()


def _separators(separator: str) -> bytes:
    return b" \t" if separator == BLANKS else separator.encode()


def _is_separator(array: np.ndarray, separator: str) -> np.ndarray:
    """Return whether each byte [N] is a separator, bool [N]."""
    first, *more = _separators(separator)
    found: np.ndarray = array == first
    for other in more:
        found |= array == other
    return found


# ----------------------------------------------------------------------------------------- quoted fields


def _quoted_fields(data: bytes, separator: str, comments: bool) -> tuple[np.ndarray, np.ndarray, int | None]:
    """Return the positions of opening and closing quotes, int64 [Q] each, and of an unclosed quote or None.

    An unclosed field ends at the end of the text. A doubled quote may count as the end of one quoted field
    and the start of the next, since nothing lies between them.
    """
    if b'"' not in data:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), None
    if not (comments and (data.startswith(b"#") or b"\n#" in data)):
        places = _places(data, QUOTE)
        if len(places) % 2 == 0 and _alternate(data, places, separator):
            return places[0::2], places[1::2], None
    return _quotes_in_turn(data, separator, comments)


def _places(data: bytes, byte: int) -> np.ndarray:
    """Return the positions of a byte, int64 [N]."""
    array = np.frombuffer(data, np.uint8)
    blocks = range(0, len(array), BLOCK)
    return np.concatenate([np.flatnonzero(array[at : at + BLOCK] == byte) + at for at in blocks])


def _alternate(data: bytes, places: np.ndarray, separator: str) -> bool:
    """Return whether the quotes at these places open and close fields in turn.

    That holds if a separator or line end is next to every quote on its outer side, or another quote is.
    """
    array = np.frombuffer(data, np.uint8)
    outer = np.frombuffer(_separators(separator) + b"\n", np.uint8)
    opens, closes = places[0::2], places[1::2]
    doubled = opens[1:] == closes[:-1] + 1
    before = np.isin(array[np.maximum(opens - 1, 0)], outer) | (opens == 0)
    after = np.isin(array[np.minimum(closes + 1, len(array) - 1)], outer) | (closes == len(array) - 1)
    return bool((before[1:] | doubled).all() and before[0] and (after[:-1] | doubled).all() and after[-1])


def _quotes_in_turn(data: bytes, separator: str, comments: bool) -> tuple[np.ndarray, np.ndarray, int | None]:
    """Return the result of `_quoted_fields` for a text in which some quotes are ordinary characters."""
    outer = re.escape(_separators(separator) + b"\n")
    blanks = b"" if separator == BLANKS else b" *+"
    pattern = rb"(?:\A|[" + outer + b"])" + blanks + b'"'
    if comments:
        pattern = rb"(?:\A|\n)(#)[^\n]*+|" + pattern
    opening = re.compile(pattern)
    opens: list[int] = []
    closes: list[int] = []
    position = 0
    while match := opening.search(data, position):
        position = match.end()
        if match.lastindex:  # a comment
            continue
        opens.append(position - 1)
        close = CLOSING.match(data, position)
        if close is None:
            closes.append(len(data))
            return np.array(opens), np.array(closes), opens[-1]
        position = close.end()
        closes.append(position - 1)
    return np.array(opens, np.int64), np.array(closes, np.int64), None


def _outside(found: np.ndarray, offset: int, opens: np.ndarray, closes: np.ndarray) -> np.ndarray:
    """Return the mask `found` [N] without the places in quoted fields.

    offset: position in the text of the first place. opens, closes: positions of quotes in the text.
    """
    first = np.searchsorted(closes, offset, side="right")
    last = np.searchsorted(opens, offset + len(found))
    if first >= last:
        return found
    change = np.zeros(len(found) + 1, np.int8)
    change[np.maximum(opens[first:last] - offset, 0)] = 1
    change[np.minimum(closes[first:last] - offset, len(found))] = -1
    return found & (np.cumsum(change[:-1], dtype=np.int8) == 0)


# --------------------------------------------------------------------------------------------- line ends


def _line_ends(
    data: bytes, separator: str, opens: np.ndarray, closes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the position of the end of every record, int64 [R], and its number of fields, int64 [R]."""
    ends, totals, seen, in_gap = [], [], 0, True
    array = np.frombuffer(data, np.uint8)
    for at in range(0, len(array), BLOCK):
        block = array[at : at + BLOCK]
        is_end = _outside(block == LINE_END, at, opens, closes)
        marks = _outside(_is_separator(block, separator), at, opens, closes)
        if separator == BLANKS:  # a field is counted by its first byte
            gap = marks | is_end
            marks = ~gap & np.concatenate([[in_gap], gap[:-1]])
            in_gap = bool(gap[-1])
        places, line_ends = np.flatnonzero(marks), np.flatnonzero(is_end)
        ends.append(line_ends + at)
        totals.append(np.searchsorted(places, line_ends) + seen)
        seen += len(places)
    if not data.endswith(b"\n") or (len(closes) and closes[-1] == len(data)):
        ends.append(np.array([len(data)]))
        totals.append(np.array([seen]))
    widths = np.diff(np.concatenate(totals), prepend=0) + (separator != BLANKS)
    return np.concatenate(ends).astype(np.int64), widths.astype(np.int64)
