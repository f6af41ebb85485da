"""The functions that are fuzzed: each takes the bytes of a file, and raises for a mistake of the product.

A refusal with a message is right. A text that is read must equal the text that Python's csv module reads.
"""

from __future__ import annotations

import functools
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.attack import product
from tests.attack.readers.tables import agree, no_code_was_run

CORPUS = Path(__file__).with_name("corpus")


@functools.cache
def _folder() -> Path:
    """Return a folder of this process, in memory if the system has such a folder."""
    memory = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix="fuzz-", dir=memory if os.access(memory, os.W_OK) else None))


@contextmanager
def _file(name: str, blob: bytes) -> Iterator[Path]:
    path = _folder() / name
    path.write_bytes(blob)
    try:
        yield path
    finally:
        path.unlink()


def text(blob: bytes) -> None:
    """Read delimited text."""
    with _file("table.csv", blob) as path, suppress(product.refusal()):
        agree(blob, product.read_table(path))


def npz(blob: bytes) -> None:
    """Read an NPZ archive."""
    with _file("arrays.npz", blob) as path, suppress(product.refusal()):
        product.read_table(path)
    no_code_was_run()


def idx(blob: bytes) -> None:
    """Read a file of images; their labels are sound."""
    labels = b"\0\0\x08\x01\0\0\0\x04\0\1\0\1"
    with (
        _file("train-labels-idx1-ubyte", labels),
        _file("train-images-idx3-ubyte", blob) as path,
        suppress(product.refusal()),
    ):
        product.read_table(path)


def documents(blob: bytes) -> None:
    """Load a JSON document as every kind of document that the product reads back."""
    for load in product.loaders():
        with suppress(product.refusal()):
            load(blob)


TARGETS: dict[str, Callable[[bytes], None]] = {"text": text, "npz": npz, "idx": idx, "documents": documents}
