"""The record of a measured run: progress and scores of several seeds are added to it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from ravine.records.record import Record, Status
from ravine.studies.diagnose.observation import Observation, with_spread


def test_progress_and_score_of_each_seed_are_added(record_with: Callable[..., Record]) -> None:
    """The loss of a constant is 1. The third seed diverged."""
    cohort = Record(
        {"seed": np.array([3_000, 3_001, 3_002])},
        {"train_loss": np.array([[0.9, 0.2], [0.9, 0.5], [0.9, np.nan]])},
        np.array([Status.FINISHED, Status.FINISHED, Status.DIVERGED], np.int8),
        {"score": np.array([0.8, 0.6, np.nan])},
        {},
    )
    alone = record_with()
    run = Observation(with_spread(alone, cohort))
    assert run.final("spread") == pytest.approx([0.8, 0.5, 0.0])
    np.testing.assert_array_equal(run.seed_scores, [0.8, 0.6, np.nan])
    assert Observation(alone).seed_scores.size == 0
