"""Optimizers of the lecture, an adapter for optax, schedules, and transforms such as clipping around them.

An optimizer is a pair of functions (init, update) as in optax, with a third function for the weights at which
the network is evaluated. The package exports the public names of its files. It imports a file, and with it
JAX, only when one of these names is used, so that tables of names and parsers of texts are available without
JAX.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ravine.optimizers.adadelta import adadelta as adadelta
    from ravine.optimizers.adagrad import adagrad as adagrad
    from ravine.optimizers.adam import adam as adam
    from ravine.optimizers.compose import compose as compose
    from ravine.optimizers.hyperparameters import Decay as Decay
    from ravine.optimizers.hyperparameters import decay as decay
    from ravine.optimizers.local_gains import local_gains as local_gains
    from ravine.optimizers.momentum import momentum as momentum
    from ravine.optimizers.nesterov import nesterov as nesterov
    from ravine.optimizers.optimizer_text import read_optimizer as read_optimizer
    from ravine.optimizers.optimizer_text import read_optimizers as read_optimizers
    from ravine.optimizers.per_array import Optimizer as Optimizer
    from ravine.optimizers.per_array import per_array as per_array
    from ravine.optimizers.plateau import PlateauState as PlateauState
    from ravine.optimizers.plateau import plateau_next as plateau_next
    from ravine.optimizers.plateau import plateau_start as plateau_start
    from ravine.optimizers.registry import RULES as RULES
    from ravine.optimizers.registry import Range as Range
    from ravine.optimizers.registry import Rule as Rule
    from ravine.optimizers.registry import resolve as resolve
    from ravine.optimizers.registry import resolve_all as resolve_all
    from ravine.optimizers.rmsprop import rmsprop as rmsprop
    from ravine.optimizers.schedule_kinds import SCHEDULES as SCHEDULES
    from ravine.optimizers.schedule_text import read_schedule as read_schedule
    from ravine.optimizers.schedules import ScheduleSpec as ScheduleSpec
    from ravine.optimizers.schedules import factors as factors
    from ravine.optimizers.schedules import schedule as schedule
    from ravine.optimizers.sgd import sgd as sgd
    from ravine.optimizers.transforms import with_clipping as with_clipping
    from ravine.optimizers.transforms import with_penalties as with_penalties
    from ravine.optimizers.transforms import with_weight_decay as with_weight_decay
    from ravine.optimizers.weight_averages import exponential_average as exponential_average
    from ravine.optimizers.weight_averages import tail_average as tail_average

# The registry, in the order of the lecture. To add an optimizer, write its file and add a line here.
OPTIMIZERS: dict[str, str] = {
    "sgd": "ravine.optimizers.sgd:sgd",
    "momentum": "ravine.optimizers.momentum:momentum",
    "nesterov": "ravine.optimizers.nesterov:nesterov",
    "local_gains": "ravine.optimizers.local_gains:local_gains",
    "adagrad": "ravine.optimizers.adagrad:adagrad",
    "rmsprop": "ravine.optimizers.rmsprop:rmsprop",
    "adadelta": "ravine.optimizers.adadelta:adadelta",
    "adam": "ravine.optimizers.adam:adam",
}
"""Name of every optimizer -> "module:constructor" of the constructor that `register` decorates."""

DEFAULT_OPTIMIZERS = (
    "sgd", "momentum", "nesterov", "local_gains", "adagrad", "rmsprop", "adadelta", "adam",
)  # fmt: skip
"""The optimizers of a comparison for which the user names none. Nothing else depends on this list."""

_FILES = {
    "compose": ("compose",),
    "hyperparameters": ("Decay", "decay"),
    "optimizer_text": ("read_optimizer", "read_optimizers"),
    "per_array": ("Optimizer", "per_array"),
    "plateau": ("PlateauState", "plateau_next", "plateau_start"),
    "registry": ("RULES", "Range", "Rule", "resolve", "resolve_all"),
    "schedule_kinds": ("SCHEDULES",),
    "schedule_text": ("read_schedule",),
    "schedules": ("ScheduleSpec", "factors", "schedule"),
    "transforms": ("with_clipping", "with_weight_decay", "with_penalties"),
    "weight_averages": ("exponential_average", "tail_average"),
}
_FILE_OF = {name: file for file, names in _FILES.items() for name in names}

__all__ = ["DEFAULT_OPTIMIZERS", "OPTIMIZERS"]
__all__.extend((*OPTIMIZERS, *_FILE_OF))


def __getattr__(name: str) -> Any:
    if name in OPTIMIZERS:
        from pkgutil import resolve_name  # slow to import; the help needs only the table

        return resolve_name(OPTIMIZERS[name])
    if name in _FILE_OF:
        return getattr(import_module(f"ravine.optimizers.{_FILE_OF[name]}"), name)
    raise AttributeError(f"module 'ravine.optimizers' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*__all__, *OPTIMIZERS})


class _Package(ModuleType):
    """A package in which `sgd` is the function, also after the import of the file `sgd`.

    Python makes an imported file an attribute of its package, which would hide the function of the same name.
    """

    def __setattr__(self, name: str, value: object) -> None:
        hides = isinstance(value, ModuleType) and (name in OPTIMIZERS or name in _FILE_OF)
        if not hides:
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
