"""What a run is made of, rule and data apart: the network, what goes around the rule, when it stops.

Settings become structure, which a plan takes, and numbers, which runs take. Several recipes whose structure
differs only in what is switched on can be made `alike`: what is off enters with the number that does nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ravine.data import Dataset
from ravine.errors import UsageError, did_you_mean
from ravine.execution.average_text import AVERAGES, read_average
from ravine.execution.base_settings import NetworkSettings
from ravine.networks import Network, default_loss, default_metric, metric
from ravine.networks.augmentation import AUGMENTATIONS, augmentation
from ravine.networks.connections import GATE_BIAS
from ravine.networks.network_text import read_network
from ravine.optimizers import Rule, schedule
from ravine.training import TRANSFORMS, Batches, Plan, Runs

__all__ = [
    "EVALUATIONS",
    "Recipe",
    "alike",
    "around_of",
    "check_moving",
    "check_patience",
    "moving_of",
    "recipe",
]

EVALUATIONS = 20
NOTHING = {"clip": math.inf}  # the number that does nothing is 0 for all others
# Numbers besides the rule's that may follow a schedule. Not the slope, which evaluation needs as well.
# Each with an option that gives it a value.
MOVABLE = {
    "dropout": "--net '64-64 dropout=0.2'",
    "smoothing": "--smoothing 0.1",
    "l1": "--l1 1e-4",
    "l2": "--l2 1e-4",
    "decay": "--decay 0.01",
    "clip": "--clip 1",
    "ema": "--average ema=0.99",
    **{name: f"--augment {name}" for name in AUGMENTATIONS},
}

# Settings that go around the rule and the network, where they are given.
AROUND_IT = (
    "l1", "l2", "decay", "clip", "average", "smoothing", "augment", "early_stop", "min_change", "moving",
)  # fmt: skip


@dataclass(frozen=True)
class Recipe:
    """`network`, `around`, `smoothing`, `augment`: structure. `numbers`: the values of those that have one.

    tail: share of the run after which the weights are averaged, None for no such average. moving: schedules
    by hyperparameter; a rule follows those of what it has.
    """

    network: Network
    around: tuple[str, ...]
    smoothing: bool
    augment: tuple[str, ...]
    image: tuple[int, int, int] | None
    numbers: dict[str, float]
    tail: float | None
    patience: int
    min_change: float
    initial: tuple[str, float]
    moving: dict[str, str] = field(default_factory=dict)

    @property
    def structure(self) -> tuple[Any, ...]:
        """Recipes of equal structure share their programs."""
        return self.network, self.around, self.smoothing, self.augment, self.initial

    @property
    def movable(self) -> tuple[str, ...]:
        """Numbers of this recipe, the rule's apart, that may follow a schedule."""
        return tuple(name for name in MOVABLE if name in self.numbers)

    def plan(
        self, settings: NetworkSettings, dataset: Dataset, rule: Rule, batches: Batches, steps: int
    ) -> Plan:
        """Return the plan of one rule: `steps` rounded up to whole stretches between evaluations."""
        classes = len(dataset.classes) if dataset.classes is not None else 0
        chosen = metric(settings.metric or default_metric(dataset.task), dataset.task, classes)
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
            self.smoothing,
            self.augment,
            self.image if self.augment else None,
            tuple(name for name in self.moving if name in rule.defaults or name in self.movable),
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
            {name: np.full(count, self.moving[name]) for name in plan.hyper_schedules},
            np.full(count, self.patience) if self.patience else None,
            np.full(count, self.min_change) if self.patience else None,
        )


