"""Parquet files: checksums of pages, dates, and sizes in the footer."""

from __future__ import annotations

import datetime
import io

import numpy as np
import pandas as pd
import pytest

from ravine.data import read
from ravine.errors import DataError

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")
VALUES = np.random.default_rng(0).normal(size=500)


def written(table, **options):
    file = io.BytesIO()
    parquet.write_table(table, file, **options)
    return bytearray(file.getvalue())


def test_a_changed_page_is_found_by_its_checksum(tmp_path):
    table = pyarrow.table({"a": VALUES, "y": np.arange(500) % 2})
    content = written(table, compression="none", use_dictionary=False, write_page_checksum=True)
    path = tmp_path / "x.parquet"
    path.write_bytes(bytes(content))
    np.testing.assert_array_equal(read(path).frame["a"], VALUES)
    content[content.find(VALUES[7].tobytes())] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(DataError, match=r"(?i)cannot be read as Parquet.*(crc|checksum)"):
        read(path)


def test_words_that_are_no_utf8_are_refused(tmp_path):
    words = pyarrow.array([b"low", b"\xff\xfe", b"high"] * 10).view(pyarrow.string())
    path = tmp_path / "x.parquet"
    path.write_bytes(bytes(written(pyarrow.table({"a": words, "y": np.arange(30) % 2}))))
    with pytest.raises(DataError, match=r"(?i)cannot be read as Parquet.*utf"):
        read(path)


def test_dates_are_dates_and_not_words(tmp_path):
    days = [datetime.date(9999, 12, 31), datetime.date(1, 1, 1), datetime.date(2020, 2, 29)]
    path = tmp_path / "x.parquet"
    path.write_bytes(bytes(written(pyarrow.table({"d": pyarrow.array(days), "y": [1, 2, 3]}))))
    column = read(path).frame["d"]
    assert pd.api.types.is_datetime64_any_dtype(column.dtype)
    assert [str(day)[:10] for day in column] == [str(day) for day in days]


def test_several_row_groups_are_one_table(tmp_path):
    path = tmp_path / "x.parquet"
    path.write_bytes(bytes(written(pyarrow.table({"a": VALUES, "w": ["u", "v"] * 250}), row_group_size=100)))
    frame = read(path).frame
    np.testing.assert_array_equal(frame["a"], VALUES)
    assert frame["w"].tolist() == ["u", "v"] * 250


def test_a_crash_of_the_library_is_a_sentence(tmp_path, monkeypatch):
    """pyarrow aborts the process on some damaged footers, and the process that reads them is not this one."""
    (tmp_path / "aborting.py").write_text("import os\n\ndef plan(path, part, budget):\n    os.abort()\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("ravine.data.readers.parquet.READER", "aborting:plan")
    path = tmp_path / "x.parquet"
    path.write_bytes(bytes(written(pyarrow.table({"a": VALUES}))))
    with pytest.raises(DataError, match="was ended by SIGABRT"):
        read(path)


def test_a_machine_of_many_cores_reads_a_wide_file(tmp_path, monkeypatch):
    """The memory of the helper is limited, and each thread of the library takes some of it."""
    monkeypatch.setenv("OMP_NUM_THREADS", "128")
    values = np.random.default_rng(1).normal(size=(2_000, 200)).astype(np.float32)
    path = tmp_path / "x.parquet"
    path.write_bytes(bytes(written(pyarrow.table({f"c{i}": values[:, i] for i in range(200)}))))
    np.testing.assert_array_equal(read(path).frame.to_numpy(), values)


def test_words_that_exceed_the_memory_are_refused(tmp_path, monkeypatch):
    """A dictionary announces few bytes, and its words can take any number."""
    path = tmp_path / "x.parquet"
    path.write_bytes(bytes(written(pyarrow.table({"a": ["w" * 10_000] * 4_000, "y": [0, 1] * 2_000}))))
    assert path.stat().st_size < 20_000
    assert len(read(path).frame) == 4_000
    (tmp_path / "little.py").write_text(
        "from ravine.data import size_limits\n"
        "import ravine.data.free_memory as of\n"
        "from ravine.data.readers.parquet_batches import plan_stream\n"
        "def plan(*given):\n"
        "    of.free_memory = lambda: 10_000_000\n"
        "    return plan_stream(*given)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("ravine.data.readers.parquet.READER", "little:plan")
    with pytest.raises(DataError, match="The next rows would take 40 MB, and 10 MB are free"):
        read(path)


def test_odd_types_arrive_as_pandas_has_them(tmp_path):
    """A time with a zone becomes the time in UTC, and bytes become words, as in every format."""
    table = pyarrow.table(
        {
            "words": pyarrow.array(["u", "v", None] * 4).dictionary_encode(),
            "flags": pyarrow.array([True, None, False] * 4),
            "large": pyarrow.array(range(2**60, 2**60 + 12), pyarrow.uint64()),
            "times": pyarrow.array(range(12), pyarrow.timestamp("s", tz="Europe/Berlin")),
            "bytes": pyarrow.array([b"a", b"b", b"c"] * 4),
        }
    )
    path = tmp_path / "x.parquet"
    path.write_bytes(bytes(written(table, row_group_size=5)))
    expected = pd.read_parquet(path)
    expected["times"] = expected["times"].dt.tz_convert(None)
    expected["bytes"] = expected["bytes"].str.decode("utf-8")
    pd.testing.assert_frame_equal(read(path).frame, expected)
