"""HDF5 files: the same table for the same values, `FILE:path`, and what is refused."""

from __future__ import annotations

import gzip
import hashlib

import numpy as np
import pytest

from ravine.data import read
from ravine.errors import DataError

h5py = pytest.importorskip("h5py")


X = np.array([[1.5, -2.0, 0.25], [3.0, 4.5, -1.0], [0.5, 8.0, 2.0], [7.25, 0.125, 9.0]])
Y = np.array([0, 1, 0, 1])
WORDS = ["up", "down", "süd", "up"]
RECORDS = np.array(
    [(1.5, 2, b"a", (1, 2)), (2.5, 3, b"b", (3, 4))],
    dtype=[("e", ">f8"), ("n", "i4"), ("k", "S2"), ("p", "f4", (2,))],
)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as f:
        columns = f.create_group("run/columns")
        columns["a"], columns["b"] = X[:, 0], X[:, 1].astype(">f4")
        columns["flag"] = Y == 1
        columns.create_dataset("word", data=WORDS, dtype=h5py.string_dtype())
        columns["version"] = 3
        f["run/matrix"] = X
        f["run/records"] = RECORDS
        f["pair/X"], f["pair/y"] = X.reshape(4, 3, 1), Y
        f["pair/x_test"] = X[:1]
        f["half"] = X[:, 0].astype(np.float16)
        f["uneven/a"], f["uneven/b"] = X[:, 0], X[:2, 1]
        f["cube"] = np.zeros((2, 2, 2, 2))
        f["empty"] = np.zeros((0, 3))
        f.create_group("nothing")
        f["run/elsewhere"] = h5py.ExternalLink("other.h5", "/a")
        f["run/nowhere"] = h5py.SoftLink("/gone")
        f["loop/again"] = h5py.SoftLink("/loop")
    return path


def test_a_group_of_columns(file):
    table = read(f"{file}:/run/columns")
    assert list(table.frame.columns) == ["a", "b", "flag", "word"]
    np.testing.assert_array_equal(table.frame["a"], X[:, 0])
    np.testing.assert_array_equal(table.frame["b"], X[:, 1])
    assert table.frame["word"].tolist() == WORDS and table.frame["flag"].tolist() == [False, True] * 2
    assert table.name == "x" and table.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert read(f"{file}:run/columns/").frame.equals(table.frame)


def test_a_matrix_and_records(file):
    np.testing.assert_array_equal(read(f"{file}:/run/matrix").frame.to_numpy(), X)
    records = read(f"{file}:/run/records").frame
    assert list(records.columns) == ["e", "n", "k", "p[0]", "p[1]"]
    assert records.iloc[1].tolist() == [2.5, 3, "b", 3.0, 4.0]
    assert all(kind.isnative for kind in records.dtypes if isinstance(kind, np.dtype))


def test_inputs_and_target_keep_the_shape_of_images(file):
    table = read(f"{file}:/pair")
    assert (table.shape, table.target) == ((3, 1), "target")
    np.testing.assert_array_equal(table.frame["target"], Y)


def test_the_only_table_is_found_without_a_path(tmp_path):
    path = tmp_path / "deep.hdf5"
    with h5py.File(path, "w") as f:
        f["a/b/table"] = RECORDS
    assert read(path).frame["n"].tolist() == [2, 3]
    packed = tmp_path / "deep.h5.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert read(packed).frame["n"].tolist() == [2, 3]
    assert read(f"{packed}:a/b").frame["n"].tolist() == [2, 3]


@pytest.mark.parametrize(
    ("inner", "says"),
    [
        (":/rum", "has no 'rum'.*Did you mean 'run'"),
        (":/run/matrix/x", "has no 'x' in '/run/matrix'"),
        (":/run", r"Which table|recognized"),
        ("", "recognized"),
        (":/uneven", r"a \(4,\), b \(2,\)"),
        (":/cube", "recognized"),
        (":/nothing", "is empty"),
        (":/loop", "too many nested groups"),
        (":/run/elsewhere", "has no 'elsewhere'"),
        (":/run/nowhere", "has no 'nowhere'"),
    ],
)
def test_what_is_no_table_is_refused(file, inner, says):
    with pytest.raises(DataError, match=says):
        read(f"{file}{inner}")


def test_which_group_is_asked_where_there_are_some(tmp_path):
    path = tmp_path / "m.h5"
    with h5py.File(path, "w") as f:
        f["one/a"], f["two/a"] = X[:, 0], X[:, 1]
    with pytest.raises(DataError, match=r"Which table of 'm'.*/one, /two.*m.h5:/one"):
        read(path)


def test_a_frame_stored_by_pandas_is_named(tmp_path):
    path = tmp_path / "p.h5"
    with h5py.File(path, "w") as f:
        f.create_group("df").attrs["pandas_type"] = "frame"
        f["df/block0_values"] = X
    with pytest.raises(DataError, match="to_parquet"):
        read(path)


@pytest.mark.parametrize("part", [0.05, 0.5, 0.9])
def test_a_cut_file_is_refused(file, part):
    whole = file.read_bytes()
    file.write_bytes(whole[: int(part * len(whole))])
    with pytest.raises(DataError, match="cut, damaged"):
        read(f"{file}:/run/matrix")
