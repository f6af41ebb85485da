"""NPZ archives: flipped bytes, odd array headers, tricks with the archive, odd types."""

from __future__ import annotations

import io
import pickle
import random
import re
import struct
import zipfile
from pathlib import Path
from typing import Any

from tests.attack import product
from tests.attack.case import Failure, Family
from tests.attack.readers.tables import Touch, no_code_was_run, prepare


def _arrays(rng: random.Random) -> tuple[Any, Any]:
    import numpy as np

    rows = rng.randint(20, 50)
    numbers = np.random.default_rng(rng.randrange(2**32))
    return numbers.normal(size=(rows, rng.randint(1, 4))), np.arange(rows) % 2


def _member(array: Any) -> bytes:
    import numpy as np

    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def _archive(entries: list[tuple[str, bytes]], method: int = zipfile.ZIP_STORED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, body in entries:
            archive.writestr(name, body)
    return made.getvalue()


def _read(path: Path, blob: bytes) -> Any:
    path.write_bytes(blob)
    try:
        table = product.read_table(path)
        prepare(path, str(table.frame.columns[-1]) if table.target is None else table.target)
    finally:
        no_code_was_run()
    return table


def flipped(rng: random.Random, index: int, folder: Path) -> None:
    """Members have checksums: whatever is changed must be refused, or the table must be equal."""
    import numpy as np

    x, y = _arrays(rng)
    made = io.BytesIO()
    (np.savez_compressed if index % 2 else np.savez)(made, X=x, y=y)
    blob = bytearray(made.getvalue())
    if index % 5 == 0:
        del blob[rng.randrange(len(blob)) :]
    elif index % 5 == 1:
        blob[rng.randrange(len(blob))] = rng.randrange(256)
    else:  # headers and directory, where most can go wrong
        places = [
            found.start() for found in re.finditer(b"PK\x01\x02|PK\x03\x04|PK\x05\x06|\x93NUMPY", bytes(blob))
        ]
        for _ in range(rng.randint(1, 3)):
            at = min(rng.choice(places) + rng.randint(0, 60), len(blob) - 1)
            blob[at] = rng.choice([0, 1, 2, 0x7F, 0x80, 0xFF, blob[at] ^ 1, blob[at] ^ 0x20])
    table = _read(folder / "f.npz", bytes(blob))
    got, wanted = table.frame.to_numpy(), np.column_stack([x, y])
    # names are not part of a checksum: X may be lost under another name, and y is then a table of its own
    if got.shape[1] == wanted.shape[1] and not (
        got.shape == wanted.shape and np.array_equal(np.asarray(got, float), wanted)
    ):
        raise Failure("wrong value", "an archive with checksums was changed, and read as another table")


# --------------------------------------------------------------------------------------------- array headers

TYPES = [
    "'<f8'", "'>f8'", "'<f4'", "'<f2'", "'<i8'", "'>i2'", "'|b1'", "'<c16'", "'|O'", "'|S3'", "'<U2'",
    "'<M8[s]'", "'<m8[D]'", "'|V8'", "'|V0'", "'|S0'", "'<U99999999'", "'<f16'", "'<g8'", "''", "None", "5",
    "[]", "[('a','<f8')]", "[('a','<f8'),('b','|S3')]", "[('a','|O')]", "[('a','<f8',(2,))]", "[('','<f8')]",
    "('<f8',(2,))", "{'names':['a'],'formats':['<f8']}", "'<f8', 'x': 1", "'ravine'", "'os.system'",
    "'<i8,<f8'", "'d'", "'=f8'",
]  # fmt: skip
SHAPES = [
    "(24,2)", "(24,)", "()", "(0,)", "(0,2)", "(24,0)", "(-24,2)", "(24,-2)", "(True,2)", "(24.0,2)",
    "(1000000000000,)", "(4611686018427387904,4)", "(9223372036854775807,)", "(99999999999999999999999,)",
    "(24,2,1,1)", "(1,)*40", "24", "[24,2]", "None", "('24',)", "(24,1)", "(1,24)", "(" + "1," * 70 + ")",
    "(2,2,2,2,3)",
]  # fmt: skip


def _npy(header: str, data: bytes, version: bytes = b"\x01\x00") -> bytes:
    head = header.encode("latin-1", "replace")
    head += b" " * (-(11 + len(head)) % 64) + b"\n"
    return b"\x93NUMPY" + version + struct.pack("<H", len(head)) + head + data


def headers(rng: random.Random, index: int, folder: Path) -> None:
    """A member whose header names any type and shape, as inputs, as target, or alone."""
    import numpy as np

    shape, kind = SHAPES[index % len(SHAPES)], TYPES[index // len(SHAPES)]
    body = np.random.default_rng(index).normal(size=96).tobytes()
    if "O" in kind:
        body = pickle.dumps(np.array([Touch()], object), protocol=2)
    order = rng.choice(["False", "True", "1", "None"])
    version = rng.choice([b"\1\0", b"\1\0", b"\2\0", b"\3\0", b"\x63\0"])
    odd = _npy(f"{{'descr': {kind}, 'fortran_order': {order}, 'shape': {shape}, }}", body, version)
    x, y = _member(np.random.default_rng(1).normal(size=(24, 2))), _member(np.arange(24) % 2)
    _read(folder / "h.npz", _archive(rng.choice([
        [("X.npy", odd), ("y.npy", y)], [("X.npy", x), ("y.npy", odd)], [("a.npy", odd)],
        [("a.npy", y), ("y.npy", odd)],
    ])))  # fmt: skip


# ---------------------------------------------------------------------------------------- the archive itself


def directory(rng: random.Random, index: int, folder: Path) -> None:
    """A directory that names another compression, encryption, or another size."""
    import numpy as np

    x, y = _arrays(rng)
    made = io.BytesIO()
    np.savez(made, X=x, y=y)
    blob = bytearray(made.getvalue())
    for found in re.finditer(b"PK\x01\x02", bytes(blob)):
        at = found.start()
        if index % 3 == 0:
            struct.pack_into("<H", blob, at + 10, rng.choice([1, 2, 6, 9, 12, 14, 93, 95, 97, 98, 99, 65535]))
        elif index % 3 == 1:
            blob[at + 8] |= rng.choice([1, 0x20, 0x40, 0x41])
        else:
            struct.pack_into("<I", blob, at + 24, rng.choice([0, 1, 0x7FFFFFFF, 0xFFFFFFFF]))
    _read(folder / "d.npz", bytes(blob))


def members(rng: random.Random, index: int, folder: Path) -> None:
    """Members that are no arrays, doubled, empty, many, or that lead out of the archive."""
    import numpy as np

    x, y = _arrays(rng)
    name = rng.choice(
        ["X.npy", "\x1b[31m.npy", "a\nb.npy", "[bold].npy", "a" * 5000 + ".npy", ".npy", "..npy"]
    )
    few, none = rng.choice([0, 1, 2]), rng.choice([0, 1, 2])
    cases = [
        lambda: _archive([("X", b"hello"), ("y", b"hello")]),
        lambda: _archive([("X.npy", b"hello"), ("y.npy", _member(y))]),
        lambda: _archive([("X.npy", _member(x)), ("X.npy", _member(x + 1)), ("y.npy", _member(y))]),
        lambda: _archive([("../X.npy", _member(x)), ("/y.npy", _member(y))]),
        lambda: _archive([("X.npy", _member(x)), ("y.npy", pickle.dumps(Touch()))]),
        lambda: _archive([("X.npy", _member(np.zeros((few, none)))), ("y.npy", _member(np.zeros(few)))]),
        lambda: _archive(
            [("X.npy", _member(np.zeros((12_000_000, 2)))), ("y.npy", _member(y))], zipfile.ZIP_DEFLATED
        ),  # 200 MB
        lambda: _archive(
            [(f"a{i}.npy", _member(np.arange(20.0))) for i in range(3000)]
            + [("y.npy", _member(np.arange(20) % 2))]
        ),
        lambda: _archive([(name, _member(x[:, 0])), ("y.npy", _member(y))]),
    ]
    _read(folder / "m.npz", cases[index % len(cases)]())


def test_rows(rng: random.Random, index: int, folder: Path) -> None:
    """Test rows of their own that do not fit the training rows."""
    import numpy as np

    x, y = _arrays(rng)
    more_x = rng.choice([x, x[:3], x[:, :0], x[:0], x[0], x[:, :1], np.zeros((3, 3, 3)), np.array("a")])
    more_y = rng.choice(
        [y, y[:0], y[:3], np.array(0), y.reshape(-1, 1), np.array(["p"] * len(y)), y + 5, y + 0.5]
    )
    names = ("X", "y") if index % 2 else ("x_train", "y_train")
    _read(
        folder / "t.npz",
        _archive(
            [
                *(
                    (f"{n}.npy", _member(a))
                    for n, a in zip((*names, "x_test", "y_test"), (x, y, more_x, more_y), strict=True)
                )
            ]
        ),
    )


def types(rng: random.Random, index: int, folder: Path) -> None:
    """Inputs and targets of every type that an array can have."""
    import numpy as np

    x, y = _arrays(rng)
    with np.errstate(all="ignore"):
        inputs = [
            x.astype("M8[s]"), x.astype("m8[s]"), x.astype(">f4"), x.astype("f2"), x.astype("g"),
            x.astype("c8"), x > 0, x.astype("S4"), x.astype("U4"),
            np.zeros(len(x), [("a", "f4"), ("b", "i8")]), np.zeros((len(x), 2), "V8"), x.astype("i1"),
            x.astype("u8"), np.full_like(x, np.nan), np.full_like(x, np.inf), x[..., None, None],
            np.asfortranarray(x),
        ]  # fmt: skip
        targets = [
            y.astype("M8[D]"), y.astype("m8[D]"), y.astype(">i8"), y.astype("f2"), y.astype("c8"), y > 0,
            y.astype("S1"), y.astype("U1"), np.zeros(len(y), "V4"), np.zeros(len(y), [("a", "f4")]),
            np.full(len(y), np.nan), np.full(len(y), np.inf), y.reshape(-1, 1), y.reshape(1, -1),
            np.eye(2)[y], y.astype("u8") + np.uint64(2**63), y * 2**60, y.astype("g") * 1e300,
        ]  # fmt: skip
    if index < 40:
        x = inputs[index % len(inputs)]
    else:
        y = targets[index % len(targets)]
    _read(folder / "t.npz", _archive([("X.npy", _member(x)), ("y.npy", _member(y))]))


FAMILIES = [
    Family("npz_flipped", 1600, flipped),
    Family("npz_headers", len(TYPES) * len(SHAPES), headers),
    Family("npz_directory", 60, directory),
    Family("npz_members", 270, members),
    Family("npz_test_rows", 40, test_rows),
    Family("npz_types", 80, types),
]
