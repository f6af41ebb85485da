"""Verdicts on units: the sentences of units that are alike and of units that are not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from ravine.records.record import Record
from ravine.studies.diagnose.observation import Observation
from ravine.studies.diagnose.verdicts.units import dead, units_alike


@pytest.mark.parametrize(
    ("share", "sentence"),
    [(0.0, "Units start with different weights."), (0.9, "Units start alike: 90 % of the units in layer 2")],
)
def test_units_start_alike_or_with_different_weights(
    record_with: Callable[..., Record], share: float, sentence: str
) -> None:
    found = units_alike(Observation(record_with(final={"alike": np.array([[0.1 * share, share]])})))
    assert found is not None
    assert found.fires == (share > 0.5)
    assert found.sentence.startswith(sentence)


@pytest.mark.parametrize(
    ("start", "end", "gain", "fires"),
    [
        (0.0, 0.4, 0.3, False),  # not more than 40 %
        (0.0, 0.7, 0.3, True),
        (0.0, 0.7, 0.02, False),  # the network has more units than it needs
        (0.0, 0.7, -0.1, False),
        (0.0, 0.7, -np.inf, False),  # living units diverge at this learning rate
        (0.5, 0.7, -0.1, True),  # initialization or inputs are wrong
        (0.0, 1.0, -0.1, True),  # no layer can do without all of its units
        (0.0, 0.7, None, True),  # a trained model, without a comparison
    ],
)
def test_units_that_died_are_a_fault_if_living_units_are_better(
    record_with: Callable[..., Record], start: float, end: float, gain: float | None, fires: bool
) -> None:
    shares = np.zeros((1, 11, 3))
    shares[0, 0, 1], shares[0, 1:, 1] = start, end
    final = {"dead": shares, "best_rows": np.full((1, 50), 0.5)}
    if gain is not None:
        final |= {"living_units": np.full((1, 50), 0.5 - gain), "living_units_train": np.array([0.01])}
    metadata = {"activation": "relu", "changed": {"living_units": "leaky_relu"}}
    found = dead(Observation(record_with(final=final, metadata=metadata)))
    assert found is not None
    assert found.fires == fires
    assert found.sentence.startswith("Units are dead: ") == fires
    stays = {"train_loss": np.ones((1, 11))}  # nothing is learned
    found = dead(Observation(record_with(final=final, metadata=metadata, series=stays)))
    assert found is not None
    assert found.fires == (end > 0.4)
