"""Diagnose: verdicts come again from the record, advice is proved or withdrawn, and a run goes on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ravine
from ravine.data import Dataset
from ravine.errors import DataError, Stopped
from ravine.execution.execute import execute
from ravine.execution.named_run import resolve_source
from ravine.execution.registry import find_study
from ravine.execution.resume import resume
from ravine.execution.stored_result import load_result
from ravine.execution.training_settings import FixedTrainingSettings
from ravine.options.fields import options_of
from ravine.options.resolve import resolve as resolve_settings
from ravine.records.record import Record
from ravine.records.run_directory import RunDirectory
from ravine.records.toml_files import load
from ravine.studies.diagnose.observation import Observation
from ravine.studies.diagnose.result import DiagnoseResult
from ravine.studies.diagnose.settings import DiagnoseSettings
from ravine.studies.diagnose.verdicts import find_all


@pytest.fixture
def table(blobs: Dataset, tmp_path: Path) -> str:
    """The blobs as a file."""
    path = tmp_path / "blobs.csv"
    rows = np.concatenate([blobs.x, blobs.y[:, None]], axis=1)
    np.savetxt(path, rows, delimiter=",", header="a,b,c,d,y", comments="")
    return str(path)


def test_every_number_comes_again_from_the_saved_record(
    blobs: Dataset, tmp_path: Path, small: dict[str, Any]
) -> None:
    found = ravine.diagnose(
        blobs.x, blobs.y, optimizer="sgd", learning_rate=1e4, seeds=3, out=tmp_path / "run", **small
    )
    assert "rate_high" in found.verdicts
    assert "too high" in repr(found)
    kept = Record.load(str(found.observation))
    again = [finding for finding in find_all(kept) if finding.fires]
    assert [finding.sentence for finding in again] == [finding.sentence for finding in found.findings]
    for finding, row in zip(again, found.findings, strict=True):
        values = [item.value if np.isfinite(item.value) else None for item in finding.evidence]
        assert values == [item.value for item in row.evidence]
    stored = load_result(RunDirectory.open(tmp_path / "run"), DiagnoseResult)
    assert stored == found and stored.record.meta == kept.meta
    assert stored.cost is not None and stored.cost.train > 0 and stored.cost.compile > 0


@pytest.mark.slow
def test_a_remedy_is_proved_and_the_recommendation_trains(
    blobs: Dataset, tmp_path: Path, small: dict[str, Any]
) -> None:
    found = ravine.diagnose(
        blobs.x, blobs.y, optimizer="sgd", learning_rate=30.0, seeds=12, out=tmp_path / "run", **small
    )
    first, advice = found.findings[0], found.recommendation
    assert first.verdict == "rate_high"
    assert any(trial.confirmed for trial in first.remedies)
    assert advice is not None and not advice.unchanged and advice.test is not None
    assert advice.test.better >= 11
    assert found.config == str(tmp_path / "run" / "recommended.toml")
    settings = FixedTrainingSettings.from_dict(load(found.config))
    assert settings.seeds == 1
    assert found.recommended
    for key, value in found.recommended.items():
        assert getattr(settings, key) == value


def test_a_stopped_proof_does_not_measure_again(
    table: str, tmp_path: Path, small: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = DiagnoseSettings(source=table, target="y", task="classify", seeds=2, **small)
    study = find_study("diagnose")
    with RunDirectory.create("runs", "blobs", verb="diagnose", out=tmp_path / "run") as run:
        with pytest.raises(Stopped):
            execute(study, settings, run=run, should_stop=lambda: 130)
        assert "spread" not in run.load_cohort("observation").final
        monkeypatch.setattr("ravine.studies.diagnose.study.measure_run", None)
        found = resume(run)
        assert isinstance(found, DiagnoseResult)
        assert "spread" in found.record.final
        assert run.load_cohort("observation").meta == found.record.meta


def test_a_loss_that_is_never_finite_is_a_sentence_not_a_nan(small: dict[str, Any]) -> None:
    x = np.random.default_rng(0).normal(size=(120, 3)) * 1e30
    found = ravine.diagnose(
        x, (x[:, 0] > 0).astype(int), scaling="none", optimizer="sgd", learning_rate=1.0, seeds=0, **small
    )
    assert "nan" not in repr(found).lower()
    assert "rate_high" in found.verdicts
    assert found.findings[0].untried
    json.dumps(found.to_dict(), allow_nan=False)


def test_a_model_is_examined_as_it_is(table: str, tmp_path: Path, small: dict[str, Any]) -> None:
    trained = ravine.train(table, "y", optimizer="sgd", learning_rate=0.1, task="classify", **small)
    trained.model.save(tmp_path / "m")
    model = str(tmp_path / "m")
    found = ravine.diagnose(table, "y", task="classify", model=model, **small)
    assert not found.history
    assert found.recommendation is None and found.plan.seeds == 0
    assert (found.plan.optimizer, found.plan.learning_rate) == ("sgd", 0.1)
    assert any("no history" in note for note in found.notes)
    examined = {check.verdict for check in found.checks} | set(found.verdicts)
    assert "rate_low" not in examined
    assert "dead" in examined


def test_the_rows_of_a_model_must_be_known(table: str, tmp_path: Path, small: dict[str, Any]) -> None:
    ravine.train(table, "y", task="classify", **small).model.save(tmp_path / "m")
    model = str(tmp_path / "m")
    lines = Path(table).read_text().splitlines()
    other = tmp_path / "other.csv"
    other.write_text("\n".join([lines[0], *reversed(lines[1:])]))
    with pytest.raises(DataError, match="other or unknown data"):
        ravine.diagnose(str(other), "y", task="classify", model=model, **small)
    with pytest.raises(DataError, match="training rows"):
        ravine.diagnose(table, "y", task="classify", model=model, validation=0.4, **small)


def test_a_diagnosis_without_proof_can_be_trained(table: str, tmp_path: Path, small: dict[str, Any]) -> None:
    settings = DiagnoseSettings(source=table, target="y", task="classify", no_proof=True, **small)
    with RunDirectory.create("runs", "blobs", verb="diagnose", out=tmp_path / "run") as run:
        execute(find_study("diagnose"), settings, run=run)
    config = str(tmp_path / "run" / "config.toml")
    train = find_study("train")
    resolved = resolve_settings(
        train.settings, {}, config, {}, others=lambda: set(options_of(DiagnoseSettings))
    )
    assert resolved.settings.seeds == train.settings().seeds
    assert resolved.settings.epochs == small["epochs"]
    assert [place.split()[0] for place in resolved.unused] == ["no_proof"]
    assert DiagnoseSettings.from_dict(load(config)).seeds == 0
    again = resolve_settings(DiagnoseSettings, {"seeds": "9"}, config, {}).settings
    assert again.seeds == 9


@pytest.mark.slow
def test_generated_cases_are_told_right(monkeypatch: pytest.MonkeyPatch) -> None:
    """A ninth of the cases of docs/diagnose: every planted fault, and no more than one false alarm."""
    import runpy

    folder = Path(__file__).parents[3] / "docs" / "diagnose"
    monkeypatch.syspath_prepend(folder)
    found = runpy.run_path(str(folder / "cases.py"))["run"](True, None)
    assert found["cases"] > 20
    assert sum(len(row["missed"]) for row in found["rows"]) <= 1
    assert sum(len(row["alarms"]) for row in found["rows"]) <= 1


RUNS: dict[str, dict[str, Any]] = {
    "train": {"optimizer": "momentum", "learning_rate": 0.05, "epochs": 7, "batch_size": 9, "seeds": 2},
    "train on fresh seeds": {"epochs": 5, "fresh_seeds": True, "validation": 0.3, "seed": 3},
    "sweep": {"vary": ["l2=0,1e-2", "dropout=0,0.2"], "epochs": 6, "seeds": 3, "learning_rate": 0.02},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", RUNS)
def test_a_run_is_diagnosed_as_it_was_trained(tmp_path: Path, name: str) -> None:
    trained: Any = getattr(ravine, name.split()[0])("iris", net="8", out=tmp_path / "run", **RUNS[name])
    study = find_study("diagnose")
    flags = resolve_source(study, {"source": str(tmp_path / "run")}, None, None)
    settings = resolve_settings(study.settings, flags | {"no_proof": True}, None, {}).settings
    found = execute(study, settings)
    assert isinstance(found, DiagnoseResult)
    if name == "sweep":
        row = trained.leaderboard[0]
        (record,) = trained.records.values()  # the learning rate is fixed, so only the evaluation trains
        mine = (record.hyper["seed"] == 1_000) & (record.hyper["l2"] == float(row.levels["l2"]))
        mine &= record.hyper["dropout"] == float(row.levels["dropout"])
    else:
        (record,) = trained.records.values()
        mine = record.hyper["seed"] == (20_000 if "fresh" in name else 2_000)
    (first,) = np.flatnonzero(mine)
    per_evaluation = found.curves.step[1]
    assert found.curves.step[-1] == per_evaluation * record.series["valid_loss"].shape[1]
    np.testing.assert_allclose(found.curves.valid_loss[1:], record.series["valid_loss"][first], rtol=2e-3)


def test_verdicts_can_read_the_baselines(blobs: Dataset, small: dict[str, Any]) -> None:
    found = ravine.diagnose(blobs.x, blobs.y, seeds=6, **small)
    (constant,) = found.baselines
    run = Observation(found.record)
    assert run.baselines.keys() == {"constant"}
    np.testing.assert_array_equal(run.baselines["constant"], constant.values)
    assert len(constant.values) == 7  # the measured run, then the seeds of the proof
    assert constant.against_network is not None and constant.against_network.n_seeds == 7
    assert run.score == found.curves.score[run.end]
    assert "Is a network the right tool?" in repr(found)
    alone = ravine.diagnose(blobs.x, blobs.y, no_proof=True, baselines=False, **small)
    assert alone.baselines == [] and Observation(alone.record).baselines == {}
