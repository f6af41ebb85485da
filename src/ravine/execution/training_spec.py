"""What a run is made of, rule and data apart: the network, what goes around the rule, when it stops.

Settings become structure, which a plan takes, and numbers, which runs take. Several recipes whose structure
differs only in what is switched on can be made `alike`: what is off enters with the number that does nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ravine.data import Dataset
from ravine.errors import UsageError, about_option, did_you_mean
from ravine.execution.average_text import AVERAGES, read_average
from ravine.execution.base_settings import FixedTrainingSettings, NetworkSettings
from ravine.networks import Network, default_loss, default_metric, metric, network_text
from ravine.networks.augmentation_text import AUGMENTATIONS, check_inputs, read_augmentation
from ravine.networks.connections import GATE_BIAS
from ravine.networks.network_text import read_network
from ravine.optimizers import Rule, resolve, resolve_all, schedule
from ravine.options.fields import options_of
from ravine.training import TRANSFORMS, Batches, Plan, Runs

__all__ = [
    "EVALUATIONS",
    "Recipe",
    "alike",
    "around_of",
    "check_patience",
    "check_schedules",
    "find_rule",
    "find_rules",
    "recipe",
    "schedules_of",
]

EVALUATIONS = 20  # of one run, at equal distances
ALLOWED_OPTIMIZER = "with hyperparameters that it has, in their range"
OPTIONS = options_of(FixedTrainingSettings)
SCHEDULABLE = (
    *network_text.SCHEDULABLE,
    *(key for key, option in OPTIONS.items() if option.schedulable),
    *(name for name, kind in AVERAGES.items() if kind.schedulable),
    *AUGMENTATIONS,
)
"""Numbers, the optimizer's apart, that may follow a schedule."""


