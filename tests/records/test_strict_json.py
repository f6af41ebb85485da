"""JSON text: read at its limits, and refused with one error where it is no JSON that Ravine writes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine.records.os_errors import DamagedFile
from ravine.records.strict_json import parse_json


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "Line 1, column 1"), (b"{", "Line 1, column 2"), (b"\xff\xfe", "Byte 0 is not UTF-8"),
        (b'{"a": 1, "a": 2}', "The key 'a' occurs twice"), (b"[NaN]", "NaN is not JSON"),
        (b"[1e999]", "too large"), (b"[-Infinity]", "not JSON"), (b"9" * 100_000, "too large"),
        (b"18446744073709551616", "too large"), (b"[" * 100_000, "levels"),
        (b"[" * 65 + b"]" * 65, "more than 64 levels"), (b"PK\x03\x04", "Line 1"), (b"x = 1\n", "Line 1"),
    ],
)  # fmt: skip
def test_text_that_is_no_json_of_ravine(text, why):
    with pytest.raises(DamagedFile, match=r"^'a.json' is not") as caught:
        parse_json(text, "'a.json'")
    assert why in caught.value.why


def test_json_at_the_limits_is_read():
    assert parse_json(b"[" * 64 + b"]" * 64, "x") is not None
    assert parse_json(b"[-9223372036854775808, 18446744073709551615, 1e308, -0.0, 5e-324]", "x") == [
        -(2**63),
        2**64 - 1,
        1e308,
        -0.0,
        5e-324,
    ]
    assert parse_json(b'"caf\\udce9"', "x") == "caf\udce9"  # a file name of unknown encoding


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(text):
    try:
        expected = json.loads(text.decode())
    except ValueError:
        with pytest.raises(DamagedFile):
            parse_json(text, "'a.json'")
    else:
        try:
            assert parse_json(text, "'a.json'") == expected
        except DamagedFile as error:
            assert any(word in str(error) for word in ("too large", "twice", "not JSON", "levels"))
