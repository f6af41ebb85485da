"""Images in the idx format of MNIST: an image file finds its labels and the test pair beside it.

Source: http://yann.lecun.com/exdb/mnist (two zero bytes, a type byte, the number of axes, big-endian sizes).
"""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import numpy as np

from ravine.data.formats import Source
from ravine.data.table import Table
from ravine.errors import DataError

__all__ = ["is_idx", "parse_idx", "read_idx"]

TYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


def is_idx(content: bytes) -> bool:
    """Tell whether bytes begin like an idx file."""
    return len(content) >= 8 and content[:2] == b"\0\0" and content[2] in TYPES and 1 <= content[3] <= 4


def parse_idx(content: bytes, name: str) -> np.ndarray:
    """Return the array of an idx file's bytes. Raises DataError where bytes are missing or too many."""
    axes = content[3]
    sizes = tuple(int(n) for n in np.frombuffer(content[4 : 4 + 4 * axes], ">u4"))
    kind = np.dtype(TYPES[content[2]])
    wanted = int(np.prod(sizes, dtype=np.int64)) * kind.itemsize
    if len(content) - 4 - 4 * axes != wanted or len(sizes) != axes:
        raise DataError(
            f"'{name}' is cut or damaged.",
            f"Its head announces {wanted:,} bytes of data, it has {len(content) - 4 - 4 * axes:,}.",
            "Fetch the file again.",
        )
    return np.frombuffer(content, kind, offset=4 + 4 * axes).reshape(sizes).astype(kind.newbyteorder("="))


def read_idx(source: Source) -> Table:
    """Read images `[N, H, W]` with the labels `[N]` beside them, and the `t10k` pair as test table."""
    import pandas as pd

    name, path = source.name, source.path
    images = parse_idx(source.content, name)
    if images.ndim < 2:
        raise DataError(
            f"'{name}' holds labels.", "Its array has one axis.", "Name the image file (…-images-idx3-ubyte)."
        )
    labels_path = _beside(path, path.name.replace("images", "labels").replace("idx3", "idx1"))
    if labels_path is None or labels_path == path:
        raise DataError(
            f"The labels of '{name}' are missing.",
            f"No file like '{path.name.replace('images', 'labels').replace('idx3', 'idx1')}' is beside it.",
            "Put the label file beside the image file.",
        )
    labels = _load(labels_path)
    if labels.ndim != 1 or len(labels) != len(images):
        raise DataError(
            f"'{name}' does not pair up.",
            f"There are {len(images):,} images and labels of shape {labels.shape} in '{labels_path.name}'.",
            "Use the label file that belongs to these images.",
        )
    flat = images.reshape(len(images), -1)
    frame = pd.DataFrame(flat, columns=[f"p{i}" for i in range(flat.shape[1])])
    frame["target"] = labels
    notes = [f"labels from {labels_path.name}"]
    test = None
    if path.name.startswith("train"):
        other = _beside(path, path.name.replace("train", "t10k", 1))
        if other is not None:
            held = other.read_bytes()
            test = read_idx(Source(_plain(held, other), other.name, source.sha256, other))
            notes.append(f"test images from {other.name}")
    return Table(frame, name, source.sha256, notes, "target", test, tuple(images.shape[1:]))


def _beside(path: Path, wanted: str) -> Path | None:
    plain = wanted.removesuffix(".gz")
    for candidate in (plain + ".gz", plain) if path.name.endswith(".gz") else (plain, plain + ".gz"):
        if (path.parent / candidate).is_file():
            return path.parent / candidate
    return None


def _load(path: Path) -> np.ndarray:
    content = _plain(path.read_bytes(), path)
    if not is_idx(content):
        raise DataError(f"'{path.name}' is no idx file.", "Its first bytes differ.", "Fetch the file again.")
    return parse_idx(content, path.name)


def _plain(content: bytes, path: Path) -> bytes:
    try:
        return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            f"'{path.name}' is cut or damaged.", f"Its gzip stream is incomplete: {error}.", "Fetch it again."
        ) from error
