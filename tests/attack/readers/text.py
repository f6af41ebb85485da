"""Delimited text: tables with known values in random dialects, mutated text, noise, gzip."""

from __future__ import annotations

import gzip
import math
import random
import zlib
from pathlib import Path
from typing import Any

from tests.attack import product
from tests.attack.case import Failure, Family
from tests.attack.readers.tables import agree, named_or_last, prepare

# ---------------------------------------------------------------------------------- tables with known values

WORDS = [
    "red",
    "green",
    "blue",
    "naïve",
    "Zoë",
    "a b",
    "it's",
    "x-y",
    "日本",
    "=cmd|' /C calc'!A0",
    "@SUM(A1)",
    "+x",
    "q.e.d",
]
KINDS = ("int", "float", "sci", "word", "bigint", "float", "gap")


def _value(rng: random.Random, kind: str, separator: str) -> Any:
    if kind == "word":
        return (
            rng.choice(['say "hi"', f"a{separator}b", 'x" y', 'end"'])
            if rng.random() < 0.08
            else rng.choice(WORDS)
        )
    if kind == "gap":
        return None if rng.random() < 0.2 else _value(rng, "float", separator)
    if kind == "int":
        return rng.randint(-1000, 1000)
    if kind == "bigint":
        return rng.randint(-(2**53), 2**53)
    if kind == "sci":
        return float(f"{rng.uniform(1, 10):.5f}e{rng.randint(-30, 30)}")
    return round(rng.gauss(0, 100), rng.randint(1, 6))


def _number_as_text(rng: random.Random, value: float, kind: str, decimal: str) -> str:
    if kind in ("int", "bigint"):
        return str(value)
    text = f"{value:.5e}" if kind == "sci" else repr(value)
    plus = "+" if rng.random() < 0.1 and not text.startswith("-") else ""
    return (plus + text).replace(".", decimal)


def _quoted(rng: random.Random, text: str, separator: str) -> str:
    if separator in text or '"' in text or "\n" in text or rng.random() < 0.05:
        return '"' + text.replace('"', '""') + '"'
    return text


def _name(rng: random.Random, number: int) -> str:
    inches = f'w {number}" pipe' if rng.random() < 0.15 else f"n{number}"
    return rng.choice(
        [f"col{number}", f"Größe {number}", f"x[{number}]", f"a b{number}", f"p_{number}%", inches]
    )


def _line(
    rng: random.Random, row: list, kinds: list[str], separator: str, decimal: str, missing: str, inches: bool
) -> list[str]:
    cells = []
    for value, kind in zip(row, kinds, strict=True):
        if value is None:
            cells.append(missing)
        elif kind != "word":
            cells.append(_number_as_text(rng, value, "float" if kind == "gap" else kind, decimal))
        elif inches and '"' in value and not value.startswith('"') and separator not in value:
            cells.append(value)
        else:
            cells.append(_quoted(rng, value, separator))
    return cells


def known(rng: random.Random, index: int, folder: Path) -> None:
    """A table with known values in a random dialect must come back exactly."""
    separator = rng.choice([",", ";", "\t", "|"])
    decimal = "," if separator != "," and rng.random() < 0.3 else "."
    kinds = [rng.choice(KINDS) for _ in range(rng.randint(2, 7))]
    if set(kinds) == {"word"}:
        kinds[0] = "float"
    truth = [[_value(rng, kind, separator) for kind in kinds] for _ in range(rng.randint(30, 120))]
    labels = ["pq"[i % 2] if i < 10 else rng.choice("pq") for i in range(len(truth))]
    missing = rng.choice(["", "NA", "nan", "?", "null"])
    inches = rng.random() < 0.3  # a quotation mark inside a field that is not quoted, as inches are written
    lines = []
    if rng.random() < 0.85:
        names = [_name(rng, i) for i in range(len(kinds))]
        bare = rng.random() < 0.5
        lines.append(
            separator.join([*(n if bare and '"' in n else _quoted(rng, n, separator) for n in names), "y"])
        )
    for row, label in zip(truth, labels, strict=True):
        lines.append(separator.join([*_line(rng, row, kinds, separator, decimal, missing, inches), label]))
    end = rng.choice(["\n", "\r\n", "\n", "\r"])
    text = end.join(lines) + (end if rng.random() < 0.8 else "")
    text = (
        end * (rng.randint(1, 3) if rng.random() < 0.1 else 0)
        + text
        + end * (rng.randint(1, 3) if rng.random() < 0.1 else 0)
    )
    blob, path = text.encode(rng.choice(["utf-8", "utf-8-sig", "utf-16", "utf-8"])), folder / "t.csv"
    if rng.random() < 0.15:
        blob, path = gzip.compress(blob), folder / "t.csv.gz"
    path.write_bytes(blob)
    table = product.read_table(path)
    _same_table(table.frame, truth, kinds)
    prepare(path, str(table.frame.columns[-1]))


def _same_table(frame: Any, truth: list[list], kinds: list[str]) -> None:
    if len(frame) != len(truth):
        raise Failure(
            "rows lost or added", f"{'fewer' if len(frame) < len(truth) else 'more'} rows than were written"
        )
    if frame.shape[1] != len(kinds) + 1:
        raise Failure("rows lost or added", "another number of columns than was written")
    for number, kind in enumerate(kinds):
        for row, got in zip(truth, frame.iloc[:, number], strict=True):
            _same_cell(row[number], got, kind)


