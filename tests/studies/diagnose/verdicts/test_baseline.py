"""The verdict that a network is no better than a constant."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from ravine.records.record import Record
from ravine.studies.diagnose.observation import Observation
from ravine.studies.diagnose.verdicts.baseline import no_better_than_baseline

RecordWith = Callable[..., Record]


def _record(record_with: RecordWith, gain: float, score: float) -> Record:
    """A record whose lowest validation loss is `gain` below the 1.0 of a constant, with an R2 of `score`."""
    noise = 0.01 * np.tile([1.0, -1.0], 25)[None]
    return record_with(
        final={"constant_rows": 1 + noise, "best_rows": 1 - gain - noise},
        series={"score": np.full((1, 11), score)},
        metadata={"constant_score": 0.0},
    )


@pytest.mark.parametrize(
    ("gain", "score", "fires"),
    [
        (0.0, -0.01, True),
        (-0.5, -0.5, True),  # worse than a constant
        (0.01, 0.0, True),
        (0.1, 0.1, False),
        (-0.5, 0.3, False),  # overconfident, but with a score well above that of a constant
    ],
)
def test_a_network_must_beat_a_constant_in_loss_or_score(
    record_with: RecordWith, gain: float, score: float, fires: bool
) -> None:
    found = no_better_than_baseline(Observation(_record(record_with, gain, score)))
    assert found is not None
    assert found.fires == fires


def test_it_does_not_apply_without_the_losses_of_a_constant(record_with: RecordWith) -> None:
    assert no_better_than_baseline(Observation(record_with())) is None


@pytest.mark.parametrize(
    ("linear", "fires", "severity"),
    [(0.90, False, 3), (0.952, False, 3), (0.959, False, 3), (0.962, True, 2), (0.99, True, 2)],
)
def test_a_network_below_a_linear_model_is_a_fault_and_one_at_its_level_is_none(
    record_with: RecordWith, linear: float, fires: bool, severity: int
) -> None:
    """An accuracy of 0.95 on 1,000 rows has an error of 0.0069, and 1.5 of them are 0.0103."""
    record = record_with(
        final={
            "constant_rows": np.ones((1, 50)),
            "best_rows": np.full((1, 50), 0.1),
            "baseline_linear model": np.array([[linear, 0.5]]),  # the second seed is another one
            "baseline_boosted trees": np.array([[0.999]]),  # a flexible model is no simple one
        },
        series={"score": np.full((1, 11), 0.95)},
        metadata={"constant_score": 0.5, "metric": "accuracy", "task": "classify", "valid": 1000},
    )
    found = no_better_than_baseline(Observation(record))
    assert found is not None
    assert found.fires == fires
    assert found.severity == severity
