"""A sweep end to end: paired seeds, shared programs, effects that are there and effects that are not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ravine
from ravine.data import Dataset, from_arrays
from ravine.engines import find_devices
from ravine.errors import NothingTrained, Stopped, UsageError
from ravine.execution.resume import resume
from ravine.records.run_directory import RunDirectory
from ravine.studies.sweep.design import sweep_design
from ravine.studies.sweep.effects import Scores
from ravine.studies.sweep.settings import SweepSettings
from ravine.studies.sweep.study import Swept, effects, sweep_plan, sweep_study
from ravine.studies.train.settings import TrainSettings
from ravine.studies.train.study import train_study

QUICK = SweepSettings(net="8", epochs=4, rate=0.01, vary=["dropout=0,0.2", "l2=0,1e-3"])


@pytest.fixture(scope="module")
def circle() -> Dataset:
    """Inside or outside of a circle: a line can learn nothing of it."""
    random = np.random.default_rng(2)
    x = random.normal(size=(400, 2))
    return from_arrays(x, ((x**2).sum(axis=1) > 1.4).astype(int), name="circle")


@pytest.fixture(scope="module")
def found(circle: Dataset) -> Swept:
    asked = replace(QUICK, vary=["net=linear; 16", "l2=0,1e-6"], epochs=20)
    return sweep_study(asked, dataset=circle)


def test_what_helps_is_said_to_help_and_what_does_nothing_is_not(found: Swept) -> None:
    rows = {(row["factor"], row["level"]): row for row in found.document["effects"]}
    assert rows["net", "16"]["helps"] is True
    assert rows["net", "16"]["effect"]["difference"] > 0.2
    assert rows["net", "16"]["effect"]["interval"][0] > 0.1
    assert rows["l2", "1e-6"]["helps"] is None
    assert [row["levels"]["net"] for row in found.document["leaderboard"]] == ["16", "16", "linear", "linear"]
    assert [row["tier"] for row in found.document["leaderboard"]] == [1, 1, 2, 2]
    text = repr(found)
    assert "net=16 helps: +" in text and "l2=1e-6 makes no difference" in text


def test_the_document_is_plain_and_its_numbers_are_those_of_its_values(found: Swept) -> None:
    document = json.loads(json.dumps(found.document, allow_nan=False))
    rows = document["leaderboard"]
    (first,) = (row for row in rows if row["first"])
    for row in rows:
        assert row["n_seeds"] == len(row["values"]) == 10
        assert row["mean"] == pytest.approx(np.mean(row["values"]), abs=1e-12)
        if not row["first"]:
            difference = np.mean(np.array(row["values"]) - first["values"])
            assert row["against_first"]["difference"] == pytest.approx(difference, abs=1e-12)
    for row in document["effects"]:
        mine = [other["mean"] for other in rows if other["levels"][row["factor"]] == row["level"]]
        assert row["mean"] == pytest.approx(np.mean(mine), abs=1e-12)
    assert document["test"]["setting"] == rows[0]["setting"]
    assert list(found.leaderboard.columns)[:2] == ["net", "l2"] and found.values.shape == (10, 4)


def test_each_setting_is_what_train_gives_on_these_seeds(
    found: Swept, circle: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ravine.studies.train.study import study as train

    monkeypatch.setattr(train, "FIRST_SEED", 1_000)
    asked = TrainSettings(net="16", epochs=20, rate=0.01, l2=1e-6, seeds=10)
    alone = train_study(asked, dataset=circle).document["result"]
    (row,) = (r for r in found.document["leaderboard"] if r["levels"] == {"net": "16", "l2": "1e-6"})
    np.testing.assert_allclose(row["values"], alone["values"], atol=0.013)  # one row of 80, by rounding


def test_numbers_share_a_program_and_structures_do_not(blobs: Dataset) -> None:
    def programs(*vary: str, **more: Any) -> int:
        made = sweep_design(replace(QUICK, vary=list(vary), **more), blobs, find_devices())
        return made.programs

    numbers = (
        "dropout=0,0.2,0.5", "l1=0,1e-4", "clip=inf,1", "rate=1e-3..1e-1", "schedule=constant,decay",
        "early_stop=0,3", "smoothing=0,0.1", "augment=none,noise=0.1", "b1=0.5..0.99",
        "optimizer=adam,adam(b1=0.5)", "init=he,glorot", "init_scale=0.5,1",
    )  # fmt: skip
    for text in numbers:
        assert programs(text) == 1, text
    assert programs("dropout=0,0.2", "l2=0,1e-3", "clip=inf,1") == 1
    for text in (
        "net=8,16",
        "activation=relu,tanh",
        "optimizer=adam,sgd",
        "batch_size=16,32",
        "norm=none,batchnorm",
    ):
        assert programs(text) == 2, text
    assert programs("width=4,8,16", "depth=1,2") == 6


def test_rates_are_tuned_unless_given(circle: Dataset) -> None:
    asked = replace(QUICK, rate=None, vary=["net=linear; 16"])
    assert sweep_plan(asked, circle)["rates"] == pytest.approx(list(10 ** np.linspace(-1.5, 1.5, 6)))
    tuned = sweep_study(asked, dataset=circle)
    rates = {row["learning_rate"] for row in tuned.document["leaderboard"]}
    shares = np.log10(np.array(sorted(rates)) / 3e-3)
    np.testing.assert_allclose((shares + 1.5) / 0.6, np.round((shares + 1.5) / 0.6), atol=1e-9)
    assert tuned.document["design"]["rate"] == "tuned"
    assert all(row["tuning_interval"] for row in tuned.document["leaderboard"])
    for more in ({"rate": 0.1}, {"vary": ["rate=1e-3..1e-1"]}):
        plan = sweep_plan(replace(asked, **more), circle)
        assert plan["rates"] is None and plan["runs"] == len(plan["settings"]) * 10
    assert not set(plan["tuning_seeds"]) & set(plan["seeds"])


def test_a_rate_at_the_end_gives_all_settings_more(blobs: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    from ravine.optimizers import sgd
    from ravine.optimizers.registry import DESCRIBED, rule_of

    low = replace(rule_of(sgd), rate_centre=1e-6)
    monkeypatch.setitem(DESCRIBED, sgd, low)  # far too low
    asked = replace(QUICK, rate=None, optimizer="sgd", metric="log_loss", vary=["l2=0,1e-3"])
    document = sweep_study(asked, dataset=blobs).document
    assert document["plan"]["ranges_grown"] == ["high", "high"]
    assert all(row["at_edge"] == "high" for row in document["leaderboard"])
    assert document["leaderboard"][0]["learning_rate"] == pytest.approx(1e-6 * 10**3.9)
    assert document["plan"]["runs"] == 2 * (10 * 3 + 10)


@pytest.mark.parametrize(
    ("vary", "said"),
    [
        ("dropot=0,1", "dropout"),
        ("seed=0,1", "cannot be varied"),
        ("optimizer=sgd,adm", "adam"),
        ("l2=0,x", "l2='x' cannot be used. It must be a number"),
        ("l2=0,-1", "at least 0"),
        ("dropout=0,1", "at least 0 and below 1"),
        ("net=8,8 conv=4", "need images"),
        ("augment=none,flip", "for images"),
        ("b1=0.5,1.5", r"\[0, 1\)"),
        ("batch_size=8,1.5", "whole number"),
        ("batch_size=16,1 | norm=batchnorm", "batch size of 1"),
        ("l2=0,0.0", "same setting"),
        ("width=0,4", "at least one unit"),
        ("depth=-1,1", "at least one unit"),
        ("connection=plain,resdual", "residual"),
        ("schedule=decay,stp", "step"),
        ("gate=-1,1", "Only highway"),
        ("moving=none,b3=decay", "'adam' has no hyperparameter 'b3'"),
        ("moving=none,b1=stp", "step"),
        ("moving=none,b1=plateau", "Only the learning rate"),
        ("moving=none,b1", "NAME=SCHEDULE"),
        ("moving=none,dropout=linear", "given no value"),
        ("min_change=0,0.1", "belongs to early stopping"),
    ],
)
def test_what_cannot_be_is_refused_before_training(blobs: Dataset, vary: str, said: str) -> None:
    told: list[Any] = []
    with pytest.raises(UsageError, match=said):
        sweep_study(replace(QUICK, vary=[vary]), dataset=blobs, notify=told.append)
    assert {each.stage for each in told} <= {"data"}


def test_batch_sizes_are_compared_at_equal_epochs(blobs: Dataset) -> None:
    made = sweep_design(replace(QUICK, epochs=None, vary=["batch_size=4,16,64"]), blobs, find_devices())
    assert [place.plan.batch_size for place in made.places] == [4, 16, 64]
    for place in made.places:  # 200 steps at the usual size, 16; up to whole stretches of 20 evaluations
        wanted = 200 * 16 / place.plan.batch_size
        assert wanted <= place.plan.steps < wanted + 20


def test_a_long_sweep_says_what_takes_less(blobs: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    from ravine.studies.sweep.study import design as sweeping

    monkeypatch.setattr(sweeping, "step_seconds", lambda *how: 100.0)
    told: list[Any] = []

    def stop() -> int:
        return 75

    with pytest.raises(Stopped):
        sweep_study(QUICK, dataset=blobs, notify=told.append, stop=stop)
    assert any("hours. Fewer values, --random N" in each.message for each in told)


def test_numbers_of_one_rule_do_not_fit_another(blobs: Dataset) -> None:
    with pytest.raises(UsageError, match="'sgd' has no hyperparameter 'b1'"):
        sweep_study(replace(QUICK, vary=["optimizer=adam,sgd", "b1=0.5,0.9"]), dataset=blobs)


def test_the_rules_numbers_do_what_they_say(blobs: Dataset) -> None:
    """As a factor, in the optimizer's brackets, and by default: one and the same."""

    def values(optimizer: str, *vary: str) -> list[list[float]]:
        asked = replace(QUICK, optimizer=optimizer, metric="log_loss", vary=list(vary))
        rows = sweep_study(asked, dataset=blobs).document["leaderboard"]
        return [row["values"] for row in sorted(rows, key=lambda row: row["index"])]

    factor = values("adam", "b1=0.9,0.2")
    assert factor == values("adam", "optimizer=adam,adam(b1=0.2)") != factor[::-1]
    np.testing.assert_allclose(values("adam(b1=0.2)", "b2=0.999,0.9")[0], factor[1], rtol=1e-6)


