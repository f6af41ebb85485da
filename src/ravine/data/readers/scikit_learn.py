"""Five built-in data sets, which scikit-learn contains, as tables.

The field `sha256` of a table is the hash of its arrays in C order, features before target.
"""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ravine.data.table import Table

__all__ = ["breast_cancer", "diabetes", "digits", "iris", "wine"]

Array = npt.NDArray[Any]


def digits(name: str) -> Table:
    """Return the table of 1,797 images [8, 8] of handwritten digits, in 10 classes.

    The data file inside scikit-learn is read directly, since importing scikit-learn takes much longer.
    """
    package = find_spec("sklearn")
    file = Path(package.origin or "").parent / "datasets" / "data" / "digits.csv.gz" if package else None
    if file is None or not file.exists():  # another version may keep the file elsewhere
        x, y, features, _ = _arrays("digits")
    else:
        rows = np.loadtxt(file, delimiter=",")
        x, y = np.ascontiguousarray(rows[:, :-1]), rows[:, -1].astype(int)
        features = [f"pixel_{row}_{column}" for row in range(8) for column in range(8)]
    return _table(name, x, y, features, shape=(8, 8))


def breast_cancer(name: str) -> Table:
    """Return the table of 569 breast tumors with 30 features, in 2 classes; `name` is its name."""
    return _named("breast_cancer", name)


def wine(name: str) -> Table:
    """Return the table of 178 wines with 13 features, in 3 classes; `name` is its name."""
    return _named("wine", name)


def iris(name: str) -> Table:
    """Return the table of 150 iris flowers with 4 features, in 3 classes; `name` is its name."""
    return _named("iris", name)


def diabetes(name: str) -> Table:
    """Return the table of 442 diabetes patients with 10 features; the target is a number."""
    return _named("diabetes", name)


def _named(which: str, name: str) -> Table:
    """Return the table of a set of scikit-learn, called `name`."""
    x, y, features, labels = _arrays(which)
    return _table(name, x, y, features, labels)


def _arrays(which: str) -> tuple[Array, Array, list[str], Array | None]:
    """Return features [N, D], target [N], names of the features and, for classes, their names."""
    from sklearn import datasets  # type: ignore[import-untyped,unused-ignore]

    bunch = getattr(datasets, f"load_{which}")()
    x, y = np.ascontiguousarray(bunch.data), np.ascontiguousarray(bunch.target)
    return x, y, [str(feature) for feature in bunch.feature_names], getattr(bunch, "target_names", None)


def _table(
    name: str,
    x: Array,
    y: Array,
    features: list[str],
    labels: Array | None = None,
    shape: tuple[int, ...] | None = None,
) -> Table:
    """Return the table of features `x` [N, D] and target `y` [N].

    labels   names of the classes, if `y` holds their indices
    shape    shape of one image, if the rows are images
    """
    import pandas as pd

    digest = hashlib.sha256(x.tobytes() + y.tobytes()).hexdigest()
    frame = pd.DataFrame(x, columns=features)
    frame["target"] = y if labels is None else np.asarray(labels, object)[y]
    return Table(frame, name, digest, [], "target", shape=shape)