def _same_cell(wanted: Any, got: Any, kind: str) -> None:
    import pandas as pd

    if wanted is None:
        if not pd.isna(got) and str(got).lower() not in ("?", "null", "nan", "na", ""):
            raise Failure("wrong value", "a missing value came back as something")
    elif kind == "word":
        if str(got) != wanted.strip():
            raise Failure("wrong value", "a word came back otherwise")
    else:
        try:
            value = float(str(got).replace(",", ".") if isinstance(got, str) else got)
        except ValueError:
            raise Failure("wrong value", "a number came back as a word") from None
        if not math.isclose(value, float(wanted), rel_tol=1e-12, abs_tol=0):
            raise Failure("wrong value", "a number came back as another number")


# ---------------------------------------------------------------------------------------------- mutated text

INSERTS = [
    b'"', b'""', b",", b";", b"\t", b"\n", b"\r", b"\r\n", b"\0", b"#", b" ", b"-", b"+", b".", b"e", b"E9",
    b"inf", b"nan", b"1e400", b"0x1F", b"\xff", b"\xc3", b"\xe2\x80\xae", b"\xe2\x80\xa8", b"\x1b[31m",
    b"\x85", b"\xc2\x85", b"\x0b", b"\x0c", b"\x1c", b"'", b"|", b"\xef\xbb\xbf", b"\xd9\xa1", b"1_000",
    b"1,000", b"1.000,5", b"True", b"=1+1", b"\\", b'\\"', b"%", b"$", b"\xc2\xa0", b"\xe2\x88\x92", b"NA",
    b"999999999999999999999999",
]  # fmt: skip


def plain_text(rng: random.Random) -> bytes:
    """A sound CSV of four columns, with quoted words or without."""
    words = ["red", "blue", '"a,b"', '"x ""q"" z"'] if rng.random() < 0.4 else ["red", "blue", "green"]
    lines = ["a,b,c,y"]
    for i in range(rng.randint(20, 60)):
        lines.append(f"{rng.randint(0, 99)},{rng.gauss(0, 1):.4f},{rng.choice(words)},{'pq'[i % 2]}")
    return ("\n".join(lines) + "\n").encode()


def mutate(rng: random.Random, blob: bytes, times: int = 3) -> bytes:
    """Insert, flip, remove, cut and double, one to `times` times."""
    blob = bytearray(blob)
    for _ in range(rng.randint(1, times)):
        at, what = rng.randrange(len(blob) + 1), rng.random()
        if what < 0.5:
            blob[at:at] = rng.choice(INSERTS)
        elif what < 0.65 and blob:
            blob[min(at, len(blob) - 1)] ^= 1 << rng.randrange(8)
        elif what < 0.8:
            del blob[at : at + rng.randint(1, 8)]
        elif what < 0.88:
            del blob[at:]
        elif what < 0.94:
            blob[at:at] = blob[at : at + rng.randint(1, 60)]
        else:
            blob[at:at] = rng.choice(INSERTS) * rng.randint(2, 5)
    return bytes(blob)


def _read_and_agree(path: Path, blob: bytes) -> None:
    path.write_bytes(blob)
    table = product.read_table(path)
    agree(blob, table)
    prepare(path, named_or_last(table))


def mutated(rng: random.Random, index: int, folder: Path) -> None:
    _read_and_agree(folder / "m.csv", mutate(rng, plain_text(rng)))


def noise(rng: random.Random, index: int, folder: Path) -> None:
    """Many mutations, or nothing but bytes that are likely in tables."""
    likely = [*INSERTS, b"1", b"2.5", b"a", b"b", b"y", b",", b",", b"\n", b"\n", b"\n", b"-3", b"p", b"q"]
    if rng.random() < 0.5:
        blob = mutate(rng, plain_text(rng), times=40)
    else:
        blob = b"".join(rng.choice(likely) for _ in range(rng.randint(1, 400)))
    _read_and_agree(folder / "n.csv", blob)


# ------------------------------------------------------------------------------------------------------ gzip


def zipped(rng: random.Random, index: int, folder: Path) -> None:
    """Cut, flipped, extended, doubled and nested gzip: refused, or the text that went in."""
    blob, path = plain_text(rng), folder / "z.csv.gz"
    packed = gzip.compress(blob, mtime=0)
    noise_ = bytes(rng.randrange(256) for _ in range(rng.randint(1, 60)))
    flipped = bytearray(packed)
    flipped[rng.randrange(len(packed))] ^= 1 << rng.randrange(8)
    files = (
        packed[: rng.randrange(len(packed))],
        bytes(flipped),
        packed + noise_,
        packed * 2,
        gzip.compress(packed),
        b"\x1f\x8b" + noise_,
    )
    path.write_bytes(files[index % 6])
    table = product.read_table(path)
    if product.read_gzip(table) and index % 6 != 4:
        agree(blob * 2 if index % 6 == 3 else blob, table)
    prepare(path, named_or_last(table))


def bomb(rng: random.Random, index: int, folder: Path) -> None:
    """A small gzip file that unpacks to 64, 300 or 1500 MB."""
    size, what = (64, 300, 1500)[index % 3], (b"0\n", b"1,2,3\n", b" ", b"a", b"\n", b"\0")[index // 3 % 6]
    made, block = zlib.compressobj(9, zlib.DEFLATED, 31), (what * (1 << 20))[: 1 << 20]
    with (folder / "b.csv.gz").open("wb") as file:
        for _ in range(size):
            file.write(made.compress(block))
        file.write(made.flush())
    product.read_table(folder / "b.csv.gz")


FAMILIES = [
    Family("known", 4200, known),
    Family("mutated", 5200, mutated),
    Family("noise", 2400, noise),
    Family("gzip", 480, zipped),
    Family("gzip_bomb", 18, bomb),
]
