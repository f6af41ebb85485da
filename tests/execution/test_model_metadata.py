"""Metadata of models: written, read again, read from version 1, and refused where a type does not fit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ravine.errors import DataError
from ravine.execution.model_metadata import ModelMetadata, TrainingData

RUNS = Path(__file__).resolve().parents[1] / "fixtures" / "version1" / "runs"
MODELS = sorted(RUNS.glob("*/models/best/model.json"))


def test_known_facts_are_written_and_read_again():
    metadata = ModelMetadata(optimizer="adam", steps=3, data=TrainingData(name="a", sha256="0f"))
    plain = metadata.to_dict()
    assert plain == {"optimizer": "adam", "steps": 3, "data": {"name": "a", "sha256": "0f"}}
    assert ModelMetadata.from_dict(plain) == metadata
    assert ModelMetadata.from_dict({}) == ModelMetadata()


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.parts[-4])
def test_every_fact_of_a_version_1_model_is_read(path):
    about = json.loads(path.read_text())["description"]["about"]
    assert ModelMetadata.from_dict(about).to_dict() == about


def test_a_wrong_type_is_refused_by_name():
    with pytest.raises(DataError, match=r"steps is 'many'; allowed is a whole number"):
        ModelMetadata.from_dict({"steps": "many"})
