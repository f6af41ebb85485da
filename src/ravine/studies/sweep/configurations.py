"""The settings of a sweep, each as `train` would be asked: structure, rule, numbers, all checked at once."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ravine.data import Dataset
from ravine.errors import UsageError, did_you_mean
from ravine.execution.base_settings import FixedTrainingSettings
from ravine.execution.training_spec import Recipe, alike, check_moving, check_patience, moving_of, recipe
from ravine.networks import read_network
from ravine.networks.network_text import NetworkSpec
from ravine.optimizers import RULES, Rule, resolve, schedule
from ravine.optimizers.optimizer_text import parse
from ravine.options.fields import Value, options_of
from ravine.options.parse import from_text
from ravine.studies.sweep.factors import Factor, designed, split
from ravine.studies.sweep.settings import SweepSettings

__all__ = ["SETTINGS", "Variant", "decays", "variants"]

# Fields of `train` that may vary; the words of a network text; all else is a number of the rule.
SETTINGS = (
    "net", "activation", "init", "init_scale", "optimizer", "rate", "schedule", "batch_size", "epochs", "l1",
    "l2", "decay", "clip", "smoothing", "average", "augment", "early_stop", "min_change",
    "moving",
)  # fmt: skip
WORDS = ("connection", "norm", "conv", "width", "depth", "dropout", "gate", "slope")
NUMBERS = {"dropout": "dropout", "gate": "gate_bias", "slope": "slope"}


@dataclass(frozen=True)
class Variant:
    """One setting of a sweep. levels {factor: value}. hyper: the rule's numbers, data of its runs."""

    levels: dict[str, str]
    settings: FixedTrainingSettings
    rule: Rule
    hyper: dict[str, float]
    recipe: Recipe

    @property
    def label(self) -> str:
        """What it is called: `l2=0, dropout=0.2`."""
        return ", ".join(f"{name}={value}" for name, value in self.levels.items())


def variants(settings: SweepSettings, factors: Sequence[Factor], dataset: Dataset) -> list[Variant]:
    """Return the settings of a sweep, recipes made alike so that they share programs.

    Raises UsageError for a factor that is none, and for a setting that cannot be, with its reason.
    """
    rules = _rules(settings, factors)
    for factor in factors:
        _check_name(factor.name, rules)
    design = designed(factors, settings.points, settings.random, settings.seed, decays(rules))
    base = {
        name: value
        for name, value in settings.to_dict().items()
        if name in FixedTrainingSettings.__dataclass_fields__ and name != "seeds"
    }
    found = [_variant(base, levels, dataset) for levels in design]
    followed = {name for each in found for name in each.recipe.moving}
    for text in settings.moving or []:
        name = text.partition("=")[0].strip()
        if name not in followed and all(each.name != "moving" for each in factors):
            check_moving(replace(found[0].recipe, moving={name: text}), rules)
    for k, each in enumerate(found):
        for other in found[:k]:
            if each.settings == other.settings:
                raise UsageError(
                    f"'{each.label}' and '{other.label}' are the same setting.", "", "Leave one of them out."
                )
    return [replace(v, recipe=r) for v, r in zip(found, alike([v.recipe for v in found]), strict=True)]


def decays(rules: Sequence[Rule]) -> set[str]:
    """Return the numbers of rules that are tuned in 1 - b."""
    tuned = {name for rule in rules for name, where in rule.tuned.items() if where.one_minus}
    return tuned | {name for rule in rules for name in rule.decays}


def _rules(settings: SweepSettings, factors: Sequence[Factor]) -> list[Rule]:
    """The rules that take part, with all their numbers free."""
    texts = [text for each in factors if each.name == "optimizer" for text in each.levels]
    return [_free(text) for text in texts or [settings.optimizer]]


def _free(text: str) -> Rule:
    spec = parse(text)
    return resolve(text) if spec.source else RULES[resolve(spec.name).name]


