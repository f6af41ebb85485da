"""Every reader gives the same table for the same values, and refuses damaged bytes."""

from __future__ import annotations

import gzip
import hashlib
import io
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ravine.data import BUILTIN, read
from ravine.errors import DataError

VALUES = np.array([[1.5, -2.0, 0.25], [3.0, 4.5, -1.0], [0.5, 8.0, 2.0], [7.25, 0.125, 9.0]])
LABELS = np.array([0, 1, 0, 1])
NAMES = ["a", "b", "c", "target"]


def frame():
    whole = pd.DataFrame(VALUES, columns=NAMES[:3])
    whole["target"] = LABELS
    return whole


def csv_bytes(**options):
    return frame().to_csv(index=False, **options).encode()


def parquet_bytes():
    buffer = io.BytesIO()
    frame().to_parquet(buffer)
    return buffer.getvalue()


def npz_bytes(**arrays):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def idx_bytes(array):
    kind = {"u1": 8, "f8": 14}[array.dtype.str[1:]]
    head = struct.pack(">BBBB", 0, 0, kind, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.astype(array.dtype.newbyteorder(">")).tobytes()


FORMATS = {
    "x.csv": csv_bytes,
    "x.tsv": lambda: csv_bytes(sep="\t"),
    "x.ssv": lambda: csv_bytes(sep=";", decimal=","),
    "x.csv.gz": lambda: gzip.compress(csv_bytes()),
    "x.txt": lambda: frame().to_string(index=False).encode(),
    "x.parquet": parquet_bytes,
    "x.npz": lambda: npz_bytes(X=VALUES, y=LABELS),
    "columns.npz": lambda: npz_bytes(**{name: frame()[name].to_numpy() for name in NAMES}),
    "pair.npz": lambda: npz_bytes(data=VALUES, target=LABELS[:, None]),
}


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_gives_the_same_table(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(FORMATS[name]())
    table = read(path)
    assert list(table.frame.columns) == (
        NAMES if name not in ("x.npz", "pair.npz") else ["c0", "c1", "c2", "target"]
    )
    np.testing.assert_array_equal(table.frame.to_numpy(float), np.column_stack([VALUES, LABELS]))
    assert table.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert table.name == name.split(".")[0] or name == "x.ssv"
    assert len(table) == 4


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_is_recognised_by_content(tmp_path, name):
    path = tmp_path / "no_ending"
    path.write_bytes(FORMATS[name]())
    assert len(read(path)) == 4


@pytest.mark.parametrize("name", ["x.csv.gz", "x.parquet", "x.npz"])
@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
def test_a_binary_file_cut_in_the_middle_is_refused(tmp_path, name, part):
    whole = FORMATS[name]()
    path = tmp_path / name
    path.write_bytes(whole[: int(part * len(whole))])
    with pytest.raises(DataError, match="x"):
        read(path)


@pytest.mark.parametrize("name", FORMATS)
def test_standard_input_is_read_like_a_file(monkeypatch, name):
    class Input:
        buffer = io.BytesIO(FORMATS[name]())

    monkeypatch.setattr("sys.stdin", Input)
    assert len(read("-")) == 4


def test_npz_test_arrays_become_the_test_table(tmp_path):
    path = tmp_path / "m.npz"
    path.write_bytes(npz_bytes(x_train=VALUES, y_train=LABELS, x_test=VALUES[:2], y_test=LABELS[:2]))
    table = read(path)
    assert table.target == "target"
    assert len(table.test) == 2


def test_npz_never_unpickles(tmp_path):
    path = tmp_path / "m.npz"
    np.savez(path, X=np.array([{}], object), y=[0])
    with pytest.raises(DataError, match="pickled"):
        read(path)


@pytest.mark.parametrize("arrays", [{"a": VALUES, "b": LABELS}, {"X": VALUES, "y": LABELS[:3]}, {}])
def test_npz_without_a_table_says_what_it_holds(tmp_path, arrays):
    path = tmp_path / "m.npz"
    path.write_bytes(npz_bytes(**arrays))
    with pytest.raises(DataError):
        read(path)


@pytest.mark.parametrize("ending", ["", ".gz"])
@pytest.mark.parametrize("kind", ["u1", "f8"])
def test_idx_images_find_labels_and_test_images(tmp_path, ending, kind):
    pack = gzip.compress if ending else bytes
    rng = np.random.default_rng(0)
    images = {part: rng.integers(0, 255, (n, 3, 2)).astype(kind) for part, n in (("train", 5), ("t10k", 4))}
    for part, array in images.items():
        labels = np.arange(len(array), dtype="u1")
        (tmp_path / f"{part}-images-idx3-ubyte{ending}").write_bytes(pack(idx_bytes(array)))
        (tmp_path / f"{part}-labels-idx1-ubyte{ending}").write_bytes(pack(idx_bytes(labels)))
    for source in (tmp_path, tmp_path / f"train-images-idx3-ubyte{ending}"):
        table = read(source)
        assert (table.shape, table.target, len(table.test)) == ((3, 2), "target", 4)
        np.testing.assert_array_equal(table.frame.to_numpy()[:, :6], images["train"].reshape(5, 6))
        np.testing.assert_array_equal(table.test.frame["target"], np.arange(4))


@pytest.mark.parametrize("damage", ["cut", "long", "no labels", "other labels", "labels"])
def test_damaged_idx_is_refused(tmp_path, damage):
    images, labels = idx_bytes(np.zeros((5, 3, 2), "u1")), idx_bytes(np.zeros(5, "u1"))
    path, beside = tmp_path / "train-images-idx3-ubyte", tmp_path / "train-labels-idx1-ubyte"
    path.write_bytes({"cut": images[:-1], "long": images + b"0"}.get(damage, images))
    if damage != "no labels":
        beside.write_bytes(idx_bytes(np.zeros(4, "u1")) if damage == "other labels" else labels)
    with pytest.raises(DataError):
        read(beside if damage == "labels" else path)


@pytest.mark.parametrize("name", BUILTIN)
def test_built_in_sets_are_scikit_learns(name):
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{name}")()
    table = read(name)
    np.testing.assert_array_equal(table.frame.drop(columns="target").to_numpy(), bunch.data)
    assert [*table.frame.columns[:-1]] == [str(each) for each in bunch.feature_names]
    named = bunch.target if name in ("digits", "diabetes") else bunch.target_names[bunch.target]
    np.testing.assert_array_equal(table.frame["target"].to_numpy(), named)
    assert table.target == "target"
    assert len(table.sha256) == 64


def test_the_digits_are_the_same_where_scikit_learn_keeps_them_elsewhere(monkeypatch):
    quick = read("digits")
    monkeypatch.setattr("ravine.data.readers.scikit_learn.find_spec", lambda name: None)
    loaded = read("digits")
    assert quick.sha256 == loaded.sha256 and quick.frame.equals(loaded.frame)


def test_the_digits_are_read_without_importing_scikit_learn():
    code = "import sys; from ravine.data import read; read('digits'); print('sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", r"\.csv' is empty"),
        (b" \n\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"# only\n# comments\n", "empty"),
        (b"a,b,c\n", "no rows"),
        (b"a,b\n1,2\n\x00\x00", "binary"),
        (b"\x89HDF\r\n\x1a\n123", "HDF5"),
        (b"root\0\0", "ROOT"),
        (b"%PDF-1.4", "PDF"),
        (b"\x1f\x8b\x08", "cut"),
        (b"PAR1 nonsense", "cut"),
        (b"PK\x03\x04 nonsense", "NPZ"),
        (b"a,b,c\n1,2,3\n4,5,6\n7,8\n", r"line 4\) has 2"),
        (b"a,b,c\n1,2,3\n4,5\n7,8,9\n", "Line 3 has 2"),
        (b"a,b,c\n1,2,3\n4,5,6,7\n7,8,9\n", "Line 3 has 4"),
        (b'a,b\n1,"x"\n2,"y\n', "begins in line 3 never ends"),
        ("a,b\n1,é\n2,é".encode()[:-1], "cut off"),
        ("a,b\n1,2\n".encode("utf-16")[:-1], "cut off"),
    ],
)
def test_bad_text_is_refused_with_a_sentence(tmp_path, content, says):
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=says) as caught:
        read(path)
    assert caught.value.what and caught.value.why and caught.value.fix


