"""Sizes that a file announces are refused beyond a multiple of its own, and beyond the free memory."""

from __future__ import annotations

import gzip
import io
import struct
import time
import zipfile

import numpy as np
import pytest

from ravine.data import read
from ravine.data.size_limits import MAX_COLUMNS, MAX_TEXT_COLUMNS, SizeBudget, size_text
from ravine.errors import DataError

ROWS = 200_000
ZEROS = b"0,1,2\n" * ROWS


def zipped_text():
    return gzip.compress(ZEROS)


def packed_npz():
    file = io.BytesIO()
    np.savez_compressed(file, X=np.zeros((ROWS, 3)), y=np.arange(ROWS) % 2)
    return file.getvalue()


def packed_parquet():
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    file = io.BytesIO()
    parquet.write_table(pyarrow.table({"a": np.zeros(10 * ROWS), "y": np.ones(10 * ROWS)}), file)
    return file.getvalue()


def packed_hdf5():
    h5py = pytest.importorskip("h5py")
    file = io.BytesIO()
    with h5py.File(file, "w") as f:
        f.create_dataset("X", shape=(10 * ROWS, 3), dtype="f8", chunks=(1000, 3))  # no chunk is ever written
        f["y"] = np.arange(10)
    return file.getvalue()


PACKED = {"x.csv.gz": zipped_text, "x.npz": packed_npz, "x.parquet": packed_parquet, "x.h5": packed_hdf5}


@pytest.mark.parametrize("name", PACKED)
def test_a_sound_file_that_expands_too_much_is_read_after_max_expand(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(PACKED[name]())
    with pytest.raises(DataError, match="times its size") as caught:
        read(path)
    allowed = float(caught.value.fix.rpartition("--max-expand ")[2].rstrip("."))
    assert caught.value.option == "max_expand" and allowed > 200
    if name == "x.h5":
        with pytest.raises(DataError, match=r"shape \(2000000, 3\)"):  # it can be read, but is no table
            read(path, max_expand=allowed)
    else:
        table = read(path, max_expand=allowed)
        assert len(table) in (ROWS, 10 * ROWS) and float(table.frame.iloc[:, 0].sum()) == 0


def huge_npz():
    head = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }\n"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("X.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + b"\0" * 64)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("huge.npz", huge_npz()),
        ("train-images-idx3-ubyte", b"\0\0\x08\x03" + b"\xff" * 12),
        ("t10k-images-idx3-ubyte", b"\0\0\x08\x03" + struct.pack(">3I", 0, 1 << 16, 1 << 16)),
    ],
)
def test_an_announced_size_is_never_allocated(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError):
        read(path)


def test_data_beyond_the_free_memory_are_refused(tmp_path, monkeypatch):
    path = tmp_path / "x.csv"
    path.write_bytes(ZEROS)
    monkeypatch.setattr("ravine.data.free_memory.free_memory", lambda: len(ZEROS) - 1)
    with pytest.raises(DataError, match=r"'x.csv' does not fit into the memory.*1\.2 MB are free"):
        read(path)


@pytest.mark.parametrize(("columns", "separator"), [(MAX_COLUMNS + 1, ","), (MAX_COLUMNS + 1, " ")])
def test_more_columns_than_the_limit_are_refused(tmp_path, columns, separator):
    path = tmp_path / "wide.csv"
    path.write_text((separator.join(["1"] * columns) + "\n") * 3)
    with pytest.raises(DataError, match=r"has 20,001 columns.*at most 20,000"):
        read(path)


def test_more_columns_of_words_than_the_limit_are_refused(tmp_path):
    path = tmp_path / "wide.csv"
    path.write_text((",".join(["w"] * (MAX_TEXT_COLUMNS + 1)) + "\n") * 3)
    with pytest.raises(DataError, match=r"10,001 columns of words.*at most 10,000 columns of words"):
        read(path)


@pytest.mark.parametrize(
    "word", ["1" * 100_000 + "x", "1" * 50_000 + " " * 50_000 + "x", "$" + "1'" * 30_000 + "x"]
)
def test_the_time_is_linear_in_the_length_of_a_word(tmp_path, word):
    path = tmp_path / "long.csv"
    path.write_text("a;b\n" + f"{word};2\n{word};3\n" * 10)
    began = time.process_time()
    assert read(path).frame["a"].tolist() == [word] * 20
    assert time.process_time() - began < 20  # hours if it were quadratic


def test_the_budget_names_a_limit_that_is_enough():
    budget = SizeBudget("x", 1000)
    budget.check(200_000)
    with pytest.raises(DataError, match=r"201 times.*--max-expand 210|max_expand=210") as caught:
        budget.check(200_001)
    assert caught.value.fix == "If you trust the file, type --max-expand 210."
    SizeBudget("x", 1000, 210).check(200_001)


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1234, "1.23 kB"), (2.5e9, "2.5 GB"), (1e30, "1e+12 EB")],
)
def test_sizes_in_words(size, text):
    assert size_text(size) == text
