"""Ravine: measurements of which optimizer and which learning rate train a neural network best on your data.

result = ravine.compare(X, y)              # ranks optimizers, each at its best learning rate, for these data
trained = ravine.train(X, y, optimizer="adam", learning_rate=3e-3)      # trains one network
trained.model.predict(X)                   # predictions of that network
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ravine.version import __version__

if TYPE_CHECKING:
    from ravine.api.functions import compare as compare
    from ravine.api.functions import descent as descent
    from ravine.api.functions import diagnose as diagnose
    from ravine.api.functions import landscape as landscape
    from ravine.api.functions import load_model as load_model
    from ravine.api.functions import memorize as memorize
    from ravine.api.functions import sweep as sweep
    from ravine.api.functions import train as train
    from ravine.api.predictions import predict as predict
    from ravine.errors import DataError as DataError
    from ravine.errors import NothingTrained as NothingTrained
    from ravine.errors import OptionError as OptionError
    from ravine.errors import RavineError as RavineError
    from ravine.errors import Stopped as Stopped
    from ravine.errors import UsageError as UsageError
    from ravine.execution.events import ChunkDone as ChunkDone
    from ravine.execution.events import DataLoaded as DataLoaded
    from ravine.execution.events import Event as Event
    from ravine.execution.events import FirstScores as FirstScores
    from ravine.execution.events import Noted as Noted
    from ravine.execution.events import PlanReady as PlanReady
    from ravine.execution.events import RangeExtended as RangeExtended
    from ravine.execution.events import RunEnded as RunEnded
    from ravine.execution.events import StageStarted as StageStarted
    from ravine.execution.predict import Predictions as Predictions
    from ravine.execution.result import Result as Result
    from ravine.execution.saved_model import Model as Model
    from ravine.studies.compare.result import CompareResult as CompareResult
    from ravine.studies.compare.settings import CompareSettings as CompareSettings
    from ravine.studies.descent.result import DescentResult as DescentResult
    from ravine.studies.descent.settings import DescentSettings as DescentSettings
    from ravine.studies.diagnose.result import DiagnoseResult as DiagnoseResult
    from ravine.studies.diagnose.settings import DiagnoseSettings as DiagnoseSettings
    from ravine.studies.landscape.result import LandscapeResult as LandscapeResult
    from ravine.studies.landscape.settings import LandscapeSettings as LandscapeSettings
    from ravine.studies.memorize.result import MemorizeResult as MemorizeResult
    from ravine.studies.memorize.settings import MemorizeSettings as MemorizeSettings
    from ravine.studies.sweep.result import SweepResult as SweepResult
    from ravine.studies.sweep.settings import SweepSettings as SweepSettings
    from ravine.studies.train.result import TrainResult as TrainResult
    from ravine.studies.train.settings import TrainSettings as TrainSettings

_MODULES = {
    "ravine.api.functions": (
        "compare", "descent", "diagnose", "landscape", "load_model", "memorize", "sweep", "train",
    ),
    "ravine.api.predictions": ("predict",),
    "ravine.errors": ("DataError", "NothingTrained", "OptionError", "RavineError", "Stopped", "UsageError"),
    "ravine.execution.events": (
        "ChunkDone", "DataLoaded", "Event", "FirstScores", "Noted", "PlanReady", "RangeExtended", "RunEnded",
        "StageStarted",
    ),
    "ravine.execution.predict": ("Predictions",),
    "ravine.execution.result": ("Result",),
    "ravine.execution.saved_model": ("Model",),
    "ravine.studies.compare.result": ("CompareResult",),
    "ravine.studies.compare.settings": ("CompareSettings",),
    "ravine.studies.descent.result": ("DescentResult",),
    "ravine.studies.descent.settings": ("DescentSettings",),
    "ravine.studies.diagnose.result": ("DiagnoseResult",),
    "ravine.studies.diagnose.settings": ("DiagnoseSettings",),
    "ravine.studies.landscape.result": ("LandscapeResult",),
    "ravine.studies.landscape.settings": ("LandscapeSettings",),
    "ravine.studies.memorize.result": ("MemorizeResult",),
    "ravine.studies.memorize.settings": ("MemorizeSettings",),
    "ravine.studies.sweep.result": ("SweepResult",),
    "ravine.studies.sweep.settings": ("SweepSettings",),
    "ravine.studies.train.result": ("TrainResult",),
    "ravine.studies.train.settings": ("TrainSettings",),
}  # fmt: skip
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}

_RENAMED = {"memorise": "memorize"}

__all__ = ["__version__"]
__all__.extend(sorted(_MODULE_OF))


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        module = _MODULE_OF[name]
        if module.startswith("ravine.api."):  # imports JAX, which aborts where a limit is too small
            import_module("ravine.engines.limits").check_limits()
        return getattr(import_module(module), name)
    if name in _RENAMED:
        raise AttributeError(f"ravine.{name} was renamed to ravine.{_RENAMED[name]}")
    raise AttributeError(f"module 'ravine' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
