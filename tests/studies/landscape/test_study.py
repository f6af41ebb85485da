"""The study: its parts agree with one another, with `train`, and with what the settings ask for."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from ravine.data import from_arrays
from ravine.errors import DataError, NothingTrained, UsageError
from ravine.execution.events import StageStarted
from ravine.execution.execute import execute
from ravine.execution.registry import find_study
from ravine.optimizers import resolve
from ravine.records.record import Status

LANDSCAPE, TRAIN = find_study("landscape"), find_study("train")


def settings_of(**changes):
    known = {"net": "8", "epochs": 3.0, "grid": 7, "precision": "float64", "batch_size": 32}
    return LANDSCAPE.settings.from_dict(known | changes)


@pytest.fixture(scope="module")
def found(blobs):
    return execute(LANDSCAPE, settings_of(optimizers=["sgd", "adam"]), dataset=blobs)


@pytest.mark.slow
def test_a_run_followed_is_the_run_train_does(blobs):
    """The first solution has the weights that `train` ends with: same start, rows and batches."""
    settings = {"net": "8", "epochs": 100 / 6, "precision": "float64", "schedule": "decay", "batch_size": 32}
    around = LANDSCAPE.settings.from_dict({"optimizers": ["momentum"], "solutions": 1, "grid": 5} | settings)
    followed = execute(LANDSCAPE, around, dataset=blobs)
    alone = execute(TRAIN, TRAIN.settings.from_dict({"optimizer": "momentum"} | settings), dataset=blobs)
    # 100 steps are whole stretches for both: 20 looks of one, 50 of the other
    assert followed.center.steps == alone.plan.steps == 100
    expected = np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(alone.model.trained.params)])
    np.testing.assert_allclose(followed.arrays["center/parameters"], expected, rtol=1e-9, atol=1e-12)


def test_result_and_arrays_agree(found):
    arrays, center = found.arrays, found.center
    assert [plane.name for plane in found.planes] == ["random", "eigenvectors", "trajectories", "solutions"]
    assert arrays["plane/random/loss"].shape == (7, 7)
    assert arrays["slice/random 1/x"].shape == (13,)
    assert arrays["plane/random/loss"][3, 3] == pytest.approx(center.loss, rel=1e-12)
    assert arrays["slice/sharpest/loss"][6] == pytest.approx(center.loss, rel=1e-12)
    assert len(found.barriers) == 3
    assert found.barriers[0].ends[0] == pytest.approx(center.loss, rel=1e-12)
    np.testing.assert_array_equal(arrays["way/sgd/parameters"][-1], arrays["center/parameters"])
    # all optimizers begin at one point
    np.testing.assert_array_equal(arrays["way/sgd/parameters"][0], arrays["way/adam/parameters"][0])
    assert 0 < sum(found.planes[2].explained) <= 1 + 1e-12
    assert found.planes[2].highest == arrays["plane/trajectories/loss"].max()


def test_records_hold_every_look(found):
    record = found.records["train sgd"]
    assert record.status.tolist() == [Status.FINISHED] * 3
    np.testing.assert_array_equal(record.final["points"][0], found.arrays["way/sgd/parameters"])
    assert record.series["valid_loss"].shape == (3, len(found.arrays["way/sgd/steps"]) - 1)


@pytest.mark.slow
def test_seeds_repeat_and_differ(blobs):
    few = {"optimizers": ["sgd"], "solutions": 1, "grid": 5}
    one, again, other = (
        execute(LANDSCAPE, settings_of(seed=seed, **few), dataset=blobs) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one.arrays["plane/random/loss"], again.arrays["plane/random/loss"])
    assert not np.array_equal(one.arrays["plane/random/loss"], other.arrays["plane/random/loss"])
    assert one.not_drawn[0].what == "solutions"
    assert one.barriers == []


def test_a_first_optimizer_that_diverges_is_an_error(line):
    with pytest.raises(NothingTrained, match="sgd diverged"):
        execute(
            LANDSCAPE,
            settings_of(optimizers=["sgd"], learning_rate=1e12, net="linear", epochs=20.0),
            dataset=line,
        )


def test_weights_that_are_all_zero_have_no_direction(blobs):
    def not_training(event):
        assert not isinstance(event, StageStarted)

    with pytest.raises(UsageError, match=r"zero"):
        wanted = settings_of(optimizers=["sgd"], init="zero", solutions=1)
        execute(LANDSCAPE, wanted, dataset=blobs, notify=not_training)


def test_constant_targets_are_refused():
    with pytest.raises(DataError):
        execute(LANDSCAPE, settings_of(), dataset=from_arrays(np.ones((50, 2)), np.ones(50)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"solutions": 0}, {"solutions": 4}, {"grid": 3}, {"span": 0.0}, {"early_stop": 3},
        {"learning_rate": -1.0},
        {"format": "gif"},
    ],
)  # fmt: skip
def test_settings_that_cannot_be_used(wrong):
    with pytest.raises(UsageError):
        settings_of(**wrong)


def test_the_usual_learning_rate_of_each_optimizer_is_planned(blobs):
    from ravine.execution.execute import dry_run

    plan = dry_run(LANDSCAPE, settings_of(optimizers=["sgd", "adam"], solutions=2), dataset=blobs).plan
    assert plan.training.epochs == pytest.approx(3, abs=0.5)
    assert [row.runs for row in plan.training.optimizers] == [2, 1]
    assert [row.learning_rate for row in plan.training.optimizers] == [
        resolve("sgd").rate_center, resolve("adam").rate_center,
    ]  # fmt: skip
    assert plan.training.network_steps == 3 * plan.training.steps
    assert (plan.barriers, plan.planes) == (1, ["random", "eigenvectors", "trajectories"])
    assert (plan.rows, plan.parameters) == (192, 4 * 8 + 8 + 8 * 2 + 2)
