"""Verdicts on the learning rate and the length of a training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ravine.records.record import Record
from ravine.studies.diagnose.observation import Observation
from ravine.studies.diagnose.verdicts.learning_rate import few_epochs, rate_high, rate_low

RecordWith = Callable[..., Record]


def _changed(change: str, gain: float) -> dict[str, Any]:
    """A record in which a change lowers the validation loss of 0.5 by `gain`, over a constant of 1."""
    before = np.full((1, 50), 0.5)
    return {
        "final": {"best_rows": before, change: before - gain, f"{change}_train": np.array([0.05])},
        "metadata": {"changed": {change: "0.01"}},
    }


def _with_steps(update: float, dead: tuple[float, float], activation: str = "relu") -> dict[str, Any]:
    """A record with the largest step of a layer, and shares of flat units at the start and at the end."""
    shares = np.zeros((1, 11, 3))
    shares[0, :, 1] = np.append(dead[0], np.full(10, dead[1]))
    name = "dead" if activation == "relu" else "saturated"
    return {
        "final": {"relative_update": np.full((1, 11, 3), update), name: shares},
        "metadata": {"activation": activation},
    }


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize(
    ("update", "flat", "fires"),
    [
        (0.5, (0.0, 0.9), True),
        (0.5, (0.9, 0.9), False),  # flat before the first step: the initialization
        (0.01, (0.0, 0.9), False),  # steps far too small to kill a unit
        (0.5, (0.0, 0.2), False),
    ],
)
def test_units_that_large_steps_made_flat_are_a_verdict_on_the_rate(
    record_with: RecordWith, activation: str, update: float, flat: tuple[float, float], fires: bool
) -> None:
    found = rate_high(Observation(record_with(**_with_steps(update, flat, activation))))
    assert found is not None
    assert found.fires == fires
    assert ("not too high" in found.sentence) != fires


@pytest.mark.parametrize(
    ("gain", "noise", "loss", "fires"),
    [
        (0.02, 0.0, 0.1, True),
        (0.02, 0.3, 0.1, False),  # 0.02 is half of a standard error of 0.3 / sqrt(50)
        (-0.0006, 0.0, 0.1, False),  # a good training that a lower rate does not improve
        (-0.05, 0.0, 0.8, True),  # training removed little of the loss
        (-0.2, 0.0, 0.8, False),  # a lower rate is much worse
    ],
)
def test_flat_units_are_a_verdict_on_the_rate_if_a_lower_one_is_better_or_training_is_poor(
    record_with: RecordWith, gain: float, noise: float, loss: float, fires: bool
) -> None:
    """The training loss falls from 1 to `loss`."""
    steps, lower = _with_steps(0.5, (0.0, 0.9)), _changed("lower_rate", gain)
    lower["final"]["lower_rate"] = lower["final"]["lower_rate"] + noise * np.tile([1.0, -1.0], 25)
    record = record_with(
        final=steps["final"] | lower["final"],
        metadata=steps["metadata"] | lower["metadata"],
        series={"train_loss": np.linspace(1, loss, 11)[None]},
    )
    found = rate_high(Observation(record))
    assert found is not None
    assert found.fires == fires


def test_a_loss_that_jumps_in_the_first_steps_and_stays_high_is_too_high_a_rate(
    record_with: RecordWith,
) -> None:
    """Batch losses of 5 in steps 3 to 12, while the mean over the ten steps of a segment hides the jump."""
    curve = np.where((np.arange(100) > 2) & (np.arange(100) < 13), 5.0, 0.8)[None]
    stays, falls = np.full((1, 11), 0.8), np.geomspace(1, 0.1, 11)[None]
    stays[0, 0] = 1
    for loss, fires in ((stays, True), (falls, False)):
        record = record_with(final={"curve": curve}, series={"train_loss": loss, "valid_loss": loss})
        found = rate_high(Observation(record))
        assert found is not None
        assert found.fires == fires


@pytest.mark.parametrize(
    ("change", "verdict"), [("lower_rate", rate_high), ("higher_rate", rate_low), ("longer", few_epochs)]
)
@pytest.mark.parametrize(("gain", "fires"), [(0.2, True), (0.02, False), (-0.2, False)])
def test_a_changed_training_with_a_lower_loss_is_a_verdict(
    record_with: RecordWith, change: str, verdict: Any, gain: float, fires: bool
) -> None:
    found = verdict(Observation(record_with(**_changed(change, gain))))
    assert found is not None
    assert found.fires == fires


@pytest.mark.parametrize("cause", ["without_penalty", "without_dropout"])
def test_a_strong_penalty_or_dropout_is_no_verdict_on_rate_or_length(
    record_with: RecordWith, cause: str
) -> None:
    explained = _changed(cause, 0.3)
    for change, verdict in (("lower_rate", rate_high), ("longer", few_epochs)):
        final = {**_changed(change, 0.2)["final"], **explained["final"]}
        record = record_with(final=final, metadata={"changed": {change: "1", cause: "1"}})
        found = verdict(Observation(record))
        assert found is not None
        assert not found.fires


@pytest.mark.parametrize(
    ("update", "start", "expected"),
    [(1e-3, 1, "low"), (0.02, 1, "short"), (1e-3, 20, "neither")],  # the last: weights that are far too large
)
def test_a_loss_that_falls_steadily_needs_larger_steps_or_more_of_them(
    record_with: RecordWith, update: float, start: float, expected: str
) -> None:
    loss = start * np.linspace(1, 0.6, 11)[None]
    run = Observation(
        record_with(
            series={"train_loss": loss, "valid_loss": loss, "raised": np.zeros((1, 11)),
                    "sharpness": np.full((1, 11), 0.1)},
            final={"relative_update": np.full((1, 11, 3), update)},
        )
    )  # fmt: skip
    low, short = rate_low(run), few_epochs(run)
    assert low is not None
    assert short is not None
    assert (low.fires, short.fires) == (expected == "low", expected == "short")


@pytest.mark.parametrize(("change", "verdict"), [("higher_rate", rate_low), ("longer", few_epochs)])
def test_a_loss_that_starts_far_above_a_constant_is_no_verdict_on_rate_or_length(
    record_with: RecordWith, change: str, verdict: Any
) -> None:
    """Initial weights that are far too large: the loss falls from 100 to 10 times that of a constant."""
    loss = np.geomspace(100, 10, 11)[None]
    changed = _changed(change, 0.2)
    for series, fires in (({}, True), ({"train_loss": loss, "valid_loss": loss}, False)):
        found = verdict(Observation(record_with(**changed, series=series)))
        assert found is not None
        assert found.fires == fires


@pytest.mark.parametrize(("gain", "fires"), [(None, True), (0.01, False), (0.2, True)])
def test_a_longer_training_that_was_made_decides_and_no_extrapolation(
    record_with: RecordWith, gain: float | None, fires: bool
) -> None:
    loss = np.linspace(1, 0.6, 11)[None]
    changed = {} if gain is None else _changed("longer", gain)
    run = Observation(record_with(**changed, series={"train_loss": loss, "valid_loss": loss}))
    found = few_epochs(run)
    assert found is not None
    assert found.fires == fires
