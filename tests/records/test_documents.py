"""Documents: types, ranges and lengths that are checked, versions, and damage of every kind."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from ravine.errors import DataError
from ravine.records.documents import NewerFile, check_document, check_object
from ravine.records.os_errors import DamagedFile


@dataclass(frozen=True, kw_only=True)
class Part:
    size: Annotated[int, Meta(ge=0, le=9)]
    kind: Literal["round", "flat"] = "round"
    note: str | None = None


@dataclass(frozen=True, kw_only=True)
class Whole:
    schema_version: int = 3
    title: ClassVar[str] = "no field"
    name: str
    scale: float
    parts: list[Part]
    weights: list[float]
    by_name: dict[str, Part] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.weights) != len(self.parts):
            raise ValueError(f"weights has {len(self.weights)} values for {len(self.parts)} parts")


PLAIN = {
    "schema_version": 3, "name": "a", "scale": 0.5, "parts": [{"size": 1}, {"size": 2, "kind": "flat"}],
    "weights": [1.0, -2.5], "by_name": {"x": {"size": 3}},
}  # fmt: skip
WHOLE = Whole(
    name="a", scale=0.5, parts=[Part(size=1), Part(size=2, kind="flat")], weights=[1.0, -2.5],
    by_name={"x": Part(size=3)},
)  # fmt: skip


def test_a_document_is_read_with_the_defaults_of_all_its_parts():
    found = check_document({**PLAIN, "unknown": 1}, Whole, "'a.json'")
    assert found == WHOLE
    assert msgspec.to_builtins(found) == msgspec.to_builtins(WHOLE)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"name": 3}, "Its field name is 3; allowed is text."),
        ({"scale": True}, "Its field scale is true; allowed is a number."),
        ({"scale": "\x1b[31m"}, r"Its field scale is '\x1b[31m'; allowed is a number."),
        ({"scale": 10**400}, "Its field scale is a number of 1329 bits; allowed is a number within float64."),
        ({"parts": [{"size": 1.0}]}, "Its field parts[0].size is 1.0; allowed is a whole number."),
        ({"parts": [{"size": 10}]}, "Its field parts[0].size is 10; allowed is a whole number at most 9."),
        ({"parts": [{"size": 1, "kind": "x" * 99}]},
         f"Its field parts[0].kind is '{'x' * 60}...'; allowed is one of round, flat."),
        ({"parts": [{}]}, "Its field parts[0].size is missing."),
        ({"parts": {}}, "Its field parts is an object with 0 fields; allowed is a list."),
        ({"by_name": {"q": {"size": -1}}},
         "In its field by_name[...].size, allowed is a whole number at least 0."),
        ({"weights": [1.0]}, "Weights has 1 values for 2 parts."),
        ({"schema_version": True},
         "Its field schema_version is true; allowed is a whole number from 1 to 3."),
        ({"schema_version": 0}, "Its field schema_version is 0; allowed is a whole number from 1 to 3."),
        ({"\ud800": 1}, "It has a name or word '\\ud800', which is not Unicode."),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named_with_its_value_and_the_allowed_ones(changes, why):
    with pytest.raises(DamagedFile) as caught:
        check_document({**PLAIN, **changes}, Whole, "'a.json'")
    assert caught.value.what.startswith("'a.json' is damaged")
    assert caught.value.why == why


@pytest.mark.parametrize("name", ["schema_version", "name", "parts"])
def test_a_missing_field_is_named(name):
    with pytest.raises(DamagedFile, match=f"Its field {name} is missing"):
        check_document({key: value for key, value in PLAIN.items() if key != name}, Whole, "'a.json'")


@pytest.mark.parametrize("plain", [None, 5, "x", [], [1], True])
def test_a_document_that_is_no_object(plain):
    with pytest.raises(DamagedFile, match=r"It is .*; allowed is an object"):
        check_document(plain, Whole, "'a.json'")
    with pytest.raises(DamagedFile, match=r"Its field parts is .*; allowed is an object"):
        check_object(plain, "'a.json'", "parts")


@pytest.mark.parametrize(
    "writer", [{"versions": {"ravine": "9.1"}}, {"ravine": "9.1"}, {"versions": [1]}, {}]
)
def test_a_newer_version_is_refused_before_anything_else(writer):
    with pytest.raises(NewerFile, match="newer version of ravine") as caught:
        check_document({"schema_version": 4, **writer}, Whole, "'a.json'")
    assert ("9.1" in caught.value.what) == ("9.1" in str(writer))
    assert "format is 4; this version reads up to 3" in caught.value.why


def test_an_older_version_is_converted():
    def older(plain, version):
        return {**plain, "scale": plain.pop("factor") * version}

    old = {
        **{key: value for key, value in PLAIN.items() if key != "scale"},
        "factor": 0.25,
        "schema_version": 2,
    }
    assert check_document(old, Whole, "'a.json'", older).scale == 0.5
    with pytest.raises(DamagedFile, match="scale is missing"):
        check_document(old, Whole, "'a.json'")


@given(st.data())
def test_a_changed_document_is_read_as_it_stands_or_refused(changed_document, holds, data):
    plain = changed_document(data.draw, PLAIN)
    try:
        found = check_document(plain, Whole, "'a.json'")
    except DataError as error:
        assert error.what.startswith("'a.json' ")
    else:
        assert holds(msgspec.to_builtins(found), plain)
