"""A comparison end to end: what is fixed before, what never meets, what is said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ravine.data import Dataset
from ravine.engines import find_devices
from ravine.errors import NothingTrained, Stopped, UsageError
from ravine.execution.events import Event
from ravine.execution.resume import resume
from ravine.records.run_directory import RunDirectory
from ravine.studies.compare.design import DECADES, FRESH, design
from ravine.studies.compare.settings import CompareSettings
from ravine.studies.compare.study import Comparison, _best_settings, compare_study, plan_document

QUICK = CompareSettings(optimizers=["sgd", "adam"], effort="quick", net="8", epochs=4)


@pytest.fixture(scope="module")
def found(blobs: Dataset) -> Comparison:
    return compare_study(QUICK, dataset=blobs)


def test_the_document_has_what_is_promised_and_is_plain_json(found: Comparison) -> None:
    document = json.loads(json.dumps(found.document, allow_nan=False))
    assert document["schema_version"] == 1
    assert {"name", "sha256", "rows", "features", "task"} <= set(document["data"])
    assert document["split"] == {"train": 192, "validation": 48, "test": 60}
    assert document["metric"] == {"name": "accuracy", "greater_is_better": True}
    assert {"effort", "runs", "network_steps", "cohorts"} <= set(document["plan"])
    assert {"total", "compile", "train"} <= set(document["seconds"])
    promised = {
        "optimizer", "learning_rate", "schedule", "mean", "median", "sd", "interval", "tier", "n_seeds",
        "tuning_interval", "diverged", "steps_to_target", "reached_target", "at_edge", "values",
    }  # fmt: skip
    for row in document["leaderboard"]:
        assert promised <= set(row)
        assert len(row["values"]) == row["n_seeds"] == 10
        assert row["mean"] == pytest.approx(np.mean(row["values"]), abs=1e-12)
        assert row["interval"][0] <= row["mean"] <= row["interval"][1]
    assert len(document["pairs"]) == 1 and len(document["schedules"]) == 4


def test_every_optimizer_gets_the_same_trials_seeds_and_steps(blobs: Dataset) -> None:
    plan = plan_document(QUICK, blobs)
    by_rule = {name: [each for each in plan["tune"] if each["optimizer"] == name] for name in ("sgd", "adam")}
    assert len(by_rule["sgd"]) == len(by_rule["adam"]) == 12
    spread = {n: np.ptp(np.log10([e["learning_rate"] for e in t])) for n, t in by_rule.items()}
    assert spread["sgd"] == pytest.approx(spread["adam"]) and spread["sgd"] <= DECADES
    assert not set(plan["tuning_seeds"]) & set(plan["seeds"]) and min(plan["seeds"]) == FRESH
    assert plan["runs"] == 2 * (12 * 3 + 2 * 10)


def test_test_rows_are_in_no_split_of_any_seed(blobs: Dataset) -> None:
    made = design(QUICK, blobs, find_devices(), "quick")
    for seed in [*made.tuning_seeds, *made.seeds]:
        part = made.streams._split(seed)
        assert not set(blobs.test) & {*part.train, *part.valid} and not set(part.train) & set(part.valid)


def test_what_goes_around_every_rule_is_on_record(found: Comparison, blobs: Dataset) -> None:
    asked = replace(QUICK, l2=0.01, moving=["l2=linear"])
    around = {"l2": 0.01, "moving": ["l2=linear"]}
    assert compare_study(asked, dataset=blobs).document["plan"]["around"] == around
    assert plan_document(asked, blobs)["around"] == around
    assert found.document["plan"]["around"] == {}


def test_a_comparison_is_a_function_of_its_settings(found: Comparison, blobs: Dataset) -> None:
    again = compare_study(QUICK, dataset=blobs)
    other = compare_study(replace(QUICK, seed=1), dataset=blobs)

    def values(each: Comparison) -> list[object]:
        return [
            (row["optimizer"], row["learning_rate"], row["values"]) for row in each.document["leaderboard"]
        ]

    assert values(again) == values(found) != values(other)


def test_the_model_scores_on_the_test_rows_what_the_document_says(found: Comparison, blobs: Dataset) -> None:
    # The encoder centred the rows it was given: undo that by predicting from the network's own inputs.
    x = found.model.scaler.apply(blobs.x[blobs.test])
    right = np.argmax(found.model.trained.outputs(x), axis=1) == blobs.y[blobs.test]
    assert found.document["test"]["model"] == pytest.approx(right.mean(), abs=1e-6)


def test_regression_scores_are_in_the_unit_of_the_target(line: Dataset) -> None:
    found = compare_study(replace(QUICK, epochs=40.0), dataset=line)
    best = found.document["leaderboard"][0]["mean"]
    assert 15 < best < 120  # the noise is 20, the spread of the target 500
    assert np.std(found.model.outputs(np.zeros((1, 3)))) == 0
    assert 900 < found.model.predict(np.zeros((1, 3)))[0] < 1100


def test_a_best_rate_at_the_edge_grows_the_range_of_all(
    blobs: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ravine.optimizers import sgd
    from ravine.optimizers.registry import DESCRIBED, rule_of

    low = replace(rule_of(sgd), rate_centre=1e-5)
    monkeypatch.setitem(DESCRIBED, sgd, low)  # far too low
    told: list[Event] = []
    found = compare_study(replace(QUICK, metric="log_loss"), dataset=blobs, notify=told.append)
    assert found.document["plan"]["ranges_grown"] == ["high", "high"]
    assert any("one decade more for all" in each.message for each in told)
    rates = {row["optimizer"]: row["sensitivity"]["learning_rate"] for row in found.document["leaderboard"]}
    assert len(rates["sgd"]) == len(rates["adam"]) > 6  # both grew
    edge = {row["optimizer"]: row["at_edge"] for row in found.document["leaderboard"]}
    assert edge["sgd"] == "high"


@pytest.mark.filterwarnings("ignore:overflow")
def test_when_every_run_diverges_nothing_is_made_up(blobs: Dataset) -> None:
    with pytest.raises(NothingTrained, match="diverged"):
        compare_study(
            replace(QUICK, init_scale=1e5, init="scaled", net="64-64-64-64-64-64-64"), dataset=blobs
        )


def test_the_full_track_tunes_more_numbers_with_as_many_trials(blobs: Dataset) -> None:
    found = compare_study(replace(QUICK, optimizers=["momentum", "adam"], track="full"), dataset=blobs)
    names = {row["optimizer"]: set(row["hyperparameters"]) for row in found.document["leaderboard"]}
    assert names == {"momentum": {"rho"}, "adam": {"b1", "b2", "eps"}}
    plan = plan_document(replace(QUICK, track="full"), blobs)
    assert len([each for each in plan["tune"] if each["optimizer"] == "adam"]) == 12


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"metric": "rmse"}, "does not fit"),
        ({"metric": "acuracy"}, "accuracy"),
        ({"optimizers": ["adm"]}, "adam"),
        ({"net": "big"}, "unknown word 'big'"),
        ({"moving": ["rho=linear"]}, "'rho' cannot move"),
        ({"moving": ["b1=plateau"]}, "Only the learning rate"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_hint(
    blobs: Dataset, change: dict[str, object], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        compare_study(replace(QUICK, **change), dataset=blobs)  # type: ignore[arg-type]


def test_a_number_moves_in_the_rules_that_have_it(blobs: Dataset) -> None:
    asked = replace(QUICK, optimizers=["sgd", "adam"], moving=["b1=linear(end=0.5)"])
    told: list[Event] = []
    found = compare_study(asked, dataset=blobs, notify=told.append)
    assert "b1 follows linear(0.5) in adam" in [each.message for each in told]
    made = design(asked, blobs, find_devices(), "quick")
    assert {name: plan.moving for name, plan in made.plans.items()} == {"sgd": (), "adam": ("b1",)}
    for row in ({"optimizer": "sgd"}, {"optimizer": "adam"}):
        winner = {**found.document["leaderboard"][0], "hyperparameters": {}, **row}
        best = _best_settings(asked, winner, made.recipe)
        assert best.moving == ({"sgd": None, "adam": ["b1=linear(end=0.5)"]}[best.optimizer])


def _kept(run: RunDirectory) -> Iterator[tuple[str, bytes]]:
    for path in sorted(run.cohorts.glob("*.npz")):
        yield path.name, path.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("moment", [1, 2, 5, 9, 13])
def test_stopped_anywhere_and_resumed_is_the_undisturbed_run_bit_for_bit(tmp_path: Path, moment: int) -> None:
    settings = replace(QUICK, source="iris")
    with RunDirectory.create(out=tmp_path / "whole") as run:
        whole = compare_study(settings, run=run)
        expected = dict(_kept(run))
    asked = 0

    def stop() -> int | None:
        nonlocal asked
        asked += 1
        return 75 if asked > 2 * moment else None

    with RunDirectory.create(out=tmp_path / "stopped") as run, pytest.raises(Stopped) as caught:
        compare_study(settings, run=run, stop=stop)
    assert caught.value.status == 75
    with RunDirectory.open(tmp_path / "stopped").lock() as run:
        done = resume(run)
        assert dict(_kept(run)) == expected
        assert not list(run.state.glob("*.npz"))
    hidden = ("seconds_to_target",)
    for a, b in zip(whole.document["leaderboard"], done.document["leaderboard"], strict=True):
        assert {k: v for k, v in a.items() if k not in hidden} == {
            k: v for k, v in b.items() if k not in hidden
        }
