"""Reader of images in the idx format of MNIST. Labels and test images are read from files in the same folder.

An idx file begins with two zero bytes, a byte for the type, a byte for the number of axes, and the size of
every axis as a big-endian integer.

Source: http://yann.lecun.com/exdb/mnist
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
    """Return whether the bytes of a file begin with a header of the idx format, the format of MNIST."""
    return len(content) >= 8 and content[:2] == b"\0\0" and content[2] in TYPES and 1 <= content[3] <= 4


def parse_idx(content: bytes, name: str) -> np.ndarray:
    """Return the array [N] or [N, ...] that a file in the idx format (the format of MNIST) holds.

    content: bytes of the file. name: name of the file, for messages.

    Raises DataError if the number of bytes does not fit the sizes in the header.
    """
    axes = content[3]
    sizes = tuple(int(n) for n in np.frombuffer(content[4 : 4 + 4 * axes], ">u4"))
    kind = np.dtype(TYPES[content[2]])
    wanted = int(np.prod(sizes, dtype=np.int64)) * kind.itemsize
    if len(content) - 4 - 4 * axes != wanted or len(sizes) != axes:
        raise DataError(
            f"'{name}' is cut or damaged.",
            f"Its header announces {wanted:,} bytes of data, but it has {len(content) - 4 - 4 * axes:,}.",
            "Download the file again.",
        )
    return np.frombuffer(content, kind, offset=4 + 4 * axes).reshape(sizes).astype(kind.newbyteorder("="))


def read_idx(source: Source) -> Table:
    """Return a table of the images [N, H, W] in an idx file: one column for each pixel, and the labels.

    The labels come from a second file in the same folder. If the name of the image file begins with `train`,
    the `t10k` files of the folder, if there are any, become the table of test rows.

    Raises DataError if the file holds labels instead of images, if there is no file of labels, and if a file
    is damaged.
    """
    import pandas as pd

    name, path = source.name, source.path
    images = parse_idx(source.content, name)
    if images.ndim < 2:
        raise DataError(
            f"'{name}' holds labels.",
            "The file to name must hold images, an array with at least two axes.",
            "Type the name of the image file (…-images-idx3-ubyte).",
        )
    labels_path = _beside(path, path.name.replace("images", "labels").replace("idx3", "idx1"))
    if labels_path is None or labels_path == path:
        raise DataError(
            f"The labels of '{name}' are missing.",
            f"'{path.name.replace('images', 'labels').replace('idx3', 'idx1')}' must be in the same folder.",
            "Put the file of labels into the folder of the images.",
        )
    labels = _load(labels_path)
    if labels.ndim != 1 or len(labels) != len(images):
        raise DataError(
            f"'{name}' has {len(images):,} images, '{labels_path.name}' has labels of shape {labels.shape}.",
            f"The labels must have the shape ({len(images)},).",
            "Use the file of labels that belongs to these images.",
        )
    flat = images.reshape(len(images), -1)
    frame = pd.DataFrame(flat, columns=[f"p{i}" for i in range(flat.shape[1])])
    frame["target"] = labels
    notes = [f"labels from {labels_path.name}"]
    test = None
    if path.name.startswith("train"):
        other = _beside(path, path.name.replace("train", "t10k", 1))
        if other is not None:
            content = _unzipped(other.read_bytes(), other)
            test = read_idx(Source(content, other.name, source.sha256, other))
            notes.append(f"test images from {other.name}")
    return Table(frame, name, source.sha256, notes, "target", test, tuple(images.shape[1:]))


def _beside(path: Path, wanted: str) -> Path | None:
    """Return the path of a file in the same folder, gzipped or not, or None."""
    plain = wanted.removesuffix(".gz")
    for candidate in (plain + ".gz", plain) if path.name.endswith(".gz") else (plain, plain + ".gz"):
        if (path.parent / candidate).is_file():
            return path.parent / candidate
    return None


def _load(path: Path) -> np.ndarray:
    """Return the array in an idx file, gzipped or not."""
    content = _unzipped(path.read_bytes(), path)
    if not is_idx(content):
        raise DataError(
            f"'{path.name}' is no idx file.",
            "An idx file must begin with two zero bytes and the code of a data type.",
            "Download the file again.",
        )
    return parse_idx(content, path.name)


def _unzipped(content: bytes, path: Path) -> bytes:
    """Return the bytes of a file, unzipped if they are gzipped."""
    try:
        return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            f"'{path.name}' is cut or damaged.",
            f"Its content cannot be unzipped by gzip: {error}.",
            "Download the file again.",
        ) from error
