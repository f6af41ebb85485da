"""Errors of libraries become errors with file and place; errors of Ravine and Ctrl-C pass."""

from __future__ import annotations

import pytest

from ravine.data import formats, read
from ravine.data.boundary import at, first_line, library_errors_as_data_errors
from ravine.data.formats import FORMATS, Format
from ravine.errors import DataError, Stopped, UsageError


class PanicException(BaseException):
    """An error as libraries in Rust raise it."""


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (ValueError("no such kind.\nmore"), r"'x' cannot be read as Toy\. .*reports: no such kind\."),
        (KeyError(), "reports: KeyError"),
        (AssertionError("odd"), "reports: odd"),
        (MemoryError(), "does not fit into the memory"),
        (RecursionError("deep"), "nested too deeply"),
        (ImportError("pip install lz4"), "One more Python package.*pip install lz4"),
        (PanicException("a panic"), "reports: a panic"),
    ],
)
def test_every_error_of_a_library_becomes_a_data_error(error, says):
    with pytest.raises(DataError, match=says) as caught, library_errors_as_data_errors("x", "Toy"):
        raise error
    assert caught.value.__cause__ is error and caught.value.fix


@pytest.mark.parametrize(
    "error",
    [DataError("no"), UsageError("no"), Stopped("no"), KeyboardInterrupt(), SystemExit(3), GeneratorExit()],
)
def test_errors_of_ravine_and_requests_to_stop_pass(error):
    with pytest.raises(type(error)) as caught, library_errors_as_data_errors("x", "Toy"), at("column 'a'"):
        raise error
    assert caught.value is error


def test_the_message_names_the_innermost_place():
    with (
        pytest.raises(DataError, match=r"^'x' cannot be read as Toy, column 'a'\."),
        library_errors_as_data_errors("x", "Toy"),
        at("group 3"),
        at("column 'a'"),
    ):
        raise ValueError("bad")


def test_a_long_message_is_shortened():
    assert len(first_line(ValueError("w" * 5000))) == 300


@pytest.mark.parametrize("error", [ZeroDivisionError("by zero"), MemoryError()])
def test_the_boundary_is_around_every_reader(tmp_path, monkeypatch, error):
    def broken(source):
        raise error

    toy = Format("Toy", "toy:read", magic=b"TOY", noun="a Toy file")
    monkeypatch.setitem(FORMATS, "Toy", toy)
    load = formats.load_object
    monkeypatch.setattr(formats, "load_object", lambda text: broken if text == toy.reader else load(text))
    path = tmp_path / "x.toy"
    path.write_bytes(b"TOY 1")
    with pytest.raises(DataError, match=r"^'x\.toy' "):
        read(path)
