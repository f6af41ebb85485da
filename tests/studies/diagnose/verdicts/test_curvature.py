"""Verdicts on curvature and noise: plateaus, noise that an average removes, ill-conditioned problems."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ravine.records.record import Record
from ravine.studies.diagnose.observation import Observation
from ravine.studies.diagnose.verdicts.curvature import gradient_noise, ill_conditioned, plateau

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


@pytest.mark.parametrize(
    ("averaged", "last", "noise", "fires"),
    [
        (0.08, 0.1, 20.0, True),  # a fifth of the loss, 0.02 of the loss of a constant
        (0.09, 0.1, 20.0, False),  # a tenth of the loss
        (0.008, 0.01, 20.0, False),  # a fifth, but 0.002 of the loss of a constant
        (0.65, 0.7, 20.0, True),  # 0.05 of the loss of a constant
        (0.08, 0.1, 6.0, True),
        (0.08, 0.1, 4.0, False),  # below half of a batch of 10 rows
    ],
)
def test_noise_is_a_fault_if_it_costs_enough(
    record_with: Callable[..., Record], averaged: float, last: float, noise: float, fires: bool
) -> None:
    """The noise scale is that of 5 pieces of 10 rows: |G|^2 + noise / 50 and |G|^2 + noise / 10, |G| = 1."""
    series = {"signal": np.full((1, 11), 1 + noise / 50), "squares": np.full((1, 11), 1 + noise / 10)}
    record = record_with(final={"averaged": np.array([[averaged, last, last]])}, series=series)
    found = gradient_noise(Observation(record))
    assert found is not None
    assert found.fires == fires


@pytest.mark.parametrize(("last", "fires"), [(0.09, True), (0.07, False)])
def test_weights_that_still_improve_fast_are_no_noise(
    record_with: Callable[..., Record], last: float, fires: bool
) -> None:
    """The average of the last weights has a loss of 0.08: lower than the mean of their losses, 0.1."""
    series = {"signal": np.full((1, 11), 1.4), "squares": np.full((1, 11), 3.0)}
    record = record_with(final={"averaged": np.array([[0.08, 0.1, last]])}, series=series)
    found = gradient_noise(Observation(record))
    assert found is not None
    assert found.fires == fires
    longer = {"longer": np.full((1, 50), 0.01), "longer_train": np.array([0.01])}
    record = record_with(
        final={"averaged": np.array([[0.08, 0.1, last]]), **longer}, series=series,
        metadata={"changed": {"longer": "4"}},
    )  # fmt: skip
    found = gradient_noise(Observation(record))
    assert found is not None
    assert not found.fires


@pytest.mark.parametrize(("gain", "fires"), [(None, True), (0.01, False), (0.2, True)])
def test_conditioning_slows_training_if_a_longer_one_is_better(
    record_with: Callable[..., Record], gain: float | None, fires: bool
) -> None:
    loss = np.linspace(1, 0.6, 11)[None]
    final = {"column_condition": np.array([1e4]), "best_rows": np.full((1, 50), 0.6)}
    if gain is not None:
        final |= {"longer": np.full((1, 50), 0.6 - gain), "longer_train": np.array([0.01])}
    record = record_with(
        final=final, metadata={"changed": {"longer": "4"}},
        series={"train_loss": loss, "valid_loss": loss, "sharpness": np.full((1, 11), 10.0)},
    )  # fmt: skip
    found = ill_conditioned(Observation(record))
    assert found is not None
    assert found.fires == fires
