import contextlib
import errno
import json
import math
import os
import random
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import hypothesis.extra.numpy as arrays_of
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ravine.errors import DataError, UsageError
from ravine.records.atomic_files import (
    DamagedFile,
    json_text,
    os_errors_as_data_errors,
    read_json,
    read_npz,
    write_atomic,
    write_json,
    write_npz,
)

quiet = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=15,
)
dtypes = st.one_of(
    arrays_of.floating_dtypes(),
    arrays_of.integer_dtypes(),
    arrays_of.boolean_dtypes(),
    arrays_of.complex_number_dtypes(),
    arrays_of.unicode_string_dtypes(max_len=5),
)


def files_in(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


# --------------------------------------------------------------------------------------------------- JSON


@quiet
@given(json_values)
def test_json_round_trip(tmp_path, value):
    write_json(tmp_path / "a.json", value)
    assert read_json(tmp_path / "a.json") == value
    assert files_in(tmp_path) == ["a.json"]


def test_json_is_strict_and_numbers_that_are_none_are_null(tmp_path):
    obj = {"nan": math.nan, "inf": [math.inf, np.float32(-np.inf)], "array": np.array([1.0, np.nan])}
    text = json_text(obj)

    def refuse(constant):
        raise AssertionError(constant)

    assert json.loads(text, parse_constant=refuse) == {"nan": None, "inf": [None, None], "array": [1.0, None]}
    with pytest.raises(UsageError, match=r"document\.array\[1\] is nan"):
        json_text({"array": np.array([1.0, np.nan])}, nonfinite="raise")
    with pytest.raises(UsageError, match="not allowed"):
        json_text(1, nonfinite="nul")


def test_json_of_numpy_paths_dates_and_keys():
    import datetime

    obj = {
        3: np.int8(4),
        "path": Path("a/b"),
        "date": datetime.date(2024, 2, 29),
        "bool": np.True_,
        "empty": np.zeros((0, 2)),
        "scalar": np.array(2.5),
    }
    expected = {"3": 4, "path": "a/b", "date": "2024-02-29", "bool": True, "empty": [], "scalar": 2.5}
    assert json.loads(json_text(obj)) == expected


def test_json_order_is_stable():
    assert json_text({"b": 1, "a": 2}) == json_text({"a": 2, "b": 1})
    assert json_text({"b": 1, "a": 2}, sort=False, indent=None) == '{"b": 1, "a": 2}'


@pytest.mark.parametrize("bad", [{1: 0, "1": 0}, {True: 1}, {(1, 2): 1}, {1, 2}, object(), b"x", 1 + 2j])
def test_json_refuses_what_it_cannot_hold(bad):
    with pytest.raises(UsageError, match="document"):
        json_text({"x": bad})


def test_json_holds_names_of_unknown_encoding(tmp_path):
    name = b"caf\xe9.csv".decode("utf-8", "surrogateescape")
    write_json(tmp_path / "a.json", {"name": name, "é": "ü"})
    assert read_json(tmp_path / "a.json") == {"name": name, "é": "ü"}
    assert "ü" in (tmp_path / "a.json").read_text("utf-8")


@pytest.mark.parametrize("blob", [b"", b'{"a": 1', b"\xff\xfe", b"[NaN]", b"[" * 100_000, b"1" * 5000])
def test_broken_json_says_so(tmp_path, blob):
    (tmp_path / "a.json").write_bytes(blob)
    with pytest.raises(DamagedFile, match="not a complete JSON file"):
        read_json(tmp_path / "a.json")


# ---------------------------------------------------------------------------------------------------- NPZ


@quiet
@given(
    st.dictionaries(
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20),
        arrays_of.arrays(dtypes, arrays_of.array_shapes(min_dims=0, min_side=0, max_dims=3, max_side=4)),
        max_size=4,
    )
)
def test_npz_round_trip_is_exact_and_deterministic(tmp_path, arrays):
    write_npz(tmp_path / "a.npz", arrays)
    back = read_npz(tmp_path / "a.npz")
    assert back.keys() == arrays.keys()
    for name, array in arrays.items():
        assert back[name].dtype == array.dtype and back[name].shape == array.shape
        assert back[name].tobytes() == array.tobytes()
    # other insertion order, other memory layout, later: the same bytes
    write_npz(
        tmp_path / "b.npz", {n: np.asfortranarray(a).reshape(a.shape) for n, a in reversed(arrays.items())}
    )
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_npz_is_what_numpy_reads_and_bytes_do_not_depend_on_the_clock(tmp_path, monkeypatch):
    arrays = {"x": np.linspace(0, 1, 5), "y/z": np.array([[1, 2]], np.uint8)}
    write_npz(tmp_path / "a.npz", arrays)
    monkeypatch.setattr(time, "time", lambda: 2e9)
    write_npz(tmp_path / "b.npz", arrays)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    with np.load(tmp_path / "a.npz", allow_pickle=False) as loaded:
        assert sorted(loaded.files) == ["x", "y/z"]
        np.testing.assert_array_equal(loaded["x"], arrays["x"])


