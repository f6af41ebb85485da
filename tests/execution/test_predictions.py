"""Stored predictions against the network's own outputs, their size, and the error of a score."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score

import ravine
from ravine.data import split
from ravine.execution.predictions import ModelOutputs, prediction_arrays
from ravine.execution.result import PREDICTIONS
from ravine.records.atomic_files import read_npz
from ravine.training import Rows


@pytest.fixture(scope="module")
def table():
    """90 rows of three classes; rows 4 and 11 have no target."""
    random = np.random.default_rng(0)
    kind = np.array(["a", "b", "c"])[random.integers(0, 3, 90)]
    size = random.normal(size=90) + (kind == "b") * 2
    frame = pd.DataFrame({"size": size, "width": random.normal(size=90), "kind": kind})
    frame.loc[[3, 10], "kind"] = None
    return frame


@pytest.fixture(scope="module")
def trained(table, tmp_path_factory):
    folder = tmp_path_factory.mktemp("predictions")
    table.to_csv(folder / "t.csv", index=False)
    return ravine.train(
        str(folder / "t.csv"), "kind", net="4", epochs=5, seeds=2, baselines=False, out=folder / "run"
    )


def test_predictions_are_those_of_the_saved_network(trained, table):
    arrays = read_npz(trained.path / PREDICTIONS)
    assert trained.predictions == str(trained.path / PREDICTIONS) and trained.predictions_left_out == ""
    assert arrays["classes"].tolist() == ["a", "b", "c"]
    for part, size in (("validation", trained.split.validation), ("test", trained.split.test)):
        rows = arrays[f"{part}_row"]
        assert len(rows) == size and len(set(rows.tolist())) == size
        own = table.iloc[rows - 1]  # rows are counted from 1 in the file, also after rows without a target
        np.testing.assert_array_equal(arrays["classes"][arrays[f"{part}_target"]], own["kind"])
        share = trained.model.predict_proba(own[["size", "width"]])
        np.testing.assert_allclose(arrays[f"{part}_probability"], share, atol=1e-6)
        assert arrays[f"{part}_probability"].dtype == np.float32
        np.testing.assert_array_equal(arrays[f"{part}_prediction"], share.argmax(axis=1))
    right = accuracy_score(arrays["test_target"], arrays["test_prediction"])
    assert right == pytest.approx(trained.test.model, abs=1e-6)
    right = accuracy_score(arrays["validation_target"], arrays["validation_prediction"])
    assert right == pytest.approx(trained.model.metadata.validation, abs=1e-6)
    assert not set(arrays["validation_row"]) & set(arrays["test_row"])


def test_predictions_of_numbers_are_in_the_unit_of_the_target():
    x = np.random.default_rng(1).normal(size=(80, 2))
    result = ravine.train(x, 1e3 + 50 * x[:, 0], net="4", epochs=20, baselines=False)
    arrays = result.prediction_arrays
    assert result.predictions is None  # no folder
    np.testing.assert_allclose(
        arrays["test_prediction"], result.model.predict(x[arrays["test_row"] - 1]), rtol=1e-5
    )
    np.testing.assert_allclose(arrays["test_target"], 1e3 + 50 * x[arrays["test_row"] - 1, 0])
    assert "test_probability" not in arrays and "classes" not in arrays


def outputs(rows=1000, classes=4, metric="accuracy"):
    """Return outputs of a made-up network for `rows` validation rows and as many test rows."""
    random = np.random.default_rng(0)
    data = ravine.data.from_arrays(random.normal(size=(3 * rows, 1)), np.arange(3 * rows) % classes, name="x")
    z = random.normal(size=(rows, classes)).astype(np.float32)
    index = np.arange(rows)
    y = data.y[index]
    parts = {"validation": index, "test": index + rows}
    targets = Rows(np.zeros((0, 1)), y, None)
    return ModelOutputs(data, metric, parts, {p: z for p in parts}, {p: targets for p in parts}, 0.0, 1.0)


@pytest.mark.parametrize(
    ("limit", "left_out", "names"),
    [
        (10**6, "", {"validation_probability", "validation_row", "test_probability", "test_row"}),
        (60_000, "probabilities of the validation rows", {"validation_row", "test_probability", "test_row"}),
        (40_000, "the validation rows", {"test_probability", "test_row"}),
        (20_000, "the validation rows and the probabilities of the test rows", {"test_row"}),
        (1_000, "all rows", set()),
    ],
)
def test_too_large_predictions_are_left_out_in_order(limit, left_out, names):
    # 1,000 rows: 8 + 4 + 4 bytes, and 16 bytes of probabilities, in two parts
    arrays, stated = prediction_arrays(outputs(), limit)
    assert stated == left_out
    assert {name for name in arrays if name.endswith(("_row", "_probability"))} == names
    assert sum(array.nbytes for name, array in arrays.items() if name != "classes") <= limit


def test_the_error_of_an_accuracy_is_that_of_a_share():
    made = outputs()
    share = np.mean(made.outputs["test"].argmax(axis=1) == made.targets["test"].y)
    expected = np.sqrt(share * (1 - share) / 1000)
    assert made.score_error("test") == pytest.approx(expected, rel=0.3)  # 100 resamples: 7 % off on average


def test_the_split_is_that_of_the_seed_of_the_saved_network(trained):
    data = ravine.data.prepare(ravine.data.read(str(trained.path.parent / "t.csv")), target="kind")
    seed = trained.model.metadata.seed
    expected = data.row_numbers[split(data, seed, 0.2).valid]
    np.testing.assert_array_equal(trained.prediction_arrays["validation_row"], expected)
