"""Members of NPZ files: equal to what NumPy reads, and refused before they take the memory they announce."""

from __future__ import annotations

import io
import pickle
import struct
import tracemalloc
import zipfile

import hypothesis.extra.numpy as arrays_of
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine.records.npz_members import array_members, array_of

TYPES = st.sampled_from(["f4", "f8", "i1", "i8", "u2", "?", "<U3", "c8", ">f4"])


def npy(array) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, array, allow_pickle=False)
    return file.getvalue()


def npz(members: dict[str, bytes], how: int = zipfile.ZIP_STORED) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", how) as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return file


def header(descr: str, shape: str) -> bytes:
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


@given(TYPES.flatmap(lambda kind: arrays_of.arrays(kind, arrays_of.array_shapes(min_dims=0, min_side=0))))
def test_an_array_is_read_as_numpy_reads_it(array):
    for written in (array, np.asfortranarray(array)):
        found, expected = array_of(npy(written)), np.lib.format.read_array(io.BytesIO(npy(written)))
        assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
        assert found.tobytes() == expected.tobytes() and found.flags.writeable


@pytest.mark.parametrize(
    "member",
    [
        b"", b"x" * 99, pickle.dumps([1]), header("|O", "(1,)") + pickle.dumps([1]),
        header("<f8", "(10**12,)"),
        header("<f8", "(-1, -1)") + bytes(8), header("<U0", "(3,)"), header("<f8", "(1,)") + bytes(9),
        header("<f8", "(2,)") + bytes(9), header("nope", "()"), header("<f8", "(1.0,)") + bytes(8),
        b"\x93NUMPY\x09\x00" + bytes(90),
    ],
)  # fmt: skip
def test_bytes_that_are_no_array_of_their_size_are_refused(member):
    with pytest.raises((ValueError, TypeError)):
        array_of(member)


def test_no_memory_is_taken_for_an_announced_shape():
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="0 bytes follow"):
            array_of(header("<f8", "(200000000,)"))
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_members_are_read_by_name():
    members = {"a.npy": npy(np.arange(3)), "b/c.npy": npy(np.zeros((2, 2)))}
    found = dict(array_members(npz(members)))
    assert list(found) == ["a", "b/c"] and found["a"].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("file", "says"),
    [
        (lambda: npz({"a.npy": npy(np.zeros(9999))}, zipfile.ZIP_DEFLATED), "compressed"),
        (lambda: npz({"a.txt": b"x"}), "no array"),
    ],
)
def test_an_archive_that_ravine_did_not_write_is_refused(file, says):
    with pytest.raises(ValueError, match=says):
        list(array_members(file()))


def test_a_name_that_occurs_twice_is_refused():
    file = npz({"a.npy": npy(np.zeros(1))})
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(file, "a") as archive:
        archive.writestr("a.npy", npy(np.ones(1)))
    with pytest.raises(ValueError, match="twice"):
        list(array_members(file))


def test_a_changed_byte_is_refused():
    blob = bytearray(npz({"a.npy": npy(np.arange(100.0))}).getvalue())
    blob[300] ^= 1
    with pytest.raises(zipfile.BadZipFile):
        list(array_members(io.BytesIO(bytes(blob))))
