"""JSON documents: defaults of old files, newer versions and wrong types."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from ravine.errors import DataError
from ravine.execution.json_document import JsonDocument
from ravine.records.os_errors import DamagedFile


@dataclass(frozen=True, kw_only=True)
class Thing(JsonDocument):
    schema_version: int = 3
    size: float
    names: list[str]


def test_a_document_is_written_and_read_again():
    thing = Thing(size=0.5, names=["a"])
    assert thing.to_dict() == {"schema_version": 3, "size": 0.5, "names": ["a"]}
    assert Thing.from_dict(thing.to_dict()) == thing
    assert Thing.from_dict({"schema_version": 2, "size": 0.5, "names": ["a"]}).size == 0.5


def test_a_newer_version_is_refused_with_both_versions():
    with pytest.raises(DataError, match=r"type Thing was written by a newer version.*4.*up to 3"):
        Thing.from_dict({"schema_version": 4, "size": 0.5, "names": []})
    assert Thing.from_dict({"schema_version": 2, "size": 0.5, "names": []}).schema_version == 2


def test_a_wrong_type_is_refused_by_name():
    plain = {"schema_version": 3, "size": 0.5, "names": [1]}
    with pytest.raises(DamagedFile, match=r"^A document of type Thing .*names\[0\] is 1; allowed is text"):
        Thing.from_dict(plain)
    with pytest.raises(DamagedFile, match=r"^'a.json' is damaged"):
        Thing.from_dict(plain, "'a.json'")
    for document in ([], None, {"size": 0.5, "names": []}):
        with pytest.raises(DamagedFile):
            Thing.from_dict(document)
