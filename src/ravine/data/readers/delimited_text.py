"""Reader of CSV-like text, which detects the separator, decimal sign and header, and checks every line."""

from __future__ import annotations

import csv
import io
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

from ravine.data.formats import Source
from ravine.data.readers import delimited_dialect as dialect
from ravine.data.readers.text_encoding import SAMPLE_LINES, decode, without_comments
from ravine.data.table import Table, repeated_names, unique_names
from ravine.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read_text"]


def read_text(source: Source) -> Table:
    """Return the table in a file of CSV-like text.

    Raises DataError if the file is binary, empty or cut off, or has lines with different numbers of fields.
    """
    name, notes = source.name, list(source.notes)
    text = without_comments(decode(source.content, name, notes), notes)
    lines = [line for line in islice(io.StringIO(text), 4 * SAMPLE_LINES) if line.strip()][:SAMPLE_LINES]
    if not lines:
        raise DataError(f"'{name}' is empty.", "A table needs lines with values.", "Use a file with rows.")
    lines = [line.rstrip("\n") for line in _close_quotes(lines)]
    separator = dialect.sniff_separator(lines)
    rows = dialect.split_line(lines, separator)
    decimal = dialect.sniff_decimal(rows[1:] or rows, separator)
    header = dialect.has_header(rows, decimal)
    widths, at, text = _widths(text, separator, name, notes)
    width = _one_width(widths, at, header, name)
    if header and len(widths) == 1:
        raise DataError(
            f"'{name}' has a header and no rows.",
            f"It needs rows below its only line: {', '.join(rows[0])[:80]}.",
            "Use a file with rows.",
        )
    names = rows[0] if header else [f"c{i}" for i in range(width)]
    if header and len(names) == width - 1:
        names = ["row", *names]  # as R writes row names
        notes.append("the first column has no name and is called 'row'")
    repeated = repeated_names(names)
    names, renamed = unique_names(names)
    if renamed:
        notes.append(f"columns renamed, since their names occur twice: {', '.join(renamed)}")
    notes.insert(0, _describe(separator, decimal, header))
    frame = _parse(text, separator, decimal, names, header, name, notes)
    if not len(frame):
        raise DataError(
            f"A quote in the header of '{name}' is not closed.",
            "Every quote must be closed; the rows below are read as part of the header.",
            f"Close or remove the quote in: {', '.join(rows[0])[:80]}.",
        )
    return Table(frame, name, source.sha256, notes, header=header, repeated=repeated)


def _describe(separator: str, decimal: str, header: bool) -> str:
    """Return the note on the detected dialect."""
    words = f"separator {dialect.NAMES[separator]}, " + (
        "header" if header else "no header (columns c0, c1, …)"
    )
    return words + (", decimal comma" if decimal == "," else "")


def _close_quotes(lines: list[str]) -> list[str]:
    """Return the lines up to the last one at which every quoted field is closed."""
    parity, last = 0, len(lines)
    for i, line in enumerate(lines):
        parity ^= line.count('"') & 1
        if not parity:
            last = i + 1
    return lines[:last]


def _widths(text: str, separator: str, name: str, notes: list[str]) -> tuple[list[int], list[int], str]:
    """Return the numbers of fields of all records, the lines they end on, and the text without empty ones."""
    if separator == dialect.BLANKS or '"' not in text:
        lines = text.split("\n")
        full = [i for i, line in enumerate(lines) if line.strip()]
        if separator == dialect.BLANKS:
            widths = [len(row) for row in dialect.split_line([lines[i] for i in full], separator)]
        else:
            hollow = [i for i in full if not lines[i].strip(separator + " \t")] if separator in text else []
            if hollow:
                gone = set(hollow)
                full = [i for i in full if i not in gone]
                _note_hollow(len(hollow), hollow[-1] > (full[-1] if full else -1), notes)
                text = "\n".join(lines[i] for i in full)
            widths = [lines[i].count(separator) + 1 for i in full]
        return widths, [i + 1 for i in full], text
    return _quoted_widths(text, separator, name, notes)


def _quoted_widths(
    text: str, separator: str, name: str, notes: list[str]
) -> tuple[list[int], list[int], str]:
    """Return the result of `_widths` for a text with quoted fields."""
    widths, at, hollow = [], [], []
    lines = text.split("\n")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    start = 0
    try:
        for row in reader:
            if any(cell.strip() for cell in row) or (len(row) == 1 and lines[start].strip()):
                widths.append(len(row))
                at.append(reader.line_num)
            elif row and separator in lines[start]:
                hollow.append(reader.line_num)
            start = reader.line_num
    except csv.Error as error:
        raise DataError(
            f"'{name}' cannot be split into fields.",
            f"Every quote must be closed; the error near line {reader.line_num:,} is: {error}.",
            "Close the quote, or download the file again.",
        ) from error
    last = "\n".join(lines[(at[-2] if len(at) > 1 else 0) :]) if at else ""
    if _left_open(last, separator):
        begin = (at[-2] if len(at) > 1 else 0) + 1
        raise DataError(
            f"'{name}' is cut off.",
            f"A quoted field that begins in line {begin:,} never ends.",
            "Download the file again, or close the quote.",
        )
    if hollow:
        gone = {n - 1 for n in hollow}
        _note_hollow(len(hollow), hollow[-1] > (at[-1] if at else 0), notes)
        text = "\n".join(line for i, line in enumerate(lines) if i not in gone)
    return widths, at, text


