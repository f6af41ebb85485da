"""Only regular files are opened; every other kind of path is refused in sentences, and at once."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from ravine.errors import DataError
from ravine.records.open_file import exists, file_size, is_file, is_folder, open_regular, read_regular


def test_a_regular_file_is_read(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"twelve bytes")
    with open_regular(path) as file:
        assert file.read() == b"twelve bytes"
    assert read_regular(path, 12) == b"twelve bytes"
    assert file_size(path) == 12


def test_a_link_is_followed_but_not_in_an_open_folder(tmp_path):
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "link").symlink_to("file")
    assert read_regular(tmp_path / "link", 10) == b"x"
    folder = os.open(tmp_path, os.O_RDONLY)
    try:
        with open_regular("shown", name="file", folder=folder) as file:
            assert file.read() == b"x"
        with pytest.raises(DataError, match="'shown' is a link"):
            open_regular("shown", name="link", folder=folder)
    finally:
        os.close(folder)


def test_a_larger_file_is_refused_with_its_size_and_the_limit(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes(2000))
    with pytest.raises(DataError, match=r"too large: 2,000 bytes.*at most 1,999 bytes"):
        open_regular(path, 1999)
    assert len(read_regular(path, 2000)) == 2000


def test_a_file_that_never_ends_is_refused():
    # the system reports the size 0 for the files of /proc; reading must stop at the limit
    with pytest.raises(DataError, match="too large"):
        read_regular("/proc/self/maps", 10)


@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "socket"])
def test_other_kinds_of_files_are_refused_by_name(tmp_path, kind, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the path of a socket is short
    path = "it"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        Path(path).mkdir()
    elif kind == "device":
        path = "/dev/zero"
    else:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path)
    for refused in (lambda: open_regular(path), lambda: read_regular(path, 10), lambda: file_size(path)):
        with pytest.raises(DataError, match=f"is a {kind}") as caught:
            refused()
        assert caught.value.why and caught.value.fix


def test_a_missing_file_is_refused_with_advice(tmp_path):
    with pytest.raises(DataError, match="There is no"):
        open_regular(tmp_path / "absent")


def test_questions_about_paths(tmp_path):
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "loop").symlink_to("loop")
    answers = {
        "file": (True, True, False),
        ".": (True, False, True),
        "absent": (False, False, False),
        "file/below": (False, False, False),
        "loop": (False, False, False),
        "null\0character": (False, False, False),
    }
    for name, answer in answers.items():
        path = f"{tmp_path}/{name}"
        assert (exists(path), is_file(path), is_folder(path)) == answer, name


@pytest.mark.parametrize("question", [exists, is_file, is_folder])
def test_a_question_without_an_answer_is_an_error_in_sentences(tmp_path, question):
    with pytest.raises(DataError, match="too long"):
        question(tmp_path / ("x" * 300))
