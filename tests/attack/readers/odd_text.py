"""Texts made by hand: encodings, line ends, quotes, cells, names, sizes; and words typed as options."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.attack import product
from tests.attack.case import enumerated
from tests.attack.readers.tables import agree, named_or_last, prepare

NUMBERS = random.Random(5)
CELLS = [
    "inf", "-inf", "Infinity", "1e400", "-1e400", "1e-400", "0x1F", "1_000", "1,000", "1.000,5", "１２", "١٢",
    "²", "½", "1e", "--1", "+-1", "1.2.3", "NaN", "-nan", "1d5", "1E5", "1e+05", ".5", "5.", "00012", "1'000",
    "1 000", "1\u00a0000", "\u2212 1", "\u22121", "$1,000.50", "12 %", "(3.1)", "=1+1", "=cmd|' /C calc'!A0",
    "@SUM(A1)", "true", "TRUE", "yes", "2021-01-05", "05.01.2021", "1/2/2021", "12:30", "9999-12-31",
    "0001-01-01", "1e308", "1.7976931348623157e308", "1.8e308", "5e-324", "9007199254740993",
    "18446744073709551616", "123456789012345678901234567890", "\x1b[31mred", "<script>", "[bold]x[/]",
    "\u202eabc", "a\u0301", "\u200b1", "1\u200b", "nan(0x1)", "infinity", "iNf", "1e999999999999", "1" * 5000,
    "0." + "1" * 5000, "NULL", "None", "#N/A", "?", "-", ".", "''", "\\N",
]  # fmt: skip
ENCODINGS = (
    "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-7", "latin-1", "cp1252",
    "cp500", "shift_jis", "gb18030", "cp037", "mac-roman", "koi8-r",
)  # fmt: skip
MAGIC = (
    b"%PDF-1.5\n", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"\xd0\xcf\x11\xe0", b"BZh9", b"\xfd7zXZ\0",
    b"(\xb5/\xfd", b"7z\xbc\xaf'\x1c", b"PK\x05\x06" + b"\0" * 18, b"\x7fELF", b"MZ", b"SQLite format 3\0",
    b"\x1f\x8b", b"\x1f\x9d", b"GIF89a", b'{"a": 1}\n', b"[1, 2]\n", b"<html><body>\n",
    b"<?xml version='1.0'?>\n", b"\x80\x04\x95", b"\x93NUMPY\x01\0", b"OggS", b"ustar", b"PAR1", b"PAR1PAR1",
    b"root", b"root" + b"\xff" * 40, b"\x89HDF\r\n\x1a\n", b"\0\0\x08\x03", b"\0\0\x08\x01\0\0\0\0",
)  # fmt: skip
TINY = (
    b"", b"\n", b" ", b"\n\n\n", b"\r", b",", b",,,\n,,,\n", b'"', b'""', b"'", b"#", b"#a,b,y\n", b"a",
    b"a,b,y", b"a,b,y\n", b"a,b,y\r\n", b"1", b"1,2,3\n", b"\t", b"\x1a", b"\x0c", b"\x1c\n", b"\xc2\x85",
    b"\xe2\x80\xa8\n", b"y\n1\n2\n", b"y\np\nq\n" * 20, b"a,b,y\n1,2,p\n", b"a,b,y\n1,2,p\n2,3,q\n",
    b"\xff\xfe", b"\xef\xbb\xbf",
)  # fmt: skip


def _g(_: int = 0) -> str:
    return f"{NUMBERS.gauss(0, 1):.3f}"


def _pair(_: int = 0) -> str:
    return f"{_g()},{_g()}"


def _lines(
    cells: Callable[[int], str] = _pair,
    n: int = 40,
    label: Callable[[int], str] = lambda i: "pq"[i % 2],
    header: str = "a,b,y",
) -> bytes:
    return (header + "\n" + "".join(f"{cells(i)},{label(i)}\n" for i in range(n))).encode()


TEXT = _lines()
BODY = TEXT.split(b"\n", 1)[1]


def encodings() -> Iterator[bytes]:
    for name in ENCODINGS:
        try:
            yield _lines(lambda i: f"{_g()},é", header="größe,b,y").decode().encode(name)
        except UnicodeEncodeError:
            yield TEXT.decode().encode(name)
    yield from (b"\xfe\xff" + TEXT, b"\xef\xbb\xbf" * 2 + TEXT, TEXT.replace(b"a,b", "\ufeffa,b".encode()))
    yield b"\xff\xfe" + TEXT.decode().encode("utf-16-le") + b"\x00\xd8"  # a lone surrogate
    for cell in ("{i}\0,{i}.5", "{i},w\0{w}", "{i},w{w}"):  # NUL in a number, a word, the header
        header = "a\0,b,y\n" if "\0" not in cell else "a,b,y\n"
        yield (
            header + "".join(cell.format(i=i, w="xyz"[i % 3]) + f",{'pq'[i % 2]}\n" for i in range(40))
        ).encode("utf-16")
    yield from (TEXT.replace(b"\n", b"\0\n", 3), "é,b,y\n".encode() + TEXT[:200] + b"\xc3")
    yield from (bytes(range(1, 32)) * 20 + b"\xff", bytes(range(256)), bytes(range(1, 256)))


def cells() -> Iterator[bytes]:
    """Every odd cell as one cell, all cells, half of them, the target, the header, the first row."""
    for word in CELLS:
        yield from _places_of(f'"{word}"' if "," in word else word)


def _places_of(word: str) -> Iterator[bytes]:
    yield _lines(lambda i: f"{word if i == 7 else _g()},{_g()}")
    yield _lines(lambda i: f"{word},{_g()}")
    yield _lines(lambda i: f"{word if i % 2 else _g()},{_g()}")
    yield _lines(label=lambda i: word if i == 7 else _g())
    yield _lines(label=lambda i: word if i % 2 else "p")
    yield _lines(header=f"{word},b,y")
    yield _lines(lambda i: f"{word if i == 0 else _g()},{_g()}")


def targets_and_names() -> Iterator[bytes]:
    yield from (
        _lines(lambda i: "NA,"),
        _lines(label=lambda i: "NA"),
        _lines(label=lambda i: "p"),
        _lines(label=lambda i: f"w{i}"),
    )
    for header in (
        "a,a,y",
        "y,b,y",
        ",,y",
        " a , b , y ",
        '"a\nb",b,y',
        'a 5",b,y',
        'a 5",b 3",y',
        "c,a.2,y",
    ):
        yield _lines(header=header)
    yield b"a,a.2,a,y\n" + b"".join(
        b"%d,%d,%d,%s\n" % (i * 7 % 11, i * 3 % 5, i % 4, b"pq"[i % 2 : i % 2 + 1]) for i in range(40)
    )
    yield _lines(label=lambda i: "pq"[i % 2] + ",", header="a,b,y,")


def quotes_and_rows() -> Iterator[bytes]:
    yield from (TEXT + b"1,2,p,4\n", TEXT + b"1,2\n", TEXT.replace(b"\n", b"\n1,2\n", 5))
    yield from (TEXT + b'"1,2,p\n', TEXT.replace(b"\n", b'\n"', 10))
    yield b'a 5",b,y\n' + b"".join(
        b"%d,%s,%s\n" % (i * 7 % 23, (b'w"' if i == 9 else b"w", b"z")[i % 2], b"pq"[i % 2 : i % 2 + 1])
        for i in range(40)
    )
    for cell in ('w{n}"', '"a\\"b"', '"a\nb{n}"', '"a\r\nb{n}"', '"a\n#b{n}"'):
        yield _lines(lambda i, cell=cell: f"{_g()},{cell.format(n=i % 3)}")
    for blank in (b"   \n", b"\t\t\n", b'""\n', b'" "\n', b",,\n", b"# 1,2,p\n", b"Total,12.5,\n"):
        yield TEXT + blank + BODY
    yield from (b"y\n" + b"1\n\n2\n" * 30, b"y\n" + b'1\n""\n2\n' * 30, TEXT + TEXT)


def line_ends() -> Iterator[bytes]:
    for end in (b"\r", b"\r\n", b"\n\r"):
        yield TEXT.replace(b"\n", end)
    yield TEXT.replace(b"\n", b"\r\n", 20)
    for mark in ("\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"):
        yield TEXT.decode().replace("\n", mark).encode()
        yield _lines(lambda i, mark=mark: f"{_g()},w{mark}{i % 3}")
        yield TEXT + f"{mark}\n".encode() + BODY


def layouts() -> Iterator[bytes]:
    for begin in (
        b"# hello\n# a b\n",
        b"#",
        b"% hello\n",
        b"@relation x\n@attribute a numeric\n@data\n",
        b"sep=,\n",
        b"My table\n\n",
    ):
        yield begin + TEXT
    yield _lines(lambda i: f"#{i},{_g()}")
    yield b"# a b y\n" + b"".join(
        b"%.18e %.18e %.18e\n" % (NUMBERS.gauss(0, 1), NUMBERS.gauss(0, 1), i % 2) for i in range(40)
    )
    yield TEXT.replace(b"a,b,y\n", b"a,b,y\n[m],[s],-\n")
    yield TEXT.replace(b",", b";").replace(b".", b",")
    yield ("a;b;y\n" + "".join(f"{i},5;{i}.5;{'pq'[i % 2]}\n" for i in range(40))).encode()
    yield TEXT.replace(b",", b"   ")
    yield TEXT.replace(b",", b"   ").replace(b"\n", b" \n", 5)
    for word in ('"u v"', '""'):
        yield ("a b y\n" + "".join(f"{_g()} {word} {'pq'[i % 2]}\n" for i in range(40))).encode()
    yield (
        "a      b      y\n"
        + "".join(f"{_g():>6} {'' if i == 9 else _g():>6} {'pq'[i % 2]:>3}\n" for i in range(40))
    ).encode()
    yield from (
        _lines(lambda i: f'=HYPERLINK("x"),{_g()}'),
        b"".join(b'{"a": %d, "y": "p"}\n' % i for i in range(40)),
    )
    for magic in MAGIC:
        yield from (magic + TEXT, magic, magic + b"\0" * 200)


Made = Callable[[], bytes]  # large files are made when their turn comes


def long_fields() -> Iterator[Made]:
    for n in (130_000, 131_072, 131_073, 200_000, 2_000_000):
        yield lambda n=n: _lines(lambda i: f"{_g()},{'w' if i != 5 else 'x' * n}")
        yield lambda n=n: _lines(lambda i: f"{_g()},{'w' if i != 5 else chr(34) + 'x' * n + chr(34)}")
        yield lambda n=n: _lines(lambda i: f"{_g()},{'w' if i != 500 else 'x' * n}", n=600)
        yield lambda n=n: _lines(header=f"{'x' * n},b,y")
        yield lambda n=n: _lines(label=lambda i: "x" * n if i % 2 else "p")
    for cell in (
        "1" * 3000 + "-,2",
        "$" + "1 " * 3000 + "x,2",
        '"' + "111," * 3000 + 'x",2',
        "2021-01-01T" + "x" * 5000 + ",2",
    ):
        yield lambda cell=cell: _lines(lambda i: cell)  # slow regular expressions
    yield lambda: _lines(lambda i: "$" + "1'" * 3000 + f"x{i},2")
    for cell in ("1" * 100_000 + "x,2", "1" * 20_000 + " " * 20_000 + "x,2", " ".join(["1"] * 5_000) + ",2"):
        yield lambda cell=cell: _lines(lambda i: cell, n=12)


def many_columns() -> Iterator[Made]:
    def wide(
        n: int, name: Callable[[int], str] | None, cell: Callable[[int, int], str], separator: str = ","
    ) -> Made:
        def made() -> bytes:
            header = separator.join(name(i) for i in range(n)) + f"{separator}y\n" if name else ""
            rows = (
                separator.join(cell(i, j) for j in range(n)) + f"{separator}{'pq'[i % 2]}\n"
                for i in range(12)
            )
            return (header + "".join(rows)).encode()

        return made

    for n in (1000, 10_000, 30_000):
        yield wide(n, "c{}".format, lambda i, j: str(i * j % 7))
        yield wide(n, "c{}".format, lambda i, j: "uvw"[i * j % 3])
        yield wide(n, None, lambda i, j: str(i * j % 7 + 0.5))
        yield wide(n, lambda i: "c", lambda i, j: str(i * j % 7))
        yield wide(n, lambda i: "", lambda i, j: str(i * j % 7))
        yield wide(n, "c{}".format, lambda i, j: "1,234", ";")
    yield wide(2000, "c{}".format, lambda i, j: f"2021-01-{i * j % 28 + 1:02d}")
    yield lambda: _lines(lambda i: f"w{i * 7919 % 30011},{_g()}", n=60_000)


def _read(rng: random.Random, text: bytes | Made, folder: Path) -> None:
    blob = text if isinstance(text, bytes) else text()
    path = folder / ("odd.csv.gz" if blob[:2] == b"\x1f\x8b" else "odd.csv")
    path.write_bytes(blob)
    table = product.read_table(path)
    if len(blob) < 3_000_000:
        agree(blob, table)
    prepare(path, named_or_last(table))


# ----------------------------------------------------------------------------------------------- words typed

OPTIONS = (
    "target",
    "features",
    "drop",
    "weights",
    "groups",
    "missing",
    "test",
    "task",
    "metric",
    "negative_weights",
)
TYPED = [
    "y", "Y", " y ", "", " ", "-1", "+1", "-0", "--1", "+-5", "+", "-", "²", "९", "１", "1e0", "1.0",
    "99999999999999999999", "-99", "0x1", "nan", "None", "\x1b[31m", "a\nb", "a\0b", "y\u200b", "ÿ", "[bold]",
    "<b>", "*", "?", ".", "..", "/", "a,b", '"y"', "'y'", "c2", "row", "target", "\ud800", "y" * 10_000, "①",
    "Ⅷ", "五", "-²", "0" * 5000, "1" * 5000,
]  # fmt: skip


def _typed(rng: random.Random, case: tuple[str, str], folder: Path) -> None:
    """Options that name columns or hold values: anything that a shell can pass."""
    option, word = case
    path = folder / "w.csv"
    path.write_bytes(_lines(lambda i: f"{rng.gauss(0, 1):.3f},{rng.randint(0, 5)}", n=60))
    options = {option: [word] if option in ("features", "drop", "missing") else word}
    prepare(path, options.pop("target", "y"), **options)


FAMILIES = [
    enumerated("encodings", list(encodings()), _read),
    enumerated("cells", list(cells()), _read),
    enumerated("names", list(targets_and_names()), _read),
    enumerated("rows", list(quotes_and_rows()), _read),
    enumerated("line_ends", list(line_ends()), _read),
    enumerated("layouts", [*TINY, *layouts()], _read),
    enumerated("long_fields", list(long_fields()), _read),
    enumerated("many_columns", list(many_columns()), _read),
    enumerated("typed_words", [(option, word) for word in TYPED for option in OPTIONS], _typed),
]
