"""The Python function `predict`: predictions of a model for a file, a DataFrame or an array."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ravine.data import Table, read
from ravine.data.size_limits import MAX_EXPANSION
from ravine.data.write_table import format_to_write, write
from ravine.execution.predict import Predictions, predictions_of
from ravine.execution.saved_model import Model
from ravine.records.run_index import find_model

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["predict"]


def predict(
    model: Model | str | PathLike[str],
    X: np.ndarray | pd.DataFrame | str | PathLike[str],
    *,
    keep: Sequence[str | int] | str | int = (),
    out: str | PathLike[str] | None = None,
    max_expand: float = MAX_EXPANSION,
    trust: bool = False,
) -> Predictions:
    """Return the predictions of a model for the rows of X, and their score where X holds the target.

    model: a model, its folder, a run, or `latest`, the newest run that has a model. X: a file, the name of a
    built-in set, a DataFrame, or an array [N, columns] with the columns of training. keep: columns of X to
    copy to the predictions. out: file to write; its name decides the format. max_expand: largest number of
    bytes that a file X may take in memory, as a multiple of the bytes of the file. trust: whether a Python
    file of the model's network may run, also if it was never named on this machine. Raises DataError for a
    model or data that cannot be used, and UsageError for an `out` of unknown format and for such a Python
    file without trust.
    """
    import pandas as pd

    if out is not None:
        format_to_write(Path(out))
    loaded = model if isinstance(model, Model) else Model.load(find_model(model), trust)
    if isinstance(X, str | PathLike):
        rows: Table | pd.DataFrame = read(Path(X), max_expand=max_expand)
    else:
        rows = X if isinstance(X, pd.DataFrame) else loaded.encoder.frame(X)
    columns = [keep] if isinstance(keep, str | int) else keep
    found = predictions_of(loaded, rows, columns)
    if out is not None:
        write(found.table, Path(out))
    return found
