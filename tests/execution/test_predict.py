"""Predictions for new rows: columns by name or by position, and what training had not seen."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import ravine
from ravine.data import Table
from ravine.errors import DataError
from ravine.execution.predict import predict, predict_result, predictions_of
from ravine.execution.predict_result import PredictedScore, PredictResult, score_text
from ravine.execution.saved_model import Model

NEW = pd.DataFrame({"color": ["red", "blue", None], "size": [0.1, np.nan, 2.0], "other": 1})


def test_columns_are_found_by_name_and_others_ignored(trained):
    found = predict(trained.model, NEW)
    assert list(found.columns) == ["prediction", "probability_a", "probability_b", "probability_c"]
    pd.testing.assert_frame_equal(predict(trained.path, NEW[["size", "color"]]), found)


def test_levels_and_gaps_that_training_had_not_are_told(trained):
    notes = predictions_of(trained.model, NEW).notes
    assert len(notes) == 2
    assert any(note.startswith("color") and "blue" in note for note in notes)
    assert any(note.startswith("size") for note in notes)
    assert predictions_of(trained.model, NEW.iloc[[0]]).notes == []


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
    result = predict_result(str(trained.path), Model.load(trained.path), Table(NEW, "new.csv", "ab"))
    document = result.to_dict()
    assert PredictResult.from_dict(document) == result
    found = predict(trained.path, NEW)
    assert document["predictions"] == {name: found[name].tolist() for name in found.columns}
    assert document["data"] == {
        "name": "new.csv", "sha256": "ab", "rows": 3, "notes": predictions_of(trained.path, NEW).notes,
    }  # fmt: skip
    assert (document["task"], document["target"], document["classes"]) == (
        "classify",
        "kind",
        ["a", "b", "c"],
    )
    assert document["score"] is None


@pytest.fixture(scope="module")
def numbers():
    """A table of numbers with weights, and a model of it that learned without some of its rows."""
    random = np.random.default_rng(0)
    rows = pd.DataFrame(random.normal(size=(300, 2)), columns=["a", "b"])
    rows["w"] = random.uniform(0.5, 2, 300)
    rows["y"] = 3 * rows.a - rows.b + 10 + 0.1 * random.normal(size=300)
    model = ravine.train(rows[:200], "y", weights="w", net="8", epochs=3, metric="mae", missing=["-99"]).model
    return rows, model


def test_the_score_is_that_of_rows_with_a_target(numbers):
    rows, model = numbers
    new = rows[200:].reset_index(drop=True)
    new.loc[[3, 5], "y"] = [np.nan, -99.0]
    found = predictions_of(model, new)
    kept = np.setdiff1d(np.arange(100), [3, 5])
    error = np.abs(model.predict(new) - new.y.to_numpy())[kept]
    expected = np.average(error, weights=new.w[kept])
    assert found.score.value == pytest.approx(expected, rel=1e-5)
    assert (found.score.metric, found.score.rows, found.score.weights) == ("mae", 98, "w")
    without = predictions_of(model, new.drop(columns="w"))
    assert without.score.value == pytest.approx(np.mean(error), rel=1e-5)
    assert without.score.weights is None and "no weights 'w'" in without.notes[0]
    assert predictions_of(model, new.drop(columns="y")).score is None


def test_the_score_of_classes_is_their_accuracy():
    random = np.random.default_rng(1)
    x = pd.DataFrame(random.normal(size=(240, 2)), columns=["a", "b"])
    labels = np.array(["no", "yes"])[(x.a + 0.3 * random.normal(size=240) > 0).to_numpy().astype(int)]
    model = ravine.train(x.assign(kind=labels), "kind", net="8", epochs=5).model
    new = x.assign(kind=labels)[::3]
    found = predictions_of(model, new)
    assert found.score.value == pytest.approx(np.mean(model.predict(new) == new.kind))
    assert score_text(PredictedScore(metric="accuracy", value=0.875, rows=80, weights=None)) == (
        "accuracy 87.5 %, 80 rows"
    )
    odd = predictions_of(model, new.assign(kind=["maybe", *new.kind[1:]]))
    assert odd.score is None and "no score: The data rows have the label 'maybe'" in odd.notes[0]
    assert len(odd.table) == 80


def test_no_score_is_shown_where_it_has_no_value(numbers):
    rows, _ = numbers
    model = ravine.train(rows[["a", "b", "y"]], "y", net="4", epochs=1, metric="r2").model
    constant = predictions_of(model, rows[:9].assign(y=1.0))
    assert constant.score is None and "all targets are equal" in constant.notes[-1]
    gone = predictions_of(model, rows[:9].assign(y=np.nan))
    assert gone.score is None and "missing in every row" in gone.notes[-1]


def test_columns_are_copied_by_name(numbers):
    rows, model = numbers
    named = rows[:5].assign(run=range(5), event=list("vwxyz"))
    table = predictions_of(model, named, ["event", "run"]).table
    assert list(table.columns) == ["event", "run", "prediction"]
    assert table.event.tolist() == list("vwxyz") and table.run.tolist() == [0, 1, 2, 3, 4]
    with pytest.raises(DataError, match="no keep column 'evnt'") as refused:
        predictions_of(model, named, ["evnt"])
    assert "event" in refused.value.fix
    with pytest.raises(DataError, match="'prediction' cannot be copied"):
        predictions_of(model, named.assign(prediction=1), ["prediction"])


def test_data_of_the_training_are_told(numbers, tmp_path):
    rows, _ = numbers
    rows.to_csv(tmp_path / "rows.csv", index=False)
    model = ravine.train(tmp_path / "rows.csv", "y", net="4", epochs=1).model
    found = ravine.predict(model, tmp_path / "rows.csv")
    assert "trained on rows of these data" in found.notes[-1]
