"""The five sets that come with scikit-learn, so a first comparison needs no file."""

from __future__ import annotations

import hashlib

import numpy as np

from ravine.data.table import Table

__all__ = ["BUILTIN", "read_builtin"]

BUILTIN = ("digits", "breast_cancer", "wine", "iris", "diabetes")


def read_builtin(which: str, name: str) -> Table:
    """Read a built-in set; `sha256` is that of its arrays in C order, features then target."""
    import pandas as pd
    from sklearn import datasets  # type: ignore[import-untyped,unused-ignore]

    bunch = getattr(datasets, f"load_{which}")()
    x, y = np.ascontiguousarray(bunch.data), np.ascontiguousarray(bunch.target)
    digest = hashlib.sha256(x.tobytes() + y.tobytes()).hexdigest()
    frame = pd.DataFrame(x, columns=[str(each) for each in bunch.feature_names])
    labels = getattr(bunch, "target_names", None)
    frame["target"] = np.asarray(labels, object)[y] if labels is not None and which != "digits" else y
    return Table(frame, name, digest, [], "target", shape=(8, 8) if which == "digits" else None)