def test_npz_written_by_numpy_is_read(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.arange(100))
    np.testing.assert_array_equal(read_npz(tmp_path / "a.npz")["x"], np.arange(100))
    np.savez_compressed(tmp_path / "a.npz", x=np.arange(100))  # which Ravine never writes
    with pytest.raises(DamagedFile, match="compressed"):
        read_npz(tmp_path / "a.npz")


@pytest.mark.parametrize("cut", [0, 1, 30, 200, 0.5, -1, -10, -60])
def test_npz_cut_is_damaged(tmp_path, cut):
    path = tmp_path / "a.npz"
    write_npz(path, {"x": np.arange(300.0), "y": np.ones(3)})
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * cut) if isinstance(cut, float) else cut])
    with pytest.raises(DamagedFile, match="not a complete NPZ"):
        read_npz(path)


def test_npz_with_any_byte_of_an_array_changed_is_damaged(tmp_path):
    path = tmp_path / "a.npz"
    data = np.arange(300.0)
    write_npz(path, {"x": data})
    whole = bytearray(path.read_bytes())
    at = bytes(whole).index(data.tobytes())
    for offset in (0, 7, 1200, 2399):
        changed = bytearray(whole)
        changed[at + offset] ^= 1
        path.write_bytes(changed)
        with pytest.raises(DamagedFile):
            read_npz(path)


def test_npz_never_reads_pickles(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.array([{"a": 1}], object))
    with pytest.raises(DamagedFile, match=r"[Pp]ickle|[Oo]bject"):
        read_npz(tmp_path / "a.npz")
    with zipfile.ZipFile(tmp_path / "b.npz", "w") as archive:
        archive.writestr("x.npy", b"not an array")
    with pytest.raises(DamagedFile):
        read_npz(tmp_path / "b.npz")


def test_npz_refuses_what_would_be_lost(tmp_path):
    import ml_dtypes

    for bad in (
        np.array([None]),
        np.array([1, 2], ml_dtypes.bfloat16),
        np.ma.masked_array([1, 2], [True, False]),
    ):
        with pytest.raises(UsageError, match="Array 'x'"):
            write_npz(tmp_path / "a.npz", {"x": bad})
    for name in ("a\0b", "\udc80", "x" * 2000):
        with pytest.raises(UsageError, match="cannot name"):
            write_npz(tmp_path / "a.npz", {name: np.ones(1)})
    assert files_in(tmp_path) == []


def test_the_message_on_a_masked_array_names_a_remedy_that_also_works_for_integers(tmp_path):
    array = np.ma.masked_array([1, 2], [True, False])
    with pytest.raises(UsageError, match="is masked") as error:
        write_npz(tmp_path / "a.npz", {"x": array})
    remedy = "array.astype(float).filled(np.nan)"
    assert remedy in str(error.value)
    write_npz(tmp_path / "a.npz", {"x": eval(remedy, {"np": np, "array": array})})
    np.testing.assert_array_equal(read_npz(tmp_path / "a.npz")["x"], [np.nan, 2.0])


