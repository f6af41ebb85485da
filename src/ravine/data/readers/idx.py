"""Reader of images in the idx format of MNIST. Labels and test images are read from files in the same folder.

An idx file begins with two zero bytes, a byte for the type, a byte for the number of axes, and the size of
every axis as a big-endian integer.

Source: http://yann.lecun.com/exdb/mnist
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from ravine.data.boundary import at
from ravine.data.formats import Source
from ravine.data.readers.file_content import read_content
from ravine.data.table import Table
from ravine.errors import DataError
from ravine.records.open_file import is_file

__all__ = ["is_idx", "parse_idx", "read_idx"]

TYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


def is_idx(content: bytes) -> bool:
    """Return whether the bytes of a file begin with a header of the idx format, the format of MNIST."""
    return len(content) >= 8 and content[:2] == b"\0\0" and content[2] in TYPES and 1 <= content[3] <= 4


def parse_idx(content: bytes, name: str) -> np.ndarray:
    """Return the array [N] or [N, ...] that a file in the idx format (the format of MNIST) holds.

    content: bytes of the file. name: name of the file, for messages.

    Raises DataError if the bytes are no idx file, or if their number does not fit the sizes in the header.
    """
    if not is_idx(content):
        raise DataError(
            f"'{name}' is no idx file.",
            "An idx file must begin with two zero bytes and the code of a data type.",
            "Download the file again.",
        )
    kind, axes = np.dtype(TYPES[content[2]]), content[3]
    sizes = [int(size) for size in np.frombuffer(content[4 : 4 + 4 * axes], ">u4")]
    wanted, present = math.prod(sizes) * kind.itemsize, len(content) - 4 - 4 * axes
    if present != wanted or len(sizes) != axes:
        raise DataError(
            f"'{name}' is cut or damaged.",
            f"Its header announces {wanted:,} bytes of data, but it has {max(present, 0):,}.",
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
    path = source.path
    table = _images(source, source.content, source.name, path)
    other = _beside(path, path.name.replace("train", "t10k", 1)) if path.name.startswith("train") else None
    if other is None:
        return table
    with at(f"file '{other.name}'"):
        test = _images(source, read_content(other, source.max_expand).content, other.name, other)
    notes = [*table.notes, f"test images from {other.name}"]
    return Table(table.frame, source.name, source.sha256, notes, "target", test, table.shape)


def _images(source: Source, content: bytes, name: str, path: Path) -> Table:
    """Return the table of the images in the bytes of a file, with the labels in the same folder.

    source: the file that the user named. name, path: name and path of the file with the images.
    """
    import pandas as pd

    images = parse_idx(content, name)
    if images.ndim < 2:
        raise DataError(
            f"'{name}' holds labels.",
            "The file to name must hold images, an array with at least two axes.",
            "Type the name of the image file (…-images-idx3-ubyte).",
        )
    pixels = math.prod(images.shape[1:])
    source.budget.check_columns(pixels)
    wanted = path.name.replace("images", "labels").replace("idx3", "idx1")
    labels_path = _beside(path, wanted)
    if labels_path is None or labels_path == path:
        raise DataError(
            f"The labels of '{name}' are missing.",
            f"'{wanted}' must be in the same folder.",
            "Put the file of labels into the folder of the images.",
        )
    labels = parse_idx(read_content(labels_path, source.max_expand).content, labels_path.name)
    if labels.ndim != 1 or len(labels) != len(images):
        raise DataError(
            f"'{name}' has {len(images):,} images, '{labels_path.name}' has labels of shape {labels.shape}.",
            f"The labels must have the shape ({len(images)},).",
            "Use the file of labels that belongs to these images.",
        )
    frame = pd.DataFrame(images.reshape(len(images), pixels), columns=[f"p{i}" for i in range(pixels)])
    frame["target"] = labels
    notes = [f"labels from {labels_path.name}"]
    return Table(frame, name, source.sha256, notes, "target", None, tuple(images.shape[1:]))


def _beside(path: Path, wanted: str) -> Path | None:
    """Return the path of a file in the same folder, gzipped or not, or None."""
    plain = wanted.removesuffix(".gz")
    for candidate in (plain + ".gz", plain) if path.name.endswith(".gz") else (plain, plain + ".gz"):
        if is_file(path.parent / candidate):
            return path.parent / candidate
    return None
