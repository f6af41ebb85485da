"""Data sets: reading of files, encoding of columns as numbers, random splits and standardization.

    source -> `read` -> `Table` -> `prepare` -> `Dataset` -> `split` -> `Split`, `Scaler`

`read` reads a file or a built-in data set. `prepare` encodes the columns of the table as numbers and holds
out test rows. `split` divides the other rows into training and validation rows. A `Scaler` standardizes the
encoded columns. The package imports no JAX.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ravine.data.arrays import from_arrays as from_arrays
    from ravine.data.builtin import BUILTIN as BUILTIN
    from ravine.data.dataset import Dataset as Dataset
    from ravine.data.encoder import Encoder as Encoder
    from ravine.data.prepare_table import prepare as prepare
    from ravine.data.read_table import read as read
    from ravine.data.scaling import Scaler as Scaler
    from ravine.data.scaling import stack as stack
    from ravine.data.splits import Split as Split
    from ravine.data.splits import split as split
    from ravine.data.table import Table as Table

MODULES = {
    "BUILTIN": "builtin",
    "Dataset": "dataset",
    "Encoder": "encoder",
    "Scaler": "scaling",
    "Split": "splits",
    "Table": "table",
    "from_arrays": "arrays",
    "prepare": "prepare_table",
    "read": "read_table",
    "split": "splits",
    "stack": "scaling",
}

__all__ = [
    "BUILTIN",
    "Dataset",
    "Encoder",
    "Scaler",
    "Split",
    "Table",
    "from_arrays",
    "prepare",
    "read",
    "split",
    "stack",
]


def __getattr__(name: str) -> Any:
    if name not in MODULES:
        raise AttributeError(f"module 'ravine.data' has no attribute '{name}'")
    return getattr(importlib.import_module(f"ravine.data.{MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