def test_another_number_may_move(blobs: Dataset) -> None:
    """A schedule of momentum as a factor: as constant it changes nothing, as linear it does."""

    def values(*vary: str, **more: Any) -> dict[str, list[float]]:
        asked = replace(QUICK, optimizer="momentum", metric="log_loss", vary=list(vary), **more)
        rows = sweep_study(asked, dataset=blobs).document["leaderboard"]
        return {row["setting"].partition("=")[2]: row["values"] for row in rows}

    found = values("moving=none,rho=constant,rho=linear(end=0)")
    np.testing.assert_allclose(found["none"], found["rho=constant"], rtol=1e-5)
    assert np.abs(np.subtract(found["none"], found["rho=linear(end=0)"])).min() > 1e-6
    both = values("optimizer=sgd,momentum", moving=["rho=linear(end=0)"])  # SGD has none that could move
    np.testing.assert_allclose(both["momentum"], found["rho=linear(end=0)"], rtol=1e-5)
    with pytest.raises(UsageError, match="Nothing that takes part"):
        values("optimizer=sgd,momentum", moving=["b1=decay"])
    half = values("dropout=0.1,0.4", moving=["dropout=constant"])
    np.testing.assert_allclose(half["0.4"], values("dropout=0.1,0.4")["0.4"], rtol=1e-5)
    made = sweep_design(replace(QUICK, vary=["moving=none; b1=decay + b2=linear"]), blobs, find_devices())
    assert [place.plan.moving for place in made.places] == [(), ("b1", "b2")]


