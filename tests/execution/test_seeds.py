"""Ranges of seeds: the first of each, no overlap within a study, and fresh seeds that choose no winner."""

from __future__ import annotations

import itertools

import pytest

from ravine.errors import UsageError
from ravine.execution.registry import STUDIES
from ravine.execution.seeds import RANGES, WINNERS, first_seed, seeds, training_purpose


def test_seeds_begin_where_version_1_began():
    assert {purpose: held.first for purpose, held in RANGES.items()} == {
        "baselines.tune": 0, "compare.tune": 0, "compare.evaluate": 1_000,
        "sweep.tune": 0, "sweep.evaluate": 1_000,
        "train.train": 2_000, "train.fresh": 20_000, "landscape.train": 2_000,
        "memorize.train": 3_000, "descent.train": 4_000,
        "diagnose.prove": 3_000, "diagnose.confirm": 4_000,
    }  # fmt: skip


@pytest.mark.parametrize("folder", [reference.split(".")[2] for reference in STUDIES.values()])
def test_no_two_ranges_of_a_study_overlap(folder):
    own = [held for purpose, held in RANGES.items() if purpose.startswith(f"{folder}.")]
    assert own
    for one, other in itertools.combinations(sorted(own, key=lambda held: held.first), 2):
        assert one.first + one.capacity <= other.first


def test_seeds_of_a_purpose_are_consecutive():
    assert seeds("train.train", 3) == [2_000, 2_001, 2_002]
    assert first_seed("diagnose.prove") == seeds("diagnose.prove", 1)[0]
    assert seeds("compare.tune", 0) == []


def test_more_seeds_than_a_range_holds_are_refused():
    most = RANGES["diagnose.prove"].capacity
    assert len(seeds("diagnose.prove", most)) == most
    with pytest.raises(UsageError, match=f"--seeds {most + 1} is too many|seeds={most + 1} is too many"):
        seeds("diagnose.prove", most + 1)


def test_fresh_seeds_choose_no_winner():
    fresh = set(seeds(training_purpose("compare", fresh=True), RANGES["train.fresh"].capacity))
    assert set(WINNERS) == {"compare", "sweep"}
    for purpose in ("tune", "evaluate"):
        for study in WINNERS:
            held = RANGES[f"{study}.{purpose}"]
            assert fresh.isdisjoint(range(held.first, held.first + held.capacity))


def test_a_winner_is_trained_on_the_seeds_that_chose_it():
    assert seeds(training_purpose("sweep", fresh=False), 2) == seeds("sweep.evaluate", 2)
    assert training_purpose(None, fresh=False) == "train.train"
