"""The verdict on a plateau: it is given only if no other fault led to the plateau."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ravine.records.record import Record
from ravine.studies.diagnose.observation import Observation
from ravine.studies.diagnose.verdicts.curvature import plateau

LOST = np.zeros((1, 11, 3))
LOST[0, 1:, 0] = 1.0  # every unit of layer 1 becomes flat after the start

CAUSES: dict[str, dict[str, Any]] = {
    "none": {},
    "penalty": {
        "best_rows": np.ones((1, 50)), "without_penalty": np.full((1, 50), 0.3),
        "without_penalty_train": np.array([0.3]),
    },
    "learning rate": {"saturated": LOST, "relative_update": np.full((1, 11, 3), 0.5)},
}  # fmt: skip


@pytest.mark.parametrize("cause", CAUSES)
def test_a_plateau_is_a_verdict_only_if_no_other_fault_leads_to_it(
    record_with: Callable[..., Record], cause: str
) -> None:
    """The loss stays at that of a constant, and no gradient reaches the first layer."""
    record = record_with(
        final={"flow": np.full((1, 11, 3), 1e-9), **CAUSES[cause]},
        series={"train_loss": np.ones((1, 11)), "valid_loss": np.ones((1, 11))},
        metadata={"changed": {"without_penalty": "L2 1"}},
    )
    found = plateau(Observation(record))
    assert found is not None
    assert found.fires == (cause == "none")