@dataclass(frozen=True)
class Recipe:
    """`network`, `around`, `label_smoothing`, `augment`: structure. `numbers`: the values of those that have
    one.

    tail: share of the run after which the weights are averaged, None for no such average. hyper_schedules:
    schedules by hyperparameter; a rule follows those of what it has.
    """

    network: Network
    around: tuple[str, ...]
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
        """Recipes of equal structure share their programs."""
        return self.network, self.around, self.label_smoothing, self.augment, self.initial

    @property
    def movable(self) -> tuple[str, ...]:
        """Numbers of this recipe, the rule's apart, that may follow a schedule."""
        return tuple(name for name in SCHEDULABLE if name in self.numbers)

    def plan(
        self, settings: NetworkSettings, dataset: Dataset, rule: Rule, batches: Batches, steps: int
    ) -> Plan:
        """Return the plan of one rule: `steps` rounded up to whole stretches between evaluations."""
        classes = len(dataset.classes) if dataset.classes is not None else 0
        chosen = metric(settings.metric or default_metric(dataset.task), dataset.task, classes)
        with about_option("batch_size", batches.batch_size, "at least 2 with batch normalization"):
            self.network.check(batches.batch_size)
        return Plan(
            rule,
            self.network,
            default_loss(dataset.task),
            chosen.name,
            batches.batch_size,
            max(1, -(-steps // EVALUATIONS)),
            min(EVALUATIONS, steps),
            dataset.weights is not None,
            settings.precision,
            self.around,
            self.label_smoothing,
            self.augment,
            self.image if self.augment else None,
            tuple(name for name in self.hyper_schedules if name in rule.defaults or name in self.movable),
        )

    def runs(
        self,
        plan: Plan,
        rate: np.ndarray,
        schedule: np.ndarray,
        seed: np.ndarray,
        hyper: dict[str, np.ndarray],
    ) -> Runs:
        """Return runs of this recipe with these rates, schedules, seeds: [run] each."""
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
    """Return the optimizer of the option `optimizer`. Raises UsageError."""
    with about_option("optimizer", text, ALLOWED_OPTIMIZER):
        return resolve(text)


def find_rules(texts: Sequence[str]) -> list[Rule]:
    """Return the optimizers of the option `optimizers`. Raises UsageError, also for one that stands twice."""
    with about_option("optimizers", list(texts), f"different optimizers, each {ALLOWED_OPTIMIZER}"):
        return resolve_all(texts)


def recipe(settings: NetworkSettings, dataset: Dataset) -> Recipe:
    """Return the recipe that settings describe for a data set. Raises UsageError for what does not fit."""
    classes = len(dataset.classes) if dataset.classes is not None else 0
    spec = read_network(settings.net)
    with about_option("net", settings.net, "a network that fits the data and the activation"):
        network = spec.build(len(dataset.features), classes or 1, settings.activation, dataset.image)
    if settings.label_smoothing and not classes:
        raise UsageError(
            "Labels of a regression are not smoothed.", "There are no classes.",
            "Leave --label-smoothing out.",
            option="label_smoothing", value=settings.label_smoothing, allowed="0, as the target is a number",
        )  # fmt: skip
    names, strengths = read_augmentation(settings.augment or "none")
    check_inputs(names, dataset.image)
    numbers = {**spec.hyper, **strengths}
    around = []
    for name in TRANSFORMS:
        value = getattr(settings, name) if name in OPTIONS else None
        if value is not None:
            around.append(name)
            numbers[name] = value
    kind, share = read_average(settings.average)
    if kind:
        around.append(kind)
    if kind == "ema":
        numbers["ema"] = share
    if settings.label_smoothing is not None:
        numbers["label_smoothing"] = settings.label_smoothing
    return Recipe(
        network, tuple(around), settings.label_smoothing is not None, names, dataset.image, numbers,
        share if kind == "tail" else None, settings.early_stop or 0, settings.min_change,
        (settings.init, settings.init_scale),
        _read_schedules(getattr(settings, "hyper_schedule", None) or []),
    )  # fmt: skip


def _read_schedules(texts: Sequence[str]) -> dict[str, str]:
    """Read `rho=linear(end=0.5)`, one each: the full name of the schedule by hyperparameter."""
    read = [(name.strip(), str(schedule(text))) for name, _, text in (each.partition("=") for each in texts)]
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
                f"Only the learning rate can follow '{text}', which depends on the loss.",
                f"Choose another schedule, for example --hyper-schedule '{name}=linear(end=0.5)'.",
                option="hyper_schedule", value=f"{name}={text}", allowed="a schedule without the loss",
            )  # fmt: skip
    return dict(read)


def check_schedules(made: Recipe, rules: Sequence[Rule]) -> None:
    """Raise UsageError for a schedule of a number that neither the recipe nor any of the rules has."""
    names = {*made.movable, *(name for rule in rules for name in rule.defaults)}
    allowed = tuple(sorted(names))
    for name, text in made.hyper_schedules.items():
        if name in names:
            continue
        with about_option("hyper_schedule", f"{name}={text}", allowed):
            if name in SCHEDULABLE:
                raise UsageError(
                    f"'{name}' has a schedule but no value.", "A schedule multiplies a value.", _add(name)
                )
            if len(rules) == 1 and not did_you_mean(name, made.movable).startswith("Did"):
                rules[0].check({name: 0.0})
            raise UsageError(
                f"--hyper-schedule '{name}={text}' cannot be used.",
                f"The training has no hyperparameter '{name}'.",
                did_you_mean(name, allowed) if allowed else "Leave it out.",
            )


def _add(name: str) -> str:
    """Return how to give a schedulable number its value."""
    if name in OPTIONS:
        return f"Add {OPTIONS[name].flag} {OPTIONS[name].metavar}."
    if name in AVERAGES:
        return f"Add --average {name}={AVERAGES[name].default:g}."
    if name in AUGMENTATIONS:
        return f"Add --augment '{name}={AUGMENTATIONS[name].default:g}'."
    return f"Add it to the network, for example --net '64-64 {name}=0.2'."


def check_patience(settings: NetworkSettings) -> None:
    """Raise UsageError for a smallest change that nothing waits for."""
    if settings.min_change and settings.early_stop is None:
        raise UsageError(
            f"--min-change {settings.min_change:g} does nothing.",
            "It belongs to early stopping, which is off.",
            "Add --early-stop 5, or leave it out.",
            option="min_change",
            value=settings.min_change,
            allowed="0 without early stopping",
        )


def around_of(settings: NetworkSettings) -> dict[str, Any]:
    """Return the options of transforms, averages, augmentation and early stopping that are not neutral."""
    values = settings.to_dict()
    shown = {key: option for key, option in OPTIONS.items() if option.plan_row and values.get(key)}
    return {key: values[key] for key, option in shown.items() if values[key] != option.neutral}


def schedules_of(texts: Sequence[str] | None, made: Recipe, rule: Rule) -> list[str] | None:
    """Return those of the texts `NAME=SCHEDULE` whose number the recipe or the rule has; None for none."""
    names = (*made.movable, *rule.defaults)
    return [each for each in texts or [] if each.partition("=")[0].strip() in names] or None


def alike(recipes: Sequence[Recipe]) -> list[Recipe]:
    """Return the recipes with as few structures as they need: what one has and another lacks is a number."""
    return [_joined(each, [other for other in recipes if _same_kind(each, other)]) for each in recipes]


def _same_kind(one: Recipe, other: Recipe) -> bool:
    """Whether two recipes differ, beside their numbers, only in what is switched on."""
    bare = [replace(each.network, dropout=False) for each in (one, other)]
    averages = [[name for name in AVERAGES if name in each.around] for each in (one, other)]
    return bare[0] == bare[1] and averages[0] == averages[1] and one.initial == other.initial


def _joined(mine: Recipe, others: Sequence[Recipe]) -> Recipe:
    def union(name: str, order: Sequence[str]) -> tuple[str, ...]:
        used = {each for other in others for each in getattr(other, name)}
        return tuple(each for each in order if each in used)

    around, augment = union("around", TRANSFORMS), union("augment", list(AUGMENTATIONS))
    label_smoothing = any(other.label_smoothing for other in others)
    dropout = any(other.network.dropout for other in others)
    off = {name: _neutral(name) for name in (*around, *augment) if name not in AVERAGES}
    off |= {"label_smoothing": _neutral("label_smoothing")} if label_smoothing else {}
    off |= {"dropout": _neutral("dropout")} if dropout else {}
    gates = [other.numbers for other in others if "gate_bias" in other.numbers]
    if gates and "gate_bias" not in mine.numbers:
        off["gate_bias"] = GATE_BIAS
    return replace(
        mine,
        network=replace(mine.network, dropout=dropout),
        around=around,
        augment=augment,
        label_smoothing=label_smoothing,
        numbers={**off, **mine.numbers},
    )


def _neutral(name: str) -> float:
    """Return the value that changes nothing: that of the option; 0 for others, such as dropout."""
    return float(OPTIONS[name].neutral or 0) if name in OPTIONS else 0.0
