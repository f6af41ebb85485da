"""IDX files (as of MNIST): cut, changed, of odd sizes and types, missing, zipped."""

from __future__ import annotations

import gzip
import math
import random
import struct
from pathlib import Path

from tests.attack import product
from tests.attack.case import Family
from tests.attack.readers.tables import prepare

ROWS = 30
TRAIN, LABELS, TEST = "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte"
TEST_LABELS = "t10k-labels-idx1-ubyte"
BYTE, DOUBLE, FLOAT = 8, 14, 13


def _head(kind: int, sizes: list[int]) -> bytes:
    return (
        b"\0\0" + bytes([kind, len(sizes)]) + b"".join(struct.pack(">I", size & 0xFFFFFFFF) for size in sizes)
    )


def _changed(rng: random.Random, files: dict[str, bytes], how: int) -> None:
    which = rng.choice(list(files))
    blob = files[which]
    if how == 0:
        files[which] = blob[: rng.randrange(len(blob))]
    elif how == 1:
        at = rng.randrange(16)
        files[which] = blob[:at] + bytes([rng.randrange(256)]) + blob[at + 1 :]
    elif how == 2:
        sizes = [
            [0, 3, 3],
            [ROWS, 0, 3],
            [2**31, 2**31, 4],
            [2**16] * 4,
            [2**32 - 1] * 3,
            [ROWS],
            [ROWS, 9],
            [1, 1, 1, 1],
        ]
        files[TRAIN] = _head(BYTE, rng.choice(sizes))
    elif how == 3:
        files[LABELS] = _head(BYTE, rng.choice([[0], [2**32 - 1], [ROWS, 1], [2**16] * 4]))
    elif how == 4:
        files[which] = rng.choice(
            [b"", b"\0", b"\0\0", b"\0\0\x08\x03", b"hello", b"\x1f\x8b", gzip.compress(b"")]
        )
    elif how == 5:
        files[which] = gzip.compress(blob)
    elif how == 6:
        files[which] = _head(rng.choice([9, 11, 12, FLOAT, DOUBLE]), [ROWS, 3, 3]) + bytes(9 * ROWS * 8)
    elif how == 7:
        files[which] = blob + b"\0" * rng.randint(1, 9)
    elif how == 8:
        del files[which]
    elif how == 9:
        files[TEST] = _head(BYTE, [ROWS, 2, 2]) + bytes(4 * ROWS)
    elif how == 10:
        numbers = [rng.choice([0.0, 1.0, math.nan, math.inf]) for _ in range(ROWS)]
        files[LABELS] = _head(FLOAT, [ROWS]) + struct.pack(f">{ROWS}f", *numbers)
    else:
        numbers = [rng.choice([0.0, 1.0, 1e308, 1e-308, math.nan, math.inf]) for _ in range(9 * ROWS)]
        files[TRAIN] = _head(DOUBLE, [ROWS, 3, 3]) + struct.pack(f">{9 * ROWS}d", *numbers)


def changed(rng: random.Random, index: int, folder: Path) -> None:
    images = _head(BYTE, [ROWS, 3, 3]) + bytes(rng.randrange(256) for _ in range(9 * ROWS))
    labels = _head(BYTE, [ROWS]) + bytes(i % 3 for i in range(ROWS))
    files = {TRAIN: images, LABELS: labels, TEST: images, TEST_LABELS: labels}
    _changed(rng, files, index % 12)
    for name, blob in files.items():
        (folder / name).write_bytes(blob)
    path = folder if rng.random() < 0.2 else folder / (TRAIN if TRAIN in files else TEST)
    product.read_table(path)
    prepare(path, "target")


FAMILIES = [Family("idx", 960, changed)]
