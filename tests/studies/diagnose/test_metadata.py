"""Metadata of a measured run: complete in the record, and refused where a field is missing."""

from __future__ import annotations

import dataclasses

import pytest

from ravine.errors import DataError
from ravine.studies.diagnose.metadata import RunMetadata
from ravine.studies.diagnose.observation import Observation


def test_the_record_holds_every_field(measured, blobs, small):
    record = measured(blobs)
    metadata = Observation(record).metadata
    assert set(record.meta) == {field.name for field in dataclasses.fields(RunMetadata)}
    assert (metadata.features, metadata.classes) == (list(blobs.features), [str(k) for k in blobs.classes])
    assert (metadata.batch_size, metadata.outputs) == (small["batch_size"], len(blobs.classes))
    assert metadata.trained_here and not metadata.stops and metadata.leaks == []
    assert RunMetadata.from_dict(metadata.to_dict()) == metadata


def test_a_record_without_a_field_is_refused_by_name(record_with):
    plain = Observation(record_with()).metadata.to_dict()
    del plain["batch_size"]
    with pytest.raises(DataError, match="batch_size"):
        RunMetadata.from_dict(plain)
