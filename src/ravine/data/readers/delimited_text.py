"""Reader of CSV-like text, which detects the separator, decimal sign and header, and checks every line.

`delimited_records` finds the records and counts their fields. pandas parses the fields. Both must find the
same number of rows: rows of the table + header + rows left out = records of the file.
"""

from __future__ import annotations

import re

import numpy as np

from ravine.data.formats import Source
from ravine.data.readers import delimited_dialect as dialect
from ravine.data.readers.delimited_fields import parse_fields
from ravine.data.readers.delimited_records import BLANKS, Records, fields_of, find_records, split_records
from ravine.data.readers.text_encoding import utf8_lines
from ravine.data.table import Table, repeated_names, unique_names
from ravine.errors import DataError

__all__ = ["read_text"]

SAMPLE_LINES = 200  # from which the dialect is detected
SAMPLE_BYTES = 1_000_000  # of the sample, unless fewer than MIN_SAMPLE_LINES lines are as long
MIN_SAMPLE_LINES = 20
VALUE = re.compile(rb"^(?!#)[^\S\n]*+\S", re.MULTILINE)  # in a line that is no comment
FIRST_LINES = 4 * SAMPLE_LINES  # among which the lines of the sample are, if some lines are blank


def read_text(source: Source) -> Table:
    """Return the table in a file of CSV-like text.

    Raises DataError if the file is binary, empty or cut off, has lines with different numbers of fields, or
    holds rows that pandas divides otherwise.
    """
    name, notes = source.name, list(source.notes)
    data = utf8_lines(source.content, name, notes)
    if not VALUE.search(data):
        raise _empty(name)
    comments = 2 * (data.count(b"\n#") + data.startswith(b"#")) <= data.count(b"\n") + 1
    separator = dialect.sniff_separator(_sample(data, comments))
    records = _records(data, separator, comments, name)
    places = np.flatnonzero(records.values)
    rows = fields_of(data, records, _first_rows(records, places), separator)
    title = _names_in_comment(data, records, separator, rows)
    if title:
        rows.insert(0, title)
    decimal = dialect.sniff_decimal(rows[1:] or rows, separator)
    header = dialect.has_header(rows, decimal)
    _note_left_out(records, title is not None, notes)
    first_row = 1 if header and not title else 0
    width = _one_width(data, records, places, len(rows[0]) if header else None, first_row, name)
    if header and len(places) == first_row:
        raise DataError(
            f"'{name}' has a header and no rows.",
            f"It needs rows below its only line: {', '.join(rows[0])[:80]}.",
            "Use a file with rows.",
        )
    source.budget.check_columns(width)
    names = rows[0] if header else [f"c{i}" for i in range(width)]
    if header and len(names) == width - 1:
        names = ["row", *names]  # as R writes row names
        notes.append("the first column has no name and is called 'row'")
    repeated = repeated_names(names)
    names, renamed = unique_names(names)
    if renamed:
        notes.append(f"columns renamed, since their names occur twice: {', '.join(renamed)}")
    notes.insert(0, _describe(separator, decimal, header))
    frame = parse_fields(data, records, places[first_row:], separator, decimal, names, name, notes)
    last_unnamed = header and len(names) > 1 and names[-1] == f"c{len(names) - 1}"
    if last_unnamed and separator != BLANKS and frame[names[-1]].isna().all():
        frame = frame.drop(columns=names[-1])  # every line ends in a separator
    return Table(frame, name, source.sha256, notes, header=header, repeated=repeated)


def _describe(separator: str, decimal: str, header: bool) -> str:
    """Return the note on the detected dialect."""
    words = f"separator {dialect.NAMES[separator]}, " + (
        "header" if header else "no header (columns c0, c1, …)"
    )
    return words + (", decimal comma" if decimal == "," else "")


def _empty(name: str) -> DataError:
    return DataError(f"'{name}' is empty.", "A table needs lines with values.", "Use a file with rows.")


def _sample(data: bytes, comments: bool) -> bytes:
    """Return the first lines that are neither blank nor comments, from which the dialect is detected."""
    lines: list[bytes] = []
    start, seen, size = 0, 0, 0
    while start < len(data) and seen < FIRST_LINES and len(lines) < SAMPLE_LINES:
        if size > SAMPLE_BYTES and len(lines) >= MIN_SAMPLE_LINES:
            break
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        is_comment = comments and data.startswith(b"#", start)
        if not is_comment:
            seen += 1
            line = data[start : end + 1]
            if line.strip():
                lines.append(line)
                size += len(line)
        start = end + 1
    return b"".join(lines)


