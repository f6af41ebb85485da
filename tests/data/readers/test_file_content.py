"""The content of a data file: gzip in members and blocks, regular files only, and no change while reading."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import zlib

import pytest

from ravine.data import read
from ravine.data.readers import file_content
from ravine.data.readers.file_content import opened_content, read_content, read_stream
from ravine.errors import DataError

TEXT = "".join(f"{k * 7919 % 10007},{k * 104729 % 9973}\n" for k in range(40_000)).encode()


def content_of(tmp_path, packed, max_expand=200.0):
    path = tmp_path / "x.csv.gz"
    path.write_bytes(packed)
    return read_content(path, max_expand)


@pytest.mark.parametrize("block", [1, 1000, 1 << 24])
@pytest.mark.parametrize("packed_block", [7, 1 << 16])
def test_gzip_is_unzipped_as_python_does(tmp_path, monkeypatch, block, packed_block):
    text = TEXT[:3000] if block == 1 or packed_block == 7 else TEXT
    monkeypatch.setattr(file_content, "BLOCK", block)
    monkeypatch.setattr(file_content, "PACKED_BLOCK", packed_block)
    members = gzip.compress(text[:1000]) + gzip.compress(b"") + gzip.compress(text[1000:]) + b"\0" * 50
    content = content_of(tmp_path, members)
    assert content.content == gzip.decompress(members) == text
    assert content.zipped and content.file_bytes == len(members)
    assert content.file_hash.hexdigest() == hashlib.sha256(members).hexdigest()


def damaged(kind):
    packed = bytearray(gzip.compress(TEXT, mtime=0))
    if kind == "cut":
        return packed[: len(packed) // 2]
    if kind == "cut in the checksum":
        return packed[:-3]
    if kind == "checksum":
        packed[-8] ^= 1
    if kind == "length":
        packed[-1] ^= 1
    if kind == "content":
        packed[len(packed) // 2] ^= 4
    if kind == "noise after it":
        packed += b"noise"
    if kind == "header alone":
        return packed[:5]
    return packed


@pytest.mark.parametrize(
    "kind", ["cut", "cut in the checksum", "checksum", "length", "content", "noise after it", "header alone"]
)
def test_damaged_gzip_is_refused(tmp_path, kind):
    packed = bytes(damaged(kind))
    with pytest.raises((OSError, EOFError, zlib.error)):
        gzip.decompress(packed)
    with pytest.raises(DataError, match=r"'x.csv.gz' cannot be read as gzip.*cut, damaged"):
        content_of(tmp_path, packed)


def test_a_bomb_is_refused_before_it_is_unzipped(tmp_path, monkeypatch):
    made = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = b"".join(made.compress(b"\0" * (1 << 20)) for _ in range(256)) + made.flush()
    largest = []
    check = file_content.SizeBudget.check
    monkeypatch.setattr(
        file_content.SizeBudget,
        "check",
        lambda self, size, what: (largest.append(size), check(self, size, what)),
    )
    with pytest.raises(DataError, match="max_expand"):
        content_of(tmp_path, packed)
    assert max(largest) < 200 * len(packed) + 3 * file_content.BLOCK < 256 << 20
    assert len(content_of(tmp_path, packed, 2000).content) == 256 << 20


def test_only_regular_files_are_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, says in ((tmp_path / "pipe", "is a pipe"), ("/dev/zero", "is a device")):
        with pytest.raises(DataError, match=says):
            read(path)


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes(TEXT)
    with pytest.raises(DataError, match="was changed while it was read"), opened_content(path, 200):
        path.write_bytes(TEXT + b"1,2\n")
    with opened_content(path, 200) as content:
        assert os.fstat(content.descriptor).st_size == len(content.content)


def test_standard_input_is_read_in_blocks_and_ends_at_the_free_memory(monkeypatch):
    monkeypatch.setattr(file_content, "BLOCK", 10_000)
    assert read_stream(io.BytesIO(TEXT), "stdin", 200).content == TEXT

    class Endless(io.RawIOBase):
        def readable(self):
            return True

        def read(self, size=-1):
            return b"1" * size

    monkeypatch.setattr("ravine.data.free_memory.free_memory", lambda: 1_000_000)
    with pytest.raises(DataError, match="'stdin' does not fit into the memory"):
        read_stream(Endless(), "stdin", 200)
