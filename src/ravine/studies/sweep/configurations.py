"""The configurations that a sweep compares, each with the complete settings of its training.

A sweep varies factors: options of a training such as l2, words of the network's text such as dropout, or
hyperparameters of the optimizer such as b1. A configuration is one combination of values of all factors. All
configurations are checked before the first training begins.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ravine.data import Dataset
from ravine.errors import UsageError, about_option, did_you_mean
from ravine.execution.training_settings import FixedTrainingSettings
from ravine.execution.training_spec import (
    TrainingSpec,
    check_patience,
    check_schedules,
    schedules_of,
    share_structure,
    training_spec,
)
from ravine.networks import read_network
from ravine.networks.network_text import NUMBERS, NetworkSpec
from ravine.optimizers import RULES, Rule, resolve, schedule
from ravine.optimizers.optimizer_text import parse_optimizer
from ravine.options.fields import Value, options_of
from ravine.options.parse import from_text
from ravine.options.renamed import renamed_key
from ravine.studies.sweep.factor_names import FIELDS, WORDS
from ravine.studies.sweep.factors import Factor, design_levels, read_factors, split
from ravine.studies.sweep.settings import SweepSettings
from ravine.user_code.code_text import short_code

__all__ = ["Configuration", "check_names", "configurations", "one_minus_names"]

DEFAULT_WIDTH = 64  # units of the layers that `depth` adds to a network without any


@dataclass(frozen=True)
class Configuration:
    """One configuration of a sweep: the values of its factors, and the training that they describe.

    levels: the value of each factor as text, {factor: value}. settings: complete settings of the training.
    rule: the optimizer, without the hyperparameters in `hyper`. hyper: hyperparameters of the optimizer that
    the configuration fixes, by name. They enter the compiled program as numbers, so that configurations can
    share a program. spec: network, transforms and early stopping of the training.
    """

    levels: dict[str, str]
    settings: FixedTrainingSettings
    rule: Rule
    hyper: dict[str, float]
    spec: TrainingSpec

    @property
    def label(self) -> str:
        """The configuration in words: `l2=0, dropout=0.2`."""
        return label_of(self.levels)


def label_of(levels: Mapping[str, str]) -> str:
    """Return the text of a configuration from the values of its factors, such as `l2=0, dropout=0.2`.

    levels: {factor: value}.
    """
    return ", ".join(f"{name}={value}" for name, value in levels.items())


def check_names(settings: SweepSettings) -> None:
    """Check the factors of a sweep before the data are read.

    Raises UsageError for an invalid text of a factor, for an unknown optimizer, and for the name of a factor
    that a sweep cannot vary.
    """
    with about_option("vary", settings.vary, "different configurations of known factors"):
        factors = read_factors(settings.vary)
        rules = _rules(settings, factors)
        for factor in factors:
            _check_name(factor.name, rules)


def configurations(
    settings: SweepSettings, factors: Sequence[Factor], dataset: Dataset
) -> list[Configuration]:
    """Return the configurations of a sweep, in the order of the design; the first one is the baseline.

    Their trainings get as few different structures as possible, so that few programs are compiled: a
    transform that only some configurations use is also part of the others, with a value that changes nothing.
    Raises UsageError for the name of a factor that a sweep cannot vary, for an invalid configuration, for two
    equal configurations, and for too many configurations.
    """
    with about_option("vary", settings.vary, "different configurations of known factors"):
        return _configurations(settings, factors, dataset)


def _configurations(
    settings: SweepSettings, factors: Sequence[Factor], dataset: Dataset
) -> list[Configuration]:
    rules = _rules(settings, factors)
    for factor in factors:
        _check_name(factor.name, rules)
    levels = design_levels(factors, settings.points, settings.random, settings.seed, one_minus_names(rules))
    base = {
        name: value
        for name, value in settings.to_dict().items()
        if name in options_of(FixedTrainingSettings) and name != "seeds"
    }
    unjoined = [_configuration(base, row, dataset) for row in levels]
    scheduled = {name for configuration in unjoined for name in configuration.spec.hyper_schedules}
    for text in settings.hyper_schedule or []:
        name, _, followed_schedule = text.partition("=")
        name = name.strip()
        if name not in scheduled and all(factor.name != "hyper_schedule" for factor in factors):
            check_schedules(replace(unjoined[0].spec, hyper_schedules={name: followed_schedule}), rules)
    _check_different(unjoined)
    specs = share_structure([configuration.spec for configuration in unjoined])
    return [replace(configuration, spec=spec) for configuration, spec in zip(unjoined, specs, strict=True)]


def one_minus_names(rules: Sequence[Rule]) -> set[str]:
    """Return the names of the hyperparameters b of optimizers whose ranges are spaced evenly in log(1 - b).

    They are averaging rates such as b1 of Adam, and rho of momentum, for which the distance from 1 matters.
    """
    tuned = {name for rule in rules for name, where in rule.search_ranges.items() if where.one_minus}
    return tuned | {name for rule in rules for name in rule.averaging_rates}


# -------------------------------------------------------------------------------------------------- names


def _rules(settings: SweepSettings, factors: Sequence[Factor]) -> list[Rule]:
    """Return the optimizers of all configurations, without fixed hyperparameters."""
    texts = [text for factor in factors if factor.name == "optimizer" for text in factor.levels]
    return [_free(text) for text in texts or [settings.optimizer]]


def _free(text: str) -> Rule:
    spec = parse_optimizer(text)
    return resolve(text) if spec.source else RULES[resolve(spec.name).name]


def _check_name(name: str, rules: Sequence[Rule]) -> None:
    """Raise UsageError for the name of a factor that a sweep cannot vary."""
    hyper = {name for rule in rules for name in rule.defaults}
    if name in (*FIELDS, *WORDS) or name in hyper or any(":" in rule.name for rule in rules):
        return
    if (new := renamed_key(name)) in FIELDS:
        raise UsageError(
            f"'{name}' was renamed to '{new}'.", "", f"Write --vary {new}=VALUES.", value=name, allowed=(new,)
        )
    if name in options_of(SweepSettings):
        raise UsageError(
            f"'{name}' cannot be varied.", "All configurations share the data, the seeds and the score.",
            f"Vary for example {', '.join((*FIELDS[:2], *WORDS[-3:-1], *sorted(hyper)))}.",
            allowed=(*FIELDS, *WORDS, *sorted(hyper)),
        )  # fmt: skip
    raise UsageError(
        f"'{name}' is not a factor that can be varied.",
        "",
        did_you_mean(name, [*FIELDS, *WORDS, *sorted(hyper)]),
        allowed=(*FIELDS, *WORDS, *sorted(hyper)),
    )


def _check_different(configurations: Sequence[Configuration]) -> None:
    """Raise UsageError for two configurations with the same settings."""
    for k, configuration in enumerate(configurations):
        for other in configurations[:k]:
            if configuration.settings == other.settings:
                raise UsageError(
                    f"'{configuration.label}' and '{other.label}' are the same configuration.",
                    "",
                    "Leave one of the two out of --vary.",
                )
            if configuration.label == other.label:
                raise UsageError(
                    f"Two configurations have the name '{configuration.label}'.",
                    "The tables show the name of a Python file without its folder.",
                    "Rename one of the files or functions.",
                )


# ------------------------------------------------------------------------------------------ configurations


def _configuration(base: Mapping[str, Any], levels: dict[str, str], dataset: Dataset) -> Configuration:
    """Return one configuration from shared settings and the values of its factors.

    base: settings that all configurations share. levels: {factor: value}. Raises UsageError.
    """
    try:
        plain = dict(base) | {name: _level(name, text) for name, text in levels.items() if name in FIELDS}
        words = {name: text for name, text in levels.items() if name in WORDS}
        if words:
            network = read_network(plain.get("net", FixedTrainingSettings.net))
            plain["net"] = str(_with_words(network, words))
        hyper = {name: _number(name, text) for name, text in levels.items() if name not in (*FIELDS, *WORDS)}
        spec = parse_optimizer(plain.get("optimizer", FixedTrainingSettings.optimizer))
        spec = spec._replace(keywords={**spec.keywords, **hyper})
        rule = resolve(str(spec))  # refuses unknown hyperparameters and values out of range
        plain["optimizer"] = str(spec)
        settings = FixedTrainingSettings.from_dict(
            {name: value for name, value in plain.items() if value is not None}
        )
        settings = replace(settings, schedule=str(schedule(settings.schedule)))
        training = training_spec(settings, dataset)
        check_patience(settings)
        if "hyper_schedule" in levels:
            check_schedules(training, [rule])
        else:  # a shared schedule applies where its hyperparameter exists
            settings = replace(settings, hyper_schedule=schedules_of(settings.hyper_schedule, training, rule))
            training = training_spec(settings, dataset)
    except UsageError as error:
        why = " ".join(filter(None, (error.what, error.why)))
        raise UsageError(
            f"The configuration '{label_of(levels)}' is invalid.", why, error.fix,
            option=error.option, value=error.value, allowed=error.allowed,
        ) from error  # fmt: skip
    free = rule if spec.source else RULES[spec.name]
    hyper_of_rule = {} if spec.source else {name: float(value) for name, value in spec.keywords.items()}
    shown = {name: short_code(text) for name, text in levels.items()}
    return Configuration(shown, settings, free, hyper_of_rule, training)


def _level(name: str, text: str) -> Value:
    """Return the value of an option from text; the text `none` gives its default. Raises UsageError."""
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
        raise UsageError(f"{name}={text} is not a number.", "", f"Write for example {name}=0.1.")
    return value


def _whole(name: str, text: str) -> int:
    value = _number(name, text)
    if not value.is_integer():
        raise UsageError(f"{name}={text} is not a whole number.", "", f"Write for example {name}=2.")
    return int(value)


def _with_words(spec: NetworkSpec, words: Mapping[str, str]) -> NetworkSpec:
    """Return a network with some words of its text replaced, such as `dropout=0.2`. Raises UsageError."""
    hidden = spec.hidden
    if "width" in words or "depth" in words:
        width_before = hidden[0] if hidden else DEFAULT_WIDTH
        width = _whole("width", words["width"]) if "width" in words else width_before
        depth = _whole("depth", words["depth"]) if "depth" in words else len(hidden)
        if width < 1 or depth < 0:
            raise UsageError("width must be at least 1 and depth at least 0.", "", "Give larger values.")
        hidden = (width,) * depth
    numbers = dict(spec.hyper)
    for word, name in NUMBERS.items():
        if word in words:
            numbers[name] = _number(word, words[word])
    conv = spec.conv
    if "conv" in words:
        no_conv = words["conv"].lower() == "none"
        conv = () if no_conv else read_network(f"conv={words['conv']}").conv
    changed = dataclasses.replace(
        spec,
        hidden=hidden,
        connection=words.get("connection", spec.connection).lower(),
        norm=words.get("norm", spec.norm).lower(),
        conv=conv,
        hyper=numbers,
    )
    return read_network(str(changed))  # refuses parts that exclude each other