def _records(data: bytes, separator: str, comments: bool, name: str) -> Records:
    """Return the records of a text. Raises DataError if there are none, and for an unclosed quote."""
    records = find_records(data, separator, comments)
    if 2 * records.comment.sum() > len(records.starts):
        records = find_records(data, separator)  # most lines begin with '#', so that they are no comments
    if records.unclosed is not None:
        raise DataError(
            f"'{name}' is cut off.",
            f"A quoted field that begins in line {_line(data, records.unclosed):,} never ends.",
            "Download the file again, or close the quote.",
        )
    if not records.values.any():
        raise _empty(name)
    return records


def _first_rows(records: Records, places: np.ndarray) -> np.ndarray:
    """Return those of the indices `places` whose records form the sample for decimal sign and header."""
    sizes = np.cumsum(records.ends[places[:SAMPLE_LINES]] - records.starts[places[:SAMPLE_LINES]])
    count = max(int(np.searchsorted(sizes, SAMPLE_BYTES, side="right")), MIN_SAMPLE_LINES)
    return places[: min(count, SAMPLE_LINES)]


def _line(data: bytes, position: int) -> int:
    """Return the number of the line, counted from 1, that holds a position of the text."""
    return data.count(b"\n", 0, position) + 1


def _names_in_comment(
    data: bytes, records: Records, separator: str, rows: list[list[str]]
) -> list[str] | None:
    """Return the names in the last comment line above the values, as numpy.savetxt writes them, or None."""
    comments, values = np.flatnonzero(records.comment), np.flatnonzero(records.values)
    if not len(comments) or comments[-1] > values[0]:
        return None
    start, end = int(records.starts[comments[-1]]), int(records.ends[comments[-1]])
    names = split_records(data[start:end].lstrip(b"# "), separator)
    decimal = dialect.sniff_decimal(rows, separator)
    if not names or len(names[0]) < 2 or len(names[0]) != len(rows[0]) or dialect.has_header(rows, decimal):
        return None
    return names[0] if dialect.has_header([names[0], *rows], decimal) else None


def _note_left_out(records: Records, title: bool, notes: list[str]) -> None:
    """Note the comment lines, and the lines of only separators. title: whether a comment is the header."""
    if left_out := int(records.comment.sum()) - title:
        notes.append(f"{left_out} comment line" + ("s" if left_out > 1 else ""))
    if hollow := int(records.hollow.sum()):
        where = " (the last line)" if hollow == 1 and records.hollow[-1] else ""
        notes.append(f"{hollow} line{'s' if hollow > 1 else ''} of only separators left out{where}")


def _one_width(
    data: bytes, records: Records, places: np.ndarray, header: int | None, first_row: int, name: str
) -> int:
    """Return the number of fields that all rows have, or raise DataError.

    places: indices of the records with values. header: number of fields of the header, or None without one.
    first_row: index in `places` of the first row below the header.
    """
    body = places[first_row:] if len(places) > first_row else places
    widths = records.widths[body]
    width = _most_frequent(widths)
    if header is not None and len(body) == 1 and width < header:
        width = header
    if header is not None and width not in (header, header + 1):
        raise DataError(
            f"The header of '{name}' has {header} fields, its rows have {width}.",
            "The rows must have as many fields as the header, or one more (a row name at the start).",
            "Name every column in the header, and write nothing between two separators for a missing value.",
        )
    other = np.flatnonzero(widths != width)
    if len(other):
        record = body[other[0]]
        count, line = int(records.widths[record]), _line(data, int(records.ends[record]))
        if record == body[-1] and count < width:
            raise DataError(
                f"'{name}' is cut off.",
                f"Its last line (line {line:,}) has {count} fields, the others have {width}.",
                "Download the file again, or remove the last line.",
            )
        raise DataError(
            f"'{name}' has lines with different numbers of fields.",
            f"Line {line:,} has {count} fields, the others have {width}.",
            f"Put quotes around values that hold the separator, or correct line {line:,}.",
        )
    return width


def _most_frequent(widths: np.ndarray) -> int:
    """Return the most frequent number [N]; of equally frequent ones, the first."""
    if (widths == widths[0]).all():
        return int(widths[0])
    _, first, counts = np.unique(widths, return_index=True, return_counts=True)
    return int(widths[first[counts == counts.max()].min()])
