"""`Dataset`: a table as arrays of numbers for training, with the encoder for new rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ravine.data.encoder import Encoder

__all__ = ["Dataset"]


@dataclass(frozen=True)
class Dataset:
    """A table as arrays of numbers for training, with its test rows held out and the encoder for new rows.

    name           name of the data set
    sha256         hash of the bytes or arrays from which the data set was made
    task           "classify" or "regress"
    target         name of the target
    features       names of the D inputs, which are the columns after encoding
    x              inputs, float32 [N, D]: numbers standardized by the development rows, categories as 0 and
                   1. A missing number is NaN, or the median if every development row has this number.
    y              target [N]: int32 index of the class, or float64 value in its own unit
    classes        labels of the classes, or None for regression
    weights        event weights, one for each row, float64 [N], or None
    groups         integer for each row that identifies its group, int64 [N], or None
    development    indices of the rows for training and validation
    test           indices of the test rows
    notes          sentences for the user on guesses and on columns and rows that were left out
    encoder        encoder for new rows
    seed           random seed of all splits
    shape          shape of one image, or None if the rows are no images
    missing        numbers and words that stand for "missing" in the target
    weights_name   name of the column of event weights, or None
    row_numbers    number of each row in the table or array that it came from, from 1, int64 [N], or None
    new_levels     name of a category column -> share of test rows with a level that no development row has
    new_gaps       name of a column that only test rows lack values of -> share of test rows without a value
    unused         number of development rows that were left out, since the user asked for fewer
    """

    name: str
    sha256: str
    task: str
    target: str
    features: list[str]
    x: np.ndarray
    y: np.ndarray
    classes: list[Any] | None
    weights: np.ndarray | None
    groups: np.ndarray | None
    development: np.ndarray
    test: np.ndarray
    notes: list[str]
    encoder: Encoder
    seed: int = 0
    shape: tuple[int, ...] | None = None
    missing: tuple[str, ...] = ()
    weights_name: str | None = None
    row_numbers: np.ndarray | None = None
    new_levels: Mapping[str, float] = field(default_factory=dict)
    new_gaps: Mapping[str, float] = field(default_factory=dict)
    unused: int = 0

    @property
    def image(self) -> tuple[int, int, int] | None:
        """Return height, width and number of channels of the images, or None if the rows are no images.

        Constant pixels stay in the rows as well, so `x.reshape(N, H, W, C)` are the N images.
        """
        shape = self.shape
        if shape is None or len(shape) not in (2, 3):
            return None
        return shape[0], shape[1], shape[2] if len(shape) == 3 else 1

    def __len__(self) -> int:
        return len(self.x)

    def __repr__(self) -> str:
        kind = f"{len(self.classes)} classes" if self.classes is not None else "numbers"
        return (
            f"Dataset({self.name}: {len(self):,} rows ({len(self.test):,} test), "
            f"{len(self.features)} features, target '{self.target}', {self.task}: {kind})"
        )
