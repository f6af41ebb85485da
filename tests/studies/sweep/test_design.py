"""The design of a sweep: shared programs, learning rates, epochs, and the document of its plan."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest

from ravine.data import Dataset
from ravine.engines import find_devices
from ravine.execution.execute import dry_run
from ravine.execution.registry import find_study
from ravine.studies.sweep.design import SweepDesign, design
from ravine.studies.sweep.result import SweepPlan
from ravine.studies.sweep.settings import SweepSettings


def made(settings: SweepSettings, dataset: Dataset) -> SweepDesign:
    return design(settings, dataset, find_devices())


def planned(settings: SweepSettings, dataset: Dataset) -> SweepPlan:
    plan = dry_run(find_study("sweep"), settings, dataset=dataset)
    assert isinstance(plan, SweepPlan)
    return plan


def test_numbers_share_a_program_and_structures_do_not(blobs: Dataset, quick: SweepSettings) -> None:
    def programs(*vary: str, **more: Any) -> int:
        return made(replace(quick, vary=list(vary), **more), blobs).programs

    numbers = (
        "dropout=0,0.2,0.5", "l1=0,1e-4", "clip=inf,1", "learning_rate=1e-3..1e-1", "schedule=constant,decay",
        "early_stop=0,3", "label_smoothing=0,0.1", "augment=none,noise=0.1", "b1=0.5..0.99",
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


def test_batch_sizes_are_compared_at_equal_epochs(blobs: Dataset, quick: SweepSettings) -> None:
    points = made(replace(quick, epochs=None, vary=["batch_size=4,16,64"]), blobs).points
    assert [point.plan.batch_size for point in points] == [4, 16, 64]
    for point in points:  # 200 steps at the usual size, 16; up to whole stretches of 20 evaluations
        wanted = 200 * 16 / point.plan.batch_size
        assert wanted <= point.plan.steps < wanted + 20


def test_several_schedules_of_other_hyperparameters(blobs: Dataset, quick: SweepSettings) -> None:
    points = made(replace(quick, vary=["hyper_schedule=none; b1=decay + b2=linear"]), blobs).points
    assert [point.plan.hyper_schedules for point in points] == [(), ("b1", "b2")]


def test_rates_are_tuned_unless_given_or_varied(circle: Dataset, quick: SweepSettings) -> None:
    tuned = replace(quick, learning_rate=None, vary=["net=linear; 16"])
    assert planned(tuned, circle).rates == pytest.approx(list(10 ** np.linspace(-1.5, 1.5, 6)))
    for more in ({"learning_rate": 0.1}, {"vary": ["learning_rate=1e-3..1e-1"]}):
        plan = planned(replace(tuned, **more), circle)
        assert plan.rates is None and plan.runs == len(plan.settings) * 10
    assert not set(plan.tuning_seeds) & set(plan.seeds)


def test_extra_rates_go_on_evenly_beyond_the_last(circle: Dataset, quick: SweepSettings) -> None:
    sweep = made(replace(quick, learning_rate=None), circle)
    tried = sweep.log_rate_offsets
    for sides in (["high"], ["high", "high"], ["low"], ["high", "low"]):
        added = sweep.extra_offsets(sides)
        tried = np.sort(np.concatenate([tried, added])) if sides != ["low"] else tried
        assert np.ptp(added) + np.diff(added).mean() >= 1  # a decade
    np.testing.assert_allclose(np.diff(tried), np.diff(tried)[0])  # no gap, and none twice


def test_the_plan_holds_every_run_and_equals_plan_json(circle: Dataset, quick: SweepSettings) -> None:
    settings = replace(quick, learning_rate=None, vary=["l2=0,1e-3", "learning_rate=1e-3..1e-1"], points=3)
    plan, document = planned(settings, circle), made(settings, circle).plan_document()
    assert len(plan.settings) == 6 and plan.runs == 6 * 10
    assert plan.network_steps == plan.runs * made(settings, circle).points[0].plan.steps
    assert [(factor.name, factor.levels, factor.range) for factor in plan.factors] == [
        ("l2", ["0", "1e-3"], None), ("learning_rate", None, [1e-3, 1e-1])
    ]  # fmt: skip
    shown = plan.to_dict()
    assert {key: shown[key] for key in document} == msgspec.to_builtins(document)
    assert SweepPlan.from_dict(shown) == plan
    assert made(settings, circle).line() == (
        "6 configurations, 60 networks of 80 steps, effort quick (the default), 1 program"
    )
