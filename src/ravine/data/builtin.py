"""The five sets that come with scikit-learn, so a first comparison needs no file."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ravine.data.table import Table

__all__ = ["BUILTIN", "read_builtin"]

BUILTIN = ("digits", "breast_cancer", "wine", "iris", "diabetes")


def read_builtin(which: str, name: str) -> Table:
    """Read a built-in set; `sha256` is that of its arrays in C order, features then target."""
    import pandas as pd

    x, y, features, labels = _digits() if which == "digits" else _loaded(which)
    digest = hashlib.sha256(x.tobytes() + y.tobytes()).hexdigest()
    frame = pd.DataFrame(x, columns=features)
    frame["target"] = y if labels is None else np.asarray(labels, object)[y]
    return Table(frame, name, digest, [], "target", shape=(8, 8) if which == "digits" else None)


Bunch = tuple[npt.NDArray[Any], npt.NDArray[Any], list[str], Any]  # x [N, D], y [N], features, names of y


def _loaded(which: str) -> Bunch:
    from sklearn import datasets  # type: ignore[import-untyped,unused-ignore]

    bunch = getattr(datasets, f"load_{which}")()
    x, y = np.ascontiguousarray(bunch.data), np.ascontiguousarray(bunch.target)
    labels = None if which == "digits" else getattr(bunch, "target_names", None)
    return x, y, [str(each) for each in bunch.feature_names], labels


def _digits() -> Bunch:
    """Read the digits where scikit-learn keeps them: importing it takes longer than reading and preparing."""
    found = find_spec("sklearn")
    file = Path(found.origin or "").parent / "datasets" / "data" / "digits.csv.gz" if found else None
    if file is None or not file.exists():  # another version may keep them elsewhere
        return _loaded("digits")
    rows = np.loadtxt(file, delimiter=",")
    x, y = np.ascontiguousarray(rows[:, :-1]), rows[:, -1].astype(int)
    return x, y, [f"pixel_{row}_{column}" for row in range(8) for column in range(8)], None
