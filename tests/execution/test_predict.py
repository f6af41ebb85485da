"""Predictions for new rows: columns by name or by position, and what training had not seen."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import ravine
from ravine.data import Table
from ravine.errors import DataError
from ravine.execution.predict import predict, predict_result, predict_with_notes
from ravine.execution.predict_result import PredictResult

NEW = pd.DataFrame({"color": ["red", "blue", None], "size": [0.1, np.nan, 2.0], "other": 1})


def test_columns_are_found_by_name_and_others_ignored(trained):
    found = predict(trained.model, NEW)
    assert list(found.columns) == ["prediction", "probability_a", "probability_b", "probability_c"]
    pd.testing.assert_frame_equal(predict(trained.path, NEW[["size", "color"]]), found)


def test_levels_and_gaps_that_training_had_not_are_told(trained):
    _, notes = predict_with_notes(trained.model, NEW)
    assert len(notes) == 2
    assert any(note.startswith("color") and "blue" in note for note in notes)
    assert any(note.startswith("size") for note in notes)
    assert predict_with_notes(trained.model, NEW.iloc[[0]])[1] == []


def test_a_missing_column_is_named(trained):
    with pytest.raises(DataError, match="color"):
        predict(trained.model, NEW[["size"]])


def test_columns_without_names_are_counted_with_or_without_the_target():
    random = np.random.default_rng(0)
    rows = pd.DataFrame(random.normal(size=(60, 3)), columns=["c0", "c1", "c2"])
    model = ravine.train(rows, "c1", net="4", epochs=1).model
    whole = predict(model, Table(rows, "rows", "0", header=False))
    without = rows[["c0", "c2"]].set_axis(["c0", "c1"], axis=1)
    pd.testing.assert_frame_equal(predict(model, Table(without, "rows", "0", header=False)), whole)


def test_the_document_holds_the_table(trained):
    result = predict_result(trained.path, Table(NEW, "new.csv", "ab"))
    document = result.to_dict()
    assert PredictResult.from_dict(document) == result
    found = predict(trained.path, NEW)
    assert document["predictions"] == {name: found[name].tolist() for name in found.columns}
    assert document["data"] == {
        "name": "new.csv", "sha256": "ab", "rows": 3, "notes": predict_with_notes(trained.path, NEW)[1],
    }  # fmt: skip
    assert (document["task"], document["target"], document["classes"]) == (
        "classify",
        "kind",
        ["a", "b", "c"],
    )
