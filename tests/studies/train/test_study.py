"""Train and predict: the model knows what it was trained on."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ravine
from ravine.errors import DataError, NothingTrained, UsageError
from ravine.execution.predict import predict


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    random = np.random.default_rng(0)
    kind = random.choice(["red", "blue"], 240)
    size = random.normal(size=240)
    price = 10.0 * size + np.where(kind == "red", 5.0, 0.0) + 0.1 * random.normal(size=240)
    return pd.DataFrame({"size": size, "kind": kind, "price": price})


@pytest.fixture(scope="module")
def trained(frame: pd.DataFrame) -> ravine.TrainResult:
    return ravine.train(frame, "price", net="16", epochs=60, learning_rate=0.01)


def test_it_learns_what_there_is_to_learn(trained: ravine.TrainResult, frame: pd.DataFrame) -> None:
    assert trained.test.model < 1.0  # the spread of the price is about 10
    assert np.corrcoef(trained.model.predict(frame), frame.price)[0, 1] > 0.99
    assert trained.curves.train_loss[-1] < trained.curves.train_loss[0]


def test_a_saved_model_predicts_the_same_from_columns_in_any_order(
    trained: ravine.TrainResult, frame: pd.DataFrame, tmp_path: Path
) -> None:
    trained.model.save(tmp_path / "m")
    shuffled = frame[["price", "kind", "size"]].assign(other=1)
    there = predict(tmp_path / "m", shuffled)["prediction"].to_numpy()
    assert np.array_equal(there, trained.model.predict(frame))
    with pytest.raises(DataError, match="kind"):
        predict(tmp_path / "m", frame[["size"]])


def test_probabilities_sum_to_one_and_labels_are_the_users() -> None:
    random = np.random.default_rng(0)
    y = np.array(["hen", "cow"])[(x := random.normal(size=(120, 2)))[:, 0].astype(int) % 2]
    found = ravine.train(x, y, net="8", epochs=5)
    table = predict(found.model, pd.DataFrame(x, columns=found.model.encoder.inputs))
    assert set(table.prediction) <= {"hen", "cow"}
    assert np.allclose(table[["probability_cow", "probability_hen"]].sum(axis=1), 1)
    with pytest.raises(DataError, match="no probabilities"):
        ravine.train(x, x[:, 0], net="4", epochs=1).model.predict_proba(x)


@pytest.mark.parametrize("rows", [0, 1, 257])
def test_any_number_of_rows_is_predicted(trained: ravine.TrainResult, rows: int) -> None:
    some = pd.DataFrame({"size": np.zeros(rows), "kind": ["red"] * rows})
    assert len(predict(trained.model, some)) == rows


def test_divergence_is_said(frame: pd.DataFrame) -> None:
    with pytest.raises(NothingTrained, match="diverged"):
        ravine.train(frame, "price", net="16", epochs=20, learning_rate=1e6, optimizer="sgd")


def test_arrays_without_a_target_are_refused() -> None:
    with pytest.raises(UsageError, match="target"):
        ravine.train(np.zeros((5, 2)))


@pytest.mark.slow
def test_another_number_may_move() -> None:
    x, y = np.random.default_rng(0).standard_normal((80, 3)), np.arange(80) % 2
    short = {
        "optimizer": "momentum",
        "learning_rate": 0.05,
        "schedule": "constant",
        "epochs": 3.0,
        "net": "4",
    }
    curves = [
        ravine.train(x, y, **short, **more).curves.train_loss
        for more in ({}, {"hyper_schedule": ["rho=constant"]}, {"hyper_schedule": ["rho=linear(end=0)"]})
    ]
    assert curves[0] == curves[1]
    assert curves[0] != curves[2]
    drops = short | {"net": "8 dropout=0.5", "l2": 0.01}
    curves = [
        ravine.train(x, y, **drops, hyper_schedule=hyper_schedule).curves.train_loss
        for hyper_schedule in (
            None,
            ["dropout=constant", "l2=constant"],
            ["dropout=linear(0)"],
            ["l2=linear(0)"],
        )
    ]
    assert curves[0] == curves[1] and curves[0] != curves[2] and curves[0] != curves[3] != curves[2]
    with pytest.raises(UsageError, match="'dropout' has a schedule but no value"):
        ravine.train(x, y, **short, hyper_schedule=["dropout=decay"])
    with pytest.raises(UsageError, match="no hyperparameter 'b1'"):
        ravine.train(x, y, **short, hyper_schedule=["b1=decay"])
    with pytest.raises(UsageError, match="NAME=SCHEDULE"):
        ravine.train(x, y, hyper_schedule=["rho"])


def test_a_linear_target_is_learned_best_by_the_linear_model(all_baselines: None) -> None:
    x = np.random.default_rng(0).normal(size=(150, 3))
    found = ravine.train(x, 1e3 + x @ [50.0, -20.0, 3.0], net="4", epochs=2, seeds=6)
    rows = {row.model: row for row in found.baselines}
    assert list(rows) == ["constant", "linear model", "boosted trees"]
    values = [row.median for row in rows.values()]
    assert rows["linear model"].median == min(values) and rows["constant"].median == max(values)
    difference = rows["linear model"].against_network
    assert difference.network == "adam" and difference.n_seeds == 6 and difference.p_better == 1.0
    expected = np.array(rows["linear model"].values) - np.array(found.result.values)
    assert expected.min() <= difference.difference <= expected.max() < 0
    assert "A linear model is better than the network (adam) by" in repr(found)
    assert ravine.TrainResult.from_dict(found.to_dict()) == found


def test_baselines_can_be_left_out() -> None:
    x = np.random.default_rng(0).normal(size=(60, 2))
    found = ravine.train(x, x[:, 0], net="4", epochs=1, baselines=False)
    assert found.baselines == [] and "right tool" not in repr(found)


def test_test_rows_from_elsewhere_are_named() -> None:
    random = np.random.default_rng(1)
    x = random.normal(size=(600, 2))
    shifted = random.normal(size=(200, 2)) + np.array([0.0, 6.0])
    y, y_test = (x[:, 0] > 0).astype(int), random.integers(0, 2, 200)
    frame = pd.DataFrame(x, columns=["near", "far"])
    test = (pd.DataFrame(shifted, columns=["near", "far"]), y_test)
    found = ravine.train(frame, y, test=test, net="8", epochs=30, seeds=4, learning_rate=0.01)
    assert found.test_rows is not None and [row.column for row in found.test_rows.columns] == ["far"]
    assert found.test_rows.difference == pytest.approx(found.test.mean - found.result.mean)
    shown = " ".join(repr(found).split())
    assert "Test rows are unlike training rows: accuracy" in shown
    assert re.search(r"column far: median [56]\.\d+, -?0\.\d+ in training rows", shown)
