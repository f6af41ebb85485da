"""Ravine: neural-network optimization, answered with evidence.

result = ravine.compare(X, y)              # which optimizer, at which learning rate, for these data
trained = ravine.train(X, y, optimizer="adam", rate=3e-3)
trained.model.predict(X)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ravine.version import __version__

if TYPE_CHECKING:
    from ravine.studies.door import compare as compare
    from ravine.studies.door import descent as descent
    from ravine.studies.door import diagnose as diagnose
    from ravine.studies.door import landscape as landscape
    from ravine.studies.door import load_model as load_model
    from ravine.studies.door import memorise as memorise
    from ravine.studies.door import sweep as sweep
    from ravine.studies.door import train as train

__all__ = [
    "__version__", "compare", "descent", "diagnose", "landscape", "load_model", "memorise", "sweep", "train",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in __all__ and name != "__version__":
        from ravine.studies import door

        return getattr(door, name)
    raise AttributeError(f"module 'ravine' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