def _check_name(name: str, rules: Sequence[Rule]) -> None:
    """Raise UsageError for a name that is no factor."""
    numbers = {each for rule in rules for each in rule.defaults}
    if name in (*SETTINGS, *WORDS) or name in numbers or any(":" in rule.name for rule in rules):
        return
    if name in SweepSettings.__dataclass_fields__:
        raise UsageError(
            f"'{name}' cannot be varied.", "All settings share the data, the seeds and the score.",
            f"Vary for example {', '.join((*SETTINGS[:2], *WORDS[-3:-1], *sorted(numbers)))}.",
        )  # fmt: skip
    raise UsageError(
        f"'{name}' is nothing that can be varied.",
        "",
        did_you_mean(name, [*SETTINGS, *WORDS, *sorted(numbers)]),
    )


def _variant(base: Mapping[str, Any], levels: dict[str, str], dataset: Dataset) -> Variant:
    label = ", ".join(f"{name}={value}" for name, value in levels.items())
    try:
        plain = dict(base) | {name: _level(name, text) for name, text in levels.items() if name in SETTINGS}
        words = {name: text for name, text in levels.items() if name in WORDS}
        if words:
            plain["net"] = str(_worded(read_network(plain.get("net", FixedTrainingSettings.net)), words))
        numbers = {
            name: _number(name, text) for name, text in levels.items() if name not in (*SETTINGS, *WORDS)
        }
        spec = parse(plain.get("optimizer", FixedTrainingSettings.optimizer))
        spec = spec._replace(keywords={**spec.keywords, **numbers})
        rule = resolve(str(spec))  # refuses what it does not have, and values it cannot use
        plain["optimizer"] = str(spec)
        settings = FixedTrainingSettings.from_dict(
            {name: value for name, value in plain.items() if value is not None}
        )
        settings = replace(settings, schedule=str(schedule(settings.schedule)))
        made = recipe(settings, dataset)
        check_patience(settings)
        if "moving" in levels:
            check_moving(made, [rule])
        else:  # what is asked of all is followed where there is such a number
            settings = replace(settings, moving=moving_of(settings.moving, made, rule))
            made = recipe(settings, dataset)
        free = rule if spec.source else RULES[spec.name]
        hyper = {} if spec.source else {name: float(spec.keywords[name]) for name in spec.keywords}
        return Variant(levels, settings, free, hyper, made)
    except UsageError as error:
        why = " ".join(filter(None, (error.what, error.why)))
        raise UsageError(
            f"The setting '{label}' is invalid.", why, error.fix,
            option=error.option, value=error.value, allowed=error.allowed,
        ) from error  # fmt: skip


def _level(name: str, text: str) -> Value:
    """Return a level as its field's type; `none` is the default, or no value. Raises UsageError."""
    option = options_of(FixedTrainingSettings)[name]
    if option.many:
        return None if text.lower() == "none" else split(text, "+")
    if option.kind is not str and text.lower() == "none":
        return option.default
    return from_text(option, text)


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if math.isnan(value):
        raise UsageError(f"{name}={text} is no number.", "", f"Write for example {name}=0.1.")
    return value


def _whole(name: str, text: str) -> int:
    value = _number(name, text)
    if not value.is_integer():
        raise UsageError(f"{name}={text} is no whole number.", "", f"Write for example {name}=2.")
    return int(value)


def _worded(spec: NetworkSpec, words: Mapping[str, str]) -> NetworkSpec:
    """Return the network with other words: each replaces the one the text has."""
    hidden = spec.hidden
    if "width" in words or "depth" in words:
        width = _whole("width", words["width"]) if "width" in words else (hidden[0] if hidden else 64)
        depth = _whole("depth", words["depth"]) if "depth" in words else len(hidden)
        if width < 1 or depth < 0:
            raise UsageError("No network is that small.", "A layer has at least one unit.", "Give more.")
        hidden = (width,) * depth
    numbers = dict(spec.numbers)
    for word, name in NUMBERS.items():
        if word in words:
            numbers[name] = _number(word, words[word])
    conv = spec.conv
    if "conv" in words:
        plain = words["conv"].lower() == "none"
        conv = () if plain else read_network(f"conv={words['conv']}").conv
    made = dataclasses.replace(
        spec,
        hidden=hidden,
        connection=words.get("connection", spec.connection).lower(),
        norm=words.get("norm", spec.norm).lower(),
        conv=conv,
        numbers=numbers,
    )
    return read_network(str(made))  # refuses words that do not fit each other