def test_parquet_without_pyarrow_says_what_to_type(tmp_path, monkeypatch):
    path = tmp_path / "x.parquet"
    path.write_bytes(parquet_bytes())
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(DataError, match=r"pip install 'ravine\[parquet\]'"):
        read(path)


def test_row_numbers_that_pandas_stored_in_parquet_are_no_column(tmp_path):
    frame().iloc[[2, 0, 1]].to_parquet(tmp_path / "a.parquet")
    assert list(read(tmp_path / "a.parquet").frame.columns) == NAMES
    frame().set_index("a").to_parquet(tmp_path / "b.parquet")
    assert set(read(tmp_path / "b.parquet").frame.columns) == set(NAMES)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(sorted(FORMATS)),
    places=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), min_size=1, max_size=6),
    keep=st.floats(0.05, 1),
)
def test_damaged_bytes_are_read_or_refused_never_a_traceback(tmp_path, name, places, keep):
    content = bytearray(FORMATS[name]())
    for place, byte in places:
        content[int(place * len(content))] = byte
    path = tmp_path / name
    path.write_bytes(content[: int(keep * len(content))])
    try:
        table = read(path)
    except DataError as error:
        assert error.what and error.why and error.fix
    else:
        assert len(table) > 0 and len(set(table.frame.columns)) == table.frame.shape[1]


def test_a_missing_file_gets_near_names(tmp_path):
    (tmp_path / "houses.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match=r"Did you mean 'houses.csv'"):
        read(tmp_path / "house.csv")
    with pytest.raises(DataError, match=r"Did you mean 'digits'"):
        read("digit")
    with pytest.raises(DataError, match="folder"):
        read(tmp_path)


def test_every_public_name_is_there():
    import ravine.data

    assert sorted(ravine.data.__all__) == ravine.data.__all__ == sorted(ravine.data.MODULES)
    for name in ravine.data.__all__:
        assert name in str(getattr(ravine.data, name)) or name == "BUILTIN"
    with pytest.raises(AttributeError, match="nothing"):
        _ = ravine.data.nothing


def test_reading_needs_neither_pandas_nor_jax_to_import():
    code = (
        "import sys, ravine.data; print([m for m in ('jax','pandas','sklearn','numpy') if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "jax" not in shown and "pandas" not in shown and "sklearn" not in shown


@pytest.mark.parametrize("typed", ["~", "./~", "~nobody.csv"])
def test_a_file_whose_name_begins_with_a_tilde_is_read(typed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    Path(typed).write_text("a,b\n1,2\n3,4\n")
    assert len(read(typed).frame) == 2


def test_a_tilde_is_the_home_folder_and_an_unknown_user_is_no_error(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "x.csv").write_text("a,b\n1,2\n3,4\n")
    assert len(read("~/x.csv").frame) == 2
    with pytest.raises(DataError, match=r"There is no file '~nobody/x\.csv'"):
        read("~nobody/x.csv")
