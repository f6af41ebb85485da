"""Sweeps of `descent`: networks that share a program are those that do not, peaks are where they are."""

from __future__ import annotations

import json

import numpy as np
import pytest

import ravine
from ravine.data import Dataset, from_arrays
from ravine.engines import find_devices
from ravine.errors import DataError, UsageError
from ravine.execution.resume import resume
from ravine.networks import Network
from ravine.optimizers import resolve
from ravine.records.run_directory import RunDirectory
from ravine.studies.descent.design import Level
from ravine.studies.descent.peak_test import clearest_peak, double_descent
from ravine.studies.descent.settings import DescentSettings
from ravine.studies.descent.study import descent_study
from ravine.studies.descent.study import design as descent_design
from ravine.studies.descent.view import descent_text
from ravine.studies.descent.width_groups import can_share, narrowed, of_width
from ravine.training import Cohort, Plan, Runs, Streams, programs_made, run_cohort, shape_for

TINY = Level((1, 4, 24), 60, 3, 200)


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(descent_design.LEVELS, "quick", TINY)


def curves_of(network: Network, rule: str, data: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Validation losses of 3 seeds, and their final parameters."""
    streams = Streams(data, 0, 16, "float64")
    plan = Plan(resolve(rule), network, "cross_entropy", "accuracy", 16, 10, 4, precision="float64")
    runs = Runs(np.full(3, 0.02), np.full(3, "constant"), np.arange(3))
    shape = shape_for(plan, streams, 3, 3, find_devices())
    record = run_cohort(Cohort(plan, runs, streams, keep_parameters=True), shape, find_devices())
    return record.series["valid_loss"], record.final["parameters"]


@pytest.mark.parametrize(
    ("rule", "activation", "connection"),
    [("adam", "relu", "plain"), ("momentum", "tanh", "residual"), ("adagrad", "leaky_relu", "plain")],
)
def test_units_that_are_zero_stay_zero(rule: str, activation: str, connection: str, blobs: Dataset) -> None:
    wide = Network((4, 8, 8, 2), activation, connection)
    shared = narrowed(wide, 3, (3, 5, 8), share=True)
    assert shared.sizes == (4, 8, 8, 2)
    alone, _ = curves_of(of_width(wide, 3), rule, blobs)
    together, params = curves_of(shared, rule, blobs)
    np.testing.assert_allclose(together, alone, rtol=1e-9)
    assert np.sum(params[0] != 0) <= of_width(wide, 3).parameters


def test_widths_of_a_group_share_their_programs(blobs: Dataset) -> None:
    wide, widths = Network((4, 9, 2)), (2, 5, 9, 40)
    curves_of(narrowed(wide, 2, widths, True), "sgd", blobs)
    made = programs_made()
    curves_of(narrowed(wide, 5, widths, True), "sgd", blobs)
    assert programs_made() == made
    assert narrowed(wide, 40, widths, True) != narrowed(wide, 9, widths, True)


@pytest.mark.parametrize(
    ("network", "rule", "shares"),
    [
        (Network((4, 8, 2)), "adam", True),
        (Network((4, 8, 2), "sigmoid"), "adam", False),  # 1/2 at zero
        (Network((4, 8, 2), "softplus"), "adam", False),
        (Network((4, 8, 2), norm="layernorm"), "adam", False),
        (Network((4, 8, 2), connection="dense"), "adam", False),
        (Network((4, 8, 2)), "optax:adafactor", False),
    ],
)
def test_programs_are_shared_only_where_zero_stays_zero(network: Network, rule: str, shares: bool) -> None:
    assert can_share(network, resolve(rule)) is shares


def test_the_clearest_peak() -> None:
    assert clearest_peak(np.array([2.0, 1, 4, 3, 0])) == 2
    assert clearest_peak(np.array([3.0, 2, 1])) is None
    assert clearest_peak(np.array([1.0, 2, 3])) is None
    assert clearest_peak(np.array([1.0, 2])) is None
    assert clearest_peak(np.array([1.0, np.nan, 0.5])) is None


def test_a_second_descent_is_seen_where_there_is_one() -> None:
    shape = np.array([3.0, 1.0, 2.0, 0.5])
    curves = shape + 0.05 * np.random.default_rng(0).normal(size=(6, 4))
    found = double_descent(curves)
    assert (found["peak"], found["twice"]) == (2, True)
    assert found["rise"]["interval"][0] < 1.0 < found["rise"]["interval"][1] + 0.1
    assert found["fall"]["mean"] == pytest.approx(1.5, abs=0.1)


def test_noise_is_no_second_descent() -> None:
    """In 95 % of cases at least: the peak is chosen by other seeds."""
    random = np.random.default_rng(1)
    seen = [double_descent(random.normal(size=(6, 9)))["twice"] for _ in range(60)]
    assert np.mean(seen) <= 0.05


def test_two_seeds_or_diverged_ones_claim_nothing() -> None:
    assert not double_descent(np.array([[1.0, 2, 1], [1.0, 2, 1]]))["twice"]
    assert double_descent(np.full((4, 3), np.nan)) == {
        "peak": None,
        "rise": None,
        "fall": None,
        "twice": False,
    }


@pytest.mark.slow
def test_a_sweep_of_classes(tiny: None, blobs: Dataset) -> None:
    found = descent_study(DescentSettings(effort="quick", noise=0.2), dataset=blobs).document
    widths = found["widths"]
    assert [arm["name"] for arm in widths["arms"]] == ["plain", "ridge", "early stopping"]
    assert widths["parameters"] == [(4 + 1) * h + (h + 1) * 2 for h in (1, 4, 24)]
    assert widths["threshold"]["by_count"] == 60 * 2
    wrong = [each["mean"] for each in widths["arms"][0]["train_error"]]
    assert wrong[-1] < wrong[0]
    assert found["examples"]["rows"] == sorted(found["examples"]["rows"])
    assert len(found["epochs"]["curves"]) >= 2
    assert found["seconds"]["programs"] == 2
    json.dumps(found, allow_nan=False)
    for unicode in (True, False):
        text = descent_text(found, 60, unicode)
        assert max(map(len, text.splitlines())) <= 60 and "nan" not in text.lower()
        assert unicode or text.isascii()


@pytest.mark.slow
def test_the_threshold_is_the_first_width_that_fits(tiny: None) -> None:
    """XOR: one unit cannot, many can."""
    random = np.random.default_rng(0)
    x = random.uniform(-1, 1, (300, 2))
    y = (x[:, 0] * x[:, 1] > 0).astype(int)
    settings = DescentSettings(effort="quick", rate=0.03, epochs=800)
    found = descent_study(settings, dataset=from_arrays(x, y, name="xor")).document["widths"]
    fit = [each["mean"] <= 0.01 for each in found["arms"][0]["train_error"]]
    assert not fit[0] and fit[-1]
    assert found["threshold"]["units"] == found["units"][fit.index(True)]


def test_a_sweep_of_numbers_is_in_their_unit(tiny: None, line: Dataset) -> None:
    found = descent_study(DescentSettings(effort="quick"), dataset=line).document
    assert found["metric"]["name"] == "rmse"
    end = found["widths"]["arms"][0]
    assert 10 < end["test_error"][-1]["mean"] < 300  # the noise is 20, the spread 500
    ratio = end["test_error"][-1]["values"][0] ** 2 / end["test_loss"][-1]["values"][0]
    assert np.sqrt(ratio) == pytest.approx(500, rel=0.2)  # squared errors are of standardised targets


@pytest.mark.slow
def test_a_run_is_kept_and_shown_again(tiny: None, tmp_path) -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(160, 3))
    found = ravine.descent(x, (x[:, 0] > 0).astype(int), effort="quick", out=tmp_path / "run")
    assert sorted(each.name for each in (tmp_path / "run" / "pictures").iterdir()) == [
        "epochs.png", "examples.png", "width.png",
    ]  # fmt: skip
    assert json.loads(json.dumps(found.document)) == resume(RunDirectory.open(tmp_path / "run")).document
    assert "By width" in repr(found)


def test_what_is_on_already_is_no_arm(tiny: None, blobs: Dataset) -> None:
    settings = DescentSettings(effort="quick", l2=0.1, early_stop=2)
    found = descent_study(settings, dataset=blobs).document
    assert [arm["name"] for arm in found["widths"]["arms"]] == ["plain"]


@pytest.mark.parametrize("settings", [{"net": "none"}, {"metric": "auc"}])
def test_what_does_not_fit_is_refused(settings: dict, blobs: Dataset) -> None:
    with pytest.raises(UsageError):
        descent_study(DescentSettings(**settings), dataset=blobs)


def test_too_few_rows_are_refused() -> None:
    x = np.random.default_rng(0).normal(size=(18, 2))
    with pytest.raises(DataError, match="too few"):
        descent_study(DescentSettings(), dataset=from_arrays(x, np.arange(18) % 2))
