"""Configurations of a sweep: names that may vary, and mistakes that are found before training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ravine.data import Dataset
from ravine.errors import UsageError
from ravine.execution.events import DataLoaded, Event
from ravine.optimizers import RULES
from ravine.studies.sweep.configurations import configurations, one_minus_names
from ravine.studies.sweep.factor_names import FIELDS
from ravine.studies.sweep.factors import read_factors
from ravine.studies.sweep.result import SweepResult
from ravine.studies.sweep.settings import SweepSettings


def test_every_field_of_a_training_may_vary_except_data_machine_and_seeds() -> None:
    assert set(FIELDS) == {
        "net", "activation", "init", "init_scale", "optimizer", "learning_rate", "schedule", "batch_size",
        "epochs", "loss",
        "l1", "l2", "weight_decay", "clip", "label_smoothing", "average", "augment", "early_stop",
        "min_change", "hyper_schedule",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("vary", "words"),
    [
        ("dropot=0,1", "dropout"),
        ("seed=0,1", "cannot be varied"),
        ("vary=0,1", "cannot be varied"),
        ("optimizer=sgd,adm", "adam"),
        ("l2=0,x", "It must be a number at least 0"),
        ("b1=0,x", "is not a number"),
        ("l2=0,-1", "at least 0"),
        ("dropout=0,1", "at least 0 and below 1"),
        ("net=8,8 conv=4", "need images"),
        ("augment=none,flip", "for images"),
        ("b1=0.5,1.5", "at least 0 and below 1"),
        ("batch_size=8,1.5", "whole number"),
        ("depth=1,1.5", "whole number"),
        ("batch_size=16,1 | norm=batchnorm", "batch size of 1"),
        ("l2=0,0.0", "same configuration"),
        ("width=0,4", "width must be at least 1"),
        ("depth=-1,1", "width must be at least 1"),
        ("connection=plain,resdual", "residual"),
        ("schedule=decay,stp", "step"),
        ("gate=-1,1", "Only highway"),
        ("hyper_schedule=none,b3=decay", "'adam' has no hyperparameter 'b3'"),
        ("hyper_schedule=none,b1=stp", "step"),
        ("hyper_schedule=none,b1=plateau", "Only the learning rate"),
        ("hyper_schedule=none,b1", "NAME=SCHEDULE"),
        ("hyper_schedule=none,dropout=linear", "a schedule but no value"),
        ("min_change=0,0.1", "belongs to early stopping"),
        ("optimizer=adam,sgd | b1=0.5,0.9", "'sgd' has no hyperparameter 'b1'"),
    ],
)
def test_mistakes_are_refused_before_training(
    blobs: Dataset, quick: SweepSettings, run_sweep: Callable[..., SweepResult], vary: str, words: str
) -> None:
    events: list[Event] = []
    with pytest.raises(UsageError, match=words):
        run_sweep(replace(quick, vary=[vary]), blobs, notify=events.append)
    assert {type(event) for event in events} <= {DataLoaded}  # nothing is planned; unknown names need no data


def test_an_invalid_configuration_is_named_with_its_option(blobs: Dataset, quick: SweepSettings) -> None:
    settings = replace(quick, vary=["l2=0,-1", "dropout=0.1,0.2"])
    with pytest.raises(UsageError, match=r"'l2=-1, dropout=0\.1' is invalid") as caught:
        configurations(settings, read_factors(settings.vary), blobs)
    assert (caught.value.option, caught.value.value) == ("l2", -1.0)


def test_none_is_the_default_or_no_value(blobs: Dataset, quick: SweepSettings) -> None:
    def levels(text: str, key: str) -> list[Any]:
        settings = replace(quick, vary=[text])
        made = configurations(settings, read_factors(settings.vary), blobs)
        return [getattr(configuration.settings, key) for configuration in made]

    assert levels("l2=none,0.1", "l2") == [None, 0.1]
    assert levels("average=none,ema=0.9", "average") == ["none", "ema=0.9"]
    assert levels("hyper_schedule=none; b1=decay + b2=linear", "hyper_schedule") == [
        None,
        ["b1=decay", "b2=linear"],
    ]


def test_decay_rates_are_spaced_in_one_minus_b() -> None:
    assert {"b1", "b2"} <= one_minus_names([RULES["adam"]])
    assert "eps" not in one_minus_names([RULES["adam"]])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("decay", "weight_decay"),
        ("rate", "learning_rate"),
        ("smoothing", "label_smoothing"),
        ("moving", "hyper_schedule"),
    ],
)
def test_an_old_factor_is_answered_with_its_new_name(
    blobs: Dataset, quick: SweepSettings, old: str, new: str
) -> None:
    settings = replace(quick, vary=[f"{old}=0,0.1"])
    with pytest.raises(UsageError, match=f"'{old}' was renamed to '{new}'") as caught:
        configurations(settings, read_factors(settings.vary), blobs)
    assert (caught.value.option, caught.value.value, caught.value.allowed) == ("vary", old, (new,))
