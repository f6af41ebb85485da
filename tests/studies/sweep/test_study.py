"""A sweep end to end: paired seeds, effects that are there and effects that are not, files, resuming."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ravine.data import Dataset
from ravine.errors import NothingTrained, Stopped, UsageError
from ravine.execution.events import Event, RangeExtended
from ravine.execution.execute import execute
from ravine.execution.loading import load as load_data
from ravine.execution.registry import find_study
from ravine.execution.resume import resume
from ravine.execution.saved_model import Model
from ravine.execution.seeds import RANGES, SeedRange
from ravine.optimizers import sgd
from ravine.optimizers.registry import RULE_OF_CONSTRUCTOR, rule_of
from ravine.records.run_directory import RunDirectory
from ravine.records.toml_files import load as load_toml
from ravine.studies.sweep.result import SweepResult
from ravine.studies.sweep.settings import SweepSettings
from ravine.studies.sweep.view import verdict
from ravine.studies.train.settings import TrainSettings

Run = Callable[..., SweepResult]


def test_each_configuration_is_what_train_gives_on_these_seeds(
    found: SweepResult, circle: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RANGES, "train.train", SeedRange(1_000, 10_000))
    settings = TrainSettings(net="16", epochs=20, learning_rate=0.01, l2=1e-6, seeds=10)
    alone: Any = execute(find_study("train"), settings, dataset=circle)
    (row,) = (row for row in found.leaderboard if row.levels == {"net": "16", "l2": "1e-6"})
    np.testing.assert_allclose(row.values, alone.result.values, atol=0.013)  # one row of 80, by rounding


def test_tuned_rates_are_of_the_grid(circle: Dataset, quick: SweepSettings, run_sweep: Run) -> None:
    tuned = run_sweep(replace(quick, learning_rate=None, vary=["net=linear; 16"]), circle)
    rates = sorted({row.learning_rate for row in tuned.leaderboard if row.learning_rate is not None})
    offsets = np.log10(np.array(rates) / 3e-3)
    np.testing.assert_allclose((offsets + 1.5) / 0.6, np.round((offsets + 1.5) / 0.6), atol=1e-9)
    assert tuned.design.learning_rate == "tuned"
    assert all(row.tuning_interval for row in tuned.leaderboard)


def test_a_best_rate_at_the_end_extends_the_range_of_all(
    blobs: Dataset, quick: SweepSettings, run_sweep: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RULE_OF_CONSTRUCTOR, sgd, replace(rule_of(sgd), rate_center=1e-6))  # far too low
    settings = replace(quick, learning_rate=None, optimizer="sgd", metric="log_loss", vary=["l2=0,1e-3"])
    events: list[Event] = []
    result = run_sweep(settings, blobs, notify=events.append)
    assert result.plan.extended_ends == ["high", "high"]
    assert [event.side for event in events if isinstance(event, RangeExtended)] == ["high", "high"]
    assert [event.names for event in events if isinstance(event, RangeExtended)] == [("l2=0", "l2=1e-3")] * 2
    assert all(row.at_edge == "high" for row in result.leaderboard)
    assert result.leaderboard[0].learning_rate == pytest.approx(1e-6 * 10**3.9)
    assert result.plan.runs == 2 * (10 * 3 + 10)


def test_a_long_sweep_names_options_that_take_less(
    blobs: Dataset, quick: SweepSettings, run_sweep: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ravine.execution.training_time.forward_seconds", lambda *how: 100.0)
    events: list[Event] = []
    with pytest.raises(Stopped):
        run_sweep(quick, blobs, notify=events.append, should_stop=lambda: 75)
    assert any("hours. To save time, give fewer values, --random N" in event.message for event in events)


def test_a_hyperparameter_is_the_same_as_factor_in_brackets_and_by_default(
    blobs: Dataset, quick: SweepSettings, run_sweep: Run
) -> None:
    def values(optimizer: str, *vary: str) -> list[list[float | None]]:
        result = run_sweep(replace(quick, optimizer=optimizer, metric="log_loss", vary=list(vary)), blobs)
        return [row.values for row in sorted(result.leaderboard, key=lambda row: row.index)]

    factor = values("adam", "b1=0.9,0.2")
    assert factor == values("adam", "optimizer=adam,adam(b1=0.2)") != factor[::-1]
    np.testing.assert_allclose(values("adam(b1=0.2)", "b2=0.999,0.9")[0], factor[1], rtol=1e-6)


@pytest.mark.slow
def test_another_hyperparameter_may_follow_a_schedule(
    blobs: Dataset, quick: SweepSettings, run_sweep: Run
) -> None:
    """A schedule of momentum as a factor: as constant it changes nothing, as linear it does."""

    def values(*vary: str, **more: Any) -> dict[str, Any]:
        settings = replace(quick, optimizer="momentum", metric="log_loss", vary=list(vary), **more)
        rows = run_sweep(settings, blobs).leaderboard
        return {row.setting.partition("=")[2]: row.values for row in rows}

    found = values("hyper_schedule=none,rho=constant,rho=linear(end=0)")
    np.testing.assert_allclose(found["none"], found["rho=constant"], rtol=1e-5)
    assert np.abs(np.subtract(found["none"], found["rho=linear(end=0)"])).min() > 1e-6
    both = values(
        "optimizer=sgd,momentum", hyper_schedule=["rho=linear(end=0)"]
    )  # SGD has none that could move
    np.testing.assert_allclose(both["momentum"], found["rho=linear(end=0)"], rtol=1e-5)
    with pytest.raises(UsageError, match="no hyperparameter 'b1'"):
        values("optimizer=sgd,momentum", hyper_schedule=["b1=decay"])
    half = values("dropout=0.1,0.4", hyper_schedule=["dropout=constant"])
    np.testing.assert_allclose(half["0.4"], values("dropout=0.1,0.4")["0.4"], rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    "vary",
    [
        ["l2=0,1e-3", "dropout=0,0.3"],
        ["label_smoothing=0,0.2", "clip=inf,1"],
        ["augment=none,noise=0.2", "b1=0.8,0.95"],
        ["batch_size=8,16", "net=8; 8 residual"],
    ],
)
def test_training_with_the_winners_settings_repeats_its_evaluation(
    tmp_path: Path, quick: SweepSettings, run_sweep: Run, vary: list[str]
) -> None:
    settings = replace(
        quick, source="iris", optimizer="adam", net="8", epochs=4, learning_rate=None, vary=vary
    )
    with RunDirectory.create(out=tmp_path / "run") as run:
        result = run_sweep(settings, run=run)
    best = TrainSettings.from_dict(load_toml(tmp_path / "run" / "best.toml"))
    again: Any = execute(find_study("train"), best)
    winner = result.best
    assert again.result.values == winner.values and again.test.values == result.test.values
    assert (again.plan.winner_of, len(again.plan.seeds)) == ("sweep", winner.n_seeds)


@pytest.mark.filterwarnings("ignore:overflow")
def test_configurations_that_diverge_come_last(line: Dataset, quick: SweepSettings, run_sweep: Run) -> None:
    settings = replace(
        quick, optimizer="sgd", learning_rate=None, vary=["learning_rate=0.01,1e8", "l2=0,1e-3"]
    )
    result = run_sweep(settings, line)
    assert [row.levels["learning_rate"] for row in result.leaderboard] == ["0.01", "0.01", "1e8", "1e8"]
    last = result.leaderboard[-1]
    assert last.mean is None and last.diverged == 10
    assert not result.incomplete()  # the learning rate was a factor: that it diverges is the answer
    by = {(row.factor, row.level): row for row in result.effects}
    lost = by["learning_rate", "1e8"]
    assert (lost.median, lost.helps, lost.diverged, lost.n_runs) == (None, False, 20, 20)
    sentence = "learning_rate=1e8 is worse than learning_rate=0.01: 20 of 20 runs diverge."
    assert sentence in verdict(result)
    json.dumps(result.to_dict(), allow_nan=False)
    with pytest.raises(NothingTrained):
        run_sweep(replace(settings, vary=["learning_rate=1e8,1e9"]), line)


def test_early_stopping_as_a_factor(blobs: Dataset, quick: SweepSettings, run_sweep: Run) -> None:
    result = run_sweep(replace(quick, learning_rate=0.1, epochs=30, vary=["early_stop=0,2"]), blobs)
    epochs = {row.levels["early_stop"]: row.epochs for row in result.leaderboard}
    stopped, whole = epochs["2"], epochs["0"]
    assert stopped is not None and whole is not None
    assert stopped < whole == pytest.approx(30, rel=0.1)


@pytest.mark.slow
def test_model_and_best_toml_are_the_winners(tmp_path: Path, quick: SweepSettings, run_sweep: Run) -> None:
    settings = replace(quick, source="iris", vary=["net=8 batchnorm dropout=0.2; 4", "average=none,ema=0.9"])
    with RunDirectory.create(out=tmp_path / "run") as run:
        result = run_sweep(settings, run=run)
    best = TrainSettings.from_dict(load_toml(tmp_path / "run" / "best.toml"))
    row = result.best
    assert (best.net, best.learning_rate, best.average) == (
        row.levels["net"],
        row.learning_rate,
        row.levels["average"],
    )
    data = load_data(settings)
    x = data.x[data.test]
    model = Model.load(tmp_path / "run")
    outputs = model.trained.outputs(model.scaler.apply(x).astype("float32"))
    right = np.argmax(outputs, axis=1) == data.y[data.test]
    assert result.test.model == pytest.approx(right.mean(), abs=1e-6)
    table = (tmp_path / "run" / "leaderboard.csv").read_text().splitlines()
    assert table[0].startswith("setting,optimizer") and len(table) == 1 + 4
    assert run.metadata.summary == result.summary() and row.setting in result.summary()


@pytest.mark.parametrize("moment", [1, 3])
def test_stopped_and_resumed_is_the_undisturbed_sweep(
    tmp_path: Path, quick: SweepSettings, run_sweep: Run, moment: int
) -> None:
    vary = ["net=4; 8 batchnorm", "early_stop=0,2"]
    settings = replace(quick, source="iris", learning_rate=None, vary=vary, epochs=2)
    whole = run_sweep(settings)
    calls = 0

    def stop() -> int | None:
        nonlocal calls
        calls += 1
        return 75 if calls > 2 * moment else None

    with RunDirectory.create(out=tmp_path / "run", verb="sweep") as run, pytest.raises(Stopped):
        run_sweep(settings, run=run, should_stop=stop)
    assert run.metadata.state == "stopped"
    with RunDirectory.open(tmp_path / "run").lock() as run:
        done, again = resume(run), resume(run)
    assert isinstance(done, SweepResult) and isinstance(again, SweepResult)
    assert done.leaderboard == whole.leaderboard == again.leaderboard
    assert done.effects == whole.effects and done.test == whole.test
    assert again == done


def test_few_seeds_are_said_to_show_no_difference(
    blobs: Dataset, quick: SweepSettings, run_sweep: Run
) -> None:
    settings = SweepSettings.from_dict(
        {**quick.to_dict(), "vary": {"dropout": [0, 0.2], "net": ["4", "8"]}, "epochs": 2, "seeds": 3}
    )
    result = run_sweep(settings, blobs)
    assert len(result.leaderboard_table) == 4 and set(result.effects_table["factor"]) == {"dropout", "net"}
    assert "With 3 seeds no difference can be distinguished from chance." in " ".join(repr(result).split())
