"""The rows a seed sees, in order: its split, its standardisation, its shuffles.

A seed fixes split, initialisation and batch order, whatever the optimizer. Batches are cut from one unbroken
stream of shuffled passes, so every row is seen once per pass whatever the batch size.
Everything is drawn on the host and keyed by (root, purpose, seed, pass): the same rows on every device.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ravine.data import Dataset, Scaler, split
from ravine.training.loop import Rows

__all__ = ["SeedRows", "Streams", "keyed"]

KEPT = 128 * 2**20  # bytes of batches kept for the next cohort, which sees the same ones


def keyed(root: int, purpose: str, *numbers: int) -> np.random.Generator:
    """Return the random generator of (root, purpose, numbers)."""
    return np.random.default_rng([abs(int(root)), zlib.crc32(purpose.encode()), *map(int, numbers)])


@dataclass(frozen=True)
class SeedRows:
    """Training and validation rows of one seed, standardised by its training rows.

    unit, origin: scale and mean of a regression target in its own unit (1, 0 for classes).
    """

    train: Rows
    valid: Rows
    scaler: Scaler
    unit: float
    origin: float


class Streams:
    """Standardised rows and batches of each seed of one data set."""

    def __init__(
        self,
        dataset: Dataset,
        root: int,
        batch_size: int,
        precision: str = "float32",
        validation: float = 0.2,
    ) -> None:
        self.dataset, self.root, self.precision, self.validation = dataset, root, precision, validation
        self.sizes = self._split(0).train.shape[0], self._split(0).valid.shape[0]
        self.batch_size = min(batch_size, self.sizes[0])
        self.rows = lru_cache(maxsize=self._affordable())(self._rows)
        self._kept: dict[tuple, Rows] = {}

    def _split(self, seed: int):
        return split(self.dataset, seed, self.validation)

    def _affordable(self) -> int:
        return max(2, min(64, int(2**29 // max(1, self.dataset.x.nbytes))))

    def _rows(self, seed: int) -> SeedRows:
        data, parts = self.dataset, self._split(seed)
        scaler = Scaler.fit(data.x[parts.train], together=data.shape is not None)
        origin, unit = 0.0, 1.0
        if data.task == "regress":
            y = data.y[parts.train]
            origin, unit = float(np.mean(y)), float(np.std(y)) or 1.0

        def part(index: np.ndarray) -> Rows:
            return self.standardised(index, scaler, origin, unit)

        return SeedRows(part(parts.train), part(parts.valid), scaler, unit, origin)

    def standardised(self, index: np.ndarray, scaler: Scaler, origin: float, unit: float) -> Rows:
        """Return the rows `index` of the data set as the network of that scaler sees them."""
        data = self.dataset
        x = scaler.apply(data.x[index]).astype(self.precision, copy=False)
        if data.task == "regress":
            y = ((data.y[index] - origin) / unit).astype(self.precision)
        else:
            y = data.y[index].astype(np.int32)
        weight = None
        if data.weights is not None:
            weight = data.weights[index]
            weight = (weight / np.mean(np.abs(weight))).astype(self.precision)
        return Rows(x, y, weight)

    def test(self, seed: int) -> Rows:
        """Return the test rows, standardised as the seed's training rows are."""
        rows = self.rows(seed)
        return self.standardised(self.dataset.test, rows.scaler, rows.origin, rows.unit)

    def order(self, seed: int, first: int, last: int) -> np.ndarray:
        """Return the training rows of steps `first` to `last` (not included): [steps, B]."""
        n, size = self.sizes[0], self.batch_size
        begin, end = first * size, last * size
        passes = [
            keyed(self.root, "batches", seed, number).permutation(n)
            for number in range(begin // n, -(-end // n))
        ]
        stream = np.concatenate(passes)[begin % n :][: end - begin]
        return stream.reshape(last - first, size)

    def batches(self, seeds: Sequence[int], first: int, stretches: int, stride: int) -> Rows:
        """Return the batches of `stretches` stretches from step `first`: x [S, E, stride, B, D]."""
        key = (tuple(seeds), first, stretches, stride)
        if key not in self._kept:
            parts = [self._batches(seed, first, stretches, stride) for seed in seeds]
            rows = Rows(*(None if each[0] is None else np.stack(each) for each in zip(*parts, strict=True)))
            held = sum(each.x.nbytes for each in self._kept.values())
            if held + rows.x.nbytes > KEPT:
                self._kept.clear()
            if rows.x.nbytes <= KEPT:
                self._kept[key] = rows
            return rows
        return self._kept[key]

    def _batches(self, seed: int, first: int, stretches: int, stride: int) -> Rows:
        order = self.order(seed, first, first + stretches * stride)
        order = order.reshape(stretches, stride, self.batch_size)
        rows = self.rows(seed).train
        return Rows(rows.x[order], rows.y[order], None if rows.weight is None else rows.weight[order])

    def valid(self, seeds: Sequence[int]) -> Rows:
        """Return the validation rows of each seed: x [S, m, D]."""
        parts = [self.rows(seed).valid for seed in seeds]
        return Rows(*(None if each[0] is None else np.stack(each) for each in zip(*parts, strict=True)))
