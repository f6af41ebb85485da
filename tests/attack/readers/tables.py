"""Shared by the readers: prepare a file, compare a table with the csv module, damage bytes."""

from __future__ import annotations

import csv
import io
import math
import random
from pathlib import Path
from typing import Any

from tests.attack import product
from tests.attack.case import Failure

MISSING = {
    "",
    "na",
    "nan",
    "?",
    "n/a",
    "#n/a",
    "#na",
    "<na>",
    "-nan",
    "null",
    "none",
    "-",
    "--",
    ".",
    "unknown",
}


class Touch:
    """Unpickled, it makes the file PWNED in the working folder."""

    def __reduce__(self):
        import os

        return os.system, ("touch PWNED",)


def no_code_was_run() -> None:
    if Path("PWNED").exists():
        Path("PWNED").unlink()
        raise Failure("code executed", "a pickle in the file was run")


def prepare(path: Path, target: str = "y", **options: Any) -> None:
    """Read and prepare; the data set must hold finite numbers or NaN, and as many targets as inputs."""
    import numpy as np

    dataset = product.load_dataset(path, target, **options)
    if np.isinf(dataset.x).any() or not np.isfinite(np.asarray(dataset.y, float)).all():
        raise Failure("wrong value", "the data set holds infinite inputs or a target that is no number")
    if len(dataset.x) != len(dataset.y):
        raise Failure("wrong value", "inputs and target differ in length")


def named_or_last(table: Any, name: str = "y") -> str:
    """The column `name` if there is one, else the number of the last."""
    columns = [str(each) for each in table.frame.columns]
    return name if name in columns else str(len(columns) - 1)


# ---------------------------------------------------------------------------------- the csv module as oracle


def read_by_csv(blob: bytes, dialect: product.Dialect) -> list[list[str]]:
    """Read text with Python's csv module and the dialect that the product says it used."""
    try:
        text = blob.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = blob.decode("latin-1")
    text = text.replace("\r\n", "\n").replace("\r", "\n")

    lines = text.split("\n")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=dialect.separator, skipinitialspace=True)
    rows, blank, begin = [], [], 0
    try:
        for row in reader:
            rows.append(row)
            blank.append(not "".join(lines[begin : reader.line_num]).strip(" \t"))
            begin = reader.line_num
    except csv.Error:  # a field beyond its limit: no oracle
        return []
    # With one column, a quoted blank is a missing value, a line of blanks or of separators is none.
    if all(len(row) < 2 for row in rows if any(map(str.strip, row))):
        rows = [row for row, nothing in zip(rows, blank, strict=True) if len(row) == 1 and not nothing]
    else:
        rows = [row for row in rows if any(cell.strip(" \t\n") for cell in row)]
    return rows[1:] if dialect.header else rows


def agree(blob: bytes, table: Any) -> None:
    """Raise where the table is not what the csv module reads."""
    dialect = product.dialect(table)
    rows = read_by_csv(blob, dialect) if dialect else []
    if not rows:
        return
    if len(rows) != len(table.frame):
        raise Failure(
            "rows lost or added",
            f"the csv module reads {'more' if len(rows) > len(table.frame) else 'fewer'} rows",
        )
    for number in range(table.frame.shape[1]):
        _agree_column(
            [row[number] if number < len(row) else None for row in rows], table.frame.iloc[:, number], dialect
        )


def _agree_column(cells: list[str | None], column: Any, dialect: product.Dialect) -> None:
    import pandas as pd

    numeric = pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype)
    for cell, got in zip(cells, column, strict=True):
        if cell is None:
            continue
        cell = cell.strip()
        if pd.isna(got):
            if cell.lower() not in MISSING:
                raise Failure("wrong value", "a cell that holds something came back missing")
        elif numeric:
            _same_number(cell, float(got), dialect)
        elif str(got).lower() != cell.lower() and not _equal_numbers(str(got), cell, dialect):
            raise Failure("wrong value", "a word came back otherwise")


def _same_number(cell: str, got: float, dialect: product.Dialect) -> None:
    mark = "," if dialect.decimal == "." else "."  # of thousands
    try:
        wanted = float(cell.replace(mark, "").replace(dialect.decimal, "."))
    except ValueError:
        if cell.lower() in ("true", "false"):
            return
        raise Failure("wrong value", "a word came back as a number") from None
    if wanted != got and not math.isclose(wanted, got, rel_tol=1e-12):
        raise Failure("wrong value", "a number came back as another number")


def _equal_numbers(got: str, cell: str, dialect: product.Dialect) -> bool:
    try:
        return float(got) == float(cell.replace(dialect.decimal, "."))
    except ValueError:
        return False


# ---------------------------------------------------------------------------------------------------- damage


def damaged(rng: random.Random, blob: bytes) -> bytes:
    """Cut a file, flip a bit, or overwrite bytes here and there or in a row."""
    blob = bytearray(blob)
    how = rng.randrange(4)
    if how == 0:
        del blob[rng.randrange(1, len(blob)) :]
    elif how == 1:
        blob[rng.randrange(len(blob))] ^= 1 << rng.randrange(8)
    elif how == 2:
        for _ in range(rng.randint(2, 6)):
            blob[rng.randrange(len(blob))] = rng.choice([0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)])
    else:
        at = rng.randrange(len(blob))
        size = min(rng.randint(1, 16), len(blob) - at)
        blob[at : at + size] = rng.choice([b"\0", b"\xff", b"\x80", b"\x7f"]) * size
    return bytes(blob)
