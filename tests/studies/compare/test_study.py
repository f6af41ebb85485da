"""A comparison end to end: what its result states, what never meets, what is reported on the way."""

from __future__ import annotations

import csv
import faulthandler
import json
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from ravine.data import Dataset, split
from ravine.engines import find_devices
from ravine.errors import NothingTrained, Stopped
from ravine.execution.events import (
    ChunkDone,
    Event,
    FirstScores,
    Notify,
    RangeExtended,
    ShouldStop,
    ignore,
    never,
)
from ravine.execution.execute import execute
from ravine.execution.named_run import resolve_source
from ravine.execution.registry import find_study
from ravine.execution.resume import resume
from ravine.optimizers import resolve
from ravine.optimizers.optax_rules import OPTAX
from ravine.options.resolve import resolve as resolve_settings
from ravine.records.run_directory import RunDirectory
from ravine.records.toml_files import dump
from ravine.records.toml_files import load as load_toml
from ravine.studies.compare.design import Trials, design
from ravine.studies.compare.result import CompareResult
from ravine.studies.compare.settings import CompareSettings
from ravine.studies.compare.study import best_settings
from ravine.studies.diagnose.result import DiagnoseResult
from ravine.studies.train.design import design as train_design
from ravine.studies.train.result import TrainResult
from ravine.studies.train.settings import TrainSettings

COMPARE = find_study("compare")
QUICK = CompareSettings(optimizers=["sgd", "adam"], effort="quick", net="8", epochs=4)


def compare(
    settings: CompareSettings,
    dataset: Dataset | None = None,
    run: RunDirectory | None = None,
    notify: Notify = ignore,
    should_stop: ShouldStop = never,
) -> CompareResult:
    result = execute(COMPARE, settings, dataset=dataset, run=run, notify=notify, should_stop=should_stop)
    assert isinstance(result, CompareResult)
    return result


@pytest.fixture(scope="module")
def found(blobs: Dataset) -> CompareResult:
    """A comparison of two optimizers."""
    return compare(QUICK, blobs)


def test_the_document_has_what_is_promised_and_is_plain_json(found: CompareResult) -> None:
    document = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert document["schema_version"] == 2 and document["study"] == "compare"
    assert {"name", "sha256", "rows", "features", "task"} <= set(document["data"])
    assert document["split"] == {"train": 192, "validation": 48, "test": 60}
    assert document["metric"] == {
        "name": "accuracy", "greater_is_better": True, "smallest_difference": 0.005,
        "relative_difference": False,
    }  # fmt: skip
    assert {"effort", "runs", "network_steps", "cohorts"} <= set(document["plan"])
    assert {"total", "compile", "train"} <= set(document["seconds"])
    for row in document["leaderboard"]:
        assert len(row["values"]) == row["n_seeds"] == 10
        assert row["mean"] == pytest.approx(np.mean(row["values"]), abs=1e-12)
        assert row["interval"][0] <= row["mean"] <= row["interval"][1]
    assert len(document["pairs"]) == 1 and len(document["schedules"]) == 4
    assert CompareResult.from_dict(document) == found


def test_the_counts_are_those_of_the_cohorts(found: CompareResult) -> None:
    assert found.plan.runs == sum(len(record) for record in found.records.values())
    assert found.plan.cohorts == len(found.records)
    assert found.plan.network_steps == found.plan.runs * found.plan.steps
    rates = 6 + 2 * len(found.plan.extended_ends)  # a quarter as many, rounded up, for one decade of four
    assert len(found.sensitivity) == 2 * rates


def test_penalties_and_schedules_of_all_rules_are_on_record(found: CompareResult, blobs: Dataset) -> None:
    result = compare(replace(QUICK, l2=0.01, hyper_schedule=["l2=linear"]), blobs)
    assert result.plan.training_options == {"l2": 0.01, "hyper_schedule": ["l2=linear"]}
    assert found.plan.training_options == {}


def test_a_comparison_is_a_function_of_its_settings(found: CompareResult, blobs: Dataset) -> None:
    again = compare(QUICK, blobs)
    other = compare(replace(QUICK, seed=1), blobs)

    def values(result: CompareResult) -> list[object]:
        return [(row.optimizer, row.learning_rate, row.values) for row in result.leaderboard]

    assert values(again) == values(found) != values(other)


