"""The winner of a comparison: its settings in best.toml, and trainings that repeat its evaluation."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from ravine.data import Dataset
from ravine.engines import find_devices
from ravine.execution.execute import execute
from ravine.execution.named_run import resolve_source
from ravine.execution.registry import find_study
from ravine.execution.resume import resume
from ravine.optimizers import resolve
from ravine.options.resolve import resolve as resolve_settings
from ravine.records.run_directory import RunDirectory
from ravine.records.toml_files import dump
from ravine.records.toml_files import load as load_toml
from ravine.studies.compare.design import design
from ravine.studies.compare.result import CompareResult
from ravine.studies.compare.settings import CompareSettings
from ravine.studies.compare.study import best_settings
from ravine.studies.compare.trials import Trials
from ravine.studies.diagnose.result import DiagnoseResult
from ravine.studies.train.design import design as train_design
from ravine.studies.train.result import TrainResult
from ravine.studies.train.settings import TrainSettings

Compare = Callable[..., CompareResult]
QUICK = CompareSettings(optimizers=["sgd", "adam"], effort="quick", net="8", epochs=4)


@pytest.mark.parametrize(
    ("optimizer", "tuned", "text"),
    [
        ("sgd", {}, "sgd"),
        ("adam", {"b2": 0.97}, "adam(b2=0.97)"),
        ("adam(b1=0.8)", {"b2": 0.97, "eps": 1e-7}, "adam(b1=0.8, b2=0.97, eps=1e-07)"),
        ("optax:lion(b1=0.8)", {}, "optax:lion(b1=0.8)"),
    ],
)
def test_the_winners_settings_name_an_optimizer_that_can_be_read(
    found: CompareResult, blobs: Dataset, optimizer: str, tuned: dict[str, float], text: str
) -> None:
    made = design(replace(QUICK, optimizers=[optimizer]), blobs, find_devices())
    winner = replace(
        found.leaderboard[0], optimizer=optimizer, hyperparameters=tuned, learning_rate=0.01, schedule="decay"
    )
    best = best_settings(made, winner)
    assert best.optimizer == text and resolve(best.optimizer).name == text
    assert (best.learning_rate, best.schedule, best.net, best.seeds) == (0.01, "decay", "8", 10)
    # 4 epochs of 192 rows in batches of 16 are 48 steps; the plan rounds them up to 20 equal segments
    assert (best.batch_size, best.epochs, best.winner_of) == (16, 60 * 16 / 192, "compare")
    assert best.group_size == made.shape.size


def test_a_run_holds_the_winners_settings_and_the_leaderboard(compare: Compare, tmp_path: Path) -> None:
    with RunDirectory.create(out=tmp_path / "run") as run:
        result = compare(replace(QUICK, source="iris", optimizers=["adam"]), run=run)
    plain = load_toml(tmp_path / "run" / "best.toml")
    best = TrainSettings.from_dict(plain)
    assert best.learning_rate == result.leaderboard[0].learning_rate
    assert (best.source, best.optimizer, best.net, best.seeds) == ("iris", "adam", "8", 10)
    (row,) = csv.DictReader((tmp_path / "run" / "leaderboard.csv").read_text().splitlines())
    assert float(row["mean"]) == result.leaderboard[0].mean and row["optimizer"] == "adam"
    with RunDirectory.open(tmp_path / "run").lock() as run:
        assert resume(run) == result
    assert result.model_dir == str(tmp_path / "run" / "models" / "best")


def test_the_winners_settings_describe_its_evaluation(found: CompareResult, blobs: Dataset) -> None:
    settings = replace(QUICK, l2=1e-3, validation=0.3, seed=4, seeds=2)
    made = design(settings, blobs, find_devices())
    winner = replace(
        found.leaderboard[0], optimizer="adam", hyperparameters={"b1": 0.123456789012345},
        learning_rate=0.1 + 0.2, schedule="constant",
    )  # fmt: skip
    written = tomllib.loads(dump(best_settings(made, winner).to_dict()))
    repeated = train_design(TrainSettings.from_dict(written), blobs, find_devices())
    trial = Trials(np.array([0.1 + 0.2]), np.array(["constant"]), {"b1": np.array([0.123456789012345])})
    runs = trial.runs(made.spec, made.plans["adam"], made.seeds)
    described, expected = (plan.describe() for plan in (repeated.prepared.plan, made.plans["adam"]))
    names = {
        "optimizer",
        "hyperparameters",
    }  # b1 is a default of the one and a number of the runs of the other
    assert {k: v for k, v in described.items() if k not in names} == {
        k: v for k, v in expected.items() if k not in names
    }
    scale = np.ones(2)
    mine, theirs = (
        each.numbers(plan.rule, scale, "float32")
        for each, plan in ((repeated.cohort.runs, repeated.prepared.plan), (runs, made.plans["adam"]))
    )
    for one, other in zip(jax.tree.leaves(mine), jax.tree.leaves(theirs), strict=True):
        np.testing.assert_array_equal(one, other)
    assert repeated.seeds == made.seeds == [1_000, 1_001]
    assert repeated.shape.compiled == made.shape.compiled
    assert repeated.prepared.batches.sizes == made.batches.sizes


CASES = {
    "all numbers tuned": {"optimizers": ["adam", "momentum"], "tune": "all", "epochs": 3},
    "fixed numbers": {"optimizers": ["adam(b1=0.8)", "optax:lion(b1=0.85)"], "tune": "all", "epochs": 2},
    "dropout and early stopping": {
        "optimizers": ["sgd"], "net": "8 dropout=0.2 batchnorm", "early_stop": 3, "l2": 1e-3, "epochs": 20,
        "average": "ema=0.9", "label_smoothing": 0.1, "validation": 0.3, "seeds": 4,
    },
    "another schedule": {
        "optimizers": ["momentum"], "schedules": ["step(0.5,every=1)"], "hyper_schedule": ["rho=linear(0.5)"],
        "batch_size": 13, "epochs": 2, "seed": 5,
    },
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("source", ["iris", "digits"])
@pytest.mark.parametrize("changes", CASES.values(), ids=CASES)
def test_training_with_the_winners_settings_repeats_its_evaluation(
    compare: Compare, tmp_path: Path, source: str, changes: dict[str, Any]
) -> None:
    settings = CompareSettings.from_dict({"source": source, "effort": "quick", "net": "16", **changes})
    with RunDirectory.create(out=tmp_path / "run") as run:
        result = compare(settings, run=run)
    best = resolve_settings(TrainSettings, {}, str(tmp_path / "run" / "best.toml"), {}).settings
    again = execute(find_study("train"), best)
    assert isinstance(again, TrainResult)
    winner = next(row for row in result.leaderboard if row.optimizer == result.best)
    assert again.result.values == winner.values
    assert again.test.values == result.test.values and again.test.model == result.test.model
    record = result.records[f"evaluate {winner.optimizer}"]
    chosen = record.select(np.flatnonzero(record.hyper["schedule"] == winner.schedule))
    (repeated,) = again.records.values()
    assert repeated.hyper["seed"].tolist() == chosen.hyper["seed"].tolist()
    for name, values in chosen.series.items():
        np.testing.assert_array_equal(repeated.series[name], values)
    x = np.ones((3, len(result.model.encoder.inputs)))
    np.testing.assert_array_equal(again.model.outputs(x), result.model.outputs(x))
    assert again.plan.winner_of == "compare" and "chose the winner" in repr(again)


@pytest.mark.slow
def test_fresh_seeds_are_not_those_that_chose(compare: Compare, tmp_path: Path) -> None:
    with RunDirectory.create(out=tmp_path / "run") as run:
        result = compare(replace(QUICK, source="iris", optimizers=["adam"]), run=run)
    flags = {"fresh_seeds": True}
    best = resolve_settings(TrainSettings, flags, str(tmp_path / "run" / "best.toml"), {}).settings
    again = execute(find_study("train"), best)
    assert isinstance(again, TrainResult)
    used = {int(seed) for record in result.records.values() for seed in record.hyper["seed"]}
    assert len(again.plan.seeds) == 10 and used.isdisjoint(again.plan.seeds)
    assert again.plan.winner_of is None and "chose the winner" not in repr(again)


@pytest.mark.slow
def test_diagnose_examines_the_training_of_the_winner(
    compare: Compare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with RunDirectory.create(out=tmp_path / "run") as run:
        result = compare(replace(QUICK, source="iris", epochs=6, batch_size=10), run=run)
    study = find_study("diagnose")
    flags = resolve_source(study, {"source": str(tmp_path / "run")}, None, None)
    settings = resolve_settings(study.settings, flags | {"no_proof": True}, None, {}).settings
    found = execute(study, settings)
    assert isinstance(found, DiagnoseResult)
    winner = next(row for row in result.leaderboard if row.optimizer == result.best)
    record = result.records[f"evaluate {winner.optimizer}"]
    first = np.flatnonzero((record.hyper["schedule"] == winner.schedule) & (record.hyper["seed"] == 1_000))
    assert found.plan.steps == result.plan.steps and found.curves.step[-1] == result.plan.steps
    assert (found.plan.batch_size, found.plan.learning_rate) == (10, winner.learning_rate)
    measured = np.array(found.curves.valid_loss[1:], float)
    np.testing.assert_allclose(measured, record.series["valid_loss"][first[0]], rtol=1e-3)
