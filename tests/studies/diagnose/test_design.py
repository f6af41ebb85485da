"""The design of a diagnosis: what is measured, on which seeds, and what is refused. Nothing is trained."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from ravine.data import Dataset, from_arrays
from ravine.errors import DataError, UsageError
from ravine.execution.training_settings import FixedTrainingSettings
from ravine.studies.diagnose.design import DiagnoseDesign, plan, training_settings
from ravine.studies.diagnose.settings import DiagnoseSettings

Designed = Callable[..., DiagnoseDesign]


def test_the_training_is_that_of_train_on_one_seed() -> None:
    settings = training_settings(DiagnoseSettings(source="iris", net="8", l2=0.1, learning_rate=0.3, seeds=7))
    assert type(settings) is FixedTrainingSettings
    assert (settings.source, settings.net, settings.l2, settings.learning_rate) == ("iris", "8", 0.1, 0.3)
    assert settings.seeds == 1


def test_seeds_of_measurement_proof_and_confirmation_differ(blobs: Dataset, designed: Designed) -> None:
    made = designed(blobs, seeds=4)
    assert made.proves
    assert len(made.seeds) == len(made.fresh_seeds) == 4
    assert len({made.seed, *made.seeds, *made.fresh_seeds}) == 9
    assert made.network_steps == 4 * made.prepared.plan.steps
    assert made.plan_document()["seeds"] == 4


@pytest.mark.parametrize("without", [{"seeds": 0}, {"no_proof": True}, {"seeds": 1}])
def test_a_diagnosis_without_proof_trains_one_network(
    blobs: Dataset, designed: Designed, without: dict[str, object]
) -> None:
    made = designed(blobs, **without)
    assert not made.proves
    assert (made.seeds, made.fresh_seeds, made.network_steps) == ([], [], 0)
    runs = plan(made).plan.runs
    assert (runs.measured, runs.original, runs.each_remedy, runs.confirm) == (1, 0, 0, 0)


@pytest.mark.parametrize(
    ("seeds", "said"),
    [
        (5, "5 seeds cannot confirm a remedy, even one"),
        (7, "7 seeds cannot confirm a remedy if two remedies are tried"),
        (8, "8 seeds cannot confirm a remedy if 3 remedies are tried"),
        (10, None),
        (1_000, None),
    ],
)  # fmt: skip
def test_seeds_that_are_too_few_are_named_before_training(
    blobs: Dataset, designed: Designed, seeds: int, said: str | None
) -> None:
    """All signs of n seeds agree with p = 2^(1 - n); three measures of each remedy are adjusted together."""
    warning = designed(blobs, seeds=seeds).few_seeds
    assert (warning is None) == (said is None)
    assert (said or "") in (warning or "")


def test_the_plan_counts_rows_points_and_networks(blobs: Dataset, designed: Designed) -> None:
    found = plan(designed(blobs, seeds=3, l2=0.01))
    # 300 rows: 60 to test, 48 of the others to validate; 4 x 8 + 8 + 8 x 2 + 2 parameters
    assert (found.split.train, found.split.validation, found.split.test) == (192, 48, 60)
    assert found.plan.parameters == 58
    assert found.plan.steps == 10 * 192 // 32
    assert (found.plan.points, found.plan.spectra) == (21, 7)
    assert found.plan.training_options == {"l2": 0.01}
    assert vars(found.plan.runs) == {"measured": 1, "original": 3, "each_remedy": 3, "confirm": 6}
    assert found.model is None


def test_one_class_is_refused(designed: Designed) -> None:
    x = np.random.default_rng(0).normal(size=(60, 3))
    with pytest.raises(DataError, match="one class"):
        designed(from_arrays(x, np.zeros(60, int), task="classify"), seeds=0)


def test_settings_are_checked() -> None:
    with pytest.raises(UsageError):
        DiagnoseSettings(seeds=0, learning_rate=-1.0)
    with pytest.raises(UsageError):
        DiagnoseSettings(scaling="both")
    with pytest.raises(UsageError, match="seeds"):
        DiagnoseSettings(no_proof=True, seeds=5)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"min_change": 0.1}, "early stopping"),
        ({"hyper_schedule": ["rho=linear"]}, "no hyperparameter 'rho'"),
    ],
)
def test_settings_that_do_nothing_are_refused(
    blobs: Dataset, designed: Designed, settings: dict[str, object], words: str
) -> None:
    with pytest.raises(UsageError) as error:
        designed(blobs, **settings)
    assert words in str(error.value)