# ------------------------------------------------------------------------------------------------- atomic


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "a"
    write_atomic(path, "old")

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataError, match="No space is left on the disk"):
        write_atomic(path, "new")
    assert path.read_text() == "old" and files_in(tmp_path) == ["a"]


@pytest.fixture
def tiny_disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("a small disk can only be mounted by root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk(tiny_disk):
    write_atomic(tiny_disk / "a", "old")
    write_npz(tiny_disk / "b.npz", {"x": np.ones(10)})
    for write in (
        lambda: write_atomic(tiny_disk / "a", b"x" * 100_000),
        lambda: write_npz(tiny_disk / "b.npz", {"x": np.ones(20_000)}),
        lambda: write_json(tiny_disk / "c.json", ["x" * 100_000]),
    ):
        with pytest.raises(DataError, match="No space is left on the disk") as caught:
            write()
        assert caught.value.status == 3 and "--out DIR" in caught.value.fix
    assert (tiny_disk / "a").read_text() == "old"
    assert read_npz(tiny_disk / "b.npz")["x"].sum() == 10
    assert files_in(tiny_disk) == ["a", "b.npz"]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EACCES, "Permission was denied"),
        (errno.EROFS, "read-only disk"),
        (errno.EDQUOT, "No space"),
        (errno.EFBIG, "ulimit -f"),
        (errno.EIO, "The system says: I/O trouble"),
    ],
)
def test_speaking(number, words):
    with pytest.raises(DataError, match=words), os_errors_as_data_errors("some/{odd}.csv"):
        raise OSError(number, "I/O trouble")


def test_paths_that_cannot_be(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(DataError, match="is a file, not a folder"):
        write_atomic(tmp_path / "file" / "below", "x")
    with pytest.raises(DataError, match="too long"):
        write_atomic(tmp_path / ("n" * 300), "x")
    with pytest.raises(DataError, match=r"a' cannot be written.*/none' does not exist"):
        write_atomic(tmp_path / "none" / "a", "x")
    with pytest.raises(DataError, match="a folder"):
        write_atomic(tmp_path, "x")
    for read in (read_json, read_npz):
        with pytest.raises(DataError, match="There is no"):
            read(tmp_path / "none")
        with pytest.raises(DataError, match="a folder"):
            read(tmp_path)
    write_atomic(tmp_path / ("n" * 255), "as long as it may be")
    assert files_in(tmp_path) == ["file", "n" * 255]


CHILD = """
import sys
import numpy as np
from ravine.records.atomic_files import write_npz, write_json
folder = sys.argv[1]
print("go", flush=True)
n = 0
while True:
    n += 1
    write_npz(folder + "/a.npz", {"n": np.full(20_000, n)})
    write_json(folder + "/a.json", [n] * 5_000)
"""


def test_a_writer_killed_at_any_moment_leaves_whole_files(tmp_path):
    chance = random.Random(0)
    rounds, last = 12, 0
    for _ in range(rounds):
        child = subprocess.Popen([sys.executable, "-c", CHILD, str(tmp_path)], stdout=subprocess.PIPE)
        with contextlib.closing(child.stdout):
            child.stdout.readline()
            time.sleep(chance.uniform(0.0, 0.08))
            child.send_signal(signal.SIGKILL)
            child.wait()
        if (tmp_path / "a.npz").exists():
            numbers = read_npz(tmp_path / "a.npz")["n"]
            assert numbers.shape == (20_000,) and (numbers == numbers[0]).all()
            last = int(numbers[0])
        if (tmp_path / "a.json").exists():
            numbers = read_json(tmp_path / "a.json")
            assert len(numbers) == 5_000 and len(set(numbers)) == 1
    assert last > 0
    names = {name for name in files_in(tmp_path) if not name.startswith(".tmp-")}
    assert names <= {"a.json", "a.npz"}
