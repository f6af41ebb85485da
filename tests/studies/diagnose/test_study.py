"""Diagnose: planted faults are found, verdicts come again from the record, advice is proved or withdrawn."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ravine
from ravine.data import Dataset, from_arrays
from ravine.engines import find_devices
from ravine.errors import DataError, Stopped, UsageError
from ravine.execution.runner import Runner
from ravine.records.record import Record, Status
from ravine.records.run_directory import RunDirectory
from ravine.studies.diagnose.instrumented_run import observe
from ravine.studies.diagnose.observation import Observation
from ravine.studies.diagnose.remedies import REMEDIES, changed
from ravine.studies.diagnose.settings import DiagnoseSettings
from ravine.studies.diagnose.study import diagnose_study
from ravine.studies.diagnose.trial_runner import Bench, compared, plain
from ravine.studies.diagnose.verdicts import PRINCIPLES, VERDICTS, judge
from ravine.studies.train.settings import TrainSettings

SMALL = {"net": "8", "epochs": 10.0, "batch_size": 32}


def seen(dataset: Dataset, **settings: Any) -> Record:
    asked = DiagnoseSettings.from_dict({**SMALL, **settings})
    bench = Bench(dataset, find_devices(), Runner(None, lambda _: None, lambda: None))
    made = bench.make(plain(asked))
    return observe(made.plan, made.runs([2_000]), made.streams, made.recipe.initial).record


def given(record: Record) -> set[str]:
    return {each.verdict for each in judge(record) if each.fires}


@pytest.fixture(scope="module")
def healthy(blobs: Dataset) -> Record:
    return seen(blobs, optimizer="sgd", rate=0.3, epochs=60.0)


def test_the_observed_run_is_the_one_train_makes(blobs: Dataset) -> None:
    trained = ravine.train(blobs.x, blobs.y, optimizer="sgd", rate=0.1, **SMALL)
    mine = seen(from_arrays(blobs.x, blobs.y), optimizer="sgd", rate=0.1)
    curve = trained.record.series["valid_loss"][0]
    assert np.allclose(mine.series["valid_loss"][0, 1:], curve, rtol=1e-4)


def test_a_healthy_network_is_told_so(healthy: Record) -> None:
    assert not {each.verdict for each in judge(healthy) if each.fires and each.severity}


def test_a_rate_far_too_high_and_far_too_small(blobs: Dataset) -> None:
    assert "rate_high" in given(seen(blobs, optimizer="sgd", rate=1e4))
    low = given(seen(blobs, optimizer="sgd", rate=1e-3))
    assert "rate_low" in low
    assert "rate_high" not in low


def test_inputs_as_given_are_told_from_standardised_ones(blobs: Dataset) -> None:
    far = from_arrays(blobs.x * np.float32(1) + np.float32(50), blobs.y)
    assert "not_standardised" in given(seen(far, scaling="none", optimizer="sgd", rate=1e-4))
    assert "not_standardised" not in given(seen(far, optimizer="sgd", rate=0.1))


def test_zero_weights_are_a_plateau_or_saddle(blobs: Dataset) -> None:
    assert "plateau" in given(seen(blobs, init="zero", optimizer="sgd", rate=0.1))


def test_the_sharpness_is_that_of_the_dense_hessian(line: Dataset) -> None:
    """Squared error of a linear network: the Hessian is 2 Z'Z / N with Z the inputs and a 1."""
    record = seen(
        line, net="linear", optimizer="sgd", rate=0.05, precision="float64", epochs=40.0, schedule="constant"
    )
    about = Observation(record)
    bench = Bench(line, find_devices(), Runner(None, lambda _: None, lambda: None))
    asked = DiagnoseSettings.from_dict({**SMALL, "net": "linear", "precision": "float64", "epochs": 40.0})
    made = bench.make(plain(asked))
    rows = made.streams.order(2_000, 0, -(-made.streams.sizes[0] // made.streams.batch_size)).ravel()
    x = made.streams.rows(2_000).train.x[rows[: about.about("curved")]]
    z = np.concatenate([x, np.ones((len(x), 1))], axis=1)
    top = np.linalg.eigvalsh(2 * z.T @ z / len(z))
    found = about.series("sharpness")
    found = found[np.isfinite(found)]
    assert len(found) > 3
    assert np.allclose(found, top[-1], rtol=1e-5)
    assert about.final("lowest")[0] == pytest.approx(top[0], rel=1e-4)
    ratio, _ = about.ratio()
    assert np.nanmax(ratio) == pytest.approx(top[-1] * 0.05 / 2, rel=1e-4)


def test_every_number_comes_again_from_the_saved_record(blobs: Dataset, tmp_path: Path) -> None:
    found = ravine.diagnose(
        blobs.x, blobs.y, optimizer="sgd", rate=1e4, seeds=3, out=tmp_path / "run", **SMALL
    )
    kept = Record.load(found.document["observation"])
    again = [each for each in judge(kept) if each.fires]
    assert [each.sentence for each in again] == [each["sentence"] for each in found.document["findings"]]
    for one, other in zip(again, found.document["findings"], strict=True):
        values = [each.value if np.isfinite(each.value) else None for each in one.evidence]
        assert values == [each["value"] for each in other["evidence"]]
    text = json.dumps(found.document, allow_nan=False)
    assert "rate_high" in text
    assert (tmp_path / "run" / "leaderboard.json").exists()
    assert "too high" in repr(found)


@pytest.mark.slow
def test_a_remedy_is_proved_and_the_recommendation_trains(blobs: Dataset, tmp_path: Path) -> None:
    from ravine.records.toml_files import load

    found = ravine.diagnose(
        blobs.x, blobs.y, optimizer="sgd", rate=30.0, seeds=12, out=tmp_path / "run", **SMALL
    )
    first = found.document["findings"][0]
    assert first["verdict"] == "rate_high"
    assert any(each["confirmed"] for each in first["remedies"])
    advice = found.document["recommendation"]
    assert not advice["kept"]
    assert advice["test"]["better"] >= 11
    settings = TrainSettings.from_dict(load(found.document["config"]))
    assert settings.seeds == 1
    for key, value in found.recommended.items():
        assert getattr(settings, key) == value


def test_what_was_measured_is_kept_when_the_proof_is_stopped(
    blobs: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = DiagnoseSettings.from_dict({**SMALL, "seeds": 2})
    with RunDirectory.create("runs", "blobs", verb="diagnose", out=tmp_path / "run") as run:
        with pytest.raises(Stopped):
            diagnose_study(asked, dataset=blobs, run=run, stop=lambda: 130)
        monkeypatch.setattr("ravine.studies.diagnose.study.observe", None)
        found = diagnose_study(asked, dataset=blobs, run=run)
    assert "spread" in found.record.final


def test_paired_trials_confirm_and_withdraw() -> None:
    random = np.random.default_rng(0)
    before = 1 + 0.1 * random.normal(size=20)
    found = compared(
        before,
        {
            "better": before - 0.2,
            "same": before + 0.01 * random.normal(size=20),
            "gone": np.full(20, np.nan),
            "tied": np.where(np.arange(20) < 5, before, before - np.where(np.arange(20) < 12, 0.1, -0.1)),
        },
        False,
    )
    assert found["better"]["confirmed"]
    assert found["better"]["interval"][1] < -0.19
    assert (found["better"]["better"], found["better"]["equal"]) == (20, 0)
    assert (found["tied"]["better"], found["tied"]["equal"], found["tied"]["seeds"]) == (7, 5, 20)
    assert not found["same"]["confirmed"]
    assert not found["gone"]["confirmed"]
    assert found["gone"]["after"] is None
    assert found["gone"]["diverged_after"] == 20


def test_a_loss_that_is_never_finite_is_a_sentence_not_a_nan() -> None:
    x = np.random.default_rng(0).normal(size=(120, 3)) * 1e30
    found = ravine.diagnose(
        x, (x[:, 0] > 0).astype(int), scaling="none", optimizer="sgd", rate=1.0, seeds=0, **SMALL
    )
    assert "nan" not in repr(found).lower()
    assert "rate_high" in found.findings
    json.dumps(found.document, allow_nan=False)


def test_one_class_is_refused() -> None:
    x = np.random.default_rng(0).normal(size=(60, 3))
    with pytest.raises(DataError):
        ravine.diagnose(x, np.zeros(60, int), task="classify", seeds=0, **SMALL)


def test_a_model_is_examined_as_it_is(blobs: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "blobs.csv"
    rows = np.concatenate([blobs.x, blobs.y[:, None]], axis=1)
    np.savetxt(path, rows, delimiter=",", header="a,b,c,d,y", comments="")
    trained = ravine.train(str(path), "y", optimizer="sgd", rate=0.1, task="classify", **SMALL)
    trained.model.save(tmp_path / "m")
    model = str(tmp_path / "m")
    found = ravine.diagnose(str(path), "y", task="classify", model=model, **SMALL)
    assert not found.document["history"]
    assert any("no history" in note for note in found.document["notes"])
    verdicts = {each["verdict"] for each in found.document["checks"]} | set(found.findings)
    assert "rate_low" not in verdicts
    assert "dead" in verdicts
    other = tmp_path / "other.csv"
    np.savetxt(other, rows[::-1], delimiter=",", header="a,b,c,d,y", comments="")
    with pytest.raises(DataError, match="other data"):
        ravine.diagnose(str(other), "y", task="classify", model=model, **SMALL)


def _record(**changes: Any) -> Record:
    """A record by hand: a network that fell from 1 to 0.1 in ten points."""
    points = 11
    ones = np.ones((1, points))
    loss = np.geomspace(1, 0.1, points)[None]
    series = {name: ones.copy() for name in (
        "rate", "batch_loss", "score", "squares", "signal", "raised", "agreeing", "pairs", "weight_norm",
        "sharpness", "sharpness_error", "gradient_norm",
    )}  # fmt: skip
    series |= {"step": np.arange(points)[None] * 10.0, "limit": 20 * ones, "train_loss": loss,
               "objective": loss, "valid_loss": loss}  # fmt: skip
    final = {
        "curve": np.ones((1, 100)),
        "train_rows": np.full((1, 50), 0.1),
        "valid_rows": np.full((1, 50), 0.1),
        "best_rows": np.full((1, 50), 0.1),
        "column_mean": np.zeros((1, 3)),
        "column_sd": np.ones((1, 3)),
        "agreement": np.array([0.5]),
        "column_condition": np.array([2.0]),
        "lowest": np.ones((1, 4)),
        "averaged": np.full((1, 3), 0.1),
        "flow": np.ones((1, points, 3)),
        "dead": np.zeros((1, points, 3)),
        "saturated": np.zeros((1, points, 3)),
    }
    meta = {
        "optimizer": "sgd",
        "rule": "sgd",
        "formula": "2 / eta",
        "rate": 0.1,
        "steps": 100,
        "batch_size": 10,
        "activation": "tanh",
        "parameters": 10_000,
        "outputs": 1,
        "train": 100,
        "valid": 50,
        "constant_loss": 1.0,
        "piece": 10,
        "pieces": 5,
        "end": points - 1,
        "best": points - 1,
        "leaks": [],
        "features": ["a", "b", "c"],
        "image": False,
        "norm": "none",
        "classes": None,
    }
    series |= changes.get("series", {})
    final |= changes.get("final", {})
    meta |= changes.get("meta", {})
    return Record({"seed": np.zeros(1)}, series, np.array([Status.FINISHED], np.int8), final, meta)


FIRES: dict[str, dict[str, Any]] = {
    "saturated": {"final": {"saturated": np.full((1, 11, 3), 0.6)}},
    "dead": {"final": {"dead": np.full((1, 11, 3), 0.5)}},
    "vanishing": {"final": {"flow": np.tile(np.geomspace(1e-4, 1, 3), (11, 1))[None]}},
    "exploding": {"final": {"flow": np.tile(np.geomspace(1e4, 1, 3), (11, 1))[None]}},
    "not_standardised": {"final": {"column_mean": np.full((1, 3), 5.0)}},
    "noise": {
        "final": {"averaged": np.array([[0.05, 0.1, 0.1]])},
        "series": {"signal": np.full((1, 11), 0.2)},
    },
    "edge": {"series": {"sharpness": np.full((1, 11), 20.0)}},
    "leaking": {"meta": {"leaks": ["a"]}},
    "constant_columns": {"final": {"column_sd": np.array([[1.0, 0.0, 1.0]])}},
    "overfits": {"final": {"valid_rows": np.full((1, 50), 0.9) + 0.01 * np.arange(50)}},
    "lottery": {"final": {"spread": np.array([[1.0, 1, 1, 0, 0, 1, 1, 0, 1, 1]])}},
}


def test_a_record_without_a_fault_gives_no_verdict() -> None:
    found = judge(_record())
    assert not [each.verdict for each in found if each.fires]
    assert all(each.principle in PRINCIPLES for each in found)


@pytest.mark.parametrize("verdict", FIRES)
def test_each_verdict_depends_on_its_own_number(verdict: str) -> None:
    assert {each.verdict for each in judge(_record(**FIRES[verdict])) if each.fires} == {verdict}


def _fired(**changes: Any) -> set[str]:
    return {each.verdict for each in judge(_record(**changes)) if each.fires}


@pytest.mark.parametrize("winners", [1, 2, 19])
def test_a_lottery_is_one_however_few_seeds_win(winners: int) -> None:
    spread = np.where(np.arange(20) < winners, 1.0, 0.3)[None]
    assert _fired(final={"spread": spread}) == ({"lottery"} if winners < 19 else set())  # one of 20 is 5 %


def _slow(
    final_rates: np.ndarray, raised: np.ndarray, condition: float, falls: float, sharpness: float
) -> Any:
    loss = 1 - falls * np.cumsum(final_rates)[None] / final_rates.sum()
    series = {"rate": final_rates[None], "raised": raised[None], "train_loss": loss, "valid_loss": loss,
              "sharpness": np.full((1, 11), sharpness)}  # fmt: skip
    return {"series": series, "final": {"column_condition": np.array([condition])}}


def test_a_rate_is_too_small_though_its_last_steps_are_rounding() -> None:
    rates = np.append(np.linspace(1, 0.1, 10), 1e-9)
    raised = np.where(np.arange(11) == 10, 0.5, 0.0)
    assert _fired(**_slow(rates, raised, 2.0, 0.4, 0.1)) == {"rate_low"}
    assert not _fired(**_slow(rates, np.full(11, 0.5), 2.0, 0.4, 0.1))  # those that move do raise theirs


@pytest.mark.parametrize("falls", [0.01, 0.02, 0.05])
def test_worse_conditioning_falls_more_slowly_and_is_said_all_the_same(falls: float) -> None:
    assert _fired(**_slow(np.ones(11), np.zeros(11), 1e4, falls, 10.0)) == {"ill_conditioned"}
    assert not _fired(**_slow(np.ones(11), np.zeros(11), 1e4, falls / 100, 10.0))


def test_an_edge_needs_a_loss_that_falls_over_windows_not_step_by_step() -> None:
    loss = np.where(np.arange(11) < 2, 1.0, 1e-5 * (1 + np.arange(11)))[None]
    assert _fired(series={"sharpness": np.full((1, 11), 20.0), "train_loss": loss}) == {"edge"}
    rising = np.where(np.arange(11) < 5, 0.02, 0.1)[None]
    assert "edge" not in _fired(series={"sharpness": np.full((1, 11), 20.0), "train_loss": rising})


def test_remedies_change_what_they_say() -> None:
    settings = TrainSettings(net="64-64", optimizer="sgd", activation="tanh", scaling="none", init_scale=9.0)
    context = {"train": 1000, "batch_size": 32, "rate": 0.1}
    for name in REMEDIES:
        changes = changed(settings, name, context)
        if changes is not None:
            assert dataclasses.replace(settings, **changes) != settings
    assert changed(settings, "standardise", context) == {"scaling": None}
    assert changed(settings, "rate / 10", context) == {"rate": 0.01}
    assert changed(TrainSettings(net="linear"), "residual", context) is None
    assert changed(TrainSettings(), "standardise", context) is None
    named = {
        name
        for verdict in VERDICTS
        for each in [verdict(Observation(_record()))]
        if each
        for name in each.remedies
    }
    assert named <= set(REMEDIES)


def test_seeds_and_names_are_checked() -> None:
    with pytest.raises(UsageError):
        DiagnoseSettings(seeds=0, rate=-1.0)
    with pytest.raises(UsageError):
        DiagnoseSettings(scaling="both")


@pytest.mark.slow
def test_generated_cases_are_told_right(monkeypatch: pytest.MonkeyPatch) -> None:
    """A ninth of the cases of docs/diagnose: every planted fault, and no more than one false alarm."""
    import runpy

    folder = Path(__file__).parents[2] / "docs" / "diagnose"
    monkeypatch.syspath_prepend(folder)
    found = runpy.run_path(str(folder / "cases.py"))["run"](True, None)
    assert found["cases"] > 20
    assert sum(len(row["missed"]) for row in found["rows"]) <= 1
    assert sum(len(row["alarms"]) for row in found["rows"]) <= 1
