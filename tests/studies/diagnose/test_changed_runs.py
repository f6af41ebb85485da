"""Trainings with one change: which apply, how long they are, and the losses that they reach."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ravine.data import Dataset
from ravine.studies.diagnose.changed_runs import ChangedTraining, Signs, changed_trainings, run_changed
from ravine.studies.diagnose.design import DiagnoseDesign
from ravine.studies.diagnose.probe_rows import chosen_rows
from ravine.studies.diagnose.program_cache import Clock

Designed = Callable[..., DiagnoseDesign]


def _changed(
    designed: Designed, data: Dataset, update: float = 0.01, dead: float = 0.0, **settings: Any
) -> dict[str, ChangedTraining]:
    made = designed(data, **settings).prepared
    trainings = changed_trainings(made.plan, made.runs([2_000]), made.batches, Signs(update, dead))
    return {training.name: training for training in trainings}


def test_units_that_cannot_die_are_tried_where_many_are_dead(designed: Designed, blobs: Dataset) -> None:
    assert not _changed(designed, blobs, dead=0.4, **USUAL)
    changed = _changed(designed, blobs, dead=0.41, **USUAL)
    assert list(changed) == ["living_units"]
    assert changed["living_units"].plan.network.activation == "leaky_relu"


USUAL = {"net": "64", "epochs": 200.0}


def test_a_usual_training_is_compared_with_no_other(designed: Designed, blobs: Dataset) -> None:
    assert not _changed(designed, blobs, **USUAL)


@pytest.mark.parametrize(
    ("settings", "update", "names"),
    [
        ({"l2": 0.1}, 0.01, ["without_penalty"]),
        ({"l2": 0.0}, 0.01, []),  # a penalty of 0 is none
        ({"net": "64 dropout=0.5"}, 0.01, ["without_dropout"]),
        ({"net": "4"}, 0.01, ["wider"]),
        ({"net": "linear"}, 0.01, ["wider"]),
        ({"batch_size": 2}, 0.01, ["larger_batch"]),
        ({"epochs": 2.0}, 0.01, ["longer"]),
        ({}, 0.5, ["lower_rate"]),
        ({}, 1e-4, ["higher_rate"]),
    ],
)
def test_a_change_is_tried_where_it_may_be_the_cure(
    designed: Designed, blobs: Dataset, settings: dict[str, Any], update: float, names: list[str]
) -> None:
    assert list(_changed(designed, blobs, update, **{**USUAL, **settings})) == names


def test_each_change_alters_one_thing(designed: Designed, blobs: Dataset) -> None:
    settings = {**USUAL, "net": "4-64 dropout=0.5", "l2": 0.1, "l1": 0.2, "learning_rate": 0.01}
    changed = _changed(designed, blobs, 0.5, **settings)
    assert list(changed) == ["lower_rate", "without_penalty", "without_dropout", "wider"]
    assert changed["lower_rate"].runs.rate.tolist() == [pytest.approx(0.001)]
    assert changed["without_penalty"].plan.transforms == ()
    assert set(changed["without_penalty"].runs.extra) == {"dropout"}
    assert not changed["without_dropout"].plan.network.dropout
    assert set(changed["without_dropout"].runs.extra) == {"l1", "l2"}
    assert changed["wider"].plan.network.sizes[1:-1] == (64, 64)
    assert changed["wider"].runs.rate.tolist() == [pytest.approx(0.01)]


def test_it_has_a_third_of_the_steps_or_as_many_passes_with_larger_batches(
    designed: Designed, blobs: Dataset
) -> None:
    made = designed(blobs, **{**USUAL, "net": "4", "batch_size": 8, "epochs": 1000.0}).prepared
    changed = _changed(designed, blobs, **{**USUAL, "net": "4", "batch_size": 8, "epochs": 1000.0})
    assert changed["wider"].plan.steps == pytest.approx(made.plan.steps / 3, abs=10)
    larger = changed["larger_batch"]
    rows = larger.plan.steps * larger.plan.batch_size
    assert rows == pytest.approx(made.plan.steps * made.plan.batch_size, rel=0.05)
    assert larger.batches.batch_size == larger.plan.batch_size > 8


def test_without_a_strong_penalty_the_losses_are_lower(designed: Designed, blobs: Dataset) -> None:
    """The loss of a constant is ln 2 for two equal classes; a penalty of 10 keeps all weights near 0."""
    made = designed(blobs, optimizer="sgd", learning_rate=0.1, l2=10.0, epochs=60.0).prepared
    runs = made.runs([2_000])
    chosen = chosen_rows(made.plan, made.batches, 2_000, made.batches.data(2_000))
    (training,) = (
        training for training in changed_trainings(made.plan, runs, made.batches, Signs(0.01))
        if training.name == "without_penalty"
    )  # fmt: skip
    losses = run_changed(training, made.spec.initial, chosen, Clock())
    assert losses["valid_rows"].shape == (len(chosen.valid.y),)
    assert float(np.mean(losses["valid_rows"])) < 0.4
    assert float(losses["train_loss"]) < 0.4
