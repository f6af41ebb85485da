"""Verdicts by shorter trainings with one change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ravine.records.record import Record
from ravine.studies.diagnose.observation import Observation
from ravine.studies.diagnose.verdicts.changed import (
    batches_small,
    dropout_strong,
    penalty_strong,
    too_small,
)

RecordWith = Callable[..., Record]

VERDICTS: dict[str, Any] = {
    "without_penalty": penalty_strong,
    "without_dropout": dropout_strong,
    "wider": too_small,
    "larger_batch": batches_small,
}


def _final(change: str, gain: float, train_gain: float, noise: float = 0.0) -> dict[str, np.ndarray]:
    """Losses of a change that lowers 0.5 by `gain`, over a constant of 1, and the training loss of 0.1."""
    before = np.full((1, 50), 0.5)
    after = before - gain + noise * np.tile([1.0, -1.0], 25)
    return {"best_rows": before, change: after, f"{change}_train": np.array([0.1 - train_gain])}


@pytest.mark.parametrize("change", VERDICTS)
@pytest.mark.parametrize(
    ("gain", "train_gain", "noise", "fires"),
    [
        (0.2, 0.05, 0.0, True),
        (0.03, 0.05, 0.0, False),  # too small an effect
        (0.2, 0.05, 0.6, False),  # 0.2 is 2.4 standard errors of 0.6 / sqrt(50)
        (0.2, -0.05, 0.0, False),  # the training loss rises: it regularizes
        (-0.2, 0.05, 0.0, False),
    ],
)
def test_a_change_must_lower_both_losses_clearly(
    record_with: RecordWith, change: str, gain: float, train_gain: float, noise: float, fires: bool
) -> None:
    record = record_with(final=_final(change, gain, train_gain, noise), metadata={"changed": {change: "x"}})
    found = VERDICTS[change](Observation(record))
    assert found is not None
    assert found.fires == fires
    assert found.evidence[0].value == pytest.approx(gain, abs=1e-9)


@pytest.mark.parametrize(("change", "claim"), [("without_penalty", "G8"), ("without_dropout", None)])
def test_a_strong_penalty_or_dropout_is_no_matter_of_random_labels(
    record_with: RecordWith, change: str, claim: str | None
) -> None:
    record = record_with(final=_final(change, 0.2, 0.05), metadata={"changed": {change: "x"}})
    found = VERDICTS[change](Observation(record))
    assert found is not None
    assert found.principle == claim


@pytest.mark.parametrize("change", VERDICTS)
def test_it_does_not_apply_without_the_changed_training(record_with: RecordWith, change: str) -> None:
    assert VERDICTS[change](Observation(record_with())) is None


@pytest.mark.parametrize(("longer", "small"), [(0.18, False), (0.05, True)])
def test_a_training_that_is_too_short_says_nothing_on_the_width(
    record_with: RecordWith, longer: float, small: bool
) -> None:
    final = {**_final("longer", longer, 0.05), **_final("wider", 0.2, 0.05)}
    record = record_with(final=final, metadata={"changed": {"wider": "64", "longer": "8"}})
    found = too_small(Observation(record))
    assert found is not None
    assert found.fires == small


def test_rows_count_by_their_weight(record_with: RecordWith) -> None:
    """The change helps half of the rows by 0.2, and those have no weight."""
    after = 0.5 - 0.2 * (np.arange(50) % 2)[None]
    final = {**_final("wider", 0.0, 0.05), "wider": after, "valid_weights": (np.arange(50) % 2 == 0)[None]}
    found = too_small(Observation(record_with(final=final, metadata={"changed": {"wider": "64"}})))
    assert found is not None
    assert found.evidence[0].value == pytest.approx(0)


def test_noise_of_small_batches_is_a_verdict_on_the_batch(record_with: RecordWith) -> None:
    """The mean of the last weights has half of their loss, with more noise than a batch averages out."""
    record = record_with(
        final={**_final("larger_batch", 0.0, 0.0), "averaged": np.array([[0.05, 0.1, 0.1]])},
        series={"signal": np.full((1, 11), 0.2)},
        metadata={"changed": {"larger_batch": "64"}, "batch_size": 2},
    )
    found = batches_small(Observation(record))
    assert found is not None
    assert found.fires