@pytest.mark.filterwarnings("ignore:overflow")
def test_settings_that_diverge_keep_their_place_at_the_end(line: Dataset) -> None:
    asked = replace(QUICK, optimizer="sgd", rate=None, vary=["rate=0.01,1e8", "l2=0,1e-3"])
    document = sweep_study(asked, dataset=line).document
    assert [row["levels"]["rate"] for row in document["leaderboard"]] == ["0.01", "0.01", "1e8", "1e8"]
    last = document["leaderboard"][-1]
    assert last["mean"] is None and last["diverged"] == 10
    by = {(row["factor"], row["level"]): row for row in document["effects"]}
    assert by["rate", "1e8"]["mean"] is None and by["rate", "1e8"]["effect"] is None
    json.dumps(document, allow_nan=False)
    with pytest.raises(NothingTrained):
        sweep_study(replace(asked, vary=["rate=1e8,1e9"]), dataset=line)


def test_early_stopping_as_a_factor(blobs: Dataset) -> None:
    document = sweep_study(
        replace(QUICK, rate=0.1, epochs=30, vary=["early_stop=0,2"]), dataset=blobs
    ).document
    epochs = {row["levels"]["early_stop"]: row["epochs"] for row in document["leaderboard"]}
    assert epochs["2"] < epochs["0"] == pytest.approx(30, rel=0.1)


