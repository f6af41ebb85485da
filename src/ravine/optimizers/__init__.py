"""Optimizers: the lecture's rules, each as an optax-compatible pair, and an adapter for any rule of optax."""

# ruff: noqa: I001  (imported in the order of the lecture, which is the order of RULES)
from ravine.optimizers.hyperparameters import Decay, decay
from ravine.optimizers.per_array import Optimizer, per_array
from ravine.optimizers.rules import RULES, Range, Rule, resolve, resolve_all
from ravine.optimizers.schedules import constant, decay_to_zero, scheduled
from ravine.optimizers.sgd import sgd
from ravine.optimizers.momentum import momentum
from ravine.optimizers.nesterov import nesterov
from ravine.optimizers.local_gains import local_gains
from ravine.optimizers.adagrad import adagrad
from ravine.optimizers.rmsprop import rmsprop
from ravine.optimizers.adadelta import adadelta
from ravine.optimizers.adam import adam

__all__ = [
    "RULES",
    "Decay",
    "Optimizer",
    "Range",
    "Rule",
    "adadelta",
    "adagrad",
    "adam",
    "constant",
    "decay",
    "decay_to_zero",
    "local_gains",
    "momentum",
    "nesterov",
    "per_array",
    "resolve",
    "resolve_all",
    "rmsprop",
    "scheduled",
    "sgd",
]
