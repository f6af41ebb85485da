"""NPZ archives: headers and checksums are verified, and nothing is executed."""

from __future__ import annotations

import io
import struct
import zipfile

import numpy as np
import pytest

from ravine.data import read
from ravine.errors import DataError

X, Y = np.arange(24.0).reshape(8, 3), np.arange(8) % 2


def member(array):
    file = io.BytesIO()
    np.lib.format.write_array(file, array, allow_pickle=True)
    return file.getvalue()


def archive(path, *entries, method=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", method) as file:
        for name, content in entries:
            file.writestr(name, content)
    return path


def header(text, data=b"", version=(1, 0)):
    content = text.encode("utf-8" if version == (3, 0) else "latin-1")
    size = struct.pack("<H" if version == (1, 0) else "<I", len(content))
    return b"\x93NUMPY" + bytes(version) + size + content + data


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_every_version_and_order_is_read(tmp_path, version, order):
    text = f"{{'descr': '<f8', 'fortran_order': {order == 'F'}, 'shape': (8, 3), }}\n"
    path = archive(
        tmp_path / "x.npz", ("X.npy", header(text, X.tobytes(order), version)), ("y.npy", member(Y))
    )
    np.testing.assert_array_equal(read(path).frame.iloc[:, :3].to_numpy(), X)


def test_names_of_fields_in_utf8(tmp_path):
    records = np.array([(1.5, 2), (2.5, 3)], [("größe", "f8"), ("日本", "i4")])
    with pytest.warns(UserWarning, match="format 3.0"):
        path = archive(tmp_path / "x.npz", ("t.npy", member(records)))
    assert list(read(path).frame.columns) == ["größe", "日本"]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_changed_byte_of_an_array_is_found_by_its_checksum(tmp_path, method):
    path = archive(tmp_path / "x.npz", ("X.npy", member(X)), ("y.npy", member(Y)), method=method)
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as file:
        last = file.getinfo("X.npy").header_offset + 35 + file.getinfo("X.npy").compress_size - 4
    content[last] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(DataError, match="array 'X'"):
        read(path)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"hello", "array 'X'"),
        (b"", "array 'X'"),
        (
            header("{'descr': '<f8', 'fortran_order': False, 'shape': (7, 3), }\n", X.tobytes()),
            "168 bytes.*192",
        ),
        (
            header("{'descr': '<f8', 'fortran_order': False, 'shape': (9, 3), }\n", X.tobytes()),
            "216 bytes.*192",
        ),
        (header("{'descr': '<f8', 'fortran_order': False, 'shape': (-8, -3), }\n", X.tobytes()), "shape"),
        (header("{'descr': '|V0', 'fortran_order': False, 'shape': (10000000000,), }\n"), "shape"),
        (header("{'descr': '<f8', 'fortran_order': False, 'shape': (True, 24), }\n", X.tobytes()), "shape"),
        (member(np.array([{}], object)), "pickled Python objects"),
    ],
)
def test_a_member_that_is_no_sound_array_is_refused_by_name(tmp_path, content, says):
    path = archive(tmp_path / "x.npz", ("X.npy", content), ("y.npy", member(Y)))
    with pytest.raises(DataError, match=says):
        read(path)


def test_two_arrays_of_one_name_are_refused(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = archive(
            tmp_path / "x.npz", ("X.npy", member(X)), ("X.npy", member(X + 1)), ("y.npy", member(Y))
        )
    with pytest.raises(DataError, match="two arrays 'X'"):
        read(path)


@pytest.mark.parametrize("kind", ["V8", [("a", "f8"), ("b", "i4")]])
def test_inputs_that_are_no_numbers_are_refused_by_name(tmp_path, kind):
    path = archive(tmp_path / "x.npz", ("X.npy", member(np.zeros(8, kind))), ("y.npy", member(Y)))
    with pytest.raises(DataError, match="The array 'X'"):
        read(path)


def test_a_large_array_is_read_in_blocks(tmp_path):
    large = np.random.default_rng(0).normal(size=(400_000, 3))
    np.savez(tmp_path / "x.npz", X=large, y=np.arange(len(large)) % 2)
    np.testing.assert_array_equal(read(tmp_path / "x.npz").frame.iloc[:, :3].to_numpy(), large)
