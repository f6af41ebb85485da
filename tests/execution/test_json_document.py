"""JSON documents: defaults of old files, newer versions and wrong types."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from ravine.errors import DataError
from ravine.execution.json_document import JsonDocument


@dataclass(frozen=True, kw_only=True)
class Thing(JsonDocument):
    schema_version: int = 3
    size: float
    names: list[str]


def test_a_document_is_written_and_read_again():
    thing = Thing(size=0.5, names=["a"])
    assert thing.to_dict() == {"schema_version": 3, "size": 0.5, "names": ["a"]}
    assert Thing.from_dict(thing.to_dict()) == thing
    assert Thing.from_dict({"size": 0.5, "names": ["a"]}).to_dict() == thing.to_dict()


def test_a_newer_version_is_refused_with_both_versions():
    with pytest.raises(DataError, match=r"type Thing is newer.*4.*up to 3"):
        Thing.from_dict({"schema_version": 4, "size": 0.5, "names": []})
    assert Thing.from_dict({"schema_version": 2, "size": 0.5, "names": []}).schema_version == 2


def test_a_wrong_type_is_refused_by_name():
    with pytest.raises(DataError, match=r"\$\.names\[0\]"):
        Thing.from_dict({"size": 0.5, "names": [1]})
