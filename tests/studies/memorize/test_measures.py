"""Measures of memorization, of networks whose memory is known by construction."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ravine.data import Dataset
from ravine.studies.memorize.measures import Predictions, arm_result, pairs
from ravine.studies.memorize.result import ArmResult


def answered(knows_members: bool, n: int = 200, k: int = 12) -> Predictions:
    """Networks that know nothing of new rows, and of the rows they were trained on all or nothing."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, (n, 2))
    member = random.integers(0, 2, (k, n))
    inside = np.stack([member == 0, member == 1], axis=2)
    wrong = np.broadcast_to(1 - labels, inside.shape)
    predicted = np.where(inside & knows_members, labels, wrong)
    loss = np.where(inside & knows_members, 0.1, 2.0) + 0.01 * random.normal(size=inside.shape)
    return Predictions(predicted, loss, np.zeros(k), member, labels, labels, np.full(k, np.inf))


def measures(seen: Predictions, watched: bool = True) -> ArmResult:
    return arm_result(seen, watched, share=0.0, limit=None, diverged=0)


def test_a_network_that_only_knows_its_rows_has_memorized_them_all() -> None:
    found = measures(answered(True))
    assert found.memorized.mean == found.memorized.memorized_share == 1
    assert (found.train.mean, found.held_out.mean, found.gap.mean) == (1, 0, 1)
    assert found.membership.advantage.mean == 1
    # of each pair the right answer tells which row was trained on: one bit
    assert found.information is not None
    assert found.information.nats == pytest.approx(np.log(2), abs=0.02)
    assert found.fit is not None and found.fit.median is None and found.fit.reached == 0


def test_a_network_that_answers_all_rows_alike_has_memorized_none() -> None:
    found = measures(answered(False))
    assert found.memorized.mean == found.memorized.memorized_share == found.gap.mean == 0
    advantage = found.membership.advantage
    assert advantage.interval is not None and advantage.mean is not None
    low, high = advantage.interval
    assert low is not None and high is not None and low < 0.05 and high > -0.05
    assert abs(advantage.mean) < 0.05
    assert found.information is not None and found.information.bound == 0


def test_wrong_labels_learned_are_counted_among_wrong_labels_only() -> None:
    seen = answered(True)
    true = seen.labels.copy()
    true[:50] = 1 - true[:50]
    found = measures(replace(seen, true=true), watched=False)
    assert found.wrong == 0.25
    assert found.wrong_learned is not None and found.wrong_learned.mean == 1
    assert found.fit is None


def test_without_a_network_every_measure_is_empty() -> None:
    seen = answered(True)
    nothing = Predictions(
        seen.predicted[:0],
        seen.loss[:0],
        seen.test[:0],
        seen.member[:0],
        seen.labels,
        seen.true,
        seen.fitted[:0],
    )
    found = arm_result(nothing, True, share=0.25, limit="L2 0.01", diverged=12)
    assert (found.networks, found.diverged, found.limit, found.share) == (0, 12, "L2 0.01", 0.25)
    assert found.train.values == [] and found.memorized.mean is None and found.information is None


def test_pairs_are_disjoint_development_rows_and_each_row_is_in_half_of_the_time(blobs: Dataset) -> None:
    chosen = pairs(blobs, 0, 1_000)
    rows = chosen.rows.ravel()
    assert len(np.unique(rows)) == len(rows) == len(blobs.development) // 2 * 2
    assert np.isin(rows, blobs.development).all()
    parts = chosen.split(5, "held out")
    assert np.array_equal(np.sort(np.concatenate([parts.train, parts.valid])), np.sort(rows))
    assert np.array_equal(chosen.split(5).valid, parts.train)
    share = np.mean([chosen.member(seed) for seed in range(400)], axis=0)
    assert abs(share.mean() - 0.5) < 0.01 and share.std() < 0.05
