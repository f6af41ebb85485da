"""The training specification: structure and numbers from settings; specifications that share a structure."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from ravine.data import from_arrays
from ravine.errors import UsageError
from ravine.execution.training_spec import (
    check_schedules,
    schedules_of,
    share_structure,
    training_options,
    training_spec,
    with_structure,
)
from ravine.optimizers import resolve
from ravine.studies.train.settings import TrainSettings


def spec(blobs, **settings):
    return training_spec(TrainSettings(**{"net": "4"} | settings), blobs)


def test_what_is_off_has_neither_structure_nor_number(blobs):
    made = spec(blobs)
    assert (made.transforms, made.label_smoothing, made.augment, made.tail, made.patience) == (
        (),
        False,
        (),
        None,
        0,
    )
    assert made.hyper_schedules == {} and made.initial == ("he", 1.0)
    assert not {"l1", "l2", "weight_decay", "clip", "ema", "label_smoothing"} & set(made.numbers)


def test_what_is_on_has_both(blobs):
    made = spec(
        blobs, net="4 dropout=0.2", l2=0.01, clip=1.0, average="ema=0.9", label_smoothing=0.1, early_stop=3
    )
    assert made.transforms == ("l2", "clip", "ema") and made.label_smoothing and made.patience == 3
    numbers = {"dropout": 0.2, "l2": 0.01, "clip": 1.0, "ema": 0.9, "label_smoothing": 0.1}
    assert {name: made.numbers[name] for name in numbers} == numbers
    assert spec(blobs, average="tail=0.4").tail == 0.4


def test_labels_of_numbers_are_not_smoothed(rows):
    line = from_arrays(rows[0], rows[0][:, 0], name="line")
    with pytest.raises(UsageError, match="not smoothed"):
        training_spec(TrainSettings(net="4", label_smoothing=0.1), line)


def test_recipes_that_differ_in_numbers_share_their_structure(blobs):
    made = share_structure([spec(blobs), spec(blobs, l2=0.1), spec(blobs, net="4 dropout=0.5", clip=2.0)])
    assert len({item.structure for item in made}) == 1
    off = {"l2": 0.0, "clip": math.inf, "dropout": 0.0}
    assert [{name: item.numbers[name] for name in off} for item in made] == [
        off, off | {"l2": 0.1}, off | {"clip": 2.0, "dropout": 0.5},
    ]  # fmt: skip


def test_recipes_of_other_networks_or_averages_stay_apart(blobs):
    made = share_structure(
        [spec(blobs), spec(blobs, net="5"), spec(blobs, average="ema=0.9"), spec(blobs, l1=0.1)]
    )
    assert len({item.structure for item in made}) == 3
    assert made[1].transforms == () and made[0].transforms == made[3].transforms == ("l1",)


def test_a_schedule_needs_a_value_to_multiply(blobs):
    sgd, momentum = resolve("sgd"), resolve("momentum")
    hyper_schedule = {"hyper_schedule": ["rho=linear"]}
    check_schedules(spec(blobs, **hyper_schedule), [sgd, momentum])
    with pytest.raises(UsageError, match="rho"):
        check_schedules(spec(blobs, **hyper_schedule), [sgd])
    with pytest.raises(UsageError, match="no value"):
        check_schedules(spec(blobs, hyper_schedule=["l2=linear"]), [sgd])
    for old, new in (("smoothing", "label_smoothing"), ("decay", "weight_decay")):
        with pytest.raises(UsageError, match=f"'{old}' was renamed to '{new}'"):
            check_schedules(spec(blobs, hyper_schedule=[f"{old}=linear"]), [sgd])
    check_schedules(spec(blobs, hyper_schedule=["l2=linear"], l2=0.1), [sgd])
    texts = ["rho=linear", "l2=cosine"]
    assert schedules_of(texts, spec(blobs, l2=0.1), sgd) == ["l2=cosine"]
    assert schedules_of(texts, spec(blobs, l2=0.1), momentum) == texts
    assert schedules_of(texts, spec(blobs), sgd) is None


@pytest.mark.parametrize(
    ("hyper_schedule", "says"),
    [(["b1=linear", "b1=cosine"], "two schedules"), (["b1=plateau"], "Only the learning rate")],
)
def test_schedules_that_cannot_be_are_refused(blobs, hyper_schedule, says):
    with pytest.raises(UsageError, match=says):
        spec(blobs, hyper_schedule=hyper_schedule)


def test_what_was_asked_for_is_named_for_the_report():
    settings = TrainSettings(l2=0.1, l1=0.0, clip=2.0, early_stop=0, hyper_schedule=["b1=linear"])
    assert training_options(settings) == {"l2": 0.1, "clip": 2.0, "hyper_schedule": ["b1=linear"]}
    assert training_options(replace(settings, l2=None, clip=None, hyper_schedule=None)) == {}


@pytest.mark.parametrize(
    "other",
    [
        {"l2": 0.1},
        {"net": "4 dropout=0.5", "clip": 2.0},
        {"label_smoothing": 0.1, "weight_decay": 0.01, "l1": 1e-4},
        {"augment": "noise=0.2 mixup=0.1"},
    ],
)
def test_settings_with_a_shared_structure_give_it_again(blobs, other):
    settings = TrainSettings(net="4", average="ema=0.9")
    shared, _ = share_structure([training_spec(settings, blobs), spec(blobs, average="ema=0.5", **other)])
    explicit = with_structure(settings, shared)
    again = training_spec(TrainSettings.from_dict(explicit.to_dict()), blobs)
    assert again.structure == shared.structure and again.numbers == shared.numbers
    assert training_spec(settings, blobs).structure != shared.structure


def test_settings_whose_structure_is_their_own_stay_as_they_are(blobs):
    settings = TrainSettings(net="8 dropout=0.1", l2=0.1, augment="noise=0.3")
    assert with_structure(settings, training_spec(settings, blobs)) == settings
