"""Optimizers: the lecture's rules, each as an optax-compatible pair, an adapter for any rule of optax,
schedules, and what goes around a rule: clipping, penalties, averages.
"""

# ruff: noqa: I001  (imported in the order of the lecture, which is the order of RULES)
from ravine.optimizers.hyperparameters import Decay, decay
from ravine.optimizers.per_array import Optimizer, per_array
from ravine.optimizers.registry import RULES, Range, Rule, resolve, resolve_all
from ravine.optimizers.schedules import ScheduleSpec, constant, decay_to_zero, factors, schedule, scheduled
from ravine.optimizers.plateau import PlateauState, plateau_next, plateau_start
from ravine.optimizers.sgd import sgd
from ravine.optimizers.momentum import momentum
from ravine.optimizers.nesterov import nesterov
from ravine.optimizers.local_gains import local_gains
from ravine.optimizers.adagrad import adagrad
from ravine.optimizers.rmsprop import rmsprop
from ravine.optimizers.adadelta import adadelta
from ravine.optimizers.adam import adam
from ravine.optimizers.transforms import clipped, decayed, penalised
from ravine.optimizers.weight_averages import exponential_average, tail_average
from ravine.optimizers.compose import compose

__all__ = [
    "RULES",
    "Decay",
    "Optimizer",
    "PlateauState",
    "Range",
    "Rule",
    "ScheduleSpec",
    "adadelta",
    "adagrad",
    "adam",
    "clipped",
    "compose",
    "constant",
    "decay",
    "decay_to_zero",
    "decayed",
    "exponential_average",
    "factors",
    "local_gains",
    "momentum",
    "nesterov",
    "penalised",
    "per_array",
    "plateau_next",
    "plateau_start",
    "resolve",
    "resolve_all",
    "rmsprop",
    "schedule",
    "scheduled",
    "sgd",
    "tail_average",
]
