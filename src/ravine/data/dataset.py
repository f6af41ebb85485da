"""The data set: rows as numbers, with everything needed to encode new rows alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ravine.data.encoder import Encoder

__all__ = ["Dataset"]


@dataclass(frozen=True)
class Dataset:
    """Rows as numbers, with everything needed to encode new rows alike.

    `x` float32 `[N, D]`, NaN where missing, centred by the development rows; `y` `[N]`, int32 class
    index or float64 raw values; `development` and `test` row indices; `classes` the original labels;
    `groups` int64 `[N]`; `shape` that of one image; `seed` the root of every split.
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

    @property
    def image(self) -> tuple[int, int, int] | None:
        """Height, width, channels of a row: `x.reshape(N, H, W, C)` are the images. None for other rows.

        All pixels are columns, in this order, also those that are the same in every row (they are 0).
        """
        shape = self.shape
        if shape is None or len(shape) not in (2, 3):
            return None
        return shape[0], shape[1], shape[2] if len(shape) == 3 else 1

    def __len__(self) -> int:
        return len(self.x)

    def __repr__(self) -> str:
        what = f"{len(self.classes)} classes" if self.classes is not None else "numbers"
        return (
            f"Dataset({self.name}: {len(self):,} rows ({len(self.test):,} test), "
            f"{len(self.features)} inputs, target '{self.target}', {self.task}: {what})"
        )
