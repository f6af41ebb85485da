"""Remedies: changes of settings that may repair a fault. To add one, add a row to `REMEDIES`."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ravine.execution.training_settings import FixedTrainingSettings
from ravine.networks import CONNECTIONS, NORMALIZATIONS, NetworkSpec, activation, any_network
from ravine.optimizers import resolve, schedule

__all__ = ["REMEDIES", "Remedy", "remedy_changes"]

Changes = dict[str, Any]


@dataclass(frozen=True)
class Context:
    """Facts about the diagnosed training that remedies need to choose new values of settings.

    train: number of training rows. batch_size: rows in a batch. learning_rate: that of the training. epochs:
    passes over the training rows. curvature: largest measured curvature over the stability limit of the
    optimizer, NaN if not known. columns: columns that may give the target or a class away and may have to be
    left out.
    """

    train: int
    batch_size: int
    learning_rate: float
    epochs: float
    curvature: float = math.nan
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Remedy:
    """A change of settings that may repair a fault, such as a tenth of the learning rate.

    says: the remedy as words for a sentence. size: size of the change. Among equally good remedies the one
    with the smallest size is recommended; a combination has the sum of its sizes. changes: function
    (settings, context) -> settings to replace with their values, or None if the remedy does not apply.
    last_resort: 0 for a remedy that is always tried; a remedy with a higher number is tried only if neither
    the original settings nor a remedy with a lower number give a network that learns. judged: whether a
    better score or loss confirms the remedy; false for a change that makes scores honest and may lower them,
    such as leaving out a column.
    """

    name: str
    says: str
    size: int
    changes: Callable[[FixedTrainingSettings, Context], Changes | None]
    last_resort: int = 0
    judged: bool = True


RATE, INITIALIZATION, SCHEDULE, LENGTH, REGULARIZATION, ARCHITECTURE = 1, 2, 3, 4, 5, 7
"""Sizes of changes. They order remedies: a learning rate is changed before an architecture."""
USUAL_WIDTH = 64  # units of a hidden layer


def remedy_changes(settings: FixedTrainingSettings, name: str, context: Context) -> Changes | None:
    """Return the settings that a remedy changes, by name, with their new values.

    The result is None if the remedy does not apply, or if the settings have these values already. name: name
    of the remedy in `REMEDIES`. context: facts about the training.
    """
    changes = REMEDIES[name].changes(settings, context) or {}
    return {key: value for key, value in changes.items() if getattr(settings, key) != value} or None


def _layers(settings: FixedTrainingSettings) -> NetworkSpec | None:
    """Return the layers of the network; None for a network of a Python file, which no remedy changes."""
    spec = any_network(settings.net)
    return spec if isinstance(spec, NetworkSpec) else None


def _spec(settings: FixedTrainingSettings, **parts: Any) -> Changes | None:
    before = _layers(settings)
    if before is None or (not before.hidden and not before.conv):
        return None
    after: NetworkSpec = replace(before, **parts)
    return {"net": str(after)}


def _rate(factor: float) -> Callable[[FixedTrainingSettings, Context], Changes | None]:
    return lambda s, c: {"learning_rate": _rounded(c.learning_rate * factor)}


def _rounded(rate: float) -> float:
    return float(f"{rate:.6g}")  # without the rounding error of the product


def _stable_rate(factor: float) -> Callable[[FixedTrainingSettings, Context], Changes | None]:
    """Return the change to `factor` times the learning rate at which the curvature is at the limit."""

    def change(settings: FixedTrainingSettings, context: Context) -> Changes | None:
        if not (math.isfinite(context.curvature) and context.curvature > 1):
            return None
        return {"learning_rate": float(f"{context.learning_rate * factor / context.curvature:.2g}")}

    return change


def _usual_rate(settings: FixedTrainingSettings, context: Context) -> Changes | None:
    usual = float(resolve(settings.optimizer).rate_center)
    return {"learning_rate": usual} if usual < context.learning_rate else None


def _rule(name: str) -> Callable[[FixedTrainingSettings, Context], Changes | None]:
    def change(settings: FixedTrainingSettings, context: Context) -> Changes | None:
        rule = resolve(name)
        if resolve(settings.optimizer).base_name == rule.base_name:
            return None
        return {"optimizer": rule.name, "learning_rate": rule.rate_center}

    return change


def _wider(factor: float) -> Callable[[FixedTrainingSettings, Context], Changes | None]:
    def change(settings: FixedTrainingSettings, context: Context) -> Changes | None:
        spec = _layers(settings)
        hidden = spec.hidden if spec else ()
        widths = tuple(max(2, round(width * factor)) for width in hidden)
        return _spec(settings, hidden=widths) if hidden and widths != hidden else None

    return change


def _usual_width(settings: FixedTrainingSettings, context: Context) -> Changes | None:
    spec = _layers(settings)
    if spec is None:
        return None
    hidden = tuple(max(width, USUAL_WIDTH) for width in spec.hidden) or (USUAL_WIDTH,)
    return {"net": str(replace(spec, hidden=hidden))} if hidden != spec.hidden else None


def _batch(factor: int) -> Callable[[FixedTrainingSettings, Context], Changes | None]:
    def change(settings: FixedTrainingSettings, context: Context) -> Changes | None:
        size = min(context.batch_size * factor, max(1, context.train // 2))
        return {"batch_size": int(size)} if size > context.batch_size else None

    return change


def _dropout(settings: FixedTrainingSettings, context: Context) -> Changes | None:
    hyper = dict(any_network(settings.net).hyper)
    before = hyper.get("dropout", 0.0)
    return _spec(settings, hyper={**hyper, "dropout": min(0.5, 0.3 + before)}) if before < 0.5 else None


def _less_dropout(factor: float) -> Callable[[FixedTrainingSettings, Context], Changes | None]:
    def change(settings: FixedTrainingSettings, context: Context) -> Changes | None:
        hyper = dict(any_network(settings.net).hyper)
        rate = hyper.pop("dropout", 0.0)
        if not rate:
            return None
        return _spec(settings, hyper={**hyper, "dropout": _rounded(rate * factor)} if factor else hyper)

    return change


def _less_penalty(factor: float) -> Callable[[FixedTrainingSettings, Context], Changes | None]:
    def change(settings: FixedTrainingSettings, context: Context) -> Changes | None:
        penalties = {key: getattr(settings, key) for key in ("l1", "l2", "weight_decay")}
        return {key: _rounded(value * factor) for key, value in penalties.items() if value} or None

    return change


def _longer(factor: float) -> Callable[[FixedTrainingSettings, Context], Changes | None]:
    return lambda s, c: {"epochs": _rounded(c.epochs * factor)}


def _drop(settings: FixedTrainingSettings, context: Context) -> Changes | None:
    return {"drop": [*(settings.drop or []), *context.columns]} if context.columns else None


def _norm(name: str) -> Callable[[FixedTrainingSettings, Context], Changes | None]:
    def change(settings: FixedTrainingSettings, context: Context) -> Changes | None:
        if NORMALIZATIONS[name].over_rows and context.batch_size < 8:
            return None
        return _spec(settings, norm=name)

    return change


def _initial(settings: FixedTrainingSettings, context: Context) -> Changes | None:
    if _layers(settings) is None:
        return None
    scheme = "glorot" if activation(settings.activation).saturating else "he"
    return {"init": scheme, "init_scale": 1.0}


def _residual(settings: FixedTrainingSettings, context: Context) -> Changes | None:
    spec = _layers(settings)
    if spec is None or CONNECTIONS[spec.connection].skips:
        return None
    return _spec(settings, connection="residual")


def _activation(name: str) -> Callable[[FixedTrainingSettings, Context], Changes | None]:
    def change(settings: FixedTrainingSettings, context: Context) -> Changes | None:
        spec = _layers(settings)
        if spec is None or settings.activation == name or not spec.hidden:
            return None
        return {"activation": name, "init": "he", "init_scale": 1.0}

    return change


def _schedule(name: str) -> Callable[[FixedTrainingSettings, Context], Changes | None]:
    return lambda s, c: {"schedule": name} if str(schedule(s.schedule)) != name else None


def _penalty(value: float) -> Callable[[FixedTrainingSettings, Context], Changes | None]:
    return lambda s, c: {"l2": value} if (s.l2 or 0.0) < value else None


REMEDIES = {
    remedy.name: remedy
    for remedy in (
        Remedy("rate / 10", "a tenth of the learning rate", RATE, _rate(0.1)),
        Remedy("rate / 100", "a hundredth of the learning rate", RATE, _rate(0.01)),
        Remedy("stable rate", "half of the learning rate that the measured curvature allows", RATE,
               _stable_rate(0.5), last_resort=1),
        Remedy("usual rate", "the usual learning rate of the optimizer", RATE, _usual_rate, last_resort=1),
        Remedy("stable rate / 10", "a twentieth of the learning rate that the measured curvature allows",
               RATE, _stable_rate(0.05), last_resort=2),
        Remedy("rate / 10000", "a ten-thousandth of the learning rate", RATE, _rate(1e-4), last_resort=2),
        Remedy("rate x 10", "ten times the learning rate", RATE, _rate(10)),
        Remedy("rate x 30", "thirty times the learning rate", RATE, _rate(30)),
        Remedy("rate x 100", "a hundred times the learning rate", RATE, _rate(100)),
        Remedy("onecycle", "a schedule with warm-up and decay", SCHEDULE, _schedule("onecycle")),
        Remedy("decay", "a learning rate that decays to zero", SCHEDULE, _schedule("cosine")),
        Remedy("average", "the mean of the weights of the second half", SCHEDULE,
               lambda s, c: {"average": "tail=0.5"}),
        Remedy("more epochs", "four times as many epochs", LENGTH, _longer(4)),
        Remedy("batch x 4", "batches four times as large", LENGTH, _batch(4)),
        Remedy("batch x 8", "batches eight times as large", LENGTH, _batch(8)),
        Remedy("standardize", "standardized inputs", RATE,
               lambda s, c: {"scaling": None} if s.scaling == "none" else None),
        Remedy("initialization", "the initialization that fits the activation", INITIALIZATION, _initial),
        Remedy("relu", "ReLU units", ARCHITECTURE, _activation("relu")),
        Remedy("leaky_relu", "leaky ReLU units", ARCHITECTURE, _activation("leaky_relu")),
        Remedy("residual", "residual connections", ARCHITECTURE, _residual),
        Remedy("batchnorm", "batch normalization", ARCHITECTURE, _norm("batchnorm")),
        Remedy("layernorm", "layer normalization", ARCHITECTURE, _norm("layernorm")),
        Remedy("no norm", "no normalization", ARCHITECTURE, _norm("none")),
        Remedy("momentum", "momentum", REGULARIZATION, _rule("momentum")),
        Remedy("adam", "Adam", REGULARIZATION, _rule("adam")),
        Remedy("early stopping", "early stopping", LENGTH,
               lambda s, c: None if s.early_stop else {"early_stop": 3}),
        Remedy("dropout", "dropout", REGULARIZATION, _dropout),
        Remedy("remove dropout", "no dropout", REGULARIZATION, _less_dropout(0)),
        Remedy("dropout / 10", "a tenth of the dropout rate", REGULARIZATION, _less_dropout(0.1)),
        Remedy("l2", "an L2 penalty of 0.01", REGULARIZATION, _penalty(0.01)),
        Remedy("ridge", "an L2 penalty of 0.1", REGULARIZATION, _penalty(0.1)),
        Remedy("remove penalty", "no penalty", REGULARIZATION, _less_penalty(0)),
        Remedy("penalty / 10", "a tenth of the penalty", REGULARIZATION, _less_penalty(0.1)),
        Remedy("smaller", "a network a quarter as wide", ARCHITECTURE, _wider(0.25)),
        Remedy("usual width", f"hidden layers of at least {USUAL_WIDTH} units", ARCHITECTURE, _usual_width),
        Remedy("wider", "a network four times as wide", ARCHITECTURE, _wider(4)),
        Remedy("drop columns", "without the suspected columns", LENGTH, _drop, judged=False),
    )
}  # fmt: skip
"""All remedies by name."""
