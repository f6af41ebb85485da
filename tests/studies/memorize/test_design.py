"""The design of a measurement of memorization: refusals, arms, and the rows that they train on."""

from __future__ import annotations

import gc
import weakref
from itertools import groupby

import numpy as np
import pytest

from ravine.data import Dataset, from_arrays
from ravine.engines import find_devices
from ravine.engines.shared_objects import pack, unpack
from ravine.errors import DataError, UsageError
from ravine.execution.effort import MEMORIZE
from ravine.execution.execute import dry_run
from ravine.execution.registry import find_study
from ravine.render.text import text
from ravine.studies.memorize.design import NOISY_SHARE, MemorizeDesign, design
from ravine.studies.memorize.settings import MemorizeSettings


def made(dataset: Dataset, **settings: object) -> MemorizeDesign:
    return design(MemorizeSettings(**{"effort": "quick", "net": "8", **settings}), dataset, find_devices())


def test_numbers_are_refused(line: Dataset) -> None:
    with pytest.raises(UsageError, match="is not defined"):
        made(line)


def test_too_few_rows_are_refused() -> None:
    x = np.random.default_rng(0).normal(size=(12, 2))
    with pytest.raises(DataError, match="too few"):
        made(from_arrays(x, np.arange(12) % 2))


def test_another_metric_is_refused(blobs: Dataset) -> None:
    with pytest.raises(UsageError, match="metric"):
        made(blobs, metric="auc")


def test_arms_are_every_share_and_every_limit_at_two_shares(blobs: Dataset) -> None:
    arms = made(blobs).arms
    assert [arm.share for arm in arms if not arm.limit] == list(MEMORIZE["quick"].shares)
    limits = {"dropout 0.5", "L2 0.01", "noise 0.5", "early stopping"}
    for share in (0.0, NOISY_SHARE):
        assert {arm.limit for arm in arms if arm.share == share} - {""} == limits
    assert {arm.watch for arm in arms if arm.limit == "early stopping"} == {"held out"}
    assert {arm.watch for arm in arms if arm.limit != "early stopping"} == {"train"}


def test_a_limit_that_is_on_already_is_no_arm(blobs: Dataset) -> None:
    arms = made(blobs, net="8 dropout=0.1", l2=0.1, augment="noise=1", early_stop=3).arms
    assert not any(arm.limit for arm in arms)


def test_a_network_without_hidden_layers_has_no_dropout(blobs: Dataset) -> None:
    assert "dropout 0.5" not in {arm.limit for arm in made(blobs, net="none").arms}


def test_limits_on_the_network_share_one_program(blobs: Dataset) -> None:
    found = made(blobs)
    plans = {arm.limit: plan for arm, plan in zip(found.arms, found.plans, strict=True)}
    assert plans["dropout 0.5"] == plans["L2 0.01"] == plans["noise 0.5"] != plans[""]


def test_random_labels_are_the_same_for_all_networks_and_outside_the_test_rows(blobs: Dataset) -> None:
    found = made(blobs)
    arm = next(arm for arm in found.arms if arm.share == 1.0)
    one, other = (found.batches(arm).dataset.y for _ in range(2))
    assert np.array_equal(one, other)
    assert np.array_equal(one[blobs.test], blobs.y[blobs.test])
    rows = found.pairs.rows.ravel()
    assert 0.3 < np.mean(one[rows] != blobs.y[rows]) < 0.7  # half of the random labels are the true ones
    assert np.array_equal(found.batches(found.arms[0]).dataset.y, blobs.y)


def test_the_design_keeps_no_batches(blobs: Dataset) -> None:
    """Batches hold the rows they were asked for; those of an arm must go before the next arm's come."""
    found = made(blobs)
    batches = found.batches(found.arms[0])
    batches.data(found.seeds[0])
    gone = weakref.ref(batches)
    del batches
    gc.collect()
    assert gone() is None


def test_arms_of_the_same_rows_are_neighbors(blobs: Dataset) -> None:
    """Only neighbors share batches."""
    keys = [key for key, _ in groupby(made(blobs).arms, key=lambda arm: (arm.share, arm.watch))]
    limited = keys[len(MEMORIZE["quick"].shares) :]
    assert len(limited) == len(set(limited))


def test_steps_are_epochs_of_the_rows_trained_on(blobs: Dataset) -> None:
    found = made(blobs, epochs=10, batch_size=12)
    assert found.rows == len(blobs.development) // 2
    assert found.plans[0].steps == pytest.approx(
        10 * found.rows / 12, abs=found.plans[0].steps_per_evaluation
    )
    assert found.network_steps == sum(plan.steps for plan in found.plans) * len(found.seeds)
    assert found.plans[0].evaluations == 10


def test_dry_run_counts_what_a_run_trains(blobs: Dataset) -> None:
    plan = dry_run(find_study("memorize"), MemorizeSettings(effort="quick", net="8"), dataset=blobs)
    assert plan.plan.runs == len(plan.plan.arms) * len(plan.plan.seeds)
    assert plan.plan.network_steps == plan.plan.runs * plan.plan.steps
    assert f"{plan.plan.runs} networks" in repr(plan)
    assert type(plan).from_dict(plan.to_dict()) == plan
    for width in (60, 100, 200):
        assert max(map(len, text(plan.view(), width, unicode=False).splitlines())) <= width


def test_batches_travel_to_another_process_without_their_caches(blobs: Dataset) -> None:
    found = made(blobs)
    for arm in found.arms:
        batches, seed = found.batches(arm), int(found.seeds[0])
        packed = pack(batches)
        assert batches.draw(seed, 0, 7) is not None  # fills the caches
        values = dict(pack(batches).values)
        assert values.keys() == set(packed.name.keys)
        again = unpack(values.pop(packed.name.key), values)
        for ours, theirs in zip(batches.draw(seed, 0, 7), again.draw(seed, 0, 7), strict=True):
            assert ours is theirs is None or np.array_equal(ours, theirs)
