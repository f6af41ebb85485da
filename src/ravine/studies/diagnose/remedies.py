"""Remedies: changes of settings that may repair a fault. A new remedy is one more row of REMEDIES."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ravine.execution.base_settings import FixedTrainingSettings
from ravine.networks import CONNECTIONS, NORMALIZATIONS, NetworkSpec, activation, read_network
from ravine.optimizers import resolve, schedule

__all__ = ["REMEDIES", "Remedy", "remedy_changes"]

Changes = dict[str, Any]
Context = Mapping[str, float]
"""Numbers of the training that remedies depend on: `train` (training rows), `batch_size`, `learning_rate`."""


@dataclass(frozen=True)
class Remedy:
    """A change of settings that may repair a fault.

    says: the remedy as words for a sentence. changes: function (settings, context) -> settings to replace
    with their values, or None if the remedy does not apply.
    """

    name: str
    says: str
    changes: Callable[[FixedTrainingSettings, Context], Changes | None]


def remedy_changes(settings: FixedTrainingSettings, name: str, context: Context) -> Changes | None:
    """Return the settings that a remedy changes, with their new values.

    The value is None if the remedy does not apply, or if the settings have these values already.
    """
    changes = REMEDIES[name].changes(settings, context)
    if not changes or all(getattr(settings, key) == value for key, value in changes.items()):
        return None
    return changes


def _spec(settings: FixedTrainingSettings, **parts: Any) -> Changes | None:
    before = read_network(settings.net)
    if not before.hidden and not before.conv:
        return None
    after: NetworkSpec = replace(before, **parts)
    return {"net": str(after)}


def _rate(factor: float) -> Callable[[FixedTrainingSettings, Context], Changes | None]:
    return lambda s, c: {"learning_rate": float(f"{c['learning_rate'] * factor:.6g}")}


def _rule(name: str) -> Callable[[FixedTrainingSettings, Context], Changes | None]:
    def change(settings: FixedTrainingSettings, context: Context) -> Changes | None:
        rule = resolve(name)
        if resolve(settings.optimizer).base_name == rule.base_name:
            return None
        return {"optimizer": rule.name, "learning_rate": rule.rate_center}

    return change


def _wider(factor: float) -> Callable[[FixedTrainingSettings, Context], Changes | None]:
    def change(settings: FixedTrainingSettings, context: Context) -> Changes | None:
        hidden = read_network(settings.net).hidden
        widths = tuple(max(2, round(width * factor)) for width in hidden)
        return _spec(settings, hidden=widths) if hidden and widths != hidden else None

    return change


def _batch(factor: int) -> Callable[[FixedTrainingSettings, Context], Changes | None]:
    def change(settings: FixedTrainingSettings, context: Context) -> Changes | None:
        size = min(context["batch_size"] * factor, max(1, context["train"] // 2))
        return {"batch_size": int(size)} if size > context["batch_size"] else None

    return change


def _dropout(settings: FixedTrainingSettings, context: Context) -> Changes | None:
    hyper = dict(read_network(settings.net).hyper)
    rate = min(0.5, 0.3 + hyper.get("dropout", 0.0))
    return _spec(settings, hyper={**hyper, "dropout": rate})


def _norm(name: str) -> Callable[[FixedTrainingSettings, Context], Changes | None]:
    def change(settings: FixedTrainingSettings, context: Context) -> Changes | None:
        if NORMALIZATIONS[name].over_rows and context["batch_size"] < 8:
            return None
        return _spec(settings, norm=name)

    return change


def _initial(settings: FixedTrainingSettings, context: Context) -> Changes | None:
    scheme = "glorot" if activation(settings.activation).saturating else "he"
    return {"init": scheme, "init_scale": 1.0}


def _residual(settings: FixedTrainingSettings, context: Context) -> Changes | None:
    spec = read_network(settings.net)
    return _spec(settings, connection="residual") if not CONNECTIONS[spec.connection].skips else None


def _activation(name: str) -> Callable[[FixedTrainingSettings, Context], Changes | None]:
    def change(settings: FixedTrainingSettings, context: Context) -> Changes | None:
        if settings.activation == name or not read_network(settings.net).hidden:
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
        Remedy("rate / 10", "a tenth of the learning rate", _rate(0.1)),
        Remedy("rate / 100", "a hundredth of the learning rate", _rate(0.01)),
        Remedy("rate x 10", "ten times the learning rate", _rate(10)),
        Remedy("rate x 30", "thirty times the learning rate", _rate(30)),
        Remedy("rate x 100", "a hundred times the learning rate", _rate(100)),
        Remedy("onecycle", "a schedule with warm-up and decay", _schedule("onecycle")),
        Remedy("decay", "a learning rate that decays to zero", _schedule("cosine")),
        Remedy("average", "the mean of the weights of the second half", lambda s, c: {"average": "tail=0.5"}),
        Remedy("batch x 4", "batches four times as large", _batch(4)),
        Remedy("batch x 8", "batches eight times as large", _batch(8)),
        Remedy("standardize", "standardized inputs",
               lambda s, c: {"scaling": None} if s.scaling == "none" else None),
        Remedy("initialization", "the initialization that fits the activation", _initial),
        Remedy("relu", "ReLU units", _activation("relu")),
        Remedy("leaky_relu", "leaky ReLU units", _activation("leaky_relu")),
        Remedy("residual", "residual connections", _residual),
        Remedy("batchnorm", "batch normalization", _norm("batchnorm")),
        Remedy("layernorm", "layer normalization", _norm("layernorm")),
        Remedy("no norm", "no normalization", _norm("none")),
        Remedy("momentum", "momentum", _rule("momentum")),
        Remedy("adam", "Adam", _rule("adam")),
        Remedy("early stopping", "early stopping",
               lambda s, c: None if s.early_stop else {"early_stop": 3}),
        Remedy("dropout", "dropout", _dropout),
        Remedy("l2", "an L2 penalty of 0.01", _penalty(0.01)),
        Remedy("ridge", "an L2 penalty of 0.1", _penalty(0.1)),
        Remedy("smaller", "a network a quarter as wide", _wider(0.25)),
        Remedy("wider", "a network four times as wide", _wider(4)),
    )
}  # fmt: skip
"""All remedies by name."""