def _left_open(record: str, separator: str) -> bool:
    """Return whether the last record ends inside a quoted field."""
    try:
        list(
            csv.reader(
                io.StringIO(record, newline=""), delimiter=separator, skipinitialspace=True, strict=True
            )
        )
    except csv.Error as error:
        return "unexpected end" in str(error)
    return False


def _note_hollow(count: int, at_end: bool, notes: list[str]) -> None:
    """Note lines that hold only separators."""
    where = " (the last line)" if at_end and count == 1 else ""
    notes.append(f"{count} line{'s' if count > 1 else ''} of only separators left out{where}")


def _one_width(widths: list[int], at: list[int], header: bool, name: str) -> int:
    """Return the number of fields that all records have, or raise DataError.

    widths: numbers of fields of the records. at: lines on which the records end.
    """
    if not widths:
        raise DataError(f"'{name}' is empty.", "A table needs lines with values.", "Use a file with rows.")
    body = widths[1:] if header and len(widths) > 1 else widths
    lines = at[1:] if header and len(widths) > 1 else at
    width = Counter(body).most_common(1)[0][0]
    if header and len(body) == 1 and body[0] < widths[0]:
        width = widths[0]
    if header and width not in (widths[0], widths[0] + 1):
        raise DataError(
            f"The header of '{name}' has {widths[0]} fields, its rows have {width}.",
            "The rows must have as many fields as the header, or one more (a row name at the start).",
            "Name every column in the header, and write nothing between two separators for a missing value.",
        )
    for count, line in zip(body, lines, strict=True):
        if count != width:
            if line == lines[-1] and count < width:
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


def _parse(
    text: str, separator: str, decimal: str, names: list[str], header: bool, name: str, notes: list[str]
) -> pd.DataFrame:
    """Return the columns of a text whose dialect is known."""
    import pandas as pd

    try:
        frame = pd.read_csv(
            io.StringIO(text),
            sep=r"\s+" if separator == dialect.BLANKS else separator,
            header=None,
            names=list(range(len(names))),
            skiprows=_skip(text) if header else 0,
            decimal=decimal,
            skipinitialspace=True,
            index_col=False,
            keep_default_na=False,
            na_values=["", "nan", "NaN", "NA"],
            low_memory=False,
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as error:
        raise DataError(
            f"'{name}' cannot be read as a table.", f"pandas reports: {error}.", "Correct the file."
        ) from error
    frame.columns = names
    for column in frame.columns:
        values = frame[column]
        # A column of True, False and missing values has the dtype object, but is no text.
        if pd.api.types.is_string_dtype(values.dropna()) and not pd.api.types.is_numeric_dtype(values):
            frame[column] = _ungrouped(values.str.strip(), decimal, notes)
    if separator != dialect.BLANKS and len(names) > 1 and names[-1] == f"c{len(names) - 1}" and header:
        tail = frame[names[-1]]
        if tail.isna().all():  # every line ends in a separator
            frame = frame.drop(columns=names[-1])
    return frame


def _ungrouped(values: pd.Series, decimal: str, notes: list[str]) -> pd.Series:
    """Return a column with words such as 1,234.5 as numbers, if it holds only such words and numbers."""
    import pandas as pd

    words = [word for word in values.dropna().unique() if word.lower() not in dialect.MISSING_WORDS]
    grouped = [word for word in words if dialect.THOUSANDS_PATTERNS[decimal].fullmatch(word)]
    if not grouped or not all(dialect.is_number(w, decimal) for w in set(words) - set(grouped)):
        return values
    notes.append(f"thousands are grouped in '{values.name}' ({grouped[0]})")
    mark = "," if decimal == "." else "."
    plain = values.where(~values.str.lower().isin(dialect.MISSING_WORDS))
    return pd.to_numeric(plain.str.replace(mark, "", regex=False).str.replace(decimal, ".", regex=False))


def _skip(text: str) -> int:
    """Return the number of lines up to the end of the header, with the blank lines before it."""
    skipped, parity = 0, 0
    for line in io.StringIO(text):
        skipped += 1
        parity ^= line.count('"') & 1
        if line.strip() and not parity:
            break
    return skipped
