import datetime
import hashlib
import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine.errors import DataError, UsageError
from ravine.records.content_hash import content_hash, sha256_of_file


def test_the_id_is_the_sha256_of_canonical_json():
    assert content_hash({"b": [1, 2.5, None, True], "a": "ü"}, 64) == (
        hashlib.sha256(b'{"a":"\\u00fc","b":[1,2.5,null,true]}').hexdigest()
    )


@given(st.dictionaries(st.text(st.characters(exclude_characters="\0")), st.integers() | st.floats()))
def test_order_does_not_matter(table):
    assert content_hash(table) == content_hash(dict(reversed(table.items())))


def test_things_that_are_the_same():
    assert content_hash(np.int64(3)) == content_hash(3)
    assert content_hash([np.float64(0.1), np.bool_(True), np.str_("a")]) == content_hash((0.1, True, "a"))
    assert content_hash({1: "a"}) == content_hash({"1": "a"})
    array = np.arange(6.0).reshape(2, 3)
    assert content_hash(array) == content_hash(np.asfortranarray(array)) == content_hash(array.astype(">f8"))


def test_things_that_differ_have_different_ids():
    array = np.arange(6)
    things = [
        1, 1.0, True, "1", None, [1], [[1]], {"a": 1}, {"a": None}, {}, [], "", 0.0, -0.0, float("nan"),
        float("inf"), -float("inf"), "nan", b"", b"1", array, array.reshape(2, 3), array.astype(float),
        array[::-1], np.float32(0.1), 0.1, np.zeros(0), np.zeros((0, 2)), datetime.date(2024, 1, 1),
        "2024-01-01", {"number": "nan"}, np.array(1), array.tolist(),
    ]  # fmt: skip
    assert len({content_hash(thing, 64) for thing in things}) == len(things)


def test_dataclasses_count_by_their_fields():
    @dataclass
    class Plan:
        epochs: int
        sizes: tuple[int, ...]

    assert content_hash(Plan(3, (1, 2))) == content_hash({"epochs": 3, "sizes": [1, 2]})


def test_ids_are_the_same_in_another_process():
    code = (
        "from ravine.records.content_hash import content_hash\n"
        "print(content_hash({'b': {'x', }.pop(), 'a': 1.5}))"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == content_hash({"a": 1.5, "b": "x"})


@pytest.mark.parametrize(
    "bad", [object(), {1, 2}, {"\0array": 1}, {1: 0, "1": 0}, {1.5: 0}, np.array([None]), 1j, int]
)
def test_what_has_no_id(bad):
    with pytest.raises(UsageError):
        content_hash([bad])


def test_lengths():
    assert len(content_hash("x")) == 12 and content_hash("x", 64).startswith(content_hash("x"))
    for length in (0, 65, -1):
        with pytest.raises(UsageError):
            content_hash("x", length)


def test_sha256_of_file(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    # FIPS 180-2, appendix B.1
    assert (
        sha256_of_file(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
    with pytest.raises(DataError, match="There is no"):
        sha256_of_file(tmp_path / "b")