def test_the_saved_model_and_best_toml_are_the_winners(tmp_path: Path) -> None:
    from ravine.records.toml_files import load

    asked = replace(QUICK, source="iris", vary=["net=8 batchnorm dropout=0.2; 4", "average=none,ema=0.9"])
    with RunDirectory.create(out=tmp_path / "run") as run:
        swept = sweep_study(asked, run=run)
    best, row = (
        TrainSettings.from_dict(load(tmp_path / "run" / "best.toml")),
        swept.document["leaderboard"][0],
    )
    assert best.net == row["levels"]["net"] and best.rate == row["learning_rate"]
    assert best.average == row["levels"]["average"]
    from ravine.execution.loading import load as load_data

    data = load_data(asked)
    x = data.x[data.test]
    model = ravine.load_model(tmp_path / "run")
    right = (
        np.argmax(model.trained.outputs(model.scaler.apply(x).astype("float32")), axis=1) == data.y[data.test]
    )
    assert swept.document["test"]["model"] == pytest.approx(right.mean(), abs=1e-6)
    assert (tmp_path / "run" / "leaderboard.csv").read_text().startswith("setting,optimizer")
    assert run.metadata["summary"]["winner"] == row["setting"]


@pytest.mark.parametrize("moment", [1, 3])
def test_stopped_and_resumed_is_the_undisturbed_sweep(tmp_path: Path, moment: int) -> None:
    asked = replace(QUICK, source="iris", rate=None, vary=["net=4; 8 batchnorm", "early_stop=0,2"], epochs=2)
    whole = sweep_study(asked)
    calls = 0

    def stop() -> int | None:
        nonlocal calls
        calls += 1
        return 75 if calls > 2 * moment else None

    with RunDirectory.create(out=tmp_path / "run", verb="sweep") as run, pytest.raises(Stopped):
        sweep_study(asked, run=run, stop=stop)
    with RunDirectory.open(tmp_path / "run").lock() as run:
        done = resume(run)
        again = resume(run)
    assert done.document["leaderboard"] == whole.document["leaderboard"] == again.document["leaderboard"]
    assert done.document["effects"] == whole.document["effects"]


def test_the_python_door(blobs: Dataset) -> None:
    swept = ravine.sweep(
        blobs.x, blobs.y, vary={"dropout": [0, 0.2], "net": ["4", "8"]}, rate=0.01, epochs=2, seeds=3
    )
    assert len(swept.leaderboard) == 4 and set(swept.effects["factor"]) == {"dropout", "net"}
    assert "With 3 seeds only large differences" in repr(swept)
    with pytest.raises(UsageError, match="Nothing is varied"):
        ravine.sweep(blobs.x, blobs.y, vary={})


class TestEffects:
    """Against means formed by hand."""

    @staticmethod
    def scores(values: dict[tuple[str, str], Any]) -> list[Scores]:
        from types import SimpleNamespace

        def one(levels: tuple[str, str], column: Any) -> Scores:
            variant: Any = SimpleNamespace(levels=dict(zip("ab", levels, strict=True)))
            return Scores(variant, values=np.asarray(column, float))

        return [one(levels, column) for levels, column in values.items()]

    def test_an_additive_table_gives_its_effects_back(self) -> None:
        seeds = np.random.default_rng(0).normal(size=12)
        table = {(a, b): seeds + 2.0 * int(a) - 1.0 * int(b) for a in "01" for b in "012"}
        found = effects.marginal(self.scores(table), "ab", True, True)
        change = {(r["factor"], r["level"]): (r["effect"] or {}).get("difference") for r in found}
        assert change["a", "1"] == pytest.approx(2) and change["b", "2"] == pytest.approx(-2)
        assert [r["helps"] for r in found] == [None, True, None, False, False]
        worse = effects.marginal(self.scores(table), "ab", True, False)  # less is better
        assert [r["helps"] for r in worse] == [None, False, None, True, True]

    def test_noise_is_no_effect(self) -> None:
        """Whole tables without any effect: a claim in about one of twenty, not more."""
        random = np.random.default_rng(1)
        claims = 0
        for _ in range(100):
            table = {(a, b): random.normal(size=12) for a in "01" for b in "012"}
            found = effects.marginal(self.scores(table), "ab", True, True)
            claims += any(row["helps"] is not None for row in found)
        assert claims <= 11  # 5 expected; more than 11 has probability 0.5 %

    def test_a_random_design_has_none(self) -> None:
        assert effects.marginal(self.scores({("0", "0"): [1.0, 2.0]}), "ab", False, True) == []
