"""Remedies: each changes the settings as it says, and no verdict names one that does not exist."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from ravine.execution.base_settings import FixedTrainingSettings
from ravine.records.record import Record
from ravine.studies.diagnose.observation import Observation
from ravine.studies.diagnose.remedies import REMEDIES, remedy_changes
from ravine.studies.diagnose.verdicts import VERDICTS

TRAINING = {"train": 1000, "batch_size": 32, "learning_rate": 0.1}


def test_remedies_change_what_they_say() -> None:
    settings = FixedTrainingSettings(
        net="64-64", optimizer="sgd", activation="tanh", scaling="none", init_scale=9.0
    )
    for name in REMEDIES:
        changes = remedy_changes(settings, name, TRAINING)
        if changes is not None:
            assert dataclasses.replace(settings, **changes) != settings
    assert remedy_changes(settings, "standardize", TRAINING) == {"scaling": None}
    assert remedy_changes(settings, "rate / 10", TRAINING) == {"learning_rate": 0.01}
    assert remedy_changes(FixedTrainingSettings(net="linear"), "residual", TRAINING) is None
    assert remedy_changes(FixedTrainingSettings(), "standardize", TRAINING) is None
    for schedule in ("cosine", "decay"):  # the schedule in use is no remedy, by either name
        assert remedy_changes(FixedTrainingSettings(schedule=schedule), "decay", TRAINING) is None
    constant = FixedTrainingSettings(schedule="constant")
    assert remedy_changes(constant, "decay", TRAINING) == {"schedule": "cosine"}


def test_every_remedy_that_a_verdict_names_exists(record_with: Callable[..., Record]) -> None:
    findings = [verdict(Observation(record_with())) for verdict in VERDICTS]
    named = {name for finding in findings if finding for name in finding.remedies}
    assert named and named <= set(REMEDIES)
