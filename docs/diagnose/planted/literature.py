"""Fault kinds of two published detectors of training faults, rebuilt on generated data.

    AUTOTRAINER     vanishing and exploding gradient, dying ReLU, oscillating loss, slow convergence
    TheDeepChecker  faults of inputs, initial weights, activations, loss, regularization, capacity and labels

Source: Zhang et al. 2021, "AUTOTRAINER: An Automatic DNN Training Problem Detection and Repair System";
Ben Braiek and Khomh 2023, "Testing Feedforward Neural Networks Training Programs" (TheDeepChecker). The kinds
are theirs; data, networks and settings are ours. Each kind has four cases, on other data or with another
optimizer or activation. A case is found if one of the verdicts that name its cause is reported.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from planted.case import DEEP, Case, case
from planted.data import classes, curve, exclusive_or, rare

Data = Callable[[int], Any]
Variant = tuple[Data, dict[str, Any]]


def literature() -> list[Case]:
    """Return all cases; their verdicts are alternatives."""
    cases = []
    for number, (fault, verdicts, variants) in enumerate(KINDS):
        for place, (data, settings) in enumerate(variants):
            cases.append(case(fault, data, 10_000 + 100 * number + place, verdicts, "", **settings))
    return cases


def _with(settings: dict[str, Any], *variants: Variant) -> Sequence[Variant]:
    return [(data, {**settings, **more}) for data, more in variants]


def _far(seed: int) -> Any:
    return classes(seed, offset=100.0)


def _wide(seed: int) -> Any:
    return classes(seed, spread=1e4)


def _random_labels(seed: int) -> Any:
    return classes(seed, rows=1600, noise=1.0)


def _noisy_labels(seed: int) -> Any:
    return classes(seed, rows=1600, noise=0.5)


def _few(seed: int) -> Any:
    return classes(seed, rows=200, noise=0.4)


def _noisy(seed: int) -> Any:
    return curve(seed, rows=600, noise=1.0)


def _many(seed: int) -> Any:
    return curve(seed, rows=1600)


KINDS: tuple[tuple[str, str, Sequence[Variant]], ...] = (
    ("vanishing gradient", "vanishing", _with(
        {"net": DEEP},
        (classes, {"activation": "sigmoid"}),
        (curve, {"activation": "sigmoid", "optimizer": "sgd", "learning_rate": 0.05}),
        (classes, {"activation": "tanh", "init": "lecun", "init_scale": 0.4}),
        (curve, {"init_scale": 0.3}),
    )),
    ("exploding gradient", "exploding rate_high", _with(
        {"net": DEEP},
        (classes, {"init_scale": 4.0}),
        (curve, {"init_scale": 4.0, "activation": "leaky_relu"}),
        (classes, {"init_scale": 3.0, "optimizer": "sgd", "learning_rate": 0.05}),
        (curve, {"init_scale": 5.0, "optimizer": "momentum", "learning_rate": 0.01}),
    )),
    ("dying ReLU", "rate_high dead", _with(
        {},
        (classes, {"learning_rate": 1.0}),
        (curve, {"learning_rate": 1.0, "optimizer": "rmsprop"}),
        (classes, {"learning_rate": 10.0, "optimizer": "sgd"}),
        (_far, {"scaling": "none", "learning_rate": 1e-4}),
    )),
    ("oscillating loss", "rate_high gradient_noise batches_small", _with(
        {"schedule": "constant"},
        (_noisy, {"net": "linear", "optimizer": "sgd", "learning_rate": 0.06, "batch_size": 2}),
        (_noisy, {"optimizer": "adam", "learning_rate": 0.03, "batch_size": 2, "epochs": 10.0}),
        (curve, {"optimizer": "rmsprop", "learning_rate": 0.3}),
        (classes, {"optimizer": "sgd", "learning_rate": 5.0}),
    )),
    ("slow convergence", "rate_low", _with(
        {},
        (classes, {"optimizer": "sgd", "learning_rate": 1e-3}),
        (curve, {"optimizer": "adam", "learning_rate": 1e-5}),
        (classes, {"optimizer": "momentum", "learning_rate": 1e-4}),
        (curve, {"optimizer": "rmsprop", "learning_rate": 1e-5}),
    )),
    ("unscaled inputs", "not_standardized", _with(
        {"scaling": "none"},
        (_far, {}),
        (_wide, {}),
        (_far, {"optimizer": "sgd", "learning_rate": 1e-4}),
        (_wide, {"activation": "tanh", "init": "glorot"}),
    )),
    ("constant initial weights", "units_alike", _with(
        {"init": "zero"},
        (classes, {}),
        (curve, {"activation": "tanh"}),
        (classes, {"activation": "sigmoid"}),
        (curve, {"activation": "softplus"}),
    )),
    ("initial weights too small", "plateau vanishing", _with(
        {"init_scale": 0.01, "net": "24-24-24-24"},
        (classes, {"optimizer": "sgd", "learning_rate": 0.05}),
        (curve, {"activation": "tanh", "init": "glorot", "optimizer": "sgd", "learning_rate": 0.05}),
        (classes, {"optimizer": "momentum", "learning_rate": 0.01}),
        (curve, {"activation": "elu", "optimizer": "sgd", "learning_rate": 0.05}),
    )),
    ("saturated activations", "saturated", _with(
        {"init": "glorot"},
        (classes, {"activation": "tanh", "init_scale": 20.0}),
        (curve, {"activation": "tanh", "init_scale": 20.0}),
        (classes, {"activation": "sigmoid", "init_scale": 60.0}),
        (curve, {"activation": "sigmoid", "init_scale": 60.0}),
    )),
    # A loss that is summed over the rows of a batch is a learning rate times the number of these rows.
    ("loss summed over the batch", "rate_high", _with(
        {},
        (classes, {"optimizer": "sgd", "learning_rate": 0.1 * 128, "batch_size": 128}),
        (curve, {"optimizer": "sgd", "learning_rate": 0.1 * 64, "batch_size": 64}),
        (classes, {"optimizer": "momentum", "learning_rate": 0.03 * 128, "batch_size": 128}),
        (curve, {"optimizer": "momentum", "learning_rate": 0.03 * 64, "batch_size": 64}),
    )),
    ("diverging loss", "rate_high", _with(
        {},
        (classes, {"optimizer": "sgd", "learning_rate": 100.0}),
        (curve, {"optimizer": "sgd", "learning_rate": 10.0}),
        (classes, {"optimizer": "adam", "learning_rate": 3.0}),
        (curve, {"optimizer": "momentum", "learning_rate": 3.0}),
    )),
    ("regularization too strong", "penalty_strong dropout_strong", _with(
        {},
        (classes, {"l2": 1.0}),
        (curve, {"l2": 0.5}),
        (classes, {"l1": 0.1}),
        (curve, {"net": "24-24 dropout=0.9"}),
    )),
    ("capacity too small", "too_small", _with(
        {"epochs": 60.0},
        (classes, {"net": "1"}),
        (_many, {"net": "1"}),
        (exclusive_or, {"net": "linear"}),
        (_many, {"net": "linear"}),
    )),
    ("unbalanced labels", "imbalance", _with(
        {},
        (rare, {}),
        (rare, {"optimizer": "sgd", "learning_rate": 0.1}),
        (rare, {"optimizer": "rmsprop"}),
        (rare, {"activation": "tanh", "init": "glorot"}),
    )),
    ("wrong labels", "label_noise no_better_than_baseline", _with(
        {},
        (_random_labels, {}),
        (_random_labels, {"optimizer": "sgd", "learning_rate": 0.1}),
        (_noisy_labels, {}),
        (_noisy_labels, {"optimizer": "momentum", "learning_rate": 0.02}),
    )),
    ("overfitting", "overfits", _with(
        {"net": "128-128", "epochs": 120.0, "batch_size": 16},
        (_few, {}),
        (_few, {"optimizer": "rmsprop"}),
        (_few, {"activation": "tanh", "init": "glorot"}),
        (_few, {"optimizer": "momentum", "learning_rate": 0.03}),
    )),
)  # fmt: skip
"""Kind of fault, verdicts that name its cause, and data and settings of its cases."""
