"""Remedies: each changes the settings as it says, and no verdict names one that does not exist."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from ravine.execution.training_settings import FixedTrainingSettings
from ravine.optimizers import resolve
from ravine.records.record import Record
from ravine.studies.diagnose.observation import Observation
from ravine.studies.diagnose.remedies import REMEDIES, Context, remedy_changes
from ravine.studies.diagnose.verdicts import VERDICTS

TRAINING = Context(train=1000, batch_size=32, learning_rate=0.1, epochs=50.0)


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


def test_a_remedy_lists_only_settings_that_change() -> None:
    zero = FixedTrainingSettings(net="64", init="zero")
    assert remedy_changes(zero, "initialization", TRAINING) == {"init": "he"}
    scaled = FixedTrainingSettings(net="64", init_scale=30.0)
    assert remedy_changes(scaled, "initialization", TRAINING) == {"init_scale": 1.0}
    assert remedy_changes(FixedTrainingSettings(net="64"), "initialization", TRAINING) is None


def test_penalties_and_dropout_are_removed_or_lowered() -> None:
    settings = FixedTrainingSettings(net="64 dropout=0.8", l2=0.3, weight_decay=0.02)
    assert remedy_changes(settings, "remove penalty", TRAINING) == {"l2": 0.0, "weight_decay": 0.0}
    assert remedy_changes(settings, "penalty / 10", TRAINING) == {"l2": 0.03, "weight_decay": 0.002}
    assert remedy_changes(settings, "remove dropout", TRAINING) == {"net": "64"}
    assert remedy_changes(settings, "dropout / 10", TRAINING) == {"net": "64 dropout=0.08"}
    plain = FixedTrainingSettings(net="64")
    for name in ("remove penalty", "penalty / 10", "remove dropout", "dropout / 10"):
        assert remedy_changes(plain, name, TRAINING) is None


def test_the_measured_curvature_gives_a_stable_learning_rate() -> None:
    """At a curvature 1,000 times the limit, a thousandth of the learning rate is at the limit."""
    settings = FixedTrainingSettings(net="64", optimizer="sgd", learning_rate=50.0)
    steep = dataclasses.replace(TRAINING, learning_rate=50.0, curvature=1000.0)
    assert remedy_changes(settings, "stable rate", steep) == {"learning_rate": 0.025}
    assert remedy_changes(settings, "stable rate / 10", steep) == {"learning_rate": 0.0025}
    for curvature in (float("nan"), 0.5):
        other = dataclasses.replace(steep, curvature=curvature)
        assert remedy_changes(settings, "stable rate", other) is None


def test_the_usual_learning_rate_is_tried_only_if_it_is_lower() -> None:
    settings = FixedTrainingSettings(net="64", optimizer="sgd", learning_rate=50.0)
    usual = resolve("sgd").rate_center
    high, low = (dataclasses.replace(TRAINING, learning_rate=rate) for rate in (50.0, usual / 2))
    assert remedy_changes(settings, "usual rate", high) == {"learning_rate": usual}
    assert remedy_changes(settings, "usual rate", low) is None


def test_more_epochs_and_columns_to_drop() -> None:
    settings = FixedTrainingSettings(net="64", drop=["a"])
    assert remedy_changes(settings, "more epochs", TRAINING) == {"epochs": 200.0}
    assert remedy_changes(settings, "drop columns", TRAINING) is None
    leaking = dataclasses.replace(TRAINING, columns=("b", "c"))
    assert remedy_changes(settings, "drop columns", leaking) == {"drop": ["a", "b", "c"]}
    assert not REMEDIES["drop columns"].judged


def test_learning_rates_are_the_smallest_changes_and_architectures_the_largest() -> None:
    order = ["rate / 10", "initialization", "decay", "more epochs", "l2", "batchnorm"]
    sizes = [REMEDIES[name].size for name in order]
    assert sizes == sorted(set(sizes))
