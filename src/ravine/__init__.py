"""Ravine: neural-network optimization, answered with evidence.

result = ravine.compare(X, y)              # which optimizer, at which learning rate, for these data
trained = ravine.train(X, y, optimizer="adam", rate=3e-3)
trained.model.predict(X)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ravine.version import __version__

if TYPE_CHECKING:
    from ravine.api.functions import compare as compare
    from ravine.api.functions import descent as descent
    from ravine.api.functions import diagnose as diagnose
    from ravine.api.functions import landscape as landscape
    from ravine.api.functions import load_model as load_model
    from ravine.api.functions import memorise as memorise
    from ravine.api.functions import sweep as sweep
    from ravine.api.functions import train as train

__all__ = [
    "__version__", "compare", "descent", "diagnose", "landscape", "load_model", "memorise", "sweep", "train",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in __all__ and name != "__version__":
        from ravine.api import functions

        return getattr(functions, name)
    raise AttributeError(f"module 'ravine' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
