"""Verdicts on units: the sentences of units that are alike and of units that are not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from ravine.records.record import Record
from ravine.studies.diagnose.observation import Observation
from ravine.studies.diagnose.verdicts.units import units_alike


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
