"""Verdicts on the fit: a rise of the validation loss is overfitting only if the network learned something."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from ravine.records.record import Record
from ravine.studies.diagnose.observation import Observation
from ravine.studies.diagnose.verdicts.fit import overfits


@pytest.mark.parametrize(
    ("train", "fires"),
    [
        ((0.86, 1.0), False),  # back at the loss of a constant: the network forgot what it had learned
        ((0.9, 0.95), False),
        ((0.9, 0.5), True),
        ((0.97, 0.95), True),  # it learned little, and the training loss fell
        ((0.5, 0.7), True),  # it learned, and the training loss only fluctuates
    ],
)
def test_a_rise_counts_only_if_training_removed_loss(
    record_with: Callable[..., Record], train: tuple[float, float], fires: bool
) -> None:
    """The validation loss rises from 0.86 at point 1 to 1; train: training losses there and at the end."""
    loss = np.ones((1, 11))
    loss[0, 1:10], loss[0, 10] = train[0], train[1]
    record = record_with(
        final={"best_rows": np.full((1, 50), 0.86), "valid_rows": np.ones((1, 50)),
               "train_rows": np.full((1, 50), train[1])},
        series={"train_loss": loss},
        metadata={"best": 1},
    )  # fmt: skip
    found = overfits(Observation(record))
    assert found is not None
    assert found.fires == fires
    assert found.evidence[0].value == pytest.approx(0.14)
