"""The specification of a training: network, transforms and early stopping, without optimizer and data.

The structure of a specification, such as its layers, is compiled into the program (the plan). Its numbers,
such as a dropout rate, are inputs of the program and can differ between runs. Specifications that differ only
in their transforms can share one structure: a transform that is off runs with a value that changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np

from ravine.data import Dataset
from ravine.errors import UsageError, about_option, did_you_mean
from ravine.execution.average_text import AVERAGES, read_average
from ravine.execution.base_settings import NetworkSettings
from ravine.execution.effects import check_effects
from ravine.execution.effort import evaluations_of
from ravine.execution.training_settings import FixedTrainingSettings
from ravine.networks import (
    AnyNetwork,
    Network,
    any_network,
    default_metric,
    loss_named,
    metric,
    network_text,
)
from ravine.networks.augmentation_text import AUGMENTATIONS, check_inputs, read_augmentation
from ravine.networks.connections import GATE_BIAS
from ravine.networks.network_text import NetworkSpec
from ravine.optimizers import Rule, resolve, resolve_all, schedule
from ravine.options.fields import options_of
from ravine.options.renamed import renamed_key
from ravine.training import TRANSFORMS, Batches, Plan, Runs

__all__ = [
    "TrainingSpec",
    "check_patience",
    "check_schedules",
    "find_rule",
    "find_rules",
    "schedules_of",
    "share_structure",
    "training_options",
    "training_spec",
    "with_structure",
]

AnySettings = TypeVar("AnySettings", bound=NetworkSettings)

ALLOWED_OPTIMIZER = "with hyperparameters that it has, in their range"
OPTIONS = options_of(FixedTrainingSettings)
SCHEDULABLE = (
    *network_text.SCHEDULABLE,
    *(key for key, option in OPTIONS.items() if option.schedulable),
    *(name for name, kind in AVERAGES.items() if kind.schedulable),
    *AUGMENTATIONS,
)
"""Numbers that may follow a schedule, besides the hyperparameters of the optimizer."""


@dataclass(frozen=True)
class TrainingSpec:
    """The part of a training that is independent of the optimizer: network, transforms and early stopping.

    network, transforms, label_smoothing, augment: the structure; transforms and augmentations by name.
    image: height, width and channels of the inputs, None for a table.
    numbers: value of each transform, augmentation or part of the network that has a number, by name.
    tail: share of the run after which the weights are averaged, None without such an average.
    patience: evaluations without improvement that end a run, 0 = off. min_change: smallest improvement.
    initial: name of the initialization and factor on the initial weights.
    hyper_schedules: texts of the schedules of hyperparameters besides the learning rate, by name. A training
    ignores the schedule of a hyperparameter that its optimizer lacks.
    """

    network: AnyNetwork
    transforms: tuple[str, ...]
    label_smoothing: bool
    augment: tuple[str, ...]
    image: tuple[int, int, int] | None
    numbers: dict[str, float]
    tail: float | None
    patience: int
    min_change: float
    initial: tuple[str, float]
    hyper_schedules: dict[str, str] = field(default_factory=dict)

    @property
    def structure(self) -> tuple[Any, ...]:
        """The parts that all runs of a program share, without the numbers in which runs can differ.

        They are network, transforms, label smoothing, augmentation and initialization.

        Specifications with equal structure can train in the same compiled programs.
        """
        return self.network, self.transforms, self.label_smoothing, self.augment, self.initial

    @property
    def schedulable(self) -> tuple[str, ...]:
        """Names of the numbers of this specification that may change by a schedule, such as `dropout`."""
        return tuple(name for name in SCHEDULABLE if name in self.numbers)

    def plan(
        self, settings: NetworkSettings, dataset: Dataset, rule: Rule, batches: Batches, steps: int
    ) -> Plan:
        """Return the plan of a training: network, batch size and all else that its program is compiled for.

        rule: the optimizer. steps: number of steps. A run has 20 evaluations at equal distances, so the
        number is rounded up to a multiple of 20. A run of fewer than 20 steps is evaluated after each step.
        Raises UsageError for a metric that does not fit the target, and for batch normalization of a single
        value, with a batch size of 1.
        """
        classes = len(dataset.classes) if dataset.classes is not None else 0
        score = metric(settings.metric or default_metric(dataset.task), dataset.task, classes)
        with about_option("loss", settings.loss, "a loss that fits the target"):
            loss = loss_named(settings.loss, dataset.task, self.network.sizes[-1])
        with about_option("batch_size", batches.batch_size, "at least 2 with batch normalization"):
            self.network.check(batches.batch_size)
        return Plan(
            rule,
            self.network,
            loss,
            score.name,
            batches.batch_size,
            *evaluations_of(steps),
            dataset.weights is not None,
            settings.precision,
            self.transforms,
            self.label_smoothing,
            self.augment,
            self.image if self.augment else None,
            tuple(name for name in self.hyper_schedules if name in rule.defaults or name in self.schedulable),
        )

    def runs(
        self,
        plan: Plan,
        rate: np.ndarray,
        schedule: np.ndarray,
        seed: np.ndarray,
        hyper: dict[str, np.ndarray],
    ) -> Runs:
        """Return the runs of a plan with these hyperparameters and with the numbers of the specification.

        rate, schedule, seed: learning rate, its schedule as text, and seed of each run, [run]. hyper:
        hyperparameters of the optimizer by name, each [run].
        """
        count = len(rate)
        numbers = self.numbers | ({"tail": round(self.tail * plan.steps)} if self.tail is not None else {})
        return Runs(
            rate,
            schedule,
            seed,
            hyper,
            {name: np.full(count, value, float) for name, value in numbers.items()},
            {name: np.full(count, self.hyper_schedules[name]) for name in plan.hyper_schedules},
            np.full(count, self.patience) if self.patience else None,
            np.full(count, self.min_change) if self.patience else None,
        )


def find_rule(text: str) -> Rule:
    """Return the optimizer that the text of the option `--optimizer` names, such as `adam(b1=0.95)`.

    Raises UsageError, which names the option, for an unknown optimizer and for a wrong hyperparameter.
    """
    with about_option("optimizer", text, ALLOWED_OPTIMIZER):
        return resolve(text)


def find_rules(texts: Sequence[str]) -> list[Rule]:
    """Return the optimizers that the texts of the option `--optimizers` name, in order.

    Raises UsageError, which names the option, for an unknown or repeated optimizer and for a wrong
    hyperparameter.
    """
    with about_option("optimizers", list(texts), f"different optimizers, each {ALLOWED_OPTIMIZER}"):
        return resolve_all(texts)


def training_spec(settings: NetworkSettings, dataset: Dataset) -> TrainingSpec:
    """Return network, initialization, regularization and early stopping of a training, from its settings.

    Raises UsageError for a network or an augmentation that does not fit the data, and for label smoothing of
    a target of numbers. It is also raised if a hyperparameter has two schedules, or one that depends on the
    loss.
    """
    classes = len(dataset.classes) if dataset.classes is not None else 0
    parsed = any_network(settings.net)
    check_effects(settings, dataset.task)
    with about_option("net", settings.net, "a network that fits the data and the activation"):
        network = parsed.build(len(dataset.features), classes or 1, settings.activation, dataset.image)
    if settings.label_smoothing and not classes:
        raise UsageError(
            "Labels of a regression are not smoothed.", "There are no classes.",
            "Leave --label-smoothing out.",
            option="label_smoothing", value=settings.label_smoothing, allowed="0, as the target is a number",
        )  # fmt: skip
    names, strengths = read_augmentation(settings.augment or "none")
    check_inputs(names, dataset.image)
    numbers = {**parsed.hyper, **strengths}
    transforms = []
    for name in TRANSFORMS:
        value = getattr(settings, name) if name in OPTIONS else None
        if value is not None:
            transforms.append(name)
            numbers[name] = value
    kind, share = read_average(settings.average)
    if kind:
        transforms.append(kind)
    if kind == "ema":
        numbers["ema"] = share
    if settings.label_smoothing is not None:
        numbers["label_smoothing"] = settings.label_smoothing
    return TrainingSpec(
        network, tuple(transforms), settings.label_smoothing is not None, names, dataset.image, numbers,
        share if kind == "tail" else None, settings.early_stop or 0, settings.min_change,
        (settings.init, settings.init_scale),
        _read_schedules(getattr(settings, "hyper_schedule", None) or []),
    )  # fmt: skip


def _read_schedules(texts: Sequence[str]) -> dict[str, str]:
    """Return the full text of each schedule by hyperparameter, from texts such as `rho=linear(end=0.5)`.

    Raises UsageError for a repeated hyperparameter and for a schedule that depends on the loss.
    """
    parts = (text.partition("=") for text in texts)
    read = [(name.strip(), str(schedule(text))) for name, _, text in parts]
    names = [name for name, _ in read]
    for name, text in read:
        if names.count(name) > 1:
            raise UsageError(
                f"--hyper-schedule gives '{name}' two schedules.", "A hyperparameter has one.",
                "Leave one out.",
                option="hyper_schedule", value=list(texts), allowed="each hyperparameter at most once",
            )  # fmt: skip
        if schedule(text).depends_on_loss:
            raise UsageError(
                f"--hyper-schedule '{name}={text}' cannot be used.",
                f"Only the learning rate can follow '{text}', which depends on the validation loss.",
                f"Choose another schedule, for example --hyper-schedule '{name}=linear(end=0.5)'.",
                option="hyper_schedule", value=f"{name}={text}", allowed="a schedule without the loss",
            )  # fmt: skip
    return dict(read)


def check_schedules(spec: TrainingSpec, rules: Sequence[Rule]) -> None:
    """Raise UsageError for a schedule of a hyperparameter without a value.

    The value is missing in the specification and in all optimizers. spec: the specification, with the
    schedules to check. rules: the optimizers of the trainings.
    """
    names = {*spec.schedulable, *(name for rule in rules for name in rule.defaults)}
    allowed = tuple(sorted(names))
    for name, text in spec.hyper_schedules.items():
        if name in names:
            continue
        with about_option("hyper_schedule", f"{name}={text}", allowed):
            if name in SCHEDULABLE:
                raise UsageError(
                    f"The hyperparameter '{name}' has a schedule but no value.",
                    "A schedule multiplies a value.",
                    _add(name),
                )
            if (new := renamed_key(name)) in SCHEDULABLE:
                raise UsageError(
                    f"'{name}' was renamed to '{new}'.", "", f"Write --hyper-schedule {new}={text}."
                )
            if len(rules) == 1 and not did_you_mean(name, spec.schedulable).startswith("Did"):
                rules[0].check({name: 0.0})
            raise UsageError(
                f"--hyper-schedule '{name}={text}' cannot be used.",
                f"The training has no hyperparameter '{name}'.",
                did_you_mean(name, allowed) if allowed else "Leave it out.",
            )


def _add(name: str) -> str:
    """Return a sentence on how to give a schedulable number its value."""
    if name in OPTIONS:
        return f"Add {OPTIONS[name].flag} {OPTIONS[name].metavar}."
    if name in AVERAGES:
        return f"Add --average {name}={AVERAGES[name].default:g}."
    if name in AUGMENTATIONS:
        return f"Add --augment '{name}={AUGMENTATIONS[name].default:g}'."
    return f"Add it to the network, for example --net '64-64 {name}=0.2'."


def check_patience(settings: NetworkSettings) -> None:
    """Raise UsageError if settings state --min-change without --early-stop, to which it belongs."""
    if settings.min_change and settings.early_stop is None:
        raise UsageError(
            f"--min-change {settings.min_change:g} does nothing.",
            "It belongs to early stopping, which is off.",
            "Add --early-stop 5, or leave out --min-change.",
            option="min_change",
            value=settings.min_change,
            allowed="0 without early stopping",
        )


def training_options(settings: NetworkSettings) -> dict[str, Any]:
    """Return the training options that are switched on, such as penalties and early stopping, by key."""
    values = settings.to_dict()
    listed = {key: option for key, option in OPTIONS.items() if option.plan_row and values.get(key)}
    return {key: values[key] for key, option in listed.items() if values[key] != option.neutral}


def schedules_of(texts: Sequence[str] | None, spec: TrainingSpec, rule: Rule) -> list[str] | None:
    """Return those of the texts `NAME=SCHEDULE` whose hyperparameter a training has; None if there are none.

    spec, rule: specification and optimizer of the training, which have the hyperparameters.
    """
    names = (*spec.schedulable, *rule.defaults)
    return [text for text in texts or [] if text.partition("=")[0].strip() in names] or None


def share_structure(specs: Sequence[TrainingSpec]) -> list[TrainingSpec]:
    """Return specifications of the same trainings with as few different structures as possible.

    Few structures need few compiled programs. A transform, such as L2, that only some of the specifications
    have becomes part of all that can share it. The others use it with a value without effect, such as 0.
    """
    return [_joined(spec, [other for other in specs if _same_kind(spec, other)]) for spec in specs]


def with_structure(settings: AnySettings, spec: TrainingSpec) -> AnySettings:
    """Return settings that lead to the structure of `spec`, a specification that `share_structure` returned.

    Transforms that `spec` has only to share a structure are added to the settings with values that change
    nothing, such as a penalty of 0.
    """
    changes: dict[str, Any] = {
        name: spec.numbers[name]
        for name in (*TRANSFORMS, "label_smoothing")
        if name in OPTIONS and name in spec.numbers and getattr(settings, name) is None
    }
    network = any_network(settings.net)
    added = {
        name: spec.numbers[name]
        for name in network_text.NUMBERS.values()
        if name in spec.numbers and name not in network.hyper
    }
    if added and isinstance(network, NetworkSpec):
        changes["net"] = str(replace(network, hyper={**network.hyper, **added}))
    if spec.augment != read_augmentation(settings.augment or "none")[0]:
        changes["augment"] = " ".join(f"{name}={spec.numbers[name]!r}" for name in spec.augment)
    return replace(settings, **changes)


def _same_kind(first: TrainingSpec, second: TrainingSpec) -> bool:
    """Return whether two specifications differ only in numbers and in which transforms are on."""
    networks = [_with_dropout(spec.network, False) for spec in (first, second)]
    averages = [[name for name in AVERAGES if name in spec.transforms] for spec in (first, second)]
    return networks[0] == networks[1] and averages[0] == averages[1] and first.initial == second.initial


def _with_dropout(network: AnyNetwork, dropout: bool) -> AnyNetwork:
    """Return a network with or without dropout; a network of a Python file stays as it is."""
    return replace(network, dropout=dropout) if isinstance(network, Network) else network


def _joined(spec: TrainingSpec, others: Sequence[TrainingSpec]) -> TrainingSpec:
    """Return `spec` with the structure of all `others` together."""

    def union(name: str, order: Sequence[str]) -> tuple[str, ...]:
        used = {item for other in others for item in getattr(other, name)}
        return tuple(item for item in order if item in used)

    transforms, augment = union("transforms", TRANSFORMS), union("augment", list(AUGMENTATIONS))
    label_smoothing = any(other.label_smoothing for other in others)
    dropout = any(isinstance(other.network, Network) and other.network.dropout for other in others)
    neutral = {name: _neutral(name) for name in (*transforms, *augment) if name not in AVERAGES}
    neutral |= {"label_smoothing": _neutral("label_smoothing")} if label_smoothing else {}
    neutral |= {"dropout": _neutral("dropout")} if dropout else {}
    gates = [other.numbers for other in others if "gate_bias" in other.numbers]
    if gates and "gate_bias" not in spec.numbers:
        neutral["gate_bias"] = GATE_BIAS
    return replace(
        spec,
        network=_with_dropout(spec.network, dropout),
        transforms=transforms,
        augment=augment,
        label_smoothing=label_smoothing,
        numbers={**neutral, **spec.numbers},
    )


def _neutral(name: str) -> float:
    """Return the value that changes nothing: that of the option; 0 for others, such as dropout."""
    return float(OPTIONS[name].neutral or 0) if name in OPTIONS else 0.0