def recipe(settings: NetworkSettings, dataset: Dataset) -> Recipe:
    """Return the recipe that settings describe for a data set. Raises UsageError for what does not fit."""
    classes = len(dataset.classes) if dataset.classes is not None else 0
    spec = read_network(settings.net)
    network = spec.build(len(dataset.features), classes or 1, settings.activation, dataset.image)
    if settings.smoothing and not classes:
        raise UsageError("Labels of a regression are not smoothed.", "There are no classes.", "Leave it out.")
    names, strengths = augmentation(settings.augment or "none", dataset.image)
    numbers = {**spec.hyper, **strengths}
    around = []
    for name in ("l1", "l2", "decay", "clip"):
        value = getattr(settings, name)
        if value is not None:
            around.append(name)
            numbers[name] = value
    kind, share = read_average(settings.average)
    if kind:
        around.append(kind)
    if kind == "ema":
        numbers["ema"] = share
    if settings.smoothing is not None:
        numbers["smoothing"] = settings.smoothing
    return Recipe(
        network, tuple(around), settings.smoothing is not None, names, dataset.image, numbers,
        share if kind == "tail" else None, settings.early_stop or 0, settings.min_change,
        (settings.init, settings.init_scale), _moving(getattr(settings, "moving", None) or []),
    )  # fmt: skip


def _moving(texts: Sequence[str]) -> dict[str, str]:
    """Read `rho=linear(end=0.5)`, one each: the full name of the schedule by hyperparameter."""
    read = [(name.strip(), str(schedule(text))) for name, _, text in (each.partition("=") for each in texts)]
    if len(dict(read)) < len(read):
        raise UsageError("A hyperparameter has two schedules.", "--moving names it twice.", "Choose one.")
    for name, text in read:
        if schedule(text).depends_on_loss:
            raise UsageError(
                f"'{name}' cannot follow '{text}'.", "Only the learning rate can.", "Choose another."
            )
    return dict(read)


def check_moving(made: Recipe, rules: Sequence[Rule]) -> None:
    """Raise UsageError for a number that moves, and that neither the recipe nor any of the rules has."""
    having = {*made.movable, *(name for rule in rules for name in rule.defaults)}
    for name in made.moving:
        if name in having:
            continue
        if name in MOVABLE:
            raise UsageError(
                f"'{name}' has a schedule but no value.",
                "A schedule multiplies a value.",
                f"Add a value, for example {MOVABLE[name]}.",
            )
        if len(rules) == 1 and not did_you_mean(name, made.movable).startswith("Did"):
            rules[0].check({name: 0.0})
        raise UsageError(
            f"'{name}' cannot have a schedule.",
            "Neither the network nor an optimizer here has a hyperparameter of that name.",
            did_you_mean(name, having) if having else "",
        )


def check_patience(settings: NetworkSettings) -> None:
    """Raise UsageError for a smallest change that nothing waits for."""
    if settings.min_change and settings.early_stop is None:
        raise UsageError(
            f"--min-change {settings.min_change:g} does nothing.",
            "It belongs to early stopping, which was not asked for.",
            "Add --early-stop 5, or leave it out.",
        )


def around_of(settings: NetworkSettings) -> dict[str, Any]:
    """Return what was asked around the rule and the network, as plain values by name."""
    asked = settings.to_dict()
    return {name: asked[name] for name in AROUND_IT if asked.get(name)}


def moving_of(texts: Sequence[str] | None, made: Recipe, rule: Rule) -> list[str] | None:
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
    smoothing = any(other.smoothing for other in others)
    dropout = any(other.network.dropout for other in others)
    off = {name: NOTHING.get(name, 0.0) for name in (*around, *augment) if name not in AVERAGES}
    off |= {"smoothing": 0.0} if smoothing else {}
    off |= {"dropout": 0.0} if dropout else {}
    gates = [other.numbers for other in others if "gate_bias" in other.numbers]
    if gates and "gate_bias" not in mine.numbers:
        off["gate_bias"] = GATE_BIAS
    return replace(
        mine,
        network=replace(mine.network, dropout=dropout),
        around=around,
        augment=augment,
        smoothing=smoothing,
        numbers={**off, **mine.numbers},
    )
