"""A comparison end to end: what its result states, what never meets, what is reported on the way."""

from __future__ import annotations

import faulthandler
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ravine.data import Dataset, split
from ravine.engines import find_devices
from ravine.errors import NothingTrained, Stopped
from ravine.execution.events import (
    ChunkDone,
    Event,
    FirstScores,
    RangeExtended,
)
from ravine.execution.resume import resume
from ravine.optimizers.optax_rules import OPTAX
from ravine.records.run_directory import RunDirectory
from ravine.studies.compare.design import design
from ravine.studies.compare.result import CompareResult
from ravine.studies.compare.settings import CompareSettings
from ravine.studies.compare.study import best_settings

Compare = Callable[..., CompareResult]
QUICK = CompareSettings(optimizers=["sgd", "adam"], effort="quick", net="8", epochs=4)


def test_the_document_has_what_is_promised_and_is_plain_json(found: CompareResult) -> None:
    document = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert document["schema_version"] == 2 and document["study"] == "compare"
    assert {"name", "sha256", "rows", "features", "task"} <= set(document["data"])
    assert document["split"] == {"train": 192, "validation": 48, "test": 60, "curves": None}
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


def test_penalties_and_schedules_of_all_rules_are_on_record(
    compare: Compare, found: CompareResult, blobs: Dataset
) -> None:
    result = compare(replace(QUICK, l2=0.01, hyper_schedule=["l2=linear"]), blobs)
    assert result.plan.training_options == {"l2": 0.01, "hyper_schedule": ["l2=linear"]}
    assert found.plan.training_options == {}


def test_a_comparison_is_a_function_of_its_settings(
    compare: Compare, found: CompareResult, blobs: Dataset
) -> None:
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


def test_regression_scores_are_in_the_unit_of_the_target(compare: Compare, line: Dataset) -> None:
    result = compare(replace(QUICK, epochs=40.0), line)
    best = result.leaderboard[0].mean
    assert best is not None and 15 < best < 120  # the noise is 20, the spread of the target 500
    assert np.std(result.model.outputs(np.zeros((1, 3)))) == 0
    assert 900 < result.model.predict(np.zeros((1, 3)))[0] < 1100


def test_a_best_rate_at_the_edge_extends_the_range_of_all(
    compare: Compare, blobs: Dataset, monkeypatch: pytest.MonkeyPatch
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
    compare: Compare, found: CompareResult, blobs: Dataset, monkeypatch: pytest.MonkeyPatch
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
def test_when_every_run_diverges_nothing_is_made_up(compare: Compare, blobs: Dataset) -> None:
    with pytest.raises(NothingTrained, match="diverged"):
        compare(replace(QUICK, init_scale=1e5, init="scaled", net="64-64-64-64-64-64-64"), blobs)


def test_the_full_track_reports_the_numbers_it_tuned(compare: Compare, blobs: Dataset) -> None:
    result = compare(replace(QUICK, optimizers=["momentum", "adam"], tune="all"), blobs)
    names = {row.optimizer: set(row.hyperparameters) for row in result.leaderboard}
    assert names == {"momentum": {"rho"}, "adam": {"b1", "b2", "eps"}}


def test_a_number_moves_in_the_rules_that_have_it(
    compare: Compare, found: CompareResult, blobs: Dataset
) -> None:
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


def _cohorts(run: RunDirectory) -> Iterator[tuple[str, bytes]]:
    for path in sorted((run.path / "cohorts").glob("*.npz")):
        yield path.name, path.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("moment", [1, 2, 5, 9, 13])
def test_stopped_anywhere_and_resumed_is_the_undisturbed_run_bit_for_bit(
    compare: Compare, tmp_path: Path, moment: int
) -> None:
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
        assert not list((run.path / "state").glob("*.npz"))
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
def test_every_optimizer_of_optax_runs_in_a_comparison(
    compare: Compare, blobs: Dataset, two_minutes: None, name: str
) -> None:
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


def test_a_resumed_comparison_has_the_same_baselines(
    compare: Compare, blobs: Dataset, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    with RunDirectory.create(out=folder, name="blobs", verb="compare") as run:
        first = compare(QUICK, blobs, run)
        before = (folder / "baselines.json").read_bytes()
        again = compare(QUICK, blobs, run)
    assert again.baselines == first.baselines and (folder / "baselines.json").read_bytes() == before
    assert (folder / "predictions.npz").exists() and first.predictions == str(folder / "predictions.npz")
