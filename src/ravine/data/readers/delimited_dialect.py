"""Dialect of a CSV-like text (separator, decimal sign, header), detected from its first lines."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

from ravine.data.readers.delimited_records import BLANKS, split_records

__all__ = [
    "MISSING_WORDS",
    "THOUSANDS_PATTERNS",
    "has_header",
    "is_number",
    "sniff_decimal",
    "sniff_separator",
]

SEPARATORS = ("\t", ";", "|", ",", BLANKS)
MISSING_WORDS = {
    *("", "?", "na", "n/a", "#n/a", "#na", "<na>", "nan", "-nan"),
    *("null", "none", "-", "--", ".", "unknown"),
}
"""Words that stand for "missing", in lower case."""

# Possessive quantifiers (++) keep the time linear in the length of a word.
POINT = re.compile(
    r"[+-]?(\d++(\.\d*+)?|\.\d++)([eE][+-]?\d++)?|[+-]?(inf|infinity)", re.ASCII | re.IGNORECASE
)
COMMA = re.compile(r"[+-]?(\d++(,\d*+)?|,\d++)([eE][+-]?\d++)?", re.ASCII)
THOUSANDS_PATTERNS = {  # decimal sign -> numbers with grouped thousands
    ".": re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", re.ASCII),
    ",": re.compile(r"[+-]?\d{1,3}(\.\d{3})+(,\d+)?", re.ASCII),
}
TWO_NUMBERS = re.compile(r"[+-]?[\d.,]++\s++[+-]?[\d.,]++", re.ASCII)
NAMES = {"\t": "tab", BLANKS: "blanks", ",": "comma", ";": "semicolon", "|": "bar"}


def is_number(cell: str, decimal: str = ".") -> bool:
    """Return whether the text of a table's cell is a number with this decimal sign, "." or ","."""
    return (POINT if decimal == "." else COMMA).fullmatch(cell) is not None


def sniff_separator(sample: bytes) -> str:
    """Return the most likely separator of CSV-like text: tab, `;`, `|`, `,` or blanks.

    It gives the records equal numbers of fields, and few fields hold another separator. sample: first lines
    of the text, in UTF-8.
    """
    best, best_score = ",", (0.0, 0.0, 0)
    for separator in SEPARATORS:
        rows = split_records(sample, separator)
        if not rows:
            continue
        # The first line may be a header, so that only the others count.
        body = rows[1:] if len(rows) > 2 else rows
        width, count = Counter(len(row) for row in body).most_common(1)[0]
        share = count / len(body)
        if width < 2 or share < 0.6:
            continue
        cells = [cell for row in body if len(row) == width for cell in row]
        clean = 1 - sum(_holds_other(cell, separator) for cell in cells) / len(cells)
        if separator == BLANKS:  # fields should be numbers, since a sentence also has blanks
            clean = min(clean, sum(is_number(c) or is_number(c, ",") for c in cells) / len(cells) + 0.3)
        score = (round(share, 1), round(clean, 2), width)
        if score > best_score:
            best, best_score = separator, score
    return best


def _holds_other(cell: str, separator: str) -> bool:
    """Return whether a field suggests that another separator is the right one."""
    if is_number(cell) or (separator != "," and is_number(cell, ",")):
        return False
    if any(other in cell for other in "\t;|" if other != separator) or TWO_NUMBERS.fullmatch(cell):
        return True
    return separator == BLANKS and (cell.endswith(",") or cell.startswith(","))


def sniff_decimal(rows: list[list[str]], separator: str) -> str:
    """Return the decimal sign of CSV-like text: "," if more cells are numbers with it than with a point.

    Otherwise, the sign is ".". If commas also separate cells, every cell with a comma must be such a number.
    rows: cells of the first lines. separator: separator of the cells.
    """
    if separator == ",":
        # Only quoted cells can then hold a comma: "1,5","2,5".
        quoted = [cell for row in rows for cell in row if "," in cell]
        numbers = sum(is_number(cell, ",") for cell in quoted)
        points = sum("." in cell and is_number(cell) for row in rows for cell in row)
        grouped = all(
            THOUSANDS_PATTERNS["."].fullmatch(cell) for cell in quoted
        )  # "1,234" is a thousand here
        return "," if numbers > points and numbers == len(quoted) and not grouped else "."
    cells = [cell for row in rows for cell in row]
    commas = sum("," in cell and is_number(cell, ",") for cell in cells)
    points = sum("." in cell and is_number(cell, ".") for cell in cells)
    return "," if commas > points else "."


def has_header(rows: list[list[str]], decimal: str) -> bool:
    """Return whether the first row of CSV-like text is a header, which names the columns.

    A word above numbers is the name of a column. A number above numbers is not a name, unless the first row
    counts the columns (0, 1, 2, …). Without columns of numbers, the first row is a header if its words do not
    occur again.
    """
    first, body = rows[0], rows[1:]
    if not body:
        return not any(is_number(cell, decimal) for cell in first)
    named = counted = unnamed = repeated = fresh = 0
    for j, cell in enumerate(first):
        below = [row[j] for row in body if j < len(row) and row[j].lower() not in MISSING_WORDS]
        numeric = bool(below) and sum(is_number(value, decimal) for value in below) >= 0.9 * len(below)
        if cell.lower() in MISSING_WORDS and cell not in ("-", "."):
            continue
        if not below:
            continue
        if numeric and not is_number(cell, decimal):
            named += 1
        elif numeric:
            unnamed += 1
            counted += cell.isdecimal()
        elif cell in below:
            repeated += 1
        else:
            fresh += 1
    numbers, sequence = _sequence(first)
    counts = sequence and numbers == counted == unnamed and not _sequence(body[0])[1]
    if named:
        return unnamed == 0 or counts or named > unnamed
    if unnamed:
        return counts and numbers > 2 and (first[0] in ("0", "1") or fresh > repeated)
    return repeated == 0 and fresh > 0


def _sequence(row: list[str]) -> tuple[int, bool]:
    """Return the number of integers in a row, and whether they increase by one."""
    numbers = [int(cell) for cell in row if cell.isdecimal()]
    return len(numbers), len(numbers) > 1 and all(b - a == 1 for a, b in pairwise(numbers))