def test_the_model_scores_on_the_test_rows_what_the_result_says(found: CompareResult, blobs: Dataset) -> None:
    # The encoder centered the rows it was given: undo that by predicting from the network's own inputs.
    x = found.model.scaler.apply(blobs.x[blobs.test])
    right = np.argmax(found.model.trained.outputs(x), axis=1) == blobs.y[blobs.test]
    assert found.test.model == pytest.approx(right.mean(), abs=1e-6)


def test_the_model_is_the_best_by_validation(found: CompareResult) -> None:
    values = next(row.values for row in found.leaderboard if row.optimizer == found.best)
    best = int(np.argmax(values))
    assert found.model.metadata.seed == 1000 + best
    assert found.model.metadata.validation == values[best]
    assert found.test.values[best] == found.test.model


def test_regression_scores_are_in_the_unit_of_the_target(line: Dataset) -> None:
    result = compare(replace(QUICK, epochs=40.0), line)
    best = result.leaderboard[0].mean
    assert best is not None and 15 < best < 120  # the noise is 20, the spread of the target 500
    assert np.std(result.model.outputs(np.zeros((1, 3)))) == 0
    assert 900 < result.model.predict(np.zeros((1, 3)))[0] < 1100


def test_a_best_rate_at_the_edge_extends_the_range_of_all(
    blobs: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ravine.optimizers import sgd
    from ravine.optimizers.registry import RULE_OF_CONSTRUCTOR, rule_of

    low = replace(rule_of(sgd), rate_center=1e-5)
    monkeypatch.setitem(RULE_OF_CONSTRUCTOR, sgd, low)  # far too low
    events: list[Event] = []
    result = compare(replace(QUICK, metric="log_loss"), blobs, notify=events.append)
    assert result.plan.extended_ends == ["high", "high"]
    extended = [event for event in events if isinstance(event, RangeExtended)]
    assert [event.side for event in extended] == ["high", "high"]
    assert all("sgd" in event.names and "one more decade for all" in event.message for event in extended)
    rates = {row.optimizer: row.sensitivity.learning_rate for row in result.leaderboard}
    assert len(rates["sgd"]) == len(rates["adam"]) > 6  # both grew
    assert {row.optimizer: row.at_edge for row in result.leaderboard}["sgd"] == "high"


def test_first_scores_come_before_the_rest_of_tuning_and_change_no_result(
    found: CompareResult, blobs: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ravine.studies.compare.design.FIRST_SCORES_FROM", 0)
    events: list[Event] = []
    result = compare(QUICK, blobs, notify=events.append)
    stages = [event.stage if isinstance(event, ChunkDone) else type(event).__name__ for event in events]
    place = stages.index("FirstScores")
    assert set(stages[:place]) & {"first", "tune", "evaluate"} == {"first"}
    assert "first" not in stages[place:] and {"tune", "evaluate"} <= set(stages[place:])
    first = events[place]
    assert isinstance(first, FirstScores) and set(first.scores) == {"sgd", "adam"}
    assert list(first.scores.values()) == sorted(first.scores.values(), reverse=True)
    for name in ("sgd", "adam"):
        parts = result.records[f"first {name}"], result.records[f"tune {name}"]
        assert [len(part) for part in parts] == [6, 30]  # of 12 trials on 3 seeds: one schedule on one seed
        assert set(parts[0].hyper["seed"]) == {0} and len(set(parts[0].hyper["schedule"])) == 1
        best = int(np.argmax(parts[0].final["score"]))
        assert first.scores[name] == pytest.approx(parts[0].final["score"][best])
        assert first.learning_rates[name] == pytest.approx(parts[0].hyper["rate"][best])
    assert result.leaderboard == [
        replace(row, seconds_to_target=other.seconds_to_target)
        for row, other in zip(found.leaderboard, result.leaderboard, strict=True)
    ]


@pytest.mark.filterwarnings("ignore:overflow")
def test_when_every_run_diverges_nothing_is_made_up(blobs: Dataset) -> None:
    with pytest.raises(NothingTrained, match="diverged"):
        compare(replace(QUICK, init_scale=1e5, init="scaled", net="64-64-64-64-64-64-64"), blobs)


def test_the_full_track_reports_the_numbers_it_tuned(blobs: Dataset) -> None:
    result = compare(replace(QUICK, optimizers=["momentum", "adam"], tune="all"), blobs)
    names = {row.optimizer: set(row.hyperparameters) for row in result.leaderboard}
    assert names == {"momentum": {"rho"}, "adam": {"b1", "b2", "eps"}}


def test_a_number_moves_in_the_rules_that_have_it(found: CompareResult, blobs: Dataset) -> None:
    settings = replace(QUICK, hyper_schedule=["b1=linear(end=0.5)"])
    events: list[Event] = []
    compare(settings, blobs, notify=events.append)
    assert "b1 follows linear(0.5) in adam" in [event.message for event in events]
    made = design(settings, blobs, find_devices())
    assert {name: plan.hyper_schedules for name, plan in made.plans.items()} == {"sgd": (), "adam": ("b1",)}
    for name, hyper_schedule in (("sgd", None), ("adam", ["b1=linear(end=0.5)"])):
        assert (
            best_settings(made, replace(found.leaderboard[0], optimizer=name)).hyper_schedule
            == hyper_schedule
        )


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


def test_a_run_holds_the_winners_settings_and_the_leaderboard(tmp_path: Path) -> None:
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
    tmp_path: Path, source: str, changes: dict[str, Any]
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
def test_fresh_seeds_are_not_those_that_chose(tmp_path: Path) -> None:
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
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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


def _cohorts(run: RunDirectory) -> Iterator[tuple[str, bytes]]:
    for path in sorted(run.cohorts.glob("*.npz")):
        yield path.name, path.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("moment", [1, 2, 5, 9, 13])
def test_stopped_anywhere_and_resumed_is_the_undisturbed_run_bit_for_bit(tmp_path: Path, moment: int) -> None:
    settings = replace(QUICK, source="iris")
    with RunDirectory.create(out=tmp_path / "whole") as run:
        whole = compare(settings, run=run)
        expected = dict(_cohorts(run))
    asked = 0

    def stop() -> int | None:
        nonlocal asked
        asked += 1
        return 75 if asked > 2 * moment else None

    with RunDirectory.create(out=tmp_path / "stopped") as run, pytest.raises(Stopped) as caught:
        compare(settings, run=run, should_stop=stop)
    assert caught.value.status == 75
    with RunDirectory.open(tmp_path / "stopped").lock() as run:
        done = resume(run)
        assert dict(_cohorts(run)) == expected
        assert not list(run.state.glob("*.npz"))
    assert isinstance(done, CompareResult)
    timeless = [
        [replace(row, seconds_to_target=None) for row in result.leaderboard] for result in (whole, done)
    ]
    assert timeless[0] == timeless[1]


@pytest.fixture
def two_minutes() -> Iterator[None]:
    """End the process if the test hangs: threads that wait in XLA cannot be stopped in any other way."""
    faulthandler.dump_traceback_later(120, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


RULES_WITH_STATES_OF_THEIR_OWN = ("galore", "noisy_sgd")  # decomposes matrices; has random keys


@pytest.mark.parametrize(
    "name",
    [
        name if name in RULES_WITH_STATES_OF_THEIR_OWN else pytest.param(name, marks=pytest.mark.slow)
        for name in OPTAX
    ],
)
def test_every_optimizer_of_optax_runs_in_a_comparison(blobs: Dataset, two_minutes: None, name: str) -> None:
    settings = replace(QUICK, optimizers=[f"optax:{name}"], epochs=2, seeds=2, net="8-8")
    (row,) = compare(settings, blobs).leaderboard
    assert row.n_seeds - row.diverged == len([value for value in row.values if value is not None]) > 0


def test_baselines_are_compared_with_the_recommended_optimizer(found: CompareResult, blobs: Dataset) -> None:
    constant = found.baselines[0]
    assert constant.model == "constant" and constant.against_network is not None
    assert constant.against_network.network == found.recommendation.optimizer
    for seed, value in zip(constant.seeds, constant.values, strict=True):
        y = blobs.y[split(blobs, seed, 0.2).valid]
        share = max(np.mean(y == label) for label in (0, 1))
        assert value in (pytest.approx(share, abs=1e-6), pytest.approx(1 - share, abs=1e-6))
    assert constant.seeds == list(range(1000, 1010))
    assert constant.against_network.p_better == 0.0


def test_a_resumed_comparison_has_the_same_baselines(blobs: Dataset, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with RunDirectory.create(out=folder, name="blobs", verb="compare") as run:
        first = compare(QUICK, blobs, run)
        before = (folder / "baselines.json").read_bytes()
        again = compare(QUICK, blobs, run)
    assert again.baselines == first.baselines and (folder / "baselines.json").read_bytes() == before
    assert (folder / "predictions.npz").exists() and first.predictions == str(folder / "predictions.npz")
